//! Compares the XML of a journey with what running libvirts printed, and types keys on the screen that shows it.
//! Goldens are in `tests/screens/xml/`.

#[path = "support/golden.rs"]
mod golden;
#[path = "support/typed.rs"]
mod typed;

use golden::Goldens;
use typed::{Session, catalog, has, open, open_with};
use virt_cpu_explorer::internal::app::action::Action;
use virt_cpu_explorer::internal::app::screens::{Screen, Target, xml::Xml};
use virt_cpu_explorer::internal::app::settings::{Settings, Size};
use virt_cpu_explorer::internal::app::update::{self, Effect};
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::export::{Document, Since, documents};
use virt_cpu_explorer::internal::resolve::resolve;

const T7: &str = "Skylake-Client,machine=pc-q35-3.1,from=old,to=new";
const LIVE_UPDATE: &str = "Skylake-Client,-avx2,+mpx,machine=pc-q35-5.2,accel=tcg,from=9.0.0:7.2.22,to=11.3.0:10.0.13";
const GOLDENS: Goldens = Goldens {
    folder: "tests/screens/xml",
    names: &["stacked-80x24", "two-columns-120x36-styles", "three-columns-200x60", "refused-120x36"],
};

#[expect(clippy::unwrap_used, reason = "a link that cannot be read fails the test")]
fn of(link: &str) -> Vec<Document> {
    let scenario = Scenario::parse(catalog(), link).unwrap();
    let answer = resolve(catalog(), &scenario);
    documents(catalog(), &scenario, &answer.trace.unwrap())
}

#[expect(clippy::panic, reason = "a document that is not there fails the test")]
fn titled<'a>(documents: &'a [Document], title: &str) -> &'a Document {
    let found = documents.iter().find(|document| document.title == title);
    found.unwrap_or_else(|| panic!("there is no {title}"))
}

#[expect(clippy::panic, reason = "another screen fails the test")]
fn state(session: &Session) -> &Xml {
    let Screen::Xml(state) = session.model.screens.top() else { panic!("another screen is seen") };
    state
}

