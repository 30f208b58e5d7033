//! Runs every subcommand that prints and compares what it says: lists, histories, differences, stages, matrices,
//! reviews, baselines, the meaning of errors; and adds to a copy of the timeline what `import` is for.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

#[path = "support/golden.rs"]
mod golden;

use golden::Goldens;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use virt_cpu_explorer::internal::export::FACTS_HASH;

const HERE: &str = env!("CARGO_MANIFEST_DIR");
const T7: &str = "Skylake-Client,machine=pc-q35-3.1,from=old,to=new";
const HT: &str = "EPYC,machine=pc-q35-5.2,topology=1-2-1,from=9.0.0:7.2.22,to=11.3.0:10.0.13";

/// A command line: the name of the file that has its output, the exit code, the arguments.
type Line = (&'static str, i32, &'static [&'static str]);

const PRINTED: &[Line] = &[
    ("baseline", 0, &["baseline", "EPYC-7502-32-Core", "EPYC-7601-32-Core", "--on", "9.0.0"]),
    ("baseline-intel", 0, &["baseline", "Cooperlake", "Core-i5-2500", "--on", "9.0.0"]),
    (
        "check-host-files",
        1,
        &["check", "EPYC,from=9.0.0,to=old", "-v", "--from-host", "tests/data/hosts/9.0.0-domcapabilities.xml"],
    ),
    (
        "check-host-model",
        0,
        &["check", "host-model,host=EPYC-7502-32-Core,machine=pc-q35-7.2,from=debian:12,to=debian:13"],
    ),
    ("diff-models", 0, &["diff", "EPYC", "EPYC-Rome"]),
    ("diff-models-marked-added", 0, &["diff", "Skylake-Client", "Skylake-Client-noTSX-IBRS"]),
    ("diff-models-marked-removed", 0, &["diff", "core2duo", "EPYC"]),
    ("diff-releases-between", 0, &["diff", "9.9.0", "9.10.0"]),
    ("diff-releases-one-model", 0, &["diff", "9.0.0", "12.8.0", "--model", "Icelake-Server", "--qemu", "7.2.22"]),
    (
        "explain-machine-type",
        0,
        &[
            "explain",
            "unsupported configuration: Emulator '/usr/bin/qemu-system-x86_64' does not support machine type 'pc-q35-11.1'",
        ],
    ),
    ("expand-listed", 0, &["expand", "host-model", "--host", "EPYC-7502-32-Core", "--on", "debian:13"]),
    ("expand-releases", 0, &["expand", "host-model", "--host", "EPYC-7502-32-Core", "--on", "debian:12", "--releases"]),
    ("expand-xml", 0, &["expand", "host-model", "--on", "11.3.0:10.0.13", "--accel", "tcg", "--format", "xml"]),
    (
        "expand-json",
        0,
        &["expand", "host-model", "--host", "Core-i7-8550U", "--on", "10.8.0:8.0.0", "--format", "json"],
    ),
    (
        "expand-capabilities",
        0,
        &["expand", "host-model", "--host", "tests/data/hosts/9.0.0-capabilities.xml", "--on", "debian:12"],
    ),
    ("follow", 0, &["follow", "mpx", T7]),
    ("follow-ht", 0, &["follow", "ht", HT]),
    ("follow-accelerator", 0, &["follow", "x2apic", "Opteron_G3,from=9.0.0:7.2.22,to=9.0.0:7.2.22"]),
    ("follow-cleared", 0, &["follow", "npt", "EPYC,-svm,+npt,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=9.0.0:7.2.22"]),
    ("follow-filtered", 0, &["follow", "hle", "Skylake-Client,check=none,host=EPYC-7601-32-Core,from=9.0.0,to=9.0.0"]),
    ("follow-passthrough", 0, &["follow", "avx2", "host-passthrough,host=EPYC-7601-32-Core,from=9.0.0,to=11.3.0"]),
    (
        "follow-reconnected",
        0,
        &["follow", "mpx", "Skylake-Client,machine=pc-q35-3.1,started=9.0.0,from=10.4.0,to=9.0.0"],
    ),
    ("follow-switched-off", 0, &["follow", "mpx", "Skylake-Client,-mpx,machine=pc-q35-3.1,from=old,to=new"]),
    ("follow-unknown", 0, &["follow", "vmx-ept", "Cascadelake-Server,+vmx,from=9.0.0:7.2.22,to=11.3.0:10.0.13"]),
    ("follow-unknown-to-qemu", 0, &["follow", "prefetchiti", "EPYC,-prefetchiti,from=11.3.0:7.2.22,to=11.3.0:10.0.13"]),
    ("follow-tsx-of-rhel-8", 0, &["follow", "hle", "Haswell,machine=pc-q35-rhel8.2.0,from=rhel:8.6,to=rhel:8.6"]),
    ("follow-unknown-and-off", 0, &["follow", "wbnoinvd", "EPYC,-wbnoinvd,from=5.9.0:2.12.0,to=5.9.0:2.12.0"]),
    ("follow-upgraded", 0, &["follow", "mpx", "Skylake-Client,machine=pc-q35-3.1,started=old,from=11.3.0,to=old"]),
    ("history-feature", 0, &["history", "mpx"]),
    ("history-feature-of-libvirt", 0, &["history", "cmt"]),
    ("history-feature-of-qemu", 0, &["history", "kvmclock-stable-bit"]),
    ("history-model", 0, &["history", "Skylake-Client"]),
    ("history-model-copied", 0, &["history", "Opteron_G1"]),
    ("list-machines", 0, &["list", "machines"]),
    ("list-products", 0, &["list", "products"]),
    ("list-rules", 0, &["list", "rules"]),
    ("matrix", 0, &["matrix", T7, "--from", "7.0.0..9.0.0", "--to", "9.0.0,new,11.3.0"]),
    ("matrix-csv", 0, &["matrix", HT, "--from", "9.0.0,new", "--to", "9.0.0..9.2.0,11.3.0", "--format", "csv"]),
    ("review", 1, &["review", "9.0.0", "9.0.0+mpx-removed", "--as", "9.0.0", "--qemu", "7.2.22", "--format", "text"]),
    ("review-markdown", 0, &["review", "9.0.0", "9.0.0+mpx-removed", "--qemu", "7.2.22"]),
];

/// The same in JSON: what is in it, as far as the words go.
const IN_JSON: &[(&[&str], &[&str])] = &[
    (&["baseline", "Cooperlake", "Core-i5-2500", "--on", "9.0.0"], &["model", "mitigations_lost", "SandyBridge"]),
    (&["diff", "EPYC", "EPYC-Rome"], &["EPYC-Rome", "clwb"]),
    (&["diff", "9.0.0", "11.3.0", "--qemu", "7.2.22"], &["Skylake-Client", "mpx", "new to old"]),
    (&["follow", "mpx", T7], &["source CPU", "live XML", "EXTRA"]),
    (&["history", "mpx"], &["Skylake-Client", "11.3.0"]),
    (&["history", "Skylake-Client"], &["mpx", "since"]),
    (&["matrix", T7, "--from", "9.0.0", "--to", "new"], &["aborted", "T7"]),
    (&["review", "9.0.0", "9.0.0+mpx-removed", "--qemu", "7.2.22"], &["mpx", "T7", "aborted"]),
];

const SCREENS: Goldens = Goldens {
    folder: "tests/command_lines",
    names: &[
        "baseline",
        "baseline-intel",
        "check-host-files",
        "check-host-model",
        "diff-models",
        "diff-models-marked-added",
        "diff-models-marked-removed",
        "diff-releases-between",
        "diff-releases-one-model",
        "expand-capabilities",
        "expand-json",
        "expand-listed",
        "expand-releases",
        "expand-xml",
        "explain-error-texts",
        "explain-machine-type",
        "follow",
        "follow-ht",
        "follow-accelerator",
        "follow-cleared",
        "follow-filtered",
        "follow-passthrough",
        "follow-reconnected",
        "follow-switched-off",
        "follow-tsx-of-rhel-8",
        "follow-unknown",
        "follow-unknown-and-off",
        "follow-unknown-to-qemu",
        "follow-upgraded",
        "history-feature",
        "history-feature-of-libvirt",
        "history-feature-of-qemu",
        "history-model",
        "history-model-copied",
        "list-machines",
        "list-products",
        "list-rules",
        "matrix",
        "matrix-csv",
        "refusals",
        "review",
        "review-markdown",
    ],
};

/// Runs the program; returns its exit code, output and messages.
fn run(arguments: &[&str], input: Stdio) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_virt-cpu-explorer"));
    let done = command.args(arguments).current_dir(HERE).env("COLUMNS", "100").stdin(input).output().unwrap();
    // The hash of the facts changes with each of them.
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(FACTS_HASH, "HASH");
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

#[test]
fn every_command_says_what_it_is_asked_for() {
    for (name, code, arguments) in PRINTED {
        let (found, out, err) = run(arguments, Stdio::null());
        assert_eq!((found, err.as_str()), (*code, ""), "{arguments:?}");
        SCREENS.compare(name, &out);
    }
    SCREENS.no_orphans();
}

/// Refusals that no other golden has, as `check` reports them.
#[test]
fn rare_refusals_are_explained() {
    let mut text = String::new();
    for link in [
        "maximum,accel=tcg,from=9.0.0:7.2.22,to=7.0.0:5.2.0",
        "EPYC,from=9.0.0:7.2.22,to=12.8.0:5.2.0",
        "EPYC,+wbnoinvd,from=5.9.0:2.12.0,to=5.9.0:2.12.0",
        "EPYC,-wbnoinvd,from=5.9.0:2.12.0,to=5.9.0:2.12.0",
        "kvm64,+invtsc,check=none,host=Core2-E6850,from=9.0.0,to=9.0.0",
        "EPYC,clwb=forbid,host=EPYC-7502-32-Core,from=6.0.0:5.2.0,to=9.0.0:7.2.22",
        "EPYC,match=strict,host=EPYC-7502-32-Core,from=9.0.0:7.2.22,to=9.0.0:7.2.22",
        "ClearwaterForest,accel=tcg,check=partial,from=11.3.0:10.1.0,to=11.3.0:10.1.0",
        "Skylake-Client,transport=save,from=9.0.0:7.2.22,to=11.3.0:11.1.2",
        "?,topology=?,machine=?,host=?,from=?,to=?",
    ] {
        let (_, out, err) = run(&["check", link], Stdio::null());
        assert_eq!(err, "", "{link}");
        let answer = out.split_once("\n\nConfidence").map_or(&*out, |(answer, _)| answer);
        text.push_str(&format!("{link}\n{answer}\n\n"));
    }
    SCREENS.compare("refusals", &text);
}

#[test]
fn json_says_the_same() {
    for (arguments, words) in IN_JSON {
        let (_, out, err) = run(&[arguments, &["--format", "json"][..]].concat(), Stdio::null());
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert!(value["schema"].is_u64() || value["schema"].is_string(), "{arguments:?}: {out}");
        assert_eq!(err, "");
        for word in *words {
            assert!(out.contains(word), "{arguments:?} does not say {word}: {out}");
        }
    }
}

#[test]
fn every_list_is_the_same_in_json() {
    for what in ["models", "machines", "releases", "qemu", "hosts", "products", "features", "rules"] {
        let (code, out, _) = run(&["list", what], Stdio::null());
        let (json_code, json, _) = run(&["list", what, "--format", "json"], Stdio::null());
        let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        let in_json: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
        let in_text: Vec<&str> = out.lines().map(|line| line.split('\t').next().unwrap()).collect();
        assert_eq!((code, json_code, in_text), (0, 0, in_json), "{what}");
        assert!(rows.len() > 5, "{what}: {out}");
    }
}

const TCG_FILE: &str = "tests/data/hosts/9.0.0-domcapabilities.xml";

/// The features of a `<cpu>`, in order.
fn in_xml(xml: &str) -> Vec<(String, String)> {
    let document = roxmltree::Document::parse(xml).unwrap();
    let features = document.root_element().children().filter(|node| node.has_tag_name("feature"));
    let value = |node: &roxmltree::Node<'_, '_>, name: &str| node.attribute(name).unwrap().to_owned();
    features.map(|feature| (value(&feature, "name"), value(&feature, "policy"))).collect()
}

#[test]
fn an_expansion_is_the_same_in_every_format() {
    for host in ["EPYC-7502-32-Core", "Xeon-Platinum-8268", "Core2-E6850", "Hygon-C86-7185-32-core", "Xeon-6788P"] {
        for on in ["debian:12", "11.3.0:10.0.13", "4.0.0:3.0.0"] {
            let expand = |format| {
                let (code, out, err) =
                    run(&["expand", "host-model", "--host", host, "--on", on, "--format", format], Stdio::null());
                assert_eq!((code, err.as_str()), (0, ""), "{host} {on}");
                out
            };
            let json: serde_json::Value = serde_json::from_str(&expand("json")).unwrap();
            let features = json["features"].as_object().unwrap();
            let in_json: Vec<_> =
                features.iter().map(|(name, policy)| (name.clone(), policy.as_str().unwrap().to_owned())).collect();
            let (text, xml) = (expand("text"), expand("xml"));
            assert_eq!(in_xml(&xml), in_json, "{host} {on}");
            assert!(in_json.len() > 3, "{host} {on}: {in_json:?}");
            let model = json["model"].as_str().unwrap();
            assert!(xml.contains(&format!(">{model}</model>")) && text.contains(&format!("\nmodel    {model}\n")));
            // The policies of the text, each before its features.
            let listed = text.split("\nvendor ").nth(1).unwrap().split("\n\n").next().unwrap();
            let mut policy = "";
            let mut in_text = Vec::new();
            for word in listed.split_whitespace().skip(1) {
                match word {
                    "require" | "disable" => policy = word,
                    name => in_text.push((name.trim_end_matches(',').to_owned(), policy.to_owned())),
                }
            }
            assert_eq!(in_text, in_json, "{host} {on}");
            assert!(text.contains(&format!("\n-cpu {}\n", json["cpu_arg"].as_str().unwrap())), "{host} {on}");
        }
    }
}

#[test]
fn domcapabilities_of_the_same_release_is_the_expansion() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("host.xml");
    let of = |name: &str| fs::read_to_string(Path::new(HERE).join("tests/data/hosts").join(name)).unwrap();
    let invtsc = "<feature policy='require' name='invtsc'/>\n      <feature policy='require' name='acpi'/>";
    let shown = of("9.0.0-domcapabilities.xml").replacen("<feature policy='require' name='acpi'/>", invtsc, 1);
    fs::write(&file, of("9.0.0-virsh-version.txt") + &shown).unwrap();
    let expand = |host: &[&str], on: &str| {
        let common = ["expand", "host-model", "--accel", "tcg", "--format", "json", "--on", on];
        let (code, out, err) = run(&[&common[..], host].concat(), Stdio::null());
        assert_eq!((code, err.as_str()), (0, ""), "{host:?}");
        serde_json::from_str::<serde_json::Value>(&out).unwrap()
    };
    let path = file.to_str().unwrap();
    let from_file = expand(&["--host", path], "debian:12");
    let decoded = expand(&[], "debian:12");
    assert!(shown.contains("invtsc") && from_file["why"].is_null() && decoded["why"].is_object());
    for key in ["model", "vendor", "features", "cpu_arg"] {
        assert_eq!(from_file[key].to_string(), decoded[key].to_string(), "{key}");
    }
    assert!(from_file["assumptions"].to_string().contains("from the same libvirt and QEMU"));
    let elsewhere = expand(&["--host", path], "debian:13");
    assert_eq!(elsewhere["cpu_arg"], expand(&[], "debian:13")["cpu_arg"]);
    assert!(elsewhere["assumptions"].to_string().contains("not used"), "{elsewhere}");
}

/// A file of another release is not the answer: it is read as a host.
#[test]
fn domcapabilities_of_another_release_are_read_as_a_host() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("host.xml");
    let version = fs::read_to_string(Path::new(HERE).join("tests/data/hosts/9.0.0-virsh-version.txt")).unwrap();
    let tcg = fs::read_to_string(Path::new(HERE).join("tests/data/hosts/11.3.0-domcapabilities.xml")).unwrap();
    let kvm = tcg.replace("<domain>qemu</domain>", "<domain>kvm</domain>").replace("<machine>", "<machine>x-");
    let without_qemu: String = version.lines().filter(|line| !line.contains("QEMU ")).flat_map(|l| [l, "\n"]).collect();
    for (before, why) in [
        ("", "does not name its libvirt. If it is the same, put the output of virsh version before it"),
        (&*version, "is from libvirt 9.0.0 and QEMU 7.2.22"),
        (&*without_qemu, "is from libvirt 9.0.0 and does not name its QEMU"),
    ] {
        fs::write(&file, before.to_owned() + &kvm).unwrap();
        let line =
            ["expand", "host-model", "--host", file.to_str().unwrap(), "--on", "12.8.0:11.1.2", "--format", "json"];
        let (code, out, err) = run(&line, Stdio::null());
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.contains(&format!("is read as a host, because it {why}")), "{out}");
        assert!(out.contains("Family, model and stepping are inferred from "), "{out}");
    }
}

