//! Lists the hosts of a source or destination, and what the processor of one may have if only KVM's features are known.

use super::{Axis, HOST, Options, Purpose, options};
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureSet;
use crate::domain::host::{CpuSignature, GivenHost, HostId, Vendor};
use crate::domain::qemu::Accel;
use crate::domain::scenario::{HostChoice, Scenario};
use crate::resolve::endpoint::Host;

/// The input of which it is not known what the silicon of a host shows beyond what KVM gives.
const SILICON: &str = "host silicon";

/// The input of which features a host has that its list does not name.
const UNLISTED: &str = "host features that its list does not name";

/// Names an input of the host at this place; of one host for all places where none is given.
fn input_of(what: &str, place: Option<&str>) -> String {
    place.map_or_else(|| what.to_owned(), |place| format!("{what} of the {place}"))
}

/// Returns the processors of a host under TCG, with which libvirt compares a definition where it does not ask QEMU for its
/// CPU (libvirt `virQEMUCapsInitHostCPUModel` of 3.1.0).
pub(super) fn processors(place: Option<&str>, axes: &mut Vec<Axis>) -> Options<Host> {
    let all = FeatureSet::ALL;
    let able = Host::With { vendor: Vendor::Amd, features: all, silicon: all, signature: None };
    let values = [("lacks what is asked for", Host::Capable), ("has what is asked for", able)];
    options(axes, &input_of(SILICON, place), values.map(|(label, host)| (label.to_owned(), host)).into())
}

/// Returns the hosts, and what the silicon may show beyond what KVM gives, where that is not known.
pub(super) fn hosts(
    catalog: &Catalog,
    scenario: &Scenario,
    host: &HostChoice,
    Purpose { wants_vmx, unshared, wanted, decodes, host: end, .. }: Purpose,
    axes: &mut Vec<Axis>,
) -> (Options<Host>, Option<Options<FeatureSet>>) {
    if scenario.accel == Accel::Tcg {
        return (Options::one(Host::Capable), None);
    }
    let input = |what: &str| input_of(what, end);
    match host {
        HostChoice::Capable => (Options::one(Host::Capable), None),
        HostChoice::Given(given) => {
            let GivenHost { vendor, features, silicon, .. } = *given;
            let unknown =
                silicon.is_none().then(|| unknown_silicon(catalog, vendor, features, (&input(SILICON), axes)));
            let silicon = silicon.unwrap_or_else(|| shown_at_least(catalog, features));
            let with = |features, signature| Host::With { vendor, features, silicon, signature };
            let open = given.unknown & wanted;
            if !decodes && open.is_empty() {
                return (Options::one(with(features, given.signature)), unknown);
            }
            let (what, all) = described(catalog, given, (open, decodes));
            let all = all.into_iter().map(|(label, features, signature)| (label, with(features, signature)));
            (options(axes, &input(what), all.collect()), unknown)
        }
        HostChoice::Listed(id) => {
            let known = catalog.host(*id);
            let silicon = match known.silicon {
                Some(_) => None,
                None => Some(unknown_silicon(catalog, known.vendor, known.features, (&input(SILICON), axes))),
            };
            let (what, all) = alternatives(catalog, *id, (wants_vmx, unshared));
            (options(axes, &input(what), all), silicon)
        }
        HostChoice::Any | HostChoice::Unknown => {
            let all = catalog
                .recorded_hosts()
                .flat_map(|(id, _)| alternatives(catalog, id, (wants_vmx, unshared)).1)
                .collect();
            (options(axes, &input(HOST), all), None)
        }
    }
}

/// What the silicon surely shows of a host of which only KVM's side is known. KVM makes `arch-capabilities` up.
fn shown_at_least(catalog: &Catalog, features: FeatureSet) -> FeatureSet {
    features - catalog.named().arch_capabilities.into_iter().collect()
}

/// What a described host may be: how an answer calls it, what KVM supports, and its signature.
type Described = (String, FeatureSet, Option<CpuSignature>);

