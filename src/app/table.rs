//! Builds the rows of the decision table for display: the sent definition, both maps, and the result.

use crate::analysis::table_grid;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::explain::rule_page;
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

/// Returns the label of the rule of an answer; a row of the table that says otherwise is quoted.
pub(crate) fn decided_label(verdict: Verdict, rule: RuleId) -> String {
    let other = TABLE.iter().find(|row| RuleId::from(row.row) == rule && row.verdict != verdict);
    let quoted = other.map(|row| format!(", which says {}", row.verdict.name())).unwrap_or_default();
    format!("{}{quoted}", rule_label(rule))
}

/// The heads of the columns of the grid: the map of the source, and of the destination.
pub(crate) const COLUMN_HEADS: [&str; 4] = ["old -> new", "new -> old", "old -> old", "new -> new"];

/// The decision table as a grid: what is sent by the state of the maps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Grid {
    /// The labels of the rows.
    pub(crate) labels: [String; 3],
    cells: Vec<GridCell>,
    /// The cell of the scenario; `None` if its feature has no row.
    pub(crate) own: Option<(usize, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct GridCell {
    /// The rule of its row.
    pub(crate) rule: RuleId,
    /// The verdict of its row; of the deciding cell, that of the answer.
    pub(crate) verdict: Verdict,
    /// Whether it decided the answer.
    pub(crate) decided: bool,
    /// Whether it is one of the cells that an undecided answer can be in.
    pub(crate) possible: bool,
}

impl Grid {
    /// Returns the grid of an answer.
    pub(crate) fn of(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> Self {
        let own = table_grid::cell_of(scenario, answer);
        let feature = catalog.feature_name(scenario.feature);
        let candidates = || answer.depends_on.iter().flat_map(|input| &input.answers);
        let cell = |row: usize, column: usize| {
            let found = table_grid::cell(row, column)?;
            let rule = RuleId::from(found.row);
            let decided = answer.rule == Some(rule) && own == Some((row, column));
            let verdict = if decided { answer.verdict } else { found.verdict };
            let possible = candidates().any(|candidate| candidate.rule == Some(rule));
            Some(GridCell { rule, verdict, decided, possible })
        };
        let cells = (0..3).flat_map(|row| (0..COLUMN_HEADS.len()).filter_map(move |column| cell(row, column)));
        Self {
            labels: [format!("+{feature}"), format!("-{feature}"), "not mentioned".to_owned()],
            cells: cells.collect(),
            own,
        }
    }

    pub(crate) fn cell(&self, row: usize, column: usize) -> Option<GridCell> {
        self.cells.get(row * COLUMN_HEADS.len() + column).copied()
    }

    /// Returns the cell of a row of the decision table, by its index.
    pub(crate) fn place_of(&self, index: usize) -> Option<(usize, usize)> {
        let row = TABLE.get(index)?;
        let says = self.own.and_then(|(row, _)| table_grid::ROWS.get(row)).copied().unwrap_or(Mention::Nothing);
        Some(table_grid::place(row.row, says))
    }
}

/// Returns `rule` when it is not a row of the decision table.
pub(crate) fn rule_outside_table(rule: Option<RuleId>) -> Option<RuleId> {
    rule.filter(|rule| Row::parse(rule.name()).is_none())
}

/// Returns the line that replaces the table if another rule decided; `None` if a row of the table decided.
pub(crate) fn outside_label(rule: Option<RuleId>) -> Option<String> {
    let rule = rule_outside_table(rule)?;
    Some(format!("Not a row of the decision table. Rule {}: {}", rule.name(), rule_page(rule).title()))
}

/// Returns a rule as it is called on screens: `row T7`, `rule ht`.
pub(crate) fn rule_label(rule: RuleId) -> String {
    let kind = if rule_outside_table(Some(rule)).is_some() { "rule" } else { "row" };
    format!("{kind} {}", rule.name())
}
