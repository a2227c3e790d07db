//! What happens while an answer streams in.

use super::json::{json_enum, json_struct};
use super::{JsonObject, ModelResponsePart, TextPart, ThinkingPart, ToolArgs, ToolCallPart};
use crate::error::{Error, ErrorKind, Result};

json_struct! {
    /// More text of a [`TextPart`].
    pub struct TextPartDelta ["part_delta_kind" = "text"] {
        /// The text.
        required content_delta: String,
        /// The provider that made the part.
        default provider_name: Option<String>,
        /// What else the provider said; added to what the part has.
        default provider_details: Option<JsonObject>,
    }
}

json_struct! {
    /// More of a [`ThinkingPart`].
    pub struct ThinkingPartDelta ["part_delta_kind" = "thinking"] {
        /// More text.
        default content_delta: Option<String>,
        /// The signature so far; takes the place of the one before.
        default signature_delta: Option<String>,
        /// The provider that made the part.
        default provider_name: Option<String>,
        /// What else the provider said; added to what the part has.
        default provider_details: Option<JsonObject>,
    }
}

json_struct! {
    /// More of a [`ToolCallPart`].
    pub struct ToolCallPartDelta ["part_delta_kind" = "tool_call"] {
        /// More of the tool's name.
        default tool_name_delta: Option<String>,
        /// More text of the arguments, or more members.
        default args_delta: Option<ToolArgs>,
        /// The id; takes the place of the one before.
        default tool_call_id: Option<String>,
        /// The provider that made the part.
        default provider_name: Option<String>,
        /// What else the provider said; added to what the part has.
        default provider_details: Option<JsonObject>,
    }
}

json_enum! {
    /// A change of a part.
    pub enum ModelResponsePartDelta by "part_delta_kind" {
        /// More text.
        Text(TextPartDelta) = "text",
        /// More reasoning.
        Thinking(ThinkingPartDelta) = "thinking",
        /// More of a call.
        ToolCall(ToolCallPartDelta) = "tool_call",
    }
}

impl TextPartDelta {
    /// Adds itself to a part.
    pub fn apply(&self, part: &mut TextPart) {
        part.content.push_str(&self.content_delta);
        replace_if_some(&mut part.provider_name, self.provider_name.as_ref().filter(|name| !name.is_empty()));
        merge_details(&mut part.provider_details, self.provider_details.as_ref());
    }
}

impl ThinkingPartDelta {
    /// Adds itself to a part.
    pub fn apply(&self, part: &mut ThinkingPart) {
        part.content.push_str(self.content_delta.as_deref().unwrap_or_default());
        replace_if_some(&mut part.signature, self.signature_delta.as_ref());
        replace_if_some(&mut part.provider_name, self.provider_name.as_ref());
        merge_details(&mut part.provider_details, self.provider_details.as_ref());
    }
}

impl ToolCallPartDelta {
    /// Adds itself to a call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Protocol`] when text is to be added to an object or members to text; the call is then as before.
    pub fn apply(&self, part: &mut ToolCallPart) -> Result<()> {
        match (&mut part.args, &self.args_delta) {
            (_, None) => {}
            (args @ None, Some(delta)) => *args = Some(delta.clone()),
            (Some(ToolArgs::Text(text)), Some(ToolArgs::Text(delta))) => text.push_str(delta),
            (Some(ToolArgs::Json(object)), Some(ToolArgs::Json(delta))) => object.extend(delta.clone()),
            _ => {
                let message =
                    format!("arguments of tool call {:?} came partly as text, partly as object", part.tool_name);
                return Err(Error::new(ErrorKind::Protocol, message));
            }
        }
        part.tool_name.push_str(self.tool_name_delta.as_deref().unwrap_or_default());
        if let Some(id) = self.tool_call_id.as_ref().filter(|id| !id.is_empty()) {
            part.tool_call_id.clone_from(id);
        }
        replace_if_some(&mut part.provider_name, self.provider_name.as_ref().filter(|name| !name.is_empty()));
        if let Some(details) = self.provider_details.as_ref().filter(|details| !details.is_empty()) {
            part.provider_details.get_or_insert_default().extend(details.clone());
        }
        Ok(())
    }
}

