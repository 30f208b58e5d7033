//! Writes an answer as one JSON object; `docs/JSON.md` describes it.

use crate::analysis::remedies::{Application, Remedy};
use crate::domain::catalog::Catalog;
use crate::domain::definition::Policies;
use crate::domain::feature::FeatureId;
use crate::domain::scenario::{Scenario, write_release};
use crate::explain::message;
use crate::export::{FACTS_HASH, TOOL};
use crate::resolve::Answer;
use foldhash::HashMap;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// The number of the object's form; it changes when a key changes its meaning or goes.
pub const SCHEMA: u32 = 1;

struct Names<'a>(&'a Catalog, &'a [FeatureId]);

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.1.len()))?;
        for feature in self.1 {
            list.serialize_element(self.0.feature_name(*feature))?;
        }
        list.end()
    }
}

/// The features of a definition with their policies.
enum Features<'a> {
    Of(&'a Catalog, &'a Policies),
    Printed(&'a RawValue),
}

impl Serialize for Features<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Of(catalog, policies) => {
                let mut map = serializer.serialize_map(Some(policies.len()))?;
                for (feature, policy) in policies.iter() {
                    map.serialize_entry(catalog.feature_name(feature), policy.name())?;
                }
                map.end()
            }
            Self::Printed(text) => text.serialize(serializer),
        }
    }
}

#[derive(Serialize)]
struct RemedyJson {
    text: String,
    restart: bool,
    scenario: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    xml: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
}

#[derive(Serialize)]
struct Tried<'a> {
    input: &'a str,
    value: &'a str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
}

/// A screen on which an answer was seen.
#[derive(Clone, Copy, Serialize, Debug)]
pub struct Seen<'a> {
    /// The screen's word.
    pub name: &'a str,
    /// Its lines.
    pub lines: &'a [&'a str],
}

#[derive(Serialize)]
struct Object<'a> {
    schema: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<&'a str>,
    scenario: String,
    from: String,
    to: String,
    tool: &'static str,
    facts: &'static str,
    outcome: &'static str,
    verdict: &'static str,
    stage: Option<&'static str>,
    rule: Option<&'static str>,
    row: Option<&'static str>,
    regime: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    extra: Names<'a>,
    missing: Names<'a>,
    lost: Names<'a>,
    gained: Names<'a>,
    xsave_lost: Vec<String>,
    xsave_gained: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<Features<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arrived: Option<Features<'a>>,
    guest_would_notice: Option<bool>,
    fault: Option<&'static str>,
    risk: Option<&'static str>,
    depends_on: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    answers: Vec<Tried<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    either_way: Option<&'static str>,
    basis: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "ways_out")]
    remedies: Option<Vec<RemedyJson>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    screen: Option<Seen<'a>>,
}

/// What goes with an answer.
#[derive(Clone, Copy, Default, Debug)]
pub struct About<'a> {
    /// What the question was called: a batch line's id, a file's name.
    pub id: Option<&'a str>,
    /// What was read from the guest's file, in one line.
    pub said: Option<&'a str>,
    /// The remedies, if they were searched for.
    pub remedies: Option<&'a [Remedy]>,
    /// The screen on which it was seen.
    pub screen: Option<Seen<'a>>,
}

/// Returns the answer as JSON over several lines, with what goes with it.
pub fn json_about(catalog: &Catalog, scenario: &Scenario, answer: &Answer, about: About<'_>) -> String {
    serde_json::to_string_pretty(&unprinted(catalog, scenario, answer, about)).unwrap_or_default()
}

/// How many definitions are kept as text.
const MOST_PRINTED: usize = 1024;

/// Writes answers as lines of JSON, and prints the features of a definition only once: the guests of a batch have few
/// CPUs.
pub(crate) struct JsonLines<'c> {
    catalog: &'c Catalog,
    printed: HashMap<Policies, Box<RawValue>>,
}

impl<'c> JsonLines<'c> {
    pub(crate) fn new(catalog: &'c Catalog) -> Self {
        Self { catalog, printed: HashMap::default() }
    }

    /// Appends the answer on one line, with its end.
    pub(crate) fn push(&mut self, line: &mut Vec<u8>, scenario: &Scenario, answer: &Answer, about: About<'_>) {
        for features in features_of(answer).into_iter().flatten() {
            if self.printed.len() < MOST_PRINTED
                && !self.printed.contains_key(features)
                && let Ok(text) = to_raw_value(&Features::Of(self.catalog, features))
            {
                self.printed.insert(features.clone(), text);
            }
        }
        let printed = |features| match self.printed.get(features) {
            Some(text) => Features::Printed(text),
            None => Features::Of(self.catalog, features),
        };
        // Nothing that is written to memory fails.
        let _ = serde_json::to_writer(&mut *line, &object(self.catalog, scenario, answer, about, printed));
        line.push(b'\n');
    }
}

