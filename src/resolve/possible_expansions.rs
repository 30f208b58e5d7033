//! Expands host-model where the guest of a scenario starts. An unknown input, such as the map of a release between two maps, can
//! give several results.

use super::endpoint::{Endpoint, Host};
use super::expansion::probe;
use super::host_model::{Expansion, guest, guest_of_domcapabilities};
use super::unknowns::{Axis, sources};
use crate::domain::behaviour::QuirkKind;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Definition, Policy};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::{CpuSignature, Vendor};
use crate::domain::map::ModelId;
use crate::domain::scenario::Scenario;
use std::collections::BTreeSet;

/// One way in which host-model may expand.
#[derive(Clone, PartialEq, Debug)]
pub struct PossibleExpansion {
    /// The values of the inputs that decide, with which this is the result: `libvirt map of 9.9.0: as in 9.8.0`. Empty if
    /// there is one result.
    pub assumptions: Vec<String>,
    /// Family, model and stepping of the host, told or tried.
    pub signature: Option<CpuSignature>,
    /// What a guest gets.
    pub guest: Expansion,
}

/// Returns every way in which the CPU of a guest with mode host-model may come out where the guest of the scenario starts,
/// each once whatever the order of its features. The likeliest facts come first: the release before, a switch as before.
/// An unknown signature or stepping is tried with every value. Empty where no model describes the host.
pub fn expansions(catalog: &Catalog, scenario: &Scenario) -> Vec<PossibleExpansion> {
    each(catalog, scenario, &|end| {
        let probe = probe(catalog, end, scenario.accel)?;
        guest(end.libvirt(catalog), &probe, end.qemu.properties)
    })
}

/// Returns the same where `virsh domcapabilities` of this libvirt and QEMU already shows host-model on the host: its
/// model and vendor, and its features.
pub(crate) fn expansions_of_domcapabilities(
    catalog: &Catalog,
    scenario: &Scenario,
    described: (ModelId, Option<Vendor>),
    displayed: &[(FeatureId, Policy)],
) -> Vec<PossibleExpansion> {
    each(catalog, scenario, &|end| {
        guest_of_domcapabilities(end.libvirt(catalog), described, displayed, end.qemu.properties)
    })
}

fn each(
    catalog: &Catalog,
    scenario: &Scenario,
    expand: &dyn Fn(&Endpoint<'_>) -> Option<Expansion>,
) -> Vec<PossibleExpansion> {
    let (axes, ends) = sources(catalog, scenario);
    let mut found: Vec<PossibleExpansion> = Vec::new();
    // Each result without the order of its features, and of each combination the result, by its index.
    let mut kinds: Vec<(Definition, BTreeSet<(FeatureId, bool)>)> = Vec::new();
    let mut results: Vec<Option<usize>> = Vec::with_capacity(ends.len());
    for end in &ends {
        let guest = end.as_ref().and_then(|end| Some((expand(end)?, end.host)));
        results.push(guest.map(|(guest, host)| {
            let kind = (guest.definition.unordered(), guest.command_line.iter().copied().collect());
            kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
                let signature = match host {
                    Host::With { signature, .. } => signature,
                    Host::Capable => None,
                };
                found.push(PossibleExpansion { assumptions: Vec::new(), signature, guest });
                kinds.push(kind);
                kinds.len() - 1
            })
        }));
    }
    let deciding = deciding(&axes, &results);
    for (index, possible) in found.iter_mut().enumerate() {
        let numbers =
            results.iter().enumerate().filter(|(_, result)| **result == Some(index)).map(|(number, _)| number);
        let combinations: BTreeSet<Vec<usize>> = numbers.map(|number| values(&deciding, number)).collect();
        possible.assumptions = assumptions(&deciding, &combinations);
    }
    found
}

/// An input that decides, and how many combinations have the same value of it one after the other.
type Deciding<'a> = (&'a Axis, usize);

/// The inputs of which another value gives another result.
fn deciding<'a>(axes: &'a [Axis], results: &[Option<usize>]) -> Vec<Deciding<'a>> {
    let mut step = 1;
    let mut found = Vec::new();
    for axis in axes {
        let first = |number: usize| results.get(number - number / step % axis.values.len() * step);
        if results.iter().enumerate().any(|(number, result)| first(number) != Some(result)) {
            found.push((axis, step));
        }
        step *= axis.values.len();
    }
    found
}

