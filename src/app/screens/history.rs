//! Keeps the state of the screen that tells the history of a model or a feature: which one, its lines, and the cursor.

use super::{ScreenContext, ScreenResponse, ScreenState, Target};
use crate::analysis::history::example_guest::{across, guests, under};
use crate::analysis::space::models;
use crate::app::action::Action;
use crate::app::list::{List, PAGE, lines_moved};
use crate::app::overlay::Overlay;
use crate::app::picker::{Item, Pick, Picker};
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::scenario::{QemuChoice, Scenario, Told};

mod lines;

pub use lines::{Axis, Line, Mark, Shows, points};

/// Whose history is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// A model's.
    Model(ModelId),
    /// A feature's.
    Feature(FeatureId),
}

impl Subject {
    /// Returns its name.
    pub fn name(self, catalog: &Catalog) -> &str {
        match self {
            Self::Model(model) => catalog.model_name(model),
            Self::Feature(feature) => catalog.feature_name(feature),
        }
    }
}

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct History {
    /// Whose history is told.
    pub subject: Subject,
    /// What the other view would tell of.
    other: Subject,
    /// What it says in short, before the lines.
    pub summary: String,
    /// The lines, those left whose name or words have the letters typed.
    pub listed: List<Line>,
    /// The letters a listed line has; empty for any.
    pub named: String,
    all: Vec<Line>,
}

impl History {
    /// Returns the screen as it opens: the history of the scenario's model, or where it names none, of its feature.
    pub fn open(world: &ScreenContext<'_>) -> Self {
        let feature = Subject::Feature(world.scenario.feature);
        let default = Scenario::default_of(world.catalog).model();
        let model = world.scenario.model().or(default).map(Subject::Model);
        let (subject, other) = match (world.scenario.model(), model) {
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
        };
        state.tell(world, subject);
        state
    }

    fn tell(&mut self, world: &ScreenContext<'_>, subject: Subject) {
        self.subject = subject;
        (self.summary, self.all) = lines::of(world.catalog, subject);
        self.named.clear();
        self.list();
        match (subject, self.other) {
            (Subject::Feature(_), Subject::Model(model)) => {
                self.listed.go_to(|line| line.name == world.catalog.model_name(model));
            }
            // What changed last is most often what is looked for.
            _ => {
                let changes = |line: &Line| matches!(line.shows, Shows::Change { before: Some(_), .. });
                self.listed.go(self.listed.iter().rposition(changes).unwrap_or(0));
            }
        }
    }

    fn list(&mut self) {
        let typed = self.named.to_lowercase();
        let has =
            |line: &&Line| line.name.to_lowercase().contains(&typed) || line.words.to_lowercase().contains(&typed);
        self.listed.fill(self.all.iter().filter(has).cloned().collect());
    }

    fn turn(&mut self, world: &ScreenContext<'_>) {
        let before = std::mem::replace(&mut self.other, self.subject);
        self.tell(world, before);
    }

    fn picker(&self, world: &ScreenContext<'_>) -> Overlay {
        let catalog = world.catalog;
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
                ..Item::new(subject.name(catalog), Pick::Own(usize::from(number)))
            }
        });
        Overlay::Picker(Box::new(Picker::new(title.to_owned(), None, items.collect())))
    }

    fn visit(&self, world: &ScreenContext<'_>) -> ScreenResponse {
        let Some(line) = self.listed.here() else { return ScreenResponse::Say("no line is here".to_owned()) };
        let found = match line.shows {
            Shows::Change { model, before: Some(before), since } => {
                let feature = line.feature.unwrap_or(world.scenario.feature);
                across(world.catalog, world.scenario, (model, feature), (before, since))
            }
            Shows::Change { before: None, .. } => {
                return ScreenResponse::Say("no guest can come from a release without the model".to_owned());
            }
            Shows::Known => {
                return ScreenResponse::Say("no model is named here; a line of a model leads to a scenario".to_owned());
            }
            Shows::Machine { model, machine, accel } => {
                let feature = line.feature.unwrap_or(world.scenario.feature);
                Some(under(world.catalog, world.scenario, (model, feature), (machine, accel)))
            }
            Shows::Qemu { model, first, last } => {
                let qemu = |version| QemuChoice { version: Told::Is(version), build: None };
                let mut scenario = guests(world.catalog, world.scenario, model, world.scenario.feature)
                    .pop()
                    .unwrap_or_else(|| world.scenario.clone());
                (scenario.from.qemu, scenario.to.qemu) = (qemu(first), qemu(last));
                Some(scenario)
            }
        };
        match found {
            Some(scenario) => ScreenResponse::Visit(Box::new(scenario)),
            None => ScreenResponse::Say("no guest of that model starts at the release before".to_owned()),
        }
    }
}

impl ScreenState for History {
    #[expect(clippy::wildcard_enum_match_arm, reason = "a screen does its own actions and leaves every other")]
    fn update(&mut self, world: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        if let Some(by) = lines_moved(action, PAGE) {
            self.listed.step(by);
            return ScreenResponse::Done;
        }
        match action {
            Action::NextView | Action::NextPane | Action::PreviousPane | Action::Left | Action::Right => {
                self.turn(world);
            }
            Action::PickSubject => return ScreenResponse::Show(Box::new(self.picker(world))),
            Action::Open => return self.visit(world),
            Action::Back if !self.named.is_empty() => self.filter(world, ""),
            _ => return ScreenResponse::Ignored,
        }
        ScreenResponse::Done
    }

    fn click(&mut self, world: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        let Target::Row(place) = target else { return ScreenResponse::Ignored };
        // The first click puts the cursor there, the second is Enter.
        if place == self.listed.place() {
            return self.visit(world);
        }
        self.listed.go(place);
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
            Subject::Model(_) => self.listed.here().and_then(|line| line.feature),
        }
    }

    fn come_from(&mut self, world: &ScreenContext<'_>, feature: FeatureId) {
        if let Subject::Model(_) = self.subject {
            self.other = self.subject;
        }
        self.tell(world, Subject::Feature(feature));
    }

    fn pick(&mut self, world: &ScreenContext<'_>, number: usize) -> ScreenResponse {
        let Ok(number) = u16::try_from(number) else { return ScreenResponse::Ignored };
        let subject = match self.subject {
            Subject::Model(_) => Subject::Model(ModelId(number)),
            Subject::Feature(_) => Subject::Feature(FeatureId(number)),
        };
        self.tell(world, subject);
        ScreenResponse::Done
    }

    fn hints(&self) -> &'static [(&'static [Action], &'static str)] {
        &[
            (&[Action::Up, Action::Down], "move"),
            (&[Action::NextView], "model or feature"),
            (&[Action::PickSubject], "pick another"),
            (&[Action::Open], "show it"),
            (&[Action::Filter], "find"),
            (&[Action::Back], "back"),
            (&[Action::Quit], "quit"),
        ]
    }
}
