//! Groups values of unknown inputs that are equal for the guest, such as machine types with the same defaults, so that
//! only one of each group is tried.

use super::Plan;
use super::endpoint_options::EndpointOptions;
use crate::domain::behaviour::{Behaviour, DropUnknown, QuirkKind, Regime};
use crate::domain::definition::{Fallback, Match, Mode, Policy};
use crate::domain::dependencies::Dependency;
use crate::domain::downstream::QemuChanges;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::{CpuMap, FeatureDefinition, ModelDefinition, ModelId};
use crate::domain::qemu::Accel;
use crate::domain::scenario::Transport;
use crate::domain::version::Version;
use crate::resolve::endpoint::{Endpoint, Host};
use foldhash::HashMap;
use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

/// The most alternatives of one endpoint that are compared; beyond, every value counts as one of its own.
const MOST_ALTERNATIVES: usize = 4096;

/// What a guest does at an endpoint.
#[derive(Clone, Copy)]
struct Role {
    starts: bool,
    reconnects: bool,
    receives: bool,
    sends: bool,
    /// Whether what it receives was brought up to date at the sender: then nothing but the full check looks at the host.
    receives_live: bool,
}

/// What an endpoint is to one guest: two alternatives with the same view give the same answers. They are compared in this
/// order: what is short and differs most often stands first. Map, machine types and dependencies are numbers in [`Seen`].
#[derive(PartialEq)]
struct View {
    map: usize,
    has_model: bool,
    has_machines: usize,
    dependencies: usize,
    host: Host,
    qemu: QemuName,
    behaviour: Behaviour,
    properties: FeatureSet,
    tcg: [FeatureSet; 3],
}

/// What tells a QEMU from others: its release; the one whose lists it has, where libvirt chooses a model from them; and
/// the changes of its build.
type QemuName = (Version, Option<Version>, *const QemuChanges);

/// The two releases between which a QEMU stands, and its changes.
type BetweenQemus = (Version, Version, *const QemuChanges);

/// What the alternatives of one endpoint share, each worked out once, by the address of the map or the table.
#[derive(Default)]
struct Seen<'e> {
    maps: Numbered<*const CpuMap, MapView<'e>>,
    machines: Numbered<BetweenQemus, Vec<bool>>,
    dependencies: Numbered<*const Dependency, Vec<(FeatureId, FeatureSet)>>,
}

/// The numbers of the values that were worked out for keys, and these values: equal ones have one number.
type Numbered<K, V> = (Vec<(K, usize)>, Vec<V>);

/// Returns the number of what is known under a key, or works it out; `same` compares it with others.
fn number_of<K: PartialEq, V>(
    (of_keys, values): &mut Numbered<K, V>,
    key: K,
    make: impl FnOnce() -> V,
    mut same: impl FnMut(&V, &V) -> bool,
) -> usize {
    if let Some((_, number)) = of_keys.iter().find(|(other, _)| *other == key) {
        return *number;
    }
    let value = make();
    let number = values.iter().position(|known| same(known, &value)).unwrap_or(values.len());
    if number == values.len() {
        values.push(value);
    }
    of_keys.push((key, number));
    number
}

/// Returns for each value the first one of its kind.
fn firsts(kinds: Vec<Vec<usize>>) -> Vec<usize> {
    let mut firsts: HashMap<Vec<usize>, usize> = HashMap::default();
    kinds.into_iter().enumerate().map(|(value, kind)| *firsts.entry(kind).or_insert(value)).collect()
}

/// What a map is to one guest: the map, what it says of the model, and whether it has some of the features in registers
/// that are not CPUID's, once that is asked.
type MapView<'e> = (&'e CpuMap, Option<ModelView<'e>>, OnceCell<bool>);

/// What a map's model is to one guest: its features, the removed and the added ones, and whether the partial check is
/// the old one.
type ModelView<'e> = (&'e FeatureSet, &'e [FeatureId], FeatureSet, bool);

/// The features that two maps define differently, or only one of them defines, by the addresses of the maps.
type Differences = HashMap<[*const CpuMap; 2], FeatureSet>;

/// Returns the features that only one of two maps has, or that they define differently; all where they have their common
/// ones in another order.
fn differences(one: &CpuMap, other: &CpuMap) -> FeatureSet {
    let common = one.known & other.known;
    let both = |(feature, _): &(&FeatureId, &Arc<FeatureDefinition>)| common.contains(**feature);
    let mut differ = (one.known | other.known) - common;
    let [own, others] = [one, other].map(|map| map.order.iter().zip(&map.features).filter(both));
    for ((feature, definition), (other, other_definition)) in own.zip(others) {
        if feature != other {
            return FeatureSet::ALL;
        }
        if definition != other_definition {
            differ.insert(*feature);
        }
    }
    differ
}

