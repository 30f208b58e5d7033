//! Tells why an action is not available at the moment. The notice, the command palette and the help show the reason.

use crate::app::action::Action;
use crate::app::model::Model;
use crate::app::screens::explorer::FIXES;
use crate::app::update::tour::ANSWERS;

/// Returns why `action` cannot do anything, as a fragment for `Undo: nothing to undo.`; `None` when it can.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other action is always available")]
pub fn unavailable(model: &Model, action: Action) -> Option<&'static str> {
    match action {
        Action::Undo if !model.history.can_undo() => Some("nothing to undo"),
        Action::Redo if !model.history.can_redo() => Some("nothing to redo"),
        // In a lesson this action restarts the step.
        Action::Reset if model.tour.is_none() && model.scenario == model.history.first => {
            Some("the scenario is the initial one")
        }
        Action::NextFeature if model.derived.subjects < 2 => Some("only one feature decides"),
        Action::Filter if !model.screens.top().state().has_filter() && model.overlay.is_none() => {
            Some("this screen has no filter")
        }
        Action::Zoom if !model.screens.top().state().has_panes() => Some("this screen has one pane"),
        Action::SwapSides if model.history.scenario_a.is_none() => Some("no scenario is set as A"),
        Action::CopyMessage if model.derived.message.is_none() => Some("libvirt reports no error"),
        Action::NextStep | Action::StepBefore | Action::LeaveTour if model.tour.is_none() => Some(NO_LESSON),
        Action::OpenRun => match model.tour.as_ref().map(|tour| tour.now()) {
            None => Some(NO_LESSON),
            Some(step) if step.is_none_or(|step| step.runs.is_empty()) => Some("this step names no recorded run"),
            Some(_) => None,
        },
        _ => {
            let index = |all: &[Action]| all.iter().position(|known| *known == action);
            let fix = index(&FIXES).and_then(|index| no_fix(model, index));
            fix.or_else(|| index(&ANSWERS).and_then(|index| no_answer(model, index)))
        }
    }
}

const NO_LESSON: &str = "no lesson is open";
const NO_FIX: &str = "there is no fix for this answer";

fn no_fix(model: &Model, index: usize) -> Option<&'static str> {
    match model.derived.known_remedies()?.len().max(model.derived.possible().count()) {
        0 => Some(NO_FIX),
        count if index >= count => Some("there are fewer fixes"),
        _ => None,
    }
}

fn no_answer(model: &Model, index: usize) -> Option<&'static str> {
    let Some(tour) = &model.tour else { return Some(NO_LESSON) };
    match tour.now().map_or(0, |step| step.answers().len()) {
        0 => Some("this step asks no question"),
        count if index >= count => Some("there are fewer answers"),
        _ => None,
    }
}
