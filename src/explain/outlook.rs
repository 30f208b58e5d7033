//! Says what can happen after the migration: the rollback, the reverse direction, the next cold boot.

use super::message::message;
use super::sentences::libvirt_label;
use crate::domain::catalog::Catalog;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::names::first_names;
use crate::domain::scenario::Scenario;
use crate::resolve::{
    Answer, Outcome, Plan, QemuCpu, Resolver, RuleId, StartTrace, TABLE, Verdict, cold_boot, resolve, rollback,
};

/// What can happen after the migration, as fragments of sentences.
#[derive(Clone, PartialEq, Debug)]
pub struct Outlook {
    /// The migration back to the source, and the reverse direction.
    pub rollback: String,
    /// The next cold boot at the destination.
    pub cold_boot: String,
}

impl Outlook {
    /// Resolves the rollback and the next cold boot after the migration of `answer`, and describes them.
    pub fn of(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> Self {
        let (mut back, mut boot) = (Vec::new(), Vec::new());
        let is_decided = answer.verdict != Verdict::Depends && answer.either_way().is_none();
        if is_decided {
            for (case, answer) in answer.cases(catalog, scenario).take(MOST_CASES) {
                let Some(trace) = &answer.trace else { continue };
                let arrived = trace.destination().zip(rollback(catalog, &case));
                back.push(arrived.map(|(arrival, run)| rollback_effect(catalog, trace.source(), (arrival, &run))));
                boot.push(cold_boot(catalog, &case).map(|run| {
                    if run.refused.is_some() && run.refused.as_ref() == answer.refusal() {
                        return SAME_MESSAGE.to_owned();
                    }
                    let model = new_model(catalog, trace.source(), &run);
                    format!("{model}{}", effect(catalog, trace.source(), &run))
                }));
            }
        }
        let all = answer.case_count() <= MOST_CASES;
        let inputs = || inputs(catalog, scenario);
        let (back, boot) = (in_every_case(back, all, inputs), in_every_case(boot, all, inputs));
        let reverse = Resolver::new(catalog).outcome(&scenario.swapped());
        let back = back.unwrap_or_else(|| no_rollback(catalog, scenario, answer));
        let is_open = is_decided && !(all && boot.is_some());
        let refused = if is_open { refused_boot(catalog, scenario, answer) } else { None };
        let boot = refused.or(boot).unwrap_or_else(|| {
            let known = if !is_decided {
                "depends on the same input"
            } else if scenario.next_start().lacks_host() {
                "depends on the host"
            } else {
                "unknown"
            };
            known.to_owned()
        });
        Self {
            rollback: format!("{back}. Reverse direction: {}", outcome(reverse)),
            cold_boot: format!("at the destination: {boot}"),
        }
    }
}

/// Returns the refusal of the next start at the destination if all cases there have the same one. The source does not
/// matter for it, so this is found even if source and destination have too many cases together, or if no host is named.
fn refused_boot(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> Option<String> {
    let (to, to_host) = (scenario.to.clone(), scenario.to_host.clone());
    let boot = Scenario { from: to, from_host: to_host, via: Vec::new(), started: None, ..scenario.next_start() };
    let found = resolve(catalog, &boot);
    let refusal = found.refusal().filter(|_| found.verdict == Verdict::StartRefused)?;
    if answer.refusal() == Some(refusal) {
        return Some(SAME_MESSAGE.to_owned());
    }
    Some(format!("refused, {}", message(catalog, refusal)))
}

const SAME_MESSAGE: &str = "refused with the same message";

/// Returns a verdict with its rule: `aborted (T7)`.
pub(crate) fn outcome(outcome: Outcome) -> String {
    let rule = stated_rule(outcome.verdict, outcome.rule).map(|rule| format!(" ({})", rule.name())).unwrap_or_default();
    format!("{}{rule}", outcome.verdict.name())
}

/// Returns the rule that is shown with a verdict: a row of the decision table only if the row says the same of the
/// guest.
pub(crate) fn stated_rule(verdict: Verdict, rule: Option<RuleId>) -> Option<RuleId> {
    let says_otherwise =
        |rule: &RuleId| TABLE.iter().any(|row| RuleId::from(row.row) == *rule && row.verdict != verdict);
    rule.filter(|rule| !says_otherwise(rule))
}

fn no_rollback(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> String {
    match (answer.verdict, answer.trace.as_ref().map(|trace| trace.hop)) {
        (Verdict::Depends, _) => "depends on the same input".to_owned(),
        (Verdict::StartRefused, _) | (_, Some(0) | None) => "not needed".to_owned(),
        (_, Some(hop)) => {
            let stop = libvirt_label(catalog, scenario.hop(hop).0);
            format!("not needed, the guest runs at an intermediate host with {stop}")
        }
    }
}

/// The effect that all cases have, or the two that they have and the inputs that decide; `None` where there is none.
fn in_every_case(effects: Vec<Option<String>>, all: bool, inputs: impl FnOnce() -> String) -> Option<String> {
    let known = effects.iter().all(Option::is_some);
    let mut different: Vec<String> = Vec::new();
    for effect in effects.into_iter().flatten() {
        if !different.contains(&effect) {
            different.push(effect);
        }
    }
    match different.as_slice() {
        [] => None,
        [one] if all && known => Some(one.clone()),
        [one, other] if all && known => Some(format!("{one}; or {other}: depends on {}", inputs())),
        _ => Some(format!("depends on {}", inputs())),
    }
}

/// The names of the unknown inputs.
fn inputs(catalog: &Catalog, scenario: &Scenario) -> String {
    let names =
        Plan::of(catalog, scenario).map(|plan| plan.axes.into_iter().map(|axis| axis.input).collect::<Vec<_>>());
    let mut inputs: Vec<String> = Vec::new();
    for name in names.unwrap_or_default() {
        // Of the settings of a release, only the release is named.
        let input = match name.strip_prefix("switch ").and_then(|setting| setting.split_once(" of ")) {
            Some((_, release)) => format!("how {release} behaves (code not read)"),
            None => name,
        };
        if !inputs.contains(&input) {
            inputs.push(input);
        }
    }
    first_names(inputs.iter().map(String::as_str), 3)
}

/// Returns the beginning of a sentence that says which model the guest changes to; empty if it keeps its model.
fn new_model(catalog: &Catalog, before: &StartTrace, after: &StartTrace) -> String {
    let model = |run: &StartTrace| run.live.as_ref().and_then(|live| live.model);
    match (model(before), model(after)) {
        (Some(before), Some(after)) if before != after => {
            format!("the model changes from {} to {}; ", catalog.model_name(before), catalog.model_name(after))
        }
        _ => String::new(),
    }
}

/// The effect of the migration back: whether the guest gets back what the migration changed.
fn rollback_effect(catalog: &Catalog, source: &StartTrace, (arrival, run): (&StartTrace, &StartTrace)) -> String {
    let (Some(before), Some(between), Some(after)) = (&source.cpu, &arrival.cpu, &run.cpu) else {
        return effect(catalog, arrival, run);
    };
    let is_same = |one: &QemuCpu, other: &QemuCpu| {
        (one.visible, one.states, one.vendor) == (other.visible, other.states, other.vendor)
    };
    if run.refused.is_some() || is_same(before, between) || !is_same(between, after) {
        return effect(catalog, arrival, run);
    }
    let (lost, gained) = (before.visible - after.visible, after.visible - before.visible);
    match (lost.is_empty(), gained.is_empty()) {
        (true, true) => "completes, but the guest does not get its XSAVE states back".to_owned(),
        (false, _) => format!("completes, but the guest does not get {} back", named(catalog, run, lost)),
        (true, false) => format!("completes, and the guest keeps {}", named(catalog, run, gained)),
    }
}

fn named(catalog: &Catalog, run: &StartTrace, features: FeatureSet) -> String {
    let features: Vec<FeatureId> = run.map.in_order(features);
    first_names(features.iter().map(|feature| catalog.feature_name(*feature)), MOST)
}

/// The effect on the guest's CPU of starting it as `after` instead of `before`.
fn effect(catalog: &Catalog, before: &StartTrace, after: &StartTrace) -> String {
    if let Some(refusal) = &after.refused {
        return format!("refused, {}", message(catalog, refusal));
    }
    let (Some(before), Some(cpu)) = (&before.cpu, &after.cpu) else { return "it starts".to_owned() };
    let names = |features| named(catalog, after, features);
    let (lost, gained) = (before.visible - cpu.visible, cpu.visible - before.visible);
    match (lost.is_empty(), gained.is_empty()) {
        (true, true) if before.vendor != cpu.vendor => "the guest sees another vendor".to_owned(),
        (true, true)
            if before.signature.zip(cpu.signature).is_some_and(|(before, after)| before.differs_from(after)) =>
        {
            "the guest sees another family, model or stepping".to_owned()
        }
        (true, true) if before.states != cpu.states => "the guest sees other XSAVE states".to_owned(),
        (true, true) => "the same CPU".to_owned(),
        (false, true) => format!("the guest loses {}", names(lost)),
        (true, false) => format!("the guest gains {}", names(gained)),
        (false, false) => format!("the guest loses {} and gains {}", names(lost), names(gained)),
    }
}

/// What is shown instead of a rule for an answer that depends.
pub(crate) const NO_RULE: &str = "No single rule decided, because the answer depends on unknown input.";

/// The most cases whose next steps are compared.
const MOST_CASES: usize = 128;

/// How many features are named; the others are counted.
const MOST: usize = 6;
