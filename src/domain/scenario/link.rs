//! Reads and prints the one-word form of a scenario: `Skylake-Client,+smap,machine=pc-q35-3.1,from=9.0.0,to=new`.
//! One table of keys serves the word, the command line's flags and their documentation.

use super::super::behaviour::Regime;
use super::super::catalog::Catalog;
use super::super::definition::{Check, Fallback, Match, Mode, Policies, Policy, named_enum};
use super::super::names::nearest;
use super::super::qemu::Accel;
use super::{CpuChoice, DEFAULT_MACHINE, HostChoice, MachineChoice, Scenario, Told, Topology, Transport};
use std::borrow::Cow;
use std::fmt;

mod release;
mod running;
mod value;

pub use value::ValueError;

named_enum! {
    /// One key of the word.
    Key {
        /// The machine type.
        Machine "machine",
        /// Sockets, dies, cores, threads.
        Topology "topology",
        /// What runs the guest.
        Accel "accel",
        /// The host at both ends.
        Host "host",
        /// The host at the source.
        FromHost "from-host",
        /// The host at the destination.
        ToHost "to-host",
        /// The source.
        From "from",
        /// The destination.
        To "to",
        /// A stop between.
        Via "via",
        /// Where the guest was begun.
        Started "started",
        /// The definition's check.
        Check "check",
        /// The definition's match.
        Match "match",
        /// The definition's fallback.
        Fallback "fallback",
        /// The vendor the definition names.
        Vendor "vendor",
        /// The vendor the definition tells the guest.
        VendorId "vendor-id",
        /// How the guest travels.
        Transport "transport",
        /// The definition's migratable attribute.
        Migratable "migratable",
        /// The definition's TSC frequency.
        Tsc "tsc",
        /// The machine type whose defaults an unknown one has.
        MachineLike "machine-like",
        /// The running guest's definitions.
        Running "running",
        /// The destination's regime.
        Regime "regime",
        /// The feature the table is about.
        Feature "feature",
        /// Whether the guest has a PMU.
        Pmu "pmu",
    }
}

impl Key {
    /// Splits `KEY=VALUE`. `tsc=POLICY` is the CPU feature of that name and not the key.
    pub fn split(part: &str) -> Option<(Self, &str)> {
        let (name, value) = part.split_once('=')?;
        let key = Self::parse(name)?;
        (key != Self::Tsc || Policy::parse(value).is_none()).then_some((key, value))
    }

    /// Returns the keys that a link names, in its order.
    pub fn all_in(link: &str) -> impl Iterator<Item = Self> {
        link.split(',').skip(1).filter_map(|part| Some(Self::split(part)?.0))
    }

    /// Returns when the key is to be set: machine aliases, `started` and `via` need the releases, and a running guest has
    /// the definition of the guest that all others describe.
    pub const fn turn(self) -> u8 {
        match self {
            Self::Machine | Self::Started | Self::Via => 1,
            Self::Running => 2,
            Self::Topology
            | Self::Accel
            | Self::Host
            | Self::FromHost
            | Self::ToHost
            | Self::From
            | Self::To
            | Self::Check
            | Self::Match
            | Self::Fallback
            | Self::Vendor
            | Self::Transport
            | Self::Migratable
            | Self::Tsc
            | Self::MachineLike
            | Self::Regime
            | Self::Feature
            | Self::VendorId
            | Self::Pmu => 0,
        }
    }

    /// Returns whether the key is a part of the `<cpu>`, which a running guest has of its own.
    const fn is_of_the_cpu(self) -> bool {
        matches!(self, Self::Check | Self::Match | Self::Fallback | Self::Vendor)
    }

    /// Returns whether the key describes the guest, and not an end or the way between them.
    pub const fn is_of_the_guest(self) -> bool {
        match self {
            Self::Machine
            | Self::Topology
            | Self::Accel
            | Self::Started
            | Self::Check
            | Self::Match
            | Self::Fallback
            | Self::Vendor
            | Self::VendorId
            | Self::Migratable
            | Self::Tsc
            | Self::MachineLike
            | Self::Running
            | Self::Pmu => true,
            Self::Host
            | Self::FromHost
            | Self::ToHost
            | Self::From
            | Self::To
            | Self::Via
            | Self::Transport
            | Self::Regime
            | Self::Feature => false,
        }
    }
}

