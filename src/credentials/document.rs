//! Credentials as containers, instance metadata and external programs give them: one JSON object.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_smithy_types::date_time::{DateTime, Format};
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};

/// A JSON object whose names are looked up in any case.
pub(super) struct Document(Map<String, Value>);

impl Document {
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`] when `bytes` are not a JSON object. The text itself is never shown.
    pub(super) fn parse(bytes: &[u8], whom: &str) -> Result<Self> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(Error::new(ErrorKind::Credentials, format!("{whom} gave JSON that is not an object"))),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                let message = format!("{whom} gave something that is not JSON (line {line}, column {column})");
                Err(Error::new(ErrorKind::Credentials, message))
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The text under `name`, unless it is empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// The object under `name`.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        self.get(name)?.as_object().cloned().map(Self)
    }

    /// The credentials: `AccessKeyId`, `SecretAccessKey`, `token` and `Expiration` (RFC 3339, or milliseconds).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`] when a key is missing or the expiration is not a time.
    pub(super) fn credentials(&self, token: &str, whom: &'static str) -> Result<Credentials> {
        let need = |name: &str| {
            let missing = || Error::new(ErrorKind::Credentials, format!("{whom} gave no `{name}`"));
            self.text(name).ok_or_else(missing)
        };
        let mut credentials = Credentials::builder()
            .access_key_id(need("AccessKeyId")?)
            .secret_access_key(need("SecretAccessKey")?)
            .provider_name(whom);
        credentials.set_session_token(self.text(token).map(str::to_owned));
        let expiry = match self.get("Expiration") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(value) => {
                let time = value
                    .as_str()
                    .and_then(parse_time)
                    .or_else(|| SystemTime::try_from(DateTime::from_millis(value.as_i64()?)).ok());
                let bad =
                    || Error::new(ErrorKind::Credentials, format!("{whom} gave an `Expiration` that is not a time"));
                Some(time.ok_or_else(bad)?)
            }
        };
        credentials.set_expiry(expiry);
        Ok(credentials.build())
    }
}

/// A time in RFC 3339; `UTC` in place of `Z` is understood as well, as older programs write it.
pub(super) fn parse_time(text: &str) -> Option<SystemTime> {
    let text = text.strip_suffix("UTC").map_or(text.to_owned(), |text| format!("{text}Z"));
    DateTime::from_str(&text, Format::DateTimeWithOffset).ok()?.try_into().ok()
}

/// A time in RFC 3339, to the second.
pub(super) fn format_time(time: SystemTime) -> Option<String> {
    let seconds = DateTime::from(time).secs();
    DateTime::from_secs(seconds).fmt(Format::DateTime).ok()
}
