//! Describes what distributions change in QEMU: own machine types, backports and removals of their builds, and the CPU
//! types of products that use QEMU without libvirt.

use super::behaviour::QuirkKind;
use super::feature::FeatureSet;
use super::map::ModelId;
use super::package::{Build, BuildNumber, Distribution, Presence, Since};
use super::qemu::MachineId;
use super::version::Version;
use serde::{Deserialize, Serialize};

/// A machine type of a distribution.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DownstreamMachine {
    /// The type.
    pub machine: MachineId,
    /// The upstream type that it equals for the CPU, with the first QEMU release in which it does; empty where it equals
    /// none.
    pub like: Vec<(Version, MachineId)>,
    /// Whether builds have it: the mark of a distribution, the first QEMU release of which this is said, and what.
    pub(crate) builds: Vec<(Box<str>, Version, Presence)>,
    /// What differs from the upstream type.
    pub(crate) differences: Vec<Difference>,
    /// The version that a CPU model without one means, as written in the facts; upstream's where none is written.
    pub default_cpu_version: Option<Box<str>>,
    /// How sure this is.
    pub certainty: Box<str>,
    /// Where it was read.
    pub source: Box<str>,
    /// What else differs and no feature of libvirt's names.
    pub note: Option<Box<str>>,
}

/// In what a machine type differs from the upstream type that it equals otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Difference {
    /// These features are off unless they are named: in the models listed, or in every CPU.
    Off(FeatureSet, Option<Vec<ModelId>>),
    /// It is not read whether it has this quirk.
    MayHave(QuirkKind),
}

impl DownstreamMachine {
    /// Returns the upstream type that it equals in a QEMU release.
    pub fn base(&self, qemu: Version) -> Option<MachineId> {
        let known = self.like.iter().rfind(|(since, _)| *since <= qemu).or(self.like.first());
        known.map(|(_, machine)| *machine)
    }

    /// Returns whether a QEMU of this distribution has it.
    pub(crate) fn in_build(&self, distribution: &Distribution, qemu: Version) -> Presence {
        let mut steps = self.builds.iter().filter(|(mark, since, _)| *mark == distribution.mark && *since <= qemu);
        steps.next_back().map_or(Presence::No, |(_, _, presence)| *presence)
    }

    /// Returns from which QEMU release on the distribution has it; `None` where this one surely has not.
    pub(crate) fn since(&self, distribution: &Distribution, qemu: Version) -> Option<Version> {
        let mut steps = self.builds.iter().filter(|(mark, since, _)| *mark == distribution.mark && *since <= qemu);
        steps.next_back().filter(|(.., presence)| *presence == Presence::Yes).map(|(_, since, _)| *since)
    }

    /// Returns the features that are off in the model, or with `None` in a CPU without a named model.
    pub(crate) fn off(&self, model: Option<ModelId>) -> FeatureSet {
        let of = |difference: &Difference| match difference {
            Difference::Off(features, None) => *features,
            Difference::Off(features, Some(models)) if model.is_some_and(|model| models.contains(&model)) => *features,
            Difference::Off(..) | Difference::MayHave(_) => FeatureSet::EMPTY,
        };
        self.differences.iter().map(of).fold(FeatureSet::EMPTY, |all, off| all | off)
    }

    /// Returns the quirks of which it was not read whether it has them.
    pub(crate) fn open_quirks(&self) -> impl Iterator<Item = QuirkKind> {
        self.differences.iter().filter_map(|difference| match difference {
            Difference::MayHave(quirk) => Some(*quirk),
            Difference::Off(..) => None,
        })
    }
}

/// A short name of machine types in the builds of a distribution.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct MachineAlias {
    /// The short name, `q35`.
    pub(crate) name: Box<str>,
    /// The mark of the distribution.
    pub(crate) distribution: Box<str>,
    /// The first QEMU release of which this is said, and the first of which it no longer is.
    pub(crate) qemu: (Version, Option<Version>),
    /// It means the newest type whose name begins so.
    pub(crate) newest: Box<str>,
}

/// The releases of which a row speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Releases {
    /// One release.
    One(Version),
    /// A series with its point releases, as 8.2.
    Series((u16, u16)),
    /// Every release of which no other row of the distribution speaks.
    Others,
}

impl Releases {
    fn names(self, release: Version) -> bool {
        match self {
            Self::One(known) => known == release,
            Self::Series(series) => series == release.series(),
            Self::Others => false,
        }
    }
}

/// What the builds of QEMU releases have that upstream's has not, or lack.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct QemuBackport {
    pub(crate) releases: Releases,
    /// The mark of the distribution.
    pub(crate) distribution: Box<str>,
    /// The builds that have it.
    pub(crate) since: Since,
    /// The first build of which it is not read whether it still has it.
    pub(crate) unread_from: Option<BuildNumber>,
    pub(crate) changes: QemuChanges,
    /// Where that was read.
    pub source: Box<str>,
}

