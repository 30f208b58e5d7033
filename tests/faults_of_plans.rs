//! Holds what once misled those who plan an upgrade: each test is named after what went wrong.
#![expect(clippy::panic, reason = "what cannot be asked fails the test")]

#[path = "support/run.rs"]
mod run;
#[path = "support/typed.rs"]
mod typed;

use run::run_words;
use serde_json::Value;
use typed::{has, has_not, open};

/// A virtual machine of KubeVirt without a machine type.
const MANIFEST: &str = "apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {name: a}\nspec:\n  template:\n    \
                        spec:\n      domain:\n        cpu: {model: EPYC-Milan, cores: 2}\n";

fn run(args: &str) -> (i32, String, String) {
    run_words(args, "")
}

/// Runs a command that writes JSON.
fn json(args: &str) -> Value {
    let (_, out, err) = run(&format!("{args} --format json"));
    serde_json::from_str(&out).unwrap_or_else(|_| panic!("{args}: {out}{err}"))
}

/// The text in one line, with single blanks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_short_machine_name_in_a_link_is_that_of_the_source_in_the_flags() {
    let ends = "--from rhel:9.4 --to rhel:9.6";
    let answer = json(&format!("check EPYC-Rome,machine=q35 {ends}"));
    assert_eq!(answer["verdict"], "unchanged", "{answer:#}");
    assert_eq!(answer, json(&format!("check EPYC-Rome --machine q35 {ends}")));
    assert!(answer["scenario"].as_str().unwrap().contains("machine=pc-q35-rhel9.4.0"), "{answer:#}");
    // A file of the host names the source too.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("host.xml");
    let shown = std::fs::read_to_string("tests/data/hosts/9.0.0-domcapabilities.xml").unwrap();
    let version = "Using library: libvirt 10.4.0\nRunning hypervisor: QEMU 8.2.2\n\n";
    std::fs::write(&path, version.to_owned() + &shown).unwrap();
    let of_file = json(&format!("check EPYC,machine=q35 --from-host {} --to debian:13", path.display()));
    let link = of_file["scenario"].as_str().unwrap();
    assert!(link.contains("machine=pc-q35-8.2,") && link.contains("from=10.4.0:8.2.2"), "{link}");
    let (code, out, err) = run(&format!("follow ht EPYC-Rome,machine=q35,topology=1-2-1 {ends}"));
    assert!(code == 0 && !out.contains("start-refused") && !out.contains("pc-q35-7.2"), "{out}{err}");
    let (code, out, err) = run(&format!("EPYC-Rome,machine=q35 {ends} --print --size 120x36"));
    assert!(code == 0 && out.contains("pc-q35-rhel9.4.0"), "{out}{err}");
}

#[test]
fn each_line_of_a_batch_resolves_the_short_machine_name_of_the_flags() {
    let lines = "{\"scenario\":\"EPYC,from=rhel:9.4,to=rhel:9.6\"}\n\
                 {\"source\":{\"libvirt\":\"debian:12\"},\"destination\":{\"libvirt\":\"debian:13\"},\"guest\":{\"model\":\"EPYC\"}}\n";
    let (_, out, err) = run_words("check --batch - --machine q35", lines);
    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 2, "{out}{err}");
    for (answer, machine) in answers.iter().zip(["machine=pc-q35-rhel9.4.0", "machine=pc-q35-7.2"]) {
        assert!(answer["scenario"].as_str().unwrap().contains(machine), "{answer:#}");
    }
}

