//! Tries every combination of what is not known, and says on which inputs the answer depends.

use super::dedup::{Cases, Shared};
use super::{Dependence, Plan, falls_back_where};
use crate::domain::definition::Fallback;
use crate::resolve::answer::{Possible, Refusal, Verdict};
use crate::resolve::classify::{Outcome, brief, verdict_and_refusal};
use crate::resolve::rules::RuleId;
use foldhash::HashMap;

/// The most combinations that are all tried; beyond, each unknown input is varied alone, and the answer is `depends`
/// in any case.
pub(super) const MOST_CASES: usize = 20_000;

/// The combinations that are tried: for each, the place of every axis's value.
pub(super) struct Combinations {
    sizes: Vec<usize>,
    /// Whether these are all there are; the first axis then turns fastest.
    exhaustive: bool,
    /// One after the other, each as long as there are axes.
    values: Vec<usize>,
}

/// What makes two answers the same one.
type Answer = (Verdict, Option<RuleId>, Option<Refusal>);

/// What the cases came to.
struct Tried {
    /// The answers that differ.
    answers: Vec<Answer>,
    /// For each combination the place of its answer; `None` where it is none, or is not to be counted.
    of: Vec<Option<usize>>,
}

/// What trying every case came to.
pub(super) enum Survey {
    /// Nothing can be said without this input.
    Unsaid(Dependence),
    /// The first case stands for all, or the answer depends.
    First {
        /// The first case.
        assignment: Vec<usize>,
        /// What the answer depends on.
        depends_on: Vec<Dependence>,
        /// The verdict of all cases, where they have one.
        either_way: Option<Verdict>,
    },
}

impl Survey {
    /// Everything is known: there is one case.
    pub(super) const fn one_case() -> Self {
        Self::First { assignment: Vec::new(), depends_on: Vec::new(), either_way: None }
    }
}

/// What is to be found out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// On which inputs the answer depends.
    Dependences,
    /// Only whether it depends: two answers are enough to know.
    Whether,
}

impl Combinations {
    fn of(plan: &Plan<'_>) -> Self {
        let sizes: Vec<usize> = plan.axes.iter().map(|axis| axis.values.len()).collect();
        let all = sizes.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
        let exhaustive = all.is_some_and(|all| all <= MOST_CASES);
        let values = if exhaustive { every(&sizes) } else { one_at_a_time(&sizes) };
        Self { sizes, exhaustive, values }
    }

    pub(super) fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[usize]> {
        self.values.chunks_exact(self.sizes.len().max(1))
    }

    fn get(&self, number: usize) -> &[usize] {
        self.values.get(number * self.sizes.len()..(number + 1) * self.sizes.len()).unwrap_or_default()
    }

    /// Returns the combinations that differ along one axis only, by their numbers.
    fn lines(&self, axis: usize) -> Vec<Vec<usize>> {
        if self.exhaustive {
            let step: usize = self.sizes.iter().take(axis).product();
            let (size, count) = (self.sizes[axis], self.sizes.iter().product());
            let begins = (0..count).filter(|number| (number / step).is_multiple_of(size));
            return begins.map(|first| (0..size).map(|value| first + value * step).collect()).collect();
        }
        let mut lines: HashMap<Vec<usize>, Vec<usize>> = HashMap::default();
        for (number, values) in self.iter().enumerate() {
            let mut line = values.to_vec();
            line[axis] = 0;
            lines.entry(line).or_default().push(number);
        }
        lines.into_values().collect()
    }
}

