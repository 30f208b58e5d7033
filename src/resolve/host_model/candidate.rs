//! Tries one model: its differences from the processor, its score, and which of two models is better (libvirt
//! `x86DataToCPU`, `x86DecodeUseCandidate`).

use super::{Libvirt, Purpose};
use crate::domain::feature::FeatureSet;
use crate::domain::host::{CpuSignature, Vendor};
use crate::domain::map::{ModelDefinition, ModelId};

/// One model that can describe the processor.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    pub model: ModelId,
    /// Whether one of its signatures is the processor's.
    pub signature_matches: bool,
    /// Features of the processor that the model lacks.
    pub enabled: FeatureSet,
    /// Features of the model that the processor lacks, and QEMU's blockers.
    pub disabled: FeatureSet,
    /// Features that older maps had in the model, beyond those named above: disabled too.
    pub removed: FeatureSet,
    /// What QEMU says it cannot enable of its own model of this name.
    pub blockers: FeatureSet,
    /// What that costs.
    pub score: Score,
}

impl Candidate {
    /// Returns how many features libvirt would write as `require`.
    pub fn enabled_count(&self) -> usize {
        self.enabled.len()
    }

    /// Returns how many features libvirt would write as `disable`.
    pub fn disabled_count(&self) -> usize {
        self.disabled.len() + self.removed.len()
    }

    /// Returns whether this model, tried later, replaces `current`.
    pub(super) fn beats(&self, current: &Self, preferred: &[ModelId]) -> bool {
        if self.signature_matches != current.signature_matches {
            return self.signature_matches;
        }
        let is_preferred = preferred.contains(&self.model);
        self.score < current.score || (is_preferred && self.score.penalty < current.score.penalty)
    }
}

/// Why a model cannot be chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rejection {
    /// QEMU does not list it.
    NotInQemu,
    /// It is another vendor's.
    OtherVendor,
    /// The map says that it is not for this purpose: `<decode host='off'/>` or `<decode guest='off'/>`.
    NotForPurpose,
    /// It has features that the processor lacks, and a host cannot be described by what it lacks.
    LacksFeatures,
}

/// What it costs to describe the processor by a model; the lower one wins, `total` first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Score {
    /// Enabled features, and the penalty.
    pub total: usize,
    /// What the disabled features count; always 0 before libvirt had penalties, and then each counts 1 in `total`.
    pub penalty: usize,
}

impl Score {
    /// Returns what the disabled features count that have a penalty: 2, 3, 4 and so on. The others count 1 each.
    pub fn penalties(self) -> Vec<usize> {
        let mut left = self.penalty;
        let mut penalties = Vec::new();
        while left > 0 {
            penalties.push(penalties.len() + 2);
            left = left.saturating_sub(penalties.len() + 1);
        }
        penalties
    }

    /// Returns the score of so many enabled and disabled features.
    ///
    /// The first disabled feature costs 2, the next 3, and so on. libvirt counts them in a loop that ends at a bound
    /// which each disabled feature moves down by one. Disabled features come last in the list, so the loop meets the
    /// first half of them, and the others stay among those it takes for enabled.
    pub(super) fn of(enabled: usize, disabled: usize, penalties: bool) -> Self {
        if !penalties {
            return Self { total: enabled + disabled, penalty: 0 };
        }
        let met = disabled.div_ceil(2);
        let penalty = (2..2 + met).sum();
        Self { total: enabled + disabled - met + penalty, penalty }
    }
}

/// Tries `model` for a processor with this vendor, if the map knows it, this signature and these features.
pub(super) fn of(
    libvirt: Libvirt<'_>,
    (id, model): (ModelId, &ModelDefinition),
    (vendor, signature, features): (Option<Vendor>, Option<CpuSignature>, FeatureSet),
    purpose: Purpose<'_>,
) -> Result<Candidate, Rejection> {
    let blockers = match purpose {
        Purpose::Host | Purpose::Guest(None) => FeatureSet::EMPTY,
        Purpose::Guest(Some(models)) => models.blockers(id).ok_or(Rejection::NotInQemu)? & libvirt.map.known,
    };
    if let (Some(vendor), Some(of_model)) = (vendor, model.vendor.as_deref())
        && Vendor::from_map_name(of_model) != Some(vendor)
    {
        return Err(Rejection::OtherVendor);
    }
    let is_host = matches!(purpose, Purpose::Host);
    if model.decode.is_some_and(|decode| if is_host { !decode.host } else { !decode.guest }) {
        return Err(Rejection::NotForPurpose);
    }
    let enabled = features - model.data;
    let disabled = ((model.data - features) | blockers) - enabled;
    if is_host && !disabled.is_empty() {
        return Err(Rejection::LacksFeatures);
    }
    let removed = if is_host { FeatureSet::EMPTY } else { model.removed_set() - enabled - disabled };
    let score = Score::of(enabled.len(), disabled.len() + removed.len(), libvirt.behaviour.decode_penalties);
    let signature_matches = signature.is_some_and(|of_cpu| model.signatures.iter().any(|known| known.is_of(of_cpu)));
    Ok(Candidate { model: id, signature_matches, enabled, disabled, removed, blockers, score })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// libvirt's loop, feature by feature.
    fn counted(enabled: usize, disabled: usize) -> Score {
        let list: Vec<bool> = (0..enabled + disabled).map(|index| index >= enabled).collect();
        let (mut bound, mut cost, mut penalty, mut index) = (list.len(), 2, 0, 0);
        while index < bound {
            if list[index] {
                bound -= 1;
                penalty += cost;
                cost += 1;
            }
            index += 1;
        }
        Score { total: bound + penalty, penalty }
    }

    #[test]
    fn the_score_is_what_the_loop_counts() {
        for enabled in 0..40 {
            for disabled in 0..40 {
                assert_eq!(Score::of(enabled, disabled, true), counted(enabled, disabled), "{enabled} {disabled}");
            }
        }
    }

    #[test]
    fn without_penalties_the_shorter_list_wins() {
        assert!(Score::of(3, 3, false) < Score::of(7, 0, false));
        assert!(Score::of(3, 3, true) > Score::of(7, 0, true));
    }
}
