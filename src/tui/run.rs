//! Runs the program on a terminal: reads events, updates the model, performs effects, draws frames.

use super::cast::Cast;
use super::flash::Flash;
use super::options::Options;
use super::play::{Player, PlayerResponse};
use super::record::Record;
use super::signals::Signals;
use super::terminal::Guard;
use super::theme::Theme;
use super::view::{self, ViewContext};
use super::{input, step};
use crate::app::action::{Action, KeyContext};
use crate::app::key::{Key, KeyError, parse_all};
use crate::app::model::Model;
use crate::app::screens::ScreenKind;
use crate::app::script::Step;
use crate::app::settings::{Background, Size, ThemeName};
use crate::app::update::{self, Effect};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::domain::text::visible;
use crate::storage::ScenarioStore;
use crossterm::event::Event;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How long to look for an event that came before. With a time of zero crossterm 0.29 finds none.
const AT_ONCE: Duration = Duration::from_micros(100);
/// How often to check for signals without an event.
const PATIENCE: Duration = Duration::from_millis(100);
/// The time between two steps of a screen that plays.
const TICK: Duration = Duration::from_millis(700);
/// How often to draw while a screen does postponed work.
const FRAME: Duration = Duration::from_millis(50);

/// Says why the explorer does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The keys to press cannot be parsed.
    #[error("--keys: {0}")]
    Keys(KeyError),
    /// Standard output is not a terminal.
    #[error(
        "standard output is not a terminal; use --print for one screen as text, `check` for the verdict, or `tour LESSON --print` for a lesson"
    )]
    NoTerminal,
    /// The terminal has no cursor addressing.
    #[error(
        "this terminal (TERM=dumb) cannot show the explorer; use --print for one screen as text, or `check` for the verdict"
    )]
    DumbTerminal,
    /// The terminal or a recording fails.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Runs the program until the user quits it. Scenarios are saved in `store`.
///
/// # Errors
/// Standard output is not a usable terminal, the keys cannot be parsed, or the terminal fails.
pub fn run(catalog: &Catalog, scenario: Scenario, options: Options, store: ScenarioStore) -> Result<(), RunError> {
    let keys = parse_all(&options.keys).map_err(RunError::Keys)?;
    if !std::io::stdout().is_terminal() {
        return Err(RunError::NoTerminal);
    }
    if std::env::var("TERM").is_ok_and(|term| term == "dumb") {
        return Err(RunError::DumbTerminal);
    }
    // Recordings are started before the terminal is taken, so that errors are visible.
    let size = crossterm::terminal::size()?;
    let cast = options.record.as_ref().map(|path| Cast::begin(path, size)).transpose()?;
    let link = scenario.link(catalog);
    let record = options.record_keys.as_ref().map(|path| Record::begin(path, &link, size)).transpose()?;
    let signal = Signals::listen()?;
    let mut options = options;
    options.settings.background = background(options.settings.theme);
    let guard = Guard::take_recorded(options.settings.mouse, cast)?;
    // The first poll starts listening for resize events. The size is read after it, so that no resize is lost.
    crossterm::event::poll(Duration::ZERO)?;
    let (width, height) = crossterm::terminal::size()?;
    let mut model = options.open(catalog, scenario, ScreenKind::Explorer, Size { width, height });
    // A file that cannot be read is reported when the list of saved scenarios is opened.
    for saved in store.list().unwrap_or_default().iter().rev().filter_map(|s| Scenario::parse(catalog, &s.link).ok()) {
        model.remember_products(&saved);
    }
    let player = (!options.replay.is_empty()).then(|| Player::new(options.replay));
    let harmless = player.is_some() && !options.allow_effects;
    let mut running = Running { catalog, model, guard, store, player, harmless, record, flash: Flash::default() };
    let outcome = running.type_all(&keys).and_then(|ended| if ended { Ok(()) } else { running.turn(&signal) });
    running.end();
    signal.pass_on()?;
    Ok(outcome?)
}

/// The program at work.
pub(super) struct Running<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) model: Model,
    pub(super) guard: Guard,
    pub(super) store: ScenarioStore,
    player: Option<Player>,
    /// Whether the steps of a replay have no effect outside the program.
    harmless: bool,
    record: Option<Record>,
    flash: Flash,
}

/// Asks the terminal for its background, for themes that work on both. One that does not answer within a second is
/// not known.
fn background(theme: ThemeName) -> Background {
    if matches!(theme, ThemeName::Mono | ThemeName::Light) {
        return Background::Unknown;
    }
    match terminal_colorsaurus::theme_mode(terminal_colorsaurus::QueryOptions::default()) {
        Ok(terminal_colorsaurus::ThemeMode::Dark) => Background::Dark,
        Ok(terminal_colorsaurus::ThemeMode::Light) => Background::Light,
        Err(_) => Background::Unknown,
    }
}

