//! Types into bash, zsh and fish what the program completes, and runs it on a terminal: pager, colours, help, man pages.
//! A shell that is not installed is left out; `.ci/run` installs all three.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]
#![cfg(unix)]

#[path = "support/pty.rs"]
mod pty;

use portable_pty::CommandBuilder;
use pty::Terminal;
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_virt-cpu-explorer");

/// What is typed, and what the line becomes after the tab key.
const COMPLETED: &[(&str, &str)] = &[
    ("virt-cpu-explorer matr", "virt-cpu-explorer matrix"),
    ("virt-cpu-explorer check --fail-", "virt-cpu-explorer check --fail-on"),
    ("virt-cpu-explorer check Skylake-Client-noTSX-I", "virt-cpu-explorer check Skylake-Client-noTSX-IBRS"),
    ("virt-cpu-explorer check EPYC,+clz", "virt-cpu-explorer check EPYC,+clzero"),
    ("virt-cpu-explorer check EPYC,+clzero,-xsavee", "virt-cpu-explorer check EPYC,+clzero,-xsaveerptr"),
    ("virt-cpu-explorer check EPYC,mach", "virt-cpu-explorer check EPYC,machine"),
    ("virt-cpu-explorer check EPYC,machine=pc-q35-4.0.", "virt-cpu-explorer check EPYC,machine=pc-q35-4.0.1"),
    ("virt-cpu-explorer check EPYC,from=12.0.0:10.0.1", "virt-cpu-explorer check EPYC,from=12.0.0:10.0.13"),
    ("virt-cpu-explorer check EPYC,pmu=of", "virt-cpu-explorer check EPYC,pmu=off"),
    ("virt-cpu-explorer follow ht EPYC --from debian:12 --to fedora:4", "--to fedora:4"),
    ("virt-cpu-explorer matrix EPYC --rows mach", "virt-cpu-explorer matrix EPYC --rows machines"),
    ("virt-cpu-explorer matrix EPYC --rows models=EPYC,Cooper", "--rows models=EPYC,Cooperlake"),
    ("virt-cpu-explorer baseline EPYC-7502-", "virt-cpu-explorer baseline EPYC-7502-32-Core"),
    ("virt-cpu-explorer expand host-model --host Core-i7-8550", "--host Core-i7-8550U"),
    ("virt-cpu-explorer rule arch-", "virt-cpu-explorer rule arch-capabilities"),
    ("virt-cpu-explorer list mod", "virt-cpu-explorer list models"),
    ("virt-cpu-explorer history Skylake-Client-noTSX-I", "virt-cpu-explorer history Skylake-Client-noTSX-IBRS"),
    ("virt-cpu-explorer diff 0.7.5 12.7", "virt-cpu-explorer diff 0.7.5 12.7.0"),
    ("virt-cpu-explorer check --batch tests/recorded/rec", "tests/recorded/recorded-migrations.jsonl"),
];

