//! Finds the CPU that libvirt puts in place of the one in the definition when a guest starts: for host-model,
//! `match='minimum'` and `fallback='allow'`.

use super::endpoint::{Endpoint, Guest, Host};
use super::host_model::{
    HostModel, Probe, Processor, Purpose, QemuModels, decode, inferred_signature, migratable_host_model,
};
use super::partial_check;
use super::prepared_endpoint::{Expansion, Facts, PreparedEndpoint, offered_to_libvirt};
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
        migratable_host_model(end.libvirt(catalog), &probe(catalog, end, guest.accel)?)?
    } else {
        nearest_model(&facts, &endpoint, definition)?
    };
    // x86UpdateHostModel, all releases: the vendor comes with host-model only.
    let vendor = if definition.mode == Mode::HostModel { decoded.vendor } else { definition.vendor };
    let features = decoded.features.into_iter().collect();
    Some(Expansion { model: decoded.model, named: endpoint.model, vendor, features })
}

/// Returns what QEMU tells libvirt at an endpoint; `None` on a host that has whatever is asked for.
pub(super) fn probe(catalog: &Catalog, end: &Endpoint<'_>, accel: Accel) -> Option<Probe> {
    match (accel, end.host) {
        (Accel::Tcg, _) => Some(Probe::tcg(catalog, &end.qemu)),
        (Accel::Kvm, Host::Capable) => None,
        (Accel::Kvm, Host::With { vendor, signature, .. }) => {
            let mut features = offered_to_libvirt(catalog, end, accel);
            features.extend(catalog.named().hypervisor);
            Some(Probe::kvm(catalog, &end.qemu, &Processor { vendor: Some(vendor), signature, features }))
        }
    }
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
    let models =
        QemuModels::of(catalog, &end.qemu, facts.guest.accel, offered_to_libvirt(catalog, end, facts.guest.accel));
    decode(end.libvirt(catalog), &processor, Purpose::Guest(Some(&models)), &[])
}
