//! Divides the explorer into panes. With room, panes have frames; on 80x24 they have rules, and the feature table is left
//! out; on a wide and tall terminal there is also the page of the rule.

use super::super::ViewContext;
use super::super::parts::Parts;
use super::table::{self, TableArea};
use super::verdict;
use crate::app::choice::Group;
use ratatui::layout::Rect;

/// The areas of the panes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Areas {
    /// Whether panes have frames.
    pub(super) parts: Parts,
    /// Whether each setting has its own line.
    pub(super) tall_choices: bool,
    pub(super) choices: [Rect; 3],
    pub(super) verdict: Rect,
    pub(super) table: TableArea,
    /// `None` without room.
    pub(super) features: Option<Rect>,
    /// The page of the rule that decided; `None` without room.
    pub(super) rule: Option<Rect>,
}

/// The lines of settings in a frame.
pub(super) const CHOICE_LINES: u16 = 7;
/// The width of the decision table with its frame.
const TABLE_COLUMNS: u16 = 51;
/// The lines of the decision table inside its frame: heads, eight rows, and a rule outside the table.
const TABLE_LINES: u16 = 10;
/// The least width for a table in two columns.
const TWO_COLUMNS: u16 = 76;
/// The least width and height of the layout with the page of the rule.
const WIDE: (u16, u16) = (150, 42);
/// The least width and height of panes with frames.
const BOXED: (u16, u16) = (112, 31);

impl Areas {
    pub(super) fn of(ctx: ViewContext<'_>, area: Rect) -> Self {
        let parts = Parts { framed: area.width >= BOXED.0 && area.height >= BOXED.1 };
        if !parts.framed {
            return Self::compact(ctx, area);
        }
        let full = CHOICE_LINES + 2;
        let wide = area.width >= WIDE.0 && area.height >= WIDE.1;
        let left = if wide { area.width * 11 / 20 } else { area.width };
        let needed = |room| verdict::height(ctx, left.saturating_sub(4), room);
        let table_lines = TABLE_LINES + 2;
        let room = area.height.saturating_sub(full + table_lines + 2);
        let least = verdict::least(ctx, left.saturating_sub(4));
        // A long message uses the room of the settings.
        let tall_choices = least <= room;
        let top = if tall_choices { full } else { 3 };
        let (above, rest) = cut_top(area, top);
        let room = rest.height.saturating_sub(table_lines + 2);
        let verdict_lines = needed(room) + 2;
        let choices = if tall_choices { thirds(above) } else { lines(above) };
        let (left, right) = if wide { cut_left(rest, left) } else { (rest, Rect::ZERO) };
        let (verdict, below) = cut_top(left, verdict_lines);
        if wide {
            let (area, features) = cut_top(below, table_lines);
            return Self {
                parts,
                tall_choices,
                choices,
                verdict,
                table: TableArea { area, parts, two_columns: false },
                features: Some(features),
                rule: Some(right),
            };
        }
        let (area, features) = cut_left(below, TABLE_COLUMNS);
        Self {
            parts,
            tall_choices,
            choices,
            verdict,
            table: TableArea { area, parts, two_columns: false },
            features: Some(features),
            rule: None,
        }
    }

    fn compact(ctx: ViewContext<'_>, area: Rect) -> Self {
        let (above, rest) = cut_top(area, 3);
        let outside = u16::from(table::has_rule_outside(ctx));
        let least = verdict::least(ctx, area.width.saturating_sub(2));
        let two_columns = least + 1 + TABLE_LINES - 1 + outside > rest.height && area.width >= TWO_COLUMNS;
        let table_lines = if two_columns { TABLE_LINES - 5 } else { TABLE_LINES - 1 } + outside;
        let room = rest.height.saturating_sub(table_lines + 1);
        let lines_needed = verdict::height(ctx, area.width.saturating_sub(2), room) + 1;
        let (verdict, below) = cut_top(rest, lines_needed);
        let beside = area.width >= 118 && !two_columns;
        let (area, features) = if beside {
            let (area, features) = cut_left(below, TABLE_COLUMNS + 1);
            (area, Some(features))
        } else {
            let (area, left_over) = cut_top(below, table_lines);
            (area, (left_over.height >= 4).then_some(left_over))
        };
        let choices = lines(above);
        let parts = Parts { framed: false };
        let table = TableArea { area, parts, two_columns };
        Self { parts, tall_choices: false, choices, verdict, table, features, rule: None }
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

/// The guest has two columns of settings, so it gets the most room.
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