impl Running<'_> {
    fn type_all(&mut self, keys: &[Key]) -> std::io::Result<bool> {
        for key in keys {
            let effect = self.press(*key);
            if self.done(effect)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn turn(&mut self, signal: &Signals) -> std::io::Result<()> {
        loop {
            self.draw()?;
            if !self.wait(signal)? {
                return Ok(());
            }
            // Every event is handled, none is dropped; only drawing waits until there is none left.
            loop {
                let effect = self.receive(crossterm::event::read()?);
                if self.done(effect)? || signal.came() {
                    return Ok(());
                }
                if !crossterm::event::poll(AT_ONCE)? {
                    break;
                }
            }
        }
    }

    /// Waits for an event, and does postponed work of the screen meanwhile. Returns false if a signal came first.
    fn wait(&mut self, signal: &Signals) -> std::io::Result<bool> {
        let (mut drawn, mut worked) = (Instant::now(), false);
        let mut ticked = Instant::now();
        loop {
            if update::is_playing(&self.model) && ticked.elapsed() >= TICK {
                update::tick(&mut self.model);
                self.draw()?;
                ticked = Instant::now();
            }
            let works = update::idle(&mut self.model, self.catalog);
            let marked = self.flash.left();
            if (works && drawn.elapsed() >= FRAME) || (worked && !works) || marked == Some(Duration::ZERO) {
                self.draw()?;
                drawn = Instant::now();
            }
            worked = works;
            let patience = marked.map_or(self.timeout(), |marked| marked.min(self.timeout()));
            if crossterm::event::poll(if works { AT_ONCE } else { patience })? {
                return Ok(true);
            }
            if signal.came() || self.play()? {
                return Ok(false);
            }
            let stopped = signal.take_stop();
            if stopped {
                self.guard.suspend()?;
            }
            if signal.take_continued() || stopped {
                self.guard.resume()?;
                self.draw()?;
            }
        }
    }

    /// Returns how long to wait for an event.
    fn timeout(&self) -> Duration {
        let rest = self.player.as_ref().and_then(Player::delay);
        rest.map_or(PATIENCE, |rest| rest.min(PATIENCE))
    }

    /// Performs the next step of the replay when its time has come. Returns whether the program is to end.
    fn play(&mut self) -> std::io::Result<bool> {
        let Some(player) = self.player.as_mut().filter(|player| player.delay() == Some(Duration::ZERO)) else {
            return Ok(false);
        };
        let effect = player.next(&mut self.model, self.catalog);
        let refused = effect.as_ref().filter(|_| self.harmless).and_then(Effect::outside);
        if let Some(what) = refused {
            self.model.notice = Some(format!("The replay may not {what}; --allow-effects allows it."));
        }
        let effect = effect.filter(|_| refused.is_none());
        if player.is_over() {
            self.player = None;
            self.model.end_demo();
        }
        let ended = self.done(effect)?;
        self.draw()?;
        Ok(ended)
    }

    fn press(&mut self, key: Key) -> Option<Effect> {
        if let Some(player) = &mut self.player {
            // During a replay a key is for the player, also while a prompt is open.
            let context = KeyContext::Screen(self.model.screens.top().kind());
            let asked = self.model.settings.keymap.action(key, context);
            match player.key(&mut self.model, key, asked) {
                PlayerResponse::Ignored => return None,
                PlayerResponse::Stop => {
                    self.player = None;
                    return None;
                }
                PlayerResponse::Key => {}
            }
        }
        self.record_step(|model| Step::of_key(model, key));
        update::press(&mut self.model, self.catalog, key)
    }

    /// Records a step before it is performed.
    fn record_step(&mut self, step: impl FnOnce(&Model) -> Option<Step>) {
        if let Some(record) = &mut self.record
            && let Some(step) =
                step(&self.model).filter(|step| !matches!(step, Step::Do(Action::Quit | Action::QuitNow)))
        {
            record.step(&step);
        }
    }

    fn receive(&mut self, event: Event) -> Option<Effect> {
        match event {
            Event::Key(event) => self.press(input::key(event)?),
            Event::Paste(text) => {
                let catalog = self.catalog;
                self.record_step(|model| Step::of_paste(model, catalog, &text));
                update::paste(&mut self.model, self.catalog, &text);
                None
            }
            Event::Resize(width, height) => {
                update::resize(&mut self.model, self.catalog, Size { width, height });
                None
            }
            Event::Mouse(event) => {
                let mouse = input::mouse(event)?;
                self.record_step(|_| Some(mouse.clone()));
                step::perform(&mut self.model, self.catalog, &mouse)
            }
            Event::FocusGained | Event::FocusLost => None,
        }
    }

    /// Restores the terminal, then reports errors of recordings and saves the last scenario.
    fn end(self) {
        let say = |what: &str, err: &dyn std::fmt::Display| {
            let text = format!("{what}: {err}");
            let _ = writeln!(std::io::stderr(), "virt-cpu-explorer: {}", visible(&text));
        };
        let recording = self.guard.recording_error();
        drop(self.guard);
        if let Some(err) = recording {
            say("the recording is incomplete", &err);
        }
        if let Some(mut record) = self.record {
            record.end();
            if let Some(err) = record.error() {
                say("the action list is incomplete", &err);
            }
        }
        if !self.harmless
            && let Err(err) = self.store.record_use(&self.model.own().link(self.catalog))
        {
            say("cannot save the last scenario", &err);
        }
    }

    fn draw(&mut self) -> std::io::Result<()> {
        let theme = Theme::of(&self.model.settings);
        let ctx = ViewContext { model: &self.model, catalog: self.catalog, theme: &theme };
        let flash = &mut self.flash;
        self.guard.draw(|frame| {
            let area = frame.area();
            view::render(ctx, area, frame.buffer_mut());
            flash.mark(ctx.model, ctx.theme, frame.buffer_mut());
        })
    }
}
