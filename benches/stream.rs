//! How long does a streamed text take from bytes to response events, and does it stay linear when it is cut badly?
//!
//! The text comes in deltas of a usual length, in chunks of 16 KiB and of one byte, and in deltas of one byte. Each is
//! measured with two sizes: the throughput (of text) has to be the same.

use std::collections::VecDeque;
use std::hint::black_box;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bedrock_converse::Result;
use bedrock_converse::convert::{Origin, Target};
use bedrock_converse::eventstream::Decoder;
use bedrock_converse::messages::Timestamp;
use bedrock_converse::profile::ModelProfile;
use bedrock_converse::stream::StreamParts;
use bedrock_converse::tools::ModelRequestParameters;
use bedrock_converse::wire::ConverseStreamOutput;
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const SIZES: [usize; 2] = [256 * 1024, 1024 * 1024];

fn stream(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stream");
    group.sample_size(10);
    for size in SIZES {
        group.throughput(Throughput::Bytes(size as u64));
        for (name, delta, chunk) in [("usual", 16, 16 * 1024), ("byte chunks", 16, 1), ("byte deltas", 1, 16 * 1024)] {
            let bytes = bytes(size, delta);
            assert_eq!(read(&bytes, chunk).expect("a whole stream"), size);
            group.bench_function(BenchmarkId::new(name, size), |bencher| {
                bencher.iter(|| read(black_box(&bytes), chunk))
            });
        }
    }
    group.finish();
}

/// Reads a stream that comes in chunks, and drops the events as they are told. The length of the text.
fn read(bytes: &Bytes, chunk: usize) -> Result<usize> {
    let model_name = "us.amazon.nova-pro-v1:0";
    let profile = ModelProfile::for_model(model_name);
    let target = Target { model_name, provider_name: "bedrock", profile: &profile };
    let origin = Origin {
        provider_url: "http://127.0.0.1".into(),
        provider_response_id: None,
        timestamp: Timestamp::from_unix(0, 0),
    };
    let mut stream = StreamParts::new(target, origin, &ModelRequestParameters::default());
    let (mut decoder, mut told) = (Decoder::new(), VecDeque::new());
    for at in (0..bytes.len()).step_by(chunk) {
        decoder.push(bytes.slice(at..bytes.len().min(at + chunk)));
        while let Some(frame) = decoder.next_frame()? {
            stream.handle(&ConverseStreamOutput::from_frame(frame)?, &mut told)?;
            told.drain(..).for_each(|event| drop(black_box(event)));
        }
    }
    decoder.finish()?;
    stream.finish(&mut told)?;
    Ok(stream.response().text().map_or(0, |text| text.len()))
}

/// A stream with a text of this size in deltas of this length.
fn bytes(size: usize, delta: usize) -> Bytes {
    let mut bytes = Vec::new();
    let mut event = |event_type: &'static str, payload: String| {
        let header = |name: &'static str, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
        let message = Message::new(payload)
            .add_header(header(":event-type", event_type))
            .add_header(header(":content-type", "application/json"))
            .add_header(header(":message-type", "event"));
        write_message_to(&message, &mut bytes).expect("a small frame");
    };
    let text = &"the quick brown fox"[..delta];
    event("messageStart", r#"{"role":"assistant","p":"abcd"}"#.into());
    for _ in 0..size / delta {
        event(
            "contentBlockDelta",
            format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{text}"}},"p":"abcdefghijklmnop"}}"#),
        );
    }
    event("contentBlockStop", r#"{"contentBlockIndex":0,"p":"abcd"}"#.into());
    event("messageStop", r#"{"stopReason":"end_turn","p":"abcd"}"#.into());
    bytes.into()
}

criterion_group!(benches, stream);
criterion_main!(benches);
