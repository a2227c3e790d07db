//! How the types of the wire are read.
//!
//! The types read from a `dyn` [`Input`], not from a generic deserializer: what serde needs to know of them is compiled
//! once and not once per type, which makes a program smaller by some hundred kilobytes. For the same reason they read
//! themselves in place, as `dyn` [`Read`]: what all structs and all unions have in common is there once.

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
pub(super) trait Read<'de> {
    /// Becomes what `input` holds. Where that fails, it is anything.
    fn read(&mut self, input: &mut dyn Input<'de>) -> Result<(), Failure>;
}

/// Where reading begins.
pub(super) trait Blank {
    /// Whether `null` is a value like any other and not an absent member.
    const TAKES_NULL: bool = false;

    /// Some value, the one that is made with the least work.
    fn blank() -> Self;
}

/// Reads a type through serde.
pub(super) fn deserialize<'de, T: Read<'de> + Blank, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mut value = T::blank();
    deserialize_into(&mut value, deserializer)?;
    Ok(value)
}

fn deserialize_into<'de, D: Deserializer<'de>>(value: &mut dyn Read<'de>, deserializer: D) -> Result<(), D::Error> {
    value.read(&mut Once(Some(deserializer))).map_err(D::Error::custom)
}

/// Reads one JSON value that takes up all of `json`.
pub(super) fn from_slice<'de>(value: &mut dyn Read<'de>, json: &'de [u8]) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    deserialize_into(value, &mut deserializer)?;
    deserializer.end()
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
fn missing(member: &str) -> Failure {
    format!("member `{member}` is missing")
}

#[cold]
fn twice() -> Failure {
    "the member is there twice".to_owned()
}

/// Where the value of a structure's member goes.
pub(super) struct Slot<'f, 'de> {
    pub(super) name: &'static str,
    pub(super) value: &'f mut dyn Read<'de>,
    pub(super) required: bool,
    pub(super) takes_null: bool,
    pub(super) filled: bool,
}

/// Reads a structure. The member called `ignored` is dropped.
pub(super) fn structure<'de>(
    shape: &str,
    input: &mut dyn Input<'de>,
    slots: &mut [Slot<'_, 'de>],
    extra: &mut Extra,
    ignored: Option<&str>,
) -> Result<(), Failure> {
    input.object(shape, &mut |name, input| match slots.iter_mut().find(|slot| slot.name == name) {
        Some(slot) if slot.filled => Err(twice()),
        Some(slot) => {
            slot.filled = extra.read(name, input, slot.takes_null, &mut |input| slot.value.read(input))?;
            Ok(())
        }
        None if ignored == Some(name) => input.skip(),
        None => extra.keep(name, input),
    })?;
    match slots.iter().find(|slot| slot.required && !slot.filled) {
        Some(slot) => Err(missing(slot.name)),
        None => Ok(()),
    }
}

/// An enum with a variant for each of a union's members.
pub(super) trait Variants<'de> {
    /// Becomes the variant at `index`, blank, and gives its value.
    fn become_variant(&mut self, index: usize) -> &mut dyn Read<'de>;
}

/// Reads a union's members: the first one that is known, the others into `extra`. Gives whether there is a known one.
pub(super) fn union<'de>(
    shape: &str,
    input: &mut dyn Input<'de>,
    members: &[(&str, bool)],
    variants: &mut dyn Variants<'de>,
    extra: &mut Extra,
) -> Result<bool, Failure> {
    let mut known = None;
    input.object(shape, &mut |name, input| {
        let index = members.iter().position(|(member, _)| *member == name);
        match (index, known) {
            (Some(index), Some(known)) if index == known => Err(twice()),
            (Some(index), None) => {
                let mut read = |input: &mut dyn Input<'de>| variants.become_variant(index).read(input);
                known = extra.read(name, input, members[index].1, &mut read)?.then_some(index);
                Ok(())
            }
            _ => extra.keep(name, input),
        }
    })?;
    Ok(known.is_some())
}

