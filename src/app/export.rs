//! Names the forms in which a screen can be taken along.

use super::screens::ScreenKind;
use crate::domain::definition::named_enum;

named_enum! {
    /// A form in which a screen can be taken along.
    Format {
        /// As it stands, without colours.
        Text "text",
        /// For a mailing list: plain, at most 76 columns where words can be broken.
        Markdown "markdown",
        /// For scripts: the answer, with the screen's lines.
        Json "json",
        /// A picture for browsers.
        Svg "svg",
    }
}

impl Format {
    /// Returns what it is good for.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Text => "the screen's lines",
            Self::Markdown => "for a mailing list, at most 76 columns",
            Self::Json => "the answer, with the screen's lines",
            Self::Svg => "a picture in the theme's colours",
        }
    }

    /// Returns the ending of its files' names.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Markdown => "md",
            Self::Json => "json",
            Self::Svg => "svg",
        }
    }

    /// Returns a name for a file with the screen in this form.
    pub fn file_name(self, screen: ScreenKind) -> String {
        format!("virt-cpu-explorer-{}.{}", screen.word(), self.ending())
    }
}
