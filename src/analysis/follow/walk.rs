//! Finds the state of a feature at each stage of a migration, and what decided it.

use super::{By, Comparison, Lanes, State, Step};
use crate::analysis::history::in_map;
use crate::domain::definition::{Check, Definition, Policy};
use crate::domain::feature::FeatureId;
use crate::domain::scenario::Scenario;
use crate::explain::deciding_features;
use crate::resolve::{Answer, Migration, Origin, Refusal, RuleId, Stage, StartTrace, Trace, Verdict, WrittenBy};

pub(super) struct Walk<'a> {
    pub(super) trace: &'a Trace,
    pub(super) answer: &'a Answer,
    pub(super) feature: FeatureId,
    /// The feature the decision table is about.
    pub(super) asked: FeatureId,
    /// The stage at which the guest was refused for this feature, or for another reason.
    pub(super) refused: Option<Step>,
}

/// Returns the stage at which a guest was refused; `None` if it was not, or if other features are the reason.
pub(super) fn refused_at(scenario: &Scenario, answer: &Answer, feature: FeatureId) -> Option<Step> {
    let refusal = answer.refusal()?;
    let features = deciding_features(scenario, answer);
    if !features.is_empty() && !features.contains(&feature) {
        return None;
    }
    let at_source = answer.trace.as_ref().is_some_and(|trace| trace.start.refused.is_some());
    Some(match (refusal.stage(), at_source) {
        (Stage::StartValidate | Stage::UpdateCpu, true) => Step::Prepared,
        (Stage::StartValidate | Stage::UpdateCpu, false) => Step::Received,
        (Stage::Qemu, true) => Step::SourceCpu,
        (Stage::Qemu, false) => Step::DestinationCpu,
        (Stage::FullCheck, true) => Step::Live,
        (Stage::FullCheck, false) => Step::FullCheck,
        (Stage::Send, _) => Step::Sent,
    })
}