impl Extra {
    /// Reads a known member and tells whether it has a value; a `null` that is none stays here.
    fn read<'de>(
        &mut self,
        name: &str,
        input: &mut dyn Input<'de>,
        takes_null: bool,
        read: &mut ReadItem<'_, 'de>,
    ) -> Result<bool, Failure> {
        if takes_null {
            return read(input).map(|()| true);
        }
        let mut is_null = true;
        input.unless_null(&mut |input| {
            is_null = false;
            read(input)
        })?;
        if (is_null && self.insert(name, Value::Null).is_some()) || (!is_null && self.get(name).is_some()) {
            return Err(twice());
        }
        Ok(!is_null)
    }

    /// Keeps an unknown member.
    fn keep(&mut self, name: &str, input: &mut dyn Input<'_>) -> Result<(), Failure> {
        match self.insert(name, input.json()?) {
            None => Ok(()),
            Some(_) => Err(twice()),
        }
    }
}

/// Types that are read as one value.
macro_rules! read {
    ($([$($lt:lifetime)?] $type:ty: $blank:expr, $input:ident => $value:expr;)+) => { $(
        impl<'de $(: $lt, $lt)?> Read<'de> for $type {
            fn read(&mut self, $input: &mut dyn Input<'de>) -> Result<(), Failure> {
                *self = $value;
                Ok(())
            }
        }

        impl $(<$lt>)? Blank for $type {
            fn blank() -> Self {
                $blank
            }
        }
    )+ };
}

read! {
    ['a] Cow<'a, str>: Cow::Borrowed(""), input => input.text()?;
    [] String: String::new(), input => input.text()?.into_owned();
    [] bool: false, input => input.boolean()?;
    [] i64: 0, input => input.integer()?;
    [] f64: 0.0, input => input.float()?;
    // A blob: padded standard base64, nothing else.
    [] Bytes: Bytes::new(), input => match BASE64_STANDARD.decode(&*input.text()?) {
        Ok(bytes) => bytes.into(),
        Err(error) => return Err(format!("not padded base64: {error}")),
    };
}

/// A document type: any JSON, in place.
impl<'de> Read<'de> for Value {
    fn read(&mut self, input: &mut dyn Input<'de>) -> Result<(), Failure> {
        *self = input.json()?;
        Ok(())
    }
}

impl Blank for Value {
    const TAKES_NULL: bool = true;

    fn blank() -> Self {
        Self::Null
    }
}

impl<'de, T: Read<'de> + Blank> Read<'de> for Option<T> {
    fn read(&mut self, input: &mut dyn Input<'de>) -> Result<(), Failure> {
        self.insert(T::blank()).read(input)
    }
}

impl<'de, T: Read<'de>> Read<'de> for Box<T> {
    fn read(&mut self, input: &mut dyn Input<'de>) -> Result<(), Failure> {
        (**self).read(input)
    }
}

impl<T: Blank> Blank for Box<T> {
    fn blank() -> Self {
        Self::new(T::blank())
    }
}

impl<'de, T: Read<'de> + Blank> Read<'de> for Vec<T> {
    fn read(&mut self, input: &mut dyn Input<'de>) -> Result<(), Failure> {
        input.list(&mut |input| {
            let mut item = T::blank();
            item.read(input)?;
            self.push(item);
            Ok(())
        })
    }
}

impl<T> Blank for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }
}

impl<'de, T: Read<'de> + Blank> Read<'de> for Entries<T> {
    fn read(&mut self, input: &mut dyn Input<'de>) -> Result<(), Failure> {
        input.object("map", &mut |key, input| {
            let mut value = T::blank();
            value.read(input)?;
            match self.insert(key, value) {
                None => Ok(()),
                Some(_) => Err(twice()),
            }
        })
    }
}

impl<T> Blank for Entries<T> {
    fn blank() -> Self {
        Self::default()
    }
}
