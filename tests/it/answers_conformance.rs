//! Recorded answers of a conformance suite that lies beside the project, from bytes to parts and events; without it the
//! test says so and passes.

use std::collections::VecDeque;
use std::path::Path;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bedrock_converse::convert::{Origin, Target};
use bedrock_converse::eventstream::Decoder;
use bedrock_converse::messages::{ModelResponse, ModelResponseStreamEvent, Timestamp};
use bedrock_converse::profile::ModelProfile;
use bedrock_converse::stream::StreamParts;
use bedrock_converse::wire::{ConverseResponse, ConverseStreamOutput};
use bedrock_converse::{Error, Result};
use bytes::Bytes;
use serde_json::{Map, Value};

#[test]
fn recorded_answers() {
    let cases = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance/cases"));
    if !cases.exists() {
        println!("SKIPPED: there is no {}", cases.display());
        return;
    }
    let (mut answers, mut streams, mut failures) = (0, 0, 0);
    let mut wrong = Vec::new();
    for file in cases.read_dir().unwrap().map(|file| file.unwrap().path()) {
        let case: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let (answer, expect) = (case["server"].as_array().and_then(|answers| answers.last()), &case["expect"]);
        let Some(answer) = answer.filter(|answer| answer["status"] == 200) else { continue };
        let mut check = |what: &str, expected: &Value, got: Value| {
            let (expected, got) = (norm(expected), norm(&got));
            if !same(&expected, &got) {
                wrong.push(format!("{}: {what}\nexpected {expected}\n     got {got}", file.display()));
            }
        };
        match case["op"].as_str() {
            Some("converse") => {
                check("response", &expect["response"], to_value(&whole(&case["input"], answer)));
                answers += 1;
            }
            Some("converse-stream") => {
                let (events, end) = streamed(&case["input"], answer);
                check("events", &expect["events"], to_value(&events));
                match end {
                    Ok(response) => check("response", &expect["response"], to_value(&response)),
                    Err(error) => {
                        assert!(error.in_stream(), "{}: {error}", file.display());
                        let text = error.partial().map(|partial| partial.text().unwrap_or_default());
                        let deltas: Option<String> = Some(events.iter().map(text_of).collect());
                        assert_eq!(text, deltas, "{}: the partial message", file.display());
                        check("error", &expect["error"]["kind"], "stream".into());
                        failures += 1;
                    }
                }
                streams += 1;
            }
            _ => {}
        }
    }
    println!("{answers} answers, {streams} streams, {failures} of which fail");
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
    assert!(
        answers > 100 && streams > 30 && failures > 10,
        "{answers} answers, {streams} streams, {failures} failures"
    );
}

/// What the program does with an answer of `Converse`.
fn whole(input: &Value, answer: &Value) -> ModelResponse {
    let body = serde_json::to_vec(&answer["body"]).unwrap();
    let (model, profile) = model(input);
    let target = Target { model_name: &model, provider_name: "bedrock", profile: &profile };
    target.model_response(ConverseResponse::from_json(&body).unwrap(), origin(answer))
}

/// What the program does with an answer of `ConverseStream`: what is told, and how it ends.
fn streamed(input: &Value, answer: &Value) -> (Vec<ModelResponseStreamEvent>, Result<ModelResponse>) {
    let (model, profile) = model(input);
    let target = Target { model_name: &model, provider_name: "bedrock", profile: &profile };
    let settings = serde_json::from_value(input["settings"].clone()).unwrap_or_default();
    let parameters = serde_json::from_value(input["parameters"].clone()).unwrap();
    let prepared = target.prepare_request(settings, parameters).unwrap();
    let mut stream = StreamParts::new(target, origin(answer), &prepared.parameters);
    let mut told = VecDeque::new();
    let end = feed(&mut stream, answer, &mut told).map_err(|error| error.with_partial(stream.response()));
    (told.into(), end.map(|()| stream.response()))
}

