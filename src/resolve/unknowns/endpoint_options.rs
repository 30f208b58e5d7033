//! An endpoint with everything that may vary: libvirt releases and their stand-in maps, open switches, QEMUs, hosts.

use super::{Axis, Options, options};
use crate::domain::behaviour::{Behaviour, MapFact, Regime, Setting};
use crate::domain::catalog::{Catalog, LibvirtId, Provenance, QemuView, ReleaseMap};
use crate::domain::host::{CpuSignature, GivenHost, Host as CatalogHost, HostId, Vendor};
use crate::domain::map::{CpuMap, MapId};
use crate::domain::qemu::Accel;
use crate::domain::scenario::{HostChoice, LibvirtChoice, Release, Scenario, Told};
use crate::resolve::endpoint::{Endpoint, Host, Machine};
use crate::resolve::prepared_endpoint::has_machine;
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

/// What an endpoint is for, beside its release and host.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Purpose {
    /// The regime asked for, in place of the release's own.
    pub(super) regime: Option<Regime>,
    /// Whether what the host gives of the children of `vmx` may decide.
    pub(super) wants_vmx: bool,
    /// `source` or `destination`, for the names of inputs.
    pub(super) name: &'static str,
}

/// An endpoint with everything that may vary. Clones share the values.
#[derive(Clone)]
pub(super) struct EndpointOptions<'a> {
    /// The inputs that are not known of it.
    axes: Rc<[Axis]>,
    /// The indices of these inputs among the plan's.
    indices: Vec<usize>,
    libvirt: Options<Libvirt>,
    open: Rc<[OpenSwitch]>,
    qemu: Options<QemuView<'a>>,
    host: Options<Host>,
    silicon: Option<usize>,
    regime: Option<Regime>,
    enterprise_linux: bool,
}

impl<'a> EndpointOptions<'a> {
    pub(super) fn of(
        catalog: &'a Catalog,
        scenario: &Scenario,
        release: &Release,
        host: &HostChoice,
        purpose: Purpose,
    ) -> Self {
        let mut axes = Vec::new();
        let (libvirt, open) = libvirts(catalog, scenario, release, purpose.name, &mut axes);
        let qemu = qemus(catalog, release, purpose.name, &mut axes);
        let (host, silicon) = hosts(catalog, scenario, host, purpose, &mut axes);
        let builds = [
            match &release.libvirt {
                LibvirtChoice::Release(_, build) => build.as_deref(),
                LibvirtChoice::Old | LibvirtChoice::New | LibvirtChoice::Unknown => None,
            },
            release.qemu.build.as_deref(),
        ];
        let enterprise_linux = builds.into_iter().flatten().any(is_enterprise_linux);
        Self {
            axes: axes.into(),
            indices: Vec::new(),
            libvirt,
            open: open.into(),
            qemu,
            host,
            silicon,
            regime: purpose.regime,
            enterprise_linux,
        }
    }

    /// Returns the same endpoint with its unknown inputs among those of a plan, which get the ones they lack. The same
    /// input at two endpoints is one: a release at both has one map.
    pub(super) fn among(mut self, axes: &mut Vec<Axis>) -> Self {
        let index = |own: &Axis| {
            axes.iter().position(|axis| axis == own).unwrap_or_else(|| {
                axes.push(own.clone());
                axes.len() - 1
            })
        };
        self.indices = self.axes.iter().map(index).collect();
        self
    }

    /// The number of the alternative that `assignment` chooses, of all that this endpoint has.
    pub(super) fn alternative(&self, assignment: &[usize], sizes: &[usize]) -> usize {
        let value =
            |axis: &usize| (assignment.get(*axis).copied().unwrap_or(0), sizes.get(*axis).copied().unwrap_or(1));
        self.indices.iter().map(value).fold(0, |number, (value, size)| number * size + value)
    }

