//! Lists the changes of a scenario that are tried as fixes, in the order in which they are tried.

use crate::analysis::space::{exact_releases, published_releases};
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::map::ModelId;
use crate::domain::order::{sort, sort_by_key};
use crate::domain::package::BuildNumber;
use crate::domain::product::Product;
use crate::domain::qemu::{MachineId, base_name};
use crate::domain::scenario::{HostChoice, LibvirtChoice, MaybeKnown, QemuChoice, Release, Scenario, Writer};
use crate::domain::version::Version;
use std::cmp::Ordering;

/// The published releases newer than this one, oldest first; of neighbours with the same behaviour only the first.
pub(super) fn newer_libvirt(catalog: &Catalog, current: &LibvirtChoice) -> Vec<LibvirtId> {
    let than = version_of(catalog, current);
    let mut found: Vec<LibvirtId> = Vec::new();
    let mut last = None;
    for id in published_releases(catalog) {
        let release = catalog.release(id);
        if release.version <= than {
            continue;
        }
        let (behaviour, open) = catalog.behaviour(release.version);
        let decides = (behaviour, open.len(), release.map);
        if last.as_ref() != Some(&decides) {
            found.push(id);
            last = Some(decides);
        }
    }
    found
}

/// The number of a release; one that is not known counts as the oldest.
fn version_of(catalog: &Catalog, libvirt: &LibvirtChoice) -> Version {
    libvirt.id(catalog).map_or(Version::default(), |id| catalog.release(id).version)
}

/// The QEMUs newer than the destination's, oldest first: the packages of products of its distribution, else the releases
/// in the facts and those at which a quirk begins or ends.
pub(super) fn newer_qemu(catalog: &Catalog, to: &Release) -> Vec<QemuChoice> {
    let Some(current) = to.qemu.version.known() else { return Vec::new() };
    let mut found: Vec<(Version, Option<BuildNumber>, QemuChoice)> = match to.qemu_build(catalog) {
        Some(own) => {
            let ships = |product: &Product| {
                let release = Release::parse(catalog, &product.name).ok()?;
                let number = release.qemu_build(catalog).filter(|build| build.distribution == own.distribution)?.number;
                Some((release.qemu.version.known()?, number, release.qemu))
            };
            let packages = catalog.products().iter().filter_map(ships);
            packages.filter(|(version, number, _)| (*version, *number) > (current, own.number)).collect()
        }
        None => {
            let quirks = catalog.decisions().quirks.iter();
            let turns = quirks.flat_map(|quirk| [Some(quirk.since), quirk.until.map(Version::next_point)]).flatten();
            let all = catalog.qemu_releases().iter().map(|facts| facts.version).chain(turns);
            let newer = all.filter(|version| *version > current && catalog.is_qemu_release(*version));
            newer.map(|v| (v, None, QemuChoice { version: MaybeKnown::Is(v), build: None })).collect()
        }
    };
    sort_by_key(&mut found, |(version, number, _)| (*version, *number));
    found.dedup_by(|later, earlier| later.2 == earlier.2);
    found.into_iter().map(|(.., qemu)| qemu).collect()
}

/// The later releases of the destination's product, oldest first; of `KubeVirt` where it wrote the domain.
pub(super) fn newer_products(catalog: &Catalog, scenario: &Scenario) -> Vec<String> {
    let products = catalog.products();
    let (name, index) = match &scenario.to.product {
        Some(asked) => {
            let current = catalog.all_products().find(asked).ok();
            let index = current.and_then(|current| products.iter().position(|known| known.name == current.name));
            (asked.split(':').next().unwrap_or_default(), index)
        }
        None if scenario.writer() == Some(Writer::KubeVirt) => {
            let current = version_of(catalog, &scenario.to.libvirt);
            let ships = |product: &Product| Release::parse(catalog, &product.name).ok().map(|release| release.libvirt);
            let is_older = |product: &Product| ships(product).is_some_and(|it| version_of(catalog, &it) <= current);
            (KUBEVIRT, products.iter().rposition(|known| known.is_of(KUBEVIRT) && is_older(known)))
        }
        None => return Vec::new(),
    };
    let Some(index) = index else { return Vec::new() };
    let family = products[index].name.split(':').next().unwrap_or_default();
    let later = products[index + 1..].iter().filter(|known| known.is_of(family));
    later.map(|known| format!("{name}:{}", known.version())).collect()
}

