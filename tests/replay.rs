//! Records runs and replays them: the list of actions, the asciicast, the demonstration.
#![expect(clippy::expect_used, reason = "the helpers fail their tests")]

#[path = "support/pty.rs"]
mod pty;

use pty::{COLUMNS, LINES, T7, Terminal};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_virt-cpu-explorer")).args(arguments).output().expect("the program runs")
}

fn printed(arguments: &[&str]) -> String {
    let output = run(&[&["--print", "--size", "100x32"], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the folder has a plain name")
}

/// Text without blanks at the ends of its lines.
fn trimmed(text: &str) -> String {
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_recorded_run_is_a_list_that_replays_to_the_same_screen() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("run.keys");
    let mut terminal = Terminal::explorer(&[T7, "--record-keys", text(&list)], &[]);
    terminal.until("row T7");
    terminal.keys("s");
    terminal.until("row T6");
    terminal.keys("/smap\r");
    terminal.until("matching smap");
    // The second line of the screen is the guest's; the first click goes there, the second opens the list.
    terminal.keys("\x1b[<0;16;2M\x1b[<0;16;2m\x1b[<0;16;2M");
    terminal.until("Guest: model");
    terminal.keys("epycmil\r");
    terminal.until("EPYC-Milan");
    // What is pasted and Cannot parse the pasted text changes nothing, and would be none when it is replayed.
    terminal.keys("\x1b[200~no words\x1b[201~");
    terminal.until("Cannot parse the pasted text");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    let recorded = std::fs::read_to_string(&list).expect("the list");
    let lines: Vec<&str> =
        recorded.lines().filter(|line| !line.starts_with(['#']) && !line.starts_with("wait")).collect();
    let expected = [
        "scenario Skylake-Client,machine=pc-q35-3.1,from=old:7.2.22,to=new:7.2.22",
        "swap-ends",
        "filter",
        "type smap",
        "open",
        "click 16 2",
        "click 16 2",
        "type epycmil",
        "open",
    ];
    assert_eq!(lines, expected);
    let frame = printed(&["--replay", text(&list)]);
    assert!(frame.contains("EPYC-Milan · pc-q35-3.1") && frame.contains("matching smap"), "{frame}");
    let mut again = Terminal::explorer(&["--replay", text(&list)], &[]);
    again.until("EPYC-Milan · pc-q35-3.1");
    again.keys("q");
    assert_eq!(again.end(), 0);
    let refused = Terminal::explorer(&["--record-keys", text(&list)], &[]).end();
    assert_eq!(refused, 2, "a list that is there is not written over");
    assert_eq!(std::fs::read_to_string(&list).expect("the list"), recorded);
}

#[test]
fn every_key_and_the_wheel_arrive_under_their_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("run.keys");
    let mut terminal = Terminal::explorer(&[T7, "--record-keys", text(&list)], &[]);
    terminal.until("row T7");
    let keys = [
        ("\x1b[B", "down"),
        ("\x1b[A", "up"),
        ("\x1b[6~", "page-down"),
        ("\x1b[5~", "page-up"),
        ("\x1b[F", "bottom"),
        ("\x1b[H", "top"),
        ("\x1b[C", "right"),
        ("\x1b[D", "left"),
        ("\t", "next-pane"),
        ("\x1b[Z", "previous-pane"),
        ("\x7f", "clear"),
        ("\x1b[3~", "clear"),
        // Nothing is bound to it.
        ("\x1b[2~", ""),
        ("\x1bOP", "help"),
        ("\x1b[<65;10;10M", "wheel down 10 10"),
        ("\x1b[<64;10;10M", "wheel up 10 10"),
        ("\x03", ""),
    ];
    terminal.keys(&keys.map(|(key, _)| key).concat());
    assert_eq!(terminal.end(), 0);
    let recorded = std::fs::read_to_string(&list).expect("the list");
    let lines = recorded.lines().filter(|line| !["#", "wait", "scenario"].iter().any(|begin| line.starts_with(begin)));
    let named: Vec<&str> = keys.iter().map(|(_, name)| *name).filter(|name| !name.is_empty()).collect();
    assert_eq!(lines.collect::<Vec<_>>(), named);
    // What the wheel did is done again: three lines each time.
    std::fs::write(&list, format!("scenario {T7}\nhelp\nwheel down 10 10\n")).expect("a list");
    assert_eq!(printed(&["--replay", text(&list)]), printed(&[T7, "--keys", "?<down><down><down>"]));
}

#[test]
fn a_list_goes_on_where_no_list_or_another_scenario_is_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("run.keys");
    let frame = |lines: &str| {
        std::fs::write(&list, lines).expect("a list");
        printed(&["--replay", text(&list)])
    };
    let typed = frame(&format!("scenario {T7}\ntype epyc\n"));
    assert!(typed.contains("Cannot type \"epyc\": no picker or prompt is open."), "{typed}");
    // A scenario closes the list that is open.
    let closed = frame(&format!("scenario {T7}\nopen\nscenario EPYC,from=old,to=new\nquit\nhelp\n"));
    assert!(
        closed.contains("EPYC ·") && !closed.contains("Type to filter") && !closed.contains("Moves up"),
        "{closed}"
    );
}

