//! Plays the incidents that were reported in public: one file each, told as the report tells it and no better. Each
//! says what is to be expected of the answer, and the table in `docs/` shows them all.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what cannot be read or asked fails the test")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use support::ask::{CATALOG, names, scenario};
use support::golden;
use virt_cpu_explorer::internal::explain::explain;
use virt_cpu_explorer::internal::resolve::{Answer, Verdict, resolve};

const KEYS: [&str; 10] =
    ["name", "product", "date", "url", "why", "scenario", "expect", "recorded", "extra", "missing"];

/// One incident.
struct Case {
    keys: BTreeMap<String, String>,
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let mut keys: BTreeMap<String, String> = BTreeMap::new();
        let mut last = String::new();
        for line in text.lines() {
            if let Some(more) = line.strip_prefix("     ") {
                let value = keys.get_mut(&last).unwrap();
                value.push(' ');
                value.push_str(more);
            } else {
                let (key, value) = line.split_once(": ").unwrap_or_else(|| panic!("{}: {line}", path.display()));
                assert!(KEYS.contains(&key), "{}: unknown key {key}", path.display());
                assert_eq!(keys.insert(key.to_owned(), value.to_owned()), None, "{}: {key} twice", path.display());
                key.clone_into(&mut last);
            }
        }
        assert_eq!(keys.len(), KEYS.len(), "{}: every key is given", path.display());
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert_eq!(keys.get("name"), Some(&stem));
        Self { keys }
    }

    fn get(&self, key: &str) -> &str {
        &self.keys[key]
    }

    /// The kind of expectation, and what follows it.
    fn expect(&self) -> (&str, &str) {
        self.get("expect").split_once(": ").unwrap_or((self.get("expect"), ""))
    }

    fn answer(&self) -> Option<Answer> {
        let link = self.get("scenario");
        (link != "none").then(|| resolve(&CATALOG, &scenario(link)))
    }

    /// Whether the answer is what was recorded. A list may be not told, or end in a wildcard.
    fn is_recorded(&self, answer: &Answer) -> bool {
        let list = |key: &str, given: &[String]| match self.get(key) {
            "not told" => true,
            "none" => given.is_empty(),
            told => match told.strip_suffix('*') {
                Some(start) => !given.is_empty() && given.iter().all(|name| name.starts_with(start)),
                None => given.join(",") == told,
            },
        };
        // A restore that is refused is an abort.
        let recorded = if self.get("recorded") == "restore-refused" { "aborted" } else { self.get("recorded") };
        answer.outcome() == recorded && list("extra", &names(&answer.extra)) && list("missing", &names(&answer.missing))
    }

    /// The answer in a few words.
    fn answered(&self) -> String {
        let Some(answer) = self.answer() else { return "not asked".to_owned() };
        let inputs: Vec<&str> = answer.depends_on.iter().map(|on| on.input.as_str()).collect();
        let count = |what: &str, list: &[String]| match list.len() {
            0 => String::new(),
            1..=4 => format!(", {what} {}", list.join(",")),
            more => format!(", {what} {},... ({more})", list[0]),
        };
        let lists = count("extra", &names(&answer.extra)) + &count("missing", &names(&answer.missing));
        if answer.verdict != Verdict::Depends {
            format!("{}{lists}", answer.verdict.name())
        } else if inputs.len() > 3 {
            format!("depends on {} and {} more", inputs[..3].join(", "), inputs.len() - 3)
        } else {
            format!("depends on {}", inputs.join(", "))
        }
    }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/incidents");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| Case::read(path)).collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "how many of which kind is worth reading")]
fn every_incident_is_answered_as_its_file_expects() {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let cases = cases();
    let mut wrong = Vec::new();
    for case in &cases {
        let (kind, what) = case.expect();
        *kinds.entry(kind).or_default() += 1;
        let answer = case.answer();
        let fits = match (kind, &answer) {
            ("recorded", Some(answer)) => what.is_empty() && case.is_recorded(answer),
            ("depends", Some(answer)) => answer.depends_on.iter().any(|on| on.input.contains(what)),
            ("disputed", Some(answer)) => {
                !what.is_empty() && answer.verdict != Verdict::Depends && !case.is_recorded(answer)
            }
            ("not-modelled", _) => !what.is_empty(),
            _ => false,
        };
        if !fits {
            wrong.push(format!("{}: expected {}, answered {}", case.get("name"), case.get("expect"), case.answered()));
        }
    }
    println!("{} incidents: {kinds:?}", cases.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cases.len(), 30);
}

#[test]
fn no_guest_is_said_to_arrive_without_the_word_that_device_state_is_not_modelled() {
    let mut arrived = 0;
    for case in cases() {
        let Some(answer) = case.answer().filter(|answer| answer.verdict.is_completed()) else { continue };
        let said = explain(&CATALOG, &scenario(case.get("scenario")), &answer);
        assert!(said.notice.contains("other device state is not modelled"), "{}: {}", case.get("name"), said.notice);
        arrived += 1;
    }
    assert!(arrived >= 3, "{arrived}");
}

#[test]
fn every_incident_says_why_its_scenario_is_this_one() {
    for case in cases() {
        assert!(case.get("why").len() > 40, "{}", case.get("name"));
        assert!(case.get("url") == "none" || case.get("url").starts_with("https://"), "{}", case.get("name"));
    }
}

#[test]
fn the_table_of_incidents_is_up_to_date() {
    let cases = cases();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rows = String::new();
    for case in &cases {
        *kinds.entry(case.expect().0).or_default() += 1;
        let name = match case.get("url") {
            "none" => case.get("name").to_owned(),
            url => format!("[{}]({url})", case.get("name")),
        };
        let list = |key: &str| match case.get(key) {
            "none" | "not told" => String::new(),
            told => format!(", {key} {told}"),
        };
        writeln!(
            rows,
            "| {name} | {} | `{}` | {} | {}{}{} | {} |",
            case.get("product"),
            case.get("scenario"),
            case.answered(),
            case.get("recorded"),
            list("extra"),
            list("missing"),
            case.get("expect")
        )
        .unwrap();
    }
    let counts: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let head = format!(
        "# Incidents\n\nMigration failures from public reports, and the program's answers.\nEach is a file in `tests/incidents/` \
         and has only what the report says.\nA missing input is `?` if it decides, otherwise the default.\n\n\
         - *recorded*: the answer equals the report.\n\
         - *depends*: the answer depends on an input that the report does not have.\n\
         - *not-modelled*: the cause was not the guest CPU.\n\
         - *disputed*: the report contradicts itself or the code, and the answer differs from it.\n\n\
         {} incidents: {}.\n\n\
         | incident | product | scenario | answer | recorded | expected |\n|---|---|---|---|---|---|\n",
        cases.len(),
        counts.join(", "),
    );
    golden::compare("docs/INCIDENTS.md", &(head + &rows));
}
