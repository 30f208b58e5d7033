//! Compares a definition with the host before QEMU is started: the partial check, and the check for forbidden
//! features (libvirt `virCPUx86Compare`, `qemuDomainCheckCPU`, `virCPUCompareUnusable`).

#![expect(clippy::result_large_err, reason = "a refusal is a plain value of two sets; boxing it costs an allocation")]

use super::endpoint::Host;
use super::host_model::{Processor, Purpose, QemuModels, decode};
use super::prepared_endpoint::{Facts, PreparedEndpoint, offered_to_libvirt};
use super::refusal::{PartialWording, Refusal, Stage, UnorderedRefusal};
use crate::domain::behaviour::{HostUnderKvm, PartialCheck, RegistersRead, TsxHint};
use crate::domain::definition::{Check, Definition, Match, Mode, Policy};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::Vendor;
use crate::domain::map::ModelId;
use crate::domain::qemu::Accel;

/// The host as libvirt compares a definition with it.
struct HostCpu {
    vendor: Vendor,
    /// What QEMU offers there with `max` or `host`, as far as the map names it.
    of_qemu: FeatureSet,
    /// The same, and under KVM what the silicon shows (libvirt `virQEMUCapsInitHostCPUModel`).
    full: FeatureSet,
}

/// Returns what libvirt takes the host to have; `None` for a host that has whatever is asked for, which passes every
/// check.
fn host_cpu(facts: &Facts<'_>, endpoint: &PreparedEndpoint<'_>) -> Option<HostCpu> {
    let known = endpoint.end.map.known;
    match (facts.guest.accel, endpoint.end.host) {
        (Accel::Kvm, Host::Capable) => None,
        // virQEMUCapsInitHostCPUModel: 3.2.0 (commit f013828992), joined since 3.3.0 (commit 5b4a6adb5c), with the features
        // of QEMU's model since 4.3.0 (commit 49fb4769e1). virQEMUCapsProbeQMPHostCPU takes a feature that is on only
        // with migratable=off too.
        (Accel::Kvm, Host::With { vendor, silicon, .. }) => {
            let not_migrated = endpoint.supported & facts.catalog.named().invtsc.into_iter().collect();
            let of_qemu = match endpoint.host_under_kvm {
                HostUnderKvm::Cpuid => FeatureSet::EMPTY,
                HostUnderKvm::Qemu | HostUnderKvm::JoinedListed | HostUnderKvm::Joined => {
                    (offered_to_libvirt(facts.catalog, endpoint.end, facts.guest.accel)
                        | hypervisor(facts)
                        | not_migrated)
                        & known
                }
            };
            let seen = silicon_seen(endpoint, silicon);
            let full = match endpoint.host_under_kvm {
                HostUnderKvm::Cpuid => seen,
                HostUnderKvm::Qemu => of_qemu,
                // What libvirt does not list in addition to the model is in the silicon anyway.
                HostUnderKvm::JoinedListed | HostUnderKvm::Joined => of_qemu | seen,
            };
            Some(HostCpu { vendor, of_qemu, full })
        }
        // virQEMUCapsProbeQMPHostCPU, 3.2.0; TCG's `max` calls itself AMD (max_x86_cpu_initfn).
        (Accel::Tcg, host) => {
            let of_qemu = endpoint.end.qemu.tcg_max & known;
            let full = match (endpoint.host_under_kvm, host) {
                (HostUnderKvm::Cpuid, Host::With { silicon, .. }) => silicon_seen(endpoint, silicon),
                (HostUnderKvm::Cpuid, Host::Capable) => FeatureSet::EMPTY,
                (HostUnderKvm::Qemu | HostUnderKvm::JoinedListed | HostUnderKvm::Joined, _) => of_qemu,
            };
            Some(HostCpu { vendor: Vendor::Amd, of_qemu, full })
        }
    }
}

/// What of the processor this libvirt sees: names of its map, and of model-specific registers those that it reads
/// (`virCPUx86GetHost`: 5.5.0, commit 56b254dccc, and later). Where the processor is copied because QEMU does not describe
/// it, 2.3.0 and later leave some out (`virQEMUCapsInitHostCPUModel`, commit c944a63461).
fn silicon_seen(endpoint: &PreparedEndpoint<'_>, silicon: FeatureSet) -> FeatureSet {
    let map = &endpoint.end.map;
    let unread = match endpoint.end.behaviour.registers_read {
        RegistersRead::None => map.in_msrs(),
        RegistersRead::ArchCapabilities => map.in_msrs() - map.in_arch_capabilities(),
        RegistersRead::All => FeatureSet::EMPTY,
    };
    let not_copied = match endpoint.host_under_kvm {
        HostUnderKvm::Cpuid => endpoint.end.behaviour.not_copied,
        HostUnderKvm::Qemu | HostUnderKvm::JoinedListed | HostUnderKvm::Joined => FeatureSet::EMPTY,
    };
    (silicon & map.known) - unread - not_copied
}

