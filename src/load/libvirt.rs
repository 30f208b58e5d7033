//! Parses `libvirt.xml`: releases, features and models, with the maps in which they changed.

use super::error::LoadError;
use super::notation::{self, Alphabet};
use super::xml::{Document, Element};
use crate::domain::catalog::{ExactRelease, Parts};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::{CpuMap, Decode, FeatureDefinition, MapId, ModelDefinition, ModelId, Register, Signature};
use crate::domain::names::Names;
use std::sync::Arc;

/// What the maps say of one feature: every definition it has had, and for each map the place of its own among them;
/// `None` where the map has no such.
struct Column {
    definitions: Vec<Arc<FeatureDefinition>>,
    in_maps: Vec<Option<u8>>,
}

impl Column {
    fn at(&self, map: usize) -> Option<&Arc<FeatureDefinition>> {
        self.definitions.get(usize::from((*self.in_maps.get(map)?)?))
    }
}

/// The maps in order, and the one each is described as a change of.
struct Chain<'a> {
    names: Vec<&'a str>,
    bases: Vec<Option<usize>>,
}

/// Reads `libvirt.xml` into `parts`: feature and model names, maps and releases.
///
/// # Errors
/// The first mistake: an unknown map, feature or model, an attribute missing or not understood.
pub fn read(document: &Document<'_>, parts: &mut Parts) -> Result<(), LoadError> {
    let chain = maps(document, parts)?;
    let features = features(document, &chain, &mut parts.features)?;
    let mut maps: Vec<CpuMap> = vec![CpuMap::default(); chain.names.len()];
    for (id, column) in (0..).map(FeatureId).zip(&features) {
        for (map, _) in maps.iter_mut().zip(&column.in_maps).filter(|(_, definition)| definition.is_some()) {
            map.known.insert(id);
        }
    }
    order_features(document, &chain, &parts.features, &features, &mut maps)?;
    vendors(document, &chain, &mut maps)?;
    models(document, &chain, parts, &mut maps)?;
    order_models(document, &chain, &parts.models, &mut maps)?;
    parts.maps = maps;
    Ok(())
}

fn maps<'a>(document: &'a Document<'_>, parts: &mut Parts) -> Result<Chain<'a>, LoadError> {
    let mut chain = Chain { names: Vec::new(), bases: Vec::new() };
    let mut published = None;
    for element in document.root.children_named("map") {
        let name = document.need(element, "name")?;
        let index = chain.names.iter().position(|known| *known == name).unwrap_or(chain.names.len());
        if index == chain.names.len() {
            let of = |original: &str| parts.releases.iter().find(|release| *release.name == *original);
            chain.bases.push(match name.split_once('+') {
                Some((original, _)) => of(original).map(|release| usize::from(release.map.0)),
                None => published.replace(index),
            });
            chain.names.push(name);
        }
        let map = MapId(u16::try_from(index).unwrap_or(u16::MAX));
        let source = document.need(element, "source")?;
        for release in document.need(element, "releases")?.split_ascii_whitespace() {
            parts.releases.push(ExactRelease { name: release.into(), source: source.into(), map });
        }
    }
    Ok(chain)
}

impl Chain<'_> {
    /// Returns the place of the map an element's attribute names.
    fn index(&self, document: &Document<'_>, element: &Element<'_>, attribute: &str) -> Result<usize, LoadError> {
        let name = document.need(element, attribute)?;
        self.names.iter().position(|known| *known == name).ok_or_else(|| {
            document.error(element, format!("expected the name of a <map> in {attribute}, found {name:?}"))
        })
    }

    /// Returns, for each map, the last of the elements that begin at or before it.
    fn runs<'e, 'a>(
        &self,
        document: &'e Document<'a>,
        name: &'e str,
    ) -> Result<Vec<Option<&'e Element<'a>>>, LoadError> {
        let mut runs = vec![None; self.names.len()];
        for element in document.root.children_named(name) {
            let start = self.index(document, element, "since")?;
            runs.iter_mut().skip(start).for_each(|run| *run = Some(element));
        }
        Ok(runs)
    }
}

fn features(document: &Document<'_>, chain: &Chain<'_>, names: &mut Names) -> Result<Vec<Column>, LoadError> {
    let mut columns: Vec<Column> = Vec::new();
    for element in document.root.children_named("feature") {
        let name = document.need(element, "name")?;
        let id = notation::intern_feature(names, name)
            .ok_or_else(|| document.error(element, format!("expected at most 512 features, found {name}, one more")))?;
        if usize::from(id.0) != columns.len() {
            return Err(document.error(element, format!("expected each feature once, found {name} a second time")));
        }
        // Each change is noted as what it changes to, and only then handed on from map to map.
        let mut column = Column { definitions: Vec::new(), in_maps: Vec::with_capacity(chain.names.len()) };
        let mut changes: Vec<Option<Option<u8>>> = vec![None; chain.names.len()];
        let first = std::iter::once((element, "since"));
        for (change, attribute) in first.chain(element.children_named("since").map(|change| (change, "map"))) {
            let full = || document.error(change, "expected at most 256 definitions of a feature, found one more");
            let number = u8::try_from(column.definitions.len()).ok().ok_or_else(full)?;
            let definition = definition(document, change)?;
            changes[chain.index(document, change, attribute)?] = Some(definition.as_ref().map(|_| number));
            column.definitions.extend(definition);
        }
        for (change, base) in changes.into_iter().zip(&chain.bases) {
            let inherited = base.and_then(|base| *column.in_maps.get(base)?);
            column.in_maps.push(change.unwrap_or(inherited));
        }
        columns.push(column);
    }
    Ok(columns)
}

