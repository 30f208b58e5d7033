//! Holds what once misled a user of the command line: each test is named after what went wrong.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what cannot be asked fails the test")]

mod support;

use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command as Process, Stdio};
use support::ask::{CATALOG, batch, scenario};
use support::random::Random;
use support::run::run_words;
use virt_cpu_explorer::internal::cli::{self, Command};
use virt_cpu_explorer::internal::domain::scenario::{Key, Scenario};

fn run(args: &str) -> (i32, String, String) {
    run_words(args, "")
}

#[test]
fn the_stops_of_a_batch_line_replace_those_of_the_command_line_with_their_hosts() {
    let stops = |via: &str| {
        let [from, to] = [r#"{"libvirt":"9.0.0"}"#, r#"{"libvirt":"11.3.0"}"#];
        let line = format!(r#"{{"source":{from},"destination":{to},"guest":{{"model":"EPYC"}}{via}}}"#);
        let (_, out, err) = run_words("check --batch - --via 10.0.0@Cooperlake --via 10.4.0", &line);
        let answer: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
        let link = answer["scenario"].as_str().unwrap().to_owned();
        link.split(',').filter_map(|part| Some(part.strip_prefix("via=")?.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(stops(""), ["10.0.0@Cooperlake", "10.4.0"]);
    assert_eq!(stops(r#","via":["9.2.0"]"#), ["9.2.0"]);
    assert_eq!(stops(r#","via":[{"libvirt":"9.2.0","host":"Atom-P5362"}]"#), ["9.2.0@Atom-P5362"]);
    assert_eq!(stops(r#","via":[]"#), [""; 0]);
}

#[test]
fn a_topology_that_no_guest_has_is_refused_in_every_form() {
    let (_, lines) = batch(
        r#"{"source":{"libvirt":"9.0.0"},"destination":{"libvirt":"9.0.0"},"guest":{"model":"EPYC","topology":[1,4294967295,4294967295,4294967295]}}"#,
    );
    let said = lines[0]["invalid"].as_str().unwrap();
    assert!(
        said.starts_with("guest.topology: expected [sockets,") && said.ends_with(", each from 1 to 65536"),
        "{said}"
    );
    let (code, _, err) = run("check EPYC,topology=1-1-65537,from=9.0.0,to=9.0.0");
    assert!(code == 2 && err.contains("each number from 1 to 65536, found \"1-1-65537\""), "{err}");
    let manifest = |threads: u32| {
        let cpu = format!("{{\"cpu\": {{\"model\": \"EPYC\", \"cores\": 65536, \"threads\": {threads}}}}}");
        let spec = format!("{{\"template\": {{\"spec\": {{\"domain\": {cpu}}}}}}}");
        let text = format!("apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nspec: {spec}\n");
        run_words("check --domain - --from 9.0.0 --to 9.0.0", &text)
    };
    assert_eq!(manifest(65_536).0, 0);
    let (code, _, err) = manifest(4_294_967_295);
    assert!(code == 2 && err.contains("domain.cpu: expected at most 65536 in sockets, cores and threads"), "{err}");
    let cpu = "<cpu><model>EPYC</model><topology sockets='1' clusters='65536' cores='65536' threads='1'/></cpu>";
    let domain = format!("<domain type='kvm'><os><type machine='pc-q35-6.2'/></os>{cpu}</domain>");
    let (code, _, err) = run_words("check --domain - --from 9.0.0 --to 9.0.0", &domain);
    assert!(code == 2 && err.contains("expected at most 65536 cores in the clusters of a die"), "{err}");
}

#[test]
fn a_text_that_ends_code_is_not_the_build_of_a_package() {
    for build in ["3`x`", "3 x", "3@x", "3\u{ad}"] {
        let mut choice = Scenario::default_of(&CATALOG);
        for value in [format!("9.0.0-{build}"), format!("9.0.0:7.2.22-{build}")] {
            assert!(choice.set(&CATALOG, Key::From, &value).is_err(), "{value:?}");
        }
    }
    let taken = scenario("EPYC,from=9.0.0-3.module+el8.9.0+20090~1:7.2.22-1_a^b,to=9.0.0");
    assert!(taken.link(&CATALOG).contains("from=9.0.0-3.module+el8.9.0+20090~1:7.2.22-1_a^b,"));
    let (code, _, err) = run("check EPYC --cpu-map a,b=tests/maps/directory --from 9.0.0 --to 9.0.0");
    assert!(code == 2 && err.contains("without blanks, commas, colons, @ and backticks, found \"a,b\""), "{err}");
}

#[test]
fn columns_line_up_behind_names_of_any_script() {
    let guest = r#"{"model":"Skylake-Client","machine":"pc-q35-3.1"}"#;
    let ends = r#""source":{"libvirt":"old"},"destination":{"libvirt":"new"}"#;
    let lines = ["日本語", "web", "a\\u200bb"].map(|id| format!(r#"{{"id":"{id}",{ends},"guest":{guest}}}"#));
    let (_, out, err) = run_words("check --batch - --format text", &lines.join("\n"));
    let column = |line: &str| unicode_width::UnicodeWidthStr::width(line.split_once("operation failed").unwrap().0);
    let columns: Vec<usize> = out.lines().filter(|line| line.starts_with("aborted")).map(column).collect();
    assert!(columns.len() == 3 && columns.iter().all(|one| *one == columns[0]), "{out}{err}");
    let maps = "--cpu-map 日本=tests/maps/directory --from 日本,9.0.0+mpx-removed --to 9.0.0";
    let (_, out, err) = run(&format!("matrix Skylake-Client,machine=pc-q35-3.1 {maps} --format text"));
    let rows = out.lines().skip_while(|line| !line.starts_with("From ")).take_while(|line| !line.is_empty());
    let widths: Vec<usize> = rows.map(unicode_width::UnicodeWidthStr::width).collect();
    assert!(widths.len() == 3 && widths.iter().all(|one| *one == widths[0]), "{out}{err}");
}

/// What `matrix --format csv` writes, as fields.
fn cells(args: &str) -> Vec<Vec<String>> {
    let words = format!("x matrix {args} --format csv");
    let Ok(Command::Matrix(args)) = cli::parse(words.split_whitespace().map(Into::into)) else { panic!("{words}") };
    let mut out = Vec::new();
    cli::matrix(&CATALOG, &args, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.lines().skip(1).map(|line| line.splitn(6, ',').map(str::to_owned).collect()).collect()
}

#[test]
fn f1_every_entry_of_a_matrix_keeps_its_libvirt_and_its_qemu() {
    let guest = "EPYC,machine=pc-q35-5.2,topology=1-2-1";
    let found = cells(&format!("{guest} --from debian:12,debian:13 --to debian:12,debian:13"));
    let verdicts: Vec<[&str; 4]> = found.iter().map(|cell| [0, 1, 2, 3].map(|field| cell[field].as_str())).collect();
    assert_eq!(
        verdicts,
        [
            ["debian:12", "debian:12", "unchanged", "same-definition"],
            ["debian:12", "debian:13", "aborted", "ht"],
            ["debian:13", "debian:12", "aborted", "missing"],
            ["debian:13", "debian:13", "unchanged", "same-definition"],
        ]
    );
    let (code, out, _) = run(&format!("check {guest} --from debian:12 --to debian:13"));
    assert!(code == 1 && out.contains("extra features: ht,cmp_legacy"), "{out}");
}

/// How a row or a column of an axis is written in a link.
fn part(axis: &str, side: usize, name: &str) -> String {
    let first = name.split("..").next().unwrap();
    let end = ["from", "to"][side];
    match axis {
        "models" => first.to_owned(),
        "machines" => format!("machine={first}"),
        "hosts" => format!("{end}-host={first}"),
        "qemu" => format!("{end}=9.0.0:{first}"),
        _ => format!("{end}={first}"),
    }
}

#[test]
fn f1_a_cell_is_the_answer_that_check_gives_to_the_pair() {
    let axes = [
        ("releases", "releases=8.0.0..10.0.0", "releases", "releases=9.0.0..12.8.0", ""),
        ("distinct", "distinct", "products", "products", ""),
        ("products", "products", "releases", "releases=9.0.0:7.2.22,11.3.0..12.8.0:10.0.13", ""),
        ("qemu", "qemu", "qemu", "qemu=5.2.0..10.1.0", " --from 9.0.0 --to 9.0.0"),
        ("machines", "machines=pc-q35-4.0..pc-q35-9.2", "releases", "releases", " --from 9.0.0:9.2.0"),
        (
            "models",
            "models=EPYC,EPYC-Rome,Skylake-Client,Nehalem,qemu64,host-model",
            "releases",
            "distinct",
            " --from 9.0.0",
        ),
        ("hosts", "hosts", "hosts", "hosts=EPYC-7601-32-Core,Cooperlake,Core-i7-8550U", " --from 9.0.0 --to 11.3.0"),
        ("hosts", "hosts=EPYC-7601-32-Core,Cooperlake", "products", "products", " --from debian:12"),
    ];
    let mut pool = Vec::new();
    for (rows, row_axis, columns, column_axis, ends) in axes {
        for guest in ["EPYC,machine=pc-q35-5.2,topology=1-2-1", "Skylake-Client,+mpx,machine=pc-q35-3.1"] {
            // With a list of models the first part of the link varies, with one of machine types the machine type.
            let guest = if rows == "machines" { guest.split(",machine").next().unwrap() } else { guest };
            for cell in cells(&format!("{guest} --rows {row_axis} --columns {column_axis}{ends}")) {
                pool.push((guest, (rows, columns, ends), cell));
            }
        }
    }
    assert!(pool.len() > 8_000, "{}", pool.len());
    let mut random = Random::of(20_261_129);
    let picked: Vec<_> = (0..2000).map(|_| &pool[random.below(pool.len())]).collect();
    let line = |(guest, (rows, columns, ends), cell): &(&str, (&str, &str, &str), Vec<String>)| {
        let mut parts: Vec<String> = guest.split(',').map(str::to_owned).collect();
        let names = [part(rows, 0, &cell[0]), part(columns, 1, &cell[1])];
        if *rows == "models" {
            parts[0].clone_from(&names[0]);
        } else {
            parts.push(names[0].clone());
        }
        parts.push(names[1].clone());
        let words: Vec<&str> = ends.split_whitespace().collect();
        for pair in words.chunks(2) {
            let key = pair[0].trim_start_matches('-');
            // The axis of QEMU releases has the release of --from and --to in it.
            if !parts.iter().any(|part| part.starts_with(&format!("{key}="))) {
                parts.push(format!("{key}={}", pair[1]));
            }
        }
        json!({ "scenario": parts.join(",") }).to_string()
    };
    let lines: Vec<String> = picked.iter().map(|picked| line(picked)).collect();
    let (_, answers) = batch(&lines.join("\n"));
    assert_eq!(answers.len(), 2000);
    let mut seen = std::collections::BTreeSet::new();
    for ((answer, (.., cell)), line) in answers.iter().zip(&picked).zip(&lines) {
        let of = |key: &str| answer[key].as_str().unwrap_or_default();
        assert_eq!(
            [of("verdict"), of("rule"), of("row")],
            [2, 3, 4].map(|field| cell[field].as_str()),
            "{line} {cell:?}"
        );
        seen.insert(of("verdict").to_owned());
    }
    assert!(seen.len() > 3, "{seen:?}");
}

#[test]
fn f1_axes_are_in_the_order_of_releases_and_ranges_have_what_is_between() {
    let names = |args: &str| {
        let mut names: Vec<String> = cells(args).into_iter().map(|cell| cell[0].clone()).collect();
        names.dedup();
        names
    };
    let found = names("EPYC --from 9.8.0..10.1.0 --to 9.0.0");
    assert_eq!(found, ["9.8.0", "9.9.0", "9.10.0", "10.0.0", "10.1.0"]);
    let found = names("EPYC --from kubevirt:1.3..1.6 --to 9.0.0");
    let versions: Vec<&str> = found.iter().map(|name| name.strip_prefix("kubevirt:").unwrap()).collect();
    assert!(versions[0].starts_with("1.3") && versions[versions.len() - 1].starts_with("1.6"), "{versions:?}");
    assert!(versions.len() >= 4, "{versions:?}");
    let (code, _, err) = run("matrix EPYC --from kubvirt:1.3..1.6 --to 9.0.0");
    assert!(code == 2 && err.contains("did you mean kubevirt?"), "{err}");
    let (code, _, err) = run("matrix EPYC --from 9.0.0 --to 9.0.0 --rows machines --columns machines");
    assert!(code == 2 && err.contains("the guest has one"), "{err}");
}

#[test]
fn f1_a_matrix_fits_80_columns() {
    let (code, out, _) = run("matrix EPYC --rows releases=7.0.0..12.8.0 --columns hosts --from 9.0.0 --to 11.3.0");
    assert_eq!(code, 2, "rows and --from both choose releases: {out}");
    let (code, out, err) = run("matrix EPYC,machine=pc-q35-5.2 --rows hosts --columns models --from 9.0.0 --to 11.3.0");
    assert_eq!((code, err.as_str()), (0, ""));
    let longest = out.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(longest <= 80 && out.matches("\nFrom ").count() > 1, "{longest} columns:\n{out}");
}

#[test]
fn f5_check_does_not_answer_about_an_example() {
    let domain = std::fs::read_to_string("tests/data/domains/9.0.0-epyc-smt.live.xml").unwrap();
    for (args, input, missing) in [
        ("check", "", "the guest (SCENARIO or --domain), the source (--from) and the destination (--to)"),
        ("check EPYC", "", "the source (--from) and the destination (--to)"),
        ("check EPYC --from 9.0.0", "", "the destination (--to)"),
        ("check --from 9.0.0 --to 11.3.0", domain.as_str(), "the guest (SCENARIO or --domain)"),
        ("check --domain tests/data/domains", "", "the source (--from) and the destination (--to)"),
        ("follow ht EPYC --to 11.3.0", "", "the source (--from)"),
        ("matrix --from 9.0.0 --to 11.3.0", "", "the guest (SCENARIO or --domain)"),
        ("matrix EPYC --rows hosts --columns hosts --from 9.0.0", "", "the destination (--to)"),
    ] {
        let (code, out, err) = run_words(args, input);
        assert_eq!((code, out.as_str()), (2, ""), "{args}");
        assert!(err.contains(&format!("missing: {missing}\nExample: virt-cpu-explorer ")), "{args}: {err}");
    }
    let (_, _, err) = run_words("check --from 9.0.0 --to 11.3.0", &domain);
    assert!(err.contains("add --domain -"), "{err}");
    let (code, out, err) = run_words("check EPYC --from 9.0.0 --to 11.3.0", &domain);
    assert!(code == 2 && out.is_empty() && err.contains("data that is not read"), "{out}{err}");
    let (code, out, _) = run_words("check --domain - --from 9.0.0:7.2.22 --to 11.3.0:10.0.13", &domain);
    assert!(code == 1 && out.starts_with("ABORTED at the destination's full check (rule ht): EPYC from"), "{out}");
    let example =
        run("check").2.split("Example: virt-cpu-explorer ").nth(1).unwrap().lines().next().unwrap().to_owned();
    assert!(run(&example).0 < 2, "the example works: {example}");
}

#[test]
fn f5_flags_beside_a_batch_are_the_defaults_of_its_lines() {
    let lines = "{\"guest\":{\"model\":\"EPYC\"}}\n{\"scenario\":\"EPYC,topology=1-1-1\"}\n\
                 {\"source\":{\"libvirt\":\"11.3.0\",\"qemu\":\"10.0.13\"},\"guest\":{\"model\":\"EPYC\"}}\n";
    let flags = "--machine pc-q35-5.2 --topology 1-2-1 --from 9.0.0:7.2.22 --to 11.3.0:10.0.13";
    let (code, out, _) = run_words(&format!("check --batch - {flags}"), lines);
    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let verdicts: Vec<&str> = answers.iter().map(|answer| answer["verdict"].as_str().unwrap()).collect();
    assert_eq!((code, verdicts), (1, vec!["aborted", "unchanged", "unchanged"]), "{out}");
    assert!(answers.iter().all(|answer| answer["scenario"].as_str().unwrap().contains("machine=pc-q35-5.2")), "{out}");
    let (code, out, _) = run_words("check --batch -", lines);
    assert!(code == 2 && out.contains("the scenario names no source: expected from=RELEASE"), "{out}");
    // A flag that is the default elsewhere counts too.
    let line = "{\"scenario\":\"EPYC,from=rhel:9.4,to=rhel:9.6\"}\n";
    for (flags, verdict) in [("", "unchanged"), (" --machine pc-q35-4.0", "start-refused")] {
        let (_, out, _) = run_words(&format!("check --batch -{flags}"), line);
        assert!(out.contains(&format!("\"verdict\":\"{verdict}\"")), "{flags}: {out}");
    }
}

#[test]
fn f5_a_pipe_that_begins_late_was_meant_to_be_read() {
    let mut child = Process::new(env!("CARGO_BIN_EXE_virt-cpu-explorer"))
        .args("check EPYC --from 9.0.0 --to 11.3.0".split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(400));
    let _ = child.stdin.as_mut().unwrap().write_all(b"<domain/>");
    let done = child.wait_with_output().unwrap();
    assert_eq!((done.status.code(), done.stdout.len()), (Some(2), 0));
}

#[test]
fn a_folder_of_guests_says_what_was_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::copy("tests/data/domains/9.0.0-epyc-smt.live.xml", at("a.xml")).unwrap();
    std::fs::write(at("nova.conf"), "[libvirt]\nvirt_type = kvm\ncpu_mode = custom\ncpu_models = EPYC\n").unwrap();
    let manifest = "kind: VirtualMachineInstance\napiVersion: kubevirt.io/v1\nspec: {domain: {cpu: {model: EPYC}}}\n";
    std::fs::write(at("web.yaml"), manifest).unwrap();
    std::fs::write(at("README"), "notes").unwrap();
    let args = format!("check --domain {} --from 9.0.0:7.2.22 --to 11.3.0:10.0.13", folder.path().display());
    let (code, out, err) = run(&args);
    assert!(code == 1 && out.starts_with("3 guests: "), "{out}{err}");
    assert!(err.contains("skipped README"), "{err}");
}

#[test]
fn a_live_definition_that_the_source_cannot_have_is_said() {
    let line = |file: &str, from: &str| {
        let args = format!("check -v --domain tests/data/domains/{file} --from {from} --to 11.3.0:10.0.13");
        let (_, out, _) = run(&args);
        out.lines().last().unwrap().to_owned()
    };
    let said = line("12.8.0-host-model.live.xml", "7.0.0:5.2.0");
    assert!(said.contains("; caution: libvirt 7.0.0 has no CPU feature"), "{said}");
    for (file, from) in [("12.8.0-host-model.live.xml", "12.8.0:11.1.2"), ("7.0.0-skylake.live.xml", "7.0.0:5.2.0")] {
        assert!(!line(file, from).contains("caution"), "{}", line(file, from));
    }
    let said = line("9.0.0-skylake.live.xml", "3.0.0:2.8.0");
    assert!(said.contains("QEMU 2.8.0 has no machine type pc-q35-5.2"), "{said}");
}

#[test]
fn f9_hosts_of_two_vendors_have_no_baseline() {
    let (code, out, err) = run("baseline Cooperlake EPYC-7502-32-Core EPYC-7601-32-Core --on debian:12");
    assert_eq!(code, 2);
    assert!(err.contains("different vendors") && err.contains("AMD: EPYC-7502-32-Core, EPYC-7601-32-Core"), "{err}");
    assert!(out.contains("== Intel only: Cooperlake\n") && out.contains("== AMD only: "), "{out}");
    assert!(!out.contains("kvm64"), "{out}");
}

#[test]
fn f9_a_baseline_names_lost_mitigations_first_and_leaves_tsx_out() {
    let (code, out, _) = run("baseline Cooperlake Core-i7-8550U --on debian:12,debian:13");
    let lost = out.find("Mitigations that are lost:\n").unwrap();
    assert!(lost < out.find("<cpu ").unwrap(), "{out}");
    assert_eq!(code, i32::from(out.contains("Fails for ")), "{out}");
    let tsx = |text: &str| ["hle", "rtm"].map(|name| text.contains(&format!("policy='require' name='{name}'")));
    assert_eq!(tsx(&out), [false, false], "{out}");
    let args = "baseline Cooperlake Cooperlake --on debian:12 --format json";
    let models = |args: &str| {
        let value: Value = serde_json::from_str(&run(args).1).unwrap();
        [&value["libvirt"], &value["richest"]].map(|common| (common["model"].clone(), common["features"].clone()))
    };
    let (without, with) = (models(args), models(&format!("{args} --keep-tsx")));
    for ((model, features), (_, kept)) in without.iter().zip(&with) {
        let off = |features: &Value| features["rtm"] == "disable" || features.get("rtm").is_none();
        assert!(off(features), "{model} {features}");
        assert!(kept["rtm"] != "disable", "{kept}");
    }
}

#[test]
fn f9_a_baseline_needs_a_release_and_reads_files() {
    let (code, _, err) = run("baseline Cooperlake");
    assert!(code == 2 && err.contains("--on"), "{err}");
    let file = "tests/data/hosts/7.2.22-query-cpu-model-expansion.json";
    let (code, out, err) = run(&format!("baseline {file} --on debian:12 --format json"));
    assert!(code < 2 && err.is_empty(), "{err}");
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["richest"]["resolved"], 1);
    assert!(value["richest"]["mitigations_lost"][file].is_array(), "{out}");
}

/// A libvirt that refuses a QEMU has no machine type to name, and an AMD host has no feature that QEMU hides.
#[test]
fn a_baseline_is_for_releases_that_work_together() {
    let (code, out, err) = run("baseline EPYC-7502-32-Core --on 9.0.0:2.12.0");
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("libvirt 9.0.0 requires QEMU 4.2.0 or later, found 2.12.0"), "{err}");
    let (code, out, _) = run("baseline EPYC-7502-32-Core --on 12.8.0:11.1.2");
    assert!(code == 0 && out.contains("Holds for all 1 pairs of hosts and releases."), "{out}");
}

#[test]
fn f14_exit_codes_are_those_of_the_table_and_fail_on_chooses() {
    let aborted = r#"{"scenario":"EPYC,machine=pc-q35-5.2,topology=1-2-1,from=9.0.0:7.2.22,to=11.3.0:10.0.13"}"#;
    let unchanged = r#"{"scenario":"EPYC,from=9.0.0,to=9.0.0"}"#;
    let depends = r#"{"scenario":"host-model,from=9.0.0,to=11.3.0"}"#;
    for (lines, flags, code) in [
        (vec![unchanged], "", 0),
        (vec![unchanged, aborted], "", 1),
        (vec![unchanged, depends], "", 1),
        (vec![unchanged, depends], " --fail-on aborted,changed", 0),
        (vec![depends, aborted], " --fail-on aborted,changed", 1),
        (vec![aborted], " --fail-on depends", 0),
        (vec![aborted, "no JSON"], "", 2),
        (vec![unchanged, "no JSON"], " --fail-on depends", 2),
    ] {
        let (found, out, _) = run_words(&format!("check --batch -{flags}"), &lines.join("\n"));
        assert_eq!(found, code, "{flags} {out}");
    }
    let guest = "check EPYC,machine=pc-q35-5.2,topology=1-2-1,from=9.0.0:7.2.22,to=11.3.0:10.0.13";
    assert_eq!((run(guest).0, run(&format!("{guest} --fail-on changed")).0), (1, 0));
    let (code, _, err) = run(&format!("{guest} --fail-on abort"));
    assert!(code == 2 && err.contains("'aborted'"), "{err}");
    let table = cli::exit_codes();
    assert!(table.lines().count() > 5);
    for page in [include_str!("../README.md"), include_str!("../docs/CI.md")] {
        assert!(page.contains(&table), "a page lacks the exit codes:\n{table}");
    }
    // Every row of the table is in the help of its command, word by word, and in its man page.
    for row in table.lines().skip(2).filter(|row| row.starts_with("| `")) {
        let cells: Vec<String> = row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
        for page in [run(&format!("{} --help", cells[0])).1, run(&format!("man {}", cells[0])).1.replace("\\-", "-")] {
            let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(cells[1..].iter().all(|cell| page.contains(cell.as_str())), "{cells:?}: {page}");
        }
    }
}

#[test]
fn f14_a_file_that_cannot_be_read_is_a_row_of_every_table() {
    let files = "tests/data/domains/9.0.0-epyc-smt.live.xml no-such-file.xml";
    for (format, row) in [
        ("text", "not readable      no-such-file.xml"),
        ("markdown", "| not readable |  | no-such-file.xml | cannot read the file"),
        ("json", "\"id\":\"no-such-file.xml\",\"invalid\":"),
        ("junit", "<error type=\"not readable\" message=\"cannot read the file"),
    ] {
        let (code, out, _) =
            run(&format!("check --from 9.0.0:7.2.22 --to 11.3.0:10.0.13 --format {format} --domain {files}"));
        assert!(code == 2 && out.contains(row), "{format}: {out}");
        for known in
            ["9.0.0:7.2.22", "11.3.0:10.0.13", "virt-cpu-explorer 0.", virt_cpu_explorer::internal::export::FACTS_HASH]
        {
            assert!(out.contains(known), "{format} lacks {known}: {out}");
        }
    }
}

#[test]
fn f14_junit_is_xml_with_a_failure_for_each_failing_guest() {
    let args = "check --domain tests/data/domains --from 9.0.0:7.2.22 --to 11.3.0:10.0.13 --format";
    let (_, junit, _) = run(&format!("{args} junit"));
    let (_, lines, _) = run(&format!("{args} json"));
    let document = roxmltree::Document::parse(&junit).unwrap();
    let verdicts: Vec<Value> = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
    let failing: Vec<&str> =
        verdicts.iter().filter(|v| v["verdict"] != "unchanged").map(|v| v["id"].as_str().unwrap()).collect();
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    let failed: Vec<&str> = cases
        .clone()
        .filter(|case| case.children().any(|node| node.has_tag_name("failure")))
        .map(|case| case.attribute("name").unwrap())
        .collect();
    assert_eq!((cases.count(), &failed), (verdicts.len(), &failing));
    assert!(!failing.is_empty());
    let root = document.root_element();
    assert_eq!(root.attribute("failures").unwrap(), failing.len().to_string());
}

#[test]
fn a_summary_is_one_screen_and_its_first_line_has_the_verdict_and_the_releases() {
    for link in [
        "EPYC,machine=pc-q35-5.2,topology=1-2-1,from=9.0.0:7.2.22,to=11.3.0:10.0.13",
        "Skylake-Client,machine=pc-q35-3.1,from=old,to=new",
        "host-model,from=9.0.0,to=11.3.0",
        "?,from=9.0.0,to=11.3.0",
        "EPYC,host=any,machine=?,from=9.0.0:7.2.22,to=12.8.0:10.0.13",
        "SapphireRapids,machine=pc-q35-5.2,from=9.0.0,to=9.0.0",
    ] {
        let (_, out, _) = run(&format!("check {link}"));
        let rows: usize = out.lines().map(|line| line.chars().count().div_ceil(80).max(1)).sum();
        assert!(rows <= 24, "{link}: {rows} rows:\n{out}");
        let (_, whole, _) = run(&format!("check -v {link}"));
        let first = out.lines().next().unwrap();
        assert!(first.contains(" from ") && first.contains(" to "), "{out}");
        assert!(whole.contains("Default values: ") && whole.len() > out.len() / 2, "{whole}");
    }
}

/// The default machine type is chosen for each cell, as `check` chooses it.
#[test]
fn a_cell_of_a_matrix_has_the_machine_type_and_the_answer_of_check() {
    for (guest, sources, destinations) in [
        ("EPYC", "rhel:9.6,9.0.0", "rhel:10.1,11.3.0:10.0.13"),
        ("EPYC", "kubevirt:1.3.0,debian:12", "kubevirt:1.8.4,ubuntu:24.04"),
        ("EPYC,machine=pc-q35-5.2", "rhel:9.6", "rhel:10.1"),
    ] {
        for cell in cells(&format!("{guest} --from {sources} --to {destinations}")) {
            let [from, to, verdict, rule, _, link] = cell.as_slice() else { panic!("{cell:?}") };
            let (_, out, _) = run(&format!("check {guest} --from {from} --to {to} --format json"));
            let answer: Value = serde_json::from_str(&out).unwrap();
            let found = [&answer["verdict"], &answer["rule"], &answer["scenario"]].map(|v| v.as_str().unwrap_or(""));
            assert_eq!([verdict, rule, link.trim_matches('"')], found, "{cell:?}");
        }
    }
    let matrix = |args: &str| run(&format!("matrix EPYC {args}")).1;
    let title = matrix("--from rhel:9.6 --to rhel:10.1");
    assert!(title.starts_with("EPYC\nMachine type: pc-q35-rhel9.6.0, because none was named.\n"), "{title}");
    let title = matrix("--from rhel:9.6,9.0.0 --to rhel:10.1,11.3.0").replace('\n', " ");
    assert!(title.contains("pc-q35-4.0 where source and destination have it, otherwise the newest"), "{title}");
    assert!(title.contains("Chosen: pc-q35-rhel9.6.0 and pc-q35-4.0."), "{title}");
    let title = matrix("--machine pc-q35-5.2 --from rhel:9.6 --to rhel:10.1");
    assert!(title.starts_with("EPYC,machine=pc-q35-5.2\n") && !title.contains("Machine type:"), "{title}");
}

#[test]
fn old_and_new_are_releases_where_maps_are_compared() {
    let (code, out, err) = run("diff old new");
    assert!(code == 0 && out.contains("\nSkylake-Client\n  removed, marked: mpx\n"), "{out}{err}");
    let (code, out, err) = run("review old new --qemu 7.2.22");
    assert!(code == 0 && out.starts_with("## CPU map review: 9.0.0 to new\n\nNo guest is at risk"), "{out}{err}");
    let (_, hypothetical, _) = run("review 9.0.0 9.0.0+mpx-removed --qemu 7.2.22");
    assert_eq!(out.replace("9.0.0 to new", "9.0.0 to 9.0.0+mpx-removed"), hypothetical, "the same map");
    for args in ["diff old nwe", "history foo"] {
        let (code, _, err) = run(args);
        assert!(code == 2 && !err.contains("` prints them"), "{err}");
    }
    let (_, _, err) = run("review 9.0.0 10.4.0 --as new");
    assert!(err.contains("--as new: expected a published libvirt release"), "{err}");
}

#[test]
fn a_review_begins_with_a_statement_that_agrees_with_the_exit_code() {
    for (args, code, begins, heading) in [
        ("9.0.0 9.0.0", 0, "No guest is at risk: the two maps are equal.", None),
        (
            "9.0.0 9.0.0+mpx-removed",
            0,
            "No guest is at risk with libvirt 12.9.0, whose setting for removed features on incoming is require. ",
            Some("\n### At risk only with another setting for removed features on incoming\n"),
        ),
        (
            "9.0.0 9.0.0+mpx-removed --as 9.0.0",
            1,
            "Guests are at risk with libvirt 9.0.0: guests with 6 models",
            Some("\n### At risk\n"),
        ),
    ] {
        let (found, out, _) = run(&format!("review {args} --qemu 7.2.22"));
        let answer = out.split("\n\n").nth(1).unwrap().replace('\n', " ");
        assert!(found == code && answer.starts_with(begins), "{out}");
        assert!(heading.is_none_or(|heading| out.contains(heading)), "{out}");
        assert_eq!(out.contains("\n### At risk\n"), code == 1, "{out}");
        let (_, json, _) = run(&format!("review {args} --qemu 7.2.22 --format json"));
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["is_at_risk"], json!(code == 1));
        assert!(json["answer"].as_str().unwrap().starts_with(begins), "{json:#}");
    }
}

#[test]
fn a_message_is_explained_with_the_emulator_of_the_packages() {
    let explain = |emulator: &str, machine: &str| {
        let message = format!("Emulator '{emulator}' does not support machine type '{machine}'");
        run_words("explain", &message).1
    };
    let said = explain("/usr/libexec/qemu-kvm", "pc-i440fx-rhel7.6.0");
    assert!(said.contains("\nFor example, the packages of these products give it: rhel:10"), "{said}");
    assert!(!said.contains("kubevirt:0") && !said.contains("alone"), "{said}");
    let said = explain("/usr/bin/qemu-system-x86_64", "pc-q35-11.0");
    assert!(said.contains("give it: kubevirt:0.38.0 when the guest starts."), "{said}");
}

#[test]
fn the_marks_of_follow_are_explained() {
    let guest = "Skylake-Client,machine=pc-q35-3.1,from=old,to=new";
    let legend = "\n*  this stage changed whether the feature is enabled\n";
    assert!(run(&format!("follow mpx {guest}")).1.contains(legend));
    let (_, out, _) = run("follow avx EPYC,from=9.0.0,to=9.0.0");
    assert!(!out.contains('*'), "{out}");
}
