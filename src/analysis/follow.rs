//! Follows one feature through the ten stages of a migration: what each stage makes of it, and who decided that.

use crate::domain::definition::{Check, Definition, Policy, named_enum};
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::scenario::Scenario;
use crate::resolve::{Answer, Origin, Refusal, RuleId, StartTrace, Trace, Verdict, WrittenBy};

named_enum! {
    /// A stage, in the order in which the guest comes by.
    Step {
        /// The definition the guest has at the source.
        Definition "definition",
        /// The same, brought to the source's map and host.
        Prepared "prepared",
        /// The source's `-cpu` line.
        CommandLine "command line",
        /// The CPU the source's QEMU built.
        SourceCpu "source CPU",
        /// The definition of the running guest.
        Live "live XML",
        /// What is sent: the cookie where it counts, else the XML.
        Sent "sent",
        /// The same, brought to the destination's map and host.
        Received "received",
        /// The CPU the destination's QEMU built.
        DestinationCpu "destination CPU",
        /// The comparison of the two.
        FullCheck "full check",
        /// What came of it.
        Verdict "verdict",
    }
}

/// What a feature is at a stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// The definition says nothing, and the map has it in the model.
    InModel,
    /// The definition says nothing, and the map does not have it in the model.
    Silent,
    /// The definition says so.
    Mention(Policy),
    /// The map does not know the feature.
    UnknownToMap,
    /// The command line says nothing.
    Unmentioned,
    /// The command line switches it on or off.
    Flag(bool),
    /// QEMU has it on.
    On,
    /// QEMU has it off.
    Off,
    /// QEMU reports that it cannot be given.
    Unavailable,
    /// The check found it as expected.
    Agrees,
    /// The check found it on and not expected.
    Extra,
    /// The check found it expected and not on.
    Missing,
    /// Nothing was compared.
    NotCompared,
    /// The guest has it or lacks it as before.
    Kept,
    /// The guest lost it.
    Lost,
    /// The guest gained it.
    Gained,
    /// The guest never came so far.
    NotReached,
}

/// Who decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// The CPU map.
    Map,
    /// Who wrote it into the definition.
    Written(WrittenBy),
    /// The step of QEMU that decided.
    Qemu(Origin),
    /// The rule that decided the verdict.
    Rule(RuleId),
}

/// A feature at one stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The stage.
    pub step: Step,
    /// What it is.
    pub state: State,
    /// Who decided that, if anybody did.
    pub by: Option<By>,
    /// Whether this stage changed whether the feature is meant to be on.
    pub changed: bool,
    /// The rule whose page tells of this change, if one does.
    pub rule: Option<RuleId>,
}

/// Returns the place of the stage that matters most: the one that refused, lost or gained the feature, else the first
/// that changed it, else the first of all.
pub fn decisive(seen: &[Seen]) -> usize {
    let harm = |seen: &Seen| matches!(seen.state, State::Extra | State::Missing | State::Lost | State::Gained);
    seen.iter().position(harm).or_else(|| seen.iter().position(|seen| seen.changed)).unwrap_or(0)
}

/// Returns the feature at each of the ten stages; over a journey with stops, from the start to the last arrival.
/// Empty for an answer without a journey.
pub fn follow(scenario: &Scenario, answer: &Answer, feature: FeatureId) -> Vec<Seen> {
    let Some(trace) = &answer.trace else { return Vec::new() };
    let walk = Walk { trace, answer, feature, asked: scenario.feature, model: trace.start.given.model };
    let mut seen: Vec<Seen> = Vec::new();
    for step in Step::ALL {
        let (state, by) = walk.at(*step);
        let before = seen.iter().rev().find_map(|seen| seen.state.meant());
        let changed = state.meant().zip(before).is_some_and(|(now, before)| now != before);
        seen.push(Seen { step: *step, state, by, changed, rule: walk.rule(by, changed) });
    }
    seen
}

impl State {
    /// Returns whether the feature is meant to be on; `None` where a stage says neither.
    pub fn meant(self) -> Option<bool> {
        match self {
            Self::InModel | Self::On | Self::Flag(true) | Self::Extra | Self::Gained => Some(true),
            Self::Mention(policy) => Some(policy.is_on()),
            Self::Silent | Self::Off | Self::Unavailable | Self::Flag(false) | Self::Missing | Self::Lost => {
                Some(false)
            }
            Self::UnknownToMap
            | Self::Unmentioned
            | Self::Agrees
            | Self::NotCompared
            | Self::Kept
            | Self::NotReached => None,
        }
    }
}

struct Walk<'a> {
    trace: &'a Trace,
    answer: &'a Answer,
    feature: FeatureId,
    /// The feature the decision table is about.
    asked: FeatureId,
    model: Option<ModelId>,
}

