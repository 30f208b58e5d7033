//! Finds remedies for an abort, a refusal or a changed CPU. Each remedy is checked: its scenario resolves to an unchanged
//! guest. Remedies without a restart of the guest come first.

use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::definition::Policy;
use crate::domain::feature::FeatureId;
use crate::domain::scenario::{
    CpuChoice, HostChoice, Key, LibvirtChoice, MachineChoice, MaybeKnown, QemuChoice, Release, Scenario, Stop,
    Topology, write_host, write_machine,
};
use crate::explain::libvirt_label;
use crate::resolve::{
    Answer, Budget, BudgetExceeded, LimitingComponent, Refusal, Resolver, Row, RuleId, Trace, Verdict,
};
use foldhash::HashMap;
use std::cell::RefCell;

mod candidates;
mod settings;

pub use settings::Setting;

/// How a remedy is applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Application {
    /// A piece of the domain's XML, for its next start.
    Xml(String),
    /// A command.
    Command(String),
}

/// A remedy.
#[derive(Clone, PartialEq, Debug)]
pub struct Remedy {
    /// What to do, a fragment: `use libvirt 12.1.0 at the destination`.
    pub text: String,
    /// Whether the guest has to be restarted for it.
    pub restart: bool,
    /// What the guest can no longer read after that restart; `None` if the guest never ran, or if that depends.
    pub loses: Option<Vec<FeatureId>>,
    /// The scenario it leads to, which resolves to an unchanged guest.
    pub scenario: Scenario,
    /// The XML or the command that does it.
    pub how: Application,
    /// The same as settings of products that write the domain for their users, where they have one.
    pub settings: Vec<Setting>,
}

impl Remedy {
    /// A remedy for the running guest, whose CPU does not change.
    fn live(text: String, scenario: Scenario, command: &str) -> Self {
        let how = Application::Command(command.to_owned());
        Self { text, restart: false, loses: Some(Vec::new()), scenario, how, settings: Vec::new() }
    }

    /// A remedy for the next start of the guest.
    fn next_start(text: String, scenario: Scenario, xml: String, settings: Vec<Setting>) -> Self {
        Self { text, restart: true, loses: None, scenario, how: Application::Xml(xml), settings }
    }
}

