//! Runs the commands of README.md and docs/ as they are written, and compares what the pages show of their output.
#![expect(clippy::unwrap_used, reason = "a page or a file that cannot be read fails the test")]
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use virt_cpu_explorer::internal::cli;

const HERE: &str = env!("CARGO_MANIFEST_DIR");
const PROGRAM: &str = "virt-cpu-explorer";

/// A command of a page, and the output that the page shows.
struct Shown {
    page: String,
    command: String,
    output: String,
}

/// The commands of a page's code blocks: after `$` in a console, at the start of a line elsewhere.
fn commands(page: &str, text: &str) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    let mut language = None;
    let mut continued = false;
    for line in text.lines() {
        if let Some(fence) = line.trim_start().strip_prefix("```") {
            language = language.is_none().then_some(fence.trim());
            continued = false;
            continue;
        }
        let begins = match language {
            Some("console") => line.strip_prefix("$ "),
            Some("sh" | "yaml" | "bash") => Some(line.trim()).filter(|line| line.starts_with(PROGRAM)),
            _ => None,
        };
        if let Some(command) = begins {
            found.push(Shown { page: page.to_owned(), command: command.to_owned(), output: String::new() });
        } else if let (Some(last), true) = (found.last_mut(), continued) {
            last.command.push('\n');
            last.command.push_str(line);
        } else if let (Some(last), Some("console")) = (found.last_mut(), language) {
            last.output.push_str(line);
            last.output.push('\n');
        }
        let last = found.last().map(|shown| shown.command.trim_end());
        let open = language.is_some() && last.is_some_and(|command| command.ends_with(['\\', '|']));
        continued = open && (begins.is_some() || continued);
    }
    found.retain(|shown| shown.command.contains(PROGRAM));
    found
}

fn pages() -> Vec<Shown> {
    let docs = fs::read_dir(Path::new(HERE).join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = docs.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect();
    files.push(Path::new(HERE).join("README.md"));
    files.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    files.iter().flat_map(|path| commands(&name(path), &fs::read_to_string(path).unwrap())).collect()
}

/// Creates the files that the pages refer to.
fn files(folder: &Path) {
    let data = Path::new(HERE).join("tests/data");
    let copy = |from: &str, to: &str| {
        fs::create_dir_all(folder.join(to).parent().unwrap()).unwrap();
        fs::copy(data.join(from), folder.join(to)).unwrap();
    };
    copy("domains/9.0.0-epyc-smt.live.xml", "guest.xml");
    copy("domains/9.0.0-epyc-smt.live.xml", "guests/web.xml");
    copy("domains/9.0.0-skylake.live.xml", "guests/db.xml");
    for host in ["host.xml", "hosts/a.xml", "hosts/b.xml"] {
        copy("hosts/7.2.22-query-cpu-model-expansion.json", host);
    }
    fs::write(folder.join("guests.jsonl"), "{\"scenario\":\"EPYC,from=9.0.0,to=11.3.0\"}\n").unwrap();
    std::os::unix::fs::symlink(Path::new(HERE).join("assets"), folder.join("assets")).unwrap();
}

/// Whether a command opens the explorer, which needs a terminal.
fn opens_explorer(command: &str) -> bool {
    let words =
        command.split(['|', '>', ';', '\n']).next().unwrap().split_whitespace().map(|word| word.replace('"', ""));
    match cli::parse(words.map(Into::into)) {
        Ok(cli::Command::Explore(args)) => !args.print.print,
        _ => false,
    }
}

#[test]
fn every_command_of_the_documents_runs_and_says_what_they_show() {
    let program = Path::new(env!("CARGO_BIN_EXE_virt-cpu-explorer"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
    let has_jq = Command::new("jq").arg("--version").stdout(Stdio::null()).status().is_ok();
    let mut ran = 0;
    let mut compared = 0;
    for shown in pages().iter().filter(|shown| !opens_explorer(&shown.command)) {
        let folder = tempfile::tempdir().unwrap();
        files(folder.path());
        let whole = has_jq || !shown.command.contains("jq ");
        let command = if whole { shown.command.as_str() } else { shown.command.split('|').next().unwrap() };
        let done = Command::new("sh")
            .args(["-c", command])
            .current_dir(folder.path())
            .env("PATH", &path)
            .envs([("OLD", "10.10.0:9.1.0"), ("NEW", "11.9.0:10.1.0"), ("GITHUB_STEP_SUMMARY", "/dev/null")])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let (page, err) = (&shown.page, String::from_utf8_lossy(&done.stderr));
        assert!(done.status.code().unwrap() < 2 && err.is_empty(), "{page}: {command}\n{err}");
        if whole && !shown.output.trim().is_empty() {
            assert_eq!(String::from_utf8_lossy(&done.stdout), shown.output, "{page}: {command}");
            compared += 1;
        }
        ran += 1;
    }
    assert!(ran >= 16 && (compared > 0 || !has_jq), "{ran} commands ran, {compared} were compared");
}

#[test]
fn commands_and_outputs_are_found() {
    let text = "```console\n$ virt-cpu-explorer list qemu |\n    head -n 1\n1.5.0\n$ ls\nx\n```\n\n```sh\nvirt-cpu-explorer rule\n```\n";
    let found = commands("page", text);
    let found: Vec<(&str, &str)> = found.iter().map(|shown| (shown.command.as_str(), shown.output.as_str())).collect();
    assert_eq!(found, [("virt-cpu-explorer list qemu |\n    head -n 1", "1.5.0\n"), ("virt-cpu-explorer rule", "")]);
}
