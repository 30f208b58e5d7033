//! Turns a scenario into cases without unknowns, one for each combination of unknown inputs, and merges their answers.

use super::answer::{Answer, Dependence, Outcome, OutcomeWithFeatures};
use super::classify::{brief, decide};
use super::endpoint::{Endpoint, Guest, Machine};
use super::migrate::{Case, Prepared};
use super::rules::RuleId;
use super::verdict::Verdict;
use crate::domain::behaviour::{HostUnderKvm, Original, QuirkKind, Regime};
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Definition, Fallback};
use crate::domain::feature::FeatureSet;
use crate::domain::map::ModelId;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{CpuChoice, HostChoice, MAX_STOPS, Release, Scenario, Topology};
use std::sync::Arc;

mod combinations;
mod dedup;
mod endpoint_cache;
mod endpoint_options;
mod enumerate;
mod factor;
mod guests;
mod hosts;
mod listed_hosts;

pub use endpoint_cache::{Budget, BudgetExceeded, Resolver};

use endpoint_options::EndpointOptions;
use enumerate::Agreement;
pub(crate) use enumerate::TOO_MANY;
pub(super) use enumerate::Wanted;
use listed_hosts::brief_of_every_host;
pub(super) use listed_hosts::{of_every_host, with_examples};

/// The input that a guest needs whose CPU is the host's.
pub(super) const HOST: &str = "host";

/// An input that is not known, with the values that are tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axis {
    /// The input: `host`, `topology`, `libvirt map of 10.0.0`.
    pub input: String,
    /// Its values.
    pub values: Vec<String>,
}

/// A scenario ready to be resolved: its endpoints and guest with everything that may vary.
pub struct Plan<'a> {
    catalog: &'a Catalog,
    scenario: &'a Scenario,
    /// The inputs that are not known. An assignment is the index of one value of each.
    pub axes: Vec<Axis>,
    started: Option<EndpointOptions<'a>>,
    endpoints: Vec<EndpointOptions<'a>>,
    models: Options<ModelId>,
    machines: Options<Machine>,
    topologies: Options<Topology>,
    names_disabled: Options<bool>,
    names_added: Options<bool>,
    same_any_host: bool,
}

/// The role of an endpoint, in addition to its release and host.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Purpose {
    /// The regime asked for, in place of the release's own.
    regime: Option<Regime>,
    /// Whether what the host gives of the children of `vmx` may decide.
    wants_vmx: bool,
    /// The names of features that only some of the QEMUs have, where QEMU enables what the host gives.
    unshared: FeatureSet,
    /// What the guest may ask for, where the host may be a described one of which features are not known.
    wanted: FeatureSet,
    /// Whether libvirt decodes a CPU when the guest starts.
    decodes: bool,
    /// Whether only what host-model becomes is asked for: of the switches then count those that decide it.
    only_expands: bool,
    /// `source` or `destination`, for the names of inputs.
    name: &'static str,
    /// The same for the inputs of its host; `None` where source and destination are one host.
    host: Option<&'static str>,
}

/// The one endpoint of a guest that only starts.
const SOURCE: Purpose = Purpose {
    regime: None,
    wants_vmx: false,
    unshared: FeatureSet::EMPTY,
    wanted: FeatureSet::EMPTY,
    decodes: true,
    only_expands: true,
    name: "source",
    host: None,
};

/// The names of intermediate hosts.
const STOPS: [&str; MAX_STOPS] = [
    "intermediate host",
    "second intermediate host",
    "third intermediate host",
    "fourth intermediate host",
    "fifth intermediate host",
    "sixth intermediate host",
    "seventh intermediate host",
    "eighth intermediate host",
];

/// Makes the endpoints of a plan, or takes them from a cache.
type MakeEndpoint<'f, 'a> = dyn FnMut(&Release, &HostChoice, Purpose) -> EndpointOptions<'a> + 'f;

/// The values of one input, and the axis that chooses among them; `None` where there is one value.
struct Options<T> {
    first: Option<T>,
    others: Vec<T>,
    axis: Option<usize>,
}

