//! How long does a stream of text deltas take from bytes to frames, and from bytes to text?
//!
//! The stream has the shape of a recorded one: frames of about 200 bytes, three headers, padding. `checksum` is the
//! floor, because no decoder can leave it out; `aws-smithy-eventstream` with `serde_json` is the usual alternative.

use std::hint::black_box;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bedrock_converse::eventstream::{Decoder, Frame};
use bedrock_converse::wire::{ContentBlockDelta, ConverseStreamOutput};
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[path = "by_hand/read.rs"]
mod by_hand;

/// How many bytes come from the socket at once.
const CHUNK: usize = 16 * 1024;
const FRAMES: u64 = 1000;

fn decode(criterion: &mut Criterion) {
    let stream = stream();
    let chunks: Vec<Bytes> =
        (0..stream.len()).step_by(CHUNK).map(|at| stream.slice(at..stream.len().min(at + CHUNK))).collect();
    let length = text(&chunks);
    assert_eq!(length, smithy_text(&chunks));
    assert!(frames(&chunks) == FRAMES && length > FRAMES as usize);
    assert_eq!(stream.len() as u64 / FRAMES, 200);

    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::ElementsAndBytes { elements: FRAMES, bytes: stream.len() as u64 });
    group.bench_function("checksum", |bencher| bencher.iter(|| checksum(black_box(&stream))));
    group.bench_function("frames", |bencher| bencher.iter(|| frames(black_box(&chunks))));
    group.bench_function("text", |bencher| bencher.iter(|| text(black_box(&chunks))));
    group.bench_function("smithy text", |bencher| bencher.iter(|| smithy_text(black_box(&chunks))));
    group.finish();
}

/// The checksum of each frame and nothing else.
fn checksum(mut stream: &[u8]) -> u32 {
    let mut sum = 0;
    while let Some((length, _)) = stream.split_first_chunk() {
        let (frame, rest) = stream.split_at(u32::from_be_bytes(*length) as usize);
        sum ^= crc32fast::hash(&frame[..frame.len() - 4]);
        stream = rest;
    }
    sum
}

fn frames(chunks: &[Bytes]) -> u64 {
    let mut count = 0;
    each_frame(chunks, |frame| count += u64::from(!frame.payload().is_empty()));
    count
}

fn text(chunks: &[Bytes]) -> usize {
    let mut length = 0;
    each_frame(chunks, |frame| {
        if let Ok(ConverseStreamOutput::ContentBlockDelta(event)) = ConverseStreamOutput::from_frame(frame)
            && let ContentBlockDelta::Text(text) = event.delta
        {
            length += text.len();
        }
    });
    length
}

fn each_frame(chunks: &[Bytes], mut each: impl FnMut(Frame<'_>)) {
    let mut decoder = Decoder::new();
    for chunk in chunks {
        decoder.push(chunk.clone());
        while let Some(frame) = decoder.next_frame().expect("valid frames") {
            each(frame);
        }
    }
    decoder.finish().expect("whole frames");
}

fn smithy_text(chunks: &[Bytes]) -> usize {
    let mut length = 0;
    by_hand::texts(chunks.iter().cloned(), |text| length += text.len());
    length
}

fn stream() -> Bytes {
    let mut bytes = Vec::new();
    let padding = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let texts = [
        " the",
        " temperature in Zurich",
        ", and",
        " it is about 14 degrees",
        ".",
        " More words follow then,",
        " some longer ones,",
        " and some of them are shorter",
    ];
    for i in 0..FRAMES as usize {
        let (text, padding) = (texts[i % texts.len()], &padding[..2 + i * 17 % 60]);
        let payload = format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{text}"}},"p":"{padding}"}}"#);
        let header = |name: &'static str, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
        let message = Message::new(payload)
            .add_header(header(":event-type", "contentBlockDelta"))
            .add_header(header(":content-type", "application/json"))
            .add_header(header(":message-type", "event"));
        write_message_to(&message, &mut bytes).expect("a small frame");
    }
    bytes.into()
}

criterion_group!(benches, decode);
criterion_main!(benches);
