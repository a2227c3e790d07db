//! How the types of the wire are read.
//!
//! The types read from a `dyn` [`Input`], not from a generic deserializer: what serde needs to know of them is compiled
//! once and not once per type, which makes a program smaller by some hundred kilobytes.

use std::borrow::Cow;
use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;

use super::open::{Entries, Extra};

/// A message with the path in front: `` `content[2].image`: … ``.
pub(super) type Failure = String;

/// One value of some input. It can be read once.
pub(super) trait Input<'de> {
    fn text(&mut self) -> Result<Cow<'de, str>, Failure>;
    fn boolean(&mut self) -> Result<bool, Failure>;
    fn integer(&mut self) -> Result<i64, Failure>;
    fn float(&mut self) -> Result<f64, Failure>;
    fn json(&mut self) -> Result<Value, Failure>;
    fn skip(&mut self) -> Result<(), Failure>;
    /// Gives the value to `read` unless it is `null`.
    fn unless_null(&mut self, read: &mut ReadItem<'_, 'de>) -> Result<(), Failure>;
    fn list(&mut self, read: &mut ReadItem<'_, 'de>) -> Result<(), Failure>;
    /// `shape` is what the object is called in an error.
    fn object(&mut self, shape: &str, read: &mut ReadMember<'_, 'de>) -> Result<(), Failure>;
}

type ReadItem<'f, 'de> = dyn FnMut(&mut dyn Input<'de>) -> Result<(), Failure> + 'f;
type ReadMember<'f, 'de> = dyn FnMut(&str, &mut dyn Input<'de>) -> Result<(), Failure> + 'f;

/// A type that can be a member. Besides every shape it is text, numbers, blobs, JSON, lists and maps.
pub(super) trait Read<'de>: Sized {
    /// Whether `null` is a value like any other and not an absent member.
    const TAKES_NULL: bool = false;

    fn read(input: &mut dyn Input<'de>) -> Result<Self, Failure>;
}

/// Reads a type through serde.
pub(super) fn deserialize<'de, T: Read<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(&mut Once(Some(deserializer))).map_err(D::Error::custom)
}

/// A deserializer as an [`Input`].
struct Once<D>(Option<D>);

impl<D> Once<D> {
    fn take(&mut self) -> D {
        self.0.take().expect("a value is read once")
    }
}

impl<'de, D: Deserializer<'de>> Input<'de> for Once<D> {
    fn text(&mut self) -> Result<Cow<'de, str>, Failure> {
        self.take().deserialize_str(Text).map_err(failure)
    }

    fn boolean(&mut self) -> Result<bool, Failure> {
        bool::deserialize(self.take()).map_err(failure)
    }

    fn integer(&mut self) -> Result<i64, Failure> {
        i64::deserialize(self.take()).map_err(failure)
    }

    fn float(&mut self) -> Result<f64, Failure> {
        f64::deserialize(self.take()).map_err(failure)
    }

    fn json(&mut self) -> Result<Value, Failure> {
        Value::deserialize(self.take()).map_err(failure)
    }

    fn skip(&mut self) -> Result<(), Failure> {
        IgnoredAny::deserialize(self.take()).map_err(failure).map(drop)
    }

    fn unless_null(&mut self, read: &mut ReadItem<'_, 'de>) -> Result<(), Failure> {
        self.take().deserialize_option(Item(read)).map_err(failure)
    }

    fn list(&mut self, read: &mut ReadItem<'_, 'de>) -> Result<(), Failure> {
        self.take().deserialize_seq(List(read)).map_err(failure)
    }

    fn object(&mut self, shape: &str, read: &mut ReadMember<'_, 'de>) -> Result<(), Failure> {
        self.take().deserialize_map(Object { shape, read }).map_err(failure)
    }
}

fn failure(error: impl de::Error) -> Failure {
    error.to_string()
}

/// Seed and visitor of text that is borrowed where it has no escapes.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }
}

/// Seed of an item, and visitor of one that may be `null`.
struct Item<'f, 'g, 'de>(&'f mut ReadItem<'g, 'de>);

impl<'de> DeserializeSeed<'de> for Item<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        (self.0)(&mut Once(Some(input))).map_err(D::Error::custom)
    }
}

impl<'de> Visitor<'de> for Item<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        self.deserialize(input)
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

struct List<'f, 'g, 'de>(&'f mut ReadItem<'g, 'de>);

impl<'de> Visitor<'de> for List<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut count = 0;
        while items
            .next_element_seed(Item(self.0))
            .map_err(|error| A::Error::custom(under(&format!("[{count}]"), &error.to_string())))?
            .is_some()
        {
            count += 1;
        }
        Ok(())
    }
}

struct Object<'f, 'g, 'de> {
    shape: &'f str,
    read: &'f mut ReadMember<'g, 'de>,
}

impl<'de> Visitor<'de> for Object<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object ({})", self.shape)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key_seed(Text)? {
            members
                .next_value_seed(Item(&mut |input| (self.read)(&name, input)))
                .map_err(|error| A::Error::custom(under(&name, &error.to_string())))?;
        }
        Ok(())
    }
}

