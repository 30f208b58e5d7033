//! Finds likely scenarios that end with a given refusal. It tries a few thousand scenarios at most, the likeliest
//! first, and keeps those for which the resolver gives exactly that refusal.

use crate::analysis::space::{end, map_of};
use crate::domain::catalog::{Catalog, Product, machine_series};
use crate::domain::definition::Policy;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::{GivenHost, Vendor};
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::order::{sort, sort_by_key};
use crate::domain::qemu::Accel;
use crate::domain::scenario::{
    CpuChoice, EMULATOR, HostChoice, MachineChoice, MaybeKnown, Release, Scenario, Topology,
};
use crate::domain::version::Version;
use crate::explain::{rule_page, suggested_by};
use crate::resolve::{Answer, OutcomeWithFeatures, Plan, Refusal, Resolver, RuleId, Verdict, resolve};
use foldhash::HashMap;
use std::cmp::Ordering;

mod endpoints;

use endpoints::{hosts_lacking, pairs};

/// The most cases that are decided for one refusal; a scenario between releases that were not read has many.
const MOST_CASES: usize = 60_000;
/// The same once a scenario is found.
const MOST_CASES_MORE: usize = 8000;
/// After so many cases no further releases of a product are tried.
const MOST_CASES_OF_PRODUCTS: usize = 20_000;
/// A scenario with more cases than this is skipped: it usually depends.
const MOST_CASES_EACH: usize = 64;
/// The most models that are tried for one refusal, in addition to the common ones.
const MOST_MODELS: usize = 4;
/// The most features a user is thought to name.
const MOST_NAMED: usize = 8;
/// How many pairs of releases are tried with each guest before more pairs are.
const PAIRS_AT_ONCE: usize = 48;

/// A scenario that gives a refusal, and the rule that decides in it.
#[derive(Clone, PartialEq, Debug)]
pub struct FoundScenario {
    pub scenario: Scenario,
    pub rule: Option<RuleId>,
}

/// Returns up to `most` scenarios that give exactly this refusal, likeliest first, each with another model or other
/// releases. The last to be tried is the example on the page of the rule that the refusal suggests. Empty where none of
/// those tried does.
pub fn scenario_search(resolver: &mut Resolver<'_>, refusal: &Refusal, most: usize) -> Vec<FoundScenario> {
    let catalog = resolver.catalog();
    let search = Search { catalog, refusal };
    let example = rule_page(suggested_by(catalog, refusal)).example();
    let example = example.and_then(|link| Scenario::parse(catalog, link).ok());
    let mut found: Vec<FoundScenario> = Vec::new();
    let mut limit = MOST_CASES;
    for candidates in [search.candidates(), search.lesser_hosts(), Box::new(example.into_iter())] {
        let mut left = limit;
        for scenario in candidates {
            if found.len() == most {
                break;
            }
            if found.iter().any(|known| alike(known, &scenario)) {
                continue;
            }
            let Ok(plan) = resolver.plan(&scenario) else { continue };
            let price = plan.price();
            if price > MOST_CASES_EACH {
                continue;
            }
            let Some(rest) = left.checked_sub(price) else { break };
            left = rest;
            if let Some(answer) = refused(&plan, refusal) {
                drop(plan);
                found.push(FoundScenario { scenario, rule: answer.rule });
                limit = MOST_CASES_MORE;
                left = left.min(limit);
            }
        }
    }
    found
}

/// Whether a scenario with this answer may be refused with this refusal.
fn may_be(refusal: &Refusal, brief: OutcomeWithFeatures) -> bool {
    let set = |features: &[FeatureId]| features.iter().copied().collect::<FeatureSet>();
    let has_features = match refusal {
        Refusal::FullCheck { extra, missing } => (brief.more, brief.less) == (set(extra), set(missing)),
        _ => true,
    };
    has_features && matches!(brief.outcome.verdict, Verdict::Aborted | Verdict::StartRefused)
}

/// Whether a scenario may be refused with this refusal, as far as its first case shows.
fn may_be_refused(plan: &Plan<'_>, refusal: &Refusal) -> bool {
    plan.first_case().is_none_or(|brief| may_be(refusal, brief))
}

