//! Parses and prints a scenario as a link: `Skylake-Client,+smap,machine=pc-q35-3.1,from=9.0.0,to=new`.

use super::super::behaviour::Regime;
use super::super::catalog::Catalog;
use super::super::definition::{Check, Fallback, Match, Mode, Policies};
use super::super::names::nearest;
use super::super::qemu::Accel;
use super::super::text::is_word;
use super::{
    CpuChoice, DEFAULT_MACHINE, HostChoice, MachineChoice, MaybeKnown, QemuChoice, Release, Scenario, Stop, Topology,
    Transport, Writer,
};
use std::borrow::Cow;
use std::fmt;

mod keys;
pub(super) mod release;
mod running;
mod value;

pub use keys::{KEYS, Key, KeyInfo};
pub use value::ValueError;

/// The error of parsing a link: what is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkError {
    /// The link.
    pub link: String,
    /// Where it begins, counted in characters from 1.
    pub column: usize,
    /// What is wrong.
    pub error: ValueError,
}

impl LinkError {
    /// Returns the error in a value that begins at this column.
    fn at(link: &str, column: usize, error: ValueError) -> Self {
        Self { link: link.to_owned(), column: column + error.offset, error }
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scenario, column {}: {}", self.column, self.error)
    }
}

impl std::error::Error for LinkError {}

/// The word for a CPU that an object defines which was not read.
const UNKNOWN_CPU: &str = "unknown";

/// How many intermediate hosts a journey may have. Each multiplies the cases of what is unknown.
pub(crate) const MAX_STOPS: usize = 8;

impl Scenario {
    /// Reads a scenario from its link. Keys that the link does not have get their defaults.
    ///
    /// # Errors
    /// The first error, with its column and the nearest known value.
    pub fn parse(catalog: &Catalog, link: &str) -> Result<Self, LinkError> {
        Self::parse_over(catalog, (&Self::default_of(catalog), &[]), link)
    }

