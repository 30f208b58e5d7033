//! The characters for signs, in Unicode and in ASCII.

use ratatui::symbols::border;

/// The characters for signs, in Unicode or ASCII.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Signs {
    /// Marks the rule that decided.
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
    /// There is a next value; also the cursor.
    pub(crate) after: &'static str,
    /// The keys Left, Right, Up and Down, in this order.
    pub(crate) arrows: [&'static str; 4],
    /// A feature that a definition mentions.
    pub(crate) written: &'static str,
    /// A feature that differs without an effect.
    pub(crate) differs: &'static str,
    /// The end of the way.
    pub(crate) tip: &'static str,
    /// The bars around the part that a lesson points at.
    pub(crate) highlight: (&'static str, &'static str),
    /// A horizontal rule.
    pub(crate) across: &'static str,
    /// A vertical rule.
    pub(crate) down: &'static str,
    /// The frame of a pane.
    pub(crate) frame: border::Set<'static>,
    /// The frame of the focused pane, if colours do not show it.
    pub(crate) active_frame: border::Set<'static>,
    /// A horizontal rule above the focused pane, if colours do not show it.
    pub(crate) active_across: &'static str,
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
    /// A release that changed something.
    pub(crate) changed: &'static str,
}

pub(super) const UNICODE: Signs = Signs {
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
    written: "◨",
    differs: "◧",
    tip: "▶",
    highlight: ("▐", "▌"),
    across: "─",
    down: "│",
    frame: border::ROUNDED,
    active_frame: border::THICK,
    active_across: "━",
    on: "■",
    off: "□",
    wire: "┊",
    sent: "═",
    crossing: "╪",
    points: "◀━━",
    unequal: "≠",
    current: "●",
    changed: "◆",
};

pub(super) const ASCII: Signs = Signs {
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
    written: "%",
    differs: "/",
    tip: ">",
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
    active_frame: border::Set {
        top_left: "#",
        top_right: "#",
        bottom_left: "#",
        bottom_right: "#",
        vertical_left: "#",
        vertical_right: "#",
        horizontal_top: "=",
        horizontal_bottom: "=",
    },
    active_across: "=",
    on: "#",
    off: "_",
    wire: ":",
    sent: "=",
    crossing: "=",
    points: "<--",
    unequal: "!=",
    current: "*",
    changed: "^",
};
