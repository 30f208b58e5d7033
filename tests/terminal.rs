//! Drives the real program in a pseudo-terminal: what a user does, and what is left of it on the terminal.

#[path = "support/pty.rs"]
mod pty;

use portable_pty::{CommandBuilder, PtySize};
use pty::{COLUMNS, LINES, T7, Terminal};
use std::time::{Duration, Instant};

#[test]
fn a_user_moves_the_machine_type_and_quits() {
    let mut terminal = Terminal::explorer(&[], &[]);
    terminal.until("row T5");
    terminal.taken();
    terminal.keys("\x1b[D");
    terminal.until("row T7");
    terminal.until("extra features: mpx");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    terminal.given_back();
}

#[test]
fn keys_typed_in_one_burst_all_arrive() {
    let mut terminal = Terminal::explorer(&[], &[]);
    terminal.until("row T5");
    terminal.keys("\rq35-3.1\r");
    terminal.until("row T7");
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
    terminal.given_back();
}

#[test]
fn a_signal_ends_the_program_and_gives_the_terminal_back() {
    for name in ["TERM", "HUP", "INT", "QUIT", "USR1", "USR2", "ALRM", "VTALRM", "PROF", "XCPU"] {
        let mut terminal = Terminal::explorer(&[T7], &[]);
        terminal.until("row T7");
        terminal.signal(name);
        assert_ne!(terminal.end(), 0, "{name}");
        terminal.given_back();
    }
}

#[test]
fn a_hang_up_while_the_program_works_gives_the_terminal_back() {
    // The keys before the first event take far longer than the program is given to end by itself.
    let keys = "d<down>%".repeat(3000);
    let mut terminal = Terminal::explorer(&["?,machine=?,host=any,from=?:?,to=?:?", "--keys", &keys], &[]);
    let start = Instant::now();
    while !String::from_utf8_lossy(&terminal.bytes).contains("\x1b[?1049h") {
        assert!(start.elapsed() < Duration::from_secs(60), "the terminal was never taken");
        terminal.listen(Duration::from_millis(20));
    }
    terminal.signal("HUP");
    assert_ne!(terminal.end(), 0);
    terminal.given_back();
}

#[test]
fn a_last_scenario_that_cannot_be_saved_is_reported_without_escape_sequences() {
    let mut terminal = Terminal::explorer(&[T7], &[("XDG_STATE_HOME", "/proc/\x1b]0;title\x07x")]);
    terminal.until("row T7");
    terminal.keys("q");
    terminal.end();
    let said = String::from_utf8_lossy(&terminal.bytes);
    assert!(said.contains("cannot save the last scenario") && !said.contains("\x1b]0;title"), "{said:?}");
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
    // The release aborts on a panic: what is called before that has to give the terminal back, because no guard is dropped.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::abort();
    }));
    let _guard = virt_cpu_explorer::internal::tui::Guard::take(true).expect("there is a terminal");
    panic!("this panic is meant");
}

#[test]
fn a_resized_terminal_is_drawn_anew() {
    let mut terminal = Terminal::explorer(&[T7], &[]);
    terminal.until("row T7");
    let size = PtySize { rows: 10, cols: 40, pixel_width: 0, pixel_height: 0 };
    terminal.master.resize(size).expect("the terminal can be resized");
    terminal.until("too small");
    terminal.keys("q");
    terminal.end();
}

#[test]
fn every_screen_is_reached_by_its_key_and_left_by_escape() {
    let screens = [
        ("m", "source libvirt release by machine type"),
        ("f", "9 full check"),
        ("h", "What libvirt and QEMU changed in"),
        ("d", "Removed, marked"),
        ("x", "-cpu at the source"),
        ("H", "possible models"),
        ("c", "A is the reverse direction of B"),
    ];
    assert_eq!(screens.len() + 1, virt_cpu_explorer::internal::app::screens::ScreenKind::ALL.len());
    let mut terminal = Terminal::explorer(&[T7], &[]);
    terminal.until("row T7");
    for (key, content) in screens {
        terminal.keys(key);
        terminal.until(content);
        terminal.keys("\x1b");
        // Escape and a letter that follows at once would be one key.
        terminal.until_it("the first screen", |contents| !contents.contains(content) && contents.contains("row T7"));
    }
    // One over the other, and back through all of them.
    terminal.keys("mfx");
    terminal.until("-cpu at the source");
    let mut left = "-cpu at the source";
    for seen in ["9 full check", "source libvirt release by machine type", "row T7"] {
        terminal.keys("\x1b");
        // Two Escapes that arrive together would be one key: the screen that is left has to be gone first.
        terminal.until_it(seen, |contents| contents.contains(seen) && !contents.contains(left));
        left = seen;
    }
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    terminal.given_back();
}