impl<T> Options<T> {
    fn one(value: T) -> Self {
        Self { first: Some(value), others: Vec::new(), axis: None }
    }

    fn of(values: impl IntoIterator<Item = T>, axis: Option<usize>) -> Self {
        let mut values = values.into_iter();
        Self { first: values.next(), others: values.collect(), axis }
    }

    fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.others)
    }

    fn get(&self, index: usize) -> Option<&T> {
        index.checked_sub(1).map_or(self.first.as_ref(), |index| self.others.get(index))
    }

    fn choose(&self, assignment: &[usize]) -> Option<&T> {
        self.get(self.axis.and_then(|axis| assignment.get(axis).copied()).unwrap_or(0))
    }
}

/// Returns the index of an axis, which is added where there is no such yet. The same input of two endpoints is one: a
/// release at both has one map.
fn index_of(axis: Axis, axes: &mut Vec<Axis>) -> usize {
    axes.iter().position(|known| *known == axis).unwrap_or_else(|| {
        axes.push(axis);
        axes.len() - 1
    })
}

/// Makes options of several labelled values, with an axis; a single value has none.
fn options<T>(axes: &mut Vec<Axis>, input: &str, values: Vec<(String, T)>) -> Options<T> {
    let (labels, values): (Vec<String>, Vec<T>) = values.into_iter().unzip();
    let axis = (values.len() > 1).then(|| index_of(Axis { input: input.to_owned(), values: labels }, axes));
    Options::of(values, axis)
}

/// Returns the source of a scenario, with the first value of whatever is not known of it.
pub fn source<'a>(catalog: &'a Catalog, scenario: &Scenario) -> Option<Arc<Endpoint<'a>>> {
    let purpose = Purpose { wants_vmx: true, decodes: scenario.decodes(), only_expands: false, ..SOURCE };
    EndpointOptions::of(catalog, scenario, &scenario.from, &scenario.from_host, purpose).end(&[])
}

/// Returns the inputs that are not known where the guest of a scenario starts and may change what host-model becomes
/// there; and that endpoint in each combination of their values, the first input turning fastest. `None` where an input has no value.
/// What the host was not asked about, it lacks.
pub(crate) fn sources<'a>(catalog: &'a Catalog, scenario: &Scenario) -> (Vec<Axis>, Vec<Option<Arc<Endpoint<'a>>>>) {
    let release = scenario.started.as_ref().unwrap_or(&scenario.from);
    EndpointOptions::of(catalog, scenario, release, &scenario.from_host, SOURCE).each()
}

impl<'a> Plan<'a> {
    /// Makes the plan of a scenario.
    ///
    /// # Errors
    /// The input without which nothing can be said: a host-model's expansion.
    pub fn of(catalog: &'a Catalog, scenario: &'a Scenario) -> Result<Self, Dependence> {
        Self::with(catalog, scenario, &mut |release, host, purpose| {
            EndpointOptions::of(catalog, scenario, release, host, purpose)
        })
    }

