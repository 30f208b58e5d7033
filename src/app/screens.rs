//! Names the screens and keeps the stack of those that are open; the last one is seen.
//! Each screen has a file here with its state and what actions do to it, and one in `tui::view` that draws it.

pub mod compare;
pub mod diff;
pub mod explorer;
pub mod follow;
pub mod history;
pub mod matrix;
pub mod xml;

use super::action::Action;
use super::derived::Derived;
use super::overlay::Overlay;
use super::settings::Size;
use super::update::Effect;
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::scenario::Scenario;

/// What a screen may look at.
#[derive(Clone, Copy, Debug)]
pub struct ScreenContext<'a> {
    /// The facts.
    pub catalog: &'a Catalog,
    /// The scenario.
    pub scenario: &'a Scenario,
    /// What follows from it.
    pub derived: &'a Derived,
    /// The scenario that was kept to compare with.
    pub kept: Option<&'a Scenario>,
    /// The size of the terminal.
    pub size: Size,
}

/// What a screen asks for; it changes nothing but itself.
#[derive(Debug)]
pub enum ScreenResponse {
    /// The action is not the screen's.
    Ignored,
    /// The screen did it.
    Done,
    /// Nothing was done, and this is why.
    Say(String),
    /// The scenario is to be this one; the screen stays.
    Change(Box<Scenario>),
    /// The scenario is to be this one, seen on the first screen.
    Visit(Box<Scenario>),
    /// Something is to lie over the screen.
    Show(Box<Overlay>),
    /// Something is to happen outside.
    Effect(Effect),
}

/// What the mouse is on, as a screen's view tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// One of the scenario's choices.
    Choice(super::choice::Choice),
    /// A way out.
    Way(usize),
    /// A line of the screen's main list, counted from its first line, shown or not.
    Row(usize),
    /// A line of the decision table; 8 is the line below the eight rows.
    TableRow(usize),
    /// A cell of the screen's grid.
    Cell(usize, usize),
    /// An item of what lies over the screen.
    Item(usize),
    /// Something that stands for an action.
    Action(Action),
    /// The name of an open screen, counted from the first one.
    Screen(usize),
    /// Outside of what lies over the screen.
    Outside,
}