    /// Whether the release lies inside the interval of the switch that decides the regime, or may be one of several that
    /// differ in it, and none was asked for.
    pub(super) fn regime_is_open(&self) -> bool {
        let mut regimes = self.libvirt.values.iter().map(|libvirt| libvirt.behaviour.removed_incoming);
        let first = regimes.next();
        self.regime.is_none()
            && (self.open.iter().any(|open| matches!(open.after, Setting::RemovedIncoming(_)))
                || regimes.any(|regime| Some(regime) != first))
    }

    /// Returns for each QEMU that may be here whether it has the machine type.
    pub(super) fn have_machine(&self, catalog: &Catalog, machine: &Machine) -> impl Iterator<Item = bool> {
        let el = self.enterprise_linux;
        self.qemu.values.iter().map(move |qemu| has_machine(catalog, qemu, el, machine))
    }

    /// Returns the endpoint that `assignment` decides; `None` where an input has no value.
    pub(super) fn end(&self, assignment: &[usize]) -> Option<Endpoint<'a>> {
        let own: Vec<usize> = self.indices.iter().map(|axis| assignment.get(*axis).copied().unwrap_or(0)).collect();
        let assignment = own.as_slice();
        let Libvirt { mut behaviour, map } = self.libvirt.choose(assignment)?.clone();
        for open in self.open.iter() {
            if assignment.get(open.axis).copied().unwrap_or(0) == 1 {
                behaviour.apply(&open.after);
            }
        }
        if let Some(regime) = self.regime {
            behaviour.removed_incoming = regime;
        }
        let mut host = *self.host.choose(assignment)?;
        if let (Some(axis), Host::With { arch_capabilities_in_silicon, .. }) = (self.silicon, &mut host) {
            *arch_capabilities_in_silicon = assignment.get(axis).copied().unwrap_or(0) == 0;
        }
        let qemu = self.qemu.choose(assignment)?.clone();
        Some(Endpoint { behaviour, map, qemu, enterprise_linux: self.enterprise_linux, host })
    }
}

