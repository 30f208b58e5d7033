//! Says what there is to say of the cell under the cursor.

use crate::analysis::matrix::Matrix;
use crate::app::screens::ScreenContext;
use crate::domain::scenario::Scenario;
use crate::explain::{explain, message};
use crate::resolve::{Basis, Budget, Outcome, Resolver, RuleId, Verdict};

/// The cell under the cursor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Here {
    /// Its row and column, as lines.
    pub place: (usize, usize),
    /// Its verdict.
    pub verdict: Verdict,
    /// The rule that decided.
    pub rule: Option<RuleId>,
    /// How sure the answer is.
    pub basis: Basis,
    /// What came of it.
    pub headline: String,
    /// libvirt's words, if it refused.
    pub message: Option<String>,
    /// Why, in sentences.
    pub why: Vec<String>,
    /// The cell with source and destination exchanged, where the axes have it.
    pub mirror: Option<(usize, usize)>,
    /// The answer the other way round.
    pub back: Outcome,
}

impl Here {
    /// Returns what there is to say of a cell; `None` outside, and where the budget is not enough for both directions.
    pub(super) fn of(
        world: &ScreenContext<'_>,
        grid: &Matrix,
        (row, column): (usize, usize),
        (resolver, budget): (&mut Resolver<'_>, &mut Budget),
    ) -> Option<Self> {
        let scenario: Scenario = grid.scenario(row, column)?;
        let mirror = grid.mirror(row, column);
        let other = mirror.and_then(|(row, column)| grid.scenario(row, column)).unwrap_or_else(|| scenario.swapped());
        budget.spend(resolver.price(&scenario) + resolver.price(&other)).ok()?;
        let answer = resolver.resolve(&scenario);
        let explanation = explain(world.catalog, &scenario, &answer);
        Some(Self {
            place: (row, column),
            verdict: answer.verdict,
            rule: answer.rule,
            basis: answer.basis,
            headline: explanation.headline,
            message: answer.refusal().map(|refusal| message(world.catalog, refusal)),
            why: explanation.why,
            mirror,
            back: resolver.outcome(&other),
        })
    }
}
