//! Marks for a moment what the last key changed on the screen.

use super::theme::{Role, Theme};
use crate::app::model::Model;
use crate::app::screens::ScreenKind;
use ratatui::buffer::Buffer;
use std::time::{Duration, Instant};

/// How long a change is marked.
const MOMENT: Duration = Duration::from_millis(250);

/// The last frame, and what of it is marked.
#[derive(Default)]
pub(super) struct Flash {
    last: Option<Frame>,
    until: Option<Instant>,
}

/// A frame without marks, and what it shows.
struct Frame {
    screen: ScreenKind,
    has_overlay: bool,
    link: String,
    buffer: Buffer,
}

impl Flash {
    /// Marks what differs from the last frame, if the scenario changed and the screen is the same.
    pub(super) fn mark(&mut self, model: &Model, theme: &Theme, buffer: &mut Buffer) {
        let frame = Frame {
            screen: model.screens.top().kind(),
            has_overlay: model.overlay.is_some(),
            link: model.derived.link.clone(),
            buffer: buffer.clone(),
        };
        let last = self.last.replace(frame);
        let comparable = |last: &Frame| {
            last.screen == model.screens.top().kind()
                && !last.has_overlay
                && model.overlay.is_none()
                && last.link != model.derived.link
                && last.buffer.area == buffer.area
        };
        self.until = None;
        let Some(last) = last.filter(comparable) else { return };
        if mark_changes(&last.buffer, buffer, theme) {
            self.until = Some(Instant::now() + MOMENT);
        }
    }

    /// Returns how long changes stay marked; `None` if nothing is marked.
    pub(super) fn left(&self) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(Instant::now()))
    }
}

/// Marks the characters that differ. Returns whether there are any.
fn mark_changes(last: &Buffer, buffer: &mut Buffer, theme: &Theme) -> bool {
    let style = theme.style(Role::Flash);
    let mut changed = false;
    for (before, after) in last.content.iter().zip(&mut buffer.content) {
        if before.symbol() != after.symbol() && after.symbol() != " " {
            after.set_style(style);
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::settings::Settings;
    use ratatui::style::Modifier;

    #[test]
    fn only_what_differs_is_marked() {
        let theme = Theme::of(&Settings::default());
        let last = Buffer::with_lines(["mpx on "]);
        let mut same = last.clone();
        assert!(!mark_changes(&last, &mut same, &theme) && same == last);
        let mut next = Buffer::with_lines(["mpx off"]);
        assert!(mark_changes(&last, &mut next, &theme));
        let marked: Vec<bool> = next.content.iter().map(|cell| cell.modifier.contains(Modifier::REVERSED)).collect();
        assert_eq!(marked, [false, false, false, false, false, true, true]);
    }
}
