//! The events of `ConverseStream`.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::fault::{
    self, InternalServerException, ModelStreamErrorException, ServiceUnavailableException, ThrottlingException,
    ValidationException,
};
use super::{
    CitationLocation, ConversationRole, ConverseStreamMetrics, ConverseStreamTrace, ErrorBlock, ImageFormat,
    ImageSource, Other, PerformanceConfiguration, ServiceTier, StopReason, TokenUsage, ToolResultStatus, ToolUseType,
    scan,
};
use crate::error::{Error, ErrorKind, Result};
use crate::eventstream::Frame;

shape! {
    /// The answer begins.
    pub struct MessageStartEvent {
        /// Whose turn it is: the model's.
        required role: ConversationRole = "role";
    }
    ignoring "p"

    /// A block begins. Only tool uses, tool results and images are announced; the others begin with their first delta.
    pub struct ContentBlockStartEvent {
        /// What block.
        required start: ContentBlockStart = "start";
        /// Its place in the message. Places may be left out.
        required content_block_index: i64 = "contentBlockIndex";
    }
    ignoring "p"

    /// A piece of a block.
    pub struct ContentBlockDeltaEvent<'a> {
        /// The piece.
        required delta: ContentBlockDelta<'a> = "delta";
        /// The place of the block in the message.
        required content_block_index: i64 = "contentBlockIndex";
    }
    ignoring "p"

    /// A block is whole.
    pub struct ContentBlockStopEvent {
        /// Its place in the message.
        required content_block_index: i64 = "contentBlockIndex";
    }
    ignoring "p"

    /// The message is whole. Nothing else is a proof of that.
    pub struct MessageStopEvent {
        /// Why it ends.
        required stop_reason: StopReason = "stopReason";
        /// What the request's `additionalModelResponseFieldPaths` asked for.
        optional additional_model_response_fields: Value = "additionalModelResponseFields";
    }
    ignoring "p"

    /// What the answer cost. It is the last event, and may be missing.
    pub struct ConverseStreamMetadataEvent {
        /// In tokens. Services that speak the same protocol leave it out at times.
        optional usage: TokenUsage = "usage";
        /// In time. Services that speak the same protocol leave it out at times.
        optional metrics: ConverseStreamMetrics = "metrics";
        /// What guardrail and prompt router did.
        optional trace: ConverseStreamTrace = "trace";
        /// How fast it was made.
        optional performance_config: PerformanceConfiguration = "performanceConfig";
        /// What it is billed as.
        optional service_tier: ServiceTier = "serviceTier";
    }
    ignoring "p"

    /// A tool use begins.
    pub struct ToolUseBlockStart {
        /// The id that its result has to bear.
        required tool_use_id: String = "toolUseId";
        /// The tool's name.
        required name: String = "name";
        /// Who runs it.
        optional r#type: ToolUseType = "type";
    }

    /// The result of a tool that the service ran begins.
    pub struct ToolResultBlockStart {
        /// The id of the tool use.
        required tool_use_id: String = "toolUseId";
        /// Which of the service's tools it was.
        optional r#type: String = "type";
        /// Whether it did what it was asked to.
        optional status: ToolResultStatus = "status";
    }

    /// An image begins.
    pub struct ImageBlockStart {
        /// Its format.
        required format: ImageFormat = "format";
    }

    /// A piece of a tool's input.
    pub struct ToolUseBlockDelta<'a> {
        /// A piece of JSON text; all pieces together are JSON, or nothing at all where the tool takes no input.
        required input: Cow<'a, str> = "input";
    }

    /// A citation, of the text in the block at the same place.
    pub struct CitationsDelta {
        /// The title of what is cited.
        optional title: String = "title";
        /// Where it comes from.
        optional source: String = "source";
        /// The words that are cited.
        optional source_content: Vec<CitationSourceContentDelta> = "sourceContent";
        /// Their place.
        optional location: CitationLocation = "location";
    }

    /// Words that are cited.
    pub struct CitationSourceContentDelta {
        /// Text.
        optional text: String = "text";
    }

    /// A piece of an image.
    pub struct ImageBlockDelta {
        /// The piece.
        optional source: ImageSource = "source";
        /// Why there is none.
        optional error: ErrorBlock = "error";
    }
}

