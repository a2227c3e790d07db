//! A recording holds no secret: none that authorises its requests, and none that a prompt or an answer brought in.

use aws_credential_types::Credentials;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_converse::client::{Auth, Client};
use bedrock_converse::endpoint::EndpointParams;
use bedrock_converse::transport::{Recorder, Rules, Transport};
use bedrock_converse::{Environment, Error, ErrorKind};
use serde_json::json;

use crate::cassette::{Folder, ask};
use crate::fake::{Answer, Fake, event, hello, pieces};
use crate::record::request;

const ACCESS_KEY_ID: &str = "ASIAQWERTYUIOPASDFGH";
const SECRET_ACCESS_KEY: &str = "q8Zk1v/Hn2bT+Ls9XcW4eRyU7iOpAsDfGhJkLzXc";
const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQDabcdefgh0123456789==";
const BEARER_KEY: &str = "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29tLz9BY3Rpb249Q2FsbFdpdGg=";
const SECRETS: [&str; 4] = [ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN, BEARER_KEY];
const PATH: &str = "/model/us.amazon.nova-micro-v1%3A0/converse";

fn recorder(folder: &Folder, answer: Answer) -> Recorder {
    Recorder::new(folder.path(), Fake::new([answer])).environment(Environment::fixed([("", ""); 0]))
}

fn client(transport: Recorder, auth: Auth) -> Client {
    let endpoint = EndpointParams { region: Some("us-east-1".to_owned()), ..Default::default() };
    Client::builder(endpoint, auth).transport(transport).build().unwrap()
}

fn hello_answer() -> Answer {
    let message = json!({ "role": "assistant", "content": [{ "text": "Hello" }] });
    Answer::json(200, &json!({ "output": { "message": message }, "stopReason": "end_turn" }).to_string())
}

/// All that is on disk, names included.
fn everything(folder: &Folder) -> Vec<u8> {
    folder.files().iter().flat_map(|file| [file.as_bytes(), &folder.read(file)].concat()).collect()
}

fn holds(text: &[u8], sought: &str) -> bool {
    text.windows(sought.len()).any(|window| window == sought.as_bytes())
}

#[tokio::test]
async fn what_authorises_a_request_is_not_on_disk() {
    let keys = Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, Some(SESSION_TOKEN.into()), None, "test");
    for auth in [Auth::credentials(keys), Auth::api_key(BEARER_KEY)] {
        let folder = Folder::new();
        let mut answer = hello_answer();
        answer.headers.push(("set-cookie", SESSION_TOKEN.to_owned()));
        let service = Fake::new([answer]);
        let every_header = ["authorization", "x-amz-security-token", "x-amz-date", "x-team", "cookie"];
        let rules = every_header.into_iter().fold(Rules::new(), |rules, name| rules.compare_header(name));
        let recorder = Recorder::new(folder.path(), service.clone()).rules(rules);
        let client = client(recorder.clone(), auth);
        ask(&client, "Hi").await.unwrap();
        recorder.finish().unwrap();

        let sent = &service.sent()[0];
        let disk = everything(&folder);
        let authorization = sent.headers()["authorization"].to_str().unwrap();
        let signature = authorization.split("Signature=").nth(1).unwrap_or(authorization);
        for secret in SECRETS.into_iter().chain([signature]) {
            assert!(!holds(&disk, secret), "{secret}");
        }
        assert!(!holds(&disk, "authorization") && !holds(&disk, "security-token") && !holds(&disk, "cookie"));
        assert!(holds(&disk, "Hello"));
    }
}

/// The error of a request with this prompt, of which nothing must have been sent or written.
async fn refused(prompt: &str, environment: Environment) -> Error {
    let folder = Folder::new();
    let service = Fake::new([hello_answer()]);
    let recorder = Recorder::new(folder.path(), service.clone()).environment(environment);
    let error = ask(&client(recorder, Auth::api_key("my-bearer-key")), prompt).await.unwrap_err();
    assert!(service.sent().is_empty() && folder.files().is_empty());
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    error
}

