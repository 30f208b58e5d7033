//! Turns raw facts into the parts of a catalog, the same that the timeline gives back.
//! Reads no file. What the domain has no place for is refused, not dropped.

use super::raw::{self, Raw};
use crate::domain::catalog::{ExactRelease, Parts, Product};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::{Host, HostSource, Vendor};
use crate::domain::map::{CpuMap, Decode, FeatureDefinition, MapId, ModelDefinition, ModelId, Register, Signature};
use crate::domain::names::Names;
use crate::load::cpu_map::parse_number;
use crate::load::notation::intern_feature;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

mod qemu;

/// Says why raw facts cannot be taken in.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: expected {expected}, found {found:?}")]
pub struct RawError {
    /// Where in the raw facts.
    pub place: String,
    /// What was expected there.
    pub expected: String,
    /// What was found.
    pub found: String,
}

type Result<T> = std::result::Result<T, RawError>;

fn error<T>(place: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Result<T> {
    Err(RawError { place: place.into(), expected: expected.into(), found: found.into() })
}

/// Returns the parts that raw facts stand for, without decisions, which are no raw facts.
///
/// # Errors
/// The first thing that is inconsistent, or that the domain has no place for.
pub fn of(raw: &Raw) -> Result<Parts> {
    let mut parts = Parts::default();
    name_features(raw, &mut parts.features)?;
    name_models(raw, &mut parts.models);
    let mut shared = HashMap::new();
    for (name, map) in &raw.maps {
        parts.maps.push(cpu_map(name, map, &parts, &mut shared)?);
    }
    for release in &raw.releases {
        let file = release.same_as.as_ref().unwrap_or(&release.release);
        let Some(place) = raw.maps.iter().position(|(name, _)| name == file) else {
            return error(&release.release, "a release with a file in same_as", file);
        };
        parts.releases.push(ExactRelease {
            name: release.release.as_str().into(),
            source: release.source.as_str().into(),
            map: MapId(u16::try_from(place).unwrap_or(u16::MAX)),
        });
    }
    qemu::fill(raw, &mut parts)?;
    for (name, host) in raw.hosts.iter() {
        parts.hosts.push(read_host(name, host, &parts.features)?);
    }
    parts.products = raw.products.products.iter().map(product).collect();
    Ok(parts)
}

/// Returns the places of the maps from the newest published one, then the others from the oldest.
pub(super) fn naming_order(names: &[&str]) -> Vec<usize> {
    let newest = names.iter().rposition(|name| !name.contains('+'));
    newest.into_iter().chain((0..names.len()).filter(|place| Some(*place) != newest)).collect()
}

fn maps_to_name(raw: &Raw) -> impl Iterator<Item = &raw::Map> {
    let names: Vec<&str> = raw.maps.iter().map(|(name, _)| name.as_str()).collect();
    naming_order(&names).into_iter().filter_map(|place| raw.maps.get(place)).map(|(_, map)| map)
}

/// Names every feature: the newest map's in map order, then the older maps', then QEMU's by the alphabet.
fn name_features(raw: &Raw, names: &mut Names) -> Result<()> {
    let mut others: BTreeSet<&str> = BTreeSet::new();
    let is_model = |name: &str| !qemu::GENERIC.contains(&name);
    for (_, model) in raw.qemu.models.iter().filter(|(name, _)| is_model(name)) {
        for cells in [&model.kvm, &model.tcg].into_iter().flatten() {
            others.extend(cells.always.iter().map(String::as_str));
            others.extend(cells.only_on_machines.iter().map(|(feature, _)| feature));
        }
        others.extend(model.tcg_unavailable.iter().flat_map(|(_, features)| features).map(String::as_str));
    }
    for (_, recorded) in raw.recorded.iter() {
        let blockers = recorded.tcg_blockers.iter().filter(|(name, _)| is_model(name));
        others.extend(blockers.flat_map(|(_, features)| features).map(String::as_str));
        let host = recorded.kvm_host.iter().flat_map(|host| host.features.iter().chain(&host.non_migratable));
        others.extend(host.map(String::as_str));
    }
    for (_, probe) in raw.probes.iter() {
        others.extend(probe.properties.iter().chain(probe.tcg_unsupported.iter().flatten()).map(String::as_str));
        for (parent, children) in probe.dependencies.iter() {
            others.insert(parent);
            others.extend(children.iter().map(String::as_str));
        }
    }
    others.extend(raw.accelerators.tcg.iter().flat_map(|(_, features)| features).map(String::as_str));
    others.extend(raw.hosts.iter().flat_map(|(_, host)| host.asked.iter().chain(&host.features)).map(String::as_str));
    others.remove("");
    let mapped = maps_to_name(raw).flat_map(|map| map.features.iter().map(|(name, _)| name));
    for name in mapped.chain(others) {
        if intern_feature(names, name).is_none() {
            return error("features", "at most 512", name);
        }
    }
    Ok(())
}

fn name_models(raw: &Raw, names: &mut Names) {
    let qemu = raw.qemu.models.0.iter().map(|(name, _)| name.as_str());
    let recorded = raw.recorded.iter().flat_map(|(_, recorded)| recorded.models.iter().map(String::as_str));
    let others: BTreeSet<&str> = qemu.chain(recorded).filter(|name| !qemu::GENERIC.contains(name)).collect();
    let mapped = maps_to_name(raw).flat_map(|map| map.models.iter().map(|(name, _)| name));
    for name in mapped.chain(others) {
        names.intern(name);
    }
}

/// Feature and model definitions made so far: equal ones are shared between maps.
type Shared = HashMap<String, Arc<ModelDefinition>>;

fn cpu_map(name: &str, raw: &raw::Map, parts: &Parts, shared: &mut Shared) -> Result<CpuMap> {
    let mut map = CpuMap::default();
    for (feature, definition) in raw.features.iter() {
        let id = find(&parts.features, name, feature)?;
        map.order.push(id);
        map.known.insert(id);
        map.features.push(Arc::new(FeatureDefinition {
            migratable: definition.migratable,
            registers: definition.regs.iter().map(|r| register(name, r)).collect::<Result<_>>()?,
        }));
    }
    for (model, definition) in raw.models.iter() {
        let place = format!("{name} {model}");
        let Some(id) = parts.models.get(model) else { return error(place, "a model", model) };
        let definition = Arc::new(model_definition(&place, definition, parts)?);
        let known = shared.entry(model.to_owned()).or_insert_with(|| Arc::clone(&definition));
        if *known != definition {
            known.clone_from(&definition);
        }
        map.model_order.push(ModelId(id));
        map.models.resize(map.models.len().max(usize::from(id) + 1), None);
        map.models[usize::from(id)] = Some(Arc::clone(known));
    }
    map.vendors = raw.vendors.iter().map(|v| (v.name.as_str().into(), v.string.as_str().into())).collect();
    Ok(map)
}

fn find(features: &Names, place: &str, name: &str) -> Result<FeatureId> {
    features.get(name).map(FeatureId).map_or_else(|| error(place, "the name of a feature", name), Ok)
}

/// Returns the features as a set.
fn set<'n>(features: &Names, place: &str, names: impl IntoIterator<Item = &'n String>) -> Result<FeatureSet> {
    names.into_iter().map(|name| find(features, place, name)).collect()
}

