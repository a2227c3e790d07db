//! How every type of the wire is read and written.
//!
//! Reading goes through serde's visitors, without a value in between, and errors get the path to the member in front.
//! Writing keeps to the model's order. A member that a type doesn't know stays in its [`Extra`].

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use base64::display::Base64Display;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{self, Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::open::{Entries, Extra};

/// What this crate knows of one shape of the service model.
pub trait Shape {
    /// The service model's name of the shape.
    const NAME: &'static str;
    /// The JSON names of its members in the model's order; for an enum its values.
    const MEMBERS: &'static [&'static str];
}

/// A type that can be a member, read from JSON. Besides serde's own types it is blobs, lists, maps and every shape.
pub(crate) trait Read<'de>: Sized {
    fn read<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error>;

    /// The same where `null` stands for an absent member.
    fn read_nullable<D: Deserializer<'de>>(input: D) -> Result<Option<Self>, D::Error> {
        input.deserialize_option(As::<Option<Self>>::NEW)
    }
}

/// The counterpart of [`Read`].
pub(crate) trait Write {
    fn write<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error>;
}

/// Seed and visitor in one for a type that this module can read.
pub(crate) struct As<T>(PhantomData<T>);

impl<T> As<T> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<'de, T: Read<'de>> DeserializeSeed<'de> for As<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<T, D::Error> {
        T::read(input)
    }
}

impl<'de, T: Read<'de>> DeserializeSeed<'de> for As<Option<T>> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Option<T>, D::Error> {
        T::read_nullable(input)
    }
}

impl<'de, T: Read<'de>> Visitor<'de> for As<Option<T>> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<Option<T>, D::Error> {
        T::read(input).map(Some)
    }

    fn visit_none<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }
}

/// A reference to a member as something that serde can write.
pub(crate) struct Out<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: Write + ?Sized> Serialize for Out<'_, T> {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        self.0.write(output)
    }
}

macro_rules! plain {
    ($($type:ty),*) => { $(
        impl<'de> Read<'de> for $type {
            fn read<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                Self::deserialize(input)
            }
        }

        impl Write for $type {
            fn write<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
                self.serialize(output)
            }
        }
    )* };
}

plain!(String, bool, i64);

/// A document type: any JSON, in place. Here `null` is a value like any other.
impl<'de> Read<'de> for Value {
    fn read<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::deserialize(input)
    }

    fn read_nullable<D: Deserializer<'de>>(input: D) -> Result<Option<Self>, D::Error> {
        Self::deserialize(input).map(Some)
    }
}

impl Write for Value {
    fn write<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        self.serialize(output)
    }
}

impl<'de> Read<'de> for f64 {
    fn read<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::deserialize(input)
    }
}

impl Write for f64 {
    fn write<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        if self.is_finite() {
            output.serialize_f64(*self)
        } else {
            Err(ser::Error::custom(format_args!("{self} is not a number that JSON can hold")))
        }
    }
}

/// A blob: padded standard base64, nothing else.
impl<'de> Read<'de> for Bytes {
    fn read<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_str(As::<Self>::NEW)
    }
}

impl Visitor<'_> for As<Bytes> {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string of padded base64")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
        match BASE64_STANDARD.decode(text) {
            Ok(bytes) => Ok(bytes.into()),
            Err(error) => Err(E::custom(format_args!("not padded base64: {error}"))),
        }
    }
}

impl Write for Bytes {
    fn write<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.collect_str(&Base64Display::new(self, &BASE64_STANDARD))
    }
}

/// Text that stays where it is where it has no escapes.
impl<'de: 'a, 'a> Read<'de> for Cow<'a, str> {
    fn read<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_str(As::<Cow<'de, str>>::NEW)
    }
}

impl<'de> Visitor<'de> for As<Cow<'de, str>> {
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

impl Write for Cow<'_, str> {
    fn write<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(self)
    }
}

impl<'de, T: Read<'de>> Read<'de> for Box<T> {
    fn read<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        T::read(input).map(Self::new)
    }
}

impl<T: Write> Write for Box<T> {
    fn write<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        (**self).write(output)
    }
}

impl<'de, T: Read<'de>> Read<'de> for Vec<T> {
    fn read<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_seq(As::<Self>::NEW)
    }
}

impl<'de, T: Read<'de>> Visitor<'de> for As<Vec<T>> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut input: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) =
            input.next_element_seed(As::<T>::NEW).map_err(|error| under(&format!("[{}]", items.len()), error))?
        {
            items.push(item);
        }
        Ok(items)
    }
}

impl<T: Write> Write for Vec<T> {
    fn write<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.collect_seq(self.iter().map(Out))
    }
}

impl<'de, T: Read<'de>> Read<'de> for Entries<T> {
    fn read<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_map(As::<Self>::NEW)
    }
}

impl<'de, T: Read<'de>> Visitor<'de> for As<Entries<T>> {
    type Value = Entries<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut input: A) -> Result<Entries<T>, A::Error> {
        let mut entries = Entries::default();
        while let Some(key) = input.next_key::<String>()? {
            let value = input.next_value_seed(As::<T>::NEW).map_err(|error| under(&key, error))?;
            if entries.get(&key).is_some() {
                return Err(duplicate(&key));
            }
            entries.insert(key, value);
        }
        Ok(entries)
    }
}

