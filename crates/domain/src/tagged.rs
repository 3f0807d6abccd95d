//! Enums written as one object whose first member names the variant, `{"type":"noted",…}`, and read without a detour.
//!
//! serde's own `tag` reads such an object twice: first all of it into a tree, for the tag may come anywhere, then the
//! tree into the variant. What this program writes has the tag first, and folding a case is mostly reading its log, so
//! the rest of the object is read straight into the variant here. An object with its tag elsewhere is read as well, by
//! the slow way.
//!
//! The enum derives both traits with `#[serde(remote = "Self")]`, which leaves the traits themselves to [`tagged!`].

use serde::de;
use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error as _, IgnoredAny, MapAccess, VariantAccess, Visitor};
use serde::ser::{
    Error as _, Impossible, Serialize, SerializeMap, SerializeStruct, SerializeStructVariant, Serializer,
};
use serde_json::{Map, Value};
use std::fmt;
use std::marker::PhantomData;

/// Gives an enum that derives its traits for `Self` the form with the tag inside.
macro_rules! tagged {
    ($type:ty, $tag:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <$type>::serialize(self, $crate::tagged::Write::new($tag, serializer))
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map($crate::tagged::Object::<Self>::new($tag))
            }
        }

        impl<'de> $crate::tagged::Variants<'de> for $type {
            fn variant<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$type>::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use tagged;

/// What the derive makes: reading from a name of a variant with its content.
pub(crate) trait Variants<'de>: Sized {
    /// Reads the variant a deserializer gives as an enum.
    ///
    /// # Errors
    /// Those of the format.
    fn variant<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Reads an object with its tag.
pub(crate) struct Object<T> {
    tag: &'static str,
    read: PhantomData<T>,
}

impl<T> Object<T> {
    /// Of a tag.
    pub(crate) fn new(tag: &'static str) -> Self {
        Self { tag, read: PhantomData }
    }
}

impl<'de, T: Variants<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the member `{}`", self.tag)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut before = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == self.tag {
                let variant = map.next_value::<String>()?;
                if before.is_empty() {
                    return T::variant(Variant { variant, map });
                }
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    before.insert(key, value);
                }
                let map = de::value::MapDeserializer::new(before.into_iter());
                return T::variant(Variant { variant, map })
                    .map_err(|error: serde_json::Error| A::Error::custom(error));
            }
            before.insert(key, map.next_value()?);
        }
        Err(A::Error::missing_field(self.tag))
    }
}

/// The name of a variant, and the members that follow.
struct Variant<A> {
    variant: String,
    map: A,
}

impl<'de, A: MapAccess<'de>> Deserializer<'de> for Variant<A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for Variant<A> {
    type Error = A::Error;
    type Variant = Members<A>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Members<A>), A::Error> {
        let name = seed.deserialize(StringDeserializer::<A::Error>::new(self.variant))?;
        Ok((name, Members(self.map)))
    }
}

/// The members of a variant.
struct Members<A>(A);

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for Members<A> {
    type Error = A::Error;

    fn unit_variant(mut self) -> Result<(), A::Error> {
        while self.0.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        seed.deserialize(MapAccessDeserializer::new(self.0))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, A::Error> {
        Err(A::Error::custom("a list has no place in a tagged object"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_map(self.0)
    }
}

/// Writes a variant as an object with the tag first.
pub(crate) struct Write<S> {
    tag: &'static str,
    /// The variant, once its content is written by itself.
    variant: &'static str,
    inner: S,
}

impl<S> Write<S> {
    /// Of a tag.
    pub(crate) fn new(tag: &'static str, inner: S) -> Self {
        Self { tag, variant: "", inner }
    }
}

/// The members of a variant being written.
pub(crate) struct Written<S>(S);

impl<S: SerializeStruct> SerializeStructVariant for Written<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), S::Error> {
        self.0.serialize_field(key, value)
    }

    fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
        self.0.skip_field(key)
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}

/// What is not an object has no place for a tag.
macro_rules! no_object {
    ($($name:ident($($kind:ty),*);)*) => {
        $(fn $name(self, $(_: $kind),*) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("only an object can be tagged"))
        })*
    };
}

