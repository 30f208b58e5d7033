//! Decodes what libvirt's own tests decode, and compares to the last feature and its order: the host, a guest from raw
//! CPUID, a guest from QEMU's reply, host-model in domcapabilities, and the `-cpu` of host-model guests.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "an expectation that cannot be read fails the test"
)]

mod support;

use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use support::ask::{CATALOG, scenario};
use virt_cpu_explorer::internal::domain::behaviour::Behaviour;
use virt_cpu_explorer::internal::domain::catalog::{QemuView, ReleaseMap};
use virt_cpu_explorer::internal::domain::definition::Policy;
use virt_cpu_explorer::internal::domain::feature::FeatureSet;
use virt_cpu_explorer::internal::domain::host::{CpuSignature, GivenHost, Host, Vendor};
use virt_cpu_explorer::internal::domain::map::{CpuMap, Register};
use virt_cpu_explorer::internal::domain::scenario::{HostChoice, Scenario};
use virt_cpu_explorer::internal::export::{Around, cpu_xml, expansion_argument};
use virt_cpu_explorer::internal::resolve::host_model::{
    BaselineCpu, BaselineError, HostModel, Libvirt, Probe, Processor, Purpose, QemuModels, Reason, baseline, decode,
    guest, guest_of_domcapabilities, inferred_signature,
};
use virt_cpu_explorer::internal::resolve::{PossibleExpansion, expansions};

static DECODE: LazyLock<Value> = LazyLock::new(|| read(include_str!("data/host_model/decode.json")));
static DOMCAPABILITIES: LazyLock<Value> = LazyLock::new(|| read(include_str!("data/host_model/domcapabilities.json")));
static BASELINE: LazyLock<Value> = LazyLock::new(|| read(include_str!("data/host_model/baseline.json")));
static RUNS: LazyLock<Value> = LazyLock::new(|| read(include_str!("data/host_model/runs.json")));

/// Releases of which the expectations come from trees shortly before or after: informative.
const NEAR: [&str; 3] = ["3.7.0", "4.0.0", "5.6.0"];

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

fn entries<'v>(value: &'v Value, key: &str) -> &'v Map<String, Value> {
    value[key].as_object().unwrap_or_else(|| panic!("{key} in {value}"))
}

/// Features that a map of these facts names; others are ignored by libvirt too.
fn features(names: &str) -> FeatureSet {
    names.split_whitespace().filter_map(|name| CATALOG.feature(name)).collect()
}

fn numbers<const N: usize>(row: &Value) -> [u32; N] {
    let numbers = row.as_str().unwrap().split(' ').map(|number| u32::from_str_radix(number, 16).unwrap());
    numbers.collect::<Vec<_>>().try_into().unwrap()
}

/// A libvirt release of the facts.
struct Release {
    map: &'static CpuMap,
    behaviour: Behaviour,
}

impl Release {
    fn of(name: &str) -> Self {
        let release = CATALOG.release(CATALOG.libvirt(name).unwrap_or_else(|| panic!("no libvirt {name}")));
        let ReleaseMap::Exact(map) = release.map else { panic!("the map of {name} was not read") };
        Self { map: CATALOG.map(map), behaviour: CATALOG.behaviour(release.version).0 }
    }

    fn libvirt(&self) -> Libvirt<'_> {
        Libvirt { map: self.map, behaviour: &self.behaviour, named: CATALOG.named() }
    }
}

fn signature(of: &Value) -> CpuSignature {
    text(of, "signature").parse().unwrap()
}

/// What CPUID answered for one leaf and subleaf. An input register that a recording does not mention is 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct CpuidLeaf {
    /// The leaf.
    eax_in: u32,
    /// The subleaf.
    ecx_in: u32,
    /// The answer in eax, ebx, ecx and edx.
    output: [u32; 4],
}

/// The value of one model-specific register.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct MsrValue {
    /// The register's number.
    index: u32,
    /// The low and the high half: eax and edx.
    output: [u32; 2],
}

