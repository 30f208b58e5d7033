//! Keeps the state of the screen that shows a difference: between what, the lines, and the cursor.
//! A key asks how guests fare only as far as that costs little; the rest is asked while nothing is typed.

use super::{ScreenContext, ScreenResponse, ScreenState, Target};
use crate::analysis::diff::guest_outcomes::{Answers, Fare, SAYINGS};
use crate::analysis::space::{exact_releases, map_of, models, releases};
use crate::app::action::Action;
use crate::app::list::{List, PAGE, lines_moved};
use crate::app::overlay::Overlay;
use crate::app::picker::{Item, Pick, Picker};
use crate::domain::catalog::LibvirtId;
use crate::domain::definition::named_enum;
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::scenario::{LibvirtChoice, Scenario};
use crate::resolve::{Budget, BudgetExceeded, Verdict};

mod lines;

use lines::Asks;
pub use lines::{Between, Line};

named_enum! {
    /// What is compared.
    View {
        /// The scenario's model at the scenario's ends.
        Ends "one model at both ends",
        /// Two releases' maps.
        Releases "two releases",
        /// Two models at the destination.
        Models "two models",
    }
}

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct Diff {
    /// What is compared.
    pub view: View,
    /// The releases that are compared.
    releases: (LibvirtId, LibvirtId),
    /// The models that are compared; the first one also at both ends.
    models: (ModelId, ModelId),
    /// What stands on either side.
    pub between: Between,
    /// The lines, those left that have the letters typed.
    pub listed: List<Line>,
    /// What each guest of the line under the cursor fares, there and back, by what it says; empty while that is not
    /// known, and where the line is about no guest.
    pub guests: Vec<[Option<Fare>; 2]>,
    /// The letters a listed line has; empty for any.
    pub named: String,
    /// Whether the list that is open is for the first of the two.
    picks_first: bool,
    all: Vec<Line>,
    answers: Answers,
    /// Whether something that is seen is not known yet.
    owes: bool,
}

impl Diff {
    /// Returns the screen as it opens: the scenario's model at its two ends.
    pub fn open(world: &ScreenContext<'_>) -> Self {
        let model = world.scenario.model().or(Scenario::default_of(world.catalog).model()).unwrap_or(ModelId(0));
        let mut state = Self {
            view: View::Ends,
            releases: two_releases(world),
            models: (model, lines::relative(world, model)),
            between: Between::default(),
            listed: List::default(),
            guests: Vec::new(),
            named: String::new(),
            picks_first: false,
            all: Vec::new(),
            answers: Answers::new(),
            owes: false,
        };
        state.compare(world);
        state
    }

    fn compare(&mut self, world: &ScreenContext<'_>) {
        (self.between, self.all) = match self.view {
            View::Ends => lines::of_ends(world, self.models.0),
            View::Releases => lines::of_releases(world, self.releases),
            View::Models => lines::of_models(world, self.models),
        };
        self.answers.clear();
        self.list(world);
    }

    fn list(&mut self, world: &ScreenContext<'_>) {
        let typed = self.named.to_lowercase();
        let has = |line: &&Line| format!("{} {}", line.name, line.detail).to_lowercase().contains(&typed);
        self.listed.fill(self.all.iter().filter(has).cloned().collect());
        self.go(world, self.listed.place());
    }

    /// Puts the cursor on a line, and works out some of what is then seen.
    fn go(&mut self, world: &ScreenContext<'_>, place: usize) {
        self.listed.go(place);
        self.guests.clear();
        self.ask(world, &mut Budget::of_key());
    }

    /// Asks how the guests of the line under the cursor and then of those about it fare, until the budget is spent.
    fn ask(&mut self, world: &ScreenContext<'_>, budget: &mut Budget) {
        let mut asks = self.between.asks(world.catalog);
        let (here, around) = (self.listed.place(), usize::from(world.size.height));
        let below = here.saturating_add(1)..here.saturating_add(around).min(self.listed.len());
        let above = (here.saturating_sub(around)..here).rev();
        let mut asked = self.ask_line(&mut asks, here, budget).and_then(|()| self.ask_guests(&mut asks, budget));
        for place in below.chain(above) {
            asked = asked.and_then(|()| self.ask_line(&mut asks, place, budget));
        }
        self.owes = asked.is_err();
    }

