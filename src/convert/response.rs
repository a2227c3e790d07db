//! Wire response to history.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::Target;
use super::turns::{CODE_EXECUTION, CODE_INTERPRETER, REDACTED};
use super::usage::request_usage;
use crate::messages::{
    BinaryContent, FilePart, FinishReason, JsonObject, ModelResponse, ModelResponsePart, NativeToolReturnPart,
    TextPart, ThinkingPart, Timestamp, ToolArgs, ToolCallPart, ToolReturnContent,
};
use crate::wire::{
    AudioFormat, AudioSource, CitationGeneratedContent, CitationsContentBlock, ContentBlock, ConverseOutput,
    ConverseResponse, ErrorBlock, ImageSource, ReasoningContentBlock, StopReason, ToolResultBlock,
    ToolResultContentBlock, ToolUseBlock, ToolUseType,
};

/// Where an answer came from, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what an answer's body does not say about itself")]
pub struct Origin {
    /// The endpoint.
    pub provider_url: String,
    /// The service's id of the request, from the header `x-amzn-requestid`.
    pub provider_response_id: Option<String>,
    /// When the answer came.
    pub timestamp: Timestamp,
}

impl Target<'_> {
    /// The answer of `Converse` as a message.
    ///
    /// | block | part |
    /// |---|---|
    /// | `text` | text; none when it is empty |
    /// | `citationsContent` | text, with `citations` in its `provider_details` as the service wrote them |
    /// | `reasoningContent` | thinking; what came encrypted is the signature of a part with the id `redacted_content` – as it is where it is text, otherwise in base64 with `"encoding": "base64"` in its `provider_details` |
    /// | `toolUse` | a call; one of a native tool where the type is `server_tool_use` |
    /// | `toolResult` | the return of a native tool, its name that of the type without `_result` |
    /// | `image`, `audio` | a file; what is not bytes (a place in S3, an error) is in its `provider_details` |
    ///
    /// The tool `nova_code_interpreter` is called `code_execution`. Input of a tool that is not an object is kept as text;
    /// [`has_invalid_args`](ToolCallPart::has_invalid_args) tells it. Other blocks are those of requests, or not known
    /// here: they are no parts, and neither is what stands beside the message (trace, metrics, service tier, additional
    /// fields). All of it is in the [`ConverseResponse`].
    ///
    /// ```
    /// use bedrock_converse::convert::{Origin, Target};
    /// use bedrock_converse::messages::{FinishReason, Timestamp};
    /// use bedrock_converse::{profile::ModelProfile, wire::ConverseResponse};
    ///
    /// let answer = br#"{
    ///     "output": {"message": {"role": "assistant", "content": [{"text": "Hello!"}]}},
    ///     "stopReason": "end_turn",
    ///     "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 105, "cacheReadInputTokens": 100}
    /// }"#;
    /// let profile = ModelProfile::for_model("us.amazon.nova-pro-v1:0");
    /// let target = Target { model_name: "us.amazon.nova-pro-v1:0", provider_name: "bedrock", profile: &profile };
    /// let origin = Origin {
    ///     provider_url: "https://bedrock-runtime.us-east-1.amazonaws.com".into(),
    ///     provider_response_id: None,
    ///     timestamp: Timestamp::from_unix(1_700_000_000, 0),
    /// };
    /// let response = target.model_response(ConverseResponse::from_json(answer)?, origin);
    /// assert_eq!(response.text().as_deref(), Some("Hello!"));
    /// assert_eq!(response.finish_reason, Some(FinishReason::Stop));
    /// assert_eq!(response.usage.input_tokens, 103);
    /// # Ok::<(), bedrock_converse::Error>(())
    /// ```
    pub fn model_response(&self, answer: ConverseResponse, origin: Origin) -> ModelResponse {
        let mut response = self.blank_response(origin);
        let message = match answer.output {
            ConverseOutput::Message(message) => Some(message),
            ConverseOutput::Other(other) => match other.known {
                Some(ConverseOutput::Message(message)) => Some(message),
                _ => None,
            },
        };
        for block in message.into_iter().flat_map(|message| message.content) {
            let part = response_part(block, &response);
            response.parts.extend(part);
        }
        response.usage = answer.usage.as_ref().map(request_usage).unwrap_or_default();
        set_stop_reason(&mut response, &answer.stop_reason);
        response
    }

    /// A response that says nothing yet.
    pub(crate) fn blank_response(&self, origin: Origin) -> ModelResponse {
        ModelResponse {
            model_name: Some(self.model_name.to_owned()),
            timestamp: Some(origin.timestamp),
            provider_name: Some(self.provider_name.to_owned()),
            provider_url: Some(origin.provider_url),
            provider_response_id: origin.provider_response_id,
            ..ModelResponse::default()
        }
    }
}

