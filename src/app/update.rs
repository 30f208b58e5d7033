//! Applies keys, text, mouse events and sizes to the model, and returns what must happen outside of it as an
//! [`Effect`].

pub use super::effect::Effect;
pub use availability::unavailable;
pub use save_export::{ask_to_overwrite, copied, list_saved, saved_deleted};

use super::action::{ACTIONS, Action, KeyContext, Scope};
use super::derived::Derived;
use super::key::Key;
use super::model::Model;
use super::overlay::Overlay;
use super::page::Page;
use super::picker::{Item, Pick, Picker};
use super::screens::{Screen, ScreenContext, ScreenKind, ScreenResponse, Target, explorer};
use super::settings::Size;
use crate::analysis::remedies::Application;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::domain::text::is_typed;
use crate::explain::{NO_RULE, how_to_find_out, outcome};
use crate::export::fix_cost;
use crate::resolve::{Budget, Outcome, Possible};
use tui_input::{Input, InputRequest};

/// The context of the screens. A function would borrow the whole model.
macro_rules! screen_context {
    ($model:ident, $catalog:ident) => {
        ScreenContext {
            catalog: $catalog,
            scenario: &$model.scenario,
            derived: &$model.derived,
            scenario_a: $model.history.scenario_a.as_ref(),
            size: $model.room(),
            zoomed: $model.zoomed,
        }
    };
}

mod availability;
mod overlay;
mod save_export;
pub mod tour;

/// Performs the action of a key, or types it.
pub fn press(model: &mut Model, catalog: &Catalog, key: Key) -> Option<Effect> {
    let context = model.context();
    if let (KeyContext::Text, Some(letter)) = (context, key.typed()) {
        model.show_audience(|demo, _| demo.show_typed(&letter.to_string()));
        overlay::edit(model, catalog, InputRequest::InsertChar(letter));
        follow(model, catalog);
        return None;
    }
    if let Some(action) = of_lesson(model, key, context) {
        return update(model, catalog, action);
    }
    let action = model.settings.keymap.action(key, context)?;
    model.show_audience(|demo, model| demo.show_action(action, &model.settings.keymap));
    update(model, catalog, action)
}

/// Returns the action of `key` in the open lesson, if the lesson takes the key.
fn of_lesson(model: &Model, key: Key, context: KeyContext) -> Option<Action> {
    let keymap = &model.settings.keymap;
    let action = keymap.action(key, KeyContext::Tour)?;
    // A key that the screen uses is for the screen; only the keys of answers are for the lesson first.
    let answer = tour::ANSWERS.contains(&action);
    let taken = !answer && keymap.action(key, context).is_some();
    (context != KeyContext::Text && !taken && unavailable(model, action).is_none()).then_some(action)
}

/// Types `letters` into a picker or a prompt.
pub(crate) fn write(model: &mut Model, catalog: &Catalog, letters: &str) {
    for letter in letters.chars().filter(|letter| is_typed(*letter)) {
        overlay::edit(model, catalog, InputRequest::InsertChar(letter));
    }
}

/// The most letters that are typed at once: more than any name has, and few enough to match without delay.
const MOST_TYPED: usize = 256;
/// The longest text that is parsed as a scenario, in bytes.
const LONGEST_LINK: usize = 1 << 14;

/// Types `text` into a picker or a prompt; otherwise parses it as the link of a scenario. The work is bounded, however
/// long the text is.
pub fn paste(model: &mut Model, catalog: &Catalog, text: &str) {
    if model.context() == KeyContext::Text {
        write(model, catalog, &typed(text));
        if letters(text).nth(MOST_TYPED).is_some() {
            model.notice =
                Some(format!("The pasted text is too long: only its first {MOST_TYPED} characters are used."));
        }
        return;
    }
    match pasted_scenario(catalog, text) {
        Ok(scenario) => {
            change(model, catalog, scenario);
            follow(model, catalog);
        }
        Err(err) => model.notice = Some(format!("Cannot parse the pasted text as a scenario: {err}")),
    }
}

/// Returns the part of a pasted text that is typed.
pub(super) fn typed(text: &str) -> String {
    letters(text).take(MOST_TYPED).collect()
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|letter| is_typed(*letter))
}

/// Parses a pasted text as the link of a scenario.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn pasted_scenario(catalog: &Catalog, text: &str) -> Result<Scenario, String> {
    if text.len() > LONGEST_LINK {
        return Err(format!("it is {} bytes long, the limit is {LONGEST_LINK}", text.len()));
    }
    Scenario::parse(catalog, text.trim()).map_err(|error| error.to_string())
}

