//! What must not get to disk: account ids and padding are taken out, secrets are found.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Request;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

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
        let payload = frame.payload();
        let length = PRELUDE + frame.headers.len() + payload.len() + CHECKSUM;
        let start = clean.len();
        clean.extend((length as u32).to_be_bytes());
        clean.extend((frame.headers.len() as u32).to_be_bytes());
        clean.extend(crc32fast::hash(&clean[start..]).to_be_bytes());
        clean.extend([frame.headers, &*payload].concat());
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
struct Frame<'a> {
    headers: &'a [u8],
    /// The payload without the account ids that it has whole.
    text: Vec<u8>,
    /// The same as JSON.
    value: Option<Value>,
    /// Where it ended in the stream.
    end: usize,
}

impl Frame<'_> {
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
fn frames(bytes: &[u8]) -> Vec<Frame<'_>> {
    let (mut frames, mut at) = (Vec::new(), 0);
    while let Some((frame, headers)) = frame(&bytes[at..]) {
        at += frame.len();
        let mut text = frame[PRELUDE + headers..frame.len() - CHECKSUM].to_vec();
        hide_accounts(&mut text);
        let value = serde_json::from_slice(&text).ok();
        frames.push(Frame { headers: &frame[PRELUDE..][..headers], text, value, end: at });
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
fn texts<'a>(values: impl IntoIterator<Item = &'a mut Value>) -> BTreeMap<String, Vec<&'a mut String>> {
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

/// Finds secrets: those that authorise this request, those in the environment, and whatever looks like one.
pub(super) struct Secrets(Vec<String>);

/// Headers that authorise, besides `authorization`.
pub(super) const SECRET_HEADERS: [&str; 4] = ["x-amz-security-token", "x-api-key", "cookie", "proxy-authorization"];

/// A text that is longer and all base64 is a blob, in which any four letters come up by chance.
const LONGEST_KEY: usize = 4096;

/// What secrets look like: what it is, how it begins, and how many characters of its alphabet follow at least.
const SHAPES: [(&str, &str, usize, fn(u8) -> bool); 12] = [
    ("an AWS access key id", "AKIA", 16, is_upper),
    ("an AWS access key id", "ASIA", 16, is_upper),
    ("an AWS session token", "IQoJb3JpZ2lu", 32, is_base64),
    ("an AWS session token", "FwoGZXIvYXdz", 32, is_base64),
    ("a Bedrock API key", "bedrock-api-key-", 16, is_base64),
    ("a Bedrock API key", "ABSK", 64, is_base64),
    ("a gateway's key", "pylf_v", 16, is_base64),
    ("a bearer key", "Bearer ", 24, is_base64),
    ("a signature", "AWS4-HMAC-SHA256 Credential=", 0, is_base64),
    ("a signature", "X-Amz-Signature=", 32, is_base64),
    ("an AWS session token", "X-Amz-Security-Token=", 8, is_base64),
    ("a private key", "PRIVATE KEY-----", 0, is_base64),
];

fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=-_.%".contains(&byte)
}

/// A check fails with the place of a secret, never with the secret.
impl Secrets {
    pub(super) fn new(request: &Request, environment: &Environment) -> Self {
        let headers = |name: &str| request.headers().get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        let mut known: Vec<String> = SECRET_HEADERS.iter().flat_map(|name| headers(name)).map(str::to_owned).collect();
        for value in headers("authorization") {
            let value = value.split_once(' ').map_or(value, |(_, value)| value);
            known.push(value.to_owned());
            // `Credential=ID/…, SignedHeaders=content-type;host;…, Signature=…`.
            let members = value.split(", ").filter_map(|member| member.split_once('='));
            let secrets = members.filter(|(name, _)| matches!(*name, "Credential" | "Signature"));
            known.extend(secrets.filter_map(|(_, value)| value.split('/').next()).map(str::to_owned));
        }
        let names = [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_BEARER_TOKEN_BEDROCK",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "PYDANTIC_AI_GATEWAY_API_KEY",
        ];
        known.extend(names.iter().filter_map(|name| environment.var(name)));
        // What is shorter protects nothing, and is in many a text.
        known.retain(|secret| secret.len() >= 8);
        Self(known)
    }

    pub(super) fn check_headers(&self, headers: &[(String, String)]) -> Result<()> {
        headers.iter().try_for_each(|(name, value)| self.check_text(&format!("the header {name}"), value.as_bytes()))
    }

    pub(super) fn check_json(&self, value: &Value) -> Result<()> {
        self.check_texts(texts([&mut value.clone()]))?;
        // Names of members are texts too.
        self.check_text("the name of a member", value.to_string().as_bytes())
    }

    /// Checks the payloads of a stream, of which a text may be in several.
    pub(super) fn check_stream(&self, bytes: &[u8]) -> Result<()> {
        let mut frames = frames(bytes);
        self.check_texts(texts(frames.iter_mut().filter_map(|frame| frame.value.as_mut())))?;
        self.check_text("a frame", bytes)
    }

    pub(super) fn check_text(&self, place: &str, text: &[u8]) -> Result<()> {
        let blob = STANDARD.decode(text).ok();
        let inside = blob.as_deref().and_then(|blob| self.find(blob));
        let what = inside.or_else(|| self.find(text).filter(|_| blob.is_none() || text.len() <= LONGEST_KEY));
        let Some(what) = what else { return Ok(()) };
        Err(Error::new(ErrorKind::InvalidInput, format!("{place} holds {what}; a recording must hold no secret")))
    }

    fn check_texts(&self, texts: BTreeMap<String, Vec<&mut String>>) -> Result<()> {
        texts.iter().try_for_each(|(path, pieces)| {
            let whole: String = pieces.iter().map(|piece| piece.as_str()).collect();
            self.check_text(path, whole.as_bytes())
        })
    }

    fn find(&self, text: &[u8]) -> Option<&'static str> {
        if self.0.iter().any(|secret| find(text, secret.as_bytes()).is_some()) {
            return Some("what authorises the request");
        }
        let shape = SHAPES.iter().find(|(_, prefix, least, alphabet)| {
            let mut starts = (0..text.len()).filter(|start| text[*start..].starts_with(prefix.as_bytes()));
            starts.any(|start| {
                let rest = &text[start + prefix.len()..];
                let apart = start.checked_sub(1).is_none_or(|before| !text[before].is_ascii_alphanumeric());
                apart && rest.iter().take_while(|byte| alphabet(**byte)).count() >= *least
            })
        });
        shape.map(|(what, ..)| *what)
    }
}

fn find(text: &[u8], sought: &[u8]) -> Option<usize> {
    text.windows(sought.len()).position(|window| window == sought)
}
