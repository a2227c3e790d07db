//! Malformed JSON: the error says where, is short, and nothing panics.

use bedrock_converse::wire::{ConverseRequest, ConverseResponse, ConverseStreamOutput, CountTokensRequest};
use bedrock_converse::{Error, ErrorKind};

use crate::wire_stable::again;

fn request_error(json: &str) -> Error {
    let error = ConverseRequest::from_json(json.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{json}");
    error
}

#[test]
fn the_error_names_the_path_to_the_member() {
    for (json, expected) in [
        (r#"[]"#, "invalid type: sequence, expected an object (ConverseRequest)"),
        (
            r#"{"messages":[{"role":5,"content":[]}]}"#,
            "`messages[0].role`: invalid type: integer `5`, expected a string",
        ),
        (r#"{"messages":[{"content":[]}]}"#, "`messages[0]`: member `role` is missing"),
        (r#"{"messages":[{"role":"user","content":[{"text":"a"},5]}]}"#, "`messages[0].content[1]`: invalid type"),
        (
            r#"{"messages":[{"role":"user","content":[{"text":{}}]}]}"#,
            "`messages[0].content[0].text`: invalid type: map",
        ),
        (
            r#"{"messages":[{"role":"user","content":[{"image":{"format":"png","source":{"bytes":"A"}}}]}]}"#,
            "`messages[0].content[0].image.source.bytes`: not padded base64",
        ),
        (r#"{"inferenceConfig":{"maxTokens":"5"}}"#, "`inferenceConfig.maxTokens`: invalid type: string \"5\""),
        (r#"{"inferenceConfig":{"maxTokens":1.5}}"#, "`inferenceConfig.maxTokens`: invalid type: floating point"),
        (
            r#"{"inferenceConfig":{"stopSequences":["a",null]}}"#,
            "`inferenceConfig.stopSequences[1]`: invalid type: null",
        ),
        (r#"{"requestMetadata":{"a":"b","c":1}}"#, "`requestMetadata.c`: invalid type"),
        (r#"{"requestMetadata":{"a":"b","a":"c"}}"#, "`requestMetadata.a`: the member is there twice"),
        (r#"{"serviceTier":{"type":"flex","type":"default"}}"#, "`serviceTier.type`: the member is there twice"),
        (r#"{"later":1,"later":2}"#, "`later`: the member is there twice"),
        (r#"{"serviceTier":{"type":null}}"#, "`serviceTier`: member `type` is missing"),
        (r#"{"system":[{"text":"a"#, "`system[0].text`: EOF while parsing a string"),
        (r#"{"system":[{"text":"\ud800"}]}"#, "`system[0].text`: "),
        (r#"{"later":[1,]}"#, "`later`: trailing comma"),
        (r#"{} {}"#, "trailing characters"),
        ("", "EOF while parsing a value"),
    ] {
        let error = request_error(json);
        assert!(error.message().starts_with(expected), "{json}\n  gave {error}");
    }
}

#[test]
fn a_base64_that_is_not_the_standard_one_is_refused() {
    for blob in ["AA", "AA=", "AA===", "AB==", "_-==", " AA==", "AA==\\n", "A\u{e4}=="] {
        let json = format!(r#"{{"input":{{"invokeModel":{{"body":"{blob}"}}}}}}"#);
        let error = serde_json::from_str::<CountTokensRequest>(&json).unwrap_err().to_string();
        assert!(error.starts_with("`input.invokeModel.body`: not padded base64"), "{blob}: {error}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let error =
        ConverseStreamOutput::parse("contentBlockDelta", b"{\"contentBlockIndex\":0,\"delta\":{\"text\":\"\xff\"}}");
    assert!(error.unwrap_err().message().starts_with("`delta.text`: "));
}

#[test]
fn depth_is_limited() {
    for (before, path) in [
        (r#"{"later":"#, "`later`: recursion limit"),
        (r#"{"additionalModelRequestFields":"#, "`additionalModelRequestFields`: recursion limit"),
        (r#"{"messages":[{"role":"user","content":[{"later":"#, "`messages[0].content[0].later`: recursion limit"),
    ] {
        for open in ["[", r#"{"a":"#] {
            let error = request_error(&(before.to_owned() + &open.repeat(10_000)));
            assert!(error.message().starts_with(path), "{error}");
        }
    }
    let deep = format!(r#"{{"contentBlockIndex":0,"p":{}"#, "[".repeat(10_000));
    assert!(ConverseStreamOutput::parse("contentBlockDelta", deep.as_bytes()).is_err());
    assert!(ConverseStreamOutput::parse("later", deep.as_bytes()).is_err());
}

#[test]
fn a_number_that_json_cannot_hold_is_refused() {
    let mut request = ConverseRequest::new("m");
    request.inference_config.get_or_insert_default().temperature = Some(f64::NAN);
    let error = request.to_json().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.message(), "JSON has no number for NaN or infinity");
}

#[test]
fn an_answer_that_is_none_is_told_from_a_broken_one() {
    let body = br#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}"#;
    let error = ConverseResponse::from_json(body).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Protocol, Some("UnknownOperationException")));
    let error = ConverseResponse::from_json(b"<html>").unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Protocol, None));
}

const LARGE: usize = 25_000_000;

/// Large bad inputs, made one at a time.
fn large(n: usize) -> Option<(&'static str, String)> {
    let content = |block: &str| format!(r#"{{"messages":[{{"role":"user","content":[{block}"#);
    let image =
        |bytes: &str| content(&format!(r#"{{"image":{{"format":"png","source":{{"bytes":"{bytes}"}}}}}}]}}]}}"#));
    Some(match n {
        0 => ("`messages[0].content[0].image.source.bytes`: not padded base64", image(&"A".repeat(LARGE + 1))),
        1 => (
            "`messages[0].content`: invalid type: string \"x",
            r#"{"messages":[{"role":"user","content":""#.to_owned() + &"x".repeat(LARGE) + "\"",
        ),
        2 => ("`messages[0].content[0].text`: EOF", content(r#"{"text":""#) + &"x".repeat(LARGE)),
        3 => ("`messages[0].content[0]`: invalid type: integer", content(&"0,".repeat(LARGE / 2))),
        4 => ("`messages[0].content[0].later`: recursion limit", content(r#"{"later":"#) + &"[".repeat(LARGE)),
        5 => ("`messages[0].content[0]`: EOF", content("{") + &" ".repeat(LARGE)),
        6 => ("expected value", "x".repeat(LARGE)),
        _ => return None,
    })
}

/// The most memory that this process has used, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

#[test]
#[ignore = "runs in a process of its own, started by `large_input_takes_bounded_memory`"]
fn reads_large_input() {
    for n in 0.. {
        let Some((expected, json)) = large(n) else { break };
        let error = request_error(&json);
        assert!(error.message().starts_with(expected), "{error}");
        assert!(error.to_string().len() < 500, "the message is as long as its input");
    }
    println!("peak {}", peak());
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "measures by /proc")]
fn large_input_takes_bounded_memory() {
    let output = again("wire_errors::reads_large_input");
    let peak = output.split_once("peak ").unwrap().1.lines().next().unwrap().parse::<usize>().unwrap();
    // The input, a copy of one long text while a message is made of it, and a second one.
    println!("peak {peak}");
    assert!(peak < 6 * LARGE, "{peak}");
}
