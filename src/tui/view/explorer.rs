//! Draws the explorer: settings, verdict, decision table, features.

mod choices;
mod features;
mod layout;
mod table;
mod verdict;

use super::{ViewContext, page};
use crate::app::screens::Target;
use crate::app::screens::explorer::Explorer;
use crate::app::tour::Place;
use layout::Areas;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, area: Rect, buf: &mut Buffer) {
    let areas = Areas::of(ctx, area);
    choices::render(ctx, state, &areas, buf);
    verdict::render(ctx, state, (areas.verdict, areas.parts), buf);
    table::render(ctx, state, areas.table, buf);
    if let Some(area) = areas.features {
        features::render(ctx, state, area, areas.parts, buf);
    }
    if let Some(area) = areas.rule {
        page::rule(ctx, area, buf);
    }
}

/// Returns where a lesson's place is.
pub(super) fn area_of(ctx: ViewContext<'_>, state: &Explorer, area: Rect, wanted: &Place) -> Option<Rect> {
    let areas = Areas::of(ctx, area);
    match wanted {
        Place::Choice(choice) => {
            let rects = choices::rects(ctx, state, &areas);
            rects.into_iter().find(|(known, _)| known == choice).map(|(_, rect)| rect)
        }
        Place::Verdict => Some(areas.verdict),
        Place::Table => Some(areas.table.area),
        Place::Row(number) => table::rects(ctx, areas.table).get(*number).copied(),
        Place::Stage(_) | Place::Text(_) => None,
    }
    .filter(|rect| !rect.is_empty())
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Explorer, area: Rect, position: Position) -> Option<Target> {
    let areas = Areas::of(ctx, area);
    let choice = choices::rects(ctx, state, &areas).into_iter().find(|(_, rect)| rect.contains(position));
    if let Some((choice, _)) = choice {
        return Some(Target::Choice(choice));
    }
    verdict::hit(ctx, (areas.verdict, areas.parts), position)
        .or_else(|| table::hit(ctx, areas.table, position))
        .or_else(|| areas.features.and_then(|area| features::hit(ctx, state, area, areas.parts, position)))
}
