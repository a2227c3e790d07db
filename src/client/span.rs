//! One span per request, with OpenTelemetry's names for generative AI. Neither content nor secrets are in it.
//!
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/aws-bedrock/>

use tracing::field::{Empty, debug};
use tracing::{Span, info_span};

use super::{Client, Reply};
use crate::error::{Error, Result};
use crate::wire::{ConverseRequest, ConverseResponse, ConverseStreamOutput, StopReason, TokenUsage};

/// The span of `Converse` and `ConverseStream`.
pub(super) fn converse(client: &Client, request: &ConverseRequest) -> Span {
    let span = span(client, "chat", &request.model_id);
    if span.is_disabled() {
        return span;
    }
    if let Some(config) = &request.inference_config {
        span.record("gen_ai.request.max_tokens", config.max_tokens);
        span.record("gen_ai.request.temperature", config.temperature);
        span.record("gen_ai.request.top_p", config.top_p);
    }
    let guardrail = request.guardrail_config.as_ref().and_then(|config| config.guardrail_identifier.as_deref());
    span.record("aws.bedrock.guardrail.id", guardrail);
    span
}

/// The span of `CountTokens`.
pub(super) fn count_tokens(client: &Client, model_id: &str) -> Span {
    span(client, "count_tokens", model_id)
}

fn span(client: &Client, operation: &str, model_id: &str) -> Span {
    let uri = &client.shared.uri;
    info_span!(
        "bedrock",
        otel.name = %format_args!("{operation} {model_id}"),
        otel.kind = "client",
        gen_ai.operation.name = operation,
        gen_ai.provider.name = "aws.bedrock",
        gen_ai.request.model = model_id,
        gen_ai.request.max_tokens = Empty,
        gen_ai.request.temperature = Empty,
        gen_ai.request.top_p = Empty,
        gen_ai.response.finish_reasons = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
        gen_ai.usage.cache_creation.input_tokens = Empty,
        aws.bedrock.guardrail.id = Empty,
        aws.request_id = Empty,
        http.response.status_code = Empty,
        server.address = uri.host(),
        server.port = uri.port_u16(),
        error.type = Empty,
    )
}

pub(super) fn converse_ended(span: &Span, outcome: &Result<Reply<ConverseResponse>>) {
    match outcome {
        Ok(reply) => {
            finish_reason(span, &reply.value.stop_reason);
            usage(span, reply.value.usage.as_ref());
            ended(span, reply.request_id.as_deref());
        }
        Err(error) => failed(span, error),
    }
}

pub(super) fn ended(span: &Span, request_id: Option<&str>) {
    span.record("aws.request_id", request_id);
    span.record("http.response.status_code", 200);
}

pub(super) fn failed(span: &Span, error: &Error) {
    span.record("aws.request_id", error.request_id());
    span.record("http.response.status_code", if error.in_stream() { Some(200) } else { error.status() });
    match error.code() {
        Some(code) => span.record("error.type", code),
        None => span.record("error.type", debug(error.kind())),
    };
}

/// What an event tells about the whole.
pub(super) fn event(span: &Span, event: &ConverseStreamOutput<'_>) {
    match event {
        ConverseStreamOutput::MessageStop(event) => finish_reason(span, &event.stop_reason),
        ConverseStreamOutput::Metadata(event) => usage(span, event.usage.as_ref()),
        _ => {}
    }
}

fn finish_reason(span: &Span, reason: &StopReason) {
    // An array in the convention, which a field cannot be.
    span.record("gen_ai.response.finish_reasons", debug([reason.as_str()]));
}

fn usage(span: &Span, usage: Option<&TokenUsage>) {
    let Some(usage) = usage else { return };
    // The convention counts what came from and went to the cache as input, the service counts it beside.
    let cache = [usage.cache_read_input_tokens, usage.cache_write_input_tokens];
    let input = usage.input_tokens.saturating_add(cache.into_iter().flatten().sum());
    span.record("gen_ai.usage.input_tokens", input);
    span.record("gen_ai.usage.output_tokens", usage.output_tokens);
    span.record("gen_ai.usage.cache_read.input_tokens", cache[0]);
    span.record("gen_ai.usage.cache_creation.input_tokens", cache[1]);
}
