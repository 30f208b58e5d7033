//! Writes libvirt's maps: each as its changes from the previous one.

use super::page::{Attributes, Page};
use super::shortest;
use crate::domain::catalog::Parts;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::{CpuMap, FeatureDefinition, MapId, ModelDefinition, ModelId, Register};
use std::fmt::Write as _;

const COMMENT: &str = "The x86 CPU maps of libvirt releases. Written by import; see PROVENANCE.md.
    A map is stored as changes from the published map before it, and 9.0.0+NAME as changes from 9.0.0.
    In a list of features NAME adds and -NAME removes; like=MODEL starts from that model in the same map.
    Each feature and model is stored once, with the maps that changed it; an order is valid from its map on.";

struct Writer<'a> {
    parts: &'a Parts,
    page: Page,
    names: Vec<&'a str>,
    bases: Vec<Option<usize>>,
}

pub(super) fn write(parts: &Parts) -> String {
    let first = |index: usize| parts.releases.iter().find(|release| usize::from(release.map.0) == index);
    let names: Vec<&str> =
        (0..parts.maps.len()).map(|index| first(index).map_or("", |release| &release.name)).collect();
    let mut published = None;
    let bases = names.iter().enumerate().map(|(index, name)| match name.split_once('+') {
        Some((original, _)) => {
            parts.releases.iter().find(|r| &*r.name == original).map(|release| usize::from(release.map.0))
        }
        None => published.replace(index),
    });
    let bases = bases.collect();
    let mut writer = Writer { parts, page: Page::new("libvirt", COMMENT), names, bases };
    writer.maps();
    writer.vendors();
    writer.orders("feature-order", |map| map.order.iter().map(|f| f.0).collect(), |n| parts.features.name(n));
    writer.features();
    writer.orders("model-order", |map| map.model_order.iter().map(|m| m.0).collect(), |n| parts.models.name(n));
    writer.models();
    writer.page.finish()
}

impl<'a> Writer<'a> {
    fn maps(&mut self) {
        let runs = self.parts.releases.chunk_by(|a, b| a.map == b.map && a.source == b.source);
        for run in runs {
            let Some(first) = run.first() else { continue };
            let MapId(map) = first.map;
            let releases: Vec<&str> = run.iter().map(|release| &*release.name).collect();
            self.page.leaf(
                "map",
                &vec![
                    ("name", self.names[usize::from(map)].to_owned()),
                    ("source", first.source.to_string()),
                    ("releases", releases.join(" ")),
                ],
            );
        }
    }

    fn vendors(&mut self) {
        for (index, map) in self.parts.maps.iter().enumerate() {
            if index.checked_sub(1).is_some_and(|before| self.parts.maps[before].vendors == map.vendors) {
                continue;
            }
            self.page.open("vendors", &vec![("since", self.names[index].to_owned())]);
            for (name, string) in &map.vendors {
                self.page.leaf("vendor", &vec![("name", name.to_string()), ("string", string.to_string())]);
            }
            self.page.close();
        }
    }

    /// Writes an order for each run of maps whose orders are parts of the last one's.
    fn orders(&mut self, element: &'static str, of: impl Fn(&CpuMap) -> Vec<u16>, name: impl Fn(u16) -> &'a str) {
        let mut run: Option<(usize, Vec<u16>)> = None;
        for (index, map) in self.parts.maps.iter().enumerate() {
            let order = of(map);
            let since = match run.take() {
                Some((since, before)) if is_within(&before, &order) => since,
                Some(finished) => {
                    self.order(element, finished, &name);
                    index
                }
                None => index,
            };
            run = Some((since, order));
        }
        if let Some(finished) = run {
            self.order(element, finished, &name);
        }
    }

    fn order(&mut self, element: &'static str, run: (usize, Vec<u16>), name: &impl Fn(u16) -> &'a str) {
        let words: Vec<String> = run.1.into_iter().map(|number| name(number).to_owned()).collect();
        self.page.list(element, &vec![("since", self.names[run.0].to_owned())], &words);
    }

