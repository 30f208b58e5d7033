//! Does what keys, text, the mouse and the terminal ask for. Changes only the model; what is to happen outside of it is
//! returned and done by the loop.

use super::action::{Action, Context};
use super::derived::Derived;
use super::export::Format;
use super::key::Key;
use super::model::Model;
use super::overlay::Overlay;
use super::page::Page;
use super::screens::{Screen, ScreenContext, ScreenKind, ScreenResponse, Target, explorer};
use super::script;
use super::settings::Size;
use super::tour;
use crate::analysis::remedies::How;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use tui_input::{Input, InputRequest};

/// What screens may look at; no function, because that would borrow the whole model.
macro_rules! world {
    ($model:ident, $catalog:ident) => {
        ScreenContext {
            catalog: $catalog,
            scenario: &$model.scenario,
            derived: &$model.derived,
            kept: $model.history.kept.as_ref(),
            size: $model.room(),
        }
    };
}

mod overlay;
mod pickers;
mod save_export;

pub use pickers::pick_value;
pub use save_export::{forgotten, offer, taken};

use pickers::{look_ahead, palette};

/// Something to be done outside of the model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// The program is to end.
    Quit,
    /// The terminal is to go back to the shell until the program is resumed.
    Suspend,
    /// Everything is to be drawn anew.
    Redraw,
    /// This is to be put on the clipboard.
    Copy(String),
    /// The screen is to be put on the clipboard in this form.
    CopyScreen(Format),
    /// What is kept is to be read and offered.
    Recall,
    /// The scenario is to be kept under a name.
    Keep {
        /// The name.
        name: String,
        /// Whether another scenario of this name may be replaced.
        replace: bool,
    },
    /// What is kept under this name is to be forgotten.
    Forget(String),
    /// The screen is to be written to a file.
    Write {
        /// In this form.
        format: Format,
        /// The file.
        path: String,
        /// Whether a file of this name may be replaced.
        replace: bool,
    },
}

/// Does what `key` stands for where one is.
pub fn press(model: &mut Model, catalog: &Catalog, key: Key) -> Option<Effect> {
    let context = model.context();
    if let (Context::Text, Some(letter)) = (context, key.typed()) {
        script::show(model, |demo, _| demo.typed(&letter.to_string()));
        overlay::edit(model, catalog, InputRequest::InsertChar(letter));
        tour::follow(model, catalog);
        return None;
    }
    if let Some(action) = of_lesson(model, key, context) {
        return update(model, catalog, action);
    }
    let action = model.settings.keymap.action(key, context)?;
    script::show(model, |demo, model| demo.did(action, &model.settings.keymap));
    update(model, catalog, action)
}

/// Returns what `key` asks of the lesson under way, if it asks anything of it.
fn of_lesson(model: &Model, key: Key, context: Context) -> Option<Action> {
    let keymap = &model.settings.keymap;
    let action = keymap.action(key, Context::Tour)?;
    // A letter that the screen has a use for is the screen's; only an answer is asked for before it.
    let answer = tour::ANSWERS.contains(&action);
    let taken = !answer && keymap.action(key, context).is_some();
    (context != Context::Text && !taken && action.is_available(model)).then_some(action)
}

/// Types `letters`, where text can be typed.
pub fn write(model: &mut Model, catalog: &Catalog, letters: &str) {
    for letter in letters.chars().filter(|letter| !letter.is_control()) {
        overlay::edit(model, catalog, InputRequest::InsertChar(letter));
    }
}

/// How many letters are taken where text can be typed: more than any name has, and few enough to look for at once.
const MOST_TYPED: usize = 256;
/// The longest text that is read as a scenario, in bytes.
const LONGEST_WORD: usize = 1 << 14;

/// Types `text`, where text can be typed; elsewhere reads it as the word of a scenario. However much is pasted, the
/// work is bounded.
pub fn paste(model: &mut Model, catalog: &Catalog, text: &str) {
    if model.context() == Context::Text {
        write(model, catalog, &typed(text));
        if letters(text).nth(MOST_TYPED).is_some() {
            model.notice = Some(format!("only the first {MOST_TYPED} letters of what was pasted were taken"));
        }
        return;
    }
    match pasted_scenario(catalog, text) {
        Ok(scenario) => {
            change(model, catalog, scenario);
            tour::follow(model, catalog);
        }
        Err(fault) => model.notice = Some(format!("what was pasted is no scenario: {fault}")),
    }
}

/// Returns the letters of a pasted text that are typed.
pub(super) fn typed(text: &str) -> String {
    letters(text).take(MOST_TYPED).collect()
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|letter| !letter.is_control())
}

