//! A stream's text by hand: frames by `aws-smithy-eventstream`, JSON by `serde`, borrowed where it can be.

use std::borrow::Cow;

use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use bytes::{Bytes, BytesMut};
use serde::Deserialize;

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    delta: Delta<'a>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

/// Gives each text delta to `each`.
pub(crate) fn texts(chunks: impl IntoIterator<Item = Bytes>, mut each: impl FnMut(&str)) {
    let mut decoder = MessageFrameDecoder::new();
    let mut rest = BytesMut::new();
    for chunk in chunks {
        rest.extend_from_slice(&chunk);
        while let DecodedFrame::Complete(message) = decoder.decode_frame(&mut rest).expect("valid frames") {
            let header = |name: &str| {
                let header = message.headers().iter().find(|header| header.name().as_str() == name)?;
                header.value().as_string().ok().map(|value| value.as_str())
            };
            if let (Some("event"), Some("contentBlockDelta")) = (header(":message-type"), header(":event-type")) {
                each(&serde_json::from_slice::<Event<'_>>(message.payload()).expect("a text delta").delta.text);
            }
        }
    }
}
