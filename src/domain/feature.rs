//! Identifies a CPU feature by an index, and a set of features by a fixed array of bits.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How many features one catalog can name; libvirt 12.8.0 names 400, QEMU some twenty more.
pub(crate) const CAPACITY: usize = 512;
const WORDS: usize = CAPACITY / 64;

/// The index of a CPU feature in one catalog; `Catalog::feature_name` returns its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct FeatureId(pub u16);

/// A set of features, 512 bits long. It is `Copy`, and its operations take constant time.
#[expect(clippy::derived_hash_with_manual_eq, reason = "equal sets have equal words")]
#[derive(Clone, Copy, Eq, Hash, Default, Serialize, Deserialize)]
pub struct FeatureSet([u64; WORDS]);

// Written out, because comparing arrays calls `memcmp`, which costs more than the eight words.
impl PartialEq for FeatureSet {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        (*self ^ *other).is_empty()
    }
}

impl FeatureSet {
    /// The empty set.
    pub const EMPTY: Self = Self([0; WORDS]);
    /// All 512 bits set, also those without a feature in the catalog.
    pub const ALL: Self = Self([u64::MAX; WORDS]);

    /// Returns the set that holds only `feature`.
    pub(crate) fn only(feature: FeatureId) -> Self {
        let mut set = Self::EMPTY;
        set.insert(feature);
        set
    }

    /// Adds a feature; has no effect if it is in the set.
    #[inline]
    pub fn insert(&mut self, feature: FeatureId) {
        self.0[usize::from(feature.0) / 64] |= 1 << (feature.0 % 64);
    }

    /// Removes a feature; has no effect if it is not in the set.
    #[inline]
    pub fn remove(&mut self, feature: FeatureId) {
        self.0[usize::from(feature.0) / 64] &= !(1 << (feature.0 % 64));
    }

    /// Returns whether `feature` is in the set.
    #[inline]
    pub fn contains(&self, feature: FeatureId) -> bool {
        self.0[usize::from(feature.0) / 64] & (1 << (feature.0 % 64)) != 0
    }

    /// Returns whether nothing is in the set.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.iter().fold(0, |any, word| any | word) == 0
    }

    /// Returns how many features are in the set.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Returns the feature of a set that holds only one.
    pub(crate) fn single(&self) -> Option<FeatureId> {
        if self.is_empty() {
            return None;
        }
        let mut features = self.iter();
        features.next().filter(|_| features.next().is_none())
    }

    /// Returns whether every feature of this set is also in `other`.
    #[inline]
    pub fn is_subset(&self, other: &Self) -> bool {
        (*self - *other).is_empty()
    }

    /// Returns whether no feature is in both.
    #[inline]
    pub(crate) fn is_disjoint(&self, other: &Self) -> bool {
        (*self & *other).is_empty()
    }

    /// Returns the features in the order of their ids, which is not map order.
    pub fn iter(&self) -> impl Iterator<Item = FeatureId> + '_ {
        self.0.iter().enumerate().flat_map(|(index, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                u16::try_from(index * 64 + bit as usize).ok().map(FeatureId)
            })
        })
    }
}

macro_rules! set_operator {
    ($trait:ident, $method:ident, $assign:ident, $assign_method:ident, |$a:ident, $b:ident| $body:expr) => {
        impl std::ops::$trait for FeatureSet {
            type Output = Self;
            #[inline]
            fn $method(mut self, other: Self) -> Self {
                std::ops::$assign::$assign_method(&mut self, other);
                self
            }
        }
        impl std::ops::$assign for FeatureSet {
            #[inline]
            fn $assign_method(&mut self, other: Self) {
                for (word, with) in self.0.iter_mut().zip(other.0) {
                    let ($a, $b) = (*word, with);
                    *word = $body;
                }
            }
        }
    };
}

set_operator!(BitOr, bitor, BitOrAssign, bitor_assign, |a, b| a | b);
set_operator!(BitAnd, bitand, BitAndAssign, bitand_assign, |a, b| a & b);
set_operator!(Sub, sub, SubAssign, sub_assign, |a, b| a & !b);
set_operator!(BitXor, bitxor, BitXorAssign, bitxor_assign, |a, b| a ^ b);

impl FromIterator<FeatureId> for FeatureSet {
    fn from_iter<I: IntoIterator<Item = FeatureId>>(features: I) -> Self {
        let mut set = Self::EMPTY;
        set.extend(features);
        set
    }
}

impl Extend<FeatureId> for FeatureSet {
    fn extend<I: IntoIterator<Item = FeatureId>>(&mut self, features: I) {
        for feature in features {
            self.insert(feature);
        }
    }
}

impl fmt::Debug for FeatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|feature| feature.0)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_gives_back_what_was_put_in_in_order() {
        let set: FeatureSet = [511, 0, 64, 63].map(FeatureId).into_iter().collect();
        assert_eq!(set.iter().map(|f| f.0).collect::<Vec<_>>(), [0, 63, 64, 511]);
        assert_eq!(set.len(), 4);
    }

    #[test]
    fn operators_work_bit_by_bit() {
        let low: FeatureSet = (0..100).map(FeatureId).collect();
        let high: FeatureSet = (50..150).map(FeatureId).collect();
        assert_eq!((low & high).len(), 50);
        assert_eq!((low | high).len(), 150);
        assert_eq!((low - high).iter().last(), Some(FeatureId(49)));
        assert_eq!((low ^ high).len(), 100);
        assert!((low & high).is_subset(&low));
        assert_eq!(FeatureSet::ALL.len(), CAPACITY);
    }
}
