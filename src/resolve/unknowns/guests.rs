//! Lists the alternatives of a guest: models, machine types, topologies.

use super::{Axis, Dependence, Options, Plan, options};
use crate::domain::catalog::Catalog;
use crate::domain::definition::Mode;
use crate::domain::downstream::DownstreamMachine;
use crate::domain::feature::FeatureSet;
use crate::domain::map::ModelId;
use crate::domain::package::Presence;
use crate::domain::qemu::{Accel, MachineId, ModelDefaults};
use crate::domain::scenario::{CpuChoice, HostChoice, MachineChoice, MaybeKnown, Release, Scenario, Topology};
use crate::resolve::endpoint::Machine;

pub(super) fn models(catalog: &Catalog, scenario: &Scenario, axes: &mut Vec<Axis>) -> Options<ModelId> {
    match scenario.cpu {
        CpuChoice::Model(MaybeKnown::Is(model)) => Options::one(model),
        CpuChoice::Model(MaybeKnown::Unknown) => {
            let all = catalog.pickable_models();
            options(axes, "model", all.map(|model| (catalog.model_name(model).to_owned(), model)).collect())
        }
        CpuChoice::Mode(_) | CpuChoice::Unknown => Options::one(ModelId(0)),
    }
}

pub(super) fn topologies(scenario: &Scenario, axes: &mut Vec<Axis>) -> Options<Topology> {
    match scenario.topology {
        MaybeKnown::Is(topology) => Options::one(topology),
        MaybeKnown::Unknown => {
            let two_cores = Topology { cores: 2, ..Topology::SINGLE };
            options(axes, "topology", vec![("1-1-1".to_owned(), Topology::SINGLE), ("1-2-1".to_owned(), two_cores)])
        }
    }
}

/// Whether `-cpu` of a running guest's QEMU names what its live definition disables, as it does after a migration, or
/// QEMU filtered it: the definition does not show it. It matters to XSAVE states, which QEMU works out before it
/// filters. A host with whatever is asked for makes QEMU filter nothing.
pub(super) fn names_disabled(catalog: &Catalog, scenario: &Scenario, axes: &mut Vec<Axis>) -> Options<bool> {
    let may_filter = scenario.accel == Accel::Tcg || scenario.from_host != HostChoice::Capable;
    let running = scenario.running.as_deref().filter(|running| may_filter && !running.live.is_passthrough());
    let Some(running) = running else { return Options::one(false) };
    let inactive = running.inactive.as_ref().map(|inactive| inactive.features.off()).unwrap_or_default();
    let off = (running.live.features.off() & catalog.named().with_state) - inactive;
    if off.is_empty() {
        return Options::one(false);
    }
    let values = [(false, "does not name them: QEMU filters them"), (true, "disables them")];
    let values = values.map(|(names, told)| (told.to_owned(), names));
    options(axes, "-cpu option of the running QEMU", values.into())
}

/// Whether the inactive definition of a running guest names the `vmx-*` features that its live definition has, or the live
/// update wrote them: only where the user named them does libvirt send them (`qemuDomainMakeCPUMigratable`, 10.2.0).
pub(super) fn names_added(catalog: &Catalog, scenario: &Scenario, axes: &mut Vec<Axis>) -> Options<bool> {
    let running = scenario.running.as_deref().filter(|running| running.inactive.is_none());
    let vmx = catalog.named().vmx_children;
    let Some(running) = running.filter(|running| !(running.live.features.mentioned() & vmx).is_empty()) else {
        return Options::one(false);
    };
    if running.live.is_passthrough() {
        return Options::one(false);
    }
    let values = [(false, "does not name its vmx-* features"), (true, "names them, as host-model does")];
    let values = values.map(|(names, told)| (told.to_owned(), names));
    options(axes, "inactive definition", values.into())
}

