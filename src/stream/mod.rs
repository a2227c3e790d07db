//! Wire events to response events: the parts manager.
//!
//! [`StreamParts`] is fed the events of `ConverseStream` one by one. It keeps the answer so far and tells what changes as
//! [`ModelResponseStreamEvent`]s, in the order in which pydantic-ai tells it: a part starts, grows by deltas, and ends when
//! the next one starts or the stream is over; once, right after the start of the part that the final result begins with,
//! that is told too.
//!
//! The answer as a whole:
//!
//! ```text
//!        ╭──────╮ blocks, metadata          ╭──────╮ blocks, metadata
//!   ┌────┴──────▼────┐    messageStop     ┌─┴──────▼──┐  finish, all blocks closed
//!   │   incomplete   ├───────────────────►│  stopped  ├────────────────────────────► complete
//!   └──┬──────────┬──┘                    └──┬─────┬──┘
//!      │ finish   │ cancel            cancel │     │ finish, a block open
//!      ▼          ▼                          ▼     ▼
//!  Incomplete   interrupted        interrupted   Incomplete
//! ```
//!
//! and what is at one `contentBlockIndex` of it:
//!
//! ```text
//!                                              ╭───╮ a delta of its kind: the part grows
//!  ┌──────────┐    a start, or a delta:    ┌───┴───▼───┐
//!  │  closed  ├───────────────────────────►│   open    ├─╮ a start, or a delta of another
//!  └────▲─────┘    a part begins           └───┬───▲───┘ │ kind: a part begins in its place
//!       │           contentBlockStop           │   ╰─────╯
//!       ╰──────────────────────────────────────╯
//! ```
//!
//! - A block is known by its `contentBlockIndex`. It is open from its start, or its first delta where none was announced, to
//!   its stop; blocks may interleave and leave indexes out. A delta of another kind than what is at its index begins a part
//!   of its own kind.
//! - `messageStop` alone proves that the answer is whole. Without it, or with a block still open, the end of the stream is
//!   an [`ErrorKind::Incomplete`], which has the answer so far. Metadata may be missing.
//! - Arguments of tools are text as the model wrote it, piece by piece. Nothing at all means no arguments. What is not JSON
//!   in the end stays text, and [`has_invalid_args`](crate::messages::ToolCallPart::has_invalid_args) tells it.
//! - Some things are only of use whole. Encrypted thinking after its first piece, and citations, are told in one delta when
//!   their block or part ends; what a native tool returned, and an image, are told as parts when their block ends.
//! - Events and deltas that are not known here change nothing.
//!
//! ```
//! use std::collections::VecDeque;
//!
//! use bedrock_converse::convert::{Origin, Target};
//! use bedrock_converse::messages::{ModelResponseStreamEvent, State, Timestamp};
//! use bedrock_converse::profile::ModelProfile;
//! use bedrock_converse::stream::StreamParts;
//! use bedrock_converse::{tools::ModelRequestParameters, wire::ConverseStreamOutput};
//!
//! let profile = ModelProfile::for_model("us.amazon.nova-pro-v1:0");
//! let target = Target { model_name: "us.amazon.nova-pro-v1:0", provider_name: "bedrock", profile: &profile };
//! let origin = Origin {
//!     provider_url: "https://bedrock-runtime.us-east-1.amazonaws.com".into(),
//!     provider_response_id: None,
//!     timestamp: Timestamp::from_unix(1_700_000_000, 0),
//! };
//! let mut stream = StreamParts::new(target, origin, &ModelRequestParameters::default());
//! let mut told = VecDeque::new();
//! for (event_type, payload) in [
//!     ("messageStart", r#"{"role":"assistant"}"#),
//!     ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Hel"}}"#),
//!     ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"lo!"}}"#),
//!     ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
//!     ("messageStop", r#"{"stopReason":"end_turn"}"#),
//! ] {
//!     let event = ConverseStreamOutput::parse(event_type, payload.as_bytes())?;
//!     stream.handle(&event, &mut told)?;
//! }
//! assert_eq!(stream.response().state, State::Incomplete);
//! stream.finish(&mut told)?;
//! let kinds: Vec<&str> = told.iter().map(ModelResponseStreamEvent::kind).collect();
//! assert_eq!(kinds, ["part_start", "final_result", "part_delta", "part_end"]);
//! assert_eq!(stream.response().text().as_deref(), Some("Hello!"));
//! # Ok::<(), bedrock_converse::Error>(())
//! ```

