//! The server, asked by a client of the tests' own: requests over a plain socket, signed by `aws-sigv4`, frames read by
//! `aws-smithy-eventstream`.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_eventstream::frame::read_message_from;
use bedrock_converse::serve::{EXAMPLE_ACCESS_KEY_ID, EXAMPLE_SECRET_ACCESS_KEY, Server};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const NOVA: &str = "/model/us.amazon.nova-micro-v1%3A0";
pub(crate) const CLAUDE: &str = "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0";

pub(crate) fn example_keys() -> Credentials {
    Credentials::new(EXAMPLE_ACCESS_KEY_ID, EXAMPLE_SECRET_ACCESS_KEY, None, None, "test")
}

#[expect(clippy::disallowed_methods, reason = "a signature has the time of its request")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// A body with one user message.
pub(crate) fn says(text: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": [{ "text": text }] }] })
}

/// A request that can still be spoiled before it is sent.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(path: impl Into<String>, body: &Value) -> Self {
        let headers = vec![("content-type".into(), "application/json".into())];
        Self { method: "POST".into(), path: path.into(), headers, body: body.to_string().into() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn signed(self, server: &Server) -> Self {
        self.signed_with(server, &example_keys(), now())
    }

    pub(crate) fn signed_with(mut self, server: &Server, credentials: &Credentials, time: SystemTime) -> Self {
        let url = format!("{}{}", server.url(), self.path);
        let identity = credentials.clone().into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name("bedrock")
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .unwrap();
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let request = SignableRequest::new(&self.method, url, headers, SignableBody::Bytes(&self.body)).unwrap();
        let (instructions, _) = sign(request, &params.into()).unwrap().into_parts();
        self.headers.extend(instructions.headers().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Sends it on a connection of its own and reads all that comes, for at most ten seconds.
    pub(crate) async fn send(&self, server: &Server) -> Answer {
        let mut stream = self.open(server).await;
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes)).await;
        let reset = match read.expect("the server ends the connection") {
            Ok(_) => false,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        };
        Answer::parse(&bytes, reset)
    }

    /// Sends it and leaves the answer unread.
    pub(crate) async fn open(&self, server: &Server) -> TcpStream {
        let mut text =
            format!("{} {} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.method, self.path, server.addr());
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("content-length: {}\r\n\r\n", self.body.len());
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream.write_all(&self.body).await.unwrap();
        stream
    }
}

/// What came back, as far as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    /// 0 when there was no head.
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// The lengths of the HTTP chunks.
    pub(crate) chunks: Vec<usize>,
    /// Whether the HTTP body is whole.
    pub(crate) whole: bool,
    pub(crate) reset: bool,
}

impl Answer {
    fn parse(bytes: &[u8], reset: bool) -> Self {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Self { status: 0, head: String::new(), body: vec![], chunks: vec![], whole: false, reset };
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut answer =
            Self { status: head[9..12].parse().unwrap(), head, body: vec![], chunks: vec![], whole: false, reset };
        let mut rest = &bytes[end + 4..];
        if answer.header("transfer-encoding").is_none() {
            answer.body = rest.to_vec();
            answer.whole = answer.header("content-length").unwrap().parse() == Ok(rest.len());
            return answer;
        }
        while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
            let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
            rest = &rest[end + 2..];
            if length == 0 {
                answer.whole = rest == b"\r\n";
                break;
            }
            answer.chunks.push(length);
            answer.body.extend(&rest[..length]);
            rest = &rest[length + 2..];
        }
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.filter(|(known, _)| *known == name).map(|(_, value)| value).next()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The error's name without the address after it.
    pub(crate) fn code(&self) -> Option<&str> {
        self.header("x-amzn-errortype")?.split(':').next()
    }

    /// Name and payload of each whole frame, without the padding, which is looked at here; and the bytes left over.
    pub(crate) fn events(&self) -> (Vec<(String, Value)>, usize) {
        let (mut rest, mut events) = (self.body.as_slice(), Vec::new());
        let mut tried = rest;
        while let Ok(message) = read_message_from(&mut tried) {
            rest = tried;
            let header = |name: &str| {
                let header = message.headers().iter().find(|header| header.name().as_str() == name)?;
                Some(header.value().as_string().unwrap().as_str().to_owned())
            };
            let name = header(":event-type").or(header(":exception-type")).or(header(":error-code")).unwrap();
            let mut payload: Value = serde_json::from_slice(message.payload()).unwrap_or_default();
            if header(":message-type").as_deref() == Some("event") {
                assert_eq!(header(":content-type").as_deref(), Some("application/json"));
                let padding = payload.as_object_mut().unwrap().remove("p").unwrap();
                let padding = padding.as_str().unwrap();
                let alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
                assert!((2..=61).contains(&padding.len()) && alphabet.starts_with(padding), "{padding}");
            }
            events.push((name, payload));
        }
        (events, rest.len())
    }
}

