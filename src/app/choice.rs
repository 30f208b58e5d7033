//! Lists what can be chosen: one row for each input of the scenario, with its values and what speaks against one.
//! A value is the scenario that choosing it gives, so that choosing needs no second description.

use crate::domain::behaviour;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, named_enum};
use crate::domain::host::Vendor;
use crate::domain::scenario::{self, LibvirtChoice, Release, Scenario, Told};

mod detail;
mod possible;
mod values;

pub use possible::{maps_of, problem};
pub use values::{Value, default_of, free_value, values};

named_enum! {
    /// One input of the scenario.
    Choice {
        /// CPU model or mode.
        Model "model",
        /// Machine type.
        Machine "machine",
        /// The feature the table is about.
        Feature "feature",
        /// What the definition says about that feature.
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
        /// The vendor the definition names.
        Vendor "vendor",
        /// Whether there is a PMU.
        Pmu "pmu",
        /// Live, or saved and restored.
        Transport "travels",
        /// libvirt at the source.
        FromLibvirt "libvirt",
        /// QEMU at the source.
        FromQemu "QEMU",
        /// The source's host.
        FromHost "host",
        /// Where the guest was begun.
        Started "started",
        /// A stop between.
        Via "via",
        /// libvirt at the destination.
        ToLibvirt "to libvirt",
        /// QEMU at the destination.
        ToQemu "to QEMU",
        /// The destination's host.
        ToHost "to host",
        /// The destination's regime.
        Regime "regime",
    }
}

/// Which part of the first screen a choice stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// The guest.
    Guest,
    /// The source.
    Source,
    /// The destination.
    Destination,
}

impl Group {
    /// Every group, from left to right.
    pub const ALL: [Self; 3] = [Self::Guest, Self::Source, Self::Destination];

    /// Returns its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Guest => "Guest",
            Self::Source => "Source",
            Self::Destination => "Destination",
        }
    }

    /// Returns its choices, from top to bottom.
    pub fn choices(self) -> Vec<Choice> {
        Choice::ALL.iter().copied().filter(|choice| choice.group() == self).collect()
    }
}

impl Choice {
    /// Returns the part of the first screen it stands in.
    pub const fn group(self) -> Group {
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

    /// Returns whether another value makes another guest, and not only another way or another question.
    pub const fn is_of_the_guest(self) -> bool {
        let of_the_guest = matches!(self.group(), Group::Guest) && !matches!(self, Self::Feature | Self::Transport);
        of_the_guest || matches!(self, Self::Started)
    }

    /// Returns what stands before its value; for the policy, that is the feature's name.
    pub fn label<'a>(self, catalog: &'a Catalog, scenario: &Scenario) -> &'a str {
        if self == Self::Policy {
            return catalog.feature_name(scenario.feature);
        }
        // Which end is meant is said by where it stands.
        self.name().trim_start_matches("to ")
    }

    /// Returns its title where it stands alone: `Destination: libvirt`.
    pub fn title(self, catalog: &Catalog, scenario: &Scenario) -> String {
        if self == Self::Policy {
            return format!("{} in the definition", catalog.feature_name(scenario.feature));
        }
        if self == Self::Feature {
            return "Feature of the table".to_owned();
        }
        format!("{}: {}", self.group().title(), self.label(catalog, scenario))
    }
}

/// How one choice stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChoiceState {
    /// The choice.
    pub choice: Choice,
    /// What stands before the value.
    pub label: String,
    /// The value.
    pub value: String,
    /// Why it cannot be, if it cannot.
    pub problem: Option<String>,
    /// Whether it is what nobody had to choose.
    pub is_default: bool,
}

impl ChoiceState {
    /// Returns how `choice` stands in `scenario`.
    pub fn of(choice: Choice, catalog: &Catalog, scenario: &Scenario) -> Self {
        Self {
            choice,
            label: choice.label(catalog, scenario).to_owned(),
            value: shown(choice, catalog, scenario),
            problem: problem(choice, catalog, scenario),
            is_default: default_of(choice, catalog, scenario) == *scenario,
        }
    }
}

