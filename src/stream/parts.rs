//! The parts of a streamed answer, and what is told of them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Told;
use crate::convert::response::{citation_details, redacted_thinking};
use crate::messages::{
    FinalResultEvent, MediaKind, ModelResponse, ModelResponsePart, ModelResponsePartDelta, ModelResponseStreamEvent,
    PartDeltaEvent, PartEndEvent, PartStartEvent, State, TextPartDelta, ThinkingPartDelta,
};
use crate::tools::{ModelRequestParameters, ToolKind};

/// The response so far. A part is known by its place in it.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) response: ModelResponse,
    /// What parts hold beyond what is told, by place.
    late: BTreeMap<usize, Late>,
    tools: BTreeMap<String, Tool>,
    allow_text_output: bool,
    allow_image_output: bool,
    final_result_told: bool,
}

/// What belongs to a part but replaces what was told of it before. So it is not told with every piece, which would take
/// time in the square of the pieces, but when the part or its block ends.
#[derive(Clone, Debug)]
enum Late {
    /// All bytes of encrypted thinking, and whether there are some that the part doesn't have.
    Redacted(Vec<u8>, bool),
    /// All citations of a text, and whether there are some that the part doesn't have.
    Citations(Vec<Value>, bool),
}

/// What the request says of a tool.
#[derive(Clone, Debug, Default)]
struct Tool {
    kind: ToolKind,
    tool_kind: Option<String>,
}

impl Parts {
    pub(super) fn new(response: ModelResponse, parameters: &ModelRequestParameters) -> Self {
        let mut tools: BTreeMap<String, Tool> = BTreeMap::new();
        for tool in parameters.function_tools.iter().chain(&parameters.output_tools) {
            tools.entry(tool.name.clone()).or_default().kind = tool.kind.clone();
        }
        for tool in parameters.function_tools.iter().filter(|tool| tool.tool_kind.is_some()) {
            tools.entry(tool.name.clone()).or_default().tool_kind.clone_from(&tool.tool_kind);
        }
        Self {
            response,
            late: BTreeMap::new(),
            tools,
            allow_text_output: parameters.allow_text_output,
            allow_image_output: parameters.allow_image_output,
            final_result_told: false,
        }
    }

    /// Adds a part, which ends the one before it, and gives its place.
    pub(super) fn start(&mut self, mut part: ModelResponsePart, told: &mut Told) -> usize {
        if let ModelResponsePart::ToolCall(call) = &mut part {
            call.tool_kind = self.tools.get(&call.tool_name).and_then(|tool| tool.tool_kind.clone());
        }
        self.end_last(Some(part.kind()), told);
        let place = self.response.parts.len();
        let previous_part_kind = self.response.parts.last().map(|part| part.kind().to_owned());
        let start =
            PartStartEvent { index: place as u64, part: part.clone(), previous_part_kind, ..Default::default() };
        told.push_back(ModelResponseStreamEvent::PartStart(start));
        if let Some(event) = self.final_result(&part).filter(|_| !self.final_result_told) {
            self.final_result_told = true;
            told.push_back(ModelResponseStreamEvent::FinalResult(event));
        }
        self.response.parts.push(part);
        place
    }

    /// Adds to a part.
    pub(super) fn grow(&mut self, place: usize, delta: ModelResponsePartDelta, told: &mut Told) {
        apply(&delta, &mut self.response.parts[place]);
        let event = PartDeltaEvent { index: place as u64, delta, ..PartDeltaEvent::default() };
        told.push_back(ModelResponseStreamEvent::PartDelta(event));
    }

    /// Adds to the encrypted thinking of a part. The first piece is what the part began with.
    pub(super) fn add_redacted(&mut self, place: usize, piece: &[u8]) {
        let late = self.late.entry(place).or_insert(Late::Redacted(Vec::new(), false));
        if let Late::Redacted(bytes, untold) = late {
            *untold = !bytes.is_empty();
            bytes.extend_from_slice(piece);
        }
    }