    /// Returns the numbers of every feature or model in the order in which a reader shall name them.
    fn naming(&self, of: impl Fn(&CpuMap) -> Vec<u16>) -> Vec<u16> {
        let mut named = Vec::new();
        for index in naming_order(&self.names) {
            for number in of(&self.parts.maps[index]) {
                if !named.contains(&number) {
                    named.push(number);
                }
            }
        }
        named
    }

    fn features(&mut self) {
        for number in self.naming(|map| map.order.iter().map(|f| f.0).collect()) {
            let id = FeatureId(number);
            let column: Vec<Option<&FeatureDefinition>> = self.parts.maps.iter().map(|map| in_map(map, id)).collect();
            let mut changes = self.changes(&column).into_iter();
            let Some((first, definition)) = changes.next() else { continue };
            let mut attributes =
                vec![("name", self.parts.features.name(number).to_owned()), ("since", self.names[first].to_owned())];
            describe(definition, &mut attributes);
            let changes: Vec<_> = changes.collect();
            if changes.is_empty() {
                self.page.leaf("feature", &attributes);
                continue;
            }
            self.page.open("feature", &attributes);
            for (index, definition) in changes {
                let mut attributes = vec![("map", self.names[index].to_owned())];
                describe(definition, &mut attributes);
                self.page.leaf("since", &attributes);
            }
            self.page.close();
        }
    }

    /// Returns the maps in which a value is another than in the map they are described from.
    fn changes<T: PartialEq + Copy>(&self, column: &[Option<T>]) -> Vec<(usize, Option<T>)> {
        let differs = |index: &usize| column[*index] != self.bases[*index].and_then(|base| column[base]);
        (0..column.len()).filter(differs).map(|index| (index, column[index])).collect()
    }

    fn models(&mut self) {
        let naming = self.naming(|map| map.model_order.iter().map(|m| m.0).collect());
        for (index, number) in naming.iter().enumerate() {
            let id = ModelId(*number);
            let column: Vec<Option<&ModelDefinition>> = self.parts.maps.iter().map(|map| map.model(id)).collect();
            self.page.open("model", &vec![("name", self.parts.models.name(*number).to_owned())]);
            for (map, definition) in self.changes(&column) {
                let before = self.bases[map].and_then(|base| column[base]);
                if let Some(definition) = definition {
                    self.model(map, &naming[..index], before, definition);
                } else {
                    self.page.leaf("since", &vec![("map", self.names[map].to_owned()), ("gone", "yes".to_owned())]);
                }
            }
            self.page.close();
        }
    }

