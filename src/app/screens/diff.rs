//! Keeps the state of the comparison of releases or models: what is compared, the lines, and the cursor.
//! A key resolves guests only within a small budget; the rest is resolved while the program is idle.

use super::{Hint, ScreenContext, ScreenResponse, ScreenState, Target};
use crate::analysis::diff::guest_outcomes::{Answers, GuestOutcome, MENTIONS};
use crate::analysis::space::{exact_releases, map_of, models, releases};
use crate::app::action::Action;
use crate::app::keymap::Keymap;
use crate::app::list::{List, PAGE, lines_moved};
use crate::app::overlay::Overlay;
use crate::app::picker::Picker;
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::definition::{Policy, named_enum};
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::scenario::{LibvirtChoice, Scenario};
use crate::explain::{explain, message};
use crate::resolve::{Budget, BudgetExceeded, RuleId, Verdict, resolve};
use std::rc::Rc;

mod lines;

use lines::GuestQueries;
pub(crate) use lines::{Between, Line};

named_enum! {
    /// What is compared.
    View {
        /// The model of the scenario, at source and destination.
        Endpoints "one model, source and destination",
        /// The CPU maps of two releases.
        Releases "two releases",
        /// Two models at the destination.
        Models "two models",
    }
}

/// The answer for the guest that demonstrates a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Example {
    /// libvirt's message; empty without one.
    pub(crate) message: String,
    /// The reasons.
    pub(crate) why: String,
    /// The rule that decided.
    pub(crate) rule: Option<RuleId>,
}

/// The state of the comparison.
#[derive(Clone, Debug)]
pub struct Diff {
    /// What is compared.
    pub(crate) view: View,
    /// The compared releases, left and right.
    releases: (LibvirtId, LibvirtId),
    /// The compared models, left and right; the left one is also that of the view of source and destination.
    models: (ModelId, ModelId),
    /// The two sides.
    pub(crate) between: Between,
    /// The lines that pass the filter.
    pub listed: List<Line>,
    /// The outcomes of the guests of the line under the cursor in both directions, in the order of [`MENTIONS`]; empty
    /// until they are resolved, and for a line without a guest.
    pub guests: Vec<[Option<GuestOutcome>; 2]>,
    /// The guest that demonstrates the line under the cursor; `None` until it is resolved.
    pub(crate) example: Option<Example>,
    /// The text that listed lines contain; empty for every line.
    pub(crate) named: String,
    /// Whether the open list is for the left side.
    picks_first: bool,
    all: Vec<Line>,
    answers: Answers,
    /// Whether a visible line is not resolved yet.
    pending: bool,
}

impl Diff {
    /// Returns the screen as it opens: the scenario's model at source and destination.
    pub(crate) fn open(context: &ScreenContext<'_>) -> Self {
        let model = context.model().or(Scenario::default_of(context.catalog).model()).unwrap_or(ModelId(0));
        let mut state = Self {
            view: View::Endpoints,
            releases: two_releases(context),
            models: (model, lines::relative(context, model)),
            between: Between::default(),
            listed: List::default(),
            guests: Vec::new(),
            example: None,
            named: String::new(),
            picks_first: false,
            all: Vec::new(),
            answers: Answers::new(),
            pending: false,
        };
        state.compare(context);
        state
    }

    fn compare(&mut self, context: &ScreenContext<'_>) {
        (self.between, self.all) = match self.view {
            View::Endpoints => lines::of_endpoints(context, self.models.0),
            View::Releases => lines::of_releases(context, self.releases),
            View::Models => lines::of_models(context, self.models),
        };
        self.answers = Answers::new();
        self.list(context);
    }

    fn list(&mut self, context: &ScreenContext<'_>) {
        let typed = self.named.to_lowercase();
        let has = |line: &&Line| format!("{} {}", line.name, line.detail).to_lowercase().contains(&typed);
        self.listed.fill(self.all.iter().filter(has).cloned().collect());
        self.go(context, self.listed.index());
    }

    /// Moves the cursor to a line, and resolves some of the visible lines.
    fn go(&mut self, context: &ScreenContext<'_>, index: usize) {
        self.listed.go(index);
        self.guests.clear();
        self.example = None;
        self.resolve(context, &mut Budget::of_key());
    }

    /// Resolves the guests of the line under the cursor, then of the lines around it, until the budget is spent.
    fn resolve(&mut self, context: &ScreenContext<'_>, budget: &mut Budget) {
        let mut queries = self.between.queries(context.catalog);
        let (current, around) = (self.listed.index(), usize::from(context.size.height));
        let below = current.saturating_add(1)..current.saturating_add(around).min(self.listed.len());
        let above = (current.saturating_sub(around)..current).rev();
        let mut resolved =
            self.resolve_line(&mut queries, current, budget).and_then(|()| self.resolve_guests(&mut queries, budget));
        for index in below.chain(above) {
            resolved = resolved.and_then(|()| self.resolve_line(&mut queries, index, budget));
        }
        self.pending = resolved.is_err();
    }

