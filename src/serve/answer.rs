//! What the server says to one request, before faults and pacing: a head and the pieces of a body.

use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;
use serde_json::{Value, json};

/// The content type of an event stream.
pub(super) const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";

/// One answer, in memory.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<Piece>,
    /// Whether the body is an event stream: one piece per frame, sent chunked.
    pub(super) streamed: bool,
    /// Whether the connection is closed where the body ends, before its end was announced.
    pub(super) incomplete: bool,
}

/// A part of a body that is sent as one: a frame of a stream, or the whole of a plain body.
#[derive(Debug)]
pub(super) struct Piece {
    /// The event's name; empty when it has none.
    pub(super) name: String,
    pub(super) bytes: Bytes,
}

impl Answer {
    /// A plain body.
    pub(super) fn plain(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        let bytes = body.into();
        let body = if bytes.is_empty() { vec![] } else { vec![Piece { name: String::new(), bytes }] };
        Self { status, headers, body, streamed: false, incomplete: false }
    }

    /// A JSON body.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::plain(status, "application/json", body.to_string())
    }

    /// An error as the service writes it: the code in a header, the message in the body.
    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        let mut answer = Self::json(status, &json!({ "message": message }));
        answer.set_code(code);
        answer
    }

    /// Names the error in the header that the service uses.
    pub(super) fn set_code(&mut self, code: &str) {
        let value = format!("{code}:http://internal.amazon.com/coral/com.amazon.bedrock/");
        self.headers.push(("x-amzn-errortype".to_owned(), value));
    }

    /// The answer of AWS to a path that is no operation: status 200, and no header says that it is an error.
    pub(super) fn unknown_operation() -> Self {
        let kind = "com.amazon.coral.service#UnknownOperationException";
        Self::json(200, &json!({ "Output": { "__type": kind }, "Version": "1.0" }))
    }

    /// A stream of these events, each in a frame with padding.
    pub(super) fn stream(events: Vec<(&str, Value)>) -> Self {
        let piece = |(k, (name, mut payload)): (usize, (&str, Value))| {
            payload["p"] = padding(k).into();
            let headers = [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")];
            Piece { name: name.to_owned(), bytes: frame(&headers, payload.to_string()) }
        };
        Self::frames(events.into_iter().enumerate().map(piece).collect())
    }

    /// A stream of these bytes, cut into its frames.
    pub(super) fn recorded_stream(mut bytes: Bytes) -> Self {
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let length = bytes.first_chunk().map_or(usize::MAX, |length| u32::from_be_bytes(*length) as usize);
            let bytes = bytes.split_to(length.clamp(1, bytes.len()));
            pieces.push(Piece { name: event_name(&bytes).unwrap_or_default(), bytes });
        }
        Self::frames(pieces)
    }

    fn frames(body: Vec<Piece>) -> Self {
        let headers = vec![("content-type".to_owned(), EVENT_STREAM.to_owned())];
        Self { status: 200, headers, body, streamed: true, incomplete: false }
    }
}

/// One frame with string headers.
pub(super) fn frame(headers: &[(&str, &str)], payload: impl Into<Bytes>) -> Bytes {
    let header =
        |(name, value): &(&str, &str)| Header::new((*name).to_owned(), HeaderValue::String((*value).to_owned().into()));
    let message = Message::new_from_parts(headers.iter().map(header).collect(), payload);
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes)
        .expect("header names and values are shorter than 32 KiB, the frame than 4 GiB");
    bytes.into()
}

fn event_name(frame: &Bytes) -> Option<String> {
    let message = read_message_from(frame.clone()).ok()?;
    let header = message.headers().iter().find(|header| header.name().as_str() == ":event-type")?;
    Some(header.value().as_string().ok()?.as_str().to_owned())
}

/// The member `p` with which the service hides the length of a payload: the first 2 to 61 characters of a fixed alphabet.
fn padding(k: usize) -> &'static str {
    const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    &ALPHABET[..2 + k * 23 % 60]
}
