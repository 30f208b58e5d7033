//! What goes wrong around the program, and that it then does the right thing: signals, sizes, closed and full outputs,
//! homes and terminals that lack something, floods of input, a second instance.
#![cfg(unix)]
#![expect(clippy::expect_used, reason = "what is not there fails the test")]

#[path = "support/pty.rs"]
mod pty;

use portable_pty::CommandBuilder;
use pty::{COLUMNS, LINES, T7, Terminal};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_virt-cpu-explorer");

/// Everything that writes to standard output.
const WRITERS: &[&[&str]] = &[
    &["check", T7],
    &["check", T7, "--format", "json"],
    &["check", T7, "--format", "markdown"],
    &["check", "--batch", "tests/recorded/lab.jsonl"],
    &["check", "-v", "--domain", "tests/data/domains", "--from", "9.0.0", "--to", "11.3.0"],
    &["matrix", "Skylake-Client"],
    &["history", "mpx"],
    &["diff", "9.0.0", "11.3.0"],
    &["review", "9.0.0", "11.3.0"],
    &["follow", "mpx", T7],
    &["explain", "guest CPU doesn't match specification: extra features: ht"],
    &["list", "models"],
    &["list", "releases", "--format", "json"],
    &["rule"],
    &["rule", "T7"],
    &["man"],
    &["completions", "bash"],
    &["completions", "zsh"],
    &["completions", "fish"],
    &["--print"],
    &["--print", "--screen", "first", "--size", "200x60"],
    &["--help"],
    &["check", "--help"],
    &["--version"],
];

fn run(arguments: &[&str], standard_output: Stdio) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdin(Stdio::null()).stdout(standard_output).stderr(Stdio::piped());
    command.output().expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("what is said is text")
}

/// A folder of this test's own, empty.
fn scratch(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("failure").join(name);
    if directory.exists() {
        std::fs::remove_dir_all(&directory).expect("what an earlier run left can be removed");
    }
    std::fs::create_dir_all(&directory).expect("a folder can be made");
    directory
}

/// A shell that runs the program as `line` says, in a terminal.
fn shell(line: &str) -> Terminal {
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", line]);
    command.env("PROGRAM", PROGRAM);
    Terminal::start(command, &[])
}

fn quits(mut terminal: Terminal) {
    terminal.keys("q");
    assert_eq!(terminal.end(), 0, "{}", terminal.contents());
    terminal.given_back();
}

