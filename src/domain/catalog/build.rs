//! Builds a catalog from its parts and checks it; adds a map that is read at run time.

use super::{
    Catalog, Decisions, LibvirtId, LibvirtRelease, MachineIndex, Provenance, QemuIndex, ReleaseMap, between,
    machine_series,
};
use crate::domain::dependencies::closed;
use crate::domain::downstream::{Downstream, DownstreamMachine};
use crate::domain::feature::{CAPACITY, FeatureSet};
use crate::domain::host::Host;
use crate::domain::map::{CpuMap, MapId};
use crate::domain::named::Named;
use crate::domain::names::Names;
use crate::domain::product::Products;
use crate::domain::qemu::{MachineId, QemuDefaults, QemuFacts};
use crate::domain::text::{NOT_IN_RELEASE, is_word};
use crate::domain::version::Version;
use foldhash::HashMap;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};

/// What a catalog is made of, before it is checked. The timeline is read into this.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Parts {
    /// Every feature name: the newest map's in map order, then the others.
    pub features: Names,
    /// Every model name.
    pub models: Names,
    /// Every machine type name.
    pub machines: Names,
    /// The distinct maps, oldest first.
    pub maps: Vec<CpuMap>,
    /// The releases whose map was read, oldest first.
    pub releases: Vec<ExactRelease>,
    /// The QEMU releases, oldest first.
    pub qemu: Vec<QemuFacts>,
    /// The features that a model enables under a machine type.
    pub qemu_defaults: QemuDefaults,
    /// The hosts.
    pub hosts: Vec<Host>,
    /// The products.
    pub products: Products,
    /// How releases decide.
    pub decisions: Decisions,
    /// What distributions change.
    pub downstream: Downstream,
}

/// A release whose map was read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ExactRelease {
    /// Its name, `9.0.0` or `9.0.0+mpx-removed`.
    pub name: Box<str>,
    /// Where its map was read, as written in the facts.
    pub source: Box<str>,
    /// Its map.
    pub map: MapId,
}

/// Says why facts cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct CatalogError(pub String);

/// The year in which libvirt began to publish by the calendar: a major number a year, eleven releases in each.
const FIRST_YEAR: u16 = 3;
/// The last such year that is taken for one: every release up to the newest is listed.
const LAST_YEAR: u16 = 99;
/// The releases of such a year.
const MINORS: std::ops::RangeInclusive<u16> = 0..=10;

impl Catalog {
    /// Checks `parts` and makes a catalog of them.
    ///
    /// # Errors
    /// What is wrong with the facts: too many features, no release, a release that names no map.
    #[doc(hidden)]
    pub fn new(parts: Parts) -> Result<Self, CatalogError> {
        if parts.features.len() > CAPACITY {
            return Err(CatalogError(format!("{} features are named, and {CAPACITY} fit", parts.features.len())));
        }
        if parts.releases.is_empty() || parts.qemu.is_empty() {
            return Err(CatalogError("the facts name no libvirt release or no QEMU release".to_owned()));
        }
        if let Some(release) = parts.releases.iter().find(|r| usize::from(r.map.0) >= parts.maps.len()) {
            return Err(CatalogError(format!("release {} names a map that is not there", release.name)));
        }
        let mut catalog = Self {
            machine_order: natural_order(&parts.machines, parts.downstream.machines.first()),
            machine_index: index_of(&parts.machines, &parts.qemu_defaults),
            vendors: Vec::new(),
            qemu_index: Vec::new(),
            recorded: Box::default(),
            features: parts.features,
            models: parts.models,
            machines: parts.machines,
            maps: parts.maps.into_iter().map(Arc::new).collect(),
            libvirt: Vec::new(),
            qemu: parts.qemu,
            qemu_defaults: parts.qemu_defaults,
            hosts: parts.hosts,
            products: parts.products,
            decisions: parts.decisions,
            downstream: parts.downstream,
            libvirt_names: HashMap::default(),
            named: Named::default(),
            ever: Vec::new(),
            newest: None,
            new_map: OnceLock::new(),
        };
        complete_dependencies(&mut catalog.qemu);
        for rows in catalog.qemu.iter_mut().filter_map(|release| release.dependencies.as_mut()) {
            *rows = closed(rows);
        }
        catalog.vendors = (0..catalog.models.len()).map(|n| catalog.find_vendor(n)).collect();
        catalog.qemu_index = catalog.qemu.iter().map(|q| QemuIndex::of(&catalog, q)).collect();
        catalog.list_releases(&parts.releases)?;
        catalog.newest = catalog.libvirt.iter().rev().find_map(|release| match (release.provenance, release.map) {
            (Provenance::Published, ReleaseMap::Exact(map)) => Some(map),
            _ => None,
        });
        catalog.note_names();
        Ok(catalog)
    }

