//! Keeps the state of the screen that follows a feature through the ten stages: the feature, the stage, and the list of
//! features.

use super::explorer::rule_overlay;
use super::{Hint, ScreenContext, ScreenResponse, ScreenState, Target};
use crate::analysis::follow::{Seen, Step, decisive, follow};
use crate::app::action::Action;
use crate::app::derived::Derived;
use crate::app::features::{FeatureChange, Filter};
use crate::app::keymap::Keymap;
use crate::app::list::{List, PAGE, lines_moved};
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::order::sort_by_key;
use crate::domain::scenario::Scenario;
use crate::explain::{deciding_features, rule_page};
use crate::export::analysis::StageText;

/// The least width for stages side by side; with less, they are below each other.
pub(crate) const SIDE_BY_SIDE: u16 = 118;

/// One feature at every stage.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct FeatureTrack {
    pub(crate) feature: FeatureId,
    /// The effect on the guest, if there is one.
    pub(crate) change: Option<FeatureChange>,
    /// Whether it differs between source and destination, or between a map and QEMU.
    pub(crate) differs: bool,
    /// Its state at each stage; empty for an answer without a trace.
    pub(crate) stages: Vec<Seen>,
    /// The other features that are folded into this line: equal to it at every stage, and the same at source and
    /// destination.
    pub(crate) others: Vec<FeatureId>,
}

/// The kind of a sentence about a stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sentence {
    /// The state of the feature at the stage.
    State,
    /// The rule that decided.
    Rule,
    /// The trace is one of several possible cases.
    OneCase,
}

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct Follow {
    /// The feature that is followed: the one under the cursor, and where no name has what is typed the last that was.
    pub(crate) track: FeatureTrack,
    /// The index of the stage under the cursor.
    pub(crate) stage: usize,
    /// The listed features: those of the answer, differing ones first; with a filter, all whose name contains its text.
    pub(crate) listed: List<FeatureTrack>,
    /// The text of the filter; may be empty.
    pub(crate) named: String,
    /// The feature before the search, to which it returns when the filter is removed; `None` once the cursor has moved.
    before: Option<FeatureId>,
    /// Whether the cursor walks from stage to stage by itself; the stages after it are not drawn yet.
    pub(crate) playing: bool,
    /// Whether the cursor is in the list of features, not on the stages.
    pub(crate) in_list: bool,
    /// Whether the stages are drawn below each other.
    is_down: bool,
    /// Whether features that do not change have a line each.
    unfolded: bool,
}

impl Follow {
    /// Returns the initial state: the feature that decides, at the stage that decided.
    pub(crate) fn open(context: &ScreenContext<'_>) -> Self {
        let deciding = deciding_features(context.scenario, &context.derived.answer);
        let track = track(context, deciding.first().copied().unwrap_or(context.scenario.feature));
        let mut state = Self {
            stage: decisive(&track.stages),
            track,
            listed: List::default(),
            named: String::new(),
            before: None,
            playing: false,
            in_list: false,
            is_down: context.size.width < SIDE_BY_SIDE,
            unfolded: false,
        };
        state.list(context);
        state
    }

    /// Returns what happens to the feature, for the first line.
    pub(crate) fn headline(&self, (catalog, scenario): (&Catalog, &Scenario), derived: &Derived) -> String {
        let words = StageText { catalog, scenario, answer: &derived.answer, feature: self.track.feature };
        words.headline(&self.track.stages, &derived.explanation.headline)
    }

    /// Returns whether a stage is drawn.
    pub(crate) fn is_drawn(&self, index: usize) -> bool {
        !self.playing || index <= self.stage
    }

    /// The stage at which the walk ends: where the guest is refused or changed, else the last.
    fn last_played(&self) -> usize {
        self.track.stages.iter().position(Seen::is_harm).unwrap_or(Step::ALL.len() - 1)
    }

    /// Returns the description of a stage.
    pub(crate) fn sentences(
        &self,
        (catalog, scenario): (&Catalog, &Scenario),
        derived: &Derived,
        seen: Seen,
    ) -> Vec<(String, Sentence)> {
        let words = StageText { catalog, scenario, answer: &derived.answer, feature: self.track.feature };
        let mut all = vec![(words.sentences(seen).join(" "), Sentence::State)];
        if let Some(rule) = seen.rule {
            all.push((format!("Rule {}: {}.", rule.name(), rule_page(rule).title()), Sentence::Rule));
        }
        let count = derived.answer.case_count();
        if !derived.answer.depends_on.is_empty() {
            let text = format!("{}. This is one of the possible cases.", derived.explanation.headline);
            all.push((text, Sentence::OneCase));
        } else if count > 1 {
            all.push((format!("This is one of {count} cases with the same verdict."), Sentence::OneCase));
        }
        all
    }

