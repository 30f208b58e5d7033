//! Declares every action once, with its name, its help and its keys; dispatch, help, palette, key files and the key
//! documentation all read this table. No key is written anywhere else.

use super::model::Model;
use super::screens::ScreenKind;

/// Where an action can be asked for by its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Wherever one is, also while choosing from a list.
    Everywhere,
    /// Where text is typed.
    Text,
    /// On every screen, and while reading a page.
    Screens,
    /// While a lesson is under way: answers before the keys of the screen, the others after them.
    Tour,
    /// On these screens.
    On(&'static [ScreenKind]),
}

/// Where one is, as far as keys are concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Context {
    /// On a screen.
    Screen(ScreenKind),
    /// Reading a page over a screen.
    Page,
    /// Typing: in a picker or a prompt.
    Text,
    /// In a lesson, whatever is seen.
    Tour,
}

impl Scope {
    /// Returns whether an action of this scope answers to its key in `context`.
    pub fn holds_in(self, context: Context) -> bool {
        match (self, context) {
            (Self::Everywhere, Context::Screen(_) | Context::Page | Context::Text)
            | (Self::Text, Context::Text)
            | (Self::Screens, Context::Screen(_) | Context::Page)
            | (Self::Tour, Context::Tour) => true,
            (Self::On(kinds), Context::Screen(kind)) => kinds.contains(&kind),
            (Self::Text, Context::Screen(_) | Context::Page)
            | (Self::Screens, Context::Text)
            | (Self::On(_), Context::Page | Context::Text)
            | (Self::Everywhere | Self::Text | Self::Screens | Self::On(_), Context::Tour)
            | (Self::Tour, Context::Screen(_) | Context::Page | Context::Text) => false,
        }
    }
}

/// What an action is about; the headings of the help.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Category {
    /// Moving about.
    Move,
    /// Changing the scenario.
    Change,
    /// What is shown.
    Show,
    /// Going to another screen.
    Screens,
    /// Taking something along.
    Take,
    /// A lesson.
    Learn,
    /// Typing.
    Type,
    /// The program itself.
    Program,
}

impl Category {
    /// Every category, in the order of the help.
    pub const ALL: [Self; 8] =
        [Self::Move, Self::Change, Self::Show, Self::Screens, Self::Take, Self::Learn, Self::Type, Self::Program];

    /// Returns its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Change => "Change the scenario",
            Self::Show => "Show",
            Self::Screens => "Screens",
            Self::Take => "Take along",
            Self::Learn => "Lessons",
            Self::Type => "While typing",
            Self::Program => "Program",
        }
    }
}

/// One action as the table declares it.
#[derive(Clone, Copy, Debug)]
pub struct ActionInfo {
    /// The action.
    pub action: Action,
    /// Its name in key files: words joined by dashes.
    pub id: &'static str,
    /// Its name in help and palette.
    pub title: &'static str,
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// Its heading in the help.
    pub category: Category,
    /// Where its keys answer.
    pub scope: Scope,
    /// The keys it has unless a key file says otherwise.
    pub keys: &'static [&'static str],
    /// Whether it can do anything now.
    pub available: fn(&Model) -> bool,
}

fn always(_: &Model) -> bool {
    true
}

macro_rules! availability {
    () => {
        always
    };
    ($when:expr) => {
        $when
    };
}

macro_rules! actions {
    ($($name:ident $id:literal $title:literal $doc:literal $category:ident $scope:expr, [$($key:literal),*]
        $(when $when:expr)?;)+) => {
        /// Everything a user can ask for.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Action { $(#[doc = $doc] $name),+ }

        /// Every action, in the order of the help.
        pub const ACTIONS: &[ActionInfo] = &[$(ActionInfo {
            action: Action::$name,
            id: $id,
            title: $title,
            doc: $doc,
            category: Category::$category,
            scope: $scope,
            keys: &[$($key),*],
            available: availability!($($when)?),
        }),+];
    };
}

use Scope::{Everywhere, On, Screens, Text, Tour};

const FIRST: Scope = On(&[ScreenKind::Explorer]);
const MATRIX: Scope = On(&[ScreenKind::Matrix]);
const XML: Scope = On(&[ScreenKind::Xml]);
const COMPARE: Scope = On(&[ScreenKind::Compare]);

