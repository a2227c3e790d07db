//! The recorder: what gets to disk, and what must not.

use std::time::Duration;

use bedrock_converse::eventstream::Decoder;
use bedrock_converse::transport::{Recorder, Replay, Request, Response, Rules, Transport};
use bedrock_converse::wire::ConverseRequest;
use bedrock_converse::{Environment, ErrorKind};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::cassette::{Folder, ask, client};
use crate::fake::{Answer, Fake, Piece, event, exception, frame, hello, pieces};

const PATH: &str = "/model/us.amazon.nova-micro-v1%3A0/converse";

fn recorder(folder: &Folder, service: &Fake) -> Recorder {
    Recorder::new(folder.path(), service.clone()).environment(Environment::fixed([("", ""); 0]))
}

pub(crate) fn request(path: &str, body: &str) -> Request {
    let request = http::Request::post(format!("https://bedrock-runtime.us-east-1.amazonaws.com{path}"));
    request.header("content-type", "application/json").body(Bytes::from(body.to_owned())).unwrap()
}

pub(crate) async fn chunks(response: Response) -> Vec<Bytes> {
    let (mut body, mut chunks) = (response.into_body(), Vec::new());
    while let Some(chunk) = body.chunk().await {
        chunks.push(chunk.unwrap());
    }
    chunks
}

/// The payloads of a stream.
fn payloads(bytes: Vec<u8>) -> Vec<String> {
    let mut decoder = Decoder::new();
    decoder.push(bytes.into());
    let mut payloads = Vec::new();
    while let Some(frame) = decoder.next_frame().unwrap() {
        payloads.push(String::from_utf8(frame.payload().to_vec()).unwrap());
    }
    decoder.finish().unwrap();
    payloads
}

/// Records a stream that comes in these pieces, and reads it to its end.
async fn record_stream(folder: &Folder, pieces: Vec<Piece>, rules: Rules) -> Recorder {
    let recorder = recorder(folder, &Fake::new([Answer::stream(pieces)])).rules(rules);
    let response = recorder.send(request(&format!("{PATH}-stream"), "{}")).await.unwrap();
    let mut body = response.into_body();
    while let Some(Ok(_)) = body.chunk().await {}
    recorder
}

fn chunk_lengths(folder: &Folder) -> Value {
    let meta: Value = serde_json::from_str(&folder.text("001-converse-stream/meta.json")).unwrap();
    meta["response"]["chunks"].clone()
}

#[tokio::test]
async fn an_exchange_is_three_readable_files() {
    let folder = Folder::new();
    let arn = "arn%3Aaws%3Abedrock%3Aeu-west-1%3A111122223333%3Aapplication-inference-profile%2Fabc";
    let answer = r#"{"message":"User: arn:aws:sts::111122223333:assumed-role/dev/me is not authorized"}"#;
    let answer = Answer::json(403, answer)
        .with("x-amzn-errortype", "AccessDeniedException:http://internal.amazon.com/")
        .with("date", "Sun, 22 Nov 2026 10:00:00 GMT")
        .with("set-cookie", "session=1");
    let recorder = recorder(&folder, &Fake::new([answer]));
    let body = r#"{"messages":[{"role":"user","content":[{"text":"Größe?"}]}],"system":[],
        "guardrailConfig":{"guardrailIdentifier":"arn:aws:bedrock:eu-west-1:111122223333:guardrail/g"}}"#;
    let mut request = request(&format!("/gateway/model/{arn}/converse"), body);
    for (name, value) in [("authorization", "Bearer my-bearer-key"), ("user-agent", "me"), ("x-amz-date", "now")] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    chunks(recorder.send(request).await.unwrap()).await;
    recorder.finish().unwrap();
    assert_eq!(recorder.written(), [folder.path().join("001-converse")]);

    assert_eq!(
        folder.files(),
        ["meta.json", "request.json", "response.json"].map(|file| format!("001-converse/{file}"))
    );
    assert_eq!(
        folder.text("001-converse/meta.json"),
        r#"{
  "request": {
    "method": "POST",
    "path": "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Aapplication-inference-profile%2Fabc/converse",
    "headers": {
      "content-type": "application/json"
    }
  },
  "response": {
    "status": 403,
    "headers": {
      "content-type": "application/json",
      "x-amzn-requestid": "00000000-0000-4000-8000-000000000001",
      "x-amzn-errortype": "AccessDeniedException:http://internal.amazon.com/"
    }
  }
}
"#
    );
    assert_eq!(
        folder.text("001-converse/request.json"),
        r#"{
  "messages": [
    {
      "role": "user",
      "content": [
        {
          "text": "Größe?"
        }
      ]
    }
  ],
  "guardrailConfig": {
    "guardrailIdentifier": "arn:aws:bedrock:eu-west-1:123456789012:guardrail/g"
  }
}
"#
    );
    assert_eq!(
        folder.text("001-converse/response.json"),
        "{\n  \"message\": \"User: arn:aws:sts::123456789012:assumed-role/dev/me is not authorized\"\n}\n"
    );
}

