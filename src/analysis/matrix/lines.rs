//! Lists the values of a matrix axis, and sets a value in a scenario.

use crate::analysis::space::{exact_releases, is_exact, is_published, machines, models, releases};
use crate::domain::behaviour::Behaviour;
use crate::domain::catalog::{Catalog, LibvirtId, ReleaseMap};
use crate::domain::definition::named_enum;
use crate::domain::host::HostId;
use crate::domain::map::ModelId;
use crate::domain::qemu::MachineId;
use crate::domain::scenario::{
    CpuChoice, HostChoice, Key, LibvirtChoice, MachineChoice, MaybeKnown, QemuChoice, Release, Scenario,
};
use crate::domain::version::Version;

named_enum! {
    /// What an axis goes through.
    Vary {
        /// The libvirt releases whose map was read, one for each run of those with the same map and behaviour.
        Distinct "distinct",
        /// Every libvirt release, and maps read at run time.
        Releases "releases",
        /// QEMU releases.
        Qemu "qemu",
        /// Distributions and KubeVirt releases: the libvirt and the QEMU they ship.
        Products "products",
        /// Machine types.
        Machines "machines",
        /// CPU models.
        Models "models",
        /// Hosts.
        Hosts "hosts",
    }
}

impl Vary {
    /// Returns what it is called in headings.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Distinct => "distinct libvirt releases",
            Self::Releases => "every libvirt release",
            Self::Qemu => "QEMU releases",
            Self::Products => "products",
            Self::Machines => "machine types",
            Self::Models => "CPU models",
            Self::Hosts => "hosts",
        }
    }

    /// Returns what one line is called.
    pub(crate) const fn one(self) -> &'static str {
        match self {
            Self::Distinct | Self::Releases => "libvirt release",
            Self::Qemu => "QEMU release",
            Self::Products => "product",
            Self::Machines => "machine type",
            Self::Models => "CPU model",
            Self::Hosts => "host",
        }
    }

    /// Returns whether it belongs to the guest, so that source and destination have the same.
    pub(crate) const fn is_of_the_guest(self) -> bool {
        matches!(self, Self::Machines | Self::Models)
    }

    /// Returns whether its lines have a libvirt release.
    pub(crate) const fn is_software(self) -> bool {
        matches!(self, Self::Distinct | Self::Releases | Self::Products)
    }

    /// Returns what comes after it, passing over what cannot stand on one axis while `other` stands on the other: the
    /// guest has one machine type and one model.
    #[must_use]
    pub(crate) fn after(self, other: Self) -> Self {
        let current = Self::ALL.iter().position(|vary| *vary == self).unwrap_or(0);
        let mut next = Self::ALL.iter().cycle().skip(current + 1);
        next.find(|vary| !(vary.is_of_the_guest() && **vary == other)).copied().unwrap_or(self)
    }
}

named_enum! {
    /// Which end an axis changes; machine types and models belong to the guest and are the same at both.
    Side {
        /// The source: rows.
        Source "source",
        /// The destination: columns.
        Destination "destination",
    }
}

/// What one row or column puts into the scenario.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A libvirt release.
    Libvirt(LibvirtChoice),
    /// A QEMU release.
    Qemu(QemuChoice),
    /// libvirt and QEMU by this name: a product, or a release.
    Product(Box<str>, Release),
    /// A machine type.
    Machine(MachineChoice),
    /// A model.
    Cpu(CpuChoice),
    /// A host.
    Host(HostChoice),
}

/// One row or column.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// What it puts into the scenario.
    pub value: Value,
    /// The last release of its run, if it is a run of releases.
    pub until: Option<LibvirtId>,
}

impl Line {
    /// Returns the line of a libvirt release.
    pub(crate) fn libvirt(libvirt: LibvirtChoice) -> Self {
        Self::of(Value::Libvirt(libvirt))
    }

    pub(super) fn of(value: Value) -> Self {
        Self { value, until: None }
    }

    /// Returns whether the line is a libvirt release that was never published.
    pub(super) fn is_hypothetical(&self, catalog: &Catalog) -> bool {
        match &self.value {
            Value::Libvirt(LibvirtChoice::New) => true,
            Value::Libvirt(LibvirtChoice::Release(id, _)) => !is_published(catalog, *id),
            _ => false,
        }
    }

    /// Returns whether the line has a libvirt release.
    pub(crate) fn is_software(&self) -> bool {
        self.value.software().is_some()
    }

