//! Groups values of unknown inputs that are equal for the guest, such as machine types with the same defaults, so that
//! only one of each group is tried.

use super::Plan;
use super::endpoint_options::EndpointOptions;
use crate::domain::behaviour::{Behaviour, DropUnknown, QuirkKind, Regime};
use crate::domain::definition::{Definition, Fallback, Match, Mode, Policy};
use crate::domain::dependencies::Dependency;
use crate::domain::downstream::QemuChanges;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::{CpuMap, ModelDefinition, ModelId};
use crate::domain::qemu::Accel;
use crate::domain::scenario::Transport;
use crate::domain::version::Version;
use crate::resolve::endpoint::{Endpoint, Host};
use std::rc::Rc;
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
/// order: what differs most often stands first.
#[derive(PartialEq)]
struct View {
    host: Host,
    version: Version,
    behaviour: Behaviour,
    map: Rc<MapView>,
    has_model: bool,
    has_machines: Rc<[bool]>,
    properties: FeatureSet,
    dependencies: Needs,
    tcg: [FeatureSet; 3],
}

/// The two releases between which a QEMU stands, and its changes.
type BetweenQemus = (Version, Version, *const QemuChanges);

/// Which features each feature of QEMU needs.
type Needs = Rc<[(FeatureId, FeatureSet)]>;

/// What the alternatives of one endpoint share, each worked out once, by the address of the map or the table.
#[derive(Default)]
struct Seen {
    maps: Vec<(*const CpuMap, Rc<MapView>)>,
    machines: Vec<(BetweenQemus, Rc<[bool]>)>,
    dependencies: Vec<(*const Dependency, Needs)>,
}

/// Returns what is known under a key, or works it out.
fn once<K: PartialEq, V: ?Sized>(known: &mut Vec<(K, Rc<V>)>, key: K, make: impl FnOnce() -> Rc<V>) -> Rc<V> {
    if let Some((_, value)) = known.iter().find(|(other, _)| *other == key) {
        return Rc::clone(value);
    }
    let value = make();
    known.push((key, Rc::clone(&value)));
    value
}

/// What a map is to one guest.
#[derive(PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are models, and a box for each would cost more")]
enum MapView {
    /// Its model may be any: the map as a whole, by its address.
    Whole(*const CpuMap),
    /// The model, and the order and the kinds of the features that may be spoken of.
    Model { model: Option<ModelView>, order: Vec<FeatureId>, in_msrs: FeatureSet, migratable: FeatureSet },
}

/// What a map's model is to one guest: its features, the removed and the added ones, and whether the partial check is
/// the old one.
type ModelView = (FeatureSet, Vec<FeatureId>, FeatureSet, bool);

/// The guest as far as it bears on what an endpoint is to it.
struct GuestView {
    /// The one model that it may have; `None` where libvirt chooses one, or none is named.
    model: Option<ModelId>,
    /// Every feature that may be enabled, mentioned or missed.
    features: FeatureSet,
    forbids: bool,
    has_optional: bool,
}

