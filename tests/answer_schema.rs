//! Holds real answers against the published schema, and the schema against its description in `docs/JSON.md`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use virt_cpu_explorer::internal::analysis::remedies::remedies;
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::export::{self, About, Seen};
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::resolve::resolve;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| embedded::catalog().unwrap());
static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../assets/schema/answer.json")).unwrap());

/// Says where a value does not fit a schema: the part of JSON Schema that ours uses.
fn misfit(schema: &Value, value: &Value, place: &str) -> Option<String> {
    for (word, wanted) in schema.as_object().unwrap() {
        let fits = match word.as_str() {
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "type" => is_type(wanted, value),
            "required" => wanted.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some()),
            "oneOf" => wanted.as_array().unwrap().iter().filter(|one| misfit(one, value, place).is_none()).count() == 1,
            "$ref" => {
                let target = SCHEMA.pointer(wanted.as_str().unwrap().trim_start_matches('#')).unwrap();
                return misfit(target, value, place);
            }
            "properties" => {
                let inside = wanted.as_object().unwrap().iter();
                let mut found =
                    inside.filter_map(|(key, inner)| misfit(inner, value.get(key)?, &format!("{place}.{key}")));
                if let Some(fault) = found.next() {
                    return Some(fault);
                }
                true
            }
            "items" => {
                let mut inside = value.as_array().into_iter().flatten();
                if let Some(fault) = inside.find_map(|item| misfit(wanted, item, &format!("{place}[]"))) {
                    return Some(fault);
                }
                true
            }
            "additionalProperties" => fits_more(schema, wanted, value),
            "$schema" | "$defs" | "title" | "description" => true,
            other => panic!("the test does not know the word {other}"),
        };
        if !fits {
            return Some(format!("{place}: {value} does not fit {word} {wanted}"));
        }
    }
    None
}

fn is_type(wanted: &Value, value: &Value) -> bool {
    let one = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the test does not know the type {other}"),
    };
    match wanted.as_array() {
        Some(names) => names.iter().any(|name| one(name.as_str().unwrap())),
        None => one(wanted.as_str().unwrap()),
    }
}

fn fits_more(schema: &Value, wanted: &Value, value: &Value) -> bool {
    let known = schema.get("properties").and_then(Value::as_object);
    let mut others =
        value.as_object().into_iter().flatten().filter(|(key, _)| !known.is_some_and(|k| k.contains_key(*key)));
    match wanted.as_bool() {
        Some(allowed) => allowed || others.next().is_none(),
        None => others.all(|(_, value)| misfit(wanted, value, "").is_none()),
    }
}

const WORDS: [&str; 8] = [
    "Skylake-Client,machine=pc-q35-3.1,from=old,to=new",
    "Skylake-Client,machine=pc-q35-3.1,from=9.0.0,to=9.0.0+mpx-removed",
    "EPYC,machine=pc-q35-5.2,topology=1-2-1,from=9.0.0,to=11.3.0:10.0.13",
    "Skylake-Client,topology=?,machine=pc-q35-5.2,from=9.0.0,to=11.3.0:10.0.13",
    "SapphireRapids,machine=pc-q35-5.2,from=9.0.0,to=9.0.0",
    "host-model,machine=pc-q35-5.2,from=9.0.0,to=11.3.0:10.0.13",
    "Skylake-Client-noTSX-IBRS,machine=pc-q35-rhel9.4.0,from=10.0.0-7.el9:8.2.0,to=11.9.0:10.1.0",
    "host-passthrough,host=any,from=9.0.0,to=11.3.0:10.0.13",
];

#[test]
fn every_answer_fits_the_schema() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for word in WORDS {
        let scenario = Scenario::parse(&CATALOG, word).unwrap();
        let answer = resolve(&CATALOG, &scenario);
        let ways = remedies(&CATALOG, &scenario, &answer);
        let screen = Seen { name: "first", lines: &["a line"] };
        let about = About { id: Some("guest.xml"), said: Some("guest"), remedies: Some(&ways), screen: Some(screen) };
        let text = export::json_about(&CATALOG, &scenario, &answer, about);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(misfit(&SCHEMA, &value, word), None, "{text}");
        seen.extend(value.as_object().unwrap().keys().cloned());
    }
    let documented: BTreeSet<String> =
        SCHEMA.pointer("/$defs/answer/properties").unwrap().as_object().unwrap().keys().cloned().collect();
    assert_eq!(seen, documented, "every key of the schema is in some answer");
    for text in [export::bad_line(3, "no"), export::bad_file("a.xml", "no")] {
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(misfit(SCHEMA.pointer("/$defs/unreadable").unwrap(), &value, "bad"), None);
    }
}

#[test]
fn the_check_itself_bites() {
    let answer = SCHEMA.pointer("/$defs/answer").unwrap();
    assert!(misfit(answer, &serde_json::json!({ "schema": 1 }), "").is_some());
    assert!(misfit(&serde_json::json!({ "enum": ["a"] }), &serde_json::json!("b"), "").is_some());
}

#[test]
fn the_description_names_the_schemas_keys_and_no_others() {
    let page = include_str!("../docs/JSON.md");
    let named: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(key, _)| key)).collect();
    let keys = SCHEMA.pointer("/$defs/answer/properties").unwrap().as_object().unwrap();
    assert_eq!(named, keys.keys().map(String::as_str).collect());
}