#[tokio::test]
async fn a_prompt_with_a_secret_is_not_sent() {
    let none = || Environment::fixed([("", ""); 0]);
    let encoded = STANDARD.encode(format!("aws_access_key_id = {ACCESS_KEY_ID}\n"));
    for (secret, what) in [
        (ACCESS_KEY_ID, "an AWS access key id"),
        ("AKIAIOSFODNN7EXAMPLE", "an AWS access key id"),
        (encoded.as_str(), "an AWS access key id"),
        (SESSION_TOKEN, "an AWS session token"),
        (BEARER_KEY, "a Bedrock API key"),
        ("my-bearer-key", "what authorises the request"),
        ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
        ("https://x/?X-Amz-Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "a signature"),
        ("Authorization: Bearer abcdefghijklmnopqrstuvwxyz012345", "a bearer key"),
    ] {
        let error = refused(secret, none()).await;
        let expected = format!(
            "the request was not sent: $.messages[0].content[0].text holds {what}; a recording must hold no secret"
        );
        assert_eq!(error.to_string(), expected);
        assert!(!format!("{error:?}").contains(secret));
    }
    for name in
        ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK", "PYDANTIC_AI_GATEWAY_API_KEY"]
    {
        let environment = Environment::fixed([(name, "correct horse battery")]);
        let error = refused("It is correct horse battery staple", environment).await;
        assert!(error.message().contains("what authorises the request"));
    }
}

#[tokio::test]
async fn what_only_resembles_a_secret_is_recorded() {
    let folder = Folder::new();
    let recorder = recorder(&folder, hello_answer());
    let client = client(recorder.clone(), Auth::api_key("key"));
    let blob = STANDARD.encode([0; 6000]) + "ASIAQWERTYUIOPASDFGH";
    for text in ["a key", "AKIA", "MAKIAIOSFODNN7EXAMPLE", "Bearer of bad news", "bedrock-api-key-…", &blob] {
        ask(&client, text).await.unwrap();
    }
    recorder.finish().unwrap();
}

#[tokio::test]
async fn an_answer_with_a_secret_is_not_written() {
    let text = |text: &str| json!({ "output": { "message": { "content": [{ "text": text }] } } }).to_string();
    let place = "the answer: $.output.message.content[0].text holds an AWS access key id";
    let named = "the answer: the name of a member holds an AWS access key id";
    let page = "the answer: the body holds an AWS access key id";
    for (answer, expected) in [
        (text(&format!("It is {ACCESS_KEY_ID}.")), place),
        (json!({ ACCESS_KEY_ID: 1 }).to_string(), named),
        (format!("<p>{ACCESS_KEY_ID}</p>"), page),
    ] {
        let folder = Folder::new();
        let recorder = recorder(&folder, Answer::json(200, &answer));
        let response = recorder.send(request(PATH, "{}")).await.unwrap();
        let error = response.into_body().collect(1 << 20).await.unwrap_err();
        assert!(error.message().contains(expected), "{error}");
        assert!(folder.files().is_empty());
        // It is not forgotten, and nothing more is sent.
        assert_eq!(recorder.finish().unwrap_err().message(), error.message());
        assert_eq!(recorder.send(request(PATH, "{}")).await.unwrap_err().message(), error.message());
    }
}

/// The reader of a stream has left before its end, so that the error cannot come with it.
#[tokio::test]
async fn a_secret_is_found_in_the_pieces_of_a_stream() {
    let delta = |text: &str| {
        event("contentBlockDelta", &json!({ "contentBlockIndex": 3, "delta": { "text": text } }).to_string())
    };
    let (first, second) = ACCESS_KEY_ID.split_at(7);
    let mut frames = vec![hello()[0].clone(), delta(&format!("It is {first}")), delta(second), delta(".")];
    frames.extend_from_slice(&hello()[3..]);
    let folder = Folder::new();
    let recorder = recorder(&folder, Answer::stream(pieces(&frames)));
    let read = chunks_until_error(recorder.send(request(&format!("{PATH}-stream"), "{}")).await.unwrap()).await;
    assert_eq!(read, frames.len());
    let error = recorder.finish().unwrap_err();
    assert!(error.message().contains("the answer: block 3: $.delta.text holds an AWS access key id"), "{error}");
    assert!(folder.files().is_empty());

    let recorder = self::recorder(&folder, Answer::stream(pieces(&frames)));
    drop(recorder.send(request(&format!("{PATH}-stream"), "{}")).await.unwrap());
    recorder.finish().unwrap();
}

async fn chunks_until_error(response: bedrock_converse::transport::Response) -> usize {
    let (mut body, mut read) = (response.into_body(), 0);
    while let Some(Ok(_)) = body.chunk().await {
        read += 1;
    }
    read
}
