//! Builds the releases that the bars of a history are drawn over, and what a bar shows at each.

use super::super::ScreenContext;
use crate::analysis::history::{Membership, in_map, likely};
use crate::analysis::space::{is_published, map_of, published_releases};
use crate::app::choice::libvirt_name;
use crate::domain::catalog::{Catalog, LibvirtId, machine_series};
use crate::domain::feature::FeatureId;
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::order::sort;
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::scenario::{LibvirtChoice, MachineChoice, MaybeKnown, Release, write_machine};
use crate::resolve::source;
use std::sync::Arc;

/// Major and minor number of a QEMU release, which also name its machine types.
type Series = (u16, u16);

/// Which releases a bar is drawn over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Over {
    /// The libvirt releases.
    Libvirt,
    /// The QEMU releases, and the machine types of the same number.
    Qemu,
}

/// Whether each version of the machine types enables a feature, and which machine types are meant.
pub(super) type Enabled = (Vec<Option<bool>>, &'static str);

/// The releases that bars are drawn over.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Axis {
    /// Their names, oldest first.
    pub(crate) points: Vec<String>,
    /// The letter of the source, of the destination and of the machine type, each with the index of its release.
    pub(crate) own: Vec<(&'static str, usize)>,
}

/// The state of a bar at one release.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mark {
    /// The model does not exist.
    Nothing,
    /// The model exists; the line is about something that has no state.
    Exists,
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

impl From<Membership> for Mark {
    fn from(membership: Membership) -> Self {
        match membership {
            Membership::NoModel | Membership::Unknown => Self::Nothing,
            Membership::Absent => Self::Absent,
            Membership::Has => Self::Has,
            Membership::Removed => Self::Removed,
            Membership::Added => Self::Added,
        }
    }
}

struct Machine {
    position: usize,
    id: MachineId,
    series: Series,
    is_q35: bool,
}

/// Both axes, and the facts behind their releases.
pub(super) struct Axes<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) accel: Accel,
    releases: Vec<LibvirtId>,
    /// The CPU maps of a source or destination that is not a published release.
    others: Vec<Arc<CpuMap>>,
    series: Vec<Series>,
    /// The machine types of QEMU's own releases by their position in the facts, in natural order.
    machines: Vec<Machine>,
    libvirt: Axis,
    pub(super) qemu: Axis,
    /// The names of source and destination.
    ends: [String; 2],
    machine: String,
}

impl<'a> Axes<'a> {
    pub(super) fn of(context: &'a ScreenContext<'_>) -> Self {
        let (catalog, scenario) = (context.catalog, context.scenario);
        let machine = |(position, id): (usize, &MachineId)| {
            let (family, version) = machine_series(catalog.machine_name(*id))?;
            Some(Machine { position, id: *id, series: version.series(), is_q35: family == "pc-q35" })
        };
        let all = catalog.qemu_defaults().machines.iter().enumerate();
        let machines: Vec<Machine> = all.filter_map(machine).collect();
        let mut series: Vec<Series> = machines.iter().map(|machine| machine.series).collect();
        series.extend(catalog.qemu_releases().iter().map(|facts| facts.version.series()));
        sort(&mut series);
        series.dedup();
        let mut axes = Self {
            catalog,
            accel: scenario.accel,
            releases: published_releases(catalog),
            others: Vec::new(),
            libvirt: Axis::default(),
            qemu: Axis {
                points: series.iter().map(|(major, minor)| format!("{major}.{minor}")).collect(),
                own: Vec::new(),
            },
            series,
            machines,
            ends: [&scenario.from, &scenario.to].map(|end| libvirt_name(catalog, end)),
            machine: write_machine(catalog, &scenario.machine),
        };
        axes.libvirt.points = axes.releases.iter().map(|id| catalog.release(*id).name.to_string()).collect();
        let swapped = scenario.swapped();
        for (letter, end, side) in [("S", &scenario.from, scenario), ("D", &scenario.to, &swapped)] {
            let point = axes.published(end).or_else(|| {
                // A hypothetical release or a user's own map stands behind the published ones.
                axes.others.push(Arc::clone(&source(catalog, side)?.map));
                axes.libvirt.points.push(end.libvirt.name(catalog));
                Some(axes.libvirt.points.len() - 1)
            });
            axes.libvirt.own.extend(point.map(|point| (letter, point)));
            if let MaybeKnown::Is(version) = end.qemu.version {
                axes.mark_series(letter, version.series());
            }
        }
        if let MachineChoice::Listed(machine) = scenario.machine {
            let series = machine_series(catalog.machine_name(machine)).map(|(_, version)| version.series());
            axes.mark_series("M", series.unwrap_or_default());
        }
        axes
    }

    fn published(&self, end: &Release) -> Option<usize> {
        let id = end.libvirt.id(self.catalog).filter(|id| is_published(self.catalog, *id))?;
        self.releases.iter().position(|known| *known == id).filter(|_| end.libvirt != LibvirtChoice::New)
    }