/// A processor as raw values. What was not recorded counts as absent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct RawCpu {
    /// The CPUID leaves.
    leaves: Vec<CpuidLeaf>,
    /// The model-specific registers.
    msrs: Vec<MsrValue>,
}

impl RawCpu {
    fn leaf(&self, eax_in: u32, ecx_in: u32) -> Option<[u32; 4]> {
        self.leaves.iter().find(|leaf| (leaf.eax_in, leaf.ecx_in) == (eax_in, ecx_in)).map(|leaf| leaf.output)
    }

    /// Returns the vendor in leaf 0; `None` for one this program does not know.
    fn vendor(&self) -> Option<Vendor> {
        let [_, ebx, ecx, edx] = self.leaf(0, 0)?;
        let letters: Vec<u8> = [ebx, edx, ecx].into_iter().flat_map(u32::to_le_bytes).collect();
        Vendor::parse(str::from_utf8(&letters).ok()?)
    }

    /// Returns family, model and stepping in leaf 1. The extended family counts only for base family 15, the extended
    /// model always (libvirt `virCPUx86SignatureFromCPUID`).
    fn signature(&self) -> Option<CpuSignature> {
        let [eax, ..] = self.leaf(1, 0)?;
        let bits = |shift: u32, mask: u32| (eax >> shift) & mask;
        let base = bits(8, 0xf);
        let family = if base == 0xf { base + bits(20, 0xff) } else { base };
        let model = (bits(16, 0xf) << 4) + bits(4, 0xf);
        Some(CpuSignature { family, model, stepping: Some(bits(0, 0xf)) })
    }

    /// Returns the features of `map` whose bits are all set (libvirt `x86DataIsSubset`).
    fn features(&self, map: &CpuMap) -> FeatureSet {
        let has = |register: &Register| match *register {
            Register::Cpuid { eax_in, ecx_in, masks } => {
                let found = self.leaf(eax_in, ecx_in).unwrap_or_default();
                found.into_iter().zip(masks).all(|(value, mask)| value & mask == mask)
            }
            Register::Msr { index, masks } => {
                let found = self.msrs.iter().find(|msr| msr.index == index).map(|msr| msr.output).unwrap_or_default();
                found.into_iter().zip(masks).all(|(value, mask)| value & mask == mask)
            }
        };
        let described = map.order.iter().zip(&map.features);
        let shown = described.filter(|(_, feature)| !feature.registers.is_empty() && feature.registers.iter().all(has));
        shown.map(|(feature, _)| *feature).collect()
    }
}

fn raw(host: &Value) -> RawCpu {
    let leaf = |row| {
        let [eax_in, ecx_in, eax, ebx, ecx, edx] = numbers(row);
        CpuidLeaf { eax_in, ecx_in, output: [eax, ebx, ecx, edx] }
    };
    let msr = |row| {
        let [index, eax, edx] = numbers(row);
        MsrValue { index, output: [eax, edx] }
    };
    RawCpu {
        leaves: host["cpuid"].as_array().unwrap().iter().map(leaf).collect(),
        msrs: host["msr"].as_array().unwrap().iter().map(msr).collect(),
    }
}

/// The processor as its raw CPUID shows it to this map.
fn silicon(host: &Value, map: &CpuMap) -> Processor {
    let raw = raw(host);
    assert_eq!(raw.signature(), Some(signature(host)));
    Processor { vendor: raw.vendor(), signature: raw.signature(), features: raw.features(map) }
}

/// The processor as QEMU tells it.
fn reply(told: &Value) -> Processor {
    let vendor = Vendor::parse(text(told, "vendor"));
    Processor { vendor, signature: Some(signature(told)), features: features(text(told, "features")) }
}

/// QEMU's models, which are written by what QEMU lacks of them.
fn models(of: &Value) -> Option<QemuModels> {
    let by_blockers = of.get("models")?.as_object()?.iter();
    let listed = by_blockers.flat_map(|(blockers, models)| {
        let blockers = features(blockers);
        let models = models.as_str().unwrap().split(' ').filter_map(|name| CATALOG.model(name));
        models.map(move |model| (model, blockers))
    });
    Some(listed.collect())
}

