//! Sorts lists that are sorted once for an answer or a screen.

use std::cmp::Ordering;

/// Sorts as `slice::sort_by_key` does: equal items keep their order. The standard function is compiled for each list,
/// with the key in it many times over, to 4 to 46 KB. This takes less than 1 KB, and an allocation.
pub(crate) fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    let of = |place: usize| items.get(place).map(&key);
    let sources = sorted(items.len(), &|one, other| of(one).cmp(&of(other)));
    arrange(sources, |one, other| items.swap(one, other));
}

/// Sorts as `slice::sort` does, for lists that are short or sorted rarely.
pub(crate) fn sort<T: Ord>(items: &mut [T]) {
    let sources = sorted(items.len(), &|one, other| items.get(one).cmp(&items.get(other)));
    arrange(sources, |one, other| items.swap(one, other));
}

/// Swaps the items of a list until each place has the one that `sources` names for it.
fn arrange(mut sources: Vec<usize>, mut swap: impl FnMut(usize, usize)) {
    for place in 0..sources.len() {
        // What was moved away from its place is where that place's own item came from.
        let mut source = sources.get(place).copied();
        while let Some(moved) = source.filter(|source| *source < place) {
            source = sources.get(moved).copied();
        }
        let source = source.unwrap_or(place);
        // A later place finds in one step where this place's own item is.
        if let Some(known) = sources.get_mut(place) {
            *known = source;
        }
        swap(place, source);
    }
}

/// Returns the places of the items in order.
fn sorted(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|one, other| compare(*one, *other));
    places
}

#[cfg(test)]
mod tests {
    use super::sort_by_key;
    use proptest::prelude::*;

    /// Each other item moves by one place; to follow the moves from the start for each would be quadratic.
    #[test]
    fn a_long_list_with_its_first_item_at_the_end_is_sorted_at_once() {
        let count = 1_000_000_usize;
        let mut items: Vec<usize> = (1..count).chain([0]).collect();
        sort_by_key(&mut items, |item| *item);
        assert!(items.into_iter().eq(0..count));
    }

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library(keys in proptest::collection::vec(0_u8..20, 0..60)) {
            let mut sorted: Vec<(u8, usize)> = keys.into_iter().enumerate().map(|(place, key)| (key, place)).collect();
            let mut standard = sorted.clone();
            standard.sort_by_key(|(key, _)| *key);
            sort_by_key(&mut sorted, |(key, _)| *key);
            prop_assert_eq!(sorted, standard);
        }
    }
}
