//! Asks the product: from a scenario's link to an answer, or to the JSON of the command line.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a question that cannot be asked fails the test")]

use serde_json::Value;
use std::sync::LazyLock;
use virt_cpu_explorer::internal::cli::{self, CheckArgs, Choice, Format};
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::definition::Definition;
use virt_cpu_explorer::internal::domain::feature::FeatureId;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::explain::message;
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::resolve::{Answer, Plan, resolve};

/// The embedded facts, read once.
pub(crate) static CATALOG: LazyLock<Catalog> = LazyLock::new(|| embedded::catalog().unwrap());

/// Reads a scenario.
pub(crate) fn scenario(link: &str) -> Scenario {
    Scenario::parse(&CATALOG, link).unwrap_or_else(|fault| panic!("{link}: {fault}"))
}

/// Every combination of the unknown inputs, if there are at most `most`.
pub(crate) fn combinations(plan: &Plan<'_>, most: usize) -> Option<Vec<Vec<usize>>> {
    let sizes = plan.axes.iter().map(|axis| axis.values.len());
    sizes.clone().try_fold(1, usize::checked_mul).filter(|all| *all <= most)?;
    let longer = |all: Vec<Vec<usize>>, size: usize| -> Vec<Vec<usize>> {
        all.iter().flat_map(|start| (0..size).map(|value| [start.as_slice(), &[value]].concat())).collect()
    };
    Some(sizes.fold(vec![Vec::new()], longer))
}

/// Resolves a scenario.
pub(crate) fn answer(link: &str) -> Answer {
    resolve(&CATALOG, &scenario(link))
}

/// What `check --format json` prints for a scenario.
pub(crate) fn json(link: &str) -> Value {
    let choice = Choice { link: Some(link.to_owned()), ..Choice::default() };
    let args = CheckArgs { choice, format: Some(Format::Json), ..CheckArgs::default() };
    let mut out = Vec::new();
    let code = cli::check(&CATALOG, &args, &mut out).unwrap_or_else(|fault| panic!("{link}: {fault}"));
    let value: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(code == 0, value["verdict"] == "unchanged", "the exit code of {link}");
    value
}

/// What `check --batch` prints for some lines, and its exit code.
pub(crate) fn batch(lines: &str) -> (u8, Vec<Value>) {
    let mut out = Vec::new();
    let code = cli::check_batch(&CATALOG, &mut lines.as_bytes(), &CheckArgs::default(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    (code, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The names of some features, in their order.
pub(crate) fn names(features: &[FeatureId]) -> Vec<String> {
    features.iter().map(|feature| CATALOG.feature_name(*feature).to_owned()).collect()
}

/// The features of a definition with their policies, in their order.
pub(crate) fn policies(definition: Option<&Definition>) -> Option<Vec<(String, String)>> {
    let name = |feature| CATALOG.feature_name(feature).to_owned();
    Some(definition?.features.iter().map(|(feature, policy)| (name(feature), policy.name().to_owned())).collect())
}

/// libvirt's message, if there is one.
pub(crate) fn error(answer: &Answer) -> Option<String> {
    answer.refusal().map(|refusal| message(&CATALOG, refusal))
}

/// A JSON object as pairs of names and texts, in its order.
pub(crate) fn pairs(object: &Value) -> Option<Vec<(String, String)>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Some(object.as_object()?.iter().map(|(name, value)| (name.clone(), text(value))).collect())
}

/// The texts of a JSON list.
pub(crate) fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
}

/// A message without what differs from run to run. When QEMU exits, libvirt reports it from one of two places, perhaps
/// with the guest's name, and then quotes QEMU's lines: of these, the first from where QEMU says what is wrong.
pub(crate) fn comparable(message: &str) -> &str {
    let start = ["-machine ", "can't apply global"].into_iter().find_map(|text| message.find(text)).unwrap_or(0);
    let quoted = &message[start..];
    if start == 0 { quoted } else { quoted.lines().next().unwrap_or_default() }
}
