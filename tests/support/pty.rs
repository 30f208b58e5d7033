//! Runs the real program in a pseudo-terminal, with a home of its own. Waits for text, never for time to pass.
#![allow(dead_code, reason = "each test binary uses its own part of it")]
#![expect(clippy::expect_used, reason = "the helpers fail their tests")]

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) const COLUMNS: u16 = 100;
pub(crate) const LINES: u16 = 32;
pub(crate) const T7: &str = "Skylake-Client,machine=pc-q35-3.1,from=old,to=new";
/// Far longer than anything takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program in a terminal.
pub(crate) struct Terminal {
    pub(crate) screen: vt100::Parser,
    pub(crate) bytes: Vec<u8>,
    pub(crate) output: Receiver<Vec<u8>>,
    pub(crate) input: Box<dyn Write + Send>,
    pub(crate) child: Box<dyn Child + Send + Sync>,
    pub(crate) master: Box<dyn MasterPty + Send>,
    /// The user's files, away from those of whoever runs the tests.
    pub(crate) home: TempDir,
}

impl Terminal {
    pub(crate) fn start(mut command: CommandBuilder, environment: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: LINES, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal can be opened");
        if command.get_cwd().is_none() {
            command.cwd(env!("CARGO_MANIFEST_DIR"));
        }
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        command.env_remove("NO_COLOR");
        let home = tempfile::tempdir().expect("there is room for a home");
        for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env(variable, home.path());
        }
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("its output can be read");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let input = pair.master.take_writer().expect("it can be typed to");
        let cells = |count| NonZeroU16::new(count).expect("a size is not zero");
        let screen = vt100::Parser::new(cells(LINES), cells(COLUMNS), 0);
        Self { screen, bytes: Vec::new(), output, input, child, master: pair.master, home }
    }

    pub(crate) fn explorer(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_virt-cpu-explorer"));
        command.args(arguments);
        Self::start(command, environment)
    }

    pub(crate) fn keys(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).and_then(|()| self.input.flush()).expect("keys can be typed");
    }

    /// Makes the terminal another size; the screen follows.
    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("the terminal can be resized");
        let cells = |count| NonZeroU16::new(count).expect("a size is not zero");
        self.screen.screen_mut().set_size(cells(rows), cells(columns));
        self.listen(Duration::from_millis(2));
    }

    pub(crate) fn listen(&mut self, patience: Duration) {
        if let Ok(bytes) = self.output.recv_timeout(patience) {
            self.screen.process(&bytes);
            // Who asks for the colours and the attributes of the terminal gets those of a dark one.
            if bytes.windows(3).any(|query| query == b"\x1b[c") {
                self.keys("\x1b]10;rgb:dddd/dddd/dddd\x1b\\\x1b]11;rgb:1111/1111/1111\x1b\\\x1b[?1;2c");
            }
            self.bytes.extend(bytes);
        }
    }

    pub(crate) fn contents(&self) -> String {
        self.screen.screen().contents()
    }

    pub(crate) fn until(&mut self, wanted: &str) {
        self.until_it(wanted, |contents| contents.contains(wanted));
    }

    /// Waits until the screen is as wanted.
    pub(crate) fn until_it(&mut self, wanted: &str, holds: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !holds(&self.contents()) {
            assert!(start.elapsed() < PATIENCE, "{wanted:?} never came:\n{}", self.contents());
            self.listen(Duration::from_millis(50));
        }
    }

    /// Waits until the whole screen is `wanted`, blanks at the ends of lines apart.
    pub(crate) fn until_screen(&mut self, wanted: &str) {
        let start = Instant::now();
        let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned();
        while trimmed(&self.contents()) != trimmed(wanted) {
            assert!(start.elapsed() < PATIENCE, "{wanted}\nnever came:\n{}", self.contents());
            self.listen(Duration::from_millis(50));
        }
    }

    /// Waits for the end, and returns the exit code.
    pub(crate) fn end(&mut self) -> u32 {
        let start = Instant::now();
        loop {
            assert!(start.elapsed() < PATIENCE, "the program does not end:\n{}", self.contents());
            self.listen(Duration::from_millis(20));
            if let Some(status) = self.child.try_wait().expect("the program can be waited for") {
                while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
                    self.screen.process(&bytes);
                    // Who asks for the colours and the attributes of the terminal gets those of a dark one.
                    if bytes.windows(3).any(|query| query == b"\x1b[c") {
                        self.keys("\x1b]10;rgb:dddd/dddd/dddd\x1b\\\x1b]11;rgb:1111/1111/1111\x1b\\\x1b[?1;2c");
                    }
                    self.bytes.extend(bytes);
                }
                return status.exit_code();
            }
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.process_id().expect("the program runs").to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &id]).status().expect("kill can be run");
        assert!(sent.success());
    }

    pub(crate) fn taken(&self) {
        let screen = self.screen.screen();
        assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste());
        assert_ne!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    }

    pub(crate) fn given_back(&self) {
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is seen again");
        assert!(!screen.bracketed_paste(), "pasting is plain again");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is let go");
    }
}
