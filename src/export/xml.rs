//! Writes a CPU as libvirt does (`virCPUDefFormatBuf`), and QEMU's `-cpu` argument (`qemuBuildCpuCommandLine`).

use crate::domain::catalog::Catalog;
use crate::domain::definition::{Definition, Mode, Policy};
use crate::domain::feature::FeatureId;
use crate::domain::host::Vendor;
use crate::domain::scenario::Topology;
use crate::import::qmp::qemu_name;
use crate::resolve::StartTrace;
use crate::resolve::host_model::Expansion;

/// The parts of a `<cpu>` that are not in the definition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Around {
    /// The topology, where the domain names one. The clusters that libvirt adds from 10.1.0 on are left out.
    pub topology: Option<Topology>,
    /// Whether this libvirt has the attribute `check`: 3.2.0 and later.
    pub check: bool,
    /// The vendor that the definition tells the guest, where it names one (`vendor_id`).
    pub vendor_id: Option<Vendor>,
}

/// Returns the line of one feature.
pub(crate) fn feature_xml(catalog: &Catalog, feature: FeatureId, policy: Policy) -> String {
    format!("  <feature policy='{}' name='{}'/>", policy.name(), catalog.feature_name(feature))
}

/// Returns the `<cpu>` of a definition, line by line.
pub fn cpu_xml(catalog: &Catalog, definition: &Definition, around: Around) -> Vec<String> {
    let custom = definition.mode == Mode::Custom;
    let mut head = format!("<cpu mode='{}'", definition.mode.name());
    if custom {
        head.push_str(&format!(" match='{}'", definition.matching.name()));
    }
    if around.check {
        head.push_str(&format!(" check='{}'", definition.check.name()));
    }
    let mut inside = Vec::new();
    if let Some(model) = definition.model.filter(|_| !definition.is_passthrough()) {
        let fallback = definition.fallback.name();
        let told = around.vendor_id.map(|vendor| format!(" vendor_id='{}'", vendor.cpuid())).unwrap_or_default();
        inside.push(format!("  <model fallback='{fallback}'{told}>{}</model>", catalog.model_name(model)));
    }
    inside.extend(definition.vendor.map(|vendor| format!("  <vendor>{vendor}</vendor>")));
    if let Some(Topology { sockets, dies, cores, threads }) = around.topology {
        inside.push(format!("  <topology sockets='{sockets}' dies='{dies}' cores='{cores}' threads='{threads}'/>"));
    }
    inside.extend(definition.features.iter().map(|(feature, policy)| feature_xml(catalog, feature, policy)));
    if inside.is_empty() {
        return vec![format!("{head}/>")];
    }
    let mut lines = vec![format!("{head}>")];
    lines.append(&mut inside);
    lines.push("</cpu>".to_owned());
    lines
}

/// Returns the argument of `-cpu` of an expanded host-model.
pub fn expansion_argument(catalog: &Catalog, expansion: &Expansion) -> String {
    let mut argument = catalog.model_name(expansion.decoded.model).to_owned();
    push_features(catalog, &mut argument, &expansion.command_line);
    argument
}

fn push_features(catalog: &Catalog, argument: &mut String, features: &[(FeatureId, bool)]) {
    for (feature, on) in features {
        let name = qemu_name(catalog.feature_name(*feature));
        argument.push_str(&format!(",{name}={}", if *on { "on" } else { "off" }));
    }
}

/// Returns the argument of `-cpu` that a prepared definition becomes; `None` where it was refused before.
pub(crate) fn cpu_argument(catalog: &Catalog, run: &StartTrace, pmu: Option<bool>) -> Option<String> {
    let prepared = run.prepared.as_ref()?;
    let mut argument = match (prepared.mode, prepared.model) {
        (Mode::HostPassthrough, _) => "host".to_owned(),
        (Mode::Maximum, _) => "max".to_owned(),
        (Mode::Custom | Mode::HostModel, Some(model)) => catalog.model_name(model).to_owned(),
        (Mode::Custom | Mode::HostModel, None) => return None,
    };
    push_features(catalog, &mut argument, &run.command_line);
    // qemuBuildCpuCommandLine: only where the domain has <pmu>.
    if let Some(on) = pmu {
        argument.push_str(if on { ",pmu=on" } else { ",pmu=off" });
    }
    Some(argument)
}