    /// Looks up what is asked for by name at every turn, and what any map has in a model.
    fn note_names(&mut self) {
        self.libvirt_names = (0u16..).zip(&self.libvirt).map(|(n, r)| (r.name.clone(), LibvirtId(n))).collect();
        self.named = Named::look_up(&self.features, &self.models);
        let newest = self.qemu.iter().rev().find_map(|release| release.dependencies.as_deref());
        let of_svm = newest.and_then(|rows| rows.iter().find(|(parent, _)| Some(*parent) == self.named.svm));
        self.named.svm_children = of_svm.map_or(FeatureSet::EMPTY, |(_, children)| *children);
        self.ever = vec![FeatureSet::EMPTY; self.models.len()];
        for map in &self.maps {
            for (ever, model) in self.ever.iter_mut().zip(&map.models) {
                *ever |= model.as_ref().map(|model| model.data).unwrap_or_default();
            }
        }
    }

    fn list_releases(&mut self, exact: &[ExactRelease]) -> Result<(), CatalogError> {
        for release in exact {
            let (number, provenance) = match release.name.split_once('+') {
                Some((number, _)) => (number, Provenance::Hypothetical),
                None => (&*release.name, Provenance::Published),
            };
            let version: Version =
                number.parse().map_err(|e| CatalogError(format!("release {:?}: {e}", release.name)))?;
            if version.major > LAST_YEAR {
                let message = format!("release {:?}: expected at most {LAST_YEAR} as its first number", release.name);
                return Err(CatalogError(message));
            }
            self.libvirt.push(LibvirtRelease {
                name: release.name.clone(),
                version,
                provenance,
                source: release.source.clone(),
                map: ReleaseMap::Exact(release.map),
            });
        }
        self.sort_releases();
        let newest = self.libvirt.last().map_or(0, |release| release.version.major);
        let published = (FIRST_YEAR..=newest).flat_map(|major| MINORS.map(move |minor| Version::new(major, minor, 0)));
        let exact: Vec<(Version, MapId)> = self
            .libvirt
            .iter()
            .filter(|r| r.provenance == Provenance::Published)
            .filter_map(|r| match r.map {
                ReleaseMap::Exact(map) => Some((r.version, map)),
                ReleaseMap::Between { .. } => None,
            })
            .collect();
        let mut gaps = Vec::new();
        for version in published {
            let after = exact.partition_point(|(known, _)| *known < version);
            if let (Some(lower), Some(upper)) = (after.checked_sub(1).and_then(|i| exact.get(i)), exact.get(after))
                && upper.0 != version
            {
                gaps.push((version, *lower, *upper));
            }
        }
        let adapted = between::adapted_maps(self, &gaps);
        for ((version, lower, upper), (low_map, high_map)) in gaps.into_iter().zip(adapted) {
            self.libvirt.push(LibvirtRelease {
                name: version.to_string().into(),
                version,
                provenance: Provenance::Published,
                source: "".into(),
                // The neighbours' places in the list are not known before it is sorted.
                map: ReleaseMap::Between { lower: (LibvirtId(0), low_map), upper: (LibvirtId(0), high_map) },
            });
            debug_assert!(lower.0 < version && version < upper.0);
        }
        self.sort_releases();
        self.link_neighbours();
        Ok(())
    }

    fn sort_releases(&mut self) {
        self.libvirt.sort_by_key(|r| (r.version, r.provenance != Provenance::Published));
    }

    fn link_neighbours(&mut self) {
        let exact: Vec<Option<LibvirtId>> = (0u16..)
            .zip(&self.libvirt)
            .map(|(n, r)| {
                (matches!(r.map, ReleaseMap::Exact(_)) && r.provenance == Provenance::Published).then_some(LibvirtId(n))
            })
            .collect();
        for (index, release) in self.libvirt.iter_mut().enumerate() {
            if let ReleaseMap::Between { lower, upper } = &mut release.map {
                let before = exact.get(..index).unwrap_or_default().iter().rev().flatten().next();
                let after = exact.get(index..).unwrap_or_default().iter().flatten().next();
                if let (Some(before), Some(after)) = (before, after) {
                    (lower.0, upper.0) = (*before, *after);
                }
            }
        }
    }

