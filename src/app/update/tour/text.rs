//! Writes a lesson as text, for screen readers. The lesson is played to get the answers that it prints.

use crate::app::action::Action;
use crate::app::keymap::Keymap;
use crate::app::model::Model;
use crate::app::settings::{Settings, Size};
use crate::app::text::wrap;
use crate::app::tour::{Lesson, Press, Step, Task};
use crate::app::update;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use std::fmt::Write as _;

const COLUMNS: usize = 78;
/// The lesson is played at this size, which does not show in the text.
const SIZE: Size = Size { width: 120, height: 36 };

/// Returns the lesson as text, without the right answers unless `answers` is set: every step with the keys to press or the answers to choose from, and the program's
/// answer wherever it changes.
///
/// # Errors
/// The lesson's scenario cannot be parsed.
pub fn text(catalog: &Catalog, lesson: &Lesson, settings: &Settings, answers: bool) -> Result<String, String> {
    let scenario = Scenario::parse(catalog, &lesson.scenario).map_err(|error| error.to_string())?;
    let mut model = Model::new(catalog, scenario, settings.clone(), SIZE);
    super::open(&mut model, catalog, &lesson.name);
    let mut out = format!("Lesson {}: {}\n", lesson.number, lesson.title);
    paragraph(&mut out, &lesson.summary);
    let mut printed = String::new();
    for (index, step) in lesson.steps.iter().enumerate() {
        let _ = writeln!(out, "\nStep {} of {}", index + 1, lesson.steps.len());
        if model.derived.link != printed {
            printed.clone_from(&model.derived.link);
            answer(&mut out, &model);
        }
        let kind = if step.answers().is_empty() { "" } else { "Question: " };
        paragraph(&mut out, &format!("{kind}{} {}", step.text, sources(step)));
        task(&mut out, step, &settings.keymap, answers);
        let current = model.tour.as_ref().map(|tour| tour.step);
        while current.is_some() && model.tour.as_ref().map(|tour| tour.step) == current {
            update::update(&mut model, catalog, Action::NextStep);
        }
    }
    Ok(out)
}

fn answer(out: &mut String, model: &Model) {
    let derived = &model.derived;
    paragraph(out, &format!("Scenario: {}", derived.link));
    let rule = derived.answer.rule.map(|rule| format!(" Rule {}.", rule.name())).unwrap_or_default();
    paragraph(out, &format!("Verdict: {}.{rule}", derived.explanation.headline));
    if let Some(message) = &derived.message {
        paragraph(out, &format!("libvirt says: {message}"));
    }
}

fn sources(step: &Step) -> String {
    let rules = step.rules.iter().map(|rule| format!("rule {}", rule.name()));
    let runs = step.runs.iter().map(|run| format!("recorded run {run}"));
    format!("({})", rules.chain(runs).collect::<Vec<_>>().join(", "))
}

fn task(out: &mut String, step: &Step, keymap: &Keymap, with_answers: bool) {
    match &step.task {
        None => {}
        Some(Task::Press(keys, _)) => {
            let key = |key: &Press| match key {
                Press::Action(action) => {
                    format!("press {} ({})", keymap.shown(*action), action.info().title.to_lowercase())
                }
                Press::Type(letters) => format!("type {letters}"),
            };
            let keys: Vec<String> = keys.iter().map(key).collect();
            paragraph(out, &format!("To do: {}.", keys.join(", then ")));
        }
        Some(Task::Answer(answers)) => {
            for (index, answer) in answers.iter().enumerate() {
                let right = if answer.right { "Right" } else { "Wrong" };
                let why = if with_answers { format!(" {right}: {}", answer.why) } else { String::new() };
                paragraph(out, &format!("{}. {}{why}", index + 1, answer.text));
            }
        }
    }
}

fn paragraph(out: &mut String, text: &str) {
    out.push('\n');
    for line in wrap(text, COLUMNS) {
        let _ = writeln!(out, "{line}");
    }
}
