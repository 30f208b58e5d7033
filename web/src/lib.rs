//! Runs the explorer in a page. The page calls the exported functions for each event, then [`frame`], and draws the
//! cells that it returns.
//!
//! Text goes in through the memory that [`text`] returns, and comes out as JSON. Nothing here knows of documents,
//! canvases or clocks.

use serde_json::{Value, json};
use std::cell::RefCell;
use virt_cpu_explorer::internal::app::key::Key;
use virt_cpu_explorer::internal::app::model::Model;
use virt_cpu_explorer::internal::app::overlay::{Overlay, Question};
use virt_cpu_explorer::internal::app::screens::ScreenKind;
use virt_cpu_explorer::internal::app::script::Step;
use virt_cpu_explorer::internal::app::settings::{Size, ThemeName};
use virt_cpu_explorer::internal::app::update::{self, Effect};
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::tui::{self, Options, Rgb, Screen};

/// The explorer, what it was told and what it says.
#[derive(Default)]
struct Page {
    /// The facts and the model; `None` before [`start`].
    explorer: Option<(Catalog, Model)>,
    /// The text of the next event.
    text: Vec<u8>,
    /// What the page is to do outside of the explorer.
    tasks: Vec<Value>,
    /// The answer to `exists`: what is asked again if the name is taken.
    asked: Option<(Question, String)>,
    /// The cells of the last frame, [`WORDS`] for each.
    cells: Vec<u32>,
    /// What else belongs to the last frame, as JSON.
    about: String,
    /// Where the parts of the last frame are, for the page: cells and their number, JSON and its bytes.
    parts: [usize; 4],
}

/// The words of a cell: its character, its colours, its modifiers with its width.
const WORDS: usize = 4;

thread_local! {
    static PAGE: RefCell<Page> = RefCell::default();
    /// The message of the panic that ended the explorer.
    static FAILURE: RefCell<String> = RefCell::default();
}

impl Page {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }

    fn with(&mut self, change: impl FnOnce(&mut Model, &Catalog) -> Option<Effect>) {
        let Some((catalog, model)) = &mut self.explorer else { return };
        let effect = change(model, catalog);
        if let Some(effect) = effect {
            self.perform(effect);
        }
    }

    fn say(&mut self, notice: String) {
        if let Some((_, model)) = &mut self.explorer {
            model.notice = Some(notice);
        }
    }

    /// Turns an effect into a task of the page.
    fn perform(&mut self, effect: Effect) {
        let Some((catalog, model)) = &mut self.explorer else { return };
        self.tasks.push(match effect {
            Effect::Quit => return self.say("Close the tab to quit.".to_owned()),
            Effect::Suspend => return self.say("A page cannot be suspended.".to_owned()),
            Effect::Redraw => json!({ "do": "redraw" }),
            Effect::Copy(text) => json!({ "do": "copy", "text": text, "then": update::copied(&text) }),
            Effect::CopyScreen(format) => {
                let then = format!("Copied this screen as {}.", format.name());
                json!({ "do": "copy", "text": tui::screen(model, catalog, format), "then": then })
            }
            Effect::Write { format, path, .. } => {
                json!({ "do": "download", "name": path, "text": tui::screen(model, catalog, format) })
            }
            Effect::ListSaved => json!({ "do": "list" }),
            Effect::Save { name, replace } => {
                self.asked = Some((Question::Name, name.clone()));
                json!({ "do": "save", "name": name, "link": model.derived.link, "replace": replace })
            }
            Effect::DeleteSaved(name) => json!({ "do": "delete", "name": name }),
        });
    }
}

/// Changes the page's explorer.
fn with(change: impl FnOnce(&mut Model, &Catalog, &str) -> Option<Effect>) {
    PAGE.with_borrow_mut(|page| {
        let text = page.text();
        page.with(|model, catalog| change(model, catalog, &text));
    });
}

