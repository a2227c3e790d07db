//! One frame: `prelude (12 bytes), headers, payload, checksum (4 bytes)`.

use std::fmt;

use super::header::{self, HeaderValue, Headers};
use super::{FrameError, Limits};

/// The prelude and the checksum at the end: what a frame without headers and payload consists of.
const EMPTY_FRAME: u32 = 16;

/// A frame whose checksums and headers are right. It borrows its bytes from the [`Decoder`](super::Decoder).
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    headers: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The payload. Bedrock sends one JSON object.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// All headers in the order in which they came.
    pub fn headers(&self) -> Headers<'a> {
        Headers(self.headers)
    }

    /// The value of one header, found without a look at the other values.
    pub fn header(&self, name: &str) -> Option<HeaderValue<'a>> {
        header::find(self.headers, name)
    }

    /// `:message-type`: `event`, `exception` or `error`.
    pub fn message_type(&self) -> Option<&'a str> {
        self.header(":message-type")?.as_str()
    }

    /// `:event-type` of an event, such as `contentBlockDelta`.
    pub fn event_type(&self) -> Option<&'a str> {
        self.header(":event-type")?.as_str()
    }

    /// `:exception-type` of an exception, such as `throttlingException`.
    pub fn exception_type(&self) -> Option<&'a str> {
        self.header(":exception-type")?.as_str()
    }

    /// `:error-code` of an error.
    pub fn error_code(&self) -> Option<&'a str> {
        self.header(":error-code")?.as_str()
    }

    /// `:error-message` of an error.
    pub fn error_message(&self) -> Option<&'a str> {
        self.header(":error-message")?.as_str()
    }

    /// `:content-type` of the payload, such as `application/json`.
    pub fn content_type(&self) -> Option<&'a str> {
        self.header(":content-type")?.as_str()
    }

    /// The parts of `bytes`, which is the whole frame behind `prelude`.
    pub(super) fn new(prelude: Prelude, bytes: &'a [u8]) -> Self {
        let (headers, rest) = bytes[Prelude::LENGTH..].split_at(prelude.headers);
        Self { headers, payload: &rest[..rest.len() - size_of::<u32>()] }
    }

    /// Checks the whole frame `bytes`, which starts at `offset` in the stream.
    pub(super) fn check(prelude: Prelude, bytes: &'a [u8], offset: u64) -> Result<(), FrameError> {
        let (message, stated) = bytes.split_last_chunk().expect("a frame has 16 bytes or more");
        let (stated, computed) = (u32::from_be_bytes(*stated), crc32fast::hash(message));
        if stated != computed {
            return Err(FrameError::MessageChecksum { offset, stated, computed });
        }
        header::check(Self::new(prelude, bytes).headers, offset + Prelude::LENGTH as u64)
    }
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Map<'a>(Headers<'a>);
        impl fmt::Debug for Map<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_map().entries(self.0.clone()).finish()
            }
        }
        f.debug_struct("Frame")
            .field("headers", &Map(self.headers()))
            .field("payload", &format_args!("b\"{}\"", self.payload.escape_ascii()))
            .finish()
    }
}

/// The lengths of a frame, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prelude {
    /// Of the whole frame, in bytes.
    pub(super) total: usize,
    headers: usize,
}

impl Prelude {
    /// Its own length in bytes.
    pub(super) const LENGTH: usize = 12;

    /// Reads the prelude at the start of `bytes`, a frame that starts at `offset` in the stream; `None` when not all of it has come.
    pub(super) fn read(bytes: &[u8], offset: u64, limits: Limits) -> Result<Option<Self>, FrameError> {
        let Some(prelude) = bytes.first_chunk::<{ Self::LENGTH }>() else { return Ok(None) };
        let [t0, t1, t2, t3, h0, h1, h2, h3, stated @ ..] = *prelude;
        let (stated, computed) = (u32::from_be_bytes(stated), crc32fast::hash(&prelude[..8]));
        if stated != computed {
            return Err(FrameError::PreludeChecksum { offset, stated, computed });
        }
        let (total, headers) = (u32::from_be_bytes([t0, t1, t2, t3]), u32::from_be_bytes([h0, h1, h2, h3]));
        let Some(payload) = total.checked_sub(EMPTY_FRAME).and_then(|room| room.checked_sub(headers)) else {
            return Err(FrameError::Length { offset, total, headers });
        };
        if headers > limits.headers {
            return Err(FrameError::HeadersTooLong { offset, length: headers, limit: limits.headers });
        }
        if payload > limits.payload {
            return Err(FrameError::PayloadTooLong { offset, length: payload, limit: limits.payload });
        }
        Ok(Some(Self { total: total as usize, headers: headers as usize }))
    }
}
