//! Lists the alternatives of a source or destination: libvirt releases and stand-in maps, open switches, QEMUs, hosts.

use super::hosts::{hosts, processors};
use super::{Axis, Dependence, Options, Purpose, index_of, options};
use crate::domain::behaviour::{Backport, Behaviour, HostUnderKvm, MapFact, QuirkKind, Regime, Setting, TakenFromMap};
use crate::domain::catalog::{Catalog, LibvirtId, Provenance, QemuView, ReleaseMap};
use crate::domain::downstream::QemuChanges;
use crate::domain::feature::FeatureSet;
use crate::domain::map::{CpuMap, MapId};
use crate::domain::package::{Distribution, Presence};
use crate::domain::qemu::Accel;
use crate::domain::scenario::{HostChoice, LibvirtChoice, MaybeKnown, Release, Scenario};
use crate::resolve::endpoint::{Endpoint, Host, Machine};
use crate::resolve::prepared_endpoint::{WITHOUT_MACHINE, has_machine, only_by_name};
use std::rc::Rc;
use std::sync::Arc;

/// A libvirt, decided.
#[derive(Clone)]
struct Libvirt {
    behaviour: Behaviour,
    map: Arc<CpuMap>,
}

/// A switch between whose two values a release lies.
struct OpenSwitch {
    axis: usize,
    after: Setting,
}

/// An endpoint with everything that may vary. Clones share the values.
#[derive(Clone)]
pub(super) struct EndpointOptions<'a> {
    values: Rc<Values<'a>>,
    /// The endpoint, if nothing of it is unknown.
    only: Option<Arc<Endpoint<'a>>>,
    /// The indices of its unknown inputs among the plan's.
    indices: Vec<usize>,
}

struct Values<'a> {
    /// The inputs that are not known.
    axes: Vec<Axis>,
    /// One, or two where it was not read which fixes the package's build has: without those fixes and with them.
    libvirt: Vec<Options<Libvirt>>,
    libvirt_build: Option<usize>,
    open: Vec<OpenSwitch>,
    qemu: Options<QemuView<'a>>,
    /// What the build of a distribution changes in it, where the package is of one.
    qemu_build: Option<Options<Arc<QemuChanges>>>,
    host: Options<Host>,
    /// What the silicon of the host may show beyond what KVM gives, where that is not known.
    silicon: Option<Options<FeatureSet>>,
    regime: Option<Regime>,
    distribution: Option<&'a Distribution>,
    /// Whether the host's list was read from the QEMU at this endpoint: it then has these names although it was not
    /// queried itself, and lacks what it leaves out of `host`.
    host_is_given: bool,
    catalog: &'a Catalog,
}

impl<'a> EndpointOptions<'a> {
    pub(super) fn of(
        catalog: &'a Catalog,
        scenario: &Scenario,
        release: &Release,
        host_choice: &HostChoice,
        purpose: Purpose,
    ) -> Self {
        let mut axes = Vec::new();
        let (libvirt, libvirt_build, open) = libvirts(catalog, scenario, release, purpose, &mut axes);
        let qemu = qemus(catalog, release, purpose.name, &mut axes);
        let qemu_build = qemu_builds(catalog, release, &mut axes);
        let (mut host, silicon) = hosts(catalog, scenario, host_choice, purpose, &mut axes);
        let by_processor = |libvirt: &Libvirt| libvirt.behaviour.host_under_kvm == HostUnderKvm::Cpuid;
        let compares = libvirt.iter().flat_map(Options::iter).any(by_processor)
            || qemu.iter().any(|qemu| !qemu.has_quirk(catalog, QuirkKind::ModelExpansion, None));
        if compares && scenario.compares_with_processor_under_tcg() {
            host = processors(purpose.host, &mut axes);
        }
        let values = Values {
            axes,
            libvirt,
            libvirt_build,
            open,
            qemu,
            qemu_build,
            host,
            silicon,
            regime: purpose.regime,
            distribution: release.qemu_build(catalog).map(|build| build.distribution),
            host_is_given: scenario.accel == Accel::Kvm && matches!(host_choice, HostChoice::Given(_)),
            catalog,
        };
        let only = if values.axes.is_empty() { values.end(&[]).map(Arc::new) } else { None };
        Self { values: Rc::new(values), only, indices: Vec::new() }
    }

