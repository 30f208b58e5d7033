//! Takes things along: asks in which form and under which name, and says what is to be written.

use super::{Effect, look_ahead};
use crate::app::action::Action;
use crate::app::export::Format;
use crate::app::model::Model;
use crate::app::overlay::{Ask, Overlay, Question};
use crate::app::picker::{Item, Pick, Picker, Place};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;

/// Returns the list of forms in which a screen can be taken along.
pub(super) fn forms() -> Overlay {
    let items = [Place::File, Place::Clipboard].into_iter().flat_map(|into| {
        let place = match into {
            Place::File => "into a file",
            Place::Clipboard => "onto the clipboard",
        };
        Format::ALL.iter().map(move |format| Item {
            detail: format.about().to_owned(),
            ..Item::new(format!("{} {place}", format.name()), Pick::Export(*format, into))
        })
    });
    Overlay::Picker(Box::new(Picker::new("Export this screen".to_owned(), None, items.collect())))
}

/// Returns the question for the name under which to keep the scenario.
pub(super) fn name() -> Overlay {
    Overlay::Ask(Ask::new(Question::Name, String::new()))
}

/// Offers scenarios that are kept: pairs of a name, which may be empty, and a scenario's word. What is no scenario any
/// more is shown with the reason.
pub fn offer(model: &mut Model, catalog: &Catalog, kept: &[(String, String)]) {
    if kept.is_empty() {
        let save = model.settings.keymap.shown(Action::Save);
        model.notice = Some(format!("nothing is kept yet; {save} keeps this scenario under a name"));
        return;
    }
    let (named, used): (Vec<_>, Vec<_>) = kept.iter().partition(|(name, _)| !name.is_empty());
    let items = named.into_iter().chain(used).map(|(name, word)| {
        let read = Scenario::parse(catalog, word);
        Item {
            label: if name.is_empty() { word.clone() } else { name.clone() },
            key: String::new(),
            detail: if name.is_empty() { String::new() } else { word.clone() },
            current: read.as_ref() == Ok(&model.scenario),
            kept: !name.is_empty(),
            problem: read.as_ref().err().map(|fault| format!("not readable: {}", fault.fault)),
            pick: read.map_or(Pick::Nothing, |scenario| Pick::Scenario(Box::new(scenario))),
        }
    });
    let mut picker = Picker::new("Kept scenarios, those with a name first".to_owned(), None, items.collect());
    look_ahead(&mut picker, catalog, &model.scenario);
    model.overlay = Some(Overlay::Picker(Box::new(picker)));
}

/// Forgets what is kept under the name under the cursor, the second time that is asked for.
pub(super) fn forget(model: &mut Model) -> Option<Effect> {
    let Some(Overlay::Picker(picker)) = &mut model.overlay else { return None };
    let (name, meant) = picker.ask_to_forget()?;
    if meant {
        return Some(Effect::Forget(name));
    }
    let key = model.settings.keymap.shown(Action::DeleteForward);
    model.notice = Some(format!("{key} once more forgets {name}"));
    None
}

/// Takes a name that is forgotten out of the list that is open.
pub fn forgotten(model: &mut Model, catalog: &Catalog, name: &str) {
    if let Some(Overlay::Picker(picker)) = &mut model.overlay {
        picker.take_out(name);
        look_ahead(picker, catalog, &model.scenario);
        if picker.is_empty() {
            model.overlay = None;
        }
    }
    model.notice = Some(format!("{name} is forgotten"));
}

/// Takes the screen along in a form; for a file its name is asked first.
pub(super) fn export(model: &mut Model, format: Format, into: Place) -> Option<Effect> {
    match into {
        Place::Clipboard => Some(Effect::CopyScreen(format)),
        Place::File => {
            let name = format.file_name(model.screens.top().kind());
            model.overlay = Some(Overlay::Ask(Ask::new(Question::File(format), name)));
            None
        }
    }
}

/// Does what the answered question was for.
pub(super) fn answer(model: &mut Model) -> Option<Effect> {
    let Some(Overlay::Ask(ask)) = model.overlay.take() else { return None };
    let answer = ask.input.value().to_owned();
    if answer.trim().is_empty() {
        model.notice = Some("nothing was typed, nothing was written".to_owned());
        return None;
    }
    let replace = ask.taken.as_ref() == Some(&answer);
    match ask.question {
        Question::File(format) => Some(Effect::Write { format, path: answer, replace }),
        Question::Name => Some(Effect::Keep { name: answer.trim().to_owned(), replace }),
    }
}

/// Asks again, because `answer` is taken; given once more, it is meant.
pub fn taken(model: &mut Model, question: Question, answer: String) {
    let mut ask = Ask::new(question, answer.clone());
    ask.taken = Some(answer);
    model.overlay = Some(Overlay::Ask(ask));
}
