//! Parses a batch line: one scenario as a JSON object. `docs/JSON.md` and `assets/schema/batch-line.json` describe it.

use super::domain;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, Policy};
use crate::domain::feature::FeatureSet;
use crate::domain::host::{GivenHost, Vendor};
use crate::domain::qemu::Accel;
use crate::domain::scenario::{HostChoice, Key, MaybeKnown, Release, Scenario, Topology, Transport};
use foldhash::HashMap;
use keys::CheckKeys;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;

mod keys;

/// A parsed batch line.
#[derive(Clone, PartialEq, Debug)]
pub struct BatchLine {
    /// The value of the key `id`.
    pub id: Option<String>,
    /// The scenario.
    pub scenario: Scenario,
    /// What was read from the domain XML, in one line; `None` if the line has none.
    pub said: Option<String>,
}

/// A text of the line; a copy only where it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Line<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    scenario: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<EndOrRelease<'a>>,
    #[serde(borrow)]
    destination: Option<EndOrRelease<'a>>,
    #[serde(borrow)]
    via: Option<Vec<EndOrRelease<'a>>>,
    #[serde(borrow)]
    started: Option<EndOrRelease<'a>>,
    #[serde(borrow)]
    guest: Option<Box<Guest<'a>>>,
    #[serde(borrow)]
    domain: Option<Text<'a>>,
    #[serde(borrow)]
    transport: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct End<'a> {
    #[serde(borrow)]
    libvirt: Text<'a>,
    #[serde(borrow)]
    qemu: Option<Text<'a>>,
    #[serde(borrow)]
    host: Option<HostList<'a>>,
    #[serde(borrow)]
    host_vendor: Option<Text<'a>>,
    #[serde(borrow)]
    host_silicon: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    host_signature: Option<Text<'a>>,
}

enum EndOrRelease<'a> {
    Release(Text<'a>),
    End(Box<End<'a>>),
}

/// Reads one or the other, without the copy that an untagged enum makes.
impl<'de: 'a, 'a> Deserialize<'de> for EndOrRelease<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(EndVisitor)
    }
}

struct EndVisitor;

impl<'de> Visitor<'de> for EndVisitor {
    type Value = EndOrRelease<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a release as LIBVIRT:QEMU or PRODUCT:VERSION, or an object with the key libvirt")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(EndOrRelease::Release(Text(text.into())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(EndOrRelease::Release(Text(text.to_owned().into())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        End::deserialize(CheckKeys(MapAccessDeserializer::new(map))).map(|end| EndOrRelease::End(Box::new(end)))
    }
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a host such as \"capable\", or a list of features")]
enum HostList<'a> {
    Name(#[serde(borrow)] Text<'a>),
    Features(#[serde(borrow)] Vec<Text<'a>>),
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Guest<'a> {
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    mode: Option<Text<'a>>,
    #[serde(borrow)]
    machine: Option<Text<'a>>,
    #[serde(borrow)]
    machine_like: Option<Text<'a>>,
    #[serde(default, deserialize_with = "keys::entries")]
    features: Vec<(String, serde_json::Value)>,
    #[serde(borrow, alias = "accel")]
    accelerator: Option<Text<'a>>,
    #[serde(borrow)]
    check: Option<Text<'a>>,
    #[serde(rename = "match")]
    #[serde(borrow)]
    matching: Option<Text<'a>>,
    #[serde(borrow)]
    fallback: Option<Text<'a>>,
    #[serde(borrow)]
    vendor: Option<Text<'a>>,
    #[serde(borrow)]
    vendor_id: Option<Text<'a>>,
    #[serde(borrow)]
    migratable: Option<Text<'a>>,
    tsc: Option<u64>,
    topology: Option<Vec<u32>>,
    pmu: Option<bool>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Line<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::deserialize(CheckKeys(from))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Guest<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::deserialize(CheckKeys(from))
    }
}

