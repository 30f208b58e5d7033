//! Declares every action once: its id, title, description, default keys and scope. Dispatch, help, the command palette,
//! key files and `docs/KEYS.md` read this table. No key is written anywhere else.

pub use super::scope::{KeyContext, Scope};

use super::scope::ScreenKind;

/// The headings of the help.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "`title` names each of them")]
pub enum Category {
    Move,
    Change,
    View,
    Screens,
    Export,
    Learn,
    Type,
    Program,
}

impl Category {
    /// Every category, in the order of the help.
    pub const ALL: [Self; 8] =
        [Self::Move, Self::Change, Self::View, Self::Screens, Self::Export, Self::Learn, Self::Type, Self::Program];

    /// Returns the heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Change => "Change the scenario",
            Self::View => "View",
            Self::Screens => "Screens",
            Self::Export => "Save, copy and export",
            Self::Learn => "Lessons",
            Self::Type => "Edit text",
            Self::Program => "Program",
        }
    }
}

/// One row of the table of actions.
#[derive(Clone, Copy, Debug)]
pub struct ActionInfo {
    /// The action of this row.
    pub action: Action,
    /// The name in key files and action lists: lower-case words joined by dashes.
    pub id: &'static str,
    /// The name in the help and the command palette.
    pub title: &'static str,
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// The heading under which the help lists it.
    pub category: Category,
    /// Where its keys are active.
    pub scope: Scope,
    /// The default keys, in the notation of [`super::key`].
    pub keys: &'static [&'static str],
}

macro_rules! actions {
    ($($name:ident $id:literal $title:literal $doc:literal $category:ident $scope:expr, [$($key:literal),*];)+) => {
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
        }),+];
    };
}

use Scope::{Everywhere, On, Screens, Search, Text, Tour};

const EXPLORER: Scope = On(&[ScreenKind::Explorer]);
const MATRIX: Scope = On(&[ScreenKind::Matrix]);
const FOLLOW: Scope = On(&[ScreenKind::Follow]);
const XML: Scope = On(&[ScreenKind::Xml]);
const HOST_MODEL: Scope = On(&[ScreenKind::HostModel]);
const COMPARE: Scope = On(&[ScreenKind::Compare]);
const SUBJECTS: Scope = On(&[ScreenKind::History, ScreenKind::Diff, ScreenKind::HostModel]);
const LEFT_SIDES: Scope = On(&[ScreenKind::Diff, ScreenKind::HostModel]);

