//! Keeps the state of the explorer: the cursor, and which features are listed.

use super::{Hint, ScreenContext, ScreenResponse, ScreenState, Target};
use crate::analysis::strips::Strips;
use crate::analysis::table_grid;
use crate::app::action::Action;
use crate::app::choice::{Choice, Group, default_of, step, values, with_input};
use crate::app::derived::Derived;
use crate::app::features::{FeatureRow, Filter};
use crate::app::keymap::Keymap;
use crate::app::list::{PAGE, lines_moved};
use crate::app::overlay::Overlay;
use crate::app::page::Page;
use crate::app::table::rule_outside_table;
use crate::domain::feature::FeatureId;
use crate::domain::scenario::Scenario;
use crate::explain::{Lanes, how_to_find_out, lanes, rule_page};
use crate::resolve::{Mention, RuleId, TABLE};

/// The pane and the line of the cursor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Focus {
    /// A setting.
    Choice(Choice),
    /// The line for the hidden settings of a pane.
    Hidden(Group),
    /// A fix, by its index.
    Fix(usize),
    /// A cell of the decision table: row and column of the grid.
    Cell(usize, usize),
    /// A row of the decision table as a list; index 8 is a rule outside the table.
    Row(usize),
    /// A strip of verdicts, by its index; the cursor is on the scenario's own value.
    Strip(usize),
    /// A feature, by its index among the displayed ones.
    Feature(usize),
}

/// The state of the explorer.
#[derive(Clone, PartialEq, Debug)]
pub struct Explorer {
    /// The cursor.
    pub(crate) focus: Focus,
    /// Whether every setting is displayed.
    pub(crate) unfolded: bool,
    /// Whether the decision table is displayed as its eight rows.
    pub(crate) rows: bool,
    /// Whether the features are listed in the place of the answer.
    pub(crate) list: bool,
    /// Which features are listed.
    pub(crate) filter: Filter,
    /// The text that the names of listed features contain; empty for every feature.
    pub(crate) named: String,
    /// The index of the displayed feature among those that decide.
    pub(crate) subject: usize,
    /// The two lanes for that feature; `None` for an answer that depends.
    pub(crate) lanes: Option<Lanes>,
    /// The verdicts of the same guest along other settings.
    pub(crate) strips: Strips,
}

/// Up to this many values, Enter selects the next one; for more, it opens the list.
const FEW: usize = 5;
/// The index of a rule outside of the decision table, after its eight rows.
pub(crate) const OUTSIDE: usize = TABLE.len();
/// The number of rows of the grid; strips follow them in targets of clicks.
pub(crate) const GRID_ROWS: usize = table_grid::ROWS.len();

impl Explorer {
    /// Returns the initial state.
    pub(crate) fn open(context: &ScreenContext<'_>) -> Self {
        Self {
            focus: Focus::Choice(Choice::Machine),
            unfolded: false,
            rows: false,
            list: false,
            filter: Filter::Differing,
            named: String::new(),
            subject: 0,
            lanes: lanes(context.catalog, context.scenario, &context.derived.answer, 0),
            strips: Strips::of(context.catalog, context.scenario, &context.derived.answer),
        }
    }

    /// Returns the settings of a pane that are displayed: the main ones, and those that differ from their default.
    pub(crate) fn displayed(&self, derived: &Derived, group: Group) -> Vec<Choice> {
        let is_displayed = |choice: &Choice| {
            let matters = derived.choice(*choice).is_some_and(|state| !state.is_default || state.problem.is_some());
            self.unfolded || matters || choice.is_main() || self.focus == Focus::Choice(*choice)
        };
        group.choices().into_iter().filter(is_displayed).collect()
    }

