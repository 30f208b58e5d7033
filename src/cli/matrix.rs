//! Runs `matrix`: the verdicts of a scenario over two axes, or a count of all.

use super::analysis::progress;
use super::analysis_args::{Axis, MatrixArgs, MatrixFormat};
use super::output::{below, complain};
use super::scenario_args::{Choice, Needs};
use crate::analysis::count::{Count, Space};
use crate::analysis::matrix::{Matrix, Value, Vary, lines, lines_of};
use crate::domain::catalog::Catalog;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{DEFAULT_QEMU, Key, Release, Scenario, write_machine};
use crate::export::analysis as write;
use crate::input::domain;
use crate::resolve::{Budget, Resolver};
use anyhow::{Context, Result, anyhow};
use std::io::Write;
use std::time::Instant;

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

fn grid(catalog: &Catalog, args: &MatrixArgs) -> Result<String> {
    let choice = args.choice.with(&args.guest);
    let [rows, columns] =
        [axis(args.rows.as_ref(), args.from.as_deref()), axis(args.columns.as_ref(), args.to.as_deref())];
    let sources = rows.values.as_deref().filter(|_| rows.vary.is_software()).or(args.from.as_deref());
    let source = sources.and_then(|text| Release::parse(catalog, text.split(',').next()?.split("..").next()?).ok());
    let mut asked = choice.asked_at(catalog, source.as_ref())?;
    if rows.vary.is_of_the_guest() && rows.vary == columns.vary {
        return Err(anyhow!("rows and columns are both {}, but the guest has one", rows.vary.title()));
    }
    for (axis, key, text) in [(&rows, Key::From, &args.from), (&columns, Key::To, &args.to)] {
        // Without values of its own the axis is what --from or --to lists.
        let Some(text) = text.as_deref().filter(|text| axis.values.as_deref() != Some(*text)) else { continue };
        if axis.vary.is_software() {
            return Err(anyhow!(
                "--{} and the values of {} both choose releases; give one",
                key.name(),
                axis.vary.name()
            ));
        }
        asked.scenario.set(catalog, key, text).with_context(|| format!("--{}", key.name()))?;
        asked.has_source |= key == Key::From;
        asked.has_destination |= key == Key::To;
    }
    let needs = Needs {
        guest: rows.vary != Vary::Models && columns.vary != Vary::Models,
        source: !rows.vary.is_software(),
        destination: !columns.vary.is_software(),
        example: "matrix EPYC,machine=pc-q35-5.2 --from debian:11..13 --to debian:11..13",
    };
    choice.require(needs, &asked)?;
    let (scenario, machine) = (asked.scenario, asked.machine);
    let line = |axis: &Axis, flag: &str| match &axis.values {
        Some(values) => lines_of(catalog, axis.vary, values, &scenario).with_context(|| flag.to_owned()),
        None => Ok(lines(catalog, axis.vary)),
    };
    refuse_short_machines(catalog, &rows, &columns)?;
    let (rows, columns) = (line(&rows, "rows (--from, --rows)")?, line(&columns, "columns (--to, --columns)")?);
    if let (Some(one), false) = (&source, choice.domains.is_empty())
        && rows.iter().any(|line| matches!(&line.value, Value::Product(_, other) if domain::depends_on_source(catalog, &scenario, one, other)))
    {
        return Err(anyhow!("--from: not all these KubeVirts write the same definition for the guest; ask for each alone"));
    }
    let has_machine = choice.names(Key::Machine) || choice.names(Key::Running) || !choice.domains.is_empty();
    let varies_machine = rows.iter().chain(&columns).any(|line| matches!(line.value, Value::Machine(_)));
    let mut matrix = Matrix::with(catalog, &scenario, rows, columns);
    match machine {
        _ if varies_machine => {}
        Some(name) => matrix.name_machine(catalog, &name)?,
        None if has_machine => {}
        None => matrix.choose_machines(catalog),
    }
    matrix.resolve_until_spent(&mut Resolver::new(catalog), &mut Budget::of_table(), &mut progress());
    let (done, all) = matrix.progress();
    if done < all {
        complain(format_args!(
            "{} of {all} cells are left out: the table has too many combinations of unknown inputs; choose fewer rows or \
             columns, a model or a host",
            all - done
        ));
    }
    if args.format != MatrixFormat::Text {
        asked.notes.iter().for_each(complain);
    }
    Ok(match args.format {
        MatrixFormat::Text => write::matrix_text(catalog, &scenario, &matrix) + &below(&asked.notes),
        MatrixFormat::Markdown => write::matrix_markdown(catalog, &scenario, &matrix),
        MatrixFormat::Csv => write::matrix_csv(catalog, &matrix),
        MatrixFormat::Json => write::matrix_json(catalog, &scenario, &matrix),
    })
}

/// Refuses short names of machine types in columns where the rows have different QEMU releases: each resolves a short
/// name to its own machine type, and a column has one.
fn refuse_short_machines(catalog: &Catalog, rows: &Axis, columns: &Axis) -> Result<()> {
    let values = columns.values.as_deref().filter(|_| columns.vary == Vary::Machines);
    let varies = rows.vary.is_software() || rows.vary == Vary::Qemu;
    let is_short = |name: &&str| {
        let mut scenario = Scenario::default_of(catalog);
        scenario.set_machine(catalog, name).is_ok() && write_machine(catalog, &scenario.machine) != **name
    };
    let names = values.filter(|_| varies).into_iter().flat_map(|values| values.split(','));
    names.into_iter().find(is_short).map_or(Ok(()), |name| {
        Err(anyhow!(
            "columns: {name} is a short name, which the QEMU of each row resolves; name a machine type, or add \
             machine={name} to the scenario and choose other columns"
        ))
    })
}

/// What an axis varies. If it is software and has no values of its own, it has those of --from or --to.
fn axis(given: Option<&Axis>, releases: Option<&str>) -> Axis {
    let axis = given.cloned();
    let axis =
        axis.unwrap_or(Axis { vary: if releases.is_some() { Vary::Releases } else { Vary::Distinct }, values: None });
    let values = axis.values.or_else(|| releases.filter(|_| axis.vary.is_software()).map(str::to_owned));
    Axis { values, ..axis }
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
