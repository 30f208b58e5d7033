//! Makes the lists that lie over a screen: the values of a choice, and every command.

use crate::app::action::{ACTIONS, Context, Scope};
use crate::app::choice::{Choice, free_value, shown, values};
use crate::app::model::Model;
use crate::app::overlay::Overlay;
use crate::app::picker::{Item, Pick, Picker};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::resolve::Resolver;

/// Returns the list of a choice's values.
pub fn pick_value(catalog: &Catalog, scenario: &Scenario, choice: Choice) -> Overlay {
    let items = values(choice, catalog, scenario)
        .into_iter()
        .map(|value| Item {
            current: value.scenario == *scenario,
            detail: value.detail,
            problem: value.problem,
            ..Item::new(value.label, Pick::Scenario(Box::new(value.scenario)))
        })
        .collect();
    let mut picker = Picker::new(choice.title(catalog, scenario), Some(choice), items);
    look_ahead(&mut picker, catalog, scenario);
    Overlay::Picker(Box::new(picker))
}

/// Resolves what the item under the cursor would give.
pub(super) fn look_ahead(picker: &mut Picker, catalog: &Catalog, scenario: &Scenario) {
    let chosen = match picker.chosen().map(|item| &item.pick) {
        Some(Pick::Scenario(scenario)) => Some((**scenario).clone()),
        Some(Pick::Action(_) | Pick::Choice(_) | Pick::Export(..) | Pick::Lesson(_) | Pick::Own(_) | Pick::Nothing) => {
            None
        }
        None => picker.choice.and_then(|choice| free_value(choice, catalog, scenario, picker.typed())),
    };
    picker.preview = chosen.map(|scenario| Resolver::new(catalog).outcome(&scenario));
}

fn is_possible(model: &Model, scope: Scope, context: Context) -> bool {
    match scope {
        Scope::Text => false,
        Scope::Tour => model.has_tour(),
        Scope::Everywhere | Scope::Screens | Scope::On(_) => scope.holds_in(context),
    }
}

/// Returns the list of every action that is possible on this screen, and of every choice.
pub(super) fn palette(model: &Model, catalog: &Catalog) -> Overlay {
    let context = Context::Screen(model.screens.top().kind());
    let actions = ACTIONS.iter().filter(|info| is_possible(model, info.scope, context)).map(|info| Item {
        key: model.settings.keymap.shown(info.action),
        detail: info.doc.to_owned(),
        problem: (!info.action.is_available(model)).then(|| "not possible now".to_owned()),
        ..Item::new(info.title, Pick::Action(info.action))
    });
    let choices = Choice::ALL.iter().map(|choice| Item {
        detail: shown(*choice, catalog, &model.scenario),
        ..Item::new(format!("Choose {}", choice.title(catalog, &model.scenario)), Pick::Choice(*choice))
    });
    Overlay::Picker(Box::new(Picker::new("Commands".to_owned(), None, choices.chain(actions).collect())))
}
