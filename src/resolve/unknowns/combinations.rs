//! Chooses the combinations of unknown inputs that are tried: all, those that differ for the guest, or one input after
//! the other.

use super::Plan;
use crate::domain::map::ModelId;
use foldhash::HashMap;

/// The most combinations that are all tried. Where there are more, the values that are one for this guest are tried once;
/// where there are still more, each unknown input is varied alone, and the answer is `depends` in any case.
pub(super) const MOST_CASES: usize = 20_000;

/// Where there are more combinations, those that differ in one input are tried before all.
const FEW_CASES: usize = 64;

/// The combinations that are tried: for each, the index of every axis's value.
pub(super) struct Combinations {
    /// How many values each axis has.
    sizes: Vec<usize>,
    /// How many values of each are tried with all of the others, the first axis turning fastest. Empty where the
    /// combinations are no such grid.
    tried: Vec<usize>,
    /// Whether these are all that can differ.
    exhaustive: bool,
    /// One after the other, each as long as there are axes.
    values: Vec<usize>,
}

impl Combinations {
    /// Those of a plan. Where there are more than are tried, the values that are one for this guest are tried once.
    pub(super) fn of(plan: &Plan<'_>) -> Self {
        let sizes = sizes(plan);
        let every_value: Vec<Vec<usize>> = sizes.iter().map(|size| (0..*size).collect()).collect();
        if count(&every_value).is_some_and(|all| all <= MOST_CASES) {
            return Self { tried: sizes.clone(), sizes, exhaustive: true, values: every(&every_value) };
        }
        Self::factored(plan)
    }

    /// The combinations of the values that differ for this guest: for each model that it may have, where that is not
    /// known.
    pub(super) fn factored(plan: &Plan<'_>) -> Self {
        let sizes = sizes(plan);
        let alternatives = plan.alternatives();
        let of_model = |(index, model): (usize, &ModelId)| {
            let firsts = |alike: Vec<usize>| (0..alike.len()).filter(|value| alike[*value] == *value).collect();
            let mut kept: Vec<Vec<usize>> = alternatives.alike_values(*model).into_iter().map(firsts).collect();
            if let Some(axis) = plan.models.axis {
                kept[axis] = vec![index];
            }
            kept
        };
        let (mut kept, mut left): (Vec<Vec<Vec<usize>>>, _) = (Vec::new(), MOST_CASES);
        for model in plan.models.iter().enumerate() {
            let own = of_model(model);
            // Nothing is worked out of further models once there are too many.
            let Some(rest) = count(&own).and_then(|count| left.checked_sub(count)) else {
                return Self::one_at_a_time(plan);
            };
            left = rest;
            kept.push(own);
        }
        let tried = match kept.as_slice() {
            [only] => only.iter().map(Vec::len).collect(),
            _ => Vec::new(),
        };
        Self { sizes, tried, exhaustive: true, values: kept.iter().flat_map(|kept| every(kept)).collect() }
    }

    /// Returns whether all combinations of a plan are so few that trying some of them first gains nothing.
    pub(super) fn are_few(plan: &Plan<'_>) -> bool {
        sizes(plan).into_iter().try_fold(1usize, usize::checked_mul).is_some_and(|count| count <= FEW_CASES)
    }

    /// Those in which one input after the other has each of its values, together with the first and the last values
    /// of the others.
    pub(super) fn one_at_a_time(plan: &Plan<'_>) -> Self {
        let sizes = sizes(plan);
        let values = one_at_a_time(&sizes);
        Self { sizes, tried: Vec::new(), exhaustive: false, values }
    }

    pub(super) fn is_exhaustive(&self) -> bool {
        self.exhaustive
    }

    pub(super) fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[usize]> {
        self.values.chunks_exact(self.sizes.len().max(1))
    }

    pub(super) fn get(&self, number: usize) -> &[usize] {
        self.values.get(number * self.sizes.len()..(number + 1) * self.sizes.len()).unwrap_or_default()
    }

    /// Returns the combinations that differ along one axis only, by their numbers, in order.
    pub(super) fn lines(&self, axis: usize) -> Vec<Vec<usize>> {
        if !self.tried.is_empty() {
            let step: usize = self.tried.iter().take(axis).product();
            let (size, count) = (self.tried[axis], self.tried.iter().product());
            let starts = (0..count).filter(|number| (number / step).is_multiple_of(size));
            return starts.map(|first| (0..size).map(|value| first + value * step).collect()).collect();
        }
        let mut lines: HashMap<Vec<usize>, Vec<usize>> = HashMap::default();
        for (number, values) in self.iter().enumerate() {
            let mut line = values.to_vec();
            line[axis] = 0;
            lines.entry(line).or_default().push(number);
        }
        let mut lines: Vec<Vec<usize>> = lines.into_values().collect();
        lines.sort_unstable();
        lines
    }
}

/// How many combinations of these values there are; `None` of more than can be counted.
fn count(values: &[Vec<usize>]) -> Option<usize> {
    values.iter().try_fold(1usize, |product, values| product.checked_mul(values.len()))
}

/// Every combination of these values, the first axis turning fastest.
fn every(values: &[Vec<usize>]) -> Vec<usize> {
    let count = count(values).unwrap_or_default();
    let mut all = Vec::with_capacity(count * values.len());
    for number in 0..count {
        let mut rest = number;
        for values in values {
            all.push(values[rest % values.len()]);
            rest /= values.len();
        }
    }
    all
}

fn sizes(plan: &Plan<'_>) -> Vec<usize> {
    plan.axes.iter().map(|axis| axis.values.len()).collect()
}

fn one_at_a_time(sizes: &[usize]) -> Vec<usize> {
    let last: Vec<usize> = sizes.iter().map(|size| size - 1).collect();
    let mut all = Vec::new();
    for base in [vec![0; sizes.len()], last] {
        for (axis, size) in sizes.iter().enumerate() {
            for value in 0..*size {
                let start = all.len();
                all.extend_from_slice(&base);
                all[start + axis] = value;
            }
        }
    }
    all
}