/// Lays the screens out for another size of the terminal.
pub fn resize(model: &mut Model, catalog: &Catalog, size: Size) {
    model.size = size;
    refresh(model, catalog);
}

/// Performs what a click on `target` does.
pub fn click(model: &mut Model, catalog: &Catalog, target: Target) -> Option<Effect> {
    let effect = clicked(model, catalog, target);
    follow(model, catalog);
    effect
}

fn clicked(model: &mut Model, catalog: &Catalog, target: Target) -> Option<Effect> {
    model.notice = None;
    if let Target::Action(action) = target {
        return update(model, catalog, action);
    }
    if let (Target::Screen(number), None) = (target, &model.overlay) {
        model.screens.back_to(number);
        return None;
    }
    if model.overlay.is_some() {
        return overlay::click(model, catalog, target);
    }
    let response = ask_screen(model, catalog, |screen, context| screen.state_mut().click(context, target));
    apply_response(model, catalog, response)
}

/// Does a part of the work that the screen postponed. Returns whether there was any.
pub fn idle(model: &mut Model, catalog: &Catalog) -> bool {
    if let Some(Overlay::Picker(picker)) = &mut model.overlay
        && picker.resolve(catalog, &mut Budget::of_slice())
    {
        return true;
    }
    let context = screen_context!(model, catalog);
    model.screens.top_mut().state_mut().idle(&context)
}

/// Returns whether the visible screen moves by itself.
pub fn is_playing(model: &Model) -> bool {
    model.overlay.is_none() && model.screens.top().state().is_playing()
}

/// Moves a screen that plays on by one step.
pub fn tick(model: &mut Model) {
    if is_playing(model) {
        model.screens.top_mut().state_mut().tick();
    }
}

/// Scrolls what is under the mouse; `action` is up or down.
pub fn scroll(model: &mut Model, catalog: &Catalog, target: Option<Target>, action: Action) {
    if model.overlay.is_none() && target.is_some() {
        let wanted =
            |screen: &mut Screen, context: &ScreenContext<'_>| screen.state_mut().scroll(context, target, action);
        let response = ask_screen(model, catalog, wanted);
        if !matches!(response, ScreenResponse::Ignored) {
            apply_response(model, catalog, response);
            return;
        }
    }
    update(model, catalog, action);
}

/// Actions that have the same effect in every context.
const IMMEDIATE: [(Action, Effect); 3] =
    [(Action::QuitNow, Effect::Quit), (Action::Suspend, Effect::Suspend), (Action::Redraw, Effect::Redraw)];

/// Performs an action, then lets the open lesson check its condition.
pub(crate) fn update(model: &mut Model, catalog: &Catalog, action: Action) -> Option<Effect> {
    let effect = act(model, catalog, action);
    follow(model, catalog);
    effect
}

/// Updates the screen that became visible, and lets the open lesson check its condition.
fn follow(model: &mut Model, catalog: &Catalog) {
    refresh_top(model, catalog);
    tour::follow(model, catalog);
    refresh_top(model, catalog);
}

fn refresh_top(model: &mut Model, catalog: &Catalog) {
    let context = screen_context!(model, catalog);
    model.screens.refresh_top(&context);
}

fn act(model: &mut Model, catalog: &Catalog, action: Action) -> Option<Effect> {
    if let Some((_, effect)) = IMMEDIATE.iter().find(|(known, _)| *known == action) {
        return Some(effect.clone());
    }
    model.notice = None;
    if let Some(reason) = unavailable(model, action) {
        model.notice = Some(format!("{}: {reason}.", action.info().title));
        return None;
    }
    if tour::update(model, catalog, action) {
        return None;
    }
    if let overlay::Handled::Done(effect) = overlay::update(model, catalog, action) {
        return effect;
    }
    let response = ask_screen(model, catalog, |screen, context| screen.state_mut().update(context, action));
    if matches!(response, ScreenResponse::Ignored) {
        program(model, catalog, action)
    } else {
        apply_response(model, catalog, response)
    }
}