/// A decoded CPU as the expectations are written: vendor, model, features.
fn written(decoded: &HostModel) -> String {
    let mut line = format!("{} {}", decoded.vendor.map_or("-", Vendor::name), CATALOG.model_name(decoded.model));
    for (feature, policy) in &decoded.features {
        line.push_str(if *policy == Policy::Disable { " -" } else { " " });
        line.push_str(CATALOG.feature_name(*feature));
    }
    line
}

/// Counts by kind how many come out right, and keeps what does not.
#[derive(Default)]
struct Tally {
    right: BTreeMap<String, (usize, usize)>,
    wrong: Vec<String>,
}

impl Tally {
    fn compare(&mut self, kind: &str, name: &str, (found, expected): (&str, &str)) {
        let (right, all) = self.right.entry(kind.to_owned()).or_default();
        *all += 1;
        if found == expected {
            *right += 1;
        } else {
            self.wrong.push(format!("{kind} {name}\n  found    {found}\n  expected {expected}"));
        }
    }

    /// Fails unless everything of these kinds is right; the others are printed.
    fn assert(&self, is_informative: impl Fn(&str) -> bool, expected: &[(&str, usize)]) {
        println!("{:?}", self.right);
        let wrong: Vec<_> = self.wrong.iter().filter(|line| !is_informative(line)).collect();
        assert!(wrong.is_empty(), "{}", wrong.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n"));
        for (kind, all) in expected {
            assert_eq!(self.right.get(*kind).map(|(_, all)| *all), Some(*all), "cases of {kind}");
        }
    }
}

/// The releases of the decode expectations, each with what is expected of a host: the last one named at or before it.
fn expected(of_kind: &Value) -> Vec<(&'static str, &str)> {
    let mut current = None;
    let releases = DECODE["releases"].as_array().unwrap().iter();
    let each = releases.filter_map(|release| {
        let release = release.as_str().unwrap();
        current = of_kind.get(release).and_then(Value::as_str).or(current);
        Some((release, current?))
    });
    each.collect()
}

fn decoded(kind: &str, host: &Value, release: &Release) -> HostModel {
    let qemu = &host["kvm"];
    let listed = models(qemu);
    let found = match kind {
        "host" => decode(release.libvirt(), &silicon(host, release.map), Purpose::Host, &[]),
        "guest" => decode(release.libvirt(), &silicon(host, release.map), Purpose::Guest(listed.as_ref()), &[]),
        _ => {
            let mut told = reply(qemu);
            told.features -= release.behaviour.untranslated;
            decode(release.libvirt(), &told, Purpose::Guest(listed.as_ref()), &[])
        }
    };
    found.unwrap()
}

#[test]
fn every_host_is_decoded_as_libvirt_does() {
    let mut tally = Tally::default();
    for (name, kinds) in entries(&DECODE, "expect") {
        let host = &DECODE["hosts"][name];
        for (kind, of_kind) in kinds.as_object().unwrap() {
            for (version, wanted) in expected(of_kind) {
                let found = decoded(kind, host, &Release::of(version));
                tally.compare(kind, &format!("{name} {version}"), (&written(&found), wanted));
            }
        }
    }
    tally.assert(|_| false, &[("host", 854), ("guest", 854), ("json", 714)]);
}

/// What libvirt's tests let one QEMU tell.
fn probe(input: &Value) -> Probe {
    Probe {
        processor: reply(input),
        not_migratable: features(text(input, "not_migratable")),
        models: models(input).unwrap(),
        has_unavailable_features: input["unavailable_features"] == true,
    }
}

/// Host-model in `virsh domcapabilities`: everything that QEMU enables, whether it migrates or not.
fn shown(release: &Release, probe: &Probe) -> HostModel {
    let whole = Probe { not_migratable: FeatureSet::EMPTY, ..probe.clone() };
    let mut shown = guest(release.libvirt(), &whole, FeatureSet::ALL).unwrap().decoded;
    if release.behaviour.sorted_domcapabilities {
        shown.features.sort_by_key(|(feature, _)| CATALOG.feature_name(*feature));
    }
    shown
}

#[test]
fn domcapabilities_and_the_command_line_are_as_libvirt_writes_them() {
    let mut tally = Tally::default();
    for case in DOMCAPABILITIES["cases"].as_array().unwrap() {
        let (version, input) = (text(case, "libvirt"), text(case, "input"));
        let release = Release::of(version);
        let probe = probe(&DOMCAPABILITIES["inputs"][input]);
        let kind = if NEAR.contains(&version) { "near" } else { "domcapabilities" };
        let found = shown(&release, &probe);
        tally.compare(kind, &format!("{version} {input}"), (&written(&found), text(case, "host_model")));
        if let Some(line) = case.get("command_line") {
            let found = guest(release.libvirt(), &probe, FeatureSet::ALL).unwrap();
            let line_found = expansion_argument(&CATALOG, &found);
            tally.compare("command line", &format!("{version} {input}"), (&line_found, line.as_str().unwrap()));
        }
    }
    tally.assert(|line| line.starts_with("near"), &[("domcapabilities", 153), ("near", 8), ("command line", 33)]);
}

#[test]
fn a_guest_gets_what_domcapabilities_shows() {
    let mut tally = Tally::default();
    for case in DOMCAPABILITIES["cases"].as_array().unwrap().iter().filter(|case| case.get("command_line").is_some()) {
        let release = Release::of(text(case, "libvirt"));
        let probe = probe(&DOMCAPABILITIES["inputs"][text(case, "input")]);
        let shown = shown(&release, &probe);
        let described = (shown.model, shown.vendor);
        let found = guest_of_domcapabilities(release.libvirt(), described, &shown.features, FeatureSet::ALL).unwrap();
        let name = format!("{} {}", text(case, "libvirt"), text(case, "input"));
        tally.compare("command line", &name, (&expansion_argument(&CATALOG, &found), text(case, "command_line")));
    }
    tally.assert(|_| false, &[("command line", 33)]);
}

#[test]
fn features_that_domcapabilities_sorts_get_their_order_back() {
    let release = Release::of("12.8.0");
    let qemu = qemu("10.0.13");
    assert!(release.behaviour.sorted_domcapabilities);
    for host in CATALOG.hosts() {
        let probe = Probe::kvm(&CATALOG, &qemu, &Processor::of_host(host));
        let shown = shown(&release, &probe);
        let described = (shown.model, shown.vendor);
        let found = guest_of_domcapabilities(release.libvirt(), described, &shown.features, qemu.properties).unwrap();
        let known = guest(release.libvirt(), &probe, qemu.properties).unwrap();
        assert_eq!(expansion_argument(&CATALOG, &found), expansion_argument(&CATALOG, &known), "{}", host.name);
    }
}

fn qemu(version: &str) -> QemuView<'static> {
    CATALOG.qemu_views(version.parse().unwrap()).swap_remove(0)
}

