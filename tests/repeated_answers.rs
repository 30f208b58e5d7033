//! Asks about every recorded guest as it runs, and repeats the answer: from its link, from what the explorer saves, opens
//! and exports, and from the scenarios of its fixes.
#![expect(clippy::unwrap_used, reason = "what cannot be asked fails the test")]

mod support;
#[path = "support/typed.rs"]
mod typed;

use serde_json::{Value, json};
use support::ask::CATALOG;
use support::run::run_words;
use typed::{Session, open};
use virt_cpu_explorer::internal::app::export::Format;
use virt_cpu_explorer::internal::app::key::parse_all;
use virt_cpu_explorer::internal::app::update::{self, Effect};
use virt_cpu_explorer::internal::cli::{self, CheckArgs};
use virt_cpu_explorer::internal::storage::ScenarioStore;
use virt_cpu_explorer::internal::tui;

fn run(args: &str) -> (i32, String, String) {
    run_words(args, "")
}

/// A recorded guest as a running domain: its live definition in the order in which it was recorded.
fn running_domain(run: &Value) -> Option<String> {
    let guest = &run["guest"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let feature = |(name, policy): (String, String)| format!("<feature policy='{policy}' name='{name}'/>");
    let live: Vec<(String, String)> = match &run["live"] {
        Value::Object(live) => live.iter().map(|(name, policy)| (name.clone(), text(policy))).collect(),
        Value::String(live) => {
            live.split_whitespace().filter_map(|pair| pair.split_once('=')).map(|(n, p)| (n.into(), p.into())).collect()
        }
        _ => return None,
    };
    let model = guest["model"].as_str()?;
    let kind = if guest["accelerator"] == "tcg" { "qemu" } else { "kvm" };
    let (machine, vcpus) = (text(&guest["machine"]), guest["vcpus"].as_u64().unwrap_or(1));
    let topology: Vec<u64> = guest["topology"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    let topology = match topology.as_slice() {
        [sockets, cores, threads] => format!("<topology sockets='{sockets}' cores='{cores}' threads='{threads}'/>"),
        _ => String::new(),
    };
    let features: String = live.into_iter().map(feature).collect();
    Some(format!(
        "<domain type='{kind}' id='1'><vcpu>{vcpus}</vcpu><os><type arch='x86_64' machine='{machine}'>hvm</type></os>\
         <cpu mode='custom' match='exact' check='full'><model fallback='forbid'>{model}</model>{topology}{features}\
         </cpu></domain>"
    ))
}

/// What `check --batch --ways-out` answers to some lines.
fn ask(lines: &[String]) -> Vec<Value> {
    let args = CheckArgs { ways_out: true, ..CheckArgs::default() };
    let mut out = Vec::new();
    cli::check_batch(&CATALOG, &mut lines.join("\n").as_bytes(), &args, &mut out).unwrap();
    String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_links(links: &[&str]) -> Vec<Value> {
    let lines: Vec<String> = links.iter().map(|link| json!({ "scenario": link }).to_string()).collect();
    ask(&lines)
}

/// The answers for every recorded guest as a running domain, each by its link.
fn answers() -> Vec<Value> {
    let mut lines = Vec::new();
    for text in [include_str!("recorded/recorded-migrations.jsonl"), include_str!("recorded/journeys.jsonl")] {
        for run in text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str::<Value>(line).unwrap())
        {
            // A host of a recorded journey is a name of that file.
            let end = |key: &str| json!({ "libvirt": run[key]["libvirt"], "qemu": run[key]["qemu"] });
            if let Some(domain) = running_domain(&run) {
                let line = json!({ "source": end("source"), "destination": end("destination"), "domain": domain });
                lines.push(line.to_string());
            }
        }
    }
    assert!(lines.len() > 700, "{}", lines.len());
    let mut answers: Vec<Value> = ask(&lines).into_iter().filter(|answer| answer.get("invalid").is_none()).collect();
    assert!(answers.len() > 700, "{} of {}", answers.len(), lines.len());
    for answer in &mut answers {
        // What was read of a domain is not part of the answer to its link.
        answer.as_object_mut().unwrap().remove("said");
    }
    answers
}

fn link_of(answer: &Value) -> &str {
    answer["scenario"].as_str().unwrap()
}

/// Asks about a running guest by its file, then by the link of the answer: the answers are the same, and so are those of
/// its fixes.
#[test]
fn f7_the_answer_for_a_running_guest_can_be_repeated_from_its_link() {
    let answers = answers();
    let links: Vec<&str> = answers.iter().map(link_of).collect();
    assert!(links.iter().all(|link| link.contains(",running=")));
    assert!(of_links(&links) == answers, "a link is answered otherwise than its guest");
    let fixes = answers.iter().flat_map(|answer| answer["ways_out"].as_array().unwrap());
    let fixes: Vec<&str> = fixes.map(link_of).collect();
    assert!(fixes.len() > 100, "{}", fixes.len());
    for (fix, answer) in fixes.iter().zip(of_links(&fixes)) {
        assert_eq!(answer["verdict"], "unchanged", "{fix}");
        assert_eq!(link_of(&answer), *fix);
    }
}

/// Presses keys; returns their last effect.
fn press(session: &mut Session, keys: &str) -> Option<Effect> {
    let pressed = parse_all(keys).unwrap();
    pressed.into_iter().fold(None, |_, key| update::press(&mut session.model, &CATALOG, key))
}

/// Exports the screen with the keys of the explorer.
fn exported(session: &mut Session, format: Format) -> String {
    let keys = format!("e{} to a file<enter><enter>", format.name());
    assert!(matches!(press(session, &keys), Some(Effect::Write { format: asked, .. }) if asked == format), "{keys}");
    tui::screen(&session.model, &CATALOG, format)
}

/// The answer on the screen, as it is exported.
fn on_screen(session: &mut Session) -> Value {
    let mut value: Value = serde_json::from_str(&exported(session, Format::Json)).unwrap();
    value.as_object_mut().unwrap().remove("screen");
    value
}

/// Saves each guest with `w`, opens it from the next one with `o`, exports it in every format and applies its first fix.
fn repeat(answers: &[Value]) {
    let mut session = open("Skylake-Client,from=old,to=new", (100, 30));
    let folder = tempfile::tempdir().unwrap();
    let mut saved: Option<(ScenarioStore, &Value)> = None;
    for (number, answer) in answers.iter().chain(answers.first()).enumerate() {
        update::paste(&mut session.model, &CATALOG, link_of(answer));
        let save = press(&mut session, "w1<enter>");
        assert_eq!(save, Some(Effect::Save { name: "1".to_owned(), replace: false }));
        let link = session.model.derived.link.clone();
        assert_eq!(link, link_of(answer));
        if let Some((store, expected)) = saved {
            assert_eq!(press(&mut session, "o"), Some(Effect::ListSaved));
            let list: Vec<_> = store.list().unwrap().into_iter().map(|saved| (saved.name, saved.link)).collect();
            update::list_saved(&mut session.model, &CATALOG, &list);
            press(&mut session, "1<enter>");
            assert_eq!(on_screen(&mut session), *expected);
            let markdown = exported(&mut session, Format::Markdown);
            assert!(markdown.contains(&format!("\n    {}\n", link_of(expected))), "{markdown}");
            let svg = exported(&mut session, Format::Svg);
            let picture = roxmltree::Document::parse(&svg).unwrap();
            let title = picture.descendants().find(|node| node.has_tag_name("title")).unwrap().text().unwrap();
            assert_eq!(title.split_once(": ").unwrap().1, link_of(expected));
            let text = exported(&mut session, Format::Text);
            assert_eq!(text, session.text());
            if let Some(fix) = expected["ways_out"].get(0) {
                press(&mut session, "1");
                assert_eq!(*session.model.derived.link, *link_of(fix));
            }
        }
        let store = ScenarioStore::new(Some(folder.path().join(number.to_string())));
        store.save("1", &link, false).unwrap();
        saved = Some((store, answer));
    }
}

#[test]
fn f7_what_is_saved_opened_and_exported_gives_the_answer_of_check() {
    let answers = answers();
    let half = answers.len() / 2;
    std::thread::scope(|scope| {
        scope.spawn(|| repeat(&answers[..half]));
        repeat(&answers[half..]);
    });
}

#[test]
fn f7_a_link_says_what_is_wrong_with_its_running_guest() {
    let (_, out, _) =
        run("check --domain tests/data/domains/9.0.0-epyc-smt.live.xml --from 9.0.0 --to 11.3.0 --format json");
    let link = serde_json::from_str::<Value>(&out).unwrap()["scenario"].as_str().unwrap().to_owned();
    let damaged = link.replace("running=", "running=A");
    for (link, said) in [
        (damaged.as_str(), "expected the running guest of a link as it was printed"),
        (
            &link.replace("EPYC", "EPYC-Rome"),
            "the running guest has CPU model EPYC, but the link begins with EPYC-Rome",
        ),
        (&link.replace("EPYC,", "EPYC,+avx2,"), "running has the CPU definition of the guest; remove avx2"),
        (&format!("{link},check=none"), "running has the CPU definition of the guest; remove check"),
    ] {
        let (code, _, err) = run(&format!("check {link}"));
        assert!(code == 2 && err.contains(said), "{link}: {err}");
    }
    let (_, out, _) = run(&format!("check {link} --emulator /opt/qemu --via 10.0.0@Cooperlake --format json"));
    let link = serde_json::from_str::<Value>(&out).unwrap()["scenario"].as_str().unwrap().to_owned();
    assert!(link.contains("via=10.0.0@Cooperlake,") && link.ends_with("emulator=/opt/qemu"), "{link}");
    assert!(run(&format!("check {link} --format json")).1 == out, "{link}");
    let (_, out, _) = run(&format!("check {link} --format json --topology 1-1-1"));
    assert!(!out.contains("running="), "a flag for the guest makes it a new start: {out}");
}