/// What a key means, for help and documentation.
#[derive(Clone, Copy, Debug)]
pub struct KeyInfo {
    /// The key.
    pub key: Key,
    /// The form of its value.
    pub value: &'static str,
    /// What it chooses, with its default.
    pub doc: &'static str,
}

/// Every key, in the order in which a word is printed.
pub const KEYS: &[KeyInfo] = &[
    info(
        Key::Machine,
        "TYPE",
        "Machine type, or ? [default: pc-q35-4.0, or the newest that source and destination have]",
    ),
    info(
        Key::Topology,
        "S-C-T",
        "Sockets-cores-threads or sockets-dies-cores-threads, or ? [default: one thread in each package]",
    ),
    info(Key::Accel, "tcg|kvm", "Accelerator [default: kvm]"),
    info(
        Key::Host,
        "HOST",
        "Host at source and destination: a listed name, capable, any, ?, or \
         VENDOR[:FAMILY-MODEL-STEPPING]:f1+f2+...[/s1+s2+...]: what KVM supports and, after the slash, what the processor \
         has. As a flag also a file: the output of virsh domcapabilities, virsh capabilities or QMP \
         query-cpu-model-expansion, or /proc/cpuinfo. CAPABILITIES,DOMCAPABILITIES combines two files of the same host \
         [default: capable]",
    ),
    info(Key::FromHost, "HOST", "Host at the source"),
    info(Key::ToHost, "HOST", "Host at the destination"),
    info(
        Key::From,
        "RELEASE",
        "Source: LIBVIRT[:QEMU], each VERSION or a package VERSION-BUILD; old, new, a --cpu-map name, \
         PRODUCT:VERSION such as ubuntu:24.04, or ? [default: old]",
    ),
    info(Key::To, "RELEASE", "Destination, in the same forms [default: new]"),
    info(Key::Via, "RELEASE", "Intermediate stop between source and destination; may be given several times"),
    info(Key::Started, "RELEASE", "libvirt release the guest was started under, if the source was upgraded since"),
    info(Key::Check, "none|partial|full", "check attribute of the CPU definition [default: as libvirt fills it in]"),
    info(Key::Match, "minimum|exact|strict", "match attribute of the CPU definition [default: exact]"),
    info(Key::Fallback, "allow|forbid", "fallback attribute of the CPU model [default: forbid]"),
    info(Key::Vendor, "VENDOR", "CPU vendor that the definition requires: Intel, AMD, Hygon, Zhaoxin"),
    info(Key::VendorId, "VENDOR", "CPU vendor that the guest is told (vendor_id) [default: that of the model or host]"),
    info(
        Key::Transport,
        "live|save|p2p",
        "Live migration, save and restore, or peer-to-peer migration, which is decided like a live one [default: live]",
    ),
    info(
        Key::Migratable,
        "on|off",
        "migratable attribute of the CPU definition, for host-passthrough and maximum [default: on]",
    ),
    info(Key::Tsc, "HZ", "TSC frequency in the definition; the hosts are assumed to provide it [default: none]"),
    info(
        Key::MachineLike,
        "TYPE",
        "Known machine type with the same defaults; used if the data lacks those of the guest's machine type",
    ),
    info(
        Key::Running,
        "DEFINITIONS",
        "Running guest as links have it: the base64url of its deflated live and inactive <cpu>",
    ),
    info(
        Key::Regime,
        "nothing|disable|require",
        "How the destination treats removed features that the definition does not mention [default: as its libvirt does]",
    ),
    info(Key::Feature, "FEATURE", "Feature that the decision table is about [default: mpx]"),
    info(Key::Pmu, "on|off", "Enable a virtual PMU in the guest [default: off]"),
];

const fn info(key: Key, value: &'static str, doc: &'static str) -> KeyInfo {
    KeyInfo { key, value, doc }
}

/// Says what is wrong with a word, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkError {
    /// The word.
    pub word: String,
    /// Where the fault begins, counted in characters from 1.
    pub column: usize,
    /// What is wrong.
    pub fault: ValueError,
}

impl LinkError {
    /// Returns the error in a value that begins at this column.
    fn at(word: &str, column: usize, fault: ValueError) -> Self {
        Self { word: word.to_owned(), column: column + fault.offset, fault }
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scenario, column {}: {}", self.column, self.fault)
    }
}

impl std::error::Error for LinkError {}

/// How many intermediate hosts a journey may have. Each multiplies the cases of what is unknown.
const MAX_STOPS: usize = 8;

