//! Receives the signals that end the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Receives signals that end the program, so that it restores the terminal first.
pub(super) struct Signals {
    came: Arc<AtomicUsize>,
}

/// The time for the loop to end after SIGHUP. Waiting for an event of a closed terminal may never return.
const GRACE: Duration = Duration::from_millis(500);

impl Signals {
    /// Installs the handlers.
    pub(super) fn listen() -> anyhow::Result<Self> {
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
                        // The loop is stuck and there is no terminal to restore.
                        let _ = signal_hook::low_level::emulate_default_handler(signal);
                    }
                }
            });
        }
        Ok(Self { came })
    }

    /// Returns whether a signal was received.
    pub(super) fn came(&self) -> bool {
        self.came.load(Ordering::Relaxed) != 0
    }

    /// Ends the program by the received signal, if there is one.
    pub(super) fn pass_on(&self) -> anyhow::Result<()> {
        let signal = self.came.load(Ordering::Relaxed);
        #[cfg(unix)]
        if signal != 0 {
            signal_hook::low_level::emulate_default_handler(i32::try_from(signal)?)?;
        }
        Ok(())
    }
}
