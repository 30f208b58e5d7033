//! Writes the QEMU releases: lists, properties, dependencies, defaults of models.

use super::page::{Attributes, Page};
use super::{change, shortest};
use crate::domain::catalog::Parts;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::ModelId;
use crate::domain::order::{sort, sort_by_key};
use crate::domain::qemu::{Accel, MachineId, MachineSet, ModelDefaults, QemuFacts};
use crate::load::notation::MachineFamilies;

const COMMENT: &str = "QEMU releases: machine types, CPU models, properties, dependencies, and what TCG supports.
    Written by import; see PROVENANCE.md. In a list of features NAME adds and -NAME removes.
    properties, tcg-unsupported and tcg-max are changes from the previous release that has such a list.
    releases=A..B means every release in this file from A to B; A.. means every release from A on.";

const CELLS: &str = "What each model enables, before the host filter and after dependency clearing.
    The features listed are on under every machine type, those of <on> only under some.
    <on> outside kvm and tcg is valid for both. like=MODEL starts from that model, like=kvm from this model under KVM.
    pc-q35-2.4..3.1 means all of the family from 2.4 to 3.1; a missing bound leaves the range open.";

struct Writer<'a> {
    parts: &'a Parts,
    page: Page,
}

pub(super) fn write(parts: &Parts) -> String {
    let mut writer = Writer { parts, page: Page::new("qemu", COMMENT) };
    writer.names();
    writer.releases();
    writer.machines();
    writer.models();
    writer.generic();
    writer.dependencies();
    writer.cells();
    writer.page.finish()
}