    fn ask_line(&mut self, asks: &mut Asks<'_>, place: usize, budget: &mut Budget) -> Result<(), BudgetExceeded> {
        if let Some(line) = self.listed.get_mut(place).filter(|line| line.guest_outcomes.is_none()) {
            line.guest_outcomes = Some(match line.about {
                Some(about) => asks.both(about, None, (&mut self.answers, budget))?,
                None => [None, None],
            });
        }
        Ok(())
    }

    fn ask_guests(&mut self, asks: &mut Asks<'_>, budget: &mut Budget) -> Result<(), BudgetExceeded> {
        let about = self.listed.here().and_then(|line| line.about);
        if let Some(about) = about.filter(|_| self.guests.is_empty()) {
            let mut both = |says| asks.both(about, says, (&mut self.answers, budget));
            self.guests = SAYINGS.iter().map(|says| both(*says)).collect::<Result<_, _>>()?;
        }
        Ok(())
    }

    fn turn(&mut self, world: &ScreenContext<'_>, forward: bool) {
        let here = View::ALL.iter().position(|view| *view == self.view).unwrap_or(0);
        let count = View::ALL.len();
        self.view = View::ALL[(here + if forward { 1 } else { count - 1 }) % count];
        self.named.clear();
        self.listed.go(0);
        self.compare(world);
    }

    fn picker(&mut self, world: &ScreenContext<'_>, first: bool) -> Overlay {
        self.picks_first = first || self.view == View::Ends;
        let catalog = world.catalog;
        let side = if self.picks_first { "left" } else { "right" };
        let (title, all, current): (String, Vec<(String, u16)>, u16) = match self.view {
            View::Releases => {
                let name = |id: LibvirtId| (catalog.release(id).name.to_string(), id.0);
                let LibvirtId(current) = if first { self.releases.0 } else { self.releases.1 };
                (format!("Release on the {side}"), releases(catalog).map(name).collect(), current)
            }
            View::Ends | View::Models => {
                let name = |id: ModelId| (catalog.model_name(id).to_owned(), id.0);
                let ModelId(current) = if self.picks_first { self.models.0 } else { self.models.1 };
                let title = if self.view == View::Ends { "Model".to_owned() } else { format!("Model on the {side}") };
                (title, models(catalog).into_iter().map(name).collect(), current)
            }
        };
        let items = all.into_iter().map(|(label, number)| Item {
            current: number == current,
            ..Item::new(label, Pick::Own(usize::from(number)))
        });
        Overlay::Picker(Box::new(Picker::new(title, None, items.collect())))
    }

    /// The question that shows the line: the one where harm is done, there before back.
    fn visit(&mut self, world: &ScreenContext<'_>) -> ScreenResponse {
        let (mut asks, mut endless) = (self.between.asks(world.catalog), Budget::endless());
        // Enter waits for the line that it goes by, whatever that costs.
        let _ = self.ask_line(&mut asks, self.listed.place(), &mut endless);
        let guest_outcomes = self.listed.here().and_then(|line| line.guest_outcomes.clone()).unwrap_or([None, None]);
        let harm = |fare: &&Fare| !matches!(fare.verdict(), Verdict::Unchanged | Verdict::Never);
        let silent = guest_outcomes.iter().flatten().find(harm);
        if silent.is_none() {
            let _ = self.ask_guests(&mut asks, &mut endless);
        }
        let message_help = self.guests.iter().flatten().flatten().find(harm);
        match silent.or(message_help).or(guest_outcomes.iter().flatten().next()) {
            Some(fare) => ScreenResponse::Visit(Box::new(fare.scenario.clone())),
            None => ScreenResponse::Say("no guest starts that would show this".to_owned()),
        }
    }
}

