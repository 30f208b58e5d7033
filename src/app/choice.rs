//! Lists the settings of a scenario, each with its values and the reasons why a value is not possible.
//! A value is the whole scenario with that value set, so that no code is needed to apply it.

use crate::domain::behaviour;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, named_enum};
use crate::domain::host::Vendor;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{self, CpuChoice, EXAMPLE_LIBVIRT, HostChoice, Key, LibvirtChoice, Release, Scenario};

mod detail;
mod possible;
mod values;

pub(crate) use possible::{maps_of, problem};
pub use values::{Value, default_of, values};
use values::{candidates, only_in_list};
pub(crate) use values::{free_value, with_input};

named_enum! {
    /// One setting of the scenario, by its name in lessons. `label` is the name on the screen.
    Choice {
        /// CPU model or mode.
        Model "model",
        /// Machine type.
        Machine "machine",
        /// The feature of the decision table.
        Feature "feature",
        /// The policy of that feature in the CPU definition.
        Policy "policy",
        /// Accelerator.
        Accel "accel",
        /// Topology.
        Topology "topology",
        /// The definition's check.
        Check "check",
        /// The definition's match.
        Match "match",
        /// The definition's fallback.
        Fallback "fallback",
        /// The `<vendor>` of the definition.
        Vendor "vendor",
        /// Whether the guest has a PMU.
        Pmu "pmu",
        /// Live migration, or save and restore.
        Transport "travels",
        /// libvirt at the source.
        FromLibvirt "libvirt",
        /// QEMU at the source.
        FromQemu "QEMU",
        /// The source's host.
        FromHost "host",
        /// The libvirt release under which the guest was started.
        Started "started",
        /// An intermediate stop of the migration.
        Via "via",
        /// libvirt at the destination.
        ToLibvirt "to libvirt",
        /// QEMU at the destination.
        ToQemu "to QEMU",
        /// The destination's host.
        ToHost "to host",
        /// How the destination treats removed features that the definition does not mention.
        Regime "regime",
    }
}

/// How the settings show a host that is not named: it has every feature of the guest.
const HAS_ALL: &str = "has all it needs";

/// A pane of settings in the explorer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "`title` names each of them")]
pub enum Group {
    Guest,
    Source,
    Destination,
}

impl Group {
    /// Every pane, from left to right.
    pub(crate) const ALL: [Self; 3] = [Self::Guest, Self::Source, Self::Destination];

    /// Returns the title of the pane.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Guest => "Guest",
            Self::Source => "Source",
            Self::Destination => "Destination",
        }
    }

    /// Returns its settings, from top to bottom.
    pub(crate) fn choices(self) -> Vec<Choice> {
        Choice::ALL.iter().copied().filter(|choice| choice.group() == self).collect()
    }
}

impl Choice {
    /// Returns the pane that shows the setting.
    pub(crate) const fn group(self) -> Group {
        match self {
            Self::Model
            | Self::Machine
            | Self::Feature
            | Self::Policy
            | Self::Accel
            | Self::Topology
            | Self::Check
            | Self::Match
            | Self::Fallback
            | Self::Vendor
            | Self::Pmu
            | Self::Transport => Group::Guest,
            Self::FromLibvirt | Self::FromQemu | Self::FromHost | Self::Started | Self::Via => Group::Source,
            Self::ToLibvirt | Self::ToQemu | Self::ToHost | Self::Regime => Group::Destination,
        }
    }

    /// Returns whether the setting is displayed also with its default value.
    pub(crate) const fn is_main(self) -> bool {
        matches!(
            self,
            Self::Model
                | Self::Machine
                | Self::Policy
                | Self::FromLibvirt
                | Self::FromQemu
                | Self::FromHost
                | Self::ToLibvirt
                | Self::ToQemu
                | Self::ToHost
        )
    }

    /// Returns whether it is the host of a side.
    pub(crate) const fn is_host(self) -> bool {
        matches!(self, Self::FromHost | Self::ToHost)
    }

