//! Parses a QMP reply to `query-cpu-model-expansion` as a host: the features that KVM can give to a guest there.

use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::{Host, HostSource, Vendor};
use crate::domain::names::Names;
use crate::load::LoadError;
use serde::Deserialize;
use serde_json::{Map, Value};

/// libvirt's name and QEMU's, where they differ (libvirt `virQEMUCapsCPUFeaturesX86`).
const NAMES: &[(&str, &str)] = &[
    ("cmp_legacy", "cmp-legacy"),
    ("ds_cpl", "ds-cpl"),
    ("fxsr_opt", "fxsr-opt"),
    ("kvm_pv_eoi", "kvm-pv-eoi"),
    ("kvm_pv_unhalt", "kvm-pv-unhalt"),
    ("lahf_lm", "lahf-lm"),
    ("nodeid_msr", "nodeid-msr"),
    ("pclmuldq", "pclmulqdq"),
    ("perfctr_core", "perfctr-core"),
    ("perfctr_nb", "perfctr-nb"),
    ("tsc_adjust", "tsc-adjust"),
    ("vmx-invvpid-single-context-noglobals", "vmx-invept-single-context-noglobals"),
    ("hv-vendor_id", "hv-vendor-id"),
    ("hv-emsr_bitmap", "hv-emsr-bitmap"),
    ("hv-xmm_input", "hv-xmm-input"),
];

/// Returns QEMU's name of a feature that libvirt calls `name`.
pub fn qemu_name(name: &str) -> &str {
    NAMES.iter().find(|(libvirt, _)| *libvirt == name).map_or(name, |(_, qemu)| qemu)
}

/// Returns libvirt's name of a feature that QEMU calls `name`.
pub(crate) fn libvirt_name(name: &str) -> &str {
    // libvirt's own names of KVM's features are in no map; the facts have QEMU's.
    let known = NAMES.iter().filter(|(libvirt, _)| !libvirt.starts_with("kvm"));
    known.into_iter().find(|(_, qemu)| *qemu == name).map_or(name, |(libvirt, _)| libvirt)
}

/// A host as a reply tells, and the on-off properties in it that are no features of the catalog.
#[derive(Clone, PartialEq, Debug)]
pub struct Reply {
    /// The host.
    pub host: Host,
    /// Names of properties that were left out.
    pub(crate) left_out: Vec<String>,
}

/// Reads a reply, with or without the outer `return`; of several JSON documents in one file, the expansion that names
/// most properties counts. `file` is for messages, `name` is what the host shall be called; only features in `mapped`,
/// those some libvirt map has, are taken, as in the other hosts.
///
/// # Errors
/// Text that is no JSON, no expansion in it, a property missing or not understood.
pub fn host(file: &str, text: &str, name: &str, (features, mapped): (&Names, FeatureSet)) -> Result<Reply, LoadError> {
    let mut best: Option<Map<String, Value>> = None;
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let value = value.map_err(|error| LoadError::json(file, "a QMP reply in JSON", &error))?;
        if let Some(props) = props(value).filter(|new| best.as_ref().is_none_or(|old| new.len() > old.len())) {
            best = Some(props);
        }
    }
    let props = best.ok_or_else(|| {
        LoadError::whole(file, "expected a reply of query-cpu-model-expansion with model.props, found none")
    })?;
    read_host(&props, name, features, mapped).map_err(|message| LoadError::whole(file, message))
}

/// Returns the properties of a reply, of its `return` value, or of a bare model.
fn props(value: Value) -> Option<Map<String, Value>> {
    let Value::Object(mut object) = value else { return None };
    for inner in ["return", "model"] {
        if let Some(Value::Object(found)) = object.remove(inner) {
            object = found;
        }
    }
    let Value::Object(props) = object.remove("props")? else { return None };
    Some(props)
}

/// The properties that say which CPU it is.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Identity {
    vendor: String,
    family: u32,
    model: u32,
    stepping: u32,
    #[serde(default)]
    model_id: String,
}

fn read_host(props: &Map<String, Value>, name: &str, features: &Names, mapped: FeatureSet) -> Result<Reply, String> {
    let identity = ["vendor", "family", "model", "stepping", "model-id"]
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), props.get(key)?.clone())));
    let identity: Identity = serde_json::from_value(Value::Object(identity.collect()))
        .map_err(|error| format!("expected vendor, family, model and stepping among the properties: {error}"))?;
    let vendor = Vendor::parse(&identity.vendor)
        .ok_or_else(|| format!("expected a vendor such as GenuineIntel, found {:?}", identity.vendor))?;
    let (mut on, mut asked, mut left_out) = (FeatureSet::EMPTY, FeatureSet::EMPTY, Vec::new());
    for (property, value) in props {
        let Value::Bool(value) = value else { continue };
        let name = NAMES.iter().find(|(_, qemu)| qemu == property).map_or(property.as_str(), |(libvirt, _)| libvirt);
        match features.get(name).map(FeatureId).filter(|feature| mapped.contains(*feature)) {
            Some(feature) => {
                asked.insert(feature);
                if *value {
                    on.insert(feature);
                }
            }
            None => left_out.push(property.clone()),
        }
    }
    if asked.is_empty() {
        return Err("expected CPU features among the properties, found none".to_owned());
    }
    let host = Host {
        name: name.into(),
        vendor,
        family: identity.family,
        model: identity.model,
        stepping: identity.stepping,
        model_id: identity.model_id.into(),
        recorded: Box::default(),
        qemu: Box::default(),
        features: on,
        asked,
        silicon: None,
        source: HostSource::QemuReply,
    };
    Ok(Reply { host, left_out })
}