    fn resolve_line(
        &mut self,
        queries: &mut GuestQueries<'_>,
        index: usize,
        budget: &mut Budget,
    ) -> Result<(), BudgetExceeded> {
        if let Some(line) = self.listed.get_mut(index).filter(|line| line.guest_outcomes.is_none()) {
            line.guest_outcomes = Some(match line.about {
                Some(about) => queries.both(about, None, (&mut self.answers, budget))?,
                None => [None, None],
            });
        }
        Ok(())
    }

    fn resolve_guests(&mut self, queries: &mut GuestQueries<'_>, budget: &mut Budget) -> Result<(), BudgetExceeded> {
        let about = self.listed.current().and_then(|line| line.about);
        if let Some(about) = about.filter(|_| self.guests.is_empty()) {
            let mut both = |says| queries.both(about, says, (&mut self.answers, budget));
            self.guests = MENTIONS.iter().map(|says| both(*says)).collect::<Result<_, _>>()?;
        }
        Ok(())
    }

    /// Returns the text of an empty list.
    pub(crate) fn empty(&self, keymap: &Keymap) -> String {
        if self.named.is_empty() { self.between.empty.clone() } else { keymap.no_match() }
    }

    /// Returns the names of the two directions, or of the two models, for the heads of their columns.
    pub(crate) fn directions(&self, arrow: &str) -> [String; 2] {
        let (left, right) = (&self.between.left, &self.between.right);
        match self.view {
            View::Models => [left.clone(), right.clone()],
            View::Endpoints | View::Releases => {
                let [left, right] = [left, right].map(|side| {
                    side.strip_prefix("libvirt ").unwrap_or(side).split(" (").next().unwrap_or("").to_owned()
                });
                [format!("{left} {arrow} {right}"), format!("{right} {arrow} {left}")]
            }
        }
    }

    /// Returns the guests of the line under the cursor: what the definition says, and the outcome in both directions.
    pub(crate) fn guest_rows<'s>(&'s self, catalog: &Catalog) -> Vec<(String, &'s [Option<GuestOutcome>; 2])> {
        let Some((_, feature)) = self.listed.current().and_then(|line| line.about) else { return Vec::new() };
        let name = catalog.feature_name(feature);
        let guest = |policy: &Option<Policy>| match policy {
            None => "not mentioned".to_owned(),
            Some(Policy::Disable) => format!("-{name}"),
            Some(_) => format!("+{name}"),
        };
        MENTIONS.iter().zip(&self.guests).map(|(policy, outcomes)| (guest(policy), outcomes)).collect()
    }

    /// Returns the outcome that demonstrates the line: one that fails or changes the guest, if there is one, the first
    /// direction before the other.
    fn demonstration(&self) -> Option<&GuestOutcome> {
        let outcomes = self.listed.current().and_then(|line| line.guest_outcomes.as_ref());
        let not_mentioned = || outcomes.into_iter().flatten().flatten();
        let harm = |outcome: &&GuestOutcome| is_harm(outcome.verdict());
        let mentioned = self.guests.iter().flatten().flatten();
        not_mentioned().chain(mentioned).find(harm).or_else(|| not_mentioned().next())
    }

    fn turn(&mut self, context: &ScreenContext<'_>, forward: bool) {
        let current = View::ALL.iter().position(|view| *view == self.view).unwrap_or(0);
        let count = View::ALL.len();
        self.view = View::ALL[(current + if forward { 1 } else { count - 1 }) % count];
        self.named.clear();
        self.listed.go(0);
        self.compare(context);
    }

    fn picker(&mut self, context: &ScreenContext<'_>, first: bool) -> Picker {
        self.picks_first = first || self.view == View::Endpoints;
        let catalog = context.catalog;
        let side = if self.picks_first { "left" } else { "right" };
        if self.view == View::Releases {
            let LibvirtId(current) = if first { self.releases.0 } else { self.releases.1 };
            let names = releases(catalog).map(|id| (id.0, catalog.release(id).name.to_string()));
            return Picker::of_screen(&format!("Release on the {side} side"), current, names);
        }
        let ModelId(current) = if self.picks_first { self.models.0 } else { self.models.1 };
        let title = if self.view == View::Endpoints { "Model".to_owned() } else { format!("Model on the {side} side") };
        let names = models(catalog).into_iter().map(|model| (model.0, catalog.model_name(model).to_owned()));
        Picker::of_screen(&title, current, names)
    }

    /// Opens the scenario that demonstrates the line.
    fn visit(&mut self, context: &ScreenContext<'_>) -> ScreenResponse {
        let (mut queries, mut endless) = (self.between.queries(context.catalog), Budget::endless());
        // Enter needs the outcomes of this line, whatever resolving them costs.
        let _ = self.resolve_line(&mut queries, self.listed.index(), &mut endless);
        if !self.demonstration().is_some_and(|outcome| is_harm(outcome.verdict())) {
            let _ = self.resolve_guests(&mut queries, &mut endless);
        }
        match self.demonstration() {
            Some(outcome) => ScreenResponse::Visit(Box::new(Scenario::clone(&outcome.scenario))),
            None => ScreenResponse::Say("No guest that demonstrates this line can start.".to_owned()),
        }
    }
}

