//! Names the parts of the explorer: the area of each, and how much of it is shown.

use super::super::parts::Parts;
use crate::app::choice::Group;
use ratatui::layout::Rect;

/// The areas of the parts; one without room is empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Areas {
    /// Whether panes have frames.
    pub(super) parts: Parts,
    pub(super) shape: Shape,
    pub(super) choices: [Rect; 3],
    /// The settings that have the whole screen.
    pub(super) zoomed: Option<Group>,
    pub(super) banner: Rect,
    pub(super) message: Rect,
    pub(super) lanes: Rect,
    pub(super) prose: Rect,
    pub(super) fixes: Rect,
    pub(super) table: Rect,
    pub(super) strips: Rect,
    pub(super) features: Rect,
    /// The page of the rule that decided; `None` without room.
    pub(super) rule: Option<Rect>,
}

impl Areas {
    /// Returns whether the settings of a pane are in a box; else they are in a line.
    pub(super) fn is_boxed(&self, group: Group) -> bool {
        self.shape.boxes || self.zoomed == Some(group)
    }
}

/// How much of each part is shown.
#[expect(clippy::struct_excessive_bools, reason = "each says whether one part is there; they are set independently")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shape {
    /// Whether the settings are in boxes; else in lines.
    pub(super) boxes: bool,
    /// The lines of the banner.
    pub(super) banner: u16,
    /// Whether blank lines separate the parts.
    pub(super) gaps: bool,
    pub(super) cause: bool,
    pub(super) rollback: bool,
    pub(super) cold_boot: bool,
    pub(super) confidence: bool,
    pub(super) guest: bool,
    pub(super) lanes: Amount,
    /// The most fixes.
    pub(super) fixes: usize,
    pub(super) table: Amount,
    pub(super) strips: bool,
    pub(super) features: bool,
}

/// How much of a part is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Amount {
    None,
    Brief,
    All,
}

/// The columns of the wire between the boxes of source and destination.
pub(super) const WIRE: u16 = 4;
