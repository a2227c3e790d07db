//! What every type of the wire is made with: reading, writing, the two macros, and what is kept of the unknown.
//!
//! Types are read through serde's visitors, without an intermediate value, and written in the model's order. A member
//! that a type doesn't know stays in its [`Extra`].

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use base64::display::Base64Display;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{self, Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

/// What this crate knows of one shape of the service model.
pub trait Shape {
    /// The service model's name of the shape.
    const NAME: &'static str;
    /// The JSON names of its members in the model's order; for an enum its values.
    const MEMBERS: &'static [&'static str];
}

/// Members that have no field of their own, in the order in which they came.
///
/// Every struct has one as `extra`. What an answer holds beyond the fields stands there, and what is put there is
/// written into the struct's JSON object after the fields, so that a member that the service has got since can be
/// used at once. It has the size of a pointer.
///
/// A member that the struct does have a field for stands here only as the `null` that it came as. Where a field has a
/// value, the field is written.
///
/// ```
/// use bedrock_converse::wire::{CachePointBlock, CachePointType};
///
/// let mut block = CachePointBlock::new(CachePointType::Default);
/// block.extra.insert("scope", "account");
/// assert_eq!(serde_json::to_string(&block).unwrap(), r#"{"type":"default","scope":"account"}"#);
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Extra(Option<Box<Map<String, Value>>>);

impl Extra {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|map| map.is_empty())
    }

    /// The member of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.get(name)
    }

    /// Sets a member and returns what it was before.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0.get_or_insert_default().insert(name.into(), value.into())
    }

    /// Takes a member out; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.as_mut()?.shift_remove(name)
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().flat_map(|map| map.iter()).map(|(name, value)| (name.as_str(), value))
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl From<Map<String, Value>> for Extra {
    fn from(map: Map<String, Value>) -> Self {
        Self((!map.is_empty()).then(|| Box::new(map)))
    }
}

/// What stands behind the variant `Other` of each union: a JSON object that is not just one known member.
///
/// The service writes a union as an object with exactly one member. Where that member is unknown, `known` is `None`
/// and `extra` holds it. Where there are several, `known` is the first one that this crate knows and that is not
/// `null`, and `extra` has the rest.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Other<T> {
    /// What the object is as far as it is known; never itself an `Other`.
    pub known: Option<T>,
    /// The members beside it.
    pub extra: Extra,
}

impl<T> Other<T> {
    pub(crate) fn map<U>(self, known: impl FnOnce(T) -> U) -> Other<U> {
        Other { known: self.known.map(known), extra: self.extra }
    }
}

/// A JSON object whose keys the caller chooses, in the caller's order.
///
/// ```
/// use bedrock_converse::wire::Entries;
///
/// let mut tags = Entries::from([("team", "search".to_owned())]);
/// tags.insert("env", "test".to_owned());
/// assert_eq!(serde_json::to_string(&tags).unwrap(), r#"{"team":"search","env":"test"}"#);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Entries<T>(Vec<(String, T)>);

impl<T> Entries<T> {
    /// The value of this key.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Sets the value of a key, at the end if it is new, and returns what it was before.
    pub fn insert(&mut self, key: impl Into<String>, value: T) -> Option<T> {
        let key = key.into();
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, slot)) => Some(std::mem::replace(slot, value)),
            None => {
                self.0.push((key, value));
                None
            }
        }
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &T)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Into<String>, T> FromIterator<(K, T)> for Entries<T> {
    fn from_iter<I: IntoIterator<Item = (K, T)>>(entries: I) -> Self {
        let mut all = Self::default();
        for (key, value) in entries {
            all.insert(key, value);
        }
        all
    }
}

impl<K: Into<String>, T, const N: usize> From<[(K, T); N]> for Entries<T> {
    fn from(entries: [(K, T); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<T> IntoIterator for Entries<T> {
    type Item = (String, T);
    type IntoIter = std::vec::IntoIter<(String, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
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
            entries.0.push((key, value));
        }
        Ok(entries)
    }
}

impl<T: Write> Write for Entries<T> {
    fn write<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.collect_map(self.iter().map(|(key, value)| (key, Out(value))))
    }
}

impl<T: Write> Serialize for Entries<T> {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        self.write(output)
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