/// The report of QEMU at the source or destination of a recorded run.
fn probe_of_run(end: &Value) -> (Probe, FeatureSet) {
    let qemu = qemu(text(end, "qemu"));
    let probe = match end.get("host") {
        None => Probe::tcg(&CATALOG, &qemu),
        Some(host) => {
            let features = features(text(&RUNS["hosts"], host.as_str().unwrap()));
            let signature = Some("6-207-2".parse().unwrap());
            Probe::kvm(&CATALOG, &qemu, &Processor { vendor: Some(Vendor::Intel), signature, features })
        }
    };
    (probe, qemu.properties)
}

#[test]
fn recorded_guests_got_this_command_line() {
    let mut tally = Tally::default();
    let runs = RUNS["runs"].as_array().unwrap().iter().filter(|run| run["cpu"] == "host-model");
    for run in runs {
        let source = &run["source"];
        let (probe, properties) = probe_of_run(source);
        let release = Release::of(text(source, "libvirt"));
        let found = guest(release.libvirt(), &probe, properties).unwrap();
        let line = expansion_argument(&CATALOG, &found);
        tally.compare(text(run, "accelerator"), text(run, "id"), (&line, text(run, "command_line")));
    }
    tally.assert(|_| false, &[("kvm", 14), ("tcg", 17)]);
}

