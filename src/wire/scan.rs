//! A short way to read the deltas that most of a stream consists of.

use std::borrow::Cow;

use super::{ContentBlockDelta, ContentBlockDeltaEvent, ReasoningContentBlockDelta, ToolUseBlockDelta};

/// Reads a delta of text, tool input or reasoning in just the form in which the service writes it:
/// `{"contentBlockIndex":0,"delta":{"text":"…"},"p":"…"}`. `None` says nothing about the payload but that it has to be
/// read in the ordinary way.
#[inline]
pub(super) fn delta(payload: &[u8]) -> Option<ContentBlockDeltaEvent<'_>> {
    let rest = payload.strip_prefix(br#"{"contentBlockIndex":"#)?;
    let (index, rest) = rest.split_at(rest.iter().position(|byte| !byte.is_ascii_digit())?);
    if index.len() > 18 || index.is_empty() || (index[0] == b'0' && index.len() > 1) {
        return None;
    }
    let index = index.iter().fold(0, |index, digit| index * 10 + i64::from(digit - b'0'));

    let rest = rest.strip_prefix(br#","delta":{"#)?;
    let (delta, rest) = if let Some(rest) = rest.strip_prefix(br#""text":"#) {
        let (text, rest) = string(rest)?;
        (ContentBlockDelta::Text(text), rest)
    } else if let Some(rest) = rest.strip_prefix(br#""toolUse":{"input":"#) {
        let (input, rest) = string(rest)?;
        (ContentBlockDelta::ToolUse(ToolUseBlockDelta::new(input)), rest.strip_prefix(b"}")?)
    } else {
        let (text, rest) = string(rest.strip_prefix(br#""reasoningContent":{"text":"#)?)?;
        (ContentBlockDelta::ReasoningContent(ReasoningContentBlockDelta::Text(text)), rest.strip_prefix(b"}")?)
    };

    let padding = match rest.strip_prefix(b"}")? {
        b"}" => b"",
        rest => rest.strip_prefix(br#","p":""#)?.strip_suffix(br#""}"#)?,
    };
    // Not `all`: without a way out in the middle it is done many bytes at a time.
    let is_plain = padding.iter().fold(true, |plain, byte| plain & byte.is_ascii() & !is_special(byte));
    is_plain.then(|| ContentBlockDeltaEvent::new(delta, index))
}

/// Whether a JSON string ends at this byte, or goes on in another way than by it.
fn is_special(byte: &u8) -> bool {
    (*byte == b'"') | (*byte == b'\\') | (*byte < b' ')
}

/// How many bytes of `text` stand for themselves in a JSON string, up to the first that doesn't.
#[inline]
pub(super) fn plain(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(chunk) = text[at..].first_chunk::<16>() {
        if chunk.iter().fold(false, |found, byte| found | is_special(byte)) {
            break;
        }
        at += chunk.len();
    }
    while let Some(chunk) = text[at..].first_chunk() {
        let plain = plain_among(*chunk);
        at += plain;
        if plain < chunk.len() {
            return at;
        }
    }
    match text.last_chunk() {
        // All before `at` is plain, so it doesn't matter that some of it is looked at twice.
        Some(chunk) => text.len() - chunk.len() + plain_among(*chunk),
        None => text.iter().take_while(|byte| !is_special(byte)).count(),
    }
}

/// [`plain`] for eight bytes, all of them at a time. Each special one is marked in its highest bit. Above the first there
/// may be wrong marks.
fn plain_among(bytes: [u8; 8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let below = |bytes: u64, limit: u8| bytes.wrapping_sub(ONES * u64::from(limit)) & !bytes;
    let bytes = u64::from_le_bytes(bytes);
    let equal = |byte: u8| below(bytes ^ (ONES * u64::from(byte)), 1);
    let marks = (below(bytes, b' ') | equal(b'"') | equal(b'\\')) & (ONES << 7);
    marks.trailing_zeros() as usize / 8
}

/// The JSON string at the start of `json`, and what follows it.
fn string(json: &[u8]) -> Option<(Cow<'_, str>, &[u8])> {
    let mut end = 1;
    let mut is_plain = true;
    json.strip_prefix(b"\"")?;
    loop {
        end += plain(json.get(end..)?);
        match json.get(end)? {
            b'"' => break,
            b'\\' => (end, is_plain) = (end + 2, false),
            _ => return None,
        }
    }
    let (string, rest) = json.split_at(end + 1);
    let text = match is_plain {
        true => Cow::Borrowed(str::from_utf8(&string[1..end]).ok()?),
        false => Cow::Owned(serde_json::from_slice(string).ok()?),
    };
    Some((text, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_the_service_are_scanned() {
        for payload in [
            r#"{"contentBlockIndex":0,"delta":{"text":"Hi"},"p":"abcXYZ09"}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":"Hi"}}"#,
            r#"{"contentBlockIndex":10,"delta":{"text":""},"p":"a"}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":"sixteen bytes long, a\n\"new\" line\u00e9\\"},"p":"a"}"#,
            r#"{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"a\": "}},"p":"a"}"#,
            r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}},"p":"a"}"#,
        ] {
            assert_eq!(delta(payload.as_bytes()), Some(serde_json::from_str(payload).unwrap()), "{payload}");
        }
    }
}
