//! Decodes a processor to a CPU model and features as libvirt does: host-model, domcapabilities, the host, a baseline.
//! No I/O and no facts of its own: the map, the release's behaviour and QEMU's lists are arguments.
//!
//! libvirt has one procedure for all of these (`x86Decode` in `src/cpu/cpu_x86.c`):
//!
//! 1. The processor is a set of feature names, a vendor and a signature. Names the map lacks are dropped.
//! 2. Every model of the map is tried, the last one first. For each, libvirt lists by which features the processor
//!    differs from the model: `require` for those the model lacks, `disable` for those the processor lacks, for QEMU's
//!    blockers, and for features that older maps had in the model.
//! 3. A model with the processor's signature beats one without it. Otherwise the one with the lower [`Score`] wins, and on
//!    a tie the one tried first.
//!
//! [`decode`] is that procedure. The module `expand` makes its inputs from the facts and its result into what libvirt writes.

use crate::domain::behaviour::Behaviour;
use crate::domain::definition::Policy;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::{CpuSignature, Host, Vendor};
use crate::domain::map::{CpuMap, ModelDefinition, ModelId};
use crate::domain::named::Named;

mod baseline;
mod candidate;
mod expand;
mod qemu_models;

pub use baseline::{BaselineCpu, BaselineError, baseline};
pub use candidate::Score;
pub(crate) use candidate::{Candidate, Rejection};
pub(crate) use expand::{Expansion, added_tsx, command_line, migratable_host_model};
pub use expand::{Probe, guest, guest_of_domcapabilities};
pub use qemu_models::QemuModels;

/// The libvirt release that decodes.
#[derive(Clone, Copy, Debug)]
pub struct Libvirt<'a> {
    /// Its CPU map.
    pub map: &'a CpuMap,
    /// How it decides.
    pub behaviour: &'a Behaviour,
    /// The features that rules refer to by name.
    pub named: &'a Named,
}

/// The processor that is decoded.
#[derive(Clone, PartialEq, Debug)]
pub struct Processor {
    /// Its vendor; `None` if unknown, or for a baseline of CPUs without one.
    pub vendor: Option<Vendor>,
    /// Family, model and stepping; `None` if unknown.
    pub signature: Option<CpuSignature>,
    /// Its features. Those that the map does not name are ignored.
    pub features: FeatureSet,
}

/// What the decode is for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'a> {
    /// The host's own CPU in `virsh capabilities`: a model may not have a feature that the processor lacks.
    Host,
    /// A guest's CPU, with the models that QEMU lists; `None` where libvirt has no list, as for `virsh cpu-baseline`.
    Guest(Option<&'a QemuModels>),
}

/// A CPU as libvirt decoded it.
#[derive(Clone, PartialEq, Debug)]
pub struct HostModel {
    /// The chosen model.
    pub model: ModelId,
    /// The vendor, if the map knows it.
    pub vendor: Option<Vendor>,
    /// The features in addition to the model, in the order in which libvirt writes them. For [`Purpose::Host`] libvirt
    /// writes no policy; it is `require` here.
    pub features: Vec<(FeatureId, Policy)>,
    /// Every model that could have been chosen, in the order in which libvirt tries them. A single preferred model ends
    /// the search.
    pub candidates: Vec<Candidate>,
    /// The index of the chosen model among them.
    pub chosen: usize,
    /// The model that would have been chosen without the winner, and why the winner beats it; `None` for an only
    /// candidate.
    pub runner_up: Option<(usize, Reason)>,
    /// The models that could not have been chosen, in the order tried.
    pub rejected: Vec<(ModelId, Rejection)>,
}

/// Why the chosen model beats the runner-up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// It is among the models that a baseline prefers.
    Preferred,
    /// It has the processor's signature and the runner-up has not.
    Signature,
    /// Its score is lower.
    Score,
    /// The scores are equal and its disabled features count less.
    FewerDisabled,
    /// Both are equally good; it comes later in the map, so it was tried first.
    TriedFirst,
}

impl Processor {
    /// Returns a host of the facts as KVM gives it to guests.
    pub fn of_host(host: &Host) -> Self {
        Self { vendor: Some(host.vendor), signature: Some(host.signature()), features: host.features }
    }
}

/// Returns the signature that a host has which libvirt describes by `model`: the model's first one. It is inferred; of a
/// model for some steppings only, the first of them is taken. `None` where the map gives the model no signature.
pub fn inferred_signature(map: &CpuMap, model: ModelId) -> Option<CpuSignature> {
    let first = map.model(model)?.signatures.first()?;
    let steppings = first.stepping.as_deref().unwrap_or("0");
    let stepping = steppings.split([',', '-']).next()?.parse().ok();
    Some(CpuSignature { family: first.family.parse().ok()?, model: first.model.parse().ok()?, stepping })
}

