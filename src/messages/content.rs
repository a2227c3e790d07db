//! What a user says: text, media and cache points.

use serde_json::Value;

use super::json::{FromJson, Mismatch, json_deserialize, json_from, json_names, json_struct};
use super::{JsonObject, MultiModalContent};

json_struct! {
    /// Text with data of the application's own beside it.
    pub struct TextContent ["kind" = "text-content"] {
        /// The text.
        required content: String,
        /// The application's own data; never sent.
        default metadata: Value,
    }
}

json_names! {
    /// How long a prompt cache entry lives.
    #[derive(Default)]
    #[expect(clippy::exhaustive_enums, reason = "the service knows these two")]
    pub enum CacheTtl {
        /// Five minutes.
        #[default]
        FiveMinutes = "5m",
        /// One hour, on the models that support it.
        OneHour = "1h",
    }
}

json_struct! {
    /// Everything up to here is to be cached. See
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>.
    pub struct CachePoint ["kind" = "cache-point"] {
        /// How long.
        default ttl: CacheTtl,
    }
}

/// One piece of a user's prompt.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum UserContent {
    /// Text.
    Text(String),
    /// Text with the application's own data.
    TextContent(TextContent),
    /// An image, a document, a video or audio.
    Media(MultiModalContent),
    /// A cache point.
    CachePoint(CachePoint),
    /// A kind that is not known here; it is written back as it came.
    Other(JsonObject),
}

impl FromJson for UserContent {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        if let Value::String(text) = value {
            return Ok(Self::Text(text));
        }
        match value.get("kind").and_then(Value::as_str) {
            Some("text-content") => TextContent::from_json(value).map(Self::TextContent),
            Some("cache-point") => CachePoint::from_json(value).map(Self::CachePoint),
            Some(kind) if MultiModalContent::is_kind(kind) => MultiModalContent::from_json(value).map(Self::Media),
            Some(_) => JsonObject::from_json(value).map(Self::Other),
            None if value.is_object() => Err(Mismatch::missing(&["kind"])),
            None => Err(Mismatch::expected("a string or an object", &value)),
        }
    }
}

impl serde::Serialize for UserContent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::TextContent(text) => text.serialize(serializer),
            Self::Media(media) => media.serialize(serializer),
            Self::CachePoint(point) => point.serialize(serializer),
            Self::Other(object) => object.serialize(serializer),
        }
    }
}

impl From<&str> for UserContent {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<T: Into<MultiModalContent>> From<T> for UserContent {
    fn from(media: T) -> Self {
        Self::Media(media.into())
    }
}

json_from!(UserContent { Text(String), TextContent(TextContent), CachePoint(CachePoint) });

/// What a user says: one text, or a list of pieces. Which of the two it was is kept.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these two")]
pub enum UserPrompt {
    /// One text.
    Text(String),
    /// Pieces, in order.
    Items(Vec<UserContent>),
}

impl Default for UserPrompt {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl FromJson for UserPrompt {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Array(_) => Vec::from_json(value).map(Self::Items),
            other => Err(Mismatch::expected("a string or an array", &other)),
        }
    }
}

impl serde::Serialize for UserPrompt {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Items(items) => items.serialize(serializer),
        }
    }
}

impl From<&str> for UserPrompt {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

json_from!(UserPrompt { Text(String), Items(Vec<UserContent>) });

json_deserialize!(UserContent, UserPrompt);