/// The scenario's releases; for one that is none 9.0.0, and for a second with the same map the newest that was read.
fn two_releases(world: &ScreenContext<'_>) -> (LibvirtId, LibvirtId) {
    let catalog = world.catalog;
    let last = releases(catalog).last().unwrap_or(LibvirtId(0));
    let old = LibvirtChoice::Old.id(catalog).unwrap_or(last);
    let named = |libvirt: &LibvirtChoice| libvirt.id(catalog).filter(|_| *libvirt != LibvirtChoice::New);
    let from = named(&world.scenario.from.libvirt).unwrap_or(old);
    let to = named(&world.scenario.to.libvirt).filter(|to| map_of(catalog, *to) != map_of(catalog, from));
    let newest = exact_releases(catalog).pop();
    (from, to.or(newest).unwrap_or(from))
}

impl ScreenState for Diff {
    #[expect(clippy::wildcard_enum_match_arm, reason = "a screen does its own actions and leaves every other")]
    fn update(&mut self, world: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        if let Some(by) = lines_moved(action, PAGE) {
            self.go(world, self.listed.place().saturating_add_signed(by));
            return ScreenResponse::Done;
        }
        match action {
            Action::NextView | Action::NextPane | Action::Right => self.turn(world, true),
            Action::PreviousPane | Action::Left => self.turn(world, false),
            Action::PickSubject => return ScreenResponse::Show(Box::new(self.picker(world, false))),
            Action::PickFirst => return ScreenResponse::Show(Box::new(self.picker(world, true))),
            Action::Open => return self.visit(world),
            Action::Back if !self.named.is_empty() => self.filter(world, ""),
            _ => return ScreenResponse::Ignored,
        }
        ScreenResponse::Done
    }

    fn click(&mut self, world: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        let Target::Row(place) = target else { return ScreenResponse::Ignored };
        // The first click puts the cursor there, the second is Enter.
        if place == self.listed.place() {
            return self.visit(world);
        }
        self.go(world, place);
        ScreenResponse::Done
    }

    fn filter(&mut self, world: &ScreenContext<'_>, typed: &str) {
        typed.clone_into(&mut self.named);
        self.list(world);
    }

    fn filtered(&self) -> &str {
        &self.named
    }

    fn feature(&self, _: &ScreenContext<'_>) -> Option<FeatureId> {
        self.listed.here().and_then(|line| line.about).map(|(_, feature)| feature)
    }

    fn pick(&mut self, world: &ScreenContext<'_>, number: usize) -> ScreenResponse {
        let Ok(number) = u16::try_from(number) else { return ScreenResponse::Ignored };
        match (self.view, self.picks_first) {
            (View::Releases, true) => self.releases.0 = LibvirtId(number),
            (View::Releases, false) => self.releases.1 = LibvirtId(number),
            (View::Ends, _) | (View::Models, true) => self.models.0 = ModelId(number),
            (View::Models, false) => self.models.1 = ModelId(number),
        }
        self.listed.go(0);
        self.compare(world);
        ScreenResponse::Done
    }

    fn refresh(&mut self, world: &ScreenContext<'_>) {
        self.compare(world);
    }

    fn idle(&mut self, world: &ScreenContext<'_>) -> bool {
        let owes = self.owes;
        if owes {
            self.ask(world, &mut Budget::of_slice());
        }
        owes
    }

    fn hints(&self) -> &'static [(&'static [Action], &'static str)] {
        &[
            (&[Action::Up, Action::Down], "move"),
            (&[Action::NextView], "compare others"),
            (&[Action::PickFirst, Action::PickSubject], "pick sides"),
            (&[Action::Open], "show it"),
            (&[Action::Filter], "find"),
            (&[Action::Back], "back"),
            (&[Action::SwapEnds], "swap ends"),
            (&[Action::Quit], "quit"),
        ]
    }
}
