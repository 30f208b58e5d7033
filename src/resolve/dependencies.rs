//! Prepares QEMU's table of feature dependencies for repeated use (`feature_dependencies` and `x86_cpu_expand_features`
//! in `target/i386/cpu.c`).

use crate::domain::feature::FeatureSet;
use crate::domain::qemu::Dependency;

/// The table of one QEMU.
pub(super) struct Dependencies<'e> {
    rows: &'e [Dependency],
    /// Every feature that is a parent in it, and every one that is a parent or a child.
    parents: FeatureSet,
    all: FeatureSet,
}

impl<'e> Dependencies<'e> {
    pub(super) fn of(rows: &'e [Dependency]) -> Self {
        let parents = rows.iter().map(|(parent, _)| *parent).collect();
        let all = rows.iter().fold(parents, |all, (_, children)| all | *children);
        Self { rows, parents, all }
    }

    /// Returns what going over the table once, from its first row to its last, clears: the children of every parent
    /// that is off by then.
    pub(super) fn orphans(&self, on: &FeatureSet) -> FeatureSet {
        self.orphans_of(self.parents - *on, on)
    }

    /// Returns the same where it is known what the table clears of another CPU: of one that lost some of its features,
    /// and got no parent or child beyond, it clears that and the children of what was lost.
    pub(super) fn orphans_beside(&self, (other, cleared): (&FeatureSet, &FeatureSet), on: &FeatureSet) -> FeatureSet {
        if (*on - *other).is_disjoint(&self.all) {
            (*cleared & *on) | self.orphans_of(*other - *on, on)
        } else {
            self.orphans(on)
        }
    }

    /// Returns what going over the table clears as if every parent were on but those that were lost. That is also what
    /// going over it once more clears, of a CPU that lost these the first time or since: a row clears the parent of one
    /// before it.
    #[inline]
    pub(super) fn orphans_of(&self, mut lost: FeatureSet, on: &FeatureSet) -> FeatureSet {
        let mut orphans = FeatureSet::EMPTY;
        if lost.is_disjoint(&self.parents) {
            return orphans;
        }
        for (parent, children) in self.rows {
            if lost.contains(*parent) {
                let cleared = *on & *children;
                lost |= cleared;
                orphans |= cleared;
            }
        }
        orphans
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::feature::FeatureId;
    use proptest::prelude::*;

    fn set() -> impl Strategy<Value = FeatureSet> {
        proptest::collection::vec(0..12u16, 0..6).prop_map(|features| features.into_iter().map(FeatureId).collect())
    }

    /// Row by row, as QEMU does it.
    fn gone_over(rows: &[Dependency], mut on: FeatureSet) -> FeatureSet {
        for (parent, children) in rows {
            if !on.contains(*parent) {
                on -= *children;
            }
        }
        on
    }

    proptest! {
        /// Parents that are children, of rows before and behind theirs, among them.
        #[test]
        fn what_is_known_of_another_cpu_gives_the_same(
            rows in proptest::collection::vec((0..12u16, set()), 0..8), other in set(), on in set(), lost in set(),
        ) {
            let rows: Vec<Dependency> = rows.into_iter().map(|(parent, children)| (FeatureId(parent), children)).collect();
            let table = Dependencies::of(&rows);
            let closed = gone_over(&rows, on);
            prop_assert_eq!(on - table.orphans(&on), closed);
            for on in [on, other & on] {
                let beside = table.orphans_beside((&other, &table.orphans(&other)), &on);
                prop_assert_eq!(on - beside, gone_over(&rows, on));
            }
            let (cleared, left) = (on - closed, closed - lost);
            prop_assert_eq!(left - table.orphans_of(cleared | (closed & lost), &left), gone_over(&rows, left));
        }
    }
}
