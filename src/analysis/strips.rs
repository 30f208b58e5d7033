//! Resolves the same guest along one setting: all machine types of its family, all libvirt releases of the destination,
//! and all settings for removed features on incoming.

use crate::analysis::matrix::{Line, Side, Value, Vary, line_of, lines, lines_around, twins};
use crate::analysis::space::{is_published, machine_family};
use crate::domain::behaviour::Regime;
use crate::domain::catalog::Catalog;
use crate::domain::definition::named_enum;
use crate::domain::scenario::{LibvirtChoice, MachineChoice, Scenario};
use crate::explain::stated_rule;
use crate::resolve::{Answer, Budget, Outcome, Resolver, RuleId, Verdict};
use std::ops::Range;

named_enum! {
    /// What a strip goes through.
    Along {
        /// What the destination does with removed features that the definition does not mention.
        Regimes "removed",
        /// The machine types of the guest's family.
        Machines "machine",
        /// The published libvirt releases, at the destination.
        Releases "to libvirt",
    }
}

impl Along {
    /// Returns the label before a strip.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Regimes => "removed features",
            Self::Machines => "machine types",
            Self::Releases => "destinations",
        }
    }
}

/// The verdicts whose signs need a word: those of the others stand beside a rule or in the banner.
const RARE: [Verdict; 2] = [Verdict::Changed, Verdict::Depends];

/// The values of one setting with the outcome of each.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Strip {
    /// What it goes through.
    pub along: Along,
    lines: Vec<Place>,
    /// For each value the first one with the same result.
    twins: Vec<usize>,
    outcomes: Vec<Outcome>,
    /// The index of the scenario's own value.
    current: Option<usize>,
}

/// One value of a strip.
#[derive(Clone, PartialEq, Debug)]
#[expect(clippy::large_enum_variant, reason = "a place lives as long as one answer, and most are lines")]
enum Place {
    Regime(Regime),
    Line(Line),
}

/// Neighbouring values with the same verdict and rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Segment {
    /// The values in a few letters: `<= 3.1`, `4.0-9.2`.
    pub label: String,
    pub outcome: Outcome,
    /// Whether the scenario's own value is among them.
    pub is_current: bool,
    along: Along,
    range: Range<usize>,
}

impl Segment {
    /// Returns the rule that decides, unless it is the same all along; without one, the name of a rare verdict if `named`.
    pub(crate) fn note(&self, named: bool) -> Option<&'static str> {
        let verdict = self.outcome.verdict;
        let rule = stated_rule(verdict, self.outcome.rule).filter(|_| self.along != Along::Regimes);
        rule.map(RuleId::name).or_else(|| Some(verdict.name()).filter(|_| named && RARE.contains(&verdict)))
    }
}

impl Strip {
    fn new(along: Along, lines: Vec<Place>, current: Option<usize>) -> Self {
        Self { along, lines, twins: Vec::new(), outcomes: Vec::new(), current }
    }

    /// Returns whether the scenario's own value is among the values.
    pub(crate) fn has_current(&self) -> bool {
        self.current.is_some()
    }

    /// Returns how many values have an outcome, and how many there are.
    pub(crate) fn progress(&self) -> (usize, usize) {
        (self.outcomes.len(), self.lines.len())
    }

    /// Returns the rare verdicts among those that are known, each once.
    pub(crate) fn rare_verdicts(&self) -> impl Iterator<Item = Verdict> {
        RARE.into_iter().filter(|rare| self.outcomes.iter().any(|outcome| outcome.verdict == *rare))
    }

    fn put(&self, index: usize, scenario: &Scenario) -> Option<Scenario> {
        let mut with = scenario.clone();
        match self.lines.get(index)? {
            Place::Regime(regime) => with.regime = Some(*regime),
            Place::Line(line) => {
                line.put(&mut with, Side::Destination);
                if self.along == Along::Releases {
                    with.regime = None;
                }
            }
        }
        Some(with)
    }

    /// Finds the releases with the same behaviour, unless they are found.
    fn find_twins(&mut self, catalog: &Catalog) {
        if self.along == Along::Releases && self.twins.is_empty() {
            let line = |place: &Place| match place {
                Place::Line(line) => Some(line.clone()),
                Place::Regime(_) => None,
            };
            self.twins = twins(catalog, &self.lines.iter().filter_map(line).collect::<Vec<_>>());
        }
    }

    /// The outcome of the value that is next, if an earlier one has the same behaviour. A release that the guest meets
    /// twice is one release, with one map: it answers for itself alone.
    fn of_twin(&self, scenario: &Scenario) -> Option<Outcome> {
        let next = self.outcomes.len();
        let twin = self.twins.get(next).copied().filter(|twin| *twin < next)?;
        let is_source = |index: usize| match self.lines.get(index) {
            Some(Place::Line(line)) => line.value == Value::Libvirt(scenario.from.libvirt.clone()),
            Some(Place::Regime(_)) | None => true,
        };
        let alone = !scenario.via.is_empty() || scenario.started.is_some() || is_source(next) || is_source(twin);
        self.outcomes.get(twin).copied().filter(|_| !alone)
    }