/// Puts a step of the path in front of a message.
#[cold]
fn under(step: &str, text: &str) -> Failure {
    let (path, message) = text.strip_prefix('`').and_then(|text| text.split_once("`: ")).unwrap_or(("", text));
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    format!("`{step}{dot}{path}`: {}", shorten(message))
}

/// A message that quotes its input is as long as the input; the start and the end (the position) say enough.
pub(super) fn shorten(message: &str) -> Cow<'_, str> {
    const START: usize = 200;
    const END: usize = 100;
    if message.len() <= START + END {
        return Cow::Borrowed(message);
    }
    let (start, end) = (message.floor_char_boundary(START), message.ceil_char_boundary(message.len() - END));
    Cow::Owned(format!("{}…{}", &message[..start], &message[end..]))
}

#[cold]
pub(super) fn missing(member: &str) -> Failure {
    format!("member `{member}` is missing")
}

#[cold]
pub(super) fn twice() -> Failure {
    "the member is there twice".to_owned()
}

/// Where the value of a member goes.
pub(super) trait Slot<'de> {
    fn fill(&mut self, input: &mut dyn Input<'de>) -> Result<(), Failure>;
}

impl<'de, T: Read<'de>> Slot<'de> for Option<T> {
    fn fill(&mut self, input: &mut dyn Input<'de>) -> Result<(), Failure> {
        *self = Some(T::read(input)?);
        Ok(())
    }
}

impl Extra {
    /// Reads a known member into its slot; a `null` that is none of its values stays here.
    #[inline]
    pub(super) fn read<'de, T: Read<'de>>(
        &mut self,
        name: &str,
        input: &mut dyn Input<'de>,
        slot: &mut Option<T>,
    ) -> Result<(), Failure> {
        match T::TAKES_NULL {
            _ if slot.is_some() => Err(twice()),
            true => slot.fill(input),
            false => self.read_into(name, input, slot),
        }
    }

    fn read_into<'de>(
        &mut self,
        name: &str,
        input: &mut dyn Input<'de>,
        slot: &mut dyn Slot<'de>,
    ) -> Result<(), Failure> {
        let mut is_null = true;
        input.unless_null(&mut |input| {
            is_null = false;
            slot.fill(input)
        })?;
        if (is_null && self.insert(name, Value::Null).is_some()) || (!is_null && self.get(name).is_some()) {
            return Err(twice());
        }
        Ok(())
    }

    /// Keeps an unknown member.
    pub(super) fn keep(&mut self, name: &str, input: &mut dyn Input<'_>) -> Result<(), Failure> {
        match self.insert(name, input.json()?) {
            None => Ok(()),
            Some(_) => Err(twice()),
        }
    }
}

impl<'de: 'a, 'a> Read<'de> for Cow<'a, str> {
    fn read(input: &mut dyn Input<'de>) -> Result<Self, Failure> {
        input.text()
    }
}

impl<'de> Read<'de> for String {
    fn read(input: &mut dyn Input<'de>) -> Result<Self, Failure> {
        input.text().map(Cow::into_owned)
    }
}

impl<'de> Read<'de> for bool {
    fn read(input: &mut dyn Input<'de>) -> Result<Self, Failure> {
        input.boolean()
    }
}

impl<'de> Read<'de> for i64 {
    fn read(input: &mut dyn Input<'de>) -> Result<Self, Failure> {
        input.integer()
    }
}

impl<'de> Read<'de> for f64 {
    fn read(input: &mut dyn Input<'de>) -> Result<Self, Failure> {
        input.float()
    }
}

/// A document type: any JSON, in place.
impl<'de> Read<'de> for Value {
    const TAKES_NULL: bool = true;

    fn read(input: &mut dyn Input<'de>) -> Result<Self, Failure> {
        input.json()
    }
}

/// A blob: padded standard base64, nothing else.
impl<'de> Read<'de> for Bytes {
    fn read(input: &mut dyn Input<'de>) -> Result<Self, Failure> {
        match BASE64_STANDARD.decode(&*input.text()?) {
            Ok(bytes) => Ok(bytes.into()),
            Err(error) => Err(format!("not padded base64: {error}")),
        }
    }
}

impl<'de, T: Read<'de>> Read<'de> for Box<T> {
    fn read(input: &mut dyn Input<'de>) -> Result<Self, Failure> {
        T::read(input).map(Self::new)
    }
}

impl<'de, T: Read<'de>> Read<'de> for Vec<T> {
    fn read(input: &mut dyn Input<'de>) -> Result<Self, Failure> {
        let mut items = Self::new();
        input.list(&mut |input| {
            items.push(T::read(input)?);
            Ok(())
        })?;
        Ok(items)
    }
}

impl<'de, T: Read<'de>> Read<'de> for Entries<T> {
    fn read(input: &mut dyn Input<'de>) -> Result<Self, Failure> {
        let mut entries = Self::default();
        input.object("map", &mut |key, input| match entries.insert(key, T::read(input)?) {
            None => Ok(()),
            Some(_) => Err(twice()),
        })?;
        Ok(entries)
    }
}