    fn with(catalog: &'a Catalog, scenario: &'a Scenario, make: &mut MakeEndpoint<'_, 'a>) -> Result<Self, Dependence> {
        if scenario.cpu == CpuChoice::Unknown {
            return Err(Dependence::on("CPU definition"));
        }
        if scenario.takes_host_model() && not_asked_for_host_model(catalog, scenario).is_some() {
            return Err(Dependence::on("host-model expansion (give the live definition)"));
        }
        let mut hosts = (&scenario.from_host, &scenario.to_host);
        let is_open = |host: &HostChoice| matches!(host, HostChoice::Any | HostChoice::Unknown);
        if scenario.lacks_host() || is_open(hosts.0) || is_open(hosts.1) {
            if is_refused_without_host(catalog, scenario, make) {
                hosts = (&HostChoice::Capable, &HostChoice::Capable);
            } else if scenario.lacks_host() {
                return Err(Dependence::on(HOST));
            }
        }
        let mut axes = Vec::new();
        let models = guests::models(catalog, scenario, &mut axes);
        let machines = guests::machines(catalog, scenario, &mut axes)?;
        let topologies = guests::topologies(scenario, &mut axes);
        let names_disabled = guests::names_disabled(catalog, scenario, &mut axes);
        let names_added = guests::names_added(catalog, scenario, &mut axes);
        let wants_vmx = guests::may_have_vmx(catalog, scenario, models.iter());
        let decodes = scenario.decodes();
        let (from_host, to_host) = hosts;
        // Hosts that are not known may be two.
        let is_one = from_host == to_host && *to_host != HostChoice::Unknown;
        let at = |name: &'static str| Some(name).filter(|_| !is_one);
        let unshared = guests::names_of_some_qemus(catalog, scenario);
        let wanted = guests::wanted(catalog, scenario, models.iter());
        let source =
            Purpose { wants_vmx, unshared, wanted, decodes, only_expands: false, host: at("source"), ..SOURCE };
        let destination = Purpose { regime: scenario.regime, name: "destination", host: at("destination"), ..source };
        let mut endpoints = Vec::with_capacity(scenario.via.len() + 2);
        endpoints.push(make(&scenario.from, from_host, source).among(&mut axes));
        for (index, (stop, name)) in scenario.via.iter().zip(STOPS).enumerate() {
            let host = match scenario.stop_host(index) {
                // Such a host has whatever is asked for, and this guest asks for nothing: it may be any.
                HostChoice::Capable if scenario.passes_host_through() => &HostChoice::Any,
                named => named,
            };
            let is_destination = host == to_host && *host != HostChoice::Unknown;
            let of_host = if is_destination { destination.host } else { Some(name) };
            let purpose = Purpose { regime: None, name, host: of_host, ..destination };
            endpoints.push(make(&stop.release, host, purpose).among(&mut axes));
        }
        endpoints.push(make(&scenario.to, to_host, destination).among(&mut axes));
        let start = Purpose { name: "guest's start", ..source };
        let started = scenario.started.as_ref().map(|release| make(release, from_host, start).among(&mut axes));
        let replaces = scenario.takes_host_model() || scenario.fallback == Fallback::Allow;
        let no_cookie = |(sender, receiver): (&EndpointOptions<'_>, &EndpointOptions<'_>)| {
            !sender.always(|behaviour| behaviour.original != Original::Always) && !receiver.reads_cookie()
        };
        if replaces && endpoints.iter().zip(endpoints.iter().skip(1)).any(no_cookie) {
            return Err(Dependence::on("CPU model at a destination that ignores the migration cookie"));
        }
        // qemuBuildClockCommandLine: a libvirt before the live update refuses the timer; its message is not modelled.
        let refuses_timer = |end: &EndpointOptions<'_>| !end.always(|behaviour| behaviour.live_update);
        if scenario.tsc.is_some() && endpoints.iter().chain(&started).any(refuses_timer) {
            return Err(Dependence::on("TSC frequency with a libvirt that may refuse it"));
        }
        // Before 3.8.0 libvirt passes a name on that no map has. What QEMU does with these is not modelled.
        let inactive = scenario.running.as_deref().and_then(|running| running.inactive.as_ref());
        let named = inactive.map(|inactive| inactive.features.mentioned()).unwrap_or_default();
        let of_kvm = (named | scenario.features.mentioned()) & catalog.named().paravirtual;
        let passes_on = |end: &EndpointOptions<'_>| !end.always(|behaviour| behaviour.validate_features);
        if !of_kvm.is_empty() && endpoints.iter().chain(&started).any(passes_on) {
            return Err(Dependence::on("features of KVM with a libvirt that does not refuse their names"));
        }
        let mut unread = machines.iter().flat_map(|machine| {
            endpoints.iter().chain(&started).filter_map(|endpoint| endpoint.unread_machine(catalog, machine))
        });
        if let Some(unread) = unread.next() {
            return Err(unread);
        }
        drop(unread);
        let same_any_host = scenario.from_host == HostChoice::Any && scenario.accel == Accel::Kvm;
        Ok(Self {
            catalog,
            scenario,
            axes,
            started,
            endpoints,
            models,
            machines,
            topologies,
            names_disabled,
            names_added,
            same_any_host,
        })
    }

