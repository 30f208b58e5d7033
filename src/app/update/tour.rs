//! Runs a lesson. All keys keep their effect, and after each key the lesson checks the condition of the step. A skipped
//! step is performed by the actions of its keys.

use crate::app::action::Action;
use crate::app::choice::ChoiceState;
use crate::app::history::History;
use crate::app::model::Model;
use crate::app::overlay::Overlay;
use crate::app::page::Page;
use crate::app::picker::{Item, Pick, Picker};
use crate::app::table::rule_label;
use crate::app::tour::{Condition, Expect, FILES, Lesson, Moment, Press, Task, Tour, find, lessons, recorded_runs};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::resolve::RuleId;

mod panel;
mod text;

pub use panel::{ANSWERS, page_count};
pub(crate) use panel::{Line, pages};
pub use text::text;

impl Moment {
    fn of(model: &Model) -> Self {
        Self { scenario: model.scenario.clone(), screens: model.screens.clone(), overlay: model.overlay.clone() }
    }

    fn restore(self, model: &mut Model, catalog: &Catalog) {
        model.screens = self.screens;
        model.overlay = self.overlay;
        super::put(model, catalog, self.scenario);
    }
}

impl Condition {
    /// Returns whether all of it holds now.
    pub fn holds(&self, model: &Model) -> bool {
        let answer = &model.derived.answer;
        let page = self.page.as_ref().is_none_or(|title| match &model.overlay {
            Some(Overlay::Page(page)) => !title.is_empty() && page.title.starts_with(title.as_str()),
            Some(Overlay::Picker(_) | Overlay::Prompt(_) | Overlay::Ask(_)) => false,
            None => title.is_empty(),
        });
        page && self.wrong_value(model).is_none()
            && self.verdict.is_none_or(|verdict| answer.verdict == verdict)
            && self.rule.is_none_or(|rule| answer.rule == Some(rule))
            && self.screen.is_none_or(|kind| model.screens.top().kind() == kind)
    }

    /// Returns the choice whose value is not the wanted one, and the wanted value.
    fn wrong_value<'a>(&'a self, model: &'a Model) -> Option<(&'a ChoiceState, &'a str)> {
        let wanted = self.value.as_deref()?;
        model.derived.choice(self.choice?).filter(|standing| standing.value != wanted).map(|found| (found, wanted))
    }

    /// Returns whether the condition is about the scenario or its answer, not about what is displayed.
    fn is_about_the_answer(&self) -> bool {
        self.choice.is_some() || self.verdict.is_some() || self.rule.is_some()
    }
}

/// Returns the list of lessons; an error is a mistake in their files.
pub(crate) fn list(model: &Model) -> Result<Overlay, String> {
    let current = model.tour.as_ref().map(|tour| tour.lesson.number);
    let lessons = lessons().map_err(|error| error.to_string())?;
    let items = lessons.into_iter().map(|lesson| Item {
        detail: {
            let done = if model.finished.contains(&lesson.name) { "done, " } else { "" };
            format!("{done}{} min  {}", lesson.minutes(), lesson.summary)
        },
        current: current == Some(lesson.number),
        ..Item::new(format!("{:>2} {}", lesson.number, lesson.title), Pick::Lesson(lesson.name))
    });
    let leave = Action::LeaveTour.info();
    let leave =
        current.map(|_| Item { detail: leave.doc.to_owned(), ..Item::new(leave.title, Pick::Action(leave.action)) });
    Ok(Overlay::Picker(Box::new(Picker::new("Lessons".to_owned(), None, items.chain(leave).collect()))))
}

/// Starts the lesson with this name or number; a notice says when there is none.
pub fn open(model: &mut Model, catalog: &Catalog, name: &str) {
    match find(name) {
        Ok(lesson) => start(model, catalog, lesson),
        Err(error) => model.notice = Some(error),
    }
}

/// Starts a lesson. Leaving it restores the user's scenario, screens and undo history.
pub fn start(model: &mut Model, catalog: &Catalog, lesson: Lesson) {
    let scenario = match Scenario::parse(catalog, &lesson.scenario) {
        Ok(scenario) => scenario,
        Err(error) => {
            model.notice = Some(format!("cannot start lesson {}: {error}", lesson.name));
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
        started: Vec::new(),
        met: false,
        leaving: false,
        own,
    });
    super::put(model, catalog, scenario);
    start_step(model, catalog, None);
}

