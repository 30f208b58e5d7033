//! Parses `qemu.xml`: lists, properties, dependencies, and the features that TCG supports.

use super::attributes::{need_version, version};
use super::error::LoadError;
use super::notation::{self, Alphabet};
use super::xml::{Document, Element};
use crate::domain::catalog::Parts;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::ModelId;
use crate::domain::names::Names;
use crate::domain::order::sort_by_key;
use crate::domain::qemu::{MachineId, QemuFacts, QemuMachine, QemuModel, RecordedHost};
use crate::domain::version::Version;
use foldhash::HashMap;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

mod defaults;

/// Reads `qemu.xml` into `parts`: releases, machine types, models, cells. The maps' names are known already.
///
/// # Errors
/// The first mistake: an unknown release, feature, model or machine type, an attribute missing or not understood.
pub fn read(document: &Document<'_>, parts: &mut Parts) -> Result<(), LoadError> {
    for names in document.root.children_named("names") {
        for name in names.words() {
            notation::intern_feature(&mut parts.features, name)
                .ok_or_else(|| document.error(names, "expected at most 512 features, found one more"))?;
        }
    }
    for element in document.root.children_named("model") {
        parts.models.intern(document.need(element, "name")?);
    }
    let features = &parts.features;
    let mut reader = Reader {
        document,
        features,
        alphabet: Alphabet::of(features),
        versions: Vec::new(),
        releases: Vec::new(),
        places: RefCell::default(),
        blockers: HashMap::default(),
    };
    for element in document.root.children_named("release") {
        let release = reader.release(element)?;
        reader.versions.push(release.version);
        reader.releases.push(release);
    }
    for element in document.root.children_named("machine") {
        reader.machine(element, &mut parts.machines)?;
    }
    for element in document.root.children_named("model") {
        reader.model(element, &parts.models)?;
    }
    for element in document.root.children_named("generic") {
        for index in &*reader.places(element, "releases")? {
            reader.releases[*index].generic.push(document.need(element, "name")?.into());
        }
    }
    // By the alphabet, wherever a row was added: QEMU's own order was not read.
    let mut rows: Vec<_> = document.root.children_named("dependency").collect();
    sort_by_key(&mut rows, |row| row.get("parent"));
    for row in rows {
        reader.dependency(row)?;
    }
    parts.qemu = reader.releases;
    defaults::read(document, parts)
}

struct Reader<'e, 'a> {
    document: &'e Document<'a>,
    features: &'e Names,
    alphabet: Alphabet,
    versions: Vec<Version>,
    releases: Vec<QemuFacts>,
    /// The places of releases read so far, by their text: few differ.
    places: RefCell<HashMap<&'e str, Rc<[usize]>>>,
    /// What keeps the models read so far from running under TCG, each from the release at a place on.
    blockers: HashMap<ModelId, Vec<Blockers>>,
}

/// From the release at this place on, a model lacks these features under TCG.
type Blockers = (usize, Arc<[FeatureId]>);

