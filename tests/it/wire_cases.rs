//! All that the conformance cases send and answer goes through the wire types unchanged.

use std::fs;

use bedrock_converse::wire::{ConverseResponse, ConverseStreamOutput, CountTokensResponse};
use serde_json::{Value, json};

use crate::wire_model::known;
use crate::wire_open::same;

fn cases() -> Option<Vec<Value>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance/cases");
    let Ok(entries) = fs::read_dir(folder) else {
        println!("SKIPPED: no cases at {folder}");
        return None;
    };
    Some(entries.map(|entry| serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap()).collect())
}

/// The list at `name`, empty where there is none.
fn list<'a>(json: &'a Value, name: &str) -> &'a [Value] {
    json[name].as_array().map_or(&[], Vec::as_slice)
}

fn check(case: &Value, shape: &str, json: &Value) {
    let again = (known(shape).unwrap().round)(&json.to_string()).unwrap_or_else(|e| panic!("{}: {e}", case["name"]));
    assert!(same(&serde_json::from_str(&again).unwrap(), json), "{}: {json} became {again}", case["name"]);
}

#[test]
fn every_answer_comes_back_unchanged() {
    let Some(cases) = cases() else { return };
    let (mut answers, mut events) = (0, 0);
    for case in &cases {
        for answer in list(case, "server").iter().filter(|answer| answer["status"].as_u64().is_none_or(|s| s < 300)) {
            if answer["body"].is_object() {
                // What is no answer has to be refused for what it is.
                let bytes = answer["body"].to_string().into_bytes();
                let (shape, error) = match case["op"].as_str().unwrap() {
                    "count-tokens" => ("CountTokensResponse", CountTokensResponse::from_json(&bytes).err()),
                    _ => ("ConverseResponse", ConverseResponse::from_json(&bytes).err()),
                };
                match error {
                    None => check(case, shape, &answer["body"]),
                    Some(error) => assert!(error.code().is_some(), "{}: {error}", case["name"]),
                }
                answers += 1;
            }
            for frame in list(answer, "frames") {
                let Some(event_type) = frame["headers"][":event-type"].as_str() else { continue };
                let mut payload = frame["payload"].clone();
                let bytes = payload.to_string().into_bytes();
                let event =
                    ConverseStreamOutput::parse(event_type, &bytes).unwrap_or_else(|e| panic!("{}: {e}", case["name"]));
                payload.as_object_mut().unwrap().remove("p");
                assert_eq!(serde_json::to_value(&event).unwrap(), json!({event_type: payload}), "{}", case["name"]);
                events += 1;
            }
        }
    }
    println!("{answers} answers and {events} events in {} cases", cases.len());
    assert!(answers > 0 && events > 0);
}

#[test]
fn every_request_comes_back_unchanged() {
    let Some(cases) = cases() else { return };
    let mut count = 0;
    for case in &cases {
        for request in list(&case["expect"], "requests") {
            let shape = if case["op"] == "count-tokens" { "CountTokensRequest" } else { "ConverseRequest" };
            check(case, shape, &request["body"]);
            count += 1;
        }
    }
    println!("{count} requests");
    assert!(count > 0);
}