impl Walk<'_> {
    /// A rule decided, or QEMU's step has a rule of its own, or the feature has a row of the decision table.
    fn rule(&self, by: Option<By>, changed: bool) -> Option<RuleId> {
        match by {
            Some(By::Rule(rule)) => Some(rule),
            Some(By::Qemu(Origin::Threads)) => Some(RuleId::Ht),
            Some(By::Qemu(Origin::Pmu)) => Some(RuleId::Pdcm),
            Some(By::Qemu(Origin::Dependency)) => Some(RuleId::Dependency),
            Some(By::Map | By::Written(_) | By::Qemu(_)) | None => {
                (changed && self.feature == self.asked).then_some(self.answer.row?.into())
            }
        }
    }

    fn at(&self, step: Step) -> (State, Option<By>) {
        let start = self.trace.source();
        let (stops, hop) = match self.trace.migrations.split_last() {
            Some((hop, stops)) => (stops, Some(hop)),
            None => (&[][..], None),
        };
        let arrival = hop.map(|hop| &hop.arrival);
        match step {
            Step::Definition => self.said(start, Some(&start.given), |_, _| Some(WrittenBy::Given)),
            Step::Prepared => self.said(start, start.prepared.as_ref(), StartTrace::prepared_by),
            Step::CommandLine => self.flag(start),
            Step::SourceCpu => self.cpu(start),
            Step::Live => {
                let live = self.trace.reconnected.as_ref().or(start.live.as_ref());
                let written = start.live.as_ref().and_then(|live| live.features.get(self.feature));
                let (state, by) = self.said(start, live, StartTrace::written_by);
                let reconnected = written.is_none() && matches!(state, State::Mention(_));
                (state, if reconnected { Some(By::Written(WrittenBy::Reconnect)) } else { by })
            }
            Step::Sent => match hop {
                Some(hop) => {
                    let sent = if hop.arrival.replaced { hop.sent.cookie.as_ref() } else { Some(&hop.sent.xml) };
                    self.said(stops.last().map_or(start, |stop| &stop.arrival), sent, StartTrace::written_by)
                }
                None => (State::NotReached, None),
            },
            Step::Received => arrival.map_or((State::NotReached, None), |run| {
                self.said(run, run.prepared.as_ref(), StartTrace::prepared_by)
            }),
            Step::DestinationCpu => arrival.map_or((State::NotReached, None), |run| self.cpu(run)),
            Step::FullCheck => self.check(arrival),
            Step::Verdict => self.verdict(),
        }
    }

    /// What a definition of this run says of the feature; `by` tells who wrote that there.
    fn said(
        &self,
        run: &StartTrace,
        definition: Option<&Definition>,
        by: impl Fn(&StartTrace, FeatureId) -> Option<WrittenBy>,
    ) -> (State, Option<By>) {
        let Some(definition) = definition else { return (State::NotReached, None) };
        if let Some(policy) = definition.features.get(self.feature) {
            let by = by(run, self.feature).unwrap_or(WrittenBy::Given);
            return (State::Mention(policy), Some(By::Written(by)));
        }
        if !run.map.known.contains(self.feature) {
            return (State::UnknownToMap, Some(By::Map));
        }
        let of_map = self.model.and_then(|model| run.map.model(model));
        let has = of_map.is_some_and(|of_map| of_map.data.contains(self.feature));
        (if has { State::InModel } else { State::Silent }, Some(By::Map))
    }

    fn flag(&self, run: &StartTrace) -> (State, Option<By>) {
        if run.prepared.is_none() {
            return (State::NotReached, None);
        }
        match run.command_line.iter().find(|(feature, _)| *feature == self.feature) {
            Some((_, on)) => (State::Flag(*on), run.prepared_by(self.feature).map(By::Written)),
            None => (State::Unmentioned, None),
        }
    }

    fn cpu(&self, run: &StartTrace) -> (State, Option<By>) {
        let Some(cpu) = &run.cpu else { return (State::NotReached, None) };
        // The CPU of a guest that already runs is read from its live definition, with the map.
        let read = run.prepared.is_none();
        let by = cpu.origin(self.feature).map(|origin| {
            if read && origin == Origin::Definition {
                By::Written(WrittenBy::Given)
            } else if read && origin == Origin::Model {
                By::Map
            } else {
                By::Qemu(origin)
            }
        });
        let state = if cpu.unavailable.contains(self.feature) {
            State::Unavailable
        } else if cpu.on.contains(self.feature) {
            State::On
        } else {
            State::Off
        };
        (state, by)
    }

    fn check(&self, arrival: Option<&StartTrace>) -> (State, Option<By>) {
        let Some(run) = arrival.filter(|run| run.cpu.is_some()) else { return (State::NotReached, None) };
        let rule = self.answer.rule.map(By::Rule);
        match &run.refused {
            Some(Refusal::FullCheck { extra, .. }) if extra.contains(&self.feature) => (State::Extra, rule),
            Some(Refusal::FullCheck { missing, .. }) if missing.contains(&self.feature) => (State::Missing, rule),
            _ if run.given.check != Check::Full || !run.map.known.contains(self.feature) => (State::NotCompared, None),
            _ => (State::Agrees, None),
        }
    }

    fn verdict(&self) -> (State, Option<By>) {
        let rule = self.answer.rule.map(By::Rule);
        let has = |run: Option<&StartTrace>| {
            run.filter(|run| run.live.is_some())
                .and_then(|run| run.cpu.as_ref())
                .map(|cpu| cpu.visible.contains(self.feature))
        };
        let (before, after) = (has(Some(self.trace.source())), has(self.trace.destination()));
        match (before, after) {
            (Some(true), Some(false)) => (State::Lost, rule),
            (Some(false), Some(true)) => (State::Gained, rule),
            (Some(_), Some(_)) if self.answer.verdict != Verdict::Aborted => (State::Kept, None),
            _ => (State::NotReached, rule),
        }
    }
}