/// Sets the scenario and the cursor that the current step asks for.
fn start_step(model: &mut Model, catalog: &Catalog, yes: Option<String>) {
    let Some(tour) = &mut model.tour else { return };
    tour.yes = yes;
    (tour.page, tour.answered, tour.leaving) = (0, None, false);
    let step = tour.now();
    let cursor = step.and_then(|step| step.cursor);
    let scenario = step.and_then(|step| step.scenario.as_deref()).map(|link| Scenario::parse(catalog, link));
    if let Some(Ok(scenario)) = scenario {
        model.overlay = None;
        super::change(model, catalog, scenario);
    }
    if let Some(choice) = cursor {
        model.overlay = None;
        model.screens.close_all();
        model.screens.top_mut().state_mut().point_at(choice);
    }
    let moment = Moment::of(model);
    let Some(tour) = &model.tour else { return };
    let met = tour.condition().is_some_and(|condition| condition.holds(model));
    if let Some(tour) = &mut model.tour {
        tour.started.truncate(tour.step);
        tour.started.push(moment);
        tour.met = met;
    }
}

/// Continues with the next step when the condition of the current one has become true.
pub(super) fn follow(model: &mut Model, catalog: &Catalog) {
    let Some(tour) = &model.tour else { return };
    let Some(condition) = tour.condition() else { return };
    let (before, now) = (tour.met, condition.holds(model));
    let yes = (now && !before).then(|| confirmation(model));
    let Some(tour) = &mut model.tour else { return };
    tour.met = now;
    if yes.is_some() {
        tour.step += 1;
        start_step(model, catalog, yes);
    }
}

/// Confirms the step, with the answer where the condition is about it.
fn confirmation(model: &Model) -> String {
    let answer = &model.derived.answer;
    let condition = model.tour.as_ref().and_then(Tour::condition);
    match answer.rule {
        _ if !condition.is_some_and(Condition::is_about_the_answer) => "Done.".to_owned(),
        Some(rule) => format!("Done: {}, {}.", rule_label(rule), answer.verdict.name()),
        None => format!("Done: {}.", answer.verdict.name()),
    }
}

/// Returns how the screen or the scenario deviates from those of the step, and the key that restores them; `None` where
/// they do not, or while a list or a page is open.
fn deviation(model: &Model) -> Option<String> {
    let tour = model.tour.as_ref()?;
    let started = tour.started.get(tour.step)?;
    let (current, began) = (model.screens.top().kind(), started.screens.top().kind());
    let is_same = model.scenario == started.scenario;
    if model.overlay.is_some() || (is_same && current == began) {
        return None;
    }
    let condition = tour.condition();
    let rule = condition.and_then(|condition| condition.rule);
    let what = match (condition.and_then(|condition| condition.wrong_value(model)), rule) {
        _ if is_same => {
            let wanted = condition.and_then(|condition| condition.screen).unwrap_or(began);
            format!("This is the screen {}; this step needs {}", current.title(), wanted.title())
        }
        (Some((found, wanted)), _) => {
            let group = found.choice.group().title();
            format!("{group} {} is {}; this step needs {wanted}", found.label, found.value)
        }
        (None, Some(wanted)) => {
            let rule = model.derived.answer.rule.map_or("none", RuleId::name);
            format!("The rule is {rule}; this step needs {}", wanted.name())
        }
        (None, None) => "The scenario is not the one of this step".to_owned(),
    };
    Some(format!("{what}. Press {} to go back.", model.settings.keymap.shown(Action::StepBefore)))
}

/// Handles the actions of a lesson. Returns false for every other action.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other action is the explorer's")]
pub(super) fn update(model: &mut Model, catalog: &Catalog, action: Action) -> bool {
    let Some(tour) = &mut model.tour else { return false };
    if action != Action::Back {
        tour.leaving = false;
    }
    match action {
        Action::NextStep => next(model, catalog),
        Action::StepBefore => before(model, catalog),
        Action::LeaveTour => leave(model, catalog),
        Action::OpenRun => open_run(model),
        Action::Reset if model.overlay.is_none() => again(model, catalog),
        _ => {
            let Some(index) = ANSWERS.iter().position(|known| *known == action) else { return false };
            (tour.answered, tour.page) = (Some(index), 0);
        }
    }
    true
}

/// Opens the page of the recorded run that the step names.
fn open_run(model: &mut Model) {
    let id = model.tour.as_ref().and_then(Tour::now).and_then(|step| step.runs.first());
    let run = recorded_runs().ok().and_then(|all| all.into_iter().find(|run| Some(&run.id) == id));
    if let Some(run) = run {
        let title = format!("Recorded run {}", run.id);
        model.overlay = Some(Overlay::Page(Page::of_paragraphs(&title, &run.paragraphs())));
    }
}