/// The hosts that QEMU told about, with the decode of each by a release.
fn from_replies(version: &str, change: impl Fn(&mut Processor)) -> Vec<(HostModel, HostModel)> {
    let release = Release::of(version);
    let hosts = entries(&DECODE, "hosts").values().filter(|host| host.get("kvm").is_some());
    let both = hosts.map(|host| {
        let known = decoded("json", host, &release);
        let listed = models(&host["kvm"]);
        let mut told = reply(&host["kvm"]);
        told.features -= release.behaviour.untranslated;
        change(&mut told);
        let changed = decode(release.libvirt(), &told, Purpose::Guest(listed.as_ref()), &[]).unwrap();
        (known, changed)
    });
    both.collect()
}

fn right(both: &[(HostModel, HostModel)]) -> usize {
    both.iter().filter(|(known, changed)| written(known) == written(changed)).count()
}

#[test]
fn without_a_signature_most_hosts_come_out_right() {
    for (version, of_51) in [("7.0.0", 40), ("9.8.0", 50), ("11.3.0", 46)] {
        let both = from_replies(version, |processor| processor.signature = None);
        assert_eq!((right(&both), both.len()), (of_51, 51), "{version}");
    }
}

#[test]
fn a_stepping_or_signature_that_nobody_told_is_tried_with_every_value() {
    for (libvirt, qemu) in [("7.0.0", "5.2.0"), ("9.8.0", "7.2.22"), ("11.3.0", "10.0.13")] {
        let ways = |host: &Host, signature: Option<CpuSignature>| {
            let (vendor, features) = (host.vendor, host.features);
            let given =
                HostChoice::Given(GivenHost { vendor, signature, features, silicon: None, unknown: FeatureSet::EMPTY });
            let asked = scenario(&format!("host-model,from={libvirt}:{qemu},to={libvirt}:{qemu}"));
            expansions(&CATALOG, &Scenario { from_host: given, ..asked })
        };
        let (mut depends, mut stands) = (0, 0);
        for (_, host) in CATALOG.recorded_hosts() {
            let right = ways(host, Some(host.signature()));
            assert_eq!(right.len(), 1, "{libvirt} {}", host.name);
            for signature in [None, Some(CpuSignature { stepping: None, ..host.signature() })] {
                let found = ways(host, signature);
                let is_right = |way: &PossibleExpansion| way.guest.definition == right[0].guest.definition;
                assert!(found.iter().any(is_right), "{libvirt} {} {signature:?}", host.name);
                let kind = if signature.is_none() { "host signature: " } else { "host signature: stepping " };
                let is_told = |way: &&PossibleExpansion| way.assumptions.iter().any(|told| told.starts_with(kind));
                let told = found.iter().filter(is_told).count();
                assert_eq!(told, if found.len() == 1 { 0 } else { found.len() }, "{libvirt} {}", host.name);
                assert!(found.windows(2).all(|pair| pair[0].signature != pair[1].signature), "{libvirt} {}", host.name);
                if found.len() == 1 { stands += 1 } else { depends += 1 }
            }
        }
        assert!(depends > 20 && stands > 20, "{libvirt}: {depends} depend, {stands} stand");
    }
}

#[test]
fn the_winner_says_why_it_beats_the_runner_up() {
    let release = Release::of("11.3.0");
    let reason = |host: &str| {
        let found = decoded("guest", &DECODE["hosts"][host], &release);
        let (index, reason) = found.runner_up.unwrap();
        let name = |model| CATALOG.model_name(model);
        (name(found.model), name(found.candidates[index].model), reason)
    };
    assert_eq!(reason("EPYC-7601-32-Core"), ("EPYC", "EPYC-IBPB", Reason::Score));
}