    /// Returns the features that pass the filter; a typed name also finds features that the filter hides.
    pub(crate) fn listed<'a>(
        &self,
        rows: &'a [FeatureRow],
        name: impl Fn(&FeatureRow) -> &'a str,
    ) -> Vec<&'a FeatureRow> {
        let typed = self.named.to_lowercase();
        let named = |row: &&FeatureRow| typed.is_empty() || name(row).to_lowercase().contains(&typed);
        let filter = if typed.is_empty() { self.filter } else { Filter::All };
        rows.iter().filter(|row| row.passes(filter)).filter(named).collect()
    }

    /// Returns the text of an empty feature table; `rows` are those without a filter.
    pub(crate) fn empty(&self, rows: &[FeatureRow], keymap: &Keymap) -> String {
        let next = keymap.shown(Action::NextFilter);
        match self.filter {
            _ if rows.is_empty() => "No features: the guest was never started.".to_owned(),
            _ if !self.named.is_empty() => keymap.no_match(),
            Filter::Differing => format!("No differences: maps and QEMU agree. Press {next} for other features."),
            Filter::Mentioned => format!("No definition mentions a feature. Press {next} for all features."),
            Filter::All => "No features.".to_owned(),
        }
    }

    /// Returns the features in the order of the pane: the listed ones, or all in cells.
    fn features<'a>(&self, context: &ScreenContext<'a>) -> Vec<&'a FeatureRow> {
        if self.list {
            self.listed(&context.derived.features, |row| context.catalog.feature_name(row.feature))
        } else {
            context.derived.features.iter().collect()
        }
    }

    fn feature_at(&self, context: &ScreenContext<'_>, index: usize) -> Option<FeatureId> {
        self.features(context).get(index).map(|row| row.feature)
    }

    fn count(&self, context: &ScreenContext<'_>, pane: Pane) -> usize {
        match pane {
            Pane::Choices(group) => {
                let displayed = self.displayed(context.derived, group).len();
                displayed + usize::from(displayed < group.choices().len())
            }
            Pane::Fixes => context.derived.remedies.len().max(context.derived.possible().count()),
            Pane::Table if self.rows => OUTSIDE + usize::from(is_outside(context)),
            Pane::Table if is_outside(context) => 1,
            Pane::Table => GRID_ROWS,
            Pane::Strips => self.strips.strips.len(),
            Pane::Features => self.features(context).len(),
        }
    }

    fn pane(&self, context: &ScreenContext<'_>) -> (Pane, usize) {
        match self.focus {
            Focus::Choice(choice) => {
                let group = choice.group();
                let displayed = self.displayed(context.derived, group);
                (Pane::Choices(group), displayed.iter().position(|known| *known == choice).unwrap_or(0))
            }
            Focus::Hidden(group) => (Pane::Choices(group), self.displayed(context.derived, group).len()),
            Focus::Fix(index) => (Pane::Fixes, index),
            Focus::Cell(row, _) => (Pane::Table, row),
            Focus::Row(index) => (Pane::Table, if self.rows { index } else { 0 }),
            Focus::Strip(index) => (Pane::Strips, index),
            Focus::Feature(index) => (Pane::Features, index),
        }
    }

    fn go(&mut self, context: &ScreenContext<'_>, pane: Pane, index: usize) {
        let index = index.min(self.count(context, pane).saturating_sub(1));
        self.focus = match pane {
            Pane::Choices(group) => match self.displayed(context.derived, group).get(index) {
                Some(choice) => Focus::Choice(*choice),
                None => Focus::Hidden(group),
            },
            Pane::Fixes => Focus::Fix(index),
            Pane::Table if self.rows => Focus::Row(index),
            Pane::Table if is_outside(context) => Focus::Row(OUTSIDE),
            Pane::Table => {
                let (row, column) = own_cell(context).unwrap_or_default();
                if let Focus::Cell(_, column) = self.focus {
                    Focus::Cell(index, column)
                } else {
                    Focus::Cell(row, column)
                }
            }
            Pane::Strips => Focus::Strip(index),
            Pane::Features => Focus::Feature(index),
        };
    }

    /// Moves within the pane.
    fn move_by(&mut self, context: &ScreenContext<'_>, by: isize) -> ScreenResponse {
        let before = self.focus;
        let (pane, index) = self.pane(context);
        self.go(context, pane, index.saturating_add_signed(by));
        if pane == Pane::Table && self.focus != before { self.select_cell(context) } else { ScreenResponse::Done }
    }

    /// Moves to the next pane that is not empty.
    fn turn(&mut self, context: &ScreenContext<'_>, forward: bool, at_end: bool) {
        let current = Pane::ALL.iter().position(|pane| *pane == self.pane(context).0).unwrap_or(0);
        let count = Pane::ALL.len();
        for far in 1..=count {
            let index = if forward { current + far } else { current + count - far } % count;
            let Some(pane) = Pane::ALL.get(index) else { continue };
            let lines = self.count(context, *pane);
            if lines > 0 {
                self.go(context, *pane, if at_end { lines - 1 } else { 0 });
                return;
            }
        }
    }

    fn line(&mut self, context: &ScreenContext<'_>, by: isize) -> ScreenResponse {
        let (pane, index) = self.pane(context);
        let in_cells = pane == Pane::Features && !self.list;
        match index.checked_add_signed(by) {
            Some(next) if !in_cells && next < self.count(context, pane) => return self.move_by(context, by),
            Some(_) if !in_cells || by > 0 => self.turn(context, true, false),
            Some(_) | None => self.turn(context, false, true),
        }
        ScreenResponse::Done
    }

    fn sideways(&mut self, context: &ScreenContext<'_>, forward: bool) -> ScreenResponse {
        let by = if forward { 1 } else { -1 };
        match self.focus {
            Focus::Choice(choice) => match step(choice, context.catalog, context.scenario, forward) {
                Some(scenario) => ScreenResponse::Change(Box::new(scenario)),
                None => ScreenResponse::Say(format!(
                    "{} is the {} value.",
                    context.derived.choices[choice as usize].value,
                    if forward { "last" } else { "first" }
                )),
            },
            Focus::Cell(row, column) => {
                let next = column.saturating_add_signed(by).min(table_grid::COLUMNS.len() - 1);
                self.focus = Focus::Cell(row, next);
                if next == column { ScreenResponse::Done } else { self.select_cell(context) }
            }
            Focus::Strip(index) => {
                let Some(strip) = self.strips.strips.get(index) else { return ScreenResponse::Done };
                let segments = strip.segments(context.catalog);
                let current = segments.iter().position(|segment| segment.is_current);
                let next = current.map_or(Some(0), |current| current.checked_add_signed(by));
                match next.and_then(|next| strip.scenario(context.catalog, context.scenario, next)) {
                    Some(scenario) => ScreenResponse::Change(Box::new(scenario)),
                    None => ScreenResponse::Done,
                }
            }
            Focus::Feature(_) if !self.list => self.move_by(context, by),
            Focus::Hidden(_) | Focus::Fix(_) | Focus::Row(_) | Focus::Feature(_) => {
                self.turn(context, forward, false);
                ScreenResponse::Done
            }
        }
    }

    /// Changes the scenario to one in the cell or the row under the cursor.
    fn select_cell(&self, context: &ScreenContext<'_>) -> ScreenResponse {
        let own = own_cell(context);
        let cell = match self.focus {
            Focus::Cell(row, column) => Some((row, column)),
            Focus::Row(index) => {
                let says = own.and_then(|(row, _)| table_grid::ROWS.get(row)).copied().unwrap_or(Mention::Nothing);
                TABLE.get(index).map(|row| table_grid::place(row.row, says))
            }
            Focus::Choice(_) | Focus::Hidden(_) | Focus::Fix(_) | Focus::Strip(_) | Focus::Feature(_) => None,
        };
        let Some((row, column)) = cell.filter(|cell| Some(*cell) != own) else { return ScreenResponse::Done };
        match table_grid::scenario_in(context.catalog, context.scenario, row, column) {
            Some(scenario) => ScreenResponse::Change(Box::new(scenario)),
            None => ScreenResponse::Say(match table_grid::cell(row, column) {
                Some(row) => format!("{}: no guest of this model gets there.", RuleId::from(row.row).name()),
                None => String::new(),
            }),
        }
    }

    fn enter(&mut self, context: &ScreenContext<'_>) -> ScreenResponse {
        match self.focus {
            Focus::Choice(choice) => {
                if values(choice, context.catalog, context.scenario).len() > FEW {
                    return ScreenResponse::Values(choice);
                }
                let next = step(choice, context.catalog, context.scenario, true);
                let first =
                    values(choice, context.catalog, context.scenario).into_iter().next().map(|value| value.scenario);
                next.or(first).map_or(ScreenResponse::Done, |scenario| ScreenResponse::Change(Box::new(scenario)))
            }
            Focus::Hidden(group) => {
                self.unfold(context, group);
                ScreenResponse::Done
            }
            Focus::Fix(index) => apply_fix(context, index),
            Focus::Cell(..) | Focus::Row(_) | Focus::Strip(_) => match self.rule(context) {
                Some(rule) => ScreenResponse::Show(Box::new(rule_overlay(rule))),
                None => ScreenResponse::Done,
            },
            Focus::Feature(index) => {
                let Some(feature) = self.feature_at(context, index) else { return ScreenResponse::Done };
                (self.list, self.named) = (false, String::new());
                ScreenResponse::Change(Box::new(Scenario { feature, ..context.scenario.clone() }))
            }
        }
    }

    /// Shows every setting, with the cursor on the first that was hidden in a pane; or hides them again.
    fn unfold(&mut self, context: &ScreenContext<'_>, group: Group) {
        let displayed = self.displayed(context.derived, group);
        let hidden = group.choices().into_iter().find(|choice| !displayed.contains(choice));
        self.unfolded = !self.unfolded;
        if let (true, Some(choice)) = (self.unfolded, hidden) {
            self.focus = Focus::Choice(choice);
        }
    }

    /// The rule under the cursor.
    fn rule(&self, context: &ScreenContext<'_>) -> Option<RuleId> {
        match self.focus {
            Focus::Cell(row, column) => table_grid::cell(row, column).map(|row| RuleId::from(row.row)),
            Focus::Row(index) => TABLE
                .get(index)
                .map(|row| RuleId::from(row.row))
                .or_else(|| rule_outside_table(context.derived.answer.rule)),
            Focus::Strip(_) | Focus::Choice(_) | Focus::Hidden(_) | Focus::Fix(_) | Focus::Feature(_) => {
                context.derived.answer.rule
            }
        }
    }
}

