//! Drives the real program in a pseudo-terminal and looks at what a terminal makes of it. Waits for text, never for
//! time to pass.
#![expect(clippy::expect_used, reason = "the helpers fail their tests")]

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const COLUMNS: u16 = 100;
const LINES: u16 = 32;
const T7: &str = "Skylake-Client,machine=pc-q35-3.1,from=old,to=new";
/// Far longer than anything takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program in a terminal.
struct Terminal {
    screen: vt100::Parser,
    bytes: Vec<u8>,
    output: Receiver<Vec<u8>>,
    input: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    fn start(mut command: CommandBuilder, environment: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: LINES, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal can be opened");
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        command.env_remove("NO_COLOR");
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
        Self { screen, bytes: Vec::new(), output, input, child, master: pair.master }
    }

    fn explorer(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_virt-cpu-explorer"));
        command.args(arguments);
        Self::start(command, environment)
    }

    fn keys(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).and_then(|()| self.input.flush()).expect("keys can be typed");
    }

    fn listen(&mut self, patience: Duration) {
        if let Ok(bytes) = self.output.recv_timeout(patience) {
            self.screen.process(&bytes);
            self.bytes.extend(bytes);
        }
    }

    fn contents(&self) -> String {
        self.screen.screen().contents()
    }

    fn until(&mut self, wanted: &str) {
        let start = Instant::now();
        while !self.contents().contains(wanted) {
            assert!(start.elapsed() < PATIENCE, "{wanted:?} never came:\n{}", self.contents());
            self.listen(Duration::from_millis(50));
        }
    }

    /// Waits for the end, and returns the exit code.
    fn end(&mut self) -> u32 {
        let start = Instant::now();
        loop {
            assert!(start.elapsed() < PATIENCE, "the program does not end:\n{}", self.contents());
            self.listen(Duration::from_millis(20));
            if let Some(status) = self.child.try_wait().expect("the program can be waited for") {
                while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
                    self.screen.process(&bytes);
                    self.bytes.extend(bytes);
                }
                return status.exit_code();
            }
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.process_id().expect("the program runs").to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &id]).status().expect("kill can be run");
        assert!(sent.success());
    }

    fn taken(&self) {
        let screen = self.screen.screen();
        assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste());
        assert_ne!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    }

    fn given_back(&self) {
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is seen again");
        assert!(!screen.bracketed_paste(), "pasting is plain again");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is let go");
    }
}

#[test]
fn a_user_moves_the_machine_type_and_quits() {
    let mut terminal = Terminal::explorer(&[], &[]);
    terminal.until("▶T5");
    terminal.taken();
    terminal.keys("\x1b[D");
    terminal.until("▶T7");
    terminal.until("extra features: mpx");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    terminal.given_back();
}

#[test]
fn keys_typed_in_one_burst_all_arrive() {
    let mut terminal = Terminal::explorer(&[], &[]);
    terminal.until("▶T5");
    terminal.keys("\rq35-3.1\r");
    terminal.until("▶T7");
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
    terminal.given_back();
}

#[test]
fn a_signal_ends_the_program_and_gives_the_terminal_back() {
    for name in ["TERM", "HUP", "INT"] {
        let mut terminal = Terminal::explorer(&[T7], &[]);
        terminal.until("▶T7");
        terminal.signal(name);
        assert_ne!(terminal.end(), 0, "{name}");
        terminal.given_back();
    }
}

#[test]
fn the_terminal_is_given_back_when_the_program_panics() {
    let mut command = CommandBuilder::new(std::env::current_exe().expect("this test has a path"));
    command.args(["--exact", "panics_with_the_terminal_taken", "--ignored", "--nocapture"]);
    let mut terminal = Terminal::start(command, &[]);
    assert_ne!(terminal.end(), 0);
    assert!(String::from_utf8_lossy(&terminal.bytes).contains("\x1b[?1049h"), "the terminal was taken");
    terminal.given_back();
    assert!(terminal.contents().contains("this panic is meant"), "{}", terminal.contents());
}

#[test]
#[ignore = "run in a terminal of its own by the_terminal_is_given_back_when_the_program_panics"]
fn panics_with_the_terminal_taken() {
    let _guard = virt_cpu_explorer::tui::Guard::take(true).expect("there is a terminal");
    panic!("this panic is meant");
}

#[test]
fn a_resized_terminal_is_drawn_anew() {
    let mut terminal = Terminal::explorer(&[T7], &[]);
    terminal.until("▶T7");
    let size = PtySize { rows: 10, cols: 40, pixel_width: 0, pixel_height: 0 };
    terminal.master.resize(size).expect("the terminal can be resized");
    terminal.until("please");
    terminal.keys("q");
    terminal.end();
}

#[test]
fn a_clicked_value_is_the_one_that_keys_change() {
    let mut terminal = Terminal::explorer(&[T7, "--theme", "mono"], &[]);
    terminal.until("▶T7");
    // The second line of the screen is the guest's; the model stands first in it.
    terminal.keys("\x1b[<0;16;2M\x1b[<0;16;2m\x1b[<0;16;2M");
    terminal.until("Guest: model");
    // Escape and what follows at once would be one key.
    terminal.keys("q35zzz");
    terminal.until("Nothing is called q35zzz");
    terminal.keys("\x03");
    terminal.end();
}

#[test]
fn no_color_draws_no_colour_and_still_marks_the_row() {
    let mut terminal = Terminal::explorer(&[T7], &[("NO_COLOR", "1")]);
    terminal.until("▶T7");
    let screen = terminal.screen.screen();
    for row in 0..LINES {
        for column in 0..COLUMNS {
            let cell = screen.cell(row, column).expect("the cell is on the screen");
            assert_eq!((cell.fgcolor(), cell.bgcolor()), (vt100::Color::Default, vt100::Color::Default));
        }
    }
    let row =
        (0..LINES).find(|row| screen.contents_between(*row, 0, *row, COLUMNS).contains("▶T7")).expect("T7 is there");
    assert!(screen.cell(row, 1).expect("the mark is there").inverse());
    terminal.keys("q");
    terminal.end();
}

#[test]
fn another_locale_gets_ascii() {
    let mut terminal = Terminal::explorer(&[T7], &[("LC_ALL", "C")]);
    terminal.until(">T7");
    assert!(terminal.contents().is_ascii(), "{}", terminal.contents());
    terminal.keys("q");
    terminal.end();
}

#[test]
fn a_copied_link_reaches_the_terminals_clipboard() {
    let mut terminal = Terminal::explorer(&[T7], &[]);
    terminal.until("▶T7");
    terminal.keys("y");
    terminal.until("copied: Skylake-Client");
    assert!(String::from_utf8_lossy(&terminal.bytes).contains("\x1b]52;c;U2t5bGFrZS1DbGllbnQ"));
    terminal.keys("q");
    terminal.end();
}

#[test]
fn a_terminal_that_cannot_be_drawn_on_is_refused_with_a_hint() {
    let mut terminal = Terminal::explorer(&[T7], &[("TERM", "dumb")]);
    assert_eq!(terminal.end(), 2);
    assert!(terminal.contents().contains("--print"), "{}", terminal.contents());
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_virt-cpu-explorer")).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--print"));
}
