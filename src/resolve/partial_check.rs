//! Compares a definition with the host before QEMU is started: the partial check, and the check for forbidden
//! features (libvirt `virCPUx86Compare`, `qemuDomainCheckCPU`, `virCPUCompareUnusable`).

use super::end::{End, Guest, Host, Named};
use super::resolution::Refusal;
use crate::domain::behaviour::PartialCheck;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, Definition, Match, Mode, Policy};
use crate::domain::feature::FeatureSet;
use crate::domain::host::Vendor;
use crate::domain::qemu::{Accel, MachineId};

/// What libvirt takes the host to have: what QEMU offers there with `max` or `host`, as far as the map names it. `None`
/// for a host that has whatever is asked for, which passes every check.
fn host_features(catalog: &Catalog, names: &Named, end: &End<'_>, guest: &Guest) -> Option<FeatureSet> {
    let vendor = match (guest.accel, end.host) {
        (Accel::Kvm, Host::Capable) => return None,
        (Accel::Kvm, Host::With { vendor, .. }) => vendor,
        (Accel::Tcg, _) => return Some(end.qemu.tcg_max & end.map.known),
    };
    Some(end.supported(catalog, names, &without_machine(catalog, end, guest), vendor) & end.map.known)
}

/// The guest as libvirt asks about it: QEMU is started without a machine type, so no compatibility setting counts, as
/// with its newest one.
fn without_machine(catalog: &Catalog, end: &End<'_>, guest: &Guest) -> Guest {
    let mut asked = guest.clone();
    let is_of_qemu = |id: &&MachineId| {
        let name = catalog.machine_name(**id);
        name.starts_with("pc-q35") && end.qemu.has_machine(**id, name)
    };
    if let Some(newest) = catalog.cells().machines.iter().rev().find(is_of_qemu) {
        asked.machine.cells = *newest;
    }
    asked
}

/// The data of the model by which libvirt describes the host: of the models of its vendor that QEMU has, the one that
/// needs the fewest features spelled out beside it; one with the host's own signature wins (libvirt `x86Decode`).
fn described_as(catalog: &Catalog, end: &End<'_>, guest: &Guest, host: FeatureSet) -> FeatureSet {
    let vendor = match (guest.accel, end.host) {
        (Accel::Kvm, Host::With { vendor, .. }) => vendor,
        // TCG's `max` calls itself AMD.
        (Accel::Kvm, Host::Capable) | (Accel::Tcg, _) => Vendor::Amd,
    };
    let signature =
        catalog.hosts().iter().find(|known| guest.accel == Accel::Kvm && known.features & end.map.known == host);
    let mut best: Option<(bool, usize, FeatureSet)> = None;
    for id in &end.map.model_order {
        let Some(model) = end.map.model(*id) else { continue };
        let of_other =
            model.vendor.as_deref().and_then(Vendor::from_map_name).is_some_and(|of_model| of_model != vendor);
        if of_other || !end.qemu.has_model(*id) || model.decode.is_some_and(|decode| !decode.guest) {
            continue;
        }
        let matches = signature.is_some_and(|known| {
            let same = |text: &str, number: u32| text.parse() == Ok(number);
            model.signatures.iter().any(|s| same(&s.family, known.family) && same(&s.model, known.model))
        });
        let spelled_out = (model.data ^ host).len();
        let better = best.as_ref().is_none_or(
            |(matched, fewest, _)| {
                if matches == *matched { spelled_out < *fewest } else { matches }
            },
        );
        if better {
            best = Some((matches, spelled_out, model.data));
        }
    }
    best.map(|(_, _, data)| data).unwrap_or_default()
}

/// Refuses a definition that forbids a feature the host has (7.2.0 and later, unless check is `none`).
pub(super) fn forbidden(
    catalog: &Catalog,
    names: &Named,
    end: &End<'_>,
    guest: &Guest,
    definition: &Definition,
) -> Result<(), Refusal> {
    if !end.behaviour.forbid_check || definition.check == Check::None {
        return Ok(());
    }
    if definition.features.iter().all(|(_, policy)| policy != Policy::Forbid) {
        return Ok(());
    }
    // Only what libvirt lists beside the model by which it describes the host is looked at (recorded under TCG on
    // 9.0.0, 11.3.0 and 12.8.0: a forbidden feature of that model passes). A host that has whatever is asked for lacks
    // what is forbidden, but every QEMU tells its guest of a hypervisor.
    let listed = match host_features(catalog, names, end, guest) {
        Some(host) => host - described_as(catalog, end, guest, host),
        None => names.hypervisor.into_iter().collect::<FeatureSet>() & end.map.known,
    };
    let found = definition.features.iter().find(|(f, policy)| *policy == Policy::Forbid && listed.contains(*f));
    found.map_or(Ok(()), |(feature, _)| Err(Refusal::ForbiddenFeature(feature)))
}