fn is_installed(shell: &str) -> bool {
    let found = Command::new(shell).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

/// A folder with the program under its own name.
fn path() -> String {
    let folder = std::path::Path::new(PROGRAM).parent().unwrap().display().to_string();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}

/// Starts a shell with its completions; `start` are its first lines.
fn shell(name: &str, arguments: &[&str], start: &str) -> Terminal {
    let mut command = CommandBuilder::new(name);
    command.args(arguments);
    let path = path();
    let environment = [("PATH", path.as_str()), ("PS1", "> "), ("INPUTRC", "/dev/null"), ("HISTFILE", "/dev/null")];
    let mut terminal = Terminal::start(command, &environment);
    terminal.keys(&format!("{start}\n"));
    terminal.until("ready now");
    terminal
}

/// Types each line, and waits until the shell has completed it.
fn type_all(mut terminal: Terminal) {
    for (typed, wanted) in COMPLETED {
        // An empty line before it, so that what is seen is this line's.
        terminal.keys("\u{15}clear\n");
        terminal.until_it("an empty screen", |screen| !screen.contains("virt-cpu-explorer"));
        terminal.keys(&format!("{typed}\t"));
        let joined = |screen: &str| screen.replace('\n', "");
        terminal.until_it(wanted, |screen| joined(screen).contains(wanted));
    }
    terminal.keys("\u{15}exit\n");
    terminal.end();
}

#[test]
fn bash_completes_names_behind_its_word_breaks() {
    if is_installed("bash") {
        let start = "source <(virt-cpu-explorer completions bash); echo ready $(echo now)";
        type_all(shell("bash", &["--norc", "--noprofile", "-i"], start));
    }
}

#[test]
fn zsh_completes() {
    if is_installed("zsh") {
        let start = "autoload -U compinit; compinit -u; source <(virt-cpu-explorer completions zsh); PS1='> '; \
                     echo ready $(echo now)";
        type_all(shell("zsh", &["-f", "-i"], start));
    }
}

#[test]
fn fish_completes() {
    if !is_installed("fish") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    for (typed, wanted) in COMPLETED {
        let script = format!("virt-cpu-explorer completions fish | source; complete -C '{typed}'");
        let mut command = Command::new("fish");
        command.args(["--no-config", "-c", &script]).env("PATH", path()).env("HOME", home.path());
        let done = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        let out = String::from_utf8(done.stdout).unwrap();
        let last = wanted.rsplit(' ').next().unwrap();
        let found = out.lines().any(|line| line.split('\t').next().unwrap().starts_with(last));
        assert!(found, "{typed}: {last} is not among\n{out}");
    }
}

/// What the program proposes to fish for the last word.
fn proposed(words: &[&str]) -> Vec<String> {
    let program = env!("CARGO_BIN_EXE_virt-cpu-explorer");
    let mut command = Command::new(program);
    command.env("COMPLETE", "fish").args(["--", "virt-cpu-explorer"]).args(words);
    let done = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let out = String::from_utf8(done.stdout).unwrap();
    out.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn each_kind_of_value_is_proposed_where_it_stands() {
    for (words, wanted) in [
        (&["check", "EPYC", "--accel", ""][..], &["kvm", "tcg"][..]),
        (&["check", "EPYC", "--check", ""], &["none", "partial", "full"]),
        (&["check", "EPYC", "--match", ""], &["minimum", "exact", "strict"]),
        (&["check", "EPYC", "--fallback", ""], &["allow", "forbid"]),
        (&["check", "EPYC", "--vendor", ""], &["Intel", "AMD"]),
        (&["check", "EPYC", "--transport", ""], &["live", "save", "p2p"]),
        (&["check", "EPYC", "--migratable", ""], &["on", "off"]),
        (&["check", "EPYC", "--regime", ""], &["nothing", "disable", "require"]),
        (&["check", "EPYC", "--feature", "mp"], &["mpx"]),
        (&["check", "EPYC", "--topology", ""], &["1-2-1"]),
        (&["check", "EPYC", "--writer", ""], &["kubevirt", "nova"]),
        (&["check", "EPYC", "--host", "EPYC-7"], &["EPYC-7502-32-Core"]),
        (&["check", "EPYC", "--host", "tests/data/hosts/c"], &["tests/data/hosts/cpuinfo.txt"]),
        (&["check", "EPYC,avx="], &["EPYC,avx=force", "EPYC,avx=forbid"]),
        (&["check", "EPYC,check="], &["EPYC,check=full"]),
        (&["diff", "9."], &["9.0.0"]),
        (&["review", "9.0.0", "tests/m"], &["tests/maps/"]),
        (&["man", ""], &["check", "matrix"]),
        (&["matrix", "EPYC", "--from", "9.0.0,10.4"], &["9.0.0,10.4.0"]),
        (&["matrix", "EPYC", "--to", "9.0.0..10.4"], &["9.0.0..10.4.0"]),
        (&["matrix", "EPYC", "--rows", "releases=9."], &["releases=9.0.0"]),
        (&["matrix", "EPYC", "--rows", "products=debian"], &["products=debian:12"]),
        (&["matrix", "EPYC", "--rows", "qemu=7."], &["qemu=7.2.22"]),
        (&["matrix", "EPYC", "--rows", "machines=pc-q35-7"], &["machines=pc-q35-7.2"]),
        (&["matrix", "EPYC", "--rows", "hosts=EPYC-7"], &["hosts=EPYC-7502-32-Core"]),
    ] {
        let found = proposed(words);
        for one in wanted {
            assert!(found.iter().any(|known| known == one), "{words:?}: {one} is not among {found:?}");
        }
    }
    for nothing in
        [&["check", "EPYC", "--tsc", ""][..], &["check", "EPYC,nosuch="], &["matrix", "EPYC", "--rows", "x="]]
    {
        assert_eq!(proposed(nothing), [""; 0], "{nothing:?}");
    }
}

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).envs(environment.iter().copied()).env_remove("NO_COLOR").stdin(Stdio::null());
    let done = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

#[test]
fn long_output_goes_through_the_pager_and_short_output_does_not() {
    let pager = "cat >/dev/null; echo paged by mine";
    let paged = |arguments: &[&str], pager: &str| {
        let mut terminal = Terminal::explorer(arguments, &[("PAGER", pager)]);
        let code = terminal.end();
        (code, terminal.contents())
    };
    let (code, screen) = paged(&["list", "models"], pager);
    assert!(code == 0 && screen.contains("paged by mine") && !screen.contains("EPYC"), "{screen}");
    let (code, screen) = paged(&["list", "products"], "cat");
    assert!(code == 0 && screen.contains("debian:12"), "{screen}");
    let (code, screen) = paged(&["check", "EPYC,from=9.0.0,to=9.0.0"], pager);
    assert!(code == 0 && screen.starts_with("COMPLETES"), "{screen}");
    let (_, out, _) = run(&["list", "models"], &[("PAGER", pager)]);
    assert!(out.contains("EPYC"), "a file is not paged: {out}");
    // A user who leaves the pager early does not get an error.
    let (code, screen) = paged(&["list", "features"], "head -n 1");
    assert!(code == 0 && screen.lines().count() == 1, "{screen}");
}

#[test]
fn colours_are_for_terminals_and_can_be_chosen() {
    const LINK: &str = "EPYC,machine=pc-q35-5.2,topology=1-2-1,from=9.0.0:7.2.22,to=11.3.0:10.0.13";
    let coloured = |text: &str| text.contains("\u{1b}[");
    let of_terminal = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut terminal = Terminal::explorer(arguments, environment);
        terminal.end();
        String::from_utf8(terminal.bytes).unwrap()
    };
    assert!(coloured(&of_terminal(&["check", LINK], &[])));
    assert!(!coloured(&of_terminal(&["check", LINK], &[("NO_COLOR", "1")])));
    assert!(!coloured(&of_terminal(&["check", LINK, "--color", "never"], &[])));
    assert!(!coloured(&run(&["check", LINK], &[]).1));
    let (_, out, _) = run(&["check", LINK, "--color=always"], &[]);
    assert!(out.contains("\u{1b}[31mABORTED\u{1b}[0m"), "{out}");
    for format in ["json", "junit", "markdown"] {
        assert!(!coloured(&run(&["check", LINK, "--color=always", "--format", format], &[]).1));
    }
}

