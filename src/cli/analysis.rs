//! Runs the commands that ask many questions at once: matrix, diff, history, review, baseline, follow.

use super::analysis_args::{
    BaselineArgs, DiffArgs, FollowArgs, HistoryArgs, MatrixArgs, MatrixFormat, ReviewArgs, ReviewFormat, TextFormat,
};
use super::scenario_args::Choice;
use crate::analysis::count::{Count, Space};
use crate::analysis::matrix::{Line, Matrix, Side, Vary, lines};
use crate::analysis::review::{self, Question};
use crate::analysis::{baseline, diff, follow, history, space};
use crate::app::error::did_you_mean;
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::host::HostId;
use crate::domain::map::ModelId;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{DEFAULT_QEMU, EXAMPLE_LIBVIRT, Key, LibvirtChoice, Release, Scenario};
use crate::domain::version::Version;
use crate::export::analysis as write;
use crate::load::cpu_map_dir;
use crate::resolve::resolve;
use anyhow::{Context, Result, anyhow};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// What a name given to `diff` stands for.
enum Kind {
    Release,
    Model,
}

/// Runs `matrix`.
///
/// # Errors
/// Bad input, or output that cannot be written.
pub fn matrix(catalog: &Catalog, args: &MatrixArgs, out: &mut dyn Write) -> Result<u8> {
    if args.count {
        count_all(catalog, &args.choice, out)?;
    } else {
        out.write_all(grid(catalog, args)?.as_bytes())?;
    }
    Ok(0)
}

/// Runs `diff`.
///
/// # Errors
/// Bad input, or output that cannot be written.
pub fn diff(catalog: &Catalog, args: &DiffArgs, out: &mut dyn Write) -> Result<u8> {
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
    let (old, new) = (map(catalog, &args.old)?, map(catalog, &args.new)?);
    let question = Question { old, new, qemu: versions(catalog, &args.qemu.versions)? };
    let found = review::review(catalog, &question, &mut progress());
    let text = match args.format {
        ReviewFormat::Markdown => write::review_markdown(catalog, &found),
        ReviewFormat::Json => write::review_json(catalog, &found),
        ReviewFormat::Text => write::review_text(catalog, &found),
    };
    out.write_all(text.as_bytes())?;
    Ok(u8::from(found.at_risk()))
}

/// Runs `baseline`.
///
/// # Errors
/// Bad input, hosts that have no model in common, or output that cannot be written.
pub fn baseline(catalog: &Catalog, args: &BaselineArgs, out: &mut dyn Write) -> Result<u8> {
    let hosts = args.hosts.iter().map(|name| host(catalog, name)).collect::<Result<Vec<_>>>()?;
    let on = if args.on.is_empty() { vec!["9.0.0".to_owned()] } else { args.on.clone() };
    let on = on.iter().map(|text| release(catalog, text)).collect::<Result<Vec<_>>>()?;
    let found = baseline::baseline(catalog, &hosts, &on).ok_or_else(|| {
        anyhow!("no baseline: no CPU model is in all these releases and supported by all these hosts")
    })?;
    let text = match args.format {
        TextFormat::Json => write::baseline_json(catalog, &found),
        TextFormat::Text => write::baseline_text(catalog, &found),
    };
    out.write_all(text.as_bytes())?;
    Ok(0)
}

/// Runs `follow`.
///
/// # Errors
/// Bad input, or output that cannot be written.
pub fn follow(catalog: &Catalog, args: &FollowArgs, out: &mut dyn Write) -> Result<u8> {
    let scenario = args.choice.scenario(catalog)?;
    let known = catalog.feature(&args.feature);
    let known = known.ok_or_else(|| unknown("CPU feature", "features", &args.feature, catalog.features().iter()))?;
    let seen = follow::follow(&scenario, &resolve(catalog, &scenario), known);
    let text = if args.format == TextFormat::Json { write::follow_json } else { write::follow_text };
    out.write_all(text(catalog, &scenario, known, &seen).as_bytes())?;
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
    let listed = if near.is_empty() { format!("; `list {list}` prints them") } else { near };
    anyhow!("unknown {what} {name:?}{listed}")
}

