//! The tools that the model is offered, and which of them it has to call.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::finding::{Report, dotted};
use super::{Rule, calls, limits, messages, results};
use crate::profile::{ModelProfile, ThinkingVariant};
use crate::wire::{ConverseRequest, Message, Tool, ToolChoice, ToolConfiguration, ToolInputSchema, ToolSpecification};

pub(super) fn check(request: &ConverseRequest, profile: &ModelProfile, report: &mut Report) {
    let Some(config) = &request.tool_config else {
        if has_tool_blocks(messages(request)) {
            let finding = report
                .error(Rule::ToolConfigMissing, "toolConfig", "with calls in the messages there have to be tools")
                .says("The toolConfig field must be defined when using toolUse and toolResult content blocks.");
            finding.repairable = has_calls(messages(request));
        }
        return;
    };
    if !profile.supports_tools {
        report.error(Rule::ToolsRefused, "toolConfig", "the model can't call tools");
    }
    if !config.tools.iter().any(is_tool) {
        let fault = limits::TOOLS.size_fault(0).unwrap_or_default();
        let finding = report.constraint(Rule::NoTools, "toolConfig.tools", &fault);
        finding.repairable = can_do_without(config, request);
    }
    let mut names = BTreeSet::new();
    for (t, tool) in config.tools.iter().enumerate() {
        let place = format!("toolConfig.tools[{t}].{}", tool.member().unwrap_or_default());
        let Some(name) = name_of(tool) else { continue };
        if let Some(fault) = limits::TOOL_NAME.text_fault(name) {
            report.constraint(Rule::ToolName, format!("{place}.name"), &fault);
        }
        if !names.insert(name) {
            let message = format!("there is another tool {name:?}");
            report.error(Rule::ToolNameDuplicate, format!("{place}.name"), message);
        }
        if let Tool::ToolSpec(spec) = tool.known() {
            check_spec(spec, &place, profile, report);
        }
    }
    if let Some(choice) = &config.tool_choice {
        check_choice(choice, request, &names, profile, report);
    }
}

fn check_spec(spec: &ToolSpecification, place: &str, profile: &ModelProfile, report: &mut Report) {
    let fault = spec.description.as_ref().and_then(|text| limits::NON_EMPTY.text_fault(text));
    if let Some(fault) = fault {
        report.constraint(Rule::Constraint, format!("{place}.description"), &fault).repairable();
    }
    if spec.strict.is_some() && !profile.bedrock_supports_strict_tool_definition {
        let message = "by its profile the model doesn't keep to schemas strictly";
        report.error(Rule::StrictRefused, format!("{place}.strict"), message).repairable();
    }
    if let ToolInputSchema::Json(schema) = spec.input_schema.known()
        && schema.get("type") != Some(&json!("object"))
    {
        let path = format!("{place}.inputSchema.json");
        let text = format!("The value at {}.type must be one of the following: object.", dotted(&path));
        let finding = report.error(Rule::ToolSchema, path, "the schema has to be one of an object").says(text);
        finding.repairable = lacks_type(schema);
    }
}

fn lacks_type(schema: &Value) -> bool {
    schema.as_object().is_some_and(|schema| !schema.contains_key("type"))
}

fn check_choice(
    choice: &ToolChoice,
    request: &ConverseRequest,
    names: &BTreeSet<&str>,
    profile: &ModelProfile,
    report: &mut Report,
) {
    let Some(member) = choice.member() else { return };
    let path = format!("toolConfig.toolChoice.{member}");
    let is_auto = matches!(choice.known(), ToolChoice::Auto(_));
    if let ToolChoice::Tool(specific) = choice.known()
        && !names.contains(&*specific.name)
    {
        let message = format!("there is no tool {:?}", specific.name);
        report.error(Rule::ToolChoiceUnknown, format!("{path}.name"), message);
    }
    if !profile.bedrock_supports_tool_choice {
        let text = format!("This model doesn't support the {path} field. Remove {path} and try again.");
        let finding = report.error(Rule::ToolChoiceRefused, path, "the model can't be told what to call").says(text);
        finding.repairable = is_auto;
    } else if !is_auto && thinks(request, profile) {
        report.error(Rule::ForcedToolWithThinking, path, "a model that thinks can't be made to call a tool").says(
            "The model returned the following errors: Thinking may not be enabled when tool_choice forces tool use.",
        );
    }
}

