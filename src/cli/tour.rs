//! The `tour` command: lists the lessons, prints one, or opens the explorer in one.

use super::complete;
use super::look_args::LookArgs;
use crate::app::settings::Settings;
use crate::app::tour;
use crate::domain::catalog::Catalog;
use anyhow::{Result, anyhow};
use clap::Args;
use std::io::Write;

/// What `tour` asks for.
#[derive(Args, Clone, Debug)]
pub struct Tour {
    /// Name or number of the lesson [default: open the list of lessons]
    #[arg(value_name = "NAME", add = complete::lessons())]
    lesson: Option<String>,
    /// List the lessons
    #[arg(long, conflicts_with = "lesson")]
    list: bool,
    /// Print the lesson as text, played to its end
    #[arg(long, requires = "lesson")]
    print: bool,
    #[command(flatten)]
    /// How the explorer looks.
    pub look: LookArgs,
}

/// What to do with the lessons.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TourWish {
    /// List them.
    List,
    /// Print one as text.
    Text(String),
    /// Open the explorer in this lesson, or at the list of lessons.
    Open(Option<String>),
}

impl Tour {
    /// Returns what to do.
    pub fn wish(&self) -> TourWish {
        match &self.lesson {
            _ if self.list => TourWish::List,
            Some(lesson) if self.print => TourWish::Text(lesson.clone()),
            lesson => TourWish::Open(lesson.clone()),
        }
    }
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
    let text = crate::app::update::tour::text(catalog, &lesson, settings)
        .map_err(|error| anyhow!("lesson {word}: {error}"))?;
    out.write_all(text.as_bytes())?;
    Ok(0)
}
