//! The headers of a frame: `name length (u8), name, type (u8), value`, one after the other.

use std::collections::BTreeSet;
use std::iter::FusedIterator;

use super::{FrameError, HeaderFault};

/// The value of a header: one of the format's ten types (true and false are two of them).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these types and no room for another")]
pub enum HeaderValue<'a> {
    /// Types 0 (true) and 1 (false).
    Bool(bool),
    /// Type 2.
    Byte(i8),
    /// Type 3.
    Int16(i16),
    /// Type 4.
    Int32(i32),
    /// Type 5.
    Int64(i64),
    /// Type 6: up to 65,535 bytes.
    ByteArray(&'a [u8]),
    /// Type 7: up to 65,535 bytes of UTF-8.
    String(&'a str),
    /// Type 8: milliseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// Type 9: the sixteen bytes in the order in which they are written.
    Uuid([u8; 16]),
}

impl<'a> HeaderValue<'a> {
    /// The text, if it is a string.
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

/// The headers of a [`Frame`](super::Frame) in the order in which they came, each as its name and its value.
#[derive(Clone, Debug)]
pub struct Headers<'a> {
    /// What is left of checked headers.
    rest: &'a [u8],
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a str, HeaderValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        // Nothing here fails before the end of checked headers.
        let (raw, rest) = RawHeader::split(self.rest).ok()?;
        self.rest = rest;
        Some((str::from_utf8(raw.name).ok()?, raw.value()?))
    }
}

impl FusedIterator for Headers<'_> {}

/// The headers of a frame, checked.
///
/// Most frames repeat the headers of the frame before. Kept between frames, these need no second check, and their
/// well-known values no second search.
#[derive(Default)]
pub(super) struct CheckedHeaders {
    bytes: Vec<u8>,
    /// The values of the [`Known`] headers, one after the other.
    values: String,
    /// Where in `values` each begins and ends.
    known: [Option<(u32, u32)>; KNOWN.len()],
}

/// The headers that say what a frame is; each is a string.
#[derive(Clone, Copy)]
pub(super) enum Known {
    MessageType,
    EventType,
    ExceptionType,
    ErrorCode,
    ErrorMessage,
    ContentType,
}

/// The names of [`Known`], in its order.
const KNOWN: [&str; 6] =
    [":message-type", ":event-type", ":exception-type", ":error-code", ":error-message", ":content-type"];

impl CheckedHeaders {
    pub(super) fn iter(&self) -> Headers<'_> {
        Headers { rest: &self.bytes }
    }

    pub(super) fn find(&self, name: &str) -> Option<HeaderValue<'_>> {
        find(&self.bytes, name)
    }

    pub(super) fn known(&self, header: Known) -> Option<&str> {
        let (start, end) = self.known[header as usize]?;
        Some(&self.values[start as usize..end as usize])
    }

    /// Checks `bytes`, the headers of the next frame, which start at `offset` in the stream, and keeps them.
    pub(super) fn replace(&mut self, bytes: &[u8], offset: u64) -> Result<(), FrameError> {
        match self.bytes == bytes {
            true => Ok(()),
            false => self.read(bytes, offset),
        }
    }

    fn read(&mut self, bytes: &[u8], offset: u64) -> Result<(), FrameError> {
        let mut names: [&[u8]; PAIRWISE] = Default::default();
        let mut many = BTreeSet::new(); // all names, once there are more than fit in `names`
        let mut count = 0;
        self.values.clear();
        self.known = Default::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            let failed = |fault| FrameError::Header { offset: offset + (bytes.len() - rest.len()) as u64, fault };
            let (raw, next) = RawHeader::split(rest).map_err(failed)?;
            let value = raw.value().filter(|_| str::from_utf8(raw.name).is_ok());
            let value = value.ok_or_else(|| failed(HeaderFault::NotUtf8))?;
            if count == PAIRWISE {
                many.extend(names);
            }
            let is_new = match names.get_mut(count) {
                Some(name) => {
                    *name = raw.name;
                    !names[..count].contains(&raw.name)
                }
                None => many.insert(raw.name),
            };
            if !is_new {
                return Err(failed(HeaderFault::Duplicate));
            }
            let known = KNOWN.iter().position(|name| name.as_bytes() == raw.name);
            if let (Some(known), Some(text)) = (known, value.as_str()) {
                let start = self.values.len() as u32; // headers have less than 2^32 bytes
                self.values.push_str(text);
                self.known[known] = Some((start, self.values.len() as u32));
            }
            count += 1;
            rest = next;
        }
        self.bytes.clear();
        self.bytes.reserve_exact(bytes.len());
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

/// Up to this many names are compared each with each. Bedrock sends three headers.
const PAIRWISE: usize = 8;

fn find<'a>(mut bytes: &'a [u8], name: &str) -> Option<HeaderValue<'a>> {
    while let Ok((raw, rest)) = RawHeader::split(bytes) {
        if raw.name == name.as_bytes() {
            return raw.value();
        }
        bytes = rest;
    }
    None
}

/// A header cut into its parts.
struct RawHeader<'a> {
    name: &'a [u8],
    code: u8,
    value: &'a [u8],
}

impl<'a> RawHeader<'a> {
    /// Cuts the first header off `block`; its value has the length that its type asks for.
    fn split(block: &'a [u8]) -> Result<(Self, &'a [u8]), HeaderFault> {
        let (&length, rest) = block.split_first().ok_or(HeaderFault::Truncated)?;
        let (name, rest) = rest.split_at_checked(length.into()).ok_or(HeaderFault::Truncated)?;
        let (&code, mut rest) = rest.split_first().ok_or(HeaderFault::Truncated)?;
        let length = match code {
            0 | 1 => 0,
            2 => 1,
            3 => 2,
            4 => 4,
            5 | 8 => 8,
            6 | 7 => {
                let (&length, after) = rest.split_first_chunk().ok_or(HeaderFault::Truncated)?;
                rest = after;
                u16::from_be_bytes(length).into()
            }
            9 => 16,
            _ => return Err(HeaderFault::UnknownType(code)),
        };
        let (value, rest) = rest.split_at_checked(length).ok_or(HeaderFault::Truncated)?;
        Ok((Self { name, code, value }, rest))
    }

    /// `None` only for a string that is not UTF-8: all else was settled by [`split`](Self::split).
    fn value(&self) -> Option<HeaderValue<'a>> {
        let bytes = self.value;
        Some(match self.code {
            0 => HeaderValue::Bool(true),
            1 => HeaderValue::Bool(false),
            2 => HeaderValue::Byte(i8::from_be_bytes(bytes.try_into().ok()?)),
            3 => HeaderValue::Int16(i16::from_be_bytes(bytes.try_into().ok()?)),
            4 => HeaderValue::Int32(i32::from_be_bytes(bytes.try_into().ok()?)),
            5 => HeaderValue::Int64(i64::from_be_bytes(bytes.try_into().ok()?)),
            6 => HeaderValue::ByteArray(bytes),
            7 => HeaderValue::String(str::from_utf8(bytes).ok()?),
            8 => HeaderValue::Timestamp(i64::from_be_bytes(bytes.try_into().ok()?)),
            _ => HeaderValue::Uuid(bytes.try_into().ok()?),
        })
    }
}