    /// Puts this line's value into a scenario.
    pub(crate) fn put(&self, scenario: &mut Scenario, side: Side) {
        let (end, host) = match side {
            Side::Source => (&mut scenario.from, &mut scenario.from_host),
            Side::Destination => (&mut scenario.to, &mut scenario.to_host),
        };
        match &self.value {
            Value::Libvirt(libvirt) => end.set_libvirt(libvirt.clone()),
            Value::Qemu(qemu) => end.set_qemu(qemu.clone()),
            Value::Product(_, release) => *end = release.clone(),
            Value::Host(choice) => *host = choice.clone(),
            Value::Machine(machine) => {
                // A running guest keeps its machine type.
                if scenario.machine != *machine {
                    scenario.machine = machine.clone();
                    scenario.running = None;
                }
            }
            Value::Cpu(cpu) => {
                if scenario.cpu != *cpu {
                    scenario.cpu = *cpu;
                    scenario.running = None;
                }
            }
        }
    }

    /// Returns whether this line includes `value`: the same value, or one of a run of releases with the same behaviour.
    pub(crate) fn stands_for(&self, catalog: &Catalog, value: &Value) -> bool {
        if self.value == *value {
            return true;
        }
        let (Value::Libvirt(LibvirtChoice::Release(first, None)), Value::Libvirt(wanted)) = (&self.value, value) else {
            return false;
        };
        match wanted {
            LibvirtChoice::Old | LibvirtChoice::Release(_, None) => {
                wanted.id(catalog).is_some_and(|id| self.covers(catalog, *first, id))
            }
            LibvirtChoice::Release(_, Some(_)) | LibvirtChoice::New | LibvirtChoice::Unknown => false,
        }
    }

    /// Whether the map of a release may have the model; true for a value that is not a release.
    fn knows(&self, catalog: &Catalog, model: ModelId) -> bool {
        let Value::Libvirt(LibvirtChoice::Release(id, _)) = &self.value else { return true };
        let has = |map| catalog.map(map).model(model).is_some();
        match catalog.release(*id).map {
            ReleaseMap::Exact(map) => has(map),
            ReleaseMap::Between { lower, upper } => has(lower.1) || has(upper.1),
        }
    }

    /// Only releases whose map was read are folded, so one between them is a line of its own.
    fn covers(&self, catalog: &Catalog, first: LibvirtId, id: LibvirtId) -> bool {
        let last = self.until.unwrap_or(first);
        first == id || ((first..=last).contains(&id) && is_exact(catalog, id))
    }
}

impl Value {
    /// Returns the libvirt release of a line, and its QEMU if the line has one.
    pub(super) fn software(&self) -> Option<(&LibvirtChoice, Option<&QemuChoice>)> {
        match self {
            Self::Libvirt(libvirt) => Some((libvirt, None)),
            Self::Product(_, release) => Some((&release.libvirt, Some(&release.qemu))),
            Self::Qemu(_) | Self::Machine(_) | Self::Cpu(_) | Self::Host(_) => None,
        }
    }

    /// Returns the value of an axis in a scenario, at the source or the destination; `None` where it has no product.
    fn present(scenario: &Scenario, vary: Vary, side: Side) -> Option<Self> {
        let (end, host) = match side {
            Side::Source => (&scenario.from, &scenario.from_host),
            Side::Destination => (&scenario.to, &scenario.to_host),
        };
        Some(match vary {
            Vary::Distinct | Vary::Releases => Self::Libvirt(end.libvirt.clone()),
            Vary::Qemu => Self::Qemu(end.qemu.clone()),
            Vary::Products => return None,
            Vary::Machines => Self::Machine(scenario.machine.clone()),
            Vary::Models => Self::Cpu(scenario.cpu),
            Vary::Hosts => Self::Host(host.clone()),
        })
    }

    /// Returns the release it behaves as, by which lines are sorted; `None` for what has none.
    fn version(&self, catalog: &Catalog) -> Option<Version> {
        match self {
            Self::Libvirt(libvirt) => libvirt.id(catalog).map(|id| catalog.release(id).version),
            Self::Qemu(qemu) => qemu.version.known(),
            Self::Product(..) | Self::Machine(_) | Self::Cpu(_) | Self::Host(_) => None,
        }
    }
}

