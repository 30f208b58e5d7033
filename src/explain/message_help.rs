//! Explains messages of libvirt and QEMU: the meaning of "extra" and "missing", and which releases, models and hosts
//! have the features. Messages are parsed in `input`.

use crate::domain::catalog::{Catalog, Product, Provenance, ReleaseMap};
use crate::domain::definition::named_enum;
use crate::domain::feature::FeatureId;
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::names::{and_list, first_names};
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::scenario::Release;
use crate::domain::version::Version;
use crate::resolve::{Refusal, RuleId, suggested};

named_enum! {
    /// Messages that come with a failed migration and do not say which CPU feature it was.
    Unspecific {
        /// The full check without its lists.
        WithoutLists "guest CPU doesn't match specification",
        /// The comparison with the host without its reason.
        Incompatible "the CPU is incompatible with host CPU",
        /// nova's comparison before a migration.
        Unacceptable "Unacceptable CPU info",
        /// The host's vendor is not the required one.
        Vendor "CPU vendor does not match",
        /// The connection to the destination broke.
        ConnectionLost "client socket is closed",
        /// QEMU refuses to migrate.
        NonMigratable "State blocked by non-migratable CPU",
        /// The host's TSC runs at another frequency.
        TscFrequency "Requested TSC frequency",
        /// QEMU was started with `enforce`, and a feature is missing.
        Enforced "doesn't support requested features",
        /// KVM does not accept the value of a model-specific register.
        SetMsr "failed to set MSR",
        /// QEMU does not have the machine type, and does not name it.
        MachineType "unsupported machine type",
    }
}

/// The parsed content of a message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum MessageMeaning {
    /// A refusal of the resolver, and the names in the message that the catalog does not know.
    Refused(Refusal, Vec<String>),
    /// A refusal about a model that the catalog does not know.
    UnknownModel(String),
    /// A refusal about features that the catalog does not know.
    UnknownFeatures(Vec<String>),
    /// QEMU's warning that TCG or the host does not support a feature, by QEMU's name.
    Unsupported(Accel, String),
    /// QEMU's own refusal of a model that it does not have.
    QemuLacksModel(String),
    /// libvirt compares two definitions of the guest, and they differ in this.
    Differs(String),
    /// A message that does not say which feature it was.
    Unspecific(Unspecific),
}