/// Returns the answer of a scenario that is refused with exactly this refusal.
fn refused(plan: &Plan<'_>, refusal: &Refusal) -> Option<Answer> {
    if !may_be_refused(plan, refusal) || !may_be(refusal, plan.brief()) {
        return None;
    }
    let answer = plan.resolve();
    answer.refusal().is_some_and(|found| found.is_like(refusal)).then_some(answer)
}

/// The products and their releases, those of `KubeVirt` first.
pub struct Products<'c> {
    /// Products with the same packages, which give the same answers, and the release of each group.
    groups: Vec<(Vec<&'c Product>, Release)>,
    /// The default machine type between two groups, where it was asked for.
    machines: HashMap<(usize, usize), MachineChoice>,
}

impl<'c> Products<'c> {
    /// Collects them.
    pub fn of(catalog: &'c Catalog) -> Self {
        let is_kubevirt = |product: &&Product| product.is_of("kubevirt");
        let (mut products, others): (Vec<&Product>, Vec<&Product>) = catalog.products().iter().partition(is_kubevirt);
        products.extend(others);
        let packages = |product: &'c Product| (product.product(), &product.libvirt, &product.qemu);
        let groups = products.chunk_by(|one, next| packages(one) == packages(next));
        let release = |group: &[&Product]| Release::parse(catalog, &group.first()?.name).ok();
        let groups = groups.filter_map(|group| Some((group.to_vec(), release(group)?))).collect();
        Self { groups, machines: HashMap::default() }
    }

    /// The index of the first group of the same product.
    fn product(&self, group: usize) -> Option<usize> {
        let own = self.groups.get(group)?.0.first()?.product();
        self.groups.iter().position(|(products, _)| products.first().is_some_and(|product| product.is_of(own)))
    }

    /// Returns the two nearest products between whose releases the guest of a scenario gets the same refusal from their
    /// packages, an update before a downgrade; the same product twice where the guest does not start. Both are releases of
    /// one product, and the emulator is that of the packages. A machine type that the packages lack is replaced by their
    /// default, unless the message is about the machine type.
    pub fn between(
        &mut self,
        resolver: &mut Resolver<'c>,
        refusal: &Refusal,
        scenario: &Scenario,
    ) -> Option<(&'c Product, &'c Product)> {
        let catalog = resolver.catalog();
        let starts = !matches!(refusal, Refusal::FullCheck { .. });
        let mut pairs: Vec<(usize, usize)> = (0..self.groups.len())
            .flat_map(|from| (0..self.groups.len()).map(move |to| (from, to)))
            .filter(|(from, to)| (from != to || starts) && self.product(*from) == self.product(*to))
            .collect();
        sort_by_key(&mut pairs, |(from, to)| (self.product(*from), from > to, from.abs_diff(*to)));
        let (mut left, mut current) = (MOST_CASES_OF_PRODUCTS, None);
        for (from, to) in pairs {
            let product = self.product(from);
            if current != product {
                (left, current) = (MOST_CASES_OF_PRODUCTS, product);
            }
            if left == 0 {
                continue;
            }
            let ((sources, source), (destinations, destination)) = (self.groups.get(from)?, self.groups.get(to)?);
            let mut scenario =
                Scenario { from: source.clone(), to: destination.clone(), emulator: None, ..scenario.clone() };
            if let MachineChoice::Listed(id) = scenario.machine
                && scenario.from.surely_has_machine(catalog, id) != Some(true)
                && !matches!(refusal, Refusal::MachineType { .. } | Refusal::MachineTypeAtQemu { .. })
            {
                let default = self.machines.entry((from, to)).or_insert_with(|| scenario.default_machine(catalog));
                scenario.machine = default.clone();
            }
            let Ok(plan) = resolver.plan(&scenario) else { continue };
            // Packages between two maps have many cases, but the first one usually shows that it is another refusal.
            left = left.saturating_sub(if may_be_refused(&plan, refusal) { plan.price() } else { 1 });
            if refused(&plan, refusal).is_some() {
                return match from.cmp(&to) {
                    Ordering::Less => Some((sources.last()?, destinations.first()?)),
                    Ordering::Equal => Some((sources.last()?, destinations.last()?)),
                    Ordering::Greater => Some((sources.first()?, destinations.last()?)),
                };
            }
        }
        None
    }
}

/// Whether a scenario is too much like one that was found: the same model, or the same releases.
fn alike(known: &FoundScenario, scenario: &Scenario) -> bool {
    known.scenario.cpu == scenario.cpu || (known.scenario.from == scenario.from && known.scenario.to == scenario.to)
}