#[test]
fn a_long_table_shows_its_progress_and_stops_at_ctrl_c() {
    let guest = ["matrix", "?,host=any", "--from", "9.0.0..12.9.0", "--to", "9.0.0..12.9.0"];
    let mut terminal = Terminal::explorer(&guest, &[("PAGER", "cat")]);
    let is_progress = |screen: &str| {
        let (done, of) = screen.trim().split_once(" of ").unwrap_or_default();
        done.parse::<usize>().is_ok() && of.parse::<usize>().is_ok()
    };
    terminal.until_it("the progress", is_progress);
    terminal.keys("\u{3}");
    assert_ne!(terminal.end(), 0);
}

/// Every subcommand, read from the help.
fn subcommands() -> Vec<String> {
    let (_, help, _) = run(&["-h"], &[]);
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().map(|line| line.split_whitespace().next().unwrap().to_owned());
    names.filter(|name| name != "help").collect()
}

#[test]
fn the_short_help_is_one_screen_and_the_long_help_is_whole() {
    let commands = subcommands();
    assert!(commands.len() > 12, "{commands:?}");
    for command in std::iter::once(None).chain(commands.iter().map(Some)) {
        let of = |flag: &str| {
            let arguments: Vec<&str> = command.map(String::as_str).into_iter().chain([flag]).collect();
            let (code, out, _) = run(&arguments, &[("COLUMNS", "80")]);
            assert_eq!(code, 0, "{command:?}");
            out
        };
        let (short, long) = (of("-h"), of("--help"));
        // The last row is the prompt's.
        assert!(short.lines().count() <= 23, "{command:?}: {} lines:\n{short}", short.lines().count());
        assert!(short.lines().all(|line| line.chars().count() <= 80), "{command:?}:\n{short}");
        assert!(long.len() >= short.len(), "{command:?}");
    }
    let (_, long, _) = run(&["check", "--help"], &[]);
    for key in ["--topology", "--accel", "--tsc", "--regime", "--cpu-map", "--running"] {
        assert!(long.contains(key), "{key}");
    }
}

