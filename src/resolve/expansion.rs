//! Finds the CPU that libvirt puts in place of the one in the definition when a guest starts: for host-model,
//! `match='minimum'` and `fallback='allow'`.

use super::endpoint::{Endpoint, Guest, Host};
use super::host_model::{
    HostModel, Probe, Processor, Purpose, QemuModels, decode, inferred_signature, migratable_host_model,
};
use super::partial_check;
use super::prepared_endpoint::{Expansion, Facts, PreparedEndpoint};
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Definition, Fallback, Mode, Policy};
use crate::domain::feature::FeatureSet;
use crate::domain::qemu::Accel;
use crate::domain::scenario::Transport;

/// Returns what replaces the CPU of `definition`; `None` where it stays, and where no model describes what has to be
/// described.
pub(super) fn expand<'e>(
    catalog: &'e Catalog,
    end: &'e Endpoint<'e>,
    guest: &Guest,
    definition: &Definition,
) -> Option<Expansion<'e>> {
    // virCPUTranslate, all releases: only of a named model that QEMU does not list.
    let lacks_model = definition.model.is_some_and(|model| !end.qemu.has_model(model));
    let falls_back = definition.fallback == Fallback::Allow && definition.mode == Mode::Custom && lacks_model;
    if !definition.takes_host_model() && !falls_back {
        return None;
    }
    let endpoint = PreparedEndpoint::of(catalog, end, guest, definition.model);
    let (feature, named) = (catalog.default_feature(), FeatureSet::EMPTY);
    let facts = Facts { catalog, guest, feature, named, expansion: None, transport: Transport::Live };
    let decoded = if definition.takes_host_model() {
        host_model(&facts, &endpoint)?
    } else {
        nearest_model(&facts, &endpoint, definition)?
    };
    // x86UpdateHostModel, all releases: the vendor comes with host-model only.
    let vendor = if definition.mode == Mode::HostModel { decoded.vendor } else { definition.vendor };
    let features = decoded.features.into_iter().collect();
    Some(Expansion { model: decoded.model, named: endpoint.model, vendor, features })
}

/// The host as a guest with mode host-model gets it.
fn host_model(facts: &Facts<'_>, endpoint: &PreparedEndpoint<'_>) -> Option<HostModel> {
    let (catalog, end) = (facts.catalog, endpoint.end);
    let probe = match (facts.guest.accel, end.host) {
        (Accel::Kvm, Host::Capable) => return None,
        (Accel::Kvm, Host::With { vendor, signature, .. }) => {
            let mut features = endpoint.offered_to_libvirt(facts);
            features.extend(catalog.named().hypervisor);
            Probe::kvm(catalog, &end.qemu, &Processor { vendor: Some(vendor), signature, features })
        }
        (Accel::Tcg, _) => Probe::tcg(catalog, &end.qemu),
    };
    migratable_host_model(end.libvirt(catalog), &probe)
}

/// The model that is nearest to what a definition describes, of those that QEMU has (libvirt `virCPUx86Translate`).
fn nearest_model(facts: &Facts<'_>, endpoint: &PreparedEndpoint<'_>, definition: &Definition) -> Option<HostModel> {
    let (catalog, end) = (facts.catalog, endpoint.end);
    let named = endpoint.model.as_ref()?;
    let mut definition = definition.clone();
    // virCPUx86Update comes before virCPUx86Translate: what is optional and what is removed is decided.
    partial_check::decide_optional(facts, endpoint, &mut definition).ok()?;
    for feature in &named.of_map?.removed {
        definition.features.add_if_missing(*feature, Policy::Disable);
    }
    let processor = Processor {
        vendor: end.map.vendor_of(named.id),
        signature: inferred_signature(&end.map, named.id),
        features: definition.described_by(&end.map),
    };
    let offered = match (facts.guest.accel, end.host) {
        (Accel::Tcg, _) => end.qemu.tcg_max,
        (Accel::Kvm, Host::Capable) => FeatureSet::ALL,
        (Accel::Kvm, Host::With { .. }) => endpoint.offered_to_libvirt(facts),
    };
    let models = QemuModels::of(catalog, &end.qemu, facts.guest.accel, offered);
    decode(end.libvirt(catalog), &processor, Purpose::Guest(Some(&models)), &[])
}
