//! Runs the commands that ask many questions at once, except matrix: diff, history, review, baseline, follow.

use super::analysis_args::{BaselineArgs, DiffArgs, FollowArgs, HistoryArgs, ReviewArgs, ReviewFormat, TextFormat};
use super::files;
use super::output::{below, complain};
use super::scenario_args::Needs;
use crate::analysis::baseline::{BaselineHost, Failure};
use crate::analysis::review::{self, Question};
use crate::analysis::{baseline, diff, follow, history, space};
use crate::app::error::did_you_mean;
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::map::ModelId;
use crate::domain::scenario::{EXAMPLE_LIBVIRT, HostChoice, LibvirtChoice, Release};
use crate::domain::text::{NOT_IN_RELEASE, is_word};
use crate::domain::version::Version;
use crate::export::analysis as write;
use crate::load::cpu_map_dir;
use crate::load::map_files::MapFiles;
use crate::load::map_lint::{self, Oddity};
use crate::resolve::resolve;
use anyhow::{Result, anyhow};
use foldhash::HashSet;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// The kind of a name given to `diff`.
enum Kind {
    Release,
    Model,
}

/// Runs `diff`.
///
/// # Errors
/// Bad input, or output that cannot be written.
pub fn diff(catalog: &mut Catalog, args: &DiffArgs, out: &mut dyn Write) -> Result<u8> {
    add_new(catalog, &args.one);
    add_new(catalog, &args.other);
    out.write_all(differ(catalog, args)?.as_bytes())?;
    Ok(0)
}

/// Runs `history`.
///
/// # Errors
/// Bad input, or output that cannot be written.
pub fn history(catalog: &Catalog, args: &HistoryArgs, out: &mut dyn Write) -> Result<u8> {
    out.write_all(tell(catalog, &args.name, args.format == TextFormat::Json)?.as_bytes())?;
    Ok(0)
}

/// Runs `review`. Returns the exit code: 1 if something is at risk, else 0.
///
/// # Errors
/// Bad input, or output that cannot be written.
pub fn review(catalog: &mut Catalog, args: &ReviewArgs, out: &mut dyn Write) -> Result<u8> {
    let [(old, old_files), (new, new_files)] = sides(catalog, args)?;
    let like = args.like.as_deref().map(|name| published(catalog, name)).transpose()?;
    let qemu = versions(catalog, &args.qemu.versions)?;
    let question = Question { old, new, like, qemu, distributions: args.distributions };
    if let Some(like) = like.or_else(|| review::newest(catalog)) {
        let oldest = review::oldest_qemu(catalog, like);
        if let Some(older) = question.qemu.iter().find(|version| **version < oldest) {
            let name = &catalog.release(like).name;
            return Err(anyhow!(
                "--qemu {older}: libvirt {name} requires QEMU {oldest} or later; choose an older release with --as"
            ));
        }
    }
    let found = review::review(catalog, &question, &mut progress());
    let files = oddities(old_files.as_ref(), new_files.as_ref())?;
    let text = match args.format {
        ReviewFormat::Markdown => write::review_markdown(catalog, &found, &files),
        ReviewFormat::Json => write::review_json(catalog, &found, &files),
        ReviewFormat::Text => write::review_text(catalog, &found, &files),
    };
    out.write_all(text.as_bytes())?;
    Ok(u8::from(found.at_risk()))
}

/// The two maps to review, each with its files where it is not one of the catalog's.
fn sides(catalog: &mut Catalog, args: &ReviewArgs) -> Result<[(LibvirtId, Option<MapFiles>); 2]> {
    let Some(tree) = &args.git else {
        return match args.sides.as_slice() {
            [old, new] => Ok([side(catalog, old)?, side(catalog, new)?]),
            _ => Err(anyhow!(
                "expected two CPU maps, OLD and NEW; one alone needs --git TREE, such as --git . HEAD~1..HEAD"
            )),
        };
    };
    let (old, new) = match args.sides.as_slice() {
        [range] => match range.split_once("..") {
            Some((_, new)) if new.starts_with('.') => Err(anyhow!("{range}: expected OLD..NEW with two dots")),
            Some((old, new)) => Ok((old.to_owned(), if new.is_empty() { "HEAD" } else { new }.to_owned())),
            None => Ok((format!("{range}^"), range.clone())),
        },
        _ => Err(anyhow!("with --git: expected one range OLD..NEW or one commit")),
    }?;
    let mut commit = |revision: &str| -> Result<(LibvirtId, Option<MapFiles>)> {
        let files = MapFiles::in_commit(tree, revision)?;
        let name =
            if libvirt(catalog, revision).is_some() { format!("commit {revision}") } else { revision.to_owned() };
        Ok((cpu_map_dir::add_files(catalog, &word(&name), &files)?, Some(files)))
    };
    Ok([commit(&old)?, commit(&new)?])
}