fn feed(stream: &mut StreamParts, answer: &Value, told: &mut VecDeque<ModelResponseStreamEvent>) -> Result<()> {
    let mut body = match answer["body_b64"].as_str() {
        Some(body) => BASE64_STANDARD.decode(body).unwrap(),
        None => answer["frames"].as_array().unwrap().iter().flat_map(frame).collect(),
    };
    if let Some(length) = answer["drop_after"].as_u64() {
        body.truncate(length as usize);
    }
    let mut decoder = Decoder::new();
    for chunk in body.chunks(answer["chunk"].as_u64().unwrap_or(4096) as usize) {
        decoder.push(Bytes::copy_from_slice(chunk));
        while let Some(frame) = decoder.next_frame().map_err(Error::from)? {
            stream.handle(&ConverseStreamOutput::from_frame(frame)?, told)?;
        }
    }
    decoder.finish().map_err(Error::from)?;
    stream.finish(told)
}

fn frame(frame: &Value) -> Vec<u8> {
    let payload = match &frame["payload"] {
        Value::Null => Bytes::new(),
        payload => payload.to_string().into(),
    };
    let mut headers = frame["headers"].as_object().unwrap().clone();
    headers.entry(":message-type").or_insert("event".into());
    let message = headers.into_iter().fold(Message::new(payload), |message, (name, value)| {
        message.add_header(Header::new(name, HeaderValue::String(value.as_str().unwrap().to_owned().into())))
    });
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes
}

fn model(input: &Value) -> (String, ModelProfile) {
    let model = input["model"].as_str().unwrap();
    let mut profile = ModelProfile::for_model(model);
    if let Some(overrides) = input["profile"].as_object() {
        profile.merge(overrides).unwrap();
    }
    (model.to_owned(), profile)
}

fn origin(answer: &Value) -> Origin {
    let id = answer["headers"].as_object().and_then(|headers| headers.get("x-amzn-requestid")).and_then(Value::as_str);
    Origin {
        provider_url: "http://127.0.0.1".into(),
        provider_response_id: id.map(str::to_owned),
        timestamp: Timestamp::from_unix(0, 0),
    }
}

fn text_of(event: &ModelResponseStreamEvent) -> &str {
    use bedrock_converse::messages::{ModelResponsePart, ModelResponsePartDelta};
    match event {
        ModelResponseStreamEvent::PartStart(start) => match &start.part {
            ModelResponsePart::Text(part) => &part.content,
            _ => "",
        },
        ModelResponseStreamEvent::PartDelta(event) => match &event.delta {
            ModelResponsePartDelta::Text(delta) => &delta.content_delta,
            _ => "",
        },
        _ => "",
    }
}

fn to_value(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// Without what differs from run to run, and without members that hold nothing; of a usage only its four main figures.
fn norm(value: &Value) -> Value {
    let is_empty = |value: &Value| *value == Value::Object(Map::new()) || *value == Value::Array(vec![]);
    match value {
        Value::Array(items) => items.iter().map(norm).collect(),
        Value::Object(members) => {
            let mut kept = Map::new();
            for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                let value = match name.as_str() {
                    "timestamp" | "provider_url" | "run_id" | "conversation_id" => continue,
                    "usage" => usage(value),
                    "args" | "content" => value.clone(),
                    "provider_details" | "metadata" | "vendor_metadata" if is_empty(value) => continue,
                    "provider_details" | "metadata" | "vendor_metadata" => value.clone(),
                    "parts" => norm(value),
                    _ if is_empty(&norm(value)) => continue,
                    _ => norm(value),
                };
                kept.insert(name.clone(), value);
            }
            kept.into()
        }
        other => other.clone(),
    }
}

fn usage(usage: &Value) -> Value {
    ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"]
        .map(|name| Value::from(usage[name].as_u64().unwrap_or_default()))
        .into_iter()
        .collect()
}

/// Equal, where a whole number is equal to itself with a fraction of zero.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
