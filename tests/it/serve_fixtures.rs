//! The fixtures of Converse: written here, encoded by `aws-smithy-eventstream`, answered by the server.

use std::path::{Path, PathBuf};
use std::{env, fs};

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bedrock_converse::Environment;
use bedrock_converse::serve::Server;
use serde_json::{Value, json};

use crate::serve::{CLAUDE, NOVA, Request, says};

struct Case {
    name: &'static str,
    about: &'static str,
    path: String,
    request: Value,
    answer: Answer,
}

enum Answer {
    Whole(Value),
    Events(Vec<(&'static str, Value)>),
}

fn cases() -> Vec<Case> {
    let capital = says("What is the capital of France?");
    let haiku = says("Write a haiku about rain.");
    let mut primes = says("How many primes are below 20?");
    primes["additionalModelRequestFields"] = json!({ "thinking": { "type": "enabled", "budget_tokens": 1024 } });
    let mut weather = says("What is the weather in Paris?");
    let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    weather["toolConfig"] = json!({
        "tools": [{ "toolSpec": { "name": "get_weather", "description": "Weather in a city", "inputSchema": { "json": schema } } }],
        "toolChoice": { "auto": {} },
    });
    let usage = |input: u64, output: u64| {
        let usage = json!({ "inputTokens": input, "outputTokens": output, "totalTokens": input + output });
        json!({ "usage": usage, "metrics": { "latencyMs": 420 } })
    };
    let whole = |content: Value, stop_reason: &str, rest: Value| {
        let mut answer =
            json!({ "output": { "message": { "role": "assistant", "content": content } }, "stopReason": stop_reason });
        answer.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        Answer::Whole(answer)
    };
    let delta = |index: u64, delta: Value| ("contentBlockDelta", json!({ "contentBlockIndex": index, "delta": delta }));
    let text = |index: u64, text: &str| delta(index, json!({ "text": text }));
    let thinking = |member: &str, text: &str| delta(0, json!({ "reasoningContent": { member: text } }));
    let input = |text: &str| delta(1, json!({ "toolUse": { "input": text } }));
    let stop = |index: u64| ("contentBlockStop", json!({ "contentBlockIndex": index }));
    let stream = |blocks: Vec<(&'static str, Value)>, stop_reason: &str, metadata: Value| {
        let mut events = vec![("messageStart", json!({ "role": "assistant" }))];
        events.extend(blocks);
        events.extend([("messageStop", json!({ "stopReason": stop_reason })), ("metadata", metadata)]);
        Answer::Events(events)
    };
    let looking = "I'll look it up.";
    let tool = json!({ "toolUseId": "tooluse_kZJMlvQmRJ6eAyJE5GIl7Q", "name": "get_weather" });
    let mut whole_tool = tool.clone();
    whole_tool["input"] = json!({ "city": "Paris" });
    let case = |name, about, path: String, request: &Value, answer| Case {
        name,
        about,
        path,
        request: request.clone(),
        answer,
    };
    vec![
        case(
            "amazon/text",
            "A plain text answer of Nova.",
            format!("{NOVA}/converse"),
            &capital,
            whole(json!([{ "text": "The capital of France is Paris." }]), "end_turn", usage(7, 8)),
        ),
        case(
            "amazon/text-stream",
            "The same answer, streamed.",
            format!("{NOVA}/converse-stream"),
            &capital,
            stream(
                vec![text(0, "The capital"), text(0, " of France is"), text(0, " Paris."), stop(0)],
                "end_turn",
                usage(7, 8),
            ),
        ),
        case(
            "anthropic/text-stream",
            "Lines and characters beyond ASCII, streamed.",
            format!("{CLAUDE}/converse-stream"),
            &haiku,
            stream(
                vec![
                    text(0, "Rain on a tin roof –"),
                    text(0, "\na thousand small"),
                    text(0, " drummers play\n"),
                    text(0, "until 雨 stops."),
                    stop(0),
                ],
                "end_turn",
                usage(13, 27),
            ),
        ),
        case(
            "anthropic/thinking-stream",
            "Reasoning with its signature, then text.",
            format!("{CLAUDE}/converse-stream"),
            &primes,
            stream(
                vec![
                    thinking("text", "2, 3, 5, 7, 11,"),
                    thinking("text", " 13, 17, 19: eight."),
                    thinking("signature", "RXhhbXBsZSBzaWduYXR1cmUsIG5vdCBvbmUgb2YgdGhlIHNlcnZpY2Uu"),
                    stop(0),
                    text(1, "There are"),
                    text(1, " **eight**."),
                    stop(1),
                ],
                "end_turn",
                usage(44, 61),
            ),
        ),
        case(
            "anthropic/tool-use",
            "Text and a tool call.",
            format!("{CLAUDE}/converse"),
            &weather,
            whole(json!([{ "text": looking }, { "toolUse": whole_tool }]), "tool_use", usage(397, 58)),
        ),
        case(
            "anthropic/tool-use-stream",
            "The same, streamed; the arguments come in pieces, of which the first is empty.",
            format!("{CLAUDE}/converse-stream"),
            &weather,
            stream(
                vec![
                    text(0, "I'll look"),
                    text(0, " it up."),
                    stop(0),
                    ("contentBlockStart", json!({ "contentBlockIndex": 1, "start": { "toolUse": tool } })),
                    input(""),
                    input("{\"city\": \"Pa"),
                    input("ris\"}"),
                    stop(1),
                ],
                "tool_use",
                usage(397, 58),
            ),
        ),
    ]
}

fn encode(events: &[(&str, Value)]) -> (Vec<u8>, Vec<usize>) {
    let (mut bytes, mut chunks) = (Vec::new(), Vec::new());
    for (k, (name, payload)) in events.iter().enumerate() {
        let mut payload = payload.clone();
        let alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        payload["p"] = alphabet[..2 + k * 17 % 60].into();
        let header = |name: &'static str, value: &str| Header::new(name, HeaderValue::String(value.to_owned().into()));
        let message = Message::new(payload.to_string())
            .add_header(header(":event-type", name))
            .add_header(header(":content-type", "application/json"))
            .add_header(header(":message-type", "event"));
        let start = bytes.len();
        write_message_to(&message, &mut bytes).unwrap();
        chunks.push(bytes.len() - start);
    }
    (bytes, chunks)
}

/// The files of a case.
fn files(k: usize, case: &Case) -> Vec<(&'static str, Vec<u8>)> {
    let pretty = |value: &Value| (serde_json::to_string_pretty(value).unwrap() + "\n").into_bytes();
    let id = format!("00000000-0000-4000-8000-f1{k:010}");
    let mut headers = json!({ "content-type": "application/json", "x-amzn-requestid": id });
    let (body, chunks) = match &case.answer {
        Answer::Whole(answer) => (("response.json", pretty(answer)), None),
        Answer::Events(events) => {
            headers["content-type"] = "application/vnd.amazon.eventstream".into();
            let (bytes, chunks) = encode(events);
            (("stream.bin", bytes), Some(chunks))
        }
    };
    let mut response = json!({ "status": 200, "headers": headers });
    if let Some(chunks) = chunks {
        response["chunks"] = chunks.into();
    }
    let request = json!({ "method": "POST", "path": case.path });
    let meta = json!({ "about": case.about, "request": request, "response": response });
    vec![("meta.json", pretty(&meta)), ("request.json", pretty(&case.request)), body]
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/converse")
}

/// The files are what is written above. With `UPDATE_FIXTURES` set they are written anew.
#[test]
fn the_files_are_up_to_date() {
    for (k, case) in cases().iter().enumerate() {
        for (name, bytes) in files(k, case) {
            let path = folder().join(case.name).join(name);
            if Environment::process().var("UPDATE_FIXTURES").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &bytes).unwrap();
            }
            let found = fs::read(&path).unwrap_or_default();
            assert!(
                found == bytes,
                "{} is not what its case says: remake it as fixtures/README.md says",
                path.display()
            );
        }
    }
}