    /// Returns the key of a link that has the setting; `None` for the model and the policy, which have no key.
    pub(crate) const fn key(self) -> Option<Key> {
        Some(match self {
            Self::Model | Self::Policy => return None,
            Self::Machine => Key::Machine,
            Self::Feature => Key::Feature,
            Self::Accel => Key::Accel,
            Self::Topology => Key::Topology,
            Self::Check => Key::Check,
            Self::Match => Key::Match,
            Self::Fallback => Key::Fallback,
            Self::Vendor => Key::Vendor,
            Self::Pmu => Key::Pmu,
            Self::Transport => Key::Transport,
            Self::FromLibvirt | Self::FromQemu => Key::From,
            Self::FromHost => Key::FromHost,
            Self::Started => Key::Started,
            Self::Via => Key::Via,
            Self::ToLibvirt | Self::ToQemu => Key::To,
            Self::ToHost => Key::ToHost,
            Self::Regime => Key::Regime,
        })
    }

    /// Returns whether another value needs a restart of the guest.
    pub(crate) fn needs_restart(self) -> bool {
        self.key().is_none_or(Key::is_of_the_guest)
    }

    /// Returns the label before its value; for the policy, that is the name of the feature.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most settings have the label of their name")]
    pub(crate) fn label<'a>(self, catalog: &'a Catalog, scenario: &Scenario) -> &'a str {
        match self {
            Self::Policy => catalog.feature_name(scenario.feature),
            Self::Transport => "transport",
            Self::Regime => "removed",
            // The pane says which side it is.
            _ => self.name().trim_start_matches("to "),
        }
    }

    /// Returns the label with its pane: `Destination: libvirt`.
    pub(crate) fn title(self, catalog: &Catalog, scenario: &Scenario) -> String {
        if self == Self::Policy {
            return format!("{} in the definition", catalog.feature_name(scenario.feature));
        }
        if self == Self::Feature {
            return "Feature of the decision table".to_owned();
        }
        if self == Self::Regime {
            return "Destination: removed features on incoming".to_owned();
        }
        format!("{}: {}", self.group().title(), self.label(catalog, scenario))
    }
}

/// A setting with its current value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ChoiceState {
    /// The setting.
    pub(crate) choice: Choice,
    /// The label before the value.
    pub(crate) label: String,
    /// The value as it is displayed.
    pub(crate) value: String,
    /// Why the value is not possible; `None` if it is.
    pub(crate) problem: Option<String>,
    pub(crate) is_default: bool,
}

impl ChoiceState {
    /// Returns the setting as it is in `scenario`.
    pub(crate) fn of(choice: Choice, catalog: &Catalog, scenario: &Scenario) -> Self {
        Self {
            choice,
            label: choice.label(catalog, scenario).to_owned(),
            value: match choice {
                Choice::FromHost if scenario.from_host == HostChoice::Capable => HAS_ALL.to_owned(),
                Choice::ToHost if scenario.to_host == HostChoice::Capable => HAS_ALL.to_owned(),
                _ => displayed_value(choice, catalog, scenario),
            },
            problem: problem(choice, catalog, scenario),
            is_default: default_of(choice, catalog, scenario) == *scenario,
        }
    }
}