/// Whether a package's build is Enterprise Linux's: `3.el9`, `2.module_el8.6.0`.
fn is_enterprise_linux(build: &str) -> bool {
    build.split("el").skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn libvirts(
    catalog: &Catalog,
    scenario: &Scenario,
    release: &Release,
    end: &str,
    axes: &mut Vec<Axis>,
) -> (Options<Libvirt>, Vec<OpenSwitch>) {
    match &release.libvirt {
        LibvirtChoice::Release(id, build) => one_release(catalog, *id, build.as_deref(), axes),
        LibvirtChoice::Old => match old(catalog) {
            Some(id) => one_release(catalog, id, None, axes),
            None => (Options::none(), Vec::new()),
        },
        LibvirtChoice::New => {
            let new = old(catalog).map(|id| new(catalog, scenario, id));
            (new.map_or_else(Options::none, Options::one), Vec::new())
        }
        LibvirtChoice::Unknown => {
            let input = format!("libvirt of the {end}");
            (options(axes, &input, every_release(catalog)), Vec::new())
        }
    }
}

/// The e-mail's *old*.
pub(super) fn old(catalog: &Catalog) -> Option<LibvirtId> {
    catalog.libvirt("9.0.0")
}

/// The e-mail's *new*: the old map with the feature moved from the data to the removed list of every model that has
/// it, and nothing written for an incoming guest that is silent about it.
fn new(catalog: &Catalog, scenario: &Scenario, old: LibvirtId) -> Libvirt {
    let release = catalog.release(old);
    let (mut behaviour, _) = catalog.behaviour(release.version);
    behaviour.removed_incoming = Regime::Nothing;
    let mut map = match release.map {
        ReleaseMap::Exact(id) | ReleaseMap::Between { lower: (_, id), .. } => (**catalog.map(id)).clone(),
    };
    for model in map.models.iter_mut().flatten() {
        if model.data.contains(scenario.feature) {
            let model = Arc::make_mut(model);
            model.data.remove(scenario.feature);
            model.removed.push(scenario.feature);
        }
    }
    Libvirt { behaviour, map: Arc::new(map) }
}

fn one_release(
    catalog: &Catalog,
    id: LibvirtId,
    build: Option<&str>,
    axes: &mut Vec<Axis>,
) -> (Options<Libvirt>, Vec<OpenSwitch>) {
    let release = catalog.release(id);
    let (mut behaviour, open) = catalog.behaviour(release.version);
    let open: Vec<OpenSwitch> = open
        .into_iter()
        .filter(|(before, _)| MapFact::parse(before.name()).is_none())
        .map(|(before, after)| {
            let input = format!("switch {} of libvirt {}", before.name(), release.version);
            let name = |feature| catalog.feature_name(feature).to_owned();
            let labels = [before.value(&name), after.value(&name)];
            let axis = options(axes, &input, labels.map(|label| (label, ())).into()).axis.unwrap_or(0);
            OpenSwitch { axis, after: after.clone() }
        })
        .collect();
    let mut map = release.map;
    for fix in build.into_iter().flat_map(|build| catalog.backports(release.version, build)) {
        for setting in &fix.settings {
            behaviour.apply(setting);
            if let Some(fact) = MapFact::parse(setting.name()) {
                map = map_of_first_release_with(catalog, fact).unwrap_or(map);
            }
        }
    }
    let made = |id: MapId| Libvirt { behaviour: behaviour.clone(), map: Arc::clone(catalog.map(id)) };
    let values = match map {
        ReleaseMap::Exact(map) => Options::one(made(map)),
        ReleaseMap::Between { lower, upper } if lower.1 == upper.1 => Options::one(made(lower.1)),
        ReleaseMap::Between { lower, upper } => {
            let label = |id: LibvirtId| format!("as in {}", catalog.release(id).name);
            let input = format!("libvirt map of {}", release.name);
            options(axes, &input, vec![(label(lower.0), made(lower.1)), (label(upper.0), made(upper.1))])
        }
    };
    (values, open)
}

/// The map of the first release of which a dated fact holds: what a package with that fix ships.
fn map_of_first_release_with(catalog: &Catalog, fact: MapFact) -> Option<ReleaseMap> {
    catalog
        .libvirt_releases()
        .iter()
        .find(|release| catalog.behaviour(release.version).0.map_facts.get(fact) == Some(true))
        .map(|release| release.map)
}

fn every_release(catalog: &Catalog) -> Vec<(String, Libvirt)> {
    let mut all = Vec::new();
    for release in catalog.libvirt_releases().iter().filter(|r| r.provenance == Provenance::Published) {
        let (before, open) = catalog.behaviour(release.version);
        let mut after = before.clone();
        for (_, setting) in &open {
            after.apply(setting);
        }
        let like = |id: LibvirtId| format!(", map as in {}", catalog.release(id).name);
        let maps = match release.map {
            ReleaseMap::Exact(map) => vec![(String::new(), map)],
            ReleaseMap::Between { lower, upper } if lower.1 == upper.1 => vec![(String::new(), lower.1)],
            ReleaseMap::Between { lower, upper } => vec![(like(lower.0), lower.1), (like(upper.0), upper.1)],
        };
        for (map_label, map) in maps {
            let both = [(", open switches as before", &before), (", open switches as after", &after)];
            let alternatives = if open.is_empty() { vec![("", &before)] } else { both.into() };
            for (label, behaviour) in alternatives {
                let made = Libvirt { behaviour: behaviour.clone(), map: Arc::clone(catalog.map(map)) };
                all.push((format!("{}{map_label}{label}", release.name), made));
            }
        }
    }
    all
}

fn qemus<'a>(catalog: &'a Catalog, release: &Release, end: &str, axes: &mut Vec<Axis>) -> Options<QemuView<'a>> {
    match release.qemu.version {
        Told::Is(version) => {
            let views = catalog.qemu_views(version);
            let label = |view: &QemuView<'_>| format!("as QEMU {}", view.answers);
            options(axes, &format!("QEMU {version}"), views.into_iter().map(|view| (label(&view), view)).collect())
        }
        Told::Unknown => {
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

fn hosts(
    catalog: &Catalog,
    scenario: &Scenario,
    host: &HostChoice,
    Purpose { wants_vmx, name: end, .. }: Purpose,
    axes: &mut Vec<Axis>,
) -> (Options<Host>, Option<usize>) {
    if scenario.accel == Accel::Tcg {
        return (Options::one(Host::Capable), None);
    }
    match host {
        HostChoice::Capable => (Options::one(Host::Capable), None),
        HostChoice::Given(given) => {
            let axis = silicon(catalog, given, axes);
            (Options::one(with(catalog, given)), axis)
        }
        HostChoice::Listed(id) => {
            let silicon = silicon(catalog, &of_listed(catalog.host(*id)), axes);
            (options(axes, "host", alternatives(catalog, *id, wants_vmx)), silicon)
        }
        HostChoice::Any | HostChoice::Unknown => {
            let all = catalog.recorded_hosts().flat_map(|(id, _)| alternatives(catalog, id, wants_vmx)).collect();
            let same = *host == HostChoice::Any || scenario.from_host != scenario.to_host;
            let input = if same { "host".to_owned() } else { format!("host of the {end}") };
            (options(axes, &input, all), None)
        }
    }
}

fn with(catalog: &Catalog, given: &GivenHost) -> Host {
    let GivenHost { vendor, features, silicon, .. } = *given;
    let arch_capabilities = catalog.named().arch_capabilities;
    let in_silicon = silicon.map(|silicon| arch_capabilities.is_some_and(|feature| silicon.contains(feature)));
    let arch_capabilities_in_silicon = in_silicon.unwrap_or(vendor == Vendor::Intel);
    Host::With { vendor, features, silicon, arch_capabilities_in_silicon }
}

fn of_listed(host: &CatalogHost) -> GivenHost {
    let signature = Some(CpuSignature { family: host.family, model: host.model, stepping: Some(host.stepping) });
    let silicon = host.silicon.map(|silicon| silicon.features);
    GivenHost { vendor: host.vendor, signature, features: host.features, silicon }
}

/// A host that has `vmx` but was never asked about `vmx-*` may have none of them or all.
fn alternatives(catalog: &Catalog, id: HostId, wants_vmx: bool) -> Vec<(String, Host)> {
    let host = catalog.host(id);
    let children = catalog.named().vmx_children;
    let has_vmx = catalog.named().vmx.is_some_and(|vmx| host.features.contains(vmx));
    let given = of_listed(host);
    let known = with(catalog, &given);
    if !wants_vmx || !has_vmx || !(host.asked & children).is_empty() {
        return vec![(host.name.to_string(), known)];
    }
    vec![
        (format!("{} without vmx-*", host.name), known),
        (
            format!("{} with every vmx-*", host.name),
            with(catalog, &GivenHost { features: host.features | children, ..given }),
        ),
    ]
}

/// Whether the processor itself has `arch-capabilities` is sure where its features are known, and of an Intel host that
/// lists `rdctl-no`; of another Intel host it is not known, and matters to some QEMU releases.
fn silicon(catalog: &Catalog, host: &GivenHost, axes: &mut Vec<Axis>) -> Option<usize> {
    let sure = catalog.named().rdctl_no.is_some_and(|rdctl_no| host.features.contains(rdctl_no));
    if host.silicon.is_some() || host.vendor != Vendor::Intel || sure {
        return None;
    }
    let values = ["with arch-capabilities", "without arch-capabilities"].map(|label| (label.to_owned(), ()));
    options(axes, "host silicon", values.into()).axis
}