impl MessageMeaning {
    /// Returns the refusal; `None` if a name in it is unknown.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal, strange) if strange.is_empty() => Some(refusal),
            Self::Refused(..)
            | Self::UnknownModel(_)
            | Self::UnknownFeatures(_)
            | Self::Unsupported(..)
            | Self::QemuLacksModel(_)
            | Self::Differs(_)
            | Self::Unspecific(_) => None,
        }
    }

    /// Returns the rule whose page says most about the message, judged by the message alone; `None` if no rule fits.
    pub fn rule(&self, catalog: &Catalog) -> Option<RuleId> {
        match self {
            Self::Refused(refusal, _) => Some(suggested_by(catalog, refusal)),
            Self::UnknownModel(_) => Some(RuleId::UnknownModel),
            Self::UnknownFeatures(_) => Some(RuleId::UnknownFeature),
            Self::Unsupported(..) => Some(RuleId::Missing),
            Self::QemuLacksModel(_) => Some(RuleId::ModelUnsupported),
            Self::Differs(_) => None,
            Self::Unspecific(Unspecific::TscFrequency) => Some(RuleId::Invtsc),
            Self::Unspecific(Unspecific::MachineType) => Some(RuleId::MachineType),
            Self::Unspecific(Unspecific::Incompatible | Unspecific::Unacceptable | Unspecific::Vendor) => {
                Some(RuleId::PartialCheck)
            }
            Self::Unspecific(
                Unspecific::WithoutLists
                | Unspecific::ConnectionLost
                | Unspecific::NonMigratable
                | Unspecific::Enforced
                | Unspecific::SetMsr,
            ) => None,
        }
    }

    /// Returns what the message means, one sentence each.
    pub fn meaning(&self, catalog: &Catalog) -> Vec<String> {
        match self {
            Self::Refused(refusal, strange) => {
                let mut sentences = of_refusal(catalog, refusal);
                if !strange.is_empty() {
                    sentences.push(format!("No libvirt CPU map in the facts defines {}.", strange.join(", ")));
                }
                sentences
            }
            Self::UnknownModel(name) => {
                vec![format!("No libvirt CPU map and no QEMU in the facts has the model {name}.")]
            }
            Self::UnknownFeatures(names) => {
                vec![format!("No libvirt CPU map in the facts defines {}.", names.join(", "))]
            }
            Self::Unsupported(accel, name) => {
                let who = match accel {
                    Accel::Tcg => "QEMU's TCG",
                    Accel::Kvm => "KVM on this host",
                };
                let mut sentences = vec![
                    format!("{who} does not support {name}, which the model, the machine type or the definition enables."),
                    "This is a warning: QEMU starts the guest without the feature. libvirt may then report it as missing."
                        .to_owned(),
                ];
                sentences.extend(catalog.feature(name).map(|feature| who_has(catalog, feature)));
                sentences
            }
            Self::QemuLacksModel(name) => {
                let has = catalog.model(name).map(|model| qemu_has(catalog, model));
                vec![
                    format!("QEMU on that host does not have the model {name}, and exits."),
                    has.unwrap_or_else(|| format!("No QEMU in the facts has {name}.")),
                ]
            }
            Self::Differs(what) => vec![
                format!("The definition given to the migration, restore or snapshot differs from the guest's own: {what}."),
                "Leave the <cpu> element as libvirt wrote it: its features and their number are part of the guest's ABI."
                    .to_owned(),
            ],
            Self::Unspecific(nearby) => vec![of_nearby(*nearby).to_owned()],
        }
    }
}

fn of_nearby(nearby: Unspecific) -> &'static str {
    match nearby {
        Unspecific::WithoutLists => {
            "The destination's libvirt found a difference between the CPU that QEMU built and the migrated definition. Its \
             CPU map does not define the feature; usually it is a feature of KVM itself."
        }
        Unspecific::Incompatible | Unspecific::Unacceptable => {
            "The comparison of the host with the guest's CPU failed before the migration started. Search libvirt's log at \
             the destination for \"required features\" to find the reason."
        }
        Unspecific::Vendor => {
            "The definition requires a host of a certain vendor, but the host has a different one. The guest cannot start there."
        }
        Unspecific::ConnectionLost => {
            "The source lost the connection to the destination. The reason is in the destination's log; often it is a \
             difference in the guest's CPU."
        }
        Unspecific::NonMigratable => {
            "QEMU refuses to migrate the guest, because its CPU has a feature that cannot be migrated, usually invtsc."
        }
        Unspecific::TscFrequency => {
            "The definition requires a TSC frequency. The host's TSC has a different frequency, and its processor \
             cannot scale it. The guest cannot run on this host."
        }
        Unspecific::Enforced => {
            "QEMU was started with enforce, and a feature is missing. QEMU's warnings in the preceding lines name the \
             missing features."
        }
        Unspecific::MachineType => {
            "QEMU on that host does not have the guest's machine type, and exits. Its message does not name the type; the \
             definition does, in <type machine=...>. `list machines` prints which QEMU has which."
        }
        Unspecific::SetMsr => {
            "KVM rejected the value of a model-specific register that the guest's CPU definition or saved state contains. \
             Compare processor, microcode and kernel of both hosts. Registers from 0x480 on belong to vmx."
        }
    }
}