impl HostModel {
    /// Returns the chosen model as a candidate.
    pub fn winner(&self) -> Option<&Candidate> {
        self.candidates.get(self.chosen)
    }
}

/// Chooses the model and lists the features in addition to it; `None` where no model of the map can describe the
/// processor (libvirt: `Cannot find suitable CPU model for given data`). `preferred` is empty except for a baseline.
pub fn decode(
    libvirt: Libvirt<'_>,
    processor: &Processor,
    purpose: Purpose<'_>,
    preferred: &[ModelId],
) -> Option<HostModel> {
    let map = libvirt.map;
    let vendor = processor.vendor.filter(|vendor| knows_vendor(map, *vendor));
    let features = without_broken_tsx(libvirt, processor, vendor) & map.known;
    let mut candidates: Vec<Candidate> = Vec::with_capacity(map.model_order.len());
    let mut rejected = Vec::new();
    let mut chosen = None;
    for (id, model) in map.model_order.iter().rev().filter_map(|id| Some((*id, map.model(*id)?))) {
        let candidate = candidate::of(libvirt, (id, model), (vendor, processor.signature, features), purpose);
        let candidate = match candidate {
            Ok(candidate) => candidate,
            Err(rejection) => {
                rejected.push((id, rejection));
                continue;
            }
        };
        let only_preferred = *preferred == [id];
        if only_preferred
            || chosen.and_then(|index| candidates.get(index)).is_none_or(|c| candidate.beats(c, preferred))
        {
            chosen = Some(candidates.len());
        }
        candidates.push(candidate);
        if only_preferred {
            break;
        }
    }
    let chosen = chosen?;
    let winner = candidates.get(chosen)?;
    let model = map.model(winner.model)?;
    Some(HostModel {
        model: winner.model,
        vendor,
        features: listed(map, model, winner, purpose),
        runner_up: runner_up(&candidates, chosen, preferred),
        chosen,
        candidates,
        rejected,
    })
}

/// Whether the map names the vendor; of one it does not name, libvirt leaves no model out.
fn knows_vendor(map: &CpuMap, vendor: Vendor) -> bool {
    map.vendors.iter().any(|(name, _)| Vendor::from_map_name(name) == Some(vendor))
}

/// The processors whose transactional memory is broken (libvirt `x86DataFilterTSX`): family 6 with one of these models,
/// and in the first a stepping below this one.
const BROKEN_TSX_FAMILY: u32 = 6;
const BROKEN_TSX_BELOW: (u32, u32) = (63, 4);
const BROKEN_TSX: [u32; 3] = [60, 69, 70];

fn without_broken_tsx(libvirt: Libvirt<'_>, processor: &Processor, vendor: Option<Vendor>) -> FeatureSet {
    let mut features = processor.features;
    let broken = processor.signature.is_some_and(|signature| {
        let (model, stepping) = BROKEN_TSX_BELOW;
        signature.family == BROKEN_TSX_FAMILY
            && (BROKEN_TSX.contains(&signature.model)
                || (signature.model == model && signature.stepping.is_none_or(|of_cpu| of_cpu < stepping)))
    });
    if vendor == Some(Vendor::Intel) && broken {
        for feature in [libvirt.named.hle, libvirt.named.rtm].into_iter().flatten() {
            features.remove(feature);
        }
    }
    features
}

/// The features in addition to the model, in libvirt's order: enabled ones in map order, disabled ones in map order,
/// and the model's removed ones in its own order (libvirt `x86DataToCPU`).
fn listed(map: &CpuMap, model: &ModelDefinition, winner: &Candidate, purpose: Purpose<'_>) -> Vec<(FeatureId, Policy)> {
    let with = |policy: Policy| move |feature: FeatureId| (feature, policy);
    let mut features: Vec<_> = map.in_order(winner.enabled).into_iter().map(with(Policy::Require)).collect();
    if matches!(purpose, Purpose::Guest(_)) {
        features.extend(map.in_order(winner.disabled).into_iter().map(with(Policy::Disable)));
        let removed = model.removed.iter().copied().filter(|feature| winner.removed.contains(*feature));
        features.extend(removed.map(with(Policy::Disable)));
    }
    features
}

fn runner_up(candidates: &[Candidate], chosen: usize, preferred: &[ModelId]) -> Option<(usize, Reason)> {
    let winner = candidates.get(chosen)?;
    let others = candidates.iter().enumerate().filter(|(index, _)| *index != chosen);
    let (index, second) = others.reduce(|best, other| if other.1.beats(best.1, preferred) { other } else { best })?;
    let reason = if *preferred == [winner.model] {
        Reason::Preferred
    } else if winner.signature_matches != second.signature_matches {
        Reason::Signature
    } else if winner.score.total < second.score.total {
        Reason::Score
    } else if winner.score < second.score {
        Reason::FewerDisabled
    } else if winner.score > second.score {
        Reason::Preferred
    } else {
        Reason::TriedFirst
    };
    Some((index, reason))
}
