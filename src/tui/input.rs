//! Converts terminal events to [`Key`]s and steps of the mouse. Only this file knows how terminals report Shift.

use crate::app::key::{Code, Key};
use crate::app::script::Step;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// Returns the key of an event; `None` for a release and for keys without a name in `app::key`.
#[expect(clippy::wildcard_enum_match_arm, reason = "crossterm may add keys; those without a name are ignored")]
pub(super) fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let held = |modifier| event.modifiers.contains(modifier);
    let (code, shift) = match event.code {
        KeyCode::Char(letter) => (Code::Char(letter), false),
        KeyCode::Enter => (named("enter")?, held(KeyModifiers::SHIFT)),
        KeyCode::Esc => (named("esc")?, false),
        KeyCode::Tab => (named("tab")?, held(KeyModifiers::SHIFT)),
        // Terminals report shift+tab as a key of its own, with or without shift.
        KeyCode::BackTab => (named("tab")?, true),
        KeyCode::Backspace => (named("backspace")?, false),
        KeyCode::Delete => (named("delete")?, false),
        KeyCode::Insert => (named("insert")?, false),
        KeyCode::Up => (named("up")?, held(KeyModifiers::SHIFT)),
        KeyCode::Down => (named("down")?, held(KeyModifiers::SHIFT)),
        KeyCode::Left => (named("left")?, held(KeyModifiers::SHIFT)),
        KeyCode::Right => (named("right")?, held(KeyModifiers::SHIFT)),
        KeyCode::Home => (named("home")?, false),
        KeyCode::End => (named("end")?, false),
        KeyCode::PageUp => (named("pageup")?, false),
        KeyCode::PageDown => (named("pagedown")?, false),
        KeyCode::F(number) => (named(&format!("f{number}"))?, false),
        _ => return None,
    };
    Some(Key { code, ctrl: held(KeyModifiers::CONTROL), alt: held(KeyModifiers::ALT), shift }.normalized())
}

/// Returns the step of a mouse event; `None` for events without an effect.
pub(super) fn mouse(event: MouseEvent) -> Option<Step> {
    let (column, line) = (event.column.saturating_add(1), event.row.saturating_add(1));
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Some(Step::Click(column, line)),
        MouseEventKind::ScrollUp => Some(Step::Wheel(true, column, line)),
        MouseEventKind::ScrollDown => Some(Step::Wheel(false, column, line)),
        MouseEventKind::Down(_)
        | MouseEventKind::Up(_)
        | MouseEventKind::Drag(_)
        | MouseEventKind::Moved
        | MouseEventKind::ScrollLeft
        | MouseEventKind::ScrollRight => None,
    }
}

fn named(name: &str) -> Option<Code> {
    Key::named(name).map(|key| key.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shift_and_tab_are_one_key_however_the_terminal_reports_them() {
        let wanted = Key::parse("<shift+tab>").ok();
        assert_eq!(key(KeyEvent::new(KeyCode::BackTab, KeyModifiers::NONE)), wanted);
        assert_eq!(key(KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)), wanted);
        assert_eq!(key(KeyEvent::new(KeyCode::Tab, KeyModifiers::SHIFT)), wanted);
    }

    #[test]
    fn a_letter_is_the_same_whether_shift_is_reported_or_not() {
        assert_eq!(key(KeyEvent::new(KeyCode::Char('R'), KeyModifiers::SHIFT)), Some(Key::char('R')));
        assert_eq!(key(KeyEvent::new(KeyCode::Char('?'), KeyModifiers::NONE)), Some(Key::char('?')));
    }
}