    /// Returns the same endpoint with its unknown inputs among those of a plan, which get the ones they lack.
    pub(super) fn among(mut self, axes: &mut Vec<Axis>) -> Self {
        self.indices = self.values.axes.iter().map(|own| index_of(own.clone(), axes)).collect();
        self
    }

    /// Returns the indices of the unknown inputs of it among the plan's, in two groups that do not bear on one another:
    /// what libvirt and QEMU are, and what the host is.
    pub(super) fn inputs(&self) -> [Vec<usize>; 2] {
        let values = &self.values;
        let of_host = [values.host.axis, values.silicon.as_ref().and_then(|silicon| silicon.axis)];
        let (host, others): (Vec<usize>, _) = (0..self.indices.len()).partition(|own| of_host.contains(&Some(*own)));
        [others, host].map(|own| own.into_iter().map(|own| self.indices[own]).collect())
    }

    /// Returns whether the QEMU that was decided here has the machine type.
    pub(super) fn has_machine(&self, catalog: &Catalog, end: &Endpoint<'_>, machine: &Machine) -> bool {
        has_machine(catalog, &end.qemu, self.values.distribution, machine)
    }

    /// The number of the alternative that `assignment` chooses, of all that this endpoint has.
    pub(super) fn alternative(&self, assignment: &[usize], sizes: &[usize]) -> usize {
        let value =
            |axis: &usize| (assignment.get(*axis).copied().unwrap_or(0), sizes.get(*axis).copied().unwrap_or(1));
        self.indices.iter().map(value).fold(0, |number, (value, size)| number * size + value)
    }

    /// Whether every libvirt that may be here behaves so, whatever its open switches are.
    pub(super) fn always(&self, behaves: impl Fn(&Behaviour) -> bool) -> bool {
        self.values.libvirt.iter().flat_map(Options::iter).all(|libvirt| behaves(&libvirt.behaviour))
    }

    /// Whether every libvirt that may be here gives an incoming guest the CPU of the cookie, with every QEMU.
    pub(super) fn reads_cookie(&self) -> bool {
        let expands = |qemu: &QemuView<'_>| qemu.has_quirk(self.values.catalog, QuirkKind::ModelExpansion, None);
        self.always(|behaviour| behaviour.cookie) && self.values.qemu.iter().all(expands)
    }

    /// Whether the release lies inside the interval of the switch that decides the regime, or may be one of several that
    /// differ in it, and none was asked for.
    pub(super) fn regime_is_open(&self) -> bool {
        let all = self.values.libvirt.iter().flat_map(Options::iter);
        let mut regimes = all.map(|libvirt| libvirt.behaviour.removed_incoming);
        let first = regimes.next();
        self.values.regime.is_none()
            && (self.values.open.iter().any(|open| matches!(open.after, Setting::RemovedIncoming(_)))
                || regimes.any(|regime| Some(regime) != first))
    }

    /// Returns for each QEMU that may be here whether it has the machine type.
    pub(super) fn have_machine(&self, catalog: &Catalog, machine: &Machine) -> impl Iterator<Item = bool> {
        self.values.qemu.iter().map(move |qemu| has_machine(catalog, qemu, self.values.distribution, machine))
    }

    /// Returns the input on which it depends whether the machine type is here, where that was not read.
    pub(super) fn unread_machine(&self, catalog: &Catalog, machine: &Machine) -> Option<Dependence> {
        let (id, distribution) = (machine.id.filter(|_| !machine.taken_for_granted)?, self.values.distribution?);
        let unread = |qemu: &&QemuView<'_>| catalog.has_machine(qemu, Some(distribution), id) == Presence::Unread;
        let qemu = self.values.qemu.iter().find(unread)?;
        let name = &distribution.name;
        Some(Dependence::on(&format!("machine types of QEMU {} of {name}", qemu.version)))
    }

