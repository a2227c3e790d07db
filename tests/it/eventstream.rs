//! The frame decoder on our fixtures: at every split, at every cut, at its limits.

use std::ops::Range;

use allocation_counter::measure;
use aws_smithy_types::DateTime;
use aws_smithy_types::event_stream::{Header, HeaderValue as Value, Message};
use bedrock_converse::eventstream::{Decoder, Frame, FrameError, HeaderFault, HeaderValue, Limits};
use bedrock_converse::{Error, ErrorKind};
use bytes::Bytes;

use crate::eventstream_fixtures::{bad, encode, event, frame, good, pad, prelude, read};

/// Frames up to the end or the first error, and how the stream ended.
pub(crate) type Outcome = (Vec<Message>, Result<(), FrameError>);

#[test]
fn good_fixtures_at_every_split() {
    for good in good() {
        let (frames, end) = decode_at_every_split(&read("good", good.name));
        assert_eq!((frames, end), (good.messages, Ok(())), "{}", good.name);
    }
}

#[test]
fn bad_fixtures_at_every_split() {
    for bad in bad() {
        let (frames, end) = decode_at_every_split(&read("bad", bad.name));
        assert_eq!((frames.len(), end), (1, Err(bad.error)), "{}", bad.name);
    }
}

#[test]
fn a_cut_is_seen_wherever_it_is() {
    let bytes = read("good", "tool_use");
    let (all, _) = decode([bytes.clone()]);
    let mut ends = vec![0];
    for message in &all {
        ends.push(ends[ends.len() - 1] + encode(std::slice::from_ref(message)).len());
    }
    for cut in 0..=bytes.len() {
        let (frames, end) = decode([bytes[..cut].to_vec()]);
        let whole = ends.iter().rposition(|&end| end <= cut).unwrap();
        assert_eq!(frames, all[..whole], "cut at {cut}");
        let left = (cut - ends[whole]) as u64;
        let truncated = Err(FrameError::Truncated { offset: ends[whole] as u64, length: left });
        assert_eq!(end, if left == 0 { Ok(()) } else { truncated }, "cut at {cut}");
    }
}

#[test]
fn after_an_error_it_is_dead() {
    for bad in bad().into_iter().filter(|bad| !matches!(bad.error, FrameError::Truncated { .. })) {
        let mut decoder = Decoder::new();
        decoder.push(bad.bytes.into());
        assert!(decoder.next_frame().unwrap().is_some());
        for _ in 0..2 {
            assert_eq!(decoder.next_frame().unwrap_err(), bad.error, "{}", bad.name);
            assert_eq!(decoder.finish(), Err(bad.error), "{}", bad.name);
            decoder.push(frame(b"", b"valid").into());
        }
    }
}

#[test]
fn a_wrong_prelude_is_refused_before_the_rest_comes() {
    for bytes in [prelude(15, 0), prelude(16, 1), prelude(200_000, 131_073), prelude(u32::MAX, 0)] {
        let mut decoder = Decoder::new();
        decoder.push(Bytes::copy_from_slice(&bytes[..11]));
        assert!(decoder.next_frame().unwrap().is_none());
        decoder.push(Bytes::copy_from_slice(&bytes[11..]));
        assert!(decoder.next_frame().is_err());
    }
}

#[test]
fn limits_are_inclusive_and_configurable() {
    let bytes = frame(b"\x01a\0", b"12345");
    let outcome = |headers, payload| {
        let mut decoder = Decoder::with_limits(Limits { headers, payload });
        decoder.push(bytes.clone().into());
        decoder.next_frame().map(|frame| frame.unwrap().payload().len())
    };
    assert_eq!(outcome(3, 5), Ok(5));
    assert_eq!(outcome(2, 5), Err(FrameError::HeadersTooLong { offset: 0, length: 3, limit: 2 }));
    assert_eq!(outcome(3, 4), Err(FrameError::PayloadTooLong { offset: 0, length: 5, limit: 4 }));
    assert_eq!(Limits::default(), Limits { headers: 131_072, payload: 25_165_824 });
}

#[test]
fn the_largest_headers_are_checked() {
    // 13,107 headers of ten bytes: comparing each name with each would be 86 million comparisons.
    let headers: Vec<u8> = (0..13_107).flat_map(|i| format!("\x06{i:06}\x03\0\0").into_bytes()).collect();
    let mut decoder = Decoder::new();
    decoder.push(frame(&headers, b"").into());
    assert_eq!(decoder.next_frame().unwrap().unwrap().headers().count(), 13_107);

    let mut twice = headers;
    twice[131_061..131_067].copy_from_slice(b"000000");
    let (_, end) = decode([frame(&twice, b"")]);
    assert_eq!(end, Err(FrameError::Header { offset: 12 + 131_060, fault: HeaderFault::Duplicate }));
}

