//! What must hold for any input of each parser: it is parsed or refused with an error message, nothing panics, and what
//! was read can be answered and printed. The fuzz targets call these, and `tests/fuzz_corpus.rs` replays the kept
//! inputs.
#![allow(dead_code, unreachable_pub, reason = "also the library of the fuzz targets")]
#![expect(clippy::expect_used, reason = "what must hold fails the test when it does not")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateEncoder;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::Read;
use std::sync::{Mutex, OnceLock};
use virt_cpu_explorer::internal::analysis::diff;
use virt_cpu_explorer::internal::app::error::Diagnostic;
use virt_cpu_explorer::internal::app::key::parse_all;
use virt_cpu_explorer::internal::app::script;
use virt_cpu_explorer::internal::app::tour::read_lesson;
use virt_cpu_explorer::internal::cli::Config;
use virt_cpu_explorer::internal::domain::catalog::{Catalog, ExactRelease, Parts};
use virt_cpu_explorer::internal::domain::map::MapId;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::export;
use virt_cpu_explorer::internal::import::qmp;
use virt_cpu_explorer::internal::input::{batch, domain, host, message};
use virt_cpu_explorer::internal::load::cpu_map::MapReader;
use virt_cpu_explorer::internal::load::xml::{Document, Element};
use virt_cpu_explorer::internal::load::{LoadError, behaviour, embedded, hosts, libvirt, qemu};
use virt_cpu_explorer::internal::resolve::{Resolver, resolve};

/// What is done with an input.
pub type Body = fn(&[u8]);

/// Every parser by its name, which is its fuzz target's and its folder's under `tests/corpus/`.
pub const PARSERS: &[(&str, Body)] = &[
    ("actions", actions),
    ("batch", batch_line),
    ("batch_domain", batch_domain),
    ("cpu_map", cpu_map),
    ("definition", definition),
    ("domain", guest),
    ("explain", error_text),
    ("host", host_file),
    ("keys", keys),
    ("lesson", lesson),
    ("link", link),
    ("manifest", manifest),
    ("nova", nova),
    ("patch", patch),
    ("qmp", qmp_reply),
    ("running", running),
    ("settings", settings),
    ("timeline", timeline),
    ("xml", xml),
];

fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| embedded::catalog().expect("the embedded facts are sound"))
}

/// An error has a message, and a position inside the input or none.
fn refused(fault: &LoadError, data: &[u8]) {
    assert!(!fault.message.is_empty());
    let lines = data.split(|byte| *byte == b'\n').count();
    assert!(fault.position.is_none_or(|(line, column)| (1..=lines).contains(&line) && column > 0), "{fault}");
}

/// The most cases that are tried for one input. What leaves more open is only planned, so that the next input has its
/// turn soon; everything that can be left open is so in some scenario below.
const MOST_CASES: usize = 300;

/// How many scenarios are remembered that were answered.
const MOST_ANSWERED: usize = 4096;

/// What was read can be answered, and the answer can be written. Most inputs give a scenario that another one gave before;
/// it is not answered again, so that more inputs are read.
fn answered(scenario: &Scenario) {
    static ANSWERED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut before = ANSWERED.lock().expect("nothing panics while it is locked");
    if before.len() == MOST_ANSWERED {
        before.clear();
    }
    if !before.insert(scenario.link(catalog())) {
        return;
    }
    drop(before);
    let mut resolver = Resolver::new(catalog());
    if resolver.price(scenario) > MOST_CASES {
        return;
    }
    let answer = resolver.resolve(scenario);
    assert!(export::json_line(catalog(), scenario, &answer, None, None).starts_with('{'));
}

/// Errors have a message and a position inside the text.
fn all_refused(diagnostics: &[Diagnostic], text: &str) {
    let lines = text.lines().count().max(1) + 1;
    assert!(!diagnostics.is_empty());
    for fault in diagnostics {
        assert!(!fault.text.is_empty() && (1..=lines).contains(&fault.line) && fault.column > 0, "{fault:?}");
    }
}

