//! A second, deliberately naive answer to every question, for the tests to hold the resolver against.
//!
//! Plain ifs over lists of strings. It shares the facts with the product (features, models, cells, hosts) and nothing
//! that decides: how each release behaves is written down here once more, in `releases`. A question it has no plain
//! answer to comes back as an error that says what is not known.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

mod checks;
pub(crate) mod facts;
mod libvirt;
mod qemu;
mod releases;

use facts::{PlainFacts, PlainHost, PlainMap};
use libvirt::{Cpu, Node, Started};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Features with their policies, each once, in the order of the definition.
pub(crate) type Policies = Vec<(String, String)>;

/// One question, as text.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// A model name, or `host-model`, `host-passthrough`, `maximum`.
    pub(crate) cpu: String,
    /// The definition's features with their policies.
    pub(crate) features: Policies,
    /// The machine type.
    pub(crate) machine: String,
    /// Sockets, dies, cores and threads.
    pub(crate) topology: [u32; 4],
    /// `tcg` or `kvm`.
    pub(crate) accel: String,
    /// The source's host; asked only under KVM.
    pub(crate) from_host: Host,
    /// The destination's host.
    pub(crate) to_host: Host,
    /// The source.
    pub(crate) from: End,
    /// The destination.
    pub(crate) to: End,
    /// `none`, `partial`, `full`, or what libvirt fills in.
    pub(crate) check: Option<String>,
    /// `exact`, `minimum` or `strict`.
    pub(crate) matching: String,
    /// `allow` or `forbid`.
    pub(crate) fallback: String,
    /// `Intel`, `AMD`, `Hygon`, `Zhaoxin`, when the definition names one in `<vendor>`.
    pub(crate) vendor: Option<String>,
    /// The same, when the definition names one in `vendor_id` of `<model>`.
    pub(crate) vendor_id: Option<String>,
    /// `live` or `save`.
    pub(crate) transport: String,
    /// The release under which the guest was started, if the source's daemon was upgraded since.
    pub(crate) started: Option<String>,
    /// The stops between, in their order.
    pub(crate) via: Vec<Waypoint>,
    /// `migratable` of host-passthrough and maximum.
    pub(crate) migratable: bool,
    /// Whether the definition gives a TSC frequency.
    pub(crate) tsc: bool,
    /// `nothing`, `disable` or `require`, when the destination's is not to be its release's own.
    pub(crate) regime: Option<String>,
    /// The feature that `new` took out of every model.
    pub(crate) feature: String,
    /// What `<pmu>` of the domain says.
    pub(crate) pmu: Option<bool>,
}

/// The software of the source or the destination.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct End {
    /// An exact release, `old` or `new`.
    pub(crate) libvirt: String,
    /// A QEMU release that is in the facts exactly.
    pub(crate) qemu: String,
}

/// An intermediate host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Waypoint {
    pub(crate) end: End,
    pub(crate) host: Host,
    /// The transport.
    pub(crate) transport: String,
}

/// The host of the source or the destination.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Host {
    /// One that has whatever is asked for.
    Capable,
    /// A recorded one, by name.
    Listed(String),
    /// One whose vendor and features are given; what the silicon shows beyond them is unknown.
    Given(String, BTreeSet<String>),
    /// One measured on both sides.
    Measured(Box<Measured>),
}

/// What KVM offers on a host, and what its silicon shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Measured {
    pub(crate) vendor: String,
    /// Family, model and stepping.
    pub(crate) signature: Option<[u32; 3]>,
    pub(crate) features: BTreeSet<String>,
    pub(crate) silicon: BTreeSet<String>,
}

/// One answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct NaiveAnswer {
    /// `completed`, `aborted` or `start-refused`.
    pub(crate) outcome: String,
    /// Which refusal it was; empty when completed.
    pub(crate) refusal: String,
    /// libvirt's message.
    pub(crate) error: Option<String>,
    /// The running definition's policies on the source.
    pub(crate) live: Option<Policies>,
    /// The same on the destination.
    pub(crate) arrived: Option<Policies>,
    /// What the destination had too much.
    pub(crate) extra: Vec<String>,
    /// What it lacked.
    pub(crate) missing: Vec<String>,
    /// What the guest no longer sees.
    pub(crate) lost: Vec<String>,
    /// What the guest sees that was not there.
    pub(crate) gained: Vec<String>,
    /// XSAVE states (bits of CPUID leaf 0xD) that the guest no longer sees.
    pub(crate) states_lost: Vec<u32>,
    /// And those that were not there.
    pub(crate) states_gained: Vec<u32>,
    /// Whether `live` or `arrived` depend on what a recorded host was not asked; it is taken as lacking.
    pub(crate) policies_depend: bool,
}