/// The values in one combination of all inputs, by their indices.
fn values(deciding: &[Deciding<'_>], number: usize) -> Vec<usize> {
    deciding.iter().map(|(axis, step)| number / step % axis.values.len()).collect()
}

/// The most groups of combinations that are written.
const MOST_WRITTEN: usize = 3;

/// For each deciding input some of its values: the combinations of these.
type Group = Vec<BTreeSet<usize>>;

/// Returns what these combinations have in common, and what sets them apart: of each input its values, unless it may have
/// any. Where that would be more than these combinations, in groups of them.
fn assumptions(deciding: &[Deciding<'_>], combinations: &BTreeSet<Vec<usize>>) -> Vec<String> {
    let groups = groups(deciding, combinations);
    let said = |place: usize, values: &BTreeSet<usize>| {
        let (axis, _) = deciding.get(place)?;
        let names: Vec<&str> = values.iter().filter_map(|value| axis.values.get(*value).map(|name| &**name)).collect();
        (names.len() < axis.values.len()).then(|| format!("{}: {}", axis.input, names.join(" or ")))
    };
    let is_shared = |place: usize| groups.windows(2).all(|pair| pair[0].get(place) == pair[1].get(place));
    let first = groups.first().into_iter().flat_map(|group| group.iter().enumerate());
    let shared = first.filter(|(place, _)| is_shared(*place)).filter_map(|(place, values)| said(place, values));
    let mut all: Vec<String> = shared.collect();
    let of_group = |group: &Group| {
        let own = group.iter().enumerate().filter(|(place, _)| !is_shared(*place));
        own.filter_map(|(place, values)| said(place, values)).collect::<Vec<_>>().join(" and ")
    };
    if groups.len() > 1 {
        let mut either = groups.iter().take(MOST_WRITTEN).map(of_group).collect::<Vec<_>>().join(", or ");
        if let Some(more @ 1..) = groups.len().checked_sub(MOST_WRITTEN) {
            either.push_str(&format!(", or {more} more combinations"));
        }
        all.push(either);
    }
    all
}

/// Covers the combinations with groups as large as possible, which may overlap.
fn groups(deciding: &[Deciding<'_>], combinations: &BTreeSet<Vec<usize>>) -> Vec<Group> {
    let holds = |group: &Group, values: &[usize]| group.iter().zip(values).all(|(taken, value)| taken.contains(value));
    let is_within = |group: &Group| {
        let size: usize = group.iter().map(BTreeSet::len).product();
        combinations.iter().filter(|values| holds(group, values)).count() == size
    };
    let mut found: Vec<Group> = Vec::new();
    for values in combinations {
        if found.iter().any(|group| holds(group, values)) {
            continue;
        }
        let mut group: Group = values.iter().map(|value| BTreeSet::from([*value])).collect();
        for (place, (axis, _)) in deciding.iter().enumerate() {
            for value in 0..axis.values.len() {
                let mut larger = group.clone();
                larger.get_mut(place).map(|taken| taken.insert(value));
                if is_within(&larger) {
                    group = larger;
                }
            }
        }
        found.push(group);
    }
    found
}

/// Returns the features that a host was not asked about and that some QEMU at the source has a name for, without what
/// QEMU adds itself and what the host cannot have.
pub(crate) fn not_named_of_host(catalog: &Catalog, scenario: &Scenario, asked: FeatureSet) -> FeatureSet {
    let named = catalog.named();
    let (_, ends) = sources(catalog, scenario);
    let open = ends.iter().flatten().map(|end| {
        let mut known = end.qemu.properties & end.map.known;
        if let Host::With { features, .. } = end.host {
            // x86_cpu_get_supported_feature_word, 9.1: for every guest with the vendor AMD, and no other.
            if end.qemu.has_quirk(catalog, QuirkKind::AmdMachineCheck, None) {
                known -= named.amd_machine_check;
            }
            if named.vmx.is_some_and(|vmx| !features.contains(vmx)) {
                known -= named.vmx_children;
            }
        }
        known - asked
    });
    open.fold(FeatureSet::EMPTY, |all, some| all | some)
}
