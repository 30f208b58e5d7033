//! Holds all facts: releases, CPU maps, QEMU releases, defaults of models, hosts, products. They are checked once and
//! never change.

use super::behaviour::MapFact;
use super::downstream::Downstream;
use super::feature::{FeatureId, FeatureSet};
use super::host::{Host, HostId, HostSource, Vendor};
use super::map::{CpuMap, MapId, ModelId, Register};
use super::named::Named;
use super::names::Names;
use super::package::{Distribution, Presence};
use super::policies::Policy;
use super::product::Products;
use super::qemu::{Accel, MachineId, QemuDefaults, QemuFacts, base_name, builtin_vendor};
use super::version::Version;
use foldhash::HashMap;
use std::sync::{Arc, OnceLock};

mod between;
mod build;
mod decisions;
mod qemu_view;

pub use super::product::Product;
pub use build::{ExactRelease, Parts};
pub use decisions::Decisions;
pub(crate) use qemu_view::QemuIndex;
pub use qemu_view::QemuView;

/// The index of a libvirt release in one catalog. With another catalog it is meaningless and may panic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LibvirtId(pub u16);

/// The CPU map of a release: exact, or derived from the exact maps before and after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReleaseMap {
    /// The map of the release itself was read.
    Exact(MapId),
    /// The map was not read. Two maps stand in for it: those of the exact releases before and after, with the dated
    /// facts of this release applied.
    Between {
        /// The exact release before, and its adapted map.
        lower: (LibvirtId, MapId),
        /// The exact release after, and its adapted map.
        upper: (LibvirtId, MapId),
    },
}

/// Whether a libvirt release was published.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Provenance {
    /// Published by libvirt.
    Published,
    /// Hypothetical: never published.
    Hypothetical,
    /// Added at run time with `add_cpu_map`.
    User,
}

/// A known libvirt release.
#[derive(Clone, PartialEq, Debug)]
pub struct LibvirtRelease {
    /// The name in links: `9.0.0`, or that of an added map.
    pub name: Box<str>,
    /// The release number that selects its behaviour; for an added map, the one in its name (`9.0.0+patched`) or the newest.
    pub version: Version,
    /// Whether it was published.
    pub provenance: Provenance,
    /// Where its map was read; empty for a release between exact maps.
    pub source: Box<str>,
    /// The CPU map, exact or derived.
    pub map: ReleaseMap,
}

/// A machine type's position among those with cells, and the QEMU series in its name.
type MachineIndex = (Option<usize>, Option<(u16, u16)>);

/// All facts. They are checked when the catalog is built, and do not change afterwards.
#[derive(Clone, Debug)]
pub struct Catalog {
    features: Names,
    models: Names,
    machines: Names,
    maps: Vec<Arc<CpuMap>>,
    libvirt: Vec<LibvirtRelease>,
    qemu: Vec<QemuFacts>,
    qemu_defaults: QemuDefaults,
    hosts: Vec<Host>,
    products: Products,
    decisions: Decisions,
    downstream: Downstream,
    machine_order: Vec<MachineId>,
    machine_index: Vec<MachineIndex>,
    vendors: Vec<Option<Vendor>>,
    qemu_index: Vec<QemuIndex>,
    recorded: Box<[Box<str>]>,
    libvirt_names: HashMap<Box<str>, LibvirtId>,
    named: Named,
    ever: Vec<FeatureSet>,
    newest: Option<MapId>,
    /// The map of the table's *new* for the default feature, made when it is first asked for.
    new_map: OnceLock<Arc<CpuMap>>,
}

impl Catalog {
    /// Returns the tables of names, so that a reader of one more map can add to them.
    #[doc(hidden)]
    pub fn names_mut(&mut self) -> (&mut Names, &mut Names) {
        (&mut self.features, &mut self.models)
    }

    /// Returns the features and models that rules refer to by name.
    #[doc(hidden)]
    pub fn named(&self) -> &Named {
        &self.named
    }

    /// Returns every feature that some map has in the model.
    pub(crate) fn ever_in(&self, model: ModelId) -> FeatureSet {
        self.ever.get(usize::from(model.0)).copied().unwrap_or_default()
    }

