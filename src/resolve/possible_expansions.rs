//! Expands host-model at the source of a scenario. An unknown input, such as the map of a release between two maps, can
//! give several results.

use super::endpoint::{Endpoint, Host};
use super::expansion::probe;
use super::host_model::{Expansion, guest, guest_of_domcapabilities};
use super::unknowns::sources;
use crate::domain::catalog::Catalog;
use crate::domain::definition::Policy;
use crate::domain::feature::FeatureId;
use crate::domain::host::{CpuSignature, Vendor};
use crate::domain::map::ModelId;
use crate::domain::scenario::Scenario;

/// One way in which host-model may expand.
#[derive(Clone, PartialEq, Debug)]
pub struct PossibleExpansion {
    /// What has to be so of the inputs that matter: `libvirt map of 9.9.0: as in 9.8.0`.
    pub assumptions: Vec<String>,
    /// Family, model and stepping of the host, told or tried.
    pub signature: Option<CpuSignature>,
    /// What a guest gets.
    pub guest: Expansion,
}

/// Returns every way in which the CPU of a guest with mode host-model may come out that starts at the source of the
/// scenario, each once, the likeliest facts first: the release before, a switch as before. An unknown signature or
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
    // Of each combination the result, by its index.
    let mut results: Vec<Option<usize>> = Vec::with_capacity(ends.len());
    for end in &ends {
        let guest = end.as_ref().and_then(|end| Some((expand(end)?, end.host)));
        results.push(guest.map(|(guest, host)| {
            let is_same = |known: &PossibleExpansion| {
                let known = &known.guest;
                (&known.definition, &known.command_line) == (&guest.definition, &guest.command_line)
            };
            found.iter().position(is_same).unwrap_or_else(|| {
                let signature = match host {
                    Host::With { signature, .. } => signature,
                    Host::Capable => None,
                };
                found.push(PossibleExpansion { assumptions: Vec::new(), signature, guest });
                found.len() - 1
            })
        }));
    }
    let mut step = 1;
    for axis in &axes {
        let value = |number: usize| number / step % axis.values.len();
        let of_first_value = |number: usize| results.get(number - value(number) * step);
        if results.iter().enumerate().any(|(number, result)| of_first_value(number) != Some(result)) {
            for (index, possible) in found.iter_mut().enumerate() {
                let first = results.iter().position(|result| *result == Some(index));
                let of_axis = first.and_then(|first| axis.values.get(value(first)));
                possible.assumptions.extend(of_axis.map(|value| format!("{}: {value}", axis.input)));
            }
        }
        step *= axis.values.len();
    }
    found
}
