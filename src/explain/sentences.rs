//! Writes the tree of causes as sentences. Only this module and its parts write sentences about an answer. A headline is a
//! fragment without a full stop; every other string is one or two whole sentences.

mod fact;

use super::basis::basis;
use super::cause::{Cause, Fact, causes};
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::names::first_names;
use crate::domain::scenario::{EXAMPLE_LIBVIRT, LibvirtChoice, Release, Scenario, write_machine};
use crate::resolve::{Answer, Refusal, Stage, Verdict, WrittenBy};

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
    let writer = Writer { catalog, scenario, model: model_name(catalog, scenario, answer), hop, at_start };
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

/// Returns a fact about an answer as a sentence. `hop` is the migration it is about, counted from the source; `None` for
/// the start.
pub(crate) fn sentence(
    catalog: &Catalog,
    (scenario, answer): (&Scenario, &Answer),
    hop: Option<usize>,
    fact: &Fact,
) -> String {
    let model = model_name(catalog, scenario, answer);
    capitalized(Writer { catalog, scenario, model, hop: hop.unwrap_or(0), at_start: hop.is_none() }.sentence(fact))
}

/// Returns the name of the guest's model in sentences; where it has none or one of several, words for it.
pub(crate) fn model_name<'c>(catalog: &'c Catalog, scenario: &Scenario, answer: &Answer) -> &'c str {
    let model = answer.model(scenario).filter(|_| scenario.model().is_some() || answer.case_count() == 1);
    model.map_or("the guest's model", |model| catalog.model_name(model))
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
    model: &'a str,
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

    fn machine(&self) -> String {
        write_machine(self.catalog, &self.scenario.machine)
    }
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
