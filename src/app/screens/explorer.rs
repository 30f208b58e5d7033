//! Keeps the state of the first screen: where the cursor is, and which features are listed.

use super::{ScreenContext, ScreenResponse, ScreenState, Target};
use crate::app::action::Action;
use crate::app::choice::{Choice, Group, default_of, step, values};
use crate::app::features::{FeatureRow, Filter};
use crate::app::list::{PAGE, lines_moved};
use crate::app::overlay::Overlay;
use crate::app::page::Page;
use crate::app::update;
use crate::domain::feature::FeatureId;
use crate::domain::scenario::Scenario;
use crate::explain::rule_page;
use crate::resolve::{Row, RuleId, TABLE};

/// Where the cursor is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Focus {
    /// On a choice.
    Choice(Choice),
    /// On a way out.
    Way(usize),
    /// On a line of the decision table; 8 is the line below the eight rows.
    Table(usize),
    /// On a line of the feature table, counted among those listed.
    Feature(usize),
}

/// The state of the first screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explorer {
    /// Where the cursor is.
    pub focus: Focus,
    /// Which features are listed.
    pub filter: Filter,
    /// The letters a listed feature has in its name; empty for any.
    pub named: String,
}

/// Values up to which a choice is stepped through by Enter; beyond, a list opens.
const FEW: usize = 5;

impl Explorer {
    /// Returns the screen as it opens.
    pub fn open(_: &ScreenContext<'_>) -> Self {
        Self { focus: Focus::Choice(Choice::Machine), filter: Filter::Differing, named: String::new() }
    }

    /// Returns the listed features.
    pub fn listed<'a>(&self, rows: &'a [FeatureRow], name: impl Fn(&FeatureRow) -> &'a str) -> Vec<&'a FeatureRow> {
        let typed = self.named.to_lowercase();
        let named = |row: &&FeatureRow| typed.is_empty() || name(row).to_lowercase().contains(&typed);
        // Who types a name looks for a feature, listed or not.
        let filter = if typed.is_empty() { self.filter } else { Filter::All };
        rows.iter().filter(|row| row.passes(filter)).filter(named).collect()
    }

    fn listed_at(&self, world: &ScreenContext<'_>, place: usize) -> Option<FeatureId> {
        let listed = self.listed(&world.derived.features, |row| world.catalog.feature_name(row.feature));
        listed.get(place).map(|row| row.feature)
    }

    fn count(&self, world: &ScreenContext<'_>, pane: Pane) -> usize {
        match pane {
            Pane::Choices(group) => group.choices().len(),
            Pane::Ways => world.derived.remedies.len(),
            Pane::Table => TABLE.len() + usize::from(ninth(world).is_some()),
            Pane::Features => self.listed(&world.derived.features, |row| world.catalog.feature_name(row.feature)).len(),
        }
    }

    fn pane(&self) -> (Pane, usize) {
        match self.focus {
            Focus::Choice(choice) => {
                let group = choice.group();
                let place = group.choices().iter().position(|known| *known == choice).unwrap_or(0);
                (Pane::Choices(group), place)
            }
            Focus::Way(place) => (Pane::Ways, place),
            Focus::Table(place) => (Pane::Table, place),
            Focus::Feature(place) => (Pane::Features, place),
        }
    }

    fn go(&mut self, world: &ScreenContext<'_>, pane: Pane, place: usize) {
        let place = place.min(self.count(world, pane).saturating_sub(1));
        self.focus = match pane {
            Pane::Choices(group) => match group.choices().get(place) {
                Some(choice) => Focus::Choice(*choice),
                None => self.focus,
            },
            Pane::Ways => Focus::Way(place),
            Pane::Table => Focus::Table(place),
            Pane::Features => Focus::Feature(place),
        };
    }

    /// Moves within the pane.
    fn move_by(&mut self, world: &ScreenContext<'_>, by: isize) {
        let (pane, place) = self.pane();
        self.go(world, pane, place.saturating_add_signed(by));
    }

    /// Goes to the next pane that has anything in it.
    fn turn(&mut self, world: &ScreenContext<'_>, forward: bool, at_end: bool) {
        let here = Pane::ALL.iter().position(|pane| *pane == self.pane().0).unwrap_or(0);
        let count = Pane::ALL.len();
        for far in 1..=count {
            let place = if forward { here + far } else { here + count - far } % count;
            let Some(pane) = Pane::ALL.get(place) else { continue };
            let lines = self.count(world, *pane);
            if lines > 0 {
                self.go(world, *pane, if at_end { lines - 1 } else { 0 });
                return;
            }
        }
    }