/// Every host by every release, as libvirt's tests decode it; and baselines of two hosts each, whose two
/// models are preferred.
#[test]
fn the_reason_why_the_winner_beats_the_runner_up_holds() {
    let mut found: Vec<(HostModel, bool)> = Vec::new();
    for version in DECODE["releases"].as_array().unwrap() {
        let release = Release::of(version.as_str().unwrap());
        let mut cpus: Vec<BaselineCpu> = Vec::new();
        for host in entries(&DECODE, "hosts").values() {
            let kinds = if host.get("kvm").is_some() { &["host", "guest", "json"][..] } else { &["host", "guest"] };
            found.extend(kinds.iter().map(|kind| (decoded(kind, host, &release), false)));
            let silicon = silicon(host, release.map);
            let model = decode(release.libvirt(), &silicon, Purpose::Guest(None), &[]).map(|cpu| cpu.model);
            cpus.push(BaselineCpu { vendor: silicon.vendor, model, features: silicon.features });
        }
        let others =
            |one: &BaselineCpu| cpus.iter().filter(|other| other.model != one.model).cloned().collect::<Vec<_>>();
        let pairs = cpus.iter().flat_map(|one| others(one).into_iter().map(|other| [one.clone(), other]));
        let baselines = pairs.filter_map(|pair| baseline(release.libvirt(), &pair, (None, None), false).ok());
        found.extend(baselines.map(|cpu| (cpu, true)));
    }
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for (cpu, prefers) in &found {
        let Some((index, reason)) = cpu.runner_up else { continue };
        let (winner, second) = (cpu.winner().unwrap(), &cpu.candidates[index]);
        let (own, other) = (winner.score, second.score);
        let expected = match (winner.signature_matches, own.total.cmp(&other.total), own.penalty.cmp(&other.penalty)) {
            (signature, ..) if signature != second.signature_matches => Reason::Signature,
            (_, Ordering::Less, _) => Reason::Score,
            (_, Ordering::Equal, Ordering::Less) => Reason::FewerDisabled,
            (_, Ordering::Equal, Ordering::Equal) => Reason::TriedFirst,
            (_, Ordering::Equal, Ordering::Greater) | (_, Ordering::Greater, _) => Reason::Preferred,
        };
        assert_eq!(reason, expected, "{own:?} {other:?}");
        assert!(reason != Reason::TriedFirst || cpu.chosen < index, "it is tried first");
        assert!(reason != Reason::Preferred || *prefers, "nothing is preferred");
        *reasons.entry(format!("{reason:?}")).or_default() += 1;
    }
    println!("{reasons:?}");
    assert_eq!(reasons.len(), 5, "each reason is met: {reasons:?}");
}

/// libvirt's `x86DataFilterTSX`: of model 63 the transactional memory works from stepping 4 on.
#[test]
fn broken_transactional_memory_is_taken_out_of_a_host() {
    let release = Release::of("9.0.0");
    let host = &DECODE["hosts"]["Xeon-E7-8890-v3"];
    let tsx = features("hle rtm");
    let has_tsx = |vendor, signature: &str| {
        let mut told = reply(&host["kvm"]);
        (told.vendor, told.signature) = (vendor, Some(signature.parse().unwrap()));
        told.features |= tsx;
        let found = decode(release.libvirt(), &told, Purpose::Guest(None), &[]).unwrap();
        let with = |on: bool| -> FeatureSet {
            found.features.iter().filter(|(_, policy)| policy.is_on() == on).map(|(feature, _)| *feature).collect()
        };
        let described = (release.map.model(found.model).unwrap().data | with(true)) - with(false);
        assert!((described & tsx).is_empty() || tsx.is_subset(&described));
        tsx.is_subset(&described)
    };
    for (signature, works) in
        [("6-63-4", true), ("6-63-5", true), ("6-63-3", false), ("6-63-2", false), ("6-63", false)]
    {
        assert_eq!(has_tsx(Some(Vendor::Intel), signature), works, "{signature}");
    }
    for (signature, works) in
        [("6-60-9", false), ("6-69-9", false), ("6-70-9", false), ("6-61-9", true), ("15-60-9", true)]
    {
        assert_eq!(has_tsx(Some(Vendor::Intel), signature), works, "{signature}");
    }
    assert!(has_tsx(None, "6-63-2"), "of another vendor nothing is known to be broken");
}

