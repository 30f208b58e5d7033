//! Reads a JSON object as serde does, but refuses a key that is one letter away from a known one. Other unknown keys are
//! ignored: a line may hold what its writer needs.

use serde::de::value::CowStrDeserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A deserializer that checks the keys of the struct that is read from it.
pub(super) struct CheckKeys<D>(pub(super) D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for CheckKeys<D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct(name, fields, Checked { fields, inner: visitor })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The visitor of a struct, or its map, with the known keys.
struct Checked<T> {
    fields: &'static [&'static str],
    inner: T,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Checked<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Checked { fields: self.fields, inner: map })
    }
}

/// A key of the object; a copy only where it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Checked<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Some(Name(name)) = self.inner.next_key::<Name<'de>>()? else { return Ok(None) };
        if !self.fields.contains(&&*name)
            && let Some(meant) = self.fields.iter().find(|field| is_mistyped(&name, field))
        {
            return Err(A::Error::custom(format_args!("unknown key {name:?}; did you mean {meant:?}?")));
        }
        seed.deserialize(CowStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(seed)
    }
}

/// Reads an object as a list of its keys and values, each as often as it stands there.
pub(super) fn entries<'de, D: Deserializer<'de>, V: Deserialize<'de>>(from: D) -> Result<Vec<(String, V)>, D::Error> {
    from.deserialize_map(Entries(PhantomData))
}

struct Entries<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
    type Value = Vec<(String, V)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = map.next_entry()? {
            all.push(entry);
        }
        Ok(all)
    }
}

/// Whether one letter was put in, taken out, replaced or swapped with its neighbour.
fn is_mistyped(typed: &str, known: &str) -> bool {
    let (mut typed, mut known) = (typed.as_bytes(), known.as_bytes());
    if typed.len().abs_diff(known.len()) > 1 {
        return false;
    }
    while let ([first, typed_rest @ ..], [same, known_rest @ ..]) = (typed, known)
        && first == same
    {
        (typed, known) = (typed_rest, known_rest);
    }
    while let ([typed_rest @ .., last], [known_rest @ .., same]) = (typed, known)
        && last == same
    {
        (typed, known) = (typed_rest, known_rest);
    }
    match (typed, known) {
        ([], [_]) | ([_], [] | [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}
