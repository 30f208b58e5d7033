//! Keeps the state of the history of a model or a feature: the subject, its lines, and the cursor.

use super::{Hint, ScreenContext, ScreenResponse, ScreenState, Target};
use crate::analysis::history::example_guest::{across, guest, under};
use crate::analysis::history::of_feature;
use crate::analysis::space::models;
use crate::app::action::Action;
use crate::app::keymap::Keymap;
use crate::app::list::{List, PAGE, lines_moved};
use crate::app::overlay::Overlay;
use crate::app::picker::Picker;
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::scenario::{MaybeKnown, QemuChoice, Scenario};

mod axis;
mod lines;

use axis::Axes;
pub(crate) use axis::{Axis, Mark, Over};
pub(crate) use lines::Line;
use lines::{Lines, Shows};

/// What the history is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Subject {
    /// A CPU model.
    Model(ModelId),
    /// A CPU feature.
    Feature(FeatureId),
}

impl Subject {
    /// Returns the name of the model or feature.
    pub(crate) fn name(self, catalog: &Catalog) -> &str {
        match self {
            Self::Model(model) => catalog.model_name(model),
            Self::Feature(feature) => catalog.feature_name(feature),
        }
    }
}

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct History {
    /// What the history is about.
    pub(crate) subject: Subject,
    /// The subject of the other view.
    other: Subject,
    /// What the screen shows, in one sentence.
    pub(crate) headline: String,
    /// The releases of libvirt, and those of QEMU.
    pub(crate) axes: [Axis; 2],
    /// The lines that pass the filter.
    pub(crate) listed: List<Line>,
    /// The text that listed lines contain; empty for every line.
    pub(crate) named: String,
    all: Vec<Line>,
}

impl History {
    /// Returns the initial state: the history of the scenario's model, or of its feature if it names no model.
    pub(crate) fn open(context: &ScreenContext<'_>) -> Self {
        let feature = Subject::Feature(context.scenario.feature);
        let default = Scenario::default_of(context.catalog).model();
        let model = context.model().or(default).map(Subject::Model);
        let (subject, other) = match (context.scenario.model(), model) {
            (Some(_), Some(model)) => (model, feature),
            (_, Some(model)) => (feature, model),
            (_, None) => (feature, feature),
        };
        let mut state = Self {
            subject,
            other,
            headline: String::new(),
            axes: [Axis::default(), Axis::default()],
            listed: List::default(),
            named: String::new(),
            all: Vec::new(),
        };
        state.load(context, subject);
        state
    }

    /// Makes the lines of the subject, and below them those of the other one.
    fn make(&mut self, context: &ScreenContext<'_>) {
        // One of the two subjects is always a feature.
        let feature = [self.subject, self.other].into_iter().find_map(|subject| match subject {
            Subject::Feature(feature) => Some(feature),
            Subject::Model(_) => None,
        });
        let feature = of_feature(context.catalog, feature.unwrap_or(context.scenario.feature));
        let lines = Lines { axes: Axes::of(context), feature };
        self.headline = lines.headline(self.subject);
        self.all = lines.all(self.subject, self.other);
        self.axes = lines.axes.shortened(self.all.iter_mut().map(|line| (line.over, &mut line.marks)));
        self.list();
    }

    /// Opens a subject, with the cursor at what the scenario asks about, else at the last change.
    fn load(&mut self, context: &ScreenContext<'_>, subject: Subject) {
        self.subject = subject;
        self.named.clear();
        self.make(context);
        let has_change = |line: &&Line| line.is_own && matches!(line.shows, Shows::Change(Some(_), _));
        let is_asked = |line: &Line| match (subject, self.other) {
            (Subject::Model(_), _) => line.feature == Some(context.scenario.feature),
            (Subject::Feature(_), Subject::Model(model)) => line.model == model,
            (Subject::Feature(_), Subject::Feature(_)) => false,
        };
        let mut changes = self.listed.iter().enumerate().filter(|(_, line)| has_change(line));
        let asked = changes.clone().find(|(_, line)| is_asked(line)).or_else(|| changes.next_back());
        self.listed.go(asked.map_or(0, |(index, _)| index));
    }

    /// Returns the axis of a line.
    pub(crate) fn axis(&self, over: Over) -> &Axis {
        let [libvirt, qemu] = &self.axes;
        match over {
            Over::Libvirt => libvirt,
            Over::Qemu => qemu,
        }
    }

    /// Returns the heading above a line.
    pub(crate) fn heading(&self, line: &Line, catalog: &Catalog) -> String {
        let name = if line.is_own { self.subject } else { self.other }.name(catalog);
        match line.over {
            Over::Libvirt => format!("{name} in libvirt"),
            Over::Qemu => format!("{name} in QEMU, by machine type"),
        }
    }

    /// Returns the text of an empty list.
    pub(crate) fn empty(&self, keymap: &Keymap) -> String {
        if self.named.is_empty() {
            let key = keymap.shown(Action::PickSubject);
            format!("No libvirt and no QEMU that was read has a change. Press {key} to select another.")
        } else {
            keymap.no_match()
        }
    }

