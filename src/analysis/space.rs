//! Lists the values of each dimension of the whole space, and groups machine types with the same defaults for a model.

use crate::domain::catalog::{Catalog, LibvirtId, Provenance, ReleaseMap};
use crate::domain::feature::FeatureSet;
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::scenario::{LibvirtChoice, MaybeKnown, QemuChoice, Release};
use crate::domain::version::Version;

/// Returns the end with this libvirt and this QEMU.
pub(crate) fn end(libvirt: LibvirtId, qemu: Version) -> Release {
    let qemu = QemuChoice { version: MaybeKnown::Is(qemu), build: None };
    Release::new(LibvirtChoice::Release(libvirt, None), qemu)
}

/// Returns the map a release has; of a release between exact maps, the one of its older neighbour brought to its
/// dated facts.
pub(crate) fn map_of(catalog: &Catalog, id: LibvirtId) -> &CpuMap {
    match catalog.release(id).map {
        ReleaseMap::Exact(map) | ReleaseMap::Between { lower: (_, map), .. } => catalog.map(map),
    }
}

/// Returns every release with its id, oldest first.
pub(crate) fn releases(catalog: &Catalog) -> impl Iterator<Item = LibvirtId> + '_ {
    (0u16..).zip(catalog.libvirt_releases()).map(|(number, _)| LibvirtId(number))
}

/// Returns the published releases, oldest first.
pub(crate) fn published_releases(catalog: &Catalog) -> Vec<LibvirtId> {
    releases(catalog).filter(|id| is_published(catalog, *id)).collect()
}

/// Returns whether a release is one of libvirt's own.
pub(crate) fn is_published(catalog: &Catalog, id: LibvirtId) -> bool {
    catalog.release(id).provenance == Provenance::Published
}

/// Returns the published releases whose map was read, oldest first.
pub(crate) fn exact_releases(catalog: &Catalog) -> Vec<LibvirtId> {
    releases(catalog).filter(|id| is_exact(catalog, *id)).collect()
}

/// Returns whether a release is one of libvirt's own whose map was read.
pub(crate) fn is_exact(catalog: &Catalog, id: LibvirtId) -> bool {
    is_published(catalog, id) && matches!(catalog.release(id).map, ReleaseMap::Exact(_))
}

/// Returns every known model.
pub fn models(catalog: &Catalog) -> Vec<ModelId> {
    catalog.pickable_models().collect()
}

/// Machine types under which a model gets the same.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct MachineClass {
    /// The features that they enable.
    pub on: FeatureSet,
    /// Which of QEMU's quirks that come with newer machine types they meet, by bit.
    quirks: u32,
    /// The machine types, in natural order.
    pub machines: Vec<MachineId>,
}

/// Returns the machine types that satisfy `wanted`, grouped by their defaults for the model.
pub(crate) fn machine_classes(
    catalog: &Catalog,
    model: ModelId,
    accel: Accel,
    wanted: impl Fn(MachineId) -> bool,
) -> Vec<MachineClass> {
    let mut classes: Vec<MachineClass> = Vec::new();
    for machine in catalog.qemu_defaults().machines.iter().copied().filter(|machine| wanted(*machine)) {
        let on = catalog.cell(model, machine, accel).unwrap_or_default();
        let quirks = catalog.machine_quirks(machine);
        match classes.iter_mut().find(|class| class.on == on && class.quirks == quirks) {
            Some(class) => class.machines.push(machine),
            None => classes.push(MachineClass { on, quirks, machines: vec![machine] }),
        }
    }
    classes
}
