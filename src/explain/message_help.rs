//! Says what a message means that somebody else's libvirt gave: what "extra" and "missing" are, who has what, and since
//! when. A sentence is whole, with a full stop. The message itself was read elsewhere.

use crate::domain::catalog::{Catalog, Provenance, ReleaseMap};
use crate::domain::definition::named_enum;
use crate::domain::feature::FeatureId;
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::names::first_names;
use crate::domain::version::Version;
use crate::resolve::{Refusal, RuleId, suggested};

named_enum! {
    /// Messages that come with a failed migration and do not say which CPU feature it was.
    Nearby {
        /// The full check without its lists.
        WithoutLists "guest CPU doesn't match specification",
        /// The comparison with the host without its reason.
        Incompatible "the CPU is incompatible with host CPU",
        /// nova's comparison before a migration.
        Unacceptable "Unacceptable CPU info",
        /// The host's vendor is not the one asked for.
        Vendor "CPU vendor does not match",
        /// The connection to the destination broke.
        ConnectionLost "client socket is closed",
        /// QEMU refuses to migrate.
        NonMigratable "State blocked by non-migratable CPU",
        /// libvirt's comparison of two definitions.
        CheckDiffers "Target CPU check",
    }
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Spoken {
    /// A refusal the resolver knows. Names that nobody knows are left out of it and listed.
    Refused(Refusal, Vec<String>),
    /// A refusal about a model nobody knows.
    StrangeModel(String),
    /// A refusal about features nobody knows.
    StrangeFeatures(Vec<String>),
    /// A message that does not say which feature it was.
    Nearby(Nearby),
}

impl Spoken {
    /// Returns the refusal, where every name in it is known.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal, strange) if strange.is_empty() => Some(refusal),
            Self::Refused(..) | Self::StrangeModel(_) | Self::StrangeFeatures(_) | Self::Nearby(_) => None,
        }
    }

    /// Returns the rule whose page says most about the message, as far as the message alone tells.
    pub fn rule(&self, catalog: &Catalog) -> Option<RuleId> {
        match self {
            Self::Refused(refusal, _) => rule_of(catalog, refusal),
            Self::StrangeModel(_) => Some(RuleId::UnknownModel),
            Self::StrangeFeatures(_) => Some(RuleId::UnknownFeature),
            Self::Nearby(Nearby::Incompatible | Nearby::Unacceptable | Nearby::Vendor) => Some(RuleId::PartialCheck),
            Self::Nearby(
                Nearby::WithoutLists | Nearby::ConnectionLost | Nearby::NonMigratable | Nearby::CheckDiffers,
            ) => None,
        }
    }

    /// Returns what the message means, one sentence each.
    pub fn meaning(&self, catalog: &Catalog) -> Vec<String> {
        match self {
            Self::Refused(refusal, strange) => {
                let mut sentences = of_refusal(catalog, refusal);
                if !strange.is_empty() {
                    sentences.push(format!("No libvirt map in the facts knows {}.", strange.join(", ")));
                }
                sentences
            }
            Self::StrangeModel(name) => vec![format!("No libvirt map and no QEMU in the facts has the model {name}.")],
            Self::StrangeFeatures(names) => {
                vec![format!("No libvirt map in the facts knows {}.", names.join(", "))]
            }
            Self::Nearby(nearby) => vec![of_nearby(*nearby).to_owned()],
        }
    }
}

fn of_nearby(nearby: Nearby) -> &'static str {
    match nearby {
        Nearby::WithoutLists => {
            "The destination's libvirt compared the CPU that QEMU built with the definition that arrived, found a \
             difference, and had no name for it: a feature outside its CPU map, mostly one of KVM's own."
        }
        Nearby::Incompatible | Nearby::Unacceptable => {
            "The host was compared with the guest's CPU before anything was migrated, and the reason is not in this line: \
             look for \"required features\" in libvirt's log of the destination."
        }
        Nearby::Vendor => {
            "The definition names a vendor for the host, and the host has another: such a guest never starts there."
        }
        Nearby::ConnectionLost => {
            "The source only saw the destination go away; why is said in the destination's log, often a difference in the \
             guest's CPU."
        }
        Nearby::NonMigratable => {
            "QEMU refuses to migrate the guest at all, because its CPU has a feature that cannot migrate, mostly invtsc."
        }
        Nearby::CheckDiffers => {
            "A definition was given to a migration or restore that is not the guest's own: libvirt compares both, and the \
             attribute check differs; leave the <cpu> as libvirt wrote it."
        }
    }
}

