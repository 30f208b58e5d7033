//! Defines the colours of roles and the characters of signs. No other file names either.

use crate::app::settings::{Background, Settings, ThemeName};
use crate::resolve::Verdict;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;
use signs::{ASCII, UNICODE};

mod signs;
pub(crate) use signs::Signs;

/// The role of a text, which decides its style.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// Plain text.
    Text,
    /// Secondary text.
    Muted,
    /// The name of the program, and headings.
    Title,
    /// Frames and rules.
    Border,
    /// The frame of the focused pane.
    ActiveBorder,
    /// The label before a value.
    Label,
    /// A default value.
    Value,
    /// A value that differs from its default.
    Chosen,
    /// The line or value under the cursor.
    Focus,
    /// A value that is not possible.
    Impossible,
    /// Unchanged guests.
    Good,
    /// Changed guests.
    Warn,
    /// Errors and refused guests.
    Bad,
    /// Unknown or undecided.
    Open,
    /// The banner and the deciding cell, for unchanged guests.
    FilledGood,
    /// The same, for changed guests.
    FilledWarn,
    /// The same, for refused guests.
    FilledBad,
    /// The same, for undecided answers.
    FilledOpen,
    /// What the last key changed.
    Flash,
    /// libvirt's message, and other emphasized text.
    Message,
    /// The bars around the part that a lesson points at.
    Highlight,
    Key,
    /// XML and command lines.
    Code,
}

#[cfg(test)]
pub(super) const ROLES: &[Role] = &[
    Role::Text,
    Role::Muted,
    Role::Title,
    Role::Border,
    Role::ActiveBorder,
    Role::Label,
    Role::Value,
    Role::Chosen,
    Role::Focus,
    Role::Impossible,
    Role::Good,
    Role::Warn,
    Role::Bad,
    Role::Open,
    Role::FilledGood,
    Role::FilledWarn,
    Role::FilledBad,
    Role::FilledOpen,
    Role::Flash,
    Role::Message,
    Role::Highlight,
    Role::Key,
    Role::Code,
];

/// Colours and signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Theme {
    name: ThemeName,
    background: Background,
    pub(crate) signs: Signs,
}

/// The colours of a theme. Fills have a foreground of their own, so they look the same on every terminal.
struct Palette {
    good: Color,
    warn: Color,
    bad: Color,
    open: Color,
    accent: Color,
    muted: Color,
    border: Color,
    chosen: Color,
    fills: &'static Fills,
}

/// Pairs of a foreground and a background.
struct Fills {
    good: (Color, Color),
    warn: (Color, Color),
    bad: (Color, Color),
    open: (Color, Color),
    focus: (Color, Color),
}

const BLACK: Color = Color::Indexed(16);
const WHITE: Color = Color::Indexed(231);

const FILLS: Fills = Fills {
    good: (WHITE, Color::Indexed(28)),
    warn: (BLACK, Color::Indexed(214)),
    bad: (WHITE, Color::Indexed(160)),
    open: (WHITE, Color::Indexed(90)),
    focus: (BLACK, Color::Indexed(117)),
};

const FILLS_LIGHT: Fills = Fills { focus: (WHITE, Color::Indexed(25)), ..FILLS };

/// Blue and orange differ for all common kinds of colour blindness (the set of Okabe and Ito).
const FILLS_COLOUR_BLIND: Fills = Fills {
    good: (WHITE, Color::Indexed(25)),
    warn: (BLACK, Color::Indexed(220)),
    bad: (BLACK, Color::Indexed(208)),
    open: (BLACK, Color::Indexed(182)),
    focus: (BLACK, Color::Indexed(117)),
};

const DARK: Palette = Palette {
    good: Color::Indexed(114),
    warn: Color::Indexed(221),
    bad: Color::Indexed(210),
    open: Color::Indexed(183),
    accent: Color::Indexed(117),
    muted: Color::Indexed(249),
    border: Color::Indexed(246),
    chosen: Color::Indexed(223),
    fills: &FILLS,
};

const LIGHT: Palette = Palette {
    good: Color::Indexed(22),
    warn: Color::Indexed(94),
    bad: Color::Indexed(124),
    open: Color::Indexed(90),
    accent: Color::Indexed(25),
    muted: Color::Indexed(240),
    border: Color::Indexed(244),
    chosen: Color::Indexed(94),
    fills: &FILLS_LIGHT,
};