#[test]
fn a_full_disk_is_named_and_is_no_success() {
    for arguments in WRITERS {
        let full = File::options().write(true).open("/dev/full").expect("there is a full device");
        let output = run(arguments, full.into());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = said(&output);
        assert!(said.contains("cannot write to standard output: No space left on device"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_reader_that_stops_early_ends_the_program_quietly() {
    for arguments in WRITERS {
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        drop(reader);
        let output = run(arguments, writer.into());
        // The exit code is that of the answer, as if all of it had been read.
        let read = run(arguments, Stdio::null());
        assert_eq!(output.status.code(), read.status.code(), "{arguments:?}");
        assert_eq!(said(&output), said(&read), "{arguments:?}");
    }
}

/// What a terminal would obey, or does not show.
const HOSTILE: [&str; 8] =
    ["\u{1b}]0;title\u{7}", "\u{9b}31m", "a\u{202e}b", "a\u{200b}b", "\u{7f}", "\u{1b}[2J", "\r", "\u{feff}x"];

/// Runs commands in a folder and holds that nothing hostile of `hostile` is in their output and errors.
fn shows_visibly(folder: &Path, hostile: &str, cases: &[Vec<&str>]) {
    for case in cases {
        let mut command = Command::new(PROGRAM);
        let output = command.args(case).current_dir(folder).stdin(Stdio::null()).output().expect("the program runs");
        for (name, bytes) in [("output", &output.stdout), ("error", &output.stderr)] {
            let text = String::from_utf8_lossy(bytes);
            let raw = hostile.chars().find(|letter| !matches!(letter, ' '..='~') && text.contains(*letter));
            assert_eq!(raw, None, "{case:?}, standard {name}: {text:?}");
        }
    }
}

/// Returns one command for each form in which it writes.
fn in_forms<'a>(command: &[&'a str], forms: &[&'a str]) -> Vec<Vec<&'a str>> {
    forms.iter().map(|form| [command, &["--format", form]].concat()).collect()
}

const ENDS: [&str; 4] = ["--from", "9.0.0:7.2.22", "--to", "11.3.0:10.0.13"];

#[test]
fn characters_that_a_terminal_would_obey_are_written_visibly() {
    let folder = scratch("hidden");
    for hostile in HOSTILE {
        let file = format!("{hostile}.xml");
        std::fs::write(folder.join(&file), "<domain/>").expect("a file can be written");
        let (model, list) = (format!("EPYC{hostile}"), format!("{hostile}.keys"));
        std::fs::write(folder.join(&list), format!("note {hostile}\n{hostile}\n")).expect("a file can be written");
        let reply =
            format!("{{\"return\":{{\"model\":{{\"name\":{hostile:?},\"props\":{{\"model-id\":\"{hostile}\"}}}}}}}}");
        std::fs::write(folder.join("reply.json"), reply).expect("a file can be written");
        let config = format!("\"{0}\" = 1\ntheme = \"{0}\"\n", hostile.escape_unicode());
        std::fs::write(folder.join("config.toml"), config).expect("a file can be written");
        let named = format!("mine{hostile}=.");
        let mut cases: Vec<Vec<&str>> = vec![
            vec!["check", &model],
            vec!["explain", &model],
            vec!["matrix", &model],
            vec!["history", &model],
            vec!["diff", &model, "EPYC"],
            vec!["follow", &model, "EPYC"],
            vec!["rule", &model],
            vec!["list", &model],
            vec!["review", &model, &file],
            vec!["tour", &model],
            vec![&model],
            vec!["--replay", &list, "--print"],
            vec!["--config", "config.toml", "--print"],
            vec!["check", "EPYC", "--cpu-map", &named],
            vec!["check", "EPYC", "--emulator", &model],
            vec!["baseline", &model, "reply.json"],
            vec!["expand", "host-model", "--host", "reply.json", "--on", "11.3.0:10.0.13"],
            vec!["expand", "host-model", "--host", &model, "--on", "11.3.0:10.0.13"],
        ];
        let guest = [&["check", "--domain", &file, &file][..], &ENDS].concat();
        cases.extend(in_forms(&guest, &["text", "json", "markdown", "junit"]));
        shows_visibly(&folder, hostile, &cases);
    }
}

#[test]
fn names_in_files_are_written_visibly() {
    let folder = scratch("hidden-names");
    // XML cannot have the others.
    for hostile in HOSTILE.into_iter().filter(|hostile| !hostile.contains('\u{1b}')) {
        let write = |name: &str, text: String| std::fs::write(folder.join(name), text).expect("a file can be written");
        let model = format!("EPYC{hostile}");
        let begin = format!("<domain type='kvm'><name>{hostile}</name><os><type arch='x86_64' machine='");
        let machine = |machine: &str| format!("{begin}{machine}'>hvm</type></os>");
        write("guest.xml", machine("pc-q35-5.2") + "<cpu mode='custom'><model>EPYC</model></cpu></domain>");
        write("machine.xml", machine(hostile) + "</domain>");
        let cpu = format!("<cpu mode='{hostile}'><model>{model}</model><feature name='{hostile}'/></cpu></domain>");
        write("cpu.xml", machine("pc-q35-5.2") + &cpu);
        let emulator = format!("<devices><emulator>/usr/{hostile}</emulator></devices></domain>");
        write("emulator.xml", machine("pc-q35-99.2") + &emulator);
        write("nova.conf", format!("[libvirt]\ncpu_mode=custom\ncpu_models={model}\n"));
        let manifest = "apiVersion: kubevirt.io/v1\nkind: VirtualMachineInstance\nmetadata: {name: ";
        let escaped =
            hostile.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect::<Vec<_>>().concat();
        write("vmi.yaml", format!("{manifest}\"{escaped}\"}}\nspec: {{domain: {{cpu: {{model: EPYC}}}}}}\n"));
        let line = format!("{{\"id\":{hostile:?},\"scenario\":\"{model},from=9.0.0,to=11.3.0\"}}\n");
        write("batch", format!("{line}{hostile}\n"));
        let message = "error: operation failed: guest CPU doesn't match specification: missing features:";
        write("lines", format!("{message} avx{hostile}\n{message} avx {hostile}\n"));
        let feature = "<feature name='avx'><cpuid eax_in='0x1' ecx='0x2'/></feature>";
        let of_map = format!("<model name='{model}'><feature name='avx'/></model>");
        write("cpu_map.xml", format!("<cpus><arch name='x86'>{feature}{of_map}</arch></cpus>"));
        let cpu = format!("<cpu><arch>x86_64</arch><model>{model}</model></cpu>");
        write("host.xml", format!("<capabilities><host>{cpu}</host></capabilities>"));
        let mut cases: Vec<Vec<&str>> = vec![
            vec!["check", "--batch", "batch"],
            vec!["explain", "lines"],
            vec!["explain", "lines", "--format", "json"],
            vec!["expand", "host-model", "--host", "host.xml", "--on", "11.3.0:10.0.13"],
            vec!["baseline", "host.xml", "host.xml"],
            vec!["list", "models", "--cpu-map", "mine=cpu_map.xml"],
            vec!["review", "11.3.0", "cpu_map.xml"],
        ];
        for guest in ["guest.xml", "machine.xml", "cpu.xml", "emulator.xml", "nova.conf", "vmi.yaml"] {
            cases.push([&["check", "--domain", guest][..], &ENDS].concat());
            let guest = [&["check", "--domain", guest, "guest.xml"][..], &ENDS].concat();
            cases.extend(in_forms(&guest, &["text", "json", "markdown", "junit"]));
        }
        shows_visibly(&folder, hostile, &cases);
    }
}

/// The cells of a line of a Markdown table.
fn markdown_cells(line: &str) -> usize {
    line.replace("\\\\", "").replace("\\|", "").matches('|').count()
}

/// The lines of CSV, each as its cells.
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut cell, mut quoted) = (vec![Vec::new()], String::new(), false);
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => {
                rows.last_mut().expect("there is one").push(std::mem::take(&mut cell));
                if letter == '\n' {
                    rows.push(Vec::new());
                }
            }
            _ => cell.push(letter),
        }
    }
    rows.pop();
    rows
}