union! {
    /// One event of `ConverseStream`. As JSON it is the union's object, `{"contentBlockDelta": {…}}`.
    ///
    /// The lifetime is that of the payload that it was read from: texts without escapes are not copied. An owned one is
    /// a `ConverseStreamOutput<'static>`; [`into_owned`](Self::into_owned) makes it.
    ///
    /// Every payload of the service has a member `p`, which is padding of random length so that nobody can tell the
    /// text from the size of what is sent. It is dropped.
    ///
    /// ```
    /// use bedrock_converse::wire::{ContentBlockDelta, ConverseStreamOutput};
    ///
    /// let mut text = String::new();
    /// let mut read = |event: &ConverseStreamOutput<'_>| match event.known() {
    ///     ConverseStreamOutput::ContentBlockDelta(event) => {
    ///         if let ContentBlockDelta::Text(piece) = event.delta.known() {
    ///             text.push_str(piece);
    ///         }
    ///     }
    ///     ConverseStreamOutput::MessageStop(event) => println!("whole: {:?}", event.stop_reason),
    ///     _ => {} // what this program has no use for, and what is newer than it
    /// };
    /// read(&ConverseStreamOutput::parse("contentBlockDelta", br#"{"contentBlockIndex":0,"delta":{"text":"Hi"}}"#)?);
    /// read(&ConverseStreamOutput::parse("messageStop", br#"{"stopReason":"end_turn"}"#)?);
    /// assert_eq!(text, "Hi");
    /// # Ok::<(), bedrock_converse::Error>(())
    /// ```
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>
    pub union ConverseStreamOutput<'a> {
        /// The answer begins.
        MessageStart(MessageStartEvent) = "messageStart";
        /// A block begins.
        ContentBlockStart(ContentBlockStartEvent) = "contentBlockStart";
        /// A piece of a block.
        ContentBlockDelta(ContentBlockDeltaEvent<'a>) = "contentBlockDelta";
        /// A block is whole.
        ContentBlockStop(ContentBlockStopEvent) = "contentBlockStop";
        /// The message is whole.
        MessageStop(MessageStopEvent) = "messageStop";
        /// What the answer cost.
        Metadata(Box<ConverseStreamMetadataEvent>) = "metadata";
        /// The service failed.
        InternalServerException(InternalServerException) = "internalServerException";
        /// The model failed.
        ModelStreamErrorException(ModelStreamErrorException) = "modelStreamErrorException";
        /// The request is refused.
        ValidationException(ValidationException) = "validationException";
        /// Too much at once.
        ThrottlingException(ThrottlingException) = "throttlingException";
        /// The service cannot answer now.
        ServiceUnavailableException(ServiceUnavailableException) = "serviceUnavailableException";
    }

    /// What block begins.
    pub union ContentBlockStart {
        /// A tool use.
        ToolUse(ToolUseBlockStart) = "toolUse";
        /// The result of a tool that the service ran.
        ToolResult(ToolResultBlockStart) = "toolResult";
        /// An image.
        Image(ImageBlockStart) = "image";
    }

