//! Performs one step of an action list, including those of the mouse.

use super::theme::Theme;
use super::view::{self, ViewContext};
use crate::app::action::Action;
use crate::app::model::Model;
use crate::app::screens::Target;
use crate::app::script::{self, Step};
use crate::app::update::{self, Effect};
use crate::domain::catalog::Catalog;
use ratatui::layout::{Position, Rect};

/// Lines for one step of the wheel.
const WHEEL: usize = 3;

/// Performs one step. A click or a turn of the wheel acts on what the last frame shows at that position.
pub fn perform(model: &mut Model, catalog: &Catalog, step: &Step) -> Option<Effect> {
    match step {
        Step::Click(column, line) => {
            let target = target(model, catalog, (*column, *line))?;
            update::click(model, catalog, target)
        }
        Step::Wheel(up, column, line) => {
            let target = target(model, catalog, (*column, *line));
            for _ in 0..WHEEL {
                update::scroll(model, catalog, target, if *up { Action::Up } else { Action::Down });
            }
            None
        }
        Step::Do(_) | Step::Type(_) | Step::Scenario(_) | Step::Wait(_) | Step::Note(_) | Step::Pause => {
            script::perform(model, catalog, step)
        }
    }
}

/// Returns the target at a column and a line, counted from 1.
fn target(model: &Model, catalog: &Catalog, (column, line): (u16, u16)) -> Option<Target> {
    let theme = Theme::of(&model.settings);
    let area = Rect::new(0, 0, model.size.width, model.size.height);
    let position = Position { x: column.saturating_sub(1), y: line.saturating_sub(1) };
    view::hit(ViewContext { model, catalog, theme: &theme }, area, position)
}
