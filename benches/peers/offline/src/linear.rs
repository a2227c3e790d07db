//! How one call grows with its answer and with its history.
//!
//! `peer-linear client MB`, `model MB`: reads a streamed answer of so many million bytes, made while it is read. The
//! client keeps nothing of it; the model's stream keeps the text, which is what its answer is. `history TURNS`: a request
//! of so many turns from the messages to the signed bytes, by the model.
//!
//! Prints nanoseconds of CPU, allocations, the most bytes that the call had allocated at once, and the most memory that the
//! process had.

mod chunks;

use std::future::{pending, poll_fn};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Waker};

use bedrock_converse::messages::{
    ModelMessage, ModelRequest, ModelRequestPart, ModelResponse, ModelResponsePart, TextPart, ToolArgs, ToolCallPart,
    ToolReturnPart,
};
use bedrock_converse::transport::{BoxFuture, Request, Response, Transport};
use bedrock_converse::wire::{ConverseRequest, ConverseStreamOutput};
use bedrock_converse::{BedrockConverseModel, Result};
use cpu_time::ThreadTime;

use crate::chunks::{Chunks, FRAME, TEXT, provider};

const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// Takes requests and never answers.
#[derive(Debug)]
struct Silent;

impl Transport for Silent {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        black_box(request);
        Box::pin(pending())
    }
}

async fn client(deltas: usize) {
    let client = provider(Chunks::new(deltas)).client();
    let mut answer = client.converse_stream(&ConverseRequest::new(MODEL).user("Hi")).await.expect("an answer");
    let count = |event: ConverseStreamOutput<'_>| drop(black_box(event));
    for _ in 0..deltas {
        poll_fn(|cx| answer.poll_event_with(cx, count)).await.expect("an event").expect("no error");
    }
}

async fn model(deltas: usize) {
    let model = BedrockConverseModel::new(MODEL, provider(Chunks::new(deltas))).expect("a model");
    let history = [ModelRequest::user_text_prompt("Hi").into()];
    let mut answer = model.request_stream(&history, None, None).await.expect("an answer");
    while let Some(Ok(event)) = answer.next().await {
        black_box(event);
    }
    assert_eq!(answer.get().text().expect("text").len(), deltas * TEXT.len());
}

fn request(model: &BedrockConverseModel, history: &[ModelMessage]) {
    assert!(pin!(model.request(history, None, None)).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

/// A conversation in which the model says something and calls a tool each time.
fn history(turns: usize) -> Vec<ModelMessage> {
    let text = "The sky is blue because air scatters short waves more than long ones.".repeat(10);
    let mut history = vec![ModelRequest::user_text_prompt(text.as_str()).into()];
    for turn in 1..turns {
        let id = format!("call_{}", turn / 2);
        history.push(if turn % 2 == 0 {
            let answer = ToolReturnPart::new("look", text.as_str(), format!("call_{}", turn / 2 - 1));
            ModelRequest::new(vec![ModelRequestPart::ToolReturn(answer)]).into()
        } else {
            let args = Some(ToolArgs::Text(r#"{"at":"the sky"}"#.into()));
            let call = ToolCallPart { tool_name: "look".into(), tool_call_id: id, args, ..ToolCallPart::default() };
            let said = TextPart { content: text.clone(), ..TextPart::default() };
            let parts = vec![ModelResponsePart::Text(said), ModelResponsePart::ToolCall(call)];
            ModelResponse::new(parts).into()
        });
    }
    history
}

fn measure(run: impl FnOnce()) {
    let mut time = 0;
    let allocations = allocation_counter::measure(|| {
        let start = ThreadTime::now();
        run();
        time = start.elapsed().as_nanos();
    });
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")).expect("a peak");
    let peak = peak.parse::<u64>().expect("a number") * 1024;
    println!("{time} {} {} {peak}", allocations.count_total, allocations.bytes_max);
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("MODE SIZE");
    let (mode, size) = (next(), next().parse::<usize>().expect("a number"));
    let deltas = size * 1_000_000 / FRAME;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let _guard = runtime.enter();
    match mode.as_str() {
        "client" => {
            runtime.block_on(client(1000)); // so that the first use of anything is not counted
            measure(|| runtime.block_on(client(deltas)));
        }
        "model" => {
            runtime.block_on(model(1000));
            measure(|| runtime.block_on(model(deltas)));
        }
        "history" => {
            let model = BedrockConverseModel::new(MODEL, provider(Silent)).expect("a model");
            request(&model, &history(1));
            let history = history(size);
            measure(|| request(&model, &history));
        }
        mode => panic!("no mode {mode}"),
    }
}
