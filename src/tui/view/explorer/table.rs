//! Draws the decision table, with the row that decided marked by a sign and by colour.

use super::super::ViewContext;
use super::super::draw::{Piece, cells, fill, fitting, line_of, piece, pieces, text_at};
use super::super::parts::below;
use super::layout::Areas;
use crate::app::screens::Target;
use crate::app::screens::explorer::{Explorer, Focus, ninth_of};
use crate::app::text::{cut_at_word, pad, width, wrap};
use crate::explain::rule_page;
use crate::resolve::{MapState, Mention, RuleId, TABLE, TableRow, Verdict};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Returns the deciding rule when it is no row of the table.
pub(super) fn ninth(shown: ViewContext<'_>) -> Option<RuleId> {
    ninth_of(shown.model.derived.answer.rule)
}

/// Draws it.
pub(super) fn render(shown: ViewContext<'_>, state: &Explorer, areas: &Areas, buf: &mut Buffer) {
    let area = areas.table;
    let active = matches!(state.focus, Focus::Table(_));
    let feature = shown.catalog.feature_name(shown.model.scenario.feature);
    let (left, right) = if areas.parts.framed {
        (piece(format!("Decision table: {feature}"), Role::Message), Vec::new())
    } else {
        let of = format!("{feature} in $M = {}", shown.model.scenario.cpu_name(shown.catalog));
        (piece("Decision table", Role::Message), vec![piece(of, Role::Muted)])
    };
    let inner = areas.parts.draw(shown, area, active, (&[left], &right), buf);
    if areas.parts.framed {
        text_at(buf, inner, (inner.x, inner.y), &head(), shown.theme.style(Role::Muted));
        legend(shown, inner, buf);
    }
    let rows = rows(areas);
    let places = places(shown, areas, rows);
    for (number, (row, place)) in TABLE.iter().zip(&places).enumerate() {
        let fires = shown.model.derived.answer.rule == Some(RuleId::from(row.row));
        line(shown, state, (number, *place), fires, &t_row(shown, *row, fires), buf);
    }
    if let (Some(rule), Some(place)) = (ninth(shown), places.get(TABLE.len())) {
        line(shown, state, (TABLE.len(), *place), true, &other_rule(shown, rule, rows.width), buf);
    }
}

/// Returns where the eight rows stand and the line below them, if there is one.
pub(super) fn places(shown: ViewContext<'_>, areas: &Areas, rows: Rect) -> Vec<Rect> {
    let down = if areas.two_columns { TABLE.len() / 2 } else { TABLE.len() };
    let half = rows.width / 2;
    let mut places: Vec<Rect> = (0..TABLE.len())
        .map(|number| {
            let place = line_of(rows, cells(number % down));
            match (areas.two_columns, number < down) {
                (false, _) => place,
                (true, true) => Rect { width: half, ..place },
                (true, false) => Rect { x: place.x + half, width: rows.width - half, ..place },
            }
        })
        .collect();
    if ninth(shown).is_some() {
        places.push(line_of(rows, cells(down)));
    }
    places
}

/// Returns what `position` stands for.
pub(super) fn hit(shown: ViewContext<'_>, areas: &Areas, position: Position) -> Option<Target> {
    places(shown, areas, rows(areas)).iter().position(|place| place.contains(position)).map(Target::TableRow)
}

/// Returns where the rows stand.
pub(super) fn rows(areas: &Areas) -> Rect {
    let inner = areas.parts.inside(areas.table);
    // In a box the columns have headings.
    if areas.parts.framed { below(inner) } else { inner }
}

fn head() -> String {
    format!("    {} {} {} result", pad("CPU sent", 10), pad("src", 4), pad("dst", 4))
}