impl<'e> Reader<'e, '_> {
    fn release(&self, element: &Element<'_>) -> Result<QemuFacts, LoadError> {
        let text = |name: &str| element.get(name).map(Box::from);
        let probe_source: Option<Box<str>> = text("probe-source");
        let has_dependencies = probe_source.is_some() && element.get("dependencies") != Some("unread");
        Ok(QemuFacts {
            version: need_version(self.document, element, "version")?,
            source: self.document.need(element, "source")?.into(),
            reported: version(self.document, element, "reported")?,
            recorded_source: text("recorded-source"),
            dependencies: has_dependencies.then(Vec::new),
            probe_source,
            asked_with: text("asked-with"),
            ran: element.get("ran") == Some("yes"),
            properties: self.since_before(element, "properties", |release| release.properties)?,
            dependencies_partial: element.get("dependencies") == Some("partial"),
            tcg_unsupported: self.since_before(element, "tcg-unsupported", |release| release.tcg_unsupported)?,
            tcg_max: self.since_before(element, "tcg-max", |release| release.tcg_max)?,
            tcg_max_source: text("tcg-max-source"),
            recorded_host: element.child("recorded-host").map(|host| self.recorded_host(host)).transpose()?,
            ..QemuFacts::default()
        })
    }

    /// Returns the set of a child element, which is written as changes of the nearest earlier set.
    fn since_before(
        &self,
        element: &Element<'_>,
        name: &str,
        of: impl Fn(&QemuFacts) -> Option<FeatureSet>,
    ) -> Result<Option<FeatureSet>, LoadError> {
        let Some(child) = element.child(name) else { return Ok(None) };
        let before = self.releases.iter().rev().find_map(of).unwrap_or_default();
        self.apply(child, before).map(Some)
    }

    fn apply(&self, element: &Element<'_>, before: FeatureSet) -> Result<FeatureSet, LoadError> {
        notation::apply(before, element.words(), self.features)
            .map_err(|word| self.document.error(element, format!("expected names of features, found {word:?}")))
    }

    fn recorded_host(&self, element: &Element<'_>) -> Result<RecordedHost, LoadError> {
        let apart = element.child("non-migratable").map(|child| self.apply(child, FeatureSet::EMPTY)).transpose()?;
        let prop = |child: &Element<'_>| {
            Ok((self.document.need(child, "name")?.into(), self.document.need(child, "value")?.into()))
        };
        Ok(RecordedHost {
            base: self.document.need(element, "base")?.into(),
            features: self.apply(element, FeatureSet::EMPTY)?,
            non_migratable: apart.unwrap_or_default(),
            props: element.children_named("prop").map(prop).collect::<Result<_, _>>()?,
        })
    }

    /// Returns the places of the releases an attribute lists.
    fn places(&self, element: &'e Element<'_>, attribute: &str) -> Result<Rc<[usize]>, LoadError> {
        let text = self.document.need(element, attribute)?;
        if let Some(known) = self.places.borrow().get(text) {
            return Ok(Rc::clone(known));
        }
        let ranges = notation::release_ranges(text, &self.versions).map_err(|word| {
            self.document.error(element, format!("expected QEMU releases in {attribute}, found {word:?}"))
        })?;
        let places: Rc<[usize]> = ranges.into_iter().flatten().collect();
        self.places.borrow_mut().insert(text, Rc::clone(&places));
        Ok(places)
    }

    fn machine(&mut self, element: &'e Element<'_>, machines: &mut Names) -> Result<(), LoadError> {
        let name = self.document.need(element, "name")?;
        let full = || self.document.error(element, "expected at most 65536 machine types, found one more");
        let machine = machines.intern(name).map(MachineId).ok_or_else(full)?;
        for listed in element.children_named("in") {
            let default_cpu: Option<Arc<str>> = listed.get("default-cpu").map(Into::into);
            let cpu_max = match listed.get("cpu-max") {
                None => None,
                Some(text) => Some(text.parse().ok().ok_or_else(|| {
                    self.document.error(listed, format!("expected a number in cpu-max, found {text:?}"))
                })?),
            };
            for index in &*self.places(listed, "releases")? {
                let release = &mut self.releases[*index];
                release.machines.push(QemuMachine {
                    machine,
                    alias: listed.get("alias").map(Into::into),
                    default: listed.get("default") == Some("yes"),
                    deprecated: listed.get("deprecated") == Some("yes"),
                    cpu_max,
                    default_cpu: default_cpu.clone(),
                });
                if listed.get("recorded") == Some("no") {
                    release.not_recorded.push(machine);
                }
            }
        }
        Ok(())
    }

    fn model(&mut self, element: &'e Element<'_>, models: &Names) -> Result<(), LoadError> {
        let name = self.document.need(element, "name")?;
        let lookup = |name: &str| {
            let error = || self.document.error(element, format!("expected the name of a model, found {name:?}"));
            models.get(name).map(ModelId).ok_or_else(error)
        };
        let model = lookup(name)?;
        let mut blockers: Vec<Blockers> = Vec::new();
        let mut set = FeatureSet::EMPTY;
        for child in element.children_named("tcg-lacks") {
            set = self.apply(child, set)?;
            let list: Arc<[FeatureId]> = self.alphabet.sort(set).into();
            blockers.extend(self.places(child, "since")?.iter().map(|index| (*index, Arc::clone(&list))));
        }
        if let Some(like) = element.get("like").filter(|_| blockers.is_empty()) {
            blockers = self.blockers.get(&lookup(like)?).cloned().unwrap_or_default();
        }
        for listed in element.children_named("in") {
            let alias_of = listed.get("alias-of").map(lookup).transpose()?;
            for index in &*self.places(listed, "releases")? {
                let lacks = blockers.iter().rev().find(|(since, _)| since <= index);
                self.releases[*index].models.push(QemuModel {
                    model,
                    deprecated: listed.get("deprecated") == Some("yes"),
                    alias_of,
                    tcg_blockers: lacks.map(|(_, features)| Arc::clone(features)).unwrap_or_default(),
                });
            }
        }
        self.blockers.insert(model, blockers);
        Ok(())
    }

    fn dependency(&mut self, element: &'e Element<'_>) -> Result<(), LoadError> {
        let name = self.document.need(element, "parent")?;
        let unknown = || self.document.error(element, format!("expected the name of a feature, found {name:?}"));
        let parent = self.features.get(name).map(FeatureId).ok_or_else(unknown)?;
        let mut children = FeatureSet::EMPTY;
        let mut rows = vec![None; self.releases.len()];
        for change in element.children_named("since") {
            children = self.apply(change, children)?;
            let row = (change.get("gone").is_none()).then_some(children);
            for start in &*self.places(change, "release")? {
                rows.iter_mut().skip(*start).for_each(|known| *known = row);
            }
        }
        for (release, row) in self.releases.iter_mut().zip(rows) {
            if let (Some(table), Some(children)) = (&mut release.dependencies, row) {
                table.push((parent, children));
            }
        }
        Ok(())
    }
}