    fn model(&mut self, map: usize, earlier: &[u16], before: Option<&ModelDefinition>, now: &ModelDefinition) {
        let names = &self.parts.features;
        let likes = |of: SetOf| -> Vec<(&'a str, FeatureSet)> {
            let model = |number: &u16| self.parts.maps[map].model(ModelId(*number));
            let candidate = |number: &u16| Some((self.parts.models.name(*number), of(model(number)?)));
            earlier.iter().rev().filter_map(candidate).collect()
        };
        let start = before.map(|model| model.data).unwrap_or_default();
        let (like, data) = shortest(names, start, now.data, likes(|model| model.data));
        let mut attributes = vec![("map", self.names[map].to_owned())];
        self.differing(before, now, &mut attributes);
        attributes.extend(like.map(|like| ("like", like.to_owned())));
        let mut lists: Vec<(&'static str, Attributes, Vec<String>)> = Vec::new();
        let was = |list: fn(&ModelDefinition) -> &Vec<FeatureId>| before.map(|model| list(model).as_slice());
        let removed: SetOf = ModelDefinition::removed_set;
        let added: SetOf = ModelDefinition::added_set;
        let halves = [
            ("removed", was(|model| &model.removed).unwrap_or_default(), &now.removed, removed),
            ("added", was(|model| &model.added).unwrap_or_default(), &now.added, added),
        ];
        for (name, old, new, of) in halves {
            let words: Vec<String> = new.iter().map(|feature| names.name(feature.0).to_owned()).collect();
            if old == new.as_slice() {
                continue;
            }
            if words.is_sorted_by(|a, b| a < b) {
                let old = old.iter().copied().collect();
                let (like, words) = shortest(names, old, of(now), likes(of));
                lists.push((name, like.map(|like| ("like", like.to_owned())).into_iter().collect(), words));
            } else {
                lists.push((name, vec![("order", "as-written".to_owned())], words));
            }
        }
        if lists.is_empty() {
            return self.page.list("since", &attributes, &data);
        }
        self.page.open("since", &attributes);
        self.page.words(&data);
        for (name, attributes, words) in lists {
            self.page.list(name, &attributes, &words);
        }
        self.page.close();
    }

    /// Adds the attributes in which the model differs from what it was.
    fn differing(&self, before: Option<&ModelDefinition>, now: &ModelDefinition, attributes: &mut Attributes) {
        let name = |id: ModelId| self.parts.models.name(id.0).to_owned();
        let texts = |model: &ModelDefinition| {
            let decode = model.decode.map(|decode| match (decode.host, decode.guest) {
                (true, true) => "host guest",
                (true, false) => "host",
                (false, true) => "guest",
                (false, false) => "none",
            });
            let signatures: Vec<String> = model.signatures.iter().map(signature).collect();
            [
                ("ancestor", model.ancestor.map(name).unwrap_or_default()),
                ("vendor", model.vendor.as_deref().unwrap_or_default().to_owned()),
                ("signatures", signatures.join(" ")),
                ("decode", decode.unwrap_or_default().to_owned()),
                ("check", if model.partial_compat { "compat" } else { "" }.to_owned()),
            ]
        };
        let old = before.map(texts);
        for (index, (name, text)) in texts(now).into_iter().enumerate() {
            let was = old.as_ref().map_or("", |old| &old[index].1);
            if text != was {
                attributes.push((name, text));
            }
        }
    }
}

/// One of a model's sets of features.
type SetOf = fn(&ModelDefinition) -> FeatureSet;

fn is_within(part: &[u16], whole: &[u16]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|wanted| rest.any(|number| number == wanted))
}

fn in_map(map: &CpuMap, feature: FeatureId) -> Option<&FeatureDefinition> {
    let index = map.order.iter().position(|known| *known == feature)?;
    map.features.get(index).map(|definition| &**definition)
}

fn describe(definition: Option<&FeatureDefinition>, attributes: &mut Attributes) {
    let Some(definition) = definition else {
        attributes.push(("gone", "yes".to_owned()));
        return;
    };
    let bits: Vec<String> = definition.registers.iter().map(register).collect();
    attributes.push(("bits", bits.join("; ")));
    if !definition.migratable {
        attributes.push(("migratable", "no".to_owned()));
    }
}

fn register(register: &Register) -> String {
    let (mut text, masks) = match register {
        Register::Cpuid { eax_in, ecx_in, masks } => (format!("cpuid {eax_in:#x}:{ecx_in:#x}"), *masks),
        Register::Msr { index, masks } => (format!("msr {index:#x}"), [masks[0], 0, 0, masks[1]]),
    };
    for (name, mask) in ["eax", "ebx", "ecx", "edx"].iter().zip(masks).filter(|(_, mask)| *mask != 0) {
        let _ = write!(text, " {name}={mask:#x}");
    }
    text
}

fn signature(signature: &crate::domain::map::Signature) -> String {
    match &signature.stepping {
        None => format!("{}/{}", signature.family, signature.model),
        Some(stepping) => format!("{}/{}/{stepping}", signature.family, signature.model),
    }
}

/// Returns the indices of the maps from the newest published one, then the others from the oldest.
fn naming_order(names: &[&str]) -> Vec<usize> {
    let newest = names.iter().rposition(|name| !name.contains('+'));
    newest.into_iter().chain((0..names.len()).filter(|index| Some(*index) != newest)).collect()
}
