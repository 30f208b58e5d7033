//! Draws the explorer: settings, banner, the two lanes, fixes, decision table, features.

mod answer;
mod areas;
mod choices;
mod features;
mod fixes;
mod lanes;
mod layout;
mod strips;
mod table;

use super::{ViewContext, page};
use crate::app::screens::Target;
use crate::app::screens::explorer::{Explorer, OUTSIDE};
use crate::app::tour::{Part, Place};
use crate::explain::rule_page;
use areas::Areas;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, area: Rect, buf: &mut Buffer) {
    let areas = Areas::of(ctx, state, area);
    choices::render(ctx, state, &areas, buf);
    answer::banner(ctx, areas.banner, buf);
    answer::message(ctx, areas.message, buf);
    lanes::render(ctx, state, &areas, buf);
    answer::prose(ctx, &areas, buf);
    fixes::render(ctx, state, &areas, buf);
    table::render(ctx, state, &areas, buf);
    strips::render(ctx, state, &areas, buf);
    features::render(ctx, state, &areas, buf);
    if let Some(area) = areas.rule {
        page::rule(ctx, ctx.model.derived.answer.rule.map(rule_page), area, buf);
    }
}

/// Returns where a part that a lesson introduces is; empty without room for it.
pub(super) fn part(ctx: ViewContext<'_>, state: &Explorer, area: Rect, part: Part) -> Rect {
    let areas = Areas::of(ctx, state, area);
    match part {
        Part::Lanes => areas.lanes,
        Part::Why => areas.prose,
        Part::Fixes => areas.fixes,
        Part::Table => areas.table,
        Part::Strips => areas.strips,
        Part::Features => areas.features,
    }
}

/// Returns where a lesson's place is.
pub(super) fn area_of(ctx: ViewContext<'_>, state: &Explorer, area: Rect, wanted: &Place) -> Option<Rect> {
    let areas = Areas::of(ctx, state, area);
    match wanted {
        Place::Choice(choice) => {
            let rects = choices::rects(ctx, state, &areas);
            rects.into_iter().find(|(known, _)| *known == choices::Item::Choice(*choice)).map(|(_, rect)| rect)
        }
        Place::Verdict => Some(areas.banner.union(areas.message)),
        Place::Table => Some(areas.table),
        // Without room for the line of a rule outside of the table, the banner names it.
        Place::Row(number) => table::row(ctx, state, &areas, *number)
            .filter(|rect| !rect.is_empty())
            .or_else(|| (*number == OUTSIDE).then_some(areas.banner)),
        Place::Stage(_) | Place::Text(_) => None,
    }
    .filter(|rect| !rect.is_empty())
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Explorer, area: Rect, position: Position) -> Option<Target> {
    let areas = Areas::of(ctx, state, area);
    choices::hit(ctx, state, &areas, position)
        .or_else(|| answer::hit(ctx, &areas, position))
        .or_else(|| lanes::hit(ctx, state, &areas, position))
        .or_else(|| fixes::hit(ctx, state, &areas, position))
        .or_else(|| strips::hit(ctx, state, &areas, position))
        .or_else(|| table::hit(ctx, state, &areas, position))
        .or_else(|| features::hit(ctx, state, &areas, position))
}
