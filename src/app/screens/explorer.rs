//! Keeps the state of the explorer: the cursor, and which features are listed.

use super::{ScreenContext, ScreenResponse, ScreenState, Target};
use crate::app::action::Action;
use crate::app::choice::{Choice, Group, default_of, step, values};
use crate::app::features::{FeatureRow, Filter};
use crate::app::keymap::Keymap;
use crate::app::list::{PAGE, lines_moved};
use crate::app::overlay::Overlay;
use crate::app::page::Page;
use crate::app::picker::Picker;
use crate::app::table::rule_outside_table;
use crate::domain::feature::FeatureId;
use crate::domain::scenario::Scenario;
use crate::explain::rule_page;
use crate::resolve::{RuleId, TABLE};

/// The pane and the line of the cursor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Focus {
    /// A setting.
    Choice(Choice),
    /// A fix, by its index.
    Fix(usize),
    /// A row of the decision table; index 8 is a rule outside the table.
    Table(usize),
    /// A line of the feature table, by its index among the listed ones.
    Feature(usize),
}

/// The state of the explorer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explorer {
    /// The cursor.
    pub(crate) focus: Focus,
    /// Which features are listed.
    pub(crate) filter: Filter,
    /// The text that the names of listed features contain; empty for every feature.
    pub(crate) named: String,
}

/// Up to this many values, Enter selects the next one; for more, it opens the list.
const FEW: usize = 5;

