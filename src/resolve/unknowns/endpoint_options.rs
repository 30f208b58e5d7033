//! An endpoint with everything that may vary: libvirt releases and their stand-in maps, open switches, QEMUs, hosts.

use super::{Axis, Options, options};
use crate::domain::behaviour::{Behaviour, MapFact, Regime, Setting};
use crate::domain::catalog::{Catalog, LibvirtId, Provenance, QemuView, ReleaseMap};
use crate::domain::feature::FeatureSet;
use crate::domain::host::{CpuSignature, GivenHost, HostId, Vendor};
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
    /// Whether libvirt decodes a CPU when the guest starts.
    pub(super) decodes: bool,
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
    /// What the silicon of the host may show beyond what KVM gives, where that is not known.
    silicon: Option<Options<FeatureSet>>,
    regime: Option<Regime>,
    enterprise_linux: bool,
    /// Whether the host's list was read from the QEMU at this endpoint, which then has these names although nobody asked
    /// it for its own.
    host_names_properties: bool,
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
        let (libvirt, open) = libvirts(catalog, scenario, release, purpose, &mut axes);
        let qemu = qemus(catalog, release, purpose.name, &mut axes);
        let (host, silicon) = hosts(catalog, scenario, host_choice, purpose, &mut axes);
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
            host_names_properties: matches!(host_choice, HostChoice::Given(_)),
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

    /// Returns the indices of the unknown inputs of it among the plan's.
    pub(super) fn inputs(&self) -> &[usize] {
        &self.indices
    }

    /// Returns whether the QEMU that was decided here has the machine type.
    pub(super) fn has_machine(&self, catalog: &Catalog, end: &Endpoint<'_>, machine: &Machine) -> bool {
        has_machine(catalog, &end.qemu, self.enterprise_linux, machine)
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
        if let (Some(unknown), Host::With { silicon, .. }) = (&self.silicon, &mut host) {
            *silicon |= unknown.choose(assignment).copied().unwrap_or_default();
        }
        let mut qemu = self.qemu.choose(assignment)?.clone();
        if let (Host::With { features, .. }, true) = (host, self.host_names_properties && qemu.answers != qemu.version)
        {
            qemu.properties |= features;
        }
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
    Purpose { decodes, name: end, .. }: Purpose,
    axes: &mut Vec<Axis>,
) -> (Options<Libvirt>, Vec<OpenSwitch>) {
    match &release.libvirt {
        LibvirtChoice::Release(id, build) => one_release(catalog, *id, build.as_deref(), decodes, axes),
        LibvirtChoice::Old => match release.libvirt.id(catalog) {
            Some(id) => one_release(catalog, id, None, decodes, axes),
            None => (Options::none(), Vec::new()),
        },
        LibvirtChoice::New => {
            let new = release.libvirt.id(catalog).map(|id| new(catalog, scenario, id));
            (new.map_or_else(Options::none, Options::one), Vec::new())
        }
        LibvirtChoice::Unknown => {
            let input = format!("libvirt of the {end}");
            (options(axes, &input, every_release(catalog, decodes)), Vec::new())
        }
    }
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
    decodes: bool,
    axes: &mut Vec<Axis>,
) -> (Options<Libvirt>, Vec<OpenSwitch>) {
    let release = catalog.release(id);
    let (mut behaviour, open) = catalog.behaviour(release.version);
    let open: Vec<OpenSwitch> = open
        .into_iter()
        .filter(|(before, _)| MapFact::parse(before.name()).is_none() && matters(before, decodes))
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

/// Whether a switch can decide what becomes of a guest.
fn matters(setting: &Setting, decodes: bool) -> bool {
    !setting.is_about_decoding() || (decodes && !matches!(setting, Setting::SortedDomcapabilities(_)))
}

/// The map of the first release of which a dated fact holds: what a package with that fix ships.
fn map_of_first_release_with(catalog: &Catalog, fact: MapFact) -> Option<ReleaseMap> {
    catalog
        .libvirt_releases()
        .iter()
        .find(|release| catalog.behaviour(release.version).0.map_facts.get(fact) == Some(true))
        .map(|release| release.map)
}

fn every_release(catalog: &Catalog, decodes: bool) -> Vec<(String, Libvirt)> {
    let mut all = Vec::new();
    for release in catalog.libvirt_releases().iter().filter(|r| r.provenance == Provenance::Published) {
        let (before, mut open) = catalog.behaviour(release.version);
        open.retain(|(before, _)| matters(before, decodes));
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
    Purpose { wants_vmx, decodes, name: end, .. }: Purpose,
    axes: &mut Vec<Axis>,
) -> (Options<Host>, Option<Options<FeatureSet>>) {
    if scenario.accel == Accel::Tcg {
        return (Options::one(Host::Capable), None);
    }
    match host {
        HostChoice::Capable => (Options::one(Host::Capable), None),
        HostChoice::Given(GivenHost { vendor, signature, features, silicon }) => {
            let unknown = silicon.is_none().then(|| unknown_silicon(catalog, *vendor, *features, axes));
            let silicon = silicon.unwrap_or_else(|| shown_at_least(catalog, *features));
            let (vendor, features) = (*vendor, *features);
            let with = |signature| Host::With { vendor, features, silicon, signature };
            if !decodes {
                return (Options::one(with(*signature)), unknown);
            }
            let same = scenario.from_host == scenario.to_host;
            let input = if same { "host signature".to_owned() } else { format!("host signature of the {end}") };
            let all = signatures(catalog, vendor, *signature).into_iter();
            (options(axes, &input, all.map(|(label, signature)| (label, with(signature))).collect()), unknown)
        }
        HostChoice::Listed(id) => {
            let known = catalog.host(*id);
            let silicon = match known.silicon {
                Some(_) => None,
                None => Some(unknown_silicon(catalog, known.vendor, known.features, axes)),
            };
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

/// What the silicon surely shows of a host of which only KVM's side is known. KVM makes `arch-capabilities` up.
fn shown_at_least(catalog: &Catalog, features: FeatureSet) -> FeatureSet {
    features - catalog.named().arch_capabilities.into_iter().collect()
}

/// The signatures that a host may have: the one that was told, with every stepping if that was not; else those of the
/// listed hosts of its vendor, or one that no map knows.
fn signatures(catalog: &Catalog, vendor: Vendor, told: Option<CpuSignature>) -> Vec<(String, Option<CpuSignature>)> {
    match told {
        Some(known @ CpuSignature { stepping: None, .. }) => {
            let of_stepping = |stepping| Some(CpuSignature { stepping: Some(stepping), ..known });
            (0..STEPPINGS).map(|stepping| (format!("stepping {stepping}"), of_stepping(stepping))).collect()
        }
        Some(_) => vec![(String::new(), told)],
        None => {
            let mut all = vec![("of no listed host".to_owned(), None)];
            for host in catalog.hosts().iter().filter(|host| host.vendor == vendor) {
                if all.iter().all(|(_, known)| *known != Some(host.signature())) {
                    all.push((format!("as of {}", host.name), Some(host.signature())));
                }
            }
            all
        }
    }
}

/// How many steppings there are: CPUID has four bits for them.
const STEPPINGS: u32 = 16;

/// A host that has `vmx` but was never asked about `vmx-*` may have none of them or all.
fn alternatives(catalog: &Catalog, id: HostId, wants_vmx: bool) -> Vec<(String, Host)> {
    let host = catalog.host(id);
    let children = catalog.named().vmx_children;
    let has_vmx = catalog.named().vmx.is_some_and(|vmx| host.features.contains(vmx));
    let with = |more| Host::With {
        vendor: host.vendor,
        features: host.features | more,
        silicon: host.silicon.map_or_else(|| shown_at_least(catalog, host.features), |silicon| silicon.features),
        signature: Some(host.signature()),
    };
    let known = with(FeatureSet::EMPTY);
    if !wants_vmx || !has_vmx || !(host.asked & children).is_empty() {
        return vec![(host.name.to_string(), known)];
    }
    vec![(format!("{} without vmx-*", host.name), known), (format!("{} with every vmx-*", host.name), with(children))]
}

/// What the silicon may show of a host of which only KVM's side is known: everything that a listed processor of this
/// vendor shows, or nothing more than KVM gives. What lies between gives one of the two answers, or both.
///
/// `arch-capabilities` is sure of an Intel host that lists `rdctl-no`.
fn unknown_silicon(
    catalog: &Catalog,
    vendor: Vendor,
    features: FeatureSet,
    axes: &mut Vec<Axis>,
) -> Options<FeatureSet> {
    let names = catalog.named();
    let of_vendor = catalog.hosts().iter().filter(|host| host.vendor == vendor);
    let shown = of_vendor.filter_map(|host| host.silicon).fold(FeatureSet::EMPTY, |all, shown| all | shown.features);
    let sure = vendor == Vendor::Intel && names.rdctl_no.is_some_and(|rdctl_no| features.contains(rdctl_no));
    let least = names.arch_capabilities.into_iter().filter(|_| sure).collect();
    let values =
        vec![("shows more than KVM gives".to_owned(), shown | least), ("shows what KVM gives".to_owned(), least)];
    options(axes, "host silicon", values)
}
