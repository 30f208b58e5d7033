//! Runs the program on guests' files: exit codes, bad files among good ones, JSON, standard input, `explain`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

#[path = "support/run.rs"]
mod run;

/// Runs the program among the files of guests and hosts.
fn run(args: &[&str], input: &str) -> (i32, String, String) {
    run::run("tests/data", args, input)
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
fn every_command_says_what_of_a_guest_it_ignored() {
    let guest = std::fs::read_to_string("tests/data/domains/9.0.0-epyc-smt.live.xml").unwrap();
    let global = "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\
                  <qemu:arg value='-global'/><qemu:arg value='a.b=c'/></qemu:commandline></domain>";
    let guest = guest.replace("</domain>", global);
    let ignored = "ignored: <qemu:commandline>, which can change the CPU without libvirt knowing";
    for asked in [&["matrix"][..], &["follow", "ht"]] {
        let asked = [asked, &["--domain", "-"], &UP[..]].concat();
        let (code, out, err) = run(&asked, &guest);
        assert!((code, &*err) == (0, "") && out.contains(ignored), "{out}{err}");
        let (code, out, err) = run(&[&asked[..], &["--format", "json"]].concat(), &guest);
        serde_json::from_str::<serde_json::Value>(&out).unwrap();
        assert!(code == 0 && err.contains(ignored), "{err}");
    }
    let (_, out, _) = run(&[&["--domain", "-", "--print", "--size", "120x36"], &UP[..]].concat(), &guest);
    assert!(out.lines().any(|line| line.trim().starts_with(ignored)), "{out}");
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

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// A manifest in JSON, which YAML contains, with these parts of `spec.template.spec` and of `domain`.
fn machine(name: &str, instance: &str, domain: &str) -> String {
    format!(
        r#"{{"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {{"name": "{name}", "namespace": "prod"}},
        "spec": {{"template": {{"spec": {{{instance} "domain": {{"machine": {{"type": "pc-q35-rhel9.4.0"}}, {domain}}}}}}}}}}}"#
    )
}

const KUBEVIRT: [&str; 4] = ["--from", "kubevirt:1.7.4", "--to", "kubevirt:1.8.4"];

/// Checks a manifest from standard input; returns the exit code and the answer.
fn check_manifest(text: &str, between: &[&str]) -> (i32, serde_json::Value) {
    let (code, out, _) = run(&[&["check", "--format", "json", "--domain", "-"], between].concat(), text);
    (code, serde_json::from_str(&out).unwrap())
}

/// Returns the scenario of a manifest as a link, and the line that says what was read.
fn link_and_said(text: &str, from: &str) -> (String, String) {
    let (_, answer) = check_manifest(text, &["--from", from, "--to", "kubevirt:1.8.4"]);
    let text = |key: &str| answer[key].as_str().unwrap().to_owned();
    (text("scenario"), text("said"))
}