/// The actions that apply a fix, or a value of an unknown input.
pub(crate) const FIXES: [Action; 5] =
    [Action::FirstFix, Action::SecondFix, Action::ThirdFix, Action::FourthFix, Action::FifthFix];

/// One pane of the explorer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pane {
    Choices(Group),
    Fixes,
    Table,
    Strips,
    Features,
}

impl Pane {
    const ALL: [Self; 7] = [
        Self::Choices(Group::Guest),
        Self::Choices(Group::Source),
        Self::Choices(Group::Destination),
        Self::Fixes,
        Self::Table,
        Self::Strips,
        Self::Features,
    ];
}

fn is_outside(context: &ScreenContext<'_>) -> bool {
    rule_outside_table(context.derived.answer.rule).is_some()
}

fn own_cell(context: &ScreenContext<'_>) -> Option<(usize, usize)> {
    table_grid::cell_of(context.scenario, &context.derived.answer)
}

/// Returns the page of a rule.
pub(crate) fn rule_overlay(rule: RuleId) -> Overlay {
    let page = rule_page(rule);
    Overlay::Page(Page::of_markdown(&format!("Rule {}: {}", rule.name(), page.title()), page.text))
}

fn apply_fix(context: &ScreenContext<'_>, index: usize) -> ScreenResponse {
    if let Some(fix) = context.derived.remedies.get(index) {
        return ScreenResponse::Change(Box::new(fix.scenario.clone()));
    }
    let Some((input, possible)) = context.derived.possible().nth(index) else { return ScreenResponse::Done };
    match with_input(context.catalog, context.scenario, input, &possible.value) {
        Some(scenario) => ScreenResponse::Change(Box::new(scenario)),
        None => ScreenResponse::Say(how_to_find_out(input).to_owned()),
    }
}