impl QemuBackport {
    pub(crate) fn at(&self, number: Option<BuildNumber>) -> Presence {
        match self.since.at(number) {
            Presence::Yes if self.unread_from.is_some_and(|from| number.is_none_or(|number| number >= from)) => {
                Presence::Unread
            }
            presence => presence,
        }
    }
}

/// What a build changes in QEMU.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct QemuChanges {
    /// Feature names that it knows besides.
    pub(crate) properties: FeatureSet,
    /// Models that it has besides.
    pub(crate) models: Vec<ModelId>,
    /// Models that it lacks.
    pub(crate) removed: Vec<ModelId>,
    /// Features that upstream's QEMU disables in models under KVM, and this one does not.
    pub(crate) kept: FeatureSet,
    /// The release whose quirks it has in place of its own.
    pub(crate) quirks_of: Option<Version>,
    /// Quirks that it has besides, on every machine type.
    pub(crate) quirks: Vec<QuirkKind>,
}

impl QemuChanges {
    /// Adds what another row changes.
    pub(crate) fn add(&mut self, other: &Self) {
        self.properties |= other.properties;
        self.models.extend(&other.models);
        self.removed.extend(&other.removed);
        self.kept |= other.kept;
        self.quirks_of = other.quirks_of.or(self.quirks_of);
        self.quirks.extend(&other.quirks);
    }
}

/// A CPU type of a product that uses QEMU without libvirt.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProductModel {
    /// Its name.
    pub name: Box<str>,
    /// The product.
    pub product: Box<str>,
    /// QEMU's model that it is made of.
    pub of: Box<str>,
    /// Features that are enabled in addition.
    pub features: FeatureSet,
    /// Where that was read.
    pub source: Box<str>,
}

/// What distributions change.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Downstream {
    /// The distributions.
    pub distributions: Vec<Distribution>,
    /// Their machine types, numbered one after the other.
    pub machines: Vec<DownstreamMachine>,
    /// Short names of machine types.
    pub(crate) aliases: Vec<MachineAlias>,
    /// What builds of QEMU change.
    pub backports: Vec<QemuBackport>,
    /// CPU types of products without libvirt.
    pub models: Vec<ProductModel>,
    /// Endings of names of machine types that equal the type without them, with the mark of their distribution.
    pub(crate) suffixes: Vec<(Box<str>, Box<str>)>,
}

impl Downstream {
    /// Returns what is known of a machine type, if it is a distribution's.
    pub fn machine(&self, machine: MachineId) -> Option<&DownstreamMachine> {
        let first = self.machines.first()?.machine.0;
        self.machines.get(usize::from(machine.0.checked_sub(first)?))
    }

    /// Returns the name without the ending that a distribution gives it, and the mark of that: `+pve1` ends so.
    pub(crate) fn suffixed<'n>(&self, name: &'n str) -> Option<(&'n str, &str)> {
        self.suffixes.iter().find_map(|(suffix, mark)| {
            let (base, number) = name.rsplit_once(&**suffix)?;
            number.bytes().all(|b| b.is_ascii_digit()).then_some((base, &**mark))
        })
    }

    /// Returns the prefix of the name that a short name means in a distribution's QEMU.
    pub(crate) fn alias(&self, distribution: &Distribution, qemu: Version, name: &str) -> Option<&str> {
        let of = |alias: &&MachineAlias| {
            let (since, before) = alias.qemu;
            *alias.name == *name
                && alias.distribution == distribution.mark
                && qemu >= since
                && before.is_none_or(|before| qemu < before)
        };
        self.aliases.iter().find(of).map(|alias| &*alias.newest)
    }

    /// Returns what a package's build says. `None` for builds of distributions that ship upstream's QEMU.
    pub(crate) fn build(&self, build: &str) -> Option<Build<'_>> {
        self.distributions.iter().find_map(|distribution| distribution.build(build))
    }

    /// Returns whether it was read what the distribution's builds of a release change.
    pub(crate) fn is_read(&self, release: Version, build: Build<'_>) -> bool {
        let mut rows = self.backports.iter().filter(|row| row.distribution == build.distribution.mark);
        rows.any(|row| row.releases.names(release))
    }

    /// Returns the changes that a build surely has, and those of which that was not read.
    pub(crate) fn changes(&self, release: Version, build: Build<'_>) -> (QemuChanges, QemuChanges) {
        let of_distribution = || self.backports.iter().filter(|row| row.distribution == build.distribution.mark);
        let named = of_distribution().any(|row| row.releases.names(release));
        let (mut sure, mut open) = (QemuChanges::default(), QemuChanges::default());
        for row in of_distribution() {
            let applies = row.releases.names(release) || (row.releases == Releases::Others && !named);
            match row.at(build.number) {
                Presence::Yes if applies => sure.add(&row.changes),
                Presence::Unread if applies => open.add(&row.changes),
                Presence::Yes | Presence::No | Presence::Unread => {}
            }
        }
        (sure, open)
    }
}