    /// Returns the newest published map that was read.
    #[doc(hidden)]
    pub fn newest_map(&self) -> Option<&CpuMap> {
        self.newest.map(|map| &**self.map(map))
    }

    /// Returns the names of all features that some libvirt map or QEMU has, by id.
    pub fn features(&self) -> &Names {
        &self.features
    }

    /// Returns the names of all models that some libvirt map or QEMU has, by id.
    pub fn models(&self) -> &Names {
        &self.models
    }

    /// Returns the names of all machine types, upstream and of distributions, by id.
    pub fn machines(&self) -> &Names {
        &self.machines
    }

    /// Returns every machine type in natural order: family, then version as numbers.
    pub(crate) fn machines_in_order(&self) -> &[MachineId] {
        &self.machine_order
    }

    /// Returns the feature with libvirt's name `name`; `None` if no map and no QEMU has it.
    pub fn feature(&self, name: &str) -> Option<FeatureId> {
        self.features.get(name).map(FeatureId)
    }

    /// Returns libvirt's name of a feature.
    pub fn feature_name(&self, feature: FeatureId) -> &str {
        self.features.name(feature.0)
    }

    /// Returns the model with this name; `None` if no map and no QEMU has it. Names are case-sensitive.
    pub fn model(&self, name: &str) -> Option<ModelId> {
        self.models.get(name).map(ModelId)
    }

    /// Returns the name of a model, as in `<model>`.
    pub fn model_name(&self, model: ModelId) -> &str {
        self.models.name(model.0)
    }

    /// Returns the machine type with this full name; `None` for short names such as `q35`, which depend on the QEMU.
    pub fn machine(&self, name: &str) -> Option<MachineId> {
        self.machines.get(name).map(MachineId)
    }

    /// Returns the full name of a machine type, such as `pc-q35-3.1`.
    pub fn machine_name(&self, machine: MachineId) -> &str {
        self.machines.name(machine.0)
    }

