//! Leads through a lesson: the explorer goes on working as ever, and the lesson watches it. A step is done when what it
//! asks for holds in the model; who goes on without doing it has it done by the same actions.

use super::action::Action;
use super::history::History;
use super::model::Model;
use super::overlay::Overlay;
use super::picker::{Item, Pick, Picker};
use super::screens::Screens;
use super::update;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::resolve::{Row, RuleId, Verdict};

mod lesson;
mod panel;
mod read;
mod text;

pub use lesson::{Answer, Condition, Expect, FILES, Lesson, Place, Press, Question, Step, Task, Told, find, lessons};
pub use panel::{ANSWERS, Line, height, pages};
pub use read::lesson as read_lesson;
pub use text::text;

/// A lesson under way.
#[derive(Clone, Debug)]
pub struct Tour {
    /// The lesson.
    pub lesson: Lesson,
    /// The step, counted from 0; after the last one, the lesson's end.
    pub step: usize,
    /// The page of what does not fit the panel at once, counted from 0.
    pub page: usize,
    /// What the step before ended with: that what it asked for holds now.
    pub yes: Option<String>,
    /// The answer that was chosen last.
    pub answered: Option<usize>,
    /// How everything was when each step up to this one began.
    begun: Vec<Moment>,
    /// Whether what the step asks for holds already.
    met: bool,
    /// Whether one more "back" leaves.
    leaving: bool,
    /// The user's own, as it was before.
    own: Box<(Moment, History)>,
}

/// What is seen, to come back to it.
#[derive(Clone, Debug)]
struct Moment {
    scenario: Scenario,
    screens: Screens,
    overlay: Option<Overlay>,
}

impl Moment {
    fn of(model: &Model) -> Self {
        Self { scenario: model.scenario.clone(), screens: model.screens.clone(), overlay: model.overlay.clone() }
    }

    fn restore(self, model: &mut Model, catalog: &Catalog) {
        model.screens = self.screens;
        model.overlay = self.overlay;
        update::put(model, catalog, self.scenario);
    }
}

impl Tour {
    /// Returns the step, or `None` at the lesson's end.
    pub fn now(&self) -> Option<&Step> {
        self.lesson.steps.get(self.step)
    }

    /// Returns the question that is asked, if one is.
    pub fn question(&self) -> Option<&Question> {
        match self.now()?.task.as_ref()? {
            Task::Ask(question) => Some(question),
            Task::Press(..) => None,
        }
    }

    /// Returns the user's own scenario.
    pub fn own(&self) -> &Scenario {
        &self.own.0.scenario
    }

    fn condition(&self) -> Option<&Condition> {
        match self.now()?.task.as_ref()? {
            Task::Press(_, condition) => Some(condition),
            Task::Ask(_) => None,
        }
    }
}

/// Returns the list of lessons.
///
/// # Errors
/// A mistake in the lessons' files, which the project's own tests exclude.
pub fn list(model: &Model) -> Result<Overlay, String> {
    let current = model.tour.as_ref().map(|tour| tour.lesson.number);
    let lessons = lessons().map_err(|error| error.to_string())?;
    let items = lessons.into_iter().map(|lesson| Item {
        detail: lesson.summary,
        current: current == Some(lesson.number),
        ..Item::new(format!("{:>2} {}", lesson.number, lesson.title), Pick::Lesson(lesson.name))
    });
    let leave = Action::LeaveTour.info();
    let leave =
        current.map(|_| Item { detail: leave.doc.to_owned(), ..Item::new(leave.title, Pick::Action(leave.action)) });
    Ok(Overlay::Picker(Box::new(Picker::new("Lessons".to_owned(), None, items.chain(leave).collect()))))
}

/// Opens the lesson of this name or number, or says that there is none.
pub fn open(model: &mut Model, catalog: &Catalog, word: &str) {
    match find(word) {
        Ok(lesson) => start(model, catalog, lesson),
        Err(wrong) => model.notice = Some(wrong),
    }
}

