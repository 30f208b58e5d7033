//! Draws the first screen: choices, verdict, decision table, features.

mod choices;
mod features;
mod layout;
mod rule;
mod table;
mod verdict;

use super::ViewContext;
use crate::app::screens::Target;
use crate::app::screens::explorer::Explorer;
use crate::app::tour::Place;
use layout::Areas;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Draws it.
pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, area: Rect, buf: &mut Buffer) {
    let areas = Areas::of(ctx, area);
    choices::render(ctx, state, &areas, buf);
    verdict::render(ctx, state, &areas, buf);
    table::render(ctx, state, &areas, buf);
    if let Some(area) = areas.features {
        features::render(ctx, state, area, areas.parts, buf);
    }
    if let Some(area) = areas.rule {
        rule::render(ctx, area, buf);
    }
}

/// Returns where a lesson's place is.
pub(super) fn place(ctx: ViewContext<'_>, state: &Explorer, area: Rect, wanted: &Place) -> Option<Rect> {
    let areas = Areas::of(ctx, area);
    match wanted {
        Place::Choice(choice) => {
            let places = choices::places(ctx, state, &areas);
            places.into_iter().find(|(known, _)| known == choice).map(|(_, place)| place)
        }
        Place::Verdict => Some(areas.verdict),
        Place::Table => Some(areas.table),
        Place::Row(number) => table::places(ctx, &areas, table::rows(&areas)).get(*number).copied(),
        Place::Stage(_) | Place::Text(_) => None,
    }
    .filter(|place| !place.is_empty())
}

/// Returns what `position` stands for.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Explorer, area: Rect, position: Position) -> Option<Target> {
    let areas = Areas::of(ctx, area);
    let choice = choices::places(ctx, state, &areas).into_iter().find(|(_, place)| place.contains(position));
    if let Some((choice, _)) = choice {
        return Some(Target::Choice(choice));
    }
    verdict::hit(ctx, &areas, position)
        .or_else(|| table::hit(ctx, &areas, position))
        .or_else(|| areas.features.and_then(|area| features::hit(ctx, state, area, areas.parts, position)))
}
