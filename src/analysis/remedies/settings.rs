//! Writes a fix as settings of KubeVirt and nova, which write the domain for their users. Nothing is written if the
//! product has no setting for it.

use super::{Application, Remedy, Search};
use crate::domain::catalog::Catalog;
use crate::domain::definition::Policy;
use crate::domain::feature::FeatureId;
use crate::domain::scenario::{Topology, Writer};

/// The setting of a product that applies a fix.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The product, and where in it the setting belongs.
    pub product: &'static str,
    /// The setting, over one or several lines.
    pub text: String,
}

const KUBEVIRT: &str = "KubeVirt, VirtualMachine spec.template.spec.domain";
const KUBEVIRT_NODE: &str = "KubeVirt, VirtualMachine spec.template.spec";
const KUBEVIRT_RELEASE: &str = "KubeVirt";
const NOVA: &str = "nova, nova.conf of the compute node";
const NOVA_FLAVOR: &str = "nova, flavor";
const NOVA_COMMAND: &str = "nova";

fn both(kubevirt: (&'static str, String), nova: (&'static str, String)) -> Vec<Setting> {
    [kubevirt, nova].into_iter().map(|(product, text)| Setting { product, text }).collect()
}

/// Returns the remedies in the words of the product that writes the guest's domain, without those that it has no words
/// for: its users do not call `virsh`.
pub(super) fn of_writer(writer: Writer, remedies: Vec<Remedy>) -> Vec<Remedy> {
    let begins = match writer {
        Writer::KubeVirt => KUBEVIRT_RELEASE,
        Writer::Nova => NOVA_COMMAND,
    };
    let in_words = |remedy: Remedy| {
        let setting = remedy.settings.iter().find(|setting| setting.product.starts_with(begins))?;
        let how = Application::Command(format!("# {}\n{}", setting.product, setting.text));
        Some(Remedy { how, settings: Vec::new(), ..remedy })
    };
    remedies.into_iter().filter_map(in_words).collect()
}

/// Features named at the next start.
pub(super) fn features(catalog: &Catalog, changed: &[(FeatureId, Policy)]) -> Vec<Setting> {
    let mut kubevirt = vec!["cpu:\n  features:".to_owned()];
    let mut flags = Vec::new();
    for (feature, policy) in changed {
        let name = catalog.feature_name(*feature);
        kubevirt.push(format!("  - name: {name}\n    policy: {}", policy.name()));
        flags.push(format!("{}{name}", if policy.is_off() { "-" } else { "+" }));
    }
    let nova = format!("[libvirt]\ncpu_model_extra_flags = {}", flags.join(", "));
    both((KUBEVIRT, kubevirt.join("\n")), (NOVA, nova))
}

/// Another machine type at the next start.
pub(super) fn machine(name: &str) -> Vec<Setting> {
    let nova = format!("[libvirt]\nhw_machine_type = x86_64={name}");
    both((KUBEVIRT, format!("machine:\n  type: {name}")), (NOVA, nova))
}

/// Another model at the next start.
pub(super) fn model(name: &str) -> Vec<Setting> {
    let nova = format!("[libvirt]\ncpu_mode = custom\ncpu_models = {name}");
    both((KUBEVIRT, format!("cpu:\n  model: {name}")), (NOVA, nova))
}

/// Another topology at the next start.
pub(super) fn topology(topology: Topology) -> Vec<Setting> {
    let Topology { sockets, cores, threads, .. } = topology;
    let kubevirt = format!("cpu:\n  sockets: {sockets}\n  cores: {cores}\n  threads: {threads}");
    let nova = format!("hw:cpu_sockets={sockets}\nhw:cpu_cores={cores}\nhw:cpu_threads={threads}");
    both((KUBEVIRT, kubevirt), (NOVA_FLAVOR, nova))
}

/// A destination whose host has what is missing or would be lost.
pub(super) fn host(search: &Search<'_, '_>) -> Vec<Setting> {
    let answer = search.answer;
    let lacking = if answer.missing.is_empty() { &answer.lost } else { &answer.missing };
    let label =
        |f: &FeatureId| format!("\n  cpu-feature.node.kubevirt.io/{}: \"true\"", search.catalog.feature_name(*f));
    let labels = lacking.iter().map(label);
    let kubevirt = format!("nodeSelector:{}", labels.collect::<String>());
    vec![Setting { product: KUBEVIRT_NODE, text: kubevirt }, nova_migrate()]
}

/// The command with which nova takes the host.
pub(super) fn nova_migrate() -> Setting {
    Setting { product: NOVA_COMMAND, text: "openstack server migrate --live-migration --host HOST SERVER".to_owned() }
}

/// Another release of a product at the destination: `KubeVirt` brings its libvirt and QEMU, and nova takes the host.
pub(super) fn product(name: &str, is_kubevirt: bool) -> Vec<Setting> {
    if is_kubevirt {
        return vec![Setting { product: KUBEVIRT_RELEASE, text: name.to_owned() }];
    }
    vec![nova_migrate()]
}
