//! How the types of the wire are written, the counterpart of [`read`](super::read): through a `dyn` [`Output`], so that
//! serde's code is compiled once and not once per type.

use std::borrow::Cow;

use base64::display::Base64Display;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::open::{Entries, Extra};

/// Where one value goes.
pub(super) trait Output {
    fn text(&mut self, text: &str);
    fn boolean(&mut self, boolean: bool);
    fn integer(&mut self, integer: i64);
    fn float(&mut self, float: f64);
    fn blob(&mut self, bytes: &[u8]);
    fn json(&mut self, json: &Value);
    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Write>);
    /// The members in order and then `extra`. What is absent comes from `extra` at its place.
    fn object(&mut self, members: &[Member<'_>], extra: &Extra);
}

/// A name and a value, unless it is absent.
pub(super) type Member<'a> = (&'a str, Option<&'a dyn Write>);

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
    fn text(&mut self, text: &str) {
        self.with(|serializer| serializer.serialize_str(text));
    }

    fn boolean(&mut self, boolean: bool) {
        self.with(|serializer| serializer.serialize_bool(boolean));
    }

    fn integer(&mut self, integer: i64) {
        self.with(|serializer| serializer.serialize_i64(integer));
    }

    fn float(&mut self, float: f64) {
        self.with(|serializer| match float.is_finite() {
            true => serializer.serialize_f64(float),
            false => Err(S::Error::custom("JSON has no number for NaN or infinity")),
        });
    }

    fn blob(&mut self, bytes: &[u8]) {
        // It writes in pieces: the text is never there as a whole but in the output.
        self.with(|serializer| serializer.collect_str(&Base64Display::new(bytes, &BASE64_STANDARD)));
    }

    fn json(&mut self, json: &Value) {
        self.with(|serializer| json.serialize(serializer));
    }

    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Write>) {
        self.with(|serializer| serializer.collect_seq(items));
    }

    fn object(&mut self, members: &[Member<'_>], extra: &Extra) {
        self.with(|serializer| {
            let mut map = serializer.serialize_map(None)?;
            for (name, value) in members {
                match value {
                    Some(value) => map.serialize_entry(name, value)?,
                    None => extra.get(name).map_or(Ok(()), |json| map.serialize_entry(name, json))?,
                }
            }
            for (name, json) in extra.iter() {
                if members.iter().all(|(known, _)| *known != name) {
                    map.serialize_entry(name, json)?;
                }
            }
            map.end()
        });
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
        output.integer(*self);
    }
}

impl Write for f64 {
    fn write(&self, output: &mut dyn Output) {
        output.float(*self);
    }
}

impl Write for Bytes {
    fn write(&self, output: &mut dyn Output) {
        output.blob(self);
    }
}

impl Write for Value {
    fn write(&self, output: &mut dyn Output) {
        output.json(self);
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
        let members: Vec<Member<'_>> = self.iter().map(|(key, value)| (key, Some(value as &dyn Write))).collect();
        output.object(&members, Extra::NONE);
    }
}
