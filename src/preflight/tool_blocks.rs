//! Calls and results one by one: ids, names, and what is in them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::finding::{Report, dotted};
use super::limits::{self, Names};
use super::{EMPTY_TURN, Rule, blocks, blocks_mut, place, tool_config};
use crate::profile::{ContentKind, ModelProfile};
use crate::wire::{
    ContentBlock, ConverseRequest, ToolReference, ToolResultBlock, ToolResultContentBlock, ToolResultStatus,
    ToolUseBlock,
};

/// The one member of an object that stands for a value which is none.
const WRAPPED: &str = "result";
const WRAPPED_INPUT: &str = "input";

pub(super) fn check(request: &ConverseRequest, profile: &ModelProfile, report: &mut Report) {
    let declared: BTreeSet<&str> = tool_config::names(request).collect();
    for (m, b, block) in blocks(request) {
        match block {
            ContentBlock::ToolUse(call) => check_call(call, &place(m, b), &declared, report),
            ContentBlock::ToolResult(result) => check_result(result, &place(m, b), profile, report),
            ContentBlock::ToolAddition(block) => check_reference(&block.tool, &place(m, b), "toolAddition", report),
            ContentBlock::ToolRemoval(block) => check_reference(&block.tool, &place(m, b), "toolRemoval", report),
            _ => {}
        }
    }
}

fn check_call(call: &ToolUseBlock, place: &str, declared: &BTreeSet<&str>, report: &mut Report) {
    if let Some(fault) = limits::TOOL_USE_ID.text_fault(&call.tool_use_id) {
        report.constraint(Rule::ToolUseId, format!("{place}.toolUse.toolUseId"), &fault).repairable();
    }
    if let Some(fault) = limits::TOOL_NAME.text_fault(&call.name) {
        let finding = report.constraint(Rule::ToolName, format!("{place}.toolUse.name"), &fault);
        finding.repairable = !declared.contains(&*call.name);
    }
    if !call.input.is_object() {
        let path = format!("{place}.toolUse.input");
        let text = invalid_format(&path);
        report.error(Rule::ToolInput, path, "a tool's input has to be an object").says(text).repairable();
    }
}

fn check_result(result: &ToolResultBlock, place: &str, profile: &ModelProfile, report: &mut Report) {
    let place = format!("{place}.toolResult");
    if let Some(fault) = limits::TOOL_USE_ID.text_fault(&result.tool_use_id) {
        report.constraint(Rule::ToolUseId, format!("{place}.toolUseId"), &fault).repairable();
    }
    if result.status.is_some() && !profile.bedrock_supports_tool_result_status {
        let path = format!("{place}.status");
        report.error(Rule::ToolResultStatus, path, "the model doesn't take the status of a result").repairable();
    }
    if result.content.is_empty() && result.status == Some(ToolResultStatus::Error) {
        let text = format!("The content field at {} cannot be empty when status value is error.", dotted(&place));
        let message = "a result that is an error has to say what went wrong";
        report.error(Rule::ToolResultEmpty, format!("{place}.content"), message).says(text).repairable();
    }
    for (c, content) in result.content.iter().enumerate() {
        let place = format!("{place}.content[{c}]");
        match content.known() {
            ToolResultContentBlock::Json(value) if !value.is_object() => {
                let path = format!("{place}.json");
                let text = invalid_format(&path);
                report
                    .error(Rule::ToolResultJson, path, "JSON in a result has to be an object")
                    .says(text)
                    .repairable();
            }
            ToolResultContentBlock::Text(text) if text.trim().is_empty() => {
                let message = "some models refuse text that is nothing but white space";
                report
                    .warning(Rule::BlankText, format!("{place}.text"), message)
                    .says(
                        "The model returned the following errors: messages: text content blocks must contain \
                         non-whitespace text",
                    )
                    .repairable();
            }
            medium => check_medium(medium, &place, profile, report),
        }
    }
}

