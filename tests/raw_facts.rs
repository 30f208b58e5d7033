//! A small set of raw facts, cut from what real software said, is taken in whole or refused at the place of the mistake.
#![expect(clippy::unwrap_used, reason = "in a test a file that is not there is a failure")]

use std::path::{Path, PathBuf};
use virt_cpu_explorer::internal::domain::catalog::ReleaseMap;
use virt_cpu_explorer::internal::import::{digest, write_facts};
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::load::timeline::{self, Texts};

const RAW_FACTS: &str = "tests/raw_facts";

/// A folder with `behaviour.xml`, which the timeline is written into.
fn timeline_folder() -> tempfile::TempDir {
    let into = tempfile::tempdir().unwrap();
    std::fs::copy("cpu_map/behaviour.xml", into.path().join("behaviour.xml")).unwrap();
    into
}

/// The raw facts, in a folder where they can be changed.
fn copied() -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let name = to.join(path.file_name().unwrap());
            if path.is_dir() { copy(&path, &name) } else { std::fs::copy(&path, &name).map(|_| ()).unwrap() }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(RAW_FACTS), folder.path());
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn raw_facts_become_a_timeline_that_gives_them_back() {
    let into = timeline_folder();
    let written = write_facts(Path::new(RAW_FACTS), into.path()).unwrap();
    let paths: Vec<PathBuf> = written.files.iter().map(|(path, _)| path.clone()).collect();
    for (path, size) in &written.files {
        assert_eq!(std::fs::metadata(path).unwrap().len(), *size as u64, "{path:?}");
    }
    assert_eq!(paths.len() + 1, names(into.path()).len(), "{paths:?} and behaviour.xml");

    let text = |name: &str| std::fs::read_to_string(into.path().join(name)).unwrap();
    let (libvirt, qemu, hosts, products) =
        (text("libvirt.xml"), text("qemu.xml"), text("hosts.xml"), text("products.xml"));
    let texts = Texts {
        libvirt: ("libvirt.xml", &libvirt),
        qemu: ("qemu.xml", &qemu),
        hosts: ("hosts.xml", &hosts),
        products: ("products.xml", &products),
        ..embedded::TEXTS
    };
    let catalog = timeline::catalog(&texts).unwrap();
    let releases: Vec<&str> = catalog
        .libvirt_releases()
        .iter()
        .filter(|release| matches!(release.map, ReleaseMap::Exact(_)))
        .map(|release| &*release.name)
        .collect();
    assert_eq!(releases, ["2.0.0", "4.0.0", "9.0.0", "9.0.0+mpx-removed", "12.8.0"]);
    let found = digest::digests(&digest::records_of_parts(&timeline::read(&texts).unwrap()));
    assert_eq!(digest::read(&text("DIGESTS")), found);
}

#[test]
fn a_mistake_in_raw_facts_is_named_and_nothing_is_written() {
    let mistakes = [
        (
            "libvirt/releases.json",
            r#""4.0.0.json""#,
            r#""4.0.0.json", "x": 1"#,
            r"libvirt/releases.json:10:27: expected raw facts in JSON, found a mistake: unknown field `x`, expected one of `release`, `source`, `file`, `same_as`",
        ),
        (
            "libvirt/releases.json",
            r#""file": "4.0.0.json""#,
            r#""same_as": "3.0.0""#,
            r#"4.0.0: expected a release with a file in same_as, found "3.0.0""#,
        ),
        (
            "libvirt/releases.json",
            "4.0.0.json",
            "4.1.0.json",
            r"libvirt/4.1.0.json: cannot be read: No such file or directory (os error 2)",
        ),
        ("libvirt/4.0.0.json", r#""cpuid""#, r#""cpu""#, r#"4.0.0: expected cpuid or msr, found "cpu""#),
        ("libvirt/4.0.0.json", r#""0x01""#, r#""one""#, r#"4.0.0: expected a number, found "one""#),
        (
            "libvirt/9.0.0.json",
            r#""removed": ["#,
            r#""removed": ["mpy""#,
            r#"9.0.0 486: expected the name of a feature, found "mpy""#,
        ),
        (
            "libvirt/12.8.0.json",
            r#""guest": "on""#,
            r#""guest": "yes""#,
            r#"12.8.0 486: expected on or off, found "yes""#,
        ),
        (
            "qemu_releases.json",
            r#""pc-q35-2.5""#,
            r#""pc-i440fx-2.5""#,
            r#"qemu_releases.json:19:3: expected raw facts in JSON, found a mistake: "pc-i440fx-2.5" stands here a second time"#,
        ),
        ("products.json", "debian:12", "debian:11", r#"products: expected each fact once, found "debian:11""#),
        ("hosts.json", "AuthenticAMD", "Cyrix", r#"EPYC-7502-32-Core: expected a vendor, found "Cyrix""#),
        (
            "hosts.json",
            "{",
            "[",
            r"hosts.json:1:1: expected raw facts in JSON, found a mistake: invalid type: sequence, expected an object",
        ),
        (
            "qemu.json",
            "-x86_64-cpu",
            "-i386-cpu",
            r#"5.2.0: expected no machine type that the running QEMU has not, found "one more, or another""#,
        ),
        (
            "qemu.json",
            r#""known_on_machines": "#,
            r#""known_on_machines": 1"#,
            r#"486: expected 4 in known_on_machines, found "14""#,
        ),
        (
            "qemu_releases.json",
            r#""version": ""#,
            r#""version": "v"#,
            r#"2.5.0: expected a number in version, found "v2005000""#,
        ),
        ("qemu_probe.json", r#""4.2.0""#, r#""four""#, r#"QEMU: expected a release, found "four""#),
    ];
    for (file, old, new, message) in mistakes {
        let (from, into) = (copied(), timeline_folder());
        let path = from.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file} has {old:?}");
        std::fs::write(&path, text.replacen(old, new, 1)).unwrap();
        let fault = write_facts(from.path(), into.path()).unwrap_err().to_string();
        let fault = fault.replace(&format!("{}/", from.path().display()), "");
        assert_eq!(fault, message, "{file}: {new}");
        assert_eq!(names(into.path()), ["behaviour.xml"]);
    }
}
