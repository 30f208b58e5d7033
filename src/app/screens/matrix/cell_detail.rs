//! Builds the details of the cell under the cursor.

use crate::analysis::matrix::Matrix;
use crate::app::screens::ScreenContext;
use crate::domain::scenario::Scenario;
use crate::explain::{explain, message};
use crate::resolve::{Basis, Budget, Outcome, Resolver, RuleId, Verdict};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CellDetail {
    /// The row and the column, by their lines.
    pub cell: (usize, usize),
    pub(crate) verdict: Verdict,
    /// The rule that decided.
    pub(crate) rule: Option<RuleId>,
    /// The confidence.
    pub(crate) basis: Basis,
    /// The headline of the explanation.
    pub(crate) headline: String,
    /// libvirt's error message, if there is one.
    pub(crate) message: Option<String>,
    /// The reasons, one sentence each.
    pub(crate) why: Vec<String>,
    /// The cell with source and destination swapped, if the axes contain it.
    pub(crate) mirror: Option<(usize, usize)>,
    /// The outcome of the reverse direction.
    pub(crate) reverse: Outcome,
}

impl CellDetail {
    /// Returns the details of a cell; `None` outside of the matrix, and if the budget does not cover both directions.
    pub(super) fn of(
        context: &ScreenContext<'_>,
        grid: &Matrix,
        (row, column): (usize, usize),
        (resolver, budget): (&mut Resolver<'_>, &mut Budget),
    ) -> Option<Self> {
        let scenario: Scenario = grid.scenario(row, column)?;
        let mirror = grid.mirror(row, column);
        let other = mirror.and_then(|(row, column)| grid.scenario(row, column)).unwrap_or_else(|| scenario.swapped());
        budget.spend(resolver.price(&scenario) + resolver.price(&other)).ok()?;
        let answer = resolver.resolve(&scenario);
        let explanation = explain(context.catalog, &scenario, &answer);
        Some(Self {
            cell: (row, column),
            verdict: answer.verdict,
            rule: answer.rule,
            basis: answer.basis,
            headline: explanation.headline,
            message: answer.refusal().map(|refusal| message(context.catalog, refusal)),
            why: explanation.why,
            mirror,
            reverse: resolver.outcome(&other),
        })
    }
}