fn t_row(shown: ViewContext<'_>, row: TableRow, fires: bool) -> Vec<Piece> {
    let feature = shown.catalog.feature_name(shown.model.scenario.feature);
    let sent = match row.says {
        None => "anything".to_owned(),
        Some(Mention::Nothing) => "$M".to_owned(),
        Some(Mention::On) => format!("$M +{feature}"),
        Some(Mention::Off) => format!("$M -{feature}"),
    };
    let sent = if feature.len() > 6 { sent.replace(feature, "F") } else { sent };
    let age = |age| match age {
        MapState::Old => "old ",
        MapState::New => "new ",
    };
    let verdict = shown.model.derived.answer.verdict;
    // What the e-mail says of the row, and what came of it here where that is something else.
    let expected = row.verdict;
    let result = if fires && verdict != expected {
        format!("{}, here {}", row.result(), verdict.name())
    } else {
        row.result().to_owned()
    };
    let role = match expected {
        Verdict::Aborted => Role::Bad,
        Verdict::Never => Role::Muted,
        Verdict::Unchanged | Verdict::Changed | Verdict::StartRefused | Verdict::Depends => Role::Text,
    };
    let mark = if fires { shown.theme.signs.mark } else { " " };
    vec![
        piece(format!("{mark}{} ", row.row.name()), Role::Message),
        piece(format!("{} ", pad(&sent, 10)), Role::Text),
        piece(format!("{} {} ", age(row.source), age(row.destination)), Role::Text),
        piece(result, role),
    ]
}

fn other_rule(shown: ViewContext<'_>, rule: RuleId, columns: u16) -> Vec<Piece> {
    let id = format!("{}{}: ", shown.theme.signs.mark, rule.name());
    let room = usize::from(columns).saturating_sub(width(&id) + 1);
    vec![
        piece(id, Role::Message),
        piece(cut_at_word(rule_page(rule).title(), room, shown.theme.signs.more), Role::Text),
    ]
}

fn line(
    shown: ViewContext<'_>,
    state: &Explorer,
    (number, place): (usize, Rect),
    fires: bool,
    row: &[Piece],
    buf: &mut Buffer,
) {
    let row = fitting(row, usize::from(place.width), shown.theme.signs.more);
    pieces(buf, shown.theme, place, (place.x, place.y), &row);
    let harmless = matches!(shown.model.derived.answer.verdict, Verdict::Unchanged | Verdict::Never | Verdict::Depends);
    if fires {
        fill(buf, place, shown.theme.style(if harmless { Role::FiresGood } else { Role::FiresBad }));
    } else if state.focus == Focus::Table(number) {
        fill(buf, place, shown.theme.style(Role::Focus));
    }
}

/// Says below the rows what the letters mean, as far as there is room.
fn legend(shown: ViewContext<'_>, inner: Rect, buf: &mut Buffer) {
    let feature = shown.catalog.feature_name(shown.model.scenario.feature);
    let text = format!(
        "$M is {}. A release is old when its map has {feature} in $M, new when it was removed there. The row is chosen by \
         what is sent.",
        shown.model.scenario.cpu_name(shown.catalog)
    );
    // Beside the rows where the box is wide, else below them.
    let wide = inner.width >= 2 * ROW_COLUMNS;
    let place = if wide {
        Rect {
            x: inner.x + ROW_COLUMNS + 2,
            y: inner.y + 1,
            width: inner.width - ROW_COLUMNS - 3,
            height: inner.height.saturating_sub(1),
        }
    } else {
        Rect {
            x: inner.x + 1,
            y: inner.y + LEGEND_LINE,
            width: inner.width.saturating_sub(2),
            height: inner.height.saturating_sub(LEGEND_LINE),
        }
    };
    let lines = wrap(&text, usize::from(place.width));
    if usize::from(place.height) < lines.len() {
        return;
    }
    for (line, number) in lines.iter().zip(0..place.height) {
        let place = line_of(place, number);
        text_at(buf, place, (place.x, place.y), line, shown.theme.style(Role::Muted));
    }
}

/// Columns that the rows take.
const ROW_COLUMNS: u16 = 49;
/// The line below the rows where the legend begins: after a heading, eight rows, one more, and a blank.
const LEGEND_LINE: u16 = 11;
