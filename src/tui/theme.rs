//! Defines the colours of roles and the characters of signs. No other file names either.

use crate::app::settings::{Settings, ThemeName};
use crate::resolve::Verdict;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

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
    /// The rule that decided, if the guest is unchanged.
    FiresGood,
    /// The rule that decided, if the guest is changed or refused.
    FiresBad,
    /// libvirt's message, and other emphasized text.
    Message,
    /// The bars around the part that a lesson points at.
    Highlight,
    /// A key.
    Key,
    /// XML and command lines.
    Code,
}

/// The characters for signs, in Unicode or ASCII.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Signs {
    /// Marks the rule that decided, and the cursor.
    pub(crate) mark: &'static str,
    /// Unchanged.
    pub(crate) good: &'static str,
    /// Changed.
    pub(crate) warn: &'static str,
    /// Refused.
    pub(crate) bad: &'static str,
    /// Depends.
    pub(crate) open: &'static str,
    /// The guest never started.
    pub(crate) refused: &'static str,
    /// Never.
    pub(crate) never: &'static str,
    /// Replaces text that is cut.
    pub(crate) more: &'static str,
    /// From source to destination.
    pub(crate) arrow: &'static str,
    /// Above the column of the cursor.
    pub(crate) below: &'static str,
    /// Not mentioned, or no value.
    pub(crate) nothing: &'static str,
    /// Separates items in a line.
    pub(crate) dot: &'static str,
    /// There is a previous value.
    pub(crate) before: &'static str,
    /// There is a next value.
    pub(crate) after: &'static str,
    /// The keys Left, Right, Up and Down, in this order.
    pub(crate) arrows: [&'static str; 4],
    /// The bars around the part that a lesson points at.
    pub(crate) highlight: (&'static str, &'static str),
    /// A horizontal rule.
    pub(crate) across: &'static str,
    /// A vertical rule.
    pub(crate) down: &'static str,
    /// The frame of a pane.
    pub(crate) frame: border::Set<'static>,
    /// A feature that is enabled.
    pub(crate) on: &'static str,
    /// A feature that is not enabled.
    pub(crate) off: &'static str,
    /// The vertical line between source and destination.
    pub(crate) wire: &'static str,
    /// A horizontal line of what is sent.
    pub(crate) sent: &'static str,
    /// Where what is sent crosses the wire.
    pub(crate) crossing: &'static str,
    /// Points left at what differs.
    pub(crate) points: &'static str,
    /// Two values differ.
    pub(crate) unequal: &'static str,
    /// The value in use, and what was chosen.
    pub(crate) current: &'static str,
}

const UNICODE: Signs = Signs {
    mark: "▶",
    good: "✓",
    warn: "!",
    bad: "✗",
    open: "?",
    refused: "ø",
    never: "–",
    more: "…",
    arrow: "→",
    below: "▼",
    nothing: "·",
    dot: "·",
    before: "◂",
    after: "▸",
    arrows: ["←", "→", "↑", "↓"],
    highlight: ("▐", "▌"),
    across: "─",
    down: "│",
    frame: border::ROUNDED,
    on: "■",
    off: "□",
    wire: "┊",
    sent: "═",
    crossing: "╪",
    points: "◀━━",
    unequal: "≠",
    current: "●",
};

const ASCII: Signs = Signs {
    mark: ">",
    good: "+",
    warn: "!",
    bad: "X",
    open: "?",
    refused: "o",
    never: "-",
    more: "~",
    arrow: "->",
    below: "v",
    nothing: ".",
    dot: "-",
    before: "<",
    after: ">",
    arrows: ["left", "right", "up", "down"],
    highlight: ("[", "]"),
    across: "-",
    down: "|",
    frame: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
    on: "#",
    off: "_",
    wire: ":",
    sent: "=",
    crossing: "=",
    points: "<--",
    unequal: "!=",
    current: "*",
};

/// Colours and signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Theme {
    name: ThemeName,
    /// The signs.
    pub(crate) signs: Signs,
}

/// The colours of a theme.
struct Palette {
    good: Color,
    warn: Color,
    bad: Color,
    open: Color,
    accent: Color,
    muted: Color,
    chosen: Color,
    on_fill: Color,
}

const DEFAULT: Palette = Palette {
    good: Color::Green,
    warn: Color::Yellow,
    bad: Color::LightRed,
    open: Color::LightMagenta,
    accent: Color::Cyan,
    muted: Color::DarkGray,
    chosen: Color::LightYellow,
    on_fill: Color::Black,
};