impl ModelResponsePartDelta {
    /// Adds itself to a part.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Protocol`] when the part is of another kind, or as [`ToolCallPartDelta::apply`].
    pub fn apply(&self, part: &mut ModelResponsePart) -> Result<()> {
        match (self, part) {
            (Self::Text(delta), ModelResponsePart::Text(part)) => delta.apply(part),
            (Self::Thinking(delta), ModelResponsePart::Thinking(part)) => delta.apply(part),
            (Self::ToolCall(delta), ModelResponsePart::ToolCall(part) | ModelResponsePart::NativeToolCall(part)) => {
                delta.apply(part)?;
            }
            (delta, part) => {
                let message = format!("a {} delta for a {} part", delta.kind(), part.kind());
                return Err(Error::new(ErrorKind::Protocol, message));
            }
        }
        Ok(())
    }
}

fn replace_if_some(target: &mut Option<String>, value: Option<&String>) {
    if value.is_some() {
        *target = value.cloned();
    }
}

fn merge_details(target: &mut Option<JsonObject>, details: Option<&JsonObject>) {
    if let Some(details) = details {
        target.get_or_insert_default().extend(details.clone());
    }
    target.take_if(|details| details.is_empty());
}

json_struct! {
    /// A part begins.
    pub struct PartStartEvent ["event_kind" = "part_start"] {
        /// Its place in the response.
        required index: u64,
        /// What is there of it already.
        required part: ModelResponsePart = ModelResponsePart::Text(TextPart::default()),
        /// The kind of the part before it.
        default previous_part_kind: Option<String>,
    }
}

json_struct! {
    /// A part grows.
    pub struct PartDeltaEvent ["event_kind" = "part_delta"] {
        /// Its place in the response.
        required index: u64,
        /// By what.
        required delta: ModelResponsePartDelta = ModelResponsePartDelta::Text(TextPartDelta::default()),
    }
}

json_struct! {
    /// A part is whole.
    pub struct PartEndEvent ["event_kind" = "part_end"] {
        /// Its place in the response.
        required index: u64,
        /// All of it.
        required part: ModelResponsePart = ModelResponsePart::Text(TextPart::default()),
        /// The kind of the part after it.
        default next_part_kind: Option<String>,
    }
}

json_struct! {
    /// From here on the answer is the final result: text where text is allowed, or a call of an output tool.
    pub struct FinalResultEvent ["event_kind" = "final_result"] {
        /// The output tool.
        default tool_name: Option<String>,
        /// Its call.
        default tool_call_id: Option<String>,
    }
}

json_enum! {
    /// One step of a streamed answer.
    ///
    /// ```
    /// use bedrock_converse::messages::{
    ///     ModelResponsePart, ModelResponsePartDelta, ModelResponseStreamEvent, PartDeltaEvent, PartStartEvent, TextPart,
    ///     TextPartDelta,
    /// };
    ///
    /// let mut answer: Vec<ModelResponsePart> = Vec::new();
    /// let mut take = |event: ModelResponseStreamEvent| match event {
    ///     ModelResponseStreamEvent::PartStart(PartStartEvent { part, .. }) => answer.push(part),
    ///     ModelResponseStreamEvent::PartDelta(PartDeltaEvent { index, delta, .. }) => {
    ///         delta.apply(&mut answer[index as usize]).unwrap();
    ///     }
    ///     _ => {} // a part is whole, the final result has begun
    /// };
    /// let part = ModelResponsePart::Text(TextPart { content: "Hel".into(), ..Default::default() });
    /// take(ModelResponseStreamEvent::PartStart(PartStartEvent { part, ..Default::default() }));
    /// let delta = ModelResponsePartDelta::Text(TextPartDelta { content_delta: "lo!".into(), ..Default::default() });
    /// take(ModelResponseStreamEvent::PartDelta(PartDeltaEvent { delta, ..Default::default() }));
    /// assert!(matches!(&answer[0], ModelResponsePart::Text(text) if text.content == "Hello!"));
    /// ```
    pub enum ModelResponseStreamEvent by "event_kind" {
        /// A part begins.
        PartStart(PartStartEvent) = "part_start",
        /// A part grows.
        PartDelta(PartDeltaEvent) = "part_delta",
        /// A part is whole.
        PartEnd(PartEndEvent) = "part_end",
        /// The final result has begun.
        FinalResult(FinalResultEvent) = "final_result",
    }
}