impl Plan<'_> {
    /// Returns for each unknown input the values that have to be tried of a guest with this model, by their indices.
    pub(super) fn distinct_values(&self, model: ModelId) -> Vec<Vec<usize>> {
        let mut values: Vec<Vec<usize>> = self.axes.iter().map(|axis| (0..axis.values.len()).collect()).collect();
        let guest = self.guest_view(model);
        // For each input, the classes of its values at every endpoint that it bears on.
        let mut classes: Vec<Vec<Vec<usize>>> = vec![Vec::new(); self.axes.len()];
        for (index, options) in self.endpoints.iter().enumerate() {
            let last = index + 1 == self.endpoints.len();
            let starts = index == 0 && self.started.is_none();
            let sender = index.checked_sub(1).and_then(|sender| self.endpoints.get(sender));
            let receives_live = self.scenario.running.is_none()
                && guest.model.is_some()
                && options.always(|behaviour| behaviour.cookie)
                && sender.is_some_and(|sender| sender.always(|behaviour| behaviour.live_update));
            let role = Role { starts, reconnects: index == 0, receives: index > 0, sends: !last, receives_live };
            self.classes_at(options, role, &guest, &mut classes);
        }
        if let Some(options) = &self.started {
            let role = Role { starts: true, reconnects: false, receives: false, sends: false, receives_live: false };
            self.classes_at(options, role, &guest, &mut classes);
        }
        for (values, classes) in values.iter_mut().zip(&classes) {
            if classes.is_empty() {
                continue;
            }
            let kind = |value: usize| -> Vec<usize> { classes.iter().map(|classes| classes[value]).collect() };
            let mut known: Vec<Vec<usize>> = Vec::new();
            values.retain(|value| {
                let kind = kind(*value);
                let is_new = !known.contains(&kind);
                known.extend(is_new.then_some(kind));
                is_new
            });
        }
        if let Some(axis) = self.machines.axis {
            let alike = self.alike_machines(model);
            values[axis].retain(|value| alike.get(*value) == Some(value));
        }
        values
    }

    /// Puts the values of every input of this endpoint into classes: two are one where the endpoint is the same whatever
    /// its other inputs are.
    fn classes_at(
        &self,
        options: &EndpointOptions<'_>,
        role: Role,
        guest: &GuestView,
        classes: &mut [Vec<Vec<usize>>],
    ) {
        let mut seen = Seen::default();
        for own in options.inputs() {
            let sizes: Vec<usize> = own.iter().map(|axis| self.axes[*axis].values.len()).collect();
            let all = sizes.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
            let Some(all) = all.filter(|all| *all <= MOST_ALTERNATIVES) else {
                own.iter().zip(&sizes).for_each(|(axis, size)| classes[*axis].push((0..*size).collect()));
                continue;
            };
            let mut known: Vec<Option<View>> = Vec::new();
            let mut assignment = vec![0; self.axes.len()];
            let kinds: Vec<usize> = (0..all)
                .map(|number| {
                    let mut rest = number;
                    for (axis, size) in own.iter().zip(&sizes) {
                        assignment[*axis] = rest % size;
                        rest /= size;
                    }
                    let view = options.end(&assignment).map(|end| self.view(&end, options, role, guest, &mut seen));
                    known.iter().position(|other| *other == view).unwrap_or_else(|| {
                        known.push(view);
                        known.len() - 1
                    })
                })
                .collect();
            let mut step = 1;
            for (axis, size) in own.iter().zip(&sizes) {
                let line = |value: usize| -> Vec<usize> {
                    let is_on_it = |number: &usize| number / step % size == value;
                    (0..all).filter(is_on_it).map(|number| kinds[number]).collect()
                };
                let lines: Vec<Vec<usize>> = (0..*size).map(line).collect();
                let first_like = |value: usize| lines.iter().position(|line| *line == lines[value]).unwrap_or(value);
                classes[*axis].push((0..*size).map(first_like).collect());
                step *= size;
            }
        }
    }

    fn guest_view(&self, model: ModelId) -> GuestView {
        let (scenario, catalog) = (self.scenario, self.catalog);
        let running = scenario.running.as_deref();
        let live = running.map(|running| &running.live);
        let named = match live {
            Some(live) => live.model.filter(|_| live.mode == Mode::Custom),
            None => Some(model).filter(|_| scenario.mode() == Mode::Custom && !scenario.takes_host_model()),
        };
        let definitions = || live.into_iter().chain(running.and_then(|running| running.inactive.as_ref()));
        let policies = |policy: Policy| {
            let of = |definition: &Definition| !definition.features.with(policy).is_empty();
            !scenario.features.with(policy).is_empty() || definitions().any(of)
        };
        let forbids = policies(Policy::Forbid);
        // These are compared with the whole host, or libvirt chooses the model.
        let is_plain = !forbids && scenario.matching == Match::Exact && scenario.fallback == Fallback::Forbid;
        let model = named.filter(|_| is_plain);
        let Some(id) = model else {
            return GuestView { model, features: FeatureSet::ALL, forbids, has_optional: true };
        };
        let mut features = scenario.features.mentioned();
        definitions().for_each(|definition| features |= definition.features.mentioned());
        for accel in [Accel::Kvm, Accel::Tcg] {
            features |= catalog
                .qemu_defaults()
                .of(id, accel)
                .map(crate::domain::qemu::ModelDefaults::anywhere)
                .unwrap_or_default();
        }
        let names = catalog.named();
        // While vmx is off QEMU has none of its children on, and no definition mentions those that are only added.
        let has_vmx = super::guests::may_have_vmx(catalog, scenario, [id].iter()) || running.is_some();
        let never = if has_vmx { FeatureSet::EMPTY } else { names.vmx_children };
        for map in catalog.maps() {
            if let Some(of_map) = map.model(id) {
                features |= of_map.data | of_map.removed_set() | (of_map.added_set() - never);
            }
        }
        features.extend([names.hypervisor, names.ht, names.cmp_legacy].into_iter().flatten());
        if has_vmx {
            features |= names.vmx_children;
        }
        if Some(id) == names.icelake_server {
            features.extend(names.pconfig);
        }
        features.insert(scenario.feature);
        GuestView { model, features, forbids, has_optional: policies(Policy::Optional) }
    }

    fn view(
        &self,
        end: &Endpoint<'_>,
        options: &EndpointOptions<'_>,
        role: Role,
        guest: &GuestView,
        seen: &mut Seen,
    ) -> View {
        let all = guest.features;
        let of_map = guest.model.and_then(|model| end.map.model(model));
        let map_view = || match guest.model {
            None => MapView::Whole(Arc::as_ptr(&end.map)),
            Some(_) => MapView::Model {
                model: of_map.map(|of_map| {
                    let compat = of_map.partial_compat && !role.receives_live;
                    (of_map.data, of_map.removed.clone(), of_map.added_set() & all, compat)
                }),
                order: end.map.order.iter().copied().filter(|feature| all.contains(*feature)).collect(),
                in_msrs: end.map.in_msrs() & all,
                migratable: if guest.has_optional { end.map.migratable() & all } else { FeatureSet::EMPTY },
            },
        };
        let map = once(&mut seen.maps, Arc::as_ptr(&end.map), || Rc::new(map_view()));
        let host = match end.host {
            Host::Capable => Host::Capable,
            Host::With { vendor, features, silicon, signature } => {
                let signature = signature.filter(|_| guest.model.is_none());
                Host::With { vendor, features: features & all, silicon: silicon & all, signature }
            }
        };
        let has_machines = once(&mut seen.machines, end.qemu.identity(), || {
            self.machines.iter().map(|machine| options.has_machine(self.catalog, end, machine)).collect()
        });
        let mut behaviour = self.narrowed(&end.behaviour, of_map, role, guest);
        if !has_machines.contains(&false) {
            behaviour.validate_incoming_machine = true;
        }
        if guest.model.is_some() && all.is_subset(&end.qemu.properties) {
            behaviour.drop_unknown = DropUnknown::CommandLine;
        }
        if matches!(&*map, MapView::Model { in_msrs, .. } if in_msrs.is_empty()) {
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
        let table = end.qemu.dependencies.rows;
        let dependencies = once(&mut seen.dependencies, table.as_ptr(), || {
            let rows = table.iter().map(|(parent, children)| (*parent, *children & all));
            rows.filter(|(_, children)| !children.is_empty()).collect()
        });
        View {
            behaviour,
            map,
            has_model: guest.model.is_none_or(|model| end.qemu.has_model(model)),
            has_machines,
            properties: end.qemu.properties & all,
            dependencies,
            tcg: [end.qemu.tcg_carried, end.qemu.tcg_unsupported, end.qemu.tcg_max].map(|set| set & all),
            version: end.qemu.version,
            host,
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
            let lists = of_map.map(|model| (model.removed.is_empty(), model.added_set().is_disjoint(&guest.features)));
            let (nothing_removed, nothing_added) = lists.unwrap_or((true, true));
            if nothing_removed {
                (own.removed_incoming, own.removed_reconnect) = (Regime::Nothing, Regime::Nothing);
            }
            if nothing_added {
                (own.added, own.drop_added) = (none.added, none.drop_added);
            }
        }
        if own.ignored.is_empty() {
            own.filter_reported = none.filter_reported;
            own.reconnect_ignored = none.reconnect_ignored;
        }
        if !guest.forbids {
            own.forbid_check = none.forbid_check;
        }
        if !role.reconnects || (self.started.is_none() && self.scenario.running.is_none()) {
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
        if role.receives_live && !guest.forbids {
            (own.registers_read, own.host_under_kvm) = (none.registers_read, none.host_under_kvm);
        }
        own
    }
}
