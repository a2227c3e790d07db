//! How long is waited when nobody says how long, and what the environment says.

use std::time::Duration;

use bedrock_converse::client::Timeouts;
use bedrock_converse::wire::ConverseRequest;
use bedrock_converse::{BedrockProvider, Environment, Error, ErrorKind, Result};
use tokio::time::Instant;

use crate::fake::{Answer, Fake, Piece, Step, hello, pieces};

const FIVE_MINUTES: Duration = Duration::from_secs(300);

fn question() -> ConverseRequest {
    ConverseRequest::new("us.amazon.nova-micro-v1:0").user("Hi")
}

#[tokio::test(start_paused = true)]
async fn silence_ends_after_five_minutes() {
    let silent = Fake::new([Step::Silence]).builder().build().unwrap();
    let began = Instant::now();
    let error = silent.converse(&question()).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Timeout, "no answer came within 300s"));
    assert_eq!(began.elapsed().as_secs(), FIVE_MINUTES.as_secs());

    // Not right away, so that the two limits don't end at the same moment.
    let mut falls_silent = vec![Piece::Wait(Duration::from_secs(1))];
    falls_silent.extend(pieces(&hello()[..1]));
    falls_silent.push(Piece::Silence);
    let falls_silent = Fake::new([Answer::stream(falls_silent)]).builder().build().unwrap();
    let mut stream = falls_silent.converse_stream(&question()).await.unwrap();
    stream.next_event().await.unwrap().unwrap();
    let began = Instant::now();
    let error = stream.next_event().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Timeout, "the answer did not go on within 300s"));
    assert_eq!(began.elapsed().as_secs(), FIVE_MINUTES.as_secs());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_goes_on_may_take_for_ever() {
    let wait = Piece::Wait(FIVE_MINUTES - Duration::from_secs(1));
    let mut body = Vec::new();
    for frame in [&hello()[..2], &vec![hello()[1].clone(); 1000], &hello()[2..]].concat() {
        body.extend([wait.clone(), Piece::Bytes(frame)]);
    }
    let client = Fake::new([Answer::stream(body)]).builder().build().unwrap();
    let began = Instant::now();
    let mut stream = client.converse_stream(&question()).await.unwrap();
    while let Some(event) = stream.next_event().await {
        event.unwrap();
    }
    assert!(began.elapsed() > Duration::from_secs(3 * 24 * 3600));
}

/// To connect takes a TLS handshake too, which nobody answers here.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test(start_paused = true)]
async fn connecting_ends_after_ten_seconds() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let request = http::Request::get(&url).body(bytes::Bytes::new()).unwrap();
    let began = Instant::now();
    let transport = bedrock_converse::transport::ReqwestTransport::new().without_proxy();
    let error = bedrock_converse::transport::Transport::send(&transport, request).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Timeout, "connecting to 127.0.0.1 took too long"));
    assert_eq!(began.elapsed().as_secs(), 10);
}

/// What requests are limited to with these variables.
fn timeouts(variable: &str, value: &str) -> Result<Timeouts> {
    let environment = Environment::fixed([("AWS_REGION", "us-east-1"), (variable, value)]);
    let provider = BedrockProvider::builder().environment(environment).api_key("key").build()?;
    Ok(provider.client().options().timeouts.clone())
}

#[test]
fn limits_of_the_environment_are_read_as_python_reads_them() {
    for (text, limit) in [
        ("60", Duration::from_secs(60)),
        ("007", Duration::from_secs(7)),
        ("2.5", Duration::from_millis(2500)),
        (".5", Duration::from_millis(500)),
        ("5.", Duration::from_secs(5)),
        ("+5", Duration::from_secs(5)),
        (" 5 ", Duration::from_secs(5)),
        ("1e3", Duration::from_secs(1000)),
        ("1.25E+1", Duration::from_millis(12_500)),
        ("25e-1", Duration::from_millis(2500)),
        ("1e-9", Duration::from_nanos(1)),
        ("0.1234567899", Duration::from_nanos(123_456_789)),
        ("1e9", Duration::from_secs(1_000_000_000)),
    ] {
        let expected = Timeouts { first_byte: Some(limit), idle: Some(limit), total: None };
        assert_eq!(timeouts("AWS_READ_TIMEOUT", text).unwrap(), expected, "{text:?}");
        timeouts("AWS_CONNECT_TIMEOUT", text).unwrap();
    }
    for name in ["AWS_READ_TIMEOUT", "AWS_CONNECT_TIMEOUT"] {
        for text in [
            "0", "0.0", "0e5", "1e-10", "-1", "x", "5s", "1,5", "1.2.3", "1e", "e3", "1e2e3", "1e2.5", ".", "+", " ",
            "++5", "1e99", "1e999", "inf", "nan", "²", "1é",
        ] {
            let error: Error = timeouts(name, text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert_eq!(error.message(), format!("{name} is {text:?}; it must be a number of seconds above 0"));
        }
    }
}
