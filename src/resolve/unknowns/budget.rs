//! Bounds what is resolved at once by what it costs: the cases that are tried, whatever the number of questions.

use super::Plan;
use super::enumerate::MOST_CASES;

/// What making a plan costs, in cases.
const PLAN: usize = 3;
/// The cases that are tried between a key and its frame, and between two looks for a key: about a millisecond's.
const CASES: usize = 400;

/// How many cases may still be tried before somebody waits for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    left: usize,
    /// Whether one question may yet cost more than is left.
    spare: bool,
}

/// The budget is spent: the answer is to be found later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BudgetExceeded;

impl Budget {
    /// Returns what a key may spend; what costs more is left for later.
    pub const fn of_key() -> Self {
        Self { left: CASES, spare: false }
    }

    /// Returns what may be spent at a time while nothing is typed: as much, and one question whatever it costs, so that
    /// every question has its turn.
    pub const fn of_slice() -> Self {
        Self { left: CASES, spare: true }
    }

    /// Returns the budget of whoever waits for the answer.
    pub const fn endless() -> Self {
        Self { left: usize::MAX, spare: true }
    }

    /// Spends the price of something.
    ///
    /// # Errors
    /// It costs more than is left; nothing is spent.
    pub fn spend(&mut self, price: usize) -> Result<(), BudgetExceeded> {
        match self.left.checked_sub(price) {
            Some(left) => self.left = left,
            None if self.spare => *self = Self { left: 0, spare: false },
            None => return Err(BudgetExceeded),
        }
        Ok(())
    }
}

impl Plan<'_> {
    /// Returns what its answer costs at most: every combination of what is not known, and the plan itself.
    pub fn price(&self) -> usize {
        let sizes = || self.axes.iter().map(|axis| axis.values.len());
        let all = sizes().try_fold(1usize, usize::checked_mul);
        PLAN + all.filter(|all| *all <= MOST_CASES).unwrap_or_else(|| 3 * sizes().sum::<usize>())
    }
}