#[test]
fn each_source_of_a_matrix_resolves_a_short_machine_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    std::fs::write(&path, MANIFEST).unwrap();
    let file = path.to_str().unwrap();
    // What of a manifest another product writes is not known.
    for (guest, last) in [
        (format!("--domain {file}"), "kubevirt:1.6.6"),
        ("EPYC-Milan,machine=q35,topology=1-2-1".to_owned(), "rhel:9.4"),
    ] {
        let releases = ["kubevirt:1.7.4", "kubevirt:1.8.4", last];
        let list = releases.join(",");
        let found = json(&format!("matrix {guest} --from {list} --to {list}"));
        for (row, from) in releases.iter().enumerate() {
            for (column, to) in releases.iter().enumerate() {
                let cell = &found["cells"][row][column];
                let alone = json(&format!("check {guest} --from {from} --to {to}"));
                let [cell, alone] = [cell, &alone].map(|of| ["verdict", "rule", "scenario"].map(|key| of[key].clone()));
                assert_eq!(cell, alone, "{guest} from {from} to {to}");
            }
        }
        assert_eq!(found["cells"][0][1]["rule"], "ht", "{found:#}");
    }
    let (_, out, _) = run("matrix EPYC,machine=q35 --from rhel:9.4,debian:12 --to rhel:9.6");
    let title = "Machine type: q35, which the source's QEMU resolves to pc-q35-rhel9.4.0 and pc-q35-7.2.";
    assert!(flat(&out).contains(title), "{out}");
    let (code, _, err) = run("matrix EPYC --from rhel:9.4,rhel:9.6 --to rhel:9.6 --columns machines=q35");
    assert!(code == 2 && err.contains("q35 is a short name"), "{err}");
}

#[test]
fn a_difference_of_maps_does_not_clear_what_it_did_not_try() {
    let found = json("diff rhel:9.6 rhel:10.1 --model EPYC-Milan --qemu 9.2.1");
    for effect in found["effects"].as_array().unwrap() {
        let affected = effect["models"].as_array().unwrap().len() + effect["hosts"].as_array().unwrap().len();
        assert_eq!(effect["worst"] == "unchanged", affected == 0, "{effect:#}");
    }
    let (_, out, _) = run("diff rhel:9.6 rhel:10.1 --model EPYC-Milan --qemu 9.2.1");
    let text = flat(&out);
    for said in [
        "no guest that was tried has a worse outcome",
        "guests with one thread in each socket that name no feature",
        "a KVM host that supports every feature",
        "check EPYC-Milan --from rhel:9.6 --to rhel:10.1 decides with them",
        "Other topologies and hosts were not tried",
    ] {
        assert!(text.contains(said), "{said}: {out}");
    }
    let guest = json("check EPYC-Milan --topology 1-4-1 --from rhel:9.6 --to rhel:10.1");
    assert_eq!(guest["verdict"], "aborted", "what was not tried is worse");
    // A host-model guest is one of those with a worse outcome.
    let (_, out, _) = run("diff 9.9.0 9.10.0 --qemu 7.2.22");
    let json = json("diff 9.9.0 9.10.0 --qemu 7.2.22");
    let hosts = json["effects"][0]["hosts"].as_array().unwrap();
    assert!(!hosts.is_empty() && flat(&out).contains("; host-model on "), "{out}");
}

#[test]
fn the_page_of_ht_agrees_with_the_answer_of_the_reverse_direction() {
    let back = |to: &str, accel: &str| {
        json(&format!("check EPYC,machine=pc-q35-5.2,topology=1-2-1,accel={accel} --from 11.3.0:10.0.13 --to {to}"))
    };
    assert_eq!(back("11.3.0:9.2.1", "kvm")["verdict"], "unchanged");
    assert_eq!(back("11.3.0:8.2.2", "kvm")["verdict"], "unchanged");
    for (to, accel) in [("9.0.0:8.1.5", "kvm"), ("11.3.0:9.2.1", "tcg")] {
        let answer = back(to, accel);
        assert!(answer["missing"].as_array().unwrap().iter().any(|name| name == "ht"), "{answer:#}");
    }
    let page = flat(&std::fs::read_to_string("assets/rules/ht.md").unwrap());
    assert!(page.contains("Under KVM, QEMU 8.2 to 9.2 supports `ht`"), "{page}");
    assert!(!page.contains("QEMU before 10.0 does not support that"), "{page}");
}

