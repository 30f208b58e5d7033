//! Makes the rows of the decision table for display: what is sent, the map of either side, the result.

use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::resolve::{Answer, MapState, Mention, Row, RuleId, TABLE, Verdict};

/// One row of the decision table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TableLine {
    /// The id of the row, which is also that of its rule.
    pub(crate) rule: RuleId,
    /// What is sent: `$M` is the model.
    pub(crate) sent: String,
    /// The state of the map at source and destination: `old` or `new`.
    pub(crate) maps: [&'static str; 2],
    /// The result; with the verdict of the answer where that differs.
    pub(crate) result: String,
    /// The verdict of this row for a guest that differs in nothing else.
    pub(crate) verdict: Verdict,
    /// Whether this row decided the answer.
    pub(crate) decided: bool,
}

/// The most letters of a feature's name; a longer one is called F.
const LONGEST: usize = 6;

/// Returns the eight rows in order.
pub(crate) fn lines(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> Vec<TableLine> {
    let feature = catalog.feature_name(scenario.feature);
    let feature = if feature.len() > LONGEST { "F" } else { feature };
    let state = |map| match map {
        MapState::Old => "old",
        MapState::New => "new",
    };
    let line = |row: &crate::resolve::TableRow| {
        let rule = RuleId::from(row.row);
        let decided = answer.rule == Some(rule);
        let (verdict, result) = (row.verdict, row.result());
        TableLine {
            rule,
            sent: match row.says {
                None => "anything".to_owned(),
                Some(Mention::Nothing) => "$M".to_owned(),
                Some(Mention::On) => format!("$M +{feature}"),
                Some(Mention::Off) => format!("$M -{feature}"),
            },
            maps: [state(row.source), state(row.destination)],
            result: if decided && answer.verdict != verdict {
                format!("{result}, here {}", answer.verdict.name())
            } else {
                result.to_owned()
            },
            verdict,
            decided,
        }
    };
    TABLE.iter().map(line).collect()
}

/// Returns the legend of the table.
pub(crate) fn legend(catalog: &Catalog, scenario: &Scenario) -> String {
    let feature = catalog.feature_name(scenario.feature);
    format!(
        "$M is {}. A map is old if it has {feature} in $M, and new if {feature} was removed. What is sent selects the row.",
        scenario.cpu_name(catalog)
    )
}

/// Returns `rule` when it is not a row of the decision table; it is listed below the eight rows.
pub(crate) fn rule_outside_table(rule: Option<RuleId>) -> Option<RuleId> {
    rule.filter(|rule| Row::parse(rule.name()).is_none())
}
