//! Writes a lesson as text, for those who listen to the screen: played step by step, so that what it says of the answer
//! is the answer.

use super::{Lesson, Press, Step, Task, Told};
use crate::app::action::Action;
use crate::app::keymap::Keymap;
use crate::app::model::Model;
use crate::app::settings::{Settings, Size};
use crate::app::text::wrap;
use crate::app::update;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use std::fmt::Write as _;

/// Columns of the text.
const COLUMNS: usize = 78;
/// The size that the lesson is played at; nothing of it is seen.
const SIZE: Size = Size { width: 120, height: 36 };

/// Returns the lesson as text: what is told, what to press, what the explorer answers, the questions and their answers.
///
/// # Errors
/// The lesson's scenario is none.
pub fn text(catalog: &Catalog, lesson: &Lesson, settings: &Settings) -> Result<String, String> {
    let scenario = Scenario::parse(catalog, &lesson.scenario).map_err(|wrong| wrong.to_string())?;
    let mut model = Model::new(catalog, scenario, settings.clone(), SIZE);
    super::open(&mut model, catalog, &lesson.name);
    let mut out = format!("Lesson {}: {}\n", lesson.number, lesson.title);
    paragraph(&mut out, &lesson.summary);
    let mut said = String::new();
    for (number, step) in lesson.steps.iter().enumerate() {
        let _ = writeln!(out, "\nStep {} of {}", number + 1, lesson.steps.len());
        // The answer is said when it is another one.
        if model.derived.link != said {
            said.clone_from(&model.derived.link);
            answer(&mut out, &model);
        }
        for told in &step.told {
            paragraph(&mut out, &format!("{} {}", told.text, sources(told)));
        }
        task(&mut out, step, &settings.keymap);
        let here = model.tour.as_ref().map(|tour| tour.step);
        while here.is_some() && model.tour.as_ref().map(|tour| tour.step) == here {
            update::update(&mut model, catalog, Action::NextStep);
        }
    }
    Ok(out)
}

fn answer(out: &mut String, model: &Model) {
    let derived = &model.derived;
    paragraph(out, &format!("Scenario: {}", derived.link));
    let rule = derived.answer.rule.map(|rule| format!(" Rule {}.", rule.name())).unwrap_or_default();
    paragraph(out, &format!("The explorer answers: {}.{rule}", derived.explanation.headline));
    if let Some(message) = &derived.message {
        paragraph(out, &format!("libvirt says: {message}"));
    }
}

fn sources(told: &Told) -> String {
    let rules = told.rules.iter().map(|rule| format!("rule {}", rule.name()));
    let runs = told.runs.iter().map(|run| format!("recorded run {run}"));
    format!("({})", rules.chain(runs).collect::<Vec<_>>().join(", "))
}

fn task(out: &mut String, step: &Step, keymap: &Keymap) {
    match &step.task {
        None => {}
        Some(Task::Press(keys, _)) => {
            let key = |key: &Press| match key {
                Press::Action(action) => {
                    format!("{} ({})", keymap.shown(*action), action.info().title.to_lowercase())
                }
                Press::Type(letters) => format!("the letters {letters}"),
            };
            let keys: Vec<String> = keys.iter().map(key).collect();
            paragraph(out, &format!("To do: press {}.", keys.join(", then ")));
        }
        Some(Task::Ask(question)) => {
            paragraph(out, &format!("Question: {} {}", question.asked.text, sources(&question.asked)));
            for (number, answer) in question.answers.iter().enumerate() {
                let right = if answer.right { "Right" } else { "Wrong" };
                paragraph(out, &format!("{}. {} {right}: {}", number + 1, answer.text, answer.why));
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
