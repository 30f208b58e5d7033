//! Builds the lines of a history: each has a bar over releases or machine types, and a description.

use super::Subject;
use crate::analysis::history::{Membership, ModelStep, Segment, TurnedOn, likely, of_feature, of_model};
use crate::analysis::space::{map_of, published_releases};
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::version::Version;
use crate::export::analysis::{change_text, enabled_by_text, machines_text, membership_text, since_text};

/// The axis of a bar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Axis {
    /// The published libvirt releases.
    Releases,
    /// The machine types pc-i440fx and the older pc, in natural order.
    I440fx,
    /// The machine types pc-q35, in natural order.
    Q35,
    /// The QEMU releases.
    Qemu,
}

/// The state of a bar at one point of its axis.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mark {
    /// The model does not exist.
    Nothing,
    /// In the model.
    Has,
    /// Marked `removed='yes'`.
    Removed,
    /// Marked `added='yes'`.
    Added,
    /// Not in the model.
    Absent,
    /// Unknown: the neighbouring exact maps disagree.
    Unsure,
    /// Changed in this release.
    Changed,
}

/// The scenario that a line opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shows {
    /// A guest that migrates from the release before a change to the release with the change.
    Change {
        /// The guest's model.
        model: ModelId,
        /// The release before; `None` if it does not have the model.
        before: Option<LibvirtId>,
        /// The release with the change.
        since: LibvirtId,
    },
    /// None: the line names no model.
    Known,
    /// A guest with a machine type.
    Machine {
        /// The guest's model.
        model: ModelId,
        /// The newest of the machine types.
        machine: MachineId,
        /// The accelerator with which QEMU enables the feature.
        accel: Accel,
    },
    /// A guest that migrates between QEMU releases.
    Qemu {
        /// The guest's model.
        model: ModelId,
        /// The QEMU release of the source.
        first: Version,
        /// The QEMU release of the destination.
        last: Version,
    },
}

/// One line of the history.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Line {
    /// The heading above it.
    pub(crate) section: &'static str,
    /// The axis of its bar.
    pub(crate) axis: Axis,
    /// The name of a release, a model or a feature.
    pub name: String,
    /// The bar: one mark for every point of the axis.
    pub(crate) marks: Vec<Mark>,
    /// The description.
    pub(crate) words: String,
    /// The feature that Follow opens; `None` if the line names no feature.
    pub(crate) feature: Option<FeatureId>,
    /// The scenario that Enter opens.
    pub(crate) shows: Shows,
}

pub(crate) fn points(catalog: &Catalog, axis: Axis) -> Vec<String> {
    match axis {
        Axis::Releases => {
            published_releases(catalog).into_iter().map(|id| catalog.release(id).name.to_string()).collect()
        }
        Axis::I440fx | Axis::Q35 => {
            machines(catalog, axis).map(|machine| catalog.machine_name(machine).to_owned()).collect()
        }
        Axis::Qemu => catalog.qemu_releases().iter().map(|facts| facts.version.to_string()).collect(),
    }
}

/// The machine types of an axis.
fn machines(catalog: &Catalog, axis: Axis) -> impl Iterator<Item = MachineId> + '_ {
    let is_q35 = move |machine: &MachineId| catalog.machine_name(*machine).starts_with("pc-q35");
    catalog.qemu_defaults().machines.iter().copied().filter(move |machine| is_q35(machine) == (axis == Axis::Q35))
}

/// The axes of machine types, each with its heading for a model and for a feature.
const MACHINE_AXES: [(Axis, &str, &str); 2] = [
    (Axis::I440fx, "Enabled with pc-i440fx", "QEMU default, pc-i440fx"),
    (Axis::Q35, "Enabled with pc-q35", "QEMU default, pc-q35"),
];

/// Returns the summary and the lines of a history.
pub(super) fn of(catalog: &Catalog, subject: Subject) -> (String, Vec<Line>) {
    match subject {
        Subject::Model(model) => model_lines(catalog, model),
        Subject::Feature(feature) => feature_lines(catalog, feature),
    }
}

fn model_lines(catalog: &Catalog, model: ModelId) -> (String, Vec<Line>) {
    let told = of_model(catalog, model);
    let releases = published_releases(catalog);
    let mut lines: Vec<Line> = told.steps.iter().map(|step| step_line(catalog, model, &releases, step)).collect();
    for (axis, section, _) in MACHINE_AXES {
        lines.extend(told.machines.iter().filter_map(|(feature, on)| {
            let machine = newest(catalog, axis, Some(on))?;
            Some(Line {
                section,
                axis,
                name: catalog.feature_name(*feature).to_owned(),
                marks: machine_marks(catalog, axis, Some(on)),
                words: format!("QEMU enables it by default with {}.", machines_text(catalog, on)),
                feature: Some(*feature),
                shows: Shows::Machine { model, machine, accel: accel_of(catalog, model, *feature) },
            })
        }));
    }
    lines.extend(told.qemu.iter().map(|run| qemu_line(catalog, model, *run)));
    let count = told.steps.len();
    let summary = match (count, told.qemu.is_empty()) {
        (0, true) => "Neither an exact libvirt map nor QEMU has this model.".to_owned(),
        (0, false) => "No exact libvirt map has this model; QEMU has it.".to_owned(),
        (_, true) => format!("Changed by {count} libvirt releases; no QEMU has this model."),
        (_, false) => format!("Changed by {count} libvirt releases."),
    };
    (summary, lines)
}