/// Returns the answer as JSON on one line. `id` is what a batch line was called.
pub fn json_line(
    catalog: &Catalog,
    scenario: &Scenario,
    answer: &Answer,
    id: Option<&str>,
    remedies: Option<&[Remedy]>,
) -> String {
    serde_json::to_string(&unprinted(catalog, scenario, answer, About { id, remedies, ..About::default() }))
        .unwrap_or_default()
}

/// Returns the features of the live definition at the source, as the upgraded daemon made it where it was upgraded, and
/// at the destination.
fn features_of(answer: &Answer) -> [Option<&Policies>; 2] {
    let depends = !answer.depends_on.is_empty() && !answer.completes;
    let Some(trace) = answer.trace.as_ref().filter(|_| !depends) else { return [None, None] };
    let live = trace.reconnected.as_ref().or(trace.source().live.as_ref());
    let arrived = trace.destination().and_then(|run| run.live.as_ref());
    [live, arrived].map(|definition| definition.map(|definition| &definition.features))
}

/// Returns the object for an answer that is written alone.
fn unprinted<'a>(catalog: &'a Catalog, scenario: &Scenario, answer: &'a Answer, about: About<'a>) -> Object<'a> {
    object(catalog, scenario, answer, about, |features| Features::Of(catalog, features))
}

fn object<'a>(
    catalog: &'a Catalog,
    scenario: &Scenario,
    answer: &'a Answer,
    about: About<'a>,
    features: impl Fn(&'a Policies) -> Features<'a>,
) -> Object<'a> {
    let [live, arrived] = features_of(answer).map(|of_definition| of_definition.map(&features));
    Object {
        schema: SCHEMA,
        id: about.id,
        said: about.said,
        scenario: scenario.link(catalog),
        from: write_release(catalog, &scenario.from),
        to: write_release(catalog, &scenario.to),
        tool: TOOL,
        facts: FACTS_HASH,
        outcome: answer.outcome(),
        verdict: answer.verdict.name(),
        stage: answer.refusal().map(|refusal| refusal.stage().name()),
        rule: answer.rule.map(crate::resolve::RuleId::name),
        row: answer.row.map(crate::resolve::Row::name),
        regime: answer.regime.map(crate::domain::behaviour::Regime::name),
        error: answer.refusal().map(|refusal| message(catalog, refusal)),
        extra: Names(catalog, &answer.extra),
        missing: Names(catalog, &answer.missing),
        lost: Names(catalog, &answer.lost),
        gained: Names(catalog, &answer.gained),
        xsave_lost: catalog.xsave_states(answer.states_lost),
        xsave_gained: catalog.xsave_states(answer.states_gained),
        live,
        arrived,
        guest_would_notice: answer.would_notice,
        fault: answer.limited_by.map(crate::resolve::LimitingComponent::name),
        risk: answer.risk.map(crate::resolve::Risk::name),
        depends_on: answer.depends_on.iter().map(|on| on.input.as_str()).collect(),
        answers: answer
            .depends_on
            .iter()
            .flat_map(|on| {
                on.answers.iter().map(|possible| Tried {
                    input: &on.input,
                    value: &possible.value,
                    verdict: possible.verdict.name(),
                    rule: possible.rule.map(crate::resolve::RuleId::name),
                })
            })
            .collect(),
        either_way: answer.either_way().map(crate::resolve::Verdict::name),
        basis: answer.basis.name(),
        remedies: about.remedies.map(|remedies| remedies.iter().map(|remedy| remedy_json(catalog, remedy)).collect()),
        screen: about.screen,
    }
}

fn remedy_json(catalog: &Catalog, remedy: &Remedy) -> RemedyJson {
    let (xml, command) = match &remedy.how {
        Application::Xml(text) => (Some(text.clone()), None),
        Application::Command(text) => (None, Some(text.clone())),
    };
    let (text, scenario) = (remedy.text.clone(), remedy.scenario.link(catalog));
    RemedyJson { text, restart: remedy.restart, scenario, xml, command }
}

#[derive(Serialize)]
struct BadFile<'a> {
    schema: u32,
    id: &'a str,
    invalid: &'a str,
}

/// Returns the answer to a file that cannot be read as a guest: its name, and what is wrong.
pub fn bad_file(id: &str, err: &str) -> String {
    serde_json::to_string(&BadFile { schema: SCHEMA, id, invalid: err }).unwrap_or_default()
}

#[derive(Serialize)]
struct BadLine<'a> {
    schema: u32,
    line: usize,
    invalid: &'a str,
}

/// Returns the answer to a batch line that cannot be read: its number, counted from 1, and what is wrong.
pub fn bad_line(line: usize, err: &str) -> String {
    serde_json::to_string(&BadLine { schema: SCHEMA, line, invalid: err }).unwrap_or_default()
}