/// The features that libvirt lists for the host (`virCPUExpandFeatures`, 4.3.0): the check for forbidden ones looks at
/// no others. Under TCG, what it lists in addition to the model by which it describes QEMU's `max`. Under KVM, what it
/// lists in addition to the model by which it describes the silicon, and whatever QEMU offers.
fn listed_features(facts: &Facts<'_>, endpoint: &PreparedEndpoint<'_>, host: &HostCpu) -> FeatureSet {
    let (catalog, end) = (facts.catalog, endpoint.end);
    let beside_model = |features, signature, purpose| -> FeatureSet {
        let processor = Processor { vendor: Some(host.vendor), signature, features };
        let decoded = decode(end.libvirt(catalog), &processor, purpose, &[]);
        let listed = decoded.into_iter().flat_map(|decoded| decoded.features);
        listed.filter(|(_, policy)| policy.is_on()).map(|(feature, _)| feature).collect()
    };
    match (facts.guest.accel, end.host) {
        (Accel::Kvm, Host::Capable) => host.of_qemu,
        (Accel::Kvm, Host::With { silicon, signature, .. }) => {
            host.of_qemu | beside_model(silicon_seen(endpoint, silicon), signature, Purpose::Guest(None))
        }
        (Accel::Tcg, _) => {
            let offered = end.qemu.tcg_max - end.behaviour.untranslated;
            let models = QemuModels::of(catalog, &end.qemu, Accel::Tcg, end.qemu.tcg_max);
            beside_model(offered, catalog.tcg_signature(end.qemu.version), Purpose::Guest(Some(&models)))
        }
    }
}

