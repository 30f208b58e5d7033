//! Adds a QEMU release by asking a program that answers as QEMU does: what is added, and what is refused.
#![cfg(unix)]
#![expect(clippy::expect_used, reason = "the helpers fail their tests")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_virt-cpu-explorer");

/// A QEMU with one model, the newest machine type of each family, two features, and one dependency between these.
const QEMU: &str = r#"#!/bin/sh
[ "$4" = kvm ] && [ -n "KVM" ] && { echo "warning" >&2; echo "KVM" >&2; exit 1; }
echo '{"QMP": {"version": {"qemu": {"major": 99, "minor": 0, "micro": 0}}}}'
while read -r question; do
    case $question in
    *query-machines*) answer='[{"name": "pc-q35-99.0", "alias": "q35", "cpu-max": 4096, "default-cpu-type": "qemu64-x86_64-cpu"},
        {"name": "pc-i440fx-99.0", "alias": "pc", "is-default": true, "cpu-max": 255}, {"name": "none"}]' ;;
    *query-cpu-definitions*) answer='[{"name": "max"}, {"name": "qemu64", "unavailable-features": ["vmx"]}]' ;;
    *qom-list-properties*) answer='[{"name": "avx", "type": "bool"}, {"name": "f16c", "type": "bool"},
        {"name": "kvm", "type": "bool"}, {"name": "level", "type": "uint32"}]' ;;
    *'"avx":false'*) answer='{"model": {"name": "qemu64", "props": {"avx": false, "f16c": false}}}' ;;
    *query-cpu-model-expansion*) answer='{"model": {"name": "qemu64", "props": {"avx": true, "f16c": true, "level": 13}}}' ;;
    *) answer='{}' ;;
    esac
    echo "{\"return\": $answer}" | tr -d '\n'
    echo
done
"#;

/// A copy of the facts, with a program beside them.
struct Facts {
    folder: TempDir,
}

impl Facts {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for entry in std::fs::read_dir("cpu_map").expect("the facts are there") {
            let path = entry.expect("it can be listed").path();
            if path.extension().is_some_and(|extension| extension == "xml") {
                let name = path.file_name().expect("a name");
                std::fs::copy(&path, folder.path().join(name)).expect("the facts can be copied");
            }
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn qemu_xml(&self) -> String {
        std::fs::read_to_string(self.path("qemu.xml")).expect("the facts are text")
    }

    /// Asks the program with this script. Returns the exit code, and output and errors together.
    fn import(&self, script: &str) -> (Option<i32>, String) {
        let qemu = self.path("qemu");
        std::fs::write(&qemu, script).expect("a file can be written");
        std::fs::set_permissions(&qemu, PermissionsExt::from_mode(0o755)).expect("it can be made a program");
        self.run(&["import", "--qemu", qemu.to_str().expect("a path is text")])
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let into: &Path = self.folder.path();
        let output = Command::new(PROGRAM).args(arguments).arg("--into").arg(into).output().expect("the program runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    }
}

#[test]
fn a_new_release_is_added_and_found_again() {
    let facts = Facts::new();
    let script = QEMU.replace("KVM", "");
    let (code, said) = facts.import(&script);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("QEMU 99.0.0: 0 defaults of models equal, 4 new\n"), "{said}");
    let qemu = facts.qemu_xml();
    assert!(qemu.contains("<release version=\"99.0.0\""), "{qemu}");
    for machine in ["pc-q35-99.0", "pc-i440fx-99.0"] {
        assert!(qemu.contains(&format!("<machine name=\"{machine}\" defaults=\"yes\">")), "{machine}");
    }
    // What was written is read and written alike, and is compared with the next answers.
    assert_eq!(facts.run(&["import", "--rewrite"]).0, Some(0));
    assert!(facts.qemu_xml() == qemu);
    let (code, said) = facts.import(&script);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("4 defaults of models equal, 0 new\nnothing was added: the facts have this release"),
        "{said}"
    );
    let (code, said) = facts.import(&script.replace("\"cpu-max\": 4096", "\"cpu-max\": 288"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("differs: machine type only in the answers: pc-q35-99.0") && said.contains("288"), "{said}");
    let (code, said) = facts.import(&script.replace("f16c\": false", "f16c\": true"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("differs: dependents of avx: more than the facts have: ; less: f16c"), "{said}");
}

#[test]
fn what_differs_or_cannot_be_asked_changes_nothing() {
    let facts = Facts::new();
    let before = facts.qemu_xml();
    let without_kvm = QEMU.replace("KVM", "cannot access KVM");
    let (code, said) = facts.import(&without_kvm);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("not compared: defaults with KVM, which cannot be used here"), "{said}");
    assert!(said.contains("differs: 2 defaults are new"), "{said}");
    let older = QEMU.replace("KVM", "").replace("pc-q35-99.0", "pc-q35-5.2");
    let (code, said) = facts.import(&older);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("differs: qemu64 under pc-q35-5.2 with tcg: more than the facts have: "), "{said}");
    assert!(said.ends_with("nothing was added\n"), "{said}");
    for (script, expected) in [
        ("#!/bin/sh\necho 'no such machine' >&2\n", "no such machine"),
        ("#!/bin/sh\necho hello\nread -r line\n", "expected JSON"),
        ("#!/bin/sh\necho '{}'\nread -r line\n", "expected QEMU's version, found {}"),
        (&QEMU.replace("KVM", "").replace("\\\"return\\\": $answer", "\\\"error\\\": \\\"no\\\""), "\"no\""),
    ] {
        let (code, said) = facts.import(script);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(facts.qemu_xml() == before);
}
