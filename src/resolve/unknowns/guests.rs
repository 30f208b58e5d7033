//! A guest with everything that may vary: models, machine types, topologies.

use super::{Axis, Options, Plan, options};
use crate::domain::catalog::Catalog;
use crate::domain::map::ModelId;
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::scenario::{CpuChoice, MachineChoice, Release, Scenario, Told, Topology};
use crate::resolve::endpoint::Machine;

pub(super) fn models(catalog: &Catalog, scenario: &Scenario, axes: &mut Vec<Axis>) -> Options<ModelId> {
    match scenario.cpu {
        CpuChoice::Model(Told::Is(model)) => Options::one(model),
        CpuChoice::Model(Told::Unknown) => {
            let all = catalog.pickable_models();
            options(axes, "model", all.map(|model| (catalog.model_name(model).to_owned(), model)).collect())
        }
        CpuChoice::Mode(_) => Options::one(ModelId(0)),
    }
}

pub(super) fn topologies(scenario: &Scenario, axes: &mut Vec<Axis>) -> Options<Topology> {
    match scenario.topology {
        Told::Is(topology) => Options::one(topology),
        Told::Unknown => {
            let two_cores = Topology { cores: 2, ..Topology::SINGLE };
            options(axes, "topology", vec![("1-1-1".to_owned(), Topology::SINGLE), ("1-2-1".to_owned(), two_cores)])
        }
    }
}

/// A machine type outside the facts is taken to be there, and equals in turn each that the source's QEMU has.
pub(super) fn machines(catalog: &Catalog, scenario: &Scenario, axes: &mut Vec<Axis>) -> Options<Machine> {
    let stand_ins = |name: Option<&str>| -> Vec<(String, Machine)> {
        of_qemu(catalog, scenario.started.as_ref().unwrap_or(&scenario.from))
            .into_iter()
            .map(|id| {
                let own = catalog.machine_name(id);
                let machine =
                    Machine { name: name.unwrap_or(own).into(), defaults: id, taken_for_granted: name.is_some() };
                (own.to_owned(), machine)
            })
            .collect()
    };
    let like = |name: &str, taken_for_granted: bool| {
        scenario.machine_like.map(|defaults| Options::one(Machine { name: name.into(), defaults, taken_for_granted }))
    };
    match &scenario.machine {
        MachineChoice::Listed(id) if catalog.qemu_defaults().position(*id).is_some() => {
            Options::one(Machine { name: catalog.machine_name(*id).into(), defaults: *id, taken_for_granted: false })
        }
        MachineChoice::Listed(id) => {
            // In a QEMU's list but with unknown defaults: whether it is there is known, what it turns on is not.
            let mut values = stand_ins(Some(catalog.machine_name(*id)));
            for (_, machine) in &mut values {
                machine.taken_for_granted = false;
            }
            like(catalog.machine_name(*id), false).unwrap_or_else(|| options(axes, "machine type", values))
        }
        MachineChoice::Unlisted(name) => {
            like(name, true).unwrap_or_else(|| options(axes, "machine type", stand_ins(Some(name))))
        }
        MachineChoice::Unknown => options(axes, "machine type", stand_ins(None)),
    }
}

fn of_qemu(catalog: &Catalog, release: &Release) -> Vec<MachineId> {
    let cells = catalog.qemu_defaults().machines.iter().copied();
    let Some(version) = release.qemu.version.known() else { return cells.collect() };
    let views = catalog.qemu_views(version);
    let has = |id: &MachineId| views.iter().any(|view| view.has_machine(*id, catalog.machine_name(*id)));
    let found: Vec<MachineId> = cells.clone().filter(has).collect();
    if found.is_empty() { cells.collect() } else { found }
}

impl Plan<'_> {
    /// Returns for each machine type the index of the first that is like it: every QEMU here has both, the model gets
    /// the same from both, and both meet the same quirks.
    pub(super) fn alike_machines(&self, model: ModelId) -> Vec<usize> {
        let (catalog, machines) = (self.catalog, &self.machines.values);
        if machines.len() < 2 {
            return vec![0; machines.len()];
        }
        let running = self.scenario.running.as_deref().and_then(|running| running.live.model);
        let cell = |machine, accel| catalog.cell(running.unwrap_or(model), machine, accel);
        let mut known = Vec::new();
        let kinds = machines.iter().enumerate().map(|(index, machine)| {
            let endpoints = self.endpoints.iter().chain(&self.started);
            let has: Vec<bool> = endpoints.flat_map(|endpoint| endpoint.have_machine(catalog, machine)).collect();
            // A refusal names the machine type.
            let name = has.contains(&false).then_some(&machine.name);
            let cells = [Accel::Kvm, Accel::Tcg].map(|accel| cell(machine.defaults, accel));
            let kind = (name, has, cells, catalog.machine_quirks(machine.defaults));
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
pub(super) fn may_have_vmx(catalog: &Catalog, scenario: &Scenario, models: &[ModelId]) -> bool {
    let Some(vmx) = catalog.named().vmx else { return false };
    let children = |feature| catalog.named().vmx_children.contains(feature);
    let named = scenario.features.iter().any(|(f, policy)| !policy.is_off() && (f == vmx || children(f)));
    let in_cells =
        |model: &ModelId| catalog.qemu_defaults().of(*model, Accel::Kvm).is_some_and(|c| c.anywhere().contains(vmx));
    match scenario.cpu {
        CpuChoice::Mode(_) => true,
        CpuChoice::Model(_) => named || models.iter().any(in_cells),
    }
}
