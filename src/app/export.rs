//! Names the export formats of a screen.

use super::scope::ScreenKind;
use crate::domain::definition::named_enum;

named_enum! {
    /// An export format of a screen.
    Format {
        /// The text of the screen, without colours.
        Text "text",
        /// Markdown for a mailing list, at most 76 columns wide.
        Markdown "markdown",
        /// The answer as JSON, with the lines of the screen.
        Json "json",
        /// An SVG image.
        Svg "svg",
    }
}

impl Format {
    /// Returns a short description.
    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Text => "the text of the screen",
            Self::Markdown => "for a mailing list, at most 76 columns wide",
            Self::Json => "the answer, with the text of the screen",
            Self::Svg => "an image in the colours of the theme",
        }
    }

    /// Returns the file name extension, without the dot.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Markdown => "md",
            Self::Json => "json",
            Self::Svg => "svg",
        }
    }

    /// Returns the suggested file name for a screen.
    pub(crate) fn file_name(self, screen: ScreenKind) -> String {
        format!("virt-cpu-explorer-{}.{}", screen.name(), self.extension())
    }
}