struct Search<'a> {
    catalog: &'a Catalog,
    refusal: &'a Refusal,
}

impl<'a> Search<'a> {
    /// Every scenario that is tried: each guest between each pair of releases, then on each host that lacks something.
    fn candidates(&self) -> Box<dyn Iterator<Item = Scenario> + 'a> {
        let catalog = self.catalog;
        let guests = self.guests();
        let on_hosts = self.on_hosts(&guests);
        let pairs = pairs(catalog);
        let blocks: Vec<Vec<(Release, Release)>> = pairs.chunks(PAIRS_AT_ONCE).map(<[_]>::to_vec).collect();
        let between = blocks.into_iter().flat_map(move |block| {
            let guests = guests.clone();
            guests.into_iter().flat_map(move |guest| {
                let block = block.clone();
                block.into_iter().map(move |(from, to)| Scenario { from, to, ..guest.clone() })
            })
        });
        Box::new(self.decision_table_guests().into_iter().chain(self.unknown_names()).chain(on_hosts).chain(between))
    }

    /// Guests with a name that the destination's map does not have: from a release that has it, else started there.
    fn unknown_names(&self) -> Vec<Scenario> {
        let knows = |release: &Release| {
            let map = release.libvirt.id(self.catalog).map(|id| map_of(self.catalog, id));
            map.is_some_and(|map| match self.refusal {
                Refusal::UnknownFeature(feature, _) => map.known.contains(*feature),
                Refusal::UnknownModel(model) => map.model(*model).is_some(),
                _ => true,
            })
        };
        let is_it = |(from, to): &(Release, Release)| !knows(to) && (from == to || knows(from));
        let mut pairs = pairs(self.catalog);
        pairs.retain(is_it);
        pairs.truncate(PAIRS_AT_ONCE);
        let guests = self.guests();
        let with = |(from, to): &(Release, Release)| {
            guests
                .iter()
                .map(|guest| Scenario { from: from.clone(), to: to.clone(), ..guest.clone() })
                .collect::<Vec<_>>()
        };
        pairs.iter().flat_map(with).collect()
    }

    /// The guest of the decision table, with the feature that is extra.
    fn decision_table_guests(&self) -> Vec<Scenario> {
        let Refusal::FullCheck { extra, missing } = self.refusal else { return Vec::new() };
        let ([feature], []) = (extra.as_slice(), missing.as_slice()) else { return Vec::new() };
        let base = Scenario { feature: *feature, ..Scenario::default_of(self.catalog) };
        self.machines(&[*feature]).into_iter().map(|machine| Scenario { machine, ..base.clone() }).collect()
    }

    /// The guests that come into question, without their ends.
    fn guests(&self) -> Vec<Scenario> {
        let base = Scenario::default_of(self.catalog);
        let mut guests = Vec::new();
        for (model, named) in self.models() {
            for machine in self.machines(&self.features()) {
                for topology in self.topologies() {
                    for accel in Accel::ALL.iter().copied() {
                        let mut guest = Scenario {
                            cpu: CpuChoice::Model(MaybeKnown::Is(model)),
                            machine: machine.clone(),
                            topology: MaybeKnown::Is(topology),
                            accel,
                            emulator: self.emulator(),
                            ..base.clone()
                        };
                        for feature in &named {
                            guest.features.set(*feature, Policy::Require);
                        }
                        guests.push(guest);
                    }
                }
            }
        }
        guests
    }

    /// Under KVM a weaker host decides: from one that has what is missing to one that has not.
    fn on_hosts(&self, guests: &[Scenario]) -> Vec<Scenario> {
        let (Refusal::FullCheck { missing, .. } | Refusal::PartialMissing(missing, _)) = self.refusal else {
            return Vec::new();
        };
        if missing.is_empty() {
            return Vec::new();
        }
        let starts_there = matches!(self.refusal, Refusal::PartialMissing(..));
        let guests: Vec<Scenario> = guests.iter().filter(|guest| guest.accel == Accel::Kvm).cloned().collect();
        let guests = guests.as_slice();
        let releases = self.releases_of_hosts();
        let mut found = Vec::new();
        for guest in guests {
            for release in &releases {
                for (strong, weak) in hosts_lacking(self.catalog, missing) {
                    found.push(Scenario {
                        from: release.clone(),
                        to: release.clone(),
                        from_host: HostChoice::Listed(if starts_there { weak } else { strong }),
                        to_host: HostChoice::Listed(weak),
                        ..guest.clone()
                    });
                }
            }
        }
        found.truncate(MOST_CASES / 8);
        found
    }

    /// The same with a hypothetical destination: what the guest has at the source, and nothing of what is missing.
    fn lesser_hosts(&self) -> Box<dyn Iterator<Item = Scenario> + 'a> {
        let Refusal::FullCheck { extra, missing } = self.refusal else { return Box::new(std::iter::empty()) };
        let missing: FeatureSet = missing.iter().copied().collect();
        if missing.is_empty() || !extra.is_empty() {
            return Box::new(std::iter::empty());
        }
        let mut guests = self.guests();
        guests.retain(|guest| guest.accel == Accel::Kvm);
        let releases = self.releases_of_hosts();
        let mut found = Vec::new();
        for (guest, release) in guests.iter().flat_map(|guest| releases.iter().map(move |release| (guest, release))) {
            let from_capable = Scenario { from: release.clone(), to: release.clone(), ..guest.clone() };
            let start = resolve(self.catalog, &from_capable).trace.and_then(|trace| trace.start.cpu);
            let Some(has) = start.map(|cpu| cpu.on).filter(|on| missing.is_subset(on)) else { continue };
            let vendor = guest.model().and_then(|model| self.catalog.vendor(model)).unwrap_or(Vendor::Intel);
            let features = has - missing;
            let lesser = HostChoice::Given(GivenHost {
                vendor,
                signature: None,
                features,
                silicon: None,
                unknown: FeatureSet::EMPTY,
            });
            // What source and destination lack is added as disabled, and some releases do not send that.
            found.push(Scenario { from_host: lesser.clone(), to_host: lesser.clone(), ..from_capable.clone() });
            found.push(Scenario { to_host: lesser, ..from_capable });
        }
        Box::new(found.into_iter())
    }

    /// The releases that are tried at source and destination if a host decides.
    fn releases_of_hosts(&self) -> Vec<Release> {
        let vmx = self.features().iter().any(|feature| self.catalog.feature_name(*feature).starts_with("vmx-"));
        let milestones = self.catalog.decisions().host_milestones.iter().filter(|(is_vmx, ..)| *is_vmx == vmx);
        let release = |(_, libvirt, qemu): &(bool, Version, Version)| {
            Some(end(self.catalog.libvirt(&libvirt.to_string())?, *qemu))
        };
        milestones.filter_map(release).collect()
    }

    fn features(&self) -> Vec<FeatureId> {
        match self.refusal {
            Refusal::FullCheck { extra, missing } => extra.iter().chain(missing).copied().collect(),
            Refusal::PartialMissing(features, _)
            | Refusal::PartialForbidden(features, _)
            | Refusal::PartialStrict(features, _)
            | Refusal::MsrFeatures(features) => features.clone(),
            Refusal::UnknownFeature(feature, _)
            | Refusal::ForbiddenFeature(feature)
            | Refusal::Conflict(feature)
            | Refusal::UnknownProperty { feature, .. } => vec![*feature],
            Refusal::NoInvariantTsc | Refusal::NotSent(_) => self.catalog.named().invtsc.into_iter().collect(),
            Refusal::NestedNotSent => self.catalog.named().vmx.into_iter().collect(),
            Refusal::VendorWithoutModel
            | Refusal::QemuTooOld { .. }
            | Refusal::UnknownMode(_)
            | Refusal::UnsupportedMode(_)
            | Refusal::MachineType { .. }
            | Refusal::MachineTypeAtQemu { .. }
            | Refusal::UnknownModel(_)
            | Refusal::UnknownModelCompared(_)
            | Refusal::UnknownModelSent(_)
            | Refusal::ModelUnsupported(_)
            | Refusal::NotMigrated
            | Refusal::NotRestored
            | Refusal::OtherVendor(..) => Vec::new(),
        }
    }

    /// Models with the features of the refusal, each with the features that a user would name.
    fn models(&self) -> Vec<(ModelId, Vec<FeatureId>)> {
        let common = ["Skylake-Client", "EPYC", "Cascadelake-Server", "qemu64"];
        let common = || common.iter().filter_map(|name| self.catalog.model(name));
        if let Refusal::UnknownModel(model)
        | Refusal::UnknownModelCompared(model)
        | Refusal::UnknownModelSent(model)
        | Refusal::ModelUnsupported(model) = self.refusal
        {
            return vec![(*model, Vec::new())];
        }
        if let Refusal::UnknownProperty { feature, model, .. } = self.refusal {
            return model.iter().copied().chain(common()).map(|model| (model, vec![*feature])).collect();
        }
        if self.features().is_empty() {
            return common().map(|model| (model, Vec::new())).take(1).collect();
        }
        let wanted = self.features();
        let vmx = self
            .catalog
            .feature("vmx")
            .filter(|_| wanted.iter().any(|feature| self.catalog.feature_name(*feature).starts_with("vmx-")));
        let mut models: Vec<(ModelId, Vec<FeatureId>)> = self
            .having(&wanted)
            .into_iter()
            .take(MOST_MODELS)
            .map(|model| (model, vmx.into_iter().collect()))
            .collect();
        models.extend(common().map(|model| (model, vmx.into_iter().collect())));
        models.extend(common().filter(|_| wanted.len() <= MOST_NAMED).map(|model| (model, wanted.clone())));
        models
    }

    /// The models with most of these features in a map or in QEMU, those with fewest others first.
    fn having(&self, wanted: &[FeatureId]) -> Vec<ModelId> {
        let newest: Vec<&CpuMap> = self.catalog.maps().iter().map(|map| &**map).collect();
        let described = |model: ModelId| {
            let cells =
                self.catalog.qemu_defaults().of(model, Accel::Tcg).map(crate::domain::qemu::ModelDefaults::anywhere);
            let data = newest.iter().filter_map(|map| map.model(model)).map(|m| m.data | m.added_set());
            data.fold(cells.unwrap_or_default(), |all, data| all | data)
        };
        let mut scored: Vec<(usize, usize, ModelId)> = self
            .catalog
            .pickable_models()
            .map(|model| (model, described(model)))
            .map(|(model, has)| (wanted.iter().filter(|feature| !has.contains(**feature)).count(), has.len(), model))
            .filter(|(lacking, ..)| *lacking < wanted.len())
            .collect();
        sort(&mut scored);
        scored.into_iter().map(|(_, _, model)| model).collect()
    }

    /// A machine type of today, and one of long ago where it switches one of the features on.
    fn machines(&self, features: &[FeatureId]) -> Vec<MachineChoice> {
        if let Refusal::MachineType { machine, .. } | Refusal::MachineTypeAtQemu { machine, .. } = self.refusal {
            return self.catalog.machine(machine).map(MachineChoice::Listed).into_iter().collect();
        }
        let cells = self.catalog.qemu_defaults();
        let only_on = cells.models.iter().flatten().flat_map(|(_, tcg)| &tcg.only_on);
        let older = only_on.filter(|(feature, _)| features.contains(feature)).filter_map(|(_, on)| {
            let q35 = |index: &usize| {
                let series = cells.machines.get(*index).and_then(|id| machine_series(self.catalog.machine_name(*id)));
                series.is_some_and(|(family, _)| family == "pc-q35")
            };
            (0..cells.machines.len()).rev().filter(|index| on.contains(*index)).find(q35)
        });
        let mut indices: Vec<usize> = older.collect();
        sort(&mut indices);
        indices.dedup();
        let old = indices.last().and_then(|index| cells.machines.get(*index)).copied();
        let today = self.catalog.machine("pc-q35-5.2");
        today.into_iter().chain(old.filter(|old| Some(*old) != today)).map(MachineChoice::Listed).collect()
    }

    fn topologies(&self) -> Vec<Topology> {
        let threads = |feature: &FeatureId| matches!(self.catalog.feature_name(*feature), "ht" | "cmp_legacy");
        let two_cores = Topology { cores: 2, ..Topology::SINGLE };
        if self.features().iter().any(threads) { vec![two_cores, Topology::SINGLE] } else { vec![Topology::SINGLE] }
    }

    fn emulator(&self) -> Option<Box<str>> {
        let Refusal::MachineType { emulator, .. } = self.refusal else { return None };
        Some(emulator.clone()).filter(|path| &**path != EMULATOR)
    }
}
