//! Holds that everything linked in has a licence that `deny.toml` allows.

use std::collections::BTreeSet;
use std::process::Command;

fn allowed() -> Vec<String> {
    let text = include_str!("../deny.toml");
    let list = text.split("allow = [").nth(1).unwrap().split(']').next().unwrap();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether an SPDX expression can be satisfied: every part of an AND, one part of an OR.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], " ");
    expression.split(" AND ").all(|part| {
        part.split(" OR ").any(|licence| {
            let licence = licence.split(" WITH ").next().unwrap_or_default().trim();
            allowed.iter().any(|known| known == licence)
        })
    })
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    // What is really linked in or run, on this platform.
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p}|{l}", "--manifest-path", manifest])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let packages: BTreeSet<(&str, &str)> =
        text.lines().filter_map(|line| line.trim_end_matches(" (*)").rsplit_once('|')).collect();
    let allowed = allowed();
    let bad: Vec<_> = packages.iter().filter(|(_, licence)| !satisfied(licence, &allowed)).collect();
    assert!(packages.len() > 50, "only {} packages were seen", packages.len());
    assert!(bad.is_empty(), "not allowed by deny.toml: {bad:#?}");
}

#[test]
fn the_check_itself_bites() {
    let allowed = ["MIT".to_owned(), "Zlib".to_owned()];
    assert!(satisfied("MIT OR Apache-2.0", &allowed));
    assert!(satisfied("Apache-2.0/MIT", &allowed));
    assert!(satisfied("(MIT OR Apache-2.0) AND Zlib", &allowed));
    assert!(!satisfied("GPL-3.0-only", &allowed));
    assert!(!satisfied("MIT AND GPL-3.0-only", &allowed));
}
