//! Groups the findings of a review into a few lines: the kind of harm, the cause, and the guests affected.

use super::{Direction, Finding, Review, Who};
use crate::domain::behaviour::Regime;
use crate::domain::definition::Policy;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::HostId;
use crate::domain::map::ModelId;
use crate::domain::order::{sort, sort_by_key};
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::version::Version;
use crate::resolve::{RuleId, Verdict};
use foldhash::HashMap;

/// Which guests a risk is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Mentions {
    /// Those that name no feature.
    None,
    /// Those that enable `vmx` or `svm`.
    Nested(FeatureId),
    /// Those that give the feature which differs this policy.
    Feature(Policy),
    /// host-model guests.
    HostModel,
}

/// Findings of one kind.
#[derive(Clone, PartialEq, Debug)]
pub struct Risk {
    /// Whether it is one under the regime that is meant.
    pub is_meant: bool,
    /// The regimes under which it is one.
    pub regimes: Vec<Regime>,
    /// Which way the guest goes.
    pub direction: Direction,
    /// The outcome.
    pub verdict: Verdict,
    /// The rules that decided.
    pub rules: Vec<RuleId>,
    /// Which guests.
    pub mentions: Mentions,
    /// The features that they name, with [`Mentions::Feature`].
    pub named: FeatureSet,
    /// The models, in the order of their numbers.
    pub models: Vec<ModelId>,
    /// The hosts, for host-model guests.
    pub hosts: Vec<HostId>,
    /// Extra features where it was aborted, else gained ones: of all guests together.
    pub more: FeatureSet,
    /// Missing or lost features likewise.
    pub less: FeatureSet,
    /// The accelerators.
    pub accels: Vec<Accel>,
    /// The machine types.
    pub machines: Vec<MachineId>,
    /// The QEMU releases.
    pub qemu: Vec<Version>,
}

impl Risk {
    /// Returns whether it exists under TCG only, where no production guest runs.
    pub(crate) fn is_tcg_only(&self) -> bool {
        self.accels == [Accel::Tcg]
    }
}

impl Review {
    /// Returns the findings folded, those under the meant regime and under KVM first, the worst and most common first.
    pub fn risks(&self) -> Vec<Risk> {
        let mut risks: Vec<Risk> = Vec::new();
        for finding in &self.findings {
            let (mentions, named) = match &finding.who {
                Who::HostModel(_) => (Mentions::HostModel, FeatureSet::EMPTY),
                Who::Model(_, named) => match named.as_slice() {
                    [] => (Mentions::None, FeatureSet::EMPTY),
                    [(feature, Policy::Require)] if !finding_is_about(finding, *feature) => {
                        (Mentions::Nested(*feature), FeatureSet::EMPTY)
                    }
                    [.., (feature, policy)] => (Mentions::Feature(*policy), FeatureSet::only(*feature)),
                },
            };
            let is_same = |risk: &&mut Risk| {
                (risk.direction, risk.verdict, risk.mentions) == (finding.direction, finding.verdict, mentions)
                    && risk.regimes == finding.regimes
                    && risk.is_tcg_only() == (finding.accels == [Accel::Tcg])
                    && alike(risk, finding)
            };
            match risks.iter_mut().find(is_same) {
                Some(risk) => add(risk, finding, named),
                None => {
                    let mut risk = Risk {
                        is_meant: finding.is_under(self.regime),
                        regimes: finding.regimes.clone(),
                        direction: finding.direction,
                        verdict: finding.verdict,
                        rules: Vec::new(),
                        mentions,
                        named: FeatureSet::EMPTY,
                        models: Vec::new(),
                        hosts: Vec::new(),
                        more: FeatureSet::EMPTY,
                        less: FeatureSet::EMPTY,
                        accels: Vec::new(),
                        machines: Vec::new(),
                        qemu: Vec::new(),
                    };
                    add(&mut risk, finding, named);
                    risks.push(risk);
                }
            }
        }
        sort_by_key(&mut risks, |risk| {
            let many = risk.models.len() + risk.hosts.len();
            let harm = match risk.verdict {
                Verdict::Aborted | Verdict::StartRefused => 0,
                Verdict::Changed | Verdict::Unchanged | Verdict::Never => 1,
                Verdict::Depends => 2,
            };
            (!risk.is_meant, risk.is_tcg_only(), risk.direction, harm, risk.mentions, std::cmp::Reverse(many))
        });
        risks
    }
}