#[test]
fn names_from_outside_stay_in_their_cells() {
    let folder = scratch("cells");
    let ends = ["--from", "9.0.0:7.2.22", "--to", "11.3.0:10.0.13"];
    let map = Path::new("tests/maps/directory").canonicalize().expect("a map");
    for hostile in ["a|b", "a`b`", "<b>x", "=1+1", "+x", "-x", "@x", "a\nb"] {
        let file = folder.join(format!("{hostile}.xml"));
        std::fs::write(&file, "<domain/>").expect("a file can be written");
        let mut check = vec!["check", "--domain", folder.to_str().expect("text"), "--format"];
        let document = |arguments: &[&str]| String::from_utf8(run(arguments, Stdio::piped()).stdout).expect("text");
        let _ = std::fs::write(folder.join("other.xml"), "<domain/>");
        let table = document(&[&check[..], &["text"], &ends].concat());
        assert_eq!(table.lines().filter(|line| line.starts_with("not readable")).count(), 2, "{hostile:?}: {table}");
        assert!(!table.lines().any(|line| line.starts_with("b.xml")), "{hostile:?}: {table}");
        std::fs::remove_file(folder.join("other.xml")).expect("it can be removed");
        for format in ["markdown", "junit", "json"] {
            let text = document(&[&check[..], &[format], &ends].concat());
            match format {
                "markdown" => {
                    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
                    assert_eq!(rows.len(), 3, "{hostile:?}: {text}");
                    assert!(rows.iter().all(|row| markdown_cells(row) == 5), "{hostile:?}: {text}");
                    assert!(!text.contains("<b>") && !rows[2].replace("\\`", "").contains('`'), "{hostile:?}: {text}");
                }
                "junit" => drop(roxmltree::Document::parse(&text).expect("XML")),
                _ => drop(serde_json::from_str::<serde_json::Value>(&text).expect("JSON")),
            }
        }
        std::fs::remove_file(&file).expect("it can be removed");
        check.clear();
        let mine = format!("{hostile}={}", map.display());
        for format in ["markdown", "csv", "json", "text"] {
            let output = run(
                &["matrix", "EPYC", "--cpu-map", &mine, "--from", hostile, "--to", "9.0.0:7.2.22", "--format", format],
                Stdio::piped(),
            );
            let text = String::from_utf8(output.stdout).expect("text");
            if output.status.code() != Some(0) {
                // Such a name is refused.
                assert!(text.is_empty() && !String::from_utf8_lossy(&output.stderr).contains("panicked"));
                continue;
            }
            match format {
                "markdown" => {
                    let counts: Vec<usize> =
                        text.lines().filter(|line| line.starts_with('|')).map(markdown_cells).collect();
                    assert!(counts.len() == 3 && counts.iter().all(|count| *count == counts[0]), "{hostile:?}: {text}");
                    assert!(!text.contains("<b>"), "{text}");
                }
                "csv" => {
                    let rows = csv(&text);
                    assert!(rows.iter().all(|row| row.len() == 6), "{hostile:?}: {text}");
                    let formula = |cell: &String| cell.starts_with(['=', '+', '-', '@']);
                    assert!(!rows.iter().flatten().any(formula), "{hostile:?}: {text}");
                }
                "json" => drop(serde_json::from_str::<serde_json::Value>(&text).expect("JSON")),
                _ => {}
            }
        }
    }
}