/// Prints progress to a terminal on standard error after half a second.
fn progress() -> impl FnMut(usize, usize) {
    let (started, visible) = (Instant::now(), std::io::stderr().is_terminal());
    let mut shown = false;
    move |done, of| {
        if visible && (shown || started.elapsed() > Duration::from_millis(500)) {
            shown = true;
            let end = if done == of { "\r\x1b[K" } else { "" };
            let _ = write!(std::io::stderr(), "\rmodel {done} of {of}{end}");
        }
    }
}

fn libvirt(catalog: &Catalog, name: &str) -> Option<LibvirtId> {
    catalog.libvirt(if name == "old" { EXAMPLE_LIBVIRT } else { name })
}

pub(super) fn named(catalog: &Catalog, name: &str) -> Result<LibvirtId> {
    let names = catalog.libvirt_releases().iter().map(|release| &*release.name);
    libvirt(catalog, name).ok_or_else(|| unknown("libvirt release", "releases", name, names))
}

/// A release, the name of an added map, or a directory, which is added under its own path.
fn map(catalog: &mut Catalog, name: &str) -> Result<LibvirtId> {
    if libvirt(catalog, name).is_none() && Path::new(name).exists() {
        return Ok(cpu_map_dir::add(catalog, name, Path::new(name))?);
    }
    named(catalog, name)
}

fn model(catalog: &Catalog, name: &str) -> Result<ModelId> {
    catalog.model(name).ok_or_else(|| unknown("CPU model", "models", name, catalog.models().iter()))
}

fn host(catalog: &Catalog, name: &str) -> Result<HostId> {
    catalog
        .host_named(name)
        .ok_or_else(|| unknown("host", "hosts", name, catalog.hosts().iter().map(|host| &*host.name)))
}

fn versions(catalog: &Catalog, texts: &[String]) -> Result<Vec<Version>> {
    let one = |text: &String| match text.parse() {
        Ok(version) if catalog.is_qemu_release(version) => Ok(version),
        _ => Err(anyhow!("--qemu: unknown QEMU release {text:?}; `list qemu` prints them")),
    };
    texts.iter().map(one).collect()
}

fn release(catalog: &Catalog, text: &str) -> Result<Release> {
    let mut scenario = Scenario::default_of(catalog);
    scenario.set(catalog, Key::From, text).map_err(|err| anyhow!("{text}: {err}"))?;
    Ok(scenario.from)
}

fn kind(catalog: &Catalog, name: &str) -> Result<Kind> {
    if libvirt(catalog, name).is_some() {
        return Ok(Kind::Release);
    }
    let releases = catalog.libvirt_releases().iter().map(|release| &*release.name);
    let all = catalog.models().iter().chain(releases);
    catalog
        .model(name)
        .map(|_| Kind::Model)
        .ok_or_else(|| unknown("release or CPU model", "releases` and `list models", name, all))
}

