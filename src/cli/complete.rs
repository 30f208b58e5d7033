//! Completes arguments: the shell asks the program, which lists matching models, features, releases and hosts.

use crate::analysis::matrix::Vary;
use crate::app::tour;
use crate::domain::behaviour::Regime;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, Fallback, Match, Mode, Policy};
use crate::domain::host::Vendor;
use crate::domain::scenario::{KEYS, Key, Transport, Writer};
use crate::load::embedded;
use crate::resolve::RuleId;
use clap::Command;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};
use clap_complete::env::{self, CompleteEnv, EnvCompleter, Shells};
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;

const NAME: &str = "virt-cpu-explorer";
/// The environment variable by which a shell asks.
const VARIABLE: &str = "COMPLETE";
const SHELLS: Shells<'static> = Shells(&[&Bash, &env::Elvish, &env::Fish, &env::Powershell, &env::Zsh]);

/// Answers a shell that asks for completions, and exits then.
pub(super) fn in_shell(command: fn() -> Command) {
    CompleteEnv::with_factory(command).var(VARIABLE).shells(SHELLS).complete();
}

/// Writes what a shell has to run to complete the arguments of this program.
pub(super) fn registration(shell: &str, out: &mut dyn Write) -> io::Result<()> {
    let completer = SHELLS.completer(shell).ok_or_else(|| io::Error::other(format!("unknown shell {shell}")))?;
    completer.write_registration(VARIABLE, NAME, NAME, NAME, out)
}

/// Bash, which splits words at `=` and `:`; a scenario has both, so they are joined before this program is asked.
struct Bash;

