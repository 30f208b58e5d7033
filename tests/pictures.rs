//! Holds the pictures of the README and of the rules against the program that draws them.

#[path = "support/golden.rs"]
mod golden;
#[path = "support/typed.rs"]
mod typed;

use std::collections::BTreeSet;
use std::path::Path;
use typed::{catalog, open};
use virt_cpu_explorer::internal::app::export::Format;
use virt_cpu_explorer::internal::resolve::RuleId;
use virt_cpu_explorer::internal::tui;

/// Every picture: its name, the scenario, the size, the keys typed. It is called like the rule
/// that it shows.
const PICTURES: &[(&str, &str, (u16, u16), &str)] = &[
    ("T5", "Skylake-Client,machine=pc-q35-4.0,from=old,to=new", (120, 36), ""),
    ("T7", "Skylake-Client,machine=pc-q35-3.1,from=old,to=new", (120, 36), ""),
    ("ht", "EPYC,machine=pc-q35-5.2,topology=1-2-1,from=9.0.0:7.2.22,to=11.3.0:10.0.13", (120, 36), ""),
    ("machine-type", "Skylake-Client,machine=pc-q35-2.4,from=9.0.0:7.2.22,to=12.8.0:11.1.2", (120, 36), ""),
    (
        "vmx-unknown-to-source",
        "Skylake-Server,+vmx,machine=pc-q35-7.1,from=9.0.0:7.2.22,to=9.10.0:7.2.22,regime=nothing",
        (120, 42),
        "",
    ),
];

fn path(name: &str) -> String {
    format!("docs/pictures/{name}.svg")
}

#[test]
fn every_picture_is_what_the_program_draws_today() {
    for (name, link, size, keys) in PICTURES {
        let session = open(link, *size).keys(keys);
        assert_eq!(session.model.derived.answer.rule.map(RuleId::name), Some(*name), "{link}");
        golden::compare(&path(name), &tui::screen(&session.model, catalog(), Format::Svg));
    }
}

#[test]
fn no_picture_is_left_over_and_every_one_is_shown_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(root.join("docs/pictures")).unwrap();
    let files: BTreeSet<String> =
        files.map(|file| format!("docs/pictures/{}", file.unwrap().file_name().to_string_lossy())).collect();
    assert_eq!(files, PICTURES.iter().map(|(name, ..)| path(name)).collect());
    let pages = [include_str!("../README.md"), include_str!("../docs/RULES.md")].concat();
    for (name, ..) in PICTURES {
        assert!(pages.contains(&format!("pictures/{name}.svg")), "no page shows {name}");
    }
}