#[test]
fn every_machine_of_a_manifest_is_a_guest() {
    let one_core = machine("good", "", r#""cpu": {"model": "EPYC-Milan"}"#);
    let bad = machine("bad", "", r#""cpu": {"model": "EPYC-Milan", "cores": 4}"#);
    let unknown = machine("odd", "", r#""cpu": {"model": "EPIC"}"#);
    let service =
        r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"type": "NodePort"}}"#;
    let documents = [&one_core, service, &bad, &unknown].map(|text| format!("---\n{text}\n")).concat();
    let list = format!(r#"{{"kind": "List", "apiVersion": "v1", "items": [{one_core}, {service}, {bad}, {unknown}]}}"#);
    // The list of a server leaves out the kinds of its items.
    let items = [&one_core, &bad, &unknown].map(|text| text.replace(r#""kind": "VirtualMachine","#, "")).join(", ");
    let served = format!(r#"{{"kind": "VirtualMachineList", "apiVersion": "kubevirt.io/v1", "items": [{items}]}}"#);
    for (text, skips) in [(&documents, true), (&list, true), (&served, false)] {
        let (code, out, err) = run(&[&["check", "--domain", "-"], &KUBEVIRT[..]].concat(), text);
        assert_eq!(code, 2, "{out}{err}");
        assert!(out.starts_with("3 guests: 1 aborted, 1 unchanged, 1 not readable\n"), "{out}");
        for row in ["-: prod/bad ", "-: prod/good\n", "-: prod/odd "] {
            assert!(out.contains(row), "{row} in {out}");
        }
        assert_eq!(err.contains("-: skipped Service web: not a virtual machine"), skips, "{err}");
        assert!(err.contains("-: prod/odd: domain.cpu.model: unknown CPU model"), "{err}");
        let (_, out, _) = run(&[&["check", "--format", "json", "--domain", "-"], &KUBEVIRT[..]].concat(), text);
        let ids: Vec<serde_json::Value> =
            out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].clone()).collect();
        assert_eq!(ids, ["-: prod/good", "-: prod/bad", "-: prod/odd"]);
    }
    // Two of one name are told apart, and a command for one guest does not choose.
    let twice = format!("{bad}\n---\n{}", bad.replace("VirtualMachine", "VirtualMachineInstanceReplicaSet"));
    let (_, out, _) = run(&[&["check", "--domain", "-"], &KUBEVIRT[..]].concat(), &twice);
    assert!(out.contains("-: prod/bad (VirtualMachine, number 1 in the file)"), "{out}");
    let (code, _, err) = run(&[&["matrix", "--domain", "-"], &KUBEVIRT[..]].concat(), &documents);
    assert!(code == 2 && err.contains("-: expected one guest, found 3: prod/good, prod/bad and prod/odd;"), "{err}");
    let (code, _, err) = run(&[&["check", "--domain", "-"], &KUBEVIRT[..]].concat(), service);
    assert!(code == 2 && err.contains("expected a manifest of kind") && err.contains("found Service web"), "{err}");
}

#[test]
fn what_an_instance_type_and_a_preference_set_is_not_known() {
    let with = |spec: &str, cpu: &str| {
        machine("m", "", cpu).replace(r#""spec": {"template""#, &format!(r#""spec": {{{spec}, "template""#))
    };
    let instancetype = r#""instancetype": {"kind": "VirtualMachineClusterInstancetype", "name": "cx1.xlarge"}"#;
    let preference = r#""preference": {"name": "windows.11"}"#;
    for spec in [instancetype.to_owned(), preference.to_owned(), format!("{instancetype}, {preference}")] {
        let (code, answer) = check_manifest(&with(&spec, r#""devices": {}"#), &KUBEVIRT);
        assert_eq!((code, &answer["verdict"]), (1, &"depends".into()), "{answer}");
        assert_eq!(answer["depends_on"], serde_json::json!(["CPU definition"]), "{answer}");
        let said = answer["said"].as_str().unwrap();
        assert_eq!(
            said.contains("spec.instancetype VirtualMachineClusterInstancetype cx1.xlarge"),
            spec.contains("cx1"),
            "{said}"
        );
        assert_eq!(said.contains("spec.preference windows.11"), spec.contains("windows"), "{said}");
        assert!(!said.contains("default CPU"), "{said}");
        // The link gives the same answer.
        let (_, out, _) = run(&["check", answer["scenario"].as_str().unwrap()], "");
        assert!(out.starts_with("DEPENDS on CPU definition"), "{out}");
    }
    // A machine that names the model leaves the topology open.
    let (_, answer) = check_manifest(&with(instancetype, r#""cpu": {"model": "EPYC-Milan"}"#), &KUBEVIRT);
    assert_eq!(answer["depends_on"], serde_json::json!(["topology"]), "{answer}");
    // A preference sets a machine type where there is none.
    let bare = with(preference, r#""devices": {}"#).replace(r#""machine": {"type": "pc-q35-rhel9.4.0"}, "#, "");
    assert!(check_manifest(&bare, &KUBEVIRT).1["scenario"].as_str().unwrap().contains(",machine=?,"));
}

#[test]
fn what_kubevirt_sets_beside_the_model_counts() {
    let features = |features: &str| format!(r#""cpu": {{"model": "EPYC-Rome"}}, "features": {{{features}}}"#);
    for (domain, why) in [
        (features(r#""hypervPassthrough": {"enabled": true}"#), "domain.features.hypervPassthrough: expected a guest"),
        (
            r#""cpu": {"model": "EPYC-Rome", "features": [{"name": "vmx"}, {"name": "vmx", "policy": "disable"}]}"#
                .to_owned(),
            "domain.cpu.features: expected each feature once, found \"vmx\" again",
        ),
        (
            r#""launchSecurity": {"sev": {}}"#.to_owned(),
            "domain.launchSecurity: expected a guest that QEMU can migrate",
        ),
    ] {
        let (code, _, err) = run(&[&["check", "--domain", "-"], &KUBEVIRT[..]].concat(), &machine("a", "", &domain));
        assert!(code == 2 && err.contains(why), "{err}");
    }
    let (link, _) =
        link_and_said(&machine("a", "", &features(r#""hypervPassthrough": {"enabled": false}"#)), "kubevirt:1.7.4");
    assert!(!link.contains("pmu") && !link.contains("tsc"), "{link}");
    let (link, said) =
        link_and_said(&machine("a", "", r#""cpu": {"model": "host-passthrough", "realtime": {}}"#), "kubevirt:1.7.4");
    assert!(link.contains("pmu=off") && said.contains("used: PMU off"), "{link}: {said}");

    let hook = r#""annotations": {"hooks.kubevirt.io/hookSidecars": "[]"}, "name""#;
    let hooked = machine("a", "", r#""cpu": {"model": "EPYC-Rome"}"#).replacen(r#""name""#, hook, 1);
    let (code, answer) = check_manifest(&hooked, &KUBEVIRT);
    assert_eq!((code, &answer["depends_on"][0]), (1, &"CPU definition".into()), "{answer}");

    let invtsc =
        machine("a", "", r#""cpu": {"model": "EPYC-Rome", "features": [{"name": "invtsc", "policy": "require"}]}"#);
    let asked = [&["check", "--domain", "-"], &KUBEVIRT[..]].concat();
    let (code, _, err) = run(&asked, &invtsc);
    assert!(code == 2 && err.contains("or pass --tsc HZ"), "{err}");
    let (code, out, _) = run(&[&asked[..], &["--tsc", "2000000000"]].concat(), &invtsc);
    assert!(code == 0 && out.contains("TSC frequency 2000000000 Hz"), "{out}");
    let hint = r#""status": {"topologyHints": {"tscFrequency": 2100000000}}, "spec""#;
    let reenlightened = machine("a", "", &features(r#""hyperv": {"reenlightenment": {"enabled": true}}"#));
    let unused = machine("a", "", r#""cpu": {"model": "EPYC-Rome"}"#);
    for (guest, is_used) in [(&invtsc, true), (&reenlightened, true), (&unused, false)] {
        let (link, _) = link_and_said(&guest.replacen(r#""spec""#, hint, 1), "kubevirt:1.7.4");
        assert_eq!(link.contains("tsc=2100000000"), is_used, "{link}");
    }
}

#[test]
fn the_folders_of_a_directory_are_read() {
    let bad = machine("bad", "", r#""cpu": {"model": "EPYC-Milan", "cores": 4}"#);
    let good = machine("good", "", r#""cpu": {"model": "EPYC-Milan"}"#);
    let deep = format!("{}bad.json", "d/".repeat(17));
    let folder = folder(&[("b/ns/bad.YAML", &bad), ("a/good.json", &good), ("a/notes.txt", "notes"), (&deep, &bad)]);
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/back")).unwrap();
    let name = folder.path().display().to_string();
    let (code, out, err) = run(&[&["check", "--domain", &name], &KUBEVIRT[..]].concat(), "");
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.starts_with("2 guests: 1 aborted, 1 unchanged\n"), "{out}");
    assert!(out.contains(&format!("{name}/b/ns/bad.YAML ")) && out.contains(&format!("{name}/a/good.json")), "{out}");
    assert!(err.contains("skipped a/notes.txt: not named like the file of a guest"), "{err}");
    assert!(err.contains(&format!("skipped {}: more than 16 folders deep", "d/".repeat(17))), "{err}");
    #[cfg(unix)]
    assert!(err.contains("skipped a/back/: a link to a folder"), "{err}");
}

#[test]
fn a_manifest_becomes_the_definition_that_its_kubevirt_writes() {
    let link = |cpu: &str, from: &str| link_and_said(&machine("m", "", cpu), from).0;
    let skylake = r#""cpu": {"model": "Skylake-Server"}"#;
    assert!(link(skylake, "kubevirt:1.2.1").starts_with("Skylake-Server,-mpx,machine="));
    assert!(link(skylake, "harvester:1.4.0").starts_with("Skylake-Server,-mpx,machine="));
    assert!(link(skylake, "kubevirt:1.2.0").starts_with("Skylake-Server,machine="));
    let named = r#""cpu": {"model": "Skylake-Server", "features": [{"name": "mpx"}]}"#;
    assert!(link(named, "kubevirt:1.7.4").starts_with("Skylake-Server,+mpx,machine="));
    assert!(link(r#""cpu": {"model": "host-passthrough"}"#, "kubevirt:1.7.4").starts_with("host-passthrough,machine="));
    // Without the release of KubeVirt a model that may have mpx is not known; others are the same either way.
    let (code, answer) = check_manifest(&machine("m", "", skylake), &["--from", "rhel:9.4", "--to", "rhel:9.6"]);
    let said = answer["invalid"].as_str().unwrap();
    assert!(code == 2 && said.contains("KubeVirt disables mpx in Skylake-Server since its release 1.2.1"), "{answer}");
    assert!(link(r#""cpu": {"model": "EPYC-Milan"}"#, "rhel:9.4").starts_with("EPYC-Milan,machine="));
    let (code, out, err) = run(
        &["matrix", "--domain", "-", "--from", "kubevirt:1.2.1..1.4.0", "--to", "kubevirt:1.8.4", "--format", "csv"],
        &machine("m", "", skylake),
    );
    assert!(code == 0 && out.lines().count() > 2, "{out}{err}");
    let (code, _, err) = run(
        &["matrix", "--domain", "-", "--from", "kubevirt:1.1.0,kubevirt:1.4.0", "--to", "kubevirt:1.8.4"],
        &machine("m", "", skylake),
    );
    assert!(code == 2 && err.contains("not all these KubeVirts write the same definition"), "{err}");
    // Rows of something else have one source.
    let (code, out, err) = run(
        &["matrix", "--domain", "-", "--rows", "hosts=capable", "--from", "kubevirt:1.7.4", "--to", "kubevirt:1.8.4"],
        &machine("m", "", skylake),
    );
    assert!(code == 0 && out.contains("Skylake-Server,-mpx,"), "{out}{err}");
    // evmcs requires vmx, whatever the manifest says of it.
    let evmcs = |state: &str| {
        let features = format!(r#""features": {{"hyperv": {{"evmcs": {state}}}}}"#);
        link(
            &format!(
                r#""cpu": {{"model": "EPYC-Milan", "features": [{{"name": "vmx", "policy": "disable"}}]}}, {features}"#
            ),
            "kubevirt:1.7.4",
        )
    };
    assert!(evmcs("{}").starts_with("EPYC-Milan,+vmx,-mpx,"), "{}", evmcs("{}"));
    assert!(evmcs(r#"{"enabled": false}"#).starts_with("EPYC-Milan,-vmx,-mpx,"));
    // Sockets that can be added later count; without numbers they are the CPUs of the resources.
    for (cpu, topology) in [
        (
            r#""cpu": {"model": "EPYC-Milan", "sockets": 1, "cores": 2, "threads": 2, "maxSockets": 4}"#,
            ",topology=4-2-2,",
        ),
        (
            r#""cpu": {"model": "EPYC-Milan"}, "resources": {"requests": {"cpu": "1500m", "memory": "2Gi"}}"#,
            ",topology=2-1-1,",
        ),
        (
            r#""cpu": {"model": "EPYC-Milan"}, "resources": {"requests": {"cpu": 1}, "limits": {"cpu": 3}}"#,
            ",topology=3-1-1,",
        ),
    ] {
        assert!(link(cpu, "kubevirt:1.7.4").contains(topology), "{}", link(cpu, "kubevirt:1.7.4"));
    }
    // A running instance has the machine type that libvirt made of the short name.
    let running = r#"{"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": {"name": "m"},
        "spec": {"architecture": "amd64", "domain": {"machine": {"type": "q35"}, "cpu": {"model": "EPYC-Milan"}}},
        "status": {"machine": {"type": "pc-q35-rhel7.6.0"}}}"#;
    let (link, said) = link_and_said(running, "kubevirt:1.7.4");
    assert!(link.contains(",machine=pc-q35-rhel7.6.0,") && said.contains("of status.machine.type"), "{link} {said}");
    // Other architectures are refused.
    for text in [machine("m", r#""architecture": "arm64","#, r#""devices": {}"#), running.replace("amd64", "s390x")] {
        let (code, answer) = check_manifest(&text, &KUBEVIRT);
        assert!(
            code == 2 && answer["invalid"].as_str().unwrap().contains("architecture: expected amd64, found"),
            "{answer}"
        );
    }
}

#[test]
fn a_mistyped_key_of_a_batch_line_is_an_error_and_an_additional_key_is_not() {
    let ends = r#""source":{"libvirt":"9.0.0"},"destination":{"libvirt":"11.3.0"}"#;
    let line = |guest: &str| format!(r#"{{{ends},"guest":{{"model":"EPYC"{guest}}}}}"#);
    let answer = |line: &str| -> serde_json::Value {
        let (_, out, _) = run(&["check", "--batch", "-"], line);
        serde_json::from_str(&out).unwrap()
    };
    for (line, said) in [
        (line(r#","featurs":{"svm":"require"}"#), r#"column 98: unknown key "featurs"; did you mean "features"?"#),
        (line(r#","machine-like":"q35""#), r#"column 103: unknown key "machine-like"; did you mean "machine_like"?"#),
        (line("").replace("guest", "geust"), r#"column 72: unknown key "geust"; did you mean "guest"?"#),
        (
            line("").replace("libvirt\":\"9", "libvir\":\"9"),
            r#"column 19: unknown key "libvir"; did you mean "libvirt"?"#,
        ),
        (
            line(r#","features":{"vmx":"require","vmx":"disable"}"#),
            r#"guest.features: expected each feature once, found "vmx" again"#,
        ),
        ("[]".to_owned(), "column 2: invalid type: sequence, expected a JSON object"),
    ] {
        assert_eq!(answer(&line)["invalid"], said, "{line}");
    }
    let plain = answer(&line(""));
    let with_more = line(r#","vcpus":4"#).replacen('{', r#"{"date":"2026-12-01","host":"a","#, 1);
    assert_eq!(answer(&with_more)["scenario"], plain["scenario"]);
    assert!(answer(&line(r#","accel":"tcg""#))["scenario"].as_str().unwrap().contains("accel=tcg"));
}

#[test]
fn a_batch_line_may_name_its_ends_by_their_releases() {
    let line = |source: &str| {
        let text = format!(r#"{{"source":{source},"destination":"kubevirt:1.8.4","guest":{{"model":"EPYC"}}}}"#);
        serde_json::from_str::<serde_json::Value>(&run(&["check", "--batch", "-"], &text).1).unwrap()
    };
    let (text, object) = (line("\"9.0.0:7.2.22\""), line(r#"{"libvirt":"9.0.0","qemu":"7.2.22"}"#));
    assert_eq!(text, object);
    assert_eq!(text["from"], "9.0.0:7.2.22", "{text}");
    assert_eq!(line("\"kubevirt:1.7.4\"")["from"], "kubevirt:1.7.4");
    let invalid = |source: &str| line(source)["invalid"].as_str().unwrap().to_owned();
    assert!(invalid("\"kubevirt:x\"").starts_with("source: "), "{}", invalid("\"kubevirt:x\""));
    assert!(
        invalid("5").contains("expected a release as LIBVIRT:QEMU or PRODUCT:VERSION, or an object"),
        "{}",
        invalid("5")
    );
}