/// Parses one line. It has the keys `source`, `destination` and either `guest` or `domain`, or the key `scenario` with a
/// link. Unknown keys are ignored, unless they look mistyped. Without the key `transport` the guest is saved and restored.
///
/// # Errors
/// One sentence; with the column if the line is not valid JSON.
pub fn read(catalog: &Catalog, text: &str) -> Result<BatchLine, String> {
    let defaults = Defaults { scenario: Scenario::default_of(catalog), given: Vec::new(), machine: None };
    Reader::new(catalog, defaults).read(text)
}

/// What a line takes where it does not mention a key.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    pub(crate) scenario: Scenario,
    /// The keys that the user gave; the scenario has its own defaults for the others.
    pub(crate) given: Vec<Key>,
    /// The machine type as the user named it: the source of each line resolves a short name.
    pub(crate) machine: Option<String>,
}

/// How many releases are remembered.
const MOST_RELEASES: usize = 1024;

/// Parses the lines of a batch as [`read`] does, with defaults for what they do not mention. Parses a release only the
/// first time that it is named: a batch names few.
pub(crate) struct Reader<'c> {
    catalog: &'c Catalog,
    defaults: Defaults,
    releases: HashMap<String, Release>,
}

impl<'c> Reader<'c> {
    pub(crate) fn new(catalog: &'c Catalog, defaults: Defaults) -> Self {
        Self { catalog, defaults, releases: HashMap::default() }
    }

    /// Parses one line.
    ///
    /// # Errors
    /// As [`read`].
    pub(crate) fn read(&mut self, text: &str) -> Result<BatchLine, String> {
        let line: Line = serde_json::from_str(text).map_err(|err| {
            // serde_json counts lines of this text, which is one line; the caller knows which.
            let said = err.to_string();
            let said = said.split(" at line ").next().unwrap_or(&said).to_owned();
            format!("column {}: {said}", err.column().max(1))
        })?;
        let (catalog, id) = (self.catalog, line.id.as_deref().map(str::to_owned));
        if let Some(link) = &line.scenario {
            let Defaults { scenario, given, .. } = &self.defaults;
            let mut scenario = Scenario::parse_over(catalog, (scenario, given), link).map_err(|err| err.to_string())?;
            if !Key::all_in(link).any(|named| named == Key::Machine) {
                self.set_machine(&mut scenario)?;
            }
            for (key, name) in [(Key::From, "source"), (Key::To, "destination")] {
                if !given.contains(&key) && !Key::all_in(link).any(|named| named == key) {
                    return Err(format!("the scenario names no {name}: expected {}=RELEASE", key.name()));
                }
            }
            return Ok(BatchLine { id, scenario, said: None });
        }
        let mut scenario = self.defaults.scenario.clone();
        self.set_ends(&mut scenario, &line)?;
        match (&line.guest, &line.domain) {
            (Some(guest), None) => {
                if guest.machine.is_none() {
                    self.set_machine(&mut scenario)?;
                }
                set_guest(catalog, &mut scenario, guest, self.defaults.given.contains(&Key::Machine))?;
                Ok(BatchLine { id, scenario, said: None })
            }
            (None, Some(xml)) => {
                let read = domain::scenario(catalog, &scenario, "domain", xml.as_bytes());
                let read = read.map_err(|err| err.to_string())?;
                Ok(BatchLine { id, said: Some(read.line()), scenario: read.scenario })
            }
            (Some(_), Some(_)) => Err("guest and domain are both given; give one".to_owned()),
            (None, None) => Err(EXPECTED_KEYS.to_owned()),
        }
    }

    /// Sets the machine type that is the default of every line.
    fn set_machine(&self, scenario: &mut Scenario) -> Result<(), String> {
        let Some(name) = &self.defaults.machine else { return Ok(()) };
        scenario.set_machine(self.catalog, name).map_err(|err| format!("--machine: {err}"))
    }

