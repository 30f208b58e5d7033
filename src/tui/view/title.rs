//! Draws the top line: the guest, a tab for each screen, and the keys of help and commands.

use super::ViewContext;
use super::draw::{Piece, cells, fitting, piece, pieces, width_of};
use crate::app::action::{ACTIONS, Action};
use crate::app::screens::{ScreenKind, Target};
use crate::domain::scenario::write_machine;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub(super) fn render(ctx: ViewContext<'_>, area: Rect, buf: &mut Buffer) {
    let Layout { guest, tabs, help, at } = Layout::of(ctx, area);
    pieces(buf, ctx.theme, area, (area.x, area.y), &guest);
    for (x, _, tab) in tabs {
        pieces(buf, ctx.theme, area, (x, area.y), &tab);
    }
    pieces(buf, ctx.theme, area, (at, area.y), &help);
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, area: Rect, position: Position) -> Option<Target> {
    let Layout { tabs, help, at, .. } = Layout::of(ctx, area);
    let on = |(x, _, tab): &&(u16, ScreenKind, Vec<Piece>)| (*x..x + cells(width_of(tab))).contains(&position.x);
    if let Some((_, kind, _)) = tabs.iter().find(on) {
        return Some(action(*kind).map_or(Target::Screen(0), Target::Action));
    }
    let split = at + cells(width_of(help.get(..2).unwrap_or_default()));
    (position.x >= at).then_some(Target::Action(if position.x < split { Action::Help } else { Action::Palette }))
}

/// The action that opens a screen; `None` for the explorer, which is always open.
fn action(kind: ScreenKind) -> Option<Action> {
    ACTIONS.iter().find(|info| info.id == kind.name()).map(|info| info.action)
}

/// The parts of the line.
struct Layout {
    guest: Vec<Piece>,
    tabs: Vec<(u16, ScreenKind, Vec<Piece>)>,
    help: Vec<Piece>,
    /// The first column of the help.
    at: u16,
}

impl Layout {
    fn of(ctx: ViewContext<'_>, area: Rect) -> Self {
        let help = help(ctx);
        let at = area.right().saturating_sub(cells(width_of(&help) + 1));
        let room = usize::from(at.saturating_sub(area.x));
        // Without room for every name, only the visible screen has one; without room for that, the guest is cut.
        let mut tabs = tabs(ctx, true);
        let guest = guest(ctx);
        let columns = |tabs: &[(ScreenKind, Vec<Piece>)]| tabs.iter().map(|(_, tab)| width_of(tab)).sum::<usize>();
        if columns(&tabs) + width_of(&guest) + 3 > room {
            tabs = self::tabs(ctx, false);
        }
        let left = room.saturating_sub(columns(&tabs) + 2);
        let guest = fitting(&guest, left, ctx.theme.signs.more);
        let mut x = area.x + cells(width_of(&guest) + 2);
        let at_column = |(kind, tab): (ScreenKind, Vec<Piece>)| {
            let start = x;
            x += cells(width_of(&tab));
            (start, kind, tab)
        };
        Self { guest, tabs: tabs.into_iter().map(at_column).collect(), help, at }
    }
}

fn guest(ctx: ViewContext<'_>) -> Vec<Piece> {
    let (catalog, scenario) = (ctx.catalog, &ctx.model.scenario);
    vec![
        piece(format!(" {}", scenario.cpu_name(catalog)), Role::Message),
        piece(format!(" {} ", ctx.theme.signs.dot), Role::Text),
        piece(write_machine(catalog, &scenario.machine), Role::Message),
    ]
}

fn tabs(ctx: ViewContext<'_>, named: bool) -> Vec<(ScreenKind, Vec<Piece>)> {
    let top = ctx.model.screens.top().kind();
    let tab = |kind: ScreenKind| {
        let key = action(kind).map(|action| ctx.model.settings.keymap.shown(action)).unwrap_or_default();
        let open = kind == top;
        let mut tab = Vec::new();
        if open {
            tab.push(piece(format!(" {} ", kind.tab()), Role::Focus));
            tab.push(piece(if named { "" } else { " " }, Role::Text));
        } else {
            let blank = if named { " " } else { "" };
            if !key.is_empty() {
                tab.push(piece(format!("{blank}{key}"), Role::Key));
            }
            if named || key.is_empty() {
                tab.push(piece(format!(" {}", kind.tab()), Role::Text));
            }
            tab.push(piece(" ", Role::Text));
        }
        (kind, tab)
    };
    // There is nothing to compare with before a scenario is set as A.
    let compares = ctx.model.has_scenario_a();
    let listed = ScreenKind::ALL.iter().filter(|kind| **kind != ScreenKind::Compare || compares || top == **kind);
    listed.map(|kind| tab(*kind)).collect()
}

fn help(ctx: ViewContext<'_>) -> Vec<Piece> {
    let keymap = &ctx.model.settings.keymap;
    [Action::Help, Action::Palette]
        .iter()
        .enumerate()
        .flat_map(|(index, action)| {
            let gap = if index == 0 { "" } else { "  " };
            let title = action.info().title.to_lowercase();
            [piece(format!("{gap}{}", keymap.shown(*action)), Role::Key), piece(format!(" {title}"), Role::Text)]
        })
        .collect()
}
