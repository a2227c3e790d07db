//! What keeps the wire open: members without a field, unions beyond their variants, objects with free keys.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::read::{Blank, Failure, Input, Read, deserialize};
use super::write::{Output, Write, serialize};
use crate::error::{Error, ErrorKind, Result};

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
    /// An empty one to refer to.
    pub(super) const NONE: &Self = {
        static NONE: Extra = Extra(None);
        &NONE
    };

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

/// JSON of a shape that is read only when somebody asks for it.
///
/// The guardrail's trace is most of the shapes there are and few look at it. Kept as JSON it costs nothing to those who
/// don't, and no answer is refused for the sake of its trace.
///
/// ```
/// use bedrock_converse::wire::ConverseTrace;
///
/// let trace: ConverseTrace = serde_json::from_str(r#"{"guardrail":{"actionReason":"No action."}}"#).unwrap();
/// let guardrail = trace.guardrail.unwrap().read()?;
/// assert_eq!(guardrail.action_reason.as_deref(), Some("No action."));
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
pub struct Unread<T> {
    /// The JSON as it came.
    pub json: Value,
    shape: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Unread<T> {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Protocol`], with the path to the member.
    pub fn read(&self) -> Result<T> {
        T::deserialize(&self.json).map_err(|error| Error::new(ErrorKind::Protocol, error.to_string()))
    }
}

impl<T> From<Value> for Unread<T> {
    fn from(json: Value) -> Self {
        Self { json, shape: PhantomData }
    }
}

impl<T> Clone for Unread<T> {
    fn clone(&self) -> Self {
        self.json.clone().into()
    }
}

impl<T> PartialEq for Unread<T> {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl<T> fmt::Debug for Unread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.json.fmt(f)
    }
}

impl<'de, T> Read<'de> for Unread<T> {
    fn read(&mut self, input: &mut dyn Input<'de>) -> Result<(), Failure> {
        self.json = input.json()?;
        Ok(())
    }
}

impl<T> Blank for Unread<T> {
    fn blank() -> Self {
        Value::Null.into()
    }
}

impl<T> Write for Unread<T> {
    fn write(&self, output: &mut dyn Output) {
        self.json.write(output);
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

impl<'de, T: Read<'de> + Blank> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        deserialize(input)
    }
}

impl<T: Write> Serialize for Entries<T> {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        serialize(self, output)
    }
}
