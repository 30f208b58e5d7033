//! Compares the CPU that QEMU built with the definition, and writes the difference into the live definition or
//! refuses it (libvirt `virCPUx86UpdateLive`, 3.2.0 and later).

#![expect(clippy::result_large_err, reason = "a refusal is a plain value of two sets; boxing it costs an allocation")]

use super::prepared_endpoint::PreparedEndpoint;
use super::refusal::UnorderedRefusal;
use super::trace::Built;
use crate::domain::behaviour::{AddedExempt, LiveMissing};
use crate::domain::definition::{Check, Definition, Policy};
use crate::domain::feature::FeatureSet;

/// Brings `definition` up to date with `cpu`. If that changes it, `before` gets what it was.
///
/// # Errors
/// With check `full`, the refusal that libvirt would report.
pub(super) fn apply(
    endpoint: &PreparedEndpoint<'_>,
    definition: &mut Definition,
    cpu: &Built,
    before: Option<&mut Option<Definition>>,
) -> Result<(), UnorderedRefusal> {
    let (map, behaviour) = (&*endpoint.end.map, &endpoint.end.behaviour);
    let mut known = map.known;
    // qemuMonitorJSONGetCPUData, 11.10.0 (commits ba16113c and 4d5c1bc2).
    if behaviour.filter_reported {
        known -= behaviour.ignored;
    }
    let (on, unavailable) = (cpu.on & known, cpu.unavailable & known);
    // virCPUx86UpdateLive of 10.4.0, not yet of 9.10.0: what QEMU calls both enabled and unavailable.
    if behaviour.conflict_check
        && !on.is_disjoint(&unavailable)
        && let Some(feature) = map.in_order(on & unavailable).first()
    {
        return Err(UnorderedRefusal::Conflict(*feature));
    }
    let model = endpoint.model.as_ref();
    let of_map = model.and_then(|model| model.of_map);
    let policies = &definition.features;
    let data = of_map.map_or(&FeatureSet::EMPTY, |model| &model.data);
    let wanted = ((*data | policies.on()) - policies.off()) & map.known;
    let disabled = policies.with(Policy::Disable);
    // Nothing is expected of a feature that a passthrough definition does not switch off.
    let unwanted = if definition.is_passthrough() { disabled - wanted } else { map.known - wanted };
    let extra = unwanted & on;
    // virCPUx86UpdateLive, 3.6.0 (commit 83e081b8ab): also features that QEMU does not mention.
    let missing = match behaviour.live_missing {
        LiveMissing::Reported => unavailable,
        LiveMissing::Absent => unavailable | (wanted - on),
    };
    if definition.check == Check::Full {
        // virCPUx86UpdateLive: an added feature may be extra since 10.2.0 (commit 5fbfa5ab8a), and missing since 10.5.0.
        let overlooked = |from: AddedExempt| match model.filter(|_| behaviour.added >= from) {
            Some(model) => model.added - wanted,
            None => FeatureSet::EMPTY,
        };
        let (extra, missing) = (extra - overlooked(AddedExempt::Extra), missing - overlooked(AddedExempt::Both));
        if !(extra | missing).is_empty() {
            return Err(UnorderedRefusal::FullCheck { extra, missing });
        }
    }
    let removed = of_map.map(|model| model.removed.as_slice()).unwrap_or_default();
    let differs = !(extra | missing).is_empty();
    let mut before = before.filter(|_| differs);
    if let Some(before) = &mut before {
        **before = Some(definition.clone());
    }
    if differs {
        definition.features.write(&map.order, extra, missing);
    }
    // virCPUx86DisableRemovedFeatures at the end of the update, 6.10.0 (commit 7e0a310498).
    for feature in removed {
        definition.features.add_if_missing(*feature, Policy::Disable);
    }
    if let Some(before) = before.filter(|before| before.as_ref() == Some(definition)) {
        *before = None;
    }
    Ok(())
}