/// Returns the value of `choice` in `scenario`, as it is shown.
pub fn shown(choice: Choice, catalog: &Catalog, scenario: &Scenario) -> String {
    let word = |text: Option<&'static str>, none: &str| text.map_or_else(|| none.to_owned(), str::to_owned);
    match choice {
        Choice::Model => scenario.cpu_name(catalog).to_owned(),
        Choice::Machine => scenario::write_machine(catalog, &scenario.machine),
        Choice::Feature => catalog.feature_name(scenario.feature).to_owned(),
        Choice::Policy => match scenario.features.get(scenario.feature) {
            None => "unset".to_owned(),
            Some(policy) => match policy.name() {
                "require" => "+ require".to_owned(),
                "disable" => "- disable".to_owned(),
                other => other.to_owned(),
            },
        },
        Choice::Accel => scenario.accel.name().to_owned(),
        Choice::Topology => scenario::write_topology(scenario.topology),
        Choice::Check => word(scenario.check.map(Check::name), "default"),
        Choice::Match => scenario.matching.name().to_owned(),
        Choice::Fallback => scenario.fallback.name().to_owned(),
        Choice::Vendor => word(scenario.vendor.map(Vendor::name), "unnamed"),
        Choice::Pmu => if scenario.pmu { "on" } else { "off" }.to_owned(),
        Choice::Transport => scenario.transport.name().to_owned(),
        Choice::FromLibvirt => libvirt_name(catalog, &scenario.from),
        Choice::ToLibvirt => libvirt_name(catalog, &scenario.to),
        Choice::FromQemu => qemu_name(&scenario.from),
        Choice::ToQemu => qemu_name(&scenario.to),
        Choice::FromHost => scenario::write_host(catalog, &scenario.from_host),
        Choice::ToHost => scenario::write_host(catalog, &scenario.to_host),
        Choice::Started => match &scenario.started {
            None => "at the source".to_owned(),
            Some(release) => scenario::write_release(catalog, release),
        },
        Choice::Via => match scenario.via.as_slice() {
            [] => "no stop".to_owned(),
            stops => stops.iter().map(|stop| scenario::write_release(catalog, stop)).collect::<Vec<_>>().join(", "),
        },
        Choice::Regime => word(scenario.regime.map(behaviour::Regime::name), "its own"),
    }
}

/// Returns a release's libvirt as it is shown: `old (9.0.0)`, `new`, `10.0.0-5.el9`, `?`.
pub fn libvirt_name(catalog: &Catalog, release: &Release) -> String {
    match &release.libvirt {
        LibvirtChoice::Old => "old (9.0.0)".to_owned(),
        LibvirtChoice::New => "new".to_owned(),
        LibvirtChoice::Unknown => "?".to_owned(),
        LibvirtChoice::Release(id, None) => catalog.release(*id).name.to_string(),
        LibvirtChoice::Release(id, Some(build)) => format!("{}-{build}", catalog.release(*id).name),
    }
}

/// Returns a release's QEMU as it is shown.
pub fn qemu_name(release: &Release) -> String {
    match (release.qemu.version, &release.qemu.build) {
        (Told::Unknown, _) => "?".to_owned(),
        (Told::Is(version), None) => version.to_string(),
        (Told::Is(version), Some(build)) => format!("{version}-{build}"),
    }
}

/// Returns the scenario with the value before or after the present one; values that are only for the list are passed
/// over. `None` at either end.
pub fn step(choice: Choice, catalog: &Catalog, scenario: &Scenario, forward: bool) -> Option<Scenario> {
    let all = values(choice, catalog, scenario);
    let here = all.iter().position(|value| value.scenario == *scenario)?;
    let wanted = |value: &&Value| !value.only_in_list;
    let next = if forward { all.iter().skip(here + 1).find(wanted) } else { all.iter().take(here).rev().find(wanted) };
    next.map(|value| value.scenario.clone())
}
