//! Looks at the files of a user: the screen written to one, the scenarios kept between runs, the settings. The program
//! runs in a pseudo-terminal, with a home of its own.
#![expect(clippy::expect_used, reason = "the helpers fail their tests")]

#[path = "support/pty.rs"]
mod pty;

use portable_pty::CommandBuilder;
use pty::{T7, Terminal};
use std::path::Path;
use std::process::{Command, Output};

const PROGRAM: &str = env!("CARGO_BIN_EXE_virt-cpu-explorer");

/// The program, at work in a folder, with the files of a home.
fn explorer(folder: &Path, home: &Path, arguments: &[&str]) -> Terminal {
    let mut command = CommandBuilder::new(PROGRAM);
    command.args(arguments);
    command.cwd(folder);
    let home = home.to_str().expect("the folder has a plain name");
    Terminal::start(command, &[("XDG_CONFIG_HOME", home), ("XDG_STATE_HOME", home)])
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|fault| format!("{}: {fault}", path.display()))
}

#[test]
fn a_screen_is_written_to_a_file_and_replaced_only_when_that_is_meant() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("virt-cpu-explorer-first.svg");
    std::fs::write(&path, "precious").expect("a file");
    let mut terminal = explorer(folder.path(), folder.path(), &[T7]);
    terminal.until("row T7");
    terminal.keys("e");
    terminal.until("Export this screen");
    terminal.keys("svg\r");
    terminal.until("virt-cpu-explorer-first.svg");
    terminal.keys("\r");
    terminal.until("exists; Enter replaces it: virt-cpu-explorer-first.svg");
    assert_eq!(read(&path), "precious");
    terminal.keys("\r");
    terminal.until("Exported to virt-cpu-explorer-first.svg");
    let picture = read(&path);
    assert!(picture.starts_with("<svg") && picture.contains("ABORTED"), "{picture}");
    assert!(!picture.contains("Export this screen"), "the list is not on the picture");
    terminal.keys("emark\r");
    terminal.until("virt-cpu-explorer-first.md");
    terminal.keys("\x15no/such/folder.md\r");
    terminal.until("Cannot write no/such/folder.md");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).expect("the folder").flatten().map(|file| file.file_name()).collect();
    assert_eq!(left.len(), 2, "the picture and what is kept, and no half of anything: {left:?}");
}

#[test]
fn a_screen_reaches_the_terminals_clipboard() {
    let mut terminal = Terminal::explorer(&[T7], &[]);
    terminal.until("row T7");
    terminal.keys("etext clip\r");
    terminal.until("Copied this screen as text.");
    assert!(String::from_utf8_lossy(&terminal.bytes).contains("\x1b]52;c;"));
    terminal.keys("q");
    terminal.end();
}

#[test]
fn scenarios_with_a_name_and_those_used_last_are_there_in_the_next_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut terminal = explorer(folder.path(), folder.path(), &[T7]);
    terminal.until("row T7");
    terminal.keys("wthe abort\r");
    terminal.until("Saved as \"the abort\".");
    terminal.keys("\x1b[C");
    terminal.until("row T5");
    terminal.keys("wthe abort\r");
    terminal.until("exists; Enter replaces it: the abort");
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
    let kept = folder.path().join("virt-cpu-explorer/scenarios");
    let text = read(&kept);
    assert!(text.contains("the abort\tSkylake-Client,machine=pc-q35-3.1"), "{text}");
    std::fs::write(&kept, format!("{text}lost\tNo-Such-Model,from=old,to=new\n")).expect("the file can be written");
    let mut terminal = explorer(folder.path(), folder.path(), &[]);
    terminal.until("row T5");
    terminal.keys("o");
    terminal.until("Saved scenarios");
    terminal.keys("abort");
    terminal.until("aborted");
    terminal.keys("\r");
    terminal.until("row T7");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    let text = read(&kept);
    assert!(text.contains("lost\tNo-Such-Model,from=old,to=new"), "{text}");
    assert!(text.contains("\n\tSkylake-Client,machine=pc-q35-3.1"), "{text}");
    let mut terminal = explorer(folder.path(), folder.path(), &[]);
    terminal.until("row T5");
    terminal.keys("olost");
    terminal.until("/ lost");
    terminal.keys("\x1b[3~");
    terminal.until("again to delete \"lost\".");
    terminal.keys("\x1b[3~");
    terminal.until("/ lost");
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
    let text = read(&kept);
    assert!(!text.contains("No-Such-Model") && text.contains("the abort\t"), "{text}");
}

#[test]
fn a_home_that_cannot_be_written_costs_a_notice() {
    let folder = tempfile::tempdir().expect("a folder");
    let no_folder = folder.path().join("a-file");
    std::fs::write(&no_folder, "").expect("a file");
    let mut terminal = explorer(folder.path(), &no_folder, &["--no-config", T7]);
    terminal.until("row T7");
    terminal.keys("o");
    terminal.until("a-file");
    terminal.keys("wname\r");
    terminal.until("Cannot save the scenario");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    terminal.until("cannot save the last scenario");
}

