//! One mistake in a CPU map gives one message with file, line, column and what was expected; nothing else breaks.

#![expect(clippy::unwrap_used, reason = "in a test a fact that is not there is a failure")]

use std::path::Path;
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::load::cpu_map_dir;
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::load::xml::MAX_BYTES;

const MODELS: &str = "x86_models.xml";

/// The directory under `tests/bad_maps`, the file in it, place and message. The text of a message is part of the test.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("bad_check", MODELS, r#":3:5: expected partial='compat' in <check>, found "full""#),
    ("bad_decode", MODELS, r#":3:5: expected on or off in guest, found "maybe""#),
    ("bad_number", MODELS, r#":3:5: expected a 32-bit number in edx, found "0x1ffffffff""#),
    ("binary", MODELS, ":2:8: expected UTF-8 text, found the byte 0xff"),
    ("control_character", MODELS, ":2:16: expected text, found the character U+0001"),
    ("cut_off", MODELS, r#":3:5: expected > to end the tag, found "<feature na""#),
    ("directory", MODELS, ": expected a regular file, found a directory"),
    ("duplicate_attribute", MODELS, r#":2:19: expected each attribute once, found "name" a second time"#),
    ("duplicate_feature", MODELS, ":2:3: expected each feature once, found fpu a second time"),
    ("duplicate_vendor", MODELS, ":3:3: expected each vendor once, found A a second time"),
    ("duplicate_model", MODELS, ":5:3: expected each model once, found A a second time"),
    ("empty_file", MODELS, ":1:1: expected an element, found the end of the file"),
    ("entity_bomb", MODELS, ":2:1: expected elements only, found a DOCTYPE, which is not accepted"),
    (
        "include_outside",
        "index.xml",
        r#":3:5: expected the name of a file in the same directory in filename, found "../malformed/x86_models.xml""#,
    ),
    ("malformed", MODELS, ":4:3: expected </feature>, found </model>"),
    ("missing_ancestor", MODELS, r#":3:5: expected a model defined before this one, found "B""#),
    ("missing_include", "index.xml", ":4:5: expected the file x86_models.xml in the same directory, found none"),
    ("nameless", MODELS, r#":2:3: expected the attribute "name" in <model>, found none"#),
    ("nested_include", MODELS, ":2:3: expected includes in the index only, found one here"),
    ("no_bits", MODELS, ":2:3: expected <cpuid> or <msr> in the feature x, found neither"),
    (
        "no_index",
        "",
        ": expected index.xml or cpu_map.xml in the directory, or a libvirt source tree, found none of them",
    ),
    ("no_bit", MODELS, ":3:5: expected a bit in some register of <cpuid>, found none"),
    ("no_leaf", MODELS, r#":3:5: expected the attribute "eax_in" or "function" in <cpuid>, found none"#),
    ("no_models", "index.xml", ":2:3: expected features and models in <arch name='x86'>, found none"),
    ("open_quote", MODELS, r#":2:3: expected > to end the tag, found "<feature name='x/>""#),
    ("open_reference", MODELS, r#":2:19: expected ; to end the reference, found "&amp""#),
    ("other_architecture", "index.xml", ":1:1: expected <arch name='x86'> in <cpus>, found none"),
    ("short_vendor", MODELS, r#":2:3: expected the 12 letters of CPUID in string, found "Genuine""#),
    ("signed_number", MODELS, r#":3:5: expected a 32-bit number in edx, found "0x+1""#),
    ("two_ancestors", MODELS, ":5:5: expected at most one ancestor in a model, found a second"),
    ("two_roots", MODELS, ":2:1: expected the end of the document, found a second root <cpus>"),
    (
        "unknown_entity",
        MODELS,
        r#":2:19: expected one of &lt; &gt; &amp; &quot; &apos;, found "&lol;"; other entities are not accepted"#,
    ),
    ("unknown_feature", MODELS, r#":4:5: expected a feature of this map in the model A, found "warp-drive""#),
    ("unknown_vendor", MODELS, r#":3:5: expected a vendor of this map, found "Acme""#),
    ("wrong_root", MODELS, ":1:1: expected <cpus> as the root of a CPU map, found <domain>"),
];

fn message(path: &Path) -> String {
    let mut catalog = embedded::catalog().unwrap();
    let before = (catalog.features().clone(), catalog.models().clone(), catalog.libvirt_releases().len());
    let error = cpu_map_dir::add(&mut catalog, "mine", path).unwrap_err().to_string();
    let after = (catalog.features().clone(), catalog.models().clone(), catalog.libvirt_releases().len());
    assert!(before == after, "{}: a map that cannot be read leaves a trace", path.display());
    error
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let mut wrong = Vec::new();
    for (directory, file, expected) in MISTAKES {
        let path = format!("tests/bad_maps/{directory}");
        let found = message(Path::new(&path));
        let slash = if file.is_empty() { "" } else { "/" };
        let expected = format!("{path}{slash}{file}{expected}");
        if found != expected {
            wrong.push(format!("expected {expected}\n   found {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_bad_map_is_in_the_list() {
    for entry in std::fs::read_dir("tests/bad_maps").unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(MISTAKES.iter().any(|(known, _, _)| *known == name), "tests/bad_maps/{name} is not tested");
    }
}

#[test]
fn a_file_over_the_limit_is_refused_by_its_size() {
    let directory = scratch("huge");
    let file = directory.join("cpu_map.xml");
    let huge = std::fs::File::create(&file).unwrap();
    huge.set_len(1 << 30).unwrap();
    let expected = format!("{}: expected at most 16 MiB, found 1073741824 bytes", file.display());
    assert_eq!(message(&directory), expected);
}

#[test]
fn many_files_count_together() {
    let directory = scratch("many");
    let include = |n: usize| format!("<include filename='{n}.xml'/>");
    let includes: String = (0..3).map(include).collect();
    std::fs::write(directory.join("index.xml"), format!("<cpus><arch name='x86'>{includes}</arch></cpus>")).unwrap();
    let filling = format!("<cpus>{}</cpus>", " ".repeat(MAX_BYTES / 2 - 100));
    (0..3).for_each(|n| std::fs::write(directory.join(format!("{n}.xml")), &filling).unwrap());
    let expected = "2.xml: expected at most 16 MiB in all files of the map, found more";
    assert_eq!(message(&directory), format!("{}/{expected}", directory.display()));
}

#[test]
fn more_features_than_fit_are_refused() {
    let directory = scratch("features");
    let feature = |n: usize| format!("<feature name='new-{n}'><cpuid eax_in='{n}' eax='1'/></feature>\n");
    let features: String = (0..600).map(feature).collect();
    std::fs::write(directory.join("cpu_map.xml"), format!("<cpus><arch name='x86'>\n{features}</arch></cpus>"))
        .unwrap();
    let known = embedded::catalog().unwrap().features().len();
    let (line, last) = (514 - known, 512 - known);
    let expected = format!("expected at most 512 features in all maps, found one more, new-{last}");
    assert_eq!(message(&directory), format!("{}/cpu_map.xml:{line}:1: {expected}", directory.display()));
}

#[test]
fn a_release_of_another_century_is_refused() {
    let mut parts = embedded::parts().unwrap();
    let newest = parts.releases.last_mut().unwrap();
    newest.name = "100.0.0".into();
    let fault = Catalog::new(parts).unwrap_err().to_string();
    assert_eq!(fault, "release \"100.0.0\": expected at most 99 as its first number");
}

#[test]
fn a_taken_name_is_refused() {
    let mut catalog = embedded::catalog().unwrap();
    for name in ["9.0.0", "9.1.0", "old", "new"] {
        let error = cpu_map_dir::add(&mut catalog, name, Path::new("tests/maps/directory")).unwrap_err();
        let expected = format!("the name {name} is taken by a release; choose another for the map");
        assert_eq!(error.to_string(), format!("tests/maps/directory: {expected}"));
    }
}

fn scratch(name: &str) -> std::path::PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}