impl Scenario {
    /// Reads a scenario from its word. What the word does not say takes its default.
    ///
    /// # Errors
    /// The first fault, with its column and the nearest known word.
    pub fn parse(catalog: &Catalog, word: &str) -> Result<Self, LinkError> {
        Self::parse_over(catalog, &Self::default_of(catalog), word)
    }

    /// Reads a scenario from its word. What the word does not say is taken from `base`, but for the CPU and its features.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_over(catalog: &Catalog, base: &Self, word: &str) -> Result<Self, LinkError> {
        let mut scenario = Self { features: Policies::default(), running: None, ..base.clone() };
        let mut seen: Vec<Key> = Vec::new();
        let mut column = 1;
        let mut waiting: Vec<(usize, Key, &str)> = Vec::new();
        for (place, part) in word.split(',').enumerate() {
            let at = |fault| LinkError::at(word, column, fault);
            if place == 0 {
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
                    scenario.set(catalog, key, text).map_err(|fault| LinkError::at(word, column, fault))?;
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
            let at = |fault| LinkError::at(word, column, fault);
            if key == Key::Running {
                scenario.has_only(catalog, &seen, text).map_err(at)?;
            }
            scenario.set(catalog, key, text).map_err(at)?;
        }
        if !seen.contains(&Key::Machine) && base.machine == base.default_machine(catalog) {
            scenario.machine = scenario.default_machine(catalog);
        }
        Ok(scenario)
    }

    /// Checks that a link with a running guest says nothing else of the guest's CPU than that guest does.
    fn has_only(&self, catalog: &Catalog, seen: &[Key], running: &str) -> Result<(), ValueError> {
        let key = seen.iter().find(|key| key.is_of_the_cpu()).map(|key| key.name());
        let feature = self.features.iter().next().map(|(feature, _)| catalog.feature_name(feature));
        if let Some(name) = key.or(feature) {
            return Err(ValueError::new(format!(
                "running has the CPU definition of the guest; remove {name}, or remove running"
            )));
        }
        let live = running::parse(catalog, running)?.live;
        if live.model == self.model() {
            return Ok(());
        }
        let name = live.model.map_or("", |model| catalog.model_name(model));
        let given = self.cpu_name(catalog);
        Err(ValueError::new(format!("the running guest has CPU model {name}, but the link begins with {given}")))
    }

    /// Sets what one key says; `via` adds a stop. What makes it another guest ends a running one.
    ///
    /// # Errors
    /// What was expected, with the nearest known word.
    pub fn set(&mut self, catalog: &Catalog, key: Key, text: &str) -> Result<(), ValueError> {
        match key {
            Key::Machine => self.machine = value::machine(catalog, text, &self.from, self.machine_like.is_some())?,
            Key::Topology => self.topology = value::topology(text)?,
            Key::Accel => self.accel = value::one_of(text, &[Accel::Tcg, Accel::Kvm], Accel::name)?,
            Key::Host => {
                self.from_host = value::host(catalog, text)?;
                self.to_host = self.from_host.clone();
            }
            Key::FromHost => self.from_host = value::host(catalog, text)?,
            Key::ToHost => self.to_host = value::host(catalog, text)?,
            Key::From => self.from = release::parse(catalog, text, None)?,
            Key::To => self.to = release::parse(catalog, text, None)?,
            Key::Via if self.via.len() == MAX_STOPS => {
                return Err(ValueError::new(format!(
                    "expected at most {MAX_STOPS} intermediate hosts, found one more"
                )));
            }
            Key::Via => self.via.push(release::parse(catalog, text, Some(&self.to.qemu))?),
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
            Key::Pmu => self.pmu = value::on_off(text)?,
        }
        if key.is_of_the_guest() {
            self.running = None;
        }
        Ok(())
    }

    /// Sets the CPU from the first part of a word: a model, a mode, or `?`.
    ///
    /// # Errors
    /// What was expected, with the nearest known word.
    pub fn set_cpu(&mut self, catalog: &Catalog, text: &str) -> Result<(), ValueError> {
        self.cpu = value::cpu(catalog, text)?;
        self.running = None;
        Ok(())
    }

    /// Returns the word: only what differs from the defaults, and always both ends with their QEMU.
    /// Reading it gives this scenario back.
    pub fn word(&self, catalog: &Catalog) -> String {
        self.print(catalog, |_| true)
    }

