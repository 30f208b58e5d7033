//! Computes the visible part of the matrix, and the sizes of its parts.

use super::Matrix;
use crate::app::settings::Size;

/// The names above the columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Heads {
    /// Each column has its name, in this many lines; each cell has room for its rule.
    Names(usize),
    /// Names where there is room for them, as on a ruler, and below them the name of the column under the cursor.
    Ruler,
}

/// The visible part of the matrix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Window {
    /// The width of the names of the rows, with their margins.
    pub(crate) names: usize,
    /// The names above the columns.
    pub(crate) heads: Heads,
    /// The width of a cell, with the column that separates it from the next one.
    pub(crate) cell: usize,
    /// The lines of a row, with the line that separates it from the next one if there is more than one.
    pub(crate) pitch: usize,
    /// The number of visible runs of rows.
    pub(crate) rows: usize,
    /// The number of visible runs of columns.
    pub(crate) columns: usize,
}

/// Lines above the names of the columns: what is shown, the axes and the legend.
pub(crate) const ABOVE: usize = 3;
/// The least and the greatest width of a cell with a name above it.
const NAMED: (usize, usize) = (7, 24);
/// The most lines of a row.
const TALLEST: usize = 3;

impl Window {
    /// Returns the window of a terminal of this size.
    pub(crate) fn of(state: &Matrix, size: Size) -> Self {
        let (width, height) = (usize::from(size.width), usize::from(size.height.saturating_sub(2)));
        let (rows, columns) = (&state.rows, &state.columns);
        let names = rows.widest().min(width / 4) + 3;
        let room = width.saturating_sub(names + 1);
        let share = room / columns.displayed().len().max(1);
        let needed = (columns.widest_head() + 1).max(NAMED.0);
        let (heads, cell) = if share >= needed {
            let cell = share.min(NAMED.1);
            (Heads::Names(columns.head_lines(cell - 1)), cell)
        } else {
            (Heads::Ruler, share.clamp(2, 4))
        };
        // Below the cells are a rule and the details of the cell under the cursor.
        let below = 1 + (height / 5).clamp(4, 9);
        let left = height.saturating_sub(ABOVE + heads.lines() + below);
        let count = rows.displayed().len().max(1);
        let pitch = (1..=TALLEST).rev().find(|pitch| *pitch == 1 || pitch * count < left).unwrap_or(1);
        let around = usize::from(pitch > 1);
        Self {
            names,
            heads,
            cell,
            pitch,
            rows: (left.saturating_sub(around) / pitch).clamp(1, count),
            columns: (room / cell).clamp(1, columns.displayed().len().max(1)),
        }
    }

    /// Returns how many lines the visible rows take.
    pub(crate) fn lines(&self) -> usize {
        self.rows * self.pitch + usize::from(self.pitch > 1)
    }

    /// Returns the first line of a visible row, and how many lines its cells have.
    pub(crate) fn row(&self, index: usize) -> (usize, usize) {
        (index * self.pitch + usize::from(self.pitch > 1), (self.pitch - 1).max(1))
    }
}

impl Heads {
    /// Returns how many lines they take.
    pub(crate) fn lines(self) -> usize {
        match self {
            Self::Names(lines) => lines,
            Self::Ruler => 2,
        }
    }
}