/// Whether a guest that enables one feature only does so because the maps treat that feature differently; `vmx` and `svm`
/// are tried everywhere.
fn finding_is_about(finding: &Finding, feature: FeatureId) -> bool {
    (finding.more | finding.less).contains(feature)
}

/// Each of a few features is a risk of its own; a long list of one kind is one risk.
fn alike(risk: &Risk, finding: &Finding) -> bool {
    const FEW: usize = 3;
    let short = |more: FeatureSet, less: FeatureSet| more.len() + less.len() <= FEW;
    match (short(risk.more, risk.less), short(finding.more, finding.less)) {
        (true, true) => (risk.more, risk.less) == (finding.more, finding.less),
        (false, false) => {
            (risk.more.is_empty(), risk.less.is_empty()) == (finding.more.is_empty(), finding.less.is_empty())
        }
        (true, false) | (false, true) => false,
    }
}

fn add(risk: &mut Risk, finding: &Finding, named: FeatureSet) {
    fn note<T: PartialEq + Copy>(list: &mut Vec<T>, items: impl IntoIterator<Item = T>) {
        for item in items {
            if !list.contains(&item) {
                list.push(item);
            }
        }
    }
    note(&mut risk.rules, finding.rule);
    match &finding.who {
        Who::Model(model, _) => note(&mut risk.models, [*model]),
        Who::HostModel(host) => note(&mut risk.hosts, [*host]),
    }
    risk.named |= named;
    risk.more |= finding.more;
    risk.less |= finding.less;
    note(&mut risk.accels, finding.accels.iter().copied());
    note(&mut risk.machines, finding.machines.iter().copied());
    note(&mut risk.qemu, finding.qemu.iter().copied());
    sort(&mut risk.models);
    sort(&mut risk.qemu);
}

/// Joins findings that differ in the regime only.
pub(super) fn under_every_regime(findings: Vec<Finding>) -> Vec<Finding> {
    let mut joined: Vec<Finding> = Vec::new();
    let mut index: HashMap<(Direction, Who, Verdict, FeatureSet, FeatureSet), Vec<usize>> = HashMap::default();
    for finding in findings {
        let key = (finding.direction, finding.who.clone(), finding.verdict, finding.more, finding.less);
        let known = index.entry(key).or_default();
        let is_same = |position: &&usize| {
            joined.get(**position).is_some_and(|known| {
                (&known.accels, &known.machines, &known.qemu) == (&finding.accels, &finding.machines, &finding.qemu)
                    && known.rule == finding.rule
            })
        };
        match known.iter().find(is_same).copied().and_then(|position| joined.get_mut(position)) {
            Some(known) => {
                known.regimes.extend(finding.regimes);
                sort(&mut known.regimes);
                known.regimes.dedup();
            }
            None => {
                known.push(joined.len());
                joined.push(finding);
            }
        }
    }
    joined
}

/// Drops what follows from a finding about the guest that names no feature: the same outcome, for a part of the same
/// features, for a guest that names an unrelated one.
pub(super) fn drop_implied(findings: &mut Vec<Finding>) {
    let mut plain: HashMap<ModelId, Vec<Finding>> = HashMap::default();
    for finding in findings.iter() {
        if let Who::Model(model, named) = &finding.who
            && named.is_empty()
        {
            plain.entry(*model).or_default().push(finding.clone());
        }
    }
    findings.retain(|finding| {
        let Who::Model(model, named) = &finding.who else { return true };
        let implies = |plain: &Finding| {
            (plain.direction, plain.verdict) == (finding.direction, finding.verdict)
                && finding.more.is_subset(&plain.more)
                && finding.less.is_subset(&plain.less)
                && finding.regimes.iter().all(|regime| plain.regimes.contains(regime))
                && finding.accels.iter().all(|accel| plain.accels.contains(accel))
                && finding.machines.iter().all(|machine| plain.machines.contains(machine))
                && finding.qemu.iter().all(|version| plain.qemu.contains(version))
        };
        named.is_empty() || !plain.get(model).into_iter().flatten().any(implies)
    });
}
