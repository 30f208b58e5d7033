//! Keeps the state of the history of a model or a feature: the subject, its lines, and the cursor.

use super::{Hint, ScreenContext, ScreenResponse, ScreenState, Target};
use crate::analysis::history::example_guest::{across, guests, under};
use crate::analysis::space::models;
use crate::app::action::Action;
use crate::app::keymap::Keymap;
use crate::app::list::{List, PAGE, lines_moved};
use crate::app::overlay::Overlay;
use crate::app::picker::{Item, Pick, Picker};
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::scenario::{QemuChoice, Scenario, Told};

mod lines;

pub(crate) use lines::{Axis, Line, Mark, Shows, points};

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
    /// The summary above the lines.
    pub(crate) summary: String,
    /// The lines that pass the filter.
    pub(crate) listed: List<Line>,
    /// The text that listed lines contain; empty for every line.
    pub(crate) named: String,
    all: Vec<Line>,
    /// How many of all lines are those of the subject.
    own: usize,
}

impl History {
    /// Returns the initial state: the history of the scenario's model, or of its feature if it names no model.
    pub(crate) fn open(context: &ScreenContext<'_>) -> Self {
        let feature = Subject::Feature(context.scenario.feature);
        let default = Scenario::default_of(context.catalog).model();
        let model = context.scenario.model().or(default).map(Subject::Model);
        let (subject, other) = match (context.scenario.model(), model) {
            (Some(_), Some(model)) => (model, feature),
            (_, Some(model)) => (feature, model),
            (_, None) => (feature, feature),
        };
        let mut state = Self {
            subject,
            other,
            summary: String::new(),
            listed: List::default(),
            named: String::new(),
            all: Vec::new(),
            own: 0,
        };
        state.load(context, subject);
        state
    }

    fn load(&mut self, context: &ScreenContext<'_>, subject: Subject) {
        self.subject = subject;
        (self.summary, self.all) = lines::of(context.catalog, subject);
        self.own = self.all.len();
        if self.other != subject {
            // Below them the lines of the other subject.
            self.all.extend(lines::of(context.catalog, self.other).1);
        }
        self.named.clear();
        self.list();
        match (subject, self.other) {
            (Subject::Feature(_), Subject::Model(model)) => {
                self.listed.go_to(|line| line.name == context.catalog.model_name(model));
            }
            // The last change is the most likely subject of a search.
            _ => {
                let changes = |line: &Line| matches!(line.shows, Shows::Change { before: Some(_), .. });
                let own = self.listed.get(..self.own).unwrap_or_default();
                self.listed.go(own.iter().rposition(changes).unwrap_or(0));
            }
        }
    }

    /// Returns the text of an empty list.
    pub(crate) fn empty(&self, keymap: &Keymap) -> String {
        if self.named.is_empty() {
            format!("No libvirt map and no QEMU has it. Press {} to select another.", keymap.shown(Action::PickSubject))
        } else {
            keymap.no_match()
        }
    }

    fn list(&mut self) {
        let typed = self.named.to_lowercase();
        let has =
            |line: &&Line| line.name.to_lowercase().contains(&typed) || line.words.to_lowercase().contains(&typed);
        self.listed.fill(self.all.iter().filter(has).cloned().collect());
    }

    fn turn(&mut self, context: &ScreenContext<'_>) {
        let before = std::mem::replace(&mut self.other, self.subject);
        self.load(context, before);
    }

    fn picker(&self, context: &ScreenContext<'_>) -> Overlay {
        let catalog = context.catalog;
        let (title, all): (&str, Vec<Subject>) = match self.subject {
            Subject::Model(_) => ("History of a model", models(catalog).into_iter().map(Subject::Model).collect()),
            Subject::Feature(_) => {
                let all = (0u16..).zip(catalog.features().iter());
                ("History of a feature", all.map(|(number, _)| Subject::Feature(FeatureId(number))).collect())
            }
        };
        let items = all.into_iter().map(|subject| {
            let (Subject::Model(ModelId(number)) | Subject::Feature(FeatureId(number))) = subject;
            Item {
                current: subject == self.subject,
                ..Item::new(subject.name(catalog), Pick::OfScreen(usize::from(number)))
            }
        });
        Overlay::Picker(Box::new(Picker::new(title.to_owned(), None, items.collect())))
    }

    fn visit(&self, context: &ScreenContext<'_>) -> ScreenResponse {
        let Some(line) = self.listed.current() else {
            return ScreenResponse::Say("There is no line under the cursor.".to_owned());
        };
        let found = match line.shows {
            Shows::Change { model, before: Some(before), since } => {
                let feature = line.feature.unwrap_or(context.scenario.feature);
                across(context.catalog, context.scenario, (model, feature), (before, since))
            }
            Shows::Change { before: None, .. } => {
                return ScreenResponse::Say(
                    "The previous release does not have the model, so no guest of this model can migrate from it."
                        .to_owned(),
                );
            }
            Shows::Known => {
                return ScreenResponse::Say(
                    "This line names no model. Select a line of a model to open a scenario.".to_owned(),
                );
            }
            Shows::Machine { model, machine, accel } => {
                let feature = line.feature.unwrap_or(context.scenario.feature);
                Some(under(context.catalog, context.scenario, (model, feature), (machine, accel)))
            }
            Shows::Qemu { model, first, last } => {
                let qemu = |version| QemuChoice { version: Told::Is(version), build: None };
                let mut scenario = guests(context.catalog, context.scenario, model, context.scenario.feature)
                    .pop()
                    .unwrap_or_else(|| context.scenario.clone());
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
            Action::PickSubject => return ScreenResponse::Show(Box::new(self.picker(context))),
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