    /// Sets the source, the destination and the hosts between them.
    fn set_ends(&mut self, scenario: &mut Scenario, line: &Line<'_>) -> Result<(), String> {
        let catalog = self.catalog;
        let lacks = |end: &Option<EndOrRelease<'_>>, key: Key| end.is_none() && !self.defaults.given.contains(&key);
        if lacks(&line.source, Key::From) || lacks(&line.destination, Key::To) {
            return Err(EXPECTED_KEYS.to_owned());
        }
        if !self.defaults.given.contains(&Key::Transport) {
            scenario.transport = Transport::Save;
        }
        set(catalog, scenario, (Key::Transport, line.transport.as_deref()), "transport")?;
        if let Some(source) = &line.source {
            scenario.from = self.release(source, "source")?;
            if let Some(host) = source.host(catalog, "source")? {
                scenario.from_host = host;
            }
        }
        if let Some(destination) = &line.destination {
            scenario.to = self.release(destination, "destination")?;
            if let Some(host) = destination.host(catalog, "destination")? {
                scenario.to_host = host;
            }
        }
        if line.via.is_some() {
            scenario.via.clear();
        }
        for (index, stop) in line.via.iter().flatten().enumerate() {
            let name = format!("via[{index}]");
            let host = stop.host(catalog, &name)?;
            set(catalog, scenario, (Key::Via, Some(&stop.release())), &name)?;
            if let Some(last) = scenario.via.last_mut().filter(|_| host.is_some()) {
                last.host = host;
            }
        }
        if let Some(started) = &line.started {
            set(catalog, scenario, (Key::Started, Some(&started.release())), "started")?;
        }
        Ok(())
    }

    /// Returns the release of a source or destination; `name` is where it stands.
    fn release(&mut self, end: &EndOrRelease<'_>, name: &str) -> Result<Release, String> {
        let text = end.release();
        if let Some(known) = self.releases.get(&text) {
            return Ok(known.clone());
        }
        let parsed = Release::parse(self.catalog, &text).map_err(|err| format!("{name}: {err}"))?;
        if self.releases.len() < MOST_RELEASES {
            self.releases.insert(text, parsed.clone());
        }
        Ok(parsed)
    }
}

const EXPECTED_KEYS: &str = "expected the keys source, destination and guest or domain, or the key scenario";

/// Sets one key of the scenario, if the line gives it; `name` is where.
fn set(catalog: &Catalog, scenario: &mut Scenario, (key, text): (Key, Option<&str>), name: &str) -> Result<(), String> {
    text.map_or(Ok(()), |text| scenario.set(catalog, key, text).map_err(|err| format!("{name}: {err}")))
}

