//! Performs effects: on the terminal, the clipboard and files.

use super::export;
use super::run::Running;
use super::terminal;
use crate::app::export::Format;
use crate::app::overlay::Question;
use crate::app::update::{self, Effect};
use crate::storage::{self, Written};
use std::path::Path;

impl Running<'_> {
    /// Performs an effect. Returns whether the program is to end.
    pub(super) fn done(&mut self, effect: Option<Effect>) -> std::io::Result<bool> {
        match effect {
            None => {}
            Some(Effect::Quit) => return Ok(true),
            Some(Effect::Suspend) => self.guard.suspend()?,
            Some(Effect::Redraw) => self.guard.clear()?,
            Some(Effect::Copy(text)) => {
                terminal::copy(&text)?;
                self.say(update::copied(&text));
            }
            Some(Effect::CopyScreen(format)) => {
                terminal::copy(&export::screen(&self.model, self.catalog, format))?;
                self.say(format!("Copied this screen as {}.", format.name()));
            }
            Some(Effect::Write { format, path, replace }) => self.write(format, path, replace),
            Some(Effect::ListSaved) => match self.store.list() {
                Ok(saved) => {
                    let saved: Vec<_> = saved.into_iter().map(|saved| (saved.name, saved.link)).collect();
                    update::list_saved(&mut self.model, self.catalog, &saved);
                }
                Err(err) => self.say(format!("Cannot read the saved scenarios: {err}")),
            },
            Some(Effect::Save { name, replace }) => self.save(name, replace),
            Some(Effect::DeleteSaved(name)) => match self.store.remove(&name) {
                Ok(()) => update::saved_deleted(&mut self.model, self.catalog, &name),
                Err(err) => self.say(format!("Cannot delete \"{name}\": {err}")),
            },
        }
        Ok(false)
    }

    fn say(&mut self, text: String) {
        self.model.notice = Some(text);
    }

    fn write(&mut self, format: Format, path: String, replace: bool) {
        let text = export::screen(&self.model, self.catalog, format);
        match storage::write(Path::new(&path), &text, replace) {
            Ok(Written::Done) => self.say(format!("Exported to {path}")),
            Ok(Written::Exists) => update::ask_to_overwrite(&mut self.model, Question::File(format), path),
            Err(err) => self.say(format!("Cannot write {path}: {err}")),
        }
    }

    fn save(&mut self, name: String, replace: bool) {
        match self.store.save(&name, &self.model.derived.link, replace) {
            Ok(Written::Done) => self.say(format!("Saved as \"{name}\".")),
            Ok(Written::Exists) => update::ask_to_overwrite(&mut self.model, Question::Name, name),
            Err(err) => self.say(format!("Cannot save the scenario: {err}")),
        }
    }
}
