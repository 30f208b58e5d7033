//! Arranges a requirement of the guest that the source or the destination does not meet.

use super::{COMPARED, Lane, Mark, Side, Story, Wire};
use crate::domain::feature::FeatureId;
use crate::domain::scenario::{MaybeKnown, write_machine};
use crate::resolve::{Refusal, Stage, StartTrace};

impl Story<'_> {
    /// The lines for what a guest asks for and one side does not have.
    pub(super) fn requirement(&self, refusal: &Refusal, feature: Option<FeatureId>) -> (String, Vec<Lane>) {
        let name = feature.map_or("", |feature| self.catalog.feature_name(feature));
        let policy = |feature: FeatureId| {
            let definition = self.trace.effective().unwrap_or(&self.trace.start.given);
            definition
                .features
                .get(feature)
                .map_or_else(|| format!("{name}, in the model"), |p| format!("{name}={}", p.name()))
        };
        let asked = feature.map_or_else(String::new, policy);
        let machine = || format!("machine type {}", write_machine(self.catalog, &self.scenario.machine));
        let model = |model| format!("model {}", self.catalog.model_name(model));
        // What is asked for, who has it, and what the side that refuses has instead.
        let (asked, who, lack) = match refusal {
            Refusal::QemuTooOld { needed, found } => (format!("QEMU {needed} or later"), "QEMU is", found.to_string()),
            Refusal::UnknownMode(mode) => {
                (format!("mode {}", mode.name()), "libvirt has it", "no such mode".to_owned())
            }
            Refusal::UnsupportedMode(mode) => (
                format!("mode {}", mode.name()),
                "accelerator",
                format!("{} does not support it", self.scenario.accel.name()),
            ),
            Refusal::MachineType { .. } | Refusal::MachineTypeAtQemu { .. } => {
                (machine(), "QEMU has it", self.qemu_lacks("no such machine type"))
            }
            Refusal::UnknownFeature(..) => (asked, "CPU map has it", format!("{name} is not defined")),
            Refusal::MsrFeatures(_) => (asked, "QEMU reports it", self.qemu_lacks("cannot report it")),
            Refusal::UnknownModel(id) | Refusal::UnknownModelCompared(id) | Refusal::UnknownModelSent(id) => {
                (model(*id), "CPU map has it", "no such model".to_owned())
            }
            Refusal::ModelUnsupported(id) => (model(*id), "QEMU has it", self.qemu_lacks("no such model")),
            Refusal::UnknownProperty { .. } => (asked, "QEMU knows it", self.qemu_lacks("no such feature")),
            Refusal::ForbiddenFeature(_) | Refusal::PartialForbidden(..) | Refusal::Conflict(_) => {
                (asked, "host has it", format!("the host has {name}"))
            }
            Refusal::PartialStrict(..) => ("match=strict".to_owned(), "host has more", format!("the host has {name}")),
            Refusal::PartialMissing(..) => (asked, "host supports it", format!("the host lacks {name}")),
            Refusal::OtherVendor(vendor, _) => {
                (format!("vendor {}", vendor.name()), "host", "another vendor".to_owned())
            }
            Refusal::VendorWithoutModel => ("<vendor>".to_owned(), "has a <model>", "no <model>".to_owned()),
            Refusal::NoInvariantTsc => ("invtsc".to_owned(), "QEMU enables it", "not supported".to_owned()),
            Refusal::NotMigrated => {
                ("migrate with detach".to_owned(), "QEMU can do it", "no longer supported".to_owned())
            }
            Refusal::NotRestored => {
                ("restore from a descriptor".to_owned(), "QEMU can do it", self.qemu_lacks("no longer supported"))
            }
            Refusal::NestedNotSent => ("vmx".to_owned(), "may be sent", "not sent".to_owned()),
            Refusal::NotSent(_) => ("invtsc, no TSC frequency".to_owned(), "may be sent", "not sent".to_owned()),
            Refusal::FullCheck { .. } => (asked, COMPARED, String::new()),
        };
        let not_sent = refusal.stage() == Stage::Send;
        let refused = |run: &StartTrace| run.refused.is_some() || not_sent;
        let mut who = self.lane(
            who,
            |run| {
                if refused(run) { Side::new(Mark::Bad, lack.clone()) } else { Side::new(Mark::Good, "the guest runs") }
            },
            (Wire::Nothing, ["", ""]),
        );
        if not_sent {
            who.sides[1] = Side::not_reached();
        }
        let at_source = self.at_start || not_sent;
        let requires = Lane {
            label: match refusal {
                Refusal::NotMigrated | Refusal::NotRestored => "libvirt asks for",
                _ => "guest requires",
            },
            sides: [
                Side::new(Mark::Required, asked.clone()),
                if at_source { Side::not_reached() } else { Side::new(Mark::Required, asked.clone()) },
            ],
            wire: if at_source { Wire::Nothing } else { Wire::Text },
            note: if at_source { "" } else { "same text" },
        };
        (name.to_owned(), vec![requires, who])
    }

    fn qemu_lacks(&self, what: &str) -> String {
        let (from, to) = self.scenario.hop(self.trace.hop);
        let release = if self.at_start { from } else { to };
        match release.qemu.version {
            MaybeKnown::Is(version) => format!("QEMU {version}: {what}"),
            MaybeKnown::Unknown => what.to_owned(),
        }
    }
}
