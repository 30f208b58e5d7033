//! Tries the combinations of unknown inputs, and finds the inputs on which the answer depends.

use super::combinations::Combinations;
use super::dedup::{Cases, Shared};
use super::{Dependence, Plan};
use crate::resolve::answer::{Outcome, OutcomeWithFeatures, Possible};
use crate::resolve::classify::{brief, brief_and_refusal};
use crate::resolve::decision_table::Row;
use crate::resolve::refusal::Refusal;
use crate::resolve::rules::RuleId;
use crate::resolve::verdict::Verdict;

/// What an answer depends on where there are more combinations than are tried.
pub(crate) const TOO_MANY: &str = "too many combinations";

/// What makes two answers the same one.
#[derive(PartialEq, Eq)]
struct Kind {
    verdict: Verdict,
    /// `None` of a guest that arrives unchanged, whatever rule says why.
    rule: Option<RuleId>,
    refusal: Option<Refusal>,
}

impl Kind {
    fn of(outcome: Outcome, refusal: Option<Refusal>) -> Self {
        Self { verdict: outcome.verdict, rule: outcome.rule.filter(|_| outcome.verdict != Verdict::Unchanged), refusal }
    }
}

/// Keeps of the first answer what the second also has; both have one verdict. Of a guest that arrives unchanged in
/// every case, source and destination read the definition in the same way, if nothing more specific is known.
fn keep_common(first: &mut OutcomeWithFeatures, second: &OutcomeWithFeatures) {
    first.more &= second.more;
    first.less &= second.less;
    let (own, other) = (&mut first.outcome, second.outcome);
    if own.rule != other.rule {
        own.rule = (own.verdict == Verdict::Unchanged).then_some(RuleId::SameDefinition);
    }
    own.row = own.row.filter(|row| other.row == Some(*row));
}

/// The answers that differ, each in short with the features that are the same in all of its cases.
type Answers = Vec<(Kind, OutcomeWithFeatures)>;

/// Whether the cases agree.
pub(in crate::resolve) struct Agreement {
    /// The cases that count, those that cannot differ once, as the index of the value of each axis.
    pub(in crate::resolve) cases: Vec<Vec<usize>>,
    /// What the answer depends on; empty where all cases have one answer.
    pub(in crate::resolve) depends_on: Vec<Dependence>,
    /// Whether the verdicts differ, of all that are possible: the guest may still arrive in every case.
    pub(in crate::resolve) completes: bool,
    /// What all cases share, where they have one verdict.
    pub(in crate::resolve) either_way: Option<OutcomeWithFeatures>,
    /// The summary of the cases with the first answer; `None` if none was tried.
    pub(in crate::resolve) brief: Option<OutcomeWithFeatures>,
}

impl Agreement {
    /// Everything is known.
    pub(super) fn of_one_case() -> Self {
        Self { cases: vec![Vec::new()], depends_on: Vec::new(), completes: false, either_way: None, brief: None }
    }
}

/// What is to be found out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::resolve) enum Wanted {
    /// On which inputs the answer depends.
    Dependences,
    /// Only whether it depends: two verdicts are enough to know.
    Whether,
}

/// Returns what the cases that count share; `None` where they have several verdicts.
fn shared(answers: &Answers, of: &[Option<usize>]) -> Option<OutcomeWithFeatures> {
    let mut counted = answers.iter().enumerate().filter(|(index, _)| of.contains(&Some(*index)));
    let mut all = counted.next()?.1.1;
    for (_, (_, brief)) in counted {
        if all.outcome.verdict != brief.outcome.verdict {
            return None;
        }
        keep_common(&mut all, brief);
    }
    Some(all)
}

/// Returns the combinations that count, the first of each case.
fn counted(of: &[Option<usize>], cases: &[Option<usize>]) -> Vec<usize> {
    let mut seen = vec![false; cases.len()];
    let counts = |combination: &usize| {
        let case = of[*combination].and(cases[*combination]);
        case.is_some_and(|case| !std::mem::replace(&mut seen[case], true))
    };
    (0..of.len()).filter(counts).collect()
}