#[test]
fn host_model_across_releases_is_the_same_in_json() {
    let line = ["expand", "host-model", "--host", "EPYC-7502-32-Core", "--on", "debian:12", "--releases"];
    let (_, text, _) = run(&line, Stdio::null());
    let (code, out, _) = run(&[&line[..], &["--format", "json"]].concat(), Stdio::null());
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    let runs = json["releases"].as_array().unwrap();
    assert!(code == 0 && runs.len() > 3, "{out}");
    let mut rest = text.as_str();
    for run in runs {
        let [first, last] = ["first", "last"].map(|end| run[end].as_str().unwrap());
        let label = if first == last { format!("\n  {first} ") } else { format!("\n  {first} to {last} ") };
        let (_, after) = rest.split_once(&label).unwrap_or_else(|| panic!("{label:?} is not in {rest}"));
        let model = run["models"][0].as_str().unwrap();
        assert!(after.trim_start().starts_with(model), "{label}: {after}");
        rest = after;
    }
    // Under TCG the same is asked without a host.
    let tcg = ["expand", "host-model", "--accel", "tcg", "--on", "debian:12", "--releases"];
    let (code, out, err) = run(&tcg, Stdio::null());
    assert!(code == 0 && out.starts_with("host-model of TCG with QEMU 7.2.22"), "{out}{err}");
}

