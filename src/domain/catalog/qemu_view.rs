//! Reads the facts of one QEMU point release: its own if they were read, otherwise those of its neighbours.

use super::super::behaviour::QuirkKind;
use super::super::dependencies::{Dependencies, DependencyEnds};
use super::super::downstream::QemuChanges;
use super::super::feature::{FeatureId, FeatureSet};
use super::super::map::ModelId;
use super::super::qemu::{Accel, MachineId, MachineSet, QemuFacts, XSAVE_STATES, XSAVE_WORD, XsaveState, feature_word};
use super::super::version::Version;
use super::{Catalog, machine_series};
use std::sync::Arc;

/// Returns the minor number of the last QEMU series with this major: since 4.0 there are three a year.
const fn last_minor(major: u16) -> u16 {
    match major {
        1 => 7,
        2 => 12,
        3 => 1,
        _ => 2,
    }
}

/// Facts about a QEMU release that are needed often, computed once.
#[derive(Clone, Debug)]
pub(crate) struct QemuIndex {
    machines: Box<[bool]>,
    models: Box<[bool]>,
    tcg_carried: FeatureSet,
    tcg_unsupported: FeatureSet,
    /// What some model has with some machine type: names that this QEMU must know.
    in_models: FeatureSet,
    dependency_ends: DependencyEnds,
}

impl QemuIndex {
    /// Computes them. What TCG lacks was queried on a running QEMU; otherwise it is every blocker of its models
    /// together.
    pub(super) fn of(catalog: &Catalog, facts: &QemuFacts) -> Self {
        let mut machines = vec![false; catalog.machines().len()];
        let mut own = MachineSet::default();
        for known in &facts.machines {
            if let Some(index) = machines.get_mut(usize::from(known.machine.0)) {
                *index = true;
            }
            if let Some(index) = catalog.position(known.machine) {
                own.insert(index);
            }
        }
        let mut models = vec![false; catalog.models().len()];
        // The models' own data, which no compatibility setting of an older machine type has changed.
        let newest = catalog.qemu_defaults().machines.iter().rposition(|known| {
            machines.get(usize::from(known.0)).copied().unwrap_or(false)
                && catalog.machine_name(*known).starts_with("pc-q35")
        });
        let (mut tcg_carried, mut in_models) = (FeatureSet::EMPTY, FeatureSet::EMPTY);
        for known in &facts.models {
            if let Some(index) = models.get_mut(usize::from(known.model.0)) {
                *index = true;
            }
            if let Some(cells) = catalog.qemu_defaults().of(known.model, Accel::Tcg) {
                tcg_carried |= newest.map_or(cells.always, |newest| cells.on(newest));
            }
            let kvm = catalog.qemu_defaults().of(known.model, Accel::Kvm);
            for cells in kvm.into_iter().chain(catalog.qemu_defaults().of(known.model, Accel::Tcg)) {
                in_models |= cells.always | cells.on_in(own);
            }
        }
        let blockers = || facts.models.iter().flat_map(|model| model.tcg_blockers.iter().copied()).collect();
        Self {
            machines: machines.into(),
            models: models.into(),
            tcg_carried,
            in_models,
            dependency_ends: DependencyEnds::of(facts.dependencies.as_deref().unwrap_or_default()),
            tcg_unsupported: facts.tcg_unsupported.unwrap_or_else(blockers),
        }
    }
}

/// One way in which a QEMU release may be: there is one where everything was read, else one per neighbour.
#[derive(Clone, Debug)]
pub struct QemuView<'a> {
    /// The release asked for.
    pub(crate) version: Version,
    /// The release whose facts answer where the asked one has none of its own; the asked one where it has all.
    pub(crate) answers: Version,
    /// Models and machine types.
    pub(crate) lists: &'a QemuFacts,
    /// CPU feature names it takes.
    pub properties: FeatureSet,
    /// Whether these names are its own, and not those of a neighbour.
    pub(crate) names_are_read: bool,
    /// Its dependency table.
    pub(crate) dependencies: Dependencies<'a>,
    /// What some builtin model carries under TCG, under this QEMU's newest machine type.
    pub(crate) tcg_carried: FeatureSet,
    /// What its TCG cannot give.
    pub(crate) tcg_unsupported: FeatureSet,
    /// What its TCG offers with `max`.
    pub(crate) tcg_max: FeatureSet,
    /// The newest series whose `pc` and `q35` machine types this release no longer has.
    outlived: Option<(u16, u16)>,
    /// The quirks that it may have, on some machine type, by bit.
    quirks: u32,
    /// What the build of a distribution changes.
    changes: Option<Arc<QemuChanges>>,
    index: &'a QemuIndex,
}

