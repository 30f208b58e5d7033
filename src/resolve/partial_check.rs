//! Compares a definition with the host before QEMU is started: the partial check, and the check for forbidden
//! features (libvirt `virCPUx86Compare`, `qemuDomainCheckCPU`, `virCPUCompareUnusable`).

use super::end::{End, Guest, Host, Named};
use super::resolution::Refusal;
use crate::domain::behaviour::PartialCheck;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, Definition, Match, Mode, Policy};
use crate::domain::feature::FeatureSet;
use crate::domain::host::Vendor;
use crate::domain::qemu::Accel;

/// What libvirt takes the host to have: what QEMU offers there with `max` or `host`, as far as the map names it. `None`
/// for a host that has whatever is asked for, which passes every check.
fn host_features(catalog: &Catalog, names: &Named, end: &End<'_>, guest: &Guest) -> Option<FeatureSet> {
    let vendor = match (guest.accel, end.host) {
        (Accel::Kvm, Host::Capable) => return None,
        (Accel::Kvm, Host::With { vendor, .. }) => vendor,
        (Accel::Tcg, _) => return Some(end.qemu.tcg_max & end.map.known),
    };
    Some(end.supported(catalog, names, guest, vendor) & end.map.known)
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
    let Some(host) = host_features(catalog, names, end, guest) else { return Ok(()) };
    // Only what libvirt lists beside the model by which it describes the host is looked at (recorded under TCG on
    // 9.0.0, 11.3.0 and 12.8.0: a forbidden feature of that model passes).
    let listed = host - described_as(catalog, end, guest, host);
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
    let (Some(host), Some(model)) = (host_features(catalog, names, end, guest), definition.model) else {
        return Ok(());
    };
    let Some(of_map) = end.map.model(model) else { return Ok(()) };
    if end.behaviour.partial_check == PartialCheck::Blockers {
        // What QEMU lacks of the model is asked without a machine type, so no compatibility setting counts.
        let newest = catalog.cells().machines.last().and_then(|machine| catalog.cell(model, *machine, guest.accel));
        let blockers = newest.unwrap_or_default() - end.supported(catalog, names, guest, Vendor::Intel);
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
    let forbidden = definition.features.with(|policy| policy == Policy::Forbid) & host;
    if !forbidden.is_empty() {
        return Err(Refusal::PartialForbidden(end.map.in_order(forbidden)));
    }
    refuse_missing(end, needed - host)?;
    let described = needed | definition.features.with(|policy| matches!(policy, Policy::Force | Policy::Optional));
    if definition.matching == Match::Strict && !(host - described).is_empty() {
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
    let host = host_features(catalog, names, end, guest).unwrap_or(FeatureSet::ALL);
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