const LIGHT: Palette = Palette {
    good: Color::Indexed(28),
    warn: Color::Indexed(130),
    bad: Color::Indexed(160),
    open: Color::Indexed(90),
    accent: Color::Indexed(25),
    muted: Color::Indexed(243),
    chosen: Color::Indexed(94),
    on_fill: Color::Indexed(231),
};

const HIGH_CONTRAST: Palette = Palette {
    good: Color::LightGreen,
    warn: Color::LightYellow,
    bad: Color::LightRed,
    open: Color::LightMagenta,
    accent: Color::LightCyan,
    muted: Color::Gray,
    chosen: Color::LightYellow,
    on_fill: Color::Black,
};

/// Blue and orange differ for all common kinds of colour blindness (the set of Okabe and Ito).
const COLOUR_BLIND: Palette = Palette {
    good: Color::Indexed(39),
    warn: Color::Indexed(220),
    bad: Color::Indexed(208),
    open: Color::Indexed(175),
    accent: Color::Indexed(117),
    muted: Color::Indexed(245),
    chosen: Color::Indexed(229),
    on_fill: Color::Black,
};

impl Theme {
    /// Returns the theme of the settings.
    pub fn of(settings: &Settings) -> Self {
        Self { name: settings.theme, signs: if settings.ascii { ASCII } else { UNICODE } }
    }

    /// Returns the style of a role.
    pub(crate) fn style(&self, role: Role) -> Style {
        match self.name {
            ThemeName::Mono => mono(role),
            ThemeName::Default => coloured(&DEFAULT, role),
            ThemeName::Light => coloured(&LIGHT, role),
            ThemeName::HighContrast => coloured(&HIGH_CONTRAST, role),
            ThemeName::ColourBlind => coloured(&COLOUR_BLIND, role),
        }
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

    /// Returns the role of a result in the decision table.
    pub(crate) fn table_result(verdict: Verdict) -> Role {
        match verdict {
            Verdict::Aborted => Role::Bad,
            Verdict::Never => Role::Muted,
            Verdict::Unchanged | Verdict::Changed | Verdict::StartRefused | Verdict::Depends => Role::Text,
        }
    }

    /// Returns the role of the rule that decided, in the decision table.
    pub(crate) fn decided_row(verdict: Verdict) -> Role {
        match verdict {
            Verdict::Unchanged | Verdict::Never | Verdict::Depends => Role::FiresGood,
            Verdict::Changed | Verdict::Aborted | Verdict::StartRefused => Role::FiresBad,
        }
    }

    /// Returns the style of a filled cell: the colour of its role as the background.
    pub(crate) fn filled(&self, role: Role) -> Style {
        match role {
            Role::Muted => self.style(role),
            _ => self.style(role).add_modifier(Modifier::REVERSED),
        }
    }
}

/// Returns the sign of a verdict.
pub fn sign(verdict: Verdict) -> &'static str {
    Theme::of(&Settings::default()).verdict(verdict).1
}

fn coloured(palette: &Palette, role: Role) -> Style {
    let plain = Style::new();
    let bold = plain.add_modifier(Modifier::BOLD);
    match role {
        Role::Text | Role::Value => plain,
        Role::Muted | Role::Border | Role::Label => plain.fg(palette.muted),
        Role::Title | Role::Key => bold.fg(palette.accent),
        Role::Highlight => bold.fg(palette.chosen),
        Role::ActiveBorder | Role::Code => plain.fg(palette.accent),
        Role::Chosen => plain.fg(palette.chosen),
        Role::Focus => bold.fg(palette.on_fill).bg(palette.accent),
        Role::Impossible => plain.fg(palette.bad).add_modifier(Modifier::UNDERLINED),
        Role::Good => bold.fg(palette.good),
        Role::Warn => bold.fg(palette.warn),
        Role::Bad => bold.fg(palette.bad),
        Role::Open => bold.fg(palette.open),
        Role::FiresGood => bold.fg(palette.on_fill).bg(palette.good),
        Role::FiresBad => bold.fg(palette.on_fill).bg(palette.bad),
        Role::Message => bold,
    }
}

fn mono(role: Role) -> Style {
    let plain = Style::new();
    match role {
        Role::Text | Role::Value | Role::Label | Role::Border | Role::Code => plain,
        Role::Muted => plain.add_modifier(Modifier::DIM),
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
        Role::Focus | Role::FiresGood | Role::FiresBad => plain.add_modifier(Modifier::REVERSED | Modifier::BOLD),
    }
}
