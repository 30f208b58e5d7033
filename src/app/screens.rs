//! Keeps the stack of open screens; the last one is visible.
//! Each screen has a file here with its state and actions, and one in `tui::view` that draws it.

pub(crate) mod compare;
pub mod diff;
pub(crate) mod explorer;
pub(crate) mod follow;
pub(crate) mod history;
pub mod host_model;
pub mod matrix;
pub mod xml;

pub use super::scope::ScreenKind;

use super::action::Action;
use super::derived::Derived;
use super::effect::Effect;
use super::overlay::Overlay;
use super::settings::Size;
use crate::analysis::follow::Step;
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::scenario::Scenario;
use std::rc::Rc;

/// What a screen can read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScreenContext<'a> {
    /// The facts about libvirt, QEMU and hosts.
    pub(crate) catalog: &'a Catalog,
    /// The current scenario.
    pub(crate) scenario: &'a Scenario,
    /// What the scenario results in.
    pub(crate) derived: &'a Derived,
    /// The scenario that was set as A, to compare with.
    pub(crate) scenario_a: Option<&'a Scenario>,
    /// The size that is left for the screen.
    pub(crate) size: Size,
    /// Whether the pane with the cursor has the whole screen.
    pub(crate) zoomed: bool,
}

impl ScreenContext<'_> {
    /// Returns the guest's model, as [`Answer::model`](crate::resolve::Answer::model).
    pub(crate) fn model(&self) -> Option<ModelId> {
        self.derived.answer.model(self.scenario)
    }
}

/// What is to happen after an action; a screen changes only its own state.
#[derive(Debug)]
pub(crate) enum ScreenResponse {
    /// The screen does not handle the action.
    Ignored,
    /// The screen handled the action.
    Done,
    /// The action had no effect; the text is the reason.
    Say(String),
    /// Change the scenario and stay on the screen.
    Change(Box<Scenario>),
    /// Change the scenario and return to the explorer.
    Visit(Box<Scenario>),
    /// Open an overlay.
    Show(Box<Overlay>),
    /// Open the list of values of a setting.
    Values(super::choice::Choice),
    /// Perform an effect outside of the model.
    Effect(Effect),
}

/// What is under the mouse.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// A setting.
    Choice(super::choice::Choice),
    /// The line for the hidden settings of a pane of the explorer.
    Hidden(super::choice::Group),
    /// A fix, by its index.
    Fix(usize),
    /// A line of the main list, by its index, visible or not.
    Row(usize),
    /// A row of the decision table; index 8 is a rule outside the table.
    TableRow(usize),
    /// A cell of the grid: row and column.
    Cell(usize, usize),
    /// An item of a picker, by its index among the matches.
    Item(usize),
    /// A text that performs an action when clicked.
    Action(Action),
    /// The title of an open screen; 0 is the explorer.
    Screen(usize),
    /// Outside of the overlay.
    Outside,
}

/// Actions whose keys are shown together in the bottom line, and a label; a click performs the last of the actions.
pub(crate) type Hint = (&'static [Action], &'static str);

