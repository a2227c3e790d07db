//! Tools and tool choice (`toolConfig`).

use std::collections::BTreeSet;

use super::media::unsupported;
use super::prepare::{Prepared, is_thinking_enabled};
use super::turns::CODE_INTERPRETER;
use super::{Target, cache_points};
use crate::error::{Error, ErrorKind, Result};
use crate::preflight::{has_tool_blocks, tools_of_history};
use crate::settings::ToolChoice;
use crate::tools::{NativeTool, ResolvedToolChoice, ToolDefinition, resolve_tool_choice};
use crate::wire::{
    AnyToolChoice, AutoToolChoice, Message, SpecificToolChoice, Tool, ToolChoice as WireToolChoice, ToolConfiguration,
    ToolSpecification,
};

/// The tools that the model is offered, and which of them it has to call; `None` without tools.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] or [`ErrorKind::Unsupported`] for a tool choice that can't be met.
pub(super) fn tool_config(
    target: Target<'_>,
    prepared: &Prepared,
    messages: &[Message],
) -> Result<Option<ToolConfiguration>> {
    let Prepared { settings, parameters } = prepared;
    let profile = target.profile;
    let resolved = resolve_tool_choice(settings.tool_choice.as_ref(), parameters)?;
    let can_force = can_force_tools(target, prepared, &resolved)?;
    let mut definitions = parameters.declared_tool_defs();
    let mut only = |names: &BTreeSet<String>| definitions.retain(|tool| names.contains(&tool.name));

    let mut offers_native = true;
    let auto = || WireToolChoice::Auto(AutoToolChoice::default());
    let choice = match &resolved {
        ResolvedToolChoice::Auto => auto(),
        ResolvedToolChoice::Required if can_force => WireToolChoice::Any(AnyToolChoice::default()),
        ResolvedToolChoice::Required => auto(),
        // Converse can't be told to call none. Without a history of calls the tools are left out; with one they must
        // be there.
        ResolvedToolChoice::None if !has_tool_blocks(messages) => return Ok(None),
        ResolvedToolChoice::None => {
            offers_native = false;
            auto()
        }
        ResolvedToolChoice::RequiredOf(names) if can_force && names.len() == 1 => {
            let name = names.first().cloned().unwrap_or_default();
            WireToolChoice::Tool(SpecificToolChoice::new(name))
        }
        ResolvedToolChoice::RequiredOf(names) => {
            only(names);
            if can_force && names.len() > 1 { WireToolChoice::Any(AnyToolChoice::default()) } else { auto() }
        }
        ResolvedToolChoice::AutoOf(names) => {
            only(names);
            auto()
        }
    };

    let strict = profile.bedrock_supports_strict_tool_definition;
    let mut tools: Vec<Tool> = definitions.into_iter().map(|tool| tool_spec(tool, strict)).collect();
    for tool in parameters.native_tools.iter().filter(|_| offers_native) {
        match tool {
            NativeTool::CodeExecution(_) => tools.push(Tool::system(CODE_INTERPRETER)),
            other => {
                return Err(unsupported(format!("native_tools: Bedrock has no tool of the kind {:?}", other.kind())));
            }
        }
    }
    if tools.is_empty() {
        let tools = tools_of_history(messages);
        return Ok((!tools.is_empty()).then(|| ToolConfiguration::new(tools)));
    }
    if let Some(point) = cache_points::of_setting(settings.bedrock_cache_tool_definitions)
        && profile.bedrock_supports_tool_caching
    {
        tools.push(Tool::CachePoint(point));
    }
    let tool_choice = profile.bedrock_supports_tool_choice.then_some(choice);
    Ok(Some(ToolConfiguration { tool_choice, ..ToolConfiguration::new(tools) }))
}

fn tool_spec(tool: &ToolDefinition, supports_strict: bool) -> Tool {
    let schema = serde_json::Value::Object(tool.parameters_json_schema.clone());
    let spec = ToolSpecification::new(tool.name.as_str(), schema);
    Tool::ToolSpec(ToolSpecification {
        description: tool.description.clone().filter(|text| !text.is_empty()),
        strict: (supports_strict && tool.strict == Some(true)).then_some(true),
        ..spec
    })
}

/// Whether a call can be forced.
///
/// # Errors
///
/// When the caller asks for it and the model can't: at all, or not while it thinks.
fn can_force_tools(target: Target<'_>, prepared: &Prepared, resolved: &ResolvedToolChoice) -> Result<bool> {
    let explicit = matches!(prepared.settings.tool_choice, Some(ToolChoice::Required | ToolChoice::Tools(_)));
    if !target.profile.bedrock_supports_tool_choice {
        return match explicit {
            true => Err(refusal(format!("{} can't be made to call a tool", target.model_name))),
            false => Ok(false),
        };
    }
    if !is_thinking_enabled(&prepared.settings, &prepared.parameters) {
        return Ok(true);
    }
    if explicit {
        return Err(refusal("a model that thinks can't be made to call a tool; use \"auto\", or turn thinking off"));
    }
    Ok(matches!(resolved, ResolvedToolChoice::Auto | ResolvedToolChoice::None))
}

fn refusal(rule: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Unsupported, format!("`tool_choice`: {rule}"))
}
