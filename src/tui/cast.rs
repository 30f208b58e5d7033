//! Records the output of the terminal as an asciicast (version 2): a header with the size, then a line for each piece
//! of output with its time.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Stdout, Write, stdout};
use std::path::Path;
use std::rc::Rc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Enters the alternate screen and hides the cursor, as the program does.
const OPENING: &str = "\x1b[?1049h\x1b[?25l";

/// A recording of the terminal, written as it happens.
pub(super) struct Cast {
    file: File,
    /// The size that was recorded last.
    size: (u16, u16),
    started: Instant,
    pending: Vec<u8>,
    ended: bool,
    error: Option<io::Error>,
}

impl Cast {
    /// Starts a recording in a new file.
    ///
    /// # Errors
    /// The file exists, or it cannot be written.
    pub(super) fn begin(path: &Path, size: (u16, u16)) -> io::Result<Self> {
        let (width, height) = size;
        let mut file = new_file(path)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let head = serde_json::json!({
            "version": 2, "width": width, "height": height, "timestamp": now,
            "title": "virt-cpu-explorer", "env": { "TERM": std::env::var("TERM").unwrap_or_default() },
        });
        writeln!(file, "{head}").map_err(|err| at(path, &err))?;
        let mut cast = Self { file, size, started: Instant::now(), pending: Vec::new(), ended: false, error: None };
        cast.event("o", OPENING);
        Ok(cast)
    }

    /// Records the size of the next frame, if it is another one.
    pub(super) fn resized(&mut self, size: (u16, u16)) {
        if self.size != size {
            self.event("r", &format!("{}x{}", size.0, size.1));
            self.size = size;
        }
    }

    /// Ends the recording, before the terminal is restored.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Returns the first error, after which nothing is recorded.
    pub(super) fn error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            let text = String::from_utf8_lossy(&self.pending).into_owned();
            self.pending.clear();
            self.event("o", &text);
        }
    }

    fn event(&mut self, kind: &str, text: &str) {
        if self.error.is_none() && !self.ended {
            let seconds = format!("{:.3}", self.started.elapsed().as_secs_f64());
            let text = serde_json::json!(text);
            self.error = writeln!(self.file, "[{seconds}, \"{kind}\", {text}]").err();
        }
    }
}

/// Creates a file.
///
/// # Errors
/// The file exists, or it cannot be created.
pub(super) fn new_file(path: &Path) -> io::Result<File> {
    match File::create_new(path) {
        Ok(file) => Ok(file),
        Err(err) if err.kind() == io::ErrorKind::AlreadyExists => {
            let text = format!("{} exists; use another name or delete it", path.display());
            Err(io::Error::new(err.kind(), text))
        }
        Err(err) => Err(at(path, &err)),
    }
}

/// The error with the file's name before it.
fn at(path: &Path, err: &io::Error) -> io::Error {
    io::Error::new(err.kind(), format!("{}: {err}", path.display()))
}

/// Standard output, with an optional recording.
#[derive(Clone)]
pub(super) struct Output {
    out: Rc<Stdout>,
    cast: Option<Rc<RefCell<Cast>>>,
}

impl Output {
    pub(super) fn new(cast: Option<Rc<RefCell<Cast>>>) -> Self {
        Self { out: Rc::new(stdout()), cast }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = (&*self.out).write(bytes)?;
        if let Some(cast) = &self.cast {
            cast.borrow_mut().pending.extend(bytes.iter().take(count));
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(cast) = &self.cast {
            cast.borrow_mut().flush();
        }
        (&*self.out).flush()
    }
}
