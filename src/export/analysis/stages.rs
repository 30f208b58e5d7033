//! Says in sentences what a stage made of a feature, and who decided that. Every string is one whole sentence.

use crate::analysis::follow::{By, Seen, State, Step};
use crate::domain::catalog::Catalog;
use crate::domain::definition::Policy;
use crate::domain::feature::FeatureId;
use crate::domain::scenario::{Release, Scenario, Told};
use crate::explain::{Fact, libvirt_label, sentence};
use crate::resolve::{Answer, Origin, StartTrace, WrittenBy};

/// One feature's way, to be worded.
#[derive(Clone, Copy, Debug)]
pub struct StageWords<'a> {
    /// The facts, for names.
    pub catalog: &'a Catalog,
    /// The question.
    pub scenario: &'a Scenario,
    /// The answer.
    pub answer: &'a Answer,
    /// The feature.
    pub feature: FeatureId,
}

impl StageWords<'_> {
    /// Returns what the stage is, what it made of the feature, and whose doing that is.
    pub fn sentences(&self, seen: Seen) -> Vec<String> {
        let mut sentences = vec![self.stage(seen.step)];
        sentences.extend(self.found(seen));
        sentences.retain(|sentence| !sentence.is_empty());
        sentences
    }

    fn name(&self) -> &str {
        self.catalog.feature_name(self.feature)
    }

    fn model(&self) -> &str {
        self.scenario.cpu_name(self.catalog)
    }

    fn says(&self, step: Step, fact: &Fact) -> String {
        sentence(self.catalog, self.scenario, self.hop(step), fact)
    }

    /// The hop a stage belongs to: what was sent last and what came of it, or the start.
    fn hop(&self, step: Step) -> usize {
        match step {
            Step::Sent | Step::Received | Step::DestinationCpu | Step::FullCheck | Step::Verdict => {
                let trace = self.answer.trace.as_ref();
                trace.map_or(0, |trace| trace.migrations.len().saturating_sub(1))
            }
            Step::Definition | Step::Prepared | Step::CommandLine | Step::SourceCpu | Step::Live => 0,
        }
    }

    fn end(&self, step: Step) -> &Release {
        let (sender, receiver) = self.scenario.hop(self.hop(step));
        match step {
            Step::Received | Step::DestinationCpu | Step::FullCheck | Step::Verdict => receiver,
            Step::Definition | Step::Prepared | Step::CommandLine | Step::SourceCpu | Step::Live | Step::Sent => sender,
        }
    }

    fn run(&self, step: Step) -> Option<&StartTrace> {
        let trace = self.answer.trace.as_ref()?;
        match step {
            Step::Received | Step::DestinationCpu | Step::FullCheck | Step::Verdict => trace.destination(),
            Step::Definition | Step::Prepared | Step::CommandLine | Step::SourceCpu | Step::Live | Step::Sent => {
                Some(trace.source())
            }
        }
    }

    fn libvirt(&self, step: Step) -> String {
        libvirt_label(self.catalog, self.end(step))
    }

    fn qemu(&self, step: Step) -> String {
        match self.end(step).qemu.version {
            Told::Is(version) => format!("QEMU {version}"),
            Told::Unknown => "QEMU".to_owned(),
        }
    }

    fn stage(&self, step: Step) -> String {
        let libvirt = self.libvirt(step);
        match step {
            Step::Definition if self.scenario.running.is_some() => {
                "The definition of a guest that already runs, as it was read.".to_owned()
            }
            Step::Definition => "The CPU as the guest's definition has it.".to_owned(),
            Step::Prepared => format!("The same, as {libvirt} prepares it for the start."),
            Step::CommandLine => format!("What {libvirt} writes after -cpu when it starts QEMU."),
            Step::SourceCpu => format!("The CPU that {} builds at the source.", self.qemu(step)),
            Step::Live => format!("The definition of the running guest, as {libvirt} keeps it."),
            Step::Sent => {
                let replaced = self.run(Step::Received).is_some_and(|run| run.replaced);
                let what = if replaced { "the migration cookie, which replaces the XML" } else { "the migration XML" };
                format!("What travels: {what}.")
            }
            Step::Received => format!("What arrived, as {libvirt} prepares it for its own start."),
            Step::DestinationCpu => {
                let place = if self.scenario.is_stop(self.hop(step)) { "stop" } else { "destination" };
                format!("The CPU that {} builds at the {place}.", self.qemu(step))
            }
            Step::FullCheck => {
                format!("The CPU that QEMU built, compared by {libvirt} with the definition that arrived.")
            }
            Step::Verdict => "What the guest has in the end.".to_owned(),
        }
    }

    fn found(&self, seen: Seen) -> Vec<String> {
        let (feature, step) = (self.name(), seen.step);
        match seen.state {
            State::InModel | State::Silent | State::UnknownToMap => self.unmentioned(step, seen.state),
            State::Mention(policy) => vec![self.written(policy, seen)],
            State::Unmentioned => vec![format!("The line does not name {feature}: QEMU decides.")],
            State::Flag(on) => {
                let word = if on { "on" } else { "off" };
                vec![format!("The line has {feature}={word}, as the prepared definition asks.")]
            }
            State::On | State::Off | State::Unavailable => vec![self.built(seen)],
            State::Agrees => vec![format!("{feature} is as the definition has it.")],
            State::Extra => vec![self.says(step, &Fact::Extra(vec![self.feature])), refused()],
            State::Missing => vec![self.says(step, &Fact::Missing(vec![self.feature])), refused()],
            State::NotCompared => vec![format!("{feature} is not compared here.")],
            State::Kept => vec![format!("Nothing about {feature} has changed for the guest.")],
            State::Lost => vec![self.says(step, &Fact::Lost(vec![self.feature]))],
            State::Gained => vec![self.says(step, &Fact::Gained(vec![self.feature]))],
            State::NotReached => vec![self.never_reached(step)],
        }
    }

    fn never_reached(&self, step: Step) -> String {
        let started = self.run(Step::Live).is_some_and(|run| run.live.is_some());
        match (step, started) {
            (_, false) => "The guest never came so far: it did not start.".to_owned(),
            (Step::Verdict, true) => {
                let place = match self.hop(step) {
                    0 => "the source".to_owned(),
                    _ => format!("{}, a stop on the way,", self.libvirt(Step::Sent)),
                };
                format!("The guest never arrived; it keeps running at {place} with the {} it had.", self.name())
            }
            (_, true) => "The guest never came so far.".to_owned(),
        }
    }

    fn unmentioned(&self, step: Step, state: State) -> Vec<String> {
        let (feature, model, libvirt) = (self.name(), self.model(), self.libvirt(step));
        let f = self.feature;
        if state == State::UnknownToMap {
            return vec![format!("The map of {libvirt} does not know {feature} at all.")];
        }
        if self.scenario.model().is_none() {
            return vec![format!("Nothing is said of {feature}: the mode names no model.")];
        }
        match (step, state) {
            (Step::Live | Step::Sent, State::InModel) => vec![self.says(step, &Fact::SourceTakesForGranted(f))],
            (Step::Received, State::InModel) => {
                vec![self.says(step, &Fact::Silent(f)), self.says(step, &Fact::DestinationHas(f))]
            }
            (Step::Received, _) => {
                let regime = self.run(step).and_then(|run| run.regime(f));
                let regime = regime.map(|regime| self.says(step, &Fact::RegimeDecided(f, regime)));
                [self.says(step, &Fact::Silent(f)), self.says(step, &Fact::DestinationLost(f))]
                    .into_iter()
                    .chain(regime)
                    .collect()
            }
            (_, State::InModel) => {
                vec![format!("Nothing is said of {feature}, and the map of {libvirt} has it in {model}.")]
            }
            _ => vec![format!("Nothing is said of {feature}, and the map of {libvirt} does not have it in {model}.")],
        }
    }

    fn written(&self, policy: Policy, seen: Seen) -> String {
        let (feature, libvirt) = (self.name(), self.libvirt(seen.step));
        let by = match seen.by {
            Some(By::Written(by)) => Some(by),
            Some(By::Map | By::Qemu(_) | By::Rule(_)) | None => None,
        };
        let regime = self.run(seen.step).and_then(|run| run.regime(self.feature));
        if let (Step::Received, Some(WrittenBy::RemovedList), Some(regime)) = (seen.step, by, regime) {
            return self.says(seen.step, &Fact::RegimeDecided(self.feature, regime));
        }
        let who = match by {
            Some(WrittenBy::RemovedList) => format!(": {libvirt} writes down what was removed from the model"),
            Some(WrittenBy::HostModel) => format!(": {libvirt} puts what the host's model has in place of optional"),
            Some(WrittenBy::LiveUpdate) => {
                format!(": the live update of {libvirt} wrote down what QEMU gave differently from the map")
            }
            Some(WrittenBy::Reconnect) => ": the upgraded daemon wrote it down when it took over the guest".to_owned(),
            Some(WrittenBy::Given) | None if seen.step == Step::Received => ", as it arrived".to_owned(),
            Some(WrittenBy::Given) | None if seen.step == Step::Sent && self.hop(seen.step) > 0 => {
                format!(", as what arrived at {libvirt} did")
            }
            Some(WrittenBy::Given) | None => ", as the guest's definition does".to_owned(),
        };
        format!("It says {feature}={}{who}.", policy.name())
    }

    fn built(&self, seen: Seen) -> String {
        let (feature, model, qemu) = (self.name(), self.model(), self.qemu(seen.step));
        if self.scenario.running.is_some() && seen.step == Step::SourceCpu {
            return format!("It is read from the live definition, with the map of {}.", self.libvirt(seen.step));
        }
        let origin = match seen.by {
            Some(By::Qemu(origin)) => Some(origin),
            Some(By::Map | By::Written(_) | By::Rule(_)) | None => None,
        };
        match (seen.state == State::On, origin) {
            (true, Some(Origin::MachineType)) => self.says(seen.step, &Fact::MachineTurnsOn(self.feature)),
            (true, Some(Origin::Model)) => format!("{qemu} has {feature} in {model} under every machine type."),
            (true, Some(Origin::Accelerator)) => {
                format!("Under {} {qemu} switches {feature} on in {model}.", self.scenario.accel.name().to_uppercase())
            }
            (true, Some(Origin::Definition)) => format!("The command line switches {feature} on."),
            (true, Some(Origin::Parent)) => {
                format!("The command line switches on what {feature} belongs to, and {feature} comes with it.")
            }
            (true, Some(Origin::Host)) => format!("The CPU is the host's: everything it can give, {feature} too."),
            (true, Some(Origin::Threads)) => format!("Several threads share a package, and {qemu} reports {feature}."),
            (true, _) => format!("{qemu} gives {feature} to every guest."),
            (false, Some(Origin::Definition)) => format!("The command line switches {feature} off."),
            (false, Some(Origin::Dependency)) => {
                format!("A feature that {feature} depends on is off, and {qemu} clears it with that.")
            }
            (false, Some(Origin::Filter)) => {
                self.says(seen.step, &Fact::NotGiven(vec![self.feature], self.scenario.accel))
            }
            (false, Some(Origin::Pmu)) => self.says(seen.step, &Fact::ClearedWithoutPmu(self.feature)),
            (false, _) if self.other_machines_turn_it_on() => {
                self.says(seen.step, &Fact::MachineLeavesOff(self.feature))
            }
            (false, _) => format!("Nothing switches {feature} on."),
        }
    }

    fn other_machines_turn_it_on(&self) -> bool {
        let cells = self.scenario.model().and_then(|model| self.catalog.qemu_defaults().of(model, self.scenario.accel));
        cells.is_some_and(|cells| cells.only_on.iter().any(|(known, _)| *known == self.feature))
    }
}

fn refused() -> String {
    "libvirt refuses such a guest.".to_owned()
}
