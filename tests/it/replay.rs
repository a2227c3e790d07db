//! The replayer: what counts as the same request, how answers are played, and what a mismatch shows.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bedrock_converse::ErrorKind;
use bedrock_converse::transport::{Pieces, Replay, Rules, Transport};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cassette::Folder;
use crate::fake::hello;
use crate::record::{chunks, request};

const PATH: &str = "/model/us.amazon.nova-micro-v1%3A0/converse";

/// Writes an exchange by hand.
fn write(folder: &Path, meta: &Value, request: &Value, body: (&str, &[u8])) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("meta.json"), meta.to_string()).unwrap();
    fs::write(folder.join("request.json"), request.to_string()).unwrap();
    fs::write(folder.join(body.0), body.1).unwrap();
}

fn meta(response: Value) -> Value {
    json!({ "request": { "method": "POST", "path": PATH }, "response": response })
}

/// Exchanges with these requests, whose answers are their numbers.
fn exchanges(requests: &[Value]) -> Folder {
    let folder = Folder::new();
    for (k, request) in requests.iter().enumerate() {
        let answer = k.to_string();
        write(&folder.path().join(k.to_string()), &meta(json!({})), request, ("response.json", answer.as_bytes()));
    }
    folder
}

async fn answer(replay: &Replay, body: &Value) -> Result<String, String> {
    match replay.send(request(PATH, &body.to_string())).await {
        Ok(response) => Ok(String::from_utf8(chunks(response).await.concat()).unwrap()),
        Err(error) => {
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::InvalidInput, false));
            Err(error.message().split_once(": ").unwrap().1.to_owned())
        }
    }
}

fn says(text: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": [{ "text": text }] }] })
}

#[tokio::test]
async fn equal_requests_get_their_answers_in_order() {
    let folder = exchanges(&[says("a"), says("b"), says("a")]);
    let replay = Replay::from_dir(folder.path()).unwrap();
    for (question, expected) in [("a", "0"), ("a", "2"), ("b", "1")] {
        assert_eq!(answer(&replay, &says(question)).await.as_deref(), Ok(expected));
    }
    replay.finish().unwrap();
    let message = answer(&replay, &says("a")).await.unwrap_err();
    assert_eq!(message, format!("`0` equals POST {PATH}, but has answered already"));

    let replay = Replay::from_dir(folder.path()).unwrap().rules(Rules::new().repeat());
    for expected in ["0", "2", "2", "2"] {
        assert_eq!(answer(&replay, &says("a")).await.as_deref(), Ok(expected));
    }
    assert_eq!(replay.unused(), ["1"]);
}

#[tokio::test]
async fn what_means_the_same_is_equal() {
    let folder = exchanges(&[json!({ "a": { "x": 1, "y": [1, 2] }, "system": [] })]);
    let replay = Replay::from_dir(folder.path()).unwrap().rules(Rules::new().repeat());
    for same in [json!({ "a": { "y": [1, 2], "x": 1 } }), json!({ "b": {}, "c": null, "a": { "x": 1, "y": [1, 2] } })] {
        answer(&replay, &same).await.unwrap();
    }
    for other in [json!({ "a": { "x": 1, "y": [2, 1] } }), json!({ "a": { "x": 1, "y": [1, 2], "z": [] } }), json!({})]
    {
        answer(&replay, &other).await.unwrap_err();
    }
    // Account ids are not looked at: recordings have none.
    let folder = exchanges(&[json!({ "arn": "arn:aws:bedrock:us-east-1:123456789012:guardrail/g" })]);
    let replay = Replay::from_dir(folder.path()).unwrap();
    answer(&replay, &json!({ "arn": "arn:aws:bedrock:us-east-1:111122223333:guardrail/g" })).await.unwrap();
}

#[tokio::test]
async fn rules_say_what_is_compared() {
    let recorded = json!({
        "requestMetadata": { "run": "1" },
        "messages": [{ "content": [{ "toolUse": { "toolUseId": "a", "name": "f" } }] }],
    });
    let folder = exchanges(&[recorded]);
    let tool = |id: &str, name: &str| {
        json!({
            "messages": [{ "content": [{ "toolUse": { "toolUseId": id, "name": name } }] }],
            "requestMetadata": { "run": "2", "more": "x" },
        })
    };
    let open = |rules: Rules| Replay::from_dir(folder.path()).unwrap().rules(rules.repeat());
    let replay = open(Rules::new().ignore("$.requestMetadata").ignore("messages[*].content[0].toolUse.toolUseId"));
    answer(&replay, &tool("b", "f")).await.unwrap();
    let message = answer(&replay, &tool("b", "g")).await.unwrap_err();
    assert!(message.ends_with("\n  $.messages[0].content[0].toolUse.name\n    - \"f\"\n    + \"g\""), "{message}");
    // A path ends where a name ends.
    let replay = open(Rules::new().ignore("$.request").ignore("$.messages[*].content[*].tool").ignore("$.messages[1]"));
    assert!(answer(&replay, &tool("b", "f")).await.unwrap_err().contains("$.requestMetadata.run"));

    let replay = open(Rules::new().matcher(|recorded, sent| {
        recorded.path == sent.path && recorded.body["messages"][0]["content"] == sent.body["messages"][0]["content"]
    }));
    answer(&replay, &tool("a", "f")).await.unwrap();
    answer(&replay, &tool("b", "f")).await.unwrap_err();
}