    fn line(&mut self, world: &ScreenContext<'_>, by: isize) {
        let (pane, place) = self.pane();
        match place.checked_add_signed(by) {
            Some(next) if next < self.count(world, pane) => self.go(world, pane, next),
            Some(_) => self.turn(world, true, false),
            None => self.turn(world, false, true),
        }
    }

    fn sideways(&mut self, world: &ScreenContext<'_>, forward: bool) -> ScreenResponse {
        let Focus::Choice(choice) = self.focus else {
            self.turn(world, forward, false);
            return ScreenResponse::Done;
        };
        match step(choice, world.catalog, world.scenario, forward) {
            Some(scenario) => ScreenResponse::Change(Box::new(scenario)),
            None => ScreenResponse::Say(format!("{} is the last value", world.derived.choices[choice as usize].value)),
        }
    }

    fn enter(&mut self, world: &ScreenContext<'_>) -> ScreenResponse {
        match self.focus {
            Focus::Choice(choice) => {
                if values(choice, world.catalog, world.scenario).len() > FEW {
                    return ScreenResponse::Show(Box::new(update::pick_value(world.catalog, world.scenario, choice)));
                }
                let next = step(choice, world.catalog, world.scenario, true);
                let first =
                    values(choice, world.catalog, world.scenario).into_iter().next().map(|value| value.scenario);
                next.or(first).map_or(ScreenResponse::Done, |scenario| ScreenResponse::Change(Box::new(scenario)))
            }
            Focus::Way(place) => take_way(world, place),
            Focus::Table(place) => match rule_at(world, place) {
                Some(rule) => ScreenResponse::Show(Box::new(rule_overlay(rule))),
                None => ScreenResponse::Done,
            },
            Focus::Feature(place) => {
                let asked = |feature| Scenario { feature, ..world.scenario.clone() };
                self.listed_at(world, place)
                    .map_or(ScreenResponse::Done, |feature| ScreenResponse::Change(Box::new(asked(feature))))
            }
        }
    }
}

/// One part of the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pane {
    Choices(Group),
    Ways,
    Table,
    Features,
}

impl Pane {
    const ALL: [Self; 6] = [
        Self::Choices(Group::Guest),
        Self::Choices(Group::Source),
        Self::Choices(Group::Destination),
        Self::Ways,
        Self::Table,
        Self::Features,
    ];
}

/// Returns the deciding rule when it is no row of the table; it stands on a line of its own below the eight.
pub fn ninth(world: &ScreenContext<'_>) -> Option<RuleId> {
    ninth_of(world.derived.answer.rule)
}

/// The same, of a rule.
pub fn ninth_of(rule: Option<RuleId>) -> Option<RuleId> {
    rule.filter(|rule| Row::parse(rule.name()).is_none())
}

fn rule_at(world: &ScreenContext<'_>, place: usize) -> Option<RuleId> {
    TABLE.get(place).map(|row| RuleId::from(row.row)).or_else(|| ninth(world))
}

/// Returns the page of a rule, to lie over the screen.
pub fn rule_overlay(rule: RuleId) -> Overlay {
    let page = rule_page(rule);
    Overlay::Page(Page::of_markdown(&format!("Rule {}: {}", rule.name(), page.title()), page.text))
}

fn take_way(world: &ScreenContext<'_>, place: usize) -> ScreenResponse {
    match world.derived.remedies.get(place) {
        Some(way) => ScreenResponse::Change(Box::new(way.scenario.clone())),
        None => ScreenResponse::Say("there is no such way out".to_owned()),
    }
}

