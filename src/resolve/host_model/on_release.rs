//! Expands host-model on a release with unknowns: a release between two maps, inside the interval of a switch, or with
//! a QEMU that was not read can give several results.

use super::{Expansion, Libvirt, Probe, Processor, guest, guest_of_domcapabilities};
use crate::domain::behaviour::{Behaviour, Setting};
use crate::domain::catalog::{Catalog, LibvirtId, QemuView, ReleaseMap};
use crate::domain::definition::Policy;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::{CpuSignature, Vendor};
use crate::domain::map::{CpuMap, MapId, ModelId};
use crate::domain::package::Presence;
use crate::domain::version::Version;

/// A question: what does this libvirt make of host-model with this QEMU?
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The libvirt release.
    pub libvirt: LibvirtId,
    /// The build of its package, `3.el9`, where one is named.
    pub build: Option<&'a str>,
    /// The QEMU release.
    pub qemu: Version,
    /// The host under KVM: what KVM gives there. `None` for TCG, where the host does not matter.
    pub host: Option<&'a Processor>,
}

/// One way in which host-model may expand.
#[derive(Clone, PartialEq, Debug)]
pub struct PossibleExpansion {
    /// What has to be so: `map as in 9.0.0`, `switch untranslated: ...`, `as QEMU 8.0.0`. Empty where all is known.
    pub assumptions: Vec<String>,
    /// What a guest gets.
    pub guest: Expansion,
}

/// Returns every way in which the guest's CPU may come out, each once, the likeliest facts first: the release before, a
/// switch as before. An unknown signature or stepping is tried with every value. Empty where no model describes the
/// host.
pub fn expansions(catalog: &Catalog, request: &Request<'_>) -> Vec<PossibleExpansion> {
    let hosts: Vec<(String, Option<Processor>)> = match request.host {
        None => vec![(String::new(), None)],
        Some(host) => {
            let told = host.vendor.map(|vendor| signatures(catalog, vendor, host.signature));
            let told = told.unwrap_or_else(|| vec![(String::new(), host.signature)]);
            told.into_iter().map(|(label, signature)| (label, Some(Processor { signature, ..host.clone() }))).collect()
        }
    };
    let mut found: Vec<PossibleExpansion> = Vec::new();
    for (label, host) in &hosts {
        let request = Request { host: host.as_ref(), ..*request };
        let label = match label.as_str() {
            "" => None,
            stepping if stepping.starts_with("stepping") => Some(stepping.to_owned()),
            other => Some(format!("signature {other}")),
        };
        add_new(
            &mut found,
            label.as_ref(),
            each(catalog, &request, |libvirt, qemu| expand(catalog, libvirt, qemu, &request)),
        );
    }
    if let [only] = found.as_mut_slice() {
        only.assumptions.clear();
    }
    found
}

/// Adds those that are not known yet; a single one needs no assumption.
fn add_new(found: &mut Vec<PossibleExpansion>, label: Option<&String>, alternatives: Vec<PossibleExpansion>) {
    for mut alternative in alternatives {
        if found.iter().all(|known| known.guest.definition != alternative.guest.definition) {
            alternative.assumptions.extend(label.cloned());
            found.push(alternative);
        }
    }
}

/// Returns the same where `virsh domcapabilities` of this libvirt and QEMU already shows host-model on the host: its
/// model and vendor, and its features.
pub(crate) fn expansions_of_domcapabilities(
    catalog: &Catalog,
    request: &Request<'_>,
    described: (ModelId, Option<Vendor>),
    displayed: &[(FeatureId, Policy)],
) -> Vec<PossibleExpansion> {
    each(catalog, request, |libvirt, qemu| {
        let guest = guest_of_domcapabilities(libvirt, described, displayed, qemu.properties)?;
        Some(PossibleExpansion { assumptions: Vec::new(), guest })
    })
}

fn each(
    catalog: &Catalog,
    request: &Request<'_>,
    expand: impl Fn(Libvirt<'_>, &QemuView<'_>) -> Option<PossibleExpansion>,
) -> Vec<PossibleExpansion> {
    let mut found: Vec<PossibleExpansion> = Vec::new();
    for (map_label, map) in maps(catalog, request.libvirt) {
        for (switch_label, behaviour) in behaviours(catalog, request) {
            for (qemu_label, qemu) in qemus(catalog, request.qemu) {
                let libvirt = Libvirt { map: catalog.map(map), behaviour: &behaviour, named: catalog.named() };
                let Some(possible) = expand(libvirt, &qemu) else { continue };
                let labels = [map_label.clone(), switch_label.clone(), qemu_label];
                let assumptions: Vec<String> = labels.into_iter().flatten().collect();
                if found.iter().all(|known| known.guest.definition != possible.guest.definition) {
                    found.push(PossibleExpansion { assumptions, ..possible });
                }
            }
        }
    }
    if let [only] = found.as_mut_slice() {
        only.assumptions.clear();
    }
    found
}

