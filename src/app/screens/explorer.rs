//! Keeps the state of the explorer: the cursor, and which features are listed.

use super::{Hint, ScreenContext, ScreenResponse, ScreenState, Target};
use crate::analysis::remedies::{Remedy, Tried};
use crate::analysis::strips::Strips;
use crate::analysis::table_grid;
use crate::app::action::Action;
use crate::app::choice::{Choice, Group, default_of, next_of_few, with_input};
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
use crate::resolve::{Budget, RuleId, TABLE};

mod cursor;

pub(crate) use cursor::Focus;
use cursor::Pane;

/// The state of the explorer.
#[derive(Clone, PartialEq, Debug)]
pub struct Explorer {
    /// The cursor.
    pub(crate) focus: Focus,
    /// Whether every setting is displayed.
    pub(crate) unfolded: bool,
    /// Whether the pane with the cursor has the whole screen.
    zoomed: bool,
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
    /// The two lanes for that feature; `None` for an answer that depends, and until they are compared.
    pub(crate) lanes: Option<Lanes>,
    /// Whether the lanes of an answer that covers several cases are still to be compared.
    pub(crate) lanes_pending: bool,
    /// What was tried in the search for fixes, until they are found.
    tried: Tried,
    /// How many fixes were shown last: while they are searched, they keep their place.
    pub(crate) fix_lines: usize,
    /// The verdicts of the same guest along other settings.
    pub(crate) strips: Strips,
}

/// The most cases whose lanes are compared between a key and its frame.
const CASES_AT_ONCE: usize = 4;
/// The index of a rule outside of the decision table, after its eight rows.
pub(crate) const OUTSIDE: usize = TABLE.len();
/// The number of rows of the grid; strips follow them in targets of clicks.
pub(crate) const GRID_ROWS: usize = table_grid::ROWS.len();

impl Explorer {
    /// Returns the initial state.
    pub(crate) fn open(context: &ScreenContext<'_>) -> Self {
        let mut state = Self {
            focus: Focus::Choice(Choice::Machine),
            unfolded: false,
            zoomed: false,
            rows: false,
            list: false,
            filter: Filter::Differing,
            named: String::new(),
            subject: 0,
            lanes: None,
            lanes_pending: false,
            tried: Tried::default(),
            fix_lines: 0,
            strips: Strips::default(),
        };
        state.load(context);
        state
    }

    /// Makes what a key may wait for; [`Self::idle`] makes the rest.
    fn load(&mut self, context: &ScreenContext<'_>) {
        self.tried = Tried::default();
        self.strips = Strips::of(context.catalog, context.scenario, &context.derived.answer);
        self.show_subject(context, 0);
        if !self.lanes_pending {
            context.derived.outlook(context.catalog, context.scenario);
        }
        self.find_fixes(context, &mut Budget::of_key());
    }

    fn find_fixes(&mut self, context: &ScreenContext<'_>, budget: &mut Budget) {
        let (catalog, scenario) = (context.catalog, context.scenario);
        if context.derived.find_remedies(catalog, scenario, (&mut self.tried, budget)) {
            self.fix_lines = fixes(context).len();
            self.tried = Tried::default();
        }
    }

    /// Draws the lanes of a deciding feature.
    fn show_subject(&mut self, context: &ScreenContext<'_>, subject: usize) {
        self.subject = subject;
        self.lanes_pending = context.derived.answer.case_count() > CASES_AT_ONCE;
        self.lanes = None;
        if !self.lanes_pending {
            self.compare_lanes(context);
        }
    }

    fn compare_lanes(&mut self, context: &ScreenContext<'_>) {
        self.lanes_pending = false;
        self.lanes = lanes(context.catalog, context.scenario, &context.derived.answer, self.subject);
    }

    /// Returns the settings of a pane that are displayed: the main ones, and those that differ from their default.
    pub(crate) fn displayed(&self, derived: &Derived, group: Group) -> Vec<Choice> {
        let focused = match self.focus {
            Focus::Choice(choice) => Some(choice.group()),
            Focus::Hidden(group) => Some(group),
            Focus::Fix(_) | Focus::Cell(..) | Focus::Row(_) | Focus::Strip(_) | Focus::Feature(_) => None,
        };
        let unfolded = self.unfolded || (self.zoomed && focused == Some(group));
        let is_displayed = |choice: &Choice| {
            let matters = derived.choice(*choice).is_some_and(|state| !state.is_default || state.problem.is_some());
            unfolded || matters || choice.is_main() || self.focus == Focus::Choice(*choice)
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
            Filter::Differing if rows.iter().all(|row| row.source.on.is_none()) => {
                format!("QEMU built no CPU at the source. Press {next} for the features of the model.")
            }
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

    fn enter(&mut self, context: &ScreenContext<'_>) -> ScreenResponse {
        match self.focus {
            Focus::Choice(choice) => {
                let next = next_of_few(choice, context.catalog, context.scenario);
                next.map_or(ScreenResponse::Values(choice), |scenario| ScreenResponse::Change(Box::new(scenario)))
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

fn fixes<'a>(context: &ScreenContext<'a>) -> &'a [Remedy] {
    context.derived.remedies(context.catalog, context.scenario)
}

fn apply_fix(context: &ScreenContext<'_>, index: usize) -> ScreenResponse {
    if let Some(fix) = fixes(context).get(index) {
        return ScreenResponse::Change(Box::new(fix.scenario.clone()));
    }
    let Some((input, possible)) = context.derived.possible().nth(index) else {
        return ScreenResponse::Say(format!("There is no fix {}.", index + 1));
    };
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
                self.show_subject(context, (self.subject + 1) % context.derived.subjects.max(1));
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
        self.zoomed = context.zoomed;
        self.load(context);
        self.refresh_focus(context);
    }

    fn idle(&mut self, context: &ScreenContext<'_>) -> bool {
        if self.lanes_pending {
            self.compare_lanes(context);
        } else if context.derived.known_outlook().is_none() {
            context.derived.outlook(context.catalog, context.scenario);
        } else if context.derived.known_remedies().is_none() {
            self.find_fixes(context, &mut Budget::of_slice());
        } else {
            return self.strips.resolve_some(context.catalog, context.scenario);
        }
        true
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
            (&[Action::FirstFix], "first fix"),
            (&[Action::Undo], "undo"),
            (&[Action::Rule], "rule"),
            (&[Action::NextFeature], "next feature"),
            (&[Action::Answer], "answer"),
            (&[Action::Export], "export"),
            (&[Action::CopyLink], "copy link"),
            (&[Action::Xml], "XML"),
            (&[Action::History], "history"),
            (&[Action::Diff], "diff"),
            (&[Action::Reset], "reset"),
            (&[Action::Quit], "quit"),
        ]
    }
}