    /// Returns why there are no stages, and how to select a value of the unknown input.
    pub(crate) fn no_stages(derived: &Derived, keymap: &Keymap) -> String {
        let (back, set) = (keymap.shown(Action::Back), keymap.shown(Action::Palette));
        let headline = &derived.explanation.headline;
        format!("No stages: {headline}. Press {back} for its values in the explorer, or {set} to set any value.")
    }

    fn list(&mut self, context: &ScreenContext<'_>) {
        let typed = self.named.to_lowercase();
        let mut tracks: Vec<FeatureTrack>;
        if typed.is_empty() {
            tracks = context.derived.features.iter().map(|row| track(context, row.feature)).collect();
            sort_by_key(&mut tracks, |track| !track.differs);
            if !self.unfolded {
                tracks = folded(tracks, self.track.feature);
            }
            if tracks.iter().all(|track| track.feature != self.track.feature) {
                tracks.insert(0, self.track.clone());
            }
        } else {
            let all = (0u16..).zip(context.catalog.features().iter());
            let named = all.filter(|(_, name)| name.to_lowercase().contains(&typed));
            tracks = named.map(|(number, _)| track(context, FeatureId(number))).collect();
            // Of two matching names the shorter one is more likely meant.
            sort_by_key(&mut tracks, |track| context.catalog.feature_name(track.feature).len());
        }
        self.listed.fill(tracks);
        self.listed.go_to(|track| track.feature == self.track.feature);
    }

    /// Uses the feature in the explorer; of folded features, shows each.
    fn enter(&mut self, context: &ScreenContext<'_>) -> ScreenResponse {
        if self.listed.current().is_none_or(|track| track.others.is_empty()) {
            return self.visit(context);
        }
        self.unfolded = true;
        self.list(context);
        ScreenResponse::Done
    }

    fn follow(&mut self, context: &ScreenContext<'_>, feature: FeatureId) {
        self.track = track(context, feature);
    }

    fn go(&mut self, index: usize) {
        self.listed.go(index);
        if let Some(track) = self.listed.current() {
            self.track = track.clone();
        }
    }

    fn step(&mut self, by: isize) {
        self.in_list = false;
        self.stage = self.stage.saturating_add_signed(by).min(Step::ALL.len() - 1);
    }

    fn visit(&self, context: &ScreenContext<'_>) -> ScreenResponse {
        ScreenResponse::Visit(Box::new(Scenario { feature: self.track.feature, ..context.scenario.clone() }))
    }
}

fn track(context: &ScreenContext<'_>, feature: FeatureId) -> FeatureTrack {
    let row = context.derived.features.iter().find(|row| row.feature == feature);
    FeatureTrack {
        feature,
        change: row.and_then(|row| row.change),
        differs: row.is_some_and(|row| row.passes(Filter::Differing)),
        stages: follow(context.scenario, &context.derived.answer, feature),
        others: Vec::new(),
    }
}

/// Folds features that do not change and are equal at every stage into one line; that of the cursor stays alone.
fn folded(tracks: Vec<FeatureTrack>, cursor: FeatureId) -> Vec<FeatureTrack> {
    let mut lines: Vec<FeatureTrack> = Vec::new();
    for track in tracks {
        let marks = |track: &FeatureTrack| track.stages.iter().map(|seen| seen.state.mark()).collect::<Vec<_>>();
        let folds = |track: &FeatureTrack| !track.differs && track.feature != cursor;
        let same = |line: &&mut FeatureTrack| folds(line) && folds(&track) && marks(line) == marks(&track);
        match lines.iter_mut().find(same) {
            Some(line) => line.others.push(track.feature),
            None => lines.push(track),
        }
    }
    lines
}