#[test]
fn accessors_find_strings_of_their_name_only() {
    let mut decoder = Decoder::new();
    decoder.push(read("good", "error").into());
    assert_eq!(decoder.next_frame().unwrap().unwrap().event_type(), Some("messageStart"));
    let frame = decoder.next_frame().unwrap().unwrap();
    assert_eq!(frame.message_type(), Some("error"));
    assert_eq!(frame.error_code(), Some("InternalError"));
    assert_eq!(frame.error_message(), Some("An internal server error occurred"));
    assert_eq!((frame.event_type(), frame.exception_type(), frame.content_type()), (None, None, None));
    assert_eq!(frame.header(":error-code"), Some(HeaderValue::String("InternalError")));

    let mut decoder = Decoder::new();
    decoder.push(self::frame(b"\x0b:event-type\x02\xff", b"a\"\xff").into());
    let frame = decoder.next_frame().unwrap().unwrap();
    assert_eq!((frame.event_type(), frame.header(":event-type")), (None, Some(HeaderValue::Byte(-1))));
    assert_eq!(format!("{frame:?}"), r#"Frame { headers: {":event-type": Byte(-1)}, payload: b"a\"\xff" }"#);
}

#[test]
fn a_whole_frame_is_not_copied_and_allocates_nothing() {
    let stream = Bytes::from([deltas(50), encode(&[event("contentBlockStop", "{}")])].concat().repeat(20));
    let memory: Range<*const u8> = stream.as_ptr_range();
    let mut decoder = Decoder::new();
    decoder.push(stream.clone());
    decoder.next_frame().unwrap().unwrap(); // makes room for headers
    let allocations = measure(|| {
        for i in 1..51 * 20 {
            let frame = decoder.next_frame().unwrap().unwrap();
            assert!(memory.contains(&frame.payload().as_ptr()));
            assert_eq!(frame.message_type(), Some("event"));
            assert_eq!(frame.event_type(), Some(if i % 51 == 50 { "contentBlockStop" } else { "contentBlockDelta" }));
            assert_eq!(frame.headers().count(), 3);
        }
        assert!(decoder.next_frame().unwrap().is_none());
    });
    assert_eq!(allocations.count_total, 0);
}

#[test]
fn split_frames_share_one_buffer() {
    let stream = Bytes::from(deltas(100));
    drop(stream.clone()); // the first clone allocates a counter
    for size in [1, 7, 150] {
        let mut decoder = Decoder::new();
        let mut frames = 0;
        let allocations = measure(|| {
            for start in (0..stream.len()).step_by(size) {
                decoder.push(stream.slice(start..stream.len().min(start + size)));
                while decoder.next_frame().unwrap().is_some() {
                    frames += 1;
                }
            }
        });
        assert_eq!(frames, 100);
        assert!(allocations.count_total <= 9, "{} allocations in chunks of {size}", allocations.count_total);
        assert!(allocations.bytes_max <= 1024, "{} bytes in chunks of {size}", allocations.bytes_max);
    }
}

#[test]
fn memory_follows_the_bytes_not_the_stated_length() {
    // A valid prelude may promise 24 MiB; what has come is 1,000 bytes of it.
    let start = Bytes::from([prelude(25_165_840, 0), vec![0; 988]].concat());
    let mut decoder = Decoder::new();
    let allocations = measure(|| {
        decoder.push(start.clone());
        assert!(decoder.next_frame().unwrap().is_none());
    });
    assert!(allocations.bytes_max <= 17 * 1024, "{} bytes", allocations.bytes_max);
    assert_eq!(decoder.finish(), Err(FrameError::Truncated { offset: 0, length: 1000 }));

    // A large frame that does come needs its size, and while the buffer grows less than that again.
    let large = Bytes::from(frame(b"", &vec![b'x'; 1 << 20]));
    let chunks: Vec<Bytes> =
        (0..large.len()).step_by(1000).map(|at| large.slice(at..large.len().min(at + 1000))).collect();
    let mut decoder = Decoder::new();
    let allocations = measure(|| {
        for chunk in &chunks {
            assert!(decoder.next_frame().unwrap().is_none());
            decoder.push(chunk.clone());
        }
        assert_eq!(decoder.next_frame().unwrap().unwrap().payload().len(), 1 << 20);
        assert!(decoder.next_frame().unwrap().is_none());
    });
    assert!(allocations.bytes_max as usize <= large.len() * 2 + 1024, "{} bytes", allocations.bytes_max);
    assert!(allocations.bytes_current <= 17 * 1024, "{} bytes are kept", allocations.bytes_current);
}

#[test]
fn errors_are_small_and_say_where() {
    assert!(size_of::<FrameError>() <= 24);
    assert!(size_of::<Frame<'_>>() <= 32);
    let messages: Vec<String> = bad().iter().map(|bad| Error::from(bad.error).to_string()).collect();
    assert_eq!(
        messages[..7],
        [
            "frame at byte 128: the prelude states the checksum 0x7f021b8b, but its bytes have 0x4262323b",
            "frame at byte 128: it states the checksum 0x2f9261fa, but its bytes have 0x368950bb",
            "frame at byte 128: 0 bytes of headers do not fit in a frame of 15 bytes",
            "frame at byte 128: 85 bytes of headers do not fit in a frame of 100 bytes",
            "frame at byte 128: 131073 bytes of headers, the limit is 131072",
            "frame at byte 128: 4294967279 bytes of payload, the limit is 25165824",
            "the input ends inside the frame at byte 128, after 13 bytes of it",
        ]
    );
    assert_eq!(messages[7], "header at byte 143: it goes beyond the end of the headers");
    for bad in bad() {
        let error = Error::from(bad.error);
        let kind = if bad.name == "truncated" { ErrorKind::Incomplete } else { ErrorKind::Protocol };
        assert!(error.kind() == kind && error.in_stream() && !error.is_retryable(), "{}", bad.name);
    }
}

/// Decodes `bytes` whole, byte by byte (taking frames out at once, and only at the end) and cut in two at every
/// place, and makes sure that the outcome is the same each time.
pub(crate) fn decode_at_every_split(bytes: &[u8]) -> Outcome {
    let outcome = decode([bytes.to_vec()]);
    assert_eq!(decode(bytes.chunks(1).map(<[u8]>::to_vec)), outcome, "byte by byte");
    let mut decoder = Decoder::new();
    bytes.chunks(1).for_each(|byte| decoder.push(Bytes::copy_from_slice(byte)));
    let mut frames = Vec::new();
    let end = drain(&mut decoder, &mut frames).and_then(|()| decoder.finish());
    assert_eq!((frames, end), outcome, "byte by byte, queued");
    for split in 0..=bytes.len() {
        assert_eq!(decode([bytes[..split].to_vec(), bytes[split..].to_vec()]), outcome, "split at {split}");
    }
    outcome
}

pub(crate) fn decode(chunks: impl IntoIterator<Item = Vec<u8>>) -> Outcome {
    let mut decoder = Decoder::new();
    let mut frames = Vec::new();
    for chunk in chunks {
        decoder.push(chunk.into());
        if let Err(error) = drain(&mut decoder, &mut frames) {
            return (frames, Err(error));
        }
    }
    let end = decoder.finish();
    (frames, end)
}

fn drain(decoder: &mut Decoder, frames: &mut Vec<Message>) -> Result<(), FrameError> {
    while let Some(frame) = decoder.next_frame()? {
        frames.push(to_message(frame));
    }
    Ok(())
}

fn to_message(frame: Frame<'_>) -> Message {
    let payload = Bytes::copy_from_slice(frame.payload());
    frame.headers().fold(Message::new(payload), |message, (name, value)| {
        assert_eq!(frame.header(name), Some(value));
        let value = match value {
            HeaderValue::Bool(value) => Value::Bool(value),
            HeaderValue::Byte(value) => Value::Byte(value),
            HeaderValue::Int16(value) => Value::Int16(value),
            HeaderValue::Int32(value) => Value::Int32(value),
            HeaderValue::Int64(value) => Value::Int64(value),
            HeaderValue::ByteArray(value) => Value::ByteArray(Bytes::copy_from_slice(value)),
            HeaderValue::String(value) => Value::String(value.to_owned().into()),
            HeaderValue::Timestamp(value) => Value::Timestamp(DateTime::from_millis(value)),
            HeaderValue::Uuid(value) => Value::Uuid(u128::from_be_bytes(value)),
        };
        message.add_header(Header::new(name.to_owned(), value))
    })
}

fn deltas(count: usize) -> Vec<u8> {
    let payload = format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"some words"}},"p":"{}"}}"#, pad(27));
    encode(&vec![event("contentBlockDelta", &payload); count])
}