fn differ(catalog: &Catalog, args: &DiffArgs) -> Result<String> {
    let (one, other, only) = (args.one.as_str(), args.other.as_str(), args.model.as_deref());
    let (qemu, json) = (versions(catalog, &args.qemu.versions)?, args.format == TextFormat::Json);
    match (kind(catalog, one)?, kind(catalog, other)?) {
        (Kind::Release, Kind::Release) => {
            let (old, new) = (named(catalog, one)?, named(catalog, other)?);
            let mut found = diff::maps(catalog, old, new);
            let mut effects = diff::effects(catalog, old, new, &qemu);
            if let Some(name) = only {
                let wanted = model(catalog, name)?;
                found.models.retain(|diff| diff.model == wanted);
                found.models_gone.retain(|model| *model == wanted);
                found.models_new.retain(|model| *model == wanted);
                (found.features_gone, found.features_new, found.order) = (Vec::new(), Vec::new(), false);
                for effect in &mut effects {
                    effect.findings.retain(|finding| finding.model == wanted);
                }
            }
            let text = if json { write::diff_json } else { write::diff_text };
            Ok(text(catalog, &found, &effects))
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

fn grid(catalog: &Catalog, args: &MatrixArgs) -> Result<String> {
    let mut scenario = args.choice.scenario(catalog)?;
    let mut axis = |vary: Vary, limit: Option<&String>, side: Side| -> Result<Vec<Line>> {
        match (limit, vary) {
            (None, _) => Ok(lines(catalog, vary)),
            (Some(text), Vary::Releases | Vary::Distinct) => limited(catalog, &mut scenario, text, side),
            (Some(text), Vary::Qemu | Vary::Products | Vary::Machines | Vary::Models | Vary::Hosts) => {
                let key = if side == Side::Source { Key::From } else { Key::To };
                scenario.set(catalog, key, text).with_context(|| format!("--{}", key.name()))?;
                Ok(lines(catalog, vary))
            }
        }
    };
    let rows = axis(args.rows, args.from.as_ref(), Side::Source)?;
    let columns = axis(args.columns, args.to.as_ref(), Side::Destination)?;
    let mut matrix = Matrix::with(catalog, &scenario, rows, columns);
    Ok(match args.format {
        MatrixFormat::Table => write::matrix_table(catalog, &scenario, &mut matrix),
        MatrixFormat::Csv => write::matrix_csv(catalog, &mut matrix),
        MatrixFormat::Json => write::matrix_json(catalog, &scenario, &mut matrix),
    })
}

/// Reads `7.0.0,9.0.0:7.2.22` and `7.0.0..12.8.0`; a QEMU named with one goes for the whole axis.
fn limited(catalog: &Catalog, scenario: &mut Scenario, text: &str, side: Side) -> Result<Vec<Line>> {
    let mut all = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once("..").unwrap_or((part, part));
        let (first, last) = (release(catalog, first)?, release(catalog, last)?);
        let end = if side == Side::Source { &mut scenario.from } else { &mut scenario.to };
        if part.contains(':') {
            end.qemu = last.qemu.clone();
        }
        match (&first.libvirt, &last.libvirt) {
            (LibvirtChoice::Release(a, None), LibvirtChoice::Release(b, None)) if a != b => {
                let within = space::releases(catalog).filter(|id| (*a..=*b).contains(id));
                all.extend(within.map(|id| LibvirtChoice::Release(id, None)));
            }
            (one, _) => all.push(one.clone()),
        }
    }
    Ok(all.into_iter().map(Line::libvirt).collect())
}

/// Counts the whole space on several threads.
pub fn count_on(space: &Space<'_>, threads: usize) -> Count {
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|share| scope.spawn(move || space.count_share(share, threads))).collect();
        let mut all = space.count_share(0, threads);
        for counted in others.into_iter().filter_map(|thread| thread.join().ok()) {
            all.add(&counted);
        }
        all
    })
}

fn count_all(catalog: &Catalog, choice: &Choice, out: &mut dyn Write) -> Result<()> {
    let accel: Accel = choice.scenario(catalog)?.accel;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let started = Instant::now();
    let counted = count_on(&Space::of(catalog, accel, DEFAULT_QEMU), threads);
    let seconds = started.elapsed().as_secs_f64();
    writeln!(out, "{} scenarios, {} resolved, {seconds:.3} s", counted.scenarios, counted.resolved)?;
    for (verdict, rule, many) in &counted.by {
        let rule = rule.map_or("", crate::resolve::RuleId::name);
        writeln!(out, "{many:>12}  {:<13} {rule}", verdict.name())?;
    }
    Ok(())
}