    fn mark_series(&mut self, letter: &'static str, series: Series) {
        let point = self.series.iter().position(|known| *known == series);
        self.qemu.own.extend(point.map(|point| (letter, point)));
    }

    /// Returns the marks of a model that changed in a release.
    pub(super) fn life(&self, model: ModelId, since: LibvirtId) -> Vec<Mark> {
        let exists = |map: &CpuMap| if map.model(model).is_some() { Mark::Exists } else { Mark::Nothing };
        let published =
            self.releases.iter().map(|id| if *id == since { Mark::Changed } else { exists(map_of(self.catalog, *id)) });
        published.chain(self.others.iter().map(|map| exists(map))).collect()
    }

    pub(super) fn membership(&self, model: ModelId, feature: FeatureId) -> Vec<Mark> {
        let published =
            self.releases.iter().map(|id| likely(self.catalog, *id, model, feature).map_or(Mark::Unsure, Mark::from));
        published.chain(self.others.iter().map(|map| in_map(map, model, feature).into())).collect()
    }

    /// Returns what a feature is to the model at source and destination of the scenario.
    pub(super) fn guest(&self, marks: &[Mark], feature: FeatureId) -> String {
        let at = |letter| {
            let (_, point) = self.libvirt.own.iter().find(|(known, _)| *known == letter)?;
            Some(match marks.get(*point)? {
                Mark::Has => "in the model",
                Mark::Removed => "marked removed",
                Mark::Added => "marked added",
                Mark::Absent => "not in the model",
                Mark::Unsure => "not known",
                Mark::Nothing | Mark::Exists | Mark::Changed => "not in the CPU map",
            })
        };
        let (Some(source), Some(destination)) = (at("S"), at("D")) else { return String::new() };
        let ([from, to], name) = (&self.ends, self.catalog.feature_name(feature));
        format!("This guest: {name} is {source} at the source, {from}, and {destination} at the destination, {to}.")
    }

    /// Returns the marks of the QEMU releases that have a model.
    pub(super) fn known_to_qemu(&self, first: Series, last: Series) -> Vec<Mark> {
        let mark = |series: &Series| if (first..=last).contains(series) { Mark::Has } else { Mark::Nothing };
        self.series.iter().map(mark).collect()
    }

    /// Returns for each version of the machine types whether it enables a feature; of pc-q35 and pc-i440fx apart if they
    /// differ. Then the newest machine type that enables it, if possible of pc-q35.
    pub(super) fn enabled(&self, model: ModelId, feature: FeatureId) -> (Vec<Enabled>, Option<MachineId>) {
        let Some(defaults) = self.catalog.qemu_defaults().of(model, self.accel) else { return (Vec::new(), None) };
        let mut families = [vec![None; self.series.len()], vec![None; self.series.len()]];
        let mut newest = [None; 2];
        for machine in &self.machines {
            let Ok(point) = self.series.binary_search(&machine.series) else { continue };
            let enables = defaults.on(machine.position).contains(feature);
            families[usize::from(machine.is_q35)][point] = Some(enables);
            if enables {
                newest[usize::from(machine.is_q35)] = Some(machine.id);
            }
        }
        let ([other, q35], [newest, newest_q35]) = (families, newest);
        let differ = |(one, other): (&Option<bool>, &Option<bool>)| one.is_some() && other.is_some() && one != other;
        let states = if q35.iter().zip(&other).any(differ) {
            vec![(q35, " with pc-q35"), (other, " with pc-i440fx")]
        } else {
            vec![(other.into_iter().zip(q35).map(|(one, other)| one.or(other)).collect(), "")]
        };
        (states, newest_q35.or(newest))
    }

    /// Returns what the guest's machine type does with a feature.
    pub(super) fn machine(&self, marks: &[Mark], feature: FeatureId) -> String {
        let own = self.qemu.own.iter().find(|(letter, _)| *letter == "M").and_then(|(_, point)| marks.get(*point));
        own.map_or_else(String::new, |mark| {
            let verb = if *mark == Mark::Has { "enables" } else { "does not enable" };
            format!("This guest's machine type {} {verb} {}.", self.machine, self.catalog.feature_name(feature))
        })
    }

    /// Returns both axes from the first release that a bar or the scenario needs on, and shortens the bars accordingly.
    pub(super) fn shortened<'b>(self, bars: impl Iterator<Item = (Over, &'b mut Vec<Mark>)>) -> [Axis; 2] {
        let mut bars: Vec<_> = bars.collect();
        [(Over::Libvirt, self.libvirt), (Over::Qemu, self.qemu)].map(|(over, mut axis)| {
            let mut own: Vec<_> = bars.iter_mut().filter(|(known, _)| *known == over).map(|(_, bar)| bar).collect();
            let begins = own.iter().filter_map(|bar| bar.iter().position(|mark| *mark != Mark::Nothing));
            let first = begins.chain(axis.own.iter().map(|(_, point)| *point)).min().unwrap_or(0);
            axis.points.drain(..first);
            for (_, point) in &mut axis.own {
                *point -= first;
            }
            for bar in &mut own {
                bar.drain(..first);
            }
            axis
        })
    }
}