    /// Returns the case that an assignment decides; `None` where an input has no value.
    pub fn case(&self, assignment: &[usize]) -> Option<Case<'a>> {
        let mut ends = Vec::with_capacity(self.endpoints.len());
        for options in &self.endpoints {
            ends.push(options.end(assignment)?);
        }
        let started = match &self.started {
            Some(options) => Some(options.end(assignment)?),
            None => None,
        };
        let index = |axis: Option<usize>| axis.and_then(|axis| assignment.get(axis)).copied().unwrap_or(0);
        Some(Case {
            guest: self.guest(
                [self.machines.axis, self.topologies.axis, self.names_disabled.axis, self.names_added.axis].map(index),
            )?,
            definition: self.definition(started.as_ref().or(ends.first())?, *self.models.choose(assignment)?),
            running: self.scenario.running.as_deref().cloned(),
            started,
            ends,
            transport: self.scenario.transport,
        })
    }

    /// The guest with the machine type, the topology, and what QEMU's `-cpu` and the inactive definition name at these
    /// indices.
    fn guest(&self, [machine, topology, names_disabled, names_added]: [usize; 4]) -> Option<Guest> {
        Some(Guest {
            machine: self.machines.get(machine)?.clone(),
            threads_per_package: self.topologies.get(topology)?.threads_per_package(),
            threads_per_die: self.topologies.get(topology)?.threads_per_die(),
            accel: self.scenario.accel,
            pmu: self.scenario.pmu,
            migratable: self.scenario.migratable,
            vendor_id: self.scenario.vendor_id,
            has_tsc_frequency: self.scenario.tsc.is_some(),
            names_disabled: *self.names_disabled.get(names_disabled)?,
            names_added: *self.names_added.get(names_added)?,
            emulator: self.scenario.emulator.clone(),
        })
    }

    /// The user's definition, with the check that libvirt fills in where it says none. Before 3.2.0 a definition cannot
    /// say anything about checks.
    fn definition(&self, source: &Endpoint<'_>, model: ModelId) -> Definition {
        let scenario = self.scenario;
        if let Some(running) = scenario.running.as_deref() {
            return running.inactive.as_ref().unwrap_or(&running.live).clone();
        }
        let mode = scenario.mode();
        let filled_in = source.filled_in_check(mode, scenario.accel);
        Definition {
            mode,
            model: matches!(scenario.cpu, CpuChoice::Model(_)).then_some(model),
            matching: scenario.matching,
            check: scenario.check.filter(|_| source.behaviour.live_update).unwrap_or(filled_in),
            fallback: scenario.fallback,
            vendor: scenario.vendor,
            features: scenario.features.clone(),
        }
    }

    /// Returns the answer with every stage.
    pub fn resolve(&self) -> Answer {
        super::answer_from(self.catalog, self.scenario, Ok(self))
    }

    /// Whether the regime at the destination is not known.
    pub(super) fn regime_is_open(&self) -> bool {
        self.endpoints.last().is_some_and(EndpointOptions::regime_is_open)
    }

    /// Returns the answer in short.
    pub fn outcome(&self) -> Outcome {
        self.brief().outcome
    }

    /// Returns the answer in short, with the features it is about.
    pub fn brief(&self) -> OutcomeWithFeatures {
        let Ok(agreement) = self.agreement(Wanted::Whether) else { return OutcomeWithFeatures::depends(None) };
        let of_first = || agreement.cases.first().and_then(|first| self.brief_of(first));
        let Some(brief) = agreement.brief.or_else(of_first) else { return OutcomeWithFeatures::depends(None) };
        if self.falls_back_on_an_unnamed_host(brief.outcome.verdict, brief.outcome.rule) {
            return OutcomeWithFeatures::depends(None);
        }
        match agreement.either_way {
            _ if agreement.depends_on.is_empty() => brief,
            Some(shared) => shared,
            None => OutcomeWithFeatures::depends(brief.outcome.row),
        }
    }

    /// Whether libvirt would start the guest with another model, which only a named host tells.
    pub(super) fn falls_back_on_an_unnamed_host(&self, verdict: Verdict, rule: Option<RuleId>) -> bool {
        let scenario = self.scenario;
        scenario.fallback == Fallback::Allow
            && scenario.accel == Accel::Kvm
            && scenario.from_host == HostChoice::Capable
            && verdict == Verdict::StartRefused
            && matches!(rule, Some(RuleId::ModelUnsupported | RuleId::UnknownProperty))
    }

    /// Returns the first case in short, so that a scenario can be passed over without trying the others.
    pub(crate) fn first_case(&self) -> Option<OutcomeWithFeatures> {
        self.brief_of(&[])
    }

    fn brief_of(&self, assignment: &[usize]) -> Option<OutcomeWithFeatures> {
        let case = self.case(assignment)?;
        brief(&Prepared::of(self.catalog, &case), &case.definition.unordered(), self.scenario.feature)
    }

    /// Tries every case, unless there is one only.
    pub(super) fn agreement(&self, wanted: Wanted) -> Result<Agreement, Dependence> {
        if self.axes.is_empty() { Ok(Agreement::of_one_case()) } else { self.try_cases(wanted) }
    }
}

