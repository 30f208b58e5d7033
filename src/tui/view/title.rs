//! Draws the top line: the program, the scenario, the open screens, and where help is.

use super::Shown;
use super::draw::{Piece, cells, fitting, piece, pieces, width_of};
use crate::app::action::Action;
use crate::app::choice::{libvirt_name, qemu_name};
use crate::app::screens::Target;
use crate::domain::scenario::write_machine;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Draws it.
pub(super) fn render(shown: Shown<'_>, area: Rect, buf: &mut Buffer) {
    let help = help(shown);
    let (room, at) = (
        usize::from(area.width).saturating_sub(width_of(&help) + 3),
        area.right().saturating_sub(cells(width_of(&help) + 1)),
    );
    let mut left = vec![piece(" virt-cpu-explorer ", Role::Title)];
    for screen in shown.model.screens.iter().skip(1) {
        left.push(piece(format!(" {} {}", shown.theme.signs.after, screen.kind().title()), Role::Chosen));
    }
    left.push(piece("  ", Role::Text));
    let scenario = scenario(shown);
    // Both ends, or neither: half of a journey says nothing.
    let whole = width_of(&left) + width_of(&scenario) <= room;
    let guest = scenario.iter().take(if whole { scenario.len() } else { GUEST_PIECES });
    left.extend(guest.cloned());
    pieces(buf, shown.theme, area, (area.x, area.y), &fitting(&left, room, shown.theme.signs.more));
    pieces(buf, shown.theme, area, (at, area.y), &help);
}

/// Returns what `position` stands for.
pub(super) fn hit(shown: Shown<'_>, area: Rect, position: Position) -> Option<Target> {
    let help = help(shown);
    let start = area.right().saturating_sub(cells(width_of(&help) + 1));
    let split = start + cells(width_of(help.get(..2).unwrap_or_default()));
    (position.x >= start).then_some(Target::Action(if position.x < split { Action::Help } else { Action::Palette }))
}

fn help(shown: Shown<'_>) -> Vec<Piece> {
    let keymap = &shown.model.settings.keymap;
    [Action::Help, Action::Palette]
        .iter()
        .enumerate()
        .flat_map(|(place, action)| {
            let gap = if place == 0 { "" } else { "  " };
            let title = action.info().title.to_lowercase();
            [piece(format!("{gap}{}", keymap.shown(*action)), Role::Key), piece(format!(" {title}"), Role::Muted)]
        })
        .collect()
}

/// How many of the scenario's pieces are about the guest.
const GUEST_PIECES: usize = 3;

fn scenario(shown: Shown<'_>) -> Vec<Piece> {
    let (catalog, scenario) = (shown.catalog, &shown.model.scenario);
    let end = |release| format!("{}/{}", libvirt_name(catalog, release), qemu_name(release));
    vec![
        piece(scenario.cpu_name(catalog), Role::Message),
        piece(" @ ", Role::Muted),
        piece(write_machine(catalog, &scenario.machine), Role::Message),
        piece("   ", Role::Text),
        piece(end(&scenario.from), Role::Text),
        piece(format!(" {} ", shown.theme.signs.arrow), Role::Muted),
        piece(end(&scenario.to), Role::Text),
    ]
}
