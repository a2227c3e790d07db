//! `converse request` and `converse decode`: what programs rely on.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use bedrock_converse::messages::{ModelResponse, ModelResponseStreamEvent};
use bedrock_converse::serve::{EXAMPLE_SECRET_ACCESS_KEY, Fault, Server};
use serde_json::{Value, json};

use crate::cli::{CLAUDE, Run, TOKEN, converse, folder, with_keys};

pub(crate) fn says(text: &str) -> Value {
    let part = json!({ "part_kind": "user-prompt", "content": text });
    json!({ "model": CLAUDE, "messages": [{ "kind": "request", "parts": [part] }], "settings": {}, "parameters": {} })
}

fn request(server: &Server, input: &Value, options: &[&str]) -> Run {
    let mut command = with_keys(["request", "--input", "-", "--endpoint-url", &server.url()].iter().chain(options));
    Run::with_input(&mut command, input.to_string().as_bytes())
}

#[test]
fn an_answer_is_one_line() {
    let server = Server::start().unwrap();
    let run = request(&server, &says("Hello"), &[]);
    assert_eq!((run.stderr.as_str(), run.stdout.lines().count()), ("", 1));
    let answer: ModelResponse = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(answer.text().as_deref(), Some("You said: Hello"));
    let usage: Value = serde_json::from_str(&request(&server, &says("Hello"), &["--count-tokens"]).success()).unwrap();
    assert_eq!(usage["input_tokens"], 1);
}

#[test]
fn a_stream_is_its_events_and_then_the_answer() {
    let server = Server::start().unwrap();
    let lines = request(&server, &says("Hello there"), &["--stream"]).success();
    let (events, last) = lines.trim_end().rsplit_once('\n').unwrap();
    let events: Vec<ModelResponseStreamEvent> =
        events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = events.iter().map(ModelResponseStreamEvent::kind).collect();
    let delta = "part_delta";
    assert_eq!(kinds, ["part_start", "final_result", delta, delta, delta, "part_end"]);
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["event_kind"], "response");
    assert_eq!(last["response"]["parts"][0]["content"], "You said: Hello there");
}

