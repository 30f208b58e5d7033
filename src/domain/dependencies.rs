//! QEMU's dependency table (`feature_dependencies` in `target/i386/cpu.c`, 4.2 and later), made ready to be gone over for
//! many CPUs (`x86_cpu_expand_features`).

use super::feature::{FeatureId, FeatureSet};

/// One dependency: the children are cleared when the parent is off.
pub(crate) type Dependency = (FeatureId, FeatureSet);

/// Returns for each parent, in the order of their ids, all features that are cleared with it: its children and theirs.
/// QEMU's table has an order in which one pass does that (measured on running QEMUs, with a CPU that has every feature).
pub(crate) fn closed(rows: &[Dependency]) -> Vec<Dependency> {
    let parents: FeatureSet = rows.iter().map(|(parent, _)| *parent).collect();
    let of = |parent: FeatureId| rows.iter().find(|(known, _)| *known == parent).map(|(_, children)| *children);
    let all = rows.iter().map(|(parent, children)| {
        let mut children = *children;
        loop {
            let more = (children & parents).iter().filter_map(of).fold(children, |all, more| all | more);
            if more == children {
                break (*parent, children);
            }
            children = more;
        }
    });
    let mut all: Vec<Dependency> = all.collect();
    all.sort_unstable_by_key(|(parent, _)| *parent);
    all
}

/// The closed table of one QEMU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dependencies<'a> {
    pub(crate) rows: &'a [Dependency],
    ends: &'a DependencyEnds,
}

/// Every feature that is a parent in a table, every one that is a child, and both together.
#[derive(Clone, Debug)]
pub(crate) struct DependencyEnds {
    parents: FeatureSet,
    children: FeatureSet,
    both: FeatureSet,
}

impl DependencyEnds {
    pub(crate) fn of(rows: &[Dependency]) -> Self {
        let parents = rows.iter().map(|(parent, _)| *parent).collect();
        let children = rows.iter().fold(FeatureSet::EMPTY, |all, (_, children)| all | *children);
        Self { parents, children, both: parents | children }
    }
}

impl<'a> Dependencies<'a> {
    /// Returns the table with these closed rows and their ends.
    pub(crate) fn of(rows: &'a [Dependency], ends: &'a DependencyEnds) -> Self {
        Self { rows, ends }
    }

    /// Returns what the table clears of a CPU: the children of every parent that is off.
    pub(crate) fn orphans(&self, on: &FeatureSet) -> FeatureSet {
        self.children_of(&(self.ends.parents - *on)) & *on
    }

    /// Returns the same where it is known what the table clears of another CPU. What the CPU has beyond that one matters
    /// if it is a child, or the parent of something that was cleared; what it lacks, if it is a parent.
    #[inline]
    pub(crate) fn orphans_beside(&self, (other, cleared): (&FeatureSet, &FeatureSet), on: &FeatureSet) -> FeatureSet {
        if (*on ^ *other).is_disjoint(&self.ends.both) {
            return *cleared & *on;
        }
        let gained = *on - *other;
        if gained.is_disjoint(&self.ends.children) && (cleared.is_empty() || gained.is_disjoint(&self.ends.parents)) {
            (*cleared | self.children_of(&(*other - *on))) & *on
        } else {
            self.orphans(on)
        }
    }

    /// Returns the parents among these features.
    #[inline]
    pub(crate) fn parents_in(&self, features: FeatureSet) -> FeatureSet {
        features & self.ends.parents
    }

    /// Returns the children of those of these features that are parents.
    #[inline]
    pub(crate) fn children_of(&self, lost: &FeatureSet) -> FeatureSet {
        let parents = self.parents_in(*lost);
        if parents.is_empty() { FeatureSet::EMPTY } else { self.children_of_parents(&parents) }
    }

    #[inline(never)]
    fn children_of_parents(&self, parents: &FeatureSet) -> FeatureSet {
        if let Some(parent) = parents.single() {
            let row = self.rows.binary_search_by_key(&parent, |(known, _)| *known);
            return row.ok().and_then(|row| self.rows.get(row)).map_or(FeatureSet::EMPTY, |(_, children)| *children);
        }
        let of_lost = self.rows.iter().filter(|(parent, _)| parents.contains(*parent));
        of_lost.fold(FeatureSet::EMPTY, |all, (_, children)| all | *children)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set() -> impl Strategy<Value = FeatureSet> {
        proptest::collection::vec(0..12u16, 0..6).prop_map(|features| features.into_iter().map(FeatureId).collect())
    }

    /// Row by row, as QEMU does it, until nothing changes.
    fn gone_over(rows: &[Dependency], mut on: FeatureSet) -> FeatureSet {
        loop {
            let before = on;
            for (parent, children) in rows {
                if !on.contains(*parent) {
                    on -= *children;
                }
            }
            if on == before {
                return on;
            }
        }
    }

    proptest! {
        /// Parents that are children, of rows before and behind theirs, among them.
        #[test]
        fn what_is_known_of_another_cpu_gives_the_same(
            rows in proptest::collection::vec((0..12u16, set()), 0..8), other in set(), on in set(), lost in set(),
        ) {
            let rows: Vec<Dependency> = rows.into_iter().map(|(parent, children)| (FeatureId(parent), children)).collect();
            let unique = rows.iter().enumerate().filter(|(n, row)| rows[..*n].iter().all(|known| known.0 != row.0));
            let rows: Vec<Dependency> = unique.map(|(_, row)| *row).collect();
            let table = closed(&rows);
            let ends = DependencyEnds::of(&table);
            let table = Dependencies::of(&table, &ends);
            let left_on = gone_over(&rows, on);
            prop_assert_eq!(on - table.orphans(&on), left_on);
            for on in [on, other & on] {
                let beside = table.orphans_beside((&other, &table.orphans(&other)), &on);
                prop_assert_eq!(on - beside, gone_over(&rows, on));
            }
            let (cleared, left) = (on - left_on, left_on - lost);
            prop_assert_eq!(left - table.children_of(&(cleared | (left_on & lost))), gone_over(&rows, left));
        }
    }
}
