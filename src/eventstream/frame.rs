//! One frame: `prelude (12 bytes), headers, payload, checksum (4 bytes)`.

use std::fmt;

use super::header::{CheckedHeaders, HeaderValue, Headers, Known};
use super::{FrameError, Limits};

/// Computes checksums. It is made once: to ask which instructions the processor has takes as long as a prelude.
#[derive(Default)]
pub(super) struct Checksum(crc32fast::Hasher);

impl Checksum {
    fn of(&self, bytes: &[u8]) -> u32 {
        let mut hasher = self.0.clone();
        hasher.update(bytes);
        hasher.finalize()
    }
}

/// The prelude and the checksum at the end: what a frame without headers and payload consists of.
const EMPTY_FRAME: u32 = 16;

/// A frame whose checksums and headers are right. It borrows its bytes from the [`Decoder`](super::Decoder).
///
/// ```
/// use bedrock_converse::eventstream::{Decoder, HeaderValue};
///
/// let mut decoder = Decoder::new();
/// decoder.push(b"\0\0\0\x2c\0\0\0\x1a\x9c\x71\xe4\x16\x0b:event-type\x07\0\x0bmessageStop{}\xb9\x24\x00\xbb"[..].into());
/// let frame = decoder.next_frame()?.expect("a whole frame has come");
/// assert_eq!((frame.event_type(), frame.payload()), (Some("messageStop"), &b"{}"[..]));
/// assert_eq!(frame.header(":event-type"), Some(HeaderValue::String("messageStop")));
/// assert_eq!(frame.headers().count(), 1);
/// # Ok::<(), bedrock_converse::eventstream::FrameError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    headers: &'a CheckedHeaders,
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The payload. Bedrock sends one JSON object.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// All headers in the order in which they came.
    pub fn headers(&self) -> Headers<'a> {
        self.headers.iter()
    }

    /// The value of the header `name`. For those below, the method of their own is faster.
    pub fn header(&self, name: &str) -> Option<HeaderValue<'a>> {
        self.headers.find(name)
    }

    /// `:message-type`: `event`, `exception` or `error`.
    pub fn message_type(&self) -> Option<&'a str> {
        self.headers.known(Known::MessageType)
    }

    /// `:event-type` of an event, such as `contentBlockDelta`.
    pub fn event_type(&self) -> Option<&'a str> {
        self.headers.known(Known::EventType)
    }

    /// `:exception-type` of an exception, such as `throttlingException`.
    pub fn exception_type(&self) -> Option<&'a str> {
        self.headers.known(Known::ExceptionType)
    }

    /// `:error-code` of an error.
    pub fn error_code(&self) -> Option<&'a str> {
        self.headers.known(Known::ErrorCode)
    }

    /// `:error-message` of an error.
    pub fn error_message(&self) -> Option<&'a str> {
        self.headers.known(Known::ErrorMessage)
    }

    /// `:content-type` of the payload, such as `application/json`.
    pub fn content_type(&self) -> Option<&'a str> {
        self.headers.known(Known::ContentType)
    }

    pub(super) fn new(headers: &'a CheckedHeaders, payload: &'a [u8]) -> Self {
        Self { headers, payload }
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
#[derive(Clone, Copy)]
pub(super) struct Prelude {
    /// Of the whole frame, in bytes.
    pub(super) total: usize,
    headers: usize,
}

impl Prelude {
    /// Its own length in bytes.
    pub(super) const LENGTH: usize = 12;

    /// Reads the prelude of the frame that starts with `bytes`, at `offset` in the stream; `None` when not all of it
    /// has come.
    pub(super) fn read(
        bytes: &[u8],
        offset: u64,
        limits: Limits,
        checksum: &Checksum,
    ) -> Result<Option<Self>, FrameError> {
        let Some(prelude) = bytes.first_chunk::<{ Self::LENGTH }>() else { return Ok(None) };
        let [t0, t1, t2, t3, h0, h1, h2, h3, stated @ ..] = *prelude;
        let (stated, computed) = (u32::from_be_bytes(stated), checksum.of(&prelude[..8]));
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

    /// Checks `frame`, which starts at `offset` in the stream, and keeps its headers in `headers`.
    pub(super) fn check(
        self,
        frame: &[u8],
        offset: u64,
        checksum: &Checksum,
        headers: &mut CheckedHeaders,
    ) -> Result<(), FrameError> {
        let (message, stated) = frame.split_last_chunk().expect("a frame has 16 bytes or more");
        let (stated, computed) = (u32::from_be_bytes(*stated), checksum.of(message));
        if stated != computed {
            return Err(FrameError::MessageChecksum { offset, stated, computed });
        }
        headers.replace(&message[Self::LENGTH..][..self.headers], offset + Self::LENGTH as u64)
    }

    /// The payload of `frame`.
    pub(super) fn payload(self, frame: &[u8]) -> &[u8] {
        &frame[Self::LENGTH + self.headers..frame.len() - size_of::<u32>()]
    }
}
