//! Works out which part of the matrix is seen on a terminal of some size, and how wide everything is.

use super::Matrix;
use crate::app::settings::Size;

/// How the names of the columns stand above them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heads {
    /// Across in two lines, where there is room; the rule stands in each cell as well.
    Across,
    /// From top to bottom, in this many lines.
    Down(usize),
}

/// The part of the matrix that is seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// The columns of text that the rows' names take, with what stands around them.
    pub names: usize,
    /// How the columns' names stand.
    pub heads: Heads,
    /// The columns of text that one cell takes.
    pub cell: usize,
    /// How many runs of rows are seen.
    pub rows: usize,
    /// How many runs of columns are seen.
    pub columns: usize,
}

/// Lines above the names of the columns: what is on the axes, and the legend.
pub const ABOVE: usize = 2;
/// The widest that a name gets above a column.
const WIDEST_HEAD: usize = 18;
/// The narrowest cell that has room for a release and a rule.
const NARROWEST: usize = 11;

impl Window {
    /// Returns the window of a terminal of this size.
    pub fn of(state: &Matrix, size: Size) -> Self {
        let (width, height) = (usize::from(size.width), usize::from(size.height.saturating_sub(2)));
        let (rows, columns) = (&state.rows, &state.columns);
        let names = rows.widest().0.min(width / 4) + 3;
        let room = width.saturating_sub(names + 1);
        let share = room / columns.shown().len().max(1);
        let (heads, cell) = if share >= NARROWEST {
            (Heads::Across, share.min(columns.widest().1.min(WIDEST_HEAD) + 3).max(NARROWEST))
        } else {
            (Heads::Down(columns.widest().1.min(height / 4 + 2).max(1)), 2)
        };
        // Below the cells stand a rule and at least a few lines about the cell under the cursor.
        let below = 1 + (height / 5).clamp(4, 10);
        let left = height.saturating_sub(ABOVE + heads.lines() + 1 + below);
        Self {
            names,
            heads,
            cell,
            rows: left.clamp(1, rows.shown().len().max(1)),
            columns: (room / cell).clamp(1, columns.shown().len().max(1)),
        }
    }
}

impl Heads {
    /// Returns how many lines they take.
    pub fn lines(self) -> usize {
        match self {
            Self::Across => 2,
            Self::Down(lines) => lines,
        }
    }
}