    /// Returns the unknown inputs, and the endpoint in each combination of their values, the first input turning
    /// fastest; `None` where an input has no value.
    pub(super) fn each(&self) -> (Vec<Axis>, Vec<Option<Arc<Endpoint<'a>>>>) {
        let axes = &self.values.axes;
        let count = axes.iter().map(|axis| axis.values.len()).product();
        let end = |number: usize| {
            let mut rest = number;
            let own = axes.iter().map(|axis| {
                let value = rest % axis.values.len();
                rest /= axis.values.len();
                value
            });
            self.only.clone().or_else(|| self.values.end(&own.collect::<Vec<_>>()).map(Arc::new))
        };
        (axes.clone(), (0..count).map(end).collect())
    }

    /// Returns the endpoint that `assignment` decides; `None` where an input has no value.
    pub(super) fn end(&self, assignment: &[usize]) -> Option<Arc<Endpoint<'a>>> {
        if self.only.is_some() {
            return self.only.clone();
        }
        let own: Vec<usize> = self.indices.iter().map(|axis| assignment.get(*axis).copied().unwrap_or(0)).collect();
        self.values.end(&own).map(Arc::new)
    }
}

impl<'a> Values<'a> {
    /// Returns the endpoint that an assignment of its own inputs decides; `None` where an input has no value.
    fn end(&self, assignment: &[usize]) -> Option<Endpoint<'a>> {
        let value = |axis: usize| assignment.get(axis).copied().unwrap_or(0);
        let libvirt = self.libvirt.get(self.libvirt_build.map_or(0, value))?;
        let Libvirt { mut behaviour, map } = libvirt.choose(assignment)?.clone();
        for open in &self.open {
            if assignment.get(open.axis).copied().unwrap_or(0) == 1 {
                behaviour.apply(&open.after);
            }
        }
        if let Some(regime) = self.regime {
            behaviour.removed_incoming = regime;
        }
        let mut host = *self.host.choose(assignment)?;
        if let (Some(unknown), Host::With { silicon, .. }) = (&self.silicon, &mut host) {
            *silicon |= unknown.choose(assignment).copied().unwrap_or_default();
        }
        let mut qemu = self.qemu.choose(assignment)?.clone();
        if let Some(changes) = self.qemu_build.as_ref().and_then(|build| build.choose(assignment)) {
            qemu.change(changes);
        }
        if let (Host::With { vendor, features, silicon, .. }, true) = (&mut host, self.host_is_given) {
            if !qemu.names_are_read {
                qemu.properties |= *features;
            }
            // Such a QEMU does not list what KVM emulates on every AMD processor, and still gives it to named models.
            let hidden = only_by_name(self.catalog, &qemu, *vendor, WITHOUT_MACHINE);
            if !hidden.is_empty() {
                let in_register = qemu.dependencies.children_of(&hidden);
                *features |= self.catalog.named().emulated_on_amd | (in_register & *silicon);
            }
        }
        Some(Endpoint { behaviour, map, qemu, distribution: self.distribution, host })
    }
}

/// The ways in which a libvirt may be: without the fixes of which it was not read whether its build has them, and with
/// them; the axis that chooses between the two; and its open switches.
type Libvirts = (Vec<Options<Libvirt>>, Option<usize>, Vec<OpenSwitch>);

fn libvirts(
    catalog: &Catalog,
    scenario: &Scenario,
    release: &Release,
    purpose: Purpose,
    axes: &mut Vec<Axis>,
) -> Libvirts {
    match (&release.libvirt, release.libvirt.id(catalog)) {
        (LibvirtChoice::Release(..) | LibvirtChoice::Old, Some(id)) => one_release(catalog, id, release, purpose, axes),
        // The table's *new* adds nothing to an incoming definition that does not mention the feature.
        (LibvirtChoice::New, Some(old)) => {
            let (mut behaviour, _) = catalog.behaviour(catalog.release(old).version);
            behaviour.removed_incoming = Regime::Nothing;
            let new = Libvirt { behaviour, map: catalog.new_map(old, scenario.feature) };
            (vec![Options::one(new)], None, Vec::new())
        }
        (LibvirtChoice::Unknown, _) => {
            let input = format!("libvirt of the {}", purpose.name);
            (vec![options(axes, &input, every_release(catalog, purpose))], None, Vec::new())
        }
        (LibvirtChoice::Release(..) | LibvirtChoice::Old | LibvirtChoice::New, None) => Libvirts::default(),
    }
}

