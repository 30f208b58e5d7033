//! Arranges an answer in two lanes, source and destination, with the state of one feature or an unmet requirement at
//! each stage.

use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, Definition, Policy};
use crate::domain::feature::FeatureId;
use crate::domain::map::CpuMap;
use crate::domain::order::sort_by_key;
use crate::domain::scenario::{EXAMPLE_LIBVIRT, LibvirtChoice, MaybeKnown, Release, Scenario, write_machine};
use crate::resolve::{Answer, Origin, Refusal, StartTrace, Trace, WrittenBy};

mod requirement;

/// What one side has at one line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mark {
    /// The feature is on.
    On,
    /// The feature is off.
    Off,
    /// The definition requires it.
    Required,
    /// The definition disables it.
    Disabled,
    /// The definition does not mention it.
    Unmentioned,
    /// The side agrees.
    Good,
    /// The side refuses the guest.
    Bad,
    /// The guest did not come this far.
    Nothing,
}

/// One side of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Side {
    pub mark: Mark,
    /// The same in a few words.
    pub text: String,
    /// Who decided that; may be empty.
    pub detail: String,
}

impl Side {
    fn new(mark: Mark, text: impl Into<String>) -> Self {
        Self { mark, text: text.into(), detail: String::new() }
    }

    fn by(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    fn not_reached() -> Self {
        Self::new(Mark::Nothing, "not reached")
    }
}

/// What crosses the wire at a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wire {
    /// Nothing: each side looks it up.
    Nothing,
    /// The running guest.
    Guest,
    /// The text of the definition.
    Text,
}

/// One line of the two lanes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Lane {
    /// What is compared.
    pub label: &'static str,
    /// The sender's, then the receiver's.
    pub sides: [Side; 2],
    /// What crosses the wire.
    pub wire: Wire,
    /// What the comparison of the sides says; may be empty.
    pub note: &'static str,
}

/// The two lanes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Lanes {
    /// The feature that they are about; empty for a model or a machine type.
    pub subject: String,
    /// The headings of the two lanes.
    pub heads: [String; 2],
    /// The lines, from QEMU's CPU to the comparison.
    pub lines: Vec<Lane>,
    /// The index of the line in which the sides part; `None` if they agree.
    pub parting: Option<usize>,
}

impl Lanes {
    /// Leaves only what another case has too.
    fn restrict_to(&mut self, other: &Self) {
        let parting = self.parting.and_then(|index| self.lines.get(index)).map(|lane| lane.label);
        self.lines.retain(|lane| other.lines.iter().any(|known| known.label == lane.label));
        for lane in &mut self.lines {
            let Some(known) = other.lines.iter().find(|known| known.label == lane.label) else { continue };
            for (side, known) in lane.sides.iter_mut().zip(&known.sides) {
                if (side.mark, &side.text) != (known.mark, &known.text) {
                    *side = Side::new(Mark::Nothing, "depends on the unknown input");
                    lane.note = "";
                } else if side.detail != known.detail {
                    side.detail = String::new();
                }
            }
        }
        let parts = |lane: &Lane| Some(lane.label) == parting && !lane.note.is_empty();
        self.parting = self.lines.iter().position(parts).filter(|_| self.parting == other.parting);
    }

    /// Leaves out what follows from the other lines.
    pub(crate) fn shorten(&mut self) {
        if let Some(index) =
            self.lines.iter().position(|lane| lane.label == EXPECTS).filter(|at| self.parting != Some(*at))
        {
            self.lines.remove(index);
            self.parting = self.parting.map(|parting| if parting > index { parting - 1 } else { parting });
        }
    }
}

/// Returns the features that an answer is about: those a check refused, else those the guest lost or gained, else the
/// feature of the decision table.
pub(crate) fn deciding_features(scenario: &Scenario, answer: &Answer) -> Vec<FeatureId> {
    let mut features: Vec<FeatureId> = match answer.refusal() {
        Some(
            Refusal::MsrFeatures(list)
            | Refusal::PartialForbidden(list, _)
            | Refusal::PartialMissing(list, _)
            | Refusal::PartialStrict(list, _),
        ) => list.clone(),
        Some(
            Refusal::UnknownFeature(feature, _)
            | Refusal::ForbiddenFeature(feature)
            | Refusal::Conflict(feature)
            | Refusal::UnknownProperty { feature, .. },
        ) => vec![*feature],
        Some(Refusal::FullCheck { extra, missing }) => extra.iter().chain(missing).copied().collect(),
        Some(_) => return Vec::new(),
        None => answer.lost.iter().chain(&answer.gained).copied().collect(),
    };
    if features.is_empty() {
        features.push(scenario.feature);
    }
    // The feature that the user asked about comes first.
    sort_by_key(&mut features, |feature| *feature != scenario.feature);
    features
}