/// Returns the rule that a refusal suggests where nothing else is known.
pub(crate) fn suggested_by(catalog: &Catalog, refusal: &Refusal) -> RuleId {
    match refusal {
        Refusal::FullCheck { extra, missing } => of_lists(catalog, extra, missing),
        Refusal::QemuTooOld { .. } => RuleId::QemuTooOld,
        Refusal::UnknownMode(_) | Refusal::UnsupportedMode(_) => RuleId::CpuMode,
        Refusal::MsrFeatures(_) => RuleId::MsrFeatures,
        Refusal::OtherVendor(_) => RuleId::Vendor,
        Refusal::NoInvariantTsc | Refusal::NotSent(_) => RuleId::Invtsc,
        Refusal::NotMigrated => RuleId::MigrateCommand,
        Refusal::NotRestored => RuleId::RestoreTransport,
        Refusal::MachineType { .. } | Refusal::MachineTypeAtQemu { .. } => RuleId::MachineType,
        Refusal::UnknownFeature(..) => RuleId::UnknownFeature,
        Refusal::UnknownModel(_) | Refusal::UnknownModelCompared(_) | Refusal::UnknownModelSent(_) => {
            RuleId::UnknownModel
        }
        Refusal::ModelUnsupported(_) => RuleId::ModelUnsupported,
        Refusal::ForbiddenFeature(_) => RuleId::ForbiddenFeature,
        Refusal::PartialForbidden(_) | Refusal::PartialMissing(_) => RuleId::PartialCheck,
        Refusal::PartialStrict(_) => RuleId::StrictMatch,
        Refusal::UnknownProperty { .. } => RuleId::UnknownProperty,
        Refusal::Conflict(_) => RuleId::Conflict,
    }
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

#[expect(clippy::too_many_lines, reason = "one arm for each refusal, as in a table")]
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
                let only = if missing.is_empty() { " Nothing is missing on that host." } else { "" };
                sentences
                    .push(format!("Extra: QEMU enabled {}, but the definition does not contain it.{only}", list(extra)));
            }
            if !missing.is_empty() {
                sentences.push(format!(
                    "Missing: the definition requires {}, but QEMU does not enable it. The host, its kernel, an outer \
                     hypervisor or the QEMU release does not support it.",
                    list(missing)
                ));
            }
            sentences.push("A guest that was migrating keeps running at the source.".to_owned());
            sentences.extend(extra.iter().chain(missing).take(MOST).map(|feature| who_has(catalog, *feature)));
            sentences
        }
        Refusal::UnknownFeature(feature, _) => with(
            format!(
                "The definition names {}, but the CPU map of the libvirt that reports this does not define it.",
                name(feature)
            ),
            &[*feature],
        ),
        Refusal::UnknownModel(model) | Refusal::UnknownModelCompared(model) | Refusal::UnknownModelSent(model) => {
            let sentence = "but the CPU map of the libvirt that reports this does not have it.";
            vec![
                format!("The definition names the model {}, {sentence}", catalog.model_name(*model)),
                has_model(catalog, *model),
            ]
        }
        Refusal::ModelUnsupported(model) => {
            let sentence = "but QEMU on that host does not have it.";
            vec![
                format!("The definition names the model {}, {sentence}", catalog.model_name(*model)),
                qemu_has(catalog, *model),
            ]
        }
        Refusal::MachineType { machine, .. } | Refusal::MachineTypeAtQemu { machine, .. } => {
            vec![format!("QEMU on that host does not have the machine type {machine}."), has_machine(catalog, machine)]
        }
        Refusal::PartialMissing(features) => with(
            format!("Before the start: the definition requires {}, but the host does not support it.", list(features)),
            features,
        ),
        Refusal::PartialForbidden(features) | Refusal::PartialStrict(features) => {
            vec![format!("Before the start: the host has {}, which the definition does not allow.", list(features))]
        }
        Refusal::ForbiddenFeature(feature) => {
            vec![format!("The host has {}, which the definition forbids.", name(feature))]
        }
        Refusal::MsrFeatures(features) => vec![format!(
            "The definition names {}, which are in model-specific registers. QEMU before 4.1 cannot report whether it \
             supports them.",
            list(features)
        )],
        Refusal::OtherVendor(vendor) => {
            vec![format!("The definition requires a host of vendor {vendor}, but this host has a different vendor.")]
        }
        Refusal::NoInvariantTsc => {
            vec!["The definition requires invtsc, but QEMU does not enable it there. TCG does not support invtsc.".to_owned()]
        }
        Refusal::NotSent(_) => vec![
            "The guest's CPU has invtsc, and its definition has no TSC frequency. Such a guest cannot be saved or migrated; \
             it keeps running at the source."
                .to_owned(),
        ],
        Refusal::NotMigrated => vec![
            "libvirt passed the argument detach to QEMU's migrate command, which QEMU 11.1 and later do not accept. The \
             guest's CPU is not the reason, and the guest keeps running. Upgrade libvirt at the source."
                .to_owned(),
        ],
        Refusal::NotRestored => vec![
            "libvirt passed the save file to QEMU as fd:, but QEMU 11.1 and later accept a file only as file:. The guest's \
             CPU is not the reason. Use a newer libvirt, or migrate the running guest."
                .to_owned(),
        ],
        Refusal::Conflict(feature) => {
            vec![format!(
                "QEMU reported {} both as enabled and as unavailable, so libvirt refuses the guest.",
                name(feature)
            )]
        }
        Refusal::UnknownProperty { feature, on, .. } => {
            let (what, name) = (if *on { "enable" } else { "disable" }, name(feature));
            with(format!("libvirt told QEMU to {what} {name}, but that QEMU has no such feature."), &[*feature])
        }
        Refusal::UnknownMode(mode) | Refusal::UnsupportedMode(mode) => {
            vec![format!("The CPU mode {} is not supported there.", mode.name())]
        }
        Refusal::QemuTooOld { needed, found } => {
            vec![format!("This libvirt requires QEMU {needed} or later, but found {found}.")]
        }
    }
}

