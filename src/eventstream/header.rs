//! The headers of a frame: `name length (u8), name, type (u8), value`, one after the other.

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
pub struct Headers<'a>(
    /// What is left of a block that [`check`] has passed.
    pub(super) &'a [u8],
);

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a str, HeaderValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        // Nothing here fails before the end of a checked block.
        let (raw, rest) = RawHeader::split(self.0).ok()?;
        self.0 = rest;
        Some((str::from_utf8(raw.name).ok()?, raw.value()?))
    }
}

impl FusedIterator for Headers<'_> {}

/// The value of the header `name` in a block that [`check`] has passed.
pub(super) fn find<'a>(mut block: &'a [u8], name: &str) -> Option<HeaderValue<'a>> {
    while let Ok((raw, rest)) = RawHeader::split(block) {
        if raw.name == name.as_bytes() {
            return raw.value();
        }
        block = rest;
    }
    None
}

/// Checks every header of `block`, which starts at `offset` in the stream.
pub(super) fn check(block: &[u8], offset: u64) -> Result<(), FrameError> {
    // One look at the whole block spares most frames a look at each of their strings.
    let ascii = block.is_ascii();
    let mut names = [&block[..0]; PAIRWISE];
    let mut count = 0;
    let mut rest = block;
    while !rest.is_empty() {
        let failed = |fault| FrameError::Header { offset: offset + (block.len() - rest.len()) as u64, fault };
        let (raw, next) = RawHeader::split(rest).map_err(failed)?;
        if !ascii && !raw.is_utf8() {
            return Err(failed(HeaderFault::NotUtf8));
        }
        if let Some(name) = names.get_mut(count) {
            *name = raw.name;
            if names[..count].contains(&raw.name) {
                return Err(failed(HeaderFault::Duplicate));
            }
        }
        count += 1;
        rest = next;
    }
    if count > PAIRWISE { check_many_names(block, offset) } else { Ok(()) }
}

/// Up to this many names are compared each with each. Bedrock sends three headers.
const PAIRWISE: usize = 8;

/// Finds a duplicate among any number of names without comparing each with each.
#[cold]
fn check_many_names(block: &[u8], offset: u64) -> Result<(), FrameError> {
    let mut names = std::collections::BTreeSet::new();
    let mut rest = block;
    while let Ok((raw, next)) = RawHeader::split(rest) {
        if !names.insert(raw.name) {
            let offset = offset + (block.len() - rest.len()) as u64;
            return Err(FrameError::Header { offset, fault: HeaderFault::Duplicate });
        }
        rest = next;
    }
    Ok(())
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

    fn is_utf8(&self) -> bool {
        str::from_utf8(self.name).is_ok() && (self.code != 7 || str::from_utf8(self.value).is_ok())
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
