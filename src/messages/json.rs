//! How the types of this crate's JSON are read and written: strict about what they know, keeping what they don't.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use serde::ser::SerializeMap;
use serde_json::Value;

use crate::error::{Error, ErrorKind};

pub(crate) use super::json_macros::{json_deserialize, json_enum, json_from, json_names, json_struct};

/// A JSON object that keeps the order of its members.
pub type JsonObject = serde_json::Map<String, Value>;

/// JSON of another shape than expected, and where.
#[derive(Debug)]
pub(crate) struct Mismatch {
    path: String,
    message: String,
}

impl Mismatch {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { path: String::new(), message: message.into() }
    }

    pub(crate) fn expected(what: &str, found: &Value) -> Self {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        Self::new(format!("expected {what}, found {found}"))
    }

    pub(crate) fn missing(names: &[&str]) -> Self {
        Self::new("missing").at(names[0])
    }

    pub(crate) fn at(mut self, member: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{member}{dot}{}", self.path);
        self
    }

    pub(crate) fn at_index(self, index: usize) -> Self {
        self.at(&format!("[{index}]"))
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl From<Mismatch> for Error {
    fn from(mismatch: Mismatch) -> Self {
        Error::new(ErrorKind::InvalidInput, mismatch.to_string())
    }
}

/// A type that is read from a JSON value. `serde::Deserialize` comes from it by [`json_deserialize!`].
pub(crate) trait FromJson: Sized {
    fn from_json(value: Value) -> Result<Self, Mismatch>;
}

/// A struct of [`json_struct!`]: its members without the tag that tells which kind it is. They are written in
/// pydantic-ai's order, since it shows in the text that a model gets: members, tag, then what is computed.
pub(crate) trait JsonMembers: Sized {
    fn read(object: JsonObject) -> Result<Self, Mismatch>;
    fn write_members<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
    fn write_rest<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
}

impl FromJson for Value {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        Ok(value)
    }
}

impl FromJson for String {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(Mismatch::expected("a string", &other)),
        }
    }
}

impl FromJson for bool {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        value.as_bool().ok_or_else(|| Mismatch::expected("a boolean", &value))
    }
}

impl FromJson for u64 {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        value.as_u64().ok_or_else(|| Mismatch::expected("a whole number that is not negative", &value))
    }
}

impl FromJson for f64 {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        value.as_f64().ok_or_else(|| Mismatch::expected("a number", &value))
    }
}

impl FromJson for JsonObject {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Object(object) => Ok(object),
            other => Err(Mismatch::expected("an object", &other)),
        }
    }
}

impl FromJson for Bytes {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        from_base64(&String::from_json(value)?)
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        if value.is_null() { Ok(None) } else { T::from_json(value).map(Some) }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        let Value::Array(items) = value else { return Err(Mismatch::expected("an array", &value)) };
        items.into_iter().enumerate().map(|(i, item)| T::from_json(item).map_err(|e| e.at_index(i))).collect()
    }
}

impl<T: FromJson> FromJson for BTreeMap<String, T> {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        let read = |(key, item): (String, Value)| match T::from_json(item) {
            Ok(value) => Ok((key, value)),
            Err(mismatch) => Err(mismatch.at(&key)),
        };
        JsonObject::from_json(value)?.into_iter().map(read).collect()
    }
}

/// Takes a member under its name or one of its older names.
pub(crate) fn take<T: FromJson>(object: &mut JsonObject, names: &[&str]) -> Result<Option<T>, Mismatch> {
    for name in names {
        if let Some(value) = object.shift_remove(*name) {
            return T::from_json(value).map(Some).map_err(|e| e.at(name));
        }
    }
    Ok(None)
}

/// Takes the tag of an object that can be of one kind only.
pub(crate) fn check_tag(object: &mut JsonObject, name: &str, tag: &str) -> Result<(), Mismatch> {
    match take::<Option<String>>(object, &[name])?.flatten() {
        Some(other) if other != tag => Err(Mismatch::new(format!("expected {tag:?}, found {other:?}")).at(name)),
        _ => Ok(()),
    }
}

const fn base64_engine(alphabet: &base64::alphabet::Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

const URL_SAFE: GeneralPurpose = base64_engine(&base64::alphabet::URL_SAFE);
const STANDARD: GeneralPurpose = base64_engine(&base64::alphabet::STANDARD);

/// Writes bytes as the message format has them: the URL-safe alphabet, padded.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    URL_SAFE.encode(bytes)
}

/// Reads either alphabet, padded or not.
fn from_base64(text: &str) -> Result<Bytes, Mismatch> {
    let engine = if text.contains(['+', '/']) { STANDARD } else { URL_SAFE };
    let decoded = engine.decode(text).map_err(|e| Mismatch::new(format!("not base64: {e}")))?;
    Ok(decoded.into())
}
