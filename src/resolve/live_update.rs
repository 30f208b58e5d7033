//! Compares the CPU that QEMU built with the definition, and writes the difference into the live definition or
//! refuses it (libvirt `virCPUx86UpdateLive`, 3.2.0 and later).

#![expect(clippy::result_large_err, reason = "a refusal is a plain value of two sets; boxing it costs an allocation")]

use super::prepared_endpoint::PreparedEndpoint;
use super::refusal::UnorderedRefusal;
use super::trace::QemuCpu;
use crate::domain::behaviour::{AddedExempt, LiveMissing};
use crate::domain::definition::{Check, Definition, Policy, PolicyStore};
use crate::domain::feature::FeatureSet;

/// Brings `definition` up to date with `cpu`.
///
/// # Errors
/// With check `full`, the refusal that libvirt would report.
pub(super) fn apply<P: PolicyStore>(
    endpoint: &PreparedEndpoint<'_>,
    definition: &mut Definition<P>,
    cpu: &QemuCpu,
) -> Result<(), UnorderedRefusal> {
    let (map, behaviour) = (&*endpoint.end.map, &endpoint.end.behaviour);
    let mut known = map.known;
    if behaviour.filter_reported {
        known -= behaviour.ignored;
    }
    let (on, unavailable) = (cpu.on & known, cpu.unavailable & known);
    // In 10.4.0, not in 9.10.0: what QEMU calls both enabled and unavailable.
    if behaviour.conflict_check
        && !(on & unavailable).is_empty()
        && let Some(feature) = map.in_order(on & unavailable).first()
    {
        return Err(UnorderedRefusal::Conflict(*feature));
    }
    let of_map = endpoint.model.as_ref().and_then(|model| model.of_map);
    let policies = definition.features.sets();
    let data = of_map.map(|model| model.data).unwrap_or_default();
    let wanted = ((data | policies.on()) - policies.off()) & map.known;
    let disabled = policies.with(Policy::Disable);
    // Nothing is expected of a feature that a passthrough definition does not switch off.
    let unwanted = if definition.is_passthrough() { disabled - wanted } else { map.known - wanted };
    let extra = unwanted & on;
    // Since 3.6.0 (commit 83e081b8ab) also what QEMU says nothing of.
    let missing = match behaviour.live_missing {
        LiveMissing::Reported => unavailable,
        LiveMissing::Absent => unavailable | (wanted - on),
    };

    // Features marked as added: 10.2.0 (commit 5fbfa5ab8a), missing ones since 10.5.0.
    let full = definition.check == Check::Full;
    let overlooked = |from: AddedExempt| match &endpoint.model {
        Some(model) if full && behaviour.added >= from && behaviour.added_explicit => model.added - wanted,
        Some(model) if full && behaviour.added >= from => model.added - wanted - disabled,
        _ => FeatureSet::EMPTY,
    };
    let (reported_extra, reported_missing) = if full {
        (extra - overlooked(AddedExempt::Extra), missing - overlooked(AddedExempt::Both))
    } else {
        (FeatureSet::EMPTY, FeatureSet::EMPTY)
    };
    if !(reported_extra | reported_missing).is_empty() {
        return Err(UnorderedRefusal::FullCheck { extra: reported_extra, missing: reported_missing });
    }
    let (write_on, write_off) = (extra, missing);
    if !(write_on | write_off).is_empty() {
        definition.features.write(&map.order, write_on, write_off);
    }
    // virCPUx86DisableRemovedFeatures at the end of the update, 6.10.0 (commit 7e0a310498).
    for feature in of_map.map(|model| model.removed.as_slice()).unwrap_or_default() {
        definition.features.add_if_missing(*feature, Policy::Disable);
    }
    Ok(())
}