actions! {
    Up "up" "Up" "Moves up one line." Move Everywhere, ["<up>"];
    Down "down" "Down" "Moves down one line." Move Everywhere, ["<down>"];
    Left "left" "Value before" "Takes the value before, or moves left." Move Everywhere, ["<left>"];
    Right "right" "Next value" "Takes the next value, or moves right." Move Everywhere, ["<right>"];
    PageUp "page-up" "Page up" "Moves up one page." Move Everywhere, ["<pageup>"];
    PageDown "page-down" "Page down" "Moves down one page." Move Everywhere, ["<pagedown>"];
    Top "top" "To the top" "Moves to the first line." Move Everywhere, ["<home>"];
    Bottom "bottom" "To the bottom" "Moves to the last line." Move Everywhere, ["<end>"];
    NextPane "next-pane" "Next part" "Moves to the next part of the screen." Move Everywhere, ["<tab>"];
    PreviousPane "previous-pane" "Part before" "Moves to the part of the screen before." Move Everywhere, ["<shift+tab>"];
    Open "open" "Choose" "Opens the list of values, or takes what the cursor is on." Move Everywhere, ["<enter>"];
    Back "back" "Back" "Closes what is open, or goes back one screen." Move Everywhere, ["<esc>"];

    Clear "clear" "Default value" "Gives the choice its default value." Change FIRST, ["<backspace>", "<delete>"];
    SwapEnds "swap-ends" "Swap ends" "Exchanges source and destination." Change Screens, ["s"];
    Undo "undo" "Undo" "Takes back the last change of the scenario." Change Screens, ["u"] when Model::can_undo;
    Redo "redo" "Redo" "Makes the change again that was taken back." Change Screens, ["U", "<ctrl+r>"] when Model::can_redo;
    Reset "reset" "Reset" "Goes back to the scenario the program began with." Change Screens, ["R"];
    FirstWay "first-way" "First way out" "Goes to the scenario of the first way out." Change FIRST, ["1"] when |m| m.has_way(0);
    SecondWay "second-way" "Second way out" "Goes to the scenario of the second way out." Change FIRST, ["2"] when |m| m.has_way(1);
    ThirdWay "third-way" "Third way out" "Goes to the scenario of the third way out." Change FIRST, ["3"] when |m| m.has_way(2);

    Filter "filter" "Filter by name" "Keeps what has the typed letters in its name." Show Screens, ["/"];
    NextFilter "next-filter" "Other features" "Lists the features that differ, those mentioned, or all." Show FIRST, ["v"];
    NextView "next-view" "Other view" "Looks at a feature in place of a model, or compares something else." Show On(&[ScreenKind::History, ScreenKind::Diff]), ["v"];
    PickSubject "pick-subject" "Pick another" "Opens the list of what to look at; of two things compared, the right one." Show On(&[ScreenKind::History, ScreenKind::Diff]), ["p"];
    PickFirst "pick-first" "Pick the left one" "Opens the list for the left one of two things compared." Show On(&[ScreenKind::Diff]), ["P"];
    MatrixRows "matrix-rows" "Other rows" "Puts releases, products, machine types, models or hosts down." Show MATRIX, ["["];
    MatrixColumns "matrix-columns" "Other columns" "Puts releases, products, machine types, models or hosts across." Show MATRIX, ["]"];
    FoldAll "fold-all" "Fold or unfold all" "Shows neighbours with equal answers as one line, or every line." Show MATRIX, ["l"];
    Fold "fold" "Fold or unfold" "Opens the run under the cursor, or folds it again." Show MATRIX, ["<space>"];
    NextBoundary "next-boundary" "Next boundary" "Moves along the row to the next cell with another verdict." Move MATRIX, ["n"];
    Mirror "mirror" "Mirror cell" "Moves to the cell with source and destination exchanged." Move MATRIX, ["b"];
    Rule "rule" "Read the rule" "Opens the page of the rule that decided." Show Screens, ["i"];
    Answer "answer" "Read the answer" "Opens the whole answer, with every way out and how to take it." Show Screens, ["a"];
    Theme "theme" "Next theme" "Changes the colours: default, light, high-contrast, mono, colour-blind." Show Screens, ["T"];
    Symbols "symbols" "ASCII or Unicode" "Changes between Unicode and ASCII signs." Show Screens, ["S"];

    Matrix "matrix" "Matrix" "Lays the scenario out over two axes, a verdict in each cell." Screens Screens, ["m"];
    Xml "xml" "XML and command lines" "Shows the definition, what is sent and what arrives, as libvirt writes it." Screens Screens, ["x"];
    Keep "keep" "Keep as A" "Keeps the scenario as A, to compare later ones with." Screens Screens, ["A"];
    Compare "compare" "Compare" "Shows what differs between the scenario kept as A and this one." Screens Screens, ["c"];
    SwapSides "swap-sides" "Swap A and B" "Keeps this scenario as A and goes on with the one that was kept." Change COMPARE, ["b"] when Model::has_kept;
    Help "help" "Help" "Lists every key." Screens Screens, ["?", "<f1>"];
    Palette "palette" "Commands" "Opens a list of every action and every choice." Screens Screens, [":"];
    Follow "follow" "Follow a feature" "Shows one feature at each of the ten stages, and what changed it." Screens Screens, ["f"];
    History "history" "History" "Tells a model or a feature through the releases: what came, went, was marked." Screens Screens, ["h"];
    Diff "diff" "Differences" "Shows what differs between two releases or models, and what it does to guests." Screens Screens, ["d"];

    CopyLink "copy-link" "Copy the scenario" "Puts the scenario's word on the clipboard." Take Screens, ["y"];
    CopyPart "copy-part" "Copy this part" "Puts the XML or command line under the cursor on the clipboard." Take XML, ["p"];
    CopyMessage "copy-message" "Copy the message" "Puts libvirt's message on the clipboard." Take Screens, ["Y"] when Model::has_message;
    OpenKept "open-kept" "Open a scenario" "Lists the scenarios that were used last and those with a name." Take Screens, ["o"];
    Save "save" "Save under a name" "Keeps the scenario under a name." Take Screens, ["w"];
    Export "export" "Export" "Takes the screen along as text, Markdown, JSON or SVG." Take Screens, ["e"];

    Lessons "lessons" "Lessons" "Opens the list of lessons, which drive this explorer." Learn Screens, ["t"];
    NextStep "next-step" "Next step" "Goes on; does what was to be done if it was not." Learn Tour, ["N", "n"] when Model::has_tour;
    StepBefore "step-before" "Step before" "Goes back to how the step before began." Learn Tour, ["B", "p"] when Model::has_tour;
    FirstAnswer "first-answer" "First answer" "Gives the first answer to a question." Learn Tour, ["1"] when |m| m.has_answer(0);
    SecondAnswer "second-answer" "Second answer" "Gives the second answer." Learn Tour, ["2"] when |m| m.has_answer(1);
    ThirdAnswer "third-answer" "Third answer" "Gives the third answer." Learn Tour, ["3"] when |m| m.has_answer(2);
    FourthAnswer "fourth-answer" "Fourth answer" "Gives the fourth answer." Learn Tour, ["4"] when |m| m.has_answer(3);
    LeaveTour "leave-tour" "Leave the lesson" "Gives the own scenario back." Learn Tour, [] when Model::has_tour;

    DeleteBack "delete-back" "Delete" "Deletes the letter before the cursor." Type Text, ["<backspace>"];
    DeleteForward "delete-forward" "Delete forward" "Deletes the letter under the cursor; where there is none, a kept name." Type Text, ["<delete>"];
    DeleteWord "delete-word" "Delete word" "Deletes the word before the cursor." Type Text, ["<ctrl+w>"];
    ClearText "clear-text" "Clear" "Deletes what was typed." Type Text, ["<ctrl+u>"];

    Redraw "redraw" "Redraw" "Draws the whole screen anew." Program Everywhere, ["<ctrl+l>"];
    Suspend "suspend" "Suspend" "Gives the terminal back to the shell until the program is resumed." Program Everywhere, ["<ctrl+z>"];
    Quit "quit" "Quit" "Leaves the program." Program Screens, ["q"];
    QuitNow "quit-now" "Quit at once" "Leaves the program from wherever one is." Program Everywhere, ["<ctrl+c>"];
}

impl Action {
    /// Returns the id of every action.
    pub fn ids() -> impl Iterator<Item = &'static str> {
        ACTIONS.iter().map(|info| info.id)
    }

    /// Returns the action's row of the table.
    pub fn info(self) -> &'static ActionInfo {
        // The enum and the table are declared together, in the same order.
        &ACTIONS[self as usize]
    }

    /// Returns whether it can do anything now.
    pub fn is_available(self, model: &Model) -> bool {
        (self.info().available)(model)
    }
}