/// Returns the remedies for an answer that is not `unchanged`, those without a restart first; at most one of each kind.
/// Empty for an unchanged guest, and for an answer that depends.
pub fn remedies(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> Vec<Remedy> {
    remedies_with(&mut Resolver::new(catalog), scenario, answer)
}

/// Returns the same with a resolver whose cache is reused.
pub(crate) fn remedies_with(resolver: &mut Resolver<'_>, scenario: &Scenario, answer: &Answer) -> Vec<Remedy> {
    let (mut tried, mut budget) = (Tried::default(), Budget::endless());
    remedies_within(resolver, scenario, answer, (&mut tried, &mut budget)).unwrap_or_default()
}

/// The scenarios that were tried, and whether each lets the guest through.
pub(crate) type Tried = HashMap<Scenario, bool>;

/// Returns the same if the budget is enough for it.
///
/// # Errors
/// The budget is spent; what was tried stays in `tried`, and the next search continues from there.
pub(crate) fn remedies_within(
    resolver: &mut Resolver<'_>,
    scenario: &Scenario,
    answer: &Answer,
    (tried, budget): (&mut Tried, &mut Budget),
) -> Result<Vec<Remedy>, BudgetExceeded> {
    if matches!(answer.verdict, Verdict::Unchanged | Verdict::Depends | Verdict::Never) {
        return Ok(Vec::new());
    }
    let restarted = scenario.next_start();
    let catalog = resolver.catalog();
    let means = RefCell::new(Means { resolver, tried, budget, is_spent: false });
    let search = Search { catalog, means, scenario, restarted: &restarted, answer };
    let mut remedies = Vec::new();
    if answer.verdict != Verdict::StartRefused {
        let (product, upgraded) = (search.other_product(), search.other_libvirt());
        match product {
            Some(product) => remedies.push(product),
            None => remedies.extend(upgraded.clone().map(|(_, remedy)| remedy).into_iter().chain(search.other_qemu())),
        }
        remedies.extend(search.straight().or_else(|| search.by_way_of(upgraded.map(|(id, _)| id))));
        remedies.extend(search.other_host());
    }
    remedies.extend(search.other_definition());
    remedies.extend(search.other_topology());
    remedies.extend(search.other_machine());
    remedies.extend(search.other_model());
    if search.means.borrow().is_spent {
        return Err(BudgetExceeded);
    }
    for remedy in remedies.iter_mut().filter(|remedy| remedy.restart) {
        remedy.loses = search.lost_by(&remedy.scenario);
    }
    Ok(match scenario.writer() {
        Some(writer) => settings::of_writer(writer, remedies),
        None => remedies,
    })
}

/// What a search works with.
struct Means<'a, 'c> {
    /// Most of what is tried shares all but one of its ends with what was tried before.
    resolver: &'a mut Resolver<'c>,
    tried: &'a mut Tried,
    budget: &'a mut Budget,
    /// Whether the budget was not enough for something.
    is_spent: bool,
}

impl Means<'_, '_> {
    /// Whether a guest arrives unchanged; no if the budget is spent.
    fn is_unchanged(&mut self, scenario: &Scenario, row: Option<Row>) -> bool {
        if let Some(known) = self.tried.get(scenario) {
            return *known;
        }
        if self.is_spent {
            return false;
        }
        match self.resolver.unchanged_within(scenario, row, self.budget) {
            Ok(found) => {
                self.tried.insert(scenario.clone(), found.is_some());
                found.is_some()
            }
            Err(BudgetExceeded) => {
                self.is_spent = true;
                false
            }
        }
    }
}

struct Search<'a, 'c> {
    catalog: &'c Catalog,
    means: RefCell<Means<'a, 'c>>,
    scenario: &'a Scenario,
    /// The same guest at its next start.
    restarted: &'a Scenario,
    answer: &'a Answer,
}

const MIGRATE: &str = "virsh migrate --live --persistent GUEST qemu+ssh://DESTINATION/system";

impl Search<'_, '_> {
    /// Whether the scenario resolves to an unchanged guest. Out of row T7 only what still is row T7 counts: the same
    /// map change, survived.
    fn works(&self, scenario: &Scenario) -> bool {
        let other_guest = scenario.features != self.scenario.features
            || scenario.machine != self.scenario.machine
            || scenario.cpu != self.scenario.cpu
            || scenario.via != self.scenario.via;
        let row = (self.answer.rule == Some(RuleId::T7) && !other_guest).then_some(Row::T7);
        self.means.borrow_mut().is_unchanged(scenario, row)
    }

    /// What the guest of the answer can read and that of `scenario` cannot.
    fn lost_by(&self, scenario: &Scenario) -> Option<Vec<FeatureId>> {
        let visible = |answer: &Answer| {
            let start = answer.trace.as_ref().filter(|_| answer.case_count() == 1).map(Trace::source)?;
            start.cpu.as_ref().filter(|_| start.refused.is_none()).map(|cpu| cpu.visible)
        };
        let before = visible(self.answer)?;
        let after = visible(&self.means.borrow_mut().resolver.resolve(scenario))?;
        Some((before - after).iter().collect())
    }

    fn to(&self, libvirt: LibvirtId) -> Scenario {
        let mut other = self.scenario.clone();
        other.to.set_libvirt(LibvirtChoice::Release(libvirt, None));
        other.regime = None;
        other
    }

    /// The oldest libvirt newer than the destination's that takes the guest.
    fn other_libvirt(&self) -> Option<(LibvirtId, Remedy)> {
        let found = candidates::newer_libvirt(self.catalog, &self.scenario.to.libvirt)
            .into_iter()
            .find(|id| self.works(&self.to(*id)))?;
        let scenario = self.to(found);
        let release = self.catalog.release(found);
        let why = if self.answer.rule == Some(RuleId::T7) {
            ", which enables removed features that the definition does not mention"
        } else {
            ""
        };
        let text = format!("use libvirt {} at the destination{why}", release.name);
        Some((found, Remedy { settings: vec![settings::nova_migrate()], ..Remedy::live(text, scenario, MIGRATE) }))
    }

    /// A QEMU at the destination that takes the guest: the oldest newer one, else the source's own. On a distribution
    /// that changes QEMU only its own packages count.
    fn other_qemu(&self) -> Option<Remedy> {
        let (from, to) = (&self.scenario.from, &self.scenario.to);
        let with = |qemu: QemuChoice| {
            let mut other = self.scenario.clone();
            other.to.set_qemu(qemu);
            other
        };
        let mark = |release: &Release| release.qemu_build(self.catalog).map(|build| &build.distribution.mark);
        let own = (mark(from) == mark(to)).then(|| from.qemu.clone());
        let newer = candidates::newer_qemu(self.catalog, to).into_iter();
        let others = newer.chain(own).filter(|qemu| *qemu != to.qemu);
        let scenario = others.map(with).find(|scenario| self.works(scenario))?;
        let text = format!("use QEMU {} at the destination", scenario.to.qemu.name());
        Some(Remedy::live(text, scenario, MIGRATE))
    }

    /// The oldest later release of the destination's product that takes the guest; of `KubeVirt` if it wrote the domain.
    fn other_product(&self) -> Option<Remedy> {
        let with = |name: String| {
            let mut other = Scenario { regime: None, ..self.scenario.clone() };
            other.set(self.catalog, Key::To, &name).ok()?;
            Some(other).filter(|scenario| self.works(scenario))
        };
        let scenario = candidates::newer_products(self.catalog, self.scenario).into_iter().find_map(with)?;
        let name = scenario.to.product_label(self.catalog)?;
        let settings = settings::product(&name, scenario.to.is_kubevirt());
        Some(Remedy { settings, ..Remedy::live(format!("use {name} at the destination"), scenario, MIGRATE) })
    }

    /// The same destination without the stops on the way.
    fn straight(&self) -> Option<Remedy> {
        if self.scenario.via.is_empty() {
            return None;
        }
        let scenario = Scenario { via: Vec::new(), ..self.scenario.clone() };
        if !self.means.borrow_mut().is_unchanged(&scenario, None) {
            return None;
        }
        let hosts = if self.scenario.via.len() == 1 { "host" } else { "hosts" };
        let text = format!("migrate directly to the destination, without the intermediate {hosts}");
        Some(Remedy::live(text, scenario, MIGRATE))
    }

    /// A stop between, in place of those there are: the libvirt that would do at the destination, else another exact
    /// release, with the destination's QEMU or the source's.
    fn by_way_of(&self, upgrade: Option<LibvirtId>) -> Option<Remedy> {
        let releases = upgrade.into_iter().chain(candidates::stops(self.catalog));
        let qemus = [self.scenario.to.qemu.clone(), self.scenario.from.qemu.clone()];
        let stops = releases
            .flat_map(|id| qemus.iter().map(move |qemu| Release::new(LibvirtChoice::Release(id, None), qemu.clone())));
        let with = |release: Release| Scenario { via: vec![Stop { release, host: None }], ..self.scenario.clone() };
        let found = stops.map(with).find(|scenario| self.works(scenario))?;
        let stop = &found.via.first()?.release;
        let libvirt = libvirt_label(self.catalog, stop);
        let other_qemu = stop.qemu.version.known().filter(|_| stop.qemu != self.scenario.to.qemu);
        let qemu = other_qemu.map(|version| format!(" and QEMU {version}")).unwrap_or_default();
        let command = "virsh migrate --live --persistent GUEST qemu+ssh://STOP/system, then from there \
                       virsh migrate --live --persistent GUEST qemu+ssh://DESTINATION/system";
        Some(Remedy::live(format!("migrate via a host with {libvirt}{qemu}"), found, command))
    }

    /// Another host at the destination: the source's own kind, else a listed one of its vendor.
    fn other_host(&self) -> Option<Remedy> {
        if self.answer.limited_by != Some(LimitingComponent::Silicon) || self.scenario.to_host == HostChoice::Capable {
            return None;
        }
        let with = |host: HostChoice| Scenario { to_host: host, ..self.scenario.clone() };
        let hosts = std::iter::once(self.scenario.from_host.clone())
            .filter(|host| !matches!(host, HostChoice::Any | HostChoice::Unknown | HostChoice::Capable))
            .chain(candidates::hosts(self.catalog));
        let found =
            hosts.filter(|host| *host != self.scenario.to_host).map(with).find(|scenario| self.works(scenario))?;
        let text = format!("use a destination host like {}", write_host(self.catalog, &found.to_host));
        Some(Remedy { settings: settings::host(self), ..Remedy::live(text, found, MIGRATE) })
    }

    /// The guest's next start with a definition that names the features that differ: extra ones required and missing
    /// ones disabled, or else all of them disabled.
    fn other_definition(&self) -> Option<Remedy> {
        let mut extra: Vec<FeatureId> = self.answer.extra.clone();
        let mut missing = self.answer.missing.clone();
        extra.extend(
            self.answer.lost.iter().filter(|f| self.answer.row == Some(Row::T7) && **f == self.scenario.feature),
        );
        missing.extend(self.answer.lost.iter().filter(|f| !extra.contains(f)));
        missing.extend(&self.answer.gained);
        // What a sender keeps the guest for.
        let names = self.catalog.named();
        missing.extend(match self.answer.refusal() {
            Some(Refusal::NotSent(_)) => names.invtsc,
            Some(Refusal::NestedNotSent) => names.vmx,
            _ => None,
        });
        if extra.is_empty() && missing.is_empty() {
            return None;
        }
        let with = |on: Policy| {
            let mut other = self.restarted.clone();
            for feature in &extra {
                other.features.set(*feature, on);
            }
            for feature in &missing {
                other.features.set(*feature, Policy::Disable);
            }
            other
        };
        let found = [Policy::Require, Policy::Disable].map(with).into_iter().find(|scenario| self.works(scenario))?;
        let changed: Vec<(FeatureId, Policy)> =
            found.features.iter().filter(|(f, policy)| self.restarted.features.get(*f) != Some(*policy)).collect();
        let lines: Vec<String> = changed
            .iter()
            .map(|(f, policy)| {
                format!("<feature policy='{}' name='{}'/>", policy.name(), self.catalog.feature_name(*f))
            })
            .collect();
        let settings = settings::features(self.catalog, &changed);
        let text = format!("set {} in the CPU definition", self.catalog.write_policies(changed));
        Some(Remedy::next_start(text, found, lines.join("\n"), settings))
    }

    /// The guest's next start with another machine type of its family: the oldest newer one that does. Where a QEMU does
    /// not have the guest's, the newest older one, or else the newest of its chipset: distributions have families of
    /// their own.
    fn other_machine(&self) -> Option<Remedy> {
        let MachineChoice::Listed(current) = self.scenario.machine else { return None };
        let with = |machine| Scenario { machine: MachineChoice::Listed(machine), ..self.restarted.clone() };
        let [newer, older] = candidates::machines_of_family(self.catalog, current);
        let is_lacking = self.answer.rule == Some(RuleId::MachineType);
        let older = older.into_iter().filter(|_| is_lacking);
        let of_family = newer.into_iter().chain(older).map(with).find(|scenario| self.works(scenario));
        let found = of_family.or_else(|| {
            let others = candidates::machines_of_chipset(self.catalog, self.restarted, current).into_iter();
            others.filter(|_| is_lacking).map(with).find(|scenario| self.works(scenario))
        })?;
        let name = write_machine(self.catalog, &found.machine);
        let xml = format!("<type arch='x86_64' machine='{name}'>hvm</type>");
        Some(Remedy::next_start(format!("use machine type {name}"), found, xml, settings::machine(&name)))
    }

    /// The guest's next start with a near relative of its model.
    fn other_model(&self) -> Option<Remedy> {
        let current = self.scenario.model()?;
        let with = |model| Scenario { cpu: CpuChoice::Model(MaybeKnown::Is(model)), ..self.restarted.clone() };
        let found =
            candidates::relatives(self.catalog, current).into_iter().map(with).find(|scenario| self.works(scenario))?;
        let name = found.cpu_name(self.catalog).to_owned();
        let xml = format!("<model fallback='forbid'>{name}</model>");
        Some(Remedy::next_start(format!("use CPU model {name}"), found, xml, settings::model(&name)))
    }

    /// The guest's next start with each virtual CPU in a socket of its own, where its threads decide.
    fn other_topology(&self) -> Option<Remedy> {
        let MaybeKnown::Is(current) = self.scenario.topology else { return None };
        let sockets = u64::from(current.sockets).checked_mul(current.threads_per_package())?;
        let single = Topology::of(&[u32::try_from(sockets).ok()?, 1, 1])?;
        let found = Scenario { topology: MaybeKnown::Is(single), ..self.restarted.clone() };
        if self.answer.rule != Some(RuleId::Ht) || !self.works(&found) {
            return None;
        }
        let xml = format!("<topology sockets='{}' cores='1' threads='1'/>", single.sockets);
        let text = format!("use {} sockets with one thread each", single.sockets);
        Some(Remedy::next_start(text, found, xml, settings::topology(single)))
    }
}