/// Sets the guest of the line in place of the default one.
fn set_guest(catalog: &Catalog, scenario: &mut Scenario, guest: &Guest<'_>, machine_given: bool) -> Result<(), String> {
    // A model together with another mode does not count.
    let named = guest.mode.as_deref().filter(|mode| *mode != "custom").or(guest.model.as_deref());
    let Some(cpu) = named else { return Err("guest: expected the key model, or a mode other than custom".to_owned()) };
    scenario.set_cpu(catalog, cpu).map_err(|err| format!("guest.model: {err}"))?;
    let tsc = guest.tsc.map(|hertz| Text(hertz.to_string().into()));
    for (key, text, name) in [
        (Key::Accel, &guest.accelerator, "guest.accelerator"),
        (Key::MachineLike, &guest.machine_like, "guest.machine_like"),
        (Key::Machine, &guest.machine, "guest.machine"),
        (Key::Check, &guest.check, "guest.check"),
        (Key::Match, &guest.matching, "guest.match"),
        (Key::Fallback, &guest.fallback, "guest.fallback"),
        (Key::Vendor, &guest.vendor, "guest.vendor"),
        (Key::VendorId, &guest.vendor_id, "guest.vendor_id"),
        (Key::Migratable, &guest.migratable, "guest.migratable"),
        (Key::Tsc, &tsc, "guest.tsc"),
    ] {
        set(catalog, scenario, (key, text.as_deref()), name)?;
    }
    if guest.machine.is_none() && !machine_given {
        scenario.machine = scenario.default_machine(catalog);
    }
    if scenario.accel == Accel::Tcg && scenario.check == Some(Check::None) {
        // What libvirt fills in under TCG anyway.
        scenario.check = None;
    }
    let mut seen = FeatureSet::EMPTY;
    for (name, policy) in &guest.features {
        let Some(feature) = catalog.feature(name) else {
            return Err(format!("guest.features: unknown CPU feature {name:?}"));
        };
        let Some(policy) = policy.as_str().and_then(Policy::parse) else {
            return Err(format!("guest.features.{name}: expected force, require, optional, disable or forbid"));
        };
        if seen.contains(feature) {
            return Err(format!("guest.features: expected each feature once, found {name:?} again"));
        }
        seen.insert(feature);
        scenario.features.set(feature, policy);
    }
    if let Some(given) = &guest.topology {
        scenario.topology = MaybeKnown::Is(Topology::of(given).ok_or_else(|| {
            let forms = "[sockets, cores, threads] or [sockets, dies, cores, threads]";
            format!("guest.topology: expected {forms}, each from 1 to {}", Topology::MOST)
        })?);
    }
    scenario.pmu = guest.pmu.or(scenario.pmu);
    Ok(())
}

fn release(end: &End<'_>) -> String {
    match &end.qemu {
        Some(qemu) => [&end.libvirt, ":", qemu].concat(),
        None => end.libvirt.to_string(),
    }
}

impl EndOrRelease<'_> {
    fn release(&self) -> String {
        match self {
            Self::Release(text) => text.to_string(),
            Self::End(end) => release(end),
        }
    }

    fn host(&self, catalog: &Catalog, name: &str) -> Result<Option<HostChoice>, String> {
        match self {
            Self::Release(_) => Ok(None),
            Self::End(end) => host(catalog, end, name),
        }
    }
}

/// Returns the host of a source, destination or stop, if it has one.
fn host(catalog: &Catalog, end: &End<'_>, name: &str) -> Result<Option<HostChoice>, String> {
    let Some(HostList::Features(features)) = &end.host else {
        for (key, given) in [("silicon", end.host_silicon.is_some()), ("signature", end.host_signature.is_some())] {
            if given {
                return Err(format!("{name}.host_{key}: expected a list of features in {name}.host with it"));
            }
        }
        let Some(HostList::Name(text)) = &end.host else { return Ok(None) };
        let mut scenario = Scenario::default_of(catalog);
        set(catalog, &mut scenario, (Key::FromHost, Some(text)), &format!("{name}.host"))?;
        return Ok(Some(scenario.from_host));
    };
    let vendor = match end.host_vendor.as_deref() {
        None => Vendor::Intel,
        Some(text) => Vendor::parse(text)
            .ok_or_else(|| format!("{name}.host_vendor: expected Intel, AMD, Hygon or Zhaoxin, found {text:?}"))?,
    };
    let signature = end
        .host_signature
        .as_deref()
        .map(|text| text.parse().map_err(|form| format!("{name}.host_signature: expected {form}, found {text:?}")));
    Ok(Some(HostChoice::Given(GivenHost {
        vendor,
        signature: signature.transpose()?,
        features: known_features(catalog, features),
        silicon: end.host_silicon.as_deref().map(|features| known_features(catalog, features)),
        unknown: FeatureSet::EMPTY,
    })))
}

/// Ignores features that neither a CPU map nor a QEMU release of the facts has: no check compares them.
fn known_features(catalog: &Catalog, names: &[Text<'_>]) -> FeatureSet {
    names.iter().filter_map(|name| catalog.feature(name)).collect()
}