    /// A piece of a block.
    pub union ContentBlockDelta<'a> {
        /// Text.
        Text(Cow<'a, str>) = "text";
        /// Of a tool's input.
        ToolUse(ToolUseBlockDelta<'a>) = "toolUse";
        /// Of what a tool gave.
        ToolResult(Vec<ToolResultBlockDelta>) = "toolResult";
        /// Of what the model thought.
        ReasoningContent(ReasoningContentBlockDelta<'a>) = "reasoningContent";
        /// A citation.
        Citation(Box<CitationsDelta>) = "citation";
        /// Of an image.
        Image(Box<ImageBlockDelta>) = "image";
    }

    /// A piece of what a tool gave.
    pub union ToolResultBlockDelta {
        /// Text.
        Text(String) = "text";
        /// JSON, whole.
        Json(Value) = "json";
    }

    /// A piece of what the model thought.
    pub union ReasoningContentBlockDelta<'a> {
        /// Text.
        Text(Cow<'a, str>) = "text";
        /// Encrypted.
        RedactedContent(Bytes) = "redactedContent";
        /// The signature of the text.
        Signature(Cow<'a, str>) = "signature";
    }
}

impl<'a> ConverseStreamOutput<'a> {
    /// Reads a frame by its `:message-type`: an `event` is parsed; an `exception`, an `error` and anything else is an
    /// error, after which the stream is over.
    ///
    /// # Errors
    ///
    /// What [`fault`](super::fault) makes of an exception or error, or
    /// [`ErrorKind::Protocol`](crate::ErrorKind::Protocol). All are marked [`in_stream`](Error::in_stream).
    pub fn from_frame(frame: Frame<'a>) -> Result<Self> {
        let payload = || Bytes::copy_from_slice(frame.payload());
        match frame.message_type() {
            Some("event") => match frame.event_type() {
                Some(event_type) => Self::parse(event_type, frame.payload())
                    .map_err(|error| error.with_in_stream().with_body(payload())),
                None => Err(protocol("an event has no `:event-type`")),
            },
            Some("exception") => Err(fault::from_exception(frame.exception_type().unwrap_or_default(), payload())),
            Some("error") => {
                let (code, message) = (frame.error_code().unwrap_or_default(), frame.error_message());
                Err(fault::from_error_frame(code, message.unwrap_or_default()).with_body(payload()))
            }
            Some(other) => Err(protocol(format!("a frame has the unknown `:message-type` {other:?}"))),
            None => Err(protocol("a frame has no `:message-type`")),
        }
    }

    /// Reads the payload of a frame whose `:message-type` is `event`; `event_type` is the frame's `:event-type`.
    ///
    /// An event of an unknown type becomes an `Other` with its JSON.
    ///
    /// ```
    /// use bedrock_converse::wire::{ContentBlockDelta, ConverseStreamOutput};
    ///
    /// let payload = br#"{"contentBlockIndex":0,"delta":{"text":"Hello"},"p":"abcdef"}"#;
    /// let event = ConverseStreamOutput::parse("contentBlockDelta", payload)?;
    /// let ConverseStreamOutput::ContentBlockDelta(event) = event else { panic!() };
    /// assert_eq!(event.delta, ContentBlockDelta::Text("Hello".into()));
    /// # Ok::<(), bedrock_converse::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Protocol`](crate::ErrorKind::Protocol), with the path to the member.
    pub fn parse(event_type: &str, payload: &'a [u8]) -> Result<Self> {
        Ok(match event_type {
            "contentBlockDelta" => Self::ContentBlockDelta(match scan::delta(payload) {
                Some(event) => event,
                None => super::from_json(payload)?,
            }),
            "messageStart" => Self::MessageStart(super::from_json(payload)?),
            "contentBlockStart" => Self::ContentBlockStart(super::from_json(payload)?),
            "contentBlockStop" => Self::ContentBlockStop(super::from_json(payload)?),
            "messageStop" => Self::MessageStop(super::from_json(payload)?),
            "metadata" => Self::Metadata(super::from_json(payload)?),
            _ => {
                let mut json: Value = super::from_json(payload)?;
                if let Value::Object(members) = &mut json {
                    members.shift_remove("p");
                }
                let extra = Map::from_iter([(event_type.to_owned(), json)]).into();
                Self::Other(Box::new(Other { known: None, extra }))
            }
        })
    }

    /// Copies what is borrowed.
    pub fn into_owned(self) -> ConverseStreamOutput<'static> {
        use ConverseStreamOutput as Out;
        match self {
            Self::MessageStart(event) => Out::MessageStart(event),
            Self::ContentBlockStart(event) => Out::ContentBlockStart(event),
            Self::ContentBlockDelta(event) => Out::ContentBlockDelta(event.into_owned()),
            Self::ContentBlockStop(event) => Out::ContentBlockStop(event),
            Self::MessageStop(event) => Out::MessageStop(event),
            Self::Metadata(event) => Out::Metadata(event),
            Self::InternalServerException(fault) => Out::InternalServerException(fault),
            Self::ModelStreamErrorException(fault) => Out::ModelStreamErrorException(fault),
            Self::ValidationException(fault) => Out::ValidationException(fault),
            Self::ThrottlingException(fault) => Out::ThrottlingException(fault),
            Self::ServiceUnavailableException(fault) => Out::ServiceUnavailableException(fault),
            Self::Other(other) => Out::Other(Box::new(other.map(Self::into_owned))),
        }
    }
}

impl ContentBlockDeltaEvent<'_> {
    /// Copies what is borrowed.
    pub fn into_owned(self) -> ContentBlockDeltaEvent<'static> {
        ContentBlockDeltaEvent { delta: self.delta.into_owned(), ..self }
    }
}

impl ContentBlockDelta<'_> {
    /// Copies what is borrowed.
    pub fn into_owned(self) -> ContentBlockDelta<'static> {
        use ContentBlockDelta as Out;
        match self {
            Self::Text(text) => Out::Text(text.into_owned().into()),
            Self::ToolUse(ToolUseBlockDelta { input, extra }) => {
                Out::ToolUse(ToolUseBlockDelta { input: input.into_owned().into(), extra })
            }
            Self::ToolResult(pieces) => Out::ToolResult(pieces),
            Self::ReasoningContent(piece) => Out::ReasoningContent(piece.into_owned()),
            Self::Citation(citation) => Out::Citation(citation),
            Self::Image(piece) => Out::Image(piece),
            Self::Other(other) => Out::Other(Box::new(other.map(Self::into_owned))),
        }
    }
}

impl ReasoningContentBlockDelta<'_> {
    /// Copies what is borrowed.
    pub fn into_owned(self) -> ReasoningContentBlockDelta<'static> {
        use ReasoningContentBlockDelta as Out;
        match self {
            Self::Text(text) => Out::Text(text.into_owned().into()),
            Self::RedactedContent(bytes) => Out::RedactedContent(bytes),
            Self::Signature(signature) => Out::Signature(signature.into_owned().into()),
            Self::Other(other) => Out::Other(Box::new(other.map(Self::into_owned))),
        }
    }
}

fn protocol(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Protocol, message).with_in_stream()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_small() {
        assert!(size_of::<ConverseStreamOutput<'_>>() <= 112, "{}", size_of::<ConverseStreamOutput<'_>>());
        assert!(size_of::<ContentBlockDeltaEvent<'_>>() <= 56, "{}", size_of::<ContentBlockDeltaEvent<'_>>());
    }
}