const KUBEVIRT: &str = "kubevirt";

/// The newest releases whose map was read, newest first.
pub(super) fn stops(catalog: &Catalog) -> impl Iterator<Item = LibvirtId> {
    exact_releases(catalog).into_iter().rev().take(MOST_STOPS)
}

/// How many releases are tried as a stop.
const MOST_STOPS: usize = 16;

/// Every host on which a QEMU reply was recorded.
pub(super) fn hosts(catalog: &Catalog) -> impl Iterator<Item = HostChoice> {
    catalog.recorded_hosts().map(|(id, _)| HostChoice::Listed(id))
}

/// The machine types of the same family: those with a higher number, lowest first, then those with a lower one, highest
/// first.
pub(super) fn machines_of_family(catalog: &Catalog, current: MachineId) -> [Vec<MachineId>; 2] {
    let downstream = catalog.downstream();
    let is_downstream = downstream.machine(current).is_some();
    // A distribution numbers its types without a dash, as `pc-q35-rhel9.4.0`.
    let split = |id: MachineId| {
        let name = catalog.machine_name(id);
        let family = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = name.strip_prefix(family).filter(|_| is_downstream || family.ends_with('-'))?;
        Some((family, number.parse::<Version>().ok()?))
    };
    let Some((family, own)) = split(current) else { return Default::default() };
    let all: Vec<MachineId> = if is_downstream {
        downstream.machines.iter().map(|known| known.machine).collect()
    } else {
        catalog.qemu_defaults().machines.clone()
    };
    let numbered = |id: MachineId| split(id).filter(|known| known.0 == family).map(|(_, number)| (number, id));
    let mut found: Vec<(Version, MachineId)> = all.into_iter().filter_map(numbered).collect();
    sort(&mut found);
    let of = |wanted| found.iter().filter(move |(number, _)| number.cmp(&own) == wanted).map(|(_, id)| *id);
    [of(Ordering::Greater).collect(), of(Ordering::Less).rev().collect()]
}

/// The machine types with the same chipset that all hosts have, whatever distribution they are of; the
/// newest first.
pub(super) fn machines_of_chipset(catalog: &Catalog, scenario: &Scenario, current: MachineId) -> Vec<MachineId> {
    let chipset = |id: MachineId| catalog.machine_name(id).split('-').nth(1);
    let qemu = scenario.from.qemu.version.known().unwrap_or_default();
    let position = |id: &MachineId| catalog.base(*id, qemu).and_then(|base| catalog.position(base));
    let releases: Vec<_> = scenario.releases().map(|release| release.surely_has(catalog)).collect();
    let both_have =
        |id: &MachineId| chipset(*id) == chipset(current) && releases.iter().all(|has| has(*id) == Some(true));
    let mut found: Vec<MachineId> = catalog.machines_in_order().iter().copied().filter(both_have).collect();
    sort_by_key(&mut found, |id| std::cmp::Reverse(position(id)));
    found
}

/// The models that share the name without its version, its `-noTSX` or its `-IBRS`.
pub(super) fn relatives(catalog: &Catalog, current: ModelId) -> Vec<ModelId> {
    let stem = |name: &str| {
        let base = base_name(name);
        let base = base.strip_suffix("-IBRS").unwrap_or(base);
        base.strip_suffix("-noTSX").unwrap_or(base).to_owned()
    };
    let wanted = stem(catalog.model_name(current));
    let all = (0u16..).zip(catalog.models().iter());
    all.filter(|(number, name)| *number != current.0 && stem(name) == wanted)
        .map(|(number, _)| ModelId(number))
        .collect()
}