/// What every screen can do.
pub trait ScreenState {
    /// Does an action, or says that it is not the screen's. Asked before the program does anything of its own.
    fn update(&mut self, world: &ScreenContext<'_>, action: Action) -> ScreenResponse;

    /// Is clicked on.
    fn click(&mut self, _world: &ScreenContext<'_>, _target: Target) -> ScreenResponse {
        ScreenResponse::Ignored
    }

    /// Has the wheel turned over `target`; `action` is up or down. Ignored, it is done as the action.
    fn scroll(&mut self, _world: &ScreenContext<'_>, _target: Option<Target>, _action: Action) -> ScreenResponse {
        ScreenResponse::Ignored
    }

    /// Hears that something else than before is typed after `/`.
    fn filter(&mut self, _world: &ScreenContext<'_>, _typed: &str) {}

    /// Returns what was last typed after `/`.
    #[expect(clippy::unnecessary_literal_bound, reason = "a screen that filters lends its own text")]
    fn filtered(&self) -> &str {
        ""
    }

    /// Returns the choice that the cursor is on.
    fn cursor(&self) -> Option<super::choice::Choice> {
        None
    }

    /// Puts the cursor on a choice, where there are choices.
    fn point_at(&mut self, _choice: super::choice::Choice) {}

    /// Returns the feature under the cursor, if the cursor is on one.
    fn feature(&self, _world: &ScreenContext<'_>) -> Option<FeatureId> {
        None
    }

    /// Hears, when it opens, on which feature the cursor was on the screen before.
    fn come_from(&mut self, _world: &ScreenContext<'_>, _feature: FeatureId) {}

    /// Hears that one of its own things was picked from a list, by the number it gave it.
    fn pick(&mut self, _world: &ScreenContext<'_>, _number: usize) -> ScreenResponse {
        ScreenResponse::Ignored
    }

    /// Hears that the scenario is another.
    fn refresh(&mut self, _world: &ScreenContext<'_>) {}

    /// Opens again as it was left. Returns false where it opens anew each time.
    fn reopen(&mut self, _world: &ScreenContext<'_>) -> bool {
        false
    }

    /// Does a little of what is left to do, while nothing is typed. Returns whether it did anything.
    fn idle(&mut self, _world: &ScreenContext<'_>) -> bool {
        false
    }

    /// Returns what is worth a place in the bottom line, the most useful first: actions whose keys are shown together,
    /// and what they do in a word or two. A click does the last of them.
    fn hints(&self) -> &'static [(&'static [Action], &'static str)];
}

macro_rules! screens {
    ($($name:ident $word:literal $title:literal $state:ty, $open:expr;)+) => {
        /// The screens, by name.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum ScreenKind { $(#[doc = $title] $name),+ }

        impl ScreenKind {
            /// Every screen, the first one first.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Returns the word for it on the command line.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// Returns its title.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),+ }
            }
        }

        /// A screen with its state.
        #[derive(Clone, Debug)]
        pub enum Screen { $(#[doc = $title] $name(Box<$state>)),+ }

        impl Screen {
            /// Returns a screen as it opens.
            pub fn open(kind: ScreenKind, world: &ScreenContext<'_>) -> Self {
                match kind { $(ScreenKind::$name => Self::$name(Box::new(($open)(world)))),+ }
            }

            /// Returns which one it is.
            pub const fn kind(&self) -> ScreenKind {
                match self { $(Self::$name(_) => ScreenKind::$name),+ }
            }

            /// Returns its state.
            pub fn state(&self) -> &dyn ScreenState {
                match self { $(Self::$name(state) => &**state),+ }
            }

            /// Returns its state, to be changed.
            pub fn state_mut(&mut self) -> &mut dyn ScreenState {
                match self { $(Self::$name(state) => &mut **state),+ }
            }
        }
    };
}

screens! {
    Explorer "first" "First screen" explorer::Explorer, explorer::Explorer::open;
    Follow "follow" "Follow" follow::Follow, follow::Follow::open;
    History "history" "History" history::History, history::History::open;
    Diff "diff" "Diff" diff::Diff, diff::Diff::open;
    Matrix "matrix" "Matrix" matrix::Matrix, matrix::Matrix::open;
    Xml "xml" "XML and command lines" xml::Xml, xml::Xml::open;
    Compare "compare" "Compare" compare::Compare, compare::Compare::open;
}

impl ScreenKind {
    /// Returns the screen of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }
}

/// The screens that are open, the first one always at the bottom.
#[derive(Clone, Debug)]
pub struct Screens {
    first: Screen,
    above: Vec<Screen>,
    /// Those that were closed, as they were left; one of each kind.
    left: Vec<Screen>,
}

impl Screens {
    /// Returns the stack with only `first`.
    pub fn new(first: Screen) -> Self {
        Self { first, above: Vec::new(), left: Vec::new() }
    }

    /// Returns the screen that is seen.
    pub fn top(&self) -> &Screen {
        self.above.last().unwrap_or(&self.first)
    }

    /// Returns the screen that is seen, to be changed.
    pub fn top_mut(&mut self) -> &mut Screen {
        self.above.last_mut().unwrap_or(&mut self.first)
    }

    /// Puts a screen on top; one of the same kind that is already open is closed, with what lies over it.
    pub fn push(&mut self, screen: Screen) {
        if screen.kind() == self.first.kind() {
            self.to_first();
            return;
        }
        if let Some(place) = self.above.iter().position(|open| open.kind() == screen.kind()) {
            self.back_to(place);
        }
        self.above.push(screen);
    }

    /// Closes the screen on top. Returns whether there was one over the first.
    pub fn pop(&mut self) -> bool {
        let open = self.above.len();
        self.back_to(open.saturating_sub(1));
        open > 0
    }

    /// Closes every screen over the one with this number, counted from the first one.
    pub fn back_to(&mut self, number: usize) {
        for screen in self.above.split_off(number.min(self.above.len())) {
            self.left.retain(|left| left.kind() != screen.kind());
            self.left.push(screen);
        }
    }

    /// Closes every screen but the first.
    pub fn to_first(&mut self) {
        self.back_to(0);
    }

    /// Closes every screen but the first, and forgets how they were left.
    pub fn forget(&mut self) {
        (self.above, self.left) = (Vec::new(), Vec::new());
    }

    /// Returns the screen of this kind as it is or was last, if it was ever open.
    pub fn last(&self, kind: ScreenKind) -> Option<&Screen> {
        self.above.iter().chain(&self.left).find(|screen| screen.kind() == kind)
    }

    /// Returns the open screens, from the bottom up.
    pub fn iter(&self) -> impl Iterator<Item = &Screen> {
        std::iter::once(&self.first).chain(&self.above)
    }

    /// Returns the open screens, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Screen> {
        std::iter::once(&mut self.first).chain(&mut self.above)
    }
}