/// Returns the lines of an axis.
pub fn lines(catalog: &Catalog, vary: Vary) -> Vec<Line> {
    let libvirt = |id| Line::libvirt(LibvirtChoice::Release(id, None));
    let values: Vec<Value> = match vary {
        Vary::Releases => return releases(catalog).map(libvirt).collect(),
        Vary::Distinct => return distinct(catalog),
        Vary::Qemu => {
            let versions = catalog.qemu_releases().iter().map(|facts| MaybeKnown::Is(facts.version));
            versions.map(|version| Value::Qemu(QemuChoice { version, build: None })).collect()
        }
        Vary::Products => products(catalog),
        Vary::Machines => return machine_lines(&catalog.qemu_defaults().machines),
        Vary::Models => {
            models(catalog).into_iter().map(|model| Value::Cpu(CpuChoice::Model(MaybeKnown::Is(model)))).collect()
        }
        Vary::Hosts => (0u16..).zip(catalog.hosts()).map(|(n, _)| Value::Host(HostChoice::Listed(HostId(n)))).collect(),
    };
    values.into_iter().map(Line::of).collect()
}

fn machine_lines(machines: &[MachineId]) -> Vec<Line> {
    machines.iter().map(|machine| Line::of(Value::Machine(MachineChoice::Listed(*machine)))).collect()
}

/// Returns the lines of an axis, without the releases that do not know the guest's model, with the values of `scenario`
/// itself that the lines lack: a package, a hypothetical release, a host that was described. Releases stand in order;
/// what has no version is before them, the hypothetical release after them. Machine types are those of the source.
pub fn lines_around(catalog: &Catalog, vary: Vary, scenario: &Scenario) -> Vec<Line> {
    let mut all = match vary {
        Vary::Machines => machine_lines(&machines(catalog, &scenario.from)),
        _ => lines(catalog, vary),
    };
    if let Some(model) = scenario.model() {
        all.retain(|line| line.knows(catalog, model));
    }
    for value in Side::ALL.iter().rev().filter_map(|side| Value::present(scenario, vary, *side)) {
        if all.iter().any(|line| line.stands_for(catalog, &value)) {
            continue;
        }
        if value == Value::Libvirt(LibvirtChoice::New) {
            all.push(Line::of(value));
            continue;
        }
        let version = value.version(catalog);
        let later = |line: &Line| line.value.version(catalog) > version;
        let index = if version.is_some() { all.iter().position(later).unwrap_or(all.len()) } else { 0 };
        all.insert(index, Line::of(value));
    }
    all
}

/// Returns the line of an axis on which a scenario itself stands.
pub fn line_of(catalog: &Catalog, vary: Vary, lines: &[Line], scenario: &Scenario, side: Side) -> Option<usize> {
    let changes_nothing = |line: &Line| {
        let mut with = scenario.clone();
        line.put(&mut with, side);
        with == *scenario
    };
    match Value::present(scenario, vary, side) {
        Some(value) => lines.iter().position(|line| line.stands_for(catalog, &value)),
        None => lines.iter().position(changes_nothing),
    }
}

fn products(catalog: &Catalog) -> Vec<Value> {
    let mut scenario = Scenario::default_of(catalog);
    let mut all = Vec::new();
    let mut before: Option<Release> = None;
    for product in catalog.products() {
        // Loading the facts has checked that the packages are ones the catalog knows.
        if scenario.set(catalog, Key::From, &product.name).is_ok() {
            // Releases of a product that ship the same packages are one line.
            let packages = Release { product: None, ..scenario.from.clone() };
            if before.as_ref() != Some(&packages) {
                all.push(Value::Product(product.name.clone(), scenario.from.clone()));
            }
            before = Some(packages);
        }
    }
    all
}

/// The exact releases, neighbours with the same map and behaviour folded, and maps that are not libvirt's own.
fn distinct(catalog: &Catalog) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut last: Option<(Behaviour, _)> = None;
    for id in exact_releases(catalog) {
        let release = catalog.release(id);
        let decides = (catalog.behaviour(release.version).0, release.map);
        match lines.last_mut().filter(|_| last.as_ref() == Some(&decides)) {
            Some(line) => line.until = Some(id),
            None => lines.push(Line::libvirt(LibvirtChoice::Release(id, None))),
        }
        last = Some(decides);
    }
    let others = releases(catalog).filter(|id| !is_published(catalog, *id));
    lines.extend(others.map(|id| Line::libvirt(LibvirtChoice::Release(id, None))));
    lines
}
