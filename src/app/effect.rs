//! Names the effects outside of the model, such as copying or saving; the loop in `tui` performs them.

use super::export::Format;

/// Something to be done outside of the model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// End the program.
    Quit,
    /// Return to the shell until the program is resumed.
    Suspend,
    /// Draw every cell again.
    Redraw,
    /// Copy this text to the clipboard.
    Copy(String),
    /// Copy the screen to the clipboard in this format.
    CopyScreen(Format),
    /// Read the saved scenarios and pass them to [`super::update::list_saved`].
    ListSaved,
    /// Save the scenario under a name.
    Save {
        /// The name, trimmed and not empty.
        name: String,
        /// Whether another scenario of this name may be replaced.
        replace: bool,
    },
    /// Delete the scenario that is saved under this name.
    DeleteSaved(String),
    /// Write the screen to a file.
    Write {
        /// The format of the file.
        format: Format,
        /// The path as it was typed.
        path: String,
        /// Whether a file of this name may be replaced.
        replace: bool,
    },
}

impl Effect {
    /// Returns what the effect changes outside the program, as a verb with its object; `None` for one that changes
    /// nothing.
    pub(crate) fn outside(&self) -> Option<&'static str> {
        match self {
            Self::Quit | Self::Redraw | Self::ListSaved => None,
            Self::Suspend => Some("suspend the program"),
            Self::Copy(_) | Self::CopyScreen(_) => Some("fill the clipboard"),
            Self::Save { .. } => Some("save a scenario"),
            Self::DeleteSaved(_) => Some("delete a saved scenario"),
            Self::Write { .. } => Some("write a file"),
        }
    }
}
