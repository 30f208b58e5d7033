//! Writes the hosts and the products of the timeline. Touches no file.

use super::page::Page;
use super::shortest;
use crate::domain::catalog::Parts;
use crate::domain::feature::FeatureSet;

const HOSTS: &str = "Real CPUs, from QEMU replies recorded on them. Written by import; see PROVENANCE.md.
    A host lists the features that KVM offers to a guest there.
    asked is the list of all features that the recording QEMU could name; any other feature is unknown, not missing.
    NAME adds a feature to the host or list that like names, and -NAME removes it.";

const PRODUCTS: &str = "Distributions and KubeVirt releases, with the libvirt and QEMU packages that they ship.
    Written by import; see PROVENANCE.md. A package may have fixes that its release does not have.";

pub(super) fn write_hosts(parts: &Parts) -> String {
    let mut page = Page::new("hosts", HOSTS);
    let mut asked: Vec<(String, FeatureSet)> = Vec::new();
    for host in &parts.hosts {
        if !asked.iter().any(|(_, set)| *set == host.asked) {
            asked.push((format!("list-{}", asked.len() + 1), host.asked));
        }
    }
    for (place, (name, set)) in asked.iter().enumerate() {
        let earlier = asked.iter().take(place).map(|(name, set)| (name.as_str(), *set));
        let (like, words) = shortest(&parts.features, FeatureSet::EMPTY, *set, earlier);
        let mut attributes = vec![("name", name.clone())];
        attributes.extend(like.map(|like| ("like", like.to_owned())));
        page.list("asked", &attributes, &words);
    }
    for (place, host) in parts.hosts.iter().enumerate() {
        let earlier = parts.hosts.iter().take(place).map(|host| (&*host.name, host.features));
        let (like, words) = shortest(&parts.features, FeatureSet::EMPTY, host.features, earlier);
        let list = asked.iter().find(|(_, set)| *set == host.asked).map(|(name, _)| name.clone());
        let mut attributes = vec![
            ("name", host.name.to_string()),
            ("vendor", host.vendor.name().to_owned()),
            ("family", host.family.to_string()),
            ("model", host.model.to_string()),
            ("stepping", host.stepping.to_string()),
            ("model-id", host.model_id.to_string()),
            ("asked", list.unwrap_or_default()),
        ];
        attributes.extend(like.map(|like| ("like", like.to_owned())));
        page.list("host", &attributes, &words);
    }
    page.finish()
}

pub(super) fn write_products(parts: &Parts) -> String {
    let mut page = Page::new("products", PRODUCTS);
    for product in &parts.products {
        page.leaf(
            "product",
            &vec![
                ("name", product.name.to_string()),
                ("libvirt", product.libvirt.to_string()),
                ("qemu", product.qemu.to_string()),
                ("source", product.source.to_string()),
            ],
        );
    }
    page.finish()
}