/// The interface that all screens share.
pub(crate) trait ScreenState {
    /// Performs an action. The program handles it only if the result is [`ScreenResponse::Ignored`].
    fn update(&mut self, context: &ScreenContext<'_>, action: Action) -> ScreenResponse;

    /// Performs a click.
    fn click(&mut self, context: &ScreenContext<'_>, target: Target) -> ScreenResponse;

    /// Scrolls `target`; `action` is up or down, and is performed if the result is [`ScreenResponse::Ignored`].
    fn scroll(&mut self, _context: &ScreenContext<'_>, _target: Option<Target>, _action: Action) -> ScreenResponse {
        ScreenResponse::Ignored
    }

    /// Applies the text of the filter.
    fn filter(&mut self, _context: &ScreenContext<'_>, _typed: &str) {}

    /// Returns the text of the filter.
    #[expect(clippy::unnecessary_literal_bound, reason = "a screen with a filter returns a borrowed text")]
    fn filtered(&self) -> &str {
        ""
    }

    /// Returns whether it has several panes.
    fn has_panes(&self) -> bool {
        true
    }

    /// Returns whether there is anything to filter.
    fn has_filter(&self) -> bool {
        true
    }

    /// Returns the stage under the cursor.
    fn stage(&self) -> Option<Step> {
        None
    }

    /// Opens the stage that the previous screen had under the cursor.
    fn open_stage(&mut self, _context: &ScreenContext<'_>, _stage: Step) {}

    /// Moves the cursor to a setting.
    fn point_at(&mut self, _choice: super::choice::Choice) {}

    /// Returns the feature under the cursor.
    fn feature(&self, _context: &ScreenContext<'_>) -> Option<FeatureId> {
        None
    }

    /// Opens the subject that the previous screen had under the cursor.
    fn open_feature(&mut self, _context: &ScreenContext<'_>, _feature: FeatureId) {}

    /// Applies the selection in a picker of this screen, by the number of the item.
    fn pick(&mut self, _context: &ScreenContext<'_>, _number: usize) -> ScreenResponse {
        ScreenResponse::Ignored
    }

    /// Updates the screen after a change of the scenario or the size.
    fn refresh(&mut self, context: &ScreenContext<'_>);

    /// Prepares the screen to be opened again in its last state. Returns false if it opens in its initial state.
    fn reopen(&mut self, _context: &ScreenContext<'_>) -> bool {
        false
    }

    /// Does a part of the postponed work. Returns whether there was any.
    fn idle(&mut self, _context: &ScreenContext<'_>) -> bool {
        false
    }

    /// Returns whether the screen moves by itself.
    fn is_playing(&self) -> bool {
        false
    }

    /// Moves on by one step, while the screen plays.
    fn tick(&mut self) {}

    /// Returns the hints of the pane with the cursor, which come first in the bottom line.
    fn pane_hints(&self) -> &'static [Hint] {
        &[]
    }

    /// Returns the hints of the screen, the most useful first.
    fn hints(&self) -> &'static [Hint];
}

macro_rules! screens {
    ($($name:ident $state:ty, $open:expr;)+) => {
        /// A screen with its state. Clones share the state until one of them changes it.
        #[derive(Clone, Debug)]
        #[expect(missing_docs, reason = "`ScreenKind` names each of them")]
        pub enum Screen { $($name(Rc<$state>)),+ }

        impl Screen {
            /// Returns the screen in its initial state.
            pub(crate) fn open(kind: ScreenKind, context: &ScreenContext<'_>) -> Self {
                match kind { $(ScreenKind::$name => Self::$name(Rc::new(($open)(context)))),+ }
            }

            /// Returns which screen this is.
            pub const fn kind(&self) -> ScreenKind {
                match self { $(Self::$name(_) => ScreenKind::$name),+ }
            }

            /// Returns the state behind the interface that all screens share.
            pub(crate) fn state(&self) -> &dyn ScreenState {
                match self { $(Self::$name(state) => &**state),+ }
            }

            /// Returns the same state, mutable.
            pub(crate) fn state_mut(&mut self) -> &mut dyn ScreenState {
                match self { $(Self::$name(state) => Rc::<$state>::make_mut(state)),+ }
            }
        }
    };
}

screens! {
    Explorer explorer::Explorer, explorer::Explorer::open;
    Follow follow::Follow, follow::Follow::open;
    History history::History, history::History::open;
    Diff diff::Diff, diff::Diff::open;
    Matrix matrix::Matrix, matrix::Matrix::open;
    Xml xml::Xml, xml::Xml::open;
    HostModel host_model::HostModel, host_model::HostModel::open;
    Compare compare::Compare, compare::Compare::open;
}

/// The stack of open screens, with the explorer at the bottom.
#[derive(Clone, Debug)]
pub struct Screens {
    first: Screen,
    above: Vec<Screen>,
    /// The closed screens in their last state; one of each kind.
    closed: Vec<Screen>,
    /// The open screens that do not know the current scenario and size yet.
    stale: Vec<ScreenKind>,
}

impl Screens {
    /// Returns a stack of one screen.
    pub(crate) fn new(first: Screen) -> Self {
        Self { first, above: Vec::new(), closed: Vec::new(), stale: Vec::new() }
    }

    /// Returns the visible screen.
    pub fn top(&self) -> &Screen {
        self.above.last().unwrap_or(&self.first)
    }

    /// Returns the visible screen, mutable.
    pub(crate) fn top_mut(&mut self) -> &mut Screen {
        self.above.last_mut().unwrap_or(&mut self.first)
    }

    /// Opens a screen; one of the same kind that is open is closed, with the screens over it.
    pub(crate) fn push(&mut self, screen: Screen) {
        if screen.kind() == self.first.kind() {
            self.close_all();
            return;
        }
        if let Some(index) = self.above.iter().position(|open| open.kind() == screen.kind()) {
            self.back_to(index);
        }
        self.stale.retain(|kind| *kind != screen.kind());
        self.closed.retain(|closed| closed.kind() != screen.kind());
        self.above.push(screen);
    }

    /// Closes the visible screen. Returns false if it is the explorer, which stays.
    pub(crate) fn pop(&mut self) -> bool {
        let open = self.above.len();
        self.back_to(open.saturating_sub(1));
        open > 0
    }

    /// Closes every screen over the one at this index.
    pub(crate) fn back_to(&mut self, number: usize) {
        for screen in self.above.split_off(number.min(self.above.len())) {
            self.closed.retain(|closed| closed.kind() != screen.kind());
            self.closed.push(screen);
        }
    }

    /// Closes every screen but the explorer.
    pub(crate) fn close_all(&mut self) {
        self.back_to(0);
    }

    /// Closes every screen but the explorer, and drops the states of closed screens.
    pub(crate) fn forget(&mut self) {
        (self.above, self.closed) = (Vec::new(), Vec::new());
    }

    /// Returns the screen of this kind in its current or last state; `None` if it was never open.
    pub(crate) fn last(&self, kind: ScreenKind) -> Option<&Screen> {
        self.above.iter().chain(&self.closed).find(|screen| screen.kind() == kind)
    }

    /// Returns the open screens, from the bottom up.
    pub fn iter(&self) -> impl Iterator<Item = &Screen> {
        std::iter::once(&self.first).chain(&self.above)
    }

    /// Updates the visible screen after a change of the scenario or the size; the others when they become visible.
    pub(crate) fn refresh(&mut self, context: &ScreenContext<'_>) {
        self.stale = self.iter().map(Screen::kind).collect();
        self.refresh_top(context);
    }

    /// Updates the visible screen, unless it knows the current scenario and size.
    pub(crate) fn refresh_top(&mut self, context: &ScreenContext<'_>) {
        let top = self.top().kind();
        if self.stale.contains(&top) {
            self.stale.retain(|kind| *kind != top);
            self.top_mut().state_mut().refresh(context);
        }
    }
}
