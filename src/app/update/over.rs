//! Does what is asked for while something lies over the screen.

use super::{Effect, change, look_ahead, pick_value, refresh, update as act};
use crate::app::action::Action;
use crate::app::choice::free_value;
use crate::app::model::Model;
use crate::app::overlay::Overlay;
use crate::app::picker::Pick;
use crate::app::screens::{Target, World};
use crate::domain::catalog::Catalog;
use tui_input::InputRequest;

/// How far a page key moves in a list or a page.
const PAGE: isize = 10;

/// Does an action. `None` when it is for the screen below: whatever lay over it is then closed, or stays in place to
/// go on typing.
pub(super) fn update(model: &mut Model, catalog: &Catalog, action: Action) -> Option<Option<Effect>> {
    let by = match action {
        Action::Up => Some(-1),
        Action::Down => Some(1),
        Action::PageUp => Some(-PAGE),
        Action::PageDown => Some(PAGE),
        Action::Top => Some(isize::MIN),
        Action::Bottom => Some(isize::MAX),
        _ => None,
    };
    match model.overlay.as_ref()? {
        Overlay::Page(_) => page(model, action, by),
        Overlay::Picker(_) => picker(model, catalog, action, by),
        Overlay::Prompt(_) => prompt(model, catalog, action, by),
    }
}

fn page(model: &mut Model, action: Action, by: Option<isize>) -> Option<Option<Effect>> {
    let (columns, height) = crate::app::overlay::page_room(model.size);
    match (&mut model.overlay, action, by) {
        (Some(Overlay::Page(page)), _, Some(by)) => page.scroll_by(by, columns, height),
        (_, Action::Left | Action::Right | Action::NextPane | Action::PreviousPane, _) => {}
        (_, Action::Back | Action::Quit | Action::Open, _) => model.overlay = None,
        _ => {
            model.overlay = None;
            return None;
        }
    }
    Some(None)
}

fn picker(model: &mut Model, catalog: &Catalog, action: Action, by: Option<isize>) -> Option<Option<Effect>> {
    let Some(Overlay::Picker(picker)) = &mut model.overlay else { return Some(None) };
    let by = match action {
        Action::NextPane => Some(1),
        Action::PreviousPane => Some(-1),
        _ => by,
    };
    if let Some(by) = by {
        picker.move_by(by);
        look_ahead(picker, catalog, &model.scenario);
        return Some(None);
    }
    if let Some(request) = request(action) {
        edit(model, catalog, request);
        return Some(None);
    }
    match action {
        Action::Back => model.overlay = None,
        Action::Open => return Some(take(model, catalog)),
        _ => {}
    }
    Some(None)
}

fn take(model: &mut Model, catalog: &Catalog) -> Option<Effect> {
    let Some(Overlay::Picker(picker)) = model.overlay.take() else { return None };
    let pick = picker.chosen().map(|item| item.pick.clone());
    match pick {
        Some(Pick::Scenario(scenario)) => change(model, catalog, *scenario),
        Some(Pick::Choice(choice)) => model.overlay = Some(pick_value(catalog, &model.scenario, choice)),
        Some(Pick::Action(action)) => return act(model, catalog, action),
        None => {
            let typed = picker.choice.and_then(|choice| free_value(choice, catalog, &model.scenario, picker.typed()));
            match typed {
                Some(scenario) => change(model, catalog, scenario),
                None => {
                    model.notice = Some(format!("nothing is called {}", picker.typed()));
                    model.overlay = Some(Overlay::Picker(picker));
                }
            }
        }
    }
    None
}

fn prompt(model: &mut Model, catalog: &Catalog, action: Action, by: Option<isize>) -> Option<Option<Effect>> {
    if by.is_some() {
        return None;
    }
    if let Some(request) = request(action) {
        edit(model, catalog, request);
        return Some(None);
    }
    match action {
        Action::Back => {
            tell_screen(model, catalog, "");
            model.overlay = None;
        }
        Action::Open => model.overlay = None,
        _ => {}
    }
    Some(None)
}

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
        Some(Overlay::Page(_)) | None => {}
    }
}

fn tell_screen(model: &mut Model, catalog: &Catalog, typed: &str) {
    let world = World { catalog, scenario: &model.scenario, derived: &model.derived, size: model.size };
    model.screens.top_mut().state_mut().filter(&world, typed);
    refresh(model, catalog);
}

/// Does what a click on `target` stands for.
pub(super) fn click(model: &mut Model, catalog: &Catalog, target: Target) -> Option<Effect> {
    match (&mut model.overlay, target) {
        (Some(Overlay::Picker(picker)), Target::Item(place)) => {
            picker.select(place);
            take(model, catalog)
        }
        (_, Target::Outside) => {
            model.overlay = None;
            None
        }
        _ => None,
    }
}