#[test]
fn a_replayed_list_acts_outside_the_program_only_if_that_is_allowed() {
    let acts = "save\ntype planted\nopen\nexport\ntype svg\nopen\nopen\ncopy-link\n";
    let path = |folder: &Path| folder.join("run.keys").to_str().expect("the folder has a plain name").to_owned();
    let written = ["virt-cpu-explorer-first.svg", "virt-cpu-explorer/scenarios"];
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("run.keys"), format!("{acts}suspend\n")).expect("a file");
    std::fs::write(folder.path().join(written[0]), "precious").expect("a file");
    for flag in ["--replay", "--demo"] {
        let mut terminal = explorer(folder.path(), folder.path(), &[T7, flag, &path(folder.path())]);
        terminal.until("The replay may not suspend the program; --allow-effects allows it.");
        terminal.keys("q");
        assert_eq!(terminal.end(), 0);
        assert!(!String::from_utf8_lossy(&terminal.bytes).contains("\x1b]52;"), "{flag}: the clipboard");
        assert_eq!(read(&folder.path().join(written[0])), "precious", "{flag}");
        assert!(!folder.path().join(written[1]).exists(), "{flag}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("run.keys"), acts).expect("a file");
    let mut terminal =
        explorer(folder.path(), folder.path(), &[T7, "--allow-effects", "--replay", &path(folder.path())]);
    terminal.until("Copied");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    assert!(String::from_utf8_lossy(&terminal.bytes).contains("\x1b]52;"));
    assert!(read(&folder.path().join(written[0])).starts_with("<svg"));
    assert!(read(&folder.path().join(written[1])).contains("planted\t"));
}

#[test]
fn what_the_program_keeps_is_for_the_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", "umask 000; exec \"$0\" \"$@\"", PROGRAM, T7]);
    let home = folder.path().to_str().expect("the folder has a plain name");
    let mut terminal = Terminal::start(command, &[("XDG_CONFIG_HOME", home), ("XDG_STATE_HOME", home)]);
    terminal.until("row T7");
    terminal.keys("wname\r");
    terminal.until("Saved as \"name\".");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    let kept = folder.path().join("virt-cpu-explorer");
    let files: Vec<_> =
        std::fs::read_dir(&kept).expect("the folder").map(|file| file.expect("a file").path()).collect();
    assert!(files.len() >= 2, "the scenarios and their lock: {files:?}");
    for path in files.iter().chain([&kept]) {
        let mode = path.metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    }
}

fn run(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env("XDG_CONFIG_HOME", home).env("XDG_STATE_HOME", home).env("HOME", home);
    command.output().expect("the program runs")
}

#[test]
fn commands_and_printed_frames_touch_nothing_of_the_users() {
    let home = tempfile::tempdir().expect("a folder");
    for arguments in [&["check", T7][..], &[T7, "--print"][..], &["list", "models"][..]] {
        run(home.path(), arguments);
    }
    assert_eq!(std::fs::read_dir(home.path()).expect("the folder").count(), 0);
}

#[test]
fn a_user_settles_theme_keys_and_start() {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(home.path().join("virt-cpu-explorer")).expect("a folder");
    let text = format!("ascii = true\nmouse = false\nstart = \"{T7}\"\n[keys]\nquit = \"Q\"\n");
    std::fs::write(home.path().join("virt-cpu-explorer/config.toml"), text).expect("a file");
    let mut terminal = explorer(home.path(), home.path(), &[]);
    terminal.until("row T7");
    assert_eq!(terminal.screen.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    terminal.keys("q");
    terminal.keys("Q");
    assert_eq!(terminal.end(), 0);
    let mut terminal = explorer(home.path(), home.path(), &["--no-config"]);
    terminal.until("row T5");
    terminal.keys("q");
    terminal.end();
}

#[test]
fn everything_wrong_with_the_settings_is_said_at_once_before_the_terminal_is_taken() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("mine.toml");
    let text = "theem = \"mono\"\ntheme = \"lihgt\"\nascii = \"yes\"\nstart = \"Skylake-Clinet,from=old\"\n[keys]\n\
                qiut = \"x\"\nundo = \"u <ctlr+z>\"\nredo = \"q\"\nsave = 3\n";
    std::fs::write(&path, text).expect("a file");
    let path = path.to_str().expect("the folder has a plain name");
    let output = run(home.path(), &["--print", "--config", path]);
    let said = String::from_utf8_lossy(&output.stderr).replace(path, "FILE");
    assert_eq!(output.status.code(), Some(2), "{said}");
    let expected = [
        "FILE:1:1: expected one of theme, ascii, mouse, start, web-base, keys, found theem; did you mean theme?",
        "FILE:2:9: theme: expected one of default, light, high-contrast, mono, colour-blind, found lihgt; did you mean light?",
        "FILE:3:9: ascii: expected true or false, found \"yes\"",
        "FILE:4:10: start: ",
        "FILE:6:1: unknown action qiut; did you mean quit?",
        "FILE:7:11: undo: expected a key, found",
        "FILE:8:1: q is a key of both ",
        "FILE:9:8: save: expected keys in quotes, separated by spaces, found 3",
    ];
    for line in expected {
        assert!(said.contains(line), "{line:?} is not said:\n{said}");
    }
    std::fs::write(home.path().join("page.toml"), "web-base = \"example.org\"\n").expect("a file");
    let output = run(home.path(), &["--print", "--config", home.path().join("page.toml").to_str().expect("a name")]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("page.toml:1:12: web-base: expected an address such as https://"), "{said}");
    let missing = run(home.path(), &["--print", "--config", "/no/such/file"]);
    assert_eq!(missing.status.code(), Some(2));
    let broken = home.path().join("broken.toml");
    std::fs::write(&broken, "theme = \n").expect("a file");
    let output = run(home.path(), &["--print", "--config", broken.to_str().expect("a plain name")]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("broken.toml:1:9: "), "{output:?}");
}