#[test]
fn a_cast_has_the_size_of_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.cast");
    let mut terminal = Terminal::explorer(&[T7, "--record", text(&path)], &[]);
    terminal.until("row T7");
    terminal.resize(40, 120);
    terminal.until("H Host-model  ? help");
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
    let cast = std::fs::read_to_string(&path).expect("the cast");
    assert!(cast.lines().any(|line| line.ends_with("\"r\", \"120x40\"]")), "{cast}");
    // A folder that is not there is named.
    let missing = folder.path().join("no").join("run.cast");
    let mut refused = Terminal::explorer(&[T7, "--record", text(&missing)], &[]);
    assert_eq!(refused.end(), 2);
    assert!(refused.contents().contains("run.cast: No such file"), "{}", refused.contents());
}

#[test]
fn a_cast_shows_what_the_terminal_showed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.cast");
    let mut terminal = Terminal::explorer(&[T7, "--record", text(&path)], &[]);
    terminal.until("row T7");
    terminal.keys("y");
    terminal.until("Copied");
    terminal.keys("s");
    terminal.until("row T6");
    terminal.keys("i");
    terminal.until("Rule T6");
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
    let cast = std::fs::read_to_string(&path).expect("the cast");
    let mut lines = cast.lines();
    let head: serde_json::Value = serde_json::from_str(lines.next().expect("a head")).expect("JSON");
    assert_eq!((&head["version"], &head["width"], &head["height"]), (&2.into(), &COLUMNS.into(), &LINES.into()));
    let cells = |count| NonZeroU16::new(count).expect("a size is not zero");
    let mut screen = vt100::Parser::new(cells(LINES), cells(COLUMNS), 0);
    let mut before = 0.0;
    for line in lines {
        let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let time = event[0].as_f64().expect("a time");
        assert!(time >= before, "{line}");
        before = time;
        assert_eq!(event[1], "o");
        screen.process(event[2].as_str().expect("text").as_bytes());
    }
    assert_eq!(trimmed(&screen.screen().contents()), trimmed(&printed(&[T7, "--keys", "si"])));
    assert!(screen.screen().hide_cursor() && screen.screen().alternate_screen(), "the last frame stays");
    assert!(!cast.contains("]52;"), "nobody's clipboard is written by watching");
}

#[test]
fn a_demonstration_shows_notes_and_keys_and_waits_for_the_speaker() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo/abort.keys");
    let mut terminal = Terminal::explorer(&["--demo", script], &[]);
    terminal.until("The source's map has mpx in Skylake-Client");
    terminal.until("Space continues");
    terminal.keys(" ");
    terminal.until("Machine type 4.0 disables mpx");
    terminal.until("Space continues");
    terminal.keys("\r");
    terminal.until("row T7");
    terminal.until("Previous value");
    terminal.until("Space continues");
    // Keys that are no answer change nothing.
    terminal.keys("s");
    terminal.keys("\x1b");
    while terminal.contents().contains("Space continues") {
        terminal.listen(std::time::Duration::from_millis(50));
    }
    assert!(terminal.contents().contains("row T7"));
    terminal.keys("s");
    terminal.until("Swap source and destination");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn the_demonstration_that_comes_along_ends_where_it_says() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo/abort.keys");
    let last = printed(&["--demo", script]);
    let picture = |theme: &[&str]| printed(&[&["--demo", script, "--format", "svg"], theme].concat());
    assert_eq!(picture(&[]), picture(&["--theme", "high-contrast"]), "a projector needs it");
    assert_ne!(picture(&[]), picture(&["--theme", "default"]));
    assert!(last.contains("row T3") && last.contains("row T3, no issue in either direction"), "{last}");
    for size in ["60x20", "80x24", "120x36", "200x60"] {
        let output = run(&["--print", "--size", size, "--demo", script]);
        let frame = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(frame.contains("row T3") && frame.contains("Or require mpx at the next start"), "{size}:\n{frame}");
        assert!(frame.contains("6/6"), "{size}:\n{frame}");
    }
}

#[test]
fn every_bad_line_of_a_list_is_named_before_the_terminal_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.keys");
    std::fs::write(&path, "swap-edns\nundo\n  pauze\n").expect("a file");
    let output = run(&["--print", "--replay", text(&path)]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("run.keys:1:1: ") && said.contains("did you mean swap-ends?"), "{said}");
    assert!(said.contains("run.keys:3:3: ") && said.contains("did you mean pause?"), "{said}");
}