fn register(place: &str, raw: &raw::Register) -> Result<Register> {
    let number = |text: &Option<String>| match text {
        None => Ok(0),
        Some(text) => parse_number(text).map_or_else(|| error(place, "a number", text), Ok),
    };
    let masks = [number(&raw.eax)?, number(&raw.ebx)?, number(&raw.ecx)?, number(&raw.edx)?];
    match raw.kind.as_str() {
        "cpuid" => {
            let leaf = if raw.function.is_some() { &raw.function } else { &raw.eax_in };
            Ok(Register::Cpuid { eax_in: number(leaf)?, ecx_in: number(&raw.ecx_in)?, masks })
        }
        "msr" => Ok(Register::Msr { index: number(&raw.index)?, masks: [masks[0], masks[3]] }),
        _ => error(place, "cpuid or msr", &raw.kind),
    }
}

fn model_definition(place: &str, raw: &raw::Model, parts: &Parts) -> Result<ModelDefinition> {
    let list = |names: &[String]| names.iter().map(|name| find(&parts.features, place, name)).collect::<Result<_>>();
    let ancestor = match &raw.ancestor {
        None => None,
        Some(name) => Some(parts.models.get(name).map_or_else(|| error(place, "a model", name), |id| Ok(ModelId(id)))?),
    };
    let switch = |text: &str| match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => error(place, "on or off", text),
    };
    let decode = match &raw.decode {
        None => None,
        Some(decode) => Some(Decode { host: switch(&decode.host)?, guest: switch(&decode.guest)? }),
    };
    let signature = |raw: &raw::Signature| Signature {
        family: raw.family.as_str().into(),
        model: raw.model.as_str().into(),
        stepping: raw.stepping.as_deref().map(Into::into),
    };
    Ok(ModelDefinition {
        data: set(&parts.features, place, &raw.features)?,
        removed: list(&raw.removed)?,
        added: list(&raw.added)?,
        ancestor,
        vendor: raw.vendor.as_deref().map(Into::into),
        signatures: raw.signatures.iter().map(signature).collect(),
        decode,
        partial_compat: match raw.check.as_deref() {
            None => false,
            Some("compat") => true,
            Some(other) => return error(place, "compat in check", other),
        },
    })
}

fn read_host(name: &str, raw: &raw::Host, features: &Names) -> Result<Host> {
    Ok(Host {
        name: name.into(),
        vendor: Vendor::parse(&raw.vendor).map_or_else(|| error(name, "a vendor", &raw.vendor), Ok)?,
        family: raw.family,
        model: raw.model,
        stepping: raw.stepping,
        model_id: raw.model_id.as_str().into(),
        features: set(features, name, &raw.features)?,
        asked: set(features, name, &raw.asked)?,
        silicon: None,
        source: HostSource::QemuReply,
    })
}

fn product(raw: &raw::Product) -> Product {
    Product {
        name: raw.name.as_str().into(),
        libvirt: raw.libvirt.as_str().into(),
        qemu: raw.qemu.as_str().into(),
        source: raw.source.as_str().into(),
    }
}
