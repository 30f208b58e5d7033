//! Runs the program on guests' files: exit codes, bad files among good ones, JSON, standard input, `explain`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::io::Write;
use std::process::{Command, Stdio};

/// Runs the program with these arguments and this input; returns exit code, output and messages.
fn run(args: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_virt-cpu-explorer"))
        .args(args)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

const UP: [&str; 4] = ["--from", "9.0.0:7.2.22", "--to", "11.3.0:10.0.13"];

fn check(args: &[&str]) -> (i32, String, String) {
    run(&[&["check"], args, &UP].concat(), "")
}

#[test]
fn one_guest_gives_the_usual_answer_behind_the_line_that_says_it_back() {
    let (code, out, _) = check(&["--domain", "domains/9.0.0-skylake.live.xml"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("COMPLETES, the guest's CPU is unchanged (rule T3): Skylake-Client from 9.0.0:7.2.22 to"));
    assert!(out.contains("\ndomains/9.0.0-skylake.live.xml: running guest: Skylake-Client with 13 features"), "{out}");
    let (code, out, _) = check(&["--domain", "domains/9.0.0-epyc-smt.live.xml", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &value["id"]), (1, &"domains/9.0.0-epyc-smt.live.xml".into()));
    assert!(value["said"].as_str().unwrap().starts_with("running guest: EPYC"));
}

#[test]
fn several_guests_give_a_table_worst_first_and_bad_files_do_not_stop_it() {
    let files =
        ["domains/9.0.0-skylake.live.xml", "no-such-file.xml", "hosts/cpuinfo.txt", "domains/9.0.0-epyc-smt.live.xml"];
    let (code, out, err) = check(&[&["--domain"], &files[..]].concat());
    assert_eq!(code, 2);
    let heading = "4 guests: 1 aborted, 1 unchanged, 2 not readable\n\nFrom 9.0.0:7.2.22 to 11.3.0:10.0.13.";
    assert!(out.starts_with(heading), "{out}");
    let verdicts: Vec<&str> = out.lines().skip(4).map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(verdicts, ["not readable", "not readable", "aborted", "unchanged"], "{out}");
    let (_, out, _) = check(&[&["--format", "markdown", "--domain"], &files[..]].concat());
    assert!(out.contains("| not readable |  | no-such-file.xml | cannot read the file"), "{out}");
    assert_eq!(err.lines().count(), 2, "{err}");
    assert!(err.contains("no-such-file.xml: cannot read the file") && err.contains("hosts/cpuinfo.txt:1:1: expected"));
    let (_, out, _) = check(&[&["--format", "json", "--domain"], &files[..]].concat());
    let ids: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].clone()).collect();
    assert_eq!(ids, files.map(serde_json::Value::from));
}

#[test]
fn a_directory_stands_for_its_files_and_quiet_only_exits() {
    let (code, short, _) = check(&["--domain", "domains"]);
    assert_eq!(code, 1);
    assert!(short.lines().count() <= 24 && short.ends_with(" more; -v lists every guest\n"), "{short}");
    let (_, out, _) = check(&["--domain", "domains", "-v"]);
    assert!(out.contains("domains/12.8.0-skylake.live.xml"), "{out}");
    let (code, out, _) = check(&["--domain", "domains", "--quiet"]);
    assert_eq!((code, out.as_str()), (1, ""));
}

#[test]
fn a_guest_and_a_log_can_come_on_standard_input() {
    let guest = include_str!("data/domains/9.0.0-skylake.live.xml");
    let (code, out, _) = run(&[&["check", "--domain", "-"], &UP[..]].concat(), guest);
    assert!(code == 0 && out.contains("\n-: running guest"), "{out}");
    let (code, out, _) = run(&["explain"], "noise\nerror: unknown CPU feature: ibrs\n");
    assert!(code == 0 && out.contains("line 2, column 8") && out.contains("Rule unknown-feature"), "{out}");
    assert_eq!(run(&["explain", "nothing of the kind"], "").0, 1);
    let (code, out, _) = run(&["explain", "the guest CPU does not match its specification"], "");
    assert!(
        code == 1 && out.contains("nearest to this known message") && out.contains("maintainer of your copy"),
        "{out}"
    );
    // A file that has the messages, and the same as JSON.
    let file = "error-texts.txt";
    let (code, out, _) = run(&["explain", file], "");
    assert!(code == 0 && out.contains("different messages in 31 lines") && out.contains("kubevirt:1.8.0"), "{out}");
    let (code, out, _) = run(&["explain", file, "--format", "json"], "");
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, json["messages"][0]["line"].as_u64(), json["messages"][0]["rule"].as_str()),
        (0, Some(2), Some("ht"))
    );
}

