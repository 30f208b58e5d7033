//! Names the screens, and tells on which of them the key of an action is active.

macro_rules! screen_kinds {
    ($($kind:ident $name:literal $title:literal $tab:literal;)+) => {
        /// The screens, by name.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum ScreenKind { $(#[doc = $title] $kind),+ }

        impl ScreenKind {
            /// Every screen; the explorer, which is always open, is the first.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// Returns the name on the command line, in action lists and in JSON.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),+ }
            }

            /// Returns the title on the screen and in the help.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title),+ }
            }

            /// Returns the name in the row of tabs.
            pub const fn tab(self) -> &'static str {
                match self { $(Self::$kind => $tab),+ }
            }
        }
    };
}

screen_kinds! {
    Explorer "first" "Explorer" "Explorer";
    Follow "follow" "Follow" "Follow";
    Matrix "matrix" "Matrix" "Matrix";
    History "history" "History" "History";
    Diff "diff" "Diff" "Diff";
    Xml "xml" "XML and command lines" "XML";
    HostModel "host-model" "Host-model" "Host-model";
    Compare "compare" "Compare" "Compare";
}

impl ScreenKind {
    /// Returns the screen of this name; `explorer` and `first` are the same screen.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let name = if name == "explorer" { Self::Explorer.name() } else { name };
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// Where the keys of an action are active.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Always, also in a picker or a prompt.
    Everywhere,
    /// While text is typed.
    Text,
    /// On every screen, and on a page over a screen.
    Screens,
    /// In a lesson. These keys are looked up after those of the screen, except the keys for answers.
    Tour,
    /// On a page in which a text was searched.
    Search,
    /// On these screens.
    On(&'static [ScreenKind]),
}

/// What receives a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyContext {
    /// A screen.
    Screen(ScreenKind),
    /// A page over a screen.
    Page,
    /// A page in which a text was searched.
    Search,
    /// The text of a picker or a prompt.
    Text,
    /// The open lesson.
    Tour,
}

impl Scope {
    /// Returns whether the keys of an action with this scope are active in `context`.
    pub(crate) fn holds_in(self, context: KeyContext) -> bool {
        match (self, context) {
            (Self::Everywhere, KeyContext::Screen(_) | KeyContext::Page | KeyContext::Search | KeyContext::Text)
            | (Self::Text, KeyContext::Text)
            | (Self::Search, KeyContext::Search)
            | (Self::Screens, KeyContext::Screen(_) | KeyContext::Page | KeyContext::Search)
            | (Self::Tour, KeyContext::Tour) => true,
            (Self::On(kinds), KeyContext::Screen(kind)) => kinds.contains(&kind),
            (Self::Text, KeyContext::Screen(_) | KeyContext::Page | KeyContext::Search)
            | (Self::Screens, KeyContext::Text)
            | (Self::Search, KeyContext::Screen(_) | KeyContext::Page | KeyContext::Text)
            | (Self::On(_), KeyContext::Page | KeyContext::Search | KeyContext::Text)
            | (Self::Everywhere | Self::Text | Self::Screens | Self::Search | Self::On(_), KeyContext::Tour)
            | (Self::Tour, KeyContext::Screen(_) | KeyContext::Page | KeyContext::Search | KeyContext::Text) => false,
        }
    }

    /// Returns whether there is a context in which both scopes are active.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        match (self, other) {
            // Whether a lesson or the screen takes a key is decided where keys are looked up.
            (Self::Tour, other) | (other, Self::Tour) => other == Self::Tour,
            (Self::Everywhere, _) | (_, Self::Everywhere) => true,
            (Self::Text, other) | (other, Self::Text) => other == Self::Text,
            (Self::Search, other) | (other, Self::Search) => matches!(other, Self::Search | Self::Screens),
            (Self::Screens, _) | (_, Self::Screens) => true,
            (Self::On(a), Self::On(b)) => a.iter().any(|kind| b.contains(kind)),
        }
    }
}