    /// Returns the segments of the values that have an outcome.
    pub(crate) fn segments(&self, catalog: &Catalog) -> Vec<Segment> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for index in 0..self.outcomes.len() {
            let alike = |other: usize| {
                let key = |index: usize| self.outcomes.get(index).map(|outcome| (outcome.verdict, outcome.rule));
                key(other) == key(index) && self.along != Along::Regimes
            };
            match ranges.last_mut().filter(|range| alike(range.start)) {
                Some(range) => range.end = index + 1,
                None => ranges.push(index..index + 1),
            }
        }
        let segment = |range: Range<usize>| {
            Some(Segment {
                label: self.label(catalog, &range),
                outcome: *self.outcomes.get(range.start)?,
                is_current: self.current.is_some_and(|current| range.contains(&current)),
                along: self.along,
                range,
            })
        };
        ranges.into_iter().filter_map(segment).collect()
    }

    fn label(&self, catalog: &Catalog, range: &Range<usize>) -> String {
        let name = |index: usize| match self.lines.get(index) {
            Some(Place::Regime(regime)) => regime.name().to_owned(),
            Some(Place::Line(line)) => name_of(catalog, &line.value),
            None => String::new(),
        };
        let (first, last) = (name(range.start), name(range.end.saturating_sub(1)));
        match (range.start == 0, range.end == self.lines.len()) {
            _ if range.len() == 1 => first,
            (true, true) => "all".to_owned(),
            (true, false) => format!("<= {last}"),
            (false, true) => format!(">= {first}"),
            (false, false) => format!("{first}-{last}"),
        }
    }

    /// Returns the scenario with a value of the segment at this index: the one that is nearest to its own.
    pub(crate) fn scenario(&self, catalog: &Catalog, scenario: &Scenario, segment: usize) -> Option<Scenario> {
        let range = self.segments(catalog).into_iter().nth(segment)?.range;
        let last = range.end.checked_sub(1)?;
        let index = self.current.map_or(range.start, |current| current.clamp(range.start, last));
        self.put(index, scenario)
    }
}

/// Returns a release or machine type without the name of its family.
fn name_of(catalog: &Catalog, value: &Value) -> String {
    match value {
        Value::Libvirt(LibvirtChoice::Release(id, _)) => catalog.release(*id).name.to_string(),
        Value::Machine(MachineChoice::Listed(id)) => {
            let name = catalog.machine_name(*id);
            let series = name.strip_prefix(machine_family(name)).and_then(|series| series.strip_prefix('-'));
            series.unwrap_or(name).to_owned()
        }
        _ => String::new(),
    }
}

/// The strips of one scenario, resolved a part at a time.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Strips {
    /// The strips; one without values is left out.
    pub strips: Vec<Strip>,
}

impl Strips {
    /// Returns the strips of a scenario, without outcomes.
    pub(crate) fn of(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> Self {
        let regimes = if answer.rule == Some(RuleId::T7) { Regime::ALL } else { &[] };
        let regimes: Vec<Place> = regimes.iter().copied().map(Place::Regime).collect();
        let regime = answer.regime.and_then(|regime| Regime::ALL.iter().position(|known| *known == regime));
        let mut strips = vec![Strip::new(Along::Regimes, regimes, regime)];
        for (along, vary) in [(Along::Machines, Vary::Machines), (Along::Releases, Vary::Releases)] {
            let mut values = match along {
                Along::Machines => lines_around(catalog, vary, scenario),
                Along::Releases | Along::Regimes => lines(catalog, vary),
            };
            values.retain(|line| is_listed(catalog, scenario, line));
            let current = line_of(catalog, vary, &values, scenario, Side::Destination);
            strips.push(Strip::new(along, values.into_iter().map(Place::Line).collect(), current));
        }
        strips.retain(|strip| strip.lines.len() > 1);
        Self { strips }
    }

    /// Returns the strip that goes along this.
    pub(crate) fn along(&self, along: Along) -> Option<&Strip> {
        self.strips.iter().find(|strip| strip.along == along)
    }

    pub(crate) fn resolve_some(&mut self, catalog: &Catalog, scenario: &Scenario) -> bool {
        let mut resolver = Resolver::new(catalog);
        let mut budget = Budget::of_slice();
        let Some(first) = self.strips.iter().position(|strip| strip.outcomes.len() < strip.lines.len()) else {
            return false;
        };
        for strip in self.strips.iter_mut().skip(first) {
            strip.find_twins(catalog);
            while let Some(with) = strip.put(strip.outcomes.len(), scenario) {
                if let Some(outcome) = strip.of_twin(scenario) {
                    strip.outcomes.push(outcome);
                    continue;
                }
                let Ok(found) = resolver.brief_within(&with, &mut budget) else { return true };
                strip.outcomes.push(found.outcome);
            }
        }
        true
    }
}

/// Whether a line belongs to the strip: published releases, and machine types of the guest's family.
fn is_listed(catalog: &Catalog, scenario: &Scenario, line: &Line) -> bool {
    match &line.value {
        Value::Libvirt(LibvirtChoice::Release(id, _)) => is_published(catalog, *id),
        Value::Machine(MachineChoice::Listed(id)) => {
            let family = |id| machine_family(catalog.machine_name(id));
            match scenario.machine {
                MachineChoice::Listed(own) => family(*id) == family(own),
                MachineChoice::Unlisted(_) | MachineChoice::Unknown => false,
            }
        }
        _ => false,
    }
}
