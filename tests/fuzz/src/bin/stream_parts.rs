//! Events of a stream in any order into the parts manager: what it tells is in order, and adds up to the response.
#![no_main]

use std::collections::VecDeque;

use bedrock_converse::ErrorKind;
use bedrock_converse::convert::{Origin, Target};
use bedrock_converse::messages::{ModelResponsePart, ModelResponseStreamEvent as Told, State, Timestamp, ToolCallPart};
use bedrock_converse::profile::ModelProfile;
use bedrock_converse::stream::StreamParts;
use bedrock_converse::tools::{ModelRequestParameters, ToolDefinition, ToolKind};
use bedrock_converse::wire::ConverseStreamOutput;
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use serde_json::{Value, json};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut input = Unstructured::new(data);
    let mut profile = ModelProfile::default();
    profile.ignore_streamed_leading_whitespace = input.arbitrary().unwrap_or_default();
    let target = Target { model_name: "m", provider_name: "bedrock", profile: &profile };
    let origin =
        Origin { provider_url: String::new(), provider_response_id: None, timestamp: Timestamp::from_unix(0, 0) };
    let mut output = ToolDefinition::new("output");
    output.kind = ToolKind::Output;
    let parameters = ModelRequestParameters {
        output_tools: vec![output],
        allow_text_output: input.arbitrary().unwrap_or_default(),
        ..Default::default()
    };
    let mut stream = StreamParts::new(target, origin, &parameters);
    let mut listener = Listener::default();
    let mut told = VecDeque::new();
    while !input.is_empty() {
        let Ok((name, payload)) = event(&mut input) else { break };
        let payload = payload.to_string();
        let event = ConverseStreamOutput::parse(name, payload.as_bytes()).expect("it has the service's form");
        stream.handle(&event, &mut told).expect("it is no exception");
        told.drain(..).for_each(|event| listener.hear(event));
        assert!(stream.response().parts.len() >= listener.parts.len());
        assert_eq!(stream.response().state, State::Incomplete);
    }

    let before = stream.response();
    match stream.finish(&mut told) {
        Ok(()) => {
            told.drain(..).for_each(|event| listener.hear(event));
            let response = stream.response();
            assert!(stream.is_stopped());
            assert_eq!(response.state, State::Complete);
            assert_eq!(response.parts, listener.parts);
            listener.end();
            stream.finish(&mut told).expect("it is complete already");
            stream.cancel();
            assert_eq!((stream.response(), told.len()), (response, 0));
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Incomplete);
            assert_eq!((error.partial(), told.len()), (Some(&before), 0));
            stream.cancel();
            assert_eq!(stream.response().state, State::Interrupted);
            stream.finish(&mut told).expect("nobody waits for the rest");
        }
    }
});

/// One event as the service would write it.
fn event(input: &mut Unstructured<'_>) -> Result<(&'static str, Value)> {
    let index = input.int_in_range(-1..=3)?;
    let text = *input.choose(&["", " ", "a", "{\"a\":", "1}", "\u{1c}\n", "é"])?;
    let bytes = *input.choose(&["", "AAEC", "/w==", "YWJj"])?;
    let id = *input.choose(&["", "t1", "t2"])?;
    let start = |start: Value| ("contentBlockStart", json!({"contentBlockIndex": index, "start": start}));
    let delta = |delta: Value| ("contentBlockDelta", json!({"contentBlockIndex": index, "delta": delta}));
    Ok(match input.int_in_range(0..=18)? {
        0 => ("messageStart", json!({"role": "assistant"})),
        1 => start(json!({"toolUse": {"toolUseId": id, "name": "f"}})),
        2 => start(json!({"toolUse": {"toolUseId": id, "name": "output"}})),
        3 => start(json!({"toolUse": {"toolUseId": id, "name": "nova_code_interpreter", "type": "server_tool_use"}})),
        4 => start(json!({"toolResult": {"toolUseId": id, "type": "nova_code_interpreter_result"}})),
        5 => start(json!({"image": {"format": "png"}})),
        6 => start(json!({"later": {}})),
        7 => delta(json!({"text": text})),
        8 => delta(json!({"toolUse": {"input": text}})),
        9 => delta(json!({"reasoningContent": {"text": text}})),
        10 => delta(json!({"reasoningContent": {"signature": text}})),
        11 => delta(json!({"reasoningContent": {"redactedContent": bytes}})),
        12 => delta(json!({"citation": {"title": text}})),
        13 => delta(json!({"toolResult": [{"text": text}, {"json": {"a": index}}]})),
        14 => delta(json!({"image": {"source": {"bytes": bytes}}})),
        15 => delta(json!({"later": {}})),
        16 => ("contentBlockStop", json!({"contentBlockIndex": index})),
        17 => ("messageStop", json!({"stopReason": "end_turn"})),
        _ => ("metadata", json!({"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}})),
    })
}

/// Somebody who knows only what is told.
#[derive(Default)]
struct Listener {
    parts: Vec<ModelResponsePart>,
    /// Whether the last part has been told to be at its end.
    ended: bool,
    just_started: bool,
    has_final_result: bool,
}

impl Listener {
    fn hear(&mut self, event: Told) {
        let after_start = std::mem::replace(&mut self.just_started, false);
        match event {
            Told::PartStart(event) => {
                self.end();
                assert_eq!(event.index as usize, self.parts.len());
                assert_eq!(event.previous_part_kind.as_deref(), self.parts.last().map(ModelResponsePart::kind));
                self.parts.push(event.part);
                self.ended = false;
                self.just_started = true;
            }
            Told::PartDelta(event) => {
                let part = self.parts.get_mut(event.index as usize).expect("it has started");
                event.delta.apply(part).expect("it is of the part's kind");
            }
            Told::PartEnd(event) => {
                assert!(!self.ended, "it ends twice");
                assert_eq!(event.index as usize + 1, self.parts.len());
                assert_eq!(Some(&event.part), self.parts.last());
                self.ended = true;
            }
            Told::FinalResult(event) => {
                assert!(after_start && !self.has_final_result);
                self.has_final_result = true;
                if let Some(ModelResponsePart::ToolCall(ToolCallPart { tool_name, .. })) = self.parts.last() {
                    assert_eq!(event.tool_name.as_ref(), Some(tool_name));
                }
            }
            other => panic!("{other:?}"),
        }
    }

    /// What has started must have ended, unless it came whole.
    fn end(&self) {
        let whole = matches!(
            self.parts.last(),
            None | Some(ModelResponsePart::NativeToolReturn(_) | ModelResponsePart::File(_))
        );
        assert!(whole || self.ended, "{:?} has no end", self.parts.last());
    }
}