#[test]
fn a_reader_may_take_one_line_and_go() {
    let line = format!("{PROGRAM} check --batch tests/recorded/lab.jsonl | head -n 1");
    let output = Command::new("sh").args(["-c", &line]).output().expect("a shell runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    assert_eq!(said(&output), "");
}

#[test]
fn closed_inputs_and_outputs_are_no_panic() {
    for line in ["check >&-", "check --batch - <&-", "explain <&-", "<&- >&- 2>&-", "list models >&- 2>&-"] {
        let output = Command::new("sh").args(["-c", &format!("{PROGRAM} {line}")]).output().expect("a shell runs");
        assert!(matches!(output.status.code(), Some(0..=2)), "{line}: {:?}", output.status);
        assert!(!said(&output).contains("panicked"), "{line}: {}", said(&output));
    }
}

#[test]
fn a_closed_standard_input_does_not_keep_a_user_from_typing() {
    for closed in ["<&-", "</dev/null"] {
        let mut terminal = shell(&format!("exec \"$PROGRAM\" {T7} {closed}"));
        terminal.until("row T7");
        quits(terminal);
    }
}

/// A copy of the facts in a folder of its own.
fn copied_facts(name: &str) -> PathBuf {
    let directory = scratch(name);
    for entry in std::fs::read_dir("cpu_map").expect("the facts are there") {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            std::fs::copy(&path, directory.join(path.file_name().expect("a name"))).expect("the facts can be copied");
        }
    }
    directory
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("the folder is there");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("it can be listed").file_name();
    let mut names: Vec<String> = entries.map(|entry| name(entry).into_string().expect("a name is text")).collect();
    names.sort();
    names
}

const REPLY: &str = "mine=tests/data/hosts/7.2.22-query-cpu-model-expansion.json";

/// A limit on the size of files simulates a full disk.
#[test]
fn a_full_disk_while_facts_are_written_leaves_the_old_ones() {
    let directory = copied_facts("facts");
    let before = names_in(&directory);
    let line =
        format!("trap '' XFSZ; ulimit -f 40; exec {PROGRAM} import --host {REPLY} --into {}", directory.display());
    let output = Command::new("sh").args(["-c", &line]).output().expect("a shell runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("cannot be written: File too large"), "{}", said(&output));
    assert_eq!(names_in(&directory), before);
    for name in before {
        let read = |path: PathBuf| std::fs::read(path).expect("it can be read");
        assert!(read(Path::new("cpu_map").join(&name)) == read(directory.join(&name)), "{name} is as it was");
    }
}

#[test]
fn an_import_follows_no_link_and_lets_no_other_in() {
    let directory = copied_facts("links");
    let other = directory.join("other");
    std::fs::write(&other, "kept").expect("a file can be written");
    std::os::unix::fs::symlink(&other, directory.join("hosts.xml.new")).expect("a link can be made");
    let into = directory.display().to_string();
    let import = || run(&["import", "--host", REPLY, "--into", &into], Stdio::null());
    std::fs::write(directory.join("import.lock"), "").expect("a file can be written");
    let output = import();
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("another import is writing these files; if none runs, remove"), "{}", said(&output));
    std::fs::remove_file(directory.join("import.lock")).expect("it can be removed");
    let output = import();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(std::fs::read_to_string(&other).expect("it is there"), "kept");
    let hosts = std::fs::read_to_string(directory.join("hosts.xml")).expect("it is there");
    assert!(hosts.contains("<host name=\"mine\""));
    assert!(!names_in(&directory).iter().any(|name| name.contains(".new") || name.contains("lock")));
}

