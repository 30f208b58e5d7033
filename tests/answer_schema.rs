//! Holds real answers and batch lines against the published schemas, and the schemas against `docs/JSON.md`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use virt_cpu_explorer::internal::analysis::remedies::remedies;
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::export::{self, About, Seen};
use virt_cpu_explorer::internal::input::batch;
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::resolve::resolve;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| embedded::catalog().unwrap());
static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../assets/schema/answer.json")).unwrap());

static LINE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../assets/schema/batch-line.json")).unwrap());

/// Says where a value does not fit a schema: the part of JSON Schema that ours uses.
fn misfit(root: &Value, schema: &Value, value: &Value, place: &str) -> Option<String> {
    for (word, wanted) in schema.as_object().unwrap() {
        let fits = match word.as_str() {
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "type" => is_type(wanted, value),
            "required" => wanted.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some()),
            "oneOf" => {
                wanted.as_array().unwrap().iter().filter(|one| misfit(root, one, value, place).is_none()).count() == 1
            }
            "anyOf" => wanted.as_array().unwrap().iter().any(|one| misfit(root, one, value, place).is_none()),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= wanted.as_u64().unwrap()),
            "$ref" => {
                let target = root.pointer(wanted.as_str().unwrap().trim_start_matches('#')).unwrap();
                return misfit(root, target, value, place);
            }
            "properties" => {
                let inside = wanted.as_object().unwrap().iter();
                let mut found =
                    inside.filter_map(|(key, inner)| misfit(root, inner, value.get(key)?, &format!("{place}.{key}")));
                if let Some(fault) = found.next() {
                    return Some(fault);
                }
                true
            }
            "items" => {
                let mut inside = value.as_array().into_iter().flatten();
                if let Some(fault) = inside.find_map(|item| misfit(root, wanted, item, &format!("{place}[]"))) {
                    return Some(fault);
                }
                true
            }
            "additionalProperties" => fits_more(root, schema, wanted, value),
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

fn fits_more(root: &Value, schema: &Value, wanted: &Value, value: &Value) -> bool {
    let known = schema.get("properties").and_then(Value::as_object);
    let mut others =
        value.as_object().into_iter().flatten().filter(|(key, _)| !known.is_some_and(|k| k.contains_key(*key)));
    match wanted.as_bool() {
        Some(allowed) => allowed || others.next().is_none(),
        None => others.all(|(_, value)| misfit(root, wanted, value, "").is_none()),
    }
}

const WORDS: [&str; 10] = [
    "Skylake-Client,machine=pc-q35-3.1,from=old,to=new",
    "Skylake-Client,machine=pc-q35-3.1,from=9.0.0,to=9.0.0+mpx-removed",
    "EPYC,machine=pc-q35-5.2,topology=1-2-1,from=9.0.0,to=11.3.0:10.0.13",
    "Skylake-Client,topology=?,machine=pc-q35-5.2,from=9.0.0,to=11.3.0:10.0.13",
    "SapphireRapids,machine=pc-q35-5.2,from=9.0.0,to=9.0.0",
    "host-model,machine=pc-q35-5.2,from=9.0.0,to=11.3.0:10.0.13",
    "host-model,machine=pc-q35-6.2,host=Xeon-Platinum-9242,from=ubuntu:22.04,to=ubuntu:24.04",
    "host-passthrough,host=any,from=9.0.0,to=11.3.0:10.0.13",
    "Broadwell,+vmx,from=9.9.0,to=10.0.0",
    // The source does not send it: the stage is `send`.
    "host-passthrough,migratable=off,host=Xeon-Gold-6148,from=9.0.0,to=9.0.0",
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
        assert_eq!(misfit(&SCHEMA, &SCHEMA, &value, word), None, "{text}");
        seen.extend(value.as_object().unwrap().keys().cloned());
    }
    let documented: BTreeSet<String> =
        SCHEMA.pointer("/$defs/answer/properties").unwrap().as_object().unwrap().keys().cloned().collect();
    assert_eq!(seen, documented, "every key of the schema is in some answer");
    for text in [export::bad_line(3, "no"), export::bad_file("a.xml", "no")] {
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(misfit(&SCHEMA, SCHEMA.pointer("/$defs/unreadable").unwrap(), &value, "bad"), None);
    }
}

