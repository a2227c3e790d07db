//! The macros that the shapes are declared with.

/// Declares structures of the service model.
///
/// ```text
/// shape! {
///     /// What it is.
///     pub struct CachePointBlock {
///         /// What the member is.
///         required r#type: CachePointType = "type";
///         optional ttl: CacheTTL = "ttl";
///     }
/// }
/// ```
///
/// Each gets public fields (an optional member is an `Option`), `extra`, serde's two traits and [`Shape`](super::Shape);
/// `new` with the required members in order or, where there are none, `Default`. After the struct, `beside { … }` adds
/// fields that are no part of the JSON and come first in `new`, and `ignoring "…"` names a member that is dropped.
macro_rules! shape {
    (@type required $type:ty) => { $type };
    (@type optional $type:ty) => { Option<$type> };

    (@value required $field:expr) => { Some(&$field) };
    (@value optional $field:expr) => { $field.as_ref().map(|value| value as &dyn $crate::wire::write::Write) };

    (@blank required $type:ty) => { <$type as $crate::wire::read::Blank>::blank() };
    (@blank optional $type:ty) => { None };

    (@is_required required) => { true };
    (@is_required optional) => { false };

    (@ignored) => { None };
    (@ignored $name:literal) => { Some($name) };

    // Sorts the members into required and optional ones.
    (@new $name:ident [$($lt:lifetime)?] [$($required:tt)*] [$($optional:tt)*] required $field:ident $type:ty; $($rest:tt)*) => {
        shape!(@new $name [$($lt)?] [$($required)* $field ($type)] [$($optional)*] $($rest)*);
    };
    (@new $name:ident [$($lt:lifetime)?] [$($required:tt)*] [$($optional:tt)*] optional $field:ident $type:ty; $($rest:tt)*) => {
        shape!(@new $name [$($lt)?] [$($required)*] [$($optional)* $field] $($rest)*);
    };
    (@new $name:ident [$($lt:lifetime)?] [] [$($optional:ident)*]) => {
        impl $(<$lt>)? Default for $name $(<$lt>)? {
            fn default() -> Self {
                Self { $($optional: None,)* extra: $crate::wire::Extra::default() }
            }
        }
    };
    (@new $name:ident [$($lt:lifetime)?] [$($required:ident ($type:ty))+] [$($optional:ident)*]) => {
        impl $(<$lt>)? $name $(<$lt>)? {
            /// One with its required members and none of the others.
            pub fn new($($required: impl Into<$type>),+) -> Self {
                Self { $($required: $required.into(),)+ $($optional: None,)* extra: $crate::wire::Extra::default() }
            }
        }
    };

    ($(
        $(#[$attribute:meta])*
        pub struct $name:ident $(<$lt:lifetime>)? {
            $( $(#[$doc:meta])* $kind:ident $field:ident: $type:ty = $member:literal; )*
        }
        $( beside { $( $(#[$beside_doc:meta])* $beside:ident: $beside_type:ty; )* } )?
        $( ignoring $ignored:literal )?
    )+) => { $(
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name $(<$lt>)? {
            $($( $(#[$beside_doc])* pub $beside: $beside_type, )*)?
            $( $(#[$doc])* pub $field: shape!(@type $kind $type), )*
            /// Members without a field of their own.
            pub extra: $crate::wire::Extra,
        }

        impl $(<$lt>)? $crate::wire::Shape for $name $(<$lt>)? {
            const NAME: &'static str = stringify!($name);
            const MEMBERS: &'static [&'static str] = &[$($member),*];
        }

        impl $(<$lt>)? $crate::wire::read::Blank for $name $(<$lt>)? {
            fn blank() -> Self {
                Self {
                    $($( $beside: Default::default(), )*)?
                    $( $field: shape!(@blank $kind $type), )*
                    extra: $crate::wire::Extra::default(),
                }
            }
        }

        impl<'de $(: $lt, $lt)?> $crate::wire::read::Read<'de> for $name $(<$lt>)? {
            fn read(&mut self, input: &mut dyn $crate::wire::read::Input<'de>) -> Result<(), $crate::wire::read::Failure> {
                let slots = &mut [$( $crate::wire::read::Slot {
                    name: $member,
                    value: &mut self.$field,
                    required: shape!(@is_required $kind),
                    takes_null: <$type as $crate::wire::read::Blank>::TAKES_NULL,
                    filled: false,
                } ),*];
                $crate::wire::read::structure(stringify!($name), input, slots, &mut self.extra, shape!(@ignored $($ignored)?))
            }
        }

        impl $(<$lt>)? $crate::wire::write::Write for $name $(<$lt>)? {
            fn write(&self, output: &mut dyn $crate::wire::write::Output) {
                $crate::wire::write::object(output, &[$( ($member, shape!(@value $kind self.$field)) ),*], &self.extra);
            }
        }

        with_serde!($name [$($lt)?]);
        shape!(@new $name [$($lt)?] [$($( $beside ($beside_type) )*)?] [] $($kind $field $type;)*);
    )+ };
}

/// Declares unions of the service model: an enum with a variant per member and `Other`.
macro_rules! union {
    (@first $variant:ident $type:ty; $($rest:tt)*) => { Self::$variant($crate::wire::read::Blank::blank()) };

    ($(
        $(#[$attribute:meta])*
        pub union $name:ident $(<$lt:lifetime>)? {
            $( $(#[$doc:meta])* $variant:ident($type:ty) = $member:literal; )*
        }
    )+) => { $(
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum $name $(<$lt>)? {
            $( $(#[$doc])* $variant($type), )*
            /// An object that is not just one of the members above, as it came. [`known`](Self::known) looks into it.
            Other(Box<$crate::wire::Other<Self>>),
        }

        impl $(<$lt>)? $name $(<$lt>)? {
            /// What the object is as far as it is known: the union itself or, inside an `Other` that has a known
            /// member beside something else, that member. Match on this to miss none.
            pub fn known(&self) -> &Self {
                match self {
                    Self::Other(other) => other.known.as_ref().unwrap_or(self),
                    known => known,
                }
            }

            /// [`known`](Self::known), to change it.
            pub fn known_mut(&mut self) -> &mut Self {
                if !matches!(self, Self::Other(other) if other.known.is_some()) {
                    return self;
                }
                match self {
                    Self::Other(other) => other.known.as_mut().expect("it has just been seen"),
                    _ => unreachable!("it has just been seen to be an `Other`"),
                }
            }

            /// The members beside the known one. Asking for them makes an `Other` of the union.
            pub fn extra_mut(&mut self) -> &mut $crate::wire::Extra {
                if !matches!(self, Self::Other(_)) {
                    let empty = $crate::wire::Other { known: None, extra: $crate::wire::Extra::default() };
                    let known = std::mem::replace(self, Self::Other(Box::new(empty)));
                    if let Self::Other(other) = self {
                        other.known = Some(known);
                    }
                }
                match self {
                    Self::Other(other) => &mut other.extra,
                    _ => unreachable!("it has just been made an `Other`"),
                }
            }

            /// The JSON name of the member; `None` when it is unknown.
            pub fn member(&self) -> Option<&str> {
                self.member_and_value().map(|(member, _)| member)
            }

            fn member_and_value(&self) -> Option<$crate::wire::write::Member<'_>> {
                match self {
                    $( Self::$variant(value) => Some(($member, Some(value))), )*
                    Self::Other(other) => other.known.as_ref()?.member_and_value(),
                }
            }
        }

        impl $(<$lt>)? $crate::wire::Shape for $name $(<$lt>)? {
            const NAME: &'static str = stringify!($name);
            const MEMBERS: &'static [&'static str] = &[$($member),*];
        }

        impl $(<$lt>)? $crate::wire::read::Blank for $name $(<$lt>)? {
            fn blank() -> Self {
                union!(@first $($variant $type;)*)
            }
        }

        impl<'de $(: $lt, $lt)?> $crate::wire::read::Variants<'de> for $name $(<$lt>)? {
            fn become_variant(&mut self, index: usize) -> &mut dyn $crate::wire::read::Read<'de> {
                let mut variants = 0..;
                $( if variants.next() == Some(index) {
                    *self = Self::$variant($crate::wire::read::Blank::blank());
                } )*
                match self {
                    $( Self::$variant(value) => value, )*
                    Self::Other(_) => unreachable!("it has just become another variant"),
                }
            }
        }

        impl<'de $(: $lt, $lt)?> $crate::wire::read::Read<'de> for $name $(<$lt>)? {
            fn read(&mut self, input: &mut dyn $crate::wire::read::Input<'de>) -> Result<(), $crate::wire::read::Failure> {
                let members = &[$( ($member, <$type as $crate::wire::read::Blank>::TAKES_NULL) ),*];
                let mut extra = $crate::wire::Extra::default();
                let is_known = $crate::wire::read::union(stringify!($name), input, members, self, &mut extra)?;
                if !is_known || !extra.is_empty() {
                    let known = is_known.then(|| std::mem::replace(self, $crate::wire::read::Blank::blank()));
                    *self = Self::Other(Box::new($crate::wire::Other { known, extra }));
                }
                Ok(())
            }
        }

        impl $(<$lt>)? $crate::wire::write::Write for $name $(<$lt>)? {
            fn write(&self, output: &mut dyn $crate::wire::write::Output) {
                let extra = match self {
                    Self::Other(other) => &other.extra,
                    _ => $crate::wire::Extra::NONE,
                };
                $crate::wire::write::object(output, self.member_and_value().as_slice(), extra);
            }
        }

        with_serde!($name [$($lt)?]);
    )+ };
}

/// serde's traits, by way of our own.
macro_rules! with_serde {
    ($name:ident [$($lt:lifetime)?]) => {
        impl<'de $(: $lt, $lt)?> ::serde::Deserialize<'de> for $name $(<$lt>)? {
            fn deserialize<D: ::serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                $crate::wire::read::deserialize(input)
            }
        }

        impl $(<$lt>)? ::serde::Serialize for $name $(<$lt>)? {
            fn serialize<S: ::serde::Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
                $crate::wire::write::serialize(self, output)
            }
        }
    };
}

/// Declares string enums of the service model, open to values that come later.
macro_rules! open_enum {
    ($(
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $( $(#[$doc:meta])* $variant:ident = $value:literal, )*
        }
    )+) => { $(
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$doc])* $variant, )*
            /// A value that this crate doesn't know, as it came.
            Unknown(String),
        }

        impl $name {
            /// The value on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $value, )*
                    Self::Unknown(value) => value,
                }
            }
        }

        impl From<::std::borrow::Cow<'_, str>> for $name {
            fn from(value: ::std::borrow::Cow<'_, str>) -> Self {
                match &*value {
                    $( $value => Self::$variant, )*
                    _ => Self::Unknown(value.into_owned()),
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                ::std::borrow::Cow::Borrowed(value).into()
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                ::std::borrow::Cow::<str>::Owned(value).into()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::wire::Shape for $name {
            const NAME: &'static str = stringify!($name);
            const MEMBERS: &'static [&'static str] = &[$($value),*];
        }

        impl $crate::wire::read::Blank for $name {
            fn blank() -> Self {
                Self::Unknown(String::new())
            }
        }

        impl<'de> $crate::wire::read::Read<'de> for $name {
            fn read(&mut self, input: &mut dyn $crate::wire::read::Input<'de>) -> Result<(), $crate::wire::read::Failure> {
                *self = input.text()?.into();
                Ok(())
            }
        }

        impl $crate::wire::write::Write for $name {
            fn write(&self, output: &mut dyn $crate::wire::write::Output) {
                output.text(self.as_str());
            }
        }

        with_serde!($name []);
    )+ };
}
