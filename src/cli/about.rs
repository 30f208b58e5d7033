//! Prints the version, the facts, shell completions and man pages.

use super::args::command;
use super::complete;
use crate::domain::catalog::{Catalog, LibvirtRelease, Provenance, ReleaseMap};
use crate::domain::names::did_you_mean;
use crate::domain::qemu::QemuFacts;
use crate::export::{FACTS_HASH, TOOL};
use crate::load::embedded;
use anyhow::{Context, Result, anyhow};
use clap_complete::Shell;
use std::io::Write;
use std::path::Path;

/// Writes the version.
///
/// # Errors
/// Output that cannot be written.
pub fn version(out: &mut dyn Write) -> Result<u8> {
    writeln!(out, "{TOOL}")?;
    Ok(0)
}

/// Writes the version and a summary of the facts: how many, up to which release, from which sources, and their hash.
///
/// # Errors
/// Facts that cannot be read, output that cannot be written.
pub fn version_and_facts(out: &mut dyn Write) -> Result<u8> {
    let catalog = embedded::catalog()?;
    version(out)?;
    libvirt(&catalog, out)?;
    qemu(&catalog, out)?;
    let (hosts, products) = (catalog.hosts().len(), catalog.products().len());
    let (models, machines) = (catalog.pickable_models().count(), catalog.qemu_defaults().machines.len());
    writeln!(out, "guests    {models} CPU models on {machines} machine types, {} features", catalog.features().len())?;
    writeln!(out, "hosts     {hosts} real hosts, {products} products")?;
    writeln!(out, "facts     {FACTS_HASH} (SHA-256 over cpu_map/*.xml); cpu_map/PROVENANCE.md has the sources")?;
    Ok(0)
}

fn libvirt(catalog: &Catalog, out: &mut dyn Write) -> Result<()> {
    let published: Vec<&LibvirtRelease> =
        catalog.libvirt_releases().iter().filter(|release| release.provenance == Provenance::Published).collect();
    let exact: Vec<&&LibvirtRelease> =
        published.iter().filter(|release| matches!(release.map, ReleaseMap::Exact(_))).collect();
    writeln!(
        out,
        "libvirt   {} releases{}; exact CPU maps for {}, the others are derived from their neighbours",
        published.len(),
        span(published.first().map(|r| &r.name), published.last().map(|r| &r.name)),
        exact.len()
    )?;
    for (source, names) in by_source(exact.iter().map(|release| (&*release.source, &*release.name))) {
        writeln!(out, "          {source}: {names}")?;
    }
    Ok(())
}

fn qemu(catalog: &Catalog, out: &mut dyn Write) -> Result<()> {
    let releases: &[QemuFacts] = catalog.qemu_releases();
    let ran: Vec<String> = releases.iter().filter(|facts| facts.ran).map(|facts| facts.version.to_string()).collect();
    writeln!(
        out,
        "QEMU      {} releases{}; read over QMP: {}",
        releases.len(),
        span(releases.first().map(|facts| facts.version), releases.last().map(|facts| facts.version)),
        ran.join(", ")
    )?;
    Ok(())
}

fn span<T: std::fmt::Display>(first: Option<T>, last: Option<T>) -> String {
    match (first, last) {
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        _ => String::new(),
    }
}

/// The sources in order of their first release, each with its releases, or with how many they are.
fn by_source<'a>(all: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(&'a str, String)> {
    let mut sources: Vec<(&str, Vec<&str>)> = Vec::new();
    for (source, name) in all {
        match sources.iter_mut().find(|(known, _)| *known == source) {
            Some((_, names)) => names.push(name),
            None => sources.push((source, vec![name])),
        }
    }
    let said = |names: Vec<&str>| match names.as_slice() {
        [first, .., last] if names.len() > 4 => format!("{} releases, {first} to {last}", names.len()),
        _ => names.join(", "),
    };
    sources.into_iter().map(|(source, names)| (source, said(names))).collect()
}

/// Writes the script by which a shell completes the arguments of this program.
///
/// # Errors
/// Output that cannot be written.
pub fn completions(shell: Shell, out: &mut dyn Write) -> Result<u8> {
    complete::registration(&shell.to_string(), out)?;
    Ok(0)
}

/// Writes the man page of the program or of a subcommand, or every man page into a directory.
///
/// # Errors
/// An unknown subcommand, or output that cannot be written.
pub fn man(subcommand: Option<&str>, dir: Option<&Path>, out: &mut dyn Write) -> Result<u8> {
    if let Some(dir) = dir {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        clap_mangen::generate_to(described(command()), dir)
            .with_context(|| format!("cannot write into {}", dir.display()))?;
        return Ok(0);
    }
    let mut description = described(command());
    description.build();
    let page = match subcommand {
        None => description,
        Some(name) => {
            let near = || did_you_mean(name, description.get_subcommands().map(clap::Command::get_name));
            let found = description.find_subcommand(name).cloned();
            found.ok_or_else(|| anyhow!("unknown subcommand {name:?}{}", near()))?
        }
    };
    clap_mangen::Man::new(page).render(out)?;
    Ok(0)
}

/// Shows every argument in the short help too. `clap_mangen` 0.3 omits the description of an argument that has no long
/// help and that the short help hides.
fn described(command: clap::Command) -> clap::Command {
    command.mut_args(|arg| arg.hide_short_help(false)).mut_subcommands(described)
}