#[test]
fn a_host_given_as_a_file_is_said_back_with_what_it_cannot_tell() {
    let from = ["check", "EPYC", "-v", "--from", "9.0.0", "--to", "11.3.0", "--from-host"];
    let (_, out, _) = run(&[&from[..], &["hosts/9.0.0-domcapabilities.xml"]].concat(), "");
    assert!(out.contains("\nhosts/9.0.0-domcapabilities.xml: virsh domcapabilities: AMD host"), "{out}");
    let named = |host: &str| run(&["check", "EPYC", "--from-host", host, "--to", "11.3.0"], "");
    let (code, _, err) = named("hosts/9.0.0-domcapabilities.xml");
    assert!(code == 2 && err.contains("missing: the source (--from)\n"), "the file does not name its libvirt: {err}");
    let both = "hosts/9.0.0-capabilities.xml,hosts/9.0.0-domcapabilities.xml";
    let (_, out, _) = run(&[&from[..], &[both]].concat(), "");
    assert!(out.contains("\nhosts/9.0.0-capabilities.xml: virsh capabilities: AMD host"), "{out}");
    assert!(out.contains("hosts/9.0.0-domcapabilities.xml: virsh domcapabilities: AMD host"), "{out}");
    assert!(out.contains("from-host=AMD:25-17-1:") && !out.contains("as well"), "{out}");
    let twice = "hosts/9.0.0-capabilities.xml,hosts/9.0.0-capabilities.xml";
    let (code, _, err) = run(&["check", "EPYC", "--from", "9.0.0", "--to", "11.3.0", "--host", twice], "");
    assert!(code == 2 && err.contains("expected virsh capabilities and virsh domcapabilities"), "{err}");
    let (code, _, err) = run(&["check", "EPYC", "--host", "no-such-host"], "");
    assert!(code == 2 && err.contains("unknown host"), "{err}");
}

#[test]
fn what_the_command_line_says_of_the_guest_wins_over_its_file() {
    let (_, out, _) = check(&["-v", "--domain", "domains/9.0.0-epyc-smt.live.xml", "--topology", "4-1-1"]);
    assert!(
        out.contains("--topology 4-1-1, which overrides the file, so the guest counts as freshly started"),
        "{out}"
    );
    assert!(out.contains("topology=4-1-1"), "{out}");
}

#[test]
fn an_id_beside_a_definition_that_is_not_live_is_said() {
    let line = |check: &str, from: &str| {
        let xml = format!(
            "<domain type='kvm' id='3'><os><type machine='pc-i440fx-6.2'>hvm</type></os><cpu mode='custom' \
             match='exact' check='{check}'><model fallback='forbid'>Cascadelake-Server</model></cpu></domain>"
        );
        let (_, out, _) = run(&["check", "--domain", "-", "--from", from, "--to", "ubuntu:24.04"], &xml);
        out
    };
    let said = line("partial", "ubuntu:22.04");
    assert!(
        said.contains("caution: libvirt 8.0.0 has check full in the live definition, this one has partial"),
        "{said}"
    );
    assert!(line("none", "9.0.0").contains("this one has none"));
    assert!(!line("full", "ubuntu:22.04").contains("caution"));
    assert!(!line("none", "3.1.0:2.8.0").contains("check full"));
}

/// `expand` itself advises to pass both files.
#[test]
fn expand_reads_two_files_of_one_host() {
    let folder = tempfile::tempdir().unwrap();
    let (here, of_kvm) = (concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/hosts"), folder.path().join("kvm.xml"));
    let of_tcg = std::fs::read_to_string(format!("{here}/9.0.0-domcapabilities.xml")).unwrap();
    std::fs::write(&of_kvm, of_tcg.replace("<domain>qemu<", "<domain>kvm<")).unwrap();
    let pair = format!("hosts/9.0.0-capabilities.xml,{}", of_kvm.display());
    let expand =
        |host: &str| run(&["expand", "host-model", "--host", host, "--on", "debian:13", "--format", "json"], "");
    let (code, out, err) = expand(&pair);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Family, model and stepping are those of virsh capabilities."), "{out}");
    let (code, _, err) = expand("hosts/9.0.0-capabilities.xml,hosts/none.xml");
    assert!(code == 2 && err.contains("neither a listed host nor a file"), "{err}");
}