impl Explorer {
    /// Returns the initial state.
    pub(crate) fn open(_: &ScreenContext<'_>) -> Self {
        Self { focus: Focus::Choice(Choice::Machine), filter: Filter::Differing, named: String::new() }
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

    fn listed_at(&self, context: &ScreenContext<'_>, index: usize) -> Option<FeatureId> {
        let listed = self.listed(&context.derived.features, |row| context.catalog.feature_name(row.feature));
        listed.get(index).map(|row| row.feature)
    }

    fn count(&self, context: &ScreenContext<'_>, pane: Pane) -> usize {
        match pane {
            Pane::Choices(group) => group.choices().len(),
            Pane::Fixes => context.derived.remedies.len(),
            Pane::Table => TABLE.len() + usize::from(rule_outside_table(context.derived.answer.rule).is_some()),
            Pane::Features => {
                self.listed(&context.derived.features, |row| context.catalog.feature_name(row.feature)).len()
            }
        }
    }

    fn pane(&self) -> (Pane, usize) {
        match self.focus {
            Focus::Choice(choice) => {
                let group = choice.group();
                let index = group.choices().iter().position(|known| *known == choice).unwrap_or(0);
                (Pane::Choices(group), index)
            }
            Focus::Fix(index) => (Pane::Fixes, index),
            Focus::Table(index) => (Pane::Table, index),
            Focus::Feature(index) => (Pane::Features, index),
        }
    }

    fn go(&mut self, context: &ScreenContext<'_>, pane: Pane, index: usize) {
        let index = index.min(self.count(context, pane).saturating_sub(1));
        self.focus = match pane {
            Pane::Choices(group) => match group.choices().get(index) {
                Some(choice) => Focus::Choice(*choice),
                None => self.focus,
            },
            Pane::Fixes => Focus::Fix(index),
            Pane::Table => Focus::Table(index),
            Pane::Features => Focus::Feature(index),
        };
    }

    /// Moves within the pane.
    fn move_by(&mut self, context: &ScreenContext<'_>, by: isize) {
        let (pane, index) = self.pane();
        self.go(context, pane, index.saturating_add_signed(by));
    }

    /// Moves to the next pane that is not empty.
    fn turn(&mut self, context: &ScreenContext<'_>, forward: bool, at_end: bool) {
        let current = Pane::ALL.iter().position(|pane| *pane == self.pane().0).unwrap_or(0);
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

    fn line(&mut self, context: &ScreenContext<'_>, by: isize) {
        let (pane, index) = self.pane();
        match index.checked_add_signed(by) {
            Some(next) if next < self.count(context, pane) => self.go(context, pane, next),
            Some(_) => self.turn(context, true, false),
            None => self.turn(context, false, true),
        }
    }

    fn sideways(&mut self, context: &ScreenContext<'_>, forward: bool) -> ScreenResponse {
        let Focus::Choice(choice) = self.focus else {
            self.turn(context, forward, false);
            return ScreenResponse::Done;
        };
        match step(choice, context.catalog, context.scenario, forward) {
            Some(scenario) => ScreenResponse::Change(Box::new(scenario)),
            None => ScreenResponse::Say(format!(
                "{} is the {} value.",
                context.derived.choices[choice as usize].value,
                if forward { "last" } else { "first" }
            )),
        }
    }

    fn enter(&mut self, context: &ScreenContext<'_>) -> ScreenResponse {
        match self.focus {
            Focus::Choice(choice) => {
                if values(choice, context.catalog, context.scenario).len() > FEW {
                    return ScreenResponse::Show(Box::new(Overlay::Picker(Box::new(Picker::of_choice(
                        context.catalog,
                        context.scenario,
                        choice,
                    )))));
                }
                let next = step(choice, context.catalog, context.scenario, true);
                let first =
                    values(choice, context.catalog, context.scenario).into_iter().next().map(|value| value.scenario);
                next.or(first).map_or(ScreenResponse::Done, |scenario| ScreenResponse::Change(Box::new(scenario)))
            }
            Focus::Fix(index) => apply_fix(context, index),
            Focus::Table(index) => match rule_at(context, index) {
                Some(rule) => ScreenResponse::Show(Box::new(rule_overlay(rule))),
                None => ScreenResponse::Done,
            },
            Focus::Feature(index) => {
                let asked = |feature| Scenario { feature, ..context.scenario.clone() };
                self.listed_at(context, index)
                    .map_or(ScreenResponse::Done, |feature| ScreenResponse::Change(Box::new(asked(feature))))
            }
        }
    }
}

/// One pane of the explorer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pane {
    Choices(Group),
    Fixes,
    Table,
    Features,
}

impl Pane {
    const ALL: [Self; 6] = [
        Self::Choices(Group::Guest),
        Self::Choices(Group::Source),
        Self::Choices(Group::Destination),
        Self::Fixes,
        Self::Table,
        Self::Features,
    ];
}

fn rule_at(context: &ScreenContext<'_>, index: usize) -> Option<RuleId> {
    TABLE.get(index).map(|row| RuleId::from(row.row)).or_else(|| rule_outside_table(context.derived.answer.rule))
}

/// Returns the page of a rule.
pub(crate) fn rule_overlay(rule: RuleId) -> Overlay {
    let page = rule_page(rule);
    Overlay::Page(Page::of_markdown(&format!("Rule {}: {}", rule.name(), page.title()), page.text))
}

fn apply_fix(context: &ScreenContext<'_>, index: usize) -> ScreenResponse {
    match context.derived.remedies.get(index) {
        Some(fix) => ScreenResponse::Change(Box::new(fix.scenario.clone())),
        None => ScreenResponse::Say("There is no fix with this number.".to_owned()),
    }
}

impl ScreenState for Explorer {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the program handles every other action")]
    fn update(&mut self, context: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        if let Some(by) = lines_moved(action, PAGE) {
            match action {
                // Past the last line of a pane comes the next pane.
                Action::Up | Action::Down => self.line(context, by),
                _ => self.move_by(context, by),
            }
            return ScreenResponse::Done;
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
                    Focus::Fix(_) | Focus::Table(_) | Focus::Feature(_) => {
                        ScreenResponse::Say("Default value: move the cursor to a setting first.".to_owned())
                    }
                };
            }
            Action::NextFilter => {
                self.filter = self.filter.next();
                self.refresh(context);
            }
            Action::FirstFix => return apply_fix(context, 0),
            Action::SecondFix => return apply_fix(context, 1),
            Action::ThirdFix => return apply_fix(context, 2),
            Action::Back if !self.named.is_empty() => self.filter(context, ""),
            _ => return ScreenResponse::Ignored,
        }
        ScreenResponse::Done
    }

    fn click(&mut self, context: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        let focus = match target {
            Target::Choice(choice) => Focus::Choice(choice),
            Target::Fix(index) => Focus::Fix(index),
            Target::TableRow(index) => Focus::Table(index),
            Target::Row(index) => Focus::Feature(index),
            Target::Cell(..) | Target::Item(_) | Target::Action(_) | Target::Screen(_) | Target::Outside => {
                return ScreenResponse::Ignored;
            }
        };
        // The first click moves the cursor, the second acts like Enter.
        if focus == self.focus || matches!(focus, Focus::Fix(_)) {
            self.focus = focus;
            return self.enter(context);
        }
        self.focus = focus;
        ScreenResponse::Done
    }

    fn scroll(&mut self, context: &ScreenContext<'_>, target: Option<Target>, action: Action) -> ScreenResponse {
        let Some(Target::Row(index)) = target else { return ScreenResponse::Ignored };
        if !matches!(self.focus, Focus::Feature(_)) {
            self.focus = Focus::Feature(index);
        }
        self.move_by(context, if action == Action::Up { -1 } else { 1 });
        ScreenResponse::Done
    }

    fn filter(&mut self, context: &ScreenContext<'_>, typed: &str) {
        typed.clone_into(&mut self.named);
        if typed.is_empty() {
            self.refresh(context);
        } else {
            self.focus = Focus::Feature(0);
        }
    }

    fn filtered(&self) -> &str {
        &self.named
    }

    fn point_at(&mut self, choice: Choice) {
        self.focus = Focus::Choice(choice);
    }

    fn feature(&self, context: &ScreenContext<'_>) -> Option<FeatureId> {
        match self.focus {
            Focus::Feature(index) => self.listed_at(context, index),
            Focus::Choice(_) | Focus::Fix(_) | Focus::Table(_) => None,
        }
    }

    fn refresh(&mut self, context: &ScreenContext<'_>) {
        let (pane, index) = self.pane();
        match pane {
            Pane::Choices(_) => {}
            Pane::Fixes if context.derived.remedies.is_empty() => self.focus = Focus::Choice(Choice::Machine),
            Pane::Fixes | Pane::Table | Pane::Features => self.go(context, pane, index),
        }
    }

    fn hints(&self) -> &'static [(&'static [Action], &'static str)] {
        &[
            (&[Action::NextPane], "next pane"),
            (&[Action::Left, Action::Right], "change"),
            (&[Action::Open], "select"),
            (&[Action::Rule], "rule"),
            (&[Action::Matrix], "matrix"),
            (&[Action::Follow], "follow"),
            (&[Action::Lessons], "lessons"),
            (&[Action::Undo], "undo"),
            (&[Action::SwapEnds], "swap"),
            (&[Action::Xml], "XML"),
            (&[Action::History], "history"),
            (&[Action::Diff], "diff"),
            (&[Action::Filter], "filter"),
            (&[Action::Answer], "answer"),
            (&[Action::Export], "export"),
            (&[Action::CopyLink], "copy link"),
            (&[Action::NextFilter], "feature filter"),
            (&[Action::Reset], "reset"),
            (&[Action::Quit], "quit"),
        ]
    }
}