#[tokio::test]
async fn a_matcher_can_ask_what_is_unused() {
    let folder = exchanges(&[says("a"), says("a"), says("b")]);
    let replay = Replay::from_dir(folder.path()).unwrap();
    let asked = replay.clone();
    let replay = replay.rules(Rules::new().matcher(move |recorded, sent| {
        assert!(!asked.unused().is_empty());
        recorded.body == sent.body
    }));
    // On a thread of its own, which is left behind should it wait for itself.
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for expected in ["0", "1"] {
                assert_eq!(answer(&replay, &says("a")).await.as_deref(), Ok(expected));
            }
        });
        tell.send(replay.unused()).unwrap();
    });
    assert_eq!(told.recv_timeout(Duration::from_secs(60)).expect("no deadlock"), ["2"]);
}

/// Each exchange answers once, also when they are asked for at the same time.
#[test]
fn threads_share_the_answers() {
    let folder = exchanges(&vec![says("a"); 64]);
    let replay = Replay::from_dir(folder.path()).unwrap();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let replay = replay.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async {
                    let mut answers = Vec::new();
                    for _ in 0..16 {
                        answers.push(answer(&replay, &says("a")).await.unwrap().parse::<u8>().unwrap());
                    }
                    answers
                })
            })
        })
        .collect();
    let mut answers: Vec<u8> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    answers.sort_unstable();
    assert_eq!(answers, (0..64).collect::<Vec<u8>>());
    replay.finish().unwrap();
}

#[tokio::test]
async fn headers_are_compared_on_request() {
    let folder = Folder::new();
    let mut recorded = meta(json!({}));
    recorded["request"]["headers"] = json!({ "x-team": "search" });
    write(folder.path(), &recorded, &json!({}), ("response.json", b"1"));
    let replay = Replay::from_dir(folder.path()).unwrap();
    replay.send(request(PATH, "{}")).await.unwrap();
    let replay = Replay::from_dir(folder.path()).unwrap().rules(Rules::new().compare_header("X-Team"));
    let error = replay.send(request(PATH, "{}")).await.unwrap_err();
    assert!(error.message().ends_with("\n  headers.x-team\n    - \"search\"\n    + (nothing)"), "{error}");
    let mut request = request(PATH, "{}");
    request.headers_mut().insert("x-team", "search".parse().unwrap());
    replay.send(request).await.unwrap();
}

#[tokio::test]
async fn a_mismatch_shows_the_closest_exchange() {
    let folder = exchanges(&[
        says("Something else altogether"),
        json!({ "messages": [{ "role": "user", "content": [{ "text": "Hi" }] }], "inferenceConfig": { "maxTokens": 10 } }),
    ]);
    let replay = Replay::from_dir(folder.path()).unwrap();
    let sent = json!({
        "messages": [{ "role": "user", "content": [{ "text": "Hi" }] }, { "role": "assistant", "content": [] }],
        "inferenceConfig": { "maxTokens": 20 },
        "system": [{ "text": "x" }],
    });
    assert_eq!(
        answer(&replay, &sent).await.unwrap_err(),
        format!(
            r#"no recorded exchange equals POST {PATH}.
The closest is `1`, recorded (-) and sent (+):
  $.messages[1]
    - (nothing)
    + {{"role":"assistant","content":[]}}
  $.inferenceConfig.maxTokens
    - 10
    + 20
  $.system
    - (nothing)
    + [{{"text":"x"}}]"#
        )
    );
    let error = replay.send(request("/model/other/converse", &says("Hi").to_string())).await.unwrap_err();
    let line = format!("\n  request\n    - \"POST {PATH}\"\n    + \"POST /model/other/converse\"");
    assert!(error.message().contains(&line), "{error}");
}

#[tokio::test]
async fn long_texts_and_many_differences_are_cut() {
    let long = "lorem ipsum ".repeat(100);
    let folder = exchanges(&[says(&format!("{long}A{long}"))]);
    let replay = Replay::from_dir(folder.path()).unwrap();
    let message = answer(&replay, &says(&format!("{long}B{long}"))).await.unwrap_err();
    let before = "…sum lorem ipsum lorem ipsum lorem ipsum ";
    for shown in [format!("\n    - {before}Alorem"), format!("\n    + {before}Blorem")] {
        assert!(message.contains(&shown), "{message}");
    }
    assert!(message.len() < 700 && message.ends_with('…'), "{message}");

    let folder = exchanges(&[json!({ "x": vec![0; 20] })]);
    let replay = Replay::from_dir(folder.path()).unwrap();
    let message = answer(&replay, &json!({ "x": vec![1; 20] })).await.unwrap_err();
    assert!(message.ends_with("  $.x[11]\n    - 0\n    + 1\n  and 8 more"), "{message}");
}

