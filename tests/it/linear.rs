//! How time and memory grow with a stream and with a history. Prints; a machine that is busy can't fail it:
//!
//! `cargo test --release --test it linear -- --ignored --nocapture`

use std::collections::VecDeque;
use std::time::Instant;

use allocation_counter::measure;
use bedrock_converse::ModelProfile;
use bedrock_converse::convert::{Downloads, Origin, Target};
use bedrock_converse::eventstream::Decoder;
use bedrock_converse::messages::{
    ModelMessage, ModelRequest, ModelRequestPart, ModelResponse, ModelResponsePart, TextPart, Timestamp, ToolArgs,
    ToolCallPart, ToolReturnPart,
};
use bedrock_converse::stream::StreamParts;
use bedrock_converse::tools::ModelRequestParameters;
use bedrock_converse::wire::ConverseStreamOutput;
use bytes::Bytes;

use crate::eventstream_fixtures::{encode, event};

const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const DELTA: &str = r#"{"contentBlockIndex":0,"delta":{"text":" scattered light"},"p":"abcdefghijklmnop"}"#;

fn print(what: &str, size: usize, per: &str, run: impl FnOnce()) {
    let mut nanoseconds = 0;
    let allocations = measure(|| {
        let start = Instant::now();
        run();
        nanoseconds = start.elapsed().as_nanos();
    });
    let (each, peak) = (nanoseconds as f64 / size as f64, allocations.bytes_max as f64 / 1e6);
    println!(
        "{what:<24} {size:>13} {:>9.1} ms {each:>9.2} ns/{per:<5} {peak:>9.2} MB at most",
        nanoseconds as f64 / 1e6
    );
}

/// Reads a stream of this many bytes, in chunks that end anywhere.
fn read(size: usize, frames: &Bytes, mut each: impl FnMut(ConverseStreamOutput<'_>)) {
    let mut decoder = Decoder::new();
    for from in (0..size / frames.len()).flat_map(|_| (0..frames.len()).step_by(16_000)) {
        decoder.push(frames.slice(from..frames.len().min(from + 16_000)));
        while let Some(frame) = decoder.next_frame().unwrap() {
            each(ConverseStreamOutput::from_frame(frame).unwrap());
        }
    }
    decoder.finish().unwrap();
}

fn history(turns: usize) -> Vec<ModelMessage> {
    let text = "The sky is blue because air scatters short waves more than long ones.".repeat(10);
    let mut history = Vec::with_capacity(turns);
    for i in 0..turns / 2 {
        let (id, earlier) = (format!("call_{i}"), format!("call_{}", i.wrapping_sub(1)));
        history.push(match i {
            0 => ModelRequest::user_text_prompt(text.as_str()).into(),
            _ => {
                let answer = ToolReturnPart::new("look", text.as_str(), earlier);
                ModelRequest::new(vec![ModelRequestPart::ToolReturn(answer)]).into()
            }
        });
        let call = ToolCallPart {
            tool_name: "look".into(),
            tool_call_id: id,
            args: Some(ToolArgs::Text(r#"{"at":"the sky"}"#.into())),
            ..ToolCallPart::default()
        };
        let said = TextPart { content: text.clone(), ..TextPart::default() };
        let parts = vec![ModelResponsePart::Text(said), ModelResponsePart::ToolCall(call)];
        history.push(ModelResponse::new(parts).into());
    }
    history
}

#[test]
#[ignore = "takes a while, and is for looking at"]
fn linear() {
    let profile = ModelProfile::for_model(MODEL);
    let target = Target { model_name: MODEL, provider_name: "bedrock", profile: &profile };
    let deltas: Vec<_> = (0..5000).map(|_| event("contentBlockDelta", DELTA)).collect();
    let frames = Bytes::from(encode(&deltas));
    let sizes = [1_000_000, 10_000_000, 100_000_000, 1_000_000_000];
    for size in sizes {
        print("stream to wire events", size, "byte", || read(size, &frames, |event| drop(event)));
    }
    for size in sizes {
        let origin =
            Origin { provider_url: String::new(), provider_response_id: None, timestamp: Timestamp::from_unix(0, 0) };
        print("stream to told events", size, "byte", || {
            let mut parts = StreamParts::new(target, origin, &ModelRequestParameters::default());
            let mut told = VecDeque::new();
            read(size, &frames, |event| {
                parts.handle(&event, &mut told).unwrap();
                told.clear();
            });
        });
    }
    let prepared = target.prepare_request(Default::default(), Default::default()).unwrap();
    for turns in [2, 10, 100, 1000, 10_000] {
        let history = history(turns);
        print("history to body", turns, "turn", || {
            let request = target.converse_request(&history, &prepared, &Downloads::new()).unwrap();
            drop(request.to_json().unwrap());
        });
    }
}