#[test]
fn an_environment_that_lacks_everything_is_enough() {
    let home = scratch("home");
    let mut permissions = home.metadata().expect("it is there").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&home, permissions).expect("it can be made read-only");
    for home in [home.as_path(), Path::new("/proc/nowhere"), Path::new("")] {
        let home = home.display().to_string();
        let places = ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"].map(|name| (name, home.as_str()));
        let mut terminal = Terminal::explorer(&[T7], &places);
        terminal.until("row T7");
        quits(terminal);
    }
    let output = Command::new(PROGRAM).args(["check", T7]).env_clear().output().expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("extra features: mpx"));
}

#[test]
fn a_terminal_without_a_name_is_drawn_on() {
    let mut terminal = shell(&format!("unset TERM; exec \"$PROGRAM\" {T7}"));
    terminal.until("row T7");
    quits(terminal);
}

#[test]
fn in_a_locale_without_utf_8_the_screen_is_ascii() {
    for locale in ["LC_ALL=POSIX", "LC_ALL= LC_CTYPE= LANG=en_US.ISO-8859-1"] {
        let mut terminal = shell(&format!("export {locale}; exec \"$PROGRAM\" {T7}"));
        terminal.until("row T7");
        assert!(terminal.contents().is_ascii(), "{locale}: {}", terminal.contents());
        quits(terminal);
    }
}

#[test]
fn a_storm_of_sizes_ends_in_the_right_screen() {
    let mut terminal = Terminal::explorer(&[T7], &[]);
    terminal.until("row T7");
    for turn in 0..300u16 {
        let (rows, columns) = match turn % 5 {
            0 => (1, 1),
            1 => (200, 500),
            2 => (1 + turn % 60, 1 + turn),
            3 => (24, 80),
            _ => (1 + turn % 40, 1),
        };
        terminal.resize(rows, columns);
    }
    terminal.resize(LINES, COLUMNS);
    terminal.keys("\x0c");
    let expected = run(&["--print", "--size", &format!("{COLUMNS}x{LINES}"), T7], Stdio::piped()).stdout;
    let expected = String::from_utf8(expected).expect("a frame is text");
    terminal.until_screen(&expected);
    quits(terminal);
}

#[test]
fn a_killed_program_leaves_nothing_that_hinders_the_next() {
    let mut terminal = Terminal::explorer(&[T7], &[]);
    terminal.until("row T7");
    terminal.signal("KILL");
    assert_ne!(terminal.end(), 0);
    let mut next = Terminal::explorer(&[T7], &[]);
    next.until("row T7");
    quits(next);
}

#[test]
fn two_instances_do_not_know_of_each_other() {
    let mut one = Terminal::explorer(&[T7], &[]);
    let mut other = Terminal::explorer(&[], &[]);
    one.until("row T7");
    other.until("row T5");
    other.keys("\x1b[D");
    other.until("row T7");
    one.keys("\x1b[C");
    one.until("row T5");
    quits(one);
    assert!(other.contents().contains("row T7"));
    quits(other);
}

/// A megabyte as a terminal hands it over when it is pasted.
fn pasted(text: &str) -> String {
    format!("\x1b[200~{}\x1b[201~", text.repeat((1 << 20) / text.len()))
}

#[test]
fn a_pasted_megabyte_is_one_clear_error() {
    for text in ["Skylake-Client,", "x", "line\n", "é"] {
        let mut terminal = Terminal::explorer(&[T7], &[]);
        terminal.until("row T7");
        terminal.keys(&pasted(text));
        terminal.until("Cannot parse the pasted text as a scenario");
        terminal.until("row T7");
        quits(terminal);
    }
}

#[test]
fn of_a_megabyte_pasted_while_choosing_only_the_beginning_is_taken() {
    let mut terminal = Terminal::explorer(&[T7], &[]);
    terminal.until("row T7");
    terminal.keys("\r");
    terminal.until("Guest: machine");
    terminal.keys(&pasted("q35"));
    terminal.until("only its first 256 characters are used");
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
    terminal.given_back();
}