/// The guest as far as it bears on what an endpoint is to it.
struct GuestView {
    /// The one model that it may have; `None` where libvirt chooses one, or none is named.
    model: Option<ModelId>,
    /// Every feature that may be enabled, mentioned or missed.
    features: FeatureSet,
}

/// The endpoints of a plan, each with every combination of its inputs, so that they are made once for all models.
pub struct Alternatives<'p, 'a> {
    plan: &'p Plan<'a>,
    /// Those that the guest passes through in order, and then the one where it started.
    endpoints: Vec<(&'p EndpointOptions<'a>, [Group<'a>; 2])>,
    /// How their maps differ, as far as it was looked up.
    differences: RefCell<Differences>,
}

/// Inputs of an endpoint that bear on one another.
struct Group<'a> {
    /// Their indices among the plan's.
    axes: Vec<usize>,
    /// The endpoint with each combination of their values, the first input turning fastest; `None` of more than
    /// [`MOST_ALTERNATIVES`].
    ends: Option<Vec<Option<Arc<Endpoint<'a>>>>>,
}

impl<'p, 'a> Alternatives<'p, 'a> {
    fn of(plan: &'p Plan<'a>) -> Self {
        let of_group = |options: &EndpointOptions<'a>, axes: Vec<usize>| {
            let sizes: Vec<usize> = axes.iter().map(|axis| plan.axes[*axis].values.len()).collect();
            let all = sizes.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
            let mut assignment = vec![0; plan.axes.len()];
            let mut end = |number: usize| {
                let mut rest = number;
                for (axis, size) in axes.iter().zip(&sizes) {
                    assignment[*axis] = rest % size;
                    rest /= size;
                }
                options.end(&assignment)
            };
            let ends = all.filter(|all| *all <= MOST_ALTERNATIVES).map(|all| (0..all).map(&mut end).collect());
            Group { axes, ends }
        };
        let of = |options: &'p EndpointOptions<'a>| (options, options.inputs().map(|axes| of_group(options, axes)));
        let endpoints = plan.endpoints.iter().chain(&plan.started).map(of).collect();
        Self { plan, endpoints, differences: RefCell::default() }
    }

    /// Returns for each unknown input and each of its values the first value that is the same to a guest with this model.
    pub fn alike_values(&self, model: ModelId) -> Vec<Vec<usize>> {
        let plan = self.plan;
        let mut alike: Vec<Vec<usize>> = plan.axes.iter().map(|axis| (0..axis.values.len()).collect()).collect();
        let guest = plan.guest_view(model);
        // For each input, the classes of its values at every endpoint that it bears on.
        let mut classes: Vec<Vec<Vec<usize>>> = vec![Vec::new(); plan.axes.len()];
        for (index, (options, groups)) in self.endpoints.iter().enumerate() {
            let is_start = index == plan.endpoints.len();
            let sender = index.checked_sub(1).and_then(|sender| plan.endpoints.get(sender)).filter(|_| !is_start);
            let receives_live = plan.scenario.running.is_none()
                && guest.model.is_some()
                && options.reads_cookie()
                && sender.is_some_and(|sender| sender.always(|behaviour| behaviour.live_update));
            let role = Role {
                starts: is_start || (index == 0 && plan.started.is_none()),
                reconnects: index == 0 && plan.started.is_some(),
                receives: sender.is_some(),
                sends: index + 1 < plan.endpoints.len(),
                receives_live,
            };
            self.classes_at(options, groups, role, &guest, &mut classes);
        }
        for (alike, classes) in alike.iter_mut().zip(&classes).filter(|(_, classes)| !classes.is_empty()) {
            let kind = |value: usize| classes.iter().map(|classes| classes[value]).collect();
            *alike = firsts((0..alike.len()).map(kind).collect());
        }
        if let Some(axis) = plan.machines.axis {
            alike[axis] = plan.alike_machines(model);
        }
        alike
    }

