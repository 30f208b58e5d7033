//! Compares the CPU that QEMU built with the definition, and writes the difference into the live definition or
//! refuses it (libvirt `virCPUx86UpdateLive`, 3.2.0 and later).

use super::end::End;
use super::resolution::{QemuCpu, Refusal};
use crate::domain::behaviour::AddedExempt;
use crate::domain::definition::{Check, Definition, Policy};
use crate::domain::feature::FeatureSet;
use crate::domain::map::ModelDefinition;

/// Brings `definition` up to date with `cpu`.
///
/// # Errors
/// With check `full`, the refusal that libvirt would report.
pub(super) fn apply(end: &End<'_>, definition: &mut Definition, cpu: &QemuCpu) -> Result<(), Refusal> {
    let map = &*end.map;
    let mut known = map.known;
    if end.behaviour.filter_reported {
        known -= end.behaviour.ignored;
    }
    let (on, unavailable) = (cpu.on & known, cpu.unavailable & known);
    if end.behaviour.conflict_check
        && let Some(feature) = map.in_order(on & unavailable).first()
    {
        return Err(Refusal::Conflict(*feature));
    }
    let wanted = definition.described_by(map) & map.known;
    let disabled = definition.features.with(|policy| policy == Policy::Disable);
    // Nothing is expected of a feature that a passthrough definition does not switch off.
    let unwanted = if definition.is_passthrough() { disabled - wanted } else { map.known - wanted };
    let extra = unwanted & on;
    let missing = unavailable | (wanted - on);

    let model = definition.model.and_then(|model| map.model(model));
    let full = definition.check == Check::Full;
    let overlooked = |from: AddedExempt| {
        let exempt = full && end.behaviour.added >= from;
        let added = model.filter(|_| exempt).map(ModelDefinition::added_set).unwrap_or_default();
        added - wanted - disabled
    };
    let (reported_extra, reported_missing) = if full {
        (extra - overlooked(AddedExempt::Extra), missing - overlooked(AddedExempt::Both))
    } else {
        (FeatureSet::EMPTY, FeatureSet::EMPTY)
    };
    let (write_on, write_off) = (extra - reported_extra, missing - reported_missing);
    if !(write_on | write_off).is_empty() {
        for feature in map.order.iter().copied() {
            if write_on.contains(feature) {
                definition.features.set(feature, Policy::Require);
            }
            if write_off.contains(feature) {
                definition.features.set(feature, Policy::Disable);
            }
        }
    }
    for feature in model.map(|model| model.removed.as_slice()).unwrap_or_default() {
        definition.features.add_if_missing(*feature, Policy::Disable);
    }
    if reported_extra.is_empty() && reported_missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::FullCheck { extra: map.in_order(reported_extra), missing: map.in_order(reported_missing) })
}