    /// Reads a scenario from its link. What the link does not say is taken from `base`, except for the CPU and its
    /// features, and for a machine type that is not among the `given` keys.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub(crate) fn parse_over(catalog: &Catalog, (base, given): (&Self, &[Key]), link: &str) -> Result<Self, LinkError> {
        let mut scenario = Self { features: Policies::default(), running: None, ..base.clone() };
        let mut seen: Vec<Key> = Vec::new();
        let mut column = 1;
        let mut waiting: Vec<(usize, Key, &str)> = Vec::new();
        for (index, part) in link.split(',').enumerate() {
            let at = |err| LinkError::at(link, column, err);
            if index == 0 {
                scenario.cpu = value::cpu(catalog, part).map_err(at)?;
            } else if let Some((key, text)) = Key::split(part) {
                note(&mut seen, key).map_err(at)?;
                let column = column + key.name().len() + 1;
                if key == Key::Via && !seen[..seen.len() - 1].contains(&Key::Via) {
                    scenario.via.clear();
                }
                if key.turn() > 0 {
                    waiting.push((column, key, text));
                } else {
                    scenario.set(catalog, key, text).map_err(|err| LinkError::at(link, column, err))?;
                }
            } else {
                let (feature, policy) = value::policy(catalog, part).map_err(at)?;
                if scenario.features.get(feature).is_some() {
                    return Err(at(ValueError::new(format!("{} is given twice", catalog.feature_name(feature)))));
                }
                scenario.features.set(feature, policy);
            }
            column += part.chars().count() + 1;
        }
        waiting.sort_by_key(|(_, key, _)| key.turn());
        for (column, key, text) in waiting {
            let at = |err| LinkError::at(link, column, err);
            if key == Key::Running {
                scenario.has_only(catalog, &seen, text).map_err(at)?;
            }
            scenario.set(catalog, key, text).map_err(at)?;
        }
        if !seen.contains(&Key::Machine) && !given.contains(&Key::Machine) {
            scenario.machine = scenario.default_machine(catalog);
        }
        Ok(scenario)
    }

    /// Checks that a link with a running guest does not contradict that guest's CPU.
    fn has_only(&self, catalog: &Catalog, seen: &[Key], running: &str) -> Result<(), ValueError> {
        let key = seen.iter().find(|key| key.is_of_the_cpu()).map(|key| key.name());
        let feature = self.features.iter().next().map(|(feature, _)| catalog.feature_name(feature));
        if let Some(name) = key.or(feature) {
            return Err(ValueError::new(format!(
                "running has the CPU definition of the guest; remove {name}, or remove running"
            )));
        }
        let live = running::parse(catalog, running)?.live;
        if (live.mode, live.model) == (self.mode(), self.model()) {
            return Ok(());
        }
        let name = live.model.map_or(live.mode.name(), |model| catalog.model_name(model));
        let given = self.cpu_name(catalog);
        Err(ValueError::new(format!("the running guest has CPU model {name}, but the link begins with {given}")))
    }

    /// Sets the value of one key; `via` adds an intermediate host. A key that changes the guest clears a running guest.
    ///
    /// # Errors
    /// What was expected, with the nearest known value.
    pub fn set(&mut self, catalog: &Catalog, key: Key, text: &str) -> Result<(), ValueError> {
        match key {
            Key::Machine => self.set_machine(catalog, text)?,
            Key::Topology => self.topology = value::topology(text)?,
            Key::Accel => self.accel = value::one_of(text, &[Accel::Tcg, Accel::Kvm], Accel::name)?,
            Key::Host => {
                self.from_host = value::host(catalog, text)?;
                self.to_host = self.from_host.clone();
            }
            Key::FromHost => self.from_host = value::host(catalog, text)?,
            Key::ToHost => self.to_host = value::host(catalog, text)?,
            Key::From => self.from = Release::parse(catalog, text)?,
            Key::To => self.to = Release::parse(catalog, text)?,
            Key::Via if self.via.len() == MAX_STOPS => {
                return Err(ValueError::new(format!(
                    "expected at most {MAX_STOPS} intermediate hosts, found one more"
                )));
            }
            Key::Via => self.add_stop(catalog, text)?,
            Key::Started => self.started = Some(release::parse(catalog, text, Some(&self.from.qemu))?),
            Key::Check => self.check = Some(value::one_of(text, Check::ALL, Check::name)?),
            Key::Match => self.matching = value::one_of(text, Match::ALL, Match::name)?,
            Key::Fallback => self.fallback = value::one_of(text, Fallback::ALL, Fallback::name)?,
            Key::Vendor => self.vendor = Some(value::vendor(text)?),
            Key::VendorId => self.vendor_id = Some(value::vendor(text)?),
            Key::Transport => self.transport = value::one_of(text, Transport::ALL, Transport::name)?,
            Key::Migratable => self.migratable = value::on_off(text)?,
            Key::Tsc => self.tsc = Some(value::frequency(text)?),
            Key::MachineLike => self.machine_like = Some(value::machine_like(catalog, text)?),
            Key::Running => {
                self.run_as(running::parse(catalog, text)?);
                return Ok(());
            }
            Key::Regime => self.regime = Some(value::one_of(text, Regime::ALL, Regime::name)?),
            Key::Feature => self.feature = value::feature(catalog, text)?,
            Key::Pmu => self.pmu = Some(value::on_off(text)?),
            Key::Emulator if text.starts_with('/') && is_word(text, &[]) => self.emulator = Some(text.into()),
            Key::Emulator => {
                let expected = "expected an absolute path without blanks, commas and backticks";
                return Err(ValueError::new(format!("{expected}, found {text:?}")));
            }
            Key::Writer => self.written_by = Some(value::one_of(text, Writer::ALL, Writer::name)?),
        }
        if key.is_of_the_guest() {
            self.running = None;
        }
        Ok(())
    }

    /// Sets the machine type that a name means in the source's QEMU. A running guest remains.
    ///
    /// # Errors
    /// A name that the facts lack, with the nearest known one.
    pub(crate) fn set_machine(&mut self, catalog: &Catalog, name: &str) -> Result<(), ValueError> {
        self.machine = value::machine(catalog, name, &self.from, self.machine_like.is_some())?;
        Ok(())
    }

    /// Adds a stop, `RELEASE[@HOST]`. Without a host it has the destination's.
    fn add_stop(&mut self, catalog: &Catalog, text: &str) -> Result<(), ValueError> {
        let (stop, host) = text.split_once('@').map_or((text, None), |(stop, host)| (stop, Some(host)));
        let host = host.map(|host| value::host(catalog, host)).transpose()?;
        let release = release::parse(catalog, stop, Some(&self.to.qemu))?;
        self.via.push(Stop { release, host });
        Ok(())
    }

    /// Sets the CPU from the first part of a link: a model, a mode, or `?`.
    ///
    /// # Errors
    /// What was expected, with the nearest known value.
    pub fn set_cpu(&mut self, catalog: &Catalog, text: &str) -> Result<(), ValueError> {
        self.cpu = value::cpu(catalog, text)?;
        self.running = None;
        Ok(())
    }

    /// Returns the link: only what differs from the defaults, and always source and destination with their QEMU.
    /// Parsing it returns an equal scenario, except for an emulator or a writer that the releases imply.
    pub fn link(&self, catalog: &Catalog) -> String {
        self.print(catalog, |_| true)
    }

    /// Returns what the link leaves out because it is the default, as keys with their values: appended to the link, it
    /// gives the complete scenario.
    pub fn defaults(&self, catalog: &Catalog) -> String {
        let left_out = |key: &Key| self.value(catalog, *key, false).is_none();
        let keys = KEYS.iter().map(|info| info.key).filter(left_out);
        let written = keys.filter_map(|key| Some(format!("{}={}", key.name(), self.value(catalog, key, true)?)));
        written.collect::<Vec<_>>().join(",")
    }

    /// Returns the link without what does not change what a run shows: how it travelled, and the feature that is asked
    /// about.
    pub(crate) fn link_of_run(&self, catalog: &Catalog) -> String {
        self.print(catalog, |key| !matches!(key, Key::Transport | Key::Feature))
    }

    fn print(&self, catalog: &Catalog, wanted: impl Fn(Key) -> bool) -> String {
        let mut link = String::with_capacity(160);
        link.push_str(self.cpu_name(catalog));
        if !self.features.is_empty() && self.running.is_none() {
            link.push(',');
            catalog.push_policies(&mut link, self.features.iter());
        }
        for key in KEYS.iter().map(|info| info.key).filter(|key| wanted(*key)) {
            let begin = [",", key.name(), "="];
            match key {
                Key::Via => {
                    for stop in &self.via {
                        link.extend(begin);
                        push_stop(&mut link, catalog, stop, Some(&self.to.qemu));
                    }
                }
                Key::From | Key::To => {
                    link.extend(begin);
                    release::push(&mut link, catalog, if key == Key::From { &self.from } else { &self.to }, None);
                }
                _ => {
                    if let Some(value) = self.value(catalog, key, false) {
                        link.extend(begin);
                        link.push_str(&value);
                    }
                }
            }
        }
        link
    }

    /// Returns the model's name, the mode, or `?`.
    pub(crate) fn cpu_name<'a>(&self, catalog: &'a Catalog) -> &'a str {
        match self.cpu {
            CpuChoice::Model(MaybeKnown::Is(model)) => catalog.model_name(model),
            CpuChoice::Model(MaybeKnown::Unknown) => "?",
            CpuChoice::Mode(Mode::Custom) => "custom",
            CpuChoice::Mode(mode) => mode.name(),
            CpuChoice::Unknown => UNKNOWN_CPU,
        }
    }

    /// Returns the value to print for a key that has one: nothing where it is the default, unless `whole`.
    pub(crate) fn value<'a>(&'a self, catalog: &'a Catalog, key: Key, whole: bool) -> Option<Cow<'a, str>> {
        let same_host = || self.from_host == self.to_host;
        let host =
            |host: &'a HostChoice| (whole || *host != HostChoice::Capable).then(|| value::write_host(catalog, host));
        let named = |differs: bool, name: &'a str| (whole || differs).then_some(Cow::Borrowed(name));
        match key {
            key if key.is_of_the_cpu() && self.running.is_some() => None,
            Key::Running => self.running.as_deref().map(|running| running::write(catalog, running).into()),
            Key::Machine => {
                let default =
                    matches!(self.machine, MachineChoice::Listed(id) if catalog.machine_name(id) == DEFAULT_MACHINE);
                // Where another is the default, the name says that this one is meant.
                let is_left_out = default && self.default_machine(catalog) == self.machine;
                named(!is_left_out, value::machine_name(catalog, &self.machine))
            }
            Key::Topology => (whole || self.topology != MaybeKnown::Is(Topology::SINGLE))
                .then(|| value::write_topology(self.topology).into()),
            Key::Accel => named(self.accel != Accel::Kvm, self.accel.name()),
            Key::Host if same_host() => host(&self.from_host),
            Key::FromHost if !same_host() => host(&self.from_host),
            Key::ToHost if !same_host() => host(&self.to_host),
            // Stops are printed one by one.
            Key::Host | Key::FromHost | Key::ToHost | Key::Via => None,
            Key::From => Some(write_release(catalog, &self.from).into()),
            Key::To => Some(write_release(catalog, &self.to).into()),
            Key::Started => self.started.as_ref().map(|started| {
                let mut text = String::new();
                release::push(&mut text, catalog, started, Some(&self.from.qemu));
                text.into()
            }),
            Key::Check => self.check.map(|check| check.name().into()),
            Key::Match => named(self.matching != Match::Exact, self.matching.name()),
            Key::Fallback => named(self.fallback != Fallback::Forbid, self.fallback.name()),
            Key::Vendor => self.vendor.map(|vendor| vendor.name().into()),
            Key::VendorId => self.vendor_id.map(|vendor| vendor.name().into()),
            Key::Transport => named(self.transport != Transport::Live, self.transport.name()),
            // Only these modes have the attribute.
            Key::Migratable if self.migratable && !matches!(self.mode(), Mode::HostPassthrough | Mode::Maximum) => None,
            Key::Migratable => named(!self.migratable, value::write_on_off(self.migratable)),
            Key::Tsc => self.tsc.map(|hertz| hertz.to_string().into()),
            Key::MachineLike => self.machine_like.map(|machine| catalog.machine_name(machine).into()),
            Key::Regime => self.regime.map(|regime| regime.name().into()),
            Key::Feature => named(self.feature != catalog.default_feature(), catalog.feature_name(self.feature)),
            Key::Pmu => self.pmu.map(|on| value::write_on_off(on).into()),
            Key::Emulator => {
                let own = self.emulator.as_deref();
                own.filter(|path| self.releases().any(|end| end.emulator(catalog) != *path)).map(Cow::Borrowed)
            }
            Key::Writer => {
                let told = self.written_by.filter(|writer| self.writer_of_releases() != Some(*writer));
                told.map(|writer| writer.name().into())
            }
        }
    }
}