/// The machine types that the guest's may be.
///
/// # Errors
/// It equals none that is known, and the scenario does not say which one it is like; or none is known of this QEMU.
pub(super) fn machines(
    catalog: &Catalog,
    scenario: &Scenario,
    axes: &mut Vec<Axis>,
) -> Result<Options<Machine>, Dependence> {
    let start = scenario.started.as_ref().unwrap_or(&scenario.from);
    let unknown = || Dependence::on(MACHINE);
    let mut stand_ins = |named: Option<MachineId>| {
        let of = |(id, defaults): (MachineId, MachineId)| {
            let displayed = named.unwrap_or(id);
            let name = catalog.machine_name(displayed).into();
            let machine = Machine { id: Some(displayed), defaults, ..Machine::upstream(name, id) };
            (catalog.machine_name(id).to_owned(), machine)
        };
        let values: Vec<(String, Machine)> = of_qemu(catalog, start).map(of).collect();
        if values.is_empty() { Err(unknown()) } else { Ok(options(axes, MACHINE, values)) }
    };
    let like = |name: &str, id: Option<MachineId>| {
        let like =
            |defaults| Machine { id, taken_for_granted: id.is_none(), ..Machine::upstream(name.into(), defaults) };
        scenario.machine_like.map(|defaults| Options::one(like(defaults)))
    };
    match &scenario.machine {
        MachineChoice::Listed(id) => {
            let name = catalog.machine_name(*id);
            let downstream = catalog.downstream().machine(*id);
            let Some(defaults) = catalog.defaults_of(*id, start.qemu.version.known().unwrap_or_default()) else {
                // In a QEMU's list but with unknown defaults: its existence is known, its defaults are not.
                return match (like(name, Some(*id)), downstream) {
                    (Some(like), _) => Ok(like),
                    (None, Some(_)) => Err(unknown()),
                    // x86_cpus_init of microvm, 4.2: it has the newest version of a model, as no other type.
                    (None, None)
                        if name == "microvm"
                            && scenario.mode() == Mode::Custom
                            && start.has_machine(catalog, *id) != Some(Presence::No) =>
                    {
                        Err(unknown())
                    }
                    (None, None) => stand_ins(Some(*id)),
                };
            };
            let known = Machine { id: Some(*id), ..Machine::upstream(name.into(), defaults) };
            let mut quirks = downstream.into_iter().flat_map(DownstreamMachine::open_quirks).peekable();
            if quirks.peek().is_none() {
                return Ok(Options::one(known));
            }
            let quirks = quirks.map(|quirk| {
                let with = Machine { quirk: Some(quirk), ..known.clone() };
                (format!("with the quirk {}", quirk.name()), with)
            });
            let base = catalog.machine_name(defaults);
            let values = std::iter::once((format!("as {base}"), known.clone())).chain(quirks).collect();
            Ok(options(axes, &format!("what {name} changes"), values))
        }
        MachineChoice::Unlisted(name) => {
            let suffixed = catalog.downstream().suffixed(name).and_then(|(base, mark)| {
                let (id, only_in) = (catalog.machine(base)?, Some(mark.into()));
                let defaults = catalog.base(id, start.qemu.version.known().unwrap_or_default())?;
                Some(Options::one(Machine { id: Some(id), only_in, ..Machine::upstream(name.clone(), defaults) }))
            });
            suffixed.or_else(|| like(name, None)).ok_or_else(unknown)
        }
        MachineChoice::Unknown => stand_ins(None),
    }
}

/// The input that is the machine type.
const MACHINE: &str = "machine type";

/// The machine types that a QEMU surely has, each with the one whose cells it takes; all of one that is not known.
fn of_qemu(catalog: &Catalog, release: &Release) -> impl Iterator<Item = (MachineId, MachineId)> {
    let downstream = catalog.downstream().machines.iter().map(|known| known.machine);
    let all = catalog.qemu_defaults().machines.iter().copied().chain(downstream);
    let has = |id: &MachineId| release.has_machine(catalog, *id).is_none_or(|presence| presence == Presence::Yes);
    let version = release.qemu.version.known().unwrap_or_default();
    all.filter(has).filter_map(move |id| Some((id, catalog.base(id, version)?)))
}

