//! Declares the arguments that describe a scenario, and builds the scenario from them: link, flags, host files.

use super::complete;
use super::files;
use super::value_parsers::name_and_path;
use crate::domain::catalog::Catalog;
use crate::domain::names::and_list;
use crate::domain::scenario::{KEYS, Key, LibvirtChoice, MaybeKnown, QemuChoice, Release, Scenario, write_release};
use crate::input::domain::{self, Domain, Guests};
use crate::load::{LoadError, cpu_map_dir};
use anyhow::{Context, Result, anyhow};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint};
use std::io::IsTerminal;
use std::path::PathBuf;

/// A scenario as the command line describes it.
#[derive(Args, Clone, Default, Debug)]
pub struct Choice {
    /// CPU model or mode, then +F, -F and KEY=VALUE, separated by commas
    ///
    /// MODEL, host-model, host-passthrough or maximum, then +F, -F, F=POLICY and KEY=VALUE. Each KEY is also a flag, such
    /// as machine=TYPE and --machine TYPE.
    #[arg(id = "scenario", value_name = "SCENARIO", add = complete::scenario())]
    pub link: Option<String>,
    /// The flags.
    #[command(flatten)]
    pub keys: KeyArgs,
    /// The maps to add.
    #[command(flatten)]
    pub maps: CpuMaps,
    /// Domain files, directories of them, or `-`.
    #[arg(skip)]
    pub domains: Vec<String>,
}

/// The guest's file.
#[derive(Args, Clone, Default, Debug)]
pub struct DomainArg {
    /// Domain XML, KubeVirt manifest or nova.conf
    ///
    /// The guest may be running or inactive, and - is standard input.
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with = "scenario",
        help_heading = "Scenario"
    )]
    pub domain: Option<String>,
}

/// The keys that are in the short help.
const SHORT_HELP: [Key; 4] = [Key::Machine, Key::Host, Key::From, Key::To];

/// A flag for every key of a scenario, with the values in the order of [`KEYS`].
#[derive(Clone, Default, Debug)]
pub struct KeyArgs(pub Vec<(Key, String)>);

