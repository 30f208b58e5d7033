//! Divides the first screen. With room, in boxes; on 80 by 24 in rules without boxes, the choices a line each and no
//! feature table; on a wide and tall terminal with the deciding rule's page as well.

use super::super::ViewContext;
use super::super::parts::Parts;
use super::verdict;
use crate::app::choice::Group;
use ratatui::layout::Rect;

/// Where everything stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Areas {
    /// Whether there are boxes.
    pub(super) parts: Parts,
    /// Whether each choice has a line of its own.
    pub(super) tall_choices: bool,
    /// Whether the decision table stands in two columns, to make room for a long message.
    pub(super) two_columns: bool,
    /// The choices, by group.
    pub(super) choices: [Rect; 3],
    /// The verdict.
    pub(super) verdict: Rect,
    /// The decision table.
    pub(super) table: Rect,
    /// The features.
    pub(super) features: Option<Rect>,
    /// The page of the deciding rule.
    pub(super) rule: Option<Rect>,
}

/// Lines in a box of choices.
pub(super) const CHOICE_LINES: u16 = 7;
/// Columns of the decision table in its box.
const TABLE_COLUMNS: u16 = 51;
/// Lines of the decision table without its frame: a heading, eight rows, and the line below them.
const TABLE_LINES: u16 = 10;
/// Columns from which the table may stand in two columns.
const TWO_COLUMNS: u16 = 76;
/// Columns from which there is a wide layout, and lines.
const WIDE: (u16, u16) = (150, 42);
/// Columns and lines from which there are boxes.
const BOXED: (u16, u16) = (112, 31);

impl Areas {
    /// Divides `area`.
    pub(super) fn of(ctx: ViewContext<'_>, area: Rect) -> Self {
        let parts = Parts { framed: area.width >= BOXED.0 && area.height >= BOXED.1 };
        if !parts.framed {
            return Self::compact(ctx, area);
        }
        let full = CHOICE_LINES + 2;
        let wide = area.width >= WIDE.0 && area.height >= WIDE.1;
        let left = if wide { area.width * 11 / 20 } else { area.width };
        let needed = |room| verdict::height(ctx, left.saturating_sub(4), room);
        let table = TABLE_LINES + 2;
        let room = area.height.saturating_sub(full + table + 2);
        let least = verdict::least(ctx, left.saturating_sub(4));
        // A message that would not fit takes the room of the choices.
        let tall_choices = least <= room;
        let top = if tall_choices { full } else { 3 };
        let (above, rest) = cut_top(area, top);
        let room = rest.height.saturating_sub(table + 2);
        let verdict_lines = needed(room) + 2;
        let choices = if tall_choices { thirds(above) } else { lines(above) };
        let (left, right) = if wide { cut_left(rest, left) } else { (rest, Rect::ZERO) };
        let (verdict, below) = cut_top(left, verdict_lines);
        if wide {
            let (table, features) = cut_top(below, table);
            return Self {
                parts,
                tall_choices,
                two_columns: false,
                choices,
                verdict,
                table,
                features: Some(features),
                rule: Some(right),
            };
        }
        let (table_area, features) = cut_left(below, TABLE_COLUMNS);
        Self {
            parts,
            tall_choices,
            two_columns: false,
            choices,
            verdict,
            table: table_area,
            features: Some(features),
            rule: None,
        }
    }

    fn compact(ctx: ViewContext<'_>, area: Rect) -> Self {
        let (above, rest) = cut_top(area, 3);
        let ninth = u16::from(super::table::ninth(ctx).is_some());
        let least = verdict::least(ctx, area.width.saturating_sub(2));
        let two_columns = least + 1 + TABLE_LINES - 1 + ninth > rest.height && area.width >= TWO_COLUMNS;
        let table_lines = if two_columns { TABLE_LINES - 5 } else { TABLE_LINES - 1 } + ninth;
        let room = rest.height.saturating_sub(table_lines + 1);
        let lines_needed = verdict::height(ctx, area.width.saturating_sub(2), room) + 1;
        let (verdict, below) = cut_top(rest, lines_needed);
        let beside = area.width >= 118 && !two_columns;
        let (table, features) = if beside {
            let (table, features) = cut_left(below, TABLE_COLUMNS + 1);
            (table, Some(features))
        } else {
            let (table, left_over) = cut_top(below, table_lines);
            (table, (left_over.height >= 4).then_some(left_over))
        };
        let choices = lines(above);
        let parts = Parts { framed: false };
        Self { parts, tall_choices: false, two_columns, choices, verdict, table, features, rule: None }
    }
}

fn cut_top(area: Rect, lines: u16) -> (Rect, Rect) {
    let lines = lines.min(area.height);
    (Rect { height: lines, ..area }, Rect { y: area.y + lines, height: area.height - lines, ..area })
}

fn cut_left(area: Rect, columns: u16) -> (Rect, Rect) {
    let columns = columns.min(area.width);
    (Rect { width: columns, ..area }, Rect { x: area.x + columns, width: area.width - columns, ..area })
}

/// The guest has two columns of choices and so the most room.
fn thirds(area: Rect) -> [Rect; 3] {
    let guest = area.width * 48 / 100;
    let (first, rest) = cut_left(area, guest);
    let (second, third) = cut_left(rest, rest.width / 2);
    [first, second, third]
}

fn lines(area: Rect) -> [Rect; 3] {
    let line = |number: u16| super::super::draw::line_of(area, number);
    debug_assert_eq!(Group::ALL.len(), 3);
    [line(0), line(1), line(2)]
}