    /// Returns the known models, in the order of their ids: those of a map or of a queried QEMU.
    pub fn pickable_models(&self) -> impl Iterator<Item = ModelId> + '_ {
        (0u16..).take(self.models.len()).map(ModelId).filter(|model| {
            self.qemu_defaults.of(*model, Accel::Kvm).is_some()
                || self.maps.iter().any(|map| map.model(*model).is_some())
        })
    }

    /// Returns every libvirt release, oldest first; maps read at run time come last.
    pub fn libvirt_releases(&self) -> &[LibvirtRelease] {
        &self.libvirt
    }

    /// Returns the release with this name; `None` also for products such as `debian:12`.
    pub fn libvirt(&self, name: &str) -> Option<LibvirtId> {
        self.libvirt_names.get(name).copied()
    }

    /// Returns the release with this id. Panics if the id is from another catalog and out of range.
    pub fn release(&self, id: LibvirtId) -> &LibvirtRelease {
        &self.libvirt[usize::from(id.0)]
    }

    /// Returns the map with this id. Panics if the id is from another catalog and out of range.
    pub fn map(&self, id: MapId) -> &Arc<CpuMap> {
        &self.maps[usize::from(id.0)]
    }

    /// Returns all maps: first the distinct exact ones, oldest first, then those adapted for releases between them.
    pub(crate) fn maps(&self) -> &[Arc<CpuMap>] {
        &self.maps
    }

    /// Returns every QEMU release in the facts, oldest first.
    pub fn qemu_releases(&self) -> &[QemuFacts] {
        &self.qemu
    }

    /// Returns the features that models enable under machine types.
    #[doc(hidden)]
    pub fn qemu_defaults(&self) -> &QemuDefaults {
        &self.qemu_defaults
    }

    /// Returns every listed host, those recorded on real hosts first.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// Returns the hosts on which a QEMU reply was recorded: those that `host=any` means.
    #[doc(hidden)]
    pub fn recorded_hosts(&self) -> impl Iterator<Item = (HostId, &Host)> {
        (0u16..).map(HostId).zip(&self.hosts).filter(|(_, host)| host.source == HostSource::QemuReply)
    }

    /// Returns the listed host with this id. Panics if the id is from another catalog and out of range.
    pub fn host(&self, id: HostId) -> &Host {
        &self.hosts[usize::from(id.0)]
    }

    /// Returns the listed host with this name, such as `EPYC-7502-32-Core`.
    pub fn host_named(&self, name: &str) -> Option<HostId> {
        let index = self.hosts.iter().position(|host| &*host.name == name)?;
        u16::try_from(index).ok().map(HostId)
    }

    /// Returns every product that ships libvirt and QEMU.
    pub fn products(&self) -> &[Product] {
        &self.products.listed
    }

    /// Returns the products with their other names, and those of which no libvirt is known.
    pub(crate) fn all_products(&self) -> &Products {
        &self.products
    }

    /// Returns what distributions change.
    #[doc(hidden)]
    pub fn downstream(&self) -> &Downstream {
        &self.downstream
    }

    /// Returns the machine type whose cells a machine type has in a QEMU release: a distribution's has those of an
    /// upstream one. `None` where that is not known.
    pub(crate) fn base(&self, machine: MachineId, qemu: Version) -> Option<MachineId> {
        let base = match self.downstream.machine(machine) {
            Some(known) => known.base(qemu)?,
            None => machine,
        };
        self.position(base).map(|_| base)
    }

    /// Returns the machine type whose cells a guest of this one has in a QEMU release: its [`base`](Self::base). `isapc` has
    /// no compatibility properties and version 1 of each model, as the newest `pc` type of that QEMU (QEMU
    /// `isapc_machine_options`, read in 2.11.0 to 10.0.13).
    pub(crate) fn defaults_of(&self, machine: MachineId, qemu: Version) -> Option<MachineId> {
        let newest = || {
            let of_qemu = |id: &MachineId| self.series(*id) <= qemu.series();
            let types = self.qemu_defaults.machines.iter().copied().filter(of_qemu);
            let types = types.filter(|id| self.machine_name(*id).starts_with("pc-i440fx-"));
            types.max_by_key(|id| self.series(*id)).filter(|_| self.machine_name(machine) == "isapc")
        };
        self.base(machine, qemu).or_else(newest)
    }

    /// Returns a machine type's position among those with cells.
    pub(crate) fn position(&self, machine: MachineId) -> Option<usize> {
        self.machine_index.get(usize::from(machine.0))?.0
    }

    /// Returns the QEMU series that an upstream machine type is named after. A type without a version, such as `microvm`, has
    /// no compatibility properties, so it counts as newer than every series.
    pub(crate) fn series(&self, machine: MachineId) -> (u16, u16) {
        self.machine_index.get(usize::from(machine.0)).and_then(|known| known.1).unwrap_or((u16::MAX, 0))
    }

    /// Returns whether a QEMU, of a distribution or upstream's, has a machine type.
    pub(crate) fn has_machine(
        &self,
        qemu: &QemuView<'_>,
        distribution: Option<&Distribution>,
        machine: MachineId,
    ) -> Presence {
        let upstream = || {
            if qemu.has_machine(machine, self.machine_name(machine)) { Presence::Yes } else { Presence::No }
        };
        match (self.downstream.machine(machine), distribution) {
            (None, None) => upstream(),
            (None, Some(distribution)) if distribution.upstream_types => upstream(),
            (None, Some(_)) | (Some(_), None) => Presence::No,
            (Some(machine), Some(distribution)) => machine.in_build(distribution, qemu.version),
        }
    }

    /// Returns the map of the table's *new*: the one of *old* with the feature moved from the data to the removed list of
    /// every model that has it.
    pub(crate) fn new_map(&self, old: LibvirtId, feature: FeatureId) -> Arc<CpuMap> {
        let make = || {
            let (ReleaseMap::Exact(id) | ReleaseMap::Between { lower: (_, id), .. }) = self.release(old).map;
            let mut map = (**self.map(id)).clone();
            for model in map.models.iter_mut().flatten().filter(|model| model.data.contains(feature)) {
                let model = Arc::make_mut(model);
                model.data.remove(feature);
                model.removed.push(feature);
            }
            Arc::new(map)
        };
        if feature == self.default_feature() { Arc::clone(self.new_map.get_or_init(make)) } else { make() }
    }

    /// Returns the maps of a release with different dated facts, by the release that they follow; empty if nothing
    /// changes.
    pub(crate) fn maps_with(&self, id: LibvirtId, changes: &[(MapFact, bool)]) -> Vec<(LibvirtId, Arc<CpuMap>)> {
        let release = self.release(id);
        let made = between::with_facts(self, release.version, release.map, changes).filter(|_| !changes.is_empty());
        made.into_iter().flatten().collect()
    }

    /// Returns the model's vendor: the newest map's that names one, else the one QEMU has builtin, else the one of
    /// the name without its version.
    pub(crate) fn vendor(&self, model: ModelId) -> Option<Vendor> {
        self.vendors.get(usize::from(model.0)).copied().flatten()
    }

    fn find_vendor(&self, number: usize) -> Option<Vendor> {
        let model = ModelId(u16::try_from(number).ok()?);
        let name = self.model_name(model);
        let named = |model: ModelId| self.maps.iter().rev().find_map(|map| map.vendor_of(model));
        named(model).or_else(|| builtin_vendor(name)).or_else(|| self.model(base_name(name)).and_then(named))
    }

    /// Returns the features that `model` enables under `machine` and `accel`, before the host filter and after
    /// dependency clearing; `None` where the facts have no cell.
    #[doc(hidden)]
    pub fn cell(&self, model: ModelId, machine: MachineId, accel: Accel) -> Option<FeatureSet> {
        let position = self.position(machine)?;
        Some(self.qemu_defaults.of(model, accel)?.on(position))
    }

    /// Returns the first register of a feature, as the newest map that knows it describes it.
    pub(crate) fn register_of(&self, feature: FeatureId) -> Option<Register> {
        self.maps.iter().rev().filter(|map| map.known.contains(feature)).find_map(|map| {
            let index = map.order.iter().position(|known| *known == feature)?;
            map.features.get(index)?.registers.first().copied()
        })
    }

    /// Says of which scenarios a real run was recorded, by their links without how they travelled.
    pub(crate) fn set_recorded<'w>(&mut self, links: impl IntoIterator<Item = &'w str>) {
        self.recorded = links.into_iter().map(Box::from).collect();
        self.recorded.sort();
    }

    /// Returns whether a real run of the scenario with this link was recorded.
    pub(crate) fn is_recorded(&self, link_of_run: impl FnOnce() -> String) -> bool {
        if self.recorded.is_empty() {
            return false;
        }
        let link = link_of_run();
        self.recorded.binary_search_by(|known| (**known).cmp(&link)).is_ok()
    }

    /// Returns the feature the table is about when none is named.
    pub(crate) fn default_feature(&self) -> FeatureId {
        self.feature(DEFAULT_FEATURE).unwrap_or(FeatureId(0))
    }

    /// Writes features with their policies, for messages and tests: `+mpx,-ht`.
    pub(crate) fn write_policies(&self, features: impl IntoIterator<Item = (FeatureId, Policy)>) -> String {
        let mut text = String::new();
        self.push_policies(&mut text, features);
        text
    }

    /// Appends features with their policies.
    pub(crate) fn push_policies(&self, text: &mut String, features: impl IntoIterator<Item = (FeatureId, Policy)>) {
        for (number, (feature, policy)) in features.into_iter().enumerate() {
            let name = self.feature_name(feature);
            let parts = match policy {
                Policy::Require => ["+", name, "", ""],
                Policy::Disable => ["-", name, "", ""],
                Policy::Force | Policy::Optional | Policy::Forbid => ["", name, "=", policy.name()],
            };
            text.push_str(if number == 0 { "" } else { "," });
            text.extend(parts);
        }
    }
}

/// The feature the table is about when none is named.
const DEFAULT_FEATURE: &str = "mpx";

/// Splits `pc-q35-4.0.1` into its family and the QEMU release it is named after; `None` for names without one.
pub(crate) fn machine_series(name: &str) -> Option<(&str, Version)> {
    let (family, number) = name.rsplit_once('-')?;
    Some((family, number.parse().ok()?))
}
