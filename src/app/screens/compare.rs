//! Keeps the state of the comparison: scenario A and the current scenario, B, with the differences of their answers,
//! settings and features.

use super::{Hint, ScreenContext, ScreenResponse, ScreenState, Target};
use crate::app::action::Action;
use crate::app::choice::{Choice, displayed_value};
use crate::app::keymap::Keymap;
use crate::app::list::lines_moved;
use crate::app::settings::Size;
use crate::app::text::wrap;
use crate::domain::catalog::Catalog;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::scenario::{KEYS, Key, Scenario};
use crate::explain::{Explanation, Outlook, explain, message};
use crate::resolve::{Answer, Row, RuleId, StartTrace, Verdict, resolve};

/// One line of the comparison.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Line {
    /// The heading of the lines below.
    Heading(String),
    /// A label with the values of A and B. Lines that continue the previous one have no label.
    Pair {
        label: String,
        a: String,
        /// The value of B, or `same`.
        b: String,
        kind: Kind,
    },
    /// A sentence across both columns.
    Text(String),
    /// An empty line.
    Blank,
}

/// What a pair is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The same for A and B.
    Same,
    /// The two answers.
    Answer,
    /// A setting or a feature that differs.
    Difference,
    /// What follows from the differences.
    Consequence,
}

/// The state of the comparison.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compare {
    pub(crate) lines: Vec<Line>,
    /// Whether A is the reverse direction of B, because no scenario is set as A.
    pub(crate) is_reverse: bool,
    /// The verdicts of A and B.
    pub(crate) verdicts: [Verdict; 2],
    /// The rules that decided A and B.
    pub(crate) rules: [Option<RuleId>; 2],
    /// The side that Enter opens: 0 is A, 1 is B.
    pub(crate) side: usize,
    /// The index of the first visible line.
    pub(crate) scroll: usize,
}

/// One side with its answer.
struct Side<'a> {
    scenario: &'a Scenario,
    answer: Answer,
    explanation: Explanation,
    outlook: Outlook,
}

/// The width of the labels, left of the columns of A and B.
pub(crate) const LABELS: usize = 22;

impl Compare {
    /// Returns the initial state.
    pub(crate) fn open(context: &ScreenContext<'_>) -> Self {
        let mut state = Self {
            lines: Vec::new(),
            is_reverse: false,
            verdicts: [Verdict::Depends; 2],
            rules: [None; 2],
            side: 0,
            scroll: 0,
        };
        state.refresh(context);
        state
    }

    /// Returns the width of the column of A, and of that of B.
    pub(crate) fn half(size: Size) -> usize {
        usize::from(size.width).saturating_sub(LABELS + 4) / 2
    }

    /// Returns the number of visible lines below the heading.
    pub(crate) fn room(size: Size) -> usize {
        usize::from(size.height).saturating_sub(6).max(1)
    }

    /// Returns what is compared.
    pub(crate) fn headline(&self, keymap: &Keymap) -> String {
        if self.is_reverse {
            let set = keymap.shown(Action::SetA);
            return format!("A is the reverse direction of B. Press {set} to set another scenario as A.");
        }
        "A is the scenario that was set as A, B is the current one.".to_owned()
    }

    fn scroll_by(&mut self, by: isize, size: Size) {
        let last = self.lines.len().saturating_sub(Self::room(size));
        self.scroll = self.scroll.saturating_add_signed(by).min(last);
    }

    fn visit(&self, context: &ScreenContext<'_>) -> ScreenResponse {
        match (self.side, context.scenario_a) {
            (0, Some(scenario_a)) => ScreenResponse::Visit(Box::new(scenario_a.clone())),
            (0, None) => ScreenResponse::Visit(Box::new(context.scenario.swapped())),
            (_, _) => ScreenResponse::Visit(Box::new(context.scenario.clone())),
        }
    }
}

