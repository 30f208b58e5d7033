//! Finds a scenario that shows a change: a guest that migrates from the release before the change to the one with it.

use crate::analysis::space::end;
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::scenario::{CpuChoice, DEFAULT_QEMU, MachineChoice, MaybeKnown, QemuChoice, Scenario};
use crate::resolve::{Outcome, Resolver, Verdict};

/// Returns the guest of `model` that shows most about `feature`: with the machine type of the scenario or the newest
/// one under which QEMU enables the feature, without named features. Source and destination are not changed.
pub(crate) fn guests(catalog: &Catalog, scenario: &Scenario, model: ModelId, feature: FeatureId) -> Vec<Scenario> {
    let mut machines: Vec<MachineId> = match &scenario.machine {
        MachineChoice::Listed(machine) => vec![*machine],
        MachineChoice::Unlisted(_) | MachineChoice::Unknown => Vec::new(),
    };
    let turns_on =
        |machine: &MachineId| catalog.cell(model, *machine, scenario.accel).is_some_and(|on| on.contains(feature));
    let of_family = |family: &str| {
        let mut newest_first = catalog.qemu_defaults().machines.iter().rev();
        newest_first.find(|machine| turns_on(machine) && catalog.machine_name(**machine).starts_with(family)).copied()
    };
    machines.extend(["pc-q35", "pc-i440fx"].into_iter().filter_map(of_family));
    // Where the scenario's own does not turn it on, the others show more.
    machines.sort_by_key(|machine| !turns_on(machine));
    machines.dedup();
    let guest = Scenario {
        cpu: CpuChoice::Model(MaybeKnown::Is(model)),
        feature,
        accel: scenario.accel,
        topology: scenario.topology,
        from: scenario.from.clone(),
        to: scenario.to.clone(),
        from_host: scenario.from_host.clone(),
        to_host: scenario.to_host.clone(),
        ..Scenario::default_of(catalog)
    };
    let with = |machine| Scenario { machine: MachineChoice::Listed(machine), ..guest.clone() };
    machines.into_iter().map(with).chain([guest.clone()]).collect()
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
    let guests = guests(catalog, scenario, model, feature);
    let with = |from: &QemuChoice, to: &QemuChoice| -> Vec<Scenario> {
        let on = |guest: &Scenario| {
            let mut question =
                Scenario { from: end(before, DEFAULT_QEMU), to: end(since, DEFAULT_QEMU), ..guest.clone() };
            (question.from.qemu, question.to.qemu) = (from.clone(), to.clone());
            question
        };
        guests.iter().map(on).collect()
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
    let guest = guests(catalog, scenario, model, feature).pop().unwrap_or_else(|| scenario.clone());
    Scenario { machine: MachineChoice::Listed(machine), accel, ..guest }
}
