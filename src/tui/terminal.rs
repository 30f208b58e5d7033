//! Sets up the terminal, and restores it at the end, on a panic, on a signal, and while suspended.

use super::cast::{Cast, Output};
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use std::cell::RefCell;
use std::io::{BufWriter, Write, stdout};
use std::rc::Rc;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// A frame of a large terminal fits, so that it is written at once.
const BUFFER: usize = 1 << 18;

type Backend = CrosstermBackend<BufWriter<Output>>;

/// The terminal in use; dropping it restores the terminal.
pub struct Guard {
    terminal: Terminal<Backend>,
    cast: Option<Rc<RefCell<Cast>>>,
    mouse: bool,
}

impl Guard {
    /// Sets the terminal up.
    ///
    /// # Errors
    /// Those of the terminal or the operating system.
    pub fn take(mouse: bool) -> std::io::Result<Self> {
        Self::take_recorded(mouse, None)
    }

    /// The same, with a recording of the output.
    pub(super) fn take_recorded(mouse: bool, cast: Option<Cast>) -> std::io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                before(panic);
            }));
        });
        // The theme honours NO_COLOR; with it, the library would write resets that cancel bold and reverse.
        crossterm::style::force_color_output(true);
        let cast = cast.map(|cast| Rc::new(RefCell::new(cast)));
        let backend = CrosstermBackend::new(BufWriter::with_capacity(BUFFER, Output::new(cast.clone())));
        // The guard exists first, so that an error in `enter` restores the terminal.
        let guard = Self { terminal: Terminal::new(backend)?, cast, mouse };
        enter(mouse)?;
        Ok(guard)
    }

    /// Draws one frame and writes it at once.
    ///
    /// # Errors
    /// Those of the terminal.
    pub(crate) fn draw(&mut self, render: impl FnOnce(&mut ratatui::Frame<'_>)) -> std::io::Result<()> {
        if let Some(cast) = &self.cast {
            // The terminal may have another size before the program receives the event.
            self.terminal.autoresize()?;
            let area = self.terminal.get_frame().area();
            cast.borrow_mut().resized((area.width, area.height));
        }
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(render)?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        Write::flush(self.terminal.backend_mut())?;
        Ok(())
    }

    pub(super) fn recording_error(&self) -> Option<std::io::Error> {
        self.cast.as_ref().and_then(|cast| cast.borrow_mut().error())
    }

    /// Makes the next frame draw every cell.
    ///
    /// # Errors
    /// Those of the terminal.
    pub(crate) fn clear(&mut self) -> std::io::Result<()> {
        // The library's `clear` queries the cursor position first, which fails on some terminals.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))?;
        Ok(())
    }

    /// Restores the terminal and stops the program until it is resumed.
    ///
    /// # Errors
    /// Those of the terminal or the operating system.
    pub(crate) fn suspend(&mut self) -> std::io::Result<()> {
        restore();
        #[cfg(unix)]
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        self.resume()
    }

    /// Sets the terminal up again, after the program was stopped.
    ///
    /// # Errors
    /// Those of the terminal.
    pub(crate) fn resume(&mut self) -> std::io::Result<()> {
        enter(self.mouse)?;
        self.clear()
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").field("mouse", &self.mouse).finish_non_exhaustive()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(cast) = &self.cast {
            cast.borrow_mut().end();
        }
        restore();
    }
}

fn enter(mouse: bool) -> std::io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)?;
    if mouse {
        execute!(stdout(), EnableMouseCapture)?;
    }
    Ok(())
}

/// Whether the terminal is in use. Restoring it twice would move the cursor over the message of a panic. The panic hook
/// reads it, so it cannot be a field of the guard.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Restores the terminal, if it is in use. Errors cannot be reported.
pub(super) fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = stdout();
    drop(execute!(
        out,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        ResetColor,
        LeaveAlternateScreen,
        Show
    ));
    drop(disable_raw_mode());
}

/// Copies `text` to the clipboard with OSC 52.
///
/// # Errors
/// Those of the terminal.
pub(crate) fn copy(text: &str) -> std::io::Result<()> {
    let copy = crossterm::clipboard::CopyToClipboard::to_clipboard_from(text);
    // Not through the backend: a recording would write to the clipboard of its viewers.
    execute!(stdout(), copy)?;
    Ok(())
}