#[tokio::test]
async fn events_are_printed_as_they_come() {
    let server = Server::builder().faults(Fault::script("stall at=contentBlockStop").unwrap()).start().unwrap();
    let mut command = with_keys(["request", "--stream", "--input", "-", "--endpoint-url", &server.url()]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(says("Hello").to_string().as_bytes()).unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let mut text = String::new();
    while !text.ends_with("Hello") {
        // The answer will never be whole, so these lines were not held back.
        let event: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        text += event["delta"]["content_delta"].as_str().or(event["part"]["content"].as_str()).unwrap_or_default();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn errors_say_of_what_kind_they_are() {
    let server = Server::start().unwrap();
    let error = |fault: &str, input: &Value, options: &[&str]| {
        server.set_faults(Fault::script(fault).unwrap());
        let error = request(&server, input, options).error();
        assert!(error["message"].is_string());
        (error["kind"].clone(), error["status"].clone(), error["code"].clone())
    };
    let (hello, none) = (says("Hello"), Value::Null);
    let throttled = (json!("http"), json!(429), json!("ThrottlingException"));
    assert_eq!(error("throttle", &hello, &[]), throttled);
    assert_eq!(error("throttle", &hello, &["--stream"]), throttled);
    let exception = "exception type=throttlingException";
    let in_stream = (json!("stream"), json!(429), json!("throttlingException"));
    assert_eq!(error(exception, &hello, &["--stream"]), in_stream);
    assert_eq!(error("cut at=2", &hello, &["--stream"]).0, "stream");
    assert_eq!(error("flip at=1", &hello, &["--stream"]).0, "stream");
    assert_eq!(error("cut at=head", &hello, &[]).0, "api");
    assert_eq!(error("empty", &hello, &[]).0, "api");
    let mut hurried = hello.clone();
    hurried["settings"]["timeout"] = json!(0.2);
    let timeout = (json!("timeout"), none.clone(), none.clone());
    assert_eq!(error("stall at=head", &hurried, &[]), timeout);
    assert_eq!(error("stall at=2", &hurried, &["--stream"]).0, "timeout");

    let before = server.requests().len();
    let mut unserved = hello.clone();
    unserved["profile"] = json!({ "bedrock_supported_on_converse": false });
    let mut misspelt = hello.clone();
    misspelt["setings"] = json!({});
    let mut shapeless = hello.clone();
    shapeless["messages"][0]["parts"] = json!("Hello");
    for input in [unserved, misspelt, shapeless, json!({}), json!([])] {
        assert_eq!(error("none", &input, &[]), (json!("user"), none.clone(), none.clone()), "{input}");
    }
    assert_eq!(server.requests().len(), before, "nothing was sent");
}

#[test]
fn a_stream_that_breaks_keeps_its_events_and_has_no_answer() {
    let server = Server::builder().faults(Fault::script("cut at=messageStop").unwrap()).start().unwrap();
    let run = request(&server, &says("Hello there"), &["--stream"]);
    assert!(run.stdout.contains("\"content_delta\":\" there\""), "{}", run.stdout);
    assert!(!run.stdout.contains("\"response\""));
    assert_eq!(run.error()["kind"], "stream");
}

#[test]
fn a_dry_run_shows_what_would_be_sent_without_secrets() {
    let server = Server::builder().bearer_key(TOKEN).start().unwrap();
    let mut input = says("It's \"$HOME\"");
    input["settings"] = json!({ "extra_headers": { "x-api-key": "the-other-secret" } });
    let show = |options: &[&str], token: &str| {
        let url = server.url();
        let arguments = ["request", "--input", "-", "--endpoint-url", &url];
        let mut command = with_keys(arguments.iter().chain(options));
        let shown = Run::with_input(command.env(token, TOKEN), input.to_string().as_bytes()).success();
        for secret in [EXAMPLE_SECRET_ACCESS_KEY, TOKEN, "the-other-secret"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        shown
    };
    let http = show(&["--dry-run"], "AWS_SESSION_TOKEN");
    assert!(http.starts_with(&format!("POST {}/model/", server.url())), "{http}");
    assert!(http.contains("x-amz-security-token: ****\n") && http.contains("Signature=****\n"), "{http}");
    let parsed: Value = serde_json::from_str(&show(&["--dry-run", "--output", "json"], "AWS_SESSION_TOKEN")).unwrap();
    assert_eq!(parsed["body"]["messages"][0]["content"][0]["text"], "It's \"$HOME\"");
    let curl = show(&["--curl", "--stream"], "AWS_SESSION_TOKEN");
    assert!(curl.contains("--aws-sigv4 'aws:amz:us-east-1:bedrock'") && curl.contains("/converse-stream'"), "{curl}");
    assert!(show(&["--dry-run"], "AWS_BEARER_TOKEN_BEDROCK").contains("authorization: Bearer ****\n"));
    assert!(server.requests().is_empty(), "nothing was sent");

    let curl = show(&["--curl"], "AWS_BEARER_TOKEN_BEDROCK");
    let sent = std::process::Command::new("sh").args(["-c", &curl]).env("AWS_BEARER_TOKEN_BEDROCK", TOKEN).output();
    match sent {
        Ok(output) if output.status.code() != Some(127) => {
            let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(answer["output"]["message"]["content"][0]["text"], "You said: It's \"$HOME\"");
        }
        _ => println!("SKIPPED: the command was not run, for want of curl"),
    }
}

#[test]
fn a_check_finds_what_the_service_refuses_and_mends_what_it_can() {
    let check = |input: &Value, options: &[&str]| {
        let mut command = converse(["check", "--input", "-"].iter().chain(options));
        Run::with_input(&mut command, input.to_string().as_bytes())
    };
    assert_eq!(check(&says("Hello"), &[]).success(), "");
    let mut unanswered = says("Hello");
    let call = json!({ "part_kind": "tool-call", "tool_name": "get_time", "args": {}, "tool_call_id": "x y" });
    let messages = unanswered["messages"].as_array_mut().unwrap();
    messages.push(json!({ "kind": "response", "parts": [call] }));
    messages.push(messages[0].clone());

    let found = check(&unanswered, &["--output", "json"]);
    let finding: Value = serde_json::from_str(found.stdout.lines().next().unwrap()).unwrap();
    assert_eq!((&finding["rule"], &finding["severity"]), (&json!("tool-use-id"), &json!("error")));
    assert_eq!(found.error()["kind"], "user");
    let told = check(&unanswered, &[]);
    assert!(told.stdout.starts_with("error[tool-use-id] messages[1]"), "{}", told.stdout);
    told.failure();

    let mended = check(&unanswered, &["--repair"]);
    assert!(mended.stderr.contains("error[tool-use-id]"), "{}", mended.stderr);
    let body: Value = serde_json::from_str(&mended.success()).unwrap();
    assert_eq!(body["messages"][1]["content"][0]["toolUse"]["toolUseId"], "x_y");
}

fn fixtures(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/eventstream").join(kind);
    let files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty());
    files
}

fn decode(format: &str, file: &Path) -> Run {
    Run::of(converse(["decode", "--format", format]).arg(file))
}

#[test]
fn frames_are_shown_with_their_types() {
    for file in fixtures("good") {
        for line in decode("frames", &file).success().lines() {
            let frame: Value = serde_json::from_str(line).unwrap();
            assert!(frame["headers"].is_object() && frame["payload_b64"].is_string());
        }
    }
    let every_type = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/eventstream/good/all_header_types.bin");
    let frame: Value = serde_json::from_str(decode("frames", &every_type).success().lines().next().unwrap()).unwrap();
    let types: std::collections::BTreeSet<&str> =
        frame["headers"].as_object().unwrap().values().map(|header| header["type"].as_str().unwrap()).collect();
    let all = ["binary", "boolean", "byte", "integer", "long", "short", "string", "timestamp", "uuid"];
    assert_eq!(types.into_iter().collect::<Vec<_>>(), all);
    for file in fixtures("bad") {
        assert_eq!(decode("frames", &file).error()["kind"], "stream", "{}", file.display());
    }
}

#[test]
fn events_and_text_are_shown_up_to_a_failure() {
    let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/eventstream/good");
    let bytes = std::fs::read(good.join("text.bin")).unwrap();
    let text = |input: &[u8]| Run::with_input(&mut converse(["decode", "--format", "text"]), input);
    let whole = text(&bytes).success();
    assert!(whole.starts_with("Hello, world!") && whole.ends_with('\n'), "{whole}");
    let cut = text(&bytes[..bytes.len() / 2]);
    assert!(whole.starts_with(cut.stdout.trim_end()) && !cut.stdout.is_empty());
    assert_eq!(cut.error()["kind"], "stream");

    let events = decode("events", &good.join("tool_use.bin")).success();
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let (_, event) = event.as_object().unwrap().iter().next().unwrap();
        assert!(event["p"].is_null(), "padding is nothing to look at: {line}");
    }
    assert_eq!(events.lines().last(), Some(r#"{"messageStop":{"stopReason":"tool_use"}}"#));
    let failed = decode("events", &good.join("exception.bin"));
    assert!(failed.stdout.contains("messageStart"));
    assert_eq!(failed.error()["code"], "throttlingException");
    assert_eq!(decode("frames", &folder("decode").join("missing")).error()["kind"], "user");
}
