//! What can be wrong with a frame.

use std::fmt;

use crate::error::{Error, ErrorKind};

/// Why the bytes are not a stream of frames.
///
/// Every `offset` counts bytes from the start of the stream. As an [`Error`](crate::Error) it is of the kind
/// [`Protocol`](ErrorKind::Protocol), and [`Truncated`](Self::Truncated) of the kind
/// [`Incomplete`](ErrorKind::Incomplete).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The checksum over a frame's first eight bytes is wrong, so the lengths in them mean nothing.
    PreludeChecksum {
        /// Where the frame starts.
        offset: u64,
        /// The checksum in the frame.
        stated: u32,
        /// The checksum of the bytes.
        computed: u32,
    },
    /// The total length does not even cover the prelude, the headers and the checksum.
    Length {
        /// Where the frame starts.
        offset: u64,
        /// The frame's length in bytes, as stated.
        total: u32,
        /// The length of its headers in bytes, as stated.
        headers: u32,
    },
    /// The headers are longer than [`Limits::headers`](super::Limits::headers).
    HeadersTooLong {
        /// Where the frame starts.
        offset: u64,
        /// The length of the headers in bytes.
        length: u32,
        /// The limit in bytes.
        limit: u32,
    },
    /// The payload is longer than [`Limits::payload`](super::Limits::payload).
    PayloadTooLong {
        /// Where the frame starts.
        offset: u64,
        /// The length of the payload in bytes.
        length: u32,
        /// The limit in bytes.
        limit: u32,
    },
    /// The checksum over the whole frame is wrong.
    MessageChecksum {
        /// Where the frame starts.
        offset: u64,
        /// The checksum in the frame.
        stated: u32,
        /// The checksum of the bytes.
        computed: u32,
    },
    /// A header does not follow the format.
    Header {
        /// Where the header starts.
        offset: u64,
        /// What is wrong with it.
        fault: HeaderFault,
    },
    /// The input ended inside a frame.
    Truncated {
        /// Where the frame starts.
        offset: u64,
        /// How many bytes of it had come.
        length: u64,
    },
}

/// Why a header does not follow the format.
///
/// ```
/// use bedrock_converse::eventstream::{Decoder, FrameError, HeaderFault};
///
/// // A frame of one header, `a`, of a type that there is not. Its checksums are right.
/// let frame = b"\0\0\0\x13\0\0\0\x03\xdb\x6b\x63\x81\x01a\x0a\xff\xab\x96\x22";
/// let mut decoder = Decoder::new();
/// decoder.push(frame.as_slice().into());
/// let error = decoder.next_frame().unwrap_err();
/// assert_eq!(error, FrameError::Header { offset: 12, fault: HeaderFault::UnknownType(10) });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderFault {
    /// It goes beyond the end of the headers.
    Truncated,
    /// The code of its type is none of 0 to 9.
    UnknownType(u8),
    /// Its name or its string value is not UTF-8.
    NotUtf8,
    /// An earlier header of the frame has the same name.
    Duplicate,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::PreludeChecksum { offset, stated, computed } => write!(
                f,
                "frame at byte {offset}: the prelude states the checksum {stated:#010x}, but its bytes have {computed:#010x}"
            ),
            Self::Length { offset, total, headers } => {
                write!(f, "frame at byte {offset}: {headers} bytes of headers do not fit in a frame of {total} bytes")
            }
            Self::HeadersTooLong { offset, length, limit } => {
                write!(f, "frame at byte {offset}: {length} bytes of headers, the limit is {limit}")
            }
            Self::PayloadTooLong { offset, length, limit } => {
                write!(f, "frame at byte {offset}: {length} bytes of payload, the limit is {limit}")
            }
            Self::MessageChecksum { offset, stated, computed } => write!(
                f,
                "frame at byte {offset}: it states the checksum {stated:#010x}, but its bytes have {computed:#010x}"
            ),
            Self::Header { offset, fault } => write!(f, "header at byte {offset}: {fault}"),
            Self::Truncated { offset, length } => {
                write!(f, "the input ends inside the frame at byte {offset}, after {length} bytes of it")
            }
        }
    }
}

impl fmt::Display for HeaderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("it goes beyond the end of the headers"),
            Self::UnknownType(code) => write!(f, "{code} is not the code of a type"),
            Self::NotUtf8 => f.write_str("its name or value is not UTF-8"),
            Self::Duplicate => f.write_str("an earlier header has the same name"),
        }
    }
}

impl std::error::Error for FrameError {}

impl From<FrameError> for Error {
    fn from(error: FrameError) -> Self {
        let kind = match error {
            FrameError::Truncated { .. } => ErrorKind::Incomplete,
            _ => ErrorKind::Protocol,
        };
        Self::new(kind, error.to_string()).with_in_stream()
    }
}