#[test]
fn lessons_rule_pages_and_the_cheat_sheet_are_printed() {
    let print = |line: &[&str]| {
        let (code, out, err) = run(line, Stdio::null());
        assert_eq!((code, err.as_str()), (0, ""), "{line:?}");
        out
    };
    let (_, text, _) = run(&["cheat-sheet"], Stdio::null());
    assert!(text.contains("  T7  ") && !text.contains("| T7 |"), "{text}");
    let page = fs::read_to_string(Path::new(HERE).join("docs/CHEATSHEET.md")).unwrap();
    assert_eq!(print(&["cheat-sheet", "--format", "markdown"]), page);
    let listed = print(&["tour", "--list"]);
    assert!(listed.starts_with(" 1  models ") && listed.contains("\nFor a class of 30 minutes: models, "), "{listed}");
    let numbered =
        listed.lines().filter(|line| line.get(..2).is_some_and(|number| number.trim().parse::<u8>().is_ok()));
    for name in numbered.filter_map(|line| line.split_whitespace().nth(1)) {
        assert!(print(&["tour", name, "--print"]).starts_with("Lesson "), "{name}");
    }
    let json: serde_json::Value = serde_json::from_str(&print(&["rule", "T7", "--format", "json"])).unwrap();
    assert_eq!((json["rule"].as_str(), json["sections"].as_object().unwrap().is_empty()), (Some("T7"), false));
    let page = print(&["rule", "T7"]);
    for part in ["title", "summary"].map(|part| json[part].as_str().unwrap()) {
        assert!(page.contains(part), "{page}\nlacks {part}");
    }
}

