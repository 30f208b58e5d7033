//! Parses libvirt's own CPU map format into a map; `map_files` finds and opens the files.
//!
//! The rules are those of libvirt's `cpu_x86.c` and `cpu_map.c`. They are the same from the first single `cpu_map.xml`
//! to today's directory, except for attributes that were added later.

use super::error::LoadError;
use super::notation::intern_feature;
use super::xml::{Document, Element};
use crate::domain::feature::{CAPACITY, FeatureId};
use crate::domain::map::{CpuMap, Decode, FeatureDefinition, ModelDefinition, ModelId, Register, Signature};
use crate::domain::names::Names;
use std::sync::Arc;

/// The longest name of a vendor, model or feature, in bytes. libvirt has none over 50.
const MAX_NAME: usize = 256;

/// A map being read; names that are new are added to the tables it was made with.
#[derive(Debug)]
pub struct MapReader<'n> {
    features: &'n mut Names,
    models: &'n mut Names,
    map: CpuMap,
}

impl<'n> MapReader<'n> {
    /// Returns a reader of an empty map.
    pub fn new(features: &'n mut Names, models: &'n mut Names) -> Self {
        Self { features, models, map: CpuMap::default() }
    }

    /// Returns the map as read so far.
    pub fn finish(self) -> CpuMap {
        self.map
    }

    /// Reads the vendors, features and models directly in `parent`, in this order, as libvirt does.
    ///
    /// # Errors
    /// The first mistake: something twice, something unknown, or not understood.
    pub fn read(&mut self, document: &Document<'_>, parent: &Element<'_>) -> Result<(), LoadError> {
        for element in parent.children_named("vendor") {
            self.vendor(document, element)?;
        }
        for element in parent.children_named("feature") {
            self.feature(document, element)?;
        }
        for element in parent.children_named("model") {
            self.model(document, element)?;
        }
        Ok(())
    }

    fn vendor(&mut self, document: &Document<'_>, element: &Element<'_>) -> Result<(), LoadError> {
        let name = need_name(document, element)?;
        if self.map.vendors.iter().any(|(known, _)| &**known == name) {
            return Err(document.error(element, format!("expected each vendor once, found {name} a second time")));
        }
        let string = document.need(element, "string")?;
        if string.len() != 12 {
            let message = format!("expected the 12 letters of CPUID in string, found {string:?}");
            return Err(document.error(element, message));
        }
        self.map.vendors.push((name.into(), string.into()));
        Ok(())
    }

    fn feature(&mut self, document: &Document<'_>, element: &Element<'_>) -> Result<(), LoadError> {
        let name = need_name(document, element)?;
        let id = intern_feature(self.features, name).ok_or_else(|| {
            document.error(element, format!("expected at most {CAPACITY} features in all maps, found one more, {name}"))
        })?;
        if self.map.known.contains(id) {
            return Err(document.error(element, format!("expected each feature once, found {name} a second time")));
        }
        let registers = element.children.iter().filter_map(|child| match child.name {
            "cpuid" => Some(cpuid(document, child)),
            "msr" => Some(msr(document, child)),
            _ => None,
        });
        let registers: Vec<Register> = registers.collect::<Result<_, _>>()?;
        if registers.is_empty() {
            return Err(
                document.error(element, format!("expected <cpuid> or <msr> in the feature {name}, found neither"))
            );
        }
        let migratable = yes(document, element, "migratable", true)?;
        self.map.order.push(id);
        self.map.known.insert(id);
        self.map.features.push(Arc::new(FeatureDefinition { migratable, registers }));
        Ok(())
    }

    fn model(&mut self, document: &Document<'_>, element: &Element<'_>) -> Result<(), LoadError> {
        let name = need_name(document, element)?;
        let full = || document.error(element, "expected at most 65536 models, found one more");
        let id = self.models.intern(name).map(ModelId).ok_or_else(full)?;
        if self.map.model(id).is_some() {
            return Err(document.error(element, format!("expected each model once, found {name} a second time")));
        }
        let mut model = self.inherited(document, element)?;
        if let Some(check) = element.child("check") {
            model.partial_compat = match document.need(check, "partial")? {
                "compat" => true,
                "none" => false,
                other => {
                    return Err(document.error(check, format!("expected partial='compat' in <check>, found {other:?}")));
                }
            };
        }
        if let Some(decode) = element.child("decode") {
            let switch = |attribute| on(document, decode, attribute);
            model.decode = Some(Decode { host: switch("host")?, guest: switch("guest")? });
        }
        let signatures = element.children_named("signature").map(|child| signature(document, child));
        let signatures: Vec<Signature> = signatures.collect::<Result<_, _>>()?;
        if !signatures.is_empty() {
            model.signatures = signatures.into();
        }
        if let Some(vendor) = element.child("vendor") {
            model.vendor = Some(self.known_vendor(document, vendor)?);
        }
        for child in element.children_named("feature") {
            self.model_feature(document, child, name, &mut model)?;
        }
        self.map.model_order.push(id);
        self.map.models.resize(self.map.models.len().max(usize::from(id.0) + 1), None);
        self.map.models[usize::from(id.0)] = Some(Arc::new(model));
        Ok(())
    }