impl QemuView<'_> {
    /// Returns whether this QEMU has the machine type. A type named after a QEMU release exists from that release
    /// on, and until it is outlived, whatever the neighbour that answers for this one lists.
    pub fn has_machine(&self, machine: MachineId, name: &str) -> bool {
        let listed = self.index.machines.get(usize::from(machine.0)).copied().unwrap_or(false);
        if self.lists.version == self.version {
            return listed;
        }
        match machine_series(name).map(|(family, version)| (family, version.series())) {
            Some((_, series)) if series > self.version.series() => false,
            Some(("pc-q35" | "pc-i440fx", series)) => match self.outlived {
                Some(outlived) => series > outlived,
                None => listed || series > self.lists.version.series(),
            },
            _ => listed,
        }
    }

    /// Returns whether this QEMU has the model.
    pub fn has_model(&self, model: ModelId) -> bool {
        let upstream = self.index.models.get(usize::from(model.0)).copied().unwrap_or(false);
        match self.changes.as_deref() {
            Some(changes) => (upstream || changes.models.contains(&model)) && !changes.removed.contains(&model),
            None => upstream,
        }
    }

    /// Returns the models that its build has besides.
    pub(crate) fn added_models(&self) -> &[ModelId] {
        self.changes.as_ref().map_or(&[], |changes| &changes.models)
    }

    /// Makes it the QEMU of a distribution's build.
    pub(crate) fn change(&mut self, changes: &Arc<QemuChanges>) {
        self.properties |= changes.properties;
        self.quirks = u32::MAX;
        self.changes = Some(Arc::clone(changes));
    }

    /// Returns what tells it from every other: its release, the one that answers for it, and its build's changes.
    pub(crate) fn identity(&self) -> (Version, Version, *const QemuChanges) {
        (self.version, self.lists.version, self.changes.as_ref().map_or(std::ptr::null(), Arc::as_ptr))
    }

    /// Returns the features of models that this QEMU does not switch off under KVM although upstream's does.
    pub(crate) fn kept(&self) -> FeatureSet {
        self.changes.as_ref().map(|changes| changes.kept).unwrap_or_default()
    }

    /// Returns whether it has a quirk on machine types of the series `machine`; with `None`, on every machine type.
    pub(crate) fn has_quirk(&self, catalog: &Catalog, kind: QuirkKind, machine: Option<(u16, u16)>) -> bool {
        if self.quirks & (1 << kind as u32) == 0 {
            return false;
        }
        let changes = self.changes.as_deref();
        let release = changes.and_then(|changes| changes.quirks_of).unwrap_or(self.version);
        changes.is_some_and(|changes| changes.quirks.contains(&kind)) || catalog.has_quirk(kind, release, machine)
    }

    /// Returns what a model has in this QEMU alone, on every machine type.
    pub(crate) fn of_model_alone(&self, catalog: &Catalog, model: ModelId) -> FeatureSet {
        if !self.has_quirk(catalog, QuirkKind::IntelPtInModels, None) {
            return FeatureSet::EMPTY;
        }
        let named = catalog.named();
        let intel_pt = named.intel_pt.filter(|_| named.had_intel_pt.contains(&Some(model)));
        let pconfig = named.pconfig.filter(|_| named.icelake_server == Some(model));
        intel_pt.into_iter().chain(pconfig).collect()
    }

    /// Returns the newest q35 machine type for which there are cells. libvirt asks QEMU without naming a machine type, so
    /// that no compatibility property counts.
    pub(crate) fn newest_machine(&self, catalog: &Catalog) -> Option<MachineId> {
        let is_of_qemu = |id: &MachineId| {
            let name = catalog.machine_name(*id);
            name.starts_with("pc-q35") && self.has_machine(*id, name)
        };
        catalog.qemu_defaults().machines.iter().rev().copied().find(is_of_qemu)
    }

    /// Returns the machine type that a short name such as `q35` means in this QEMU.
    pub(crate) fn resolve_alias(&self, alias: &str) -> Option<MachineId> {
        self.lists.machines.iter().find(|known| known.alias.as_deref() == Some(alias)).map(|known| known.machine)
    }
}

impl Catalog {
    /// Returns the features of `set` in the order in which QEMU lists unavailable ones: by its feature words, then by
    /// bit, as the newest map describes them; those no map describes come last. Every XSAVE state of a feature of
    /// `states` is listed under that feature's name.
    #[doc(hidden)]
    pub fn in_qemu_order(&self, set: FeatureSet, states: FeatureSet) -> Vec<FeatureId> {
        let mut ordered: Vec<(usize, u32, FeatureId)> = set
            .iter()
            .map(|feature| {
                let (word, bit) = self.register_of(feature).map_or((usize::MAX, 0), feature_word);
                (word, bit, feature)
            })
            .collect();
        let bits = |feature: FeatureId| {
            let name = self.feature_name(feature);
            let state = XSAVE_STATES.iter().find(move |state| state.feature == name);
            state.into_iter().flat_map(|state| state.bits).map(move |bit| (XSAVE_WORD, *bit, feature))
        };
        ordered.extend(states.iter().flat_map(bits));
        ordered.sort_unstable();
        ordered.into_iter().map(|(_, _, feature)| feature).collect()
    }