/// The background is not known: only fills have colours.
const UNKNOWN: Palette = Palette {
    good: Color::Reset,
    warn: Color::Reset,
    bad: Color::Reset,
    open: Color::Reset,
    accent: Color::Reset,
    muted: Color::Reset,
    border: Color::Reset,
    chosen: Color::Reset,
    fills: &FILLS,
};

const HIGH_CONTRAST: Palette = Palette {
    good: Color::Indexed(120),
    warn: Color::Indexed(227),
    bad: Color::Indexed(217),
    open: Color::Indexed(219),
    accent: Color::Indexed(123),
    muted: Color::Reset,
    border: Color::Reset,
    chosen: Color::Indexed(227),
    fills: &FILLS,
};

const HIGH_CONTRAST_LIGHT: Palette = Palette {
    good: Color::Indexed(22),
    warn: Color::Indexed(52),
    bad: Color::Indexed(88),
    open: Color::Indexed(54),
    accent: Color::Indexed(17),
    muted: Color::Reset,
    border: Color::Reset,
    chosen: Color::Indexed(52),
    fills: &FILLS_LIGHT,
};

const COLOUR_BLIND: Palette = Palette {
    good: Color::Indexed(117),
    warn: Color::Indexed(220),
    bad: Color::Indexed(215),
    open: Color::Indexed(182),
    accent: Color::Indexed(153),
    chosen: Color::Indexed(229),
    fills: &FILLS_COLOUR_BLIND,
    ..DARK
};

const COLOUR_BLIND_LIGHT: Palette = Palette {
    good: Color::Indexed(25),
    warn: Color::Indexed(58),
    bad: Color::Indexed(94),
    open: Color::Indexed(89),
    accent: Color::Indexed(24),
    chosen: Color::Indexed(58),
    fills: &FILLS_COLOUR_BLIND,
    ..LIGHT
};

impl Theme {
    /// Returns the theme of the settings.
    pub fn of(settings: &Settings) -> Self {
        let background = if settings.theme == ThemeName::Light { Background::Light } else { settings.background };
        Self { name: settings.theme, background, signs: if settings.ascii { ASCII } else { UNICODE } }
    }

    pub(crate) fn style(&self, role: Role) -> Style {
        match self.palette() {
            Some(palette) => coloured(palette, role),
            None => mono(role),
        }
    }

