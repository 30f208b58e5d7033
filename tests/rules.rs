//! Holds every rule's page against the resolver: each rule has a page, each page's example is played, and nothing is
//! left over. The index of the rules in `docs/` is made from the pages.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what cannot be read or asked fails the test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use support::ask::json;
use support::golden;
use virt_cpu_explorer::internal::explain::rule_page;
use virt_cpu_explorer::internal::resolve::RuleId;

const HEADINGS: [&str; 6] = ["What happens", "Why", "Who checks it", "Example", "Remedy", "References"];

/// What a page's example promises.
enum Example {
    CannotFire(String),
    Played { scenario: String, expected: BTreeMap<String, String> },
}

fn example(rule: RuleId) -> Example {
    let section = rule_page(rule).section("Example").unwrap_or_else(|| panic!("{} has no example", rule.name()));
    let block = section.split("```").nth(1).unwrap_or_else(|| panic!("{}: no block in the example", rule.name()));
    let mut lines = block.lines().skip(1).filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    if let Some(why) = first.strip_prefix("cannot fire:") {
        assert_eq!(lines.next(), None, "{}: nothing follows a rule that cannot fire", rule.name());
        return Example::CannotFire(why.trim().to_owned());
    }
    let pair = |line: &str| {
        let (key, value) = line.split_once(": ").unwrap_or_else(|| panic!("{}: {line}", rule.name()));
        (key.to_owned(), value.to_owned())
    };
    Example::Played { scenario: first.to_owned(), expected: lines.map(pair).collect() }
}

#[test]
fn every_rule_has_a_page_under_its_id_with_the_six_headings_in_order() {
    for rule in RuleId::ALL.iter().copied() {
        let text = rule_page(rule).text;
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with(&format!("# {}: ", rule.name())), "{}: begins {first:?}", rule.name());
        assert!(!rule_page(rule).title().is_empty() && !rule_page(rule).summary().is_empty(), "{}", rule.name());
        let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, HEADINGS, "{}", rule.name());
        for heading in HEADINGS {
            assert!(!rule_page(rule).section(heading).unwrap_or_default().is_empty(), "{}: {heading}", rule.name());
        }
    }
}

/// The limiting component, beyond the pages: by rule and verdict.
const FAULTS: [(&str, &str, &str, Option<&str>); 23] = [
    ("Skylake-Client,machine=pc-q35-3.1,from=old,to=old", "T1", "unchanged", None),
    ("Skylake-Client,machine=pc-q35-3.1,from=old,to=new", "T7", "aborted", Some("map")),
    ("Skylake-Client,machine=pc-q35-2.11,from=old,to=9.0.0+mpx-removed", "T7", "changed", Some("libvirt")),
    ("EPYC,machine=pc-q35-5.2,topology=1-2-1,from=9.0.0,to=11.3.0:10.0.13", "ht", "aborted", Some("libvirt")),
    ("Opteron_G3,accel=tcg,from=4.5.0,to=9.0.0", "monitor", "changed", Some("libvirt")),
    (
        "Westmere,+monitor,to-host=Xeon-E3-1245-v5,from=7.0.0:7.2.22,to=9.0.0:10.0.13,check=none",
        "monitor",
        "aborted",
        Some("map"),
    ),
    (
        "EPYC,+arch-capabilities,host=EPYC-7502-32-Core,from=11.3.0:10.0.13,to=11.3.0:10.0.5",
        "arch-capabilities",
        "aborted",
        Some("silicon"),
    ),
    // On an AMD host QEMU 10.0.5 hides what KVM makes up, and QEMU 10.0.13 does not.
    (
        "host-passthrough,host=AMD:fpu+sse2+xsave+arch-capabilities,from=11.3.0:10.0.13,to=11.3.0:10.0.5",
        "arch-capabilities",
        "changed",
        Some("qemu"),
    ),
    (
        "host-passthrough,host=AMD:fpu+sse2+xsave+arch-capabilities,from=11.3.0:10.0.5,to=11.3.0:10.0.13",
        "arch-capabilities",
        "changed",
        Some("qemu"),
    ),
    ("host-passthrough,accel=tcg,from=9.0.0,to=9.0.0", "cpu-mode", "start-refused", Some("accelerator")),
    ("maximum,accel=tcg,from=7.0.0,to=9.0.0", "cpu-mode", "start-refused", Some("libvirt")),
    ("EPYC,+invtsc,accel=tcg,from=9.0.0,to=9.0.0", "invtsc", "start-refused", Some("accelerator")),
    ("EPYC,+invtsc,host=EPYC-7502-32-Core,from=9.0.0,to=9.0.0", "invtsc", "aborted", Some("qemu")),
    ("Icelake-Server,accel=tcg,from=old:7.2.22,to=new:5.2.0", "missing", "aborted", Some("accelerator")),
    (
        "EPYC-Milan-v1,to-host=Ice-Lake-Server,from=12.1.0:10.0.13,to=12.8.0,check=none",
        "missing",
        "aborted",
        Some("silicon"),
    ),
    ("EPYC-IBPB,topology=1-2-1,from=old:10.0.13,to=new:5.2.0", "missing", "aborted", Some("qemu")),
    ("phenom,accel=tcg,from=4.5.0,to=9.0.0", "extra", "aborted", Some("map")),
    ("Skylake-Client,machine=pc-q35-3.1,from=9.0.0,to=12.8.0:11.1.2", "machine-type", "aborted", Some("machine-type")),
    ("SapphireRapids,machine=pc-q35-5.2,from=11.3.0:10.0.13,to=9.0.0", "unknown-model", "aborted", Some("map")),
    ("Skylake-Client,host=Core-i7-8550U,from=9.0.0,to=11.3.0", "partial-check", "start-refused", Some("silicon")),
    ("Haswell,+pdcm,from=11.3.0:10.0.13,to=11.3.0:10.0.5", "pdcm", "aborted", Some("qemu")),
    (
        "Skylake-Client-noTSX-IBRS,+vmx,host=Core-i7-8550U,from=11.3.0,to=10.4.0",
        "vmx-disabled",
        "aborted",
        Some("libvirt"),
    ),
    (
        "Haswell-noTSX,+vmx,from-host=Cooperlake,to-host=Core-i7-8550U,from=9.0.0,to=9.0.0",
        "unlisted",
        "changed",
        Some("qemu"),
    ),
];