/// Handles `back` on the first screen: the second one in a row leaves. Returns false without a lesson.
pub(super) fn back(model: &mut Model, catalog: &Catalog) -> bool {
    let key = model.settings.keymap.shown(Action::Back);
    let Some(tour) = &mut model.tour else { return false };
    if tour.leaving {
        leave(model, catalog);
    } else {
        tour.leaving = true;
        model.notice = Some(format!("Press {key} again to leave the lesson and restore your scenario"));
    }
    true
}

/// Turns to the next page, or does what is left of the step and starts the next one.
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
        start_step(model, catalog, None);
    }
    finish(model);
}

/// Remembers that the lesson was played to its end.
fn finish(model: &mut Model) {
    if let Some(tour) = model.tour.as_ref().filter(|tour| tour.now().is_none()) {
        model.finished.insert(tour.lesson.name.clone());
    }
}

/// Performs the step's keys from the state in which the step started.
fn do_it(model: &mut Model, catalog: &Catalog, keys: &[Press]) {
    again(model, catalog);
    for key in keys {
        match key {
            // The keys of a lesson have no effect outside the model; tests/tour.rs checks that.
            Press::Action(action) => drop(super::update(model, catalog, *action)),
            Press::Type(letters) => super::write(model, catalog, letters),
        }
    }
}

/// Restores the state in which the step started.
fn again(model: &mut Model, catalog: &Catalog) {
    let Some(moment) = model.tour.as_ref().and_then(|tour| tour.started.get(tour.step)).cloned() else { return };
    moment.restore(model, catalog);
    if let Some(tour) = &mut model.tour {
        tour.met = false;
    }
}

/// Continues after a lesson's end: with the next lesson, or without one after the last.
fn after(model: &mut Model, catalog: &Catalog) {
    let number = model.tour.as_ref().map_or(0, |tour| tour.lesson.number);
    if number < FILES.len() {
        open(model, catalog, &(number + 1).to_string());
    } else {
        leave(model, catalog);
    }
}

/// Restores the step after another key than the wanted one; otherwise turns to the previous page, withdraws an answer, or
/// restarts the previous step.
fn before(model: &mut Model, catalog: &Catalog) {
    if deviation(model).is_some() {
        return again(model, catalog);
    }
    let Some(tour) = &mut model.tour else { return };
    if tour.page > 0 {
        tour.page -= 1;
        return;
    }
    if tour.answered.take().is_some() {
        return;
    }
    let Some(step) = tour.step.checked_sub(1) else {
        model.notice = Some("This is the first step of the lesson".to_owned());
        return;
    };
    let Some(moment) = tour.started.get(step).cloned() else { return };
    tour.step = step;
    moment.restore(model, catalog);
    start_step(model, catalog, None);
}

fn leave(model: &mut Model, catalog: &Catalog) {
    let Some(tour) = model.tour.take() else { return };
    let (moment, history) = *tour.own;
    moment.restore(model, catalog);
    model.history = history;
    model.notice = Some("Left the lesson; your scenario is restored".to_owned());
}

/// Returns the statements of a step that the current answer contradicts.
pub fn disagreements(model: &Model, catalog: &Catalog, expect: &Expect) -> Vec<String> {
    let answer = &model.derived.answer;
    let mut wrong = Vec::new();
    let mut compare = |what: &str, stated: Option<String>, is: String| {
        if stated.as_ref().is_some_and(|stated| *stated != is) {
            wrong.push(format!("{what}: stated {}, is {is}", stated.unwrap_or_default()));
        }
    };
    compare("verdict", expect.verdict.map(|verdict| verdict.name().to_owned()), answer.verdict.name().to_owned());
    let rule = answer.rule.map_or("none", RuleId::name).to_owned();
    compare("rule", expect.rule.map(|rule| rule.name().to_owned()), rule);
    compare("message", expect.message.clone(), model.derived.message.clone().unwrap_or_default());
    let lost: Vec<&str> = answer.lost.iter().map(|feature| catalog.feature_name(*feature)).collect();
    compare("lost", (!expect.lost.is_empty()).then(|| expect.lost.join(" ")), lost.join(" "));
    compare("notice", expect.notice.map(|yes| format!("{:?}", Some(yes))), format!("{:?}", answer.would_notice));
    wrong
}