/// Returns the scenario that a pasted text is.
///
/// # Errors
/// Why it is none.
pub(super) fn pasted_scenario(catalog: &Catalog, text: &str) -> Result<Scenario, String> {
    if text.len() > LONGEST_WORD {
        return Err(format!("it has {} bytes", text.len()));
    }
    Scenario::parse(catalog, text.trim()).map_err(|error| error.to_string())
}

/// Notes that the terminal has another size.
pub fn resize(model: &mut Model, catalog: &Catalog, size: Size) {
    model.size = size;
    refresh(model, catalog);
}

/// Does what a click on `target` stands for.
pub fn click(model: &mut Model, catalog: &Catalog, target: Target) -> Option<Effect> {
    let effect = clicked(model, catalog, target);
    tour::follow(model, catalog);
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
    let reply = ask_screen(model, catalog, |screen, world| screen.state_mut().click(world, target));
    apply_response(model, catalog, reply)
}

/// Does a little of what is left to do, while nothing is typed. Returns whether anything was done.
pub fn idle(model: &mut Model, catalog: &Catalog) -> bool {
    let world = world!(model, catalog);
    model.screens.top_mut().state_mut().idle(&world)
}

/// Moves what the wheel is turned over.
pub fn scroll(model: &mut Model, catalog: &Catalog, target: Option<Target>, action: Action) {
    if model.overlay.is_none() && target.is_some() {
        let wanted = |screen: &mut Screen, world: &ScreenContext<'_>| screen.state_mut().scroll(world, target, action);
        let reply = ask_screen(model, catalog, wanted);
        if !matches!(reply, ScreenResponse::Ignored) {
            apply_response(model, catalog, reply);
            return;
        }
    }
    update(model, catalog, action);
}

/// What is done wherever one is.
const AT_ONCE: [(Action, Effect); 3] =
    [(Action::QuitNow, Effect::Quit), (Action::Suspend, Effect::Suspend), (Action::Redraw, Effect::Redraw)];

/// Does an action, and lets a lesson under way see what came of it.
pub fn update(model: &mut Model, catalog: &Catalog, action: Action) -> Option<Effect> {
    let effect = act(model, catalog, action);
    tour::follow(model, catalog);
    effect
}

fn act(model: &mut Model, catalog: &Catalog, action: Action) -> Option<Effect> {
    if let Some((_, effect)) = AT_ONCE.iter().find(|(known, _)| *known == action) {
        return Some(effect.clone());
    }
    model.notice = None;
    if !action.is_available(model) {
        model.notice = Some(format!("{}: not possible now", action.info().title));
        return None;
    }
    if tour::update(model, catalog, action) {
        return None;
    }
    if let overlay::Whose::Ours(effect) = overlay::update(model, catalog, action) {
        return effect;
    }
    let reply = ask_screen(model, catalog, |screen, world| screen.state_mut().update(world, action));
    if matches!(reply, ScreenResponse::Ignored) {
        program(model, catalog, action)
    } else {
        apply_response(model, catalog, reply)
    }
}

/// Does an action that no screen wanted.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other actions mean something only where they were asked before"
)]
fn program(model: &mut Model, catalog: &Catalog, action: Action) -> Option<Effect> {
    match action {
        Action::Quit => return Some(Effect::Quit),
        Action::Back => back(model, catalog),
        Action::Undo => {
            let scenario = model.history.undo(&model.scenario);
            put_some(model, catalog, scenario);
        }
        Action::Redo => {
            let scenario = model.history.redo(&model.scenario);
            put_some(model, catalog, scenario);
        }
        Action::Reset => change(model, catalog, model.history.first.clone()),
        Action::SwapEnds => change(model, catalog, model.scenario.swapped()),
        Action::Keep => {
            model.history.kept = Some(model.scenario.clone());
            refresh(model, catalog);
            let compare = model.settings.keymap.shown(Action::Compare);
            model.notice = Some(format!("kept as A; {compare} shows what differs from it"));
        }
        Action::SwapSides => {
            if let Some(kept) = model.history.kept.replace(model.scenario.clone()) {
                change(model, catalog, kept);
            }
        }
        Action::Help => model.overlay = Some(Overlay::Page(Page::of_help(&model.settings.keymap))),
        Action::Palette => model.overlay = Some(palette(model, catalog)),
        Action::Filter => {
            let typed = model.screens.top().state().filtered().to_owned();
            model.overlay = Some(Overlay::Prompt(Input::new(typed)));
        }
        Action::Rule => match model.derived.answer.rule {
            Some(rule) => model.overlay = Some(explorer::rule_overlay(rule)),
            None => model.notice = Some("no rule decided: the answer depends".to_owned()),
        },
        Action::Answer => model.overlay = Some(Overlay::Page(answer(model))),
        Action::Lessons => match tour::list(model) {
            Ok(list) => model.overlay = Some(list),
            Err(wrong) => model.notice = Some(wrong),
        },
        Action::Theme => {
            model.settings.theme = model.settings.theme.next();
            model.notice = Some(format!("theme: {}", model.settings.theme.name()));
        }
        Action::Symbols => model.settings.ascii = !model.settings.ascii,
        Action::CopyLink => return Some(Effect::Copy(model.derived.word.clone())),
        Action::OpenKept => return Some(Effect::Recall),
        Action::Save => model.overlay = Some(save_export::name()),
        Action::Export => model.overlay = Some(save_export::forms()),
        Action::CopyMessage => return model.derived.message.clone().map(Effect::Copy),
        // An action that has its id from a screen opens it.
        _ => ScreenKind::parse(action.info().id).into_iter().for_each(|kind| open(model, catalog, kind)),
    }
    None
}