#[test]
fn a_model_that_inherits_from_another_is_no_copy_of_it() {
    let (_, out, _) = run("history Haswell");
    let text = flat(&out);
    assert!(text.contains("1.0.1 model added; based on SandyBridge, adds fma, pcid"), "{out}");
    assert!(text.contains("1.2.14 based on Haswell-noTSX, adds hle, rtm"), "{out}");
    assert!(!text.contains("a copy of"), "{out}");
    let step = &json("history Haswell")["libvirt"][0]["built_on"];
    assert_eq!(step["model"], "SandyBridge");
    assert!(step["adds"].as_array().unwrap().iter().any(|name| name == "fma"), "{step:#}");
    let (_, out, _) = run("history Skylake-Client-v1");
    assert!(flat(&out).contains("model added; a copy of Skylake-Client"), "{out}");
    let session = open("Haswell,from=9.0.0,to=11.3.0", (120, 36)).keys("h");
    has(&session, "now based on Haswell-noTSX");
    has_not(&session, "copy of");
}

#[test]
fn a_review_does_not_claim_more_than_it_decided() {
    let begins = |args: &str| {
        let (code, out, err) = run(&format!("review {args}"));
        let answer = flat(out.split("\n\n").nth(1).unwrap_or_else(|| panic!("{out}{err}")));
        (code, answer)
    };
    let (code, answer) = begins("9.0.0 9.0.0+mpx-removed --as 2.0.0 --qemu 2.6.0");
    assert!(code == 0 && answer.starts_with("No guest that was decided is at risk"), "{answer}");
    assert!(answer.contains(" host-model guests were not decided: they depend on host-model expansion"), "{answer}");
    // Hosts of which only a part is known are tried too.
    let found = json("review 9.0.0 9.0.0+mpx-removed --qemu 7.2.22");
    let hosts = json("list hosts").as_array().map_or(0, Vec::len);
    assert!(found["answer"].is_string() && hosts > 60, "{hosts}");
    let (_, answer) = begins("9.0.0 9.0.0+mpx-removed --qemu 7.2.22");
    assert!(answer.contains(&format!("host-model on {hosts} hosts")), "{answer}");
}

#[test]
fn a_history_has_what_an_added_map_changes() {
    let added = "--cpu-map patched=tests/maps/directory";
    let (code, out, err) = run(&format!("history hle {added}"));
    assert!(
        code == 0 && flat(&out).contains(": patched: does not define it; Haswell: no model, was in the model"),
        "{out}{err}"
    );
    let found = json(&format!("history hle {added}"));
    let of_haswell = found["added_maps"][0]["models"].as_array().unwrap().iter().find(|of| of["model"] == "Haswell");
    assert_eq!(of_haswell.unwrap()["before"], "in the model", "{found:#}");
    let (_, out, _) = run(&format!("history Haswell {added}"));
    assert!(out.lines().any(|line| line.contains("patched") && line.ends_with(": model removed")), "{out}");
    assert!(!run("history Haswell").1.contains("compared with"));
}

#[test]
fn differences_of_a_host_model_guest_are_those_of_the_model_that_it_becomes() {
    let session = open("host-model,host=EPYC-7502-32-Core,machine=pc-q35-7.2,from=debian:12,to=debian:13", (120, 36));
    let session = session.keys("d");
    has(&session, "EPYC-Rome between ");
    has_not(&session, "Skylake-Client between");
}

#[test]
fn labels_of_a_comparison_are_apart_from_their_values() {
    let session = open("EPYC,from=rhel:9.6,to=rhel:9.8", (120, 36)).keys("c");
    has(&session, "Destination: libvirt rhel:9.");
    has_not(&session, "libvirtrhel");
}

#[test]
fn a_machine_type_of_a_distribution_says_how_its_packages_are_named() {
    for (from, to) in [("10.10.0:9.1.0", "11.9.0:10.1.0"), ("rhel:9.4", "11.9.0:10.1.0")] {
        let (_, out, _) = run(&format!("check EPYC,machine=pc-q35-rhel9.4.0 --from {from} --to {to}"));
        let hint = "pc-q35-rhel9.4.0 is a machine type of RHEL 9 and RHEL 10; the package version identifies the distribution, \
                    as does a product such as ";
        assert!(flat(&out).contains(hint), "{out}");
    }
    let (_, out, _) = run("check EPYC,machine=pc-q35-11.0 --from debian:12 --to debian:13");
    assert!(!out.contains("identifies the distribution"), "{out}");
}
