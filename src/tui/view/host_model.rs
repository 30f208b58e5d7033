//! Draws the Host-model screen: the possible models by score, the features of the selected one, and the guest's CPU.

use super::ViewContext;
use super::draw::{Piece, banner, cells, fitting, line_of, piece, pieces, text_at};
use super::parts::{Drawn, Parts, below, line_at, list, list_title, texts};
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
/// The columns of a label before features.
const LABEL: usize = 10;

/// The areas of the parts.
struct Areas {
    parts: Parts,
    headline: Rect,
    reason: Rect,
    candidates: Rect,
    features: Rect,
    /// Empty where there is no second column.
    definition: Rect,
    argument: Rect,
}

impl Areas {
    fn of(ctx: ViewContext<'_>, state: &HostModel, area: Rect) -> Self {
        let parts = Parts { framed: area.width >= WIDE };
        let at = |from: u16, height: u16| Rect {
            y: area.y.saturating_add(from),
            height: height.min(area.height.saturating_sub(from)),
            ..area
        };
        let above = if parts.framed { 3 } else { 4 };
        let whole = at(above, area.height);
        let left = if parts.framed { whole.width * 56 / 100 } else { 0 };
        let column = Rect { x: whole.x + left, width: whole.width - left, ..whole };
        let columns = usize::from(parts.inside(column).width);
        // Each part below or beside the list is as high as its text.
        let needs = |lines: usize| (cells(lines) + parts.lines()).min(whole.height / 3);
        let features = state.listed.current().map_or(0, |candidate| needs(feature_lines(candidate, columns).len()));
        let argument = needs(argument_lines(ctx, state, columns).len());
        let rest = whole.height.saturating_sub(features + argument);
        let part = |from: u16, height: u16| Rect { y: column.y + from, height, ..column };
        let empty = part(whole.height, 0);
        let (headline, reason) = (at(0, 1), at(1, above - 1));
        if ctx.model.zoomed {
            let (features, definition, argument) = (empty, empty, empty);
            Self { parts, headline, reason, candidates: whole, features, definition, argument }
        } else if parts.framed {
            let candidates = Rect { width: left, ..whole };
            let (features, definition) = (part(0, features), part(features, rest));
            let argument = part(features.height + rest, argument);
            Self { parts, headline, reason, candidates, features, definition, argument }
        } else {
            let (candidates, definition) = (part(0, rest), empty);
            let (features, argument) = (part(rest, features), part(rest + features, argument));
            Self { parts, headline, reason, candidates, features, definition, argument }
        }
    }

    /// Returns the areas of the models, and of the text below them.
    fn rows(&self, state: &HostModel) -> (Rect, Rect) {
        let inner = below(self.parts.inside(self.candidates));
        let text = cells(wrap(&state.rejections(), usize::from(inner.width).saturating_sub(2)).len()).min(2);
        let rows = Rect { height: inner.height.saturating_sub(text), ..inner };
        (rows, Rect { y: rows.bottom(), height: inner.height - rows.height, ..inner })
    }
}

pub(super) fn render(ctx: ViewContext<'_>, state: &HostModel, area: Rect, buf: &mut Buffer) {
    let areas = Areas::of(ctx, state, area);
    banner(buf, ctx.theme, areas.headline, Role::Message, (&state.headline, ""));
    texts(ctx, areas.reason, [(state.reason.as_str(), Role::Text)], buf);
    candidates(ctx, state, &areas, buf);
    if let Some(candidate) = state.listed.current() {
        let left = [piece("Score and features of ", Role::Message), piece(candidate.name.as_str(), Role::Chosen)];
        let lines = feature_lines(candidate, usize::from(areas.parts.inside(areas.features).width));
        part(ctx, (areas.parts, areas.features), (&left, &[]), &lines, buf);
    }
    let code = |lines: Vec<String>| lines.into_iter().map(|line| vec![piece(line, Role::Code)]).collect::<Vec<_>>();
    let left = [piece("CPU definition of a host-model guest", Role::Message)];
    part(
        ctx,
        (areas.parts, areas.definition),
        (&left, &[]),
        &code(state.definition(ctx.catalog, &ctx.model.scenario)),
        buf,
    );
    let key = ctx.model.settings.keymap.shown(Action::CopyArgument);
    let left = [piece("Its command line for QEMU", Role::Message)];
    let copy = [piece(key, Role::Key), piece(" copies it", Role::Text)];
    let argument = argument_lines(ctx, state, usize::from(areas.parts.inside(areas.argument).width));
    part(ctx, (areas.parts, areas.argument), (&left, &copy), &code(argument), buf);
}