    /// Returns what the model takes over from its ancestor: vendor, signatures and data, but no lists.
    fn inherited(&self, document: &Document<'_>, element: &Element<'_>) -> Result<ModelDefinition, LoadError> {
        let mut ancestors = element.children_named("model");
        let Some(child) = ancestors.next() else { return Ok(ModelDefinition::default()) };
        if let Some(second) = ancestors.next() {
            return Err(document.error(second, "expected at most one ancestor in a model, found a second"));
        }
        let name = need_name(document, child)?;
        let found = self.models.get(name).map(ModelId).and_then(|id| Some((id, self.map.model(id)?)));
        let Some((id, ancestor)) = found else {
            return Err(document.error(child, format!("expected a model defined before this one, found {name:?}")));
        };
        Ok(ModelDefinition {
            data: ancestor.data - ancestor.removed_set(),
            ancestor: Some(id),
            vendor: ancestor.vendor.clone(),
            signatures: Arc::clone(&ancestor.signatures),
            ..ModelDefinition::default()
        })
    }

    fn known_vendor(&self, document: &Document<'_>, element: &Element<'_>) -> Result<Box<str>, LoadError> {
        let name = document.need(element, "name")?;
        match self.map.vendors.iter().find(|(known, _)| &**known == name) {
            Some((known, _)) => Ok(known.clone()),
            None => Err(document.error(element, format!("expected a vendor of this map, found {name:?}"))),
        }
    }

    fn model_feature(
        &self,
        document: &Document<'_>,
        element: &Element<'_>,
        owner: &str,
        model: &mut ModelDefinition,
    ) -> Result<(), LoadError> {
        let name = need_name(document, element)?;
        let known = self.features.get(name).map(FeatureId).filter(|id| self.map.known.contains(*id));
        let id = known.ok_or_else(|| {
            document.error(element, format!("expected a feature of this map in the model {owner}, found {name:?}"))
        })?;
        if yes(document, element, "removed", false)? {
            model.removed.push(id);
        } else if yes(document, element, "added", false)? {
            model.added.push(id);
        } else {
            model.data.insert(id);
        }
        Ok(())
    }
}

fn need_name<'e>(document: &Document<'_>, element: &'e Element<'_>) -> Result<&'e str, LoadError> {
    let name = document.need(element, "name")?;
    if name.len() > MAX_NAME {
        let found = name.len();
        return Err(document.error(element, format!("expected a name of at most {MAX_NAME} bytes, found {found}")));
    }
    if name.is_empty() || name.contains(|c: char| !c.is_ascii_graphic() || matches!(c, ',' | '=')) {
        let message = format!("expected a name of ASCII characters without spaces, commas and =, found {name:?}");
        return Err(document.error(element, message));
    }
    Ok(name)
}

fn yes(document: &Document<'_>, element: &Element<'_>, attribute: &str, default: bool) -> Result<bool, LoadError> {
    choice(document, element, attribute, ("yes", "no")).map(|given| given.unwrap_or(default))
}

fn on(document: &Document<'_>, element: &Element<'_>, attribute: &str) -> Result<bool, LoadError> {
    document.need(element, attribute)?;
    choice(document, element, attribute, ("on", "off")).map(|given| given.unwrap_or(false))
}

fn choice(
    document: &Document<'_>,
    element: &Element<'_>,
    attribute: &str,
    words: (&str, &str),
) -> Result<Option<bool>, LoadError> {
    match element.get(attribute) {
        None => Ok(None),
        Some(text) if text == words.0 => Ok(Some(true)),
        Some(text) if text == words.1 => Ok(Some(false)),
        Some(text) => {
            let message = format!("expected {} or {} in {attribute}, found {text:?}", words.0, words.1);
            Err(document.error(element, message))
        }
    }
}

/// Returns the number in an attribute, 0 where it is not given; `function` is what `eax_in` was called before 2.0.0.
fn number(document: &Document<'_>, element: &Element<'_>, attribute: &str) -> Result<u32, LoadError> {
    let Some(text) = element.get(attribute) else { return Ok(0) };
    parse_number(text)
        .ok_or_else(|| document.error(element, format!("expected a 32-bit number in {attribute}, found {text:?}")))
}

/// Returns a number as the maps write it: decimal, or hexadecimal after `0x`.
pub(crate) fn parse_number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) if !hex.starts_with('+') => u32::from_str_radix(hex, 16).ok(),
        Some(_) => None,
        None => text.parse().ok(),
    }
}

fn cpuid(document: &Document<'_>, element: &Element<'_>) -> Result<Register, LoadError> {
    let leaf = if element.get("eax_in").is_some() { "eax_in" } else { "function" };
    if element.get(leaf).is_none() {
        return Err(document.error(element, "expected the attribute \"eax_in\" or \"function\" in <cpuid>, found none"));
    }
    let get = |attribute| number(document, element, attribute);
    let masks = [get("eax")?, get("ebx")?, get("ecx")?, get("edx")?];
    let register = Register::Cpuid { eax_in: get(leaf)?, ecx_in: get("ecx_in")?, masks };
    some_bit(document, element, &masks).map(|()| register)
}

fn msr(document: &Document<'_>, element: &Element<'_>) -> Result<Register, LoadError> {
    document.need(element, "index")?;
    let get = |attribute| number(document, element, attribute);
    let masks = [get("eax")?, get("edx")?];
    let register = Register::Msr { index: get("index")?, masks };
    some_bit(document, element, &masks).map(|()| register)
}

fn some_bit(document: &Document<'_>, element: &Element<'_>, masks: &[u32]) -> Result<(), LoadError> {
    if masks.iter().all(|mask| *mask == 0) {
        return Err(
            document.error(element, format!("expected a bit in some register of <{}>, found none", element.name))
        );
    }
    Ok(())
}

fn signature(document: &Document<'_>, element: &Element<'_>) -> Result<Signature, LoadError> {
    let get = |attribute: &str| {
        let text = document.need(element, attribute)?;
        number(document, element, attribute).map(|_| Box::from(text))
    };
    Ok(Signature { family: get("family")?, model: get("model")?, stepping: element.get("stepping").map(Into::into) })
}