impl Question {
    /// A custom model without features of its own, under TCG, saved and restored, check none, one thread in a package.
    pub(crate) fn of(model: &str, machine: &str, from: (&str, &str), to: (&str, &str)) -> Self {
        let end = |(libvirt, qemu): (&str, &str)| End { libvirt: libvirt.to_owned(), qemu: qemu.to_owned() };
        Self {
            cpu: model.to_owned(),
            features: Vec::new(),
            machine: machine.to_owned(),
            topology: [1, 1, 1, 1],
            accel: "tcg".to_owned(),
            from_host: Host::Capable,
            to_host: Host::Capable,
            from: end(from),
            to: end(to),
            check: Some("none".to_owned()),
            matching: "exact".to_owned(),
            fallback: "forbid".to_owned(),
            vendor: None,
            vendor_id: None,
            transport: "save".to_owned(),
            started: None,
            via: Vec::new(),
            migratable: true,
            tsc: false,
            regime: None,
            feature: "mpx".to_owned(),
            pmu: None,
        }
    }

    /// The same question as a scenario's link.
    pub(crate) fn link(&self) -> String {
        let host = |host: &Host| match host {
            Host::Capable => "capable".to_owned(),
            Host::Listed(name) => name.clone(),
            Host::Given(vendor, features) => {
                format!("{vendor}:{}", features.iter().cloned().collect::<Vec<_>>().join("+"))
            }
            Host::Measured(host) => {
                let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join("+");
                let number = host.signature.map_or(String::new(), |[a, b, c]| format!(":{a}-{b}-{c}"));
                format!("{}{number}:{}/{}", host.vendor, list(&host.features), list(&host.silicon))
            }
        };
        let mut parts = vec![self.cpu.clone()];
        for (feature, policy) in &self.features {
            parts.push(format!("{feature}={policy}"));
        }
        let [sockets, dies, cores, threads] = self.topology;
        parts.push(format!("machine={},topology={sockets}-{dies}-{cores}-{threads}", self.machine));
        parts.push(format!("accel={},from-host={},to-host={}", self.accel, host(&self.from_host), host(&self.to_host)));
        parts.push(format!("from={}:{},to={}:{}", self.from.libvirt, self.from.qemu, self.to.libvirt, self.to.qemu));
        parts.push(format!("match={},fallback={},transport={}", self.matching, self.fallback, self.transport));
        parts.push(format!("feature={}", self.feature));
        if let Some(pmu) = self.pmu {
            parts.push(format!("pmu={}", if pmu { "on" } else { "off" }));
        }
        for stop in &self.via {
            parts.push(format!("via={}:{}", stop.end.libvirt, stop.end.qemu));
        }
        if let Some(started) = &self.started {
            parts.push(format!("started={started}:{}", self.from.qemu));
        }
        if !self.migratable {
            parts.push("migratable=off".to_owned());
        }
        if self.tsc {
            parts.push("tsc=2000000000".to_owned());
        }
        for (key, text) in
            [("check", &self.check), ("vendor", &self.vendor), ("vendor-id", &self.vendor_id), ("regime", &self.regime)]
        {
            if let Some(text) = text {
                parts.push(format!("{key}={text}"));
            }
        }
        parts.join(",")
    }

    /// qemu_init_vcpu: before QEMU 8.2 the threads of a die, later those of a package.
    fn has_several_threads(&self, qemu: releases::Number) -> bool {
        let of_die = self.topology[2] * self.topology[3];
        if qemu < (8, 2, 0) { of_die > 1 } else { self.topology[1] * of_die > 1 }
    }

    fn is_mode(&self) -> bool {
        matches!(self.cpu.as_str(), "host-model" | "host-passthrough" | "maximum")
    }
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    /// libvirt or QEMU said no.
    Refused(Refusal),
    /// The facts do not have it.
    CannotSay(String),
}

