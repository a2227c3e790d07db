//! How the types of the wire are written, the counterpart of [`read`](super::read): through a `dyn` [`Output`], so that
//! serde's code is compiled once and not once per type.

use std::borrow::Cow;

use base64::display::Base64Display;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::{Number, Value};

use super::open::{Entries, Extra};

/// Where one value goes.
pub(super) trait Output {
    fn null(&mut self);
    fn boolean(&mut self, boolean: bool);
    fn number(&mut self, number: &Number);
    fn text(&mut self, text: &str);
    fn blob(&mut self, bytes: &[u8]);
    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Write>);
    fn object(&mut self, members: &mut dyn Iterator<Item = (&str, &dyn Write)>);
    /// In place of a value that cannot be written.
    fn refuse(&mut self, reason: &'static str);
}

/// A name and a value, unless it is absent.
pub(super) type Member<'a> = (&'a str, Option<&'a dyn Write>);

/// Writes the members in order and then `extra`. What is absent comes from `extra` at its place.
pub(super) fn object(output: &mut dyn Output, members: &[Member<'_>], extra: &Extra) {
    if extra.is_empty() {
        return output.object(&mut members.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
    }
    let known = members.iter().filter_map(|(name, value)| {
        let value = value.or_else(|| extra.get(name).map(|json| json as &dyn Write))?;
        Some((*name, value))
    });
    let unknown = extra.iter().filter(|(name, _)| members.iter().all(|(known, _)| known != name));
    output.object(&mut known.chain(unknown.map(|(name, json)| (name, json as &dyn Write))));
}

/// A type that can be a member.
pub(super) trait Write {
    fn write(&self, output: &mut dyn Output);
}

/// Writes a value through serde.
pub(super) fn serialize<S: Serializer>(value: &dyn Write, serializer: S) -> Result<S::Ok, S::Error> {
    let mut output = Once::Free(serializer);
    value.write(&mut output);
    match output {
        Once::Done(result) => result,
        _ => unreachable!("every value writes itself"),
    }
}

impl Serialize for dyn Write + '_ {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self, serializer)
    }
}

/// A serializer as an [`Output`], and then its result.
enum Once<S: Serializer> {
    Free(S),
    Taken,
    Done(Result<S::Ok, S::Error>),
}

impl<S: Serializer> Once<S> {
    fn with(&mut self, write: impl FnOnce(S) -> Result<S::Ok, S::Error>) {
        if let Self::Free(serializer) = std::mem::replace(self, Self::Taken) {
            *self = Self::Done(write(serializer));
        }
    }
}

impl<S: Serializer> Output for Once<S> {
    fn null(&mut self) {
        self.with(|serializer| serializer.serialize_unit());
    }

    fn boolean(&mut self, boolean: bool) {
        self.with(|serializer| serializer.serialize_bool(boolean));
    }

    fn number(&mut self, number: &Number) {
        self.with(|serializer| number.serialize(serializer));
    }

    fn text(&mut self, text: &str) {
        self.with(|serializer| serializer.serialize_str(text));
    }

    fn blob(&mut self, bytes: &[u8]) {
        // It writes in pieces: the text is never there as a whole but in the output.
        self.with(|serializer| serializer.collect_str(&Base64Display::new(bytes, &BASE64_STANDARD)));
    }

    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Write>) {
        self.with(|serializer| serializer.collect_seq(items));
    }

    fn object(&mut self, members: &mut dyn Iterator<Item = (&str, &dyn Write)>) {
        self.with(|serializer| serializer.collect_map(members));
    }

    fn refuse(&mut self, reason: &'static str) {
        self.with(|_| Err(S::Error::custom(reason)));
    }
}

impl Write for str {
    fn write(&self, output: &mut dyn Output) {
        output.text(self);
    }
}

impl Write for String {
    fn write(&self, output: &mut dyn Output) {
        output.text(self);
    }
}

impl Write for Cow<'_, str> {
    fn write(&self, output: &mut dyn Output) {
        output.text(self);
    }
}

impl Write for bool {
    fn write(&self, output: &mut dyn Output) {
        output.boolean(*self);
    }
}

impl Write for i64 {
    fn write(&self, output: &mut dyn Output) {
        output.number(&Number::from(*self));
    }
}

impl Write for f64 {
    fn write(&self, output: &mut dyn Output) {
        match Number::from_f64(*self) {
            Some(number) => output.number(&number),
            None => output.refuse("JSON has no number for NaN or infinity"),
        }
    }
}

impl Write for Bytes {
    fn write(&self, output: &mut dyn Output) {
        output.blob(self);
    }
}

impl Write for Value {
    fn write(&self, output: &mut dyn Output) {
        match self {
            Self::Null => output.null(),
            Self::Bool(boolean) => output.boolean(*boolean),
            Self::Number(number) => output.number(number),
            Self::String(text) => output.text(text),
            Self::Array(items) => items.write(output),
            Self::Object(members) => output.object(&mut members.iter().map(|(name, json)| (name.as_str(), json as _))),
        }
    }
}

impl<T: Write> Write for Box<T> {
    fn write(&self, output: &mut dyn Output) {
        (**self).write(output);
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self, output: &mut dyn Output) {
        output.list(&mut self.iter().map(|item| item as &dyn Write));
    }
}

impl<T: Write> Write for Entries<T> {
    fn write(&self, output: &mut dyn Output) {
        output.object(&mut self.iter().map(|(key, value)| (key, value as _)));
    }
}