/// Refuses a definition that the host cannot satisfy, when its check is `partial`.
pub(super) fn partial(
    catalog: &Catalog,
    names: &Named,
    end: &End<'_>,
    guest: &Guest,
    definition: &Definition,
) -> Result<(), Refusal> {
    if definition.check != Check::Partial || !matches!(definition.mode, Mode::Custom | Mode::HostModel) {
        return Ok(());
    }
    let Some(model) = definition.model else { return Ok(()) };
    let Some(of_map) = end.map.model(model) else { return Ok(()) };
    let known_host = host_features(catalog, names, end, guest);
    // A host that has whatever is asked for lacks what is forbidden, and nothing blocks a model there.
    let forbids = definition.features.with(|policy| policy == Policy::Forbid);
    let hypervisor: FeatureSet = names.hypervisor.into_iter().collect();
    let host = known_host.unwrap_or(FeatureSet::ALL - (forbids - hypervisor));
    // Of a model that QEMU does not have there is no answer, and the map is asked as before.
    if end.behaviour.partial_check == PartialCheck::Blockers && end.qemu.has_model(model) {
        let asked = without_machine(catalog, end, guest);
        let own = catalog.cell(model, asked.machine.cells, guest.accel).unwrap_or_default();
        let vendor = end.guest_vendor(catalog, guest, None, Some(model));
        let supported = known_host.map(|_| end.supported(catalog, names, &asked, vendor));
        let blockers = own - supported.unwrap_or(FeatureSet::ALL);
        let only_switches_off = definition.features.iter().all(|(_, policy)| policy == Policy::Disable);
        if blockers.is_empty() && only_switches_off {
            return Ok(());
        }
        if !of_map.partial_compat {
            let switched_off = definition.features.with(|policy| policy == Policy::Disable);
            let required = definition.features.with(|policy| policy == Policy::Require);
            let mut missing = catalog.in_qemu_order((blockers & end.map.known) - switched_off);
            let named = definition.features.iter().map(|(feature, _)| feature);
            missing.extend(named.filter(|f| required.contains(*f) && !host.contains(*f) && !blockers.contains(*f)));
            return if missing.is_empty() { Ok(()) } else { Err(Refusal::PartialMissing(missing)) };
        }
    }
    let mut needed = of_map.data;
    for (feature, policy) in definition.features.iter() {
        match policy {
            Policy::Require => needed.insert(feature),
            Policy::Force | Policy::Optional | Policy::Disable => needed.remove(feature),
            // A forbidden feature of the model still counts as needed (recorded on 9.0.0).
            Policy::Forbid => {}
        }
    }
    let forbidden = forbids & host;
    if !forbidden.is_empty() {
        return Err(Refusal::PartialForbidden(end.map.in_order(forbidden)));
    }
    refuse_missing(end, needed - host)?;
    let loose = |policy| matches!(policy, Policy::Force | Policy::Optional | Policy::Disable);
    let described = needed | definition.features.with(loose);
    if definition.matching == Match::Strict && known_host.is_some() && !(host - described).is_empty() {
        return Err(Refusal::PartialStrict(end.map.in_order(host - described)));
    }
    Ok(())
}

fn refuse_missing(end: &End<'_>, missing: FeatureSet) -> Result<(), Refusal> {
    if missing.is_empty() { Ok(()) } else { Err(Refusal::PartialMissing(end.map.in_order(missing))) }
}

/// Replaces `optional` by what the migratable host model has: `require` or `disable` (libvirt `virCPUUpdate`).
pub(super) fn decide_optional(
    catalog: &Catalog,
    names: &Named,
    end: &End<'_>,
    guest: &Guest,
    definition: &mut Definition,
) {
    let optional = definition.features.with(|policy| policy == Policy::Optional);
    if optional.is_empty() {
        return;
    }
    // A capable host offers whatever its QEMU can give.
    let at_best = || end.supported(catalog, names, guest, Vendor::Intel) & end.qemu.properties;
    let host = host_features(catalog, names, end, guest).unwrap_or_else(at_best);
    for feature in end.map.in_order(optional) {
        let migratable = end
            .map
            .order
            .iter()
            .position(|known| *known == feature)
            .is_none_or(|place| end.map.features[place].migratable);
        let policy = if migratable && host.contains(feature) { Policy::Require } else { Policy::Disable };
        definition.features.set(feature, policy);
    }
}
