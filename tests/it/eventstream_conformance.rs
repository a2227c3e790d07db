//! The frame decoder on the published vectors and recorded streams of a conformance suite that lies beside the
//! project; without it the test says so and passes.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bedrock_converse::eventstream::{Decoder, Frame, FrameError, HeaderValue};
use serde_json::{Map, Value, json};

use crate::eventstream::decode_at_every_split;

#[test]
fn vectors_and_recorded_streams() {
    let suite = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance/eventstream"));
    if !suite.exists() {
        println!("SKIPPED: there is no {}", suite.display());
        return;
    }
    let mut count = 0;
    for group in ["positive", "negative", "recorded"] {
        for file in suite.join(group).read_dir().unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|extension| extension == "json") {
                let expected: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
                if let Some(policy) = expected.get("policy") {
                    println!("not counted: {}: {policy}", file.display());
                    continue;
                }
                check(&file, &expected, read(file.with_extension("bin")));
                count += 1;
            }
        }
    }
    assert!(count > 20, "only {count} vectors");
}

fn check(file: &Path, expected: &Value, bytes: Vec<u8>) {
    // All splits of a megabyte would take an hour.
    if bytes.len() < 8_000 {
        let (_, end) = decode_at_every_split(&bytes);
        assert_eq!(end.is_err(), expected["expect"] == "error", "{}", file.display());
    }
    let outcome = decode(bytes);
    if expected["expect"] == "error" {
        assert!(outcome.is_err(), "{} passed", file.display());
        return;
    }
    let frames = outcome.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let expected = expected["frames"].as_array().unwrap();
    assert_eq!(frames.len(), expected.len(), "{}", file.display());
    for ((headers, payload), expected) in frames.iter().zip(expected) {
        assert_eq!(Value::from(headers.clone()), expected["headers"], "{}", file.display());
        match expected.get("payload") {
            Some(json) => assert_eq!(serde_json::from_slice::<Value>(payload).unwrap(), *json, "{}", file.display()),
            None => assert_eq!(BASE64_STANDARD.encode(payload), expected["payload_b64"], "{}", file.display()),
        }
    }
}

type Owned = (Map<String, Value>, Vec<u8>);

fn decode(bytes: Vec<u8>) -> Result<Vec<Owned>, FrameError> {
    let mut decoder = Decoder::new();
    decoder.push(bytes.into());
    let mut frames = Vec::new();
    while let Some(frame) = decoder.next_frame()? {
        frames.push(owned(frame));
    }
    decoder.finish().map(|()| frames)
}

fn owned(frame: Frame<'_>) -> Owned {
    let headers = frame.headers().map(|(name, value)| {
        let (kind, value) = match value {
            HeaderValue::Bool(value) => ("boolean", json!(value)),
            HeaderValue::Byte(value) => ("byte", json!(value)),
            HeaderValue::Int16(value) => ("short", json!(value)),
            HeaderValue::Int32(value) => ("integer", json!(value)),
            HeaderValue::Int64(value) => ("long", json!(value)),
            HeaderValue::ByteArray(value) => ("binary", json!(BASE64_STANDARD.encode(value))),
            HeaderValue::String(value) => ("string", json!(value)),
            HeaderValue::Timestamp(value) => ("timestamp", json!(value)),
            HeaderValue::Uuid(value) => ("uuid", json!(hyphenated(value))),
        };
        (name.to_owned(), json!({"type": kind, "value": value}))
    });
    (headers.collect(), frame.payload().to_vec())
}

fn hyphenated(uuid: [u8; 16]) -> String {
    let hex = format!("{:032x}", u128::from_be_bytes(uuid));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn read(file: PathBuf) -> Vec<u8> {
    if file.exists() {
        return std::fs::read(file).unwrap();
    }
    let output = Command::new("gzip").arg("-dc").arg(file.with_extension("bin.gz")).output().unwrap();
    assert!(output.status.success(), "{}: {output:?}", file.display());
    output.stdout
}