actions! {
    Up "up" "Up" "Moves up one line." Move Everywhere, ["<up>", "k"];
    Down "down" "Down" "Moves down one line." Move Everywhere, ["<down>", "j"];
    Left "left" "Previous value" "Selects the previous value, or moves left." Move Everywhere, ["<left>"];
    Right "right" "Next value" "Selects the next value, or moves right." Move Everywhere, ["<right>"];
    PageUp "page-up" "Page up" "Moves up one page." Move Everywhere, ["<pageup>"];
    PageDown "page-down" "Page down" "Moves down one page." Move Everywhere, ["<pagedown>"];
    Top "top" "First line" "Moves to the first line." Move Everywhere, ["<home>", "g"];
    Bottom "bottom" "Last line" "Moves to the last line." Move Everywhere, ["<end>", "G"];
    NextPane "next-pane" "Next pane" "Moves to the next pane." Move Everywhere, ["<tab>"];
    PreviousPane "previous-pane" "Previous pane" "Moves to the previous pane." Move Everywhere, ["<shift+tab>"];
    Open "open" "Select" "Opens the list of values, or selects the item under the cursor." Move Everywhere, ["<enter>"];
    Back "back" "Back" "Closes what is open, or returns to the previous screen." Move Everywhere, ["<esc>"];

    Clear "clear" "Default value" "Sets the value under the cursor to its default." Change EXPLORER, ["<backspace>", "<delete>"];
    SwapEnds "swap-ends" "Swap source and destination" "Swaps source and destination." Change Screens, ["s"];
    Undo "undo" "Undo" "Reverts the last change of the scenario." Change Screens, ["u"];
    Redo "redo" "Redo" "Reapplies the last undone change." Change Screens, ["U", "<ctrl+r>"];
    Reset "reset" "Reset" "Returns to the initial scenario." Change Screens, ["R"];
    FirstFix "first-way" "Apply fix 1" "Applies the first fix to the scenario." Change EXPLORER, ["1"];
    SecondFix "second-way" "Apply fix 2" "Applies the second fix to the scenario." Change EXPLORER, ["2"];
    ThirdFix "third-way" "Apply fix 3" "Applies the third fix to the scenario." Change EXPLORER, ["3"];
    FourthFix "fourth-way" "Apply fix 4" "Applies the fourth fix to the scenario." Change EXPLORER, ["4"];
    FifthFix "fifth-way" "Apply fix 5" "Applies the fifth fix to the scenario." Change EXPLORER, ["5"];

    Filter "filter" "Filter or search" "Filters the list by name; on a page, searches for text." View Screens, ["/"];
    NextFilter "next-filter" "List features" "Lists features that differ, then those mentioned, then all, then none." View EXPLORER, ["v"];
    NextFeature "next-feature" "Next feature" "Shows the next deciding feature, if there are several." View EXPLORER, ["."];
    TableRows "table-rows" "Rows of the table" "Shows the decision table as its eight rows, or as a grid." View EXPLORER, ["r"];
    Unfold "unfold" "All settings" "Shows all settings, or hides those with default values." View EXPLORER, ["z"];
    Zoom "zoom" "Zoom" "Enlarges the pane with the cursor to the whole screen, or restores all panes." View Screens, ["Z"];
    NextView "next-view" "Next view" "Switches model and feature, kind of comparison, or source and destination." View SUBJECTS, ["v"];
    PickSubject "pick-subject" "Select subject" "Opens the list of models, features, releases or hosts." View SUBJECTS, ["p"];
    PickFirst "pick-first" "Select left side or release" "Opens the list for the left side of a comparison, or the list of releases." View LEFT_SIDES, ["P"];
    MatrixRows "matrix-rows" "Next row axis" "Uses the next kind of row: releases, machine types, models or hosts." View MATRIX, ["["];
    MatrixColumns "matrix-columns" "Next column axis" "Uses the next kind of column: releases, machine types, models or hosts." View MATRIX, ["]"];
    FoldAll "fold-all" "Fold or unfold all" "Folds neighbouring lines with equal verdicts, or unfolds all lines." View MATRIX, ["l"];
    Fold "fold" "Fold or unfold" "Folds or unfolds the lines under the cursor." View MATRIX, ["<space>"];
    NextBoundary "next-boundary" "Next boundary" "Moves along the row to the next cell with a different verdict." Move MATRIX, ["n"];
    Mirror "mirror" "Mirror cell" "Moves to the cell with source and destination swapped." Move MATRIX, ["b"];
    Play "play" "Play" "Plays the stages; stops where the guest is refused or changed." View FOLLOW, ["<space>"];
    NextMatch "next-match" "Next match" "Moves to the next match on the page." View Search, ["n"];
    PreviousMatch "previous-match" "Previous match" "Moves to the previous match on the page." View Search, ["N"];
    Rule "rule" "Rule" "Opens the page of the rule that decided." View Screens, ["i"];
    Answer "answer" "Full answer" "Opens the full answer, with every fix and how to apply it." View Screens, ["a"];
    Theme "theme" "Next theme" "Selects the next theme: default, light, high-contrast, mono, colour-blind." View Screens, ["T"];
    Symbols "symbols" "ASCII or Unicode" "Switches between Unicode and ASCII characters." View Screens, ["S"];

    Matrix "matrix" "Matrix" "Shows the verdicts for many pairs of source and destination." Screens Screens, ["m"];
    Xml "xml" "XML and command lines" "Shows the CPU definition at each stage, as libvirt writes it." Screens Screens, ["x"];
    SetA "keep" "Set as A" "Sets the scenario as A, for comparison with other scenarios." Screens Screens, ["A"];
    Compare "compare" "Compare" "Shows how this scenario differs from scenario A." Screens Screens, ["c"];
    SwapSides "swap-sides" "Swap A and B" "Sets this scenario as A and returns to the previous A." Change COMPARE, ["b"];
    Help "help" "Help" "Shows the keys of this screen; a second time, all keys." Screens Screens, ["?", "<f1>"];
    Palette "palette" "Commands" "Opens a list of every action and every setting." Screens Screens, [":"];
    Follow "follow" "Follow a feature" "Shows one feature at each of the ten stages, and what changed it." Screens Screens, ["f"];
    History "history" "History" "Shows how the releases changed a model or a feature." Screens Screens, ["h"];
    Diff "diff" "Diff" "Shows how two releases or models differ, and the effect on guests." Screens Screens, ["d"];

    HostModel "host-model" "Host-model" "Shows which CPU libvirt puts in place of host-model on a host, and why." Screens Screens, ["H"];

    CopyLink "copy-link" "Copy the link" "Copies the link of the scenario to the clipboard." Export Screens, ["y"];
    CopyPart "copy-part" "Copy the document" "Copies the XML or command line under the cursor to the clipboard." Export XML, ["C", "p"];
    CopyArgument "copy-cpu" "Copy the command line" "Copies QEMU's command line for the guest to the clipboard." Export HOST_MODEL, ["C"];
    CopyMessage "copy-message" "Copy the error message" "Copies libvirt's error message to the clipboard." Export Screens, ["Y"];
    OpenSaved "open-kept" "Open a saved scenario" "Lists saved and recent scenarios." Export Screens, ["o"];
    Save "save" "Save" "Saves the scenario under a name." Export Screens, ["w"];
    Export "export" "Export" "Exports the screen as text, Markdown, JSON or SVG." Export Screens, ["e"];

    Lessons "lessons" "Lessons" "Opens the list of lessons." Learn Screens, ["t"];
    NextStep "next-step" "Next step" "Continues; performs the task of this step if it is not done." Learn Tour, ["N", "n"];
    StepBefore "step-before" "Previous step" "Returns to the start of the previous step." Learn Tour, ["B", "p"];
    FirstAnswer "first-answer" "Answer 1" "Selects the first answer to the question." Learn Tour, ["1"];
    SecondAnswer "second-answer" "Answer 2" "Selects the second answer." Learn Tour, ["2"];
    ThirdAnswer "third-answer" "Answer 3" "Selects the third answer." Learn Tour, ["3"];
    FourthAnswer "fourth-answer" "Answer 4" "Selects the fourth answer." Learn Tour, ["4"];
    OpenRun "open-run" "Recorded run" "Opens the recorded migration of this step." Learn Tour, ["O"];
    LeaveTour "leave-tour" "Leave the lesson" "Closes the lesson and restores your scenario." Learn Tour, [];

    DeleteBack "delete-back" "Delete" "Deletes the character before the cursor." Type Text, ["<backspace>"];
    DeleteForward "delete-forward" "Delete forward" "Deletes the character under the cursor, or the selected saved scenario." Type Text, ["<delete>"];
    DeleteWord "delete-word" "Delete word" "Deletes the word before the cursor." Type Text, ["<ctrl+w>"];
    ClearText "clear-text" "Clear" "Deletes the typed text." Type Text, ["<ctrl+u>"];

    Redraw "redraw" "Redraw" "Redraws the screen." Program Everywhere, ["<ctrl+l>"];
    Suspend "suspend" "Suspend" "Suspends the program and returns to the shell." Program Everywhere, ["<ctrl+z>"];
    Quit "quit" "Quit" "Quits the program." Program Screens, ["q"];
    QuitNow "quit-now" "Quit immediately" "Quits the program from any screen, picker or prompt." Program Everywhere, ["<ctrl+c>"];
}

impl Action {
    /// Returns the id of every action.
    pub(crate) fn ids() -> impl Iterator<Item = &'static str> {
        ACTIONS.iter().map(|info| info.id)
    }

    /// Returns the row of this action.
    pub fn info(self) -> &'static ActionInfo {
        // The enum and the table are declared together, in the same order.
        &ACTIONS[self as usize]
    }
}
