//! Says what the command line can ask for.

use crate::app::export::Format as ScreenFormat;
use crate::cli::Format;
use crate::cli::analysis_args::StudyArgs;
use crate::domain::scenario::Key;
use std::path::PathBuf;

/// What the command line asks for.
#[derive(Clone, Debug)]
pub enum Command {
    /// Open the explorer.
    Tui(TuiArgs),
    /// Print one frame of a screen.
    Print(TuiArgs, Print),
    /// One verdict.
    Check {
        /// The scenario's word, and what the flags choose beyond it.
        choice: Choice,
        /// How to write it.
        format: Format,
        /// Whether to write nothing and only exit.
        quiet: bool,
        /// Whether to search for ways out for several guests too.
        remedies: bool,
    },
    /// What a message of libvirt's means.
    Explain(Explain),
    /// Verdicts for JSON lines.
    Batch {
        /// The file, or `-`.
        file: String,
        /// Whether to search for ways out.
        remedies: bool,
        /// The maps to add.
        choice: Choice,
    },
    /// Names that can be picked.
    List {
        /// What to list.
        what: String,
        /// Whether as JSON.
        json: bool,
        /// The maps to add.
        choice: Choice,
    },
    /// A rule's page; all rules where none is named.
    Rule {
        /// The rule's id.
        id: Option<String>,
    },
    /// Write the timeline from raw facts, or check it against them.
    Import(Import),
    /// A study over many scenarios.
    Study(StudyArgs),
    /// The lessons.
    Tour(crate::cli::Tour),
    /// Shell completions.
    Completions(clap_complete::Shell),
    /// The cheat sheet, as Markdown or as text.
    CheatSheet {
        /// Whether as Markdown.
        markdown: bool,
    },
    /// The man page.
    Man,
    /// The version, or with it the facts it was built with.
    Version {
        /// Whether to name the facts.
        verbose: bool,
    },
}

/// A scenario as the command line gives it.
#[derive(Clone, Default, Debug)]
pub struct Choice {
    /// The word.
    pub word: Option<String>,
    /// Keys with their values, in the order of the table.
    pub keys: Vec<(Key, String)>,
    /// Maps to add: name and folder.
    pub maps: Vec<(String, PathBuf)>,
    /// Domains' files to read the guest from, directories of them, or `-`.
    pub domains: Vec<String>,
}

/// What the explorer is opened with.
#[derive(Clone, Default, Debug)]
pub struct TuiArgs {
    /// The scenario.
    pub choice: Choice,
    /// The theme's name.
    pub theme: Option<String>,
    /// Only ASCII signs.
    pub ascii: bool,
    /// Leave the mouse to the terminal.
    pub no_mouse: bool,
    /// Keys typed at the start.
    pub keys: Option<String>,
    /// The file with settings.
    pub config: Option<PathBuf>,
    /// Read no file with settings.
    pub no_config: bool,
    /// A list of actions to replay.
    pub replay: Option<PathBuf>,
    /// Whether an audience looks on; the list of actions to show it may be empty.
    pub demo: Option<PathBuf>,
    /// Where to record what is drawn.
    pub record: Option<PathBuf>,
    /// Where to record what is done.
    pub record_keys: Option<PathBuf>,
}

/// What `--print` asks for.
#[derive(Clone, Debug)]
pub struct Print {
    /// The screen's name.
    pub screen: Option<String>,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The form.
    pub format: ScreenFormat,
}

/// What `explain` asks for.
#[derive(Clone, Default, Debug)]
pub struct Explain {
    /// The text; standard input where none is given.
    pub text: Option<String>,
    /// Whether to open the explorer at the likeliest scenario.
    pub open: bool,
    /// The maps to add.
    pub choice: Choice,
}

/// What `import` asks for.
#[derive(Clone, Debug)]
pub struct Import {
    /// A release and the directory of its CPU map, `RELEASE=DIR`.
    pub libvirt: Option<String>,
    /// Where that map was read.
    pub source: Option<String>,
    /// A host's name and the file with its QMP reply, `NAME=FILE`.
    pub host: Option<String>,
    /// Whether to write the files again.
    pub rewrite: bool,
    /// The directory with the files of the facts.
    pub into: PathBuf,
}