/// Adds the example's *new*, which is not a release, if it is named.
fn add_new(catalog: &mut Catalog, name: &str) {
    if name == "new"
        && catalog.libvirt(name).is_none()
        && let Some(old) = catalog.libvirt(EXAMPLE_LIBVIRT)
    {
        catalog.add_new(old);
    }
}

/// A release, the name of an added map, or a directory, which is added under its own path.
fn side(catalog: &mut Catalog, name: &str) -> Result<(LibvirtId, Option<MapFiles>)> {
    add_new(catalog, name);
    if libvirt(catalog, name).is_none() && Path::new(name).exists() {
        let files = MapFiles::at(Path::new(name))?;
        return Ok((cpu_map_dir::add_files(catalog, &word(name), &files)?, Some(files)));
    }
    Ok((named(catalog, name)?, None))
}

/// A path or a commit as the name of a map, which links can hold.
fn word(name: &str) -> String {
    name.split(|letter: char| !is_word(letter.encode_utf8(&mut [0; 4]), NOT_IN_RELEASE)).collect::<Vec<_>>().join("-")
}

/// The mistakes that are only in the files of the new map, and those that are only in the files of the old one.
fn oddities(old: Option<&MapFiles>, new: Option<&MapFiles>) -> Result<Vec<String>> {
    let [old, new] = [old, new].map(|files| files.map_or(Ok(Vec::new()), map_lint::lint));
    let (old, new) = (old?, new?);
    let only = |one: &[Oddity], other: &[Oddity]| -> Vec<String> {
        let known: HashSet<(&str, &str)> = other.iter().map(|odd| (&*odd.file, &*odd.message)).collect();
        let is_new = |odd: &&Oddity| !known.contains(&(&*odd.file, &*odd.message));
        one.iter().filter(is_new).map(ToString::to_string).collect()
    };
    let fixed = only(&old, &new).into_iter().map(|odd| format!("Fixed: {odd}."));
    Ok(only(&new, &old).into_iter().map(|odd| format!("{odd}.")).chain(fixed).collect())
}

/// A release of libvirt's own.
fn published(catalog: &Catalog, name: &str) -> Result<LibvirtId> {
    // The example's *new* is listed, but is not a release.
    if name != "new" {
        let id = named(catalog, name)?;
        if space::is_published(catalog, id) {
            return Ok(id);
        }
    }
    Err(anyhow!("--as {name}: expected a published libvirt release; `list releases` prints them"))
}

/// Runs `baseline`. Returns the exit code: 1 if a definition fails between some hosts, 2 if the hosts have none in common.
///
/// # Errors
/// Bad input, hosts that have no definition in common, or output that cannot be written.
pub fn baseline(catalog: &Catalog, args: &BaselineArgs, out: &mut dyn Write) -> Result<u8> {
    let on = args.on.iter().map(|text| release(catalog, text)).collect::<Result<Vec<_>>>()?;
    let first = on.first().ok_or_else(|| anyhow!("--on is missing"))?;
    let hosts = args.hosts.iter().map(|name| baseline_host(catalog, &first.libvirt, name));
    let hosts = hosts.collect::<Result<Vec<_>>>()?;
    let question = baseline::Question { hosts, on, keep_tsx: args.keep_tsx };
    let text = match args.format {
        TextFormat::Json => write::baseline_json,
        TextFormat::Text => write::baseline_text,
    };
    match baseline::baseline(catalog, &question) {
        Ok(found) => {
            out.write_all(text(catalog, &found).as_bytes())?;
            Ok(u8::from(found.is_broken()))
        }
        Err(Failure::MixedVendors(vendors)) => {
            let mut parts = Vec::new();
            for (vendor, hosts) in &vendors {
                let hosts: Vec<BaselineHost> = hosts.iter().map(|index| question.hosts[*index].clone()).collect();
                let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
                let names = names.join(", ");
                parts.push(format!("{vendor}: {names}"));
                let own = baseline::baseline(catalog, &baseline::Question { hosts, ..question.clone() })?;
                if args.format == TextFormat::Text {
                    writeln!(out, "== {vendor} only: {names}\n")?;
                }
                writeln!(out, "{}", text(catalog, &own))?;
            }
            let mixed = Failure::MixedVendors(vendors);
            Err(anyhow!("no baseline: {mixed} ({}); the output has each vendor's own", parts.join("; ")))
        }
        Err(err) => Err(anyhow!("no baseline: {err}")),
    }
}

