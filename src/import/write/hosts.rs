//! Writes the hosts.

use super::page::Page;
use super::shortest;
use crate::domain::catalog::{ExactRelease, Parts};
use crate::domain::feature::FeatureSet;
use crate::domain::host::HostSource;

const HOSTS: &str = "Real CPUs, from QEMU replies recorded on them. Written by import; see PROVENANCE.md.
    A host lists the features that KVM offers to a guest there.
    asked is the list of all features that the recording QEMU could name; any other feature is unknown, not missing.
    asked-map means every feature of that release's map. silicon is what the processor shows in CPUID and MSRs.
    recorded says when the recording came into libvirt's tests: the author date of the commit, or between
    which releases. qemu is inferred from the features that the reply names: the releases that
    name the same, with what later ones brought and a build backported, and without what they do not name.
    read-from=libvirt-tests: not a reply, but what libvirt's tests expect of that CPU.
    NAME adds a feature to the host or list that like names, and -NAME removes it.";

pub(super) fn write_hosts(parts: &Parts) -> String {
    let mut page = Page::new("hosts", HOSTS);
    let mut asked: Vec<(String, FeatureSet)> = Vec::new();
    for host in parts.hosts.iter().filter(|host| map_knowing(parts, host.asked).is_none()) {
        if !asked.iter().any(|(_, set)| *set == host.asked) {
            asked.push((format!("list-{}", asked.len() + 1), host.asked));
        }
    }
    for (index, (name, set)) in asked.iter().enumerate() {
        let earlier = asked.iter().take(index).map(|(name, set)| (name.as_str(), *set));
        let (like, words) = shortest(&parts.features, FeatureSet::EMPTY, *set, earlier);
        let mut attributes = vec![("name", name.clone())];
        attributes.extend(like.map(|like| ("like", like.to_owned())));
        page.list("asked", &attributes, &words);
    }
    for (index, host) in parts.hosts.iter().enumerate() {
        let earlier = parts.hosts.iter().take(index).map(|host| (&*host.name, host.features));
        let (like, words) = shortest(&parts.features, FeatureSet::EMPTY, host.features, earlier);
        let mut attributes = vec![
            ("name", host.name.to_string()),
            ("vendor", host.vendor.name().to_owned()),
            ("family", host.family.to_string()),
            ("model", host.model.to_string()),
            ("stepping", host.stepping.to_string()),
            ("model-id", host.model_id.to_string()),
        ];
        for (name, text) in [("recorded", &host.recorded), ("qemu", &host.qemu)] {
            attributes.extend((!text.is_empty()).then(|| (name, text.to_string())));
        }
        attributes.push(match map_knowing(parts, host.asked) {
            Some(release) => ("asked-map", release),
            None => {
                let list = asked.iter().find(|(_, set)| *set == host.asked).map(|(name, _)| name.clone());
                ("asked", list.unwrap_or_default())
            }
        });
        match host.source {
            HostSource::QemuReply => {}
            HostSource::LibvirtTests => attributes.push(("read-from", "libvirt-tests".to_owned())),
        }
        attributes.extend(like.map(|like| ("like", like.to_owned())));
        let Some(silicon) = &host.silicon else {
            page.list("host", &attributes, &words);
            continue;
        };
        page.open("host", &attributes);
        page.words(&words);
        let earlier = parts.hosts.iter().take(index);
        let earlier = earlier.filter_map(|host| Some((&*host.name, host.silicon.as_ref()?.features)));
        let (like, words) = shortest(&parts.features, FeatureSet::EMPTY, silicon.features, earlier);
        let mut attributes = vec![("asked-map", map_knowing(parts, silicon.asked).unwrap_or_default())];
        attributes.extend(like.map(|like| ("like", like.to_owned())));
        page.list("silicon", &attributes, &words);
        page.close();
    }
    page.finish()
}

/// Returns the first published release whose map knows exactly these features.
fn map_knowing(parts: &Parts, set: FeatureSet) -> Option<String> {
    let knows = |release: &&ExactRelease| parts.maps.get(usize::from(release.map.0)).is_some_and(|m| m.known == set);
    parts.releases.iter().filter(|release| !release.name.contains('+')).find(knows).map(|r| r.name.to_string())
}