#[test]
fn every_scenario_of_the_space_is_counted_once() {
    for accel in ["kvm", "tcg"] {
        let (code, out, err) = run(&["matrix", "--count", "--accel", accel], Stdio::null());
        assert_eq!((code, err.as_str()), (0, ""));
        let mut lines = out.lines();
        let all: u64 = lines.next().unwrap().split_once(" scenarios, ").unwrap().0.parse().unwrap();
        let counts = lines.map(|line| line.split_whitespace().next().unwrap().parse::<u64>().unwrap());
        assert_eq!(counts.sum::<u64>(), all, "{out}");
        assert!(all > 1_000_000 && out.contains("aborted       extra-missing"), "{out}");
    }
}

/// All the messages that people sent, told at once as from a log.
#[test]
fn every_message_in_a_log_is_explained() {
    let log = fs::File::open(Path::new(HERE).join("tests/data/error-texts.txt")).unwrap();
    let (code, out, err) = run(&["explain"], log.into());
    assert_eq!((code, err.as_str()), (0, ""));
    SCREENS.compare("explain-error-texts", &out);
}

/// A copy of the timeline in a folder of its own.
fn timeline() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in fs::read_dir(Path::new(HERE).join("cpu_map")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    copy
}

#[test]
fn a_host_and_a_release_are_added_to_the_facts() {
    let copy = timeline();
    let into = copy.path().to_str().unwrap();
    let read = |file: &str| fs::read_to_string(copy.path().join(file)).unwrap();
    let reply = "mine=tests/data/hosts/7.2.22-query-cpu-model-expansion.json";
    let (code, out, err) = run(&["import", "--host", reply, "--into", into], Stdio::null());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(read("hosts.xml").contains("name=\"mine\""), "{out}");
    let map = ["import", "--libvirt", "13.0.0=tests/maps/directory", "--source", "a test", "--into", into];
    let (code, out, err) = run(&map, Stdio::null());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(read("libvirt.xml").contains("13.0.0") && read("libvirt.xml").contains("a test"), "{out}");
    let after = read("libvirt.xml");
    let (code, _, err) = run(&map, Stdio::null());
    assert!(code == 2 && err.contains("13.0.0"), "{err}");
    assert_eq!(read("libvirt.xml"), after);
}