/// The first option or argument of a man page that no description follows.
fn without_description(page: &str) -> Option<&str> {
    let lines: Vec<&str> = page.lines().collect();
    let is_bare = |text: &str| text.is_empty() || text.starts_with('.');
    lines.windows(3).find(|three| three[0] == ".TP" && is_bare(three[2])).map(|three| three[1])
}

#[test]
fn every_subcommand_has_a_man_page() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, err) = run(&["man", "--dir", folder.path().to_str().unwrap()], &[]);
    assert_eq!((code, err.as_str()), (0, ""));
    for command in subcommands() {
        let name = format!("virt-cpu-explorer-{command}");
        let page = std::fs::read_to_string(folder.path().join(format!("{name}.1"))).unwrap();
        let (code, printed, _) = run(&["man", &command], &[]);
        for page in [&page, &printed] {
            assert!(page.contains(".SH NAME") && page.replace("\\-", "-").contains(&name), "{name}:\n{page}");
            assert_eq!(without_description(page), None, "{name}");
        }
        assert_eq!(code, 0);
    }
    let (code, page, _) = run(&["man"], &[]);
    assert!(code == 0 && page.contains("Exit codes") && page.contains("review"), "{page}");
    assert_eq!(without_description(&page), None);
    let (code, _, err) = run(&["man", "chek"], &[]);
    assert!(code == 2 && err.contains("did you mean check?"), "{err}");
}

#[test]
fn errors_suggest_the_name_that_was_meant() {
    let wrong: &[(&[&str], &str)] = &[
        (&["chek", "EPYC"], "'check'"),
        (&["check", "EPCY", "--from", "9.0.0", "--to", "11.3.0"], "did you mean EPYC?"),
        (&["check", "EPYC,+aesni", "--from", "9.0.0", "--to", "11.3.0"], "did you mean aes?"),
        (&["check", "EPYC,machine=pc-q35-52", "--from", "9.0.0", "--to", "11.3.0"], "did you mean pc-q35-5.2?"),
        (&["check", "EPYC", "--from", "debain:12", "--to", "11.3.0"], "did you mean debian:12?"),
        (&["check", "EPYC", "--from", "9.0.1", "--to", "11.3.0"], "did you mean 9.0.0?"),
        (&["check", "EPYC", "--form", "9.0.0", "--to", "11.3.0"], "'--from'"),
        (
            &["check", "EPYC", "--from", "9.0.0", "--to", "11.3.0", "--host", "EPYC-7502-32-Cor"],
            "did you mean EPYC-7502",
        ),
        (&["rule", "arch-capability"], "did you mean arch-capabilities?"),
        (&["follow", "avx22", "EPYC,from=9.0.0,to=9.0.0"], "did you mean avx2?"),
        (&["matrix", "EPYC", "--rows", "machine"], "did you mean machines?"),
    ];
    for (arguments, said) in wrong {
        let (code, _, err) = run(arguments, &[]);
        assert!(code == 2 && err.contains(said), "{arguments:?}: {err}");
    }
}