const BASH: &str = r#"_virt_cpu_explorer() {
    local IFS=$'\013' rest="$COMP_LINE" word i
    local -a words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word="${COMP_WORDS[i]}"
        if [[ ${#words[@]} -gt 0 && "$rest" != [[:space:]]* && -n "$rest" ]]; then
            words[${#words[@]}-1]+="$word"
        else
            words+=("$word")
        fi
        rest="${rest#"${rest%%[![:space:]]*}"}"
        rest="${rest#"$word"}"
    done
    local last=$((${#words[@]} - 1))
    local kept="${words[last]%"$2"}"
    COMPREPLY=($(_CLAP_IFS="$IFS" _CLAP_COMPLETE_INDEX="$last" VARIABLE="bash" COMPLETER -- "${words[@]}"))
    COMPREPLY=("${COMPREPLY[@]#"$kept"}")
    [[ "${COMPREPLY-}" =~ [=/:,+-]$ ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -o bashdefault -F _virt_cpu_explorer BIN
"#;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        env::Bash.name()
    }

    fn is(&self, name: &str) -> bool {
        env::Bash.is(name)
    }

    fn write_registration(
        &self,
        variable: &str,
        _name: &str,
        bin: &str,
        completer: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let completer = format!("'{}'", completer.replace('\'', r"'\''"));
        let script = BASH.replace("VARIABLE", variable).replace("COMPLETER", &completer).replace("BIN", bin);
        out.write_all(script.as_bytes())
    }

    fn write_complete(
        &self,
        command: &mut Command,
        args: Vec<OsString>,
        folder: Option<&Path>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        env::Bash.write_complete(command, args, folder, out)
    }
}

/// Completes from the names that a catalog has.
fn from_catalog(names: fn(&Catalog, &str) -> Vec<String>) -> ArgValueCompleter {
    ArgValueCompleter::new(move |current: &OsStr| in_catalog(current, names))
}

fn in_catalog(current: &OsStr, names: impl Fn(&Catalog, &str) -> Vec<String>) -> Vec<CompletionCandidate> {
    let (Some(text), Ok(catalog)) = (current.to_str(), embedded::catalog()) else { return Vec::new() };
    let names = names(&catalog, text).into_iter().filter(|name| name.starts_with(text));
    names.map(CompletionCandidate::new).collect()
}

pub(super) fn scenario() -> ArgValueCompleter {
    from_catalog(scenario_parts)
}

/// The values of a key's flag; for hosts also files.
pub(super) fn values_of(key: Key) -> ArgValueCompleter {
    ArgValueCompleter::new(move |current: &OsStr| {
        let mut found = in_catalog(current, |catalog, text| values(catalog, key, text));
        if matches!(key, Key::Host | Key::FromHost | Key::ToHost) {
            found.extend(PathCompleter::file().complete(current));
        }
        found
    })
}

pub(super) fn models() -> ArgValueCompleter {
    from_catalog(|catalog, _| model_names(catalog))
}

pub(super) fn features() -> ArgValueCompleter {
    from_catalog(|catalog, _| feature_names(catalog))
}

pub(super) fn models_and_features() -> ArgValueCompleter {
    from_catalog(|catalog, _| [model_names(catalog), feature_names(catalog)].concat())
}

pub(super) fn releases_and_models() -> ArgValueCompleter {
    from_catalog(|catalog, _| [libvirt_names(catalog), product_names(catalog), model_names(catalog)].concat())
}

/// Releases of libvirt with their QEMU, and products; in a list or a range the last one.
pub(super) fn releases() -> ArgValueCompleter {
    from_catalog(release_list)
}

/// Releases of libvirt, and folders with a CPU map.
pub(super) fn maps() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let mut found = in_catalog(current, |catalog, _| libvirt_names(catalog));
        found.extend(PathCompleter::dir().complete(current));
        found
    })
}

/// Listed hosts, and files.
pub(super) fn hosts() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let mut found = in_catalog(current, |catalog, _| host_names(catalog));
        found.extend(PathCompleter::file().complete(current));
        found
    })
}

pub(super) fn qemu() -> ArgValueCompleter {
    from_catalog(|catalog, _| qemu_names(catalog))
}

pub(super) fn rules() -> ArgValueCompleter {
    from_catalog(|_, _| RuleId::ALL.iter().map(|rule| rule.name().to_owned()).collect())
}

pub(super) fn lessons() -> ArgValueCompleter {
    from_catalog(|_, _| tour::lessons().unwrap_or_default().iter().map(|lesson| String::from(&*lesson.name)).collect())
}

/// The axes of a matrix, and behind `=` their values.
pub(super) fn axes() -> ArgValueCompleter {
    from_catalog(|catalog, text| {
        let Some((name, _)) = text.split_once('=') else {
            return Vary::ALL.iter().map(|vary| vary.name().to_owned()).collect();
        };
        let names = match Vary::parse(name) {
            Some(Vary::Distinct | Vary::Releases) => libvirt_names(catalog),
            Some(Vary::Products) => product_names(catalog),
            Some(Vary::Qemu) => qemu_names(catalog),
            Some(Vary::Machines) => machine_names(catalog),
            Some(Vary::Models) => model_names(catalog),
            Some(Vary::Hosts) => host_names(catalog),
            None => Vec::new(),
        };
        behind(text, &['=', ',', '.'], names)
    })
}

/// Puts what stands up to the last of some signs before each name.
fn behind(text: &str, signs: &[char], names: Vec<String>) -> Vec<String> {
    // A name may have the sign as well, such as 9.0.0: the longest text before which no name continues is kept.
    let ends = text.char_indices().filter(|(_, sign)| signs.contains(sign)).map(|(at, sign)| at + sign.len_utf8());
    let goes_on = |at: usize| names.iter().any(|name| name.starts_with(&text[at..]));
    let at = std::iter::once(0).chain(ends).find(|at| goes_on(*at)).unwrap_or(0);
    names.into_iter().map(|name| format!("{}{name}", &text[..at])).collect()
}

fn release_list(catalog: &Catalog, text: &str) -> Vec<String> {
    let at = text.rfind([',']).map_or(0, |at| at + 1);
    let at = text[at..].rfind("..").map_or(at, |dots| at + dots + 2);
    let (before, last) = text.split_at(at);
    release_names(catalog, last).into_iter().map(|name| format!("{before}{name}")).collect()
}

/// The parts that may come next in a link.
fn scenario_parts(catalog: &Catalog, text: &str) -> Vec<String> {
    let Some(comma) = text.rfind(',') else {
        let modes = Mode::ALL.iter().filter(|mode| **mode != Mode::Custom).map(|mode| mode.name().to_owned());
        return model_names(catalog).into_iter().chain(modes).collect();
    };
    let (before, part) = text.split_at(comma + 1);
    let parts: Vec<String> = match (part.chars().next(), part.split_once('=')) {
        (Some(sign @ ('+' | '-')), _) => {
            feature_names(catalog).iter().map(|feature| format!("{sign}{feature}")).collect()
        }
        (_, Some((name, value))) => {
            let words = match Key::parse(name) {
                Some(key) => values(catalog, key, value),
                None if catalog.feature(name).is_some() => Policy::ALL.iter().map(|p| p.name().to_owned()).collect(),
                None => Vec::new(),
            };
            words.iter().map(|word| format!("{name}={word}")).collect()
        }
        _ => {
            let keys = KEYS.iter().map(|info| format!("{}=", info.key.name()));
            keys.chain(["+".to_owned(), "-".to_owned()]).collect()
        }
    };
    parts.iter().map(|part| format!("{before}{part}")).collect()
}

/// The values of a key; `text` is what is typed of it.
fn values(catalog: &Catalog, key: Key, text: &str) -> Vec<String> {
    let words = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    match key {
        Key::Machine | Key::MachineLike => machine_names(catalog),
        Key::Accel => words(&["kvm", "tcg"]),
        Key::Host | Key::FromHost | Key::ToHost => host_names(catalog),
        Key::From | Key::To | Key::Via | Key::Started => release_names(catalog, text),
        Key::Check => Check::ALL.iter().map(|check| check.name().to_owned()).collect(),
        Key::Match => Match::ALL.iter().map(|matching| matching.name().to_owned()).collect(),
        Key::Fallback => Fallback::ALL.iter().map(|fallback| fallback.name().to_owned()).collect(),
        Key::Vendor | Key::VendorId => Vendor::ALL.iter().map(|vendor| vendor.name().to_owned()).collect(),
        Key::Transport => Transport::ALL.iter().map(|transport| transport.name().to_owned()).collect(),
        Key::Migratable | Key::Pmu => words(&["on", "off"]),
        Key::Regime => Regime::ALL.iter().map(|regime| regime.name().to_owned()).collect(),
        Key::Feature => feature_names(catalog),
        Key::Topology => words(&["1-1-1", "1-2-1", "1-2-2"]),
        Key::Writer => Writer::ALL.iter().map(|writer| writer.name().to_owned()).collect(),
        Key::Tsc | Key::Running | Key::Emulator => Vec::new(),
    }
}

/// libvirt releases and products; behind a libvirt release and a colon its QEMU releases.
fn release_names(catalog: &Catalog, text: &str) -> Vec<String> {
    if let Some((libvirt, _)) =
        text.split_once(':').filter(|(name, _)| libvirt_names(catalog).iter().any(|l| l == name))
    {
        return qemu_names(catalog).iter().map(|qemu| format!("{libvirt}:{qemu}")).collect();
    }
    [libvirt_names(catalog), product_names(catalog)].concat()
}

fn libvirt_names(catalog: &Catalog) -> Vec<String> {
    let names = catalog.libvirt_releases().iter().map(|release| release.name.to_string());
    names.chain(["old".to_owned(), "new".to_owned()]).collect()
}

fn product_names(catalog: &Catalog) -> Vec<String> {
    catalog.all_products().newest_first().map(|product| product.name.to_string()).collect()
}

fn qemu_names(catalog: &Catalog) -> Vec<String> {
    catalog.qemu_releases().iter().map(|facts| facts.version.to_string()).collect()
}

fn model_names(catalog: &Catalog) -> Vec<String> {
    catalog.pickable_models().map(|model| catalog.model_name(model).to_owned()).collect()
}

fn feature_names(catalog: &Catalog) -> Vec<String> {
    catalog.features().iter().map(str::to_owned).collect()
}

fn machine_names(catalog: &Catalog) -> Vec<String> {
    catalog.machines().iter().map(str::to_owned).collect()
}

fn host_names(catalog: &Catalog) -> Vec<String> {
    let names = catalog.hosts().iter().map(|host| host.name.to_string());
    names.chain(["capable".to_owned(), "any".to_owned()]).collect()
}