#[test]
fn a_suspended_program_gives_the_terminal_back_and_takes_it_again() {
    // A shell that does nothing to the terminal itself.
    let mut command = CommandBuilder::new("dash");
    command.arg("-i");
    let mut terminal = Terminal::start(command, &[("PS1", "ready> ")]);
    terminal.until("ready>");
    terminal.keys(&format!("{PROGRAM} {T7}\r"));
    terminal.until("row T7");
    for round in 1..=3 {
        terminal.keys("\x1a");
        // The screen also has the messages of the shell about earlier stops.
        terminal.until_it("stopped, and the shell asks", |contents| {
            contents.matches("Stopped").count() == round && contents.trim_end().ends_with("ready>")
        });
        terminal.given_back();
        terminal.keys("fg\r");
        terminal.until("row T7");
        terminal.taken();
    }
    terminal.keys("q");
    terminal.until_it("the fifth prompt", |contents| contents.matches("ready>").count() == 5);
    terminal.given_back();
    terminal.keys("exit\r");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_terminal_that_fails_half_way_is_given_back() {
    let mut command = CommandBuilder::new(std::env::current_exe().expect("this test has a path"));
    command.args(["--exact", "takes_a_terminal_that_fails_half_way", "--ignored", "--nocapture"]);
    let mut terminal = Terminal::start(command, &[]);
    assert_eq!(terminal.end(), 0, "{}", terminal.contents());
    assert!(terminal.contents().contains("1 passed"), "{}", terminal.contents());
}

#[test]
#[ignore = "run in a terminal of its own by a_terminal_that_fails_half_way_is_given_back"]
fn takes_a_terminal_that_fails_half_way() {
    use std::os::fd::AsFd;
    let before = std::io::stdout().as_fd().try_clone_to_owned().expect("standard output can be kept");
    let full = File::options().write(true).open("/dev/full").expect("there is a full device");
    rustix::stdio::dup2_stdout(&full).expect("standard output can be changed");
    let taken = virt_cpu_explorer::internal::tui::Guard::take(true).map(drop);
    rustix::stdio::dup2_stdout(&before).expect("standard output can be given back");
    let fault = taken.expect_err("nothing can be written to it");
    assert!(format!("{fault:#}").contains("No space left on device"), "{fault:#}");
    assert_eq!(crossterm::terminal::is_raw_mode_enabled().ok(), Some(false));
}

#[test]
fn an_endless_batch_line_is_one_error_and_the_next_line_is_answered() {
    let mut command = Command::new(PROGRAM);
    let mut child = command
        .args(["check", "--batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut input = child.stdin.take().expect("it reads");
    let writer = std::thread::spawn(move || {
        let chunk = vec![b'x'; 1 << 20];
        for _ in 0..40 {
            std::io::Write::write_all(&mut input, &chunk).expect("it reads on");
        }
        let next = format!("\n{{\"id\":\"next\",\"scenario\":\"{T7}\"}}\n");
        std::io::Write::write_all(&mut input, next.as_bytes()).expect("it reads on");
    });
    let mut answers = String::new();
    child.stdout.take().expect("it writes").read_to_string(&mut answers).expect("answers are text");
    writer.join().expect("all was written");
    assert_eq!(child.wait().expect("it ends").code(), Some(2));
    let lines: Vec<&str> = answers.lines().collect();
    assert_eq!(lines.len(), 2, "{answers}");
    assert!(lines[0].contains("\"line\":1,") && lines[0].contains("at most 1 MiB"), "{}", lines[0]);
    assert!(lines[1].contains("\"id\":\"next\""), "{}", lines[1]);
}

#[test]
fn a_batch_line_that_never_ends_is_given_up() {
    let sparse = scratch("sparse").join("batch.jsonl");
    std::fs::File::create(&sparse).and_then(|file| file.set_len(10 << 30)).expect("a sparse file");
    let ran = Command::new(PROGRAM).args(["check", "--batch"]).arg(&sparse).output().expect("the program runs");
    assert_eq!(ran.status.code(), Some(2));
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(said.contains("line 1: expected a line of at most 1 MiB, found no end of it"), "{said}");
}

#[test]
fn keys_beyond_one_buffer_all_arrive() {
    for tabs in [1023, 1024, 1025, 5000] {
        let mut terminal = Terminal::explorer(&[T7], &[]);
        terminal.until("T7");
        terminal.keys(&("\t".repeat(tabs) + "q"));
        assert_eq!(terminal.end(), 0, "{tabs} tabs and q");
        // All keys that came are handled before the screen is drawn again.
        let frames = terminal.bytes.windows(8).filter(|written| written == b"\x1b[?2026h").count();
        assert!(frames < tabs / 4, "{frames} frames for {tabs} tabs");
        terminal.given_back();
    }
}

#[test]
fn a_paste_without_brackets_is_read_and_ctrl_c_ends_the_program() {
    let mut terminal = Terminal::explorer(&[T7], &[]);
    terminal.until("T7");
    terminal.keys(&"\t".repeat(1 << 14));
    terminal.keys("\x03");
    assert_eq!(terminal.end(), 0);
    terminal.given_back();
}

#[test]
fn stopped_by_a_signal_the_program_gives_the_terminal_back_and_takes_it_again() {
    let mut terminal = Terminal::explorer(&[T7], &[]);
    terminal.until("T7");
    terminal.signal("TSTP");
    terminal.until_it("an empty screen", |contents| !contents.contains("T7"));
    terminal.given_back();
    // The program stops after it restored the terminal; until then it does not receive the signal to continue.
    for _ in 0..600 {
        if terminal.contents().contains("T7") {
            break;
        }
        terminal.signal("CONT");
        terminal.listen(std::time::Duration::from_millis(100));
    }
    terminal.until("T7");
    terminal.taken();
    quits(terminal);
}

#[test]
fn continued_after_a_stop_that_cannot_be_caught_the_screen_is_drawn_again() {
    let mut terminal = Terminal::explorer(&[T7], &[]);
    terminal.until("T7");
    terminal.signal("STOP");
    let before = terminal.bytes.len();
    terminal.signal("CONT");
    terminal.until_it("T7", |contents| contents.contains("T7"));
    let taken_again = |terminal: &Terminal| String::from_utf8_lossy(&terminal.bytes[before..]).contains("\x1b[?1049h");
    for _ in 0..600 {
        if taken_again(&terminal) {
            break;
        }
        terminal.listen(std::time::Duration::from_millis(100));
    }
    assert!(taken_again(&terminal), "{}", terminal.contents());
    quits(terminal);
}

/// Every way to name a file on the command line.
fn options_with(file: &str) -> Vec<Vec<String>> {
    let facts = concat!(env!("CARGO_MANIFEST_DIR"), "/cpu_map");
    let commands = [
        "check --domain FILE --from 9.0.0:7.2.22 --to 11.3.0:10.0.13",
        "check --domain FILE FILE --from 9.0.0:7.2.22 --to 11.3.0:10.0.13",
        "check --batch FILE",
        "check EPYC --host FILE",
        "check EPYC --from-host FILE",
        "check EPYC --to-host FILE",
        "check EPYC --cpu-map mine=FILE",
        "--config FILE --print",
        "--replay FILE --print",
        "--demo FILE --print",
        "expand host-model --host FILE --on 11.3.0:10.0.13",
        "baseline FILE FILE --on 11.3.0:10.0.13",
        "review 11.3.0 FILE",
        "review FILE 11.3.0",
        "explain FILE",
        "import --into FACTS --libvirt 99.0.0=FILE --source test",
        "import --into FACTS --host new=FILE",
    ];
    let words =
        |command: &str| command.split(' ').map(|word| word.replace("FILE", file).replace("FACTS", facts)).collect();
    commands.map(words).to_vec()
}

#[test]
fn what_is_no_regular_file_is_refused_with_its_kind() {
    let folder = scratch("pipe");
    let (pipe, sparse) = (folder.join("guest.xml"), folder.join("sparse.xml"));
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    File::create(&sparse).and_then(|file| file.set_len(10 << 30)).expect("a sparse file can be made");
    let (pipe, sparse) = (pipe.to_str().expect("a path is text"), sparse.to_str().expect("a path is text"));
    for (path, found) in [
        (pipe, "expected a regular file, found a named pipe"),
        ("/dev/zero", "expected a regular file, found a device"),
        (sparse, "expected at most "),
    ] {
        for arguments in options_with(path) {
            let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let output = run(&words, Stdio::piped());
            let said = said(&output) + &String::from_utf8_lossy(&output.stdout);
            assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
            let said = said.replace("expected a line of at most", "expected at most");
            assert!(said.contains(found), "{words:?}: {said}");
        }
    }
    // Among the guests of a folder they are named, and the others are answered.
    let guest = std::fs::read("tests/data/domains/9.0.0-maximum.live.xml").expect("a guest can be read");
    std::fs::write(folder.join("other.xml"), guest).expect("a file can be written");
    let folder = folder.to_str().expect("a path is text");
    let output = run(&[&["check", "-v", "--domain", folder][..], &ENDS].concat(), Stdio::piped());
    let table = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{table}");
    assert_eq!(table.lines().filter(|line| line.starts_with("not readable")).count(), 2, "{table}");
    assert!(table.contains("other.xml"), "{table}");
}

#[test]
fn a_file_that_the_shell_opened_is_read() {
    let guest = "tests/data/domains";
    let first = std::fs::read_dir(guest).expect("there are guests").next().expect("one").expect("it is read").path();
    let line = format!(
        "{PROGRAM} check --domain /dev/stdin --from 9.0.0:7.2.22 --to 9.0.0:7.2.22 < {first} >/dev/null; test $? -lt 2",
        first = first.display()
    );
    assert!(Command::new("sh").args(["-c", &line]).status().expect("a shell runs").success(), "{line}");
}

#[test]
fn thousands_of_attributes_are_one_error_at_once() {
    let path = scratch("attributes").join("guest.xml");
    let attributes: String = (0..100_000).fold(String::new(), |text, number| text + &format!(" a{number}=''"));
    std::fs::write(&path, format!("<domain{attributes}/>")).expect("a file can be written");
    let path = path.to_str().expect("a path is text");
    let output = run(&["check", "--domain", path, "--from", "old", "--to", "new"], Stdio::piped());
    let said = said(&output) + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("expected at most 64 attributes in an element"), "{said}");
}

#[test]
fn of_thousands_of_errors_in_a_file_twenty_are_reported() {
    let folder = scratch("errors");
    let (config, list) = (folder.join("config.toml"), folder.join("list.keys"));
    let settings = (0..10_000).fold(String::new(), |text, number| text + &format!("a{number} = 1\n"));
    std::fs::write(&config, settings).expect("written");
    std::fs::write(&list, "nothing of the kind\n".repeat(10_000)).expect("written");
    for (flag, path) in [("--config", config), ("--replay", list)] {
        let path = path.to_str().expect("a path is text");
        let output = run(&[flag, path, "--print"], Stdio::null());
        assert_eq!(output.status.code(), Some(2), "{flag}");
        let said = said(&output);
        assert_eq!(said.lines().count(), 21, "{flag}: {said}");
        assert!(said.ends_with("and 9980 more errors\n"), "{flag}: {said}");
    }
}

#[test]
fn a_long_name_in_a_map_is_an_error_and_no_panic() {
    let folder = scratch("names");
    let name = "m".repeat(70_000);
    let map = format!(
        "<cpus><arch name='x86'><feature name='a'><cpuid eax_in='0x1' edx='0x1'/></feature>\
         <model name='{name}'><feature name='a'/></model></arch></cpus>"
    );
    let path = folder.join("cpu_map.xml");
    std::fs::write(&path, map).expect("a file can be written");
    let path = path.to_str().expect("a path is text");
    let output = run(&["matrix", "EPYC", "--cpu-map", &format!("mine={path}")], Stdio::null());
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("expected a name of at most 256 bytes, found 70000"), "{}", said(&output));
}

#[test]
fn a_long_name_from_outside_is_no_width_of_a_table() {
    let folder = scratch("long");
    let name = "x".repeat(70_000);
    let path = folder.join("batch.jsonl");
    let line = format!("{{\"id\":\"{name}\",\"scenario\":\"EPYC,from=9.0.0,to=9.0.0\"}}\n");
    std::fs::write(&path, line.repeat(2)).expect("a file can be written");
    let package = format!("9.0.0-{name}");
    for arguments in [
        vec!["check", "--format", "text", "--batch", path.to_str().expect("a path is text")],
        vec!["matrix", "EPYC", "--from", &package, "--to", "9.0.0"],
    ] {
        let output = run(&arguments, Stdio::piped());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(String::from_utf8_lossy(&output.stdout).contains(&name));
    }
}

#[test]
fn an_unreadable_config_file_is_a_notice() {
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", "mkdir -p $HOME/virt-cpu-explorer/config.toml && exec $PROGRAM $LINK"]);
    command.env("PROGRAM", PROGRAM);
    command.env("LINK", T7);
    let mut terminal = Terminal::start(command, &[]);
    terminal.until("Ignored the config file");
    quits(terminal);
}

#[test]
fn at_most_eight_stops_are_accepted() {
    let link = format!("{T7}{}", ",via=10.4.0".repeat(9));
    let output = run(&["check", &link], Stdio::null());
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("expected at most 8 intermediate hosts"), "{}", said(&output));
}
