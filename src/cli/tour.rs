//! The lessons on the command line: their list, one as text, or the explorer opened in one.

use super::args::{TuiArgs, environment, text, tui_args};
use crate::app::settings::Settings;
use crate::app::tour;
use crate::domain::catalog::Catalog;
use anyhow::{Result, anyhow};
use clap::{Arg, ArgAction, ArgMatches, Command as Clap};
use std::io::Write;

/// What `tour` asks for.
#[derive(Clone, Debug)]
pub struct Tour {
    /// What is wanted.
    pub wish: TourWish,
    /// How the explorer looks.
    pub environment: TuiArgs,
}

/// What is wanted of the lessons.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TourWish {
    /// Their list.
    List,
    /// One as text.
    Text(String),
    /// The explorer, in this lesson, or at the list of them.
    Open(Option<String>),
}

/// The looks that a lesson can be opened with: the first flags of the explorer.
const LOOKS: usize = 6;

/// Returns the description of `tour`.
pub(super) fn command() -> Clap {
    Clap::new("tour")
        .about("Learn with lessons that drive the explorer")
        .arg(
            Arg::new("lesson")
                .value_name("NAME")
                .help("The lesson's name or number; the list of them where none is given"),
        )
        .arg(Arg::new("list").long("list").action(ArgAction::SetTrue).conflicts_with("lesson").help("List the lessons"))
        .arg(
            Arg::new("text")
                .long("print")
                .action(ArgAction::SetTrue)
                .requires("lesson")
                .help("Print the lesson as text, played to its end"),
        )
        .args(tui_args().into_iter().take(LOOKS))
}

/// Returns what `tour` asks for.
pub(super) fn asked(matches: &ArgMatches) -> Tour {
    let wish = match (text(matches, "lesson"), matches.get_flag("list"), matches.get_flag("text")) {
        (_, true, _) => TourWish::List,
        (Some(lesson), _, true) => TourWish::Text(lesson),
        (lesson, ..) => TourWish::Open(lesson),
    };
    Tour { wish, environment: environment(matches) }
}

/// Writes the list of lessons: number, name, title, and what one knows after it.
///
/// # Errors
/// Output that cannot be written.
pub fn list_lessons(out: &mut dyn Write) -> Result<u8> {
    for lesson in tour::lessons()? {
        writeln!(out, "{:>2}  {:<16} {}", lesson.number, lesson.name, lesson.title)?;
        writeln!(out, "    {}", lesson.summary)?;
    }
    Ok(0)
}

/// Writes a lesson as text.
///
/// # Errors
/// There is no such lesson, or output that cannot be written.
pub fn lesson_text(catalog: &Catalog, word: &str, settings: &Settings, out: &mut dyn Write) -> Result<u8> {
    let lesson = tour::find(word).map_err(|wrong| anyhow!(wrong))?;
    let text = tour::text(catalog, &lesson, settings).map_err(|wrong| anyhow!("{word}: {wrong}"))?;
    out.write_all(text.as_bytes())?;
    Ok(0)
}
