//! Does what is asked for while something lies over the screen.

use super::{
    Effect, apply_response, ask_screen, change, look_ahead, pick_value, refresh, save_export, tour, update as act,
};
use crate::app::action::Action;
use crate::app::choice::free_value;
use crate::app::list::{PAGE, lines_moved};
use crate::app::model::Model;
use crate::app::overlay::Overlay;
use crate::app::picker::Pick;
use crate::app::screens::{ScreenContext, Target};
use crate::domain::catalog::Catalog;
use tui_input::InputRequest;

/// Whose an action was.
pub(super) enum Whose {
    /// It was done, with this effect.
    Ours(Option<Effect>),
    /// It is for the screen below: what lay over it is closed, or stays in place to go on typing.
    Below,
}

/// Does an action, where something lies over the screen.
pub(super) fn update(model: &mut Model, catalog: &Catalog, action: Action) -> Whose {
    let by = lines_moved(action, PAGE);
    match &model.overlay {
        Some(Overlay::Page(_)) => page(model, action, by),
        Some(Overlay::Picker(_)) => Whose::Ours(picker(model, catalog, action, by)),
        Some(Overlay::Prompt(_)) => prompt(model, catalog, action, by),
        Some(Overlay::Ask(_)) => Whose::Ours(ask(model, catalog, action)),
        None => Whose::Below,
    }
}

fn page(model: &mut Model, action: Action, by: Option<isize>) -> Whose {
    let (columns, height) = crate::app::overlay::page_room(model.room());
    match (&mut model.overlay, action, by) {
        (Some(Overlay::Page(page)), _, Some(by)) => page.scroll_by(by, columns, height),
        (_, Action::Left | Action::Right | Action::NextPane | Action::PreviousPane, _) => {}
        (_, Action::Back | Action::Quit | Action::Open, _) => model.overlay = None,
        _ => {
            model.overlay = None;
            return Whose::Below;
        }
    }
    Whose::Ours(None)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every other action means nothing while choosing")]
fn picker(model: &mut Model, catalog: &Catalog, action: Action, by: Option<isize>) -> Option<Effect> {
    let Some(Overlay::Picker(picker)) = &mut model.overlay else { return None };
    let by = match action {
        Action::NextPane => Some(1),
        Action::PreviousPane => Some(-1),
        _ => by,
    };
    if let Some(by) = by {
        picker.move_by(by);
        look_ahead(picker, catalog, &model.scenario);
        return None;
    }
    if action == Action::DeleteForward && !picker.is_on_letter() {
        return save_export::forget(model);
    }
    if let Some(request) = request(action) {
        edit(model, catalog, request);
        return None;
    }
    match action {
        Action::Back => model.overlay = None,
        Action::Open => return choose(model, catalog),
        _ => {}
    }
    None
}

fn choose(model: &mut Model, catalog: &Catalog) -> Option<Effect> {
    let Some(Overlay::Picker(picker)) = model.overlay.take() else { return None };
    let pick = picker.chosen().map(|item| item.pick.clone());
    match pick {
        Some(Pick::Scenario(scenario)) => change(model, catalog, *scenario),
        Some(Pick::Choice(choice)) => model.overlay = Some(pick_value(catalog, &model.scenario, choice)),
        Some(Pick::Action(action)) => return act(model, catalog, action),
        Some(Pick::Lesson(name)) => tour::open(model, catalog, &name),
        Some(Pick::Nothing) => {
            model.notice = picker.chosen().and_then(|item| item.problem.clone());
            model.overlay = Some(Overlay::Picker(picker));
        }
        Some(Pick::Export(format, into)) => return save_export::export(model, format, into),
        Some(Pick::Own(number)) => {
            let reply = ask_screen(model, catalog, |screen, world| screen.state_mut().pick(world, number));
            return apply_response(model, catalog, reply);
        }
        None => {
            let typed = picker.choice.and_then(|choice| free_value(choice, catalog, &model.scenario, picker.typed()));
            if let Some(scenario) = typed {
                change(model, catalog, scenario);
            } else {
                model.notice = Some(format!("nothing is called {}", picker.typed()));
                model.overlay = Some(Overlay::Picker(picker));
            }
        }
    }
    None
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every other action means nothing while typing")]
fn prompt(model: &mut Model, catalog: &Catalog, action: Action, by: Option<isize>) -> Whose {
    if by.is_some() {
        return Whose::Below;
    }
    if let Some(request) = request(action) {
        edit(model, catalog, request);
        return Whose::Ours(None);
    }
    match action {
        Action::Back => {
            tell_screen(model, catalog, "");
            model.overlay = None;
        }
        Action::Open => model.overlay = None,
        _ => {}
    }
    Whose::Ours(None)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every other action means nothing while typing")]
fn ask(model: &mut Model, catalog: &Catalog, action: Action) -> Option<Effect> {
    if let Some(request) = request(action) {
        edit(model, catalog, request);
        return None;
    }
    match action {
        Action::Back => model.overlay = None,
        Action::Open => return save_export::answer(model),
        _ => {}
    }
    None
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every other action edits nothing")]
fn request(action: Action) -> Option<InputRequest> {
    match action {
        Action::Left => Some(InputRequest::GoToPrevChar),
        Action::Right => Some(InputRequest::GoToNextChar),
        Action::DeleteBack => Some(InputRequest::DeletePrevChar),
        Action::DeleteForward => Some(InputRequest::DeleteNextChar),
        Action::DeleteWord => Some(InputRequest::DeletePrevWord),
        Action::ClearText => Some(InputRequest::DeleteLine),
        _ => None,
    }
}

/// Edits what is being typed.
pub(super) fn edit(model: &mut Model, catalog: &Catalog, request: InputRequest) {
    model.notice = None;
    match &mut model.overlay {
        Some(Overlay::Picker(picker)) => {
            picker.edit(request);
            look_ahead(picker, catalog, &model.scenario);
        }
        Some(Overlay::Prompt(input)) => {
            input.handle(request);
            let typed = input.value().to_owned();
            tell_screen(model, catalog, &typed);
        }
        Some(Overlay::Ask(ask)) => {
            ask.input.handle(request);
        }
        Some(Overlay::Page(_)) | None => {}
    }
}

fn tell_screen(model: &mut Model, catalog: &Catalog, typed: &str) {
    let world = world!(model, catalog);
    model.screens.top_mut().state_mut().filter(&world, typed);
    refresh(model, catalog);
}

/// Does what a click on `target` stands for.
pub(super) fn click(model: &mut Model, catalog: &Catalog, target: Target) -> Option<Effect> {
    match (&mut model.overlay, target) {
        (Some(Overlay::Picker(picker)), Target::Item(place)) => {
            picker.select(place);
            choose(model, catalog)
        }
        (_, Target::Outside) => {
            model.overlay = None;
            None
        }
        _ => None,
    }
}
