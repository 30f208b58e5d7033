//! Finds a scenario that shows a change: a guest that migrates from the release before the change to the one with it.

use crate::analysis::space::{end, shared_machines};
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::order::sort_by_key;
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::scenario::{CpuChoice, DEFAULT_QEMU, MachineChoice, MaybeKnown, QemuChoice, Scenario};
use crate::resolve::{Outcome, Resolver, Verdict};

/// Returns the guests of `model` that show most about `feature`: with the machine type of the scenario, the newest ones
/// under which QEMU enables the feature, and the default one, without named features. `shared` has the machine types
/// that source and destination have: without one, an abort would not be the effect of the feature.
pub(crate) fn guests(
    catalog: &Catalog,
    scenario: &Scenario,
    (model, feature): (ModelId, FeatureId),
    shared: &[MachineId],
) -> Vec<Scenario> {
    let guest = guest(catalog, scenario, model, feature);
    let listed = |guest: &Scenario| match guest.machine {
        MachineChoice::Listed(machine) => Some(machine).filter(|machine| shared.contains(machine)),
        MachineChoice::Unlisted(_) | MachineChoice::Unknown => None,
    };
    let mut machines: Vec<MachineId> = listed(scenario).into_iter().collect();
    let qemu = scenario.from.qemu.version.known().unwrap_or(DEFAULT_QEMU);
    let turns_on = |machine: &MachineId| {
        let base = catalog.base(*machine, qemu);
        base.and_then(|base| catalog.cell(model, base, scenario.accel)).is_some_and(|on| on.contains(feature))
    };
    let of_family = |family: &str| {
        let mut newest_first = shared.iter().rev();
        newest_first.find(|machine| turns_on(machine) && catalog.machine_name(**machine).starts_with(family)).copied()
    };
    machines.extend(["pc-q35", "pc-i440fx"].into_iter().filter_map(of_family));
    // Where the scenario's own does not turn it on, the others show more.
    sort_by_key(&mut machines, |machine| !turns_on(machine));
    machines.dedup();
    machines.extend(listed(&guest).or_else(|| shared.last().copied().filter(|_| machines.is_empty())));
    let with = |machine| Scenario { machine: MachineChoice::Listed(machine), ..guest.clone() };
    machines.into_iter().map(with).collect()
}

/// Returns a guest of `model` with the default machine type, without named features. Source and destination are not
/// changed.
pub(crate) fn guest(catalog: &Catalog, scenario: &Scenario, model: ModelId, feature: FeatureId) -> Scenario {
    Scenario {
        cpu: CpuChoice::Model(MaybeKnown::Is(model)),
        feature,
        accel: scenario.accel,
        topology: scenario.topology,
        from: scenario.from.clone(),
        to: scenario.to.clone(),
        from_host: scenario.from_host.clone(),
        to_host: scenario.to_host.clone(),
        ..Scenario::default_of(catalog)
    }
}

/// The question in which most happens: an abort or a change before a guest that arrives as it was, and the first
/// of equals. `None` where none of the guests even starts.
fn most_telling(catalog: &Catalog, questions: Vec<Scenario>) -> Option<(Scenario, Outcome)> {
    let mut resolver = Resolver::new(catalog);
    let mut best: Option<(Scenario, Outcome)> = None;
    for question in questions {
        let outcome = resolver.outcome(&question);
        let beats = best.as_ref().is_none_or(|(_, known)| rank(outcome.verdict) > rank(known.verdict));
        if rank(outcome.verdict) > 0 && beats {
            best = Some((question, outcome));
        }
    }
    best
}

/// Returns how well a verdict shows a change; 0 if it shows nothing, because no guest got to the change.
pub(crate) const fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Aborted => 4,
        Verdict::Changed => 3,
        Verdict::Depends => 2,
        Verdict::Unchanged => 1,
        Verdict::Never | Verdict::StartRefused => 0,
    }
}

/// Returns the question of a guest that goes from `before` to `since`: with the scenario's QEMUs where it starts with
/// them, else with the default one. `None` where no guest of the model starts at `before`.
pub(crate) fn across(
    catalog: &Catalog,
    scenario: &Scenario,
    (model, feature): (ModelId, FeatureId),
    (before, since): (LibvirtId, LibvirtId),
) -> Option<Scenario> {
    let with = |from: &QemuChoice, to: &QemuChoice| -> Vec<Scenario> {
        let mut ends = Scenario { from: end(before, DEFAULT_QEMU), to: end(since, DEFAULT_QEMU), ..scenario.clone() };
        (ends.from.qemu, ends.to.qemu) = (from.clone(), to.clone());
        let shared = shared_machines(catalog, &[&ends.from, &ends.to]);
        guests(catalog, &ends, (model, feature), &shared)
    };
    let usual = QemuChoice { version: MaybeKnown::Is(DEFAULT_QEMU), build: None };
    most_telling(catalog, with(&scenario.from.qemu, &scenario.to.qemu))
        .or_else(|| most_telling(catalog, with(&usual, &usual)))
        .map(|(question, _)| question)
}

/// Returns the question of a guest of the model under this machine type, the ends left as they are.
pub(crate) fn under(
    catalog: &Catalog,
    scenario: &Scenario,
    (model, feature): (ModelId, FeatureId),
    (machine, accel): (MachineId, Accel),
) -> Scenario {
    Scenario { machine: MachineChoice::Listed(machine), accel, ..guest(catalog, scenario, model, feature) }
}