/// Starts a lesson; what the user had is kept until the tour is left.
pub fn start(model: &mut Model, catalog: &Catalog, lesson: Lesson) {
    let scenario = match Scenario::parse(catalog, &lesson.scenario) {
        Ok(scenario) => scenario,
        Err(wrong) => {
            model.notice = Some(format!("{}: {wrong}", lesson.name));
            return;
        }
    };
    model.overlay = None;
    let own = match model.tour.take() {
        Some(tour) => tour.own,
        None => Box::new((Moment::of(model), model.history.clone())),
    };
    model.history = History::starting_at(scenario.clone());
    model.screens.forget();
    model.tour = Some(Tour {
        lesson,
        step: 0,
        page: 0,
        yes: None,
        answered: None,
        begun: Vec::new(),
        met: false,
        leaving: false,
        own,
    });
    update::put(model, catalog, scenario);
    begin(model, catalog, None);
}

/// Begins the step that is next: sets the scene as the step asks for, and remembers it.
fn begin(model: &mut Model, catalog: &Catalog, yes: Option<String>) {
    let Some(tour) = &mut model.tour else { return };
    tour.yes = yes;
    (tour.page, tour.answered, tour.leaving) = (0, None, false);
    let step = tour.now();
    let cursor = step.and_then(|step| step.cursor);
    let scenario = step.and_then(|step| step.scenario.as_deref()).map(|word| Scenario::parse(catalog, word));
    if let Some(Ok(scenario)) = scenario {
        model.overlay = None;
        update::change(model, catalog, scenario);
    }
    if let Some(choice) = cursor {
        model.overlay = None;
        model.screens.to_first();
        model.screens.top_mut().state_mut().point_at(choice);
    }
    let moment = Moment::of(model);
    let Some(tour) = &model.tour else { return };
    let met = tour.condition().is_some_and(|condition| condition.holds(model));
    if let Some(tour) = &mut model.tour {
        tour.begun.truncate(tour.step);
        tour.begun.push(moment);
        tour.met = met;
    }
}

/// Looks whether what the step asks for has come true, and goes on if so.
pub(super) fn follow(model: &mut Model, catalog: &Catalog) {
    let Some(tour) = &model.tour else { return };
    let Some(condition) = tour.condition() else { return };
    let (before, now) = (tour.met, condition.holds(model));
    let yes = (now && !before).then(|| confirmation(model));
    let Some(tour) = &mut model.tour else { return };
    tour.met = now;
    if yes.is_some() {
        tour.step += 1;
        begin(model, catalog, yes);
    }
}

/// Says that it holds, and what the answer is now where that changed.
fn confirmation(model: &Model) -> String {
    let answer = &model.derived.answer;
    let asked = model.tour.as_ref().and_then(Tour::condition);
    let about_answer = asked.is_some_and(|c| c.value.is_some() || c.verdict.is_some() || c.rule.is_some());
    match answer.rule {
        Some(rule) if about_answer => format!("Yes: {}, {}.", rule_in_words(rule), answer.verdict.name()),
        _ if about_answer => format!("Yes: {}.", answer.verdict.name()),
        _ => "Yes.".to_owned(),
    }
}

fn rule_in_words(rule: RuleId) -> String {
    let kind = if Row::parse(rule.name()).is_some() { "row" } else { "rule" };
    format!("{kind} {}", rule.name())
}

/// Does an action that is the lesson's. Returns whether it was.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other action is the explorer's")]
pub(super) fn update(model: &mut Model, catalog: &Catalog, action: Action) -> bool {
    let Some(tour) = &mut model.tour else { return false };
    if action != Action::Back {
        tour.leaving = false;
    }
    match action {
        Action::NextStep => next(model, catalog),
        Action::StepBefore => before(model, catalog),
        Action::FirstAnswer => answer(tour, 0),
        Action::SecondAnswer => answer(tour, 1),
        Action::ThirdAnswer => answer(tour, 2),
        Action::FourthAnswer => answer(tour, 3),
        Action::LeaveTour => leave(model, catalog),
        Action::Reset if model.overlay.is_none() => again(model, catalog),
        _ => return false,
    }
    true
}

/// Hears that there is nothing open to go back from. Returns whether a tour is under way.
pub(super) fn back(model: &mut Model, catalog: &Catalog) -> bool {
    let key = model.settings.keymap.shown(Action::Back);
    let Some(tour) = &mut model.tour else { return false };
    if tour.leaving {
        leave(model, catalog);
    } else {
        tour.leaving = true;
        model.notice = Some(format!("{key} once more leaves the lesson and gives your own scenario back"));
    }
    true
}