impl ScreenState for Explorer {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the program handles every other action")]
    fn update(&mut self, context: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        if let Some(by) = lines_moved(action, PAGE) {
            return match action {
                // Past the last line of a pane comes the next pane.
                Action::Up | Action::Down => self.line(context, by),
                _ => self.move_by(context, by),
            };
        }
        match action {
            Action::NextPane => self.turn(context, true, false),
            Action::PreviousPane => self.turn(context, false, false),
            Action::Left => return self.sideways(context, false),
            Action::Right => return self.sideways(context, true),
            Action::Open => return self.enter(context),
            Action::Clear => {
                return match self.focus {
                    Focus::Choice(choice) => match default_of(choice, context.catalog, context.scenario) {
                        same if same == *context.scenario => {
                            ScreenResponse::Say("Default value: the setting has it already.".to_owned())
                        }
                        default => ScreenResponse::Change(Box::new(default)),
                    },
                    _ => ScreenResponse::Say("Default value: move the cursor to a setting first.".to_owned()),
                };
            }
            Action::NextFilter if self.list => {
                self.filter = self.filter.next();
                self.list = self.filter != Filter::Differing;
                self.focus = Focus::Feature(0);
            }
            Action::NextFilter => (self.list, self.focus) = (true, Focus::Feature(0)),
            Action::NextFeature => {
                self.subject = (self.subject + 1) % context.derived.subjects.max(1);
                self.lanes = lanes(context.catalog, context.scenario, &context.derived.answer, self.subject);
            }
            Action::TableRows => {
                self.rows = !self.rows;
                self.refresh_focus(context);
            }
            Action::Unfold => {
                let group = match self.pane(context).0 {
                    Pane::Choices(group) => group,
                    Pane::Fixes | Pane::Table | Pane::Strips | Pane::Features => Group::Guest,
                };
                self.unfold(context, group);
            }
            Action::Back if !self.named.is_empty() => {
                self.filter(context, "");
                self.list = false;
            }
            Action::Back if self.list => (self.list, self.focus) = (false, Focus::Feature(0)),
            _ => {
                let fix = FIXES.iter().position(|fix| *fix == action);
                return fix.map_or(ScreenResponse::Ignored, |index| apply_fix(context, index));
            }
        }
        ScreenResponse::Done
    }