    fn list(&mut self) {
        let typed = self.named.to_lowercase();
        let has =
            |line: &&Line| [&line.when, &line.name, &line.words].iter().any(|t| t.to_lowercase().contains(&typed));
        self.listed.fill(self.all.iter().filter(has).cloned().collect());
    }

    fn turn(&mut self, context: &ScreenContext<'_>) {
        let before = std::mem::replace(&mut self.other, self.subject);
        self.load(context, before);
    }

    fn picker(&self, context: &ScreenContext<'_>) -> Picker {
        let catalog = context.catalog;
        match self.subject {
            Subject::Model(ModelId(current)) => {
                let names = models(catalog).into_iter().map(|model| (model.0, catalog.model_name(model).to_owned()));
                Picker::of_screen("History of a model", current, names)
            }
            Subject::Feature(FeatureId(current)) => {
                let names = (0u16..).zip(catalog.features().iter().map(ToString::to_string));
                Picker::of_screen("History of a feature", current, names)
            }
        }
    }

    fn visit(&self, context: &ScreenContext<'_>) -> ScreenResponse {
        let Some(line) = self.listed.current() else {
            return ScreenResponse::Say("There is no line under the cursor.".to_owned());
        };
        let feature = line.feature.unwrap_or(context.scenario.feature);
        let (catalog, about) = (context.catalog, (line.model, feature));
        let found = match line.shows {
            Shows::Change(Some(before), since) => across(catalog, context.scenario, about, (before, since)),
            Shows::Change(None, _) => {
                return ScreenResponse::Say(
                    "The previous release does not have the model, so no guest of this model can migrate from it."
                        .to_owned(),
                );
            }
            Shows::Machine(machine) => Some(under(catalog, context.scenario, about, (machine, context.scenario.accel))),
            Shows::Qemu(first, last) => {
                let qemu = |version| QemuChoice { version: MaybeKnown::Is(version), build: None };
                let mut scenario = guest(catalog, context.scenario, line.model, feature);
                (scenario.from.qemu, scenario.to.qemu) = (qemu(first), qemu(last));
                Some(scenario)
            }
        };
        match found {
            Some(scenario) => ScreenResponse::Visit(Box::new(scenario)),
            None => ScreenResponse::Say("No guest of this model can start on the previous release.".to_owned()),
        }
    }
}

impl ScreenState for History {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the program handles every other action")]
    fn update(&mut self, context: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        if let Some(by) = lines_moved(action, PAGE) {
            self.listed.step(by);
            return ScreenResponse::Done;
        }
        match action {
            Action::NextView | Action::NextPane | Action::PreviousPane | Action::Left | Action::Right => {
                self.turn(context);
            }
            Action::PickSubject => {
                return ScreenResponse::Show(Box::new(Overlay::Picker(Box::new(self.picker(context)))));
            }
            Action::Open => return self.visit(context),
            Action::Back if !self.named.is_empty() => self.filter(context, ""),
            _ => return ScreenResponse::Ignored,
        }
        ScreenResponse::Done
    }

    fn click(&mut self, context: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        let Target::Row(index) = target else { return ScreenResponse::Ignored };
        // The first click moves the cursor, the second acts like Enter.
        if index == self.listed.index() {
            return self.visit(context);
        }
        self.listed.go(index);
        ScreenResponse::Done
    }

    fn filter(&mut self, _: &ScreenContext<'_>, typed: &str) {
        typed.clone_into(&mut self.named);
        self.list();
    }

    fn filtered(&self) -> &str {
        &self.named
    }

    fn feature(&self, _: &ScreenContext<'_>) -> Option<FeatureId> {
        match self.subject {
            Subject::Feature(feature) => Some(feature),
            Subject::Model(_) => self.listed.current().and_then(|line| line.feature),
        }
    }

    fn open_feature(&mut self, context: &ScreenContext<'_>, feature: FeatureId) {
        if let Subject::Model(_) = self.subject {
            self.other = self.subject;
        }
        self.load(context, Subject::Feature(feature));
    }

    fn pick(&mut self, context: &ScreenContext<'_>, number: usize) -> ScreenResponse {
        let Ok(number) = u16::try_from(number) else { return ScreenResponse::Ignored };
        let subject = match self.subject {
            Subject::Model(_) => Subject::Model(ModelId(number)),
            Subject::Feature(_) => Subject::Feature(FeatureId(number)),
        };
        self.load(context, subject);
        ScreenResponse::Done
    }

    fn refresh(&mut self, context: &ScreenContext<'_>) {
        self.make(context);
    }

    fn hints(&self) -> &'static [Hint] {
        &[
            (&[Action::Up, Action::Down], "move"),
            (&[Action::NextView], "model or feature"),
            (&[Action::PickSubject], "select another"),
            (&[Action::Open], "open guest"),
            (&[Action::Filter], "filter"),
            (&[Action::Back], "back"),
            (&[Action::Quit], "quit"),
        ]
    }
}