/// Notes that a key was given; a second time is an error, and so is `host` together with `from-host` or `to-host`.
fn note(seen: &mut Vec<Key>, key: Key) -> Result<(), ValueError> {
    let clashes = |other: Key| {
        (other == key && key != Key::Via)
            || matches!(
                (other, key),
                (Key::Host, Key::FromHost | Key::ToHost) | (Key::FromHost | Key::ToHost, Key::Host)
            )
    };
    if let Some(other) = seen.iter().copied().find(|other| clashes(*other)) {
        let text = if other == key {
            format!("{} is given twice", key.name())
        } else {
            format!("{} and {} are both given; give one", other.name(), key.name())
        };
        return Err(ValueError::new(text));
    }
    seen.push(key);
    Ok(())
}

/// Suggests a key or a feature for a part of a link that is neither.
fn suggest_part(catalog: &Catalog, name: &str) -> Option<String> {
    let keys = KEYS.iter().map(|info| info.key.name());
    nearest(name, keys.chain(catalog.features().iter())).map(str::to_owned)
}

/// Returns how a release is written in a link, always with its QEMU.
pub(crate) fn write_release(catalog: &Catalog, release: &super::Release) -> String {
    let mut text = String::with_capacity(24);
    release::push(&mut text, catalog, release, None);
    text
}

/// Returns how a stop is written in a link, always with its QEMU.
pub(crate) fn write_stop(catalog: &Catalog, stop: &Stop) -> String {
    let mut text = String::new();
    push_stop(&mut text, catalog, stop, None);
    text
}

fn push_stop(text: &mut String, catalog: &Catalog, stop: &Stop, same: Option<&QemuChoice>) {
    release::push(text, catalog, &stop.release, same);
    if let Some(host) = &stop.host {
        text.extend(["@", &value::write_host(catalog, host)]);
    }
}

/// Returns how a host is written in a link.
pub(crate) fn write_host(catalog: &Catalog, host: &HostChoice) -> String {
    value::write_host(catalog, host).into_owned()
}

/// Returns how a machine type is written in a link.
pub fn write_machine(catalog: &Catalog, machine: &MachineChoice) -> String {
    value::machine_name(catalog, machine).to_owned()
}

/// Returns how a topology is written in a link: `1-2-1`, `1-2-2-1` with several dies, or `?`.
pub(crate) fn write_topology(topology: MaybeKnown<Topology>) -> String {
    value::write_topology(topology)
}