pub(crate) async fn converse(server: &Server, body: &Value) -> Answer {
    Request::new(format!("{CLAUDE}/converse"), body).signed(server).send(server).await
}

pub(crate) async fn converse_stream(server: &Server, body: &Value) -> Answer {
    Request::new(format!("{CLAUDE}/converse-stream"), body).signed(server).send(server).await
}

#[tokio::test]
async fn answers_any_prompt() {
    let server = Server::start().unwrap();
    let answer = converse(&server, &says("Hello there, world")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-amzn-requestid"), Some("00000000-0000-4000-8000-000000000001"));
    let text = "You said: Hello there, world";
    assert_eq!(
        answer.json(),
        json!({
            "output": { "message": { "role": "assistant", "content": [{ "text": text }] } },
            "stopReason": "end_turn",
            "usage": { "inputTokens": 3, "outputTokens": 5, "totalTokens": 8 },
            "metrics": { "latencyMs": 5 },
        })
    );
}

#[tokio::test]
async fn streams_one_delta_per_word() {
    let server = Server::start().unwrap();
    let answer = converse_stream(&server, &says(" two  words\n")).await;
    assert_eq!(answer.header("content-type"), Some("application/vnd.amazon.eventstream"));
    assert!(answer.whole);
    let (events, rest) = answer.events();
    assert_eq!((events.len(), rest), (9, 0));
    assert_eq!(answer.chunks.len(), 9);
    let delta = |text: &str| ("contentBlockDelta".into(), json!({ "contentBlockIndex": 0, "delta": { "text": text } }));
    let expected: [(String, Value); 9] = [
        ("messageStart".into(), json!({ "role": "assistant" })),
        delta("You"),
        delta(" said:"),
        delta("  two"),
        delta("  words"),
        delta("\n"),
        ("contentBlockStop".into(), json!({ "contentBlockIndex": 0 })),
        ("messageStop".into(), json!({ "stopReason": "end_turn" })),
        (
            "metadata".into(),
            json!({
                "usage": { "inputTokens": 2, "outputTokens": 4, "totalTokens": 6 },
                "metrics": { "latencyMs": 4 },
            }),
        ),
    ];
    assert_eq!(events, expected);
}

#[tokio::test]
async fn keeps_a_log_without_secrets() {
    let server = Server::start().unwrap();
    let request = Request::new(format!("{NOVA}/converse"), &says("x")).header("x-amz-security-token", "SECRET-TOKEN");
    request.header("my-header", "mine").signed(&server).send(&server).await;
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", &*format!("{NOVA}/converse")));
    assert_eq!(request.json(), says("x"));
    assert_eq!(request.header("my-header"), Some("mine"));
    assert_eq!(request.header("authorization"), Some("AWS4-HMAC-SHA256 ***"));
    let shown = format!("{requests:?} {server:?} {:?}", Server::builder().credentials(example_keys()));
    assert!(!shown.contains("SECRET-TOKEN") && !shown.contains("Signature="), "{shown}");
    assert!(!shown.contains(EXAMPLE_SECRET_ACCESS_KEY), "{shown}");
}

#[tokio::test]
async fn sees_that_a_client_leaves() {
    let server = Server::builder().faults(["stall at=3".parse().unwrap()]).start().unwrap();
    let stream = Request::new(format!("{CLAUDE}/converse-stream"), &says("a b c")).signed(&server).open(&server).await;
    server.until(|requests| requests.first().is_some_and(|request| request.events_sent == 3)).await;
    assert!(!server.requests()[0].done);
    drop(stream);
    server.until(|requests| requests[0].done).await;
    let request = &server.requests()[0];
    assert!(request.closed_early);
    assert_eq!((request.status, request.events_sent), (Some(200), 3));

    server.set_faults([]);
    converse_stream(&server, &says("a b c")).await;
    server.until(|requests| requests[1].done).await;
    assert!(!server.requests()[1].closed_early);
    assert_eq!(server.requests()[1].events_sent, 9);
}

#[tokio::test]
async fn stops_when_dropped() {
    let server = Server::builder().faults(["stall at=1".parse().unwrap()]).start().unwrap();
    let addr = server.addr();
    let mut stream = Request::new(format!("{CLAUDE}/converse-stream"), &says("a")).signed(&server).open(&server).await;
    server.until(|requests| requests.first().is_some_and(|request| request.events_sent == 1)).await;
    drop(server);
    let mut rest = Vec::new();
    // Whether it ends in a reset or in an orderly close, it ends.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn the_log_keeps_the_latest_thousand() {
    let server = Server::builder().any_credentials().faults(["empty".parse().unwrap()]).start().unwrap();
    for k in 0..1003 {
        Request::new(format!("/model/m{k}/converse"), &json!({})).send(&server).await;
    }
    server.until(|requests| requests.iter().all(|request| request.done)).await;
    let requests = server.requests();
    assert_eq!((requests.len(), requests[0].path.as_str()), (1000, "/model/m3/converse"));
}