    /// Adds to the citations of a part.
    pub(super) fn add_citation(&mut self, place: usize, citation: Value) {
        let late = self.late.entry(place).or_insert(Late::Citations(Vec::new(), true));
        if let Late::Citations(citations, untold) = late {
            *untold = true;
            citations.push(citation);
        }
    }

    /// Tells what is late of a part. Nothing more comes of it.
    pub(super) fn settle(&mut self, place: usize, told: &mut Told) {
        self.tell_late(place, told);
        self.late.remove(&place);
    }

    /// Tells the end of the last part. Parts that come whole have none.
    fn end_last(&mut self, next_part_kind: Option<&str>, told: &mut Told) {
        let Some(place) = self.response.parts.len().checked_sub(1) else { return };
        self.tell_late(place, told);
        let part = &self.response.parts[place];
        if matches!(part, ModelResponsePart::NativeToolReturn(_) | ModelResponsePart::File(_)) {
            return;
        }
        let next_part_kind = next_part_kind.map(str::to_owned);
        let end = PartEndEvent { index: place as u64, part: part.clone(), next_part_kind, ..Default::default() };
        told.push_back(ModelResponseStreamEvent::PartEnd(end));
    }

    /// The response is whole: tells the end of its last part.
    pub(super) fn finish(&mut self, told: &mut Told) {
        self.response.state = State::Complete;
        self.end_last(None, told);
    }

    /// The response with what is late.
    pub(super) fn response(&self) -> ModelResponse {
        let mut response = self.response.clone();
        for &place in self.late.keys() {
            if let Some(delta) = self.late_delta(place) {
                apply(&delta, &mut response.parts[place]);
            }
        }
        response
    }

    fn tell_late(&mut self, place: usize, told: &mut Told) {
        let Some(delta) = self.late_delta(place) else { return };
        self.grow(place, delta, told);
        if let Some(Late::Redacted(_, untold) | Late::Citations(_, untold)) = self.late.get_mut(&place) {
            *untold = false;
        }
    }

    fn late_delta(&self, place: usize) -> Option<ModelResponsePartDelta> {
        match (self.late.get(&place)?, &self.response.parts[place]) {
            (Late::Redacted(bytes, true), ModelResponsePart::Thinking(part)) => {
                // A part that began in base64 says so, and that can't be taken back.
                let whole = redacted_thinking(bytes, part.provider_details.is_some(), None);
                Some(ModelResponsePartDelta::Thinking(ThinkingPartDelta {
                    signature_delta: whole.signature,
                    provider_details: whole.provider_details,
                    ..ThinkingPartDelta::default()
                }))
            }
            (Late::Citations(citations, true), _) => Some(ModelResponsePartDelta::Text(TextPartDelta {
                provider_name: self.response.provider_name.clone(),
                provider_details: Some(citation_details(citations.clone())),
                ..TextPartDelta::default()
            })),
            _ => None,
        }
    }

    /// Whether the final result begins with this part: text or an image where they may be the output, a call of an output
    /// tool, or one of a tool that somebody else runs.
    fn final_result(&self, part: &ModelResponsePart) -> Option<FinalResultEvent> {
        let is_final = match part {
            ModelResponsePart::Text(_) => self.allow_text_output,
            ModelResponsePart::File(file) => self.allow_image_output && file.content.media_kind() == MediaKind::Image,
            ModelResponsePart::ToolCall(call) => match self.tools.get(&call.tool_name)?.kind {
                ToolKind::Output => {
                    return Some(FinalResultEvent {
                        tool_name: Some(call.tool_name.clone()),
                        tool_call_id: Some(call.tool_call_id.clone()),
                        ..FinalResultEvent::default()
                    });
                }
                ToolKind::External | ToolKind::Unapproved => true,
                _ => false,
            },
            _ => false,
        };
        is_final.then(FinalResultEvent::default)
    }
}

fn apply(delta: &ModelResponsePartDelta, part: &mut ModelResponsePart) {
    delta.apply(part).expect("a part grows by deltas of its own kind, and the arguments of a streamed call are text");
}
