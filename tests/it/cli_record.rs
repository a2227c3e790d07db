//! `converse record`: what it writes can be replayed, and holds no secret.

use std::path::Path;
use std::process::Command;

use bedrock_converse::messages::{ModelMessage, ModelRequest};
use bedrock_converse::serve::{EXAMPLE_ACCESS_KEY_ID, EXAMPLE_SECRET_ACCESS_KEY, Fault, Server};
use bedrock_converse::transport::Replay;
use bedrock_converse::{BedrockConverseModel, BedrockProvider};
use serde_json::{Value, json};

use crate::cassette::Folder;
use crate::cli::{CLAUDE, Run, TOKEN, converse, with_keys};
use crate::cli_request::says;

fn record(mut program: Command, folder: &Path, prompt: &str, options: &[&str]) -> Run {
    program.arg("record").arg(folder).args(["--input", "-"]).args(options);
    Run::with_input(&mut program, says(prompt).to_string().as_bytes())
}

fn meta(folder: &Folder, exchange: &str) -> Value {
    serde_json::from_str(&folder.text(&format!("{exchange}/meta.json"))).unwrap()
}

#[tokio::test]
async fn what_is_recorded_is_replayed() {
    let folder = Folder::new();
    let offline = |options: &[&str]| {
        let options = [&["--offline"], options].concat();
        record(converse([""; 0]), folder.path(), "Hello", &options).success()
    };
    let path = |exchange: &str| folder.path().join(exchange).display().to_string();
    assert_eq!(offline(&[]), path("001-converse") + "\n");
    assert_eq!(offline(&["--stream"]), path("002-converse-stream") + "\n");
    let line: Value = serde_json::from_str(&offline(&["--count-tokens", "--output", "json"])).unwrap();
    assert_eq!(line, json!({ "folder": path("003-count-tokens") }));
    assert_eq!(meta(&folder, "002-converse-stream")["response"]["incomplete"], Value::Null);

    let replay = Replay::from_dir(folder.path()).unwrap();
    let provider = BedrockProvider::builder().environment(replay.environment()).transport(replay.clone());
    let model = BedrockConverseModel::new(CLAUDE, provider.build().unwrap()).unwrap();
    let messages: [ModelMessage; 1] = [ModelRequest::user_text_prompt("Hello").into()];
    let answer = model.request(&messages, None, None).await.unwrap();
    assert_eq!(answer.text().as_deref(), Some("You said: Hello"));
    let mut stream = model.request_stream(&messages, None, None).await.unwrap();
    while let Some(event) = stream.next().await {
        event.unwrap();
    }
    assert_eq!(stream.get().text(), answer.text());
    assert_eq!(model.count_tokens(&messages, None, None).await.unwrap().input_tokens, 1);
    replay.finish().unwrap();
}

#[test]
fn secrets_do_not_get_to_disk() {
    let server = Server::builder().any_credentials().start().unwrap();
    let url = ["--endpoint-url", &server.url()];
    let program = |token: &str| {
        let mut program = with_keys([""; 0]);
        program.env(token, TOKEN);
        program
    };
    for token in ["AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"] {
        let folder = Folder::new();
        record(program(token), folder.path(), "Hello", &url).success();
        let files = folder.files();
        assert_eq!(files.len(), 3);
        for text in files.iter().map(|file| folder.text(file)) {
            for secret in [EXAMPLE_ACCESS_KEY_ID, EXAMPLE_SECRET_ACCESS_KEY, TOKEN, "authorization"] {
                assert!(!text.contains(secret), "{text}");
            }
        }

        let (before, none) = (server.requests().len(), Folder::new());
        let refused = record(program(token), none.path(), &format!("My token is {TOKEN}"), &url);
        assert_eq!(refused.stdout, "");
        let told = refused.failure();
        assert!(told.contains("$.messages[0].content[0].text holds what authorises the request"), "{told}");
        assert!(!told.contains(TOKEN) && none.files().is_empty());
        assert_eq!(server.requests().len(), before, "nothing was sent");
    }
}

#[test]
fn a_failure_is_recorded_and_is_a_failure() {
    let server = Server::builder().faults(Fault::script("throttle times=2").unwrap()).start().unwrap();
    let (folder, url) = (Folder::new(), server.url());
    let run = |folder: &Path, attempts: &str| {
        let mut program = with_keys([""; 0]);
        program.env("AWS_MAX_ATTEMPTS", attempts);
        record(program, folder, "Hello", &["--endpoint-url", &url, "--output", "json"])
    };
    let throttled = run(folder.path(), "1");
    assert!(throttled.stdout.contains("001-converse"), "{}", throttled.stdout);
    assert_eq!(throttled.error()["code"], "ThrottlingException");
    assert_eq!(meta(&folder, "001-converse")["response"]["status"], 429);

    let tried_again = run(folder.path(), "2").success();
    assert_eq!(tried_again.lines().count(), 2, "{tried_again}");
    let status = |exchange: &str| meta(&folder, exchange)["response"]["status"].clone();
    assert_eq!([status("002-converse"), status("003-converse")], [429, 200]);

    let (before, file) = (server.requests().len(), folder.path().join("001-converse/meta.json"));
    assert_eq!(run(&file, "1").error()["kind"], "user");
    assert_eq!(server.requests().len(), before, "nothing was sent");
    assert_eq!(Run::of(&mut converse(["record", "--input", "-"])).code, Some(2));
}