impl Walk<'_> {
    /// A rule decided, or QEMU's step has a rule of its own, or the feature has a row of the decision table.
    pub(super) fn rule(&self, by: Option<By>, changed: bool) -> Option<RuleId> {
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

    /// The migrations before the one that is followed, and that one.
    fn hops(&self) -> (&[Migration], Option<&Migration>) {
        let migrations = &self.trace.migrations;
        migrations.split_last().map_or((&[][..], None), |(hop, stops)| (stops, Some(hop)))
    }

    pub(super) fn at(&self, step: Step) -> (State, Option<By>) {
        let start = self.trace.source();
        let (stops, hop) = self.hops();
        let arrival = hop.map(|hop| &hop.arrival);
        match step {
            Step::Live if self.refused == Some(step) => self.check(Some(start)),
            Step::FullCheck => self.check(arrival),
            _ if self.refused == Some(step) => (State::Refused, self.answer.rule.map(By::Rule)),
            Step::Definition => self.said(start, Some(&start.given), |_, _| Some(WrittenBy::Given)),
            Step::Prepared | Step::CommandLine if start.prepared.is_none() && start.live.is_some() => {
                (State::Unknown, None)
            }
            Step::Prepared => self.said(start, start.prepared.as_ref(), StartTrace::prepared_by),
            Step::CommandLine => self.flag(start),
            Step::SourceCpu => self.cpu(start),
            Step::Live => {
                let live = self.trace.reconnected.as_ref().or(start.live.as_ref());
                self.said(start, live, |run, feature| self.trace.written_by(run, feature))
            }
            Step::Sent => hop.map_or((State::NotReached, None), |hop| {
                let sender = stops.last().map_or(start, |stop| &stop.arrival);
                self.said(sender, Some(sent(hop)), |run, feature| self.trace.written_by(run, feature))
            }),
            Step::Received => arrival.map_or((State::NotReached, None), |run| {
                self.said(run, run.prepared.as_ref(), StartTrace::prepared_by)
            }),
            Step::DestinationCpu => arrival.map_or((State::NotReached, None), |run| self.cpu(run)),
            Step::Verdict => self.verdict(),
        }
    }

    /// Returns what the stage shows in each lane.
    pub(super) fn lanes(&self, step: Step) -> Lanes {
        let start = self.trace.source();
        let (stops, hop) = self.hops();
        let arrival = hop.map(|hop| &hop.arrival);
        match step {
            Step::Definition => self.written(start, Some(&start.given)),
            Step::Prepared => self.written(start, start.prepared.as_ref()),
            Step::CommandLine => {
                let (state, _) = self.flag(start);
                Lanes { text: Some(state).filter(|state| *state != State::NotReached), ..Lanes::default() }
            }
            Step::SourceCpu => self.cpu_lanes(start),
            Step::Live => {
                let live = self.trace.reconnected.as_ref().or(start.live.as_ref());
                let compared = self.live_update(start);
                // A start that is refused ends in the same comparison.
                let check = || self.full_check(start).filter(|_| self.refused == Some(step));
                Lanes { compared: compared.or_else(check), ..self.written(start, live) }
            }
            Step::Sent => {
                let sender = stops.last().map_or(start, |stop| &stop.arrival);
                self.written(sender, hop.map(sent))
            }
            Step::Received => arrival.map_or_else(Lanes::default, |run| self.written(run, run.prepared.as_ref())),
            Step::DestinationCpu => arrival.map_or_else(Lanes::default, |run| self.cpu_lanes(run)),
            Step::FullCheck => Lanes { compared: arrival.and_then(|run| self.full_check(run)), ..Lanes::default() },
            Step::Verdict => Lanes::default(),
        }
    }

    fn written(&self, run: &StartTrace, definition: Option<&Definition>) -> Lanes {
        let Some(definition) = definition else { return Lanes::default() };
        let written = definition.features.get(self.feature).map_or(State::Unmentioned, State::Mention);
        let map = definition.model.map(|model| in_map(&run.map, model, self.feature));
        Lanes { text: Some(written), map, ..Lanes::default() }
    }

    fn cpu_lanes(&self, run: &StartTrace) -> Lanes {
        let Some(cpu) = &run.cpu else { return Lanes::default() };
        let (state, _) = self.cpu(run);
        Lanes { qemu: Some(state), guest: Some(cpu.visible.contains(self.feature)), ..Lanes::default() }
    }

    /// Whether a definition has the feature: it says so, or the map has it in the model.
    fn expects(&self, run: &StartTrace, definition: &Definition) -> bool {
        let has = |model| run.map.model(model).is_some_and(|of_map| of_map.data.contains(self.feature));
        let of_map = || definition.model.is_some_and(has);
        definition.features.get(self.feature).map_or_else(of_map, Policy::is_on)
    }

    /// The comparison after a start (libvirt `virCPUUpdateLive`); `None` where QEMU did not start here.
    fn live_update(&self, start: &StartTrace) -> Option<Comparison> {
        let (prepared, cpu, live) = (start.prepared.as_ref()?, start.cpu.as_ref()?, start.live.as_ref()?);
        prepared.model?;
        let expected = self.expects(start, prepared);
        let enabled = cpu.on.contains(self.feature);
        let result = match live.features.get(self.feature) {
            Some(policy) if prepared.features.get(self.feature) != Some(policy) => State::Mention(policy),
            Some(_) | None if expected == enabled => State::Unmentioned,
            Some(_) | None => State::NotCompared,
        };
        Some(Comparison { expected, enabled, result })
    }

    fn full_check(&self, run: &StartTrace) -> Option<Comparison> {
        let (prepared, cpu) = (run.prepared.as_ref()?, run.cpu.as_ref()?);
        prepared.model?;
        let (result, _) = self.check(Some(run));
        Some(Comparison { expected: self.expects(run, prepared), enabled: cpu.on.contains(self.feature), result })
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
        let Some(model) = definition.model else { return (State::NoModel, None) };
        let has = run.map.model(model).is_some_and(|of_map| of_map.data.contains(self.feature));
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
            Some(_) if matches!(self.refused, Some(Step::Live | Step::FullCheck)) => (State::Refused, rule),
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
            _ if self.answer.verdict == Verdict::Aborted && before.is_some() => (State::Stays, rule),
            _ => (State::NotReached, rule),
        }
    }
}

/// What counts where a guest arrives: the cookie where it replaces the XML.
fn sent(hop: &Migration) -> &Definition {
    hop.sent.cookie.as_ref().filter(|_| hop.arrival.replaced).unwrap_or(&hop.sent.xml)
}
