//! Writes a fact as a sentence.

use super::super::cause::Fact;
use super::super::message_help::machine_of_distribution;
use super::{Writer, written_by};
use crate::domain::behaviour::Regime;
use crate::domain::feature::FeatureId;
use crate::domain::qemu::Accel;
use crate::domain::scenario::MachineChoice;
use crate::resolve::{TOO_MANY, WrittenBy};

impl Writer<'_> {
    /// The sentence of a fact next to lanes that name the model.
    pub(super) fn short(&self, fact: &Fact) -> String {
        match fact {
            Fact::SourceTakesForGranted(f) => {
                format!("The CPU map of {} has {}, so the definition does not mention it.", self.from(), self.name(*f))
            }
            Fact::DestinationLost(f) => format!("The CPU map of {} does not have {}.", self.to(), self.name(*f)),
            Fact::RegimeDecided(f, regime) => {
                let (feature, to) = (self.name(*f), self.to());
                let verb = match regime {
                    Regime::Nothing => "does not add",
                    Regime::Disable => "disables",
                    Regime::Require => "requires",
                };
                format!("{to} {verb} {feature} if the incoming definition does not mention it.")
            }
            _ => self.sentence(fact),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each fact, as in a table")]
    pub(super) fn sentence(&self, fact: &Fact) -> String {
        let (model, machine, from, to) = (self.model, self.machine(), self.from(), self.to());
        match fact {
            Fact::Completion(_) => String::new(),
            Fact::Extra(f) => {
                format!(
                    "Extra: the {}'s QEMU enables {}, but the {} does not contain {}.",
                    self.side(),
                    self.names(f),
                    self.definition(),
                    them(f)
                )
            }
            Fact::Missing(f) => {
                format!(
                    "Missing: the {} requires {}, but the {}'s QEMU does not enable {}.",
                    self.definition(),
                    self.names(f),
                    self.side(),
                    them(f)
                )
            }
            Fact::Lost(f) => format!("The guest loses {}.", self.names(f)),
            Fact::Gained(f) => format!("The guest gains {}.", self.names(f)),
            Fact::MachineTurnsOn(f) => format!("Machine type {machine} enables {} in {model}.", self.name(*f)),
            Fact::MachineLeavesOff(f) => {
                format!("Machine type {machine} does not enable {} in {model}.", self.name(*f))
            }
            Fact::SourceTakesForGranted(f) => {
                let feature = self.name(*f);
                format!("The CPU map of {from} has {feature} in {model}, so the live definition does not mention it.")
            }
            Fact::Silent(f) => format!("The migrated definition does not mention {}.", self.name(*f)),
            Fact::Mentions(f, policy, by) => self.mentions(*f, policy.name(), *by),
            Fact::DestinationLost(f) => format!("The CPU map of {to} does not have {} in {model}.", self.name(*f)),
            Fact::DestinationHas(f) => format!("The CPU map of {to} has {} in {model}.", self.name(*f)),
            Fact::MapsAgree(f) => format!("Both CPU maps agree on {} in {model}.", self.name(*f)),
            Fact::RegimeDecided(f, regime) => self.regime(*f, *regime),
            Fact::ReportsThreads(f, qemu) => format!(
                "QEMU {qemu} reports {} if a socket has several threads. QEMU before 10.0 shows the guest the same CPU, \
                 but does not report {}.",
                self.names(f),
                them(f)
            ),
            Fact::CannotReport(f, qemu) => {
                let names = self.names(f);
                format!("QEMU {qemu} shows the guest its threads, but does not report {names} by name.")
            }
            Fact::NotGiven(f, Accel::Kvm) => {
                format!("KVM and the processor at the {} do not support {}.", self.side(), self.names(f))
            }
            Fact::NotGiven(f, Accel::Tcg) => {
                format!("QEMU's emulation (TCG) at the {} does not support {}.", self.side(), self.names(f))
            }
            Fact::WentWithParent(f) => {
                let (side, names) = (self.side(), self.names(f));
                format!(
                    "The {side}'s QEMU disables {names}, because the definition disables a feature that {names} depends \
                     on. The source's QEMU filtered out that feature, and left {names} enabled."
                )
            }
            Fact::UnknownToSource(f) => format!(
                "The CPU map of {from} does not define {}, so nothing was added to the definition. QEMU enables {} \
                 regardless.",
                self.names(f),
                them(f)
            ),
            Fact::ClearedWithoutPmu(f) => {
                format!("This QEMU disables {} if the guest has no PMU. The guest never had it.", self.name(*f))
            }
            Fact::MapDoesNotKnow(f) => format!("The CPU map of {to} does not define {}.", self.name(*f)),
            Fact::SourceMapDoesNotKnow(f) => format!("The CPU map of {from} does not define {}.", self.name(*f)),
            Fact::MapHasNoModel(m) => format!("The CPU map does not have the model {}.", self.catalog.model_name(*m)),
            Fact::QemuHasNoModel(m) => format!("This QEMU does not have the model {}.", self.catalog.model_name(*m)),
            Fact::MachineOfDistribution(machine) => machine_of_distribution(self.catalog, *machine),
            Fact::QemuHasNoMachine => format!("This QEMU does not have the machine type {machine}."),
            Fact::QemuDoesNotKnow(f, on) => {
                let (does, name) = (if *on { "enables" } else { "disables" }, self.name(*f));
                format!("libvirt {does} {name} on QEMU's command line, but this QEMU has no such feature.")
            }
            Fact::NeedsNewerQemu(v) => format!("This libvirt requires QEMU {v} or later."),
            Fact::NoMode(mode) => format!("This libvirt does not have the CPU mode {}.", mode.name()),
            Fact::ModeNeedsKvm(mode) => {
                format!("The CPU mode {} requires KVM: with TCG there is no host CPU.", mode.name())
            }
            Fact::HostHasForbidden(f) => {
                format!("The {}'s host has {}, which the definition does not allow.", self.side(), self.names(f))
            }
            Fact::CannotReportMsrs(f, qemu) => format!(
                "QEMU {qemu} cannot report whether it supports {}, so libvirt does not start a guest that names them.",
                self.names(f)
            ),
            Fact::HostHasOtherVendor(vendor) => {
                format!("The definition requires a host of vendor {vendor}, but this host has a different vendor.")
            }
            Fact::VendorWithoutModel => {
                "The definition has <vendor> and no <model>, which libvirt does not accept.".to_owned()
            }
            Fact::NoInvariantTsc(accel) => {
                let accelerator = match accel {
                    Accel::Kvm => "the host with KVM",
                    Accel::Tcg => "TCG",
                };
                format!("The definition requires invtsc, which {accelerator} does not support.")
            }
            Fact::NotSent => {
                "The guest has invtsc, and its definition has no TSC frequency. It cannot be saved or migrated.".to_owned()
            }
            Fact::NestedNotSent => "The guest has vmx, and QEMU 3.1 and 4.0 do not migrate such a guest under KVM.".to_owned(),
            Fact::NotMigrated => "libvirt passes the argument detach to QEMU's migrate command, which QEMU 11.1 and later \
                                  do not accept. The CPU is not the reason."
                .to_owned(),
            Fact::NotRestored(qemu) => format!(
                "{to} passes the save file to QEMU as a file descriptor (fd:), but QEMU {qemu} accepts a file only by name \
                 (file:). The CPU is not the reason."
            ),
            Fact::LostStates(f) => format!(
                "The guest no longer sees the XSAVE state of {} in CPUID leaf 0xd. The feature itself was off before.",
                self.names(f)
            ),
            Fact::GainedStates(f) => {
                format!("The guest now sees the XSAVE state of {} in CPUID leaf 0xd, which it did not see before.", self.names(f))
            }
            Fact::VendorChanged(before, after) => {
                format!("The vendor of the guest's CPU changes from {before} to {after}.")
            }
            Fact::SignatureChanged(before, after) => {
                format!("Family, model and stepping of the guest's CPU change from {before} to {after}.")
            }
            Fact::NotCompared(mode) => {
                let mode = mode.name();
                format!(
                    "In mode {mode} libvirt leaves the CPU to QEMU, and compares it neither at the source nor at the destination."
                )
            }
            Fact::SameDefinition => {
                "Source and destination read the definition in the same way, and QEMU creates the same CPU.".to_owned()
            }
            Fact::SpelledOut(least, most) => {
                let differences = if *most == 1 { "difference" } else { "differences" };
                let count = if least == most { least.to_string() } else { format!("{least} to {most}") };
                format!("The migrated definition lists {count} {differences} from the model.")
            }
            Fact::ChangeVaries => "What else the guest loses or gains depends on the unknown input.".to_owned(),
            Fact::AlreadyRuns => {
                format!("The guest already runs under {from}: its live definition is used as given.")
            }
            Fact::MessageDependsOn(input) => format!("The reason depends on the {input}."),
            Fact::DependsOn(input) => match &self.scenario.machine {
                MachineChoice::Unlisted(machine) if input == "machine type" => {
                    format!("Cannot decide: no data for machine type {machine}.")
                }
                _ if input == TOO_MANY => {
                    "Cannot decide: the unknown inputs have more combinations than this program tries. Specify some of them."
                        .to_owned()
                }
                MachineChoice::Unlisted(_) | MachineChoice::Listed(_) | MachineChoice::Unknown => {
                    format!("Cannot decide: unknown {input}.")
                }
            },
        }
    }

    fn mentions(&self, feature: FeatureId, policy: &str, by: Option<WrittenBy>) -> String {
        let (feature, from) = (self.name(feature), self.from());
        let why = match by {
            Some(WrittenBy::Given) if self.hop > 0 => format!(", as in the definition that {from} received"),
            Some(WrittenBy::Given) => ", as in the guest's definition".to_owned(),
            Some(by) => format!(": {}", written_by(by, &from)),
            None => String::new(),
        };
        format!("The migrated definition has {feature}={policy}{why}.")
    }

    fn regime(&self, feature: FeatureId, regime: Regime) -> String {
        let (feature, to) = (self.name(feature), self.to());
        let if_not = "if the incoming definition does not mention it";
        match regime {
            Regime::Nothing => format!("{to} does not add the removed feature {feature} {if_not}."),
            Regime::Disable => {
                format!(
                    "{to} disables {feature} {if_not}. The full check passes, but a guest that had {feature} loses it."
                )
            }
            Regime::Require => format!("{to} requires {feature} {if_not}, so a guest that had {feature} keeps it."),
        }
    }
}

/// The pronoun for a list of features.
fn them(features: &[FeatureId]) -> &'static str {
    if features.len() == 1 { "it" } else { "them" }
}