impl Writer<'_> {
    /// Writes the feature names that no map has.
    fn names(&mut self) {
        let mut mapped = FeatureSet::EMPTY;
        self.parts.maps.iter().for_each(|map| mapped |= map.known);
        let mut others: Vec<String> = (0u16..)
            .zip(self.parts.features.iter())
            .filter(|(number, _)| !mapped.contains(FeatureId(*number)))
            .map(|(_, name)| name.to_owned())
            .collect();
        sort(&mut others);
        self.page.comment(
            "Features that only QEMU knows, and the names that libvirt uses for some of them and has in no CPU map.",
        );
        self.page.list("names", &Vec::new(), &others);
    }

    fn releases(&mut self) {
        let (mut properties, mut unsupported, mut max) = (FeatureSet::EMPTY, FeatureSet::EMPTY, FeatureSet::EMPTY);
        for release in &self.parts.qemu {
            self.page.open("release", &release_attributes(release));
            for (name, before, now) in [
                ("properties", &mut properties, release.properties),
                ("tcg-unsupported", &mut unsupported, release.tcg_unsupported),
                ("tcg-max", &mut max, release.tcg_max),
            ] {
                if let Some(now) = now {
                    self.page.list(name, &Vec::new(), &change(&self.parts.features, *before, now));
                    *before = now;
                }
            }
            if let Some(host) = &release.recorded_host {
                let names = &self.parts.features;
                self.page.open("recorded-host", &vec![("base", host.base.to_string())]);
                self.page.words(&change(names, FeatureSet::EMPTY, host.features));
                if !host.non_migratable.is_empty() {
                    let words = change(names, FeatureSet::EMPTY, host.non_migratable);
                    self.page.list("non-migratable", &Vec::new(), &words);
                }
                for (name, value) in &host.props {
                    self.page.leaf("prop", &vec![("name", name.to_string()), ("value", value.to_string())]);
                }
                self.page.close();
            }
            self.page.close();
        }
    }

    /// Writes a set of releases as ranges of the list.
    fn ranges(&self, places: &[usize]) -> String {
        let name = |index: &usize| self.parts.qemu[*index].version.to_string();
        let runs = places.chunk_by(|a, b| a + 1 == *b).filter_map(|run| {
            let (first, last) = (run.first()?, run.last()?);
            Some(match (first == last, last + 1 == self.parts.qemu.len()) {
                (_, true) => format!("{}..", name(first)),
                (true, false) => name(first),
                (false, false) => format!("{}..{}", name(first), name(last)),
            })
        });
        runs.collect::<Vec<_>>().join(" ")
    }

    /// Writes `<in>` for each group of releases with the same attributes.
    fn listed(&mut self, entries: Vec<(usize, Attributes)>) {
        let mut groups: Vec<(Attributes, Vec<usize>)> = Vec::new();
        for (index, attributes) in entries {
            match groups.iter_mut().find(|(known, _)| *known == attributes) {
                Some((_, places)) => places.push(index),
                None => groups.push((attributes, vec![index])),
            }
        }
        for (attributes, places) in groups {
            let mut all = vec![("releases", self.ranges(&places))];
            all.extend(attributes);
            self.page.leaf("in", &all);
        }
    }

    fn machines(&mut self) {
        let parts = self.parts;
        let upstream = parts.downstream.machines.first().map_or(parts.machines.len(), |m| usize::from(m.machine.0));
        for (name, number) in parts.machines.iter().zip(0..).take(upstream) {
            let id = MachineId(number);
            let mut attributes = vec![("name", name.to_owned())];
            if parts.qemu_defaults.position(id).is_some() {
                attributes.push(("defaults", "yes".to_owned()));
            }
            self.page.open("machine", &attributes);
            let mut entries = Vec::new();
            for (index, release) in parts.qemu.iter().enumerate() {
                let Some(machine) = release.machines.iter().find(|machine| machine.machine == id) else { continue };
                let yes = |is: bool| is.then(|| "yes".to_owned());
                let left_out = release.not_recorded.contains(&id).then(|| "no".to_owned());
                let attributes = [
                    ("alias", machine.alias.as_deref().map(str::to_owned)),
                    ("default", yes(machine.default)),
                    ("deprecated", yes(machine.deprecated)),
                    ("cpu-max", machine.cpu_max.map(|max| max.to_string())),
                    ("default-cpu", machine.default_cpu.as_deref().map(str::to_owned)),
                    ("recorded", left_out),
                ];
                let given = attributes.into_iter().filter_map(|(name, value)| Some((name, value?)));
                entries.push((index, given.collect()));
            }
            self.listed(entries);
            self.page.close();
        }
    }

    fn models(&mut self) {
        let parts = self.parts;
        let mut earlier: Vec<(ModelId, Vec<(usize, FeatureSet)>)> = Vec::new();
        for (name, number) in parts.models.iter().zip(0..) {
            let id = ModelId(number);
            let mut entries = Vec::new();
            let mut blockers: Vec<(usize, FeatureSet)> = Vec::new();
            for (index, release) in parts.qemu.iter().enumerate() {
                let Some(model) = release.models.iter().find(|model| model.model == id) else { continue };
                let mut attributes: Attributes = Vec::new();
                attributes.extend(model.alias_of.map(|alias| ("alias-of", parts.models.name(alias.0).to_owned())));
                attributes.extend(model.deprecated.then(|| ("deprecated", "yes".to_owned())));
                entries.push((index, attributes));
                blockers.push((index, model.tcg_blockers.iter().copied().collect()));
            }
            if entries.is_empty() {
                continue;
            }
            let mut attributes = vec![("name", name.to_owned())];
            let same = |known: &[(usize, FeatureSet)]| blockers.iter().all(|entry| known.contains(entry));
            let any = blockers.iter().any(|(_, set)| !set.is_empty());
            let like = earlier.iter().find(|(_, known)| any && same(known)).map(|(id, _)| *id);
            attributes.extend(like.map(|like| ("like", parts.models.name(like.0).to_owned())));
            self.page.open("model", &attributes);
            self.listed(entries);
            let mut before = FeatureSet::EMPTY;
            for (index, set) in blockers.iter().filter(|_| like.is_none()) {
                if *set != before {
                    let since = vec![("since", parts.qemu[*index].version.to_string())];
                    self.page.list("tcg-lacks", &since, &change(&parts.features, before, *set));
                    before = *set;
                }
            }
            self.page.close();
            earlier.push((id, blockers));
        }
    }

    fn generic(&mut self) {
        let mut names: Vec<&str> = self.parts.qemu.iter().flat_map(|q| q.generic.iter().map(|name| &**name)).collect();
        sort(&mut names);
        names.dedup();
        self.page.comment("CPU types that QEMU lists among its models, although they are not models.");
        for name in names {
            let has = |release: &QemuFacts| release.generic.iter().any(|known| &**known == name);
            let places: Vec<usize> =
                self.parts.qemu.iter().enumerate().filter(|(_, q)| has(q)).map(|(index, _)| index).collect();
            let releases = self.ranges(&places);
            self.page.leaf("generic", &vec![("name", name.to_owned()), ("releases", releases)]);
        }
    }

    fn dependencies(&mut self) {
        let parts = self.parts;
        let tables = || parts.qemu.iter().filter_map(|release| Some((release.version, release.dependencies.as_ref()?)));
        let mut parents: Vec<FeatureId> =
            tables().flat_map(|(_, rows)| rows.iter().map(|(parent, _)| *parent)).collect();
        sort_by_key(&mut parents, |parent| parts.features.name(parent.0));
        parents.dedup();
        self.page.comment("If the parent is off, QEMU disables the children. QEMU has this table since 4.2.");
        for parent in parents {
            self.page.open("dependency", &vec![("parent", parts.features.name(parent.0).to_owned())]);
            let (mut known, mut before) = (FeatureSet::EMPTY, None);
            for (version, rows) in tables() {
                let now = rows.iter().find(|(row, _)| *row == parent).map(|(_, children)| *children);
                if now == before {
                    continue;
                }
                let mut attributes = vec![("release", version.to_string())];
                if let Some(children) = now {
                    self.page.list("since", &attributes, &change(&parts.features, known, children));
                    known = children;
                } else {
                    attributes.push(("gone", "yes".to_owned()));
                    self.page.leaf("since", &attributes);
                }
                before = now;
            }
            self.page.close();
        }
    }

    fn cells(&mut self) {
        let parts = self.parts;
        let families = MachineFamilies::new(&parts.machines, &parts.qemu_defaults.machines);
        self.page.comment(CELLS);
        let mut earlier: Vec<(&str, ModelId)> = Vec::new();
        for (name, number) in parts.models.iter().zip(0..) {
            let id = ModelId(number);
            let (Some(kvm), Some(tcg)) =
                (parts.qemu_defaults.of(id, Accel::Kvm), parts.qemu_defaults.of(id, Accel::Tcg))
            else {
                continue;
            };
            self.page.open("defaults", &vec![("model", name.to_owned())]);
            let likes = |accel: Accel| {
                let of = move |id: ModelId| parts.qemu_defaults.of(id, accel).map(|cells| cells.always);
                earlier.iter().rev().filter_map(move |(name, id)| Some((*name, of(*id)?)))
            };
            let both: Vec<_> = kvm.only_on.iter().filter(|on| tcg.only_on.contains(on)).copied().collect();
            self.half("kvm", kvm, likes(Accel::Kvm).collect(), &both, &families);
            let under_kvm = std::iter::once(("kvm", kvm.always));
            self.half("tcg", tcg, under_kvm.chain(likes(Accel::Tcg)).collect(), &both, &families);
            self.on(&both, &families);
            self.page.close();
            earlier.push((name, id));
        }
    }

    fn half(
        &mut self,
        element: &'static str,
        cells: &ModelDefaults,
        likes: Vec<(&str, FeatureSet)>,
        both: &[(FeatureId, MachineSet)],
        families: &MachineFamilies,
    ) {
        let (like, words) = shortest(&self.parts.features, FeatureSet::EMPTY, cells.always, likes);
        let attributes = like.map(|like| ("like", like.to_owned())).into_iter().collect();
        let own: Vec<_> = cells.only_on.iter().filter(|on| !both.contains(on)).copied().collect();
        if own.is_empty() {
            return self.page.list(element, &attributes, &words);
        }
        self.page.open(element, &attributes);
        self.page.words(&words);
        self.on(&own, families);
        self.page.close();
    }

    fn on(&mut self, only_on: &[(FeatureId, MachineSet)], families: &MachineFamilies) {
        let mut groups: Vec<(MachineSet, FeatureSet)> = Vec::new();
        for (feature, set) in only_on {
            match groups.iter_mut().find(|(known, _)| known == set) {
                Some((_, features)) => features.insert(*feature),
                None => groups.push((*set, FeatureSet::only(*feature))),
            }
        }
        for (set, features) in groups {
            let words = change(&self.parts.features, FeatureSet::EMPTY, features);
            self.page.list("on", &vec![("machines", families.write(set))], &words);
        }
    }
}

fn release_attributes(release: &QemuFacts) -> Attributes {
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    let dependencies = match (&release.probe_source, &release.dependencies) {
        (Some(_), None) => Some("unread"),
        _ => release.dependencies_partial.then_some("partial"),
    };
    let attributes = [
        ("version", Some(release.version.to_string())),
        ("source", Some(release.source.to_string())),
        ("reported", release.reported.map(|version| version.to_string())),
        ("recorded-source", text(&release.recorded_source)),
        ("ran", release.ran.then(|| "yes".to_owned())),
        ("asked-with", text(&release.asked_with)),
        ("probe-source", text(&release.probe_source)),
        ("dependencies", dependencies.map(str::to_owned)),
        ("tcg-max-source", text(&release.tcg_max_source)),
    ];
    attributes.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