#[test]
fn a_candidate_counts_what_libvirt_would_write() {
    let release = Release::of("11.3.0");
    for host in entries(&DECODE, "hosts").values() {
        let found = decoded("guest", host, &release);
        let winner = found.winner().unwrap();
        let on = found.features.iter().filter(|(_, policy)| policy.is_on()).count();
        assert_eq!((winner.enabled_count(), winner.disabled_count()), (on, found.features.len() - on));
        assert_eq!(found.candidates.len() + found.rejected.len(), release.map.model_order.len());
    }
}

#[test]
fn a_signature_inferred_from_domcapabilities_is_right_for_nearly_all() {
    let release = Release::of("11.3.0");
    let hosts = entries(&DECODE, "hosts").values().filter(|host| host.get("kvm").is_some());
    let right = hosts.filter(|host| {
        let known = decoded("json", host, &release);
        let listed = models(&host["kvm"]);
        let signature = inferred_signature(release.map, known.model);
        let told = Processor { signature, ..reply(&host["kvm"]) };
        let found = decode(release.libvirt(), &told, Purpose::Guest(listed.as_ref()), &[]).unwrap();
        written(&found) == written(&known)
    });
    assert_eq!(right.count(), 50, "of 51");
}

#[test]
fn the_silicon_of_the_listed_hosts_is_what_virsh_capabilities_shows() {
    let release = Release::of("11.3.0");
    let mut compared = 0;
    for (name, kinds) in entries(&DECODE, "expect") {
        let Some(known) = CATALOG.host_named(name) else { continue };
        let host = CATALOG.host(known);
        let silicon = Processor { features: host.silicon.unwrap().features, ..Processor::of_host(host) };
        let found = decode(release.libvirt(), &silicon, Purpose::Host, &[]).unwrap();
        let (version, wanted) = *expected(&kinds["host"]).last().unwrap();
        assert_eq!((version, written(&found).as_str()), ("11.3.0", wanted), "{name}");
        compared += 1;
    }
    assert_eq!(compared, 51);
}

/// The expansion of host-model with these releases: of the listed host under KVM, else under TCG.
fn expanded(libvirt: &str, qemu: &str, host: Option<&str>) -> Vec<PossibleExpansion> {
    let on = host.map_or("accel=tcg".to_owned(), |host| format!("host={host}"));
    expansions(&CATALOG, &scenario(&format!("host-model,{on},from={libvirt}:{qemu},to={libvirt}:{qemu}")))
}

#[test]
fn host_model_is_written_as_libvirt_writes_it() {
    let possible = expanded("11.3.0", "10.0.13", None);
    let [only] = possible.as_slice() else { panic!("{} ways", possible.len()) };
    assert!(only.assumptions.is_empty());
    let lines = cpu_xml(&CATALOG, &only.guest.definition, Around { topology: None, check: true, vendor_id: None });
    let begins = [
        "<cpu mode='custom' match='exact' check='partial'>",
        "  <model fallback='forbid'>EPYC</model>",
        "  <vendor>AMD</vendor>",
        "  <feature policy='require' name='monitor'/>",
    ];
    assert_eq!(lines[..begins.len()], begins);
}

#[test]
fn a_release_between_two_maps_is_expanded_with_both() {
    let both = expanded("9.9.0", "8.1.0", Some("EPYC-7502-32-Core"));
    let ends = ["9.8.0", "9.10.0"].map(|release| expanded(release, "8.1.0", Some("EPYC-7502-32-Core")).remove(0));
    for possible in &both {
        assert!(ends.iter().any(|end| end.guest.definition == possible.guest.definition));
    }
    assert!(!both.is_empty());
    let differ = ends[0].guest.definition != ends[1].guest.definition;
    assert_eq!(both.len(), if differ { 2 } else { 1 });
}