/// Whether the request turns on thinking, in the family's own way.
fn thinks(request: &ConverseRequest, profile: &ModelProfile) -> bool {
    let fields = request.additional_model_request_fields.as_ref();
    let kind = fields.and_then(|fields| fields.pointer("/thinking/type")).and_then(Value::as_str);
    profile.bedrock_thinking_variant == Some(ThinkingVariant::Thinking) && matches!(kind, Some("enabled" | "adaptive"))
}

fn is_tool(tool: &Tool) -> bool {
    !matches!(tool.known(), Tool::CachePoint(_))
}

fn name_of(tool: &Tool) -> Option<&str> {
    match tool.known() {
        Tool::ToolSpec(spec) => Some(&spec.name),
        Tool::SystemTool(tool) => Some(&tool.name),
        _ => None,
    }
}

/// The names of the tools that the model is offered.
pub(super) fn names(request: &ConverseRequest) -> impl Iterator<Item = &str> {
    request.tool_config.iter().flat_map(|config| &config.tools).filter_map(name_of)
}

fn has_calls(messages: &[Message]) -> bool {
    messages.iter().any(|message| calls(message).next().is_some())
}

fn has_results(messages: &[Message]) -> bool {
    messages.iter().any(|message| results(message).next().is_some())
}

/// Whether the conversation is one that the service refuses without tools.
pub(crate) fn has_tool_blocks(messages: &[Message]) -> bool {
    has_calls(messages) || has_results(messages)
}

/// Whether a configuration without tools says nothing that the conversation doesn't say better.
fn can_do_without(config: &ToolConfiguration, request: &ConverseRequest) -> bool {
    let forced =
        matches!(config.tool_choice.as_ref().map(ToolChoice::known), Some(ToolChoice::Any(_) | ToolChoice::Tool(_)));
    let messages = messages(request);
    !forced && (has_calls(messages) || !has_results(messages))
}

pub(super) fn repair(request: &mut ConverseRequest, profile: &ModelProfile) {
    if let Some(config) = &mut request.tool_config {
        for tool in config.tools.iter_mut().map(Tool::known_mut) {
            if let Tool::ToolSpec(spec) = tool {
                repair_spec(spec, profile);
            }
        }
        let is_auto = matches!(config.tool_choice.as_ref().map(ToolChoice::known), Some(ToolChoice::Auto(_)));
        if is_auto && !profile.bedrock_supports_tool_choice {
            config.tool_choice = None;
        }
    }
    let is_idle = |config: &ToolConfiguration| !config.tools.iter().any(is_tool) && can_do_without(config, request);
    if request.tool_config.as_ref().is_none_or(is_idle) {
        let tools = tools_of_history(messages(request));
        request.tool_config = (!tools.is_empty()).then(|| ToolConfiguration::new(tools));
    }
}

/// The tools that were called in the conversation, for the service refuses it without any.
pub(crate) fn tools_of_history(messages: &[Message]) -> Vec<Tool> {
    let mut known = BTreeSet::new();
    let names = messages.iter().flat_map(calls).map(|(_, call)| &*call.name).filter(|name| known.insert(*name));
    names.map(|name| Tool::new(name, json!({"type": "object", "properties": {}}))).collect()
}

fn repair_spec(spec: &mut ToolSpecification, profile: &ModelProfile) {
    spec.description = spec.description.take().filter(|text| !text.is_empty());
    if !profile.bedrock_supports_strict_tool_definition {
        spec.strict = None;
    }
    if let ToolInputSchema::Json(schema) = spec.input_schema.known_mut()
        && lacks_type(schema)
    {
        schema["type"] = "object".into();
    }
}
