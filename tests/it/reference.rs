//! Random histories against pydantic-ai itself, both ways. Runs where `REFERENCE_PYTHON` names a Python that has it;
//! `REFERENCE_COUNT` says how many are drawn.

use std::env;
use std::fs::File;
use std::process::{Command, Stdio};

use bedrock_converse::messages::*;
use bedrock_converse::settings::ToolChoice;
use bedrock_converse::tools::{ModelRequestParameters, ResolvedToolChoice, resolve_tool_choice};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::draw::Draw;

#[expect(clippy::disallowed_methods, reason = "says where the reference is")]
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// Runs the script; its lines are JSON.
fn reference(arguments: &[&str], input: Stdio) -> Option<Vec<Value>> {
    let Some(python) = variable("REFERENCE_PYTHON") else {
        println!("SKIPPED: REFERENCE_PYTHON does not name a Python with pydantic-ai");
        return None;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/messages.py");
    let output = Command::new(python).arg(script).args(arguments).stdin(input).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// What the reference writes after loading these histories.
fn through_reference(histories: &[Value]) -> Option<Vec<Value>> {
    let path = env::temp_dir().join(format!("histories-{}-{}.jsonl", std::process::id(), histories.len()));
    let lines: Vec<String> = histories.iter().map(Value::to_string).collect();
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    let written = reference(&["load"], File::open(&path).unwrap().into());
    std::fs::remove_file(&path).unwrap();
    written
}

pub(crate) fn count() -> usize {
    variable("REFERENCE_COUNT").map_or(2000, |count| count.parse().unwrap())
}

fn load<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_str(&value.to_string()).unwrap_or_else(|e| panic!("{e}: {value}"))
}

fn dump(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn what_the_reference_draws_is_understood() {
    let Some(lines) = reference(&["draw", &count().to_string(), "1"], Stdio::null()) else { return };
    let mut written = Vec::new();
    let mut facts = 0;
    for line in &lines {
        if line["history"].is_array() {
            let history: Vec<ModelMessage> = load(&line["history"]);
            assert_eq!(dump(&history), line["history"]);
            written.push(dump(&history));
            facts += check_facts(&history, line);
        } else if line["delta"].is_object() {
            check_delta(line);
        } else {
            check_tool_choice(line);
        }
    }
    assert_eq!(through_reference(&written).unwrap(), written);
    println!("{} lines, {} histories, {facts} parts", lines.len(), written.len());
    assert!(facts > count() / 2);
}

#[test]
fn what_is_written_here_loads_in_the_reference() {
    let histories: Vec<Value> = (0..count() as u64).map(|seed| dump(&Draw::new(seed).history())).collect();
    let Some(written) = through_reference(&histories) else { return };
    assert_eq!(histories.len(), written.len());
    for (ours, theirs) in histories.iter().zip(&written) {
        assert_eq!(ours, theirs);
    }
}

/// Compares what the parts say about themselves; gives how many had something to say.
fn check_facts(history: &[ModelMessage], line: &Value) -> usize {
    let mut compared = 0;
    let mut responses = line["text"].as_array().unwrap().iter();
    for (message, facts) in history.iter().zip(line["facts"].as_array().unwrap()) {
        let ours: Vec<Value> = match message {
            ModelMessage::Request(request) => request.parts.iter().map(request_fact).collect(),
            ModelMessage::Response(response) => {
                assert_eq!(dump(&response.text()), *responses.next().unwrap());
                response.parts.iter().map(response_fact).collect()
            }
        };
        compared += ours.iter().filter(|fact| !fact.is_null()).count();
        assert_eq!(Value::Array(ours), *facts, "{message:?}");
    }
    compared
}

fn request_fact(part: &ModelRequestPart) -> Value {
    match part {
        ModelRequestPart::RetryPrompt(part) => json!({ "text": part.model_response() }),
        ModelRequestPart::ToolReturn(part) => {
            let items = |mode, wrap| -> Vec<Value> {
                let items = part.content_items(mode, wrap).into_iter();
                let json = |item| match item {
                    ContentItem::Media(media) => json!({ "file": MultiModalContent::identifier(media) }),
                    ContentItem::Json(value) => json!({ "value": value }),
                };
                items.map(json).collect()
            };
            let files = part.files().map(|file| json!([file.identifier(), file.format().ok()]));
            json!({
                "str": [part.model_response_str(true), part.model_response_str(false)],
                "object": [part.model_response_object(true), part.model_response_object(false)],
                "items": [
                    items(ContentMode::Text, true), items(ContentMode::Text, false),
                    items(ContentMode::Json, true), items(ContentMode::Json, false),
                ],
                "files": files.collect::<Vec<_>>(),
            })
        }
        _ => Value::Null,
    }
}

fn response_fact(part: &ModelResponsePart) -> Value {
    match part {
        ModelResponsePart::ToolCall(call) | ModelResponsePart::NativeToolCall(call) => {
            json!({ "args": call.args_as_dict().ok(), "text": call.args_as_json_str().ok() })
        }
        _ => Value::Null,
    }
}

fn check_delta(line: &Value) {
    let delta: ModelResponsePartDelta = load(&line["delta"]);
    let mut part: ModelResponsePart = load(&line["part"]);
    assert_eq!(dump(&delta), line["delta"]);
    let before = part.clone();
    match delta.apply(&mut part) {
        Ok(()) => assert_eq!(dump(&part), line["applied"], "{line}"),
        Err(error) => {
            assert!(line["applied"].is_null(), "{error}: {line}");
            assert_eq!(part, before, "a refused delta changed the part");
        }
    }
}

fn check_tool_choice(line: &Value) {
    let parameters: ModelRequestParameters = load(&line["parameters"]);
    let choice: Option<ToolChoice> = load(&line["tool_choice"]);
    assert_eq!(dump(&parameters), line["parameters"]);
    assert_eq!(dump(&choice), line["tool_choice"]);
    let declared: Vec<&str> = parameters.declared_tool_defs().iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(json!(declared), line["declared"], "{line}");
    let resolved = match resolve_tool_choice(choice.as_ref(), &parameters) {
        Ok(ResolvedToolChoice::None) => json!("none"),
        Ok(ResolvedToolChoice::Auto) => json!("auto"),
        Ok(ResolvedToolChoice::Required) => json!("required"),
        Ok(ResolvedToolChoice::AutoOf(names)) => json!(["auto", names]),
        Ok(ResolvedToolChoice::RequiredOf(names)) => json!(["required", names]),
        Err(_) => Value::Null,
    };
    assert_eq!(resolved, line["resolved"], "{line}");
}