/// A listed host, or one that a file describes; two files of one host are separated by a comma.
fn baseline_host(catalog: &Catalog, libvirt: &LibvirtChoice, name: &str) -> Result<BaselineHost> {
    let choice = match catalog.host_named(name) {
        Some(id) => HostChoice::Listed(id),
        None => {
            let files = files::of_host(name);
            if files.is_empty() {
                let hosts = catalog.hosts().iter().map(|host| &*host.name);
                return Err(unknown("host", "hosts", name, hosts)
                    .context(format!("{name}: expected a listed host or a file, as virsh domcapabilities writes it")));
            }
            files::read_host(catalog, libvirt, &files)?.0.choice()
        }
    };
    Ok(BaselineHost { name: name.to_owned(), choice })
}

/// Runs `follow`.
///
/// # Errors
/// Bad input, or output that cannot be written.
pub fn follow(catalog: &Catalog, args: &FollowArgs, out: &mut dyn Write) -> Result<u8> {
    let choice = args.choice.with(&args.guest);
    let asked = choice.asked(catalog)?;
    choice.require(
        Needs {
            guest: true,
            source: true,
            destination: true,
            example: "follow ht EPYC,machine=pc-q35-5.2,topology=1-2-1 --from debian:12 --to debian:13",
        },
        &asked,
    )?;
    let scenario = asked.scenario;
    let known = catalog.feature(&args.feature);
    let known = known.ok_or_else(|| unknown("CPU feature", "features", &args.feature, catalog.features().iter()))?;
    let seen = follow::follow(&scenario, &resolve(catalog, &scenario), known);
    let text = match args.format {
        TextFormat::Json => {
            asked.notes.iter().for_each(complain);
            write::follow_json(catalog, &scenario, known, &seen)
        }
        TextFormat::Text => write::follow_text(catalog, &scenario, known, &seen) + &below(&asked.notes),
    };
    out.write_all(text.as_bytes())?;
    Ok(0)
}

/// Names the nearest known name, else the list to look in.
pub(super) fn unknown<'a>(
    what: &str,
    list: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> anyhow::Error {
    let near = did_you_mean(name, known);
    let verb = if list.contains("` and `") { "print" } else { "prints" };
    let listed = if near.is_empty() { format!("; `list {list}` {verb} them") } else { near };
    anyhow!("unknown {what} {name:?}{listed}")
}

/// The number of all where it is known only at the end.
pub(super) const NOT_COUNTED: usize = usize::MAX;

/// Prints progress to a terminal on standard error after half a second.
pub(super) fn progress() -> impl FnMut(usize, usize) {
    let (started, visible) = (Instant::now(), std::io::stderr().is_terminal());
    let mut displayed: Option<Instant> = None;
    move |done, of| {
        let is_due = match displayed {
            None => started.elapsed() > Duration::from_millis(500),
            Some(last) => done == of || last.elapsed() > Duration::from_millis(50),
        };
        if visible && is_due {
            displayed = Some(Instant::now());
            let text = match of {
                NOT_COUNTED => format!("\r{done}"),
                _ if done == of => "\r\x1b[K".to_owned(),
                _ => format!("\r{done} of {of}"),
            };
            let _ = write!(std::io::stderr(), "{text}");
        }
    }
}

/// A libvirt release, an added map, or the libvirt of a product or package.
fn libvirt(catalog: &Catalog, name: &str) -> Option<LibvirtId> {
    let exact = catalog.libvirt(if name == "old" { EXAMPLE_LIBVIRT } else { name });
    exact.or_else(|| match release(catalog, name).ok()?.libvirt {
        LibvirtChoice::Release(id, _) => Some(id),
        LibvirtChoice::Old | LibvirtChoice::New | LibvirtChoice::Unknown => None,
    })
}

/// What is wrong with a release, if the name can only be one: it begins with a digit.
fn not_released(catalog: &Catalog, name: &str) -> Option<anyhow::Error> {
    name.starts_with(|c: char| c.is_ascii_digit()).then(|| release(catalog, name).err()).flatten()
}