#[test]
fn who_is_short_of_what_goes_with_the_rule() {
    for (link, rule, verdict, fault) in FAULTS {
        let answer = json(link);
        let found = [&answer["rule"], &answer["verdict"], &answer["fault"]].map(|value| value.as_str());
        assert_eq!(found, [Some(rule), Some(verdict), fault], "{link}");
    }
}

#[test]
fn every_pages_example_comes_out_as_the_page_says() {
    let mut wrong = Vec::new();
    for rule in RuleId::ALL.iter().copied() {
        let Example::Played { scenario, expected } = example(rule) else { continue };
        let answer = json(&scenario);
        assert_eq!(
            expected.get("rule").map(String::as_str),
            Some(rule.name()),
            "{}: its example is its own",
            rule.name()
        );
        assert!(expected.contains_key("outcome") && expected.contains_key("verdict"), "{}", rule.name());
        for (key, value) in &expected {
            assert!(matches!(key.as_str(), "outcome" | "verdict" | "rule" | "error"), "{}: {key}", rule.name());
            if answer[key.as_str()] != value.as_str() {
                wrong.push(format!("{}: {key} is {}, the page says {value}", rule.name(), answer[key.as_str()]));
            }
        }
        // A page may leave the message out only where there is none, or where it is QEMU's or inferred.
        let quoted = expected.contains_key("error") == answer["error"].is_string();
        let inferred = matches!(rule, RuleId::UnknownProperty | RuleId::QemuTooOld);
        if !quoted && !inferred {
            wrong.push(format!("{}: error is {}, and the page does not quote it", rule.name(), answer["error"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_rule_whose_page_shows_no_case_says_why_it_cannot_fire() {
    let silent: Vec<&str> = RuleId::ALL
        .iter()
        .filter(|rule| match example(**rule) {
            Example::CannotFire(why) => {
                assert!(why.len() > 20, "{}: a reason is due", rule.name());
                true
            }
            Example::Played { .. } => false,
        })
        .map(|rule| rule.name())
        .collect();
    assert_eq!(silent, ["conflict"], "all other rules fire in their own example");
}

fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/rules");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn no_page_is_left_over_from_a_rule_that_is_gone() {
    let rules: BTreeSet<String> = RuleId::ALL.iter().map(|rule| format!("{}.md", rule.name())).collect();
    let files: BTreeSet<String> =
        pages().iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(files, rules);
}

#[test]
fn every_link_of_a_page_leads_to_a_file() {
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let is_file = target.starts_with("http") || page.parent().unwrap().join(target).is_file();
            assert!(is_file, "{}: {target}", page.display());
        }
    }
}

#[test]
fn the_index_of_the_rules_is_up_to_date() {
    let mut index = "# Rules\n\nEvery answer names the rule that decided it.\n`virt-cpu-explorer rule ID` prints the page of a rule.\n\
                     The first eight are the rows of the decision table.\n\n| rule | title | summary |\n|---|---|---|\n"
        .to_owned();
    for rule in RuleId::ALL.iter().copied() {
        let (id, page) = (rule.name(), rule_page(rule));
        let drawn = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/pictures/{id}.svg")).is_file();
        let picture = if drawn { format!(" [Picture](pictures/{id}.svg)") } else { String::new() };
        writeln!(index, "| [{id}](../assets/rules/{id}.md) | {} | {}{picture} |", page.title(), page.summary())
            .unwrap();
    }
    golden::compare("docs/RULES.md", &index);
}
