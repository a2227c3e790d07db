//! `fixtures/eventstream/`: what is in the files, and the proof that they hold just that.
//!
//! `UPDATE_FIXTURES=1 cargo test --test it eventstream_fixtures` writes them anew.

use std::path::PathBuf;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::DateTime;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bedrock_converse::eventstream::{FrameError, HeaderFault};

/// A file of frames, all of them valid.
pub(crate) struct Good {
    pub(crate) name: &'static str,
    pub(crate) messages: Vec<Message>,
}

/// A file with one valid frame and then something that is not.
pub(crate) struct Bad {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) error: FrameError,
}

pub(crate) fn good() -> Vec<Good> {
    let all_types = [
        ("true", HeaderValue::Bool(true)),
        ("false", HeaderValue::Bool(false)),
        ("byte", HeaderValue::Byte(-128)),
        ("int16", HeaderValue::Int16(-2)),
        ("int32", HeaderValue::Int32(i32::MIN)),
        ("int64", HeaderValue::Int64(i64::MAX)),
        ("byte array", HeaderValue::ByteArray(vec![0, 255, 128].into())),
        ("string", HeaderValue::String("text".into())),
        ("timestamp", HeaderValue::Timestamp(DateTime::from_millis(-62_135_596_800_001))),
        ("uuid", HeaderValue::Uuid(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff)),
        ("", HeaderValue::String("".into())),
        ("größe 🜨", HeaderValue::String("naïve ☕".into())),
    ];
    vec![
        Good { name: "text", messages: text_stream() },
        Good { name: "tool_use", messages: tool_use_stream() },
        Good {
            name: "all_header_types",
            messages: vec![message(all_types.into_iter().map(|(name, value)| Header::new(name, value)), "payload")],
        },
        Good {
            name: "empty",
            messages: vec![
                message([], ""),
                event("messageStop", ""),
                message([], "no headers"),
                message([Header::new("only", HeaderValue::Bool(false))], ""),
            ],
        },
        Good {
            name: "exception",
            messages: vec![
                event("messageStart", r#"{"p":"abcdef","role":"assistant"}"#),
                typed(
                    "exception",
                    ":exception-type",
                    "throttlingException",
                    r#"{"message":"Too many tokens, please wait"}"#,
                ),
            ],
        },
        Good {
            name: "error",
            messages: vec![
                event("messageStart", r#"{"p":"abcdefghi","role":"assistant"}"#),
                message(
                    [
                        string(":error-code", "InternalError"),
                        string(":error-message", "An internal server error occurred"),
                        string(":message-type", "error"),
                    ],
                    "",
                ),
            ],
        },
    ]
}

pub(crate) fn bad() -> Vec<Bad> {
    use HeaderFault::{Duplicate, NotUtf8, Truncated, UnknownType};

    let first = encode(&[event("messageStart", r#"{"p":"abc","role":"assistant"}"#)]);
    let offset = first.len() as u64;
    let file = |name, rest: Vec<u8>, error| Bad { name, bytes: [&*first, &*rest].concat(), error };
    // Headers with a fault that starts `at` bytes into them, in a frame whose checksums are right.
    let header = |name, headers: &[u8], at, fault| {
        file(name, frame(headers, b"{}"), FrameError::Header { offset: offset + 12 + at, fault })
    };
    let valid = frame(b"", b"{}");
    let mut prelude_checksum = valid.clone();
    prelude_checksum[3] ^= 1;
    let mut message_checksum = valid.clone();
    message_checksum[12] ^= 1;
    let checksum = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());

    vec![
        file(
            "prelude_checksum",
            prelude_checksum.clone(),
            FrameError::PreludeChecksum {
                offset,
                stated: checksum(&valid[8..12]),
                computed: crc32fast::hash(&prelude_checksum[..8]),
            },
        ),
        file(
            "message_checksum",
            message_checksum.clone(),
            FrameError::MessageChecksum {
                offset,
                stated: checksum(&valid[14..]),
                computed: crc32fast::hash(&message_checksum[..14]),
            },
        ),
        file("length_below_minimum", prelude(15, 0), FrameError::Length { offset, total: 15, headers: 0 }),
        file("headers_beyond_frame", prelude(100, 85), FrameError::Length { offset, total: 100, headers: 85 }),
        file(
            "headers_too_long",
            prelude(200_000, 131_073),
            FrameError::HeadersTooLong { offset, length: 131_073, limit: 131_072 },
        ),
        file(
            "payload_too_long",
            prelude(u32::MAX, 0),
            FrameError::PayloadTooLong { offset, length: u32::MAX - 16, limit: 25_165_824 },
        ),
        file("truncated", valid[..13].to_vec(), FrameError::Truncated { offset, length: 13 }),
        header("header_name_truncated", b"\x01a\x00\x05b\x00", 3, Truncated),
        header("header_type_missing", b"\x01a", 0, Truncated),
        header("header_value_truncated", b"\x01a\x04\0\0\0", 0, Truncated),
        header("header_string_length_truncated", b"\x01a\x07\0", 0, Truncated),
        header("header_string_truncated", b"\x01a\x07\0\x05text", 0, Truncated),
        header("header_type_unknown", b"\x01a\x00\x01b\x0a", 3, UnknownType(10)),
        header("header_name_not_utf8", b"\x01a\x00\x02b\xff\x00", 3, NotUtf8),
        header("header_value_not_utf8", b"\x01a\x07\0\x02\xc3(", 0, NotUtf8),
        header("header_duplicate", b"\x01a\x00\x01b\x00\x01a\x07\0\x01b", 6, Duplicate),
        header(
            "header_duplicate_of_many",
            b"\x01a\0\x01b\0\x01c\0\x01d\0\x01e\0\x01f\0\x01g\0\x01h\0\x01i\0\x01b\0",
            27,
            Duplicate,
        ),
    ]
}

/// The frames of a short text answer, in the shape in which Bedrock sends them: three headers, padding under `p`.
fn text_stream() -> Vec<Message> {
    let texts = ["Hello", ", wor", "ld! ", "Gr\u{fc}\u{df}e \u{2615}", " \\\"quoted\\\"\\n", "\\ud83d\\ude00", ""];
    let deltas = texts.iter().zip(1..).map(|(text, padding)| {
        event(
            "contentBlockDelta",
            &format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{text}"}},"p":"{}"}}"#, pad(padding * 8)),
        )
    });
    let usage = r#"{"inputTokens":12,"outputTokens":9,"totalTokens":21}"#;
    [event("messageStart", &format!(r#"{{"p":"{}","role":"assistant"}}"#, pad(19)))]
        .into_iter()
        .chain(deltas)
        .chain([
            event("contentBlockStop", &format!(r#"{{"contentBlockIndex":0,"p":"{}"}}"#, pad(34))),
            event("messageStop", &format!(r#"{{"p":"{}","stopReason":"end_turn"}}"#, pad(2))),
            event("metadata", &format!(r#"{{"metrics":{{"latencyMs":321}},"p":"{}","usage":{usage}}}"#, pad(61))),
        ])
        .collect()
}

/// The frames of an answer that calls a tool; its input comes in pieces that are not JSON by themselves.
fn tool_use_stream() -> Vec<Message> {
    let start = r#""start":{"toolUse":{"name":"get_weather","toolUseId":"tooluse_0123456789abcdefABCDEF"}}"#;
    let delta = |input: &str, padding| {
        event(
            "contentBlockDelta",
            &format!(r#"{{"contentBlockIndex":0,"delta":{{"toolUse":{{"input":"{input}"}}}},"p":"{}"}}"#, pad(padding)),
        )
    };
    vec![
        event("messageStart", &format!(r#"{{"p":"{}","role":"assistant"}}"#, pad(7))),
        event("contentBlockStart", &format!(r#"{{"contentBlockIndex":0,"p":"{}",{start}}}"#, pad(20))),
        delta("", 12),
        delta(r#"{\"city\": \"Z\\u0"#, 45),
        delta(r#"0fcrich\"}"#, 29),
        event("contentBlockStop", &format!(r#"{{"contentBlockIndex":0,"p":"{}"}}"#, pad(5))),
        event("messageStop", &format!(r#"{{"p":"{}","stopReason":"tool_use"}}"#, pad(33))),
    ]
}

pub(crate) fn pad(length: usize) -> &'static str {
    &"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[..length]
}

pub(crate) fn event(event_type: &str, payload: &str) -> Message {
    typed("event", ":event-type", event_type, payload)
}

fn typed(message_type: &str, name: &'static str, value: &str, payload: &str) -> Message {
    let json = string(":content-type", "application/json");
    message([string(name, value), json, string(":message-type", message_type)], payload)
}

fn string(name: &'static str, value: &str) -> Header {
    Header::new(name, HeaderValue::String(value.to_owned().into()))
}

fn message(headers: impl IntoIterator<Item = Header>, payload: &str) -> Message {
    headers.into_iter().fold(Message::new(payload.to_owned()), Message::add_header)
}

pub(crate) fn encode(messages: &[Message]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        write_message_to(message, &mut bytes).unwrap();
    }
    bytes
}

/// A frame with right checksums around any headers.
pub(crate) fn frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = prelude((16 + headers.len() + payload.len()) as u32, headers.len() as u32);
    bytes.extend_from_slice(headers);
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes
}

/// A prelude with a right checksum around any lengths.
pub(crate) fn prelude(total: u32, headers: u32) -> Vec<u8> {
    let mut bytes = [total.to_be_bytes(), headers.to_be_bytes()].concat();
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes
}

pub(crate) fn read(folder: &str, name: &str) -> Vec<u8> {
    let path = path(folder, name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn path(folder: &str, name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fixtures/eventstream", folder, &format!("{name}.bin")].iter().collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the switch is for whoever runs the tests, not for the crate")]
fn files_are_what_is_described_here() {
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let files = good().into_iter().map(|good| ("good", good.name, encode(&good.messages)));
    let files: Vec<_> = files.chain(bad().into_iter().map(|bad| ("bad", bad.name, bad.bytes))).collect();
    for (folder, name, bytes) in &files {
        let path = path(folder, name);
        if update {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
        }
        assert!(read(folder, name) == *bytes, "{} differs from its description", path.display());
    }
    let count = |folder| path(folder, "x").parent().unwrap().read_dir().unwrap().count();
    assert_eq!(count("good") + count("bad"), files.len(), "a file without a description");
}
