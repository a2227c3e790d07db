//! Provider-neutral history: messages, their parts, media, usage and stream events.
//!
//! The JSON is pydantic-ai's (`ModelMessagesTypeAdapter`): a history that either side wrote loads in the other. What is
//! not known here – parts, kinds, members – is kept and written back. Members that have a default may be absent or
//! null. Times and ids of tool calls that a history lacks are not made up. Numbers are 64 bits wide.
//!
//! ```
//! use bedrock_converse::messages::*;
//!
//! // What the user says: text, files, and the end of what is to be cached.
//! let prompt = UserPromptPart::new(vec![
//!     "What is on these?".into(),
//!     BinaryContent::new(&b"\x89PNG"[..], "image/png").into(),
//!     FileUrl::document("s3://bucket/report.pdf").into(),
//!     CachePoint { ttl: CacheTtl::OneHour, ..Default::default() }.into(),
//! ]);
//! let system = SystemPromptPart { content: "Be brief.".into(), ..Default::default() };
//! let request = ModelRequest::new(vec![
//!     ModelRequestPart::SystemPrompt(system),
//!     ModelRequestPart::UserPrompt(prompt),
//! ]);
//!
//! // What the model answers.
//! let thinking = ThinkingPart { content: "A chart.".into(), ..Default::default() };
//! let text = TextPart { content: "Let me see.".into(), ..Default::default() };
//! let response = ModelResponse {
//!     parts: vec![
//!         ModelResponsePart::Thinking(thinking),
//!         ModelResponsePart::Text(text),
//!         ModelResponsePart::ToolCall(ToolCallPart::new("zoom", "call_1")),
//!     ],
//!     usage: RequestUsage { input_tokens: 900, output_tokens: 20, ..Default::default() },
//!     finish_reason: Some(FinishReason::ToolCall),
//!     ..Default::default()
//! };
//! assert_eq!(response.text().as_deref(), Some("Let me see."));
//! assert_eq!(response.usage.total_tokens(), 920);
//!
//! // What the tool gives, or what was wrong with the call.
//! let zoomed = ToolReturnPart::new("zoom", serde_json::json!({"zoomed": true}), "call_1");
//! let history: Vec<ModelMessage> = vec![
//!     request.into(),
//!     response.into(),
//!     ModelRequest::new(vec![ModelRequestPart::ToolReturn(zoomed)]).into(),
//! ];
//!
//! let json = serde_json::to_string(&history).unwrap();
//! assert!(json.starts_with(r#"[{"parts":[{"content":"Be brief.","#));
//! let read: Vec<ModelMessage> = serde_json::from_str(&json).unwrap();
//! assert_eq!(read.len(), 3);
//! ```
//!
//! Every struct has public fields, a [`Default`], and an `extra` for members that are not known here; build one as above.
//! Parts without an example of their own ([`SpeechPart`], [`CompactionPart`], [`FilePart`], [`NativeToolReturnPart`],
//! [`TextContent`], [`ToolAvailabilityDeltaPart`]) are built in the same way. Programs read [`FinalResultEvent`],
//! [`PartEndEvent`], [`ThinkingPartDelta`] and [`ToolCallPartDelta`] out of a stream and don't build them; the example of
//! [`ModelResponseStreamEvent`] does so. [`JsonObject`] is an object as `serde_json` has it, and the constants are keys in
//! such objects.

mod content;
mod event;
pub(crate) mod json;
mod json_macros;
mod media;
mod media_type;
mod request;
mod response;
mod timestamp;
mod tool_call;
mod tool_return;
mod usage;

pub use content::{CachePoint, CacheTtl, TextContent, UserContent, UserPrompt};
pub use event::{
    FinalResultEvent, ModelResponsePartDelta, ModelResponseStreamEvent, PartDeltaEvent, PartEndEvent, PartStartEvent,
    TextPartDelta, ThinkingPartDelta, ToolCallPartDelta,
};
pub use json::JsonObject;
pub use media::{BinaryContent, FileUrl, ForceDownload, MultiModalContent, UploadedFile, UrlKind};
pub use media_type::MediaKind;
pub use request::{
    InstructionPart, ModelRequest, ModelRequestPart, SpeechPart, State, SystemPromptPart, ToolAvailabilityDeltaPart,
    UserPromptPart,
};
pub use response::{CompactionPart, FilePart, FinishReason, ModelResponse, ModelResponsePart, TextPart, ThinkingPart};
pub use timestamp::Timestamp;
pub use tool_call::{INVALID_JSON_KEY, ToolArgs, ToolCallPart};
pub use tool_return::{
    ContentItem, ContentMode, NativeToolReturnPart, RETURN_VALUE_KEY, RetryContent, RetryPromptPart, ToolOutcome,
    ToolReturnContent, ToolReturnPart,
};
pub use usage::RequestUsage;

use serde_json::Value;

use crate::error::Error;
use json::{FromJson, Mismatch, json_deserialize, json_from};

/// One message of a history.
///
/// ```
/// use bedrock_converse::messages::{ModelMessage, ModelRequest};
///
/// let json = r#"[{"kind":"request","parts":[{"part_kind":"user-prompt","content":"Hello"}]}]"#;
/// let history: Vec<ModelMessage> = serde_json::from_str(json).unwrap();
/// assert_eq!(history, [ModelRequest::user_text_prompt("Hello").into()]);
///
/// let json = r#"{"kind":"request","parts":[{"part_kind":"user-prompt"}]}"#;
/// let error = serde_json::from_str::<ModelMessage>(json).unwrap_err();
/// assert!(error.to_string().contains("parts[0].content")); // what is missing is named
/// ```
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a conversation has two sides")]
#[expect(clippy::large_enum_variant, reason = "a history has few messages, and they alternate")]
pub enum ModelMessage {
    /// To the model.
    Request(ModelRequest),
    /// From the model.
    Response(ModelResponse),
}

impl FromJson for ModelMessage {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        match value.get("kind").and_then(Value::as_str) {
            Some("request") => ModelRequest::from_json(value).map(Self::Request),
            Some("response") => ModelResponse::from_json(value).map(Self::Response),
            Some(kind) => {
                Err(Mismatch::new(format!("expected \"request\" or \"response\", found {kind:?}")).at("kind"))
            }
            None => Err(Mismatch::missing(&["kind"])),
        }
    }
}

impl serde::Serialize for ModelMessage {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Request(request) => request.serialize(serializer),
            Self::Response(response) => response.serialize(serializer),
        }
    }
}

json_deserialize!(ModelMessage);

json_from!(ModelMessage { Request(ModelRequest), Response(ModelResponse) });

impl Error {
    /// What had arrived of the answer when it failed, with its usage as far as it was known.
    pub fn partial(&self) -> Option<&ModelResponse> {
        self.partial_value()?.downcast_ref()
    }

    /// Keeps what had arrived.
    #[must_use]
    pub fn with_partial(self, response: ModelResponse) -> Self {
        self.with_partial_value(Box::new(response))
    }
}