    /// Returns the XSAVE states of these features by their place in CPUID: `0xd/0/eax.2`.
    pub(crate) fn xsave_states(&self, features: FeatureSet) -> Vec<String> {
        if features.is_empty() {
            return Vec::new();
        }
        let is_in = |state: &&XsaveState| self.feature(state.feature).is_some_and(|known| features.contains(known));
        let states = XSAVE_STATES.iter().filter(is_in);
        states.flat_map(|state| state.bits).map(|bit| format!("0xd/0/eax.{bit}")).collect()
    }

    /// Returns whether QEMU published this release, judged by the facts: its series exists, and it is not newer than
    /// the newest in the facts.
    #[doc(hidden)]
    pub fn is_qemu_release(&self, version: Version) -> bool {
        let newest = self.qemu_releases().last().map(|q| q.version).unwrap_or_default();
        let oldest = self.qemu_releases().first().map(|q| q.version).unwrap_or_default();
        version >= oldest
            && (version <= newest || version.series() == newest.series())
            && version.minor <= last_minor(version.major)
    }

    /// Returns the first and the last QEMU release known to have a machine type: those in the facts, and the series after
    /// the last of these that surely have it.
    pub(crate) fn qemu_with(&self, machine: MachineId) -> Option<(Version, Version)> {
        let listed = |facts: &&QemuFacts| facts.machines.iter().any(|known| known.machine == machine);
        let all = || self.qemu_releases().iter().filter(listed);
        let (newest, name) = (self.qemu_releases().last()?.version, self.machine_name(machine));
        let has = |version: &Version| {
            *version <= newest && self.qemu_views(*version).iter().all(|view| view.has_machine(machine, name))
        };
        let next = |last: &Version| {
            if last.minor < last_minor(last.major) {
                Version::new(last.major, last.minor + 1, 0)
            } else {
                Version::new(last.major + 1, 0, 0)
            }
        };
        let last = all().next_back()?.version;
        let last = std::iter::successors(Some(last), |last| Some(next(last)).filter(has)).last()?;
        Some((all().next()?.version, last))
    }

    /// Returns the ways in which a QEMU release may be: one where its facts were read, else the lower and the upper
    /// neighbour's, in this order.
    #[doc(hidden)]
    pub fn qemu_views(&self, version: Version) -> Vec<QemuView<'_>> {
        let after = self.qemu.partition_point(|known| known.version <= version);
        let (low_list, high_list) = self.neighbours(version, after, |_| true);
        let (low_names, high_names) = self.neighbours(version, after, |known| known.properties.is_some());
        let (low_rows, high_rows) = self.neighbours(version, after, |known| known.dependencies.is_some());
        let (low_max, high_max) = self.neighbours(version, after, |known| known.tcg_max.is_some());
        let low = self.view(version, [low_list, low_names, low_rows], low_max);
        if low.as_ref().is_some_and(|low| low.answers == version) {
            return low.into_iter().collect();
        }
        let high = self.view(version, [high_list, high_names, high_rows], high_max);
        match (low, high) {
            (Some(low), Some(high)) if low.answers == high.answers => vec![low],
            (low, high) => low.into_iter().chain(high).collect(),
        }
    }

    /// The newest release at or before `version`, and the oldest at or after, among those with what is wanted, as
    /// indices; `after` is that of the first release after it. At the ends of the facts the one neighbour there is answers.
    fn neighbours(
        &self,
        version: Version,
        after: usize,
        wanted: impl Fn(&QemuFacts) -> bool,
    ) -> (Option<usize>, Option<usize>) {
        let (before, later) = self.qemu.split_at(after);
        let low = before.iter().rposition(&wanted);
        let high = match low {
            Some(exact) if before[exact].version == version => Some(exact),
            _ => later.iter().position(wanted).map(|index| after + index),
        };
        (low.or(high), high.or(low))
    }

    /// Returns a release as those tell that have its lists, its properties and its dependencies, and its `max`.
    fn view(&self, version: Version, of: [Option<usize>; 3], max: Option<usize>) -> Option<QemuView<'_>> {
        let [lists, named, table] = of;
        let (index, dependency_ends) = (self.qemu_index.get(lists?)?, &self.qemu_index.get(table?)?.dependency_ends);
        let (lists, named, table) = (self.qemu.get(lists?)?, self.qemu.get(named?)?, self.qemu.get(table?)?);
        let mut others = [lists.version, named.version, table.version].into_iter();
        let answers = others.find(|known| *known != version).unwrap_or(version);
        let lifetime = self.decisions().machine_lifetime.as_ref().filter(|lifetime| version >= lifetime.since);
        Some(QemuView {
            version,
            outlived: lifetime.map(|lifetime| (version.major.saturating_sub(lifetime.majors), version.minor)),
            answers,
            lists,
            properties: named.properties.unwrap_or_default() | index.in_models,
            names_are_read: named.version == version,
            dependencies: Dependencies::of(table.dependencies.as_deref().unwrap_or_default(), dependency_ends),
            tcg_carried: index.tcg_carried,
            tcg_unsupported: index.tcg_unsupported,
            tcg_max: max.and_then(|index| self.qemu.get(index)?.tcg_max).unwrap_or_default(),
            quirks: self.quirks_of(version),
            changes: None,
            index,
        })
    }
}