/// The most cases whose lanes are compared.
const MOST_CASES: usize = 128;

/// Returns the lanes for the deciding feature at this index; `None` for an answer that depends. Of an answer that
/// covers several cases they have what holds in all of them; `None` if there are too many to compare.
pub(crate) fn lanes(catalog: &Catalog, scenario: &Scenario, answer: &Answer, index: usize) -> Option<Lanes> {
    let mut lanes = of_case(catalog, scenario, answer, index)?;
    if answer.case_count() > MOST_CASES {
        // What the refusal alone says is the same in every case.
        let is_same = matches!(
            answer.refusal(),
            Some(Refusal::MachineType { .. } | Refusal::MachineTypeAtQemu { .. } | Refusal::UnknownModel(_))
        );
        return Some(lanes).filter(|_| is_same);
    }
    for (_, other) in answer.cases(catalog, scenario).skip(1) {
        lanes.restrict_to(&of_case(catalog, scenario, &other, index)?);
    }
    Some(lanes)
}

fn of_case(catalog: &Catalog, scenario: &Scenario, answer: &Answer, index: usize) -> Option<Lanes> {
    let trace = answer.trace.as_ref().filter(|_| answer.depends_on.is_empty())?;
    let story = Story { catalog, scenario, trace, at_start: trace.start.refused.is_some() };
    let features = deciding_features(scenario, answer);
    let feature = features.get(index % features.len().max(1)).copied();
    let (subject, lines) = match (answer.refusal(), feature) {
        (None | Some(Refusal::FullCheck { .. } | Refusal::Conflict(_)), Some(feature)) => {
            (catalog.feature_name(feature).to_owned(), story.feature(feature))
        }
        (Some(refusal), feature) => story.requirement(refusal, feature),
        (None, None) => return None,
    };
    let parts = |lane: &Lane| lane.label != COMPARED && lane.sides[0].mark != lane.sides[1].mark;
    // The receiver's QEMU follows from the map, because libvirt wrote the definition.
    let follows = |lane: &Lane| lane.wire == Wire::Guest && lane.sides[1].detail == Origin::Definition.name();
    let first = lines.iter().position(|lane| parts(lane) && !follows(lane));
    let parting = first.or_else(|| lines.iter().position(parts)).filter(|_| !story.at_start);
    Some(Lanes { subject, heads: story.heads(), lines, parting })
}

/// The label of the line with the result of the comparison.
const COMPARED: &str = "compared";
/// The label of the line with what the definition means.
const EXPECTS: &str = "libvirt expects";

struct Story<'a> {
    catalog: &'a Catalog,
    scenario: &'a Scenario,
    trace: &'a Trace,
    /// Whether the guest never started at the source.
    at_start: bool,
}

