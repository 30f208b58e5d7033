//! Highlights for a moment what the last key changed on the screen.

use super::theme::{Role, Theme};
use crate::app::model::Model;
use crate::app::screens::ScreenKind;
use ratatui::buffer::Buffer;
use std::time::{Duration, Instant};

/// How long a change is marked.
const MOMENT: Duration = Duration::from_millis(250);

/// The last frame, and the one before the last change.
#[derive(Default)]
pub(super) struct Flash {
    last: Option<Frame>,
    /// The frame before the change, and until when what differs from it is marked.
    before: Option<(Buffer, Instant)>,
}

/// A frame without marks, and what it shows.
struct Frame {
    screen: ScreenKind,
    has_overlay: bool,
    link: String,
    buffer: Buffer,
}

impl Frame {
    /// Whether both show the same screen at the same size, without an overlay.
    fn is_like(&self, other: &Self) -> bool {
        let key = |frame: &Self| (frame.screen, frame.has_overlay, frame.buffer.area);
        key(self) == key(other) && !self.has_overlay
    }
}

impl Flash {
    /// Marks what the last change of the scenario changed, if the screen is the same.
    pub(super) fn mark(&mut self, model: &Model, theme: &Theme, buffer: &mut Buffer) {
        let frame = Frame {
            screen: model.screens.top().kind(),
            has_overlay: model.overlay.is_some(),
            link: model.derived.link.clone(),
            buffer: buffer.clone(),
        };
        let now = Instant::now();
        self.before = match self.last.take() {
            Some(last) if !last.is_like(&frame) => None,
            Some(last) if last.link != frame.link => Some((last.buffer, now + MOMENT)),
            Some(_) | None => self.before.take().filter(|(_, until)| now < *until),
        };
        self.last = Some(frame);
        if let Some((before, _)) = &self.before {
            mark_changes(before, buffer, theme);
        }
    }

    /// Returns how long changes stay marked; `None` if nothing is marked.
    pub(super) fn left(&self) -> Option<Duration> {
        self.before.as_ref().map(|(_, until)| until.saturating_duration_since(Instant::now()))
    }
}

/// Marks the characters that differ.
fn mark_changes(last: &Buffer, buffer: &mut Buffer, theme: &Theme) {
    let style = theme.style(Role::Flash);
    for (before, after) in last.content.iter().zip(&mut buffer.content) {
        if before.symbol() != after.symbol() && after.symbol() != " " {
            after.set_style(style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::settings::Settings;
    use crate::app::update;
    use crate::domain::scenario::Scenario;
    use ratatui::style::Modifier;

    #[test]
    fn only_what_differs_is_marked() {
        let theme = Theme::of(&Settings::default());
        let last = Buffer::with_lines(["mpx on "]);
        let mut same = last.clone();
        mark_changes(&last, &mut same, &theme);
        assert_eq!(same, last);
        let mut next = Buffer::with_lines(["mpx off"]);
        mark_changes(&last, &mut next, &theme);
        assert_eq!(marked(&next), [false, false, false, false, false, true, true]);
    }

    fn marked(buffer: &Buffer) -> Vec<bool> {
        buffer.content.iter().map(|cell| cell.modifier.contains(Modifier::REVERSED)).collect()
    }

    #[test]
    fn a_frame_that_is_drawn_again_keeps_the_marks_for_a_moment() {
        let catalog = crate::load::embedded::catalog().unwrap();
        let theme = Theme::of(&Settings::default());
        let size = crate::app::settings::Size { width: 80, height: 24 };
        let mut model = Model::new(&catalog, Scenario::default_of(&catalog), Settings::default(), size);
        let mut flash = Flash::default();
        let draw = |model: &Model, flash: &mut Flash, text: &str| {
            let mut buffer = Buffer::with_lines([text]);
            flash.mark(model, &theme, &mut buffer);
            marked(&buffer).contains(&true)
        };
        assert!(!draw(&model, &mut flash, "T5"));
        let swapped = model.scenario.swapped();
        update::change(&mut model, &catalog, swapped);
        assert!(draw(&model, &mut flash, "T6"));
        assert!(draw(&model, &mut flash, "T6") && flash.left().is_some());
        flash.before = flash.before.take().map(|(before, _)| (before, Instant::now()));
        assert!(!draw(&model, &mut flash, "T6") && flash.left().is_none());
    }
}
