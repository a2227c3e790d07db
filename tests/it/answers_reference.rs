//! Random answers and streams against pydantic-ai itself. Runs where `REFERENCE_PYTHON` names a Python that has it;
//! `REFERENCE_COUNT` says how many are drawn.

use std::collections::VecDeque;
use std::process::{Command, Stdio};

use bedrock_converse::convert::Target;
use bedrock_converse::stream::StreamParts;
use bedrock_converse::wire::{ConverseResponse, ConverseStreamOutput};
use serde_json::Value;

use crate::reference::{count, variable};
use crate::responses::{MODEL, with_target, without_nulls};

#[test]
fn answers_become_what_the_reference_makes_of_them() {
    let Some(python) = variable("REFERENCE_PYTHON") else {
        println!("SKIPPED: REFERENCE_PYTHON does not name a Python with pydantic-ai");
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/responses.py");
    let output =
        Command::new(python).args([script, &count().to_string(), "1"]).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success());
    let (mut answers, mut told) = (0, 0);
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        if case["answer"].is_object() {
            let answer = ConverseResponse::from_json(case["answer"].to_string().as_bytes()).unwrap();
            let response = with_target(MODEL, |target, origin| target.model_response(answer, origin));
            assert_eq!(timeless(serde_json::to_value(response).unwrap()), timeless(case["response"].clone()), "{line}");
            answers += 1;
        } else {
            let (events, response) = streamed(&case);
            let expected = case["told"].as_array().unwrap();
            for (event, expected) in events.iter().zip(expected) {
                assert_eq!(timeless(event.clone()), timeless(expected.clone()), "{line}");
            }
            assert_eq!(events.len(), expected.len(), "{line}");
            assert_eq!(timeless(response), timeless(case["response"].clone()), "{line}");
            told += events.len();
        }
    }
    println!("{answers} answers and as many streams, {told} events");
    assert!(answers == count() && told > answers);
}

fn streamed(case: &Value) -> (Vec<Value>, Value) {
    let parameters = serde_json::from_value(case["parameters"].clone()).unwrap();
    let mut stream = with_target(MODEL, |target, origin| {
        let mut profile = target.profile.clone();
        profile.ignore_streamed_leading_whitespace = case["ignore"] == true;
        StreamParts::new(Target { profile: &profile, ..target }, origin, &parameters)
    });
    let mut told = VecDeque::new();
    for event in case["events"].as_array().unwrap() {
        let event = event.to_string();
        let event: ConverseStreamOutput<'_> = serde_json::from_str(&event).unwrap();
        stream.handle(&event, &mut told).unwrap();
    }
    stream.finish(&mut told).unwrap();
    let events = told.iter().map(|event| serde_json::to_value(event).unwrap()).collect();
    (events, serde_json::to_value(stream.response()).unwrap())
}

/// Without times, which the reference reads off the clock, and without members that are `null`.
fn timeless(value: Value) -> Value {
    match without_nulls(value) {
        Value::Array(items) => items.into_iter().map(timeless).collect(),
        Value::Object(mut members) => {
            members.remove("timestamp");
            members.into_iter().map(|(name, value)| (name, timeless(value))).collect::<serde_json::Map<_, _>>().into()
        }
        other => other,
    }
}