fn one_release(catalog: &Catalog, id: LibvirtId, chosen: &Release, purpose: Purpose, axes: &mut Vec<Axis>) -> Libvirts {
    let release = catalog.release(id);
    let (behaviour, open) = catalog.behaviour(release.version);
    let open: Vec<OpenSwitch> = open
        .into_iter()
        .filter(|(before, _)| is_open(before, purpose))
        .map(|(before, after)| {
            let input = format!("switch {} of libvirt {}", before.name(), release.version);
            let name = |feature| catalog.feature_name(feature).to_owned();
            let labels = [before, after].map(|setting| match setting.value(&name) {
                none if none.is_empty() => ("none".to_owned(), ()),
                value => (value, ()),
            });
            let axis = options(axes, &input, labels.into()).axis.unwrap_or(0);
            OpenSwitch { axis, after: after.clone() }
        })
        .collect();
    let build = chosen.libvirt_build(catalog);
    let (sure, unread): (Vec<_>, Vec<_>) = build
        .into_iter()
        .flat_map(|build| catalog.backports(release.version, build))
        .partition(|(_, presence)| *presence == Presence::Yes);
    let mut sure_of = (behaviour, Vec::new(), Vec::new());
    let apply = |(behaviour, facts, taken): &mut (Behaviour, Vec<_>, Vec<_>), fix: &'_ Backport| {
        for setting in &fix.settings {
            behaviour.apply(setting);
            let fact = MapFact::parse(setting.name()).and_then(|fact| Some((fact, behaviour.map_facts.get(fact)?)));
            facts.extend(fact);
        }
        taken.extend(fix.taken.iter().cloned());
    };
    for (fix, _) in &sure {
        apply(&mut sure_of, fix);
    }
    let (mut axis, mut with_unread) = (None, None);
    if !unread.is_empty() {
        let with = with_unread.insert(sure_of.clone());
        for (fix, _) in &unread {
            apply(with, fix);
        }
        let input = format!("fixes in libvirt package {}", chosen.libvirt.name(catalog));
        let labels = ["only those that were read", "also those of a later build"].map(|label| (label.to_owned(), ()));
        axis = options(axes, &input, labels.into()).axis;
    }
    let mut all: Vec<Options<Libvirt>> = Vec::with_capacity(1);
    for (behaviour, facts, taken) in std::iter::once(sure_of).chain(with_unread) {
        let made = |mut map: Arc<CpuMap>| {
            for TakenFromMap { map: other, models, features } in &taken {
                Arc::make_mut(&mut map).take(catalog.map(*other), models, *features);
            }
            Libvirt { behaviour: behaviour.clone(), map }
        };
        let label = |id: LibvirtId| format!("as in {}", catalog.release(id).name);
        let of = |id: MapId| Arc::clone(catalog.map(id));
        let mut maps = catalog.maps_with(id, &facts);
        match release.map {
            ReleaseMap::Exact(map) => maps = vec![(id, of(map))],
            ReleaseMap::Between { lower, upper } if maps.is_empty() => {
                maps = vec![(lower.0, of(lower.1)), (upper.0, of(upper.1))];
            }
            ReleaseMap::Between { .. } => {}
        }
        maps.dedup_by(|later, earlier| later.1 == earlier.1);
        let values: Vec<(String, Libvirt)> = maps.into_iter().map(|(like, map)| (label(like), made(map))).collect();
        // Both variants are between the same maps, so one axis selects in both.
        all.push(options(axes, &format!("libvirt map of {}", release.name), values));
    }
    (all, axis, open)
}

