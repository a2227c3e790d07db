//! A short way to read the deltas that most of a stream consists of.

use std::borrow::Cow;

use super::{ContentBlockDelta, ContentBlockDeltaEvent, ReasoningContentBlockDelta, ToolUseBlockDelta};

/// Reads a delta of text, tool input or reasoning in just the form in which the service writes it:
/// `{"contentBlockIndex":0,"delta":{"text":"…"},"p":"…"}`. `None` says nothing about the payload but that it has to be
/// read in the ordinary way.
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

/// Whether a string ends at this byte, or goes on in another way than by it.
fn is_special(byte: &u8) -> bool {
    (*byte == b'"') | (*byte == b'\\') | (*byte < b' ')
}

/// The JSON string at the start of `json`, and what follows it.
fn string(json: &[u8]) -> Option<(Cow<'_, str>, &[u8])> {
    let mut end = 1;
    let mut is_plain = true;
    json.strip_prefix(b"\"")?;
    loop {
        while let Some(chunk) = json.get(end..)?.first_chunk::<16>() {
            if chunk.iter().fold(false, |found, byte| found | is_special(byte)) {
                break;
            }
            end += chunk.len();
        }
        end += json[end..].iter().position(is_special)?;
        match json[end] {
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