impl Plan<'_> {
    /// Returns for each machine type the index of the first that is like it: every QEMU here has both, the model, or any
    /// that libvirt may put in its place, gets the same from both, and both meet the same quirks.
    pub(super) fn alike_machines(&self, model: ModelId) -> Vec<usize> {
        let (catalog, machines) = (self.catalog, &self.machines);
        let cell = |machine, accel| catalog.cell(model, machine, accel);
        let replaced = self.scenario.decodes();
        let mut known = Vec::new();
        let kinds = machines.iter().enumerate().map(|(index, machine)| {
            let endpoints = self.endpoints.iter().chain(&self.started);
            let has: Vec<bool> = endpoints.flat_map(|endpoint| endpoint.have_machine(catalog, machine)).collect();
            // A refusal names the machine type.
            let name = has.contains(&false).then_some(&machine.name);
            let cells = [Accel::Kvm, Accel::Tcg].map(|accel| cell(machine.defaults, accel));
            let downstream = machine.id.and_then(|id| catalog.downstream().machine(id));
            let differs = downstream.map(|known| (&known.like, &known.differences));
            let cells = (cells, replaced.then_some(machine.defaults));
            let kind = (name, has, cells, catalog.machine_quirks(machine.defaults), machine.quirk, differs);
            match known.iter().find(|(_, other)| *other == kind) {
                Some((first, _)) => *first,
                None => {
                    known.push((index, kind));
                    index
                }
            }
        });
        kinds.collect()
    }
}

/// Whether `vmx` may be on in the guest, so that what a host's KVM gives of its children matters.
pub(super) fn may_have_vmx<'m>(
    catalog: &Catalog,
    scenario: &Scenario,
    mut models: impl Iterator<Item = &'m ModelId>,
) -> bool {
    let Some(vmx) = catalog.named().vmx else { return false };
    let children = |feature| catalog.named().vmx_children.contains(feature);
    let named = scenario.features.iter().any(|(f, policy)| !policy.is_off() && (f == vmx || children(f)));
    let in_cells =
        |model: &ModelId| catalog.qemu_defaults().of(*model, Accel::Kvm).is_some_and(|c| c.anywhere().contains(vmx));
    match scenario.cpu {
        CpuChoice::Mode(_) | CpuChoice::Unknown => true,
        CpuChoice::Model(_) => named || models.any(in_cells),
    }
}

/// The names of features that one QEMU of the scenario has and another lacks, where `host` or `max` enables whatever the host
/// gives: what a host's list does not name may then differ.
pub(super) fn names_of_some_qemus(catalog: &Catalog, scenario: &Scenario) -> FeatureSet {
    if scenario.accel == Accel::Tcg || !matches!(scenario.mode(), Mode::HostPassthrough | Mode::Maximum) {
        return FeatureSet::EMPTY;
    }
    let versions = scenario.releases().filter_map(|release| release.qemu.version.known());
    let views = versions.flat_map(|version| catalog.qemu_views(version));
    let (mut all, mut shared) = (FeatureSet::EMPTY, FeatureSet::ALL);
    for view in views {
        all |= view.properties;
        shared &= view.properties;
    }
    all - shared
}

/// Returns what the guest may ask of a described host of which features are not known; nothing without such a host. A
/// guest whose CPU the host gives may get whatever the host has.
pub(super) fn wanted<'m>(
    catalog: &Catalog,
    scenario: &Scenario,
    models: impl Iterator<Item = &'m ModelId>,
) -> FeatureSet {
    let leaves_open = |host: &HostChoice| matches!(host, HostChoice::Given(given) if !given.unknown.is_empty());
    let mut hosts =
        scenario.via.iter().filter_map(|stop| stop.host.as_ref()).chain([&scenario.from_host, &scenario.to_host]);
    if scenario.accel == Accel::Tcg || !hosts.any(leaves_open) {
        return FeatureSet::EMPTY;
    }
    let inactive = scenario.running.as_deref().and_then(|running| running.inactive.as_ref());
    let inactive = inactive.map(|inactive| inactive.features.mentioned()).unwrap_or_default();
    let mentioned = scenario.features.mentioned() | inactive;
    match scenario.cpu {
        CpuChoice::Mode(_) | CpuChoice::Unknown => FeatureSet::ALL,
        CpuChoice::Model(_) => models.fold(mentioned, |all, model| {
            let of_map = catalog.maps().iter().filter_map(|map| map.model(*model)).map(|model| model.data);
            let of_qemu = catalog.qemu_defaults().of(*model, Accel::Kvm).map(ModelDefaults::anywhere);
            of_map.chain(of_qemu).fold(all, |all, features| all | features)
        }),
    }
}