fn compare(catalog: &Catalog, a: &Side<'_>, b: &Side<'_>, room: usize) -> Vec<Line> {
    let mut lines = vec![Line::Heading("Settings that differ".to_owned())];
    let mut add = |title: &str, [left, right]: [String; 2]| {
        if left != right {
            pair(&mut lines, (title, Kind::Difference), (&left, &right), room);
        }
    };
    for choice in Choice::ALL {
        let values = [a, b].map(|side| displayed_value(*choice, catalog, side.scenario));
        add(&choice.title(catalog, b.scenario), values);
    }
    add("definition", [a, b].map(|side| catalog.write_policies(side.scenario.features.iter())));
    // The explorer displays the host of source and destination for each of them. It displays no other key of these.
    let is_displayed = |key: Key| key == Key::Host || Choice::ALL.iter().any(|choice| choice.key() == Some(key));
    for key in KEYS.iter().map(|info| info.key).filter(|key| !is_displayed(*key)) {
        let value = |side: &Side<'_>| side.scenario.value(catalog, key, false).unwrap_or("not set".into()).into_owned();
        add(key.name(), [a, b].map(value));
    }
    if lines.len() == 1 {
        lines.push(Line::Text("None. A and B have the same settings.".to_owned()));
    }
    lines.extend([Line::Blank, Line::Heading("Answers".to_owned())]);
    for (label, read) in ANSWER {
        let kind = if *label == ANSWER[0].0 { Kind::Answer } else { Kind::Consequence };
        pair(&mut lines, (label, kind), (&read(catalog, a), &read(catalog, b)), room);
    }
    lines.push(Line::Blank);
    features(catalog, a, b, &mut lines, room);
    lines
}

