//! Answers for a guest whose CPU is that of hosts which are not named, by asking about the listed ones.

use super::super::answer::{Answer, Basis, Dependence, Outcome, OutcomeWithFeatures, Possible};
use super::super::verdict::Verdict;
use super::Plan;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::{HostChoice, Scenario};

/// Adds to an input one value for each answer, where those can be found: of a host, two listed ones in place of those
/// that are not named, the same or another.
pub(in super::super) fn with_examples(catalog: &Catalog, scenario: &Scenario, mut input: Dependence) -> Dependence {
    if !scenario.lacks_host() {
        return input;
    }
    for (value, named) in with_listed_hosts(catalog, scenario) {
        let Ok(outcome) = Plan::of(catalog, &named).map(|plan| plan.outcome()) else { continue };
        let is_known = |known: &Possible| (known.verdict, known.rule) == (outcome.verdict, outcome.rule);
        if !input.answers.iter().any(is_known) {
            input.answers.push(Possible { value, verdict: outcome.verdict, rule: outcome.rule });
        }
    }
    input
}

/// Returns the scenario with listed hosts in place of those that are not named: the same at source and destination, then
/// the first and another.
fn with_listed_hosts(catalog: &Catalog, scenario: &Scenario) -> Vec<(String, Scenario)> {
    let listed: Vec<_> = catalog.recorded_hosts().map(|(id, host)| (HostChoice::Listed(id), &host.name)).collect();
    let same = listed.iter().map(|host| (host, host));
    let other = listed.first().into_iter().flat_map(|first| listed.iter().skip(1).map(move |other| (first, other)));
    let pairs = same.chain(other).map(|((from, name), (to, other))| {
        let given = |host: &HostChoice, listed: &HostChoice| match host {
            HostChoice::Capable | HostChoice::Any | HostChoice::Unknown => listed.clone(),
            HostChoice::Listed(_) | HostChoice::Given(_) => host.clone(),
        };
        let (from_host, to_host) = (given(&scenario.from_host, from), given(&scenario.to_host, to));
        let value = if from == to { name.to_string() } else { format!("{name} to {other}") };
        (value, Scenario { from_host, to_host, ..scenario.clone() })
    });
    pairs.collect()
}

/// Returns the answer in short that every listed host and every pair of them gives to a guest whose host is `any`;
/// `None` where they differ, and where no host is named at all.
pub(super) fn brief_of_every_host(catalog: &Catalog, scenario: &Scenario) -> Option<OutcomeWithFeatures> {
    let is_open = |host: &HostChoice| matches!(host, HostChoice::Capable | HostChoice::Unknown);
    if is_open(&scenario.from_host) || is_open(&scenario.to_host) || !scenario.lacks_host() {
        return None;
    }
    let named = with_listed_hosts(catalog, scenario);
    let brief = |named: &Scenario| Plan::of(catalog, named).ok().map(|plan| plan.brief());
    let mut shared = brief(&named.first()?.1).filter(|brief| brief.outcome.verdict != Verdict::Depends)?;
    for (_, named) in named.iter().skip(1) {
        let other = brief(named)?;
        if shared.outcome.row != other.outcome.row {
            shared.outcome.row = None;
        }
        let outcome = Outcome { row: shared.outcome.row, ..other.outcome };
        if shared != (OutcomeWithFeatures { outcome, ..other }) {
            return None;
        }
    }
    Some(shared)
}

/// Returns the same with every stage; of the first host where they differ.
pub(in super::super) fn of_every_host(catalog: &Catalog, scenario: &Scenario) -> Option<Answer> {
    let shared = brief_of_every_host(catalog, scenario)?;
    let named = with_listed_hosts(catalog, scenario);
    let mut answers = named.iter().map(|(_, named)| super::super::resolve(catalog, named));
    let mut answer = answers.next()?;
    answers.for_each(|other| {
        answer.restrict_to(&other);
        answer.cases.extend(other.cases);
    });
    (answer.row, answer.basis) = (shared.outcome.row, Basis::of(catalog, scenario));
    Some(answer)
}