/// Refuses a definition that forbids a feature the host has, unless check is `none` (libvirt `virCPUCheckForbiddenFeatures`,
/// 7.2.0, commits a839fcbe62 and c5d4d0198f).
pub(super) fn forbidden(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    definition: &Definition,
) -> Result<(), UnorderedRefusal> {
    if !endpoint.end.behaviour.forbid_check || definition.check == Check::None {
        return Ok(());
    }
    let forbidden = definition.features.with(Policy::Forbid);
    if forbidden.is_empty() {
        return Ok(());
    }
    // A host that has whatever is asked for lacks what is forbidden, but every QEMU tells its guest of a hypervisor.
    let listed = match host_cpu(facts, endpoint) {
        Some(host) => listed_features(facts, endpoint, &host),
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

/// What QEMU lacks of a model, as it says when it is asked without a machine type.
#[derive(Default)]
struct Blockers {
    features: FeatureSet,
    /// The features whose XSAVE state it lacks.
    states: FeatureSet,
}

/// Returns what QEMU lacks of the model (`unavailable-features` of `query-cpu-definitions`); nothing on a host that has whatever is asked for. `None` of a model that QEMU
/// does not have, and where libvirt asks the map.
fn blockers(facts: &Facts<'_>, endpoint: &PreparedEndpoint<'_>, model: Option<ModelId>) -> Option<Blockers> {
    let model = facts.model(endpoint, model).filter(|model| model.in_qemu)?;
    if endpoint.end.behaviour.partial_check == PartialCheck::Map {
        return None;
    }
    if (facts.guest.accel, endpoint.end.host) == (Accel::Kvm, Host::Capable) {
        return Some(Blockers::default());
    }
    let own = facts.catalog.cell(model.id, endpoint.newest_machine(facts), facts.guest.accel).unwrap_or_default();
    let features = own - endpoint.supported;
    let states = if endpoint.masks_states { FeatureSet::EMPTY } else { facts.states_of(&own) - endpoint.states };
    Some(Blockers { features, states })
}

/// Refuses a definition that the host cannot satisfy, when its check is `partial`.
pub(super) fn partial(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    definition: &Definition,
) -> Result<(), UnorderedRefusal> {
    let behaviour = &endpoint.end.behaviour;
    // qemuProcessUpdateGuestCPU: only with check partial since 3.2.0 (commits 641b8c721e and fcd56ce866).
    let compared = if behaviour.check_attribute {
        definition.check == Check::Partial
    } else {
        facts.guest.accel == Accel::Kvm || definition.mode == Mode::HostModel
    };
    if !compared || !matches!(definition.mode, Mode::Custom | Mode::HostModel) {
        return Ok(());
    }
    let of_map = facts.model(endpoint, definition.model).and_then(|model| model.of_map);
    let policies = &definition.features;
    let known_host = host_cpu(facts, endpoint);
    let forbids = policies.with(Policy::Forbid);
    let wording = || wording(facts, endpoint, definition, known_host.as_ref());
    // A host that has whatever is asked for lacks what is forbidden, and nothing blocks a model there.
    let capable = || FeatureSet::ALL - (forbids - hypervisor(facts));
    // QEMU gives no answer for a model that it does not have, and libvirt compares with the map as before.
    if let Some(blockers) = blockers(facts, endpoint, definition.model) {
        let blockers = blockers.features | blockers.states;
        // virQEMUCapsIsCPUUsable, 10.2.0 (commit 2ba73ca83b): a model that QEMU calls usable, and nothing is required.
        if blockers.is_empty() && policies.mentioned() == policies.with(Policy::Disable) {
            return Ok(());
        }
        let asks_qemu = behaviour.partial_check == PartialCheck::Blockers;
        if let (true, None, Some(model)) = (asks_qemu, of_map, definition.model) {
            return Err(UnorderedRefusal::UnknownModelCompared(model));
        }
        // virCPUCompareUnusable, after 10.7.0, by 11.3.0, unless the map asks for the old check (partial='compat').
        if asks_qemu && of_map.is_some_and(|model| !model.partial_compat) {
            let lacking = (blockers & endpoint.end.map.known) - policies.with(Policy::Disable);
            let of_qemu = known_host.as_ref().map_or_else(capable, |host| host.of_qemu);
            return refuse_missing(lacking | (policies.with(Policy::Require) - of_qemu), wording);
        }
    }
    // virCPUx86Compare, x86Compute, all releases: the vendor, what is forbidden, what is needed, what is too much.
    if let Some(named) = definition.vendor.filter(|named| *named != endpoint.host_vendor) {
        return Err(UnorderedRefusal::OtherVendor(named, wording()));
    }
    // x86ModelFromCPU, before 3.8.0 for what was not validated: policy by policy, and the model before what is required.
    let unknown = |policy: Policy| unknown(endpoint, definition, policies.with(policy));
    let refuse_unknown = |feature: Option<FeatureId>| match feature {
        Some(feature) => Err(UnorderedRefusal::UnknownFeature(feature, Stage::UpdateCpu)),
        None => Ok(()),
    };
    refuse_unknown(unknown(Policy::Force))?;
    let of_model = match of_map {
        Some(of_map) => &of_map.data,
        None if definition.mode == Mode::HostModel => &FeatureSet::EMPTY,
        None => return definition.model.map_or(Ok(()), |model| Err(UnorderedRefusal::UnknownModel(model))),
    };
    let others = [Policy::Require, Policy::Optional, Policy::Disable, Policy::Forbid];
    refuse_unknown(others.into_iter().find_map(unknown))?;
    if known_host.is_none() && forbids.is_empty() {
        return Ok(());
    }
    let host = known_host.as_ref().map_or_else(capable, |host| host.full);
    let dropped = policies.with(Policy::Force) | policies.with(Policy::Optional) | policies.with(Policy::Disable);
    // A forbidden feature of the model still counts as needed (recorded on 9.0.0).
    let needed = (*of_model | policies.with(Policy::Require)) - dropped;
    let forbidden = forbids & host;
    if !forbidden.is_empty() {
        return Err(UnorderedRefusal::PartialForbidden(forbidden, wording()));
    }
    refuse_missing(needed - host, wording)?;
    let described = needed | dropped;
    if definition.matching == Match::Strict && known_host.is_some() && !(host - described).is_empty() {
        return Err(UnorderedRefusal::PartialStrict(host - described, wording()));
    }
    Ok(())
}

/// Returns the first of these features that the map does not know; since 3.8.0 such a definition is refused before
/// anything is done with it.
pub(super) fn unknown(
    endpoint: &PreparedEndpoint<'_>,
    definition: &Definition,
    among: FeatureSet,
) -> Option<FeatureId> {
    definition.features.first_of(among - endpoint.end.map.known)
}

fn refuse_missing(missing: FeatureSet, wording: impl Fn() -> PartialWording) -> Result<(), UnorderedRefusal> {
    if missing.is_empty() { Ok(()) } else { Err(UnorderedRefusal::PartialMissing(missing, wording())) }
}

/// How this libvirt refuses the definition. It proposes the model without TSX where `hle` or `rtm` is missing: in the
/// host (`qemuBuildCpuModelArgStr`, 1.2.14, commit 53c8062f70), in the definition (`virCPUx86Compare`, 2.3.0, commit
/// 7f127ded65), or never.
fn wording(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    definition: &Definition,
    host: Option<&HostCpu>,
) -> PartialWording {
    let (behaviour, named) = (&endpoint.end.behaviour, facts.catalog.named());
    let mut tsx = named.hle.into_iter().chain(named.rtm);
    let lacks = match behaviour.tsx_hint {
        TsxHint::Never => false,
        TsxHint::Host => host.is_some_and(|host| tsx.any(|feature| !host.full.contains(feature))),
        TsxHint::Definition => tsx.any(|feature| !definition.describes(feature, &endpoint.end.map)),
    };
    let had_tsx = |model: &ModelId| named.had_tsx.contains(&Some(*model));
    PartialWording { words: behaviour.partial_words, without_tsx: definition.model.filter(had_tsx).filter(|_| lacks) }
}

/// Returns the refusal with its features in the order in which libvirt names them: the map's, except for what QEMU
/// reported as missing, which keeps QEMU's order and comes before what the definition requires.
pub(super) fn listed(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    given: &Definition,
    stop: &UnorderedRefusal,
) -> Refusal {
    let compat =
        facts.model(endpoint, given.model).and_then(|model| model.of_map).is_none_or(|of_map| of_map.partial_compat);
    let asks_qemu = endpoint.end.behaviour.partial_check == PartialCheck::Blockers;
    let of_qemu = asks_qemu && !compat && matches!(stop, UnorderedRefusal::PartialMissing(..));
    let in_definition = |set: FeatureSet| -> Vec<FeatureId> {
        let mut rest = set;
        std::iter::from_fn(|| given.features.first_of(rest).inspect(|feature| rest.remove(*feature))).collect()
    };
    let blockers = blockers(facts, endpoint, given.model).filter(|_| of_qemu);
    stop.listed(|set| {
        if matches!(stop, UnorderedRefusal::MsrFeatures(_)) {
            in_definition(set)
        } else if let Some(blockers) = &blockers {
            let mut list = facts.catalog.in_qemu_order(set & blockers.features, set & blockers.states);
            list.extend(in_definition(set & given.features.with(Policy::Require)));
            list
        } else {
            endpoint.end.map.in_order(set)
        }
    })
}

/// Replaces `optional` by what the host model has, since 3.3.0 the migratable one: `require` or `disable` (libvirt
/// `virCPUUpdate`, all releases; with QEMU's host since 3.2.0).
#[inline]
pub(super) fn decide_optional(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    definition: &mut Definition,
) -> Result<(), UnorderedRefusal> {
    let optional = definition.features.with(Policy::Optional);
    if optional.is_empty() { Ok(()) } else { decide_each(facts, endpoint, definition, optional) }
}

#[cold]
fn decide_each(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    definition: &mut Definition,
    optional: FeatureSet,
) -> Result<(), UnorderedRefusal> {
    if let Some(feature) = unknown(endpoint, definition, optional) {
        return Err(UnorderedRefusal::UnknownFeature(feature, Stage::UpdateCpu));
    }
    let map = &endpoint.end.map;
    // A capable host offers whatever its QEMU can give, except for ht, which host and max do not enable (no_autoenable_flags).
    let ht: FeatureSet = facts.catalog.named().ht.into_iter().collect();
    let at_best = || (endpoint.supported & endpoint.end.qemu.properties) - ht;
    // Before 3.2.0 the only host that libvirt knows is the processor (virCPUUpdate with caps->host.cpu).
    let known = |host: HostCpu| match endpoint.host_under_kvm {
        HostUnderKvm::Cpuid => host.full,
        HostUnderKvm::Qemu | HostUnderKvm::JoinedListed | HostUnderKvm::Joined => host.of_qemu,
    };
    let host = host_cpu(facts, endpoint).map_or_else(at_best, known);
    // What cannot be migrated is not in the host since 3.3.0 (commit 56bd7edcb5, virQEMUCapsGetHostModel): QEMU says what that
    // is, and where it cannot, the map (virCPUCopyMigratable).
    let not_migrated: FeatureSet = match (endpoint.end.behaviour.host_under_kvm, endpoint.host_under_kvm) {
        (HostUnderKvm::Cpuid | HostUnderKvm::Qemu, _) => FeatureSet::EMPTY,
        (HostUnderKvm::JoinedListed | HostUnderKvm::Joined, HostUnderKvm::Cpuid) => {
            let known = map.order.iter().zip(&map.features);
            known.filter(|(_, definition)| !definition.migratable).map(|(feature, _)| *feature).collect()
        }
        (HostUnderKvm::JoinedListed | HostUnderKvm::Joined, _) => facts.catalog.named().invtsc.into_iter().collect(),
    };
    for feature in map.in_order(optional) {
        let migratable = !not_migrated.contains(feature);
        let policy = if migratable && host.contains(feature) { Policy::Require } else { Policy::Disable };
        definition.features.set(feature, policy);
    }
    Ok(())
}