fn check_medium(block: &ToolResultContentBlock, place: &str, profile: &ModelProfile, report: &mut Report) {
    let kind = match block {
        ToolResultContentBlock::Image(_) => ContentKind::Image,
        ToolResultContentBlock::Document(_) => ContentKind::Document,
        ToolResultContentBlock::Video(_) => ContentKind::Video,
        _ => return,
    };
    if !profile.bedrock_supported_media_kinds_in_tool_returns.contains(&kind) {
        let member = block.member().unwrap_or_default();
        let message = format!("the model takes no {member} inside a result; put it beside the result or after it");
        report.error(Rule::ToolResultMedia, format!("{place}.{member}"), message);
    }
}

fn check_reference(tool: &ToolReference, place: &str, block: &str, report: &mut Report) {
    for (member, limit, text) in [
        ("type", limits::TOOL_REFERENCE_TYPE, &tool.r#type),
        ("name", limits::TOOL_REFERENCE_NAME, &tool.name),
        ("serverName", limits::TOOL_REFERENCE_SERVER_NAME, &tool.server_name),
    ] {
        if let Some(fault) = text.as_ref().and_then(|text| limit.text_fault(text)) {
            report.constraint(Rule::Constraint, format!("{place}.{block}.tool.{member}"), &fault);
        }
    }
}

fn invalid_format(path: &str) -> String {
    format!(
        "The format of the value at {} is invalid. Provide a json object for the field and try again.",
        dotted(path)
    )
}

pub(super) fn repair(request: &mut ConverseRequest, profile: &ModelProfile) {
    let ids = fitting_ids(request);
    let declared: BTreeSet<String> = tool_config::names(request).map(str::to_owned).collect();
    let rename = |id: &mut String| {
        if let Some(fitting) = ids.get(id) {
            id.clone_from(fitting);
        }
    };
    for block in blocks_mut(request) {
        match block {
            ContentBlock::ToolUse(call) => {
                rename(&mut call.tool_use_id);
                if limits::TOOL_NAME.text_fault(&call.name).is_some() && !declared.contains(&call.name) {
                    call.name = limits::TOOL_NAME.fit(&call.name);
                }
                if !call.input.is_object() {
                    call.input = input_object(call.input.take());
                }
            }
            ContentBlock::ToolResult(result) => {
                rename(&mut result.tool_use_id);
                repair_result(result, profile);
            }
            _ => {}
        }
    }
}

/// The ids that can't be sent, and what stands for them: another one for each, so that calls and results stay
/// together.
fn fitting_ids(request: &ConverseRequest) -> BTreeMap<String, String> {
    let ids = blocks(request).filter_map(|(_, _, block)| match block {
        ContentBlock::ToolUse(call) => Some(&*call.tool_use_id),
        ContentBlock::ToolResult(result) => Some(&*result.tool_use_id),
        _ => None,
    });
    let (bad, good): (BTreeSet<&str>, BTreeSet<&str>) =
        ids.partition(|id| limits::TOOL_USE_ID.text_fault(id).is_some());
    let mut names: Names = good.into_iter().map(str::to_owned).collect();
    let limit = limits::TOOL_USE_ID;
    bad.into_iter().map(|id| (id.to_owned(), names.unique(limit, limit.fit(id), |n| format!("_{n}")))).collect()
}

/// What a call was given, as an object: nothing is an empty one, the text of an object is that object.
fn input_object(input: Value) -> Value {
    let parsed = match &input {
        Value::Null => Some(Map::new()),
        Value::String(text) if text.trim().is_empty() => Some(Map::new()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    };
    parsed.map_or_else(|| json!({ WRAPPED_INPUT: input }), Value::Object)
}

fn repair_result(result: &mut ToolResultBlock, profile: &ModelProfile) {
    let failed = result.status == Some(ToolResultStatus::Error);
    for block in result.content.iter_mut().map(ToolResultContentBlock::known_mut) {
        match block {
            ToolResultContentBlock::Json(value) if !value.is_object() => *value = json!({ WRAPPED: value.take() }),
            ToolResultContentBlock::Text(text) if text.trim().is_empty() => EMPTY_TURN.clone_into(text),
            _ => {}
        }
    }
    let without_status = result.status.is_some() && !profile.bedrock_supports_tool_result_status;
    if without_status {
        result.status = None;
    }
    // Without a status, or without anything else, the text has to tell of the failure.
    if failed && (without_status || result.content.is_empty()) {
        result.content.insert(0, ToolResultContentBlock::Text("The tool failed.".to_owned()));
    }
}