#[test]
fn facts_edited_by_hand_get_their_canonical_form_back() {
    let copy = timeline();
    let hosts = copy.path().join("hosts.xml");
    let canonical = fs::read_to_string(&hosts).unwrap();
    let edited = canonical.replace("  <host ", "<host  ");
    assert_ne!(edited, canonical);
    fs::write(&hosts, edited).unwrap();
    let (code, out, err) = run(&["import", "--rewrite", "--into", copy.path().to_str().unwrap()], Stdio::null());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!(fs::read_to_string(&hosts).unwrap(), canonical);
}

#[test]
fn what_cannot_be_done_is_said() {
    let wrong: &[(&[&str], &str)] = &[
        (&["expand", "host-model"], "--on is missing: name libvirt and QEMU, such as --on "),
        (&["expand", "host-model", "--on", "9.0.0"], "the QEMU release is missing; name both, such as --on "),
        (&["expand", "host-model", "--on", "debian:12"], "--host is missing: name a listed host or a file, such as "),
        (&["expand", "host-model", "--on", "debian:12", "--host", "EPYC"], "neither a listed host nor a file"),
        (&["expand", "host-model", "--on", "debian:12", "--host", TCG_FILE], "made for TCG"),
        (&["import"], "expected --libvirt RELEASE=DIR"),
        (&["import", "--qemu", "no-such-program"], "no-such-program: cannot be started"),
        (&["import", "no-such-folder"], "no-such-folder"),
        (&["diff", "EPYC", "EPYC-Rome", "--qemu", "7.2.22"], "--qemu are for two releases"),
        (&["baseline", "EPYC", "--on", "9.0.0"], "EPYC: expected a listed host or a file"),
        (&["import", "--host", "mine"], "NAME=FILE"),
        (&["import", "--libvirt", "13.0.0=tests/maps/directory"], "--source"),
        (&["expand", "host-model", "--on", "new:7.2.22"], "expected one release of libvirt"),
        (&["expand", "host-model", "--on", "12.8.0:5.2.0"], "this libvirt needs QEMU 7.2.0 or later"),
        (
            &["expand", "host-model", "--accel", "tcg", "--on", "3.1.0:2.8.0"],
            "3.1.0:2.8.0: this libvirt does not ask QEMU about the host",
        ),
        (
            &["expand", "host-model", "--accel", "tcg", "--on", "debian:12", "--releases", "--format", "xml"],
            "--releases has no XML",
        ),
        (&["review", "9.0.0"], "expected two CPU maps, OLD and NEW; one alone needs --git TREE"),
        (&["review", "9.0.0", "10.0.0", "--as", "9.0.0+mpx-removed"], "expected a published libvirt release"),
        (&["review", "9.0.0", "12.8.0", "--as", "12.8.0", "--qemu", "5.2.0"], "requires QEMU 7.2.0 or later"),
        (&["review", "--git", ".", "a", "b"], "expected one range OLD..NEW or one commit"),
        (&["diff", "9.0.0", "EPYC"], "expected two releases or two CPU models"),
        (&["diff", "9.0.0", "10.0.0", "--qemu", "99.0.0"], "unknown QEMU release \"99.0.0\"; `list qemu` prints"),
        (&["explain", "no-such.log"], "no such file; to explain a message, quote the whole of it"),
        (&["tour", "hx", "--print"], "unknown lesson \"hx\"; did you mean ht?"),
        (&["matrix", T7, "--rows", "models=EPYC..EPYC-Rome"], "CPU models have no order"),
        (&["matrix", T7, "--rows", "hosts=A10-5800K..Cooperlake"], "hosts have no order"),
        (&["matrix", T7, "--rows", "releases=9.0.0..new"], "expected two libvirt releases, or two of one product"),
        (&["matrix", T7, "--rows", "releases=9.0.0:7.2.22..9.8.0:8.0.0"], "a range has one QEMU release, found two"),
        (&["matrix", T7, "--rows", "products=debian:a..debian:b"], "expected two versions of debian"),
        (&["matrix", T7, "--rows", "qemu=99.0.0"], "unknown QEMU release \"99.0.0\""),
        (&["matrix", T7, "--rows", "machines=pc-q35-3.1..pc-i440fx-4.0"], "two machine types of one family"),
        (&["check", "EPYC,+avx,-avx,from=9.0.0,to=9.0.0"], "column 11: avx is given twice"),
        (&["check", "EPYC,host=any,from-host=any,from=9.0.0,to=9.0.0"], "host and from-host are both given; give one"),
        (&["check", "EPYC,topology=1-2,from=9.0.0,to=9.0.0"], "expected sockets-cores-threads such as 1-2-1"),
        (
            &["check", "EPYC,emulator=qemu,from=9.0.0,to=9.0.0"],
            "expected an absolute path without blanks, commas and backticks, found \"qemu\"",
        ),
        (&["check", "EPYC,writer=openstack,from=9.0.0,to=9.0.0"], "column 13: expected one of kubevirt, nova"),
        (
            &["check", "--domain", "tests/screens", "--from", "9.0.0", "--to", "11.3.0"],
            "expected a directory with files that end in .xml",
        ),
    ];
    for (arguments, said) in wrong.iter().copied() {
        let (code, _, err) = run(arguments, Stdio::null());
        assert!(code == 2 && err.contains(said), "{arguments:?}: {err}");
    }
}