/// Returns what a described host may be: without any and with every one of the open features, and with each signature that
/// it may have if libvirt decodes a CPU; and the name of the input.
fn described(
    catalog: &Catalog,
    given: &GivenHost,
    (open, decodes): (FeatureSet, bool),
) -> (&'static str, Vec<Described>) {
    let signatures = if decodes {
        signatures(catalog, given.vendor, given.signature)
    } else {
        vec![(String::new(), given.signature)]
    };
    if open.is_empty() {
        let all = signatures.into_iter().map(|(label, signature)| (label, given.features, signature));
        return ("host signature", all.collect());
    }
    let what = if signatures.len() == 1 { UNLISTED } else { HOST };
    let alternatives = [("without them", FeatureSet::EMPTY), ("with every one", open)];
    let each = signatures.iter().flat_map(|(of, signature)| {
        let label = |how: &str| if of.is_empty() { how.to_owned() } else { format!("{of}, {how}") };
        alternatives.map(|(how, more)| (label(how), given.features | more, *signature))
    });
    (what, each.collect())
}

/// A host that has `vmx` but was never asked about `vmx-*` may have none of them or all. So it is with features that a
/// newer QEMU names, except for those that its processor lacks.
fn alternatives(
    catalog: &Catalog,
    id: HostId,
    (wants_vmx, unshared): (bool, FeatureSet),
) -> (&'static str, Vec<(String, Host)>) {
    let host = catalog.host(id);
    let children = catalog.named().vmx_children;
    let has_vmx = catalog.named().vmx.is_some_and(|vmx| host.features.contains(vmx));
    let with = |more| Host::With {
        vendor: host.vendor,
        features: host.features | more,
        silicon: host.silicon.map_or_else(|| shown_at_least(catalog, host.features), |silicon| silicon.features),
        signature: Some(host.signature()),
    };
    let known = with(FeatureSet::EMPTY);
    let lacks = host.silicon.map(|silicon| silicon.asked - silicon.features).unwrap_or_default();
    let without_vmx = if has_vmx { FeatureSet::EMPTY } else { children };
    let newer = unshared - (host.asked | lacks | catalog.named().given_by_qemu() | without_vmx);
    let open_vmx = has_vmx && (host.asked & children).is_empty();
    let (what, [without, every], more) = if wants_vmx && open_vmx {
        ("host vmx-* features", ["vmx-*"; 2], newer | children)
    } else if newer.is_empty() {
        return ("", vec![(host.name.to_string(), known)]);
    } else {
        (UNLISTED, ["newer features", "newer feature"], newer)
    };
    let named = |how: &str, what: &str| format!("{} {how} {what}", host.name);
    (what, vec![(named("without", without), known), (named("with every", every), with(more))])
}

/// What the silicon may show of a host of which only KVM's side is known: everything that a listed processor of this
/// vendor shows, or nothing more than KVM gives. Anything between the two gives one of the two answers, or both.
///
/// `arch-capabilities` is sure of an Intel host that lists `rdctl-no`.
fn unknown_silicon(
    catalog: &Catalog,
    vendor: Vendor,
    features: FeatureSet,
    (input, axes): (&str, &mut Vec<Axis>),
) -> Options<FeatureSet> {
    let names = catalog.named();
    let of_vendor = catalog.hosts().iter().filter(|host| host.vendor == vendor);
    let known =
        of_vendor.filter_map(|host| host.silicon).fold(FeatureSet::EMPTY, |all, silicon| all | silicon.features);
    let sure = vendor == Vendor::Intel && names.rdctl_no.is_some_and(|rdctl_no| features.contains(rdctl_no));
    let least = names.arch_capabilities.into_iter().filter(|_| sure).collect();
    let values =
        vec![("has more than KVM supports".to_owned(), known | least), ("has what KVM supports".to_owned(), least)];
    options(axes, input, values)
}

/// The signatures that a host may have: the one that was told, with every stepping if that was not; else those of the
/// listed hosts of its vendor, or one that no map knows.
fn signatures(catalog: &Catalog, vendor: Vendor, told: Option<CpuSignature>) -> Vec<(String, Option<CpuSignature>)> {
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