#[tokio::test]
async fn a_stream_is_kept_as_it_was_but_for_its_padding() {
    let frames = [
        event("messageStart", r#"{"p":"abc","role":"assistant"}"#),
        event(
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"text":"\u00e9 \"p\":\"abc\" 1.50"},"p":"abcdef"}"#,
        ),
        event("contentBlockDelta", r#"{ "p" : "ab" , "delta":{"text":"x"},"contentBlockIndex":0}"#),
        event("other", r#"{"p":"abc"}"#),
        event("messageStop", "not JSON"),
    ];
    let folder = Folder::new();
    record_stream(&folder, pieces(&frames), Rules::new()).await.finish().unwrap();
    let clean = [
        r#"{"role":"assistant"}"#,
        // Escapes and what only looks like padding stay.
        r#"{"contentBlockIndex":0,"delta":{"text":"\u00e9 \"p\":\"abc\" 1.50"}}"#,
        // Where padding cannot be cut out, the JSON is written anew.
        r#"{"delta":{"text":"x"},"contentBlockIndex":0}"#,
        "{}",
        "not JSON",
    ];
    let bytes = folder.read("001-converse-stream/stream.bin");
    assert_eq!(payloads(bytes), clean);
    let length = |name: &'static str, payload: &str| event(name, payload).len();
    let names = ["messageStart", "contentBlockDelta", "contentBlockDelta", "other", "messageStop"];
    let lengths: Vec<usize> = names.iter().zip(clean).map(|(name, payload)| length(name, payload)).collect();
    assert_eq!(chunk_lengths(&folder), json!(lengths));
}

/// Wherever the stream was cut, the pieces of the record add up, and cuts between frames stay there.
#[tokio::test]
async fn pieces_shrink_with_what_is_taken_out() {
    let stream = hello().concat();
    let ends = |lengths: &[usize]| -> Vec<usize> {
        lengths
            .iter()
            .scan(0, |end, length| {
                *end += length;
                Some(*end)
            })
            .collect()
    };
    let (mut old_ends, mut new_ends) = (Vec::new(), Vec::new());
    let clean = {
        let folder = Folder::new();
        record_stream(&folder, pieces(&hello()), Rules::new()).await;
        old_ends.extend(ends(&hello().iter().map(Bytes::len).collect::<Vec<_>>()));
        let lengths: Vec<usize> = serde_json::from_value(chunk_lengths(&folder)).unwrap();
        new_ends.extend(ends(&lengths));
        folder.read("001-converse-stream/stream.bin")
    };
    assert_eq!(*new_ends.last().unwrap(), clean.len());
    assert!(clean.len() < stream.len());
    for at in (0..=stream.len()).step_by(7).chain(old_ends.clone()) {
        let folder = Folder::new();
        let halves = [&stream[..at], &stream[at..]].map(|half| Piece::Bytes(Bytes::copy_from_slice(half)));
        record_stream(&folder, halves.into(), Rules::new()).await;
        assert_eq!(folder.read("001-converse-stream/stream.bin"), clean);
        let lengths: Vec<usize> = serde_json::from_value(chunk_lengths(&folder)).unwrap();
        assert_eq!((lengths.len(), lengths.iter().sum()), (2, clean.len()));
        match old_ends.iter().position(|end| *end == at) {
            Some(k) => assert_eq!(lengths[0], new_ends[k]),
            None => assert!(at == 0 || !new_ends.contains(&lengths[0]), "{at}"),
        }
    }
}

#[tokio::test]
async fn account_ids_are_taken_out_of_streams_too() {
    let delta = |text: &str| {
        event("contentBlockDelta", &json!({ "contentBlockIndex": 1, "delta": { "text": text } }).to_string())
    };
    let other = event("contentBlockDelta", r#"{"contentBlockIndex":2,"delta":{"text":"4444 arn:aws:s3:::b"}}"#);
    let cut = &delta("arn:aws:iam::111122223333:role/r")[..100];
    let frames = vec![
        delta("It is arn:aws:iam::111122223333:role/a or ar"),
        delta("n:aws:bedrock:us-east-1:11112"),
        other,
        delta("2223333:prompt/P, not 111122223333"),
        Bytes::copy_from_slice(cut),
    ];
    let folder = Folder::new();
    record_stream(&folder, pieces(&frames), Rules::new()).await.finish().unwrap();
    let bytes = folder.read("001-converse-stream/stream.bin");
    let whole = bytes.len() - cut.len();
    let texts = payloads(bytes[..whole].to_vec());
    assert_eq!(texts[0], r#"{"contentBlockIndex":1,"delta":{"text":"It is arn:aws:iam::123456789012:role/a or ar"}}"#);
    assert_eq!(texts[1], r#"{"contentBlockIndex":1,"delta":{"text":"n:aws:bedrock:us-east-1:12345"}}"#);
    assert_eq!(texts[3], r#"{"contentBlockIndex":1,"delta":{"text":"6789012:prompt/P, not 111122223333"}}"#);
    assert!(!bytes[whole..].windows(4).any(|digits| digits == b"1111"));
}

/// Whether they come first or in the midst of the answer.
#[tokio::test]
async fn account_ids_are_taken_out_of_exceptions_and_errors() {
    let text = |account: &str| format!("arn:aws:sts::{account}:assumed-role/dev/me must not");
    let frames = |account: &str| {
        let error = [(":message-type", "error"), (":error-code", "AccessDenied"), (":error-message", &*text(account))];
        let message = json!({ "message": text(account) }).to_string();
        [exception("accessDeniedException", &message), frame(&error, "")]
    };
    for before in [0, 1, 3] {
        for (failure, expected) in frames("111122223333").into_iter().zip(frames("123456789012")) {
            let mut stream = hello()[..before].to_vec();
            stream.push(failure);
            let folder = Folder::new();
            record_stream(&folder, pieces(&stream), Rules::new()).await.finish().unwrap();
            let bytes = folder.read("001-converse-stream/stream.bin");
            assert_eq!(payloads(bytes.clone()).len(), before + 1);
            assert!(bytes.ends_with(&expected));
        }
    }
}

#[tokio::test]
async fn what_is_left_unread_is_marked() {
    let folder = Folder::new();
    let recorder = recorder(&folder, &Fake::new([Answer::stream(pieces(&hello()))]));
    let client = client(recorder.clone());
    let question = ConverseRequest::new("us.amazon.nova-micro-v1:0").user("Hi");
    let mut stream = client.converse_stream(&question).await.unwrap();
    for _ in 0..2 {
        stream.next_event().await.unwrap().unwrap();
    }
    drop(stream);
    recorder.finish().unwrap();
    assert!(folder.text("001-converse-stream/meta.json").contains("\"incomplete\": true"));
    assert_eq!(payloads(folder.read("001-converse-stream/stream.bin")).len(), 2);

    let client = crate::cassette::client(Replay::from_dir(folder.path()).unwrap());
    let mut stream = client.converse_stream(&question).await.unwrap();
    for _ in 0..2 {
        stream.next_event().await.unwrap().unwrap();
    }
    let error = stream.next_event().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete);
}

#[tokio::test]
async fn a_connection_that_breaks_is_recorded_as_far_as_it_came() {
    let folder = Folder::new();
    let mut broken = pieces(&hello()[..3]);
    broken.push(Piece::Break);
    record_stream(&folder, broken, Rules::new()).await.finish().unwrap();
    assert!(folder.text("001-converse-stream/meta.json").contains("\"incomplete\": true"));
    assert_eq!(payloads(folder.read("001-converse-stream/stream.bin")).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn pauses_are_recorded_on_request() {
    let wait = |ms| Piece::Wait(Duration::from_millis(ms));
    let frames = pieces(&hello());
    let slow = vec![wait(300), frames[0].clone(), frames[1].clone(), wait(70), frames[2].clone()];
    let folder = Folder::new();
    record_stream(&folder, slow.clone(), Rules::new()).await;
    assert!(!folder.text("001-converse-stream/meta.json").contains("pauses_ms"));
    let folder = Folder::new();
    record_stream(&folder, slow, Rules::new().pauses()).await;
    let meta: Value = serde_json::from_str(&folder.text("001-converse-stream/meta.json")).unwrap();
    assert_eq!(meta["response"]["pauses_ms"], json!([300, 0, 70]));
}

#[tokio::test]
async fn only_requests_to_models_are_recorded() {
    let folder = Folder::new();
    let secrets = r#"{"AccessKeyId":"ASIAIOSFODNN7EXAMPLE","Token":"x"}"#;
    let recorder = recorder(&folder, &Fake::new([Answer::json(200, secrets)]));
    let request = http::Request::get("http://169.254.169.254/latest/meta-data").body(Bytes::new()).unwrap();
    assert_eq!(chunks(recorder.send(request).await.unwrap()).await, [secrets]);
    recorder.finish().unwrap();
    assert!(!folder.path().exists());
}

#[tokio::test]
async fn a_second_recorder_goes_on_where_the_first_ended() {
    let folder = Folder::new();
    for k in 1..=3 {
        let service = Fake::new([
            Answer::json(500, "{}"),
            Answer::json(200, r#"{"output":{"message":{"role":"assistant","content":[]}},"stopReason":"end_turn"}"#),
        ]);
        let recorder = recorder(&folder, &service);
        ask(&client(recorder.clone()), "Hi").await.unwrap();
        assert_eq!(folder.files().len(), 6 * k);
    }
    assert!(folder.text("006-converse/meta.json").contains("\"status\": 200"));
    // A retry is an exchange like any other, and equal requests get their answers in order.
    ask(&client(Replay::from_dir(folder.path()).unwrap()), "Hi").await.unwrap();
}

#[tokio::test]
async fn what_is_not_json_is_kept_as_text() {
    let folder = Folder::new();
    let page = "<html>arn:aws:iam::111122223333:role/x</html>";
    let recorder = recorder(&folder, &Fake::new([Answer::json(503, page).with("content-type", "text/html")]));
    chunks(recorder.send(request(PATH, "{}")).await.unwrap()).await;
    assert_eq!(folder.text("001-converse/response.txt"), page.replace("111122223333", "123456789012"));
    let replay = Replay::from_dir(folder.path()).unwrap();
    let response = replay.send(request(PATH, "{}")).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.headers()["content-type"].as_bytes()),
        (503, b"text/html".as_slice())
    );

    let error = recorder.send(request(PATH, "no JSON")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
