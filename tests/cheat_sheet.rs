//! Holds the cheat sheet against the tables it is made from.

#[path = "support/golden.rs"]
mod golden;

use virt_cpu_explorer::internal::export::cheat_sheet;
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::resolve::{RuleId, Verdict};
use virt_cpu_explorer::internal::tui;

#[test]
fn the_page_is_up_to_date() {
    let catalog = embedded::catalog().unwrap();
    golden::compare("docs/CHEATSHEET.md", &cheat_sheet(&catalog, true, tui::sign));
}

#[test]
fn one_page_has_every_rule_and_every_verdict() {
    let catalog = embedded::catalog().unwrap();
    let sheet = cheat_sheet(&catalog, false, tui::sign);
    for name in RuleId::ALL.iter().map(|rule| rule.name()).chain(Verdict::ALL.iter().map(|verdict| verdict.name())) {
        assert!(sheet.contains(&format!("  {name}  ")), "{name} is not there:\n{sheet}");
    }
    assert!(sheet.lines().count() <= 75, "more than a page: {} lines", sheet.lines().count());
    assert!(sheet.lines().all(|line| line.chars().count() <= 76), "{sheet}");
}