/// Says why the model stopped. The service's own word for it is always there, ours only where it is known.
pub(crate) fn set_stop_reason(response: &mut ModelResponse, reason: &StopReason) {
    response.finish_reason = match reason {
        StopReason::EndTurn | StopReason::StopSequence => Some(FinishReason::Stop),
        StopReason::ToolUse => Some(FinishReason::ToolCall),
        StopReason::MaxTokens | StopReason::ModelContextWindowExceeded => Some(FinishReason::Length),
        StopReason::GuardrailIntervened | StopReason::ContentFiltered => Some(FinishReason::ContentFilter),
        StopReason::MalformedModelOutput | StopReason::MalformedToolUse => Some(FinishReason::Error),
        StopReason::Unknown(_) => None,
    };
    response.provider_details = Some(details("finish_reason", reason.as_str()));
}

/// What a block becomes in this response.
pub(crate) fn response_part(block: ContentBlock, response: &ModelResponse) -> Option<ModelResponsePart> {
    let provider = || response.provider_name.clone();
    Some(match block {
        ContentBlock::Text(text) if text.is_empty() => return None,
        ContentBlock::Text(content) => ModelResponsePart::Text(TextPart { content, ..TextPart::default() }),
        ContentBlock::CitationsContent(block) => ModelResponsePart::Text(cited_text(block, provider())?),
        ContentBlock::ReasoningContent(block) => ModelResponsePart::Thinking(thinking(block, provider())?),
        ContentBlock::ToolUse(block) => tool_call(block, provider()),
        ContentBlock::ToolResult(block) => {
            ModelResponsePart::NativeToolReturn(tool_return(block, provider(), response.timestamp.clone()))
        }
        ContentBlock::Image(block) => {
            let bytes = match block.source.known() {
                ImageSource::Bytes(bytes) => Ok(bytes.clone()),
                source => Err(json(source)),
            };
            ModelResponsePart::File(file(format!("image/{}", block.format), bytes, block.error, provider()))
        }
        ContentBlock::Audio(block) => {
            let bytes = match block.source.known() {
                AudioSource::Bytes(bytes) => Ok(bytes.clone()),
                source => Err(json(source)),
            };
            ModelResponsePart::File(file(audio_type(&block.format), bytes, block.error, provider()))
        }
        ContentBlock::Other(other) => return response_part(other.known?, response),
        _ => return None,
    })
}

/// The `provider_details` of a text with these citations.
pub(crate) fn citation_details(citations: Vec<Value>) -> JsonObject {
    details("citations", citations)
}

fn cited_text(block: CitationsContentBlock, provider_name: Option<String>) -> Option<TextPart> {
    let mut content = String::new();
    for piece in block.content.iter().flatten() {
        match piece.known() {
            CitationGeneratedContent::Text(text) => content.push_str(text),
            CitationGeneratedContent::Other(_) => {}
        }
    }
    let citations: Vec<Value> = block.citations.iter().flatten().map(json).collect();
    match (content.is_empty(), citations.is_empty()) {
        (true, true) => None,
        (false, true) => Some(TextPart { content, ..TextPart::default() }),
        (_, false) => {
            let provider_details = Some(citation_details(citations));
            Some(TextPart { content, provider_name, provider_details, ..TextPart::default() })
        }
    }
}

fn thinking(block: ReasoningContentBlock, provider_name: Option<String>) -> Option<ThinkingPart> {
    match block {
        ReasoningContentBlock::ReasoningText(block) => Some(ThinkingPart {
            content: block.text,
            provider_name: provider_name.filter(|_| block.signature.as_ref().is_some_and(|text| !text.is_empty())),
            signature: block.signature,
            ..ThinkingPart::default()
        }),
        ReasoningContentBlock::RedactedContent(bytes) if bytes.is_empty() => None,
        ReasoningContentBlock::RedactedContent(bytes) => Some(redacted_thinking(&bytes, false, provider_name)),
        ReasoningContentBlock::Other(other) => thinking(other.known?, provider_name),
    }
}

