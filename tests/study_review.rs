//! Holds the review of a changed CPU map to what the change of mpx is known to do.

use virt_cpu_explorer::internal::analysis::review::{Direction, Question, Review, review};
use virt_cpu_explorer::internal::domain::behaviour::Regime;
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::version::Version;
use virt_cpu_explorer::internal::export::analysis::{review_json, review_markdown};
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::resolve::Verdict;

#[expect(clippy::unwrap_used, reason = "facts that cannot be read fail the test")]
fn reviewed(old: &str, new: &str, qemu: &[Version]) -> (Catalog, Review) {
    let catalog = embedded::catalog().unwrap();
    let [old, new] = [old, new].map(|name| catalog.libvirt(name).unwrap());
    let found = review(&catalog, &Question { old, new, qemu: qemu.to_vec() }, &mut |_, _| {});
    (catalog, found)
}

fn names(catalog: &Catalog, review: &Review) -> Vec<String> {
    let mut names: Vec<String> =
        review.models_at_risk().into_iter().map(|model| catalog.model_name(model).to_owned()).collect();
    names.sort();
    names
}

#[test]
fn removing_mpx_puts_six_models_at_risk_and_icelake_client_where_qemu_has_it() {
    let six = [
        "Cascadelake-Server",
        "Icelake-Server",
        "Skylake-Client",
        "Skylake-Client-IBRS",
        "Skylake-Server",
        "Skylake-Server-IBRS",
    ];
    let (catalog, found) = reviewed("9.0.0", "9.0.0+mpx-removed", &[Version::new(7, 2, 22)]);
    assert_eq!(names(&catalog, &found), six);
    let (catalog, found) = reviewed("9.0.0", "9.0.0+mpx-removed", &[]);
    let others: Vec<String> = names(&catalog, &found).into_iter().filter(|name| !six.contains(&&**name)).collect();
    assert_eq!(others, ["Icelake-Client"]);
}

#[test]
fn only_machine_types_up_to_3_1_are_at_risk_and_only_from_old_to_new() {
    let (catalog, found) = reviewed("9.0.0", "9.0.0+mpx-removed", &[]);
    for finding in &found.findings {
        assert_eq!(finding.direction, Direction::OldToNew);
        assert_eq!(finding.policy, None, "a guest that names mpx is safe");
        for machine in &finding.machines {
            let name = catalog.machine_name(*machine);
            let series = virt_cpu_explorer::internal::domain::catalog::machine_series(name).map(|(_, version)| version);
            assert!(series.is_some_and(|version| version <= Version::new(3, 1, 0)), "{name}");
        }
    }
}

#[test]
fn disable_loses_the_feature_nothing_aborts_and_require_is_safe() {
    let (catalog, found) = reviewed("9.0.0", "9.0.0+mpx-removed", &[Version::new(7, 2, 22)]);
    let mpx = catalog.feature("mpx").unwrap();
    for finding in &found.findings {
        match finding.regimes[..] {
            [Regime::Disable] => assert!(finding.verdict == Verdict::Changed && finding.less.contains(mpx)),
            [Regime::Nothing] => assert!(finding.verdict == Verdict::Aborted && finding.more.contains(mpx)),
            _ => panic!("{finding:?}"),
        }
    }
    assert_eq!(found.findings.len(), 12);
}

#[test]
fn every_removed_feature_is_answered() {
    let (catalog, found) = reviewed("9.0.0", "9.0.0+mpx-removed", &[Version::new(7, 2, 22)]);
    let safe: Vec<&str> = found
        .removed
        .iter()
        .filter(|removed| removed.machines.is_empty())
        .map(|removed| catalog.model_name(removed.model))
        .collect();
    assert_eq!(found.removed.len(), 12);
    assert!(safe.contains(&"Icelake-Server-noTSX") && !safe.contains(&"Skylake-Client"), "{safe:?}");
    assert!(found.removed.iter().all(|removed| removed.listed));
}

#[test]
fn a_map_beside_itself_has_nothing_at_risk() {
    let (_, found) = reviewed("9.0.0", "9.0.0", &[Version::new(7, 2, 22), Version::new(10, 0, 13)]);
    assert!(!found.at_risk() && found.removed.is_empty());
}

#[test]
fn the_report_fits_a_mail_and_the_json_is_json() {
    let (catalog, found) = reviewed("9.0.0", "9.0.0+mpx-removed", &[Version::new(7, 2, 22)]);
    let text = review_markdown(&catalog, &found);
    for line in text.lines() {
        assert!(line.chars().count() <= 76, "{line}");
    }
    assert!(text.contains("can the problematic case happen?"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&review_json(&catalog, &found)).unwrap();
    assert_eq!(json["at_risk"].as_array().map(Vec::len), Some(6));
}
