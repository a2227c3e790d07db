//! Does a streamed answer cost time linear in its bytes, however they are cut?
//!
//! From the bytes of the HTTP body to events and the answer they add up to, through client and parts manager; two sizes
//! whose throughputs must be equal. The worst cut is one byte per chunk, the usual one 16 KiB. The text comes in deltas of
//! some words, as models write, or all of it in one, which is where a decoder that starts anew with each chunk would
//! show. `by hand` is the text alone, by `aws-smithy-eventstream` and `serde_json`.

use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bedrock_converse::messages::ModelRequest;
use bedrock_converse::transport::{Body, BoxFuture, Chunks, Request, Response, Transport};
use bedrock_converse::{BedrockConverseModel, BedrockProvider, Environment, Result};
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

#[path = "by_hand/read.rs"]
mod by_hand;

const MB: usize = 1_000_000;

fn stream(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    for (name, delta) in [("words", 20), ("one delta", usize::MAX)] {
        for (cut, chunk) in [("1 B", 1), ("16 KiB", 16 * 1024)] {
            let mut group = criterion.benchmark_group(format!("stream/{name}/chunks of {cut}"));
            group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
            for size in [MB, 4 * MB] {
                let bytes = answer(size, delta.min(size));
                group.throughput(Throughput::Bytes(bytes.len() as u64));
                let memory = Memory { bytes, chunk };
                let model = model(memory.clone());
                let parameter = format!("{} MB", size / MB);
                group.bench_function(BenchmarkId::new("ours", &parameter), |bencher| {
                    bencher.iter(|| runtime.block_on(read(&model, size)));
                });
                group.bench_function(BenchmarkId::new("by hand", &parameter), |bencher| {
                    bencher.iter(|| read_by_hand(memory.clone(), size));
                });
            }
            group.finish();
        }
    }
}

/// Reads an answer to its end, and checks that it is whole.
async fn read(model: &BedrockConverseModel, size: usize) {
    let question = [ModelRequest::user_text_prompt("Write a lot.").into()];
    let mut stream = model.request_stream(&question, None, None).await.expect("an answer");
    while let Some(event) = stream.next().await {
        event.expect("no error");
    }
    assert_eq!(stream.get().text().expect("text").len(), size);
}

/// The same text without the rest of what an answer has, and without events.
fn read_by_hand(chunks: Memory, size: usize) {
    let mut whole = String::new();
    by_hand::texts(chunks, |text| whole += text);
    assert_eq!(whole.len(), size);
}

fn model(transport: Memory) -> BedrockConverseModel {
    let provider = BedrockProvider::builder()
        .environment(Environment::fixed([] as [(&str, &str); 0]))
        .region_name("us-east-1")
        .api_key("key")
        .transport(transport)
        .build();
    BedrockConverseModel::new("us.amazon.nova-micro-v1:0", provider.expect("a provider")).expect("a model")
}

/// An answer of so much text, each delta with so much of it.
fn answer(text: usize, delta: usize) -> Bytes {
    let mut bytes = Vec::new();
    let mut event = |event_type: &'static str, payload: &str| {
        let header = |name: &'static str, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
        let message = Message::new(Bytes::copy_from_slice(payload.as_bytes()))
            .add_header(header(":event-type", event_type))
            .add_header(header(":content-type", "application/json"))
            .add_header(header(":message-type", "event"));
        write_message_to(&message, &mut bytes).expect("a frame");
    };
    event("messageStart", r#"{"role":"assistant","p":"abc"}"#);
    let words = "four score and seven ".repeat(delta / 20 + 1);
    for _ in 0..text / delta {
        let text = &words[..delta];
        event(
            "contentBlockDelta",
            &format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{text}"}},"p":"abcdefghijklmnop"}}"#),
        );
    }
    event("contentBlockStop", r#"{"contentBlockIndex":0,"p":"ab"}"#);
    event("messageStop", r#"{"stopReason":"end_turn","p":"abcd"}"#);
    event("metadata", r#"{"usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5},"p":"abc"}"#);
    bytes.into()
}

/// Answers every request with the same bytes, in chunks.
#[derive(Clone, Debug)]
struct Memory {
    bytes: Bytes,
    chunk: usize,
}

impl Transport for Memory {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response>> {
        let mut response = http::Response::new(Body::new(self.clone()));
        let content_type = http::HeaderValue::from_static("application/vnd.amazon.eventstream");
        response.headers_mut().insert("content-type", content_type);
        Box::pin(async { Ok(response) })
    }
}

impl Iterator for Memory {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let chunk = self.bytes.split_to(self.chunk.min(self.bytes.len()));
        (!chunk.is_empty()).then_some(chunk)
    }
}

impl Chunks for Memory {
    fn poll_chunk(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        Poll::Ready(self.next().map(Ok))
    }
}

criterion_group!(benches, stream);
criterion_main!(benches);