/// How many features, models or hosts are named before the rest is only counted.
const MOST: usize = 6;

fn some_names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    first_names(names, MOST)
}

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
        format!(", removed from {} by the newest map", some_names(removed.into_iter()))
    };
    let hosts = catalog.recorded_hosts().filter(|(_, host)| host.features.contains(feature)).count();
    format!(
        "{}: defined {known}; {models} of the newest map{taken_out}; {hosts} of {} recorded hosts have it.",
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
    match id.and_then(|id| catalog.qemu_with(id)) {
        Some(releases) => have(releases, machine),
        None => match id.filter(|id| catalog.downstream().machine(*id).is_some()) {
            Some(id) => machine_of_distribution(catalog, id),
            None => format!("No QEMU release has {machine}; a distribution's QEMU may have it."),
        },
    }
}

/// Says which distributions have a machine type, and how to name one.
pub(crate) fn machine_of_distribution(catalog: &Catalog, machine: MachineId) -> String {
    let named = |mark: &str| catalog.downstream().distributions.iter().find(|d| *d.mark == *mark);
    let known = catalog.downstream().machine(machine);
    let builds = known.into_iter().flat_map(|known| known.builds.iter());
    let mut names: Vec<&str> = builds.filter_map(|(mark, ..)| Some(&*named(mark)?.name)).collect();
    names.dedup();
    let has_it = |release: Release| release.surely_has_machine(catalog, machine) == Some(true);
    let with_it = |product: &&Product| Release::parse(catalog, &product.name).is_ok_and(has_it);
    let example =
        catalog.products().iter().find(with_it).map(|product| format!(", as does a product such as {}", product.name));
    format!(
        "{} is a machine type of {}; the package version identifies the distribution{}.",
        catalog.machine_name(machine),
        and_list(&names),
        example.unwrap_or_default()
    )
}