/// A refusal with its message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Refusal {
    pub(crate) kind: String,
    pub(crate) text: String,
    pub(crate) extra: Vec<String>,
    pub(crate) missing: Vec<String>,
}

fn refuse<T>(kind: &str, text: String) -> Result<T, Stop> {
    Err(Stop::Refused(Refusal { kind: kind.to_owned(), text, ..Refusal::default() }))
}

fn cannot_say<T>(what: &str) -> Result<T, Stop> {
    Err(Stop::CannotSay(what.to_owned()))
}

/// Answers a question.
///
/// # Errors
/// The host of the source or the destination. What KVM emulates on every AMD processor is not in the list of a QEMU that leaves it out of `host`
/// (`x86_cpu_get_supported_feature_word`, 10.1.2; `kvm_get_arch_capabilities` of Linux).
fn host_at(
    facts: &PlainFacts,
    question: &Question,
    (host, has_unknown): (&Host, bool),
    qemu: &str,
) -> Result<PlainHost, String> {
    let mut found = facts.host(question, host, has_unknown)?;
    let qemu = facts.qemu(qemu)?;
    let was_asked = matches!(host, Host::Given(..) | Host::Measured(_));
    // kvm_get_arch_capabilities of Linux: KVM makes the register up; no AMD processor has it.
    if found.vendor == "AMD" && !matches!(host, Host::Measured(_)) {
        found.silicon.remove("arch-capabilities");
    }
    if was_asked && found.vendor == "AMD" && qemu.number >= (10, 1, 2) {
        for name in ["arch-capabilities", "rdctl-no", "skip-l1dfl-vmentry", "mds-no", "pschange-mc-no"] {
            found.features.insert(name.to_owned());
        }
        for (parent, children) in &qemu.dependencies {
            if parent == "arch-capabilities" {
                found.features.extend(children.intersection(&found.silicon).cloned());
            }
        }
    }
    Ok(found)
}

/// What is not known: a release or machine type outside the facts, host-model, a host that was not asked.
pub(crate) fn answer(facts: &PlainFacts, question: &Question) -> Result<NaiveAnswer, String> {
    // x86_cpus_init of microvm, 4.2: it has the newest version of a model, of which there are no cells.
    if question.machine == "microvm" && !question.is_mode() {
        return Err("what the model turns on under this machine type".to_owned());
    }
    // A host that has whatever is asked for has no CPU of its own to give.
    let hosts = [&question.from_host, &question.to_host];
    if question.accel == "kvm" && question.is_mode() && hosts.contains(&&Host::Capable) {
        return Err("which host it is".to_owned());
    }
    // What a recorded host was not asked, and the silicon behind a given list, is unknown: both ways have to agree.
    let mut ways = vec![(false, false)];
    if question.accel == "kvm" {
        let is_part_known = |host: &Host| matches!(host, Host::Listed(_) | Host::Given(..));
        let (from_part, to_part) = (is_part_known(&question.from_host), is_part_known(&question.to_host));
        if from_part && to_part && question.from_host == question.to_host {
            ways.push((true, true));
        } else {
            if from_part {
                ways.push((true, false));
            }
            if to_part {
                ways.push((false, true));
            }
            if from_part && to_part {
                ways.push((true, true));
            }
        }
    }
    let mut answers = Vec::new();
    for (from_has_unknown, to_has_unknown) in ways {
        answers.push(answer_once(facts, question, from_has_unknown, to_has_unknown)?);
    }
    let mut first = answers[0].clone();
    for other in &answers {
        if other.outcome != first.outcome || other.error != first.error || other.missing != first.missing {
            return Err("depends on what the host was not asked".to_owned());
        }
        if other.lost != first.lost || other.gained != first.gained {
            return Err("depends on what the host was not asked".to_owned());
        }
        // x86_cpu_enable_xsave_components, every QEMU: a state that the silicon has stays without its feature.
        if other.states_lost != first.states_lost || other.states_gained != first.states_gained {
            return Err("depends on what the host was not asked".to_owned());
        }
        if other.live != first.live || other.arrived != first.arrived {
            first.policies_depend = true;
        }
    }
    Ok(first)
}

