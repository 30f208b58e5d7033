//! Takes the terminal and gives it back: after quitting, on a panic, on a signal, and while suspended.

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

/// A whole frame of a large terminal fits, so that it leaves in one piece.
const BUFFER: usize = 1 << 18;

type Backend = CrosstermBackend<BufWriter<Output>>;

/// The terminal while the program has it; giving it back is done on drop.
pub struct Guard {
    terminal: Terminal<Backend>,
    cast: Option<Rc<RefCell<Cast>>>,
    mouse: bool,
}

impl Guard {
    /// Takes the terminal.
    ///
    /// # Errors
    /// What the terminal or the operating system says.
    pub fn take(mouse: bool) -> anyhow::Result<Self> {
        Self::take_recorded(mouse, None)
    }

    /// The same; what is drawn is recorded.
    pub(super) fn take_recorded(mouse: bool, cast: Option<Cast>) -> anyhow::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                before(panic);
            }));
        });
        // The theme decides about colours; with NO_COLOR the library would write resets that cancel bold and reverse.
        crossterm::style::force_color_output(true);
        let cast = cast.map(|cast| Rc::new(RefCell::new(cast)));
        let backend = CrosstermBackend::new(BufWriter::with_capacity(BUFFER, Output::new(cast.clone())));
        // The guard is there first: whatever fails half way through taking the terminal, dropping it gives it back.
        let guard = Self { terminal: Terminal::new(backend)?, cast, mouse };
        enter(mouse)?;
        Ok(guard)
    }

    /// Draws one frame and sends it in one piece.
    ///
    /// # Errors
    /// What the terminal says.
    pub fn draw(&mut self, render: impl FnOnce(&mut ratatui::Frame<'_>)) -> anyhow::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(render)?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        Write::flush(self.terminal.backend_mut())?;
        Ok(())
    }

    /// Notes in the recording that the terminal has another size.
    pub(super) fn resized(&self, size: (u16, u16)) {
        if let Some(cast) = &self.cast {
            cast.borrow_mut().resized(size);
        }
    }

    /// Returns what went wrong with the recording.
    pub(super) fn recording_error(&self) -> Option<std::io::Error> {
        self.cast.as_ref().and_then(|cast| cast.borrow_mut().error())
    }

    /// Forgets what is on the terminal, so that the next frame draws all of it.
    ///
    /// # Errors
    /// What the terminal says.
    pub fn clear(&mut self) -> anyhow::Result<()> {
        // The library's own way to clear asks the terminal for its cursor first, and fails where none answers.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))?;
        Ok(())
    }

    /// Asks the terminal to put `text` on the clipboard.
    ///
    /// # Errors
    /// What the terminal says.
    pub fn copy(&mut self, text: &str) -> anyhow::Result<()> {
        let copy = crossterm::clipboard::CopyToClipboard::to_clipboard_from(text);
        // Beside the backend: what is recorded would write to the clipboard of whoever watches.
        execute!(stdout(), copy)?;
        Ok(())
    }

    /// Gives the terminal back until the program is resumed.
    ///
    /// # Errors
    /// What the terminal or the operating system says.
    pub fn suspend(&mut self) -> anyhow::Result<()> {
        restore();
        #[cfg(unix)]
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
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

fn enter(mouse: bool) -> anyhow::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)?;
    if mouse {
        execute!(stdout(), EnableMouseCapture)?;
    }
    Ok(())
}

/// Whether the terminal is taken. Giving it back twice would put the cursor where it was before, over the message of
/// a panic; and a panic can come at any time, so this cannot be the guard's own.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Gives the terminal back as it was, if it is taken. There is nobody to tell about a failure.
fn restore() {
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