    /// The colours; `None` for the theme without any.
    fn palette(&self) -> Option<&'static Palette> {
        Some(match (self.name, self.background) {
            (ThemeName::Mono, _) => return None,
            (ThemeName::ColourBlind, Background::Unknown) => {
                const { &Palette { fills: &FILLS_COLOUR_BLIND, ..UNKNOWN } }
            }
            (_, Background::Unknown) => &UNKNOWN,
            (ThemeName::Default | ThemeName::Light, Background::Dark) => &DARK,
            (ThemeName::Default | ThemeName::Light, Background::Light) => &LIGHT,
            (ThemeName::HighContrast, Background::Dark) => &HIGH_CONTRAST,
            (ThemeName::HighContrast, Background::Light) => &HIGH_CONTRAST_LIGHT,
            (ThemeName::ColourBlind, Background::Dark) => &COLOUR_BLIND,
            (ThemeName::ColourBlind, Background::Light) => &COLOUR_BLIND_LIGHT,
        })
    }

    /// Returns whether colours tell the focused pane.
    fn tells_by_colour(&self) -> bool {
        self.palette().is_some_and(|palette| palette.accent != palette.border)
    }

    /// Returns the frame of a pane.
    pub(crate) fn frame(&self, active: bool) -> border::Set<'static> {
        if active && !self.tells_by_colour() { self.signs.active_frame } else { self.signs.frame }
    }

    /// Returns the rule above a pane.
    pub(crate) fn across(&self, active: bool) -> &'static str {
        if active && !self.tells_by_colour() { self.signs.active_across } else { self.signs.across }
    }

    /// Returns the style added to a line that a lesson points at.
    pub(crate) fn looked_at() -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED)
    }

    /// Returns the role and the sign of a verdict.
    pub(crate) fn verdict(&self, verdict: Verdict) -> (Role, &'static str) {
        match verdict {
            Verdict::Unchanged => (Role::Good, self.signs.good),
            Verdict::Changed => (Role::Warn, self.signs.warn),
            Verdict::Aborted => (Role::Bad, self.signs.bad),
            Verdict::StartRefused => (Role::Bad, self.signs.refused),
            Verdict::Never => (Role::Muted, self.signs.never),
            Verdict::Depends => (Role::Open, self.signs.open),
        }
    }

    /// Returns the role and the sign of a verdict in the matrix, where a guest that never started is secondary.
    pub(crate) fn cell(&self, verdict: Verdict) -> (Role, &'static str) {
        match verdict {
            Verdict::StartRefused => (Role::Muted, self.signs.refused),
            Verdict::Unchanged | Verdict::Changed | Verdict::Aborted | Verdict::Never | Verdict::Depends => {
                self.verdict(verdict)
            }
        }
    }

    /// Returns the same; `None` is a guest that no machine type starts.
    pub(crate) fn outcome(&self, verdict: Option<Verdict>) -> (Role, &'static str) {
        self.cell(verdict.unwrap_or(Verdict::StartRefused))
    }

    /// Returns the role of the banner, and of the deciding cell of the table.
    pub(crate) fn banner(verdict: Verdict) -> Role {
        match verdict {
            Verdict::Unchanged | Verdict::Never => Role::FilledGood,
            Verdict::Changed => Role::FilledWarn,
            Verdict::Aborted | Verdict::StartRefused => Role::FilledBad,
            Verdict::Depends => Role::FilledOpen,
        }
    }

    /// Returns the style of a filled cell: the colour of its role as the background.
    pub(crate) fn filled(&self, role: Role) -> Style {
        let fills = [
            (Role::Good, Role::FilledGood),
            (Role::Warn, Role::FilledWarn),
            (Role::Bad, Role::FilledBad),
            (Role::Open, Role::FilledOpen),
        ];
        self.style(fills.into_iter().find(|(known, _)| *known == role).map_or(role, |(_, filled)| filled))
    }
}

/// Returns the sign of a verdict.
pub fn sign(verdict: Verdict) -> &'static str {
    Theme::of(&Settings::default()).verdict(verdict).1
}

fn coloured(palette: &Palette, role: Role) -> Style {
    let plain = Style::new();
    let bold = plain.add_modifier(Modifier::BOLD);
    let filled = |(front, back): (Color, Color)| bold.fg(front).bg(back);
    match role {
        Role::Text | Role::Value => plain,
        Role::Muted | Role::Label => plain.fg(palette.muted),
        Role::Border => plain.fg(palette.border),
        Role::Title | Role::Key => bold.fg(palette.accent),
        Role::Highlight => bold.fg(palette.chosen),
        Role::ActiveBorder | Role::Code => plain.fg(palette.accent),
        Role::Chosen => plain.fg(palette.chosen),
        Role::Focus => filled(palette.fills.focus),
        Role::Impossible => plain.fg(palette.bad).add_modifier(Modifier::UNDERLINED),
        Role::Good => bold.fg(palette.good),
        Role::Warn => bold.fg(palette.warn),
        Role::Bad => bold.fg(palette.bad),
        Role::Open => bold.fg(palette.open),
        Role::FilledGood => filled(palette.fills.good),
        Role::FilledWarn => filled(palette.fills.warn),
        Role::FilledBad => filled(palette.fills.bad),
        Role::FilledOpen => filled(palette.fills.open),
        Role::Flash => plain.add_modifier(Modifier::REVERSED),
        Role::Message => bold,
    }
}

fn mono(role: Role) -> Style {
    let plain = Style::new();
    match role {
        Role::Text | Role::Value | Role::Label | Role::Border | Role::Code | Role::Muted => plain,
        Role::Title
        | Role::Highlight
        | Role::Key
        | Role::Chosen
        | Role::ActiveBorder
        | Role::Message
        | Role::Good
        | Role::Warn
        | Role::Bad
        | Role::Open => plain.add_modifier(Modifier::BOLD),
        Role::Impossible => plain.add_modifier(Modifier::UNDERLINED),
        Role::Flash => plain.add_modifier(Modifier::REVERSED),
        Role::Focus | Role::FilledGood | Role::FilledWarn | Role::FilledBad | Role::FilledOpen => {
            plain.add_modifier(Modifier::REVERSED | Modifier::BOLD)
        }
    }
}