impl ScreenState for Follow {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the program handles every other action")]
    fn update(&mut self, context: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        self.playing = false;
        if let Some(by) = lines_moved(action, PAGE) {
            // The arrows that move along the stages are those of the drawing.
            if self.is_down && !self.in_list && !context.zoomed {
                self.step(by);
            } else {
                (self.in_list, self.before) = (true, None);
                self.go(self.listed.index().saturating_add_signed(by));
            }
            return ScreenResponse::Done;
        }
        match action {
            Action::NextPane | Action::PreviousPane => self.in_list = !self.in_list,
            Action::Left => self.step(-1),
            Action::Right => self.step(1),
            Action::Play => (self.stage, self.playing) = (0, !self.track.stages.is_empty()),
            Action::Open => return self.enter(context),
            Action::Rule => match self.track.stages.get(self.stage).and_then(|seen| seen.rule) {
                Some(rule) => return ScreenResponse::Show(Box::new(rule_overlay(rule))),
                None => return ScreenResponse::Ignored,
            },
            Action::Back if !self.named.is_empty() => self.filter(context, ""),
            _ => return ScreenResponse::Ignored,
        }
        ScreenResponse::Done
    }

    fn is_playing(&self) -> bool {
        self.playing
    }

    fn tick(&mut self) {
        self.step(1);
        self.playing = self.stage < self.last_played();
    }

    fn click(&mut self, context: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        self.playing = false;
        if let Target::Cell(stage, _) = target {
            (self.in_list, self.stage) = (false, stage.min(Step::ALL.len() - 1));
            return ScreenResponse::Done;
        }
        let Target::Row(index) = target else { return ScreenResponse::Ignored };
        // The first click follows the feature, the second acts like Enter.
        if index == self.listed.index() {
            return self.enter(context);
        }
        (self.in_list, self.before) = (true, None);
        self.go(index);
        ScreenResponse::Done
    }

    fn scroll(&mut self, _: &ScreenContext<'_>, target: Option<Target>, action: Action) -> ScreenResponse {
        let Some(Target::Cell(..)) = target else { return ScreenResponse::Ignored };
        self.step(if action == Action::Up { -1 } else { 1 });
        ScreenResponse::Done
    }

    fn filter(&mut self, context: &ScreenContext<'_>, typed: &str) {
        if self.named.is_empty() {
            self.before = Some(self.track.feature);
        }
        typed.clone_into(&mut self.named);
        if let (true, Some(feature)) = (typed.is_empty(), self.before) {
            self.follow(context, feature);
        }
        self.list(context);
        if !typed.is_empty() {
            self.go(0);
        }
    }

    fn filtered(&self) -> &str {
        &self.named
    }

    fn feature(&self, _: &ScreenContext<'_>) -> Option<FeatureId> {
        Some(self.track.feature)
    }

    fn open_feature(&mut self, context: &ScreenContext<'_>, feature: FeatureId) {
        self.follow(context, feature);
        self.stage = decisive(&self.track.stages);
        self.list(context);
    }

    fn refresh(&mut self, context: &ScreenContext<'_>) {
        self.is_down = context.size.width < SIDE_BY_SIDE;
        self.follow(context, self.track.feature);
        self.list(context);
    }

    fn stage(&self) -> Option<Step> {
        self.track.stages.get(self.stage).map(|seen| seen.step)
    }

    fn pane_hints(&self) -> &'static [Hint] {
        match self.listed.current() {
            _ if self.track.stages.is_empty() => &[(&[Action::Back], "explorer"), (&[Action::Palette], "set a value")],
            Some(track) if !track.others.is_empty() => &[(&[Action::Open], "list them")],
            _ if self.in_list => &[(&[Action::Up, Action::Down], "feature"), (&[Action::NextPane], "stages")],
            _ if self.is_down => &[
                (&[Action::Left, Action::Right, Action::Up, Action::Down], "stage"),
                (&[Action::Play], "play"),
                (&[Action::NextPane], "features"),
            ],
            _ => &[
                (&[Action::Left, Action::Right], "stage"),
                (&[Action::Play], "play"),
                (&[Action::Up, Action::Down], "feature"),
            ],
        }
    }

    fn hints(&self) -> &'static [Hint] {
        if self.track.stages.is_empty() {
            return &[
                (&[Action::Open], "use in the explorer"),
                (&[Action::SwapEnds], "swap"),
                (&[Action::Answer], "answer"),
                (&[Action::CopyLink], "copy link"),
                (&[Action::Quit], "quit"),
            ];
        }
        &[
            (&[Action::Xml], "XML here"),
            (&[Action::Open], "use in the explorer"),
            (&[Action::Filter], "filter"),
            (&[Action::Rule], "rule"),
            (&[Action::Back], "back"),
            (&[Action::SwapEnds], "swap"),
            (&[Action::Answer], "answer"),
            (&[Action::CopyLink], "copy link"),
            (&[Action::Quit], "quit"),
        ]
    }
}