fn answer_once(
    facts: &PlainFacts,
    question: &Question,
    from_has_unknown: bool,
    to_has_unknown: bool,
) -> Result<NaiveAnswer, String> {
    // virCPUValidateFeatures, 3.8.0: before, a name that no map has reaches QEMU.
    let started = question.started.iter().map(|libvirt| End { libvirt: libvirt.clone(), qemu: String::new() });
    let ends = [question.from.clone(), question.to.clone()].into_iter().chain(started);
    for end in ends.chain(question.via.iter().map(|stop| stop.end.clone())) {
        let (_, release) = map_of(facts, question, &end)?;
        if !releases::validates_features(release) && question.features.iter().any(|(name, _)| name.starts_with("kvm")) {
            return Err("what QEMU makes of the features of KVM in a definition".to_owned());
        }
    }
    let (from_map, from_number) = map_of(facts, question, &question.from)?;
    let mut here = Node {
        version: from_number,
        map: from_map,
        qemu: facts.qemu(&question.from.qemu)?,
        host: host_at(facts, question, (&question.from_host, from_has_unknown), &question.from.qemu)?,
        removed_incoming: String::new(),
    };
    let mut answer = NaiveAnswer::default();
    let mut guest;
    if let Some(started) = &question.started {
        let before = End { libvirt: started.clone(), qemu: question.from.qemu.clone() };
        let (map, version) = map_of(facts, question, &before)?;
        let beginning = Node { version, map, ..here.clone() };
        let defined = define(question, &beginning);
        guest = match libvirt::start(facts, &beginning, &defined, None, question, None) {
            Ok(begun) => libvirt::reconnect(&here, begun),
            Err(stop) => return refused(answer, "start-refused", stop),
        };
    } else {
        let defined = define(question, &here);
        guest = match libvirt::start(facts, &here, &defined, None, question, None) {
            Ok(begun) => begun,
            Err(stop) => return refused(answer, "start-refused", stop),
        };
    }
    answer.live = Some(guest.live.features.clone());
    let before = visible(&here, &guest, question);
    let states = guest.qemu.states.clone();
    let mut on_the_way = None;

    let last =
        Waypoint { end: question.to.clone(), host: question.to_host.clone(), transport: question.transport.clone() };
    for (position, stop) in question.via.iter().chain([&last]).enumerate() {
        let (map, version) = map_of(facts, question, &stop.end)?;
        let mut removed_incoming = releases::removed_incoming(version, &stop.end.libvirt).to_owned();
        if let Some(regime) = question.regime.as_ref().filter(|_| position == question.via.len()) {
            removed_incoming.clone_from(regime);
        }
        let there = Node {
            version,
            map,
            qemu: facts.qemu(&stop.end.qemu)?,
            host: host_at(facts, question, (&stop.host, to_has_unknown), &stop.end.qemu)?,
            removed_incoming,
        };
        if let Err(stop) = libvirt::may_leave(&here, &guest, question, &stop.transport) {
            return refused(answer, "aborted", stop);
        }
        let (xml, cookie) = libvirt::send(&here, &guest, &stop.transport);
        guest = match libvirt::start(facts, &there, &xml, cookie.as_ref(), question, Some(&stop.transport)) {
            Ok(arrived) => arrived,
            Err(stop) => return refused(answer, "aborted", stop),
        };
        if let Err(stop) = libvirt::migrate_command(&here) {
            return refused(answer, "aborted", stop);
        }
        here = there;
        let seen = (visible(&here, &guest, question), guest.qemu.states.clone());
        if on_the_way.is_none() && (&seen.0, &seen.1) != (&before, &states) {
            on_the_way = Some(seen);
        }
    }
    answer.arrived = Some(guest.live.features.clone());
    "completed".clone_into(&mut answer.outcome);
    let mut after = visible(&here, &guest, question);
    let mut states_after = guest.qemu.states.clone();
    // A guest that has its CPU back saw another one on the way.
    if after == before
        && states_after == states
        && let Some(seen) = on_the_way
    {
        (after, states_after) = seen;
    }
    for feature in &facts.order {
        if before.contains(feature) && !after.contains(feature) {
            answer.lost.push(feature.clone());
        }
        if after.contains(feature) && !before.contains(feature) {
            answer.gained.push(feature.clone());
        }
    }
    answer.states_lost = states.difference(&states_after).copied().collect();
    answer.states_gained = states_after.difference(&states).copied().collect();
    Ok(answer)
}