impl Plan<'_> {
    /// Migrates and classifies every case, or only until there are `enough` verdicts. Returns beside the answers, for each
    /// combination, the index of its answer, and that of its case among those that can differ; `None` where it has none.
    fn try_all(&self, combinations: &Combinations, enough: usize) -> (Answers, [Vec<Option<usize>>; 2]) {
        let shared = Shared::of(self, combinations);
        let cases = Cases::of(self, &shared);
        let mut answers = Answers::new();
        let mut found = 0;
        let distinct = (0..shared.distinct()).map(|index| {
            if found >= enough {
                return None;
            }
            let (prepared, definition) = cases.prepare(index)?;
            let (brief, refusal) = brief_and_refusal(&prepared, &definition, self.scenario.feature)?;
            let kind = Kind::of(brief.outcome, refusal);
            if let Some(known) = answers.iter().position(|(known, _)| *known == kind) {
                keep_common(&mut answers[known].1, &brief);
                return Some(known);
            }
            answers.push((kind, brief));
            found = verdicts(&answers);
            Some(answers.len() - 1)
        });
        let distinct: Vec<Option<usize>> = distinct.collect();
        let of = shared.cases.iter().map(|case| distinct.get((*case)?).copied().flatten()).collect();
        drop(cases);
        (answers, [of, shared.cases])
    }

    /// Tries every combination of what is not known.
    ///
    /// # Errors
    /// The input without which nothing can be said.
    pub(super) fn try_cases(&self, wanted: Wanted) -> Result<Agreement, Dependence> {
        let combinations = Combinations::of(self);
        // Where some answers do not count, two may be one in the end.
        let enough = if wanted == Wanted::Whether && !self.same_any_host { 2 } else { usize::MAX };
        let (answers, [mut of, cases]) = self.try_all(&combinations, enough);
        let is_cut = verdicts(&answers) >= enough;
        // Of the hosts of `any`, those count on which the source starts.
        let starts: Vec<bool> = answers.iter().map(|(kind, _)| kind.verdict != Verdict::StartRefused).collect();
        if !is_cut && self.same_any_host && starts.contains(&true) {
            for answer in &mut of {
                *answer = answer.filter(|index| starts[*index]);
            }
        }
        let Some(first) = of.iter().position(Option::is_some) else { return Err(Dependence::on("facts")) };
        let mut depends_on = if is_cut { self.every_axis() } else { self.dependences(&combinations, &answers, &of) };
        if !combinations.is_exhaustive() {
            depends_on.insert(0, Dependence::on(TOO_MANY));
        }
        let either_way = if combinations.is_exhaustive() { shared(&answers, &of) } else { None };
        let cases = if wanted == Wanted::Whether { vec![first] } else { counted(&of, &cases) };
        Ok(Agreement {
            cases: cases.into_iter().map(|case| combinations.get(case).to_vec()).collect(),
            depends_on,
            completes: combinations.is_exhaustive() && either_way.is_none(),
            either_way,
            brief: of[first].map(|index| answers[index].1),
        })
    }

    fn every_axis(&self) -> Vec<Dependence> {
        self.axes.iter().map(|axis| Dependence { input: axis.input.clone(), answers: Vec::new() }).collect()
    }

    /// Returns the answer in short of a guest that arrives unchanged whatever is not known, in the row of the decision
    /// table if one is given; `None` for every other. Stops at the first case that says otherwise, so that many
    /// scenarios can be tried where few is enough.
    pub(crate) fn unchanged(&self, row: Option<Row>) -> Option<Outcome> {
        let outcome = self.brief_of(&[])?.outcome;
        let passed_over = |outcome: Outcome| self.same_any_host && outcome.verdict == Verdict::StartRefused;
        let in_row = |outcome: Outcome| row.is_none() || outcome.row == row;
        if !in_row(outcome) && !passed_over(outcome) {
            return None;
        }
        if self.axes.is_empty() || (outcome.verdict != Verdict::Unchanged && !passed_over(outcome)) {
            return Some(outcome).filter(|outcome| outcome.verdict == Verdict::Unchanged);
        }
        let all = if Combinations::are_few(self) {
            Combinations::of(self)
        } else {
            self.unchanged_in_all(&Combinations::one_at_a_time(self), row).ok()?;
            Combinations::factored(self)
        };
        if all.is_exhaustive() { self.unchanged_in_all(&all, row).ok()?.map(|found| found.outcome) } else { None }
    }

    /// Returns what the cases in which the guest starts share; an error if it does not arrive unchanged in one of them.
    fn unchanged_in_all(
        &self,
        combinations: &Combinations,
        row: Option<Row>,
    ) -> Result<Option<OutcomeWithFeatures>, ()> {
        let shared = Shared::of(self, combinations);
        let cases = Cases::of(self, &shared);
        let mut found: Option<OutcomeWithFeatures> = None;
        for (prepared, definition) in (0..shared.distinct()).filter_map(|number| cases.prepare(number)) {
            let Some(brief) = brief(&prepared, &definition.unordered(), self.scenario.feature) else { continue };
            let Outcome { verdict, row: found_row, .. } = brief.outcome;
            if self.same_any_host && verdict == Verdict::StartRefused {
                continue;
            }
            if verdict != Verdict::Unchanged || (row.is_some() && row != found_row) {
                return Err(());
            }
            match &mut found {
                Some(found) => keep_common(found, &brief),
                None => found = Some(brief),
            }
        }
        Ok(found)
    }

    /// The axes along which the answer changes while every other stays where it is, each with one value per answer.
    fn dependences(&self, combinations: &Combinations, answers: &Answers, of: &[Option<usize>]) -> Vec<Dependence> {
        let mut found = Vec::new();
        let mut counted = of.iter().flatten();
        let first = counted.next();
        if counted.all(|answer| Some(answer) == first) {
            return found;
        }
        // Answers that differ in the message alone are distinguished only if nothing else differs.
        let verdict_and_rule =
            |answer: Option<usize>| answer.map(|index| (answers[index].0.verdict, answers[index].0.rule));
        let counted = || of.iter().filter(|answer| answer.is_some());
        let only_messages = counted().all(|answer| verdict_and_rule(*answer) == verdict_and_rule(first.copied()));
        for (number, axis) in self.axes.iter().enumerate() {
            // The line with most answers; of several, the first.
            let mut most: Vec<usize> = Vec::new();
            let mut new: Vec<usize> = Vec::new();
            for line in combinations.lines(number) {
                new.clear();
                for case in line {
                    let answer = of[case];
                    let is_new = |known: &usize| {
                        let known = of[*known];
                        known != answer && (only_messages || verdict_and_rule(known) != verdict_and_rule(answer))
                    };
                    if answer.is_some() && new.iter().all(is_new) {
                        new.push(case);
                    }
                }
                if new.len() > most.len() {
                    most.clone_from(&new);
                }
            }
            if most.len() > 1 {
                let possible = |case: usize| {
                    let outcome = of[case].map(|index| answers[index].1.outcome);
                    Possible {
                        value: axis.values.get(combinations.get(case)[number]).cloned().unwrap_or_default(),
                        verdict: outcome.map_or(Verdict::Depends, |outcome| outcome.verdict),
                        rule: outcome.and_then(|outcome| outcome.rule),
                    }
                };
                let possible = most.into_iter().map(possible).collect();
                found.push(Dependence { input: axis.input.clone(), answers: possible });
            }
        }
        found
    }
}

/// How many verdicts there are among answers.
fn verdicts(answers: &Answers) -> usize {
    (0..answers.len())
        .filter(|index| answers[..*index].iter().all(|(known, _)| known.verdict != answers[*index].0.verdict))
        .count()
}
