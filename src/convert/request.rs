//! The whole request: turns, tools, settings and output.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::prepare::Prepared;
use super::{Downloads, Target, blank, cache_points, tools, turns};
use crate::error::{Error, ErrorKind, Result};
use crate::messages::{JsonObject, ModelMessage};
use crate::profile::{ModelProfile, model_id_in_arn, remove_geo_prefix};
use crate::settings::{BedrockModelSettings, ServiceTier};
use crate::tools::{ModelRequestParameters, OutputMode};
use crate::wire::{
    ConverseRequest, CountTokensRequest, InferenceConfiguration, JsonSchemaDefinition, OutputConfig, OutputFormat,
    OutputFormatStructure, OutputFormatType, ServiceTier as Tier, ServiceTierType,
};

/// The name of an output object that has none.
const DEFAULT_OUTPUT_NAME: &str = "final_result";

impl Target<'_> {
    /// The request for `Converse` and `ConverseStream`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] and [`ErrorKind::Unsupported`] for what can't be sent. The message names the part by
    /// its place in `messages`, or the setting, and the rule.
    pub fn converse_request(
        &self,
        messages: &[ModelMessage],
        prepared: &Prepared,
        downloads: &Downloads,
    ) -> Result<ConverseRequest> {
        let settings = &prepared.settings;
        let mut request = self.conversation(messages, prepared, downloads)?;
        let profile_id = settings.bedrock_inference_profile.as_deref().filter(|id| !id.is_empty());
        request.model_id = profile_id.unwrap_or(self.model_name).to_owned();
        request.inference_config = Some(inference_config(settings));
        request.output_config = output_config(&prepared.parameters)?;
        request.guardrail_config = shape("bedrock_guardrail_config", &settings.bedrock_guardrail_config)?;
        request.performance_config =
            shape("bedrock_performance_configuration", &settings.bedrock_performance_configuration)?;
        request.request_metadata = shape("bedrock_request_metadata", &settings.bedrock_request_metadata)?;
        request.prompt_variables = shape("bedrock_prompt_variables", &settings.bedrock_prompt_variables)?;
        let paths = settings.bedrock_additional_model_response_fields_paths.as_ref();
        request.additional_model_response_field_paths = paths.filter(|paths| !paths.is_empty()).cloned();
        request.service_tier =
            match (shape("bedrock_service_tier", &settings.bedrock_service_tier)?, settings.service_tier) {
                (Some(tier), _) => Some(tier),
                (None, None | Some(ServiceTier::Auto)) => None,
                (None, Some(tier)) => Some(Tier::new(ServiceTierType::from(tier.as_str()))),
            };
        Ok(request)
    }

    /// The request for `CountTokens`: what of the conversation it takes, on the id of the foundation model itself.
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/count-tokens.html>
    ///
    /// # Errors
    ///
    /// As [`converse_request`](Self::converse_request).
    pub fn count_tokens_request(
        &self,
        messages: &[ModelMessage],
        prepared: &Prepared,
        downloads: &Downloads,
    ) -> Result<CountTokensRequest> {
        let mut request = self.conversation(messages, prepared, downloads)?;
        let model_id = remove_geo_prefix(model_id_in_arn(self.model_name).unwrap_or(self.model_name));
        request.model_id = model_id.to_owned();
        Ok(request.into())
    }

    /// The members that Converse and CountTokens share.
    fn conversation(
        &self,
        messages: &[ModelMessage],
        prepared: &Prepared,
        downloads: &Downloads,
    ) -> Result<ConverseRequest> {
        let Prepared { settings, parameters } = prepared;
        let turns::Turns { mut system, mut messages } = turns::turns(*self, messages, settings, parameters, downloads)?;
        let tool_config = tools::tool_config(*self, prepared, &messages)?;
        let tools = tool_config.as_ref().map_or(&[][..], |config| &config.tools);
        cache_points::limit(&system, tools, &mut messages)?;
        blank::drop_blank_text(&mut system, &mut messages);
        let mut request = ConverseRequest::new("");
        request.messages = Some(messages);
        request.system = Some(system);
        request.tool_config = tool_config;
        request.additional_model_request_fields = additional_fields(self.profile, prepared);
        Ok(request)
    }
}

/// What each model family takes in a form of its own.
fn additional_fields(profile: &ModelProfile, prepared: &Prepared) -> Option<Value> {
    let mut fields = prepared.settings.bedrock_additional_model_requests_fields.clone().unwrap_or_default();
    if let Some(top_k) = prepared.settings.top_k {
        profile.add_top_k(top_k, &mut fields);
    }
    if let Some(thinking) = prepared.parameters.thinking {
        profile.add_thinking(thinking, &mut fields);
    }
    (!fields.is_empty()).then_some(Value::Object(fields))
}

fn inference_config(settings: &BedrockModelSettings) -> InferenceConfiguration {
    InferenceConfiguration {
        max_tokens: settings.max_tokens.filter(|most| *most > 0).map(|most| i64::try_from(most).unwrap_or(i64::MAX)),
        temperature: settings.temperature,
        top_p: settings.top_p,
        stop_sequences: settings.stop_sequences.clone().filter(|texts| !texts.is_empty()),
        ..InferenceConfiguration::default()
    }
}

/// Asks the service to hold the output to its schema, in the mode `native`.
fn output_config(parameters: &ModelRequestParameters) -> Result<Option<OutputConfig>> {
    let Some(output) = parameters.output_object.as_ref().filter(|_| parameters.output_mode == OutputMode::Native)
    else {
        return Ok(None);
    };
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let schema = serde_json::to_string(&output.json_schema).map_err(|source| {
        Error::new(ErrorKind::InvalidInput, "output_object: the JSON schema can't be written").with_source(source)
    })?;
    let definition = JsonSchemaDefinition {
        name: Some(given(&output.name).unwrap_or_else(|| DEFAULT_OUTPUT_NAME.to_owned())),
        description: given(&output.description),
        ..JsonSchemaDefinition::new(schema)
    };
    let format = OutputFormat::new(OutputFormatType::JsonSchema, OutputFormatStructure::JsonSchema(definition));
    Ok(Some(OutputConfig { text_format: Some(format), ..OutputConfig::default() }))
}

/// A setting that has the shape of the service's own model. An empty one is none.
fn shape<T: DeserializeOwned>(name: &str, setting: &Option<JsonObject>) -> Result<Option<T>> {
    let Some(object) = setting.as_ref().filter(|object| !object.is_empty()) else { return Ok(None) };
    serde_json::from_value(Value::Object(object.clone()))
        .map(Some)
        .map_err(|error| Error::new(ErrorKind::InvalidInput, format!("`{name}`: {error}")))
}