    /// Returns what the word leaves out because it is the default, as keys with their values: behind the word, it makes
    /// the whole of the scenario.
    pub fn defaults(&self, catalog: &Catalog) -> String {
        let left_out = |key: &Key| self.value(catalog, *key, false).is_none();
        let keys = KEYS.iter().map(|info| info.key).filter(left_out);
        let written = keys.filter_map(|key| Some(format!("{}={}", key.name(), self.value(catalog, key, true)?)));
        written.collect::<Vec<_>>().join(",")
    }

    /// Returns the word without what does not change what a run shows: how it travelled, and the feature that is asked
    /// about.
    pub(crate) fn word_of_run(&self, catalog: &Catalog) -> String {
        self.print(catalog, |key| !matches!(key, Key::Transport | Key::Feature))
    }

    fn print(&self, catalog: &Catalog, wanted: impl Fn(Key) -> bool) -> String {
        let mut word = String::with_capacity(160);
        word.push_str(self.cpu_name(catalog));
        if !self.features.is_empty() && self.running.is_none() {
            word.push(',');
            catalog.push_policies(&mut word, self.features.iter());
        }
        let mut push = |key: Key, value: &str| word.extend([",", key.name(), "=", value]);
        for info in KEYS.iter().filter(|info| wanted(info.key)) {
            if info.key == Key::Via {
                let stops = self.via.iter().map(|stop| release::write(catalog, stop, Some(&self.to.qemu)));
                stops.for_each(|stop| push(Key::Via, &stop));
            } else if let Some(value) = self.value(catalog, info.key, false) {
                push(info.key, &value);
            }
        }
        word
    }

    /// Returns the model's name, the mode, or `?`.
    pub fn cpu_name<'a>(&self, catalog: &'a Catalog) -> &'a str {
        match self.cpu {
            CpuChoice::Model(Told::Is(model)) => catalog.model_name(model),
            CpuChoice::Model(Told::Unknown) => "?",
            CpuChoice::Mode(Mode::Custom) => "custom",
            CpuChoice::Mode(mode) => mode.name(),
        }
    }

    /// Returns the value to print for a key that has one: nothing where it is the default, unless `whole`.
    fn value<'a>(&'a self, catalog: &'a Catalog, key: Key, whole: bool) -> Option<Cow<'a, str>> {
        let same_host = self.from_host == self.to_host;
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
            Key::Topology => (whole || self.topology != Told::Is(Topology::SINGLE))
                .then(|| value::write_topology(self.topology).into()),
            Key::Accel => named(self.accel != Accel::Kvm, self.accel.name()),
            Key::Host if same_host => host(&self.from_host),
            Key::FromHost if !same_host => host(&self.from_host),
            Key::ToHost if !same_host => host(&self.to_host),
            // Stops are printed one by one.
            Key::Host | Key::FromHost | Key::ToHost | Key::Via => None,
            Key::From => Some(release::write(catalog, &self.from, None).into()),
            Key::To => Some(release::write(catalog, &self.to, None).into()),
            Key::Started => {
                self.started.as_ref().map(|begun| release::write(catalog, begun, Some(&self.from.qemu)).into())
            }
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
            Key::Pmu => named(self.pmu, value::write_on_off(self.pmu)),
        }
    }
}

/// Notes that a key was given; a second time is a fault, and so is a host for both ends beside one for one end.
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

/// Suggests a key or a feature for a part of a word that is neither.
fn suggest_part(catalog: &Catalog, name: &str) -> Option<String> {
    let keys = KEYS.iter().map(|info| info.key.name());
    nearest(name, keys.chain(catalog.features().iter())).map(str::to_owned)
}

/// Returns how a release is written in a word, always with its QEMU.
pub fn write_release(catalog: &Catalog, release: &super::Release) -> String {
    release::write(catalog, release, None)
}

/// Returns how a host is written in a word.
pub fn write_host(catalog: &Catalog, host: &HostChoice) -> String {
    value::write_host(catalog, host).into_owned()
}

/// Returns how a machine type is written in a word.
pub fn write_machine(catalog: &Catalog, machine: &MachineChoice) -> String {
    value::machine_name(catalog, machine).to_owned()
}

/// Returns how a topology is written in a word: `1-2-1`, `1-2-2-1` with several dies, or `?`.
pub fn write_topology(topology: Told<Topology>) -> String {
    value::write_topology(topology)
}
