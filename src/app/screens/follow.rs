//! Keeps the state of the screen that follows a feature through the ten stages: which feature, which stage, and the
//! list to choose another from.

use super::explorer::rule_overlay;
use super::{ScreenContext, ScreenResponse, ScreenState, Target};
use crate::analysis::follow::{Seen, Step, decisive, follow};
use crate::app::action::Action;
use crate::app::features::{FeatureChange, Filter};
use crate::app::list::{List, PAGE, lines_moved};
use crate::domain::feature::FeatureId;
use crate::domain::scenario::Scenario;

/// One feature's way.
#[derive(Clone, PartialEq, Debug)]
pub struct Way {
    /// The feature.
    pub feature: FeatureId,
    /// What became of it in the answer.
    pub fate: Option<FeatureChange>,
    /// Whether it differs between the ends, or between what a map believes and QEMU gives.
    pub differs: bool,
    /// It at each stage; empty for an answer without a journey.
    pub seen: Vec<Seen>,
}

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct Follow {
    /// The feature that is followed: the one under the cursor, and where no name has what is typed the last that was.
    pub way: Way,
    /// The stage under the cursor.
    pub stage: usize,
    /// The features to choose from: those of the answer, differing first; while a name is typed, every one that has it.
    pub listed: List<Way>,
    /// The letters a listed feature has in its name; empty for any.
    pub named: String,
}

impl Follow {
    /// Returns the screen as it opens: at the feature the decision table is about, and the stage that decided.
    pub fn open(world: &ScreenContext<'_>) -> Self {
        let way = way(world, world.scenario.feature);
        let mut state = Self { stage: decisive(&way.seen), way, listed: List::default(), named: String::new() };
        state.list(world);
        state
    }

    fn list(&mut self, world: &ScreenContext<'_>) {
        let typed = self.named.to_lowercase();
        let mut ways: Vec<Way>;
        if typed.is_empty() {
            ways = world.derived.features.iter().map(|row| way(world, row.feature)).collect();
            ways.sort_by_key(|way| !way.differs);
            if ways.iter().all(|way| way.feature != self.way.feature) {
                ways.insert(0, self.way.clone());
            }
        } else {
            let all = (0u16..).zip(world.catalog.features().iter());
            let named = all.filter(|(_, name)| name.to_lowercase().contains(&typed));
            ways = named.map(|(number, _)| way(world, FeatureId(number))).collect();
            // The shorter of two names that have the letters is more likely meant.
            ways.sort_by_key(|way| world.catalog.feature_name(way.feature).len());
        }
        self.listed.fill(ways);
        self.listed.go_to(|way| way.feature == self.way.feature);
    }

    fn follow(&mut self, world: &ScreenContext<'_>, feature: FeatureId) {
        self.way = way(world, feature);
    }

    fn go(&mut self, place: usize) {
        self.listed.go(place);
        if let Some(way) = self.listed.here() {
            self.way = way.clone();
        }
    }

    fn step(&mut self, by: isize) {
        self.stage = self.stage.saturating_add_signed(by).min(Step::ALL.len() - 1);
    }

    fn visit(&self, world: &ScreenContext<'_>) -> ScreenResponse {
        ScreenResponse::Visit(Box::new(Scenario { feature: self.way.feature, ..world.scenario.clone() }))
    }
}

fn way(world: &ScreenContext<'_>, feature: FeatureId) -> Way {
    let row = world.derived.features.iter().find(|row| row.feature == feature);
    Way {
        feature,
        fate: row.and_then(|row| row.fate),
        differs: row.is_some_and(|row| row.passes(Filter::Differing)),
        seen: follow(world.scenario, &world.derived.answer, feature),
    }
}

impl ScreenState for Follow {
    #[expect(clippy::wildcard_enum_match_arm, reason = "a screen does its own actions and leaves every other")]
    fn update(&mut self, world: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        if let Some(by) = lines_moved(action, PAGE) {
            self.go(self.listed.place().saturating_add_signed(by));
            return ScreenResponse::Done;
        }
        match action {
            Action::Left => self.step(-1),
            Action::Right => self.step(1),
            Action::Open => return self.visit(world),
            Action::Rule => match self.way.seen.get(self.stage).and_then(|seen| seen.rule) {
                Some(rule) => return ScreenResponse::Show(Box::new(rule_overlay(rule))),
                None => return ScreenResponse::Ignored,
            },
            Action::Back if !self.named.is_empty() => self.filter(world, ""),
            _ => return ScreenResponse::Ignored,
        }
        ScreenResponse::Done
    }

    fn click(&mut self, world: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        if let Target::Cell(stage, _) = target {
            self.stage = stage.min(Step::ALL.len() - 1);
            return ScreenResponse::Done;
        }
        let Target::Row(place) = target else { return ScreenResponse::Ignored };
        // The first click follows the feature, the second is Enter.
        if place == self.listed.place() {
            return self.visit(world);
        }
        self.go(place);
        ScreenResponse::Done
    }

    fn scroll(&mut self, _: &ScreenContext<'_>, target: Option<Target>, action: Action) -> ScreenResponse {
        let Some(Target::Cell(..)) = target else { return ScreenResponse::Ignored };
        self.step(if action == Action::Up { -1 } else { 1 });
        ScreenResponse::Done
    }

    fn filter(&mut self, world: &ScreenContext<'_>, typed: &str) {
        typed.clone_into(&mut self.named);
        self.list(world);
        if !typed.is_empty() {
            self.go(0);
        }
    }

    fn filtered(&self) -> &str {
        &self.named
    }

    fn feature(&self, _: &ScreenContext<'_>) -> Option<FeatureId> {
        Some(self.way.feature)
    }

    fn come_from(&mut self, world: &ScreenContext<'_>, feature: FeatureId) {
        self.follow(world, feature);
        self.stage = decisive(&self.way.seen);
        self.list(world);
    }

    fn refresh(&mut self, world: &ScreenContext<'_>) {
        self.follow(world, self.way.feature);
        self.list(world);
    }

    fn hints(&self) -> &'static [(&'static [Action], &'static str)] {
        &[
            (&[Action::Left, Action::Right], "stage"),
            (&[Action::Up, Action::Down], "feature"),
            (&[Action::Filter], "any feature"),
            (&[Action::Open], "ask about it"),
            (&[Action::Rule], "rule"),
            (&[Action::Back], "back"),
            (&[Action::SwapEnds], "swap ends"),
            (&[Action::Answer], "answer"),
            (&[Action::CopyLink], "copy"),
            (&[Action::Quit], "quit"),
        ]
    }
}
