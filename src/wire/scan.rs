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
        let (text, rest) = string(payload, rest)?;
        (ContentBlockDelta::Text(text), rest)
    } else if let Some(rest) = rest.strip_prefix(br#""toolUse":{"input":"#) {
        let (input, rest) = string(payload, rest)?;
        (ContentBlockDelta::ToolUse(ToolUseBlockDelta::new(input)), rest.strip_prefix(b"}")?)
    } else {
        let (text, rest) = string(payload, rest.strip_prefix(br#""reasoningContent":{"text":"#)?)?;
        (ContentBlockDelta::ReasoningContent(ReasoningContentBlockDelta::Text(text)), rest.strip_prefix(b"}")?)
    };

    let padding = match rest.strip_prefix(b"}")? {
        b"}" => b"",
        rest => rest.strip_prefix(br#","p":""#)?.strip_suffix(br#""}"#)?,
    };
    is_plain_ascii(padding).then(|| ContentBlockDeltaEvent::new(delta, index))
}

/// Whether all of `text` is ASCII and stands for itself in a JSON string.
fn is_plain_ascii(text: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii() & !is_special(byte);
    // Not `all`: without a way out in the middle it is done many bytes at a time.
    let are_plain = |bytes: &[u8; 16]| bytes.iter().fold(true, |plain, byte| plain & is_plain(byte));
    match text.last_chunk() {
        Some(last) => text.as_chunks().0.iter().all(are_plain) && are_plain(last),
        None => text.iter().all(is_plain),
    }
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

/// The JSON string that `payload` has where `rest` begins, and what follows it. Before it stands ASCII.
fn string<'a>(payload: &'a [u8], rest: &'a [u8]) -> Option<(Cow<'a, str>, &'a [u8])> {
    let start = payload.len() - rest.len();
    let mut end = start + 1;
    let mut is_plain = true;
    rest.strip_prefix(b"\"")?;
    loop {
        end += plain(payload.get(end..)?);
        match payload.get(end)? {
            b'"' => break,
            b'\\' => (end, is_plain) = (end + 2, false),
            _ => return None,
        }
    }
    let (head, rest) = payload.split_at(end + 1);
    let text = match is_plain {
        true => Cow::Borrowed(text(&head[..end], start + 1)?),
        false => Cow::Owned(serde_json::from_slice(&head[start..]).ok()?),
    };
    Some((text, rest))
}

/// The text from `start` on, with ASCII before it.
fn text(bytes: &[u8], start: usize) -> Option<&str> {
    // The check goes byte by byte up to where a word of memory starts, so it begins there.
    let early = bytes.as_ptr().addr().wrapping_add(start) % size_of::<usize>();
    str::from_utf8(bytes.get(start - early..)?).ok()?.get(early..)
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

    #[test]
    fn text_and_padding_are_checked_wherever_they_lie() {
        let payload = |text: &[u8], padding: &[u8]| {
            [br#"{"contentBlockIndex":0,"delta":{"text":""#, text, br#""},"p":""#, padding, br#""}"#].concat()
        };
        let at = |start: usize, payload: &[u8]| {
            let bytes = [&b"        "[..start], payload].concat();
            delta(&bytes[start..]).map(|event| event.into_owned())
        };
        for start in 0..8 {
            for length in 0..40 {
                let (ascii, text) = ("x".repeat(length), "x".repeat(length) + "\u{e9}");
                let plain = payload(text.as_bytes(), ascii.as_bytes());
                assert_eq!(at(start, &plain).unwrap().delta, ContentBlockDelta::Text(text.into()));
                for cut in [&b"\xc3"[..], b"\xa9", b"\xff"] {
                    assert_eq!(at(start, &payload(&[cut, ascii.as_bytes()].concat(), b"a")), None);
                    assert_eq!(at(start, &payload(&[ascii.as_bytes(), cut].concat(), b"a")), None);
                }
                for special in [&b"\""[..], b"\\", b"\n", b"\xc3\xa9"] {
                    let padding = [ascii.as_bytes(), special, b"yy"].concat();
                    assert_eq!(at(start, &payload(b"Hi", &padding)), None);
                }
            }
        }
    }
}
