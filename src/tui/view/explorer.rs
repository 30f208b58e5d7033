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
pub(super) fn render(shown: ViewContext<'_>, state: &Explorer, area: Rect, buf: &mut Buffer) {
    let areas = Areas::of(shown, area);
    choices::render(shown, state, &areas, buf);
    verdict::render(shown, state, &areas, buf);
    table::render(shown, state, &areas, buf);
    if let Some(area) = areas.features {
        features::render(shown, state, area, areas.parts, buf);
    }
    if let Some(area) = areas.rule {
        rule::render(shown, area, buf);
    }
}

/// Returns where a lesson's place is.
pub(super) fn place(shown: ViewContext<'_>, state: &Explorer, area: Rect, wanted: &Place) -> Option<Rect> {
    let areas = Areas::of(shown, area);
    match wanted {
        Place::Choice(choice) => {
            let places = choices::places(shown, state, &areas);
            places.into_iter().find(|(known, _)| known == choice).map(|(_, place)| place)
        }
        Place::Verdict => Some(areas.verdict),
        Place::Table => Some(areas.table),
        Place::Row(number) => table::places(shown, &areas, table::rows(&areas)).get(*number).copied(),
        Place::Stage(_) | Place::Text(_) => None,
    }
    .filter(|place| !place.is_empty())
}

/// Returns what `position` stands for.
pub(super) fn hit(shown: ViewContext<'_>, state: &Explorer, area: Rect, position: Position) -> Option<Target> {
    let areas = Areas::of(shown, area);
    let choice = choices::places(shown, state, &areas).into_iter().find(|(_, place)| place.contains(position));
    if let Some((choice, _)) = choice {
        return Some(Target::Choice(choice));
    }
    verdict::hit(shown, &areas, position)
        .or_else(|| table::hit(shown, &areas, position))
        .or_else(|| areas.features.and_then(|area| features::hit(shown, state, area, areas.parts, position)))
}
