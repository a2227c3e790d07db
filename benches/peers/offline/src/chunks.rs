//! The body of a streamed answer, and a transport that answers with it.

use std::task::{Context, Poll};

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bedrock_converse::transport::{self, Body, BoxFuture, Request, Response, Transport};
use bedrock_converse::{BedrockProvider, Environment, Result};
use bytes::Bytes;

pub(crate) const FRAME: usize = 200;
pub(crate) const TEXT: &str = " scattered light";
const CHUNK: usize = 16 * 1024;

/// Text deltas of 200 bytes a frame, in chunks of 16 KiB as a socket gives them, made while they are read.
#[derive(Clone, Debug)]
pub(crate) struct Chunks {
    /// So many frames that the last ends where a chunk does; they come over and over.
    pub(crate) frames: Bytes,
    position: usize,
    end: usize,
}

impl Chunks {
    pub(crate) fn new(deltas: usize) -> Self {
        let padding = "abcdefghijklmnopqrstuvwxyzABCDE";
        let payload = format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{TEXT}"}},"p":"{padding}"}}"#);
        let header = |name: &'static str, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
        let message = Message::new(payload)
            .add_header(header(":event-type", "contentBlockDelta"))
            .add_header(header(":content-type", "application/json"))
            .add_header(header(":message-type", "event"));
        let mut frame = Vec::new();
        write_message_to(&message, &mut frame).expect("a small frame");
        assert_eq!(frame.len(), FRAME);
        Self { frames: frame.repeat(CHUNK / 8).into(), position: 0, end: deltas * FRAME }
    }
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let length = CHUNK.min(self.end - self.position);
        let from = self.position % self.frames.len();
        self.position += length;
        (length > 0).then(|| self.frames.slice(from..from + length))
    }
}

impl transport::Chunks for Chunks {
    fn poll_chunk(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        Poll::Ready(self.next().map(Ok))
    }
}

impl Transport for Chunks {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response>> {
        let mut response = http::Response::new(Body::new(self.clone()));
        let content_type = http::HeaderValue::from_static("application/vnd.amazon.eventstream");
        response.headers_mut().insert("content-type", content_type);
        Box::pin(async { Ok(response) })
    }
}

pub(crate) fn provider(transport: impl Transport + 'static) -> BedrockProvider {
    let provider = BedrockProvider::builder()
        .environment(Environment::fixed([] as [(&str, &str); 0]))
        .region_name("us-east-1")
        .aws_credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None)
        .transport(transport);
    provider.build().expect("all are set")
}
