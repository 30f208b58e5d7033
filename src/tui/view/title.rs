//! Draws the top line: the program, the open screens, the scenario, and the keys of help and commands.

use super::ViewContext;
use super::draw::{Piece, cells, fitting, piece, pieces, width_of};
use crate::app::action::Action;
use crate::app::choice::{libvirt_name, qemu_name};
use crate::app::screens::Target;
use crate::app::text::width;
use crate::domain::scenario::{Release, write_machine};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub(super) fn render(ctx: ViewContext<'_>, area: Rect, buf: &mut Buffer) {
    let help = help(ctx);
    let (room, at) = (
        usize::from(area.width).saturating_sub(width_of(&help) + 3),
        area.right().saturating_sub(cells(width_of(&help) + 1)),
    );
    let mut left = vec![piece(NAME, Role::Title)];
    left.extend(crumbs(ctx, room).into_iter().flat_map(|crumb| crumb.pieces));
    left.push(piece("  ", Role::Text));
    let scenario = scenario(ctx);
    // Without room for both source and destination, neither is shown.
    let whole = width_of(&left) + width_of(&scenario) <= room;
    let guest = scenario.iter().take(if whole { scenario.len() } else { GUEST_PIECES });
    left.extend(guest.cloned());
    pieces(buf, ctx.theme, area, (area.x, area.y), &fitting(&left, room, ctx.theme.signs.more));
    pieces(buf, ctx.theme, area, (at, area.y), &help);
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, area: Rect, position: Position) -> Option<Target> {
    let help = help(ctx);
    let room = usize::from(area.width).saturating_sub(width_of(&help) + 3);
    let mut end = area.x + cells(width(NAME));
    for crumb in crumbs(ctx, room) {
        end += cells(width_of(&crumb.pieces));
        if position.x < end && position.x >= area.x + cells(width(NAME)) {
            return crumb.screen.map(Target::Screen);
        }
    }
    let start = area.right().saturating_sub(cells(width_of(&help) + 1));
    let split = start + cells(width_of(help.get(..2).unwrap_or_default()));
    (position.x >= start).then_some(Target::Action(if position.x < split { Action::Help } else { Action::Palette }))
}

/// The name of the program.
const NAME: &str = " virt-cpu-explorer ";

/// The title of an open screen, with the sign before it.
struct Crumb {
    screen: Option<usize>,
    pieces: Vec<Piece>,
}

/// Returns the open screens from the explorer to the visible one, if there is more than one. Without room for all, a
/// sign replaces the first ones.
fn crumbs(ctx: ViewContext<'_>, room: usize) -> Vec<Crumb> {
    let titles = ctx.model.screens.iter().map(|screen| screen.kind().title());
    let names: Vec<&str> = titles.collect();
    let signs = &ctx.theme.signs;
    let mut left = room.saturating_sub(width(NAME));
    let mut crumbs = Vec::new();
    if names.len() < 2 {
        return crumbs;
    }
    for (number, name) in names.iter().enumerate().rev() {
        let seen = number + 1 == names.len();
        let before = if number == 0 { " ".to_owned() } else { format!(" {} ", signs.after) };
        let role = if seen { Role::Chosen } else { Role::Text };
        let pieces = vec![piece(before, Role::Muted), piece(*name, role)];
        let columns = width_of(&pieces) + if number == 0 { 0 } else { width(signs.more) + 1 };
        if columns > left && !seen {
            crumbs.push(Crumb { screen: None, pieces: vec![piece(format!(" {}", signs.more), Role::Muted)] });
            break;
        }
        left = left.saturating_sub(width_of(&pieces));
        crumbs.push(Crumb { screen: Some(number), pieces });
    }
    crumbs.reverse();
    crumbs
}

fn help(ctx: ViewContext<'_>) -> Vec<Piece> {
    let keymap = &ctx.model.settings.keymap;
    [Action::Help, Action::Palette]
        .iter()
        .enumerate()
        .flat_map(|(index, action)| {
            let gap = if index == 0 { "" } else { "  " };
            let title = action.info().title.to_lowercase();
            [piece(format!("{gap}{}", keymap.shown(*action)), Role::Key), piece(format!(" {title}"), Role::Muted)]
        })
        .collect()
}

/// How many pieces of the scenario are about the guest.
const GUEST_PIECES: usize = 3;

fn scenario(ctx: ViewContext<'_>) -> Vec<Piece> {
    let (catalog, scenario) = (ctx.catalog, &ctx.model.scenario);
    let endpoint = |release: &Release| match &release.product {
        Some(_) => libvirt_name(catalog, release),
        None => format!("{}/{}", libvirt_name(catalog, release), qemu_name(release)),
    };
    vec![
        piece(scenario.cpu_name(catalog), Role::Message),
        piece(" @ ", Role::Muted),
        piece(write_machine(catalog, &scenario.machine), Role::Message),
        piece("   ", Role::Text),
        piece(endpoint(&scenario.from), Role::Text),
        piece(format!(" {} ", ctx.theme.signs.arrow), Role::Muted),
        piece(endpoint(&scenario.to), Role::Text),
    ]
}