fn rule_of(catalog: &Catalog, refusal: &Refusal) -> Option<RuleId> {
    Some(match refusal {
        Refusal::FullCheck { extra, missing } => of_lists(catalog, extra, missing),
        Refusal::QemuTooOld { .. } => RuleId::QemuTooOld,
        Refusal::UnknownMode(_) | Refusal::UnsupportedMode(_) => RuleId::CpuMode,
        Refusal::MsrFeatures(_) => RuleId::MsrFeatures,
        Refusal::OtherVendor(_) => RuleId::Vendor,
        Refusal::NoInvariantTsc | Refusal::NotSent(_) => RuleId::Invtsc,
        Refusal::MachineType { .. } | Refusal::MachineTypeAtQemu { .. } => RuleId::MachineType,
        Refusal::UnknownFeature(_) => RuleId::UnknownFeature,
        Refusal::UnknownModel(_) => RuleId::UnknownModel,
        Refusal::ModelUnsupported(_) => RuleId::ModelUnsupported,
        Refusal::ForbiddenFeature(_) => RuleId::ForbiddenFeature,
        Refusal::PartialForbidden(_) | Refusal::PartialMissing(_) => RuleId::PartialCheck,
        Refusal::PartialStrict(_) => RuleId::StrictMatch,
        Refusal::UnknownProperty { .. } => RuleId::UnknownProperty,
        Refusal::Conflict(_) => RuleId::Conflict,
    })
}

/// The rule that two lists alone suggest; one feature more that some map removed from a model is what T7 is about.
fn of_lists(catalog: &Catalog, extra: &[FeatureId], missing: &[FeatureId]) -> RuleId {
    let removed = |feature: &FeatureId| {
        catalog.maps().iter().flat_map(|map| map.models.iter().flatten()).any(|model| model.removed.contains(feature))
    };
    let set = |list: &[FeatureId]| list.iter().copied().collect();
    let rule = suggested(catalog.named(), set(extra), set(missing));
    let removed = rule == RuleId::Extra && extra.len() == 1 && extra.iter().all(removed);
    if removed { RuleId::T7 } else { rule }
}

fn of_refusal(catalog: &Catalog, refusal: &Refusal) -> Vec<String> {
    let list = |features: &[FeatureId]| some_names(features.iter().map(|feature| catalog.feature_name(*feature)));
    let with = |sentence: String, features: &[FeatureId]| {
        std::iter::once(sentence).chain(features.iter().take(MOST).map(|f| who_has(catalog, *f))).collect()
    };
    let name = |feature: &FeatureId| catalog.feature_name(*feature);
    match refusal {
        Refusal::FullCheck { extra, missing } => {
            let mut sentences = Vec::new();
            if !extra.is_empty() {
                sentences.push(format!(
                    "Extra: the QEMU of the libvirt that says this turned {} on, and the definition it was given does not \
                     have it; nothing is lacking there.",
                    list(extra)
                ));
            }
            if !missing.is_empty() {
                sentences.push(format!(
                    "Missing: the definition that libvirt was given has {}, and its QEMU does not turn it on: the host, \
                     its kernel, an outer hypervisor or the QEMU release does not give it.",
                    list(missing)
                ));
            }
            sentences.push("A guest that was migrating keeps running at the source.".to_owned());
            sentences.extend(extra.iter().chain(missing).take(MOST).map(|feature| who_has(catalog, *feature)));
            sentences
        }
        Refusal::UnknownFeature(feature) => with(
            format!("The definition names {}, and the CPU map of the libvirt that says this does not.", name(feature)),
            &[*feature],
        ),
        Refusal::UnknownModel(model) => {
            let sentence = "and the CPU map of the libvirt that says this does not have it.";
            vec![
                format!("The definition names the model {}, {sentence}", catalog.model_name(*model)),
                has_model(catalog, *model),
            ]
        }
        Refusal::ModelUnsupported(model) => {
            let sentence = "and the QEMU there does not have it.";
            vec![
                format!("The definition names the model {}, {sentence}", catalog.model_name(*model)),
                qemu_has(catalog, *model),
            ]
        }
        Refusal::MachineType { machine, .. } | Refusal::MachineTypeAtQemu { machine } => {
            vec![format!("The QEMU there does not have the machine type {machine}."), has_machine(catalog, machine)]
        }
        Refusal::PartialMissing(features) => with(
            format!("Before start: the definition needs {}, and the host does not give it.", list(features)),
            features,
        ),
        Refusal::PartialForbidden(features) | Refusal::PartialStrict(features) => {
            vec![format!("Before start: the host has {}, which the definition rules out.", list(features))]
        }
        Refusal::ForbiddenFeature(feature) => {
            vec![format!("The host has {}, which the definition forbids.", name(feature))]
        }
        Refusal::MsrFeatures(features) => vec![format!(
            "The definition names {}, which are in model-specific registers, and QEMU before 4.1 cannot report whether it \
             gives them.",
            list(features)
        )],
        Refusal::OtherVendor(vendor) => {
            vec![format!("The definition names the vendor {vendor} for the host, and the host has another.")]
        }
        Refusal::NoInvariantTsc => {
            vec!["The definition has invtsc, and the QEMU there does not enable it; under TCG no QEMU does.".to_owned()]
        }
        Refusal::NotSent(_) => vec![
            "The guest's CPU has invtsc, and its definition gives no TSC frequency: such a guest is not saved and not \
             migrated; it keeps running at the source."
                .to_owned(),
        ],
        Refusal::Conflict(feature) => {
            vec![format!(
                "QEMU reported {} as switched on and as unavailable; libvirt believes neither.",
                name(feature)
            )]
        }
        Refusal::UnknownProperty { feature, .. } => with(
            format!("libvirt told QEMU to switch {} on, and that QEMU does not know the name.", name(feature)),
            &[*feature],
        ),
        Refusal::UnknownMode(mode) | Refusal::UnsupportedMode(mode) => {
            vec![format!("The CPU mode {} cannot be had there.", mode.name())]
        }
        Refusal::QemuTooOld { needed, found } => {
            vec![format!("This libvirt works with QEMU {needed} and later, and found {found}.")]
        }
    }
}

