//! Provider-neutral history: messages, their parts, media, usage and stream events.
//!
//! The JSON is pydantic-ai's (`ModelMessagesTypeAdapter`): a history that either side wrote loads in the other. What is
//! not known here – parts, kinds, members – is kept and written back. Members that have a default may be absent or
//! null. Times and ids of tool calls that a history lacks are not made up. Numbers are 64 bits wide.
//!
//! ```
//! use bedrock_converse::messages::{ModelMessage, ModelRequest};
//!
//! let json = r#"[{"kind":"request","parts":[{"part_kind":"user-prompt","content":"Hello"}]}]"#;
//! let history: Vec<ModelMessage> = serde_json::from_str(json).unwrap();
//! assert_eq!(history, [ModelRequest::user_text_prompt("Hello").into()]);
//! ```

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