/// Returns memory for the text of the next call, `length` bytes of UTF-8.
#[unsafe(no_mangle)]
pub extern "C" fn text(length: usize) -> *mut u8 {
    PAGE.with_borrow_mut(|page| {
        page.text.clear();
        page.text.resize(length, 0);
        page.text.as_mut_ptr()
    })
}

/// Opens the explorer. The text is the address of the page, a line feed, and a scenario's link if there is one.
#[unsafe(no_mangle)]
pub extern "C" fn start(columns: u16, lines: u16, theme: u32) {
    // A panic ends the explorer; its message is left where the page finds it.
    std::panic::set_hook(Box::new(|panic| FAILURE.set(panic.to_string())));
    PAGE.with_borrow_mut(|page| {
        let text = page.text();
        let (address, link) = text.split_once('\n').unwrap_or((&text, ""));
        let catalog = match embedded::catalog() {
            Ok(catalog) => catalog,
            Err(err) => {
                page.tasks.push(json!({ "do": "fail", "text": err.to_string() }));
                return;
            }
        };
        let (scenario, notice) = match Scenario::parse(&catalog, link.trim()) {
            Ok(scenario) => (scenario, None),
            Err(_) if link.trim().is_empty() => (Scenario::default_of(&catalog), None),
            Err(err) => {
                (Scenario::default_of(&catalog), Some(format!("Cannot open the scenario of the address: {err}")))
            }
        };
        let mut options = Options::default();
        options.settings.theme = theme_of(theme);
        options.settings.page = Some(address.to_owned());
        let size = Size { width: columns, height: lines };
        let mut model = options.open(&catalog, scenario, ScreenKind::Explorer, size);
        model.notice = notice;
        page.explorer = Some((catalog, model));
    });
}

fn theme_of(number: u32) -> ThemeName {
    match number {
        0 => ThemeName::Default,
        1 => ThemeName::Light,
        _ => ThemeName::HighContrast,
    }
}

/// Selects the theme for a dark background (0), a light one (1), or a high contrast.
#[unsafe(no_mangle)]
pub extern "C" fn theme(number: u32) {
    with(|model, _, _| {
        model.settings.theme = theme_of(number);
        None
    });
}

/// Lays the screen out for another size.
#[unsafe(no_mangle)]
pub extern "C" fn resize(columns: u16, lines: u16) {
    with(|model, catalog, _| {
        update::resize(model, catalog, Size { width: columns, height: lines });
        None
    });
}

/// Presses the key that the text names, in the notation of `docs/KEYS.md`. Returns whether it is a key.
#[unsafe(no_mangle)]
pub extern "C" fn press() -> bool {
    let mut known = false;
    with(|model, catalog, text| {
        let key = Key::parse(text).ok();
        known = key.is_some();
        update::press(model, catalog, key?)
    });
    known
}

/// Pastes the text.
#[unsafe(no_mangle)]
pub extern "C" fn paste() {
    with(|model, catalog, text| {
        update::paste(model, catalog, text);
        None
    });
}

/// Opens the scenario of the link that the text is.
#[unsafe(no_mangle)]
pub extern "C" fn open() {
    with(|model, catalog, text| tui::perform(model, catalog, &Step::Scenario(text.to_owned())));
}

/// Clicks on a column and a line, counted from 1.
#[unsafe(no_mangle)]
pub extern "C" fn click(column: u16, line: u16) {
    with(|model, catalog, _| tui::perform(model, catalog, &Step::Click(column, line)));
}

/// Turns the wheel over a column and a line, counted from 1.
#[unsafe(no_mangle)]
pub extern "C" fn wheel(up: bool, column: u16, line: u16) {
    with(|model, catalog, _| tui::perform(model, catalog, &Step::Wheel(up, column, line)));
}

