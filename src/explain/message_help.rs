//! Explains messages of libvirt and QEMU: the meaning of "extra" and "missing", and which releases, models and hosts
//! have the features. Messages are parsed in `input`.

use super::unspecific::Unspecific;
use crate::domain::catalog::{Catalog, Product, Provenance, ReleaseMap};
use crate::domain::feature::FeatureId;
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::names::{and_list, first_names};
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::scenario::Release;
use crate::domain::version::Version;
use crate::resolve::{Refusal, RuleId, Stage, suggested};

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
    /// QEMU's own refusal of a feature that it does not have, as it is written there.
    QemuLacksFeature(String),
    /// KVM does not accept the value of this model-specific register, or does not have it.
    SetMsr(u32),
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
            | Self::QemuLacksFeature(_)
            | Self::SetMsr(_)
            | Self::Differs(_)
            | Self::Unspecific(_) => None,
        }
    }

    /// Returns the rule whose page says most about the message, judged by the message alone and by whether a new guest was
    /// started, which nothing was sent to; `None` if no rule fits.
    pub fn rule(&self, catalog: &Catalog, at_start: bool) -> Option<RuleId> {
        match self {
            Self::Refused(Refusal::FullCheck { extra, missing }, _) if at_start => Some(match (&**extra, &**missing) {
                ([], _) => RuleId::Missing,
                (_, []) => RuleId::Extra,
                _ => RuleId::ExtraMissing,
            }),
            // The page is about names of libvirt's map; QEMU reports others in the same words.
            Self::Refused(Refusal::UnknownProperty { feature, .. }, _)
                if catalog.maps().iter().all(|map| !map.known.contains(*feature)) =>
            {
                None
            }
            Self::Refused(refusal, _) => Some(suggested_by(catalog, refusal)),
            Self::UnknownModel(_) => Some(RuleId::UnknownModel),
            Self::UnknownFeatures(_) => Some(RuleId::UnknownFeature),
            Self::QemuLacksModel(_) => Some(RuleId::ModelUnsupported),
            Self::Unspecific(what) => what.rule(),
            Self::Unsupported(..) | Self::QemuLacksFeature(_) | Self::SetMsr(_) | Self::Differs(_) => None,
        }
    }

    /// Returns whether the guest goes on after it: the reason of a failure is another message.
    pub(crate) fn is_warning(&self) -> bool {
        matches!(self, Self::Unsupported(..) | Self::Unspecific(Unspecific::TscMismatch | Unspecific::OwnQuestion))
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
            Self::Unsupported(accel, name) => unsupported(catalog, *accel, &[name]),
            Self::QemuLacksModel(name) => {
                let has = catalog.model(name).map(|model| qemu_has(catalog, model));
                vec![
                    format!("QEMU on that host does not have the model {name}, and exits."),
                    has.unwrap_or_else(|| format!("No QEMU in the facts has {name}.")),
                ]
            }
            Self::QemuLacksFeature(name) => qemu_lacks_feature(catalog, name),
            Self::SetMsr(number) => vec![set_msr(*number)],
            Self::Differs(what) => vec![
                format!("The definition given to the migration, restore or snapshot differs from the guest's own: {what}."),
                "Leave the <cpu> element as libvirt wrote it: its features and their number are part of the guest's ABI."
                    .to_owned(),
                "`virsh snapshot-revert --force` restarts QEMU with the definition of the snapshot.".to_owned(),
            ],
            Self::Unspecific(what) => vec![what.meaning().to_owned()],
        }
    }
}

/// Returns what QEMU's warnings mean that the accelerator does not support these features (`x86_cpu_filter_features`).
pub(crate) fn unsupported(catalog: &Catalog, accel: Accel, names: &[&str]) -> Vec<String> {
    let who = match accel {
        Accel::Tcg => "QEMU's TCG",
        Accel::Kvm => "KVM on this host",
    };
    let (it, the) =
        if names.len() == 1 { ("This is a warning.", "the feature") } else { ("These are warnings.", "them") };
    let mut sentences = vec![
        format!(
            "{who} does not support {}, which the model, the machine type or the definition enables.",
            and_list(names)
        ),
        format!(
            "{it} QEMU starts the guest without {the}, except with enforce. If the start or the migration failed, another \
             message has the reason; libvirt may report a feature as missing."
        ),
    ];
    if let [name] = names {
        sentences.extend(catalog.feature(name).map(|feature| who_has(catalog, feature)));
    }
    if names.iter().any(|name| name.starts_with("CPUID.0DH:EAX bit")) {
        sentences.push("The bits of leaf 0DH are XSAVE states, for which libvirt has no names.".to_owned());
    }
    sentences
}

/// What QEMU's `Property '.x' not found` and `CPU feature x not found` mean for a name that no catalog has.
fn qemu_lacks_feature(catalog: &Catalog, name: &str) -> Vec<String> {
    let mut sentences = vec![format!("QEMU on that host has no CPU feature {name}, and exits.")];
    let feature = catalog.feature(name).or_else(|| catalog.feature(&name.replace('_', "-")));
    match feature.map(|feature| (feature, catalog.feature_name(feature))) {
        Some((_, spelled)) if spelled != name => sentences.push(format!("QEMU spells it {spelled}.")),
        Some((feature, _)) => sentences.push(who_has(catalog, feature)),
        None => sentences.push(format!("No QEMU and no CPU map in the facts has {name}.")),
    }
    sentences
}