fn answer(tour: &mut Tour, place: usize) {
    tour.answered = Some(place);
    tour.page = 0;
}

/// Shows the next page of the step, or the next step; what was to be done is done if it was not.
fn next(model: &mut Model, catalog: &Catalog) {
    let pages = panel::pages(model).len();
    let Some(tour) = &mut model.tour else { return };
    if tour.page + 1 < pages {
        tour.page += 1;
        return;
    }
    let step = tour.step;
    match tour.now().map(|step| step.task.clone()) {
        None => return after(model, catalog),
        Some(Some(Task::Press(keys, condition))) if !condition.holds(model) => do_it(model, catalog, &keys),
        Some(_) => {}
    }
    if let Some(tour) = model.tour.as_mut().filter(|tour| tour.step == step) {
        tour.step += 1;
        begin(model, catalog, None);
    }
}

/// Does what the step asks for, from how it began, by the same actions.
fn do_it(model: &mut Model, catalog: &Catalog, keys: &[Press]) {
    again(model, catalog);
    for key in keys {
        match key {
            // Nothing that a lesson asks for has an effect outside of the model; a test holds that.
            Press::Action(action) => drop(update::update(model, catalog, *action)),
            Press::Type(letters) => update::write(model, catalog, letters),
        }
    }
}

/// Puts everything back to how the step began.
fn again(model: &mut Model, catalog: &Catalog) {
    let Some(moment) = model.tour.as_ref().and_then(|tour| tour.begun.get(tour.step)).cloned() else { return };
    moment.restore(model, catalog);
    if let Some(tour) = &mut model.tour {
        tour.met = false;
    }
}

/// Goes on from a lesson's end: to the next lesson, or out.
fn after(model: &mut Model, catalog: &Catalog) {
    let number = model.tour.as_ref().map_or(0, |tour| tour.lesson.number);
    if number < FILES.len() {
        open(model, catalog, &(number + 1).to_string());
    } else {
        leave(model, catalog);
    }
}

/// Shows the page before, or the step before as it began.
fn before(model: &mut Model, catalog: &Catalog) {
    let Some(tour) = &mut model.tour else { return };
    if tour.page > 0 {
        tour.page -= 1;
        return;
    }
    if tour.answered.take().is_some() {
        return;
    }
    let Some(step) = tour.step.checked_sub(1) else {
        model.notice = Some("this is the lesson's first step".to_owned());
        return;
    };
    let Some(moment) = tour.begun.get(step).cloned() else { return };
    tour.step = step;
    moment.restore(model, catalog);
    begin(model, catalog, None);
}

/// Leaves the tour; the user's own scenario is back, with its history and its screens.
fn leave(model: &mut Model, catalog: &Catalog) {
    let Some(tour) = model.tour.take() else { return };
    let (moment, history) = *tour.own;
    moment.restore(model, catalog);
    model.history = history;
    model.notice = Some("the lesson is left; this is your own scenario again".to_owned());
}

/// Returns what is wrong with what a step states, asked of the answer that is shown; empty when all of it is true.
pub fn disagreements(model: &Model, catalog: &Catalog, expect: &Expect) -> Vec<String> {
    let answer = &model.derived.answer;
    let mut wrong = Vec::new();
    let mut compare = |what: &str, stated: Option<String>, is: String| {
        if stated.as_ref().is_some_and(|stated| *stated != is) {
            wrong.push(format!("{what}: stated {}, is {is}", stated.unwrap_or_default()));
        }
    };
    compare("verdict", expect.verdict.map(named), named(answer.verdict));
    let rule = answer.rule.map_or("none", RuleId::name).to_owned();
    compare("rule", expect.rule.map(|rule| rule.name().to_owned()), rule);
    compare("message", expect.message.clone(), model.derived.message.clone().unwrap_or_default());
    let lost: Vec<&str> = answer.lost.iter().map(|feature| catalog.feature_name(*feature)).collect();
    compare("lost", (!expect.lost.is_empty()).then(|| expect.lost.join(" ")), lost.join(" "));
    compare("notice", expect.notice.map(|yes| format!("{:?}", Some(yes))), format!("{:?}", answer.would_notice));
    wrong
}

fn named(verdict: Verdict) -> String {
    verdict.name().to_owned()
}