    fn click(&mut self, context: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        let focus = match target {
            Target::Choice(choice) => Focus::Choice(choice),
            Target::Hidden(group) => Focus::Hidden(group),
            Target::Fix(index) => Focus::Fix(index),
            Target::TableRow(index) => Focus::Row(index),
            Target::Row(index) => Focus::Feature(index),
            Target::Cell(row, column) => match row.checked_sub(GRID_ROWS) {
                None => Focus::Cell(row, column),
                Some(strip) => {
                    self.focus = Focus::Strip(strip);
                    let strip = self.strips.strips.get(strip);
                    let scenario = strip.and_then(|strip| strip.scenario(context.catalog, context.scenario, column));
                    return scenario
                        .map_or(ScreenResponse::Done, |scenario| ScreenResponse::Change(Box::new(scenario)));
                }
            },
            Target::Item(_) | Target::Action(_) | Target::Screen(_) | Target::Outside => {
                return ScreenResponse::Ignored;
            }
        };
        // The first click moves the cursor, the second acts like Enter.
        let again = focus == self.focus;
        self.focus = focus;
        match focus {
            _ if again => self.enter(context),
            Focus::Fix(_) | Focus::Hidden(_) => self.enter(context),
            Focus::Cell(..) | Focus::Row(_) => self.select_cell(context),
            Focus::Choice(_) | Focus::Strip(_) | Focus::Feature(_) => ScreenResponse::Done,
        }
    }