    /// Puts the values of every input of this endpoint into classes: two are one where the endpoint is the same whatever
    /// its other inputs are.
    fn classes_at<'e>(
        &self,
        options: &EndpointOptions<'_>,
        groups: &'e [Group<'a>],
        role: Role,
        guest: &GuestView,
        classes: &mut [Vec<Vec<usize>>],
    ) {
        let mut seen = Seen::default();
        let mut differences = self.differences.borrow_mut();
        for Group { axes, ends } in groups {
            let sizes = axes.iter().map(|axis| self.plan.axes[*axis].values.len());
            let Some(ends) = ends else {
                axes.iter().zip(sizes).for_each(|(axis, size)| classes[*axis].push((0..size).collect()));
                continue;
            };
            let mut known: Vec<Option<View>> = Vec::new();
            let kind = |end: &'e Option<Arc<Endpoint<'a>>>| {
                let view =
                    end.as_ref().map(|end| self.plan.view(end, options, role, guest, (&mut seen, &mut differences)));
                known.iter().position(|other| *other == view).unwrap_or_else(|| {
                    known.push(view);
                    known.len() - 1
                })
            };
            let kinds: Vec<usize> = ends.iter().map(kind).collect();
            let mut step = 1;
            for (axis, size) in axes.iter().zip(sizes) {
                let line = |value: usize| -> Vec<usize> {
                    let blocks = kinds.chunks_exact(step * size);
                    blocks.flat_map(|block| &block[value * step..(value + 1) * step]).copied().collect()
                };
                classes[*axis].push(firsts((0..size).map(line).collect()));
                step *= size;
            }
        }
    }
}

impl<'a> Plan<'a> {
    /// Returns the alternatives of its endpoints, which tell the values that are the same to a guest.
    #[doc(hidden)]
    pub fn alternatives(&self) -> Alternatives<'_, 'a> {
        Alternatives::of(self)
    }

    fn guest_view(&self, model: ModelId) -> GuestView {
        let (scenario, catalog) = (self.scenario, self.catalog);
        let inactive = scenario.running.as_deref().and_then(|running| running.inactive.as_ref());
        let definitions = || inactive.map(|inactive| &inactive.features).into_iter().chain([&scenario.features]);
        // These are compared with the whole host, or libvirt chooses the model.
        let forbids = definitions().any(|features| !features.with(Policy::Forbid).is_empty());
        let is_plain = !forbids && scenario.matching == Match::Exact && scenario.fallback == Fallback::Forbid;
        if !is_plain || scenario.mode() != Mode::Custom {
            return GuestView { model: None, features: FeatureSet::ALL };
        }
        let mut features = FeatureSet::EMPTY;
        definitions().for_each(|policies| features |= policies.mentioned());
        for accel in [Accel::Kvm, Accel::Tcg] {
            features |= catalog
                .qemu_defaults()
                .of(model, accel)
                .map(crate::domain::qemu::ModelDefaults::anywhere)
                .unwrap_or_default();
        }
        let names = catalog.named();
        // While vmx is off QEMU has none of its children on, and no definition mentions those that are only added.
        let has_vmx = super::guests::may_have_vmx(catalog, scenario, [model].iter()) || scenario.running.is_some();
        let never = if has_vmx { FeatureSet::EMPTY } else { names.vmx_children };
        for map in catalog.maps() {
            if let Some(of_map) = map.model(model) {
                features |= of_map.data | of_map.removed_set() | (of_map.added_set() - never);
            }
        }
        features.extend([names.hypervisor, names.ht, names.cmp_legacy].into_iter().flatten());
        if has_vmx {
            features |= names.vmx_children;
        }
        if Some(model) == names.icelake_server {
            features.extend(names.pconfig);
        }
        features.insert(scenario.feature);
        GuestView { model: Some(model), features }
    }

