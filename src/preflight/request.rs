//! The members of a request beside the conversation and the tools.

use super::finding::Report;
use super::limits::{self, Limit};
use super::{Rule, messages};
use crate::profile::{LatestBedrockModelNames, ModelProfile, model_id_in_arn, remove_geo_prefix};
use crate::wire::{ConverseRequest, InferenceConfiguration};

pub(super) fn check(request: &ConverseRequest, profile: &ModelProfile, report: &mut Report) {
    model_id(&request.model_id, profile, report);
    if messages(request).is_empty() && !names_a_prompt(request) {
        report.error(Rule::NoMessages, "messages", "there has to be a message");
    }
    prompt(request, report);
    inference_config(request, report);
    request_metadata(request, report);
    response_paths(request, report);
    if let Some(output) = &request.output_config {
        if output.text_format.is_some() && !profile.supports_json_schema_output {
            report.warning(
                Rule::OutputFormat,
                "outputConfig.textFormat",
                "by its profile the model can't be held to a JSON schema",
            );
        }
        let fault = output.effort.as_ref().and_then(|effort| limits::EFFORT.text_fault(effort));
        if let Some(fault) = fault {
            report.constraint(Rule::Constraint, "outputConfig.effort", &fault);
        }
    }
}

fn model_id(id: &str, profile: &ModelProfile, report: &mut Report) {
    const PATH: &str = "modelId";
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '_');
    let is_arn = id.starts_with("arn:");
    if let Some(fault) = limits::MODEL_ID.size_fault(id.chars().count()) {
        report.constraint(Rule::ModelId, PATH, &fault);
    } else if !id.chars().all(|c| allowed(c) || (is_arn && c == '/')) || matches!(id, "." | "..") {
        let message =
            "a model id has letters, digits, `-`, `:`, `.` and `_`, and an ARN also `/`; it is not percent-encoded";
        report.error(Rule::ModelId, PATH, message);
    } else if !profile.bedrock_supported_on_converse {
        report.error(Rule::NotServed, PATH, "Converse doesn't serve this model");
    } else {
        let name = model_id_in_arn(id).unwrap_or(id);
        let is_known = |known: LatestBedrockModelNames| remove_geo_prefix(known.as_str()) == remove_geo_prefix(name);
        if name.starts_with("arn:") || LatestBedrockModelNames::all().any(is_known) {
            return;
        }
        let nearest = LatestBedrockModelNames::nearest(name);
        let hint = nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
        report
            .warning(Rule::UnknownModel, PATH, format!("`{name}` is not among the models known here{hint}"))
            .says("The provided model identifier is invalid.");
    }
}

/// Whether the id is the ARN of a prompt of Prompt management, which has messages of its own.
fn names_a_prompt(request: &ConverseRequest) -> bool {
    request.model_id.starts_with("arn:") && request.model_id.contains(":prompt/")
}

fn prompt(request: &ConverseRequest, report: &mut Report) {
    if !names_a_prompt(request) {
        if request.prompt_variables.is_some() {
            let message = "without the ARN of a prompt as the model id, the variables are ignored";
            report.warning(Rule::PromptVariables, "promptVariables", message);
        }
        return;
    }
    let message = "a prompt of Prompt management brings its own; this has to be absent";
    for (path, is_empty) in [
        ("system", request.system.as_ref().map(Vec::is_empty)),
        ("inferenceConfig", request.inference_config.as_ref().map(is_default)),
        ("toolConfig", request.tool_config.as_ref().map(|_| false)),
        ("additionalModelRequestFields", request.additional_model_request_fields.as_ref().map(|_| false)),
    ] {
        match is_empty {
            Some(true) => report.warning(Rule::PromptConflict, path, message).repairable(),
            Some(false) => report.error(Rule::PromptConflict, path, message),
            None => continue,
        };
    }
}

fn is_default(config: &InferenceConfiguration) -> bool {
    *config == InferenceConfiguration::default()
}

fn inference_config(request: &ConverseRequest, report: &mut Report) {
    let Some(config) = &request.inference_config else { return };
    for (member, limit, value) in [
        ("maxTokens", limits::MAX_TOKENS, config.max_tokens.map(|most| most as f64)),
        ("temperature", limits::TEMPERATURE, config.temperature),
        ("topP", limits::TOP_P, config.top_p),
    ] {
        if let Some(fault) = value.and_then(|value| limit.number_fault(value)) {
            report.constraint(Rule::InferenceRange, format!("inferenceConfig.{member}"), &fault);
        }
    }
    let texts = config.stop_sequences.as_deref().unwrap_or_default();
    let path = "inferenceConfig.stopSequences";
    if let Some(fault) = limits::STOP_SEQUENCES.size_fault(texts.len()) {
        report.constraint(Rule::StopSequences, path, &fault);
    }
    for (i, text) in texts.iter().enumerate() {
        if let Some(fault) = limits::NON_EMPTY.text_fault(text) {
            report.constraint(Rule::StopSequences, format!("{path}[{i}]"), &fault).repairable();
        }
    }
}

fn request_metadata(request: &ConverseRequest, report: &mut Report) {
    let Some(metadata) = &request.request_metadata else { return };
    if let Some(fault) = limits::REQUEST_METADATA.size_fault(metadata.len()) {
        let finding = report.constraint(Rule::RequestMetadata, "requestMetadata", &fault);
        if metadata.is_empty() {
            finding.repairable();
        }
    }
    for (key, value) in metadata.iter() {
        let mut entry = |limit: Limit, what: &str, text: &str| {
            if let Some(fault) = limit.text_fault(text) {
                report.error(Rule::RequestMetadata, format!("requestMetadata.{key}"), format!("the {what} {fault}"));
            }
        };
        entry(limits::METADATA_KEY, "key", key);
        entry(limits::METADATA_VALUE, "value", value);
    }
}

fn response_paths(request: &ConverseRequest, report: &mut Report) {
    const MEMBER: &str = "additionalModelResponseFieldPaths";
    let paths = request.additional_model_response_field_paths.as_deref().unwrap_or_default();
    if let Some(fault) = limits::RESPONSE_PATHS.size_fault(paths.len()) {
        report.constraint(Rule::ResponsePaths, MEMBER, &fault);
    }
    for (i, path) in paths.iter().enumerate() {
        let place = format!("{MEMBER}[{i}]");
        if let Some(fault) = limits::RESPONSE_PATH.text_fault(path) {
            report.constraint(Rule::ResponsePaths, place, &fault);
        } else if !path.starts_with('/') {
            report.warning(Rule::ResponsePaths, place, "a JSON pointer begins with `/`");
        }
    }
}

pub(super) fn repair(request: &mut ConverseRequest) {
    if names_a_prompt(request) {
        request.system = request.system.take().filter(|system| !system.is_empty());
        request.inference_config = request.inference_config.take().filter(|config| !is_default(config));
    }
    if let Some(texts) = request.inference_config.as_mut().and_then(|config| config.stop_sequences.as_mut()) {
        texts.retain(|text| !text.is_empty());
    }
    request.request_metadata = request.request_metadata.take().filter(|metadata| !metadata.is_empty());
}
