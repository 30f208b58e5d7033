//! Lists the values of each dimension of the whole space, and groups machine types with the same defaults for a model.

use crate::domain::catalog::{Catalog, LibvirtId, Provenance, ReleaseMap};
use crate::domain::feature::FeatureSet;
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::package::Presence;
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::scenario::{DEFAULT_QEMU, LibvirtChoice, MaybeKnown, QemuChoice, Release};
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

/// Returns the maps that were added at run time, without the example's *new*.
pub(crate) fn added_maps(catalog: &Catalog) -> impl Iterator<Item = LibvirtId> + '_ {
    let is_added = |id: &LibvirtId| {
        let release = catalog.release(*id);
        release.provenance == Provenance::User && &*release.name != "new" && catalog.libvirt(&release.name) == Some(*id)
    };
    releases(catalog).filter(is_added)
}

/// Returns every known model.
pub fn models(catalog: &Catalog) -> Vec<ModelId> {
    catalog.pickable_models().collect()
}

/// Returns the name of a machine type without its release: `pc-q35` of `pc-q35-3.1` and of `pc-q35-rhel9.6.0`.
pub(crate) fn machine_family(name: &str) -> &str {
    let family = ["pc-q35", "pc-i440fx", "pc"].into_iter().find(|family| name.starts_with(*family));
    family.unwrap_or(name)
}

/// Returns upstream's machine types in natural order, or those of the source's QEMU if that is a distribution's. The
/// distribution's own types are after upstream's of the same family, the oldest first.
pub(crate) fn machines(catalog: &Catalog, source: &Release) -> Vec<MachineId> {
    if source.qemu_build(catalog).is_none() {
        return catalog.qemu_defaults().machines.clone();
    }
    let is_own = |machine: &MachineId| catalog.downstream().machine(*machine).is_some();
    let (own, mut all): (Vec<MachineId>, Vec<MachineId>) =
        in_every(catalog, catalog.machines_in_order(), &[source]).into_iter().partition(is_own);
    let qemu = source.qemu.version.known().unwrap_or(DEFAULT_QEMU);
    let age = |machine: MachineId| {
        let (base, name) = (catalog.base(machine, qemu), catalog.machine_name(machine));
        (base.and_then(|base| catalog.position(base)), name.len(), name)
    };
    for machine in own {
        let family = machine_family(catalog.machine_name(machine));
        let is_relative = |known: &MachineId| machine_family(catalog.machine_name(*known)) == family;
        let is_before = |known: &MachineId| is_relative(known) && (!is_own(known) || age(*known) <= age(machine));
        let last = all.iter().rposition(is_before);
        let first = || all.iter().position(is_relative);
        let index = last.map(|last| last + 1).or_else(first).unwrap_or(all.len());
        all.insert(index, machine);
    }
    all
}

/// Returns the machine types that the QEMU of every release has or may have: upstream's, otherwise a distribution's.
pub(crate) fn shared_machines(catalog: &Catalog, releases: &[&Release]) -> Vec<MachineId> {
    let upstream = in_every(catalog, &catalog.qemu_defaults().machines, releases);
    if upstream.is_empty() { in_every(catalog, catalog.machines_in_order(), releases) } else { upstream }
}

fn in_every(catalog: &Catalog, machines: &[MachineId], releases: &[&Release]) -> Vec<MachineId> {
    let mut machines = machines.to_vec();
    for release in releases {
        let Some(version) = release.qemu.version.known() else { continue };
        let views = catalog.qemu_views(version);
        let distribution = release.qemu_build(catalog).map(|build| build.distribution);
        machines.retain(|machine| {
            views.iter().any(|view| catalog.has_machine(view, distribution, *machine) != Presence::No)
        });
    }
    machines
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
