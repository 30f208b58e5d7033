//! Runs the program on a terminal: events to keys, keys to the model, effects done, one frame drawn.

use super::input;
use super::signals::Signals;
use super::terminal::Guard;
use super::theme::Theme;
use super::view::{self, Shown};
use crate::app::action::Action;
use crate::app::key::{Key, parse_all};
use crate::app::model::Model;
use crate::app::settings::{Settings, Size};
use crate::app::tour;
use crate::app::update::{self, Effect};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::files::Shelf;
use anyhow::{Context, bail};
use crossterm::event::{Event, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How the program is started.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// How it looks and listens.
    pub settings: Settings,
    /// Keys to press before the user does, in the notation of [`crate::app::key`].
    pub keys: String,
    /// What is open at the start.
    pub opening: Opening,
    /// Where scenarios are kept between runs.
    pub shelf: Shelf,
}

/// What is open at the start.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Opening {
    /// The first screen.
    #[default]
    First,
    /// The list of lessons.
    Lessons,
    /// The lesson of this name or number.
    Lesson(String),
}

impl Opening {
    /// Opens it.
    pub(super) fn open(&self, model: &mut Model, catalog: &Catalog) {
        match self {
            Self::First => {}
            Self::Lessons => drop(update::update(model, catalog, Action::Lessons)),
            Self::Lesson(word) => tour::open(model, catalog, word),
        }
    }
}

/// How often a signal is looked for while no event comes.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often a frame is drawn while the screen does what it left for later.
const FRAME: Duration = Duration::from_millis(50);

/// Runs the program until the user quits it.
///
/// # Errors
/// Standard output is no terminal that can be drawn on, the keys are none, or the terminal fails.
pub fn run(catalog: &Catalog, scenario: Scenario, options: Options) -> anyhow::Result<()> {
    let keys = parse_all(&options.keys).context("--keys")?;
    if !std::io::stdout().is_terminal() {
        bail!("standard output is not a terminal; try --print for one frame as text, or check for the verdict alone");
    }
    if std::env::var("TERM").is_ok_and(|term| term == "dumb") {
        bail!(
            "this terminal (TERM=dumb) cannot be drawn on; try --print for one frame as text, or check for the verdict alone"
        );
    }
    let signal = Signals::listen()?;
    let guard = Guard::take(options.settings.mouse)?;
    // The first look for events is what starts listening for changes of the size. The size is read after it: a change
    // is then either in what is read or comes as an event, however early it happens.
    crossterm::event::poll(Duration::ZERO)?;
    let (width, height) = crossterm::terminal::size()?;
    let mut model = Model::new(catalog, scenario, options.settings, Size { width, height });
    options.opening.open(&mut model, catalog);
    let mut running = Running { catalog, model, guard, shelf: options.shelf };
    let outcome = running.type_all(&keys).and_then(|ended| if ended { Ok(()) } else { running.turn(&signal) });
    let Running { model, guard, shelf, .. } = running;
    drop(guard);
    if let Err(fault) = shelf.used(&model.own().word(catalog)) {
        // The program has ended: nobody reads its screen any more.
        let _ = writeln!(std::io::stderr(), "virt-cpu-explorer: the scenario is not kept: {fault:#}");
    }
    signal.pass_on()?;
    outcome
}

/// The program at work.
pub(super) struct Running<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) model: Model,
    pub(super) guard: Guard,
    pub(super) shelf: Shelf,
}

impl Running<'_> {
    fn type_all(&mut self, keys: &[Key]) -> anyhow::Result<bool> {
        for key in keys {
            let effect = update::press(&mut self.model, self.catalog, *key);
            if self.done(effect)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn turn(&mut self, signal: &Signals) -> anyhow::Result<()> {
        loop {
            self.draw()?;
            if !self.wait(signal)? {
                return Ok(());
            }
            // Every event is handled, none is dropped; only drawing waits until there is none left.
            loop {
                let effect = receive(&mut self.model, self.catalog, crossterm::event::read()?);
                if self.done(effect)? || signal.came() {
                    return Ok(());
                }
                if !crossterm::event::poll(Duration::ZERO)? {
                    break;
                }
            }
        }
    }

    /// Waits for an event, and meanwhile does what the screen left for later. Returns false where a signal came first.
    fn wait(&mut self, signal: &Signals) -> anyhow::Result<bool> {
        let (mut drawn, mut worked) = (Instant::now(), false);
        loop {
            let works = update::idle(&mut self.model, self.catalog);
            if (works && drawn.elapsed() >= FRAME) || (worked && !works) {
                self.draw()?;
                drawn = Instant::now();
            }
            worked = works;
            if crossterm::event::poll(if works { Duration::ZERO } else { PATIENCE })? {
                return Ok(true);
            }
            if signal.came() {
                return Ok(false);
            }
        }
    }

    fn draw(&mut self) -> anyhow::Result<()> {
        let theme = Theme::of(&self.model.settings);
        let shown = Shown { model: &self.model, catalog: self.catalog, theme: &theme };
        self.guard.draw(|frame| {
            let area = frame.area();
            view::render(shown, area, frame.buffer_mut());
        })
    }
}

fn receive(model: &mut Model, catalog: &Catalog, event: Event) -> Option<Effect> {
    match event {
        Event::Key(event) => update::press(model, catalog, input::key(event)?),
        Event::Paste(text) => {
            update::paste(model, catalog, &text);
            None
        }
        Event::Resize(width, height) => {
            update::resize(model, catalog, Size { width, height });
            None
        }
        Event::Mouse(event) => mouse(model, catalog, event),
        Event::FocusGained | Event::FocusLost => None,
    }
}

/// Lines that one turn of the wheel moves.
const WHEEL: usize = 3;

fn mouse(model: &mut Model, catalog: &Catalog, event: MouseEvent) -> Option<Effect> {
    let theme = Theme::of(&model.settings);
    let area = Rect::new(0, 0, model.size.width, model.size.height);
    let position = Position { x: event.column, y: event.row };
    let target = view::hit(Shown { model, catalog, theme: &theme }, area, position);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => update::click(model, catalog, target?),
        MouseEventKind::ScrollUp | MouseEventKind::ScrollDown => {
            let action = if event.kind == MouseEventKind::ScrollUp { Action::Up } else { Action::Down };
            for _ in 0..WHEEL {
                update::scroll(model, catalog, target, action);
            }
            None
        }
        MouseEventKind::Down(_)
        | MouseEventKind::Up(_)
        | MouseEventKind::Drag(_)
        | MouseEventKind::Moved
        | MouseEventKind::ScrollLeft
        | MouseEventKind::ScrollRight => None,
    }
}