#[tokio::test]
async fn a_readable_error_is_what_a_failing_test_prints() {
    let folder = exchanges(&[says("a")]);
    let replay = Replay::from_dir(folder.path()).unwrap();
    let error = replay.send(request(PATH, &says("b").to_string())).await.unwrap_err();
    let printed = format!("{error:?}");
    assert!(printed.contains("\n  $.messages[0].content[0].text\n    - \"a\"\n    + \"b\""), "{printed}");
}

fn stream_folder(pauses: &[u64]) -> Folder {
    let folder = Folder::new();
    let lengths: Vec<usize> = hello().iter().map(Bytes::len).collect();
    let response = json!({
        "headers": { "content-type": "application/vnd.amazon.eventstream" },
        "chunks": lengths,
        "pauses_ms": pauses,
    });
    write(folder.path(), &meta(response), &json!({}), ("stream.bin", &hello().concat()));
    folder
}

#[tokio::test]
async fn a_stream_comes_in_the_pieces_that_are_wanted() {
    let folder = stream_folder(&[]);
    let replay = Replay::from_dir(folder.path()).unwrap();
    for (pieces, expected) in [
        (Pieces::Recorded, hello()),
        (Pieces::Whole, vec![hello().concat().into()]),
        (Pieces::Bytes, hello().concat().into_iter().map(|byte| Bytes::from(vec![byte])).collect()),
    ] {
        let replay = replay.clone().rules(Rules::new().repeat().pieces(pieces));
        let response = replay.send(request(PATH, "{}")).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/vnd.amazon.eventstream");
        assert_eq!(chunks(response).await, expected, "{pieces:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_are_played_on_request() {
    let folder = stream_folder(&[200, 0, 30, 0, 0, 1000]);
    for pieces in [Pieces::Recorded, Pieces::Whole, Pieces::Bytes] {
        for (rules, expected) in [(Rules::new().pauses(), 1230), (Rules::new(), 0)] {
            let replay = Replay::from_dir(folder.path()).unwrap().rules(rules.pieces(pieces));
            let began = Instant::now();
            chunks(replay.send(request(PATH, "{}")).await.unwrap()).await;
            assert_eq!(began.elapsed(), Duration::from_millis(expected), "{pieces:?}");
        }
    }
}

#[test]
fn what_is_no_recording_is_refused() {
    let folder = Folder::new();
    let open = || Replay::from_dir(folder.path()).unwrap_err();
    assert_eq!(open().kind(), ErrorKind::Io);
    fs::create_dir(folder.path()).unwrap();
    assert_eq!(open().kind(), ErrorKind::InvalidInput);
    let stream = ("stream.bin", b"12345678".as_slice());
    for (meta, expected) in [
        (json!({ "request": { "method": "POST" } }), "meta.json: request.path: must be a string"),
        (meta(json!({ "status": 42 })), "meta.json: response.status: must be an HTTP status"),
        (meta(json!({ "chunks": [3, 4] })), "meta.json: response.chunks: must add up to the 8 bytes of the body"),
        (meta(json!({ "chunks": [u64::MAX, 9] })), "must add up"),
        (meta(json!({ "chunks": ["8"] })), "response.chunks: must be a list of whole numbers"),
        (
            meta(json!({ "chunks": [8], "pauses_ms": [1, 2] })),
            "pauses_ms: must be as many as response.chunks, which are 1",
        ),
    ] {
        write(folder.path(), &meta, &json!({}), stream);
        let error = open();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains(expected), "{error}");
    }
    fs::write(folder.path().join("request.json"), "{").unwrap();
    assert!(open().message().contains("request.json: EOF"));
}

#[tokio::test]
async fn a_header_that_is_none_is_refused_when_it_is_played() {
    let folder = Folder::new();
    write(folder.path(), &meta(json!({ "headers": { "a b": "c" } })), &json!({}), ("response.json", b"1"));
    let error = Replay::from_dir(folder.path()).unwrap().send(request(PATH, "{}")).await.unwrap_err();
    assert!(error.message().contains("response.headers: invalid HTTP header name"), "{error}");
}

#[tokio::test]
async fn a_source_of_credentials_is_told_that_there_is_no_network() {
    let replay = Replay::from_dir(exchanges(&[says("a")]).path()).unwrap();
    let request = http::Request::get("http://169.254.169.254/latest").body(Bytes::new()).unwrap();
    let error = replay.send(request).await.unwrap_err();
    assert_eq!(error.message(), "GET 169.254.169.254/latest: only requests to models are recorded");
    assert!(error.hint().unwrap().contains("environment()"));
}
