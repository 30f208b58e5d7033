//! Describes the state of a feature at a stage, and what decided it, in whole sentences.

use super::follow::state_word;
use crate::analysis::follow::{By, Lane, Seen, State, Step, parting};
use crate::domain::catalog::Catalog;
use crate::domain::definition::Policy;
use crate::domain::feature::FeatureId;
use crate::domain::scenario::{MaybeKnown, Release, Scenario};
use crate::explain::{Fact, libvirt_label, message, model_name, sentence, written_by};
use crate::resolve::{Answer, Origin, StartTrace, Verdict, WrittenBy};

/// The texts about one feature at each stage of a migration.
#[derive(Clone, Copy, Debug)]
pub struct StageText<'a> {
    /// The facts, for names.
    pub catalog: &'a Catalog,
    /// The question.
    pub scenario: &'a Scenario,
    /// The answer.
    pub answer: &'a Answer,
    /// The feature.
    pub feature: FeatureId,
}

impl StageText<'_> {
    /// Returns what the stage is, the state of the feature there, and what decided it.
    pub fn sentences(&self, seen: Seen) -> Vec<String> {
        let mut sentences = vec![self.stage(seen.step)];
        sentences.extend(self.found(seen));
        sentences.retain(|sentence| !sentence.is_empty());
        sentences
    }

    /// Returns what happens to the feature, in one sentence without a full stop: the heading of the drawing.
    pub(crate) fn headline(&self, seen: &[Seen], answer: &str) -> String {
        let name = self.name();
        let cpu = seen.get(Step::DestinationCpu as usize).and_then(|seen| seen.lanes.qemu);
        let cause = match (parting(seen), seen.get(Step::Received as usize).map(|seen| seen.state)) {
            (Some(Lane::Text), Some(State::Mention(policy))) => {
                format!(": the destination adds {name}={}", policy.name())
            }
            (Some(Lane::Text), _) => ": the destination changes the definition".to_owned(),
            (Some(Lane::Map), _) => ": the same definition, another CPU map".to_owned(),
            (Some(Lane::Qemu), _) => match cpu {
                Some(State::On) => ": the destination's QEMU enables it".to_owned(),
                _ => ": the destination's QEMU does not enable it".to_owned(),
            },
            (Some(Lane::Guest | Lane::Compared) | None, _) => String::new(),
        };
        let Some((index, harm)) = seen.iter().enumerate().find(|(_, seen)| seen.is_harm()) else {
            return match (self.answer.verdict, cpu) {
                (Verdict::Unchanged | Verdict::Changed, Some(cpu)) => {
                    let state = if cpu == State::On { "enabled" } else { "not enabled" };
                    format!("{name} does not change: {state} at source and destination")
                }
                (Verdict::Aborted, _) => format!("{name} is not the cause. {answer}"),
                _ => answer.to_owned(),
            };
        };
        let stage = index + 1;
        match harm.state {
            State::Lost => format!("The guest loses {name}{cause}"),
            State::Gained => format!("The guest gains {name}{cause}"),
            State::Refused => format!("{answer}, stage {stage}"),
            state => format!("{name} is {} at stage {stage}{cause}", state_word(state).to_lowercase()),
        }
    }

    fn name(&self) -> &str {
        self.catalog.feature_name(self.feature)
    }

    fn model(&self) -> &str {
        model_name(self.catalog, self.scenario, self.answer)
    }

    fn says(&self, step: Step, fact: &Fact) -> String {
        let at_start = match step {
            Step::Definition | Step::Prepared | Step::CommandLine | Step::SourceCpu => true,
            // A start that the full check refused has no live definition.
            Step::Live => self.run(step).is_some_and(|run| run.live.is_none()),
            Step::Sent | Step::Received | Step::DestinationCpu | Step::FullCheck | Step::Verdict => false,
        };
        sentence(self.catalog, (self.scenario, self.answer), (!at_start).then(|| self.hop(step)), fact)
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
            MaybeKnown::Is(version) => format!("QEMU {version}"),
            MaybeKnown::Unknown => "QEMU".to_owned(),
        }
    }

    fn stage(&self, step: Step) -> String {
        let libvirt = self.libvirt(step);
        match step {
            Step::Definition if self.scenario.running.is_some() => {
                "The definition of the running guest, as it was given.".to_owned()
            }
            Step::Definition => "The CPU definition of the guest.".to_owned(),
            Step::Prepared => format!("The same definition, as {libvirt} prepares it for the start."),
            Step::CommandLine => format!("The -cpu argument with which {libvirt} starts QEMU."),
            Step::SourceCpu => format!("The CPU that {} builds at the source.", self.qemu(step)),
            Step::Live => format!("The live definition, as {libvirt} stores it for the running guest."),
            Step::Sent => {
                let replaced = self.run(Step::Received).is_some_and(|run| run.replaced);
                let what = if replaced { "the migration cookie, which replaces the XML" } else { "the migration XML" };
                format!("The migrated definition: {what}.")
            }
            Step::Received => format!("The incoming definition, as {libvirt} prepares it for the start."),
            Step::DestinationCpu => {
                let side = if self.scenario.is_stop(self.hop(step)) { "intermediate host" } else { "destination" };
                format!("The CPU that {} builds at the {side}.", self.qemu(step))
            }
            Step::FullCheck => {
                format!("The full check: {libvirt} compares the CPU that QEMU built with the incoming definition.")
            }
            Step::Verdict => "The state of the feature in the guest after the migration.".to_owned(),
        }
    }

    fn found(&self, seen: Seen) -> Vec<String> {
        let (feature, step) = (self.name(), seen.step);
        match seen.state {
            State::InModel | State::Silent | State::NoModel | State::UnknownToMap => self.unmentioned(step, seen.state),
            State::Mention(policy) => vec![self.written(policy, seen)],
            State::Unmentioned => vec![format!("The argument does not name {feature}, so QEMU decides.")],
            State::Flag(on) => {
                let word = if on { "on" } else { "off" };
                vec![format!("The argument has {feature}={word}, as the prepared definition requires.")]
            }
            State::On | State::Off | State::Unavailable => vec![self.built(seen)],
            State::Agrees => vec![format!("{feature} is as in the definition.")],
            State::Extra => vec![self.says(step, &Fact::Extra(vec![self.feature])), refused()],
            State::Missing => vec![self.says(step, &Fact::Missing(vec![self.feature])), refused()],
            State::NotCompared => vec![format!("{feature} is not compared here.")],
            State::Kept => vec![format!("The state of {feature} did not change for the guest.")],
            State::Lost => vec![self.says(step, &Fact::Lost(vec![self.feature]))],
            State::Gained => vec![self.says(step, &Fact::Gained(vec![self.feature]))],
            State::Refused => self.answer.refusal().map_or_else(Vec::new, |refusal| {
                vec![format!("The guest is refused here. libvirt reports: {}", message(self.catalog, refusal))]
            }),
            State::Stays | State::NotReached => vec![self.never_reached(step)],
            State::Unknown => vec!["The guest was already running, so how it was started is not known.".to_owned()],
        }
    }

    fn never_reached(&self, step: Step) -> String {
        let started = self.run(Step::Live).is_some_and(|run| run.live.is_some());
        match (step, started) {
            (_, false) => "Not reached: the guest did not start.".to_owned(),
            (Step::Verdict, true) => {
                let side = match self.hop(step) {
                    0 => "the source".to_owned(),
                    _ => format!("the intermediate host with {}", self.libvirt(Step::Sent)),
                };
                format!("The guest keeps running at {side}; {} does not change.", self.name())
            }
            (_, true) => "Not reached: the migration ended earlier.".to_owned(),
        }
    }

    fn unmentioned(&self, step: Step, state: State) -> Vec<String> {
        let (feature, model, libvirt) = (self.name(), self.model(), self.libvirt(step));
        let f = self.feature;
        if state == State::UnknownToMap {
            return vec![format!("The CPU map of {libvirt} does not define {feature}.")];
        }
        if state == State::NoModel {
            return vec![format!("The definition does not mention {feature}, and its mode has no model.")];
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
                vec![format!("The definition does not mention {feature}; the CPU map of {libvirt} has it in {model}.")]
            }
            _ => vec![format!(
                "The definition does not mention {feature}; the CPU map of {libvirt} does not have it in {model}."
            )],
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
        let why = match by {
            Some(
                by @ (WrittenBy::RemovedList
                | WrittenBy::HostModel
                | WrittenBy::Expansion
                | WrittenBy::LiveUpdate
                | WrittenBy::Reconnect),
            ) => {
                format!(": {}", written_by(by, &libvirt))
            }
            Some(WrittenBy::Given) | None if seen.step == Step::Received => ", as in the sent definition".to_owned(),
            Some(WrittenBy::Given) | None if seen.step == Step::Sent && self.hop(seen.step) > 0 => {
                format!(", as in the definition that {libvirt} received")
            }
            Some(WrittenBy::Given) | None => ", as in the guest's definition".to_owned(),
        };
        format!("The definition has {feature}={}{why}.", policy.name())
    }

    fn built(&self, seen: Seen) -> String {
        let (feature, model, qemu) = (self.name(), self.model(), self.qemu(seen.step));
        if self.scenario.running.is_some() && seen.step == Step::SourceCpu {
            return format!(
                "The state is read from the live definition, with the CPU map of {}.",
                self.libvirt(seen.step)
            );
        }
        let origin = match seen.by {
            Some(By::Qemu(origin)) => Some(origin),
            Some(By::Map | By::Written(_) | By::Rule(_)) | None => None,
        };
        match (seen.state == State::On, origin) {
            (true, Some(Origin::MachineType)) => self.says(seen.step, &Fact::MachineTurnsOn(self.feature)),
            (true, Some(Origin::Model)) => format!("{qemu} has {feature} in {model} with every machine type."),
            (true, Some(Origin::Accelerator)) => {
                format!("With {}, {qemu} enables {feature} in {model}.", self.scenario.accel.name().to_uppercase())
            }
            (true, Some(Origin::Definition)) => format!("The command line enables {feature}."),
            (true, Some(Origin::Parent)) => {
                format!("The command line enables a group of features that includes {feature}.")
            }
            (true, Some(Origin::Host)) => {
                format!("The CPU has every feature that the host supports, {feature} included.")
            }
            (true, Some(Origin::Threads)) => format!("A socket has several threads, and {qemu} reports {feature}."),
            (true, _) => format!("{qemu} enables {feature} in every guest."),
            (false, Some(Origin::Definition)) => format!("The command line disables {feature}."),
            (false, Some(Origin::Dependency)) => {
                format!("A feature that {feature} depends on is off, so {qemu} disables {feature}.")
            }
            (false, Some(Origin::Filter)) => {
                self.says(seen.step, &Fact::NotGiven(vec![self.feature], self.scenario.accel))
            }
            (false, Some(Origin::Pmu)) => self.says(seen.step, &Fact::ClearedWithoutPmu(self.feature)),
            (false, _) if self.other_machines_turn_it_on() => {
                self.says(seen.step, &Fact::MachineLeavesOff(self.feature))
            }
            (false, _) => format!("Nothing enables {feature}."),
        }
    }

    fn other_machines_turn_it_on(&self) -> bool {
        let cells = self
            .answer
            .model(self.scenario)
            .and_then(|model| self.catalog.qemu_defaults().of(model, self.scenario.accel));
        cells.is_some_and(|cells| cells.only_on.iter().any(|(known, _)| *known == self.feature))
    }
}

fn refused() -> String {
    "libvirt refuses such a guest.".to_owned()
}
