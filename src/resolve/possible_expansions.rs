//! Expands host-model at the source of a scenario. An unknown input, such as the map of a release between two maps, can
//! give several results.

use super::endpoint::{Endpoint, Host};
use super::expansion::probe;
use super::host_model::{Expansion, guest, guest_of_domcapabilities};
use super::unknowns::{Axis, sources};
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Definition, Policy};
use crate::domain::feature::FeatureId;
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

/// Returns every way in which the CPU of a guest with mode host-model may come out that starts at the source of the
/// scenario, each once whatever the order of its features, the likeliest facts first: the release before, a switch as before. An unknown signature or
/// stepping is tried with every value. Empty where no model describes the host.
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

/// The most combinations that are written one by one.
const MOST_WRITTEN: usize = 3;

/// What these combinations have in common: of each input its values, unless it may have any. Where that would say more
/// than they do, each combination.
fn assumptions(deciding: &[Deciding<'_>], combinations: &BTreeSet<Vec<usize>>) -> Vec<String> {
    let taken: Vec<BTreeSet<usize>> = (0..deciding.len())
        .map(|place| combinations.iter().filter_map(|values| values.get(place).copied()).collect())
        .collect();
    let named = |axis: &Axis, value: usize| axis.values.get(value).map_or("", |name| &**name).to_owned();
    if taken.iter().map(BTreeSet::len).product::<usize>() == combinations.len() {
        let said = deciding.iter().zip(&taken).filter(|((axis, _), taken)| taken.len() < axis.values.len());
        let said = said.map(|((axis, _), taken)| {
            let values: Vec<String> = taken.iter().map(|value| named(axis, *value)).collect();
            format!("{}: {}", axis.input, values.join(" or "))
        });
        return said.collect();
    }
    let each = combinations.iter().take(MOST_WRITTEN).map(|values| {
        let of_each =
            deciding.iter().zip(values).map(|((axis, _), value)| format!("{}: {}", axis.input, named(axis, *value)));
        of_each.collect::<Vec<_>>().join(" and ")
    });
    let mut said = each.collect::<Vec<_>>().join(", or ");
    if let Some(more @ 1..) = combinations.len().checked_sub(MOST_WRITTEN) {
        said.push_str(&format!(", or {more} more combinations"));
    }
    vec![said]
}
