//! Holds that everything linked in has a licence that `deny.toml` allows.

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

/// The packages that are really linked in: those reached from this one.
fn reached(resolve: &serde_json::Value) -> Vec<serde_json::Value> {
    let nodes = resolve["nodes"].as_array().unwrap();
    let mut reached = vec![resolve["root"].clone()];
    let mut place = 0;
    while let Some(id) = reached.get(place).cloned() {
        let node = nodes.iter().find(|node| node["id"] == id).unwrap();
        for dependency in node["dependencies"].as_array().unwrap() {
            if !reached.contains(dependency) {
                reached.push(dependency.clone());
            }
        }
        place += 1;
    }
    reached
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let about = String::from_utf8(rustc.stdout).unwrap();
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--manifest-path", manifest])
        .args(["--filter-platform", host])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let reached = reached(&metadata["resolve"]);
    let packages: Vec<_> =
        metadata["packages"].as_array().unwrap().iter().filter(|package| reached.contains(&package["id"])).collect();
    let allowed = allowed();
    let bad: Vec<String> = packages
        .iter()
        .filter(|package| !package["license"].as_str().is_some_and(|licence| satisfied(licence, &allowed)))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    assert!(packages.len() > 50, "only {} packages were seen", packages.len());
    assert!(bad.is_empty(), "not allowed by deny.toml:\n{}", bad.join("\n"));
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