/// How many features, models or hosts are named before the rest is only counted.
const MOST: usize = 6;

fn some_names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    first_names(names, MOST)
}

/// The newest map that was read.
fn newest(catalog: &Catalog) -> Option<&CpuMap> {
    catalog.libvirt_releases().iter().rev().find_map(|release| match (release.provenance, release.map) {
        (Provenance::Published, ReleaseMap::Exact(map)) => Some(&**catalog.map(map)),
        _ => None,
    })
}

/// Says since when something holds of the maps: `in every map`, `since 9.10.0 (not yet in 9.9.0)`, `in no map`. A release
/// between two that were read counts where both of its stand-in maps agree.
fn since(catalog: &Catalog, holds: impl Fn(&CpuMap) -> bool) -> String {
    let published = catalog.libvirt_releases().iter().filter(|r| r.provenance == Provenance::Published);
    let mut before = None;
    for release in published {
        let held = match release.map {
            ReleaseMap::Exact(map) => [map, map],
            ReleaseMap::Between { lower, upper } => [lower.1, upper.1],
        }
        .map(|map| holds(catalog.map(map)));
        if held == [true, true] {
            return before.map_or("in every map".to_owned(), |before| {
                format!("in the maps since {} (not yet in {before})", release.name)
            });
        }
        if held == [false, false] {
            before = Some(&*release.name);
        }
    }
    "in no map".to_owned()
}

fn who_has(catalog: &Catalog, feature: FeatureId) -> String {
    let known = since(catalog, |map| map.known.contains(feature));
    let newest = newest(catalog);
    let in_models = |holds: &dyn Fn(ModelId, &CpuMap) -> bool| -> Vec<&str> {
        let models = newest.into_iter().flat_map(|map| map.model_order.iter().map(move |model| (*model, map)));
        models.filter(|(model, map)| holds(*model, map)).map(|(model, _)| catalog.model_name(model)).collect()
    };
    let data = in_models(&|model, map| map.model(model).is_some_and(|m| m.data.contains(feature)));
    let removed = in_models(&|model, map| map.model(model).is_some_and(|m| m.removed.contains(&feature)));
    let models = match data.len() {
        0 => "in no model".to_owned(),
        1 => format!("in the model {}", data.join("")),
        count => format!("in {count} models"),
    };
    let taken_out = if removed.is_empty() {
        String::new()
    } else {
        format!(", taken out of {} by the newest map", some_names(removed.into_iter()))
    };
    let hosts = catalog.recorded_hosts().filter(|(_, host)| host.features.contains(feature)).count();
    format!(
        "{}: known {known}; {models} of the newest one{taken_out}; {hosts} of {} recorded hosts have it.",
        catalog.feature_name(feature),
        catalog.recorded_hosts().count()
    )
}

fn has_model(catalog: &Catalog, model: ModelId) -> String {
    format!("libvirt has {} {}.", catalog.model_name(model), since(catalog, |map| map.model(model).is_some()))
}

fn qemu_has(catalog: &Catalog, model: ModelId) -> String {
    let name = catalog.model_name(model);
    let having = || catalog.qemu_releases().iter().filter(|qemu| qemu.models.iter().any(|known| known.model == model));
    match (having().next(), having().next_back()) {
        (Some(first), Some(last)) => have((first.version, last.version), name),
        _ => format!("No QEMU in the facts has {name}."),
    }
}

fn have((first, last): (Version, Version), name: &str) -> String {
    if first == last { format!("QEMU {first} has {name}.") } else { format!("QEMU {first} to {last} have {name}.") }
}

fn has_machine(catalog: &Catalog, machine: &str) -> String {
    let id = catalog.machine(machine);
    let lists = |qemu: &&crate::domain::qemu::QemuFacts| qemu.machines.iter().any(|known| Some(known.machine) == id);
    let having = || catalog.qemu_releases().iter().filter(lists);
    match (having().next(), having().next_back()) {
        (Some(first), Some(last)) => have((first.version, last.version), machine),
        _ => format!("{machine} is no machine type of QEMU's own releases; a distribution's QEMU may have it."),
    }
}