mod block;
mod parts;

use std::collections::{BTreeMap, VecDeque};
use std::mem::discriminant;

use serde_json::Value;

use self::block::Block;
use self::parts::Parts;
use crate::convert::response::{is_redacted, json, redacted_thinking, response_part, set_stop_reason, tool_call};
use crate::convert::usage::request_usage;
use crate::convert::{Origin, Target};
use crate::error::{Error, ErrorKind, Result};
use crate::messages::{
    ModelResponse, ModelResponsePart, ModelResponsePartDelta, ModelResponseStreamEvent, RequestUsage, State, TextPart,
    TextPartDelta, ThinkingPart, ThinkingPartDelta, ToolArgs, ToolCallPart, ToolCallPartDelta,
};
use crate::tools::ModelRequestParameters;
use crate::wire::{
    ContentBlockDelta, ContentBlockStart, ConverseStreamOutput, ReasoningContentBlockDelta, ToolResultBlock,
    ToolUseBlock, fault,
};

/// Where what happens is put, for the caller to take from the front.
type Told = VecDeque<ModelResponseStreamEvent>;

/// A streamed answer as it grows. The [module](self) has its states and an example.
#[derive(Clone, Debug)]
pub struct StreamParts {
    parts: Parts,
    /// The open blocks.
    blocks: BTreeMap<i64, Block>,
    ignore_leading_whitespace: bool,
    stopped: bool,
}

impl StreamParts {
    /// An answer of which nothing has come yet.
    ///
    /// The parameters are those of the request: they say what the final result is, and what the framework uses a tool for.
    pub fn new(target: Target<'_>, origin: Origin, parameters: &ModelRequestParameters) -> Self {
        let response = ModelResponse { state: State::Incomplete, ..target.blank_response(origin) };
        Self {
            parts: Parts::new(response, parameters),
            blocks: BTreeMap::new(),
            ignore_leading_whitespace: target.profile.ignore_streamed_leading_whitespace,
            stopped: false,
        }
    }

    /// Takes one event of the service in, and puts what it changes at the end of `told`.
    ///
    /// # Errors
    ///
    /// What an event that is an exception stands for, with the answer so far as [`partial`](Error::partial). What is read
    /// from frames by [`from_frame`](ConverseStreamOutput::from_frame) has no such events: there they are errors already.
    pub fn handle(
        &mut self,
        event: &ConverseStreamOutput<'_>,
        told: &mut VecDeque<ModelResponseStreamEvent>,
    ) -> Result<()> {
        match event.known() {
            ConverseStreamOutput::ContentBlockDelta(event) => {
                self.delta(event.content_block_index, &event.delta, told);
            }
            ConverseStreamOutput::ContentBlockStart(event) => {
                self.start(event.content_block_index, &event.start, told);
            }
            ConverseStreamOutput::ContentBlockStop(event) => self.stop(event.content_block_index, told),
            ConverseStreamOutput::MessageStop(event) => {
                self.stopped = true;
                set_stop_reason(&mut self.parts.response, &event.stop_reason);
            }
            ConverseStreamOutput::Metadata(event) => {
                if let Some(usage) = &event.usage {
                    self.parts.response.usage = request_usage(usage);
                }
            }
            ConverseStreamOutput::MessageStart(_) | ConverseStreamOutput::Other(_) => {}
            exception => return Err(fault_of(exception).with_partial(self.response())),
        }
        Ok(())
    }

    /// The service has sent all that it will: puts the end of the last part at the end of `told`. After
    /// [`cancel`](Self::cancel) it does nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Incomplete`] when the message had not been stopped, or one of its blocks had not. The answer so far is
    /// its [`partial`](Error::partial).
    pub fn finish(&mut self, told: &mut VecDeque<ModelResponseStreamEvent>) -> Result<()> {
        if self.parts.response.state != State::Incomplete {
            return Ok(());
        }
        let missing = match self.blocks.first_key_value() {
            _ if !self.stopped => "`messageStop`".to_owned(),
            Some((index, _)) => format!("`contentBlockStop` of block {index}"),
            None => {
                self.parts.finish(told);
                return Ok(());
            }
        };
        let error = Error::new(ErrorKind::Incomplete, format!("the stream ended without {missing}"));
        Err(error.with_in_stream().with_partial(self.response()))
    }

