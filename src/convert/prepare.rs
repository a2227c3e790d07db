//! Settings and parameters brought to what the model's profile allows.

use serde_json::Value;

use super::{Target, python};
use crate::error::{Error, ErrorKind, Result};
use crate::messages::{InstructionPart, JsonObject};
use crate::profile::{JsonSchemaTransformer, StructuredOutputMode};
use crate::settings::{BedrockModelSettings, ThinkingLevel};
use crate::tools::{
    ModelRequestParameters, NativeTool, OutputMode, OutputObjectDefinition, PromptedOutputTemplate, ToolDefinition,
    ToolVisibility,
};

/// Settings and parameters that [`Target::prepare_request`] has checked and completed.
///
/// ```
/// use bedrock_converse::ModelProfile;
/// use bedrock_converse::convert::Target;
/// use bedrock_converse::settings::{BedrockModelSettings, ThinkingLevel};
///
/// let model_name = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
/// let profile = ModelProfile::for_model(model_name);
/// let target = Target { model_name, provider_name: "bedrock", profile: &profile };
/// let settings = BedrockModelSettings { thinking: Some(ThinkingLevel::On), ..Default::default() };
/// let prepared = target.prepare_request(settings, Default::default())?;
/// assert_eq!(prepared.settings.thinking, None);
/// assert_eq!(prepared.parameters.thinking, Some(ThinkingLevel::On));
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Prepared {
    /// The settings, without `thinking`: that is a parameter now.
    pub settings: BedrockModelSettings,
    /// The parameters.
    pub parameters: ModelRequestParameters,
}

impl Target<'_> {
    /// Brings settings and parameters to what the model can do: output mode, JSON schemas, thinking, native tools.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for an output mode, a native tool or a combination that the model doesn't have.
    pub fn prepare_request(
        &self,
        mut settings: BedrockModelSettings,
        mut parameters: ModelRequestParameters,
    ) -> Result<Prepared> {
        let profile = self.profile;
        let thinks = is_thinking_enabled(&settings, &parameters);
        if thinks && !parameters.output_tools.is_empty() {
            let (mode, instead) = match profile.supports_json_schema_output {
                true => (StructuredOutputMode::Native, "native"),
                false => (StructuredOutputMode::Prompted, "prompted"),
            };
            match parameters.output_mode {
                OutputMode::Auto => parameters.output_mode = mode.into(),
                OutputMode::Tool if !parameters.allow_text_output => {
                    let rule = format!("does not go with thinking; use output mode `{instead}`");
                    return Err(unsupported(format!("output mode `tool` without text output {rule}")));
                }
                _ => {}
            }
        }
        resolve_output_mode(&mut parameters, profile.default_structured_output_mode);
        if let Some(output) = &mut parameters.output_object
            && profile.supports_json_schema_output
            && parameters.output_mode == OutputMode::Native
        {
            output.strict = Some(true); // structured output of Bedrock is always strict
        }
        if let Some(transformer) = profile.json_schema_transformer {
            transform_schemas(&mut parameters, transformer)?;
        }
        resolve_return_schemas(&mut parameters.function_tools, profile.supports_tool_return_schema);

        if let Some(thinking) = settings.thinking.take()
            && (profile.supports_thinking || profile.thinking_always_enabled)
            && !(thinking == ThinkingLevel::Off && profile.thinking_always_enabled)
        {
            parameters.thinking = Some(thinking);
        }
        self.complete_output(&mut parameters)?;
        self.resolve_tools(&mut parameters)?;
        Ok(Prepared { settings, parameters })
    }

    /// Takes away what the output mode has no use for, and adds the instructions that it needs.
    fn complete_output(&self, parameters: &mut ModelRequestParameters) -> Result<()> {
        let profile = self.profile;
        let mode = parameters.output_mode;
        let by_text = matches!(mode, OutputMode::Native | OutputMode::Prompted);
        if mode != OutputMode::Tool {
            parameters.output_tools.clear();
        }
        if !by_text {
            parameters.output_object = None;
            parameters.prompted_output_template = None;
        }
        let needs_instructions = mode == OutputMode::Prompted
            || (mode == OutputMode::Native && profile.native_output_requires_schema_in_instructions);
        if needs_instructions && parameters.prompted_output_template.is_none() {
            let template = profile.prompted_output_template.clone();
            parameters.prompted_output_template = Some(PromptedOutputTemplate::Text(template));
        }
        if let (Some(PromptedOutputTemplate::Text(template)), Some(output)) =
            (&parameters.prompted_output_template, &parameters.output_object)
            && !template.is_empty()
        {
            let part = InstructionPart { content: instructions(template, output)?, ..Default::default() };
            let parts = parameters.instruction_parts.get_or_insert_default();
            parts.push(part);
            parts.sort_by_key(|part| part.dynamic);
        }

        if mode == OutputMode::Native && !profile.supports_json_schema_output {
            return Err(unsupported(format!("{} has no native structured output", self.model_name)));
        }
        if mode == OutputMode::Tool && !profile.supports_tools {
            return Err(unsupported(format!("{} has no tools, so no output mode `tool`", self.model_name)));
        }
        if parameters.allow_image_output && !profile.supports_image_output {
            return Err(unsupported(format!("{} makes no images", self.model_name)));
        }
        Ok(())
    }

    /// Decides between native tools and those that stand in for them, and which tools the model gets to see.
    fn resolve_tools(&self, parameters: &mut ModelRequestParameters) -> Result<()> {
        let supported = |id: &str| self.profile.supported_native_tools.iter().any(|kind| kind == id);
        let mut native: Vec<(String, NativeTool)> = Vec::new();
        for tool in parameters.native_tools.drain(..) {
            let id = native_tool_id(&tool);
            match native.iter_mut().find(|(known, _)| *known == id) {
                Some(known) => known.1 = tool,
                None => native.push((id, tool)),
            }
        }
        let has_stand_in =
            |id: &str| parameters.function_tools.iter().any(|tool| tool.unless_native.as_deref() == Some(id));
        for (id, tool) in native {
            if supported(&id) {
                parameters.native_tools.push(tool);
            } else if !has_stand_in(&id) && !tool.is_optional() {
                let message = format!("native_tools: {} has no native tool {id:?}", self.model_name);
                return Err(unsupported(message));
            }
        }

        let sent: Vec<String> = parameters.native_tools.iter().map(native_tool_id).collect();
        let is_sent = |id: &Option<String>| id.as_ref().is_some_and(|id| sent.contains(id));
        parameters.function_tools.retain(|tool| !is_sent(&tool.unless_native));
        let visibility = parameters.function_tools.iter_mut().map(|tool| {
            if !is_sent(&tool.with_native) {
                tool.with_native = None;
            }
            let visible = !tool.defer_loading || parameters.revealed_tool_names.contains(&tool.name);
            let visibility = if visible { ToolVisibility::Visible } else { ToolVisibility::Withheld };
            (tool.name.clone(), visibility)
        });
        parameters.tool_visibility = Some(visibility.collect());
        Ok(())
    }
}