impl Story<'_> {
    fn heads(&self) -> [String; 2] {
        let (from, to) = self.scenario.hop(self.trace.hop);
        let qemu = |release: &Release| match release.qemu.version {
            MaybeKnown::Is(version) if from.qemu != to.qemu => format!(", QEMU {version}"),
            MaybeKnown::Is(_) | MaybeKnown::Unknown => String::new(),
        };
        let name = |side: &str, release: &Release| {
            let libvirt = match &release.libvirt {
                LibvirtChoice::Old => EXAMPLE_LIBVIRT.to_owned(),
                other => other.name(self.catalog),
            };
            format!("{side} libvirt {libvirt}{}", qemu(release))
        };
        // The lanes of a guest that was started before an upgrade show the map and the QEMU of its start.
        let sender = match self.scenario.started {
            _ if self.trace.hop > 0 => "STOP",
            Some(_) => "START",
            None => "SOURCE",
        };
        let receiver = if self.scenario.is_stop(self.trace.hop) { "STOP" } else { "DESTINATION" };
        [name(sender, from), name(receiver, to)]
    }

    /// The run at the destination; `None` if the guest did not start at the source.
    fn receiver(&self) -> Option<&StartTrace> {
        (!self.at_start).then(|| self.trace.receiver())
    }

    fn lane(
        &self,
        label: &'static str,
        side: impl Fn(&StartTrace) -> Side,
        (wire, notes): (Wire, [&'static str; 2]),
    ) -> Lane {
        let sides = [side(self.trace.sender()), self.receiver().map_or_else(Side::not_reached, &side)];
        let wire = if self.at_start { Wire::Nothing } else { wire };
        let reached = sides.iter().all(|side| side.mark != Mark::Nothing);
        let note = match (reached, sides[0].mark == sides[1].mark) {
            (false, _) => "",
            (true, true) => notes[0],
            (true, false) => notes[1],
        };
        Lane { label, sides, wire, note }
    }

    /// The lines for one feature.
    fn feature(&self, feature: FeatureId) -> Vec<Lane> {
        let seen = |run: &StartTrace| run.cpu.as_ref().map(|cpu| cpu.visible.contains(feature));
        let on = |run: &StartTrace| run.cpu.as_ref().map(|cpu| cpu.on.contains(feature));
        let runs = [Some(self.trace.sender()), self.receiver()];
        let reported_only = runs.into_iter().flatten().any(|run| seen(run) != on(run));
        let qemu = if reported_only { "QEMU reports" } else { "QEMU enables" };
        let mut lines = vec![self.lane(qemu, |run| self.qemu(run, feature), (Wire::Guest, ["same", "QEMU differs"]))];
        if reported_only {
            let side = |run: &StartTrace| match seen(run) {
                Some(on) => self.state(feature, on),
                None => Side::new(Mark::Nothing, "no CPU"),
            };
            lines.push(self.lane("guest sees", side, (Wire::Guest, ["same CPU", "CPU differs"])));
        }
        lines.push(self.text(feature));
        if self.trace.start.model().is_some() {
            lines.push(self.lane(
                "CPU map says",
                |run| self.map(&run.map, run, feature),
                (Wire::Nothing, ["same", "CPU map differs"]),
            ));
        }
        lines.push(self.lane(EXPECTS, |run| self.expected(run, feature), (Wire::Nothing, ["same", "differs"])));
        let mut compared = self.lane(COMPARED, |run| Self::compared(run, feature), (Wire::Nothing, ["", ""]));
        compared.sides[0] = self.written(self.trace.sender(), feature);
        lines.push(compared);
        lines
    }

    fn state(&self, feature: FeatureId, on: bool) -> Side {
        let name = self.catalog.feature_name(feature);
        if on { Side::new(Mark::On, format!("{name} on")) } else { Side::new(Mark::Off, format!("{name} off")) }
    }

    fn qemu(&self, run: &StartTrace, feature: FeatureId) -> Side {
        let Some(cpu) = &run.cpu else { return Side::new(Mark::Nothing, "no CPU") };
        let detail = match (cpu.on.contains(feature), cpu.origin(feature)) {
            (_, Some(Origin::MachineType)) => {
                format!("machine type {}", write_machine(self.catalog, &self.scenario.machine))
            }
            (false, Some(Origin::Filter)) => "not supported by the host".to_owned(),
            (false, Some(Origin::Dependency)) => "depends on a disabled feature".to_owned(),
            (_, Some(Origin::Threads)) => "several threads in a socket".to_owned(),
            (true, Some(origin)) | (false, Some(origin @ (Origin::Definition | Origin::Pmu))) => {
                origin.name().to_owned()
            }
            (_, _) => String::new(),
        };
        self.state(feature, cpu.on.contains(feature)).by(detail)
    }

    /// What is sent says about the feature: the same text on both sides.
    fn text(&self, feature: FeatureId) -> Lane {
        let say = |definition: &Definition, by: Option<WrittenBy>| {
            let name = self.catalog.feature_name(feature);
            let side = match definition.features.get(feature) {
                None => Side::new(Mark::Unmentioned, "not mentioned"),
                Some(policy) if policy.is_on() => Side::new(Mark::Required, format!("{name}={}", policy.name())),
                Some(policy) if policy.is_off() => Side::new(Mark::Disabled, format!("{name}={}", policy.name())),
                Some(policy) => Side::new(Mark::Unmentioned, format!("{name}={}", policy.name())),
            };
            side.by(by.filter(|by| *by != WrittenBy::Given).map_or("", WrittenBy::name))
        };
        let by = self.trace.written_by(self.trace.sender(), feature);
        match self.trace.effective().filter(|_| !self.at_start) {
            Some(sent) => Lane {
                label: "definition says",
                sides: [say(sent, by), say(sent, None)],
                wire: Wire::Text,
                note: "same text",
            },
            None => Lane {
                label: "definition says",
                sides: [say(&self.trace.start.given, None), Side::not_reached()],
                wire: Wire::Nothing,
                note: "",
            },
        }
    }

    fn map(&self, map: &CpuMap, run: &StartTrace, feature: FeatureId) -> Side {
        let name = self.catalog.feature_name(feature);
        let model = run.model().or(self.trace.start.model());
        let Some(model) = model else { return Side::new(Mark::Nothing, "no model") };
        let model_name = self.catalog.model_name(model);
        match map.model(model) {
            _ if !map.known.contains(feature) => Side::new(Mark::Nothing, format!("{name} is not defined")),
            None => Side::new(Mark::Nothing, format!("no model {model_name}")),
            Some(definition) if definition.data.contains(feature) => {
                Side::new(Mark::On, format!("{name} in {model_name}"))
            }
            Some(definition) if definition.removed.contains(&feature) => {
                Side::new(Mark::Off, format!("{name} removed='yes'")).by(format!("in {model_name}"))
            }
            Some(definition) if definition.added.contains(&feature) => {
                Side::new(Mark::Off, format!("{name} added='yes'")).by(format!("in {model_name}"))
            }
            Some(_) => Side::new(Mark::Off, format!("{name} not in {model_name}")),
        }
    }

    /// What the definition means with this side's map: before the guest runs.
    fn expected(&self, run: &StartTrace, feature: FeatureId) -> Side {
        let definition = run.prepared.as_ref().unwrap_or(&run.given);
        if definition.is_passthrough() {
            return Side::new(Mark::Nothing, "what QEMU enables");
        }
        let name = self.catalog.feature_name(feature);
        let mentioned = definition.features.get(feature).filter(|policy| *policy != Policy::Optional);
        let expected = mentioned.map_or_else(|| definition.described_by(&run.map).contains(feature), Policy::is_on);
        let side = if expected { Side::new(Mark::On, name) } else { Side::new(Mark::Off, format!("no {name}")) };
        let added = run.given.features.get(feature).is_none();
        side.by(if added { run.prepared_by(feature).map_or("", WrittenBy::name) } else { "" })
    }

    /// What the sender wrote into its definition after it compared it with QEMU's CPU.
    fn written(&self, run: &StartTrace, feature: FeatureId) -> Side {
        let Some(live) = &run.live else { return Self::compared(run, feature) };
        let prepared = run.prepared.as_ref().unwrap_or(&run.given);
        match live.features.get(feature).filter(|policy| prepared.features.get(feature) != Some(*policy)) {
            Some(policy) => {
                Side::new(Mark::Good, format!("adds {}={}", self.catalog.feature_name(feature), policy.name()))
            }
            None if self.qemu(run, feature).mark == self.expected(run, feature).mark => {
                Side::new(Mark::Good, "equal: adds nothing")
            }
            None => Side::new(Mark::Nothing, "adds nothing"),
        }
    }

    fn compared(run: &StartTrace, feature: FeatureId) -> Side {
        match &run.refused {
            Some(Refusal::FullCheck { extra, .. }) if extra.contains(&feature) => {
                Side::new(Mark::Bad, "enabled, not expected").by("extra")
            }
            Some(Refusal::FullCheck { missing, .. }) if missing.contains(&feature) => {
                Side::new(Mark::Bad, "expected, not enabled").by("missing")
            }
            Some(_) => Side::new(Mark::Bad, "refused"),
            None if run.given.check != Check::Full || !run.map.known.contains(feature) => {
                Side::new(Mark::Nothing, "not compared")
            }
            None => Side::new(Mark::Good, "equal"),
        }
    }
}
