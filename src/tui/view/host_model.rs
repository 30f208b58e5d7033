//! Draws the Host-model screen: the possible models by score, the features of the selected one, and the guest's CPU.

use super::ViewContext;
use super::draw::{Piece, banner, fill, fitting, line_of, piece, pieces, text_at};
use super::parts::{Parts, below, more_lines, row_at, scrolled, texts};
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::screens::host_model::{HostModel, Row};
use crate::app::text::{cut, pad, wrap};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The least width for two columns.
const WIDE: u16 = 112;
/// The columns of a model's name.
const NAME: usize = 27;
/// The most lines of the command line.
const ARGUMENT: u16 = 6;

/// The areas of the parts.
struct Areas {
    parts: Parts,
    headline: Rect,
    reason: Rect,
    candidates: Rect,
    features: Rect,
    argument: Rect,
}

impl Areas {
    fn of(ctx: ViewContext<'_>, area: Rect) -> Self {
        let parts = Parts { framed: area.width >= WIDE };
        let at = |from: u16, height: u16| Rect {
            y: area.y.saturating_add(from),
            height: height.min(area.height.saturating_sub(from)),
            ..area
        };
        let above = if parts.framed { 2 } else { 3 };
        let zoomed = ctx.model.zoomed;
        let argument = if zoomed { 0 } else { (ARGUMENT + parts.lines()).min(area.height / 3) };
        let middle = area.height.saturating_sub(above + argument);
        let (candidates, features) = if zoomed {
            (at(above, middle), at(above, 0))
        } else if parts.framed {
            let left = area.width * 56 / 100;
            let whole = at(above, middle);
            (Rect { width: left, ..whole }, Rect { x: whole.x + left, width: whole.width - left, ..whole })
        } else {
            let upper = middle / 2;
            (at(above, upper), at(above + upper, middle - upper))
        };
        Self {
            parts,
            headline: at(0, 1),
            reason: at(1, above - 1),
            candidates,
            features,
            argument: at(above + middle, argument),
        }
    }

    fn rows(&self) -> Rect {
        let inner = below(self.parts.inside(self.candidates));
        Rect { height: inner.height.saturating_sub(1), ..inner }
    }
}

pub(super) fn render(ctx: ViewContext<'_>, state: &HostModel, area: Rect, buf: &mut Buffer) {
    let areas = Areas::of(ctx, area);
    banner(buf, ctx.theme, areas.headline, Role::Message, (&state.headline, ""));
    texts(ctx, areas.reason, [(state.reason.as_str(), Role::Text)], buf);
    candidates(ctx, state, &areas, buf);
    features(ctx, state, &areas, buf);
    if areas.argument.is_empty() {
        return;
    }
    let key = ctx.model.settings.keymap.shown(Action::CopyArgument);
    let copy = [piece(key, Role::Key), piece(" copies it", Role::Text)];
    let (left, right) = ([piece("QEMU's command line for the guest", Role::Message)], copy);
    let inner = areas.parts.draw(ctx, areas.argument, false, (&left, &right), buf);
    // A long command line continues after a comma.
    let spaced = state.argument(ctx.catalog).replace(',', ", ");
    for (line, number) in wrap(&spaced, usize::from(inner.width).saturating_sub(2)).iter().zip(0..inner.height) {
        let line = line.replace(", ", ",");
        text_at(buf, inner, (inner.x + 1, inner.y + number), &line, ctx.theme.style(Role::Code));
    }
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &HostModel, area: Rect, position: Position) -> Option<Target> {
    let rows = Areas::of(ctx, area).rows();
    row_at(state.listed.index(), state.listed.len(), rows, position).map(Target::Row)
}

fn candidates(ctx: ViewContext<'_>, state: &HostModel, areas: &Areas, buf: &mut Buffer) {
    let count = format!("{} possible models, the best first", state.listed.len());
    let left = [piece(count, Role::Message)];
    let rows = areas.rows();
    let first = scrolled(state.listed.index(), state.listed.len(), rows);
    let mut right = vec![piece(ctx.theme.signs.current, Role::Good), piece(" chosen  ", Role::Text)];
    right.extend(more_lines(first, usize::from(rows.height), state.listed.len()));
    let inner = areas.parts.draw(ctx, areas.candidates, true, (&left, &right), buf);
    let head = format!("  {}score  signature  require  disable", pad("", NAME));
    text_at(buf, inner, (inner.x + 1, inner.y), &head, ctx.theme.style(Role::Label));
    for ((index, candidate), number) in state.listed.iter().enumerate().skip(first).zip(0..rows.height) {
        let line = line_of(rows, number);
        let row = fitting(&row(ctx, candidate), usize::from(line.width) - 2, ctx.theme.signs.more);
        pieces(buf, ctx.theme, line, (line.x + 1, line.y), &row);
        if index == state.listed.index() {
            fill(buf, line, ctx.theme.style(Role::Focus));
        }
    }
    let last = Rect { y: rows.bottom(), height: 1, ..rows };
    let line = fitting(&[piece(state.rejections(), Role::Text)], usize::from(last.width) - 2, ctx.theme.signs.more);
    pieces(buf, ctx.theme, last, (last.x + 1, last.y), &line);
}

fn row(ctx: ViewContext<'_>, candidate: &Row) -> Vec<Piece> {
    let mark = if candidate.is_chosen { ctx.theme.signs.current } else { " " };
    let name = cut(&candidate.name, NAME - 1, ctx.theme.signs.more);
    let signature = if candidate.has_signature { "matches" } else { "other" };
    let (require, disable) = candidate.counts;
    vec![
        piece(format!("{mark} "), Role::Good),
        piece(pad(&name, NAME), if candidate.is_chosen { Role::Message } else { Role::Text }),
        piece(format!("{:>5}  {signature:<9}  {require:>7}  {disable:>7}", candidate.score), Role::Text),
    ]
}

/// Draws the features of the model under the cursor; of the chosen one as they stand in the guest's definition.
fn features(ctx: ViewContext<'_>, state: &HostModel, areas: &Areas, buf: &mut Buffer) {
    let Some(candidate) = state.listed.current().filter(|_| !areas.features.is_empty()) else { return };
    let left = [piece("Score and features of ", Role::Message), piece(candidate.name.as_str(), Role::Chosen)];
    let inner = areas.parts.draw(ctx, areas.features, false, (&left, &[]), buf);
    let mut y = inner.y;
    for (label, names) in &candidate.features {
        text_at(buf, inner, (inner.x + 1, y), label, ctx.theme.style(Role::Label));
        for line in wrap(names, usize::from(inner.width).saturating_sub(12)) {
            if y >= inner.bottom() {
                return;
            }
            let last = y + 1 == inner.bottom();
            let line = if last { format!("{line} {}", ctx.theme.signs.more) } else { line };
            text_at(buf, inner, (inner.x + 10, y), &line, ctx.theme.style(Role::Text));
            y += 1;
        }
    }
}
