//! Writes the tree of causes as sentences. No other module writes sentences about an answer. A headline is a fragment
//! without a full stop; every other string is one or two whole sentences.

use super::basis::basis;
use super::cause::{Cause, Fact, causes};
use super::message_help::machine_of_distribution;
use crate::domain::behaviour::Regime;
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::names::first_names;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{
    CpuChoice, EXAMPLE_LIBVIRT, LibvirtChoice, MachineChoice, Release, Scenario, write_machine,
};
use crate::resolve::{Answer, Refusal, Stage, TOO_MANY, Verdict, WrittenBy};

/// The explanation of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The outcome: `ABORTED at the destination's full check`.
    pub headline: String,
    /// The headline without where it happened, for displays without room: `ABORTED`.
    pub short_headline: String,
    /// What happens to the guest, as a fragment; empty if the headline says it.
    pub consequence: String,
    /// The one or two deciding reasons, for displays without room for all.
    pub cause: Vec<String>,
    /// The reasons, each before the facts that it depends on.
    pub why: Vec<String>,
    /// Whether the guest's CPU changes.
    pub guest: String,
    /// As `guest`; after a completed migration also what is not modelled.
    pub notice: String,
    /// The confidence in the answer, without a full stop.
    pub basis: String,
}

/// Returns the sentences that explain `answer`, which must be the answer to `scenario`.
pub fn explain(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> Explanation {
    let hop = answer.trace.as_ref().map_or(0, |trace| trace.hop);
    let at_start = answer.verdict == Verdict::StartRefused;
    let writer = Writer { catalog, scenario, hop, at_start };
    let tree = causes(catalog, scenario, answer);
    let mut why = Vec::new();
    writer.walk(&tree.because, &mut why);
    let guest = writer.guest(answer);
    let notice = if answer.verdict.is_completed() && answer.either_way().is_none() {
        format!("{guest} Only the CPU is checked; other device state is not modelled.")
    } else {
        guest.clone()
    };
    Explanation {
        short_headline: writer.short_headline(answer),
        headline: writer.headline(answer),
        consequence: writer.consequence(answer),
        cause: writer.cause(&tree.because),
        why,
        guest,
        notice,
        basis: basis(catalog, scenario, answer),
    }
}

/// Returns a fact as a sentence. `hop` is the migration it is about, counted from the source; `None` for the start.
pub(crate) fn sentence(catalog: &Catalog, scenario: &Scenario, hop: Option<usize>, fact: &Fact) -> String {
    capitalized(Writer { catalog, scenario, hop: hop.unwrap_or(0), at_start: hop.is_none() }.sentence(fact))
}

/// Returns the name of a release's libvirt in sentences: `libvirt 9.0.0`, `the old libvirt (9.0.0)`.
pub(crate) fn libvirt_label(catalog: &Catalog, release: &Release) -> String {
    match &release.libvirt {
        LibvirtChoice::Old => format!("the old libvirt ({EXAMPLE_LIBVIRT})"),
        LibvirtChoice::New => "the new libvirt".to_owned(),
        LibvirtChoice::Unknown => "this libvirt".to_owned(),
        LibvirtChoice::Release(..) => {
            let product = release.product.as_ref().map(|product| format!(" of {product}")).unwrap_or_default();
            format!("libvirt {}{product}", release.libvirt.name(catalog))
        }
    }
}

/// Capitalizes the first word of a sentence, but not `libvirt`.
pub(super) fn capitalized(sentence: String) -> String {
    match sentence.strip_prefix('t').filter(|rest| rest.starts_with("he ") || rest.starts_with("his ")) {
        Some(rest) => format!("T{rest}"),
        None => sentence,
    }
}

struct Writer<'a> {
    catalog: &'a Catalog,
    scenario: &'a Scenario,
    /// The migration that the sentences are about, counted from the source.
    hop: usize,
    /// Whether they are about the start at the source.
    at_start: bool,
}

