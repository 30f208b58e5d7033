//! Writes a review as JSON.

use super::ReviewText;
use crate::analysis::review::{Finding, Review, Who};
use crate::domain::catalog::Catalog;
use crate::domain::map::ModelId;
use crate::domain::qemu::{Accel, MachineId};
use crate::export::SCHEMA;
use crate::export::analysis::format::{in_order, json, list};
use crate::resolve::RuleId;

/// Returns the review as JSON.
#[expect(clippy::too_many_lines, reason = "one object, key by key")]
pub fn review_json(catalog: &Catalog, review: &Review, files: &[String]) -> String {
    let text = ReviewText { catalog, review };
    let machine_names =
        |all: &[MachineId]| all.iter().map(|machine| catalog.machine_name(*machine).to_owned()).collect::<Vec<_>>();
    let model_names = |all: &[ModelId]| all.iter().map(|m| catalog.model_name(*m).to_owned()).collect::<Vec<_>>();
    let versions =
        |all: &[crate::domain::version::Version]| all.iter().map(ToString::to_string).collect::<Vec<String>>();
    let accels = |all: &[Accel]| all.iter().map(|accel| accel.name()).collect::<Vec<_>>();
    let removed: Vec<serde_json::Value> = review
        .removed
        .iter()
        .map(|removed| {
            serde_json::json!({
                "model": catalog.model_name(removed.model),
                "feature": catalog.feature_name(removed.feature),
                "marked": removed.listed,
                "can_happen": !removed.machines.is_empty(),
                "accelerators": accels(&removed.accels),
                "machines": machine_names(&removed.machines),
                "qemu": versions(&removed.qemu),
            })
        })
        .collect();
    let finding = |found: &Finding| {
        let (model, host, policies) = match &found.who {
            Who::Model(model, named) => (Some(catalog.model_name(*model)), None, named.as_slice()),
            Who::HostModel(host) => (None, Some(&*catalog.host(*host).name), &[][..]),
        };
        serde_json::json!({
            "direction": found.direction.name(),
            "model": model,
            "host_model_on": host,
            "policy": (!policies.is_empty()).then(|| catalog.write_policies(policies.iter().copied())),
            "verdict": found.verdict.name(),
            "rule": found.rule.map(RuleId::name),
            "more": list(catalog, in_order(catalog, found.more)),
            "less": list(catalog, in_order(catalog, found.less)),
            "regimes": found.regimes.iter().map(|regime| regime.name()).collect::<Vec<_>>(),
            "accelerators": accels(&found.accels),
            "machines": machine_names(&found.machines),
            "qemu": versions(&found.qemu),
        })
    };
    let changes = &review.changes;
    let other: Vec<serde_json::Value> = changes
        .other
        .iter()
        .map(|change| {
            serde_json::json!({
                "name": change.name,
                "what": change.what.name(),
                "before": change.before,
                "after": change.after,
            })
        })
        .collect();
    let added: Vec<serde_json::Value> = changes
        .added
        .iter()
        .map(|(model, unmarked, marked)| {
            serde_json::json!({
                "model": catalog.model_name(*model),
                "unmarked": list(catalog, unmarked.iter().copied()),
                "marked": list(catalog, marked.iter().copied()),
            })
        })
        .collect();
    let risks = review.risks();
    json(&serde_json::json!({
        "schema": SCHEMA,
        "old": text.release(review.question.old),
        "new": text.release(review.question.new),
        "as": text.release(review.like),
        "regime": review.regime.name(),
        "is_at_risk": review.at_risk(),
        "answer": text.answer(&risks),
        "risks": risks.iter().map(|risk| text.risk(risk)).collect::<Vec<_>>(),
        "at_risk": model_names(&review.models_at_risk(review.regime)),
        "removed": removed,
        "findings": review.findings.iter().map(finding).collect::<Vec<_>>(),
        "models_new": model_names(&changes.models_new),
        "models_gone": model_names(&changes.models_gone),
        "features_new": list(catalog, changes.features_new.iter().copied()),
        "features_gone": list(catalog, changes.features_gone.iter().copied()),
        "added": added,
        "marks": changes.marks.iter().map(|(model, mark, features)| serde_json::json!({
            "model": catalog.model_name(*model),
            "mark": mark.name(),
            "features": list(catalog, features.iter().copied()),
        })).collect::<Vec<_>>(),
        "shared_bits": changes.shared_bits.iter().map(|(one, other)| list(catalog, [*one, *other])).collect::<Vec<_>>(),
        "several_bits": list(catalog, changes.several_bits.iter().copied()),
        "reordered": changes.reordered,
        "other": other,
        "files": files,
        "no_return": review.no_return.iter().map(|who| match who {
            Who::Model(model, named) => {
                let named = catalog.write_policies(named.iter().copied());
                [catalog.model_name(*model), &named].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(",")
            }
            Who::HostModel(host) => format!("host-model,host={}", catalog.host(*host).name),
        }).collect::<Vec<_>>(),
        "better": model_names(&review.better),
        "undecided": review.undecided,
        "undecided_by": review.undecided_by,
        "sampled": model_names(&review.sampled),
        "resolved": review.resolved,
    }))
}
