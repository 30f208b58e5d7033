//! Saves and exports: asks for the format and the name, then returns the effect.

use super::Effect;
use crate::app::action::Action;
use crate::app::export::Format;
use crate::app::model::Model;
use crate::app::overlay::{Ask, Overlay, Question};
use crate::app::picker::{ExportTo, Item, Pick, Picker};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;

/// Returns what is said when `text` was copied.
pub fn copied(text: &str) -> String {
    match text.lines().count() {
        0 | 1 => format!("Copied: {text}"),
        lines => format!("Copied {lines} lines."),
    }
}

/// Returns the list of export formats.
pub(super) fn formats() -> Overlay {
    let items = [ExportTo::File, ExportTo::Clipboard].into_iter().flat_map(|into| {
        let to = match into {
            ExportTo::File => "to a file",
            ExportTo::Clipboard => "to the clipboard",
        };
        Format::ALL.iter().map(move |format| Item {
            detail: format.about().to_owned(),
            ..Item::new(format!("{} {to}", format.name()), Pick::Export(*format, into))
        })
    });
    Overlay::Picker(Box::new(Picker::new("Export this screen".to_owned(), None, items.collect())))
}

/// Returns the question for the name to save the scenario under.
pub(super) fn name() -> Overlay {
    Overlay::Ask(Ask::new(Question::Name, String::new()))
}

/// Opens the list of saved scenarios: pairs of a name, which is empty for the scenarios used last, and a link. A link
/// that cannot be parsed is listed with the reason.
pub fn list_saved(model: &mut Model, catalog: &Catalog, saved: &[(String, String)]) {
    if saved.is_empty() {
        let save = model.settings.keymap.shown(Action::Save);
        model.notice = Some(format!("No saved scenarios. Press {save} to save this one."));
        return;
    }
    let (named, used): (Vec<_>, Vec<_>) = saved.iter().partition(|(name, _)| !name.is_empty());
    let items = named.into_iter().chain(used).map(|(name, link)| {
        let read = Scenario::parse(catalog, link);
        Item {
            label: if name.is_empty() { link.clone() } else { name.clone() },
            key: String::new(),
            detail: if name.is_empty() { String::new() } else { link.clone() },
            current: read.as_ref() == Ok(&model.scenario),
            saved: !name.is_empty(),
            problem: read.as_ref().err().map(|err| format!("cannot be parsed: {}", err.error)),
            pick: read.map_or(Pick::Nothing, |scenario| Pick::Scenario(Box::new(scenario))),
            outcome: None,
        }
    });
    let mut picker = Picker::new("Saved scenarios, then those used last".to_owned(), None, items.collect());
    picker.update_preview(catalog, &model.scenario);
    model.overlay = Some(Overlay::Picker(Box::new(picker)));
}

/// Deletes the saved scenario under the cursor when this is the second request in a row.
pub(super) fn delete_saved(model: &mut Model) -> Option<Effect> {
    let Some(Overlay::Picker(picker)) = &mut model.overlay else { return None };
    let (name, confirmed) = picker.request_delete()?;
    if confirmed {
        return Some(Effect::DeleteSaved(name));
    }
    let key = model.settings.keymap.shown(Action::DeleteForward);
    model.notice = Some(format!("Press {key} again to delete \"{name}\"."));
    None
}

/// Removes a deleted scenario from the open list.
pub fn saved_deleted(model: &mut Model, catalog: &Catalog, name: &str) {
    if let Some(Overlay::Picker(picker)) = &mut model.overlay {
        picker.remove(name);
        picker.update_preview(catalog, &model.scenario);
        if picker.is_empty() {
            model.overlay = None;
        }
    }
    model.notice = Some(format!("Deleted \"{name}\"."));
}

/// Exports the screen; for a file, asks for its name first.
pub(super) fn export(model: &mut Model, format: Format, into: ExportTo) -> Option<Effect> {
    match into {
        ExportTo::Clipboard => Some(Effect::CopyScreen(format)),
        ExportTo::File => {
            let name = format.file_name(model.screens.top().kind());
            model.overlay = Some(Overlay::Ask(Ask::new(Question::File(format), name)));
            None
        }
    }
}

/// Saves or exports under the typed name.
pub(super) fn answer(model: &mut Model) -> Option<Effect> {
    let Some(Overlay::Ask(ask)) = model.overlay.take() else { return None };
    let answer = ask.input.value().to_owned();
    if answer.trim().is_empty() {
        model.notice = Some("No name typed: nothing was written.".to_owned());
        return None;
    }
    let replace = ask.existing.as_ref() == Some(&answer);
    match ask.question {
        Question::File(format) => Some(Effect::Write { format, path: answer, replace }),
        Question::Name => Some(Effect::Save { name: answer.trim().to_owned(), replace }),
    }
}

/// Asks again, because `answer` exists. The same answer again confirms that it is to be replaced.
pub fn ask_to_overwrite(model: &mut Model, question: Question, answer: String) {
    let mut ask = Ask::new(question, answer.clone());
    ask.existing = Some(answer);
    model.overlay = Some(Overlay::Ask(ask));
}