/// The signatures that a host may have: the one that was told, with every stepping if that was not; else those of the
/// listed hosts of its vendor, or one that no map knows.
pub(crate) fn signatures(
    catalog: &Catalog,
    vendor: Vendor,
    told: Option<CpuSignature>,
) -> Vec<(String, Option<CpuSignature>)> {
    match told {
        Some(known @ CpuSignature { stepping: None, .. }) => {
            let of_stepping = |stepping| Some(CpuSignature { stepping: Some(stepping), ..known });
            (0..STEPPINGS).map(|stepping| (format!("stepping {stepping}"), of_stepping(stepping))).collect()
        }
        Some(_) => vec![(String::new(), told)],
        None => {
            let mut all = vec![("of no listed host".to_owned(), None)];
            for host in catalog.hosts().iter().filter(|host| host.vendor == vendor) {
                if all.iter().all(|(_, known)| *known != Some(host.signature())) {
                    all.push((format!("as of {}", host.name), Some(host.signature())));
                }
            }
            all
        }
    }
}

/// How many steppings there are: CPUID has four bits for them.
const STEPPINGS: u32 = 16;

/// Returns the features that this libvirt and this QEMU know by name and about which the host was not queried: it may
/// have them.
pub(crate) fn not_asked(map: &CpuMap, qemu: &QemuView<'_>, asked: FeatureSet) -> FeatureSet {
    (qemu.properties & map.known) - asked
}

fn expand(
    catalog: &Catalog,
    libvirt: Libvirt<'_>,
    qemu: &QemuView<'_>,
    request: &Request<'_>,
) -> Option<PossibleExpansion> {
    let probe = match request.host {
        Some(host) => Probe::kvm(catalog, qemu, host),
        None => Probe::tcg(catalog, qemu),
    };
    Some(PossibleExpansion { assumptions: Vec::new(), guest: guest(libvirt, &probe, qemu.properties)? })
}

fn maps(catalog: &Catalog, libvirt: LibvirtId) -> Vec<(Option<String>, MapId)> {
    match catalog.release(libvirt).map {
        ReleaseMap::Exact(map) => vec![(None, map)],
        ReleaseMap::Between { lower, upper } => {
            [lower, upper].map(|(id, map)| (Some(format!("map as in {}", catalog.release(id).name)), map)).into()
        }
    }
}

/// Each open switch may be as before or as after its interval, whatever the others are.
fn behaviours(catalog: &Catalog, request: &Request<'_>) -> Vec<(Option<String>, Behaviour)> {
    let version = catalog.release(request.libvirt).version;
    let (mut before, open) = catalog.behaviour(version);
    let build = request.build.and_then(|build| catalog.downstream().build(build));
    let fixes = build.into_iter().flat_map(|build| catalog.backports(version, build));
    for (fix, _) in fixes.filter(|(_, presence)| *presence == Presence::Yes) {
        for setting in &fix.settings {
            before.apply(setting);
        }
    }
    let matters = |setting: &Setting| {
        let decides = matches!(setting, Setting::Ignored(_) | Setting::Unwritten(_) | Setting::DropUnknown(_));
        setting.is_about_decoding() || decides
    };
    let open: Vec<&Setting> = open.iter().map(|(_, after)| *after).filter(|setting| matters(setting)).collect();
    let with = |chosen: usize| {
        let mut behaviour = before.clone();
        let mut names = [Vec::new(), Vec::new()];
        for (bit, setting) in open.iter().enumerate() {
            let is_after = chosen >> bit & 1;
            names[is_after].push(setting.name());
            if is_after == 1 {
                behaviour.apply(setting);
            }
        }
        let parts = names.iter().zip([" as before", " as after"]).filter(|(names, _)| !names.is_empty());
        let parts: Vec<String> = parts.map(|(names, when)| names.join(", ") + when).collect();
        (Some(parts.join(", ")).filter(|label| !label.is_empty()), behaviour)
    };
    // All before and all after first: these are shortest to say.
    let last = (1 << open.len()) - 1;
    let mixed = 1..last;
    let ends = if last == 0 { vec![0] } else { vec![0, last] };
    ends.into_iter().chain(mixed).map(with).collect()
}

fn qemus(catalog: &Catalog, version: Version) -> Vec<(Option<String>, QemuView<'_>)> {
    let label = |view: &QemuView<'_>| (view.answers != version).then(|| format!("as QEMU {}", view.answers));
    catalog.qemu_views(version).into_iter().map(|view| (label(&view), view)).collect()
}