/// The compared parts of the answers.
type Read = fn(&Catalog, &Side<'_>) -> String;
const ANSWER: &[(&str, Read)] = &[
    ("answer", |_, side| side.explanation.headline.clone()),
    ("rule", |_, side| side.answer.rule.map_or("none, it depends", RuleId::name).to_owned()),
    ("table row", |catalog, side| {
        let feature = catalog.feature_name(side.scenario.feature);
        side.answer
            .row
            .map_or_else(|| format!("none for {feature}"), |row: Row| format!("{} for {feature}", row.name()))
    }),
    ("libvirt reports", |catalog, side| {
        side.answer.refusal().map_or_else(|| "no error".to_owned(), |refusal| message(catalog, refusal))
    }),
    ("why", |_, side| side.explanation.cause.join(" ")),
    ("the guest", |_, side| side.explanation.notice.clone()),
    ("lost", |catalog, side| names(catalog, &side.answer.lost)),
    ("gained", |catalog, side| names(catalog, &side.answer.gained)),
    ("cold boot", |_, side| side.outlook.cold_boot.clone()),
    ("rollback", |_, side| side.outlook.rollback.clone()),
    ("confidence", |_, side| side.answer.basis.name().to_owned()),
    ("link", |catalog, side| side.scenario.link(catalog)),
];

fn names(catalog: &Catalog, features: &[FeatureId]) -> String {
    match features {
        [] => "none".to_owned(),
        some => some.iter().map(|feature| catalog.feature_name(*feature)).collect::<Vec<_>>().join(", "),
    }
}

/// Adds the features whose state differs: on or off at the source, the policy in the live definition, on or off at the
/// destination.
fn features(catalog: &Catalog, a: &Side<'_>, b: &Side<'_>, lines: &mut Vec<Line>, room: usize) {
    lines.push(Line::Heading("Features that differ: source, live definition, destination".to_owned()));
    let all = mentioned(a) | mentioned(b);
    let map = a.answer.trace.as_ref().or(b.answer.trace.as_ref()).map(|trace| &trace.start.map);
    let before = lines.len();
    for feature in map.map(|map| map.in_order(all)).unwrap_or_default() {
        let [left, right] = [a, b].map(|side| state(side, feature));
        if left != right {
            pair(lines, (catalog.feature_name(feature), Kind::Difference), (&left, &right), room);
        }
    }
    if lines.len() == before {
        let text = "None. A and B have the same CPUs and the same live definition.";
        lines.push(Line::Text(text.to_owned()));
    }
}

fn endpoints<'a>(side: &'a Side<'_>) -> impl Iterator<Item = &'a StartTrace> {
    side.answer.trace.iter().flat_map(|trace| [Some(trace.source()), trace.destination()]).flatten()
}

fn mentioned(side: &Side<'_>) -> FeatureSet {
    endpoints(side).fold(FeatureSet::EMPTY, |all, run| {
        let live = run.live.as_ref().map(|live| live.features.mentioned()).unwrap_or_default();
        all | live | run.cpu.as_ref().map(|cpu| cpu.on).unwrap_or_default()
    })
}

fn state(side: &Side<'_>, feature: FeatureId) -> String {
    let Some(trace) = &side.answer.trace else { return "unknown".to_owned() };
    let on = |run: Option<&StartTrace>| match run.and_then(|run| run.cpu.as_ref()) {
        Some(cpu) if cpu.on.contains(feature) => "on",
        Some(_) => "off",
        None => "no CPU",
    };
    let live = trace.reconnected.as_ref().or(trace.start.live.as_ref());
    let policy = match live {
        None => "never started",
        Some(live) => live.features.get(feature).map_or("not mentioned", crate::domain::definition::Policy::name),
    };
    format!("{}, {policy}, {}", on(Some(trace.source())), on(trace.destination()))
}

fn pair(lines: &mut Vec<Line>, (label, kind): (&str, Kind), (a, b): (&str, &str), room: usize) {
    let (b, kind) = if a == b && kind != Kind::Answer { ("same", Kind::Same) } else { (b, kind) };
    let [labels, left, right] = [wrap(label, LABELS - 2), wrap(a, room), wrap(b, room)];
    for number in 0..left.len().max(right.len()).max(labels.len()) {
        let of = |lines: &[String]| lines.get(number).cloned().unwrap_or_default();
        lines.push(Line::Pair { label: of(&labels), a: of(&left), b: of(&right), kind });
    }
}

impl ScreenState for Compare {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the program handles every other action")]
    fn update(&mut self, context: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        if let Some(by) = lines_moved(action, Self::room(context.size)) {
            self.scroll_by(by, context.size);
            return ScreenResponse::Done;
        }
        match action {
            Action::Left => self.side = 0,
            Action::Right => self.side = 1,
            Action::NextPane | Action::PreviousPane => self.side = 1 - self.side,
            Action::Open => return self.visit(context),
            _ => return ScreenResponse::Ignored,
        }
        ScreenResponse::Done
    }

    fn click(&mut self, context: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        let Target::Cell(_, side) = target else { return ScreenResponse::Ignored };
        // The first click selects the side, the second acts like Enter.
        if side == self.side {
            return self.visit(context);
        }
        self.side = side;
        ScreenResponse::Done
    }

    fn refresh(&mut self, context: &ScreenContext<'_>) {
        // Without a scenario A, the reverse direction shows what the screen is for.
        let reverse = context.scenario.swapped();
        self.is_reverse = context.scenario_a.is_none();
        let scenario_a = context.scenario_a.unwrap_or(&reverse);
        let (catalog, derived) = (context.catalog, context.derived);
        let answer = resolve(catalog, scenario_a);
        let explanation = explain(catalog, scenario_a, &answer);
        let a = Side { scenario: scenario_a, explanation, outlook: Outlook::of(catalog, scenario_a, &answer), answer };
        let b = Side {
            scenario: context.scenario,
            explanation: derived.explanation.clone(),
            outlook: derived.outlook(catalog, context.scenario).clone(),
            answer: derived.answer.clone(),
        };
        self.verdicts = [a.answer.verdict, b.answer.verdict];
        self.rules = [a.answer.rule, b.answer.rule];
        self.lines = compare(context.catalog, &a, &b, Self::half(context.size).saturating_sub(2));
        self.scroll_by(0, context.size);
    }

    fn has_filter(&self) -> bool {
        false
    }

    fn has_panes(&self) -> bool {
        false
    }

    fn hints(&self) -> &'static [Hint] {
        &[
            (&[Action::Left, Action::Right], "side"),
            (&[Action::Open], "open"),
            (&[Action::SwapSides], "swap A and B"),
            (&[Action::SetA], "set as A"),
            (&[Action::Up, Action::Down], "scroll"),
            (&[Action::Undo], "undo"),
            (&[Action::Back], "back"),
        ]
    }
}
