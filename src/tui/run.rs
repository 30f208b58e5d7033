//! Runs the program on a terminal: events to keys, keys to the model, effects done, one frame drawn.

use super::input;
use super::terminal::Guard;
use super::theme::Theme;
use super::view::{self, Shown};
use crate::app::action::Action;
use crate::app::key::{Key, parse_all};
use crate::app::model::Model;
use crate::app::settings::{Settings, Size};
use crate::app::update::{self, Effect};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use anyhow::{Context, bail};
use crossterm::event::{Event, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How the program is started.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// How it looks and listens.
    pub settings: Settings,
    /// Keys to press before the user does, in the notation of [`crate::app::key`].
    pub keys: String,
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
    let mut guard = Guard::take(options.settings.mouse)?;
    // The first look for events is what starts listening for changes of the size. The size is read after it: a change
    // is then either in what is read or comes as an event, however early it happens.
    crossterm::event::poll(Duration::ZERO)?;
    let (width, height) = crossterm::terminal::size()?;
    let mut model = Model::new(catalog, scenario, options.settings, Size { width, height });
    let outcome = (|| {
        for key in keys {
            if done(press(&mut model, catalog, key), &mut guard, &mut model)? {
                return Ok(());
            }
        }
        turn(&mut model, catalog, &mut guard, &signal)
    })();
    drop(guard);
    signal.pass_on()?;
    outcome
}

fn turn(model: &mut Model, catalog: &Catalog, guard: &mut Guard, signal: &Signals) -> anyhow::Result<()> {
    loop {
        draw(model, catalog, guard)?;
        if !wait(model, catalog, guard, signal)? {
            return Ok(());
        }
        // Every event is handled, none is dropped; only drawing waits until there is none left.
        loop {
            let effect = receive(model, catalog, crossterm::event::read()?);
            if done(effect, guard, model)? {
                return Ok(());
            }
            if signal.came() {
                return Ok(());
            }
            if !crossterm::event::poll(Duration::ZERO)? {
                break;
            }
        }
    }
}

/// Waits for an event, and meanwhile does what the screen left for later. Returns false where a signal came first.
fn wait(model: &mut Model, catalog: &Catalog, guard: &mut Guard, signal: &Signals) -> anyhow::Result<bool> {
    let (mut drawn, mut worked) = (Instant::now(), false);
    loop {
        let works = update::idle(model, catalog);
        if (works && drawn.elapsed() >= FRAME) || (worked && !works) {
            draw(model, catalog, guard)?;
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

fn draw(model: &Model, catalog: &Catalog, guard: &mut Guard) -> anyhow::Result<()> {
    let theme = Theme::of(&model.settings);
    guard.draw(|frame| {
        let area = frame.area();
        view::render(Shown { model, catalog, theme: &theme }, area, frame.buffer_mut());
    })
}

fn press(model: &mut Model, catalog: &Catalog, key: Key) -> Option<Effect> {
    update::press(model, catalog, key)
}

/// Does an effect. Returns whether the program is to end.
fn done(effect: Option<Effect>, guard: &mut Guard, model: &mut Model) -> anyhow::Result<bool> {
    match effect {
        None => {}
        Some(Effect::Quit) => return Ok(true),
        Some(Effect::Suspend) => guard.suspend()?,
        Some(Effect::Redraw) => guard.clear()?,
        Some(Effect::Copy(text)) => {
            guard.copy(&text)?;
            model.notice = Some(match text.lines().count() {
                0 | 1 => format!("copied: {text}"),
                lines => format!("copied {lines} lines"),
            });
        }
    }
    Ok(false)
}

fn receive(model: &mut Model, catalog: &Catalog, event: Event) -> Option<Effect> {
    match event {
        Event::Key(event) => press(model, catalog, input::key(event)?),
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

/// Notes signals that end the program, so that it gives the terminal back first and then ends as they ask.
struct Signals {
    came: Arc<AtomicUsize>,
}

/// How long the loop has to end by itself after a hang-up. It may not: waiting for an event of a terminal that is gone
/// never returns.
const GRACE: Duration = Duration::from_millis(500);

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let came = Arc::new(AtomicUsize::new(0));
        #[cfg(unix)]
        {
            let wanted = [signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP, signal_hook::consts::SIGINT];
            let mut signals = signal_hook::iterator::Signals::new(wanted)?;
            let came = Arc::clone(&came);
            std::thread::spawn(move || {
                for signal in signals.forever() {
                    came.store(usize::try_from(signal).unwrap_or_default(), Ordering::Relaxed);
                    if signal == signal_hook::consts::SIGHUP {
                        std::thread::sleep(GRACE);
                        // There is no terminal to give back, and the loop has not ended: the default is to end here.
                        let _ = signal_hook::low_level::emulate_default_handler(signal);
                    }
                }
            });
        }
        Ok(Self { came })
    }

    fn came(&self) -> bool {
        self.came.load(Ordering::Relaxed) != 0
    }

    fn pass_on(&self) -> anyhow::Result<()> {
        let signal = self.came.load(Ordering::Relaxed);
        #[cfg(unix)]
        if signal != 0 {
            signal_hook::low_level::emulate_default_handler(i32::try_from(signal)?)?;
        }
        Ok(())
    }
}