#[test]
fn the_check_itself_bites() {
    let answer = SCHEMA.pointer("/$defs/answer").unwrap();
    assert!(misfit(&SCHEMA, answer, &serde_json::json!({ "schema": 1 }), "").is_some());
    assert!(misfit(&SCHEMA, &serde_json::json!({ "enum": ["a"] }), &serde_json::json!("b"), "").is_some());
}

/// The keys of each table of `docs/JSON.md`, in order.
fn tables() -> Vec<BTreeSet<&'static str>> {
    let page = include_str!("../docs/JSON.md");
    let tables = page.split("|---|---|---|---|\n").skip(1);
    let key = |line: &'static str| line.strip_prefix("| `")?.split_once('`').map(|(key, _)| key);
    tables.map(|table| table.lines().map_while(key).collect()).collect()
}

fn keys<'a>(schema: &'a Value, names: &[&str]) -> BTreeSet<&'a str> {
    let properties = |name: &&str| schema.pointer(&format!("/$defs/{name}/properties")).unwrap().as_object().unwrap();
    names.iter().flat_map(properties).map(|(key, _)| key.as_str()).collect()
}

#[test]
fn the_description_names_the_schemas_keys_and_no_others() {
    let schemas =
        [keys(&SCHEMA, &["answer"]), keys(&LINE, &["link", "line"]), keys(&LINE, &["end"]), keys(&LINE, &["guest"])];
    // The page also describes the object of `expand`, which has no schema.
    let described: Vec<_> = tables().into_iter().filter(|keys| !keys.contains("cpu_arg")).collect();
    assert_eq!(described, schemas);
}

fn examples() -> Vec<Value> {
    let page = include_str!("../docs/JSON.md");
    let block = page.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    block.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Adds every key of a value, those of inner objects included.
fn collect_keys(value: &Value, into: &mut BTreeSet<String>) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        into.insert(key.clone());
        collect_keys(inner, into);
    }
}

#[test]
fn every_example_of_a_batch_line_fits_its_schema_and_is_read() {
    let mut used = BTreeSet::new();
    for example in examples() {
        assert_eq!(misfit(&LINE, &LINE, &example, "line"), None);
        batch::read(&CATALOG, &example.to_string()).unwrap_or_else(|err| panic!("{example}: {err}"));
        collect_keys(&example, &mut used);
    }
    for key in keys(&LINE, &["link", "line", "end", "guest"]) {
        assert!(used.contains(key), "no example has the key {key}");
    }
    for line in include_str!("recorded/recorded-migrations.jsonl").lines() {
        assert_eq!(misfit(&LINE, &LINE, &serde_json::from_str(line).unwrap(), "recorded"), None);
    }
}

#[test]
fn every_value_that_the_schema_lists_is_read() {
    let mut tried = 0;
    for (place, name) in [("guest", "guest"), ("source", "end"), ("", "line")] {
        let properties = LINE.pointer(&format!("/$defs/{name}/properties")).unwrap().as_object().unwrap();
        for (key, property) in properties {
            for value in property.get("enum").and_then(Value::as_array).into_iter().flatten() {
                let mut line = examples()[0].clone();
                let object = if place.is_empty() { &mut line } else { &mut line[place] };
                object[key] = value.clone();
                assert_eq!(misfit(&LINE, &LINE, &line, "line"), None);
                batch::read(&CATALOG, &line.to_string()).unwrap_or_else(|err| panic!("{key}={value}: {err}"));
                tried += 1;
            }
        }
    }
    assert!(tried > 20, "{tried}");
}

#[test]
fn what_does_not_fit_the_schema_is_refused_with_the_key() {
    let good = examples()[0].clone();
    for (pointer, value, said) in [
        ("/source", serde_json::json!({}), "libvirt"),
        ("/guest/topology", serde_json::json!([1]), "guest.topology"),
        ("/guest/migratable", serde_json::json!("no"), "guest.migratable"),
        ("/guest/features/vmx", serde_json::json!("on"), "guest.features.vmx"),
        ("/transport", serde_json::json!("tunnelled"), "transport"),
        ("/source/host", serde_json::json!(3), "expected a host"),
        ("/via", serde_json::json!([3]), "expected a release"),
        ("/domain", serde_json::json!("<domain/>"), "guest and domain are both given"),
    ] {
        let mut line = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        line.pointer_mut(parent).unwrap()[key] = value;
        assert!(misfit(&LINE, &LINE, &line, "line").is_some(), "{pointer}");
        let err = batch::read(&CATALOG, &line.to_string()).unwrap_err();
        assert!(err.contains(said), "{pointer}: {err}");
    }
    let read = |text: &str| batch::read(&CATALOG, text).unwrap_err();
    let line = |end: &str| {
        format!(
            r#"{{"source":{{"libvirt":"9.0.0",{end}}},"destination":{{"libvirt":"9.0.0"}},"guest":{{"model":"EPYC"}}}}"#
        )
    };
    assert!(read(&line(r#""host_silicon":["avx"]"#)).starts_with("source.host_silicon: expected a list"));
    assert!(read(&line(r#""host":"capable","host_signature":"6-1-1""#)).starts_with("source.host_signature: expected"));
    assert!(read(&line(r#""host":["avx"],"host_signature":"6""#)).contains("such as 6-207-2"));
    let guest =
        |guest: &str| format!(r#"{{"source":{{"libvirt":"9.0.0"}},"destination":{{"libvirt":"9.0.0"}}{guest}}}"#);
    assert!(read(&guest("")).starts_with("expected the keys source, destination and guest or domain"));
    let features = guest(r#","guest":{"model":"EPYC","features":{"avx3":"require"}}"#);
    assert_eq!(read(&features), r#"guest.features: unknown CPU feature "avx3""#);
    let topology = |list: &str| guest(&format!(r#","guest":{{"model":"EPYC","topology":[{list}]}}"#));
    let dies = batch::read(&CATALOG, &topology("1,2,3,4")).unwrap();
    assert!(dies.scenario.link(&CATALOG).contains("topology=1-2-3-4"));
    assert!(read(&topology("1,2,0,4")).contains("[sockets, cores, threads] or [sockets, dies, cores, threads]"));
    let domain = r#"{"source":{"libvirt":"9.0.0"},"destination":{"libvirt":"9.0.0"},"domain":"<domain>"}"#;
    assert!(read(domain).starts_with("domain:1:"), "{}", read(domain));
}

#[test]
fn a_domain_in_a_batch_line_is_read_like_its_file() {
    let mut line = examples()[2].clone();
    let xml = "<domain type='kvm'><os><type machine='pc-q35-5.2'>hvm</type></os><clock><timer name='tsc' \
               frequency='2400000000'/></clock><cpu mode='host-passthrough' migratable='off'/></domain>";
    line["domain"] = xml.into();
    let read = batch::read(&CATALOG, &line.to_string()).unwrap();
    let said = read.said.unwrap();
    assert!(said.starts_with("inactive guest: host-passthrough"), "{said}");
    assert!(said.contains("migratable off, TSC frequency 2400000000 Hz"), "{said}");
    let expected = "host-passthrough,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=12.8.0:10.0.13,via=10.4.0:8.2.0,via=11.3.0,\
                    started=7.0.0:5.2.0,fallback=allow,transport=save,migratable=off,tsc=2400000000";
    assert_eq!(read.scenario.link(&CATALOG), expected);
    line["domain"] = xml.replace("2400000000", "fast").into();
    assert!(batch::read(&CATALOG, &line.to_string()).unwrap_err().contains("expected a frequency in Hz"));
}