    /// Nobody wants the rest: the answer is interrupted, unless it is complete.
    pub fn cancel(&mut self) {
        let state = &mut self.parts.response.state;
        if *state == State::Incomplete {
            *state = State::Interrupted;
        }
    }

    /// The answer so far, with what has come of blocks that are told only when they are whole.
    pub fn response(&self) -> ModelResponse {
        let mut response = self.parts.response();
        let blocks = self.blocks.values().filter_map(|block| block.clone().into_content());
        let parts: Vec<_> = blocks.filter_map(|block| response_part(block, &response)).collect();
        response.parts.extend(parts);
        response
    }

    /// What the answer cost. The service says it last; until then it is zero.
    pub fn usage(&self) -> &RequestUsage {
        &self.parts.response.usage
    }

    /// Whether `messageStop` has come. Only metadata may follow.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    fn start(&mut self, index: i64, start: &ContentBlockStart, told: &mut Told) {
        self.stop(index, told);
        let block = match start.known() {
            ContentBlockStart::ToolUse(start) => {
                let block = ToolUseBlock::new(start.tool_use_id.as_str(), start.name.as_str(), Value::Null);
                let call = tool_call(ToolUseBlock { r#type: start.r#type.clone(), ..block }, self.provider_name());
                Block::Part(self.parts.start(call, told))
            }
            ContentBlockStart::ToolResult(start) => Block::ToolResult(ToolResultBlock {
                status: start.status.clone(),
                r#type: start.r#type.clone(),
                ..ToolResultBlock::new(start.tool_use_id.as_str(), [])
            }),
            ContentBlockStart::Image(start) => Block::image(start.format.clone()),
            ContentBlockStart::Other(_) => Block::Empty,
        };
        self.blocks.insert(index, block);
    }

    fn delta(&mut self, index: i64, delta: &ContentBlockDelta<'_>, told: &mut Told) {
        match delta.known() {
            ContentBlockDelta::Text(text) => self.text(index, text, told),
            ContentBlockDelta::ReasoningContent(delta) => match delta.known() {
                ReasoningContentBlockDelta::Text(text) => self.thinking(index, Some(text), None, told),
                ReasoningContentBlockDelta::Signature(signature) => self.thinking(index, None, Some(signature), told),
                ReasoningContentBlockDelta::RedactedContent(bytes) => self.redacted(index, bytes, told),
                ReasoningContentBlockDelta::Other(_) => self.open(index),
            },
            ContentBlockDelta::ToolUse(delta) => self.tool_input(index, &delta.input, told),
            ContentBlockDelta::Citation(citation) => {
                let place = match self.at(index) {
                    Some((place, ModelResponsePart::Text(_))) => place,
                    _ => self.begin(index, ModelResponsePart::Text(TextPart::default()), told),
                };
                self.parts.add_citation(place, json(citation));
            }
            ContentBlockDelta::ToolResult(pieces) => {
                let unannounced = Block::ToolResult(ToolResultBlock::new("", []));
                self.block_like(index, unannounced, told).add_tool_result(pieces);
            }
            ContentBlockDelta::Image(piece) => {
                self.block_like(index, Block::image("*".into()), told).add_image(piece);
            }
            ContentBlockDelta::Other(_) => self.open(index),
        }
    }

    fn stop(&mut self, index: i64, told: &mut Told) {
        let Some(block) = self.blocks.remove(&index) else { return };
        if let Block::Part(place) = block {
            self.parts.settle(place, told);
        }
        if let Some(part) = block.into_content().and_then(|block| response_part(block, &self.parts.response)) {
            self.parts.start(part, told);
        }
    }

    fn text(&mut self, index: i64, text: &str, told: &mut Told) {
        match self.at(index) {
            _ if text.is_empty() => self.open(index),
            Some((place, ModelResponsePart::Text(_))) => {
                let delta = TextPartDelta { content_delta: text.to_owned(), ..TextPartDelta::default() };
                self.parts.grow(place, ModelResponsePartDelta::Text(delta), told);
            }
            _ if self.ignore_leading_whitespace && is_whitespace(text) => self.open(index),
            _ => {
                let part = TextPart { content: text.to_owned(), ..TextPart::default() };
                self.begin(index, ModelResponsePart::Text(part), told);
            }
        }
    }

    fn thinking(&mut self, index: i64, content: Option<&str>, signature: Option<&str>, told: &mut Told) {
        // Whoever signs is named, since nobody else can read the signature.
        let provider_name = self.provider_name().filter(|_| signature.is_some_and(|text| !text.is_empty()));
        let (content, signature) = (content.map(str::to_owned), signature.map(str::to_owned));
        match self.at(index) {
            Some((place, ModelResponsePart::Thinking(part))) if !is_redacted(part) => {
                let provider_name = provider_name.filter(|_| part.provider_name.is_none());
                let (content_delta, signature_delta) = (content, signature);
                let delta = ThinkingPartDelta { content_delta, signature_delta, provider_name, ..Default::default() };
                self.parts.grow(place, ModelResponsePartDelta::Thinking(delta), told);
            }
            _ => {
                let content = content.unwrap_or_default();
                let part = ThinkingPart { content, signature, provider_name, ..ThinkingPart::default() };
                self.begin(index, ModelResponsePart::Thinking(part), told);
            }
        }
    }

    fn redacted(&mut self, index: i64, piece: &[u8], told: &mut Told) {
        let place = match self.at(index) {
            _ if piece.is_empty() => return self.open(index),
            Some((place, ModelResponsePart::Thinking(part))) if is_redacted(part) => place,
            _ => {
                let part = redacted_thinking(piece, false, self.provider_name());
                self.begin(index, ModelResponsePart::Thinking(part), told)
            }
        };
        self.parts.add_redacted(place, piece);
    }

    fn tool_input(&mut self, index: i64, input: &str, told: &mut Told) {
        let args = Some(ToolArgs::Text(input.to_owned()));
        match self.at(index) {
            Some((place, ModelResponsePart::ToolCall(call) | ModelResponsePart::NativeToolCall(call))) => {
                let tool_call_id = Some(call.tool_call_id.clone()).filter(|id| !id.is_empty());
                let delta = ToolCallPartDelta { args_delta: args, tool_call_id, ..ToolCallPartDelta::default() };
                self.parts.grow(place, ModelResponsePartDelta::ToolCall(delta), told);
            }
            _ => {
                let call = ToolCallPart { args, ..ToolCallPart::default() };
                self.begin(index, ModelResponsePart::ToolCall(call), told);
            }
        }
    }

    /// The part that grows at this index, with its place.
    fn at(&self, index: i64) -> Option<(usize, &ModelResponsePart)> {
        match self.blocks.get(&index)? {
            Block::Part(place) => Some((*place, &self.parts.response.parts[*place])),
            _ => None,
        }
    }

    fn open(&mut self, index: i64) {
        self.blocks.entry(index).or_default();
    }

    /// Starts a part that grows at this index from here on.
    fn begin(&mut self, index: i64, part: ModelResponsePart, told: &mut Told) -> usize {
        self.stop(index, told);
        let place = self.parts.start(part, told);
        self.blocks.insert(index, Block::Part(place));
        place
    }

    /// The block at this index, which becomes the given one unless it is of its kind.
    fn block_like(&mut self, index: i64, block: Block, told: &mut Told) -> &mut Block {
        if self.blocks.get(&index).map(discriminant) != Some(discriminant(&block)) {
            self.stop(index, told);
        }
        self.blocks.entry(index).or_insert(block)
    }

    fn provider_name(&self) -> Option<String> {
        self.parts.response.provider_name.clone()
    }
}

/// What Python's `str.isspace` holds for white space: a few control characters beside Unicode's.
fn is_whitespace(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || matches!(c, '\x1c'..='\x1f'))
}

/// The error that an event stands for which is an exception.
fn fault_of(exception: &ConverseStreamOutput<'_>) -> Error {
    let name = exception.member().unwrap_or_default();
    let payload = json(exception).get(name).map(Value::to_string).unwrap_or_default();
    fault::from_exception(name, payload.into())
}
