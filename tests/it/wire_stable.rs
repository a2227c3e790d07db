//! The same request is the same bytes in every process, as prompt caching needs it.

use std::collections::{HashMap, HashSet};

use bedrock_converse::wire::{
    CachePointBlock, CachePointType, ContentBlock, ConverseRequest, Entries, InferenceConfiguration, Message,
    SystemContentBlock, Tool, ToolResultBlock, ToolUseBlock,
};
use serde_json::{Value, json};

fn request() -> ConverseRequest {
    let schema =
        json!({"type": "object", "properties": {"zebra": {}, "ant": {}, "mouse": {}}, "required": ["zebra", "ant"]});
    let mut request = ConverseRequest::new("m")
        .system("s")
        .system(SystemContentBlock::CachePoint(CachePointBlock::new(CachePointType::Default)))
        .message(Message::user("q").with(ContentBlock::image("png", &b"\x89PNG"[..])))
        .message(Message::assistant(ToolUseBlock::new("1", "f", json!({"z": 1, "a": {"y": 2, "b": 3}}))))
        .user(ToolResultBlock::json("1", json!({"k": 1, "b": 2})))
        .inference(InferenceConfiguration { max_tokens: Some(5), temperature: Some(0.7), ..Default::default() })
        .tool(Tool::new("f", schema));
    request.request_metadata = Some(Entries::from([("team", "x".to_owned()), ("env", "y".to_owned())]));
    request.additional_model_request_fields =
        Some(Value::from_iter((0..20).map(|n| (format!("key {}", n * 7 % 20), n))));
    request.extra("later", json!({"z": 1, "a": 2})).extra("earlier", 1)
}

#[test]
#[ignore = "runs in processes of its own, started by `the_same_bytes_in_a_thousand_processes`"]
fn prints_the_request() {
    println!("body {}", String::from_utf8(request().to_json().unwrap()).unwrap());
    let seeded: HashMap<u32, ()> = (0..20).map(|n| (n, ())).collect();
    println!("seed {:?}", seeded.keys().collect::<Vec<_>>());
}

#[test]
fn the_same_bytes_in_a_thousand_processes() {
    let expected = String::from_utf8(request().to_json().unwrap()).unwrap();
    let run = || {
        let line = |output: &str, name| output.split_once(name).unwrap().1.lines().next().unwrap().to_owned();
        (0..250)
            .map(|_| again("wire_stable::prints_the_request"))
            .map(|out| (line(&out, "body "), line(&out, "seed ")))
            .collect()
    };
    let outputs: Vec<Vec<(String, String)>> =
        std::thread::scope(|scope| [(); 4].map(|()| scope.spawn(run)).map(|thread| thread.join().unwrap()).into());
    let (requests, seeds): (HashSet<_>, HashSet<_>) = outputs.concat().into_iter().unzip();
    assert_eq!(requests, HashSet::from([expected]));
    assert!(seeds.len() > 100, "the processes are not independent: a hash map has the same order in all of them");
}

/// Runs one ignored test of this binary in a process of its own and returns what it prints.
pub(crate) fn again(test: &str) -> String {
    let exe = std::env::current_exe().unwrap();
    let output = std::process::Command::new(exe).args(["--exact", test, "--ignored", "--nocapture"]).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    stdout
}