/// Returns the value of `choice` in `scenario`, as it is displayed and as lessons name it.
pub(crate) fn displayed_value(choice: Choice, catalog: &Catalog, scenario: &Scenario) -> String {
    let name = |text: Option<&'static str>, none: &str| text.map_or_else(|| none.to_owned(), str::to_owned);
    match choice {
        Choice::Model => scenario.cpu_name(catalog).to_owned(),
        Choice::Machine => {
            let name = scenario::write_machine(catalog, &scenario.machine);
            match detail::base(catalog, scenario) {
                Some(base) => format!("{name} (as {base})"),
                None => name,
            }
        }
        Choice::Feature => catalog.feature_name(scenario.feature).to_owned(),
        Choice::Policy => match scenario.features.get(scenario.feature) {
            None => "not mentioned".to_owned(),
            Some(policy) => match policy.name() {
                "require" => "+ require".to_owned(),
                "disable" => "- disable".to_owned(),
                other => other.to_owned(),
            },
        },
        Choice::Accel => scenario.accel.name().to_owned(),
        Choice::Topology => scenario::write_topology(scenario.topology),
        Choice::Check => name(scenario.check.map(Check::name), "default"),
        Choice::Match => scenario.matching.name().to_owned(),
        Choice::Fallback => scenario.fallback.name().to_owned(),
        Choice::Vendor => name(scenario.vendor.map(Vendor::name), "not named"),
        Choice::Pmu => name(scenario.pmu.map(|on| if on { "on" } else { "off" }), "default"),
        Choice::Transport => scenario.transport.name().to_owned(),
        Choice::FromLibvirt | Choice::ToLibvirt => {
            let release = if choice == Choice::FromLibvirt { &scenario.from } else { &scenario.to };
            match &release.libvirt {
                LibvirtChoice::New => format!("new ({} removed)", catalog.feature_name(scenario.feature)),
                LibvirtChoice::Old | LibvirtChoice::Unknown | LibvirtChoice::Release(..) => {
                    libvirt_name(catalog, release)
                }
            }
        }
        Choice::FromQemu => scenario.from.qemu.name(),
        Choice::ToQemu => scenario.to.qemu.name(),
        Choice::FromHost => scenario::write_host(catalog, &scenario.from_host),
        Choice::ToHost => scenario::write_host(catalog, &scenario.to_host),
        Choice::Started => match &scenario.started {
            None => "at source".to_owned(),
            Some(release) => scenario::write_release(catalog, release),
        },
        Choice::Via => match scenario.via.as_slice() {
            [] => "none".to_owned(),
            stops => stops.iter().map(|stop| scenario::write_stop(catalog, stop)).collect::<Vec<_>>().join(", "),
        },
        Choice::Regime => name(scenario.regime.map(behaviour::Regime::name), "default"),
    }
}

/// Returns whether the scenario's mode takes the CPU of a host that is not named.
pub(crate) fn needs_host(scenario: &Scenario) -> bool {
    let unnamed = [&scenario.from_host, &scenario.to_host].contains(&&HostChoice::Capable);
    matches!(scenario.cpu, CpuChoice::Mode(_)) && scenario.accel == Accel::Kvm && unnamed
}

/// Returns the libvirt of a release as it is displayed: `old (9.0.0)`, `new`, `10.0.0-5.el9`, `?`.
pub(crate) fn libvirt_name(catalog: &Catalog, release: &Release) -> String {
    if let Some(product) = release.product_label(catalog) {
        return product;
    }
    match &release.libvirt {
        LibvirtChoice::Old => format!("old ({EXAMPLE_LIBVIRT})"),
        other => other.name(catalog),
    }
}

/// Returns the scenario with the previous or next value; values that only the list offers are skipped. `None` at either
/// end of the list.
pub(crate) fn step(choice: Choice, catalog: &Catalog, scenario: &Scenario, forward: bool) -> Option<Scenario> {
    let mut all = candidates(choice, catalog, scenario);
    // A value that is none of them, as a product or a typed one, stands before them.
    let current = all.iter().position(|with| with == scenario);
    let wanted = |index: &usize| all.get(*index).is_some_and(|with| !only_in_list(choice, catalog, with));
    let next = match (forward, current) {
        (true, current) => (current.map_or(0, |current| current + 1)..all.len()).find(wanted),
        (false, current) => (0..current?).rev().find(wanted),
    };
    next.map(|index| all.swap_remove(index))
}

/// Up to this many values, Enter selects the next one; for more, it opens the list.
const FEW: usize = 5;

/// Returns the scenario with the next value, or the first after the last; `None` for a setting with many values.
pub(crate) fn next_of_few(choice: Choice, catalog: &Catalog, scenario: &Scenario) -> Option<Scenario> {
    let mut all = candidates(choice, catalog, scenario);
    if all.len() > FEW {
        return None;
    }
    step(choice, catalog, scenario, true).or_else(|| (!all.is_empty()).then(|| all.swap_remove(0)))
}