fn definition(document: &Document<'_>, element: &Element<'_>) -> Result<Option<Arc<FeatureDefinition>>, LoadError> {
    if element.get("gone").is_some() {
        return Ok(None);
    }
    let bits = document.need(element, "bits")?;
    let registers = bits.split(';').filter(|text| !text.trim().is_empty()).map(register).collect::<Option<_>>();
    let registers = registers.ok_or_else(|| {
        document.error(element, format!("expected bits such as \"cpuid 0x7:0x0 ebx=0x4000\", found {bits:?}"))
    })?;
    Ok(Some(Arc::new(FeatureDefinition { migratable: element.get("migratable") != Some("no"), registers })))
}

/// Reads `cpuid LEAF:SUBLEAF REG=MASK ...` or `msr INDEX REG=MASK ...`.
fn register(text: &str) -> Option<Register> {
    let mut words = text.split_ascii_whitespace();
    let (kind, input) = (words.next()?, words.next()?);
    let mut masks = [0; 4];
    for word in words {
        let (register, mask) = word.split_once('=')?;
        *masks.get_mut(["eax", "ebx", "ecx", "edx"].iter().position(|known| *known == register)?)? = hex(mask)?;
    }
    match kind {
        "cpuid" => {
            let (leaf, subleaf) = input.split_once(':')?;
            Some(Register::Cpuid { eax_in: hex(leaf)?, ecx_in: hex(subleaf)?, masks })
        }
        "msr" => Some(Register::Msr { index: hex(input)?, masks: [masks[0], masks[3]] }),
        _ => None,
    }
}

