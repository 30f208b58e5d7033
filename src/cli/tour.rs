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
    /// With --print, leave out which answers are right, and why
    #[arg(long, requires = "print")]
    questions: bool,
    #[command(flatten)]
    /// How the explorer looks.
    pub look: LookArgs,
}

/// What to do with the lessons.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TourWish {
    /// List them.
    List,
    /// Print one as text, with the answers or without.
    Text {
        /// Name or number of the lesson.
        lesson: String,
        /// Whether to say which answers are right.
        answers: bool,
    },
    /// Open the explorer in this lesson, or at the list of lessons.
    Open(Option<String>),
}

impl Tour {
    /// Returns what to do.
    pub fn wish(&self) -> TourWish {
        match &self.lesson {
            _ if self.list => TourWish::List,
            Some(lesson) if self.print => TourWish::Text { lesson: lesson.clone(), answers: !self.questions },
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
        let minutes = lesson.minutes();
        writeln!(out, "{:>2}  {:<20} {} ({minutes} min)", lesson.number, lesson.name, lesson.title)?;
        writeln!(out, "    {}", lesson.summary)?;
    }
    let class: Vec<_> = tour::lessons()?.into_iter().filter(|lesson| lesson.class).collect();
    let minutes: usize = class.iter().map(tour::Lesson::minutes).sum();
    let names: Vec<&str> = class.iter().map(|lesson| lesson.name.as_str()).collect();
    writeln!(out, "\nFor a class of 30 minutes: {} (about {minutes} minutes to read).", names.join(", "))?;
    Ok(0)
}

/// Writes a lesson as text; `word` is its name or number.
///
/// # Errors
/// There is no such lesson, or the output cannot be written.
pub fn lesson_text(
    catalog: &Catalog,
    (word, answers): (&str, bool),
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<u8> {
    let lesson = tour::find(word).map_err(|error| anyhow!(error))?;
    let text = crate::app::update::tour::text(catalog, &lesson, settings, answers)
        .map_err(|error| anyhow!("lesson {word}: {error}"))?;
    out.write_all(text.as_bytes())?;
    Ok(0)
}