/// What the build of a distribution changes in QEMU; two values where some of that was not read. `None` where the package
/// is not of such a distribution.
fn qemu_builds(catalog: &Catalog, release: &Release, axes: &mut Vec<Axis>) -> Option<Options<Arc<QemuChanges>>> {
    let (build, version) = (release.qemu_build(catalog)?, release.qemu.version.known()?);
    let (sure, open) = catalog.downstream().changes(version, build);
    if open == QemuChanges::default() {
        return Some(Options::one(Arc::new(sure)));
    }
    let mut with = sure.clone();
    with.add(&open);
    let input = format!("changes in QEMU package {}", release.qemu.name());
    let values = vec![
        ("only those that were read".to_owned(), Arc::new(sure)),
        ("also those of another build".to_owned(), Arc::new(with)),
    ];
    Some(options(axes, &input, values))
}

/// Whether both values of a switch are tried: it can affect a guest, and is no fact about the map. Of those, the maps that a
/// release may have are tried.
fn is_open(setting: &Setting, Purpose { decodes, only_expands, .. }: Purpose) -> bool {
    let about_decoding = setting.is_about_decoding();
    if only_expands {
        let writes = matches!(setting, Setting::Ignored(_) | Setting::Unwritten(_) | Setting::DropUnknown(_));
        return about_decoding || writes;
    }
    let matters = !about_decoding || (decodes && !matches!(setting, Setting::SortedDomcapabilities(_)));
    matters && MapFact::parse(setting.name()).is_none()
}

fn every_release(catalog: &Catalog, purpose: Purpose) -> Vec<(String, Libvirt)> {
    let mut all: Vec<(String, Libvirt)> = Vec::new();
    for release in catalog.libvirt_releases().iter().filter(|r| r.provenance == Provenance::Published) {
        let (before, open) = catalog.behaviour(release.version);
        // Each open switch may be as before or as after its interval, whatever the others are.
        let mut alternatives = vec![(String::new(), before)];
        for (_, setting) in open.iter().filter(|(before, _)| is_open(before, purpose)) {
            let with = |(label, behaviour): &(String, Behaviour)| {
                let mut behaviour = behaviour.clone();
                behaviour.apply(setting);
                (format!("{label}, {} as after", setting.name()), behaviour)
            };
            let with: Vec<_> = alternatives.iter().map(with).collect();
            alternatives.extend(with);
        }
        let like = |id: LibvirtId| format!(", map as in {}", catalog.release(id).name);
        let maps = match release.map {
            ReleaseMap::Exact(map) => vec![(String::new(), map)],
            ReleaseMap::Between { lower, upper } => vec![(like(lower.0), lower.1), (like(upper.0), upper.1)],
        };
        for (map_label, map) in maps {
            for (label, behaviour) in &alternatives {
                let map = catalog.map(map);
                let same = |(_, known): &(_, Libvirt)| Arc::ptr_eq(&known.map, map) && known.behaviour == *behaviour;
                if !all.iter().any(same) {
                    let made = Libvirt { behaviour: behaviour.clone(), map: Arc::clone(map) };
                    all.push((format!("{}{map_label}{label}", release.name), made));
                }
            }
        }
    }
    all
}

fn qemus<'a>(catalog: &'a Catalog, release: &Release, end: &str, axes: &mut Vec<Axis>) -> Options<QemuView<'a>> {
    match release.qemu.version {
        MaybeKnown::Is(version) => {
            let views = catalog.qemu_views(version);
            if views.len() == 1 {
                return Options::of(views, None);
            }
            let label = |view: &QemuView<'_>| format!("as QEMU {}", view.answers);
            options(axes, &format!("QEMU {version}"), views.into_iter().map(|view| (label(&view), view)).collect())
        }
        MaybeKnown::Unknown => {
            let all = catalog.qemu_releases().iter().flat_map(|facts| catalog.qemu_views(facts.version));
            let own = |view: &QemuView<'_>| {
                let version = view.version;
                if view.answers == version {
                    version.to_string()
                } else {
                    format!("{version} as QEMU {}", view.answers)
                }
            };
            options(axes, &format!("QEMU of the {end}"), all.map(|view| (own(&view), view)).collect())
        }
    }
}
