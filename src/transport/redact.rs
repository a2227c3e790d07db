//! Account ids and padding, which are taken out of what gets to disk.

use std::collections::BTreeMap;

use serde_json::Value;

/// What stands for every account id.
const ACCOUNT: &[u8; 12] = b"123456789012";
/// The bytes of a frame before its headers: two lengths and their checksum.
const PRELUDE: usize = 12;
/// The bytes of a frame after its payload.
const CHECKSUM: usize = 4;

/// Puts [`ACCOUNT`] in place of the account ids in ARNs, also in percent-encoded ones. The length stays.
pub(super) fn hide_accounts(text: &mut [u8]) {
    for start in 0..text.len() {
        if let Some(at) = account(&text[start..]) {
            text[start + at..][..ACCOUNT.len()].copy_from_slice(ACCOUNT);
        }
    }
}

/// `text` after [`hide_accounts`].
pub(super) fn without_accounts(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    hide_accounts(&mut bytes);
    String::from_utf8(bytes).expect("digits took the place of digits")
}

/// Where the account id is in the ARN that `text` starts with: `arn:partition:service:region:account:…`.
fn account(text: &[u8]) -> Option<usize> {
    let colon = |at: usize| match text[at..] {
        [b':', ..] => Some(1),
        [b'%', b'3', b'A' | b'a', ..] => Some(3),
        _ => None,
    };
    let span = |at: usize, is_part: fn(&u8) -> bool| text[at..].iter().take_while(|byte| is_part(byte)).count();
    let mut at = text.starts_with(b"arn").then_some(3)?;
    at += colon(at)?;
    for _ in 0..3 {
        at += span(at, |byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        at += colon(at)?;
    }
    let digits = span(at, u8::is_ascii_digit);
    (digits == ACCOUNT.len() && colon(at + digits).is_some()).then_some(at)
}

/// A stream without account ids and without the padding `p`; `chunks`, the lengths of its pieces, shrink with it.
///
/// What is no valid frame keeps its length.
pub(super) fn clean_stream(bytes: &[u8], chunks: &mut [usize]) -> Vec<u8> {
    let mut frames = frames(bytes);
    let payloads = frames.iter_mut().filter_map(|frame| frame.value.as_mut());
    for pieces in texts(payloads).into_values() {
        hide_accounts_in(pieces);
    }
    let mut clean = Vec::with_capacity(bytes.len());
    // Where each frame was and is.
    let mut places = vec![(0, 0)];
    for mut frame in frames {
        // The message of an error frame is in a header. Lengths stay.
        hide_accounts(&mut frame.headers);
        let payload = frame.payload();
        let length = PRELUDE + frame.headers.len() + payload.len() + CHECKSUM;
        let start = clean.len();
        clean.extend((length as u32).to_be_bytes());
        clean.extend((frame.headers.len() as u32).to_be_bytes());
        clean.extend(crc32fast::hash(&clean[start..]).to_be_bytes());
        clean.extend([frame.headers, payload].concat());
        clean.extend(crc32fast::hash(&clean[start..]).to_be_bytes());
        places.push((frame.end, clean.len()));
    }
    let (end, start) = (places[places.len() - 1].0, clean.len());
    clean.extend(&bytes[end..]);
    hide_accounts(&mut clean[start..]);
    places.push((bytes.len(), clean.len()));

    let (mut old, mut new) = (0, 0);
    for chunk in chunks {
        old += *chunk;
        let end = moved(old, &places);
        *chunk = end - new;
        new = end;
    }
    clean
}

/// Where `at` has moved to: the start of a frame to its start, a place within it to one within it.
fn moved(at: usize, places: &[(usize, usize)]) -> usize {
    let next = places.iter().position(|(old, _)| *old > at).unwrap_or(places.len());
    let (old, new) = places[next - 1];
    match places.get(next) {
        Some((_, end)) if at > old => (new + at - old).min(end - 1),
        _ => new,
    }
}

/// A frame whose checksums are right.
pub(super) struct Frame {
    headers: Vec<u8>,
    /// The payload without the account ids that it has whole.
    text: Vec<u8>,
    /// The same as JSON.
    pub(super) value: Option<Value>,
    /// Where it ended in the stream.
    end: usize,
}

impl Frame {
    /// The payload as it came where that is possible, else as the same JSON.
    fn payload(&mut self) -> Vec<u8> {
        let text = std::mem::take(&mut self.text);
        let Some(mut value) = self.value.take() else { return text };
        let padding = value.as_object_mut().and_then(|members| members.shift_remove("p"));
        let text = match padding {
            Some(padding) => without_member(&text, &format!("\"p\":{padding}")),
            None => text,
        };
        match serde_json::from_slice::<Value>(&text) {
            Ok(same) if same == value => text,
            _ => value.to_string().into_bytes(),
        }
    }
}

/// `text` without the first occurrence of `member` and a comma beside it.
fn without_member(text: &[u8], member: &str) -> Vec<u8> {
    let Some(start) = find(text, member.as_bytes()) else { return text.to_vec() };
    let (before, after) = (&text[..start], &text[start + member.len()..]);
    let (before, after) = match (before.strip_suffix(b","), after.strip_prefix(b",")) {
        (_, Some(after)) => (before, after),
        (Some(before), None) => (before, after),
        (None, None) => (before, after),
    };
    [before, after].concat()
}

/// The valid frames that `bytes` starts with.
pub(super) fn frames(bytes: &[u8]) -> Vec<Frame> {
    let (mut frames, mut at) = (Vec::new(), 0);
    while let Some((frame, headers)) = frame(&bytes[at..]) {
        at += frame.len();
        let mut text = frame[PRELUDE + headers..frame.len() - CHECKSUM].to_vec();
        hide_accounts(&mut text);
        let value = serde_json::from_slice(&text).ok();
        frames.push(Frame { headers: frame[PRELUDE..][..headers].to_vec(), text, value, end: at });
    }
    frames
}

/// The frame at the start of `bytes`, and the length of its headers.
fn frame(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let number = |bytes: &[u8], at: usize| bytes[at..].first_chunk().map(|number| u32::from_be_bytes(*number));
    let prelude = bytes.first_chunk::<PRELUDE>()?;
    let (total, headers) = (number(prelude, 0)? as usize, number(prelude, 4)? as usize);
    let frame = bytes.get(..total)?;
    let room = total.checked_sub(PRELUDE + CHECKSUM)?;
    let sound = headers <= room
        && number(frame, 8)? == crc32fast::hash(&frame[..8])
        && number(frame, total - CHECKSUM)? == crc32fast::hash(&frame[..total - CHECKSUM]);
    sound.then_some((frame, headers))
}

/// The texts in JSON values by their paths. What a stream has sent in pieces, at one path of one block, is together.
pub(super) fn texts<'a>(values: impl IntoIterator<Item = &'a mut Value>) -> BTreeMap<String, Vec<&'a mut String>> {
    fn collect<'a>(value: &'a mut Value, path: String, found: &mut BTreeMap<String, Vec<&'a mut String>>) {
        match value {
            Value::String(text) => found.entry(path).or_default().push(text),
            Value::Array(items) => {
                for (k, item) in items.iter_mut().enumerate() {
                    collect(item, format!("{path}[{k}]"), found);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    collect(member, format!("{path}.{name}"), found);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut found = BTreeMap::new();
    for value in values {
        let root = match &value["contentBlockIndex"] {
            Value::Number(index) => format!("block {index}: $"),
            _ => "$".to_owned(),
        };
        collect(value, root, &mut found);
    }
    found
}

/// [`hide_accounts`] in a text that came in pieces.
fn hide_accounts_in(pieces: Vec<&mut String>) {
    let whole: String = pieces.iter().map(|piece| piece.as_str()).collect();
    let clean = without_accounts(&whole);
    if clean == whole {
        return;
    }
    let mut rest = clean.as_str();
    for piece in pieces {
        let (own, after) = rest.split_at(piece.len());
        *piece = own.to_owned();
        rest = after;
    }
}

pub(super) fn find(text: &[u8], sought: &[u8]) -> Option<usize> {
    text.windows(sought.len()).position(|window| window == sought)
}

#[cfg(test)]
mod tests {
    use aws_smithy_eventstream::frame::write_message_to;
    use aws_smithy_types::event_stream::Message;
    use proptest::prelude::*;

    use super::*;

    /// A frame with this payload, or bytes that are none.
    fn part() -> impl Strategy<Value = Vec<u8>> {
        let payload = prop_oneof![
            "[a-z\"{}:,p]{0,20}",
            "[a-z]{0,9}".prop_map(|p| format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{p}"}},"p":"{p}"}}"#)),
            "[a-z]{0,9}".prop_map(|p| format!(r#"{{ "p" : "{p}" , "delta":{{"text":"arn:aws:iam::1111"}}}}"#)),
            Just(r#"{"p":1,"delta":{"text":"22223333:role/x"}}"#.to_owned()),
        ];
        let frame = payload.prop_map(|payload| {
            let mut bytes = Vec::new();
            write_message_to(&Message::new(payload), &mut bytes).unwrap();
            bytes
        });
        prop_oneof![9 => frame, 1 => prop::collection::vec(any::<u8>(), 0..30)]
    }

    proptest! {
        #[test]
        fn any_stream_in_any_pieces_stays_one(parts in prop::collection::vec(part(), 0..6), lengths in prop::collection::vec(0_usize..60, 0..20)) {
            let bytes = parts.concat();
            let mut rest = bytes.len();
            let mut chunks: Vec<usize> = lengths.iter().map(|length| { let taken = rest.min(*length); rest -= taken; taken }).collect();
            chunks.push(rest);
            let count = chunks.len();
            let mut clean = clean_stream(&bytes, &mut chunks);
            prop_assert_eq!((chunks.len(), chunks.iter().sum::<usize>()), (count, clean.len()));
            // Nothing is left to take out, and every frame is still one.
            prop_assert_eq!(frames(&clean).len(), frames(&bytes).len());
            let (again, mut same) = (clean.clone(), chunks.clone());
            clean = clean_stream(&again, &mut same);
            prop_assert_eq!((clean, same), (again, chunks));
        }
    }
}