fn unsupported(message: String) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

/// Whether the model will think: by a parameter, by a setting or by the model's own field.
pub(super) fn is_thinking_enabled(settings: &BedrockModelSettings, parameters: &ModelRequestParameters) -> bool {
    let is_on = |level: Option<ThinkingLevel>| level.is_some_and(|level| level != ThinkingLevel::Off);
    let by_field = || {
        let fields = settings.bedrock_additional_model_requests_fields.as_ref()?;
        fields.get("thinking")?.get("type")?.as_str().map(|kind| matches!(kind, "enabled" | "adaptive"))
    };
    is_on(parameters.thinking) || is_on(settings.thinking) || by_field().unwrap_or(false)
}

fn resolve_output_mode(parameters: &mut ModelRequestParameters, default: StructuredOutputMode) {
    if parameters.output_mode == OutputMode::Auto {
        parameters.output_mode = default.into();
        parameters.allow_text_output = default != StructuredOutputMode::Tool;
    }
}

fn transform_schemas(parameters: &mut ModelRequestParameters, transformer: JsonSchemaTransformer) -> Result<()> {
    let transform = |schema: &mut JsonObject, strict: &mut Option<bool>| {
        *schema = transformer.transform(schema, *strict)?;
        strict.get_or_insert(transformer.is_strict_compatible(*strict));
        Ok(())
    };
    for tool in parameters.function_tools.iter_mut().chain(&mut parameters.output_tools) {
        transform(&mut tool.parameters_json_schema, &mut tool.strict)
            .map_err(|error: Error| error.at(format_args!("parameters of the tool {:?}", tool.name)))?;
    }
    match &mut parameters.output_object {
        Some(output) => transform(&mut output.json_schema, &mut output.strict)
            .map_err(|error| error.at("the JSON schema of the output object")),
        None => Ok(()),
    }
}

/// A return schema goes only to a model that is to know it: in its own place, or else in the description.
fn resolve_return_schemas(tools: &mut [ToolDefinition], supported: bool) {
    for tool in tools {
        let wanted = tool.include_return_schema == Some(true);
        let schema = tool.return_schema.take().filter(|schema| wanted && !schema.is_empty());
        match schema {
            Some(schema) if supported => tool.return_schema = Some(schema),
            Some(schema) => {
                let schema = python::dumps_indented(&Value::Object(schema));
                let own = tool.description.as_deref().filter(|text| !text.is_empty());
                let parts = own.into_iter().chain(["Return schema:", &schema]);
                tool.description = Some(parts.collect::<Vec<_>>().join("\n\n"));
            }
            None => {}
        }
    }
}

/// The instructions that ask for output of this shape.
fn instructions(template: &str, output: &OutputObjectDefinition) -> Result<String> {
    let mut schema = output.json_schema.clone();
    for (member, text) in [("title", &output.name), ("description", &output.description)] {
        if let Some(text) = text.as_ref().filter(|text| !text.is_empty()) {
            schema.insert(member.to_owned(), text.as_str().into());
        }
    }
    let schema = python::dumps(&Value::Object(schema));
    match template.contains("{schema}") {
        true => python::format_schema(template, &schema),
        false => python::format_schema(&format!("{template}\n\n{{schema}}"), &schema),
    }
}

/// What tells native tools apart: their kind, and for MCP servers the server.
fn native_tool_id(tool: &NativeTool) -> String {
    match tool {
        NativeTool::Other(server) if tool.kind() == "mcp_server" => {
            format!("mcp_server:{}", server.get("id").and_then(Value::as_str).unwrap_or_default())
        }
        _ => tool.kind().to_owned(),
    }
}