/// The registers that guests use, by number: from, to, and what they belong to (`target/i386/cpu.h` of QEMU 8.2.2, and
/// `MSR_KVM_*` of Linux).
const REGISTERS: &[(u32, u32, &str)] = &[
    (0x48, 0x49, "spec-ctrl and ibpb"),
    (0x10A, 0x10A, "arch-capabilities"),
    (0x122, 0x122, "tsx-ctrl"),
    (0x345, 0x345, "pdcm"),
    (0x480, 0x491, "vmx"),
    (0x560, 0x587, "intel-pt"),
    (0x4B56_4D00, 0x4B56_4D08, "features of KVM itself, whose names begin with kvm"),
    (0xC000_0104, 0xC000_0104, "tsc-scale, a part of svm"),
];

fn set_msr(number: u32) -> String {
    let of = REGISTERS.iter().find(|(from, to, _)| (*from..=*to).contains(&number));
    let of = of.map_or_else(String::new, |(_, _, what)| format!(", which belongs to {what}"));
    format!(
        "KVM rejected the model-specific register {number:#x}{of}, and QEMU exits. The kernel of the host does not support \
         it, or the kernel of an outer host if this one is a guest. Update that kernel, or disable the feature."
    )
}

/// Returns the rule that a refusal suggests where nothing else is known.
pub(crate) fn suggested_by(catalog: &Catalog, refusal: &Refusal) -> RuleId {
    match refusal {
        Refusal::FullCheck { extra, missing } => of_lists(catalog, extra, missing),
        Refusal::QemuTooOld { .. } => RuleId::QemuTooOld,
        Refusal::UnknownMode(_) | Refusal::UnsupportedMode(_) => RuleId::CpuMode,
        Refusal::MsrFeatures(_) => RuleId::MsrFeatures,
        Refusal::OtherVendor(..) | Refusal::VendorWithoutModel => RuleId::Vendor,
        Refusal::NoInvariantTsc | Refusal::NotSent(_) => RuleId::Invtsc,
        Refusal::NestedNotSent => RuleId::NestedVmx,
        Refusal::NotMigrated => RuleId::MigrateCommand,
        Refusal::NotRestored => RuleId::RestoreTransport,
        Refusal::MachineType { .. } | Refusal::MachineTypeAtQemu { .. } => RuleId::MachineType,
        Refusal::UnknownFeature(..) => RuleId::UnknownFeature,
        Refusal::UnknownModel(_) | Refusal::UnknownModelCompared(_) | Refusal::UnknownModelSent(_) => {
            RuleId::UnknownModel
        }
        Refusal::ModelUnsupported(_) => RuleId::ModelUnsupported,
        Refusal::ForbiddenFeature(_) => RuleId::ForbiddenFeature,
        Refusal::PartialForbidden(..) | Refusal::PartialMissing(..) => RuleId::PartialCheck,
        Refusal::PartialStrict(..) => RuleId::StrictMatch,
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
        Refusal::UnknownFeature(feature, stage) => {
            // x86ModelFromCPU: nova has the source host's CPU compared with the destination.
            let who = if *stage == Stage::StartValidate { "" } else { ", or with nova the source host's CPU," };
            let but = "but the CPU map of the libvirt that reports this does not define it.";
            with(format!("The definition{who} names {}, {but}", name(feature)), &[*feature])
        }
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
        Refusal::PartialMissing(features, _) => with(
            format!("Before the start: the definition requires {}, but the host does not support it.", list(features)),
            features,
        ),
        Refusal::PartialForbidden(features, _) | Refusal::PartialStrict(features, _) => {
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
        Refusal::OtherVendor(vendor, _) => {
            vec![format!("The definition requires a host of vendor {vendor}, but this host has a different vendor.")]
        }
        Refusal::VendorWithoutModel => {
            vec!["The definition has <vendor> and no <model>, which libvirt does not accept. Remove <vendor>.".to_owned()]
        }
        Refusal::NoInvariantTsc => {
            vec!["The definition requires invtsc, but QEMU does not enable it there. TCG does not support invtsc.".to_owned()]
        }
        Refusal::NotSent(_) => vec![
            "The guest's CPU has invtsc, and its definition has no TSC frequency. Such a guest cannot be saved or migrated; \
             it keeps running at the source."
                .to_owned(),
        ],
        Refusal::NestedNotSent => vec![
            "The guest's CPU has vmx, and QEMU 3.1 and 4.0 do not save or migrate such a guest under KVM. It keeps running \
             at the source."
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
        Refusal::UnknownMode(mode) => vec![format!("The CPU mode {} is not supported there.", mode.name())],
        // virQEMUCapsIsCPUModeSupported: a custom CPU needs a list of models, which QEMU gives for the accelerator.
        Refusal::UnsupportedMode(mode) => vec![format!(
            "The CPU mode {} is not supported there. A domain of type qemu has no host-passthrough. For one of type kvm, \
             libvirt could not ask KVM: /dev/kvm is missing, or QEMU could not open it.",
            mode.name()
        )],
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
            return before.map_or(format!("in every map since {}", release.name), |before| {
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
