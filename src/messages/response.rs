//! What the model answers.

use super::json::{json_enum, json_from, json_names, json_struct};
use super::{
    BinaryContent, JsonObject, NativeToolReturnPart, RequestUsage, SpeechPart, State, Timestamp, ToolCallPart,
};

json_struct! {
    /// Text that the model wrote.
    pub struct TextPart ["part_kind" = "text"] {
        /// The text.
        required content: String,
        /// The provider's id of the part.
        default id: Option<String>,
        /// The provider that made the part; required for the next three to be sent back to it.
        default provider_name: Option<String>,
        /// What else the provider said about the part.
        default provider_details: Option<JsonObject>,
    }
}

json_struct! {
    /// The model's reasoning.
    pub struct ThinkingPart ["part_kind" = "thinking"] {
        /// The reasoning as text; may be empty when only the signature was given.
        required content: String,
        /// The provider's id of the part. `redacted_content` marks reasoning that came encrypted, in
        /// [`signature`](Self::signature).
        default id: Option<String>,
        /// What proves to the provider that the text is the model's own; or the encrypted reasoning, in base64.
        default signature: Option<String>,
        /// The provider that made the part. The signature goes back to no other.
        default provider_name: Option<String>,
        /// What else the provider said about the part.
        default provider_details: Option<JsonObject>,
    }
}

json_struct! {
    /// A summary that a provider made of what went before.
    pub struct CompactionPart ["part_kind" = "compaction"] {
        /// The summary; absent when it is encrypted.
        default content: Option<String>,
        /// The provider's id of the part.
        default id: Option<String>,
        /// The provider that made the part.
        default provider_name: Option<String>,
        /// What else the provider said about the part.
        default provider_details: Option<JsonObject>,
    }
}

json_struct! {
    /// A file that the model made, such as an image.
    pub struct FilePart ["part_kind" = "file"] {
        /// The file.
        required content: BinaryContent,
        /// The provider's id of the part.
        default id: Option<String>,
        /// The provider that made the part.
        default provider_name: Option<String>,
        /// What else the provider said about the part.
        default provider_details: Option<JsonObject>,
    }
}

json_enum! {
    /// A part of a [`ModelResponse`].
    pub enum ModelResponsePart by "part_kind" {
        /// Text.
        Text(TextPart) = "text",
        /// Reasoning.
        Thinking(ThinkingPart) = "thinking",
        /// A call of one of the caller's tools.
        ToolCall(ToolCallPart) = "tool-call",
        /// A call of a tool that the provider runs itself.
        NativeToolCall(ToolCallPart) = "builtin-tool-call",
        /// What a tool that the provider ran gave.
        NativeToolReturn(NativeToolReturnPart) = "builtin-tool-return",
        /// A summary of what went before.
        Compaction(CompactionPart) = "compaction",
        /// A file.
        File(FilePart) = "file",
        /// Speech of the model.
        Speech(SpeechPart) = "speech",
    }
}

// `ToolCallPart` is left out: a call may be one of the caller's tools or of the provider's.
json_from!(ModelResponsePart {
    Text(TextPart),
    Thinking(ThinkingPart),
    NativeToolReturn(NativeToolReturnPart),
    Compaction(CompactionPart),
    File(FilePart),
    Speech(SpeechPart),
});

json_names! {
    /// Why the model stopped.
    pub enum FinishReason {
        /// It was done, or met a stop sequence.
        Stop = "stop",
        /// A token limit was reached.
        Length = "length",
        /// A guardrail or the provider's own filter stepped in.
        ContentFilter = "content_filter",
        /// It wants tools to be called.
        ToolCall = "tool_call",
        /// It failed.
        Error = "error",
        ..
    }
}

json_struct! {
    /// One answer of a model.
    ///
    /// ```
    /// use bedrock_converse::messages::{ModelResponse, ModelResponsePart};
    ///
    /// let json = r#"{"kind":"response","parts":[
    ///     {"part_kind":"thinking","content":"Paris, surely."},
    ///     {"part_kind":"text","content":"Paris."}]}"#;
    /// let response: ModelResponse = serde_json::from_str(json).unwrap();
    /// assert_eq!(response.text().as_deref(), Some("Paris."));
    /// assert!(matches!(response.parts[0], ModelResponsePart::Thinking(_)));
    /// ```
    pub struct ModelResponse ["kind" = "response"] {
        /// What it consists of, in order.
        required parts: Vec<ModelResponsePart>,
        /// The tokens used.
        default usage: RequestUsage,
        /// The model that answered.
        default model_name: Option<String>,
        /// When the answer came.
        optional timestamp: Option<Timestamp>,
        /// The provider that answered, `bedrock`.
        default provider_name: Option<String>,
        /// Where it was asked.
        default provider_url: Option<String>,
        /// What else the provider said, such as its own name of the finish reason.
        default provider_details | "vendor_details": Option<JsonObject>,
        /// The provider's id of the response.
        default provider_response_id | "vendor_id": Option<String>,
        /// Why the model stopped.
        default finish_reason: Option<FinishReason>,
        /// The run that the message belongs to.
        default run_id: Option<String>,
        /// The conversation that the message belongs to.
        default conversation_id: Option<String>,
        /// The application's own data; never sent.
        default metadata: Option<JsonObject>,
        /// Whether the message is whole.
        default state: State,
    }
}

impl ModelResponse {
    /// A response of these parts and nothing else.
    pub fn new(parts: Vec<ModelResponsePart>) -> Self {
        Self { parts, ..Self::default() }
    }

    /// The text, without reasoning and tool calls. Adjacent parts are joined as they are, others with an empty line
    /// between; `None` when there is no text part.
    pub fn text(&self) -> Option<String> {
        let mut text: Option<String> = None;
        let mut adjacent = false;
        for part in &self.parts {
            let content = match part {
                ModelResponsePart::Text(part) => Some(part.content.as_str()),
                ModelResponsePart::Speech(part) => {
                    part.transcript.as_deref().filter(|transcript| !transcript.is_empty())
                }
                _ => None,
            };
            if let Some(content) = content {
                match &mut text {
                    None => text = Some(content.to_owned()),
                    Some(text) if adjacent => text.push_str(content),
                    Some(text) => text.extend(["\n\n", content]),
                }
            }
            adjacent = content.is_some();
        }
        text
    }

    /// The reasoning, its parts joined with an empty line between.
    pub fn thinking(&self) -> Option<String> {
        let parts: Vec<&str> = self
            .parts
            .iter()
            .filter_map(|part| match part {
                ModelResponsePart::Thinking(part) => Some(part.content.as_str()),
                _ => None,
            })
            .collect();
        if parts.is_empty() { None } else { Some(parts.join("\n\n")) }
    }

    /// The calls of the caller's tools.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCallPart> {
        self.parts.iter().filter_map(|part| match part {
            ModelResponsePart::ToolCall(call) => Some(call),
            _ => None,
        })
    }

    /// The files that the model made.
    pub fn files(&self) -> impl Iterator<Item = &BinaryContent> {
        self.parts.iter().filter_map(|part| match part {
            ModelResponsePart::File(part) => Some(&part.content),
            _ => None,
        })
    }
}