    fn scroll(&mut self, context: &ScreenContext<'_>, target: Option<Target>, action: Action) -> ScreenResponse {
        let Some(Target::Row(index)) = target else { return ScreenResponse::Ignored };
        if !matches!(self.focus, Focus::Feature(_)) {
            self.focus = Focus::Feature(index);
        }
        self.move_by(context, if action == Action::Up { -1 } else { 1 })
    }

    fn filter(&mut self, context: &ScreenContext<'_>, typed: &str) {
        typed.clone_into(&mut self.named);
        if typed.is_empty() {
            self.refresh_focus(context);
        } else {
            (self.list, self.focus) = (true, Focus::Feature(0));
        }
    }

    fn filtered(&self) -> &str {
        &self.named
    }

    fn point_at(&mut self, choice: Choice) {
        self.focus = Focus::Choice(choice);
    }

    fn feature(&self, context: &ScreenContext<'_>) -> Option<FeatureId> {
        if let Focus::Feature(index) = self.focus { self.feature_at(context, index) } else { None }
    }

    fn refresh(&mut self, context: &ScreenContext<'_>) {
        self.subject = 0;
        self.lanes = lanes(context.catalog, context.scenario, &context.derived.answer, 0);
        self.strips = Strips::of(context.catalog, context.scenario, &context.derived.answer);
        self.refresh_focus(context);
    }

    fn idle(&mut self, context: &ScreenContext<'_>) -> bool {
        self.strips.resolve_some(context.catalog, context.scenario)
    }

    fn pane_hints(&self) -> &'static [Hint] {
        match self.focus {
            Focus::Choice(_) => &[(&[Action::Left, Action::Right], "value"), (&[Action::Open], "list")],
            Focus::Hidden(_) => &[(&[Action::Open], "all settings")],
            Focus::Fix(_) => &[(&[Action::Open], "apply")],
            Focus::Cell(..) => &[
                (&[Action::Left, Action::Right, Action::Up, Action::Down], "go there"),
                (&[Action::Open], "explain"),
                (&[Action::TableRows], "rows"),
            ],
            Focus::Row(_) => &[
                (&[Action::Up, Action::Down], "go there"),
                (&[Action::Open], "explain"),
                (&[Action::TableRows], "grid"),
            ],
            Focus::Strip(_) => &[(&[Action::Left, Action::Right], "go there"), (&[Action::Open], "explain")],
            Focus::Feature(_) => {
                &[(&[Action::Open], "ask about it"), (&[Action::NextFilter], "list"), (&[Action::Filter], "filter")]
            }
        }
    }

    fn hints(&self) -> &'static [Hint] {
        &[
            (&[Action::NextPane], "next pane"),
            (&[Action::Follow], "follow"),
            (&[Action::Matrix], "matrix"),
            (&[Action::Lessons], "lessons"),
            (&[Action::SwapEnds], "swap"),
            (&[Action::Undo], "undo"),
            (&[Action::Rule], "rule"),
            (&[Action::NextFeature], "next feature"),
            (&[Action::Xml], "XML"),
            (&[Action::History], "history"),
            (&[Action::Diff], "diff"),
            (&[Action::Answer], "answer"),
            (&[Action::Export], "export"),
            (&[Action::CopyLink], "copy link"),
            (&[Action::Reset], "reset"),
            (&[Action::Quit], "quit"),
        ]
    }
}

impl Explorer {
    /// Moves the cursor to something that is there.
    fn refresh_focus(&mut self, context: &ScreenContext<'_>) {
        let (pane, index) = self.pane(context);
        match pane {
            Pane::Choices(_) => {}
            Pane::Fixes if context.derived.remedies.is_empty() => self.focus = Focus::Choice(Choice::Machine),
            Pane::Fixes | Pane::Table | Pane::Strips | Pane::Features => self.go(context, pane, index),
        }
    }
}
