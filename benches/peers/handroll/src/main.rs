//! What a careful person writes by hand with AWS's own small crates: reqwest, aws-sigv4, aws-smithy-eventstream, serde.

use std::time::{Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use bytes::BytesMut;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Request<'a> {
    messages: Vec<Message<'a>>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'a str,
    content: Vec<Block<'a>>,
}

#[derive(Serialize)]
struct Block<'a> {
    text: &'a str,
}

#[derive(Deserialize)]
struct DeltaEvent {
    delta: Delta,
}

#[derive(Deserialize)]
struct Delta {
    text: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    output: Output,
}

#[derive(Deserialize)]
struct Output {
    message: AnswerMessage,
}

#[derive(Deserialize)]
struct AnswerMessage {
    content: Vec<Delta>,
}

struct Client {
    http: reqwest::Client,
    url: String,
    credentials: Credentials,
}

impl Client {
    async fn send(&self, model: &str, operation: &str) -> reqwest::Response {
        let message = Message { role: "user", content: vec![Block { text: "Why is the sky blue?" }] };
        let body = serde_json::to_vec(&Request { messages: vec![message] }).expect("plain data");
        let url = format!("{}/model/{model}/{operation}", self.url);
        let identity = self.credentials.clone().into();
        #[expect(clippy::disallowed_methods, reason = "a signature has a date")]
        let now = SystemTime::now();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name("bedrock")
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .expect("all are set")
            .into();
        let headers = [("content-type", "application/json")];
        let signable =
            SignableRequest::new("POST", &url, headers.into_iter(), SignableBody::Bytes(&body)).expect("valid");
        let (instructions, _) = sign(signable, &parameters).expect("signs").into_parts();
        let mut request = self.http.post(&url).header("content-type", "application/json");
        for (name, value) in instructions.headers() {
            request = request.header(name, value);
        }
        request.body(body).send().await.expect("the server answers")
    }
}

/// Reads up to `limit` text deltas; gives how long their text is.
async fn read(answer: &mut reqwest::Response, limit: usize) -> usize {
    let (mut decoder, mut buffer, mut text, mut seen) = (MessageFrameDecoder::new(), BytesMut::new(), String::new(), 0);
    while let Some(chunk) = answer.chunk().await.expect("a chunk") {
        buffer.extend_from_slice(&chunk);
        while let DecodedFrame::Complete(message) = decoder.decode_frame(&mut buffer).expect("a frame") {
            let delta = message.headers().iter().any(|header| {
                header.name().as_str() == ":event-type"
                    && header.value().as_string().is_ok_and(|value| value.as_str() == "contentBlockDelta")
            });
            if delta {
                let event: DeltaEvent = serde_json::from_slice(message.payload()).expect("an event");
                text += event.delta.text.as_deref().unwrap_or_default();
                seen += 1;
            }
        }
        if seen >= limit {
            break;
        }
    }
    text.len()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("URL MODE COUNT");
    let (url, mode, count) = (next(), next(), next().parse::<usize>().expect("a number"));
    let ring = || std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls_platform_verifier::Verifier::new(ring()).expect("roots");
    let tls = rustls::ClientConfig::builder_with_provider(ring())
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .dangerous()
        .with_custom_certificate_verifier(std::sync::Arc::new(verifier))
        .with_no_client_auth();
    let http = reqwest::Client::builder().tls_backend_preconfigured(tls).build().expect("a client");
    let credentials = Credentials::from_keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None);
    let client = Client { http, url, credentials };
    let mut length = 0;
    match mode.as_str() {
        "stream" => {
            for _ in 0..count {
                length += read(&mut client.send("fast", "converse-stream").await, usize::MAX).await;
            }
        }
        "unary" => {
            for _ in 0..count {
                let body = client.send("fast", "converse").await.bytes().await.expect("a body");
                let answer: Answer = serde_json::from_slice(&body).expect("an answer");
                length += answer.output.message.content[0].text.as_ref().map_or(0, String::len);
            }
        }
        "first" => {
            let mut waits = Vec::with_capacity(count);
            for _ in 0..count {
                let start = Instant::now();
                let mut answer = client.send("fast", "converse-stream").await;
                length += read(&mut answer, 1).await;
                waits.push(start.elapsed());
                while answer.chunk().await.expect("a chunk").is_some() {}
            }
            waits.sort();
            println!("{}", waits[waits.len() / 2].as_nanos());
        }
        "open" => {
            let mut open = Vec::with_capacity(count);
            for _ in 0..count {
                let mut answer = client.send("held", "converse-stream").await;
                length += read(&mut answer, 1).await;
                open.push(answer);
            }
        }
        mode => panic!("no mode {mode}"),
    }
    assert!(count == 0 || length > 0);
}
