//! Compares a definition with the host before QEMU is started: the partial check, and the check for forbidden
//! features (libvirt `virCPUx86Compare`, `qemuDomainCheckCPU`, `virCPUCompareUnusable`).

#![expect(clippy::result_large_err, reason = "a refusal is a plain value of two sets; boxing it costs an allocation")]

use super::endpoint::{Endpoint, Host};
use super::prepared_endpoint::{Facts, PreparedEndpoint};
use super::refusal::{Refusal, UnorderedRefusal};
use crate::domain::behaviour::PartialCheck;
use crate::domain::definition::{Check, Definition, Match, Mode, Policy, PolicyStore};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::Vendor;
use crate::domain::qemu::Accel;

/// What libvirt takes the host to have: what QEMU offers there with `max` or `host`, as far as the map names it. `None`
/// for a host that has whatever is asked for, which passes every check.
fn host_features(facts: &Facts<'_>, endpoint: &PreparedEndpoint<'_>) -> Option<FeatureSet> {
    let vendor = match (facts.guest.accel, endpoint.end.host) {
        (Accel::Kvm, Host::Capable) => return None,
        (Accel::Kvm, Host::With { vendor, .. }) => vendor,
        (Accel::Tcg, _) => return Some(endpoint.end.qemu.tcg_max & endpoint.end.map.known),
    };
    Some(endpoint.supported_without_machine(facts, vendor) & endpoint.end.map.known)
}

