//! Secrets, which must not be in what gets to disk.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Request;
use super::redact::{find, frames, texts};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// Finds secrets: those that authorise this request, those in the environment, and whatever looks like one.
pub(super) struct Secrets(Vec<String>);

/// Headers that authorise, besides `authorization`.
pub(super) const SECRET_HEADERS: [&str; 4] = ["x-amz-security-token", "x-api-key", "cookie", "proxy-authorization"];

/// A text that is longer and all base64 is a blob, in which any four letters come up by chance.
const LONGEST_KEY: usize = 4096;

/// What a secret looks like: what it is, how it begins, and how many characters of which kind follow at least.
type Shape = (&'static str, &'static str, usize, fn(u8) -> bool);

const SHAPES: [Shape; 12] = [
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