    fn view<'e>(
        &self,
        end: &'e Endpoint<'_>,
        options: &EndpointOptions<'_>,
        role: Role,
        guest: &GuestView,
        (seen, differences_of): (&mut Seen<'e>, &mut Differences),
    ) -> View {
        let all = guest.features;
        let of_map = guest.model.and_then(|model| end.map.model(model));
        let map_view = || {
            let model = of_map.map(|of_map| {
                let compat = of_map.partial_compat && !role.receives_live;
                (&of_map.data, of_map.removed.as_slice(), of_map.added_set() & all, compat)
            });
            (&*end.map, model, OnceCell::new())
        };
        // Where its model may be any, a guest may tell every map from another.
        let is_same = |(known, of_known, _): &MapView<'e>, (map, of_map, _): &MapView<'e>| {
            guest.model.is_some()
                && of_known == of_map
                && differences_of
                    .entry([*known, *map].map(std::ptr::from_ref))
                    .or_insert_with(|| differences(known, map))
                    .is_disjoint(&all)
        };
        let map = number_of(&mut seen.maps, Arc::as_ptr(&end.map), map_view, is_same);
        let host = match end.host {
            Host::Capable => Host::Capable,
            Host::With { vendor, features, silicon, signature } => {
                let signature = signature.filter(|_| guest.model.is_none());
                Host::With { vendor, features: features & all, silicon: silicon & all, signature }
            }
        };
        let has_machines = number_of(
            &mut seen.machines,
            end.qemu.identity(),
            || self.machines.iter().map(|machine| options.has_machine(self.catalog, end, machine)).collect(),
            PartialEq::eq,
        );
        let mut behaviour = self.narrowed(&end.behaviour, of_map, role, guest);
        if !seen.machines.1[has_machines].contains(&false) {
            behaviour.validate_incoming_machine = true;
        }
        if guest.model.is_some() && all.is_subset(&end.qemu.properties) {
            behaviour.drop_unknown = DropUnknown::CommandLine;
        }
        let has_msrs = || !end.map.in_msrs().is_disjoint(&all);
        if !behaviour.msr_check && !seen.maps.1[map].2.get_or_init(has_msrs) {
            behaviour.msr_check = true;
        }
        // What QEMU ignored, or still accepts.
        let none = Behaviour::default();
        if !end.qemu.has_quirk(self.catalog, QuirkKind::NoDetach, None) {
            behaviour.migrates_with_detach = none.migrates_with_detach;
        }
        if !end.qemu.has_quirk(self.catalog, QuirkKind::NoFileThroughFd, None) {
            behaviour.restores_through_fd = none.restores_through_fd;
        }
        let (version, lists, changes) = end.qemu.identity();
        let table = end.qemu.dependencies.rows;
        let dependencies = number_of(
            &mut seen.dependencies,
            table.as_ptr(),
            || {
                let rows = table.iter().map(|(parent, children)| (*parent, *children & all));
                rows.filter(|(_, children)| !children.is_empty()).collect()
            },
            PartialEq::eq,
        );
        View {
            map,
            has_model: guest.model.is_none_or(|model| end.qemu.has_model(model)),
            has_machines,
            dependencies,
            host,
            qemu: (version, Some(lists).filter(|_| guest.model.is_none()), changes),
            behaviour,
            properties: end.qemu.properties & all,
            tcg: [end.qemu.tcg_carried, end.qemu.tcg_unsupported, end.qemu.tcg_max].map(|set| set & all),
        }
    }

    /// The switches without those that cannot matter to this guest here.
    fn narrowed(
        &self,
        behaviour: &Behaviour,
        of_map: Option<&ModelDefinition>,
        role: Role,
        guest: &GuestView,
    ) -> Behaviour {
        let none = Behaviour::default();
        let mut own = behaviour.clone();
        own.map_facts = none.map_facts;
        own.sorted_domcapabilities = none.sorted_domcapabilities;
        // QEMU reports no feature of the facts both as enabled and as unavailable.
        own.conflict_check = none.conflict_check;
        if guest.model.is_some() {
            (own.decode_penalties, own.untranslated) = (none.decode_penalties, none.untranslated);
            (own.ignored, own.maximum_mode) = (own.ignored & guest.features, none.maximum_mode);
            own.unwritten &= guest.features;
            own.forbid_check = none.forbid_check;
            if !self.catalog.named().had_tsx.contains(&guest.model) {
                own.tsx_hint = none.tsx_hint;
            }
            if of_map.is_none_or(|model| model.removed.is_empty()) {
                (own.removed_incoming, own.removed_reconnect) = (Regime::Nothing, Regime::Nothing);
            }
            // A sender that looks for added features refuses a model that its map lacks.
            if of_map.is_some_and(|model| model.added_set().is_disjoint(&guest.features)) {
                (own.added, own.drop_added) = (none.added, none.drop_added);
            }
        }
        if own.ignored.is_empty() {
            own.filter_reported = none.filter_reported;
            own.reconnect_ignored = none.reconnect_ignored;
        }
        if !role.reconnects {
            (own.removed_reconnect, own.reconnect_ignored) = (none.removed_reconnect, none.reconnect_ignored);
        }
        if !role.receives {
            own.removed_incoming = none.removed_incoming;
            own.validate_incoming_machine = none.validate_incoming_machine;
        }
        if !role.receives || self.scenario.transport != Transport::Save {
            own.restores_through_fd = none.restores_through_fd;
        }
        if !role.sends {
            (own.drop_added, own.send_pconfig) = (none.drop_added, none.send_pconfig);
            own.invtsc_message = none.invtsc_message;
            own.migrates_with_detach = none.migrates_with_detach;
        }
        if role.receives_live || (!role.starts && !role.receives) {
            own.partial_check = none.partial_check;
        }
        if !role.starts && !role.receives {
            (own.partial_words, own.tsx_hint) = (none.partial_words, none.tsx_hint);
        }
        if role.receives_live {
            (own.registers_read, own.host_under_kvm) = (none.registers_read, none.host_under_kvm);
        }
        own
    }
}