/// The data of the model by which libvirt describes the host: of the models of its vendor that QEMU has, the one that
/// needs the fewest features spelled out beside it; one with the host's own signature wins (libvirt `x86Decode`).
fn described_as(facts: &Facts<'_>, end: &Endpoint<'_>, host: FeatureSet) -> FeatureSet {
    let (catalog, guest) = (facts.catalog, facts.guest);
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
        let matches = signature.is_some_and(|known| model.signatures.iter().any(|s| s.is_of(known.signature())));
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
pub(super) fn forbidden<P: PolicyStore>(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    definition: &Definition<P>,
) -> Result<(), UnorderedRefusal> {
    if !endpoint.end.behaviour.forbid_check || definition.check == Check::None {
        return Ok(());
    }
    let forbidden = definition.features.sets().with(Policy::Forbid);
    if forbidden.is_empty() {
        return Ok(());
    }
    // Only what libvirt lists beside the model by which it describes the host is looked at (recorded under TCG on
    // 9.0.0, 11.3.0 and 12.8.0: a forbidden feature of that model passes). A host that has whatever is asked for lacks
    // what is forbidden, but every QEMU tells its guest of a hypervisor.
    let listed = match host_features(facts, endpoint) {
        Some(host) => host - described_as(facts, endpoint.end, host),
        None => hypervisor(facts) & endpoint.end.map.known,
    };
    definition
        .features
        .first_of(forbidden & listed)
        .map_or(Ok(()), |feature| Err(UnorderedRefusal::ForbiddenFeature(feature)))
}

fn hypervisor(facts: &Facts<'_>) -> FeatureSet {
    facts.catalog.named().hypervisor.into_iter().collect()
}

/// What QEMU lacks of the model, as it says when it is asked without a machine type; nothing on a host that has whatever
/// is asked for. `None` of a model that QEMU does not have, and where libvirt asks the map.
fn blockers(facts: &Facts<'_>, endpoint: &PreparedEndpoint<'_>) -> Option<FeatureSet> {
    let model = endpoint.model.as_ref().filter(|model| model.in_qemu)?;
    if endpoint.end.behaviour.partial_check != PartialCheck::Blockers {
        return None;
    }
    if (facts.guest.accel, endpoint.end.host) == (Accel::Kvm, Host::Capable) {
        return Some(FeatureSet::EMPTY);
    }
    let own = facts.catalog.cell(model.id, endpoint.newest_machine(facts), facts.guest.accel).unwrap_or_default();
    Some(own - endpoint.supported_without_machine(facts, endpoint.guest_vendor(None)))
}

/// Refuses a definition that the host cannot satisfy, when its check is `partial`.
pub(super) fn partial<P: PolicyStore>(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    definition: &Definition<P>,
) -> Result<(), UnorderedRefusal> {
    if definition.check != Check::Partial || !matches!(definition.mode, Mode::Custom | Mode::HostModel) {
        return Ok(());
    }
    let of_map = endpoint.model.as_ref().and_then(|model| model.of_map);
    let policies = definition.features.sets();
    let known_host = host_features(facts, endpoint);
    // A host that has whatever is asked for lacks what is forbidden, and nothing blocks a model there.
    let forbids = policies.with(Policy::Forbid);
    let host = known_host.unwrap_or(FeatureSet::ALL - (forbids - hypervisor(facts)));
    // Of a model that QEMU does not have there is no answer, and the map is asked as before.
    if let Some(blockers) = blockers(facts, endpoint) {
        if blockers.is_empty() && policies.mentioned() == policies.with(Policy::Disable) {
            return Ok(());
        }
        if of_map.is_none_or(|model| !model.partial_compat) {
            let lacking = (blockers & endpoint.end.map.known) - policies.with(Policy::Disable);
            let missing = lacking | (policies.with(Policy::Require) - host - blockers);
            return refuse_missing(missing);
        }
    }
    let Some(of_map) = of_map else { return Ok(()) };
    let dropped = policies.with(Policy::Force) | policies.with(Policy::Optional) | policies.with(Policy::Disable);
    // A forbidden feature of the model still counts as needed (recorded on 9.0.0).
    let needed = (of_map.data | policies.with(Policy::Require)) - dropped;
    let forbidden = forbids & host;
    if !forbidden.is_empty() {
        return Err(UnorderedRefusal::PartialForbidden(forbidden));
    }
    refuse_missing(needed - host)?;
    let described = needed | dropped;
    if definition.matching == Match::Strict && known_host.is_some() && !(host - described).is_empty() {
        return Err(UnorderedRefusal::PartialStrict(host - described));
    }
    Ok(())
}

fn refuse_missing(missing: FeatureSet) -> Result<(), UnorderedRefusal> {
    if missing.is_empty() { Ok(()) } else { Err(UnorderedRefusal::PartialMissing(missing)) }
}

/// Returns the refusal with its features in the order in which libvirt names them: the map's, but for what QEMU said
/// is missing, which keeps QEMU's order and comes before what the definition requires.
pub(super) fn listed<P: PolicyStore>(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    given: &Definition<P>,
    stop: &UnorderedRefusal,
) -> Refusal {
    let compat = endpoint.model.as_ref().and_then(|model| model.of_map).is_none_or(|of_map| of_map.partial_compat);
    let blockers = blockers(facts, endpoint).filter(|_| !compat && matches!(stop, UnorderedRefusal::PartialMissing(_)));
    stop.listed(|set| {
        if let Some(blockers) = blockers {
            let mut rest = set - blockers;
            let mut list = facts.catalog.in_qemu_order(set & blockers);
            let required = std::iter::from_fn(|| {
                let next: Option<FeatureId> = given.features.first_of(rest);
                next.inspect(|feature| rest.remove(*feature))
            });
            list.extend(required);
            list
        } else {
            endpoint.end.map.in_order(set)
        }
    })
}

/// Replaces `optional` by what the migratable host model has: `require` or `disable` (libvirt `virCPUUpdate`).
pub(super) fn decide_optional<P: PolicyStore>(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    definition: &mut Definition<P>,
) {
    let optional = definition.features.sets().with(Policy::Optional);
    if optional.is_empty() {
        return;
    }
    let map = &endpoint.end.map;
    // A capable host offers whatever its QEMU can give.
    let at_best = || endpoint.supported(facts.catalog, Vendor::Intel) & endpoint.end.qemu.properties;
    let host = host_features(facts, endpoint).unwrap_or_else(at_best);
    for feature in map.in_order(optional) {
        let index = map.order.iter().position(|known| *known == feature);
        let migratable = index.is_none_or(|index| map.features[index].migratable);
        let policy = if migratable && host.contains(feature) { Policy::Require } else { Policy::Disable };
        definition.features.set(feature, policy);
    }
}
