//! Receives the signals that end, stop and continue the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Receives signals, so that the program can restore the terminal before it ends or stops.
#[derive(Clone, Default)]
pub(super) struct Signals {
    came: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    continued: Arc<AtomicBool>,
}

/// The time for the loop to end after SIGHUP: longer than a terminal has to tell its background. Waiting for an event of a
/// closed terminal may never return.
const GRACE: Duration = Duration::from_millis(1500);
/// The time to restore the terminal where the loop has not ended by then. Writing to it may never return either.
const TO_RESTORE: Duration = Duration::from_millis(500);

impl Signals {
    /// Installs the handlers.
    pub(super) fn listen() -> std::io::Result<Self> {
        let received = Self::default();
        #[cfg(unix)]
        {
            use signal_hook::consts::{SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGTSTP};
            use signal_hook::consts::{SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU};
            let ending = [SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU];
            let wanted = ending.into_iter().chain([SIGTSTP, SIGCONT]);
            let mut signals = signal_hook::iterator::Signals::new(wanted)?;
            let received = received.clone();
            std::thread::spawn(move || {
                for signal in signals.forever() {
                    match signal {
                        SIGTSTP => received.stop.store(true, Ordering::Relaxed),
                        SIGCONT => received.continued.store(true, Ordering::Relaxed),
                        _ => received.came.store(usize::try_from(signal).unwrap_or_default(), Ordering::Relaxed),
                    }
                    if signal == SIGHUP {
                        std::thread::sleep(GRACE);
                        // The loop is busy, or waits for a closed terminal.
                        let restoring = std::thread::spawn(super::terminal::restore);
                        let began = Instant::now();
                        while !restoring.is_finished() && began.elapsed() < TO_RESTORE {
                            std::thread::sleep(Duration::from_millis(10));
                        }
                        let _ = signal_hook::low_level::emulate_default_handler(signal);
                    }
                }
            });
        }
        Ok(received)
    }

    /// Returns whether a signal that ends the program was received.
    pub(super) fn came(&self) -> bool {
        self.came.load(Ordering::Relaxed) != 0
    }

    /// Returns whether SIGTSTP was received since the last call.
    pub(super) fn take_stop(&self) -> bool {
        self.stop.swap(false, Ordering::Relaxed)
    }

    /// Returns whether SIGCONT was received since the last call: the program was stopped, and other programs may have
    /// written to the terminal and changed its modes.
    pub(super) fn take_continued(&self) -> bool {
        self.continued.swap(false, Ordering::Relaxed)
    }

    /// Ends the program by the received signal, if there is one.
    pub(super) fn pass_on(&self) -> std::io::Result<()> {
        let signal = self.came.load(Ordering::Relaxed);
        #[cfg(unix)]
        if signal != 0 {
            signal_hook::low_level::emulate_default_handler(i32::try_from(signal).unwrap_or_default())?;
        }
        Ok(())
    }
}