impl<T: Write> Write for Entries<T> {
    fn write<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.collect_map(self.iter().map(|(key, value)| (key, Out(value))))
    }
}

/// A shape that is a JSON object.
pub(crate) trait Object<'de>: Shape + Sized {
    fn read_members<A: MapAccess<'de>>(members: Members<A>) -> Result<Self, A::Error>;
}

/// The visitor of all objects.
pub(crate) struct ObjectVisitor<T>(pub(crate) PhantomData<T>);

impl<'de, T: Object<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object ({})", T::NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::read_members(Members { map, extra: Extra::default() })
    }
}

/// The members of an object that is being read.
pub(crate) struct Members<A> {
    map: A,
    pub(crate) extra: Extra,
}

impl<'de, A: MapAccess<'de>> Members<A> {
    pub(crate) fn next(&mut self) -> Result<Option<Cow<'de, str>>, A::Error> {
        self.map.next_key_seed(As::<Cow<'de, str>>::NEW)
    }

    /// Reads the value of a known member into its slot; a `null` stays in `extra`.
    pub(crate) fn read<T: Read<'de>>(&mut self, name: &'static str, slot: &mut Option<T>) -> Result<(), A::Error> {
        let value = self.map.next_value_seed(As::<Option<T>>::NEW).map_err(|error| under(name, error))?;
        if slot.is_some() || self.extra.get(name).is_some() {
            return Err(duplicate(name));
        }
        if value.is_none() {
            self.extra.insert(name, Value::Null);
        }
        *slot = value;
        Ok(())
    }

    /// Reads the value of a union's member, unless the union has one already: then it is kept as JSON.
    pub(crate) fn read_variant<T: Read<'de>, U>(
        &mut self,
        name: &'static str,
        union: &mut Option<U>,
        variant: impl FnOnce(T) -> U,
    ) -> Result<(), A::Error> {
        if union.is_some() {
            return self.keep(Cow::Borrowed(name));
        }
        let mut slot = None;
        self.read(name, &mut slot)?;
        *union = slot.map(variant);
        Ok(())
    }

    /// Keeps the value of an unknown member.
    pub(crate) fn keep(&mut self, name: Cow<'de, str>) -> Result<(), A::Error> {
        let value: Value = self.map.next_value().map_err(|error| under(&name, error))?;
        if self.extra.get(&name).is_some() {
            return Err(duplicate(&name));
        }
        self.extra.insert(name, value);
        Ok(())
    }

    /// Drops a value.
    pub(crate) fn ignore(&mut self) -> Result<(), A::Error> {
        self.map.next_value::<IgnoredAny>().map(drop)
    }
}

/// A struct that is being written.
pub(crate) struct Writer<'a, M> {
    map: M,
    extra: &'a Extra,
}

impl<'a, M: SerializeMap> Writer<'a, M> {
    pub(crate) fn new(map: M, extra: &'a Extra) -> Self {
        Self { map, extra }
    }

    pub(crate) fn required<T: Write>(&mut self, name: &'static str, value: &T) -> Result<(), M::Error> {
        self.map.serialize_entry(name, &Out(value))
    }

    pub(crate) fn optional<T: Write>(&mut self, name: &'static str, value: &Option<T>) -> Result<(), M::Error> {
        match value {
            Some(value) => self.required(name, value),
            None => self.extra.get(name).map_or(Ok(()), |value| self.map.serialize_entry(name, value)),
        }
    }

    pub(crate) fn finish(mut self, known: &[&str]) -> Result<M::Ok, M::Error> {
        for (name, value) in self.extra.iter().filter(|(name, _)| !known.contains(name)) {
            self.map.serialize_entry(name, value)?;
        }
        self.map.end()
    }
}

/// Puts a step of the path in front of an error: `` `content[2].image`: … ``.
#[cold]
fn under<E: de::Error>(step: &str, error: E) -> E {
    let text = error.to_string();
    let (path, message) = match text.strip_prefix('`').and_then(|text| text.split_once("`: ")) {
        Some((path, message)) => (path, message),
        None => ("", &*text),
    };
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    E::custom(format_args!("`{step}{dot}{path}`: {}", shorten(message)))
}

/// A message that quotes its input is as long as the input; the start and the end (the position) say enough.
pub(crate) fn shorten(message: &str) -> Cow<'_, str> {
    const START: usize = 200;
    const END: usize = 100;
    if message.len() <= START + END {
        return Cow::Borrowed(message);
    }
    let (start, end) = (message.floor_char_boundary(START), message.ceil_char_boundary(message.len() - END));
    Cow::Owned(format!("{}…{}", &message[..start], &message[end..]))
}

#[cold]
pub(crate) fn missing<E: de::Error>(name: &str) -> E {
    E::custom(format_args!("member `{name}` is missing"))
}

#[cold]
fn duplicate<E: de::Error>(name: &str) -> E {
    E::custom(format_args!("member `{name}` is there twice"))
}