/// A list of actions that is read is printed so that it is read as the same again.
pub fn actions(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match script::parse(catalog(), text) {
        Ok(steps) => {
            let printed = steps.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            assert_eq!(script::parse(catalog(), &printed), Ok(steps), "{text:?} is printed as {printed:?}");
        }
        Err(diagnostics) => all_refused(diagnostics.kept(), text),
    }
}

/// A settings file.
pub fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(diagnostics) = Config::parse(catalog(), text) {
        all_refused(diagnostics.kept(), text);
    }
}

/// A lesson that is read has a title and steps, and every step has a text.
pub fn lesson(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match read_lesson(1, "lesson.toml", text) {
        Ok(lesson) => {
            assert!(!lesson.steps.is_empty() && !lesson.title.is_empty());
            assert!(lesson.steps.iter().all(|step| !step.text.is_empty()));
        }
        Err(fault) => refused(&fault, data),
    }
}

/// A batch line is answered or refused in one sentence.
pub fn batch_line(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match batch::read(catalog(), text) {
        Ok(line) => answered(&line.scenario),
        Err(fault) => assert!(!fault.is_empty()),
    }
}

/// libvirt's own map: what is read can be added as a release and migrated to.
pub fn cpu_map(data: &[u8]) {
    let (mut features, mut models) = (two_maps().features().clone(), two_maps().models().clone());
    let document = match Document::from_bytes("map.xml", data) {
        Ok(document) => document,
        Err(fault) => return refused(&fault, data),
    };
    let mut reader = MapReader::new(&mut features, &mut models);
    let parent = document.root.child("arch").unwrap_or(&document.root);
    if let Err(fault) = reader.read(&document, parent) {
        return refused(&fault, data);
    }
    let map = reader.finish();
    let mut catalog = two_maps().clone();
    let names = catalog.names_mut();
    (*names.0, *names.1) = (features, models);
    catalog.add_user_map("9.0.0+mine", "map.xml", map).expect("the name is free");
    for link in
        ["Skylake-Client,from=9.0.0:11.1.3,to=9.0.0+mine:11.1.3", "EPYC,from=9.0.0+mine:11.1.3,to=11.3.0:11.1.3"]
    {
        let scenario = Scenario::parse(&catalog, link).expect("the link names what is there");
        let answer = resolve(&catalog, &scenario);
        assert!(export::text(&catalog, &scenario, &answer, &[]).contains("9.0.0+mine"));
    }
}

/// The models of a patched map, which has the features of a real one: what differs is named, and guests migrate.
pub fn patch(data: &[u8]) {
    let (mut features, mut models) = (two_maps().features().clone(), two_maps().models().clone());
    let document = match Document::from_bytes("map.xml", data) {
        Ok(document) => document,
        Err(fault) => return refused(&fault, data),
    };
    let mut reader = MapReader::new(&mut features, &mut models);
    let known = Document::parse("features.xml", known_features()).expect("it is XML");
    reader.read(&known, &known.root).expect("each feature is there once");
    if let Err(fault) = reader.read(&document, &document.root) {
        return refused(&fault, data);
    }
    let map = reader.finish();
    let mut catalog = two_maps().clone();
    let names = catalog.names_mut();
    (*names.0, *names.1) = (features, models);
    let patched = catalog.add_user_map("9.0.0+patched", "map.xml", map.clone()).expect("the name is free");
    let old = catalog.libvirt("9.0.0").expect("it is one of the two");
    let diff = diff::maps(&catalog, old, patched);
    let is_old = |model| diff.models_gone.contains(&model) || map.model(model).is_some();
    assert!(diff.models.iter().all(|differing| is_old(differing.model)));
    for model in map.model_order.iter().take(4) {
        let name = catalog.model_name(*model);
        for ends in ["from=9.0.0:7.2.22,to=9.0.0+patched:7.2.22", "from=9.0.0+patched:7.2.22,to=9.0.0:7.2.22"] {
            // Not every name can stand in a link.
            let Ok(scenario) = Scenario::parse(&catalog, &format!("{name},machine=pc-q35-3.1,{ends}")) else {
                continue;
            };
            let answer = resolve(&catalog, &scenario);
            assert!(export::text(&catalog, &scenario, &answer, &[]).contains("9.0.0+patched"));
        }
    }
}