    /// Adds a map read at run time as one more release; its name may begin with the release it behaves as, as
    /// `9.0.0+patched` does, else it behaves as the newest. Ids given out before stay valid.
    ///
    /// # Errors
    /// Says so when the name is taken.
    #[doc(hidden)]
    pub fn add_user_map(&mut self, name: &str, source: &str, map: CpuMap) -> Result<LibvirtId, CatalogError> {
        if self.libvirt(name).is_some() || name == "old" || name == "new" || name == "?" {
            return Err(CatalogError(format!("the name {name} is taken by a release; choose another for the map")));
        }
        if !is_word(name, NOT_IN_RELEASE) {
            let expected = "expected a name of the map without blanks, commas, colons, @ and backticks";
            return Err(CatalogError(format!("{expected}, found {name:?}")));
        }
        let number = name.split_once('+').and_then(|(number, _)| number.parse().ok());
        let newest = self.libvirt.iter().filter(|r| r.provenance == Provenance::Published).map(|r| r.version).max();
        let map_id = MapId(u16::try_from(self.maps.len()).unwrap_or(u16::MAX));
        self.maps.push(Arc::new(map));
        let id = LibvirtId(u16::try_from(self.libvirt.len()).unwrap_or(u16::MAX));
        self.libvirt.push(LibvirtRelease {
            name: name.into(),
            version: number.or(newest).unwrap_or_default(),
            provenance: Provenance::User,
            source: source.into(),
            map: ReleaseMap::Exact(map_id),
        });
        self.note_names();
        Ok(id)
    }

    /// Adds the example's *new* as a release: its *old* with the usual feature removed from every model.
    pub(crate) fn add_new(&mut self, old: LibvirtId) {
        let map_id = MapId(u16::try_from(self.maps.len()).unwrap_or(u16::MAX));
        self.maps.push(self.new_map(old, self.default_feature()));
        let LibvirtRelease { version, source, .. } = self.release(old).clone();
        let (name, map) = ("new".into(), ReleaseMap::Exact(map_id));
        self.libvirt.push(LibvirtRelease { name, version, provenance: Provenance::User, source, map });
        self.note_names();
    }

    /// Adds a release that has the map of another and behaves as `version`. It has the other's name, which does not find
    /// it; its id does. Of a release between exact maps, the map of the older neighbour is taken.
    pub(crate) fn behaving_as(&mut self, release: LibvirtId, version: Version) -> LibvirtId {
        let known = self.release(release);
        let (ReleaseMap::Exact(map) | ReleaseMap::Between { lower: (_, map), .. }) = known.map;
        let (name, source) = (known.name.clone(), known.source.clone());
        let id = LibvirtId(u16::try_from(self.libvirt.len()).unwrap_or(u16::MAX));
        let map = ReleaseMap::Exact(map);
        self.libvirt.push(LibvirtRelease { name, version, provenance: Provenance::User, source, map });
        id
    }
}

/// For each machine type its position among those with cells, and the series in its name.
fn index_of(machines: &Names, defaults: &QemuDefaults) -> Vec<MachineIndex> {
    let series = |name: &str| machine_series(name).map(|(_, version)| version.series());
    let mut index: Vec<MachineIndex> = machines.iter().map(|name| (None, series(name))).collect();
    for (position, machine) in defaults.machines.iter().enumerate() {
        if let Some((known, _)) = index.get_mut(usize::from(machine.0)) {
            *known = Some(position);
        }
    }
    index
}

/// Upstream's machine types in natural order, then the distributions' as they are written.
fn natural_order(machines: &Names, first: Option<&DownstreamMachine>) -> Vec<MachineId> {
    let upstream = first.map_or(machines.len(), |first| usize::from(first.machine.0));
    let all = || (0u16..).zip(machines.iter());
    let mut order: Vec<_> = all().take(upstream).map(|(number, name)| (machine_series(name), name, number)).collect();
    order.sort_unstable();
    let numbers = order.into_iter().map(|(_, _, number)| number);
    numbers.chain(all().skip(upstream).map(|(number, _)| number)).map(MachineId).collect()
}

/// Gives a release of which only some dependency rows were read the other rows of the release before.
fn complete_dependencies(releases: &mut [QemuFacts]) {
    for index in 1..releases.len() {
        let (before, rest) = releases.split_at_mut(index);
        let Some(release) = rest.first_mut().filter(|q| q.dependencies_partial) else { continue };
        let (Some(rows), Some(earlier)) =
            (&mut release.dependencies, before.iter().rev().find_map(|q| q.dependencies.as_ref()))
        else {
            continue;
        };
        let known: FeatureSet = rows.iter().map(|(parent, _)| *parent).collect();
        rows.extend(earlier.iter().filter(|(parent, _)| !known.contains(*parent)).copied());
    }
}