/// Performs an action that the screen does not handle.
#[expect(clippy::wildcard_enum_match_arm, reason = "lessons, overlays and screens handle the other actions before")]
fn program(model: &mut Model, catalog: &Catalog, action: Action) -> Option<Effect> {
    match action {
        Action::Quit => return Some(Effect::Quit),
        Action::Back => back(model, catalog),
        Action::Undo => {
            let scenario = model.history.undo(catalog, &model.scenario);
            set_some(model, catalog, scenario);
        }
        Action::Redo => {
            let scenario = model.history.redo(catalog, &model.scenario);
            set_some(model, catalog, scenario);
        }
        Action::Reset => change(model, catalog, model.history.first.clone()),
        Action::SwapEnds => change(model, catalog, model.scenario.swapped()),
        Action::SetA => {
            model.history.scenario_a = Some(model.scenario.clone());
            refresh(model, catalog);
            let compare = model.settings.keymap.shown(Action::Compare);
            model.notice = Some(format!("Set as A. Press {compare} to compare another scenario with it."));
        }
        Action::SwapSides => {
            if let Some(scenario_a) = model.history.scenario_a.replace(model.scenario.clone()) {
                change(model, catalog, scenario_a);
            }
        }
        Action::Help => model.overlay = Some(Overlay::Page(help(model, false))),
        Action::Palette => model.overlay = Some(palette(model, catalog)),
        Action::Filter => {
            let typed = model.screens.top().state().filtered().to_owned();
            model.overlay = Some(Overlay::Prompt(Input::new(typed)));
        }
        Action::Rule => match model.derived.answer.rule {
            Some(rule) => model.overlay = Some(explorer::rule_overlay(rule)),
            None => model.notice = Some(NO_RULE.to_owned()),
        },
        Action::Answer => model.overlay = Some(Overlay::Page(answer(model, catalog))),
        Action::Lessons => match tour::list(model) {
            Ok(list) => model.overlay = Some(list),
            Err(wrong) => model.notice = Some(wrong),
        },
        Action::Theme => {
            model.settings.theme = model.settings.theme.next();
            model.notice = Some(format!("Theme: {}.", model.settings.theme.name()));
        }
        Action::Zoom => {
            model.zoomed = !model.zoomed;
            refresh(model, catalog);
        }
        Action::Symbols => model.settings.ascii = !model.settings.ascii,
        Action::CopyLink => return Some(Effect::Copy(model.settings.address(&model.derived.link))),
        Action::OpenSaved => return Some(Effect::ListSaved),
        Action::Save => model.overlay = Some(save_export::name()),
        Action::Export => model.overlay = Some(save_export::formats()),
        Action::CopyMessage => return model.derived.message.clone().map(Effect::Copy),
        // An action with the id of a screen opens it.
        _ => ScreenKind::parse(action.info().id).into_iter().for_each(|kind| open(model, catalog, kind)),
    }
    None
}

/// The help with the reasons why actions are not available.
fn help(model: &Model, all: bool) -> Page {
    let context = (model.screens.top().kind(), model.has_tour(), all);
    Page::of_help(&model.settings.keymap, context, |action| unavailable(model, action))
}

/// Returns every action that the screen below can use, and every setting.
fn palette(model: &Model, catalog: &Catalog) -> Overlay {
    let context = KeyContext::Screen(model.screens.top().kind());
    let usable = |scope: Scope| match scope {
        Scope::Text | Scope::Search => false,
        Scope::Tour => model.has_tour(),
        Scope::Everywhere | Scope::Screens | Scope::On(_) => scope.holds_in(context),
    };
    let actions = ACTIONS.iter().filter(|info| usable(info.scope)).map(|info| Item {
        key: model.settings.keymap.shown(info.action),
        detail: info.doc.to_owned(),
        problem: unavailable(model, info.action).map(str::to_owned),
        ..Item::new(info.title, Pick::Action(info.action))
    });
    let settings = Picker::settings(catalog, &model.scenario);
    Overlay::Picker(Box::new(Picker::new("Commands".to_owned(), None, settings.chain(actions).collect())))
}