impl Writer<'_> {
    fn headline(&self, answer: &Answer) -> String {
        let at = |refusal: &Refusal| match refusal.stage() {
            Stage::FullCheck => "full check",
            Stage::StartValidate => "validation of the definition",
            Stage::UpdateCpu => "update of the definition",
            Stage::Qemu => "start of QEMU",
            Stage::Send if matches!(refusal, Refusal::NotMigrated | Refusal::NestedNotSent) => "migrate command",
            Stage::Send => "check before sending",
        };
        match (answer.verdict, answer.refusal()) {
            (Verdict::Aborted, Some(refusal)) if refusal.stage() == Stage::Send => {
                format!("ABORTED at the source's {}", at(refusal))
            }
            (Verdict::Aborted, Some(refusal)) if self.scenario.is_stop(self.hop) => {
                format!("ABORTED at an intermediate host: {} of {}", at(refusal), self.to())
            }
            (Verdict::Aborted, Some(refusal)) => format!("ABORTED at the destination's {}", at(refusal)),
            (Verdict::StartRefused, Some(refusal)) => format!("START-REFUSED at the source's {}", at(refusal)),
            (Verdict::Aborted, None) => "ABORTED".to_owned(),
            (Verdict::StartRefused, None) => "START-REFUSED".to_owned(),
            (Verdict::Unchanged, _) => "COMPLETES, the guest's CPU is unchanged".to_owned(),
            (Verdict::Changed, _) => "COMPLETES, BUT THE GUEST'S CPU CHANGES".to_owned(),
            (Verdict::Never, _) => "NEVER HAPPENS".to_owned(),
            (Verdict::Depends, _) => {
                let inputs: Vec<&str> = answer.depends_on.iter().map(|on| on.input.as_str()).collect();
                format!("DEPENDS on {}", inputs.join(", "))
            }
        }
    }

    fn short_headline(&self, answer: &Answer) -> String {
        let is_sent = answer.refusal().is_some_and(|refusal| refusal.stage() != Stage::Send);
        match answer.verdict {
            Verdict::Aborted if is_sent && self.scenario.is_stop(self.hop) => {
                "ABORTED at an intermediate host".to_owned()
            }
            Verdict::Aborted => "ABORTED".to_owned(),
            _ => self.headline(answer),
        }
    }

    fn consequence(&self, answer: &Answer) -> String {
        let stays = |stop: String| format!("the guest keeps running at {stop}");
        match answer.verdict {
            Verdict::Aborted if self.hop > 0 => stays(format!("the host with {}", self.from())),
            Verdict::Aborted => stays("the source".to_owned()),
            Verdict::Changed if !answer.lost.is_empty() => format!("the guest loses {}", self.names(&answer.lost)),
            Verdict::Changed if !answer.gained.is_empty() => format!("the guest gains {}", self.names(&answer.gained)),
            Verdict::Unchanged | Verdict::Changed | Verdict::StartRefused | Verdict::Never | Verdict::Depends => {
                String::new()
            }
        }
    }

    /// The sentences of the facts that depend on no others, at most two; what the lanes show goes first.
    fn cause(&self, causes: &[Cause]) -> Vec<String> {
        fn leaves<'a>(causes: &'a [Cause], found: &mut Vec<&'a Fact>) {
            for cause in causes {
                if cause.because.is_empty() {
                    found.push(&cause.fact);
                }
                leaves(&cause.because, found);
            }
        }
        let mut facts = Vec::new();
        leaves(causes, &mut facts);
        let second = |fact: &Fact| {
            matches!(fact, Fact::MachineTurnsOn(_) | Fact::MachineLeavesOff(_) | Fact::AlreadyRuns | Fact::ChangeVaries)
        };
        let ranked = facts.iter().filter(|fact| !second(fact)).chain(facts.iter().filter(|fact| second(fact)));
        let (mut sentences, mut count) = (Vec::new(), 0);
        for fact in ranked {
            let sentence = capitalized(self.short(fact));
            let parts = sentence.matches(". ").count() + 1;
            if count > 0 && count + parts > 2 {
                break;
            }
            if !sentence.is_empty() && !sentences.contains(&sentence) {
                count += parts;
                sentences.push(sentence);
            }
        }
        sentences
    }

    /// The sentence of a fact next to lanes that name the model.
    fn short(&self, fact: &Fact) -> String {
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

    fn guest(&self, answer: &Answer) -> String {
        if let Some(verdict) = answer.either_way() {
            let lists = [("extra", &answer.extra), ("missing", &answer.missing)].into_iter();
            let named = lists.filter(|(_, list)| !list.is_empty());
            let named: Vec<_> =
                named.map(|(what, list)| format!(" In every case {what}: {}.", self.names(list))).collect();
            let named = named.concat();
            return format!("The verdict is {} in every case; only the message differs.{named}", verdict.name());
        }
        let text = match (answer.verdict, answer.would_notice) {
            (Verdict::Depends, _) if answer.completes => {
                "The migration completes in every case; it is unknown whether the guest's CPU changes."
            }
            (Verdict::Depends, _) => "So it is unknown whether the guest's CPU would change.",
            (Verdict::Aborted, None) if answer.trace.as_ref().is_some_and(|trace| trace.receiver().cpu.is_some()) => {
                "Whether the guest's CPU would have changed depends on the unknown input."
            }
            (Verdict::StartRefused, _) => "The guest was never started.",
            (_, None) => "There is no second CPU to compare.",
            (Verdict::Aborted, Some(false)) => {
                "The guest's CPU would not have changed: both QEMUs create the same CPU."
            }
            (Verdict::Aborted, Some(true)) => {
                return format!(
                    "The guest's CPU would have changed: the {}'s QEMU creates a different CPU.",
                    self.side()
                );
            }
            (_, Some(false)) => "The guest does not see a difference.",
            (_, Some(true)) => "The guest can see the difference.",
        };
        let mut text = text.to_owned();
        if answer.risk.is_some() {
            let lost: Vec<&str> = answer.lost.iter().take(3).map(|feature| self.name(*feature)).collect();
            // What is lost on the way only is not in the list.
            let used = if lost.is_empty() { "what it lost".to_owned() } else { lost.join(", ") };
            text.push_str(&format!(" KVM may refuse to load the state of a guest that has used {used}."));
        }
        text
    }

    fn walk(&self, causes: &[Cause], sentences: &mut Vec<String>) {
        for cause in causes {
            let sentence = capitalized(self.sentence(&cause.fact));
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

    /// The side that the sentences are about: the source, an intermediate stop or the destination.
    fn side(&self) -> &'static str {
        match self.at_start {
            true => "source",
            false if self.scenario.is_stop(self.hop) => "intermediate host",
            false => "destination",
        }
    }

    fn definition(&self) -> &'static str {
        if self.at_start { "definition" } else { "migrated definition" }
    }

    fn model(&self) -> &str {
        match self.scenario.cpu {
            CpuChoice::Model(_) | CpuChoice::Mode(_) | CpuChoice::Unknown => self.scenario.cpu_name(self.catalog),
        }
    }

    fn machine(&self) -> String {
        write_machine(self.catalog, &self.scenario.machine)
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each fact, as in a table")]
    fn sentence(&self, fact: &Fact) -> String {
        let (model, machine, from, to) = (self.model(), self.machine(), self.from(), self.to());
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

/// Returns why `libvirt` added a feature to a definition, as the end of a sentence.
pub(crate) fn written_by(by: WrittenBy, libvirt: &str) -> String {
    match by {
        WrittenBy::Given => "it is part of the guest's definition".to_owned(),
        WrittenBy::RemovedList => format!("{libvirt} adds every feature that was removed from the model"),
        WrittenBy::Expansion => format!("{libvirt} replaces the CPU of the definition by the model that it chose"),
        WrittenBy::HostModel => format!("{libvirt} replaces the policy optional by what the host model has"),
        WrittenBy::LiveUpdate => {
            format!("the live update of {libvirt} added what QEMU enabled or disabled differently from the CPU map")
        }
        WrittenBy::Reconnect => "the upgraded daemon added it when it reconnected to the guest".to_owned(),
    }
}