fn hex(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn order_features(
    document: &Document<'_>,
    chain: &Chain<'_>,
    names: &Names,
    columns: &[Column],
    maps: &mut [CpuMap],
) -> Result<(), LoadError> {
    let mut read: Option<(usize, Vec<FeatureId>)> = None;
    for (index, (run, map)) in chain.runs(document, "feature-order")?.into_iter().zip(maps).enumerate() {
        let Some(run) = run else { continue };
        if read.as_ref().is_none_or(|(offset, _)| *offset != run.offset) {
            let ids = run.words().map(|word| known(document, run, names.get(word), word, "feature").map(FeatureId));
            read = Some((run.offset, ids.collect::<Result<_, _>>()?));
        }
        let all = read.as_ref().map(|(_, ids)| ids.as_slice()).unwrap_or_default();
        map.order.reserve_exact(map.known.len());
        map.features.reserve_exact(map.known.len());
        for id in all {
            if let Some(definition) = columns[usize::from(id.0)].at(index) {
                map.order.push(*id);
                map.features.push(Arc::clone(definition));
            }
        }
        if map.order.len() != map.known.len() {
            return Err(document.error(run, "expected every feature of the maps it orders, found fewer or more"));
        }
    }
    Ok(())
}

fn known(
    document: &Document<'_>,
    element: &Element<'_>,
    number: Option<u16>,
    word: &str,
    what: &str,
) -> Result<u16, LoadError> {
    number.ok_or_else(|| document.error(element, format!("expected the name of a {what}, found {word:?}")))
}

fn vendors(document: &Document<'_>, chain: &Chain<'_>, maps: &mut [CpuMap]) -> Result<(), LoadError> {
    for (run, map) in chain.runs(document, "vendors")?.into_iter().zip(maps) {
        for vendor in run.into_iter().flat_map(|run| run.children_named("vendor")) {
            map.vendors.push((document.need(vendor, "name")?.into(), document.need(vendor, "string")?.into()));
        }
    }
    Ok(())
}

fn models(document: &Document<'_>, chain: &Chain<'_>, parts: &mut Parts, maps: &mut [CpuMap]) -> Result<(), LoadError> {
    for element in document.root.children_named("model") {
        let name = document.need(element, "name")?;
        parts.models.intern(name);
    }
    let reader = ModelReader {
        document,
        features: &parts.features,
        models: &parts.models,
        alphabet: Alphabet::of(&parts.features),
    };
    for element in document.root.children_named("model") {
        let id = usize::from(reader.model(element, document.need(element, "name")?)?.0);
        let mut entries: Vec<Option<&Element<'_>>> = vec![None; chain.names.len()];
        for change in element.children_named("since") {
            entries[chain.index(document, change, "map")?] = Some(change);
        }
        for index in 0..maps.len() {
            let before = chain.bases[index].and_then(|base| maps[base].models.get(id).cloned().flatten());
            let now = match entries[index] {
                None => before,
                Some(change) if change.get("gone").is_some() => None,
                Some(change) => Some(Arc::new(reader.change(change, before.as_deref(), &maps[index])?)),
            };
            if now.is_some() {
                let models = &mut maps[index].models;
                models.resize(models.len().max(id + 1), None);
                models[id] = now;
            }
        }
    }
    Ok(())
}

struct ModelReader<'e, 'a> {
    document: &'e Document<'a>,
    features: &'e Names,
    models: &'e Names,
    alphabet: Alphabet,
}

impl ModelReader<'_, '_> {
    fn model(&self, element: &Element<'_>, name: &str) -> Result<ModelId, LoadError> {
        known(self.document, element, self.models.get(name), name, "model").map(ModelId)
    }

    /// Returns the model after the change of this element, starting from its previous definition or from the model in
    /// `like`.
    fn change(
        &self,
        element: &Element<'_>,
        before: Option<&ModelDefinition>,
        map: &CpuMap,
    ) -> Result<ModelDefinition, LoadError> {
        let mut model = before.cloned().unwrap_or_default();
        let start = match self.like(element, map)? {
            Some(like) => like.data,
            None => model.data,
        };
        model.data = self.apply(element, start)?;
        if let Some(text) = element.get("vendor") {
            model.vendor = Some(text.into()).filter(|_| !text.is_empty());
        }
        if let Some(name) = element.get("ancestor") {
            model.ancestor = if name.is_empty() { None } else { Some(self.model(element, name)?) };
        }
        if let Some(text) = element.get("signatures") {
            model.signatures = text.split_ascii_whitespace().map(signature).collect();
        }
        match element.get("decode") {
            None => {}
            Some("") => model.decode = None,
            Some(text) => model.decode = Some(Decode { host: text.contains("host"), guest: text.contains("guest") }),
        }
        if let Some(text) = element.get("check") {
            model.partial_compat = text == "compat";
        }
        if let Some(list) = element.child("removed") {
            model.removed = self.list(list, model.removed_set(), ModelDefinition::removed_set, map)?;
        }
        if let Some(list) = element.child("added") {
            model.added = self.list(list, model.added_set(), ModelDefinition::added_set, map)?;
        }
        Ok(model)
    }

    fn like<'m>(&self, element: &Element<'_>, map: &'m CpuMap) -> Result<Option<&'m ModelDefinition>, LoadError> {
        let Some(name) = element.get("like") else { return Ok(None) };
        let like = map.model(self.model(element, name)?).ok_or_else(|| {
            self.document.error(element, format!("expected a model written before this one in like, found {name:?}"))
        })?;
        Ok(Some(like))
    }

    fn apply(&self, element: &Element<'_>, set: FeatureSet) -> Result<FeatureSet, LoadError> {
        notation::apply(set, element.words(), self.features)
            .map_err(|word| self.document.error(element, format!("expected names of features, found {word:?}")))
    }

    fn list(
        &self,
        element: &Element<'_>,
        before: FeatureSet,
        of: impl Fn(&ModelDefinition) -> FeatureSet,
        map: &CpuMap,
    ) -> Result<Vec<FeatureId>, LoadError> {
        if element.get("order") == Some("as-written") {
            let ids = element
                .words()
                .map(|word| known(self.document, element, self.features.get(word), word, "feature").map(FeatureId));
            return ids.collect();
        }
        let start = self.like(element, map)?.map_or(before, of);
        let set = self.apply(element, start)?;
        Ok(self.alphabet.sort(set))
    }
}

/// Reads `FAMILY/MODEL` or `FAMILY/MODEL/STEPPINGS`.
fn signature(text: &str) -> Signature {
    let mut parts = text.splitn(3, '/');
    let mut part = || parts.next().unwrap_or_default();
    Signature { family: part().into(), model: part().into(), stepping: parts.next().map(Into::into) }
}

fn order_models(
    document: &Document<'_>,
    chain: &Chain<'_>,
    names: &Names,
    maps: &mut [CpuMap],
) -> Result<(), LoadError> {
    for (run, map) in chain.runs(document, "model-order")?.into_iter().zip(maps) {
        let Some(run) = run else { continue };
        for word in run.words() {
            let id = known(document, run, names.get(word), word, "model").map(ModelId)?;
            if map.model(id).is_some() {
                map.model_order.push(id);
            }
        }
        if map.model_order.len() != map.models.iter().flatten().count() {
            return Err(document.error(run, "expected every model of the maps it orders, found fewer or more"));
        }
    }
    Ok(())
}
