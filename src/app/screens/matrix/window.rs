//! Computes the visible part of the matrix, and the widths of its parts.

use super::Matrix;
use crate::app::settings::Size;

/// The orientation of the names above the columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Heads {
    /// Horizontal, in two lines; each cell has room for its rule.
    Across,
    /// Vertical, in this many lines.
    Down(usize),
}

/// The visible part of the matrix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Window {
    /// The width of the names of the rows, with their margins.
    pub(crate) names: usize,
    /// The orientation of the names above the columns.
    pub(crate) heads: Heads,
    /// The width of a cell.
    pub(crate) cell: usize,
    /// The number of visible runs of rows.
    pub(crate) rows: usize,
    /// The number of visible runs of columns.
    pub(crate) columns: usize,
}

/// Lines above the names of the columns: the axes and the legend.
pub(crate) const ABOVE: usize = 2;
/// The most columns for a name above a column.
const WIDEST_HEAD: usize = 18;
/// The narrowest cell with room for a release and a rule.
const NARROWEST: usize = 11;

impl Window {
    /// Returns the window of a terminal of this size.
    pub(crate) fn of(state: &Matrix, size: Size) -> Self {
        let (width, height) = (usize::from(size.width), usize::from(size.height.saturating_sub(2)));
        let (rows, columns) = (&state.rows, &state.columns);
        let names = rows.widest().0.min(width / 4) + 3;
        let room = width.saturating_sub(names + 1);
        let share = room / columns.displayed().len().max(1);
        let (heads, cell) = if share >= NARROWEST {
            (Heads::Across, share.min(columns.widest().1.min(WIDEST_HEAD) + 3).max(NARROWEST))
        } else {
            (Heads::Down(columns.widest().1.min(height / 4 + 2).max(1)), 2)
        };
        // Below the cells are a rule and the details of the cell under the cursor.
        let below = 1 + (height / 5).clamp(4, 10);
        let left = height.saturating_sub(ABOVE + heads.lines() + 1 + below);
        Self {
            names,
            heads,
            cell,
            rows: left.clamp(1, rows.displayed().len().max(1)),
            columns: (room / cell).clamp(1, columns.displayed().len().max(1)),
        }
    }
}

impl Heads {
    /// Returns how many lines they take.
    pub(crate) fn lines(self) -> usize {
        match self {
            Self::Across => 2,
            Self::Down(lines) => lines,
        }
    }
}