/// A map of every feature that the two maps know, each a bit of its own.
fn known_features() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let mut text = "<cpus>".to_owned();
        for (index, name) in two_maps().features().iter().enumerate() {
            let (leaf, bit) = (index / 32, 1_u32 << (index % 32));
            write!(text, "<feature name='{name}'><cpuid eax_in='{leaf:#x}' eax='{bit:#x}'/></feature>")
                .expect("a text can be written to");
        }
        text + "</cpus>"
    })
}

/// A guest's XML.
pub fn guest(data: &[u8]) {
    let between = Scenario::default_of(catalog());
    match domain::scenario(catalog(), &between, "guest.xml", data) {
        Ok(guest) => {
            assert!(!guest.line().is_empty());
            answered(&guest.scenario);
        }
        Err(fault) => refused(&fault, data),
    }
}

/// The value of the key `domain` of a batch line, and what follows it.
pub fn batch_domain(data: &[u8]) {
    let begin = br#"{"source":{"libvirt":"9.0.0"},"destination":{"libvirt":"11.3.0","qemu":"10.0.13"},"domain":"#;
    batch_line(&[begin, data].concat());
}

/// A `nova.conf`, from its section on.
pub fn nova(data: &[u8]) {
    guest(&[b"[libvirt]\n", data].concat());
}

/// A manifest of `KubeVirt`.
pub fn manifest(data: &[u8]) {
    guest(&[b"apiVersion: kubevirt.io/v1\nkind: VirtualMachine\n", data].concat());
}

/// A guest that runs: its link has the definition, and is read as the same again.
pub fn running(data: &[u8]) {
    let between = Scenario::default_of(catalog());
    let Ok(guest) = domain::scenario(catalog(), &between, "guest.xml", data) else { return };
    if guest.scenario.running.is_some() {
        let link = guest.scenario.link(catalog());
        assert_eq!(Scenario::parse(catalog(), &link).as_ref(), Ok(&guest.scenario), "{link}");
        answered(&guest.scenario);
    }
}

/// What a link says of a running guest: its definitions, deflated, in base64url.
pub fn definition(data: &[u8]) {
    let mut deflated = Vec::new();
    DeflateEncoder::new(data, Compression::fast()).read_to_end(&mut deflated).expect("memory can be read");
    let running = URL_SAFE_NO_PAD.encode(deflated);
    link(format!("EPYC,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=11.3.0:10.0.13,running={running}").as_bytes());
}

/// Whatever stands in a log, the messages found are at a place in it, and have a meaning.
pub fn error_text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for found in message::find(catalog(), &text) {
        assert!((1..=text.lines().count()).contains(&found.line) && found.column > 0 && found.times > 0);
        assert!(!found.says.meaning(catalog()).is_empty());
    }
}

/// What virsh and Linux write of a host: domcapabilities, capabilities, cpuinfo, a QMP reply.
pub fn host_file(data: &[u8]) {
    let libvirt = &Scenario::default_of(catalog()).from.libvirt;
    match host::read(catalog(), libvirt, "host", data) {
        Ok(read) => {
            assert!(!read.line().is_empty());
            let scenario = Scenario { to_host: read.choice(), ..Scenario::default_of(catalog()) };
            answered(&scenario);
        }
        Err(fault) => refused(&fault, data),
    }
}

/// Keys that are read are printed so that they are read again.
pub fn keys(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match parse_all(text) {
        Ok(keys) => {
            let printed: String = keys.iter().map(ToString::to_string).collect();
            assert_eq!(parse_all(&printed), Ok(keys), "{text:?} is printed as {printed:?}");
        }
        Err(fault) => assert!((1..=text.chars().count()).contains(&fault.column), "{fault}"),
    }
}

/// A QMP reply, as `import` reads it.
pub fn qmp_reply(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mapped = catalog().newest_map().map(|map| map.known).unwrap_or_default();
    match qmp::host("reply.json", text, "a-host", (catalog().features(), mapped)) {
        Ok(reply) => assert!(reply.host.features.is_subset(&reply.host.asked)),
        Err(fault) => refused(&fault, data),
    }
}