/// One decode with the full list of QEMU's models, in microseconds; printed, and held far below a blink.
fn cpu(release: &Release, vendor: Option<Vendor>, model: &str) -> BaselineCpu {
    let model = CATALOG.model(model).unwrap();
    BaselineCpu { vendor, model: Some(model), features: release.map.model(model).unwrap().data }
}

/// A CPU as the expectations are written, as a map reads it.
fn baseline_cpu(release: &Release, written: &str) -> BaselineCpu {
    let [vendor, model, features @ ..] = &written.split(' ').collect::<Vec<_>>()[..] else { panic!("{written}") };
    let mut cpu = cpu(release, Vendor::parse(vendor), model);
    for feature in features {
        match feature.strip_prefix('-') {
            Some(name) => cpu.features.remove(CATALOG.feature(name).unwrap()),
            None => cpu.features.insert(CATALOG.feature(feature).unwrap()),
        }
    }
    cpu
}

#[test]
fn baselines_are_those_that_libvirt_expects() {
    let mut tally = Tally::default();
    for case in BASELINE["cases"].as_array().unwrap() {
        for version in text(case, "libvirt").split(' ') {
            let release = Release::of(version);
            let cpus = case["cpus"].as_array().unwrap().iter();
            let cpus: Vec<_> = cpus.map(|written| baseline_cpu(&release, written.as_str().unwrap())).collect();
            let found = baseline(release.libvirt(), &cpus, (None, None), case["migratable"] == true);
            let expected = case.get("result").map_or("CPU vendors do not match", |result| result.as_str().unwrap());
            let found = found.map_or_else(|error| error.to_string(), |found| written(&found));
            tally.compare("baseline", &format!("{version} {}", text(case, "name")), (&found, expected));
        }
    }
    tally.assert(|_| false, &[("baseline", 236)]);
}

#[test]
fn a_baseline_keeps_the_model_that_all_name() {
    for version in ["7.0.0", "11.3.0"] {
        let release = Release::of(version);
        let cpus = [1, 2].map(|_| cpu(&release, Some(Vendor::Intel), "Skylake-Client-IBRS"));
        let found = baseline(release.libvirt(), &cpus, (None, None), true).unwrap();
        assert_eq!(CATALOG.model_name(found.model), "Skylake-Client-IBRS");
        assert!(found.features.iter().all(|(_, policy)| *policy == Policy::Disable), "only removed ones");
    }
}

#[test]
fn a_baseline_prefers_the_models_of_its_input_since_there_are_penalties() {
    let of = |version: &str| {
        let release = Release::of(version);
        let cpus = ["Haswell-noTSX-IBRS", "Skylake-Client-IBRS"].map(|model| cpu(&release, Some(Vendor::Intel), model));
        let found = baseline(release.libvirt(), &cpus, (None, None), true).unwrap();
        let lost: Vec<_> = found.features.iter().filter(|(_, policy)| policy.is_off()).collect();
        (CATALOG.model_name(found.model), lost.len())
    };
    assert_eq!(of("11.3.0"), ("Haswell-noTSX-IBRS", 0));
}

#[test]
fn there_is_no_baseline_of_two_vendors_or_of_nothing_in_common() {
    let release = Release::of("11.3.0");
    let mixed = [cpu(&release, Some(Vendor::Intel), "Haswell"), cpu(&release, Some(Vendor::Amd), "EPYC")];
    let found = |cpus: &[BaselineCpu]| baseline(release.libvirt(), cpus, (None, None), false).map(|found| found.model);
    assert_eq!(found(&mixed), Err(BaselineError::Vendors));
    assert_eq!(found(&[]), Err(BaselineError::Empty));
    let nothing = BaselineCpu { vendor: None, model: None, features: FeatureSet::EMPTY };
    assert_eq!(found(&[nothing]), Err(BaselineError::Incompatible));
}
