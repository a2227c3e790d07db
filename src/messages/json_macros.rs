//! The declarations of structs and enums with their JSON.

/// `serde::Deserialize` for types that have [`FromJson`].
macro_rules! json_deserialize {
    ($($name:ty),* $(,)?) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = serde_json::Value::deserialize(deserializer)?;
                $crate::messages::json::FromJson::from_json(value).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

/// A struct with its JSON: `pub struct Name ["tag member" = "tag"] { how member | "older name": Type = default, … }`.
///
/// `how` is one of: `required` (an error when absent), `default` (absent and null are the default; always written),
/// `optional` (the same; not written when `None`), `computed` (as `default`, written as the method of the same name
/// gives it) and `base64` (required bytes).
macro_rules! json_struct {
    (
        $(#[$meta:meta])*
        pub struct $name:ident $([$tag_name:literal = $tag:literal])? {
            $(
                $(#[$member_meta:meta])*
                $how:ident $member:ident $(| $older:literal)*: $type:ty $(= $default:expr)?
            ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $( $(#[$member_meta])* pub $member: $type, )*
            /// Members that are not known here, in their order; they are written back as they came.
            pub extra: $crate::messages::JsonObject,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $member: json_struct!(@default $($default)?), )* extra: Default::default() }
            }
        }

        impl $crate::messages::json::JsonMembers for $name {
            fn read(mut object: $crate::messages::JsonObject) -> Result<Self, $crate::messages::json::Mismatch> {
                Ok(Self {
                    $( $member: json_struct!(@read $how object [stringify!($member) $(, $older)*] $($default)?), )*
                    extra: object,
                })
            }

            fn write_members<M: serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                $( json_struct!(@write $how map self $member); )*
                Ok(())
            }

            fn write_rest<M: serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                $( json_struct!(@write_rest $how map self $member); )*
                self.extra.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))
            }
        }

        impl $crate::messages::json::FromJson for $name {
            fn from_json(value: serde_json::Value) -> Result<Self, $crate::messages::json::Mismatch> {
                #[allow(unused_mut, reason = "not every struct has a tag")]
                let mut object = <$crate::messages::JsonObject as $crate::messages::json::FromJson>::from_json(value)?;
                $( $crate::messages::json::check_tag(&mut object, $tag_name, $tag)?; )?
                $crate::messages::json::JsonMembers::read(object)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use $crate::messages::json::JsonMembers as _;
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                self.write_members(&mut map)?;
                $( map.serialize_entry($tag_name, $tag)?; )?
                self.write_rest(&mut map)?;
                map.end()
            }
        }

        $crate::messages::json::json_deserialize!($name);
    };

    (@default) => { Default::default() };
    (@default $default:expr) => { $default };

    (@read required $object:ident [$($name:expr),*] $($default:expr)?) => {
        match $crate::messages::json::take(&mut $object, &[$($name),*])? {
            Some(value) => value,
            None => return Err($crate::messages::json::Mismatch::missing(&[$($name),*])),
        }
    };
    (@read base64 $object:ident $names:tt) => {
        json_struct!(@read required $object $names)
    };
    (@read $how:ident $object:ident [$($name:expr),*] $($default:expr)?) => {
        match $crate::messages::json::take::<Option<_>>(&mut $object, &[$($name),*])? {
            Some(Some(value)) => value,
            _ => json_struct!(@default $($default)?),
        }
    };

    (@write optional $map:ident $self:ident $member:ident) => {
        if let Some(value) = &$self.$member {
            $map.serialize_entry(stringify!($member), value)?;
        }
    };
    (@write computed $map:ident $self:ident $member:ident) => {};
    (@write base64 $map:ident $self:ident $member:ident) => {
        $map.serialize_entry(stringify!($member), &$crate::messages::json::to_base64(&$self.$member))?;
    };
    (@write $how:ident $map:ident $self:ident $member:ident) => {
        $map.serialize_entry(stringify!($member), &$self.$member)?;
    };
    (@write_rest computed $map:ident $self:ident $member:ident) => {
        $map.serialize_entry(stringify!($member), &$self.$member())?;
    };
    (@write_rest $how:ident $map:ident $self:ident $member:ident) => {};
}

