//! Does what the program wants done outside of itself: on the terminal, on the clipboard, in files.

use super::export;
use super::run::Running;
use crate::app::export::Format;
use crate::app::overlay::Question;
use crate::app::update::{self, Effect};
use crate::storage::{self, Written};
use std::path::Path;

impl Running<'_> {
    /// Does an effect. Returns whether the program is to end.
    pub(super) fn done(&mut self, effect: Option<Effect>) -> anyhow::Result<bool> {
        match effect {
            None => {}
            Some(Effect::Quit) => return Ok(true),
            Some(Effect::Suspend) => self.guard.suspend()?,
            Some(Effect::Redraw) => self.guard.clear()?,
            Some(Effect::Copy(text)) => {
                self.guard.copy(&text)?;
                self.say(match text.lines().count() {
                    0 | 1 => format!("copied: {text}"),
                    lines => format!("copied {lines} lines"),
                });
            }
            Some(Effect::CopyScreen(format)) => {
                self.guard.copy(&export::screen(&self.model, self.catalog, format))?;
                self.say(format!("copied: this screen as {}", format.name()));
            }
            Some(Effect::Write { format, path, replace }) => self.write(format, path, replace),
            Some(Effect::Recall) => match self.store.list() {
                Ok(saved) => {
                    let saved: Vec<_> = saved.into_iter().map(|saved| (saved.name, saved.link)).collect();
                    update::offer(&mut self.model, self.catalog, &saved);
                }
                Err(fault) => self.say(format!("what is kept cannot be read: {fault}")),
            },
            Some(Effect::Keep { name, replace }) => self.keep(name, replace),
            Some(Effect::Forget(name)) => match self.store.remove(&name) {
                Ok(()) => update::forgotten(&mut self.model, self.catalog, &name),
                Err(fault) => self.say(format!("{name} is not forgotten: {fault}")),
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
            Ok(Written::Done) => self.say(format!("written: {path}")),
            Ok(Written::Exists) => update::taken(&mut self.model, Question::File(format), path),
            Err(fault) => self.say(format!("{path} cannot be written: {fault}")),
        }
    }

    fn keep(&mut self, name: String, replace: bool) {
        match self.store.save(&name, &self.model.derived.word, replace) {
            Ok(Written::Done) => self.say(format!("kept as {name}")),
            Ok(Written::Exists) => update::taken(&mut self.model, Question::Name, name),
            Err(fault) => self.say(format!("not kept: {fault}")),
        }
    }
}