/// Draws a part with its lines; its frame says how many lines do not fit.
fn part(
    ctx: ViewContext<'_>,
    (parts, area): (Parts, Rect),
    (left, right): (&[Piece], &[Piece]),
    lines: &[Vec<Piece>],
    buf: &mut Buffer,
) {
    if area.is_empty() {
        return;
    }
    let all: Vec<Drawn> = (0..lines.len()).map(Drawn::Line).collect();
    let right = list_title(parts.inside(area), (&all, 0), left, right);
    let inner = parts.draw(ctx, area, false, (left, &right), buf);
    for (line, number) in lines.iter().zip(0..inner.height) {
        let rect = line_of(inner, number);
        let line = fitting(line, usize::from(rect.width).saturating_sub(2), ctx.theme.signs.more);
        pieces(buf, ctx.theme, rect, (rect.x + 1, rect.y), &line);
    }
}

/// Returns the command line in lines of at most `columns` columns; it goes on after a comma.
fn argument_lines(ctx: ViewContext<'_>, state: &HostModel, columns: usize) -> Vec<String> {
    let spaced = state.argument(ctx.catalog).replace(',', ", ");
    wrap(&spaced, columns.saturating_sub(2)).iter().map(|line| line.replace(", ", ",")).collect()
}

/// Returns the score and the features of a model; of the chosen one as they stand in the guest's definition.
fn feature_lines(candidate: &Row, columns: usize) -> Vec<Vec<Piece>> {
    let lines = candidate.features.iter().flat_map(|(label, names)| {
        let labels = std::iter::once(*label).chain(std::iter::repeat(""));
        labels.zip(wrap(names, columns.saturating_sub(LABEL + 2)))
    });
    lines.map(|(label, names)| vec![piece(pad(label, LABEL - 1), Role::Label), piece(names, Role::Text)]).collect()
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &HostModel, area: Rect, position: Position) -> Option<Target> {
    line_at(&drawn(state), state.listed.index(), Areas::of(ctx, state, area).rows(state).0, position)
}

fn drawn(state: &HostModel) -> Vec<Drawn> {
    (0..state.listed.len()).map(Drawn::Line).collect()
}

fn candidates(ctx: ViewContext<'_>, state: &HostModel, areas: &Areas, buf: &mut Buffer) {
    let count = format!("{} possible models, the best first", state.listed.len());
    let left = [piece(count, Role::Message)];
    let ((rows, below), drawn) = (areas.rows(state), drawn(state));
    let lines = (drawn.as_slice(), state.listed.index());
    let chosen = [piece(ctx.theme.signs.current, Role::Good), piece(" chosen", Role::Text)];
    let inner = areas.parts.draw(ctx, areas.candidates, true, (&left, &list_title(rows, lines, &left, &chosen)), buf);
    let head = format!("  {}score  signature  require  disable", pad("", NAME));
    text_at(buf, inner, (inner.x + 1, inner.y), &head, ctx.theme.style(Role::Label));
    list(ctx, rows, lines, buf, |drawn, line, buf| {
        let (Drawn::Line(index) | Drawn::Heading(index)) = drawn;
        let row = fitting(&row(ctx, &state.listed[index]), usize::from(line.width) - 2, ctx.theme.signs.more);
        pieces(buf, ctx.theme, line, (line.x + 1, line.y), &row);
    });
    texts(ctx, below, [(state.rejections().as_str(), Role::Text)], buf);
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
