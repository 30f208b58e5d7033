//! Writes the parts of a catalog as XML: each model and feature once, with its changes.

use crate::domain::catalog::Parts;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::names::Names;
use crate::domain::order::sort;

mod hosts;
mod libvirt;
mod page;
mod qemu;

/// The timeline's files as text, without those that are written by hand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Files {
    /// `libvirt.xml`.
    pub(super) libvirt: String,
    /// `qemu.xml`.
    pub(super) qemu: String,
    /// `hosts.xml`.
    pub(super) hosts: String,
}

/// Returns the timeline's files for `parts`.
pub(super) fn files(parts: &Parts) -> Files {
    Files { libvirt: libvirt::write(parts), qemu: qemu::write(parts), hosts: hosts::write_hosts(parts) }
}

/// Returns the words that make `after` of `before`: names that come, by the alphabet, then those that go.
fn change(names: &Names, before: FeatureSet, after: FeatureSet) -> Vec<String> {
    let mut come: Vec<String> = (after - before).iter().map(|f| names.name(f.0).to_owned()).collect();
    let mut go: Vec<String> = (before - after).iter().map(|f| format!("-{}", names.name(f.0))).collect();
    sort(&mut come);
    sort(&mut go);
    come.append(&mut go);
    come
}

/// Returns the shortest way to write `after`: as a change of `before`, or of one of the named candidates.
fn shortest<'n>(
    names: &Names,
    before: FeatureSet,
    after: FeatureSet,
    candidates: impl IntoIterator<Item = (&'n str, FeatureSet)>,
) -> (Option<&'n str>, Vec<String>) {
    let lengths: Vec<usize> = names.iter().map(|name| name.len() + 1).collect();
    let length = |set: FeatureSet| set.iter().map(|f: FeatureId| lengths[usize::from(f.0)]).sum::<usize>();
    let cost = |from: FeatureSet| length(after - from) + length(from - after) + (from - after).len();
    let plain = cost(before);
    let best = candidates.into_iter().map(|(name, set)| (cost(set) + name.len() + 8, name, set)).min_by_key(|c| c.0);
    match best {
        Some((cost, name, set)) if cost < plain => (Some(name), change(names, set, after)),
        _ => (None, change(names, before, after)),
    }
}