fn step_line(catalog: &Catalog, model: ModelId, releases: &[LibvirtId], step: &ModelStep) -> Line {
    let change = &step.change;
    let lists = [&change.removed, &change.dropped, &change.gained, &change.marked, &change.added];
    let life = |id: &LibvirtId| {
        let has = map_of(catalog, *id).model(model).is_some();
        match (*id == step.since, has) {
            (true, _) => Mark::Changed,
            (false, true) => Mark::Has,
            (false, false) => Mark::Nothing,
        }
    };
    Line {
        section: "Changes by libvirt",
        axis: Axis::Releases,
        name: since_text(catalog, step.after, step.since),
        marks: releases.iter().map(life).collect(),
        words: change_text(catalog, change),
        feature: lists.into_iter().find_map(|list| list.first().copied()),
        shows: Shows::Change { model, before: step.after.filter(|_| !change.came), since: step.since },
    }
}

fn qemu_line(catalog: &Catalog, model: ModelId, (first, last): (Version, Version)) -> Line {
    let mark = |version: Version| if (first..=last).contains(&version) { Mark::Has } else { Mark::Nothing };
    Line {
        section: "QEMU with the model",
        axis: Axis::Qemu,
        name: format!("{first} to {last}"),
        marks: catalog.qemu_releases().iter().map(|facts| mark(facts.version)).collect(),
        words: format!("QEMU {first} to {last} has the model."),
        feature: None,
        shows: Shows::Qemu { model, first, last },
    }
}

fn machine_marks(catalog: &Catalog, axis: Axis, on: Option<&Vec<MachineId>>) -> Vec<Mark> {
    let has = |machine: &MachineId| on.is_none_or(|on| on.contains(machine));
    let mark = |machine| if has(&machine) { Mark::Has } else { Mark::Absent };
    machines(catalog, axis).map(mark).collect()
}

/// The newest machine type of an axis that is among `on`, or the newest of the other axis if none is.
fn newest(catalog: &Catalog, axis: Axis, on: Option<&Vec<MachineId>>) -> Option<MachineId> {
    let has = |machine: &MachineId| on.is_none_or(|on| on.contains(machine));
    machines(catalog, axis).filter(has).last().or_else(|| on?.last().copied())
}

/// Returns KVM, unless QEMU enables the feature only with TCG.
fn accel_of(catalog: &Catalog, model: ModelId, feature: FeatureId) -> Accel {
    let on = |accel| catalog.qemu_defaults().of(model, accel).is_some_and(|cells| cells.anywhere().contains(feature));
    if on(Accel::Kvm) { Accel::Kvm } else { Accel::Tcg }
}

fn feature_lines(catalog: &Catalog, feature: FeatureId) -> (String, Vec<Line>) {
    let told = of_feature(catalog, feature);
    let releases = published_releases(catalog);
    let known = told.known.iter().filter(|segment| segment.state).map(|segment| {
        let name = |id| &catalog.release(id).name;
        format!("libvirt knows this feature from {} to {}.", name(segment.first), name(segment.last))
    });
    let mut summary: Vec<String> = known.collect();
    if summary.is_empty() {
        summary.push("No exact libvirt map knows this feature.".to_owned());
    }
    summary.push(match told.in_qemu {
        Some(version) => format!("The queried QEMU releases accept its name since {version}."),
        None => "No queried QEMU accepts its name.".to_owned(),
    });
    let mut lines: Vec<Line> = told
        .models
        .iter()
        .map(|(model, segments)| member_line(catalog, (*model, feature), &releases, segments))
        .collect();
    for (axis, _, section) in MACHINE_AXES {
        lines.extend(told.turned_on.iter().filter_map(|on| turned_on_line(catalog, feature, on, (axis, section))));
    }
    (summary.join(" "), lines)
}

fn member_line(
    catalog: &Catalog,
    (model, feature): (ModelId, FeatureId),
    releases: &[LibvirtId],
    segments: &[Segment<Membership>],
) -> Line {
    let mark = |id: &LibvirtId| match likely(catalog, *id, model, feature) {
        None => Mark::Unsure,
        Some(Membership::NoModel | Membership::Unknown) => Mark::Nothing,
        Some(Membership::Absent) => Mark::Absent,
        Some(Membership::Has) => Mark::Has,
        Some(Membership::Removed) => Mark::Removed,
        Some(Membership::Added) => Mark::Added,
    };
    // The last change between two releases that both have the model.
    let change = segments.windows(2).rev().find_map(|pair| match pair {
        [before, after] if before.state != Membership::NoModel && after.state != Membership::NoModel => {
            Some((before.last, after.first))
        }
        _ => None,
    });
    let since =
        change.map(|(_, since)| since).or(segments.iter().find(|s| s.state != Membership::NoModel).map(|s| s.first));
    Line {
        section: "In the CPU map's models",
        axis: Axis::Releases,
        name: catalog.model_name(model).to_owned(),
        marks: releases.iter().map(mark).collect(),
        words: membership_text(catalog, segments),
        feature: Some(feature),
        shows: since.map_or(Shows::Known, |since| Shows::Change {
            model,
            before: change.map(|(before, _)| before),
            since,
        }),
    }
}

fn turned_on_line(
    catalog: &Catalog,
    feature: FeatureId,
    on: &TurnedOn,
    (axis, section): (Axis, &'static str),
) -> Option<Line> {
    let machine = newest(catalog, axis, on.machines.as_ref())?;
    Some(Line {
        section,
        axis,
        name: catalog.model_name(on.model).to_owned(),
        marks: machine_marks(catalog, axis, on.machines.as_ref()),
        words: format!("QEMU enables it by default with {}.", enabled_by_text(catalog, on)),
        feature: Some(feature),
        shows: Shows::Machine { model: on.model, machine, accel: accel_of(catalog, on.model, feature) },
    })
}
