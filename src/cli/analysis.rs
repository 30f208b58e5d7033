//! Does what the studies' command lines ask for, with the exit code that says how it went.

use super::analysis_args::{Study, StudyArgs};
use super::args::Choice;
use crate::analysis::count::{Count, Space};
use crate::analysis::matrix::{Line, Matrix, Side, Vary, lines};
use crate::analysis::review::{Question, review};
use crate::analysis::{baseline, diff, follow, history, space};
use crate::app::error::did_you_mean;
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::host::HostId;
use crate::domain::map::ModelId;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{DEFAULT_QEMU, Key, LibvirtChoice, Release, Scenario};
use crate::domain::version::Version;
use crate::export::analysis as write;
use crate::load::cpu_map_dir;
use crate::resolve::resolve;
use anyhow::{Result, anyhow};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// What a name given to `diff` stands for.
enum Kind {
    Release,
    Model,
}

/// Does a study. Returns the exit code: 1 where a review found something at risk, else 0.
///
/// # Errors
/// Wrong input, or output that cannot be written.
pub fn analysis(catalog: &mut Catalog, args: &StudyArgs, out: &mut dyn Write) -> Result<u8> {
    for (name, dir) in &args.maps {
        cpu_map_dir::add(catalog, name, dir)?;
    }
    let json = args.format == "json";
    match &args.analysis {
        Study::Matrix { count: true, choice, .. } => count_all(catalog, choice, out)?,
        Study::Matrix { choice, axes, releases, .. } => matrix(catalog, choice, (axes, releases), &args.format, out)?,
        Study::Diff { one, other, model, qemu } => {
            let text = differ(catalog, (one, other), model.as_deref(), &versions(catalog, qemu)?, json)?;
            out.write_all(text.as_bytes())?;
        }
        Study::History { name } => out.write_all(tell(catalog, name, json)?.as_bytes())?,
        Study::Review { old, new, qemu } => {
            let (old, new) = (map(catalog, old)?, map(catalog, new)?);
            let question = Question { old, new, qemu: versions(catalog, qemu)? };
            let found = review(catalog, &question, &mut progress());
            let text = match args.format.as_str() {
                "json" => write::review_json(catalog, &found),
                "text" => write::review_text(catalog, &found),
                _ => write::review_markdown(catalog, &found),
            };
            out.write_all(text.as_bytes())?;
            return Ok(u8::from(found.at_risk()));
        }
        Study::Baseline { hosts, on } => {
            let hosts = hosts.iter().map(|name| host(catalog, name)).collect::<Result<Vec<_>>>()?;
            let on = if on.is_empty() { vec!["9.0.0".to_owned()] } else { on.clone() };
            let on = on.iter().map(|text| release(catalog, text)).collect::<Result<Vec<_>>>()?;
            let found = baseline::baseline(catalog, &hosts, &on)
                .ok_or_else(|| anyhow!("no model is in every one of these releases and given by every host"))?;
            let text = if json { write::baseline_json(catalog, &found) } else { write::baseline_text(catalog, &found) };
            out.write_all(text.as_bytes())?;
        }
        Study::Follow { feature, choice } => {
            let scenario = choice.scenario(catalog)?;
            let known = catalog.feature(feature);
            let known = known.ok_or_else(|| unknown("feature", "features", feature, catalog.features().iter()))?;
            let seen = follow::follow(&scenario, &resolve(catalog, &scenario), known);
            let text = if json { write::follow_json } else { write::follow_text };
            out.write_all(text(catalog, &scenario, known, &seen).as_bytes())?;
        }
    }
    Ok(0)
}

/// A name that nothing has, with the nearest one, else with the list that has them all.
fn unknown<'a>(what: &str, list: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> anyhow::Error {
    let near = did_you_mean(name, known);
    let listed = if near.is_empty() { format!("; `list {list}` prints them") } else { near };
    anyhow!("unknown {what} {name:?}{listed}")
}

/// A line on standard error when it takes over half a second and somebody is looking.
fn progress() -> impl FnMut(usize, usize) {
    let (begun, seen) = (Instant::now(), std::io::stderr().is_terminal());
    let mut shown = false;
    move |done, of| {
        if seen && (shown || begun.elapsed() > Duration::from_millis(500)) {
            shown = true;
            let end = if done == of { "\r\x1b[K" } else { "" };
            let _ = write!(std::io::stderr(), "\rmodel {done} of {of}{end}");
        }
    }
}

fn libvirt(catalog: &Catalog, name: &str) -> Option<LibvirtId> {
    catalog.libvirt(if name == "old" { "9.0.0" } else { name })
}

fn named(catalog: &Catalog, name: &str) -> Result<LibvirtId> {
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
    scenario.set(catalog, Key::From, text).map_err(|fault| anyhow!("{text}: {fault}"))?;
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

fn differ(
    catalog: &Catalog,
    (one, other): (&str, &str),
    only: Option<&str>,
    qemu: &[Version],
    json: bool,
) -> Result<String> {
    match (kind(catalog, one)?, kind(catalog, other)?) {
        (Kind::Release, Kind::Release) => {
            let (old, new) = (named(catalog, one)?, named(catalog, other)?);
            let mut found = diff::maps(catalog, old, new);
            let mut effects = diff::effects(catalog, old, new, qemu);
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
            Err(anyhow!("{one} and {other}: --model and --qemu are for two releases"))
        }
        (Kind::Model, Kind::Model) => {
            let newest = space::exact_releases(catalog).pop();
            let newest = newest.ok_or_else(|| anyhow!("no release's map was read"))?;
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

fn matrix(
    catalog: &Catalog,
    choice: &Choice,
    (axes, releases): (&[String; 2], &[Option<String>; 2]),
    format: &str,
    out: &mut dyn Write,
) -> Result<()> {
    let mut scenario = choice.scenario(catalog)?;
    let mut both = Vec::new();
    for (axis, (limit, side)) in axes.iter().zip(releases.iter().zip(Side::ALL)) {
        let vary = Vary::parse(axis).unwrap_or(Vary::Distinct);
        both.push(match (limit, vary) {
            (None, _) => lines(catalog, vary),
            (Some(text), Vary::Releases | Vary::Distinct) => limited(catalog, &mut scenario, text, *side)?,
            (Some(text), Vary::Qemu | Vary::Products | Vary::Machines | Vary::Models | Vary::Hosts) => {
                let key = if *side == Side::Source { Key::From } else { Key::To };
                scenario.set(catalog, key, text)?;
                lines(catalog, vary)
            }
        });
    }
    let columns = both.pop().unwrap_or_default();
    let mut matrix = Matrix::with(catalog, &scenario, both.pop().unwrap_or_default(), columns);
    let text = match format {
        "csv" => write::matrix_csv(catalog, &mut matrix),
        "json" => write::matrix_json(catalog, &scenario, &mut matrix),
        _ => write::matrix_table(catalog, &scenario, &mut matrix),
    };
    Ok(out.write_all(text.as_bytes())?)
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
    let begun = Instant::now();
    let counted = count_on(&Space::of(catalog, accel, DEFAULT_QEMU), threads);
    let seconds = begun.elapsed().as_secs_f64();
    writeln!(out, "{} scenarios, {} resolved, {seconds:.3} s", counted.scenarios, counted.resolved)?;
    for (verdict, rule, many) in &counted.by {
        let rule = rule.map_or("", crate::resolve::RuleId::name);
        writeln!(out, "{many:>12}  {:<13} {rule}", verdict.name())?;
    }
    Ok(())
}