fn is_harm(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::Unchanged | Verdict::Never)
}

/// Returns the releases of the scenario. An unknown release is replaced by 9.0.0, and a second one with the same map by
/// the newest exact release.
fn two_releases(context: &ScreenContext<'_>) -> (LibvirtId, LibvirtId) {
    let catalog = context.catalog;
    let last = releases(catalog).last().unwrap_or(LibvirtId(0));
    let old = LibvirtChoice::Old.id(catalog).unwrap_or(last);
    let named = |libvirt: &LibvirtChoice| libvirt.id(catalog).filter(|_| *libvirt != LibvirtChoice::New);
    let from = named(&context.scenario.from.libvirt).unwrap_or(old);
    let to = named(&context.scenario.to.libvirt).filter(|to| map_of(catalog, *to) != map_of(catalog, from));
    let newest = exact_releases(catalog).pop();
    (from, to.or(newest).unwrap_or(from))
}

impl ScreenState for Diff {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the program handles every other action")]
    fn update(&mut self, context: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        if let Some(by) = lines_moved(action, PAGE) {
            self.go(context, self.listed.index().saturating_add_signed(by));
            return ScreenResponse::Done;
        }
        match action {
            Action::NextView | Action::NextPane | Action::Right => self.turn(context, true),
            Action::PreviousPane | Action::Left => self.turn(context, false),
            Action::PickSubject => {
                return ScreenResponse::Show(Box::new(Overlay::Picker(Box::new(self.picker(context, false)))));
            }
            Action::PickFirst => {
                return ScreenResponse::Show(Box::new(Overlay::Picker(Box::new(self.picker(context, true)))));
            }
            Action::Open => return self.visit(context),
            Action::Back if !self.named.is_empty() => self.filter(context, ""),
            _ => return ScreenResponse::Ignored,
        }
        ScreenResponse::Done
    }

    fn click(&mut self, context: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        let Target::Row(index) = target else { return ScreenResponse::Ignored };
        // The first click moves the cursor, the second acts like Enter.
        if index == self.listed.index() {
            return self.visit(context);
        }
        self.go(context, index);
        ScreenResponse::Done
    }

    fn filter(&mut self, context: &ScreenContext<'_>, typed: &str) {
        typed.clone_into(&mut self.named);
        self.list(context);
    }

    fn filtered(&self) -> &str {
        &self.named
    }

    fn feature(&self, _: &ScreenContext<'_>) -> Option<FeatureId> {
        self.listed.current().and_then(|line| line.about).map(|(_, feature)| feature)
    }

    fn pick(&mut self, context: &ScreenContext<'_>, number: usize) -> ScreenResponse {
        let Ok(number) = u16::try_from(number) else { return ScreenResponse::Ignored };
        match (self.view, self.picks_first) {
            (View::Releases, true) => self.releases.0 = LibvirtId(number),
            (View::Releases, false) => self.releases.1 = LibvirtId(number),
            (View::Endpoints, _) | (View::Models, true) => self.models.0 = ModelId(number),
            (View::Models, false) => self.models.1 = ModelId(number),
        }
        self.listed.go(0);
        self.compare(context);
        ScreenResponse::Done
    }

    fn refresh(&mut self, context: &ScreenContext<'_>) {
        self.compare(context);
    }

    fn idle(&mut self, context: &ScreenContext<'_>) -> bool {
        if self.pending {
            self.resolve(context, &mut Budget::of_slice());
            return true;
        }
        let wanted =
            self.demonstration().filter(|_| self.example.is_none()).map(|outcome| Rc::clone(&outcome.scenario));
        self.example = self.example.take().or_else(|| {
            let scenario = wanted.as_ref()?;
            let answer = resolve(context.catalog, scenario);
            Some(Example {
                message: answer.refusal().map(|refusal| message(context.catalog, refusal)).unwrap_or_default(),
                why: explain(context.catalog, scenario, &answer).why.join(" "),
                rule: answer.rule,
            })
        });
        wanted.is_some()
    }

    fn hints(&self) -> &'static [Hint] {
        &[
            (&[Action::Up, Action::Down], "move"),
            (&[Action::NextView], "next view"),
            (&[Action::PickFirst, Action::PickSubject], "select sides"),
            (&[Action::Open], "open guest"),
            (&[Action::Filter], "filter"),
            (&[Action::Back], "back"),
            (&[Action::SwapEnds], "swap"),
            (&[Action::Quit], "quit"),
        ]
    }
}