impl<S: Serializer> Serializer for Write<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Impossible<S::Ok, S::Error>;
    type SerializeTuple = Impossible<S::Ok, S::Error>;
    type SerializeTupleStruct = Impossible<S::Ok, S::Error>;
    type SerializeTupleVariant = Impossible<S::Ok, S::Error>;
    type SerializeMap = S::SerializeMap;
    type SerializeStruct = S::SerializeStruct;
    type SerializeStructVariant = Written<S::SerializeStruct>;

    no_object! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("only an object can be tagged"))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, name: &'static str, _: u32, variant: &'static str) -> Result<S::Ok, S::Error> {
        let mut object = self.inner.serialize_struct(name, 1)?;
        object.serialize_field(self.tag, variant)?;
        object.end()
    }

    /// A variant with a flattened member gives its members as a map.
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(Self { variant, ..self })
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Written<S::SerializeStruct>, S::Error> {
        Self { variant, ..self }.serialize_struct(name, len).map(Written)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<S::SerializeMap, S::Error> {
        let mut object = self.inner.serialize_map(len.map(|len| len + 1))?;
        object.serialize_entry(self.tag, self.variant)?;
        Ok(object)
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<S::SerializeStruct, S::Error> {
        let mut object = self.inner.serialize_struct(name, len + 1)?;
        object.serialize_field(self.tag, self.variant)?;
        Ok(object)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        Err(S::Error::custom("only an object can be tagged"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, S::Error> {
        Err(S::Error::custom("only an object can be tagged"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, S::Error> {
        Err(S::Error::custom("only an object can be tagged"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        Err(S::Error::custom("only an object can be tagged"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, serde::Serialize, Deserialize)]
    #[serde(remote = "Self", rename_all = "snake_case")]
    enum Thing {
        Named {
            name: String,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            size: Option<u8>,
        },
        Turned {
            of: u8,
            #[serde(flatten)]
            turn: Turn,
        },
        Gone,
    }
    tagged!(Thing, "type");

    #[derive(Debug, PartialEq, serde::Serialize, Deserialize)]
    #[serde(tag = "turn", rename_all = "snake_case")]
    enum Turn {
        Left { by: u8 },
    }

    fn all() -> Vec<(Thing, &'static str)> {
        vec![
            (Thing::Named { name: "甲".to_owned(), size: None }, r#"{"type":"named","name":"甲"}"#),
            (Thing::Named { name: "b".to_owned(), size: Some(2) }, r#"{"type":"named","name":"b","size":2}"#),
            (Thing::Turned { of: 1, turn: Turn::Left { by: 3 } }, r#"{"type":"turned","of":1,"turn":"left","by":3}"#),
            (Thing::Gone, r#"{"type":"gone"}"#),
        ]
    }

    #[test]
    fn the_tag_comes_first_and_everything_comes_back() {
        for (thing, text) in all() {
            assert_eq!(serde_json::to_string(&thing).unwrap(), text);
            assert_eq!(serde_json::from_str::<Thing>(text).unwrap(), thing);
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::from_value::<Thing>(value).unwrap(), thing);
        }
    }

    #[test]
    fn a_tag_elsewhere_and_members_nobody_knows_are_read_as_well() {
        let late = r#"{"size":2,"name":"b","type":"named","more":[1,{"a":null}]}"#;
        assert_eq!(serde_json::from_str::<Thing>(late).unwrap(), Thing::Named { name: "b".to_owned(), size: Some(2) });
        assert_eq!(serde_json::from_str::<Thing>(r#"{"type":"gone","more":1}"#).unwrap(), Thing::Gone);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_reason() {
        for (text, reason) in [
            (r#"{"name":"b"}"#, "missing field `type`"),
            (r#"{"type":"other"}"#, "unknown variant `other`"),
            (r#"{"type":"named"}"#, "missing field `name`"),
            (r#"{"type":"named","name":3}"#, "invalid type: integer `3`"),
            (r#"[]"#, "an object with the member `type`"),
        ] {
            let error = serde_json::from_str::<Thing>(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