#[test]
fn a_clicked_value_is_the_one_that_keys_change() {
    let mut terminal = Terminal::explorer(&[T7, "--theme", "mono"], &[]);
    terminal.until("row T7");
    // The second line of the screen is the guest's; the model stands first in it.
    terminal.keys("\x1b[<0;16;2M\x1b[<0;16;2m\x1b[<0;16;2M");
    terminal.until("Guest: model");
    // Escape and what follows at once would be one key.
    terminal.keys("q35zzz");
    terminal.until("No match for \"q35zzz\"");
    terminal.keys("\x03");
    terminal.end();
}

#[test]
fn no_color_draws_no_colour_and_still_marks_the_row() {
    let mut terminal = Terminal::explorer(&[T7], &[("NO_COLOR", "1")]);
    terminal.until("row T7");
    let screen = terminal.screen.screen();
    for row in 0..LINES {
        for column in 0..COLUMNS {
            let cell = screen.cell(row, column).expect("the cell is on the screen");
            assert_eq!((cell.fgcolor(), cell.bgcolor()), (vt100::Color::Default, vt100::Color::Default));
        }
    }
    let row =
        (0..LINES).find(|row| screen.contents_between(*row, 0, *row, COLUMNS).contains("row T7")).expect("T7 is there");
    assert!(screen.cell(row, 1).expect("the mark is there").inverse());
    terminal.keys("q");
    terminal.end();
}

#[test]
fn another_locale_gets_ascii() {
    let mut terminal = Terminal::explorer(&[T7], &[("LC_ALL", "C")]);
    terminal.until("row T7");
    assert!(terminal.contents().is_ascii(), "{}", terminal.contents());
    terminal.keys("q");
    terminal.end();
}

#[test]
fn a_copied_link_reaches_the_terminals_clipboard() {
    let mut terminal = Terminal::explorer(&[T7], &[]);
    terminal.until("row T7");
    terminal.keys("y");
    terminal.until("Copied: Skylake-Client");
    assert!(String::from_utf8_lossy(&terminal.bytes).contains("\x1b]52;c;U2t5bGFrZS1DbGllbnQ"));
    terminal.keys("q");
    terminal.end();
}

#[test]
fn a_terminal_that_cannot_be_drawn_on_is_refused_with_a_hint() {
    let mut terminal = Terminal::explorer(&[T7], &[("TERM", "dumb")]);
    assert_eq!(terminal.end(), 2);
    assert!(terminal.contents().contains("--print"), "{}", terminal.contents());
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_virt-cpu-explorer"));
    let output = command.env("XDG_CONFIG_HOME", terminal.home.path()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--print"));
}

#[test]
fn lessons_open_as_a_list_and_keys_are_pressed_at_the_start() {
    let mut terminal = Terminal::explorer(&["tour"], &[]);
    terminal.until("What a CPU model is");
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
    let mut terminal = Terminal::explorer(&[T7, "--keys", "<right>"], &[]);
    terminal.until("row T5");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    assert_eq!(Terminal::explorer(&[T7, "--keys", "q"], &[]).end(), 0);
}

#[test]
fn a_message_opens_the_explorer_at_the_likeliest_scenario() {
    let message = "guest CPU doesn't match specification: extra features: mpx";
    let mut terminal = Terminal::explorer(&["explain", message, "--open"], &[]);
    terminal.until("ABORTED at the destination");
    terminal.keys("q");
    terminal.end();
}

/// Without a key, one stage after the other, until the guest is refused.
#[test]
fn the_stages_play_by_themselves() {
    let mut terminal = Terminal::explorer(&[T7], &[]);
    terminal.until("row T7");
    terminal.keys("f");
    terminal.until("9 full check: ");
    terminal.keys(&"\x1b[D".repeat(9));
    terminal.until("1 definition: ");
    terminal.keys(" ");
    terminal.until("9 full check: ");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}