#[tokio::test]
async fn a_recorded_request_gets_the_recorded_answer() {
    // One server has them built in, the other reads the folder.
    for server in
        [Server::builder(), Server::builder().fixtures(folder()).unwrap()].map(|builder| builder.start().unwrap())
    {
        for (k, case) in cases().iter().enumerate() {
            // What is empty counts as absent.
            let mut request = case.request.clone();
            request["system"] = json!([]);
            request["inferenceConfig"] = json!({});
            let answer = Request::new(&case.path, &request).signed(&server).send(&server).await;
            let id = format!("00000000-0000-4000-8000-f1{k:010}");
            assert_eq!((answer.status, answer.header("x-amzn-requestid")), (200, Some(&*id)), "{}", case.name);
            match &case.answer {
                Answer::Whole(whole) => assert_eq!(answer.json(), *whole),
                Answer::Events(events) => {
                    assert_eq!(answer.body, encode(events).0);
                    let (got, _) = answer.events();
                    assert!(
                        got.iter()
                            .map(|(name, payload)| (name.as_str(), payload))
                            .eq(events.iter().map(|(name, payload)| (*name, payload)))
                    );
                }
            }
            request["messages"][0]["content"][0]["text"] = "Something else".into();
            let answer = Request::new(&case.path, &request).signed(&server).send(&server).await;
            assert_ne!(answer.header("x-amzn-requestid"), Some(&*id));
        }
    }
}

#[tokio::test]
async fn faults_find_their_place_in_a_recorded_stream() {
    let server = Server::start().unwrap();
    let case = &cases()[1];
    let request = Request::new(&case.path, &case.request).header("x-converse-fault", "exception at=messageStop");
    let (events, _) = request.signed(&server).send(&server).await.events();
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[4..], ["contentBlockStop", "internalServerException"]);
}

#[test]
fn what_is_no_fixture_is_named() {
    let folder = env::temp_dir().join(format!("bedrock-converse-fixture-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let error = |files: &[(&str, &str)]| {
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
        Server::builder().fixtures(&folder).unwrap_err().to_string()
    };
    assert!(error(&[("meta.json", "{")]).contains("request.json"));
    assert!(error(&[("request.json", "{}"), ("response.txt", "x")]).contains("meta.json"));
    assert!(error(&[("meta.json", r#"{"request": {"method": "POST"}}"#)]).contains("request.path"));
    fs::remove_dir_all(&folder).unwrap();
    assert!(Server::builder().fixtures(&folder).unwrap_err().to_string().contains("cannot be read"));
}
