//! Notes the signals that end the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Notes signals that end the program, so that it gives the terminal back first and then ends as they ask.
pub(super) struct Signals {
    came: Arc<AtomicUsize>,
}

/// How long the loop has to end by itself after a hang-up. It may not: waiting for an event of a terminal that is gone
/// never returns.
const GRACE: Duration = Duration::from_millis(500);

impl Signals {
    /// Begins to listen.
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
                        // There is no terminal to give back, and the loop has not ended: the default is to end here.
                        let _ = signal_hook::low_level::emulate_default_handler(signal);
                    }
                }
            });
        }
        Ok(Self { came })
    }

    /// Returns whether one came.
    pub(super) fn came(&self) -> bool {
        self.came.load(Ordering::Relaxed) != 0
    }

    /// Ends the program as the signal asks, if one came.
    pub(super) fn pass_on(&self) -> anyhow::Result<()> {
        let signal = self.came.load(Ordering::Relaxed);
        #[cfg(unix)]
        if signal != 0 {
            signal_hook::low_level::emulate_default_handler(i32::try_from(signal)?)?;
        }
        Ok(())
    }
}
