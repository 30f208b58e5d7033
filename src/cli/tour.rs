//! The `tour` command: lists the lessons, prints one, or opens the explorer in one.

use super::args::{TuiArgs, environment, text, tui_args};
use crate::app::settings::Settings;
use crate::app::tour;
use crate::domain::catalog::Catalog;
use anyhow::{Result, anyhow};
use clap::{Arg, ArgAction, ArgMatches, Command as Clap};
use std::io::Write;

/// The arguments of `tour`.
#[derive(Clone, Debug)]
pub struct Tour {
    /// What to do.
    pub wish: TourWish,
    /// The arguments that it shares with the explorer.
    pub environment: TuiArgs,
}

/// What `tour` does; a lesson is given by its name or number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TourWish {
    /// List the lessons.
    List,
    /// Print a lesson.
    Text(String),
    /// Open the explorer in a lesson, or with the list of lessons.
    Open(Option<String>),
}

/// How many of the explorer's arguments `tour` takes, from the first.
const LOOKS: usize = 6;

pub(super) fn command() -> Clap {
    Clap::new("tour")
        .about("Open a lesson in the explorer, or list or print lessons")
        .arg(
            Arg::new("lesson")
                .value_name("NAME")
                .help("Name or number of the lesson [default: show the list of lessons]"),
        )
        .arg(Arg::new("list").long("list").action(ArgAction::SetTrue).conflicts_with("lesson").help("List the lessons"))
        .arg(
            Arg::new("text")
                .long("print")
                .action(ArgAction::SetTrue)
                .requires("lesson")
                .help("Print the lesson as text, with its questions and their answers"),
        )
        .args(tui_args().into_iter().take(LOOKS))
}

pub(super) fn asked(matches: &ArgMatches) -> Tour {
    let wish = match (text(matches, "lesson"), matches.get_flag("list"), matches.get_flag("text")) {
        (_, true, _) => TourWish::List,
        (Some(lesson), _, true) => TourWish::Text(lesson),
        (lesson, ..) => TourWish::Open(lesson),
    };
    Tour { wish, environment: environment(matches) }
}

/// Writes number, name, title and summary of every lesson.
///
/// # Errors
/// A mistake in the lessons' files, or the output cannot be written.
pub fn list_lessons(out: &mut dyn Write) -> Result<u8> {
    for lesson in tour::lessons()? {
        writeln!(out, "{:>2}  {:<16} {}", lesson.number, lesson.name, lesson.title)?;
        writeln!(out, "    {}", lesson.summary)?;
    }
    Ok(0)
}

/// Writes a lesson as text; `word` is its name or number.
///
/// # Errors
/// There is no such lesson, or the output cannot be written.
pub fn lesson_text(catalog: &Catalog, word: &str, settings: &Settings, out: &mut dyn Write) -> Result<u8> {
    let lesson = tour::find(word).map_err(|error| anyhow!(error))?;
    let text = tour::text(catalog, &lesson, settings).map_err(|error| anyhow!("lesson {word}: {error}"))?;
    out.write_all(text.as_bytes())?;
    Ok(0)
}
