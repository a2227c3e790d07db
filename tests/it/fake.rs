//! A transport that is played from a script, on Tokio's clock.

use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bedrock_converse::client::{Auth, Client, ClientBuilder};
use bedrock_converse::endpoint::EndpointParams;
use bedrock_converse::transport::{Body, BoxFuture, Chunks, Request, Response, Transport};
use bedrock_converse::{Error, ErrorKind, Result};
use bytes::Bytes;
use tokio::time::{Instant, Sleep};

/// Plays one answer after the other, the last one again and again, and keeps what was sent.
#[derive(Clone, Default)]
pub(crate) struct Fake(Arc<State>);

#[derive(Default)]
struct State {
    script: Mutex<VecDeque<Step>>,
    sent: Mutex<Vec<(Request, Instant)>>,
    open: AtomicUsize,
}

/// What happens to one request.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Answer(Answer),
    /// No answer, but an error of this kind.
    Fail(ErrorKind),
    /// No answer because no connection was made in time.
    ConnectTimeout,
    /// Nothing, for ever.
    Silence,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<Piece>,
}

/// What happens next in a body.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Bytes(Bytes),
    Wait(Duration),
    Break,
    Silence,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        let headers = vec![("content-type", "application/json".to_owned()), ("x-amzn-requestid", "id-1".to_owned())];
        Self { status, headers, body: vec![Piece::Bytes(Bytes::copy_from_slice(body.as_bytes()))] }
    }

    pub(crate) fn stream(body: Vec<Piece>) -> Self {
        let content_type = "application/vnd.amazon.eventstream".to_owned();
        let headers = vec![("content-type", content_type), ("x-amzn-requestid", "id-1".to_owned())];
        Self { status: 200, headers, body }
    }

    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &format!(r#"{{"message":"{message}"}}"#)).with("x-amzn-errortype", code)
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl From<Answer> for Step {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

impl Fake {
    pub(crate) fn new(script: impl IntoIterator<Item = impl Into<Step>>) -> Self {
        let state = State { script: Mutex::new(script.into_iter().map(Into::into).collect()), ..State::default() };
        Self(Arc::new(state))
    }

    pub(crate) fn sent(&self) -> Vec<Request> {
        self.0.sent.lock().unwrap().iter().map(|(request, _)| request.clone()).collect()
    }

    /// How long after the first request each of them was sent.
    pub(crate) fn times(&self) -> Vec<Duration> {
        let sent = self.0.sent.lock().unwrap();
        sent.iter().map(|(_, time)| *time - sent[0].1).collect()
    }

    /// How many requests and bodies have neither ended nor been dropped.
    pub(crate) fn open(&self) -> usize {
        self.0.open.load(Ordering::SeqCst)
    }

    /// A client over this transport, by a bearer key.
    pub(crate) fn builder(&self) -> ClientBuilder {
        self.builder_with(Auth::api_key("bedrock-api-key-SECRET"))
    }

    pub(crate) fn builder_with(&self, auth: Auth) -> ClientBuilder {
        let endpoint = EndpointParams { region: Some("us-east-1".to_owned()), ..Default::default() };
        Client::builder(endpoint, auth).transport(self.clone())
    }

    fn next(&self) -> Step {
        let mut script = self.0.script.lock().unwrap();
        if script.len() > 1 { script.pop_front().unwrap() } else { script.front().expect("a script").clone() }
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

impl Transport for Fake {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        let open = Open::new(self.0.clone());
        self.0.sent.lock().unwrap().push((request, Instant::now()));
        let step = self.next();
        Box::pin(async move {
            let Answer { status, headers, body } = match step {
                Step::Answer(answer) => answer,
                Step::Fail(kind) => return Err(Error::new(kind, "it failed")),
                Step::ConnectTimeout => return Err(Error::new(ErrorKind::Timeout, "connecting").with_retryable(true)),
                Step::Silence => return pending().await,
            };
            let mut response = http::Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            Ok(response.body(Body::new(Play { pieces: body.into(), wait: None, _open: open })).unwrap())
        })
    }
}

struct Play {
    pieces: VecDeque<Piece>,
    wait: Option<Pin<Box<Sleep>>>,
    _open: Open,
}

impl Chunks for Play {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            if let Some(wait) = &mut self.wait {
                ready!(wait.as_mut().poll(cx));
                self.wait = None;
            }
            match self.pieces.pop_front() {
                None => return Poll::Ready(None),
                Some(Piece::Bytes(bytes)) => return Poll::Ready(Some(Ok(bytes))),
                Some(Piece::Break) => {
                    return Poll::Ready(Some(Err(Error::new(ErrorKind::Connection, "the connection broke"))));
                }
                Some(Piece::Wait(wait)) => self.wait = Some(Box::pin(tokio::time::sleep(wait))),
                Some(Piece::Silence) => self.wait = Some(Box::pin(tokio::time::sleep(Duration::from_secs(1 << 30)))),
            }
        }
    }
}

struct Open(Arc<State>);

impl Open {
    fn new(state: Arc<State>) -> Self {
        state.open.fetch_add(1, Ordering::SeqCst);
        Self(state)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A frame with string headers.
pub(crate) fn frame(headers: &[(&'static str, &str)], payload: &str) -> Bytes {
    let mut message = Message::new(Bytes::copy_from_slice(payload.as_bytes()));
    for (name, value) in headers {
        message = message.add_header(Header::new(*name, HeaderValue::String((*value).to_owned().into())));
    }
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes.into()
}

pub(crate) fn event(event_type: &str, payload: &str) -> Bytes {
    frame(&[(":event-type", event_type), (":content-type", "application/json"), (":message-type", "event")], payload)
}

pub(crate) fn exception(exception_type: &str, payload: &str) -> Bytes {
    frame(&[(":exception-type", exception_type), (":message-type", "exception")], payload)
}

/// The frames of an answer: `Hello`, and 3 and 2 tokens.
pub(crate) fn hello() -> Vec<Bytes> {
    vec![
        event("messageStart", r#"{"role":"assistant","p":"abc"}"#),
        event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Hel"},"p":"abcdef"}"#),
        event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"lo"},"p":"a"}"#),
        event("contentBlockStop", r#"{"contentBlockIndex":0,"p":"ab"}"#),
        event("messageStop", r#"{"stopReason":"end_turn","p":"abcd"}"#),
        event(
            "metadata",
            r#"{"usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5},"metrics":{"latencyMs":7},"p":"abc"}"#,
        ),
    ]
}

pub(crate) fn pieces(frames: &[Bytes]) -> Vec<Piece> {
    frames.iter().cloned().map(Piece::Bytes).collect()
}