impl Args for KeyArgs {
    fn augment_args(mut command: Command) -> Command {
        for info in KEYS {
            // A command that already has an argument of this name keeps its own.
            if command.get_arguments().any(|arg| arg.get_id() == info.key.name()) {
                continue;
            }
            let arg = Arg::new(info.key.name()).long(info.key.name()).value_name(info.value);
            let short = info.doc.split(": ").next().unwrap_or_default();
            let arg = arg.help(short.split(" [").next().unwrap_or_default()).long_help(info.doc);
            let arg = arg.help_heading("Scenario").add(complete::values_of(info.key));
            let arg = arg.hide_short_help(!SHORT_HELP.contains(&info.key));
            command = command.arg(if info.key == Key::Via { arg.action(ArgAction::Append) } else { arg });
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for KeyArgs {
    // An argument that a command declared itself was taken out of the matches before.
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let values = |key: Key| matches.try_get_many::<String>(key.name()).ok().flatten().into_iter().flatten();
        let keys = KEYS.iter().flat_map(|info| values(info.key).map(|value| (info.key, value.clone())));
        Ok(Self(keys.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// CPU maps to add to the catalog.
#[derive(Args, Clone, Default, Debug)]
pub struct CpuMaps {
    /// Add an installed or patched CPU map as one more release; may be given several times
    #[arg(
        id = "cpu-map",
        long,
        value_name = "NAME=DIR",
        value_hint = ValueHint::DirPath,
        hide_short_help = true,
        value_parser = |text: &str| name_and_path(text, "NAME=DIR")
    )]
    pub list: Vec<(String, PathBuf)>,
}

impl CpuMaps {
    /// Adds them.
    ///
    /// # Errors
    /// A map that cannot be read, or a name that is taken.
    pub fn add_to(&self, catalog: &mut Catalog) -> Result<(), LoadError> {
        for (name, dir) in &self.list {
            cpu_map_dir::add(catalog, name, dir)?;
        }
        Ok(())
    }
}

/// A scenario, and what was read from files for it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The scenario.
    pub scenario: Scenario,
    /// One line for each file.
    pub notes: Vec<String>,
    /// What of a domain file was ignored, and what it contradicts; empty for nothing.
    pub warnings: String,
    /// Whether the source's release was given.
    pub has_source: bool,
    /// Whether the destination's release was given.
    pub has_destination: bool,
    /// The machine type as the command line or the domain file names it; `None` for the default one.
    pub machine: Option<String>,
}

/// What a command needs to answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needs {
    pub(super) guest: bool,
    pub(super) source: bool,
    pub(super) destination: bool,
    /// A command line that has all of it.
    pub(super) example: &'static str,
}

impl Choice {
    /// Returns the same with a domain file.
    #[must_use]
    pub(crate) fn with(&self, guest: &DomainArg) -> Self {
        Self { domains: guest.domain.iter().cloned().collect(), ..self.clone() }
    }

    /// Checks that the guest, the source and the destination are given, as far as they are needed.
    ///
    /// # Errors
    /// What is missing, with an example.
    pub(super) fn require(&self, needs: Needs, asked: &Asked) -> Result<()> {
        let has_guest = self.link.is_some() || !self.domains.is_empty() || self.names(Key::Running);
        let parts = [
            (has_guest || !needs.guest, "the guest (SCENARIO or --domain)"),
            (asked.has_source || !needs.source, "the source (--from)"),
            (asked.has_destination || !needs.destination, "the destination (--to)"),
        ];
        let missing: Vec<&str> = parts.iter().filter(|(given, _)| !given).map(|(_, name)| *name).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let piped = needs.guest && !has_guest && !std::io::stdin().is_terminal();
        let hint = if piped { "\nTo read a guest from standard input, add --domain -." } else { "" };
        let example = needs.example;
        Err(anyhow!("missing: {}\nExample: virt-cpu-explorer {example}{hint}", and_list(&missing)))
    }

    /// Returns whether neither a scenario nor a key nor a domain file is given.
    pub fn is_empty(&self) -> bool {
        self.link.is_none() && self.keys.0.is_empty() && self.domains.is_empty()
    }

    /// Returns the scenario that the link, the flags and the files describe. A key in the link and as a flag is an
    /// error. Of several domain files the first counts.
    ///
    /// # Errors
    /// A value that cannot be parsed, with the column in the link, the name of the flag, or the position in the file.
    pub fn scenario(&self, catalog: &Catalog) -> Result<Scenario> {
        self.asked(catalog).map(|asked| asked.scenario)
    }

    /// Returns the same with a line about each file.
    ///
    /// # Errors
    /// As [`scenario`](Self::scenario).
    pub fn asked(&self, catalog: &Catalog) -> Result<Asked> {
        self.asked_at(catalog, None)
    }

    /// Returns the same with a domain file that is read as that of a guest which `source` starts.
    pub(super) fn asked_at(&self, catalog: &Catalog, source: Option<&Release>) -> Result<Asked> {
        let mut asked = self.between(catalog)?;
        if let Some(name) = self.domains.first() {
            let bytes = files::read(name)?;
            let from = asked.scenario.from.clone();
            asked.scenario.from = source.unwrap_or(&from).clone();
            let domain = self.overridden(catalog, domain::scenario(catalog, &asked.scenario, name, &bytes)?);
            asked.notes.insert(0, format!("{name}: {}", domain.line()));
            asked.warnings = domain.warnings().collect::<Vec<_>>().join("; ");
            asked.scenario = Scenario { from, ..domain.scenario };
            asked.machine = asked.machine.or(Some(domain.machine));
        }
        Ok(asked)
    }

    /// Returns the same without the domain file.
    ///
    /// # Errors
    /// As [`scenario`](Self::scenario).
    pub(crate) fn between(&self, catalog: &Catalog) -> Result<Asked> {
        let mut scenario = self.chosen(catalog, &Scenario::default_of(catalog))?;
        let mut notes = Vec::new();
        let (mut has_source, mut has_destination) = (self.names(Key::From), self.names(Key::To));
        for (key, value) in &self.keys.0 {
            let files = host_files(catalog, *key, value);
            if !files.is_empty() {
                let (note, has_libvirt) = apply_host(catalog, self, &mut scenario, *key, &files)?;
                notes.push(note);
                has_source |= has_libvirt && *key != Key::ToHost;
                has_destination |= has_libvirt && *key != Key::FromHost;
            }
        }
        if !notes.is_empty() {
            // The files may name the releases, which decide what a short machine name means.
            let Scenario { from_host, to_host, .. } = scenario.clone();
            scenario = Scenario { from_host, to_host, ..self.chosen(catalog, &scenario)? };
        }
        let machine = self.text(Key::Machine).map(str::to_owned);
        Ok(Asked { scenario, notes, warnings: String::new(), has_source, has_destination, machine })
    }

    /// Reads a guest of a file, counted from 0.
    pub(super) fn read_guest(
        &self,
        catalog: &Catalog,
        between: &Scenario,
        (guests, index): (&Guests<'_>, usize),
    ) -> Result<Domain, LoadError> {
        guests.read(catalog, between, index).map(|domain| self.overridden(catalog, domain))
    }

    /// Sets what the command line says of the guest in place of what its file says.
    fn overridden(&self, catalog: &Catalog, mut domain: Domain) -> Domain {
        for (key, value) in self.keys.0.iter().filter(|(key, _)| key.is_of_the_guest()) {
            // The values were parsed once already, without an error.
            if domain.scenario.set(catalog, *key, value).is_ok() {
                domain.used.push(format!(
                    "--{} {value}, which overrides the file, so the guest counts as freshly started",
                    key.name()
                ));
            }
        }
        domain
    }

    fn in_link(&self) -> Vec<Key> {
        self.link.iter().flat_map(|link| Key::all_in(link)).collect()
    }

    pub(super) fn names(&self, key: Key) -> bool {
        self.keys.0.iter().any(|(given, _)| *given == key) || self.in_link().contains(&key)
    }

    /// The value of a key, as a flag or in the link.
    fn text(&self, key: Key) -> Option<&str> {
        let flag = self.keys.0.iter().find(|(given, _)| *given == key).map(|(_, value)| value.as_str());
        let in_link = || self.link.iter().flat_map(|link| link.split(',').skip(1)).filter_map(Key::split);
        flag.or_else(|| in_link().find(|(given, _)| *given == key).map(|(_, value)| value))
    }

    /// Returns what the link and the flags describe, with the releases of `base` where they name none.
    fn chosen(&self, catalog: &Catalog, base: &Scenario) -> Result<Scenario> {
        let mut scenario = Scenario::default_of(catalog);
        (scenario.from, scenario.to) = (base.from.clone(), base.to.clone());
        // What a machine type in the link means depends on these.
        self.set_flags(catalog, &mut scenario, |key| matches!(key, Key::From | Key::To | Key::MachineLike))?;
        if let Some(link) = &self.link {
            scenario = Scenario::parse_over(catalog, (&scenario, &[]), link)?;
        }
        for turn in 0..=2 {
            self.set_flags(catalog, &mut scenario, |key| key.turn() == turn)?;
        }
        if !self.names(Key::Machine) {
            scenario.machine = scenario.default_machine(catalog);
        }
        Ok(scenario)
    }

    /// Sets those flags that are wanted and do not name files.
    fn set_flags(&self, catalog: &Catalog, scenario: &mut Scenario, wanted: impl Fn(Key) -> bool) -> Result<()> {
        let in_link = self.in_link();
        for (key, value) in self.keys.0.iter().filter(|(key, _)| wanted(*key)) {
            if in_link.contains(key) && *key != Key::Via {
                return Err(anyhow!("{} is given in the scenario and as --{0}; remove one", key.name()));
            }
            if host_files(catalog, *key, value).is_empty() {
                scenario.set(catalog, *key, value).with_context(|| format!("--{}", key.name()))?;
            }
        }
        Ok(())
    }
}

/// Returns the files that describe a host: one, two separated by a comma, or none if the value is not a name of files.
/// A listed host of this name takes precedence over a file.
fn host_files<'a>(catalog: &Catalog, key: Key, value: &'a str) -> Vec<&'a str> {
    if !matches!(key, Key::Host | Key::FromHost | Key::ToHost) || catalog.host_named(value).is_some() {
        return Vec::new();
    }
    files::of_host(value)
}

/// Sets the host of a scenario from one or two files, and the releases that they mention where the command line gives
/// none. Returns a line that says what was read, and whether the files name their libvirt.
fn apply_host(
    catalog: &Catalog,
    choice: &Choice,
    scenario: &mut Scenario,
    key: Key,
    files: &[&str],
) -> Result<(String, bool)> {
    let end = if key == Key::ToHost { &scenario.to } else { &scenario.from };
    let (host, mut line) = files::read_host(catalog, &end.libvirt, files)?;
    if key != Key::ToHost {
        scenario.from_host = host.choice();
    }
    if key != Key::FromHost {
        scenario.to_host = host.choice();
    }
    let published = host.libvirt.and_then(|version| catalog.libvirt(&version.to_string()));
    let mut take = |key: Key, end: &mut Release| {
        if choice.names(key) || (host.libvirt.is_none() && host.qemu.is_none()) {
            return;
        }
        if let Some(id) = published {
            end.set_libvirt(LibvirtChoice::Release(id, None));
        }
        if let Some(version) = host.qemu {
            end.set_qemu(QemuChoice { version: MaybeKnown::Is(version), build: None });
        }
        line.push(format!("Read from the file: {}={}.", key.name(), write_release(catalog, end)));
    };
    if key != Key::ToHost {
        take(Key::From, &mut scenario.from);
    }
    if key != Key::FromHost {
        take(Key::To, &mut scenario.to);
    }
    Ok((line.join(" "), published.is_some()))
}
