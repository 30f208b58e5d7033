//! Words the tree of causes: the only place where sentences about an answer are made.
//! A headline is a fragment without a full stop; every other string is one whole sentence.

use super::cause::{Cause, Fact, causes};
use crate::domain::behaviour::Regime;
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::names::first_names;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{CpuChoice, LibvirtChoice, Release, Scenario, write_machine};
use crate::resolve::{Answer, Basis, Refusal, Stage, Verdict, WrittenBy, between_exact_maps};

/// An answer in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// What came of it: `ABORTED at the destination's full check`.
    pub headline: String,
    /// Why, one sentence each, in order.
    pub why: Vec<String>,
    /// Whether the guest would notice; where it arrives, also what was not looked at.
    pub notice: String,
    /// How sure the answer is.
    pub basis: String,
}

/// Explains an answer.
pub fn explain(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> Explanation {
    let hop = answer.trace.as_ref().map_or(0, |trace| trace.hop);
    let words = Words { catalog, scenario, hop };
    let tree = causes(catalog, scenario, answer);
    let mut why = Vec::new();
    words.walk(&tree.because, &mut why);
    Explanation {
        headline: words.headline(answer),
        why,
        notice: words.notice(answer),
        basis: basis(catalog, scenario, answer),
    }
}

/// Words one fact about one hop, counted from the source, as a sentence.
pub fn sentence(catalog: &Catalog, scenario: &Scenario, hop: usize, fact: &Fact) -> String {
    begun(Words { catalog, scenario, hop }.sentence(fact))
}

/// Returns how sentences call the libvirt of a release: `libvirt 9.0.0`, `the old libvirt (9.0.0)`.
pub fn libvirt_label(catalog: &Catalog, release: &Release) -> String {
    match &release.libvirt {
        LibvirtChoice::Old => "the old libvirt (9.0.0)".to_owned(),
        LibvirtChoice::New => "the new libvirt".to_owned(),
        LibvirtChoice::Unknown => "this libvirt".to_owned(),
        LibvirtChoice::Release(id, None) => format!("libvirt {}", catalog.release(*id).name),
        LibvirtChoice::Release(id, Some(build)) => format!("libvirt {}-{build}", catalog.release(*id).name),
    }
}

fn basis(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> String {
    let mut text = match answer.basis {
        Basis::Recorded => "recorded: a real migration of exactly this was run",
        Basis::Read => "read: the code and facts of these releases decide",
        Basis::Inferred => "inferred: not all of it was read at these releases",
        Basis::Extrapolated => "extrapolated: old releases are resolved by dated rules",
    }
    .to_owned();
    let name = |id| &*catalog.release(id).name;
    let between = answer.trace.as_ref().map(|_| between_exact_maps(catalog, scenario)).unwrap_or_default();
    for (release, lower, upper) in between {
        text.push_str(&format!("; {} is between {} and {}", name(release), name(lower), name(upper)));
    }
    text
}

/// Lets a sentence begin with a capital letter, unless with a name: libvirt is always written small.
fn begun(sentence: String) -> String {
    match sentence.strip_prefix('t').filter(|rest| rest.starts_with("he ") || rest.starts_with("his ")) {
        Some(rest) => format!("T{rest}"),
        None => sentence,
    }
}

struct Words<'a> {
    catalog: &'a Catalog,
    scenario: &'a Scenario,
    /// The hop that is spoken of.
    hop: usize,
}

impl Words<'_> {
    fn headline(&self, answer: &Answer) -> String {
        let at = |refusal: &Refusal| match refusal.stage() {
            Stage::FullCheck => "full check",
            Stage::StartValidate => "validation of the definition",
            Stage::UpdateCpu => "update of the definition",
            Stage::Qemu => "start of QEMU",
            Stage::Send => "check before sending",
        };
        match (answer.verdict, answer.refusal()) {
            (Verdict::Aborted, Some(refusal)) if refusal.stage() == Stage::Send => {
                format!("ABORTED at the source's {}", at(refusal))
            }
            (Verdict::Aborted, Some(refusal)) if self.scenario.is_stop(self.hop) => {
                format!("ABORTED on the way, at the {} of {}", at(refusal), self.to())
            }
            (Verdict::Aborted, Some(refusal)) => format!("ABORTED at the destination's {}", at(refusal)),
            (Verdict::StartRefused, Some(refusal)) => format!("START REFUSED at the source's {}", at(refusal)),
            (Verdict::Aborted, None) => "ABORTED".to_owned(),
            (Verdict::StartRefused, None) => "START REFUSED".to_owned(),
            (Verdict::Unchanged, _) => "COMPLETES, the guest's CPU is unchanged".to_owned(),
            (Verdict::Changed, _) => "COMPLETES, BUT THE GUEST'S CPU CHANGES".to_owned(),
            (Verdict::Never, _) => "NEVER HAPPENS".to_owned(),
            (Verdict::Depends, _) => {
                let inputs: Vec<&str> = answer.depends_on.iter().map(|on| on.input.as_str()).collect();
                let either_way = answer.either_way.map(|verdict| format!("; {} either way", verdict.name()));
                format!("DEPENDS on {}{}", inputs.join(", "), either_way.unwrap_or_default())
            }
        }
    }

    fn notice(&self, answer: &Answer) -> String {
        if let Some(verdict) = answer.either_way {
            return format!("Whatever it is, the verdict is {}: only the rule or the message depends.", verdict.name());
        }
        let text = match (answer.verdict, answer.would_notice) {
            (Verdict::Depends, _) => "Whether the guest would notice depends on the same.",
            (Verdict::Aborted, None) if answer.trace.as_ref().is_some_and(|trace| trace.receiver().cpu.is_some()) => {
                "Whether the guest would have noticed depends on what is not known."
            }
            (Verdict::StartRefused, _) | (_, None) => "The guest could not notice: no second CPU was ever built.",
            (Verdict::Aborted, Some(false)) => "The guest would not have noticed: both QEMUs show it the same CPU.",
            (Verdict::Aborted, Some(true)) => {
                return format!("The guest would have noticed: the {}'s QEMU gives it another CPU.", self.place());
            }
            (_, Some(false)) => "The guest does not notice.",
            (_, Some(true)) => "The guest can notice.",
        };
        let mut text = text.to_owned();
        if answer.verdict.is_completed() {
            text.push_str(" Only the CPU was looked at: other device state is not modelled.");
        }
        if answer.risk.is_some() {
            let lost: Vec<&str> = answer.lost.iter().take(3).map(|feature| self.name(*feature)).collect();
            text.push_str(&format!(" KVM may refuse to load the state of a guest that has used {}.", lost.join(", ")));
        }
        text
    }

    fn walk(&self, causes: &[Cause], sentences: &mut Vec<String>) {
        for cause in causes {
            let sentence = begun(self.sentence(&cause.fact));
            if !sentence.is_empty() && !sentences.contains(&sentence) {
                sentences.push(sentence);
            }
            self.walk(&cause.because, sentences);
        }
    }

    fn name(&self, feature: FeatureId) -> &str {
        self.catalog.feature_name(feature)
    }

    fn names(&self, features: &[FeatureId]) -> String {
        first_names(features.iter().map(|feature| self.name(*feature)), 6)
    }

    fn from(&self) -> String {
        libvirt_label(self.catalog, self.scenario.hop(self.hop).0)
    }

    fn to(&self) -> String {
        libvirt_label(self.catalog, self.scenario.hop(self.hop).1)
    }

    /// What the receiver is: the destination, or a stop on the way there.
    fn place(&self) -> &'static str {
        if self.scenario.is_stop(self.hop) { "stop" } else { "destination" }
    }

    fn model(&self) -> &str {
        match self.scenario.cpu {
            CpuChoice::Model(_) | CpuChoice::Mode(_) => self.scenario.cpu_name(self.catalog),
        }
    }

    fn machine(&self) -> String {
        write_machine(self.catalog, &self.scenario.machine)
    }

    fn giver(accel: Accel) -> &'static str {
        match accel {
            Accel::Kvm => "the host's processor and KVM",
            Accel::Tcg => "TCG, QEMU's own emulation,",
        }
    }

    fn sentence(&self, fact: &Fact) -> String {
        let (model, machine, from, to) = (self.model(), self.machine(), self.from(), self.to());
        match fact {
            Fact::Completion(_) => String::new(),
            Fact::Extra(f) => {
                format!(
                    "Extra: the {}'s QEMU gives {}, and the definition that arrived does not have it.",
                    self.place(),
                    self.names(f)
                )
            }
            Fact::Missing(f) => {
                format!(
                    "Missing: the definition that arrived has {}, and the {}'s QEMU does not give it.",
                    self.names(f),
                    self.place()
                )
            }
            Fact::Lost(f) => format!("The guest loses {}.", self.names(f)),
            Fact::Gained(f) => format!("The guest gains {}.", self.names(f)),
            Fact::MachineTurnsOn(f) => format!("Machine type {machine} turns {} on in {model}.", self.name(*f)),
            Fact::MachineLeavesOff(f) => format!("Machine type {machine} leaves {} off in {model}.", self.name(*f)),
            Fact::SourceTakesForGranted(f) => {
                format!("The map of {from} has {} in {model}, so the live definition never mentions it.", self.name(*f))
            }
            Fact::Silent(f) => format!("What arrives says nothing about {}.", self.name(*f)),
            Fact::Mentions(f, policy, by) => self.mentions(*f, policy.name(), *by),
            Fact::DestinationLost(f) => format!("The map of {to} does not have {} in {model}.", self.name(*f)),
            Fact::DestinationHas(f) => format!("The map of {to} expects {} in {model}.", self.name(*f)),
            Fact::MapsAgree(f) => format!("Both maps say the same about {} in {model}.", self.name(*f)),
            Fact::RegimeDecided(f, regime) => self.regime(*f, *regime),
            Fact::ReportsThreads(f, qemu) => format!(
                "QEMU {qemu} reports {} when several threads share a package; before 10.0 it showed the guest the same \
                 but did not report it.",
                self.names(f)
            ),
            Fact::CannotReport(f, qemu) => {
                format!("QEMU {qemu} shows the guest its threads but cannot be asked for {} by name.", self.names(f))
            }
            Fact::NotGiven(f, accel) => format!("At this end {} cannot give {}.", Self::giver(*accel), self.names(f)),
            Fact::WentWithParent(f) => format!(
                "At the source the parent of {} was filtered and left them on; here it is switched off by name, and takes \
                 them with it.",
                self.names(f)
            ),
            Fact::UnknownToSource(f) => {
                format!("{from} does not know {} and wrote nothing about it; QEMU gave it all the same.", self.names(f))
            }
            Fact::ClearedWithoutPmu(f) => {
                format!("This QEMU clears {} while the guest has no PMU; the guest never saw it.", self.name(*f))
            }
            Fact::MapDoesNotKnow(f) => format!("The map of {to} does not know {} at all.", self.name(*f)),
            Fact::SourceMapDoesNotKnow(f) => {
                format!("The map of {} does not know {} at all.", self.from(), self.name(*f))
            }
            Fact::MapHasNoModel(m) => format!("The map does not have the model {}.", self.catalog.model_name(*m)),
            Fact::QemuHasNoModel(m) => format!("This QEMU does not have the model {}.", self.catalog.model_name(*m)),
            Fact::QemuHasNoMachine => format!("This QEMU does not have the machine type {machine}."),
            Fact::QemuDoesNotKnow(f) => {
                format!("QEMU is told to switch {} on and does not know that name.", self.name(*f))
            }
            Fact::NeedsNewerQemu(v) => format!("This libvirt works with QEMU {v} and later only."),
            Fact::NoMode(mode) => format!("This libvirt does not have the CPU mode {}.", mode.name()),
            Fact::ModeNeedsKvm(mode) => {
                format!("The mode {} needs KVM; under TCG there is no host's CPU.", mode.name())
            }
            Fact::HostHasForbidden(f) => format!("The host has {}, which the definition rules out.", self.names(f)),
            Fact::CannotReportMsrs(f, qemu) => format!(
                "QEMU {qemu} cannot report whether it gives {}, and libvirt does not start a guest that names them.",
                self.names(f)
            ),
            Fact::HostHasOtherVendor(vendor) => {
                format!("The definition wants a host with a processor of {vendor}, and this one has another.")
            }
            Fact::NoInvariantTsc(accel) => {
                format!("The definition has invtsc, and {} cannot give it.", Self::giver(*accel))
            }
            Fact::NotSent => "The guest has invtsc and its definition no TSC frequency: it is neither saved nor migrated."
                .to_owned(),
            Fact::VendorChanged(before, after) => {
                format!("The guest's processor was one of {before} and is one of {after} now.")
            }
            Fact::NotCompared(mode) => {
                format!("With {} libvirt leaves the CPU to QEMU and compares nothing, at either end.", mode.name())
            }
            Fact::SameDefinition => "Both ends read the definition alike, and QEMU gives the same CPU.".to_owned(),
            Fact::SpelledOut(least, most) => {
                let features = if *most == 1 { "feature" } else { "features" };
                let count = if least == most { least.to_string() } else { format!("{least} to {most}") };
                format!("What is sent spells out {count} {features} by which the guest differs from its model.")
            }
            Fact::ChangeVaries => "What else the guest loses or gains depends on what is not known.".to_owned(),
            Fact::AlreadyRuns => {
                format!("The guest already runs under {from}: what travels is its live definition, as it was read.")
            }
            Fact::DependsOn(input) => format!("The answer depends on something that is not known: {input}."),
        }
    }

    fn mentions(&self, feature: FeatureId, policy: &str, by: Option<WrittenBy>) -> String {
        let (feature, from) = (self.name(feature), self.from());
        let who = match by {
            Some(WrittenBy::Given) if self.hop > 0 => format!("as what arrived at {from} did"),
            Some(WrittenBy::Given) => "as the guest's definition does".to_owned(),
            Some(WrittenBy::RemovedList) => {
                format!("because {from} writes down every feature removed from the model when a guest starts")
            }
            Some(WrittenBy::HostModel) => format!("because {from} puts what the host's model has in place of optional"),
            Some(WrittenBy::LiveUpdate) => {
                format!("because the live update of {from} wrote down what QEMU gave differently from the map")
            }
            Some(WrittenBy::Reconnect) => {
                "because the upgraded daemon wrote it down when it took over the guest".to_owned()
            }
            None => "as what was sent does".to_owned(),
        };
        format!("What is sent says {feature}={policy}, {who}.")
    }

    fn regime(&self, feature: FeatureId, regime: Regime) -> String {
        let (feature, to) = (self.name(feature), self.to());
        match regime {
            Regime::Nothing => format!("{to} writes nothing about a removed feature of a guest that arrives silent."),
            Regime::Disable => format!(
                "{to} switches {feature} off for a guest that arrives silent about it: the check then passes, and the guest \
                 has lost it."
            ),
            Regime::Require => {
                format!("{to} requires {feature} for a guest that arrives silent about it, and so keeps what it had.")
            }
        }
    }
}