fn named(catalog: &Catalog, name: &str) -> Result<LibvirtId> {
    let names = catalog.libvirt_releases().iter().map(|release| &*release.name);
    libvirt(catalog, name).ok_or_else(|| {
        not_released(catalog, name).unwrap_or_else(|| unknown("libvirt release", "releases", name, names))
    })
}

fn model(catalog: &Catalog, name: &str) -> Result<ModelId> {
    catalog.model(name).ok_or_else(|| unknown("CPU model", "models", name, catalog.models().iter()))
}

fn versions(catalog: &Catalog, texts: &[String]) -> Result<Vec<Version>> {
    let one = |text: &String| match text.parse() {
        Ok(version) if catalog.is_qemu_release(version) => Ok(version),
        _ => Err(anyhow!("--qemu: unknown QEMU release {text:?}; `list qemu` prints them")),
    };
    texts.iter().map(one).collect()
}

fn release(catalog: &Catalog, text: &str) -> Result<Release> {
    Release::parse(catalog, text).map_err(|err| anyhow!("{text}: {err}"))
}

fn kind(catalog: &Catalog, name: &str) -> Result<Kind> {
    if libvirt(catalog, name).is_some() {
        return Ok(Kind::Release);
    }
    let releases = catalog.libvirt_releases().iter().map(|release| &*release.name);
    let all = catalog.models().iter().chain(releases);
    let unknown = || unknown("release or CPU model", "releases` and `list models", name, all);
    catalog.model(name).map(|_| Kind::Model).ok_or_else(|| not_released(catalog, name).unwrap_or_else(unknown))
}

fn differ(catalog: &Catalog, args: &DiffArgs) -> Result<String> {
    let (one, other, only) = (args.one.as_str(), args.other.as_str(), args.model.as_deref());
    let (qemu, json) = (versions(catalog, &args.qemu.versions)?, args.format == TextFormat::Json);
    match (kind(catalog, one)?, kind(catalog, other)?) {
        (Kind::Release, Kind::Release) => {
            let (old, new) = (named(catalog, one)?, named(catalog, other)?);
            let mut found = diff::maps(catalog, old, new);
            let mut effects = diff::effects(catalog, (old, new), &qemu, &mut progress());
            if let Some(name) = only {
                let wanted = model(catalog, name)?;
                found.models.retain(|diff| diff.model == wanted);
                found.models_gone.retain(|model| *model == wanted);
                found.models_new.retain(|model| *model == wanted);
                (found.features_gone, found.features_new, found.order) = (Vec::new(), Vec::new(), false);
                effects.keep_model(wanted);
            }
            // Their QEMU has no part in the comparison of two maps.
            let is_more = |name: &&str| catalog.libvirt(name).is_none() && *name != "old";
            let given = [one, other].into_iter().filter(is_more).filter_map(|name| release(catalog, name).ok());
            let given: Vec<Release> = given.collect();
            let text = if json { write::diff_json } else { write::diff_text };
            Ok(text(catalog, &found, &effects, &given))
        }
        (Kind::Model, Kind::Model) if only.is_some() || !qemu.is_empty() => {
            Err(anyhow!("{one} and {other} are CPU models: --model and --qemu are for two releases"))
        }
        (Kind::Model, Kind::Model) => {
            let newest = space::exact_releases(catalog).pop();
            let newest = newest.ok_or_else(|| anyhow!("the catalog has no exact CPU map"))?;
            let (one, other) = (model(catalog, one)?, model(catalog, other)?);
            let found = diff::one_model(catalog, (newest, one), (newest, other));
            let text = if json { write::models_json } else { write::models_text };
            Ok(text(catalog, newest, (one, other), found.as_ref()))
        }
        (Kind::Release, Kind::Model) | (Kind::Model, Kind::Release) => {
            Err(anyhow!("{one} and {other}: expected two releases or two CPU models"))
        }
    }
}

fn tell(catalog: &Catalog, name: &str, json: bool) -> Result<String> {
    if let Some(model) = catalog.model(name) {
        let found = history::of_model(catalog, model);
        let text = if json { write::model_history_json } else { write::model_history_text };
        return Ok(text(catalog, &found));
    }
    let all = catalog.models().iter().chain(catalog.features().iter());
    let feature = catalog
        .feature(name)
        .ok_or_else(|| unknown("CPU model or feature", "models` and `list features", name, all))?;
    let found = history::of_feature(catalog, feature);
    let text = if json { write::feature_history_json } else { write::feature_history_text };
    Ok(text(catalog, &found))
}