/// The whole answer, for terminals on which the verdict pane is too small.
fn answer(model: &Model, catalog: &Catalog) -> Page {
    let derived = &model.derived;
    let mut parts: Vec<(String, String)> = vec![("Scenario".to_owned(), derived.link.clone())];
    parts.extend(derived.message.clone().map(|message| ("libvirt reports".to_owned(), message)));
    parts.extend(derived.answer.depends_on.iter().map(|unknown| {
        let answer = |possible: &Possible| {
            let outcome = outcome(Outcome { verdict: possible.verdict, rule: possible.rule, row: None });
            format!("{}: {outcome}", possible.value)
        };
        let values: Vec<String> = unknown.answers.iter().map(answer).collect();
        (format!("Unknown: {}", unknown.input), format!("{}\n{}", values.join("\n"), how_to_find_out(&unknown.input)))
    }));
    let mut why = derived.explanation.why.clone();
    why.push(derived.explanation.notice.clone());
    parts.push(("Why".to_owned(), why.join("\n")));
    let evidence = "docs/EVIDENCE.md counts what was recorded, read and inferred.";
    parts.push(("Confidence".to_owned(), format!("{}\n{evidence}", derived.explanation.basis)));
    for (index, fix) in derived.remedies(catalog, &model.scenario).iter().enumerate() {
        let (Application::Xml(how) | Application::Command(how)) = &fix.how;
        let lost = fix.loses.iter().flatten().map(|feature| catalog.feature_name(*feature)).collect::<Vec<_>>();
        let lost = if lost.is_empty() { String::new() } else { format!(" The guest loses {}.", lost.join(", ")) };
        let cost = format!("Cost: {}.{lost}", fix_cost(catalog, fix));
        parts.push((format!("Fix {}: {}", index + 1, fix.text), format!("{cost}\n{how}")));
    }
    Page::of_paragraphs(&derived.explanation.headline, &parts)
}

/// Applies what a screen returned.
fn apply_response(model: &mut Model, catalog: &Catalog, response: ScreenResponse) -> Option<Effect> {
    match response {
        ScreenResponse::Ignored | ScreenResponse::Done => {}
        ScreenResponse::Say(text) => model.notice = Some(text),
        ScreenResponse::Change(scenario) => change(model, catalog, *scenario),
        ScreenResponse::Visit(scenario) => {
            model.screens.close_all();
            change(model, catalog, *scenario);
        }
        ScreenResponse::Show(overlay) => model.overlay = Some(*overlay),
        ScreenResponse::Values(choice) => model.open_values(catalog, choice),
        ScreenResponse::Effect(effect) => return Some(effect),
    }
    None
}

/// Opens a screen over the current one; a screen that keeps its state is opened as it was left.
pub fn open(model: &mut Model, catalog: &Catalog, kind: ScreenKind) {
    let context = screen_context!(model, catalog);
    let mut last = model.screens.last(kind).cloned();
    let again = last.take_if(|screen| screen.state_mut().reopen(&context));
    let mut screen = again.unwrap_or_else(|| Screen::open(kind, &context));
    if let Some(feature) = model.screens.top().state().feature(&context) {
        screen.state_mut().open_feature(&context, feature);
    }
    if let Some(stage) = model.screens.top().state().stage() {
        screen.state_mut().open_stage(&context, stage);
    }
    model.screens.push(screen);
    refresh_top(model, catalog);
}

/// Changes the scenario; Undo returns to the previous one.
pub(crate) fn change(model: &mut Model, catalog: &Catalog, scenario: Scenario) {
    if scenario != model.scenario {
        let is_another_guest = model.scenario.running.is_some() && scenario.running.is_none();
        model.history.push(catalog, &model.scenario);
        model.remember_products(&scenario);
        put(model, catalog, scenario);
        if is_another_guest {
            let undo = model.settings.keymap.shown(Action::Undo);
            model.notice = Some(format!("Changing this needs a restart. Press {undo} to return to the running guest."));
        }
    }
}

fn back(model: &mut Model, catalog: &Catalog) {
    if !model.screens.pop() && !tour::back(model, catalog) {
        let quit = model.settings.keymap.shown(Action::Quit);
        model.notice = Some(format!("This is the explorer, the first screen. Press {quit} to quit."));
    }
}

fn set_some(model: &mut Model, catalog: &Catalog, scenario: Option<Scenario>) {
    if let Some(scenario) = scenario {
        put(model, catalog, scenario);
    }
}

pub(super) fn put(model: &mut Model, catalog: &Catalog, scenario: Scenario) {
    model.derived = Derived::of(catalog, &scenario);
    model.scenario = scenario;
    refresh(model, catalog);
}

fn refresh(model: &mut Model, catalog: &Catalog) {
    let context = screen_context!(model, catalog);
    model.screens.refresh(&context);
}

fn ask_screen(
    model: &mut Model,
    catalog: &Catalog,
    ask: impl FnOnce(&mut Screen, &ScreenContext<'_>) -> ScreenResponse,
) -> ScreenResponse {
    let context = screen_context!(model, catalog);
    ask(model.screens.top_mut(), &context)
}