/// An enum over structs of [`json_struct!`], told apart by a member; what is not known is kept as `Other`.
macro_rules! json_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident by $tag_name:literal {
            $( $(#[$variant_meta:meta])* $variant:ident($type:ty) = $tag:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant($type), )*
            /// A kind that is not known here; it is written back as it came.
            Other($crate::messages::JsonObject),
        }

        impl $name {
            #[doc = concat!("What the JSON has as `", $tag_name, "`.")]
            pub fn kind(&self) -> &str {
                match self {
                    $( Self::$variant(_) => $tag, )*
                    Self::Other(object) => {
                        object.get($tag_name).and_then(serde_json::Value::as_str).unwrap_or_default()
                    }
                }
            }
        }

        impl $crate::messages::json::FromJson for $name {
            fn from_json(value: serde_json::Value) -> Result<Self, $crate::messages::json::Mismatch> {
                use $crate::messages::json::{JsonMembers as _, Mismatch};
                let mut object = $crate::messages::JsonObject::from_json(value)?;
                match object.get($tag_name).and_then(serde_json::Value::as_str) {
                    $( Some($tag) => {
                        object.shift_remove($tag_name);
                        <$type>::read(object).map(Self::$variant)
                    } )*
                    Some(_) => Ok(Self::Other(object)),
                    None => Err(Mismatch::missing(&[$tag_name])),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use $crate::messages::json::JsonMembers as _;
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                match self {
                    $( Self::$variant(value) => {
                        value.write_members(&mut map)?;
                        map.serialize_entry($tag_name, $tag)?;
                        value.write_rest(&mut map)?;
                    } )*
                    Self::Other(object) => {
                        object.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
                    }
                }
                map.end()
            }
        }

        $crate::messages::json::json_deserialize!($name);
    };
}

/// An enum of names. With `..` at the end, names that are not known here are kept as `Other`; without, they are an
/// error.
macro_rules! json_names {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $text:literal, )* .. }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )*
            /// A name that is not known here.
            Other(String),
        }

        impl $name {
            /// The name in JSON.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )*
                    Self::Other(name) => name,
                }
            }
        }

        impl $crate::messages::json::FromJson for $name {
            fn from_json(value: serde_json::Value) -> Result<Self, $crate::messages::json::Mismatch> {
                let name = String::from_json(value)?;
                Ok(match &*name {
                    $( $text => Self::$variant, )*
                    _ => Self::Other(name),
                })
            }
        }

        json_names!(@serde $name);
    };
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $text:literal, )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )*
        }

        impl $name {
            /// The name in JSON.
            pub fn as_str(&self) -> &'static str {
                match self {
                    $( Self::$variant => $text, )*
                }
            }
        }

        impl $crate::messages::json::FromJson for $name {
            fn from_json(value: serde_json::Value) -> Result<Self, $crate::messages::json::Mismatch> {
                match value.as_str() {
                    $( Some($text) => Ok(Self::$variant), )*
                    _ => {
                        let names = [$($text),*].join(", ");
                        Err($crate::messages::json::Mismatch::new(format!("expected one of {names}, found {value}")))
                    }
                }
            }
        }

        json_names!(@serde $name);
    };
    (@serde $name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        $crate::messages::json::json_deserialize!($name);
    };
}

/// The enum's variants from what they hold.
macro_rules! json_from {
    ($name:ident { $($variant:ident($type:ty)),* $(,)? }) => {$(
        impl From<$type> for $name {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        }
    )*};
}

pub(crate) use {json_deserialize, json_enum, json_from, json_names, json_struct};