/// Does a part of the postponed work of the screen: about a millisecond's. Returns whether there was any.
#[unsafe(no_mangle)]
pub extern "C" fn idle() -> bool {
    let mut worked = false;
    with(|model, catalog, _| {
        worked = update::idle(model, catalog);
        None
    });
    worked
}

/// Moves a screen that plays on by one step. Returns whether it plays.
#[unsafe(no_mangle)]
pub extern "C" fn tick() -> bool {
    let mut playing = false;
    with(|model, _, _| {
        playing = update::is_playing(model);
        update::tick(model);
        None
    });
    playing
}

/// Says in the bottom line what came of a task: the text.
#[unsafe(no_mangle)]
pub extern "C" fn say() {
    with(|model, _, text| {
        model.notice = Some(text.to_owned());
        None
    });
}

/// Lists the saved scenarios: the text is a JSON array of pairs of a name and a link.
#[unsafe(no_mangle)]
pub extern "C" fn list() {
    with(|model, catalog, text| {
        let saved: Vec<(String, String)> = serde_json::from_str(text).unwrap_or_default();
        update::list_saved(model, catalog, &saved);
        None
    });
}

/// Asks whether to replace the scenario that was to be saved: its name is taken.
#[unsafe(no_mangle)]
pub extern "C" fn taken() {
    PAGE.with_borrow_mut(|page| {
        if let (Some((question, name)), Some((_, model))) = (page.asked.take(), &mut page.explorer) {
            update::ask_to_overwrite(model, question, name);
        }
    });
}

/// Removes the scenario that the text names from the list: it was deleted.
#[unsafe(no_mangle)]
pub extern "C" fn deleted() {
    with(|model, catalog, text| {
        update::saved_deleted(model, catalog, text);
        None
    });
}

/// Draws a frame, and returns where its parts are: the cells, their words, the JSON, its bytes.
#[unsafe(no_mangle)]
pub extern "C" fn frame() -> *const usize {
    PAGE.with_borrow_mut(|page| {
        let tasks = std::mem::take(&mut page.tasks);
        let Some((catalog, model)) = &page.explorer else {
            page.about = json!({ "tasks": tasks }).to_string();
            page.parts = [0, 0, page.about.as_ptr() as usize, page.about.len()];
            return page.parts.as_ptr();
        };
        let colours = Screen::of(model.settings.theme);
        let buffer = tui::draw(model, catalog);
        page.cells.clear();
        page.cells.reserve(buffer.content.len() * WORDS);
        for cell in &buffer.content {
            let (front, back) = colours.colours(cell);
            let character = cell.symbol().chars().next().unwrap_or(' ');
            page.cells.extend([u32::from(character), word(front), word(back), u32::from(cell.modifier.bits())]);
        }
        let headline = &model.derived.explanation.headline;
        page.about = json!({
            "columns": buffer.area.width,
            "lines": buffer.area.height,
            "background": word(colours.background),
            "link": model.derived.link,
            "address": model.settings.address(&model.derived.link),
            "title": model.screens.top().kind().title(),
            "verdict": headline,
            "notice": model.notice,
            "typing": matches!(model.overlay, Some(Overlay::Picker(_) | Overlay::Prompt(_) | Overlay::Ask(_))),
            "tasks": tasks,
        })
        .to_string();
        page.parts = [page.cells.as_ptr() as usize, page.cells.len(), page.about.as_ptr() as usize, page.about.len()];
        page.parts.as_ptr()
    })
}

/// Returns the start of the message of the panic that ended the explorer, and its bytes in [`failure_length`].
#[unsafe(no_mangle)]
pub extern "C" fn failure() -> *const u8 {
    FAILURE.with_borrow(|text| text.as_ptr())
}

/// Returns the bytes of the message that [`failure`] returns.
#[unsafe(no_mangle)]
pub extern "C" fn failure_length() -> usize {
    FAILURE.with_borrow(String::len)
}

fn word((red, green, blue): Rgb) -> u32 {
    u32::from_be_bytes([0, red, green, blue])
}