/// Two of the embedded maps and one QEMU, all names: small enough to be copied for every input.
fn base() -> &'static Parts {
    static BASE: OnceLock<Parts> = OnceLock::new();
    BASE.get_or_init(|| {
        let all = embedded::parts().expect("the embedded facts are sound");
        let wanted = ["9.0.0", "11.3.0"];
        let kept = all.releases.iter().filter(|release| wanted.contains(&&*release.name));
        let maps = kept.clone().map(|release| all.maps[usize::from(release.map.0)].clone()).collect();
        let renumbered = (0..).map(MapId).zip(kept);
        Parts {
            releases: renumbered.map(|(map, release)| ExactRelease { map, ..release.clone() }).collect(),
            maps,
            qemu: all.qemu.iter().rev().take(1).cloned().collect(),
            features: all.features,
            models: all.models,
            machines: all.machines,
            ..Parts::default()
        }
    })
}

fn two_maps() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| Catalog::new(base().clone()).expect("the embedded facts are sound"))
}

const ONE_QEMU: &str = "<qemu><release version='7.2.22' source='a test'/></qemu>";

/// Each file of the timeline, told by its root; what is read makes a catalog or is refused.
pub fn timeline(data: &[u8]) {
    let document = match Document::from_bytes("timeline.xml", data) {
        Ok(document) => document,
        Err(fault) => return refused(&fault, data),
    };
    let mut parts = match document.root.name {
        "libvirt" => Parts::default(),
        "qemu" => Parts { qemu: Vec::new(), ..base().clone() },
        _ => base().clone(),
    };
    let read = match document.root.name {
        "libvirt" => libvirt::read(&document, &mut parts).and_then(|()| {
            let qemu = Document::parse("qemu.xml", ONE_QEMU).expect("it is XML");
            qemu::read(&qemu, &mut parts)
        }),
        "qemu" => qemu::read(&document, &mut parts),
        "hosts" => hosts::read_hosts(&document, &mut parts),
        "products" => hosts::read_products(&document, &mut parts),
        _ => behaviour::read(&document, &mut parts),
    };
    match read {
        Ok(()) => match Catalog::new(parts) {
            Ok(catalog) => assert!(!catalog.libvirt_releases().is_empty()),
            Err(fault) => assert!(!fault.0.is_empty()),
        },
        Err(fault) => refused(&fault, data),
    }
}

/// A scenario that is read is printed, short and whole, so that it is read as the same again.
pub fn link(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let scenario = match Scenario::parse(catalog(), text) {
        Ok(scenario) => scenario,
        Err(fault) => {
            assert!((1..=text.chars().count() + 1).contains(&fault.column), "{fault}");
            return;
        }
    };
    let link = scenario.link(catalog());
    let whole = format!("{link},{}", scenario.defaults(catalog()));
    for printed in [whole.trim_end_matches(','), &link] {
        let again = Scenario::parse(catalog(), printed);
        assert_eq!(again.as_ref(), Ok(&scenario), "{text:?} is printed as {printed:?}");
    }
    answered(&scenario);
}

/// XML in general: what is accepted is well-formed to another reader too, with as many elements.
pub fn xml(data: &[u8]) {
    let document = match Document::from_bytes("x.xml", data) {
        Ok(document) => document,
        Err(fault) => return refused(&fault, data),
    };
    let other = roxmltree::Document::parse(document.text);
    // The prefix xml is bound without being declared (Namespaces in XML 1.0, section 3); for elements that reader does
    // not know it.
    if matches!(&other, Err(roxmltree::Error::UnknownNamespace(prefix, _)) if prefix == "xml") {
        return;
    }
    let other = other.expect("another reader accepts it");
    let elements = other.descendants().filter(roxmltree::Node::is_element).count();
    assert_eq!(count(&document.root), elements);
}

fn count(element: &Element<'_>) -> usize {
    1 + element.children.iter().map(count).sum::<usize>()
}
