//! Applies actions to the overlay that is open: a picker, a page, a filter or a question.

use super::{Effect, apply_response, ask_screen, change, help, refresh, save_export, tour, update as act};
use crate::app::action::Action;
use crate::app::choice::{Choice, free_value, needs_host};
use crate::app::list::{PAGE, lines_moved};
use crate::app::model::Model;
use crate::app::overlay::Overlay;
use crate::app::picker::{Pick, Picker};
use crate::app::screens::{ScreenContext, Target};
use crate::domain::catalog::Catalog;
use tui_input::InputRequest;

/// What came of an action on an overlay.
pub(super) enum Handled {
    /// Handled, with this effect.
    Done(Option<Effect>),
    /// Not handled: the action is for the screen below. A page is closed, a filter stays open.
    Not,
}

/// Performs an action on the overlay, if one is open.
pub(super) fn update(model: &mut Model, catalog: &Catalog, action: Action) -> Handled {
    let by = lines_moved(action, PAGE);
    match &model.overlay {
        Some(Overlay::Page(_)) => page(model, action, by),
        Some(Overlay::Picker(_)) => Handled::Done(picker(model, catalog, action, by)),
        Some(Overlay::Prompt(_)) => prompt(model, catalog, action, by),
        Some(Overlay::Ask(_)) => Handled::Done(ask(model, catalog, action)),
        None => Handled::Not,
    }
}

fn page(model: &mut Model, action: Action, by: Option<isize>) -> Handled {
    let (columns, height) = crate::app::overlay::page_room(model.room());
    let Some(Overlay::Page(page)) = &mut model.overlay else { return Handled::Not };
    if by.is_none()
        && let Some(search) = page.search.as_mut().filter(|search| search.typing)
    {
        match (action, request(action)) {
            (Action::Back, _) => page.search = None,
            (Action::Open, _) => search.typing = false,
            (_, Some(request)) => page.edit_search(request, columns, height),
            (_, None) => {}
        }
        return Handled::Done(None);
    }
    match (action, by) {
        (_, Some(by)) => page.scroll_by(by, columns, height),
        (Action::Left | Action::Right | Action::NextPane | Action::PreviousPane, _) => {}
        (Action::Filter, _) => page.start_search(),
        (Action::NextMatch, _) => page.find(true, columns, height),
        (Action::PreviousMatch, _) => page.find(false, columns, height),
        (Action::Back, _) if page.search.is_some() => page.search = None,
        (Action::Help, _) if page.has_more => model.overlay = Some(Overlay::Page(help(model, true))),
        (Action::Back | Action::Quit | Action::Open, _) => model.overlay = None,
        _ => {
            model.overlay = None;
            return Handled::Not;
        }
    }
    Handled::Done(None)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a picker ignores every other action")]
fn picker(model: &mut Model, catalog: &Catalog, action: Action, by: Option<isize>) -> Option<Effect> {
    let Some(Overlay::Picker(picker)) = &mut model.overlay else { return None };
    let by = match action {
        Action::NextPane => Some(1),
        Action::PreviousPane => Some(-1),
        _ => by,
    };
    if let Some(by) = by {
        picker.move_by(by);
        picker.update_preview(catalog, &model.scenario);
        return None;
    }
    if action == Action::DeleteForward && picker.letter().is_none() {
        return save_export::delete_saved(model);
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
        Some(Pick::Scenario(scenario)) => {
            change(model, catalog, *scenario);
            if picker.choice == Some(Choice::Model) && needs_host(&model.scenario) {
                model.overlay = Some(Overlay::Picker(Box::new(Picker::of_hosts(catalog, &model.scenario))));
            }
        }
        Some(Pick::Choice(choice)) => {
            model.open_values(catalog, choice);
        }
        Some(Pick::Action(action)) => return act(model, catalog, action),
        Some(Pick::Lesson(name)) => tour::open(model, catalog, &name),
        Some(Pick::Nothing) => {
            model.notice = picker.chosen().and_then(|item| item.problem.clone());
            model.overlay = Some(Overlay::Picker(picker));
        }
        Some(Pick::Export(format, into)) => return save_export::export(model, format, into),
        Some(Pick::OfScreen(number)) => {
            let response = ask_screen(model, catalog, |screen, context| screen.state_mut().pick(context, number));
            return apply_response(model, catalog, response);
        }
        None => {
            let typed = picker.choice.and_then(|choice| free_value(choice, catalog, &model.scenario, picker.typed()));
            if let Some(scenario) = typed {
                change(model, catalog, scenario);
            } else {
                model.notice = Some(format!("No match for \"{}\".", picker.typed()));
                model.overlay = Some(Overlay::Picker(picker));
            }
        }
    }
    None
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a prompt ignores every other action")]
fn prompt(model: &mut Model, catalog: &Catalog, action: Action, by: Option<isize>) -> Handled {
    if by.is_some() {
        return Handled::Not;
    }
    if let Some(request) = request(action) {
        edit(model, catalog, request);
        return Handled::Done(None);
    }
    match action {
        Action::Back => {
            filter_screen(model, catalog, "");
            model.overlay = None;
        }
        Action::Open => model.overlay = None,
        _ => {}
    }
    Handled::Done(None)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a prompt ignores every other action")]
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

#[expect(clippy::wildcard_enum_match_arm, reason = "every other action does not edit")]
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

/// Edits the text of the overlay.
pub(super) fn edit(model: &mut Model, catalog: &Catalog, request: InputRequest) {
    model.notice = None;
    let (columns, height) = crate::app::overlay::page_room(model.room());
    match &mut model.overlay {
        Some(Overlay::Picker(picker)) => {
            picker.edit(request);
            picker.update_preview(catalog, &model.scenario);
        }
        Some(Overlay::Prompt(input)) => {
            input.handle(request);
            let typed = input.value().to_owned();
            filter_screen(model, catalog, &typed);
        }
        Some(Overlay::Ask(ask)) => {
            ask.input.handle(request);
        }
        Some(Overlay::Page(page)) => page.edit_search(request, columns, height),
        None => {}
    }
}

fn filter_screen(model: &mut Model, catalog: &Catalog, typed: &str) {
    let context = screen_context!(model, catalog);
    model.screens.top_mut().state_mut().filter(&context, typed);
    refresh(model, catalog);
}

/// Performs what a click on `target` does.
pub(super) fn click(model: &mut Model, catalog: &Catalog, target: Target) -> Option<Effect> {
    match (&mut model.overlay, target) {
        (Some(Overlay::Picker(picker)), Target::Item(index)) => {
            picker.select(index);
            choose(model, catalog)
        }
        (_, Target::Outside) => {
            model.overlay = None;
            None
        }
        _ => None,
    }
}