/// The `<cpu>` of a recorded domain, without the indentation of the domain and the clusters, which decide nothing.
#[expect(clippy::unwrap_used, reason = "a file that cannot be read fails the test")]
fn recorded(name: &str) -> String {
    let path = format!("{}/tests/data/domains/{name}.xml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines = text.lines().skip_while(|line| !line.starts_with("  <cpu "));
    let first = lines.next().unwrap();
    let mut cpu = vec![first];
    if !first.ends_with("/>") {
        cpu.extend(lines.by_ref().take_while(|line| *line != "  </cpu>"));
        cpu.push("  </cpu>");
    }
    let cpu: Vec<String> =
        cpu.iter().map(|line| line.strip_prefix("  ").unwrap().replace(" clusters='1'", "")).collect();
    cpu.join("\n")
}

#[test]
fn every_golden_belongs_to_a_test() {
    GOLDENS.no_orphans();
}

#[test]
fn every_line_is_as_a_running_libvirt_printed_it() {
    const GUESTS: [(&str, &str); 4] = [
        ("skylake", "Skylake-Client,-avx2,+mpx"),
        ("epyc-smt", "EPYC,topology=1-2-2"),
        ("qemu64", "qemu64"),
        ("maximum", "maximum"),
    ];
    let mut seen = 0;
    for release in ["7.0.0:5.2.0", "9.0.0:7.2.22", "11.3.0:10.0.13", "12.8.0:11.1.2"] {
        let (libvirt, _) = release.split_once(':').unwrap();
        for (guest, link) in GUESTS {
            let made = of(&format!("{link},machine=pc-q35-5.2,accel=tcg,from={release},to={release}"));
            for (kind, title) in [("inactive", "Definition"), ("live", "Live XML"), ("migratable", "Sent XML")] {
                let name = format!("{libvirt}-{guest}.{kind}");
                if std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join(format!("tests/data/domains/{name}.xml"))
                    .exists()
                {
                    assert_eq!(titled(&made, title).text(), recorded(&name), "{name}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 20, "only {seen} recorded domains were compared");
}

#[test]
fn a_command_line_has_qemu_s_spelling() {
    let made = of("EPYC,+lahf_lm,-cmp_legacy,vendor=AMD,pmu=on,from=9.0.0:7.2.22,to=9.0.0:7.2.22");
    let line = titled(&made, "-cpu at the source").text();
    assert!(line.starts_with("-cpu EPYC,lahf-lm=on,cmp-legacy=off"), "{line}");
    assert!(line.ends_with(",pmu=on"), "{line}");
    let passthrough = of("host-passthrough,host=EPYC-7601-32-Core,from=9.0.0:7.2.22,to=9.0.0:7.2.22");
    assert_eq!(titled(&passthrough, "-cpu at the source").text(), "-cpu host");
    assert_eq!(titled(&passthrough, "Definition").text(), "<cpu mode='host-passthrough' check='none'/>");
}

#[test]
fn what_changed_since_the_stage_before_is_marked() {
    let made = of(LIVE_UPDATE);
    let live = titled(&made, "Live XML");
    assert_eq!(live.changes(), (12, 1));
    assert!(live.parts.contains(&(Since::New, "  <feature policy='disable' name='hle'/>".to_owned())));
    assert_eq!(titled(&made, "Cookie").changes(), (0, 0));
    assert_eq!(titled(&made, "-cpu at the destination").changes().1, 0);
    assert!(titled(&made, "Arrived, as prepared").remark.as_deref().is_some_and(|r| r.contains("of the cookie")));
}

#[test]
fn what_never_existed_says_why() {
    let why = |link: &str, title: &str| titled(&of(link), title).remark.clone().unwrap_or_default();
    let refused = "Skylake-Client,machine=pc-q35-2.4,from=9.0.0:11.1.2,to=9.0.0:11.1.2";
    assert!(
        why(refused, "-cpu at the source").contains("before it started QEMU"),
        "{}",
        why(refused, "-cpu at the source")
    );
    assert!(why(refused, "Sent XML").contains("never started at the source"));
    assert!(why(T7, "Arrived, live XML").contains("never ran here"));
    let old = "Haswell,machine=pc-q35-2.10,from=3.1.0:2.12.0,to=3.1.0:2.12.0";
    assert!(why(old, "Cookie").contains("sends no CPU definition besides the XML"));
    assert!(why(old, "Live XML").contains("has no live update"));
    assert!(!titled(&of(old), "Definition").text().contains("check="), "3.1.0 has no such attribute");
}

#[test]
fn each_stop_on_the_way_has_its_own_documents() {
    let made = of("Skylake-Client,machine=pc-q35-3.1,from=old,to=new,via=11.3.0:7.2.22");
    for title in ["Sent XML, 1 of 2", "Arrived, live XML, 1 of 2", "Cookie, 2 of 2", "-cpu at the destination, 2 of 2"]
    {
        assert!(titled(&made, title).exists(), "{title}");
    }
    let adopt_running = of("Skylake-Client,machine=pc-q35-3.1,started=old,from=new,to=old");
    assert!(titled(&adopt_running, "Live XML after the upgrade").exists());
}

#[test]
fn columns_stand_side_by_side_where_there_is_room() {
    GOLDENS.compare("stacked-80x24", &open(LIVE_UPDATE, (80, 24)).keys("x").text());
    GOLDENS.compare("two-columns-120x36-styles", &open(LIVE_UPDATE, (120, 36)).keys("x").styled());
    GOLDENS.compare("three-columns-200x60", &open(LIVE_UPDATE, (200, 60)).keys("x").text());
    GOLDENS.compare("refused-120x36", &open(T7, (120, 36)).keys("x").text());
    let ascii = Settings { ascii: true, ..Settings::default() };
    let text = open_with(T7, (60, 20), ascii).keys("x").text();
    assert!(text.is_ascii() && text.contains("From source to destination"), "{text}");
}

#[test]
fn the_part_under_the_cursor_is_copied() {
    let session = open(LIVE_UPDATE, (120, 36)).keys("x<tab>p<tab>p");
    let [Effect::Copy(line), Effect::Copy(xml)] = session.effects.as_slice() else { panic!("{:?}", session.effects) };
    assert_eq!(line, "-cpu Skylake-Client,avx2=off,mpx=on");
    assert_eq!(*xml, titled(&of(LIVE_UPDATE), "Live XML").text());
    assert!(!xml.contains("check='none'"), "what is gone is not copied");
    has(&open(T7, (120, 36)).keys("x<shift+tab>p"), "Nothing to copy");
    // The parts come round.
    let begin = open(T7, (120, 36)).keys("x");
    let parts = state(&begin).documents.len();
    assert_eq!(state(&begin.keys(&"<tab>".repeat(parts))).current, 0);
}

#[test]
fn keys_scroll_and_the_cursor_follows() {
    let session = open(LIVE_UPDATE, (80, 24)).keys("x<pagedown><pagedown>");
    assert!(state(&session).columns[0].scroll > 20 && state(&session).current > 2);
    let session = session.keys("<home>");
    assert_eq!((state(&session).columns[0].scroll, state(&session).current), (0, 0));
    let session = session.keys("<end>");
    has(&session, "end ╮");
    let session = open(LIVE_UPDATE, (120, 36)).keys("x<right>");
    assert_eq!(state(&session).documents[state(&session).current].title, "Arrived, as prepared");
    let session = session.keys("<left>");
    assert_eq!(state(&session).current, 0);
    has(&session.keys("<enter>"), "Decision table");
}

#[test]
fn a_feature_is_found_by_its_name() {
    let session = open(LIVE_UPDATE, (80, 24)).keys("x/3dnow<enter>");
    assert!(state(&session).columns[0].scroll > 0);
    has(&session, "policy='disable' name='3dnowprefetch'/>");
    assert_eq!(state(&session.keys("<esc>")).columns.len(), 1);
}

#[test]
fn parts_can_be_clicked_and_scrolled() {
    let mut session = open(LIVE_UPDATE, (120, 36)).keys("x");
    let target = session.target(70, 4);
    assert_eq!(target, Some(Target::Row(5)));
    for _ in 0..5 {
        update::scroll(&mut session.model, catalog(), target, Action::Down);
    }
    assert_eq!(state(&session).columns[1].scroll, 5);
    update::click(&mut session.model, catalog(), Target::Row(4));
    assert_eq!(state(&session).current, 4);
    update::click(&mut session.model, catalog(), Target::Row(4));
    has(&session, "Decision table");
}

#[test]
fn another_scenario_or_size_is_laid_out_anew() {
    let mut session = open(T7, (120, 36)).keys("x<right><end>");
    has(&session, "never ran here");
    update::resize(&mut session.model, catalog(), Size { width: 200, height: 60 });
    assert_eq!(state(&session).columns.len(), 3);
    let session = session.keys("s");
    has(&session, "policy='disable' name='mpx'");
    has(&open("host-model,from=old,to=new", (80, 24)).keys("x"), "No documents");
    has(&open("Skylake-Client,machine=?,from=old,to=new", (80, 24)).keys("x"), "This is one of the possible cases");
}

#[test]
fn every_definition_has_the_vendor_that_the_guest_is_told() {
    let told = "EPYC,vendor-id=Intel,machine=pc-q35-5.2,accel=tcg,from=9.0.0:7.2.22,to=9.0.0:7.2.22";
    let model = "  <model fallback='forbid' vendor_id='GenuineIntel'>EPYC</model>";
    let of_model = |document: &Document| document.parts.iter().find(|(_, line)| line.contains("<model")).cloned();
    let models: Vec<String> = of(told).iter().filter_map(of_model).map(|(_, line)| line).collect();
    assert!(models.len() > 3 && models.iter().all(|line| line == model), "{models:?}");
}

#[test]
fn of_the_documents_only_what_the_maps_disagree_on_stands_out() {
    let session = open(T7, (80, 60)).keys("x");
    has(&session, "+ -cpu Skylake-Client,hypervisor=on");
    let buffer = session.buffer();
    let mut seen = Vec::new();
    for (y, line) in
        session.text().lines().enumerate().filter(|(_, line)| line.contains("mentioned") || line.contains('<'))
    {
        let cells = (0..80).map(|x| &buffer[(x, u16::try_from(y).unwrap())]);
        let is_bold = cells.into_iter().any(|cell| cell.modifier.contains(ratatui::style::Modifier::BOLD));
        assert_eq!(is_bold, line.contains("CPU map: removed"), "{line}");
        seen.push(is_bold);
    }
    assert!(seen.len() > 15 && seen.iter().filter(|is_bold| **is_bold).count() == 1, "{seen:?}");
}