impl Plan<'_> {
    /// Tries them all, or goes on only until there are `enough` answers.
    fn try_all(&self, combinations: &Combinations, enough: usize) -> Tried {
        let shared = Shared::of(self, combinations);
        let cases = Cases::of(self, &shared);
        let mut answers: Vec<Answer> = Vec::new();
        let distinct = (0..shared.distinct()).map(|number| {
            if answers.len() >= enough {
                return None;
            }
            let (prepared, definition) = cases.prepare(number)?;
            let (outcome, refusal) = verdict_and_refusal(&prepared, &definition, self.scenario.feature)?;
            let found = (outcome.verdict, outcome.rule, refusal);
            Some(answers.iter().position(|known| *known == found).unwrap_or_else(|| {
                answers.push(found);
                answers.len() - 1
            }))
        });
        let distinct: Vec<Option<usize>> = distinct.collect();
        let of = shared.cases().iter().map(|case| distinct.get((*case)?).copied().flatten());
        Tried { of: of.collect(), answers }
    }

    pub(super) fn survey(&self, wanted: Wanted) -> Survey {
        let combinations = Combinations::of(self);
        // Where some answers are not counted, two may be one in the end.
        let all_count = !self.same_any_host && self.scenario.fallback == Fallback::Forbid;
        let enough = if wanted == Wanted::Whether && all_count { 2 } else { usize::MAX };
        let mut tried = self.try_all(&combinations, enough);
        let first = tried.of.iter().position(Option::is_some);
        if let Some(first) = first.filter(|_| tried.answers.len() >= enough) {
            let assignment = combinations.get(first).to_vec();
            return Survey::First { assignment, depends_on: self.every_axis(), either_way: None };
        }
        let starts: Vec<bool> = tried.answers.iter().map(|answer| answer.0 != Verdict::StartRefused).collect();
        if self.same_any_host && starts.contains(&true) {
            for answer in &mut tried.of {
                *answer = answer.filter(|place| starts[*place]);
            }
        }
        let counted = |place: usize| tried.of.contains(&Some(place));
        if tried.answers.iter().enumerate().any(|(place, answer)| self.falls_back(answer.0, answer.1) && counted(place))
        {
            return Survey::Unsaid(falls_back_where());
        }
        let mut depends_on = self.dependences(&combinations, &tried);
        if !combinations.exhaustive && depends_on.is_empty() {
            depends_on = self.every_axis();
        }
        let mut verdicts = tried.of.iter().flatten().map(|place| tried.answers[*place].0);
        let first = verdicts.next().filter(|_| combinations.exhaustive && !depends_on.is_empty());
        let either_way = first.filter(|first| verdicts.all(|verdict| verdict == *first));
        match tried.of.iter().position(Option::is_some) {
            Some(first) => Survey::First { assignment: combinations.get(first).to_vec(), depends_on, either_way },
            None => Survey::Unsaid(Dependence { input: "facts".to_owned(), answers: Vec::new() }),
        }
    }

    fn every_axis(&self) -> Vec<Dependence> {
        self.axes.iter().map(|axis| Dependence { input: axis.input.clone(), answers: Vec::new() }).collect()
    }

    /// Returns the answer in short of a guest that arrives unchanged whatever is not known; `None` for every other. Ends
    /// at the first case that says otherwise, so that many scenarios can be tried where few will do.
    pub fn unchanged(&self) -> Option<Outcome> {
        let outcome = self.first_glance()?;
        let passed_over = |outcome: Outcome| self.same_any_host && outcome.verdict == Verdict::StartRefused;
        if self.axes.is_empty() || (outcome.verdict != Verdict::Unchanged && !passed_over(outcome)) {
            return Some(outcome).filter(|outcome| outcome.verdict == Verdict::Unchanged);
        }
        let combinations = Combinations::of(self);
        if !combinations.exhaustive {
            return None;
        }
        let shared = Shared::of(self, &combinations);
        let cases = Cases::of(self, &shared);
        let mut found: Option<Outcome> = None;
        for (prepared, definition) in (0..shared.distinct()).filter_map(|number| cases.prepare(number)) {
            let Some(brief) = brief(&prepared, &definition.unordered(), self.scenario.feature) else { continue };
            let outcome = brief.outcome;
            if passed_over(outcome) {
                continue;
            }
            if outcome.verdict != Verdict::Unchanged || found.is_some_and(|found| found.rule != outcome.rule) {
                return None;
            }
            found = found.or(Some(outcome));
        }
        found
    }

    /// The axes along which the answer changes while every other stays where it is, each with one value per answer.
    fn dependences(&self, combinations: &Combinations, tried: &Tried) -> Vec<Dependence> {
        let mut found = Vec::new();
        let mut counted = tried.of.iter().flatten();
        let first = counted.next();
        if counted.all(|answer| Some(answer) == first) {
            return found;
        }
        for (number, axis) in self.axes.iter().enumerate() {
            // The line with most answers; of several, the one whose first inputs have their first values.
            let mut most: Vec<usize> = Vec::new();
            let mut new: Vec<usize> = Vec::new();
            for line in combinations.lines(number) {
                new.clear();
                for case in line {
                    let answer = tried.of[case];
                    if answer.is_some() && !new.iter().any(|known| tried.of[*known] == answer) {
                        new.push(case);
                    }
                }
                let place = |cases: &[usize]| {
                    let mut place = cases.first().map(|case| combinations.get(*case).to_vec()).unwrap_or_default();
                    place.iter_mut().skip(number).take(1).for_each(|value| *value = 0);
                    place
                };
                if new.len() > most.len() || (new.len() == most.len() && place(&new) < place(&most)) {
                    most.clone_from(&new);
                }
            }
            if most.len() > 1 {
                let possible = |case: usize| {
                    let answer = tried.of[case].map(|place| &tried.answers[place]);
                    Possible {
                        value: axis.values.get(combinations.get(case)[number]).cloned().unwrap_or_default(),
                        verdict: answer.map_or(Verdict::Depends, |answer| answer.0),
                        rule: answer.and_then(|answer| answer.1),
                    }
                };
                let answers = most.into_iter().map(possible).collect();
                found.push(Dependence { input: axis.input.clone(), answers });
            }
        }
        found
    }
}

/// Every combination, the first axis turning fastest.
fn every(sizes: &[usize]) -> Vec<usize> {
    let count: usize = sizes.iter().product();
    let mut all = Vec::with_capacity(count * sizes.len());
    for number in 0..count {
        let mut rest = number;
        for size in sizes {
            all.push(rest % size);
            rest /= size;
        }
    }
    all
}

fn one_at_a_time(sizes: &[usize]) -> Vec<usize> {
    let middle: Vec<usize> = sizes.iter().map(|size| size / 2).collect();
    let last: Vec<usize> = sizes.iter().map(|size| size - 1).collect();
    let mut all = Vec::new();
    for base in [vec![0; sizes.len()], middle, last] {
        for (axis, size) in sizes.iter().enumerate() {
            for value in 0..*size {
                let begins = all.len();
                all.extend_from_slice(&base);
                all[begins + axis] = value;
            }
        }
    }
    all
}