fn refused(mut answer: NaiveAnswer, outcome: &str, stop: Stop) -> Result<NaiveAnswer, String> {
    match stop {
        Stop::CannotSay(what) => Err(what),
        Stop::Refused(refusal) => {
            outcome.clone_into(&mut answer.outcome);
            answer.refusal = refusal.kind;
            answer.error = Some(refusal.text);
            answer.extra = refusal.extra;
            answer.missing = refusal.missing;
            Ok(answer)
        }
    }
}

/// The user's definition as the source's daemon stores it.
fn define(question: &Question, source: &Node) -> Cpu {
    let mut cpu = Cpu {
        mode: if question.is_mode() { question.cpu.clone() } else { "custom".to_owned() },
        model: if question.is_mode() { None } else { Some(question.cpu.clone()) },
        matching: question.matching.clone(),
        check: question.check.clone().unwrap_or_default(),
        fallback: question.fallback.clone(),
        vendor: question.vendor.clone(),
        features: question.features.clone(),
    };
    // virCPUDefParseXML, 3.2.0: there is no check attribute before.
    if !releases::has_check_attribute(source.version) {
        cpu.check = String::new();
    }
    cpu
}

/// The map of the source or destination, and the release number that selects its behaviour.
fn map_of(facts: &PlainFacts, question: &Question, end: &End) -> Result<(Arc<PlainMap>, releases::Number), String> {
    if end.libvirt == "old" {
        return Ok((Arc::clone(facts.map("9.0.0")?), (9, 0, 0)));
    }
    if end.libvirt == "new" {
        let mut map = PlainMap::clone(facts.map("9.0.0")?);
        for model in map.models.values_mut() {
            if model.data.remove(&question.feature) {
                model.removed.push(question.feature.clone());
            }
        }
        return Ok((Arc::new(map), (9, 0, 0)));
    }
    let number = end.libvirt.split('+').next().unwrap_or_default();
    Ok((Arc::clone(facts.map(&end.libvirt)?), releases::number(number)?))
}

/// What the guest can read: the final set with its dependencies cleared, without what is only reported.
fn visible(node: &Node, started: &Started, question: &Question) -> BTreeSet<String> {
    let mut seen = started.qemu.on.clone();
    // x86_cpu_expand_features, QEMU 4.2: what depends on a feature that is off is off.
    for (parent, children) in &node.qemu.dependencies {
        if !seen.contains(parent) {
            for child in children {
                seen.remove(child);
            }
        }
    }
    let several = question.has_several_threads(node.qemu.number);
    let named = |feature: &str| {
        question.features.iter().any(|(name, policy)| name == feature && (policy == "require" || policy == "force"))
    };
    // cpu_x86_cpuid leaf 1, every QEMU: the bit is set for several threads, whatever is reported.
    seen.remove("ht");
    if several || named("ht") {
        seen.insert("ht".to_owned());
    }
    // cpu_x86_cpuid leaf 0x80000001, every QEMU: the same, but not for Intel, and since 10.0 not for Zhaoxin.
    let is_exempt = started.vendor == "Zhaoxin" && node.qemu.number >= (10, 0, 0);
    if started.vendor != "Intel" && !is_exempt {
        seen.remove("cmp_legacy");
        // x86_cpu_expand_features, 10.0: enabled before the filter, which leaves what is supported.
        let is_given = node.qemu.number < (10, 0, 0) || qemu::supports(node, "cmp_legacy", question) != Ok(false);
        if (several || named("cmp_legacy")) && is_given {
            seen.insert("cmp_legacy".to_owned());
        }
    }
    // cpu_x86_cpuid leaf 0x8000000a, before QEMU 5.1: empty while svm is off, whatever is reported.
    if node.qemu.number < (5, 1, 0) && !seen.contains("svm") {
        for child in ["npt", "nrip-save"] {
            seen.remove(child);
        }
    }
    // cpu_x86_cpuid leaf 1, QEMU 5.1: no PDCM without a PMU.
    if !qemu::has_pmu(&started.live, question, node.qemu.number) && node.qemu.number >= (5, 1, 0) {
        seen.remove("pdcm");
    }
    seen
}