/// Thinking that came encrypted, to be sent back byte for byte: as text where it is text and need not be base64.
pub(crate) fn redacted_thinking(bytes: &[u8], base64: bool, provider_name: Option<String>) -> ThinkingPart {
    let (signature, provider_details) = match str::from_utf8(bytes) {
        Ok(text) if !base64 => (text.to_owned(), None),
        _ => (STANDARD.encode(bytes), Some(details("encoding", "base64"))),
    };
    ThinkingPart {
        id: Some(REDACTED.to_owned()),
        signature: Some(signature),
        provider_name,
        provider_details,
        ..ThinkingPart::default()
    }
}

/// Whether this is thinking that came encrypted.
pub(crate) fn is_redacted(part: &ThinkingPart) -> bool {
    part.id.as_deref() == Some(REDACTED)
}

/// A call; one without input is a call whose arguments are yet to come.
pub(crate) fn tool_call(block: ToolUseBlock, provider_name: Option<String>) -> ModelResponsePart {
    let args = match block.input {
        Value::Null => None,
        Value::Object(object) => Some(ToolArgs::Json(object)),
        Value::String(text) => Some(ToolArgs::Text(text)),
        other => Some(ToolArgs::Text(other.to_string())),
    };
    let call = ToolCallPart { args, tool_call_id: block.tool_use_id, ..ToolCallPart::default() };
    if block.r#type == Some(ToolUseType::ServerToolUse) {
        let tool_name = native_tool_name(&block.name).to_owned();
        ModelResponsePart::NativeToolCall(ToolCallPart { tool_name, provider_name, ..call })
    } else {
        ModelResponsePart::ToolCall(ToolCallPart { tool_name: block.name, ..call })
    }
}

fn tool_return(
    block: ToolResultBlock,
    provider_name: Option<String>,
    timestamp: Option<Timestamp>,
) -> NativeToolReturnPart {
    let r#type = block.r#type.unwrap_or_default();
    let mut items: Vec<ToolReturnContent> = block.content.into_iter().map(tool_return_item).collect();
    let content = match items.len() {
        0 => ToolReturnContent::default(),
        1 => items.remove(0),
        _ => ToolReturnContent::List(items),
    };
    NativeToolReturnPart {
        tool_name: native_tool_name(r#type.strip_suffix("_result").unwrap_or(&r#type)).to_owned(),
        content,
        tool_call_id: block.tool_use_id,
        timestamp,
        provider_name,
        provider_details: Some(block.status.map(|status| details("status", status.as_str())).unwrap_or_default()),
        ..NativeToolReturnPart::default()
    }
}

fn tool_return_item(block: ToolResultContentBlock) -> ToolReturnContent {
    match block {
        ToolResultContentBlock::Json(value) => value.into(),
        ToolResultContentBlock::Text(text) => text.into(),
        other => json(&other).into(),
    }
}

fn native_tool_name(name: &str) -> &str {
    if name == CODE_INTERPRETER { CODE_EXECUTION } else { name }
}

fn file(
    media_type: String,
    bytes: Result<Bytes, Value>,
    error: Option<ErrorBlock>,
    provider_name: Option<String>,
) -> FilePart {
    let mut details = JsonObject::new();
    let data = bytes.unwrap_or_else(|source| {
        details.insert("source".to_owned(), source);
        Bytes::new()
    });
    details.extend(error.map(|error| ("error".to_owned(), json(&error))));
    FilePart {
        content: BinaryContent::new(data, media_type),
        provider_name,
        provider_details: Some(details).filter(|details| !details.is_empty()),
        ..FilePart::default()
    }
}

fn audio_type(format: &AudioFormat) -> String {
    let subtype = match format {
        AudioFormat::Mp3 | AudioFormat::Mpeg | AudioFormat::Mpga => "mpeg",
        AudioFormat::M4a => "mp4",
        AudioFormat::Mka | AudioFormat::Mkv => "x-matroska",
        AudioFormat::XAac => "aac",
        other => other.as_str(),
    };
    format!("audio/{subtype}")
}

fn details(name: &str, value: impl Into<Value>) -> JsonObject {
    JsonObject::from_iter([(name.to_owned(), value.into())])
}

/// A piece of an answer as the service wrote it.
pub(crate) fn json(shape: &impl serde::Serialize) -> Value {
    serde_json::to_value(shape).expect("citations, sources and errors hold nothing that JSON cannot")
}