impl Answer {
    /// Decides each case that the answer to this scenario covers, one after the other.
    #[doc(hidden)]
    pub fn cases<'a>(&self, catalog: &'a Catalog, scenario: &'a Scenario) -> impl Iterator<Item = (Case<'a>, Self)> {
        let plan = Plan::of(catalog, scenario).ok();
        self.cases.iter().filter_map(move |assignment| {
            let case = plan.as_ref()?.case(assignment)?;
            let answer = decide(catalog, &case, scenario.feature, self.basis)?;
            Some((case, answer))
        })
    }
}

/// Whether libvirt refuses to start the guest before it looks at the host: the QEMU is too old, or lacks the machine type.
fn is_refused_without_host(catalog: &Catalog, scenario: &Scenario, make: &mut MakeEndpoint<'_, '_>) -> bool {
    let release = scenario.started.as_ref().unwrap_or(&scenario.from);
    let Ok(machines) = guests::machines(catalog, scenario, &mut Vec::new()) else { return false };
    let purpose = Purpose { decodes: false, only_expands: false, ..SOURCE };
    let source = make(release, &HostChoice::Capable, purpose);
    let is_too_old = |version| source.always(|behaviour| version < behaviour.minimum_qemu);
    scenario.running.is_none()
        && (release.qemu.version.known().is_some_and(is_too_old)
            || machines.iter().all(|machine| source.have_machine(catalog, machine).all(|has| !has)))
}

/// Why libvirt does not have the host's CPU from QEMU when the guest starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotAsked {
    /// libvirt or QEMU is not known.
    Unknown,
    /// libvirt takes the processor's CPUID instead.
    Libvirt,
    /// QEMU has no `query-cpu-model-expansion`.
    Qemu,
}

/// Returns why libvirt does not have the host's CPU from QEMU when the guest starts; `None` where it does.
pub(crate) fn not_asked_for_host_model(catalog: &Catalog, scenario: &Scenario) -> Option<NotAsked> {
    let start = scenario.started.as_ref().unwrap_or(&scenario.from);
    let (Some(id), Some(qemu)) = (start.libvirt.id(catalog), start.qemu.version.known()) else {
        return Some(NotAsked::Unknown);
    };
    if catalog.behaviour(catalog.release(id).version).0.host_under_kvm == HostUnderKvm::Cpuid {
        return Some(NotAsked::Libvirt);
    }
    (!catalog.has_quirk(QuirkKind::ModelExpansion, qemu, None)).then_some(NotAsked::Qemu)
}
