//! `converse chat` and `converse serve`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;

use bedrock_converse::Environment;
use bedrock_converse::messages::ModelMessage;
use bedrock_converse::serve::Server;
use serde_json::Value;

use crate::cli::{CLAUDE, Run, converse, folder, interrupt, with_keys};

fn messages(file: &Path) -> Vec<ModelMessage> {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// A conversation that is typed ahead.
fn chat(options: &[&str], lines: &[&str]) -> Run {
    let mut command = converse(["chat", "--offline", "-m", CLAUDE].iter().chain(options));
    Run::with_input(&mut command, lines.join("\n").as_bytes())
}

#[test]
fn a_conversation_is_remembered_and_saved() {
    let files = folder("chat");
    let (history, copy) = (files.join("history.json"), files.join("copy.json"));
    let save = format!("/save {}", copy.display());
    let options = ["--system", "Be brief.", "--history", history.to_str().unwrap()];
    let answers = chat(&options, &["Hello", "", r"two\", "lines", &save, "/quit", "unheard"]).success();
    assert_eq!(answers, "You said: Hello\nYou said: two\nlines\n");
    let kept = messages(&history);
    assert_eq!(kept.len(), 4);
    let ModelMessage::Request(first) = &kept[0] else { panic!() };
    assert_eq!(first.parts.iter().map(|part| part.kind()).collect::<Vec<_>>(), ["system-prompt", "user-prompt"]);
    assert_eq!(messages(&copy), kept);

    chat(&options, &["And now?"]).success();
    assert_eq!(messages(&history).len(), 6);
    let load = format!("/load {}", history.display());
    let run = chat(&[], &[&load, "Go on", &save, "/nonsense", "/load"]);
    assert!(run.stderr.contains("there is no /nonsense") && run.stderr.contains("/load needs the name of a file"));
    run.success();
    assert_eq!(messages(&copy).len(), 8);
}

#[test]
fn what_failed_is_not_remembered() {
    let file = folder("chat-failure").join("history.json");
    let server = Server::builder().faults(["throttle times=1".parse().unwrap()]).start().unwrap();
    let chat = || with_keys(["chat", "--endpoint-url", &server.url(), "--history", file.to_str().unwrap()]);
    let stderr = Run::with_input(&mut chat(), b"Hello\n").failure();
    assert!(stderr.contains("ThrottlingException"), "{stderr}");
    assert!(!file.exists());
    Run::with_input(&mut chat(), b"Hello\n").success();
    assert_eq!(messages(&file).len(), 2);
    std::fs::write(&file, "[{}]").unwrap();
    let stderr = Run::with_input(&mut chat(), b"Hello\n").failure();
    assert!(stderr.contains("history.json") && stderr.contains("kind"), "{stderr}");
}

/// Runs with `REFERENCE_PYTHON` set to a Python that has boto3 and pydantic-ai.
#[test]
fn a_conversation_goes_on_in_pydantic_ai_and_back() {
    let Some(python) = Environment::process().var("REFERENCE_PYTHON") else {
        println!("SKIPPED: REFERENCE_PYTHON does not name a Python with boto3 and pydantic-ai");
        return;
    };
    let server = Server::start().unwrap();
    let file = folder("chat-interop").join("history.json");
    let say = |text: &str| {
        let path = file.to_str().unwrap();
        let arguments = ["chat", "--endpoint-url", &server.url(), "-m", CLAUDE, "--thinking", "low", "--history", path];
        Run::with_input(&mut with_keys(arguments), text.as_bytes()).success()
    };
    say("Hello");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/chat.py");
    let run = Run::of(Command::new(python).args([script, &server.url(), CLAUDE]).arg(&file));
    assert_eq!(run.success(), "You said: And from Python\n");
    assert_eq!(say("And back"), "You said: And back\n");
    assert_eq!(messages(&file).len(), 6);
    let sent = server.requests().pop().unwrap().json();
    let texts: Vec<&str> = sent["messages"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|message| message["content"].as_array().unwrap())
        .filter_map(|block| block["text"].as_str())
        .collect();
    let said = ["Hello", "You said: Hello", "And from Python", "You said: And from Python", "And back"];
    assert_eq!(texts, said);
}

#[test]
fn the_stand_in_says_how_to_reach_it_and_who_came() {
    let files = folder("serve");
    let faults = files.join("faults");
    std::fs::write(&faults, "throttle times=1;\n\nexception type=validationException times=1\n").unwrap();
    let mut command = converse(["serve", "--bearer-key", "it's a key", "--faults"]);
    let mut child = command.arg(&faults).args(["--output", "json"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let started: Value = serde_json::from_str(&line).unwrap();
    let ask = || {
        let variables = started["environment"].as_object().unwrap();
        let variables = variables.iter().map(|(name, value)| (name, value.as_str().unwrap()));
        Run::of(converse(["ask", "Hello"]).envs(variables).env("AWS_MAX_ATTEMPTS", "1").env("NO_PROXY", "*"))
    };
    assert!(ask().failure().contains("ThrottlingException"));
    assert!(ask().failure().contains("validationException"));
    assert_eq!(ask().success(), "You said: Hello\n");
    let mut requests = BufReader::new(child.stderr.take().unwrap()).lines();
    for status in ["429", "200", "200"] {
        assert!(requests.next().unwrap().unwrap().starts_with(&format!("{status} POST /model/")));
    }
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));

    std::fs::write(&faults, "throttle now").unwrap();
    assert!(Run::of(converse(["serve", "--faults"]).arg(&faults)).failure().contains("throttle"));
}