impl ScreenState for Explorer {
    #[expect(clippy::wildcard_enum_match_arm, reason = "a screen does its own actions and leaves every other")]
    fn update(&mut self, world: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        if let Some(by) = lines_moved(action, PAGE) {
            match action {
                // Line by line one gets to the next part.
                Action::Up | Action::Down => self.line(world, by),
                _ => self.move_by(world, by),
            }
            return ScreenResponse::Done;
        }
        match action {
            Action::NextPane => self.turn(world, true, false),
            Action::PreviousPane => self.turn(world, false, false),
            Action::Left => return self.sideways(world, false),
            Action::Right => return self.sideways(world, true),
            Action::Open => return self.enter(world),
            Action::Clear => {
                return match self.focus {
                    Focus::Choice(choice) => {
                        ScreenResponse::Change(Box::new(default_of(choice, world.catalog, world.scenario)))
                    }
                    Focus::Way(_) | Focus::Table(_) | Focus::Feature(_) => ScreenResponse::Done,
                };
            }
            Action::NextFilter => {
                self.filter = self.filter.next();
                self.refresh(world);
            }
            Action::FirstWay => return take_way(world, 0),
            Action::SecondWay => return take_way(world, 1),
            Action::ThirdWay => return take_way(world, 2),
            Action::Back if !self.named.is_empty() => self.filter(world, ""),
            _ => return ScreenResponse::Ignored,
        }
        ScreenResponse::Done
    }

    fn click(&mut self, world: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        let focus = match target {
            Target::Choice(choice) => Focus::Choice(choice),
            Target::Way(place) => Focus::Way(place),
            Target::TableRow(place) => Focus::Table(place),
            Target::Row(place) => Focus::Feature(place),
            Target::Cell(..) | Target::Item(_) | Target::Action(_) | Target::Screen(_) | Target::Outside => {
                return ScreenResponse::Ignored;
            }
        };
        // The first click puts the cursor there, the second is Enter.
        if focus == self.focus || matches!(focus, Focus::Way(_)) {
            self.focus = focus;
            return self.enter(world);
        }
        self.focus = focus;
        ScreenResponse::Done
    }

    fn scroll(&mut self, world: &ScreenContext<'_>, target: Option<Target>, action: Action) -> ScreenResponse {
        let Some(Target::Row(place)) = target else { return ScreenResponse::Ignored };
        if !matches!(self.focus, Focus::Feature(_)) {
            self.focus = Focus::Feature(place);
        }
        self.move_by(world, if action == Action::Up { -1 } else { 1 });
        ScreenResponse::Done
    }

    fn filter(&mut self, world: &ScreenContext<'_>, typed: &str) {
        typed.clone_into(&mut self.named);
        if typed.is_empty() {
            self.refresh(world);
        } else {
            self.focus = Focus::Feature(0);
        }
    }

    fn filtered(&self) -> &str {
        &self.named
    }

    fn cursor(&self) -> Option<Choice> {
        match self.focus {
            Focus::Choice(choice) => Some(choice),
            Focus::Way(_) | Focus::Table(_) | Focus::Feature(_) => None,
        }
    }

    fn point_at(&mut self, choice: Choice) {
        self.focus = Focus::Choice(choice);
    }

    fn feature(&self, world: &ScreenContext<'_>) -> Option<FeatureId> {
        match self.focus {
            Focus::Feature(place) => self.listed_at(world, place),
            Focus::Choice(_) | Focus::Way(_) | Focus::Table(_) => None,
        }
    }

    fn refresh(&mut self, world: &ScreenContext<'_>) {
        let (pane, place) = self.pane();
        match pane {
            Pane::Choices(_) => {}
            Pane::Ways if world.derived.remedies.is_empty() => self.focus = Focus::Choice(Choice::Machine),
            Pane::Ways | Pane::Table | Pane::Features => self.go(world, pane, place),
        }
    }

    fn hints(&self) -> &'static [(&'static [Action], &'static str)] {
        &[
            (&[Action::NextPane], "next part"),
            (&[Action::Left, Action::Right], "change"),
            (&[Action::Open], "choose"),
            (&[Action::Rule], "rule"),
            (&[Action::Matrix], "matrix"),
            (&[Action::Follow], "follow"),
            (&[Action::Lessons], "lessons"),
            (&[Action::Undo], "undo"),
            (&[Action::SwapEnds], "swap ends"),
            (&[Action::Xml], "XML"),
            (&[Action::History], "history"),
            (&[Action::Diff], "diff"),
            (&[Action::Filter], "find"),
            (&[Action::Answer], "answer"),
            (&[Action::Export], "export"),
            (&[Action::CopyLink], "copy"),
            (&[Action::NextFilter], "other features"),
            (&[Action::Reset], "reset"),
            (&[Action::Quit], "quit"),
        ]
    }
}