/// The whole answer, for those to whom the screen is too small.
fn answer(model: &Model) -> Page {
    let derived = &model.derived;
    let mut parts: Vec<(String, String)> = vec![("Scenario".to_owned(), derived.word.clone())];
    parts.extend(derived.message.clone().map(|message| ("libvirt says".to_owned(), message)));
    let mut why = derived.explanation.why.clone();
    why.push(derived.explanation.notice.clone());
    parts.push(("Why".to_owned(), why.join("\n")));
    parts.push(("How sure".to_owned(), derived.explanation.basis.clone()));
    for (number, way) in derived.remedies.iter().enumerate() {
        let (How::Xml(how) | How::Command(how)) = &way.how;
        let restart = if way.restart { "with a restart of the guest" } else { "without a restart of the guest" };
        parts.push((format!("Way out {}: {}", number + 1, way.text), format!("{restart}\n{how}")));
    }
    Page::of_paragraphs(&derived.explanation.headline, &parts)
}

/// Does what a screen asked for.
fn apply_response(model: &mut Model, catalog: &Catalog, reply: ScreenResponse) -> Option<Effect> {
    match reply {
        ScreenResponse::Ignored | ScreenResponse::Done => {}
        ScreenResponse::Say(text) => model.notice = Some(text),
        ScreenResponse::Change(scenario) => change(model, catalog, *scenario),
        ScreenResponse::Visit(scenario) => {
            model.screens.to_first();
            change(model, catalog, *scenario);
        }
        ScreenResponse::Show(overlay) => model.overlay = Some(*overlay),
        ScreenResponse::Effect(effect) => return Some(effect),
    }
    None
}

/// Opens a screen over the one that is seen, or opens it again.
pub fn open(model: &mut Model, catalog: &Catalog, kind: ScreenKind) {
    let world = world!(model, catalog);
    let mut last = model.screens.last(kind).cloned();
    let again = last.take_if(|screen| screen.state_mut().reopen(&world));
    let mut screen = again.unwrap_or_else(|| Screen::open(kind, &world));
    if let Some(feature) = model.screens.top().state().feature(&world) {
        screen.state_mut().come_from(&world, feature);
    }
    model.screens.push(screen);
}

/// Goes to another scenario, from where one can come back.
pub fn change(model: &mut Model, catalog: &Catalog, scenario: Scenario) {
    if scenario != model.scenario {
        let is_another_guest = model.scenario.running.is_some() && scenario.running.is_none();
        model.history.leave(model.scenario.clone());
        put(model, catalog, scenario);
        if is_another_guest {
            let undo = model.settings.keymap.shown(Action::Undo);
            model.notice = Some(format!("this guest is started anew; {undo} goes back to the one that runs"));
        }
    }
}

fn back(model: &mut Model, catalog: &Catalog) {
    if !model.screens.pop() && !tour::back(model, catalog) {
        let quit = model.settings.keymap.shown(Action::Quit);
        model.notice = Some(format!("this is the first screen; {quit} quits"));
    }
}

fn put_some(model: &mut Model, catalog: &Catalog, scenario: Option<Scenario>) {
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
    let world = world!(model, catalog);
    for screen in model.screens.iter_mut() {
        screen.state_mut().refresh(&world);
    }
}

fn ask_screen(
    model: &mut Model,
    catalog: &Catalog,
    ask: impl FnOnce(&mut Screen, &ScreenContext<'_>) -> ScreenResponse,
) -> ScreenResponse {
    let world = world!(model, catalog);
    ask(model.screens.top_mut(), &world)
}
