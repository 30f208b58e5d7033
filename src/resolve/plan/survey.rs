//! Tries every combination of what is not known, and says on which inputs the answer depends.

use super::{Dependence, Plan, falls_back_where};
use crate::resolve::answer::{Glance, verdict_and_refusal};
use crate::resolve::journey::Prepared;
use crate::resolve::resolution::{Possible, Refusal, Verdict};
use std::collections::HashMap;

/// The most combinations that are all tried; beyond, each unknown input is varied alone, and the answer is `depends`
/// in any case.
const MOST_CASES: usize = 20_000;

/// One case as far as it takes to compare it with others.
struct Tried {
    assignment: Vec<usize>,
    glance: Glance,
    refusal: Option<Refusal>,
}

impl Tried {
    fn same_answer(&self, other: &Self) -> bool {
        (self.glance.verdict, self.glance.rule, &self.refusal)
            == (other.glance.verdict, other.glance.rule, &other.refusal)
    }
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

impl Plan<'_> {
    fn try_out(&self, assignment: Vec<usize>) -> Option<Tried> {
        let case = self.case(&assignment)?;
        let prepared = Prepared::of(self.catalog, &case);
        let (glance, refusal) = verdict_and_refusal(&prepared, &case.definition, self.scenario.feature)?;
        Some(Tried { assignment, glance, refusal })
    }

    pub(super) fn survey(&self) -> Survey {
        let sizes: Vec<usize> = self.axes.iter().map(|axis| axis.values.len()).collect();
        let all = sizes.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
        let exhaustive = all.is_some_and(|all| all <= MOST_CASES);
        let assignments = if exhaustive { every(&sizes) } else { one_at_a_time(&sizes) };
        let mut tried: Vec<Tried> = assignments.into_iter().filter_map(|one| self.try_out(one)).collect();
        let starts = |tried: &Tried| tried.glance.verdict != Verdict::StartRefused;
        if self.same_any_host && tried.iter().any(starts) {
            tried.retain(starts);
        }
        if tried.iter().any(|tried| self.falls_back(tried.glance)) {
            return Survey::Unsaid(falls_back_where());
        }
        let mut depends_on = self.dependences(&tried);
        if !exhaustive && depends_on.is_empty() {
            depends_on = self.axes.iter().map(|a| Dependence { input: a.input.clone(), answers: Vec::new() }).collect();
        }
        let mut verdicts = tried.iter().map(|tried| tried.glance.verdict);
        let first = verdicts.next();
        let either_way =
            first.filter(|first| !depends_on.is_empty() && exhaustive && verdicts.all(|verdict| verdict == *first));
        match tried.into_iter().next() {
            Some(first) => Survey::First { assignment: first.assignment, depends_on, either_way },
            None => Survey::Unsaid(Dependence { input: "facts".to_owned(), answers: Vec::new() }),
        }
    }

    /// The axes along which the answer changes while every other stays where it is, each with one value per answer.
    fn dependences(&self, tried: &[Tried]) -> Vec<Dependence> {
        let mut found = Vec::new();
        if tried.iter().zip(tried.iter().skip(1)).all(|(one, next)| one.same_answer(next)) {
            return found;
        }
        for (number, axis) in self.axes.iter().enumerate() {
            let mut lines: HashMap<Vec<usize>, Vec<&Tried>> = HashMap::new();
            for tried in tried {
                let mut line = tried.assignment.clone();
                line[number] = 0;
                let answers = lines.entry(line).or_default();
                if !answers.iter().any(|known| known.same_answer(tried)) {
                    answers.push(tried);
                }
            }
            let most = lines.into_iter().max_by(|a, b| (a.1.len(), &b.0).cmp(&(b.1.len(), &a.0)));
            if let Some((_, answers)) = most.filter(|(_, answers)| answers.len() > 1) {
                let value = |tried: &Tried| axis.values.get(tried.assignment[number]).cloned().unwrap_or_default();
                let possible = |tried: &Tried| Possible {
                    value: value(tried),
                    verdict: tried.glance.verdict,
                    rule: tried.glance.rule,
                };
                let answers = answers.into_iter().map(possible).collect();
                found.push(Dependence { input: axis.input.clone(), answers });
            }
        }
        found
    }
}

fn every(sizes: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![vec![0; sizes.len()]];
    for (axis, size) in sizes.iter().enumerate() {
        all = (0..*size)
            .flat_map(|value| {
                all.iter().map(move |assignment| {
                    let mut with = assignment.clone();
                    with[axis] = value;
                    with
                })
            })
            .collect();
    }
    all
}

fn one_at_a_time(sizes: &[usize]) -> Vec<Vec<usize>> {
    let middle: Vec<usize> = sizes.iter().map(|size| size / 2).collect();
    let last: Vec<usize> = sizes.iter().map(|size| size - 1).collect();
    let mut all = Vec::new();
    for base in [vec![0; sizes.len()], middle, last] {
        for (axis, size) in sizes.iter().enumerate() {
            for value in 0..*size {
                let mut with = base.clone();
                with[axis] = value;
                all.push(with);
            }
        }
    }
    all
}
