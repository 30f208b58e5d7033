//! Writes a matrix: text and Markdown with equal neighbours folded, CSV with one line a cell, or JSON.

use super::format::{SIGNS, json, sign};
use crate::analysis::matrix::{Fold, Line, Matrix, Side, Value};
use crate::domain::catalog::Catalog;
use crate::domain::names::first_names;
use crate::domain::scenario::{CpuChoice, DEFAULT_MACHINE, MaybeKnown, Scenario, write_host, write_machine};
use crate::domain::text::{pad, width};
use crate::explain;
use crate::export::report::wrapped;
use crate::export::{FACTS_HASH, SCHEMA, TOOL, WIDEST_COLUMN, csv_cell, markdown_cell, tool_line};
use crate::resolve::{Row, RuleId};
use std::fmt::Write;

/// Returns the name of a line: a release, a product, a machine type, a model, a host.
pub fn line_name(catalog: &Catalog, line: &Line) -> String {
    let name = match &line.value {
        Value::Libvirt(libvirt) => libvirt.name(catalog),
        Value::Qemu(qemu) => qemu.name(),
        Value::Product(name, _) => name.to_string(),
        Value::Machine(machine) => write_machine(catalog, machine),
        Value::Cpu(CpuChoice::Model(MaybeKnown::Is(model))) => catalog.model_name(*model).to_owned(),
        Value::Cpu(CpuChoice::Model(MaybeKnown::Unknown)) => "?".to_owned(),
        Value::Cpu(CpuChoice::Mode(mode)) => mode.name().to_owned(),
        Value::Cpu(CpuChoice::Unknown) => "unknown".to_owned(),
        Value::Host(host) => write_host(catalog, host),
    };
    match line.until {
        Some(last) => format!("{name}..{}", catalog.release(last).name),
        None => name,
    }
}

/// Returns the name of a run of lines, from the names of its first and its last: `3.5.0 to 9.0.0`.
pub(crate) fn fold_name(first: &str, last: &str) -> String {
    let last = last.rsplit("..").next().unwrap_or_default();
    let first = first.split("..").next().unwrap_or_default();
    if first == last { first.to_owned() } else { format!("{first} to {last}") }
}

/// The columns of a terminal, as far as nothing else is known.
const COLUMNS: usize = 80;
/// The columns of one cell.
const CELL: usize = 4;

/// Returns the matrix, as far as it is resolved, as text of at most 80 columns: equal neighbours folded, columns numbered and listed above, and
/// continued below where they are too many.
pub fn matrix_text(catalog: &Catalog, scenario: &Scenario, matrix: &Matrix) -> String {
    let ([rows, columns], [names, titles]) = folded(catalog, matrix);
    let mut out = String::new();
    wrapped(&mut out, "", &fixed(catalog, scenario, matrix));
    if let Some(chosen) = chosen_machines(catalog, matrix) {
        wrapped(&mut out, "", &chosen);
    }
    let _ = writeln!(out, "{SIGNS}\n\nTo:");
    for (number, title) in titles.iter().enumerate() {
        let _ = writeln!(out, "{:>4}  {title}", number + 1);
    }
    let width = names.iter().map(|name| width(name)).max().unwrap_or(0).clamp(4, WIDEST_COLUMN);
    let fit = (COLUMNS.saturating_sub(width) / CELL).max(1);
    for (block, columns) in columns.chunks(fit).enumerate() {
        let _ = write!(out, "\n{:<width$}", "From");
        for number in 1..=columns.len() {
            let _ = write!(out, "{:>CELL$}", block * fit + number);
        }
        for (name, row) in names.iter().zip(&rows) {
            let _ = write!(out, "\n{}", pad(name, width));
            for column in columns {
                let sign = matrix.known(row.first, column.first).map_or(' ', |outcome| sign(outcome.verdict));
                let _ = write!(out, "{sign:>CELL$}");
            }
        }
        out.push('\n');
    }
    let _ = writeln!(out);
    wrapped(&mut out, "", &tool_line());
    out
}

/// Returns the matrix as a table in Markdown, equal neighbours folded.
pub(crate) fn matrix_markdown(catalog: &Catalog, scenario: &Scenario, matrix: &Matrix) -> String {
    let ([rows, columns], names) = folded(catalog, matrix);
    let [names, titles] = names.map(|names| names.iter().map(|name| markdown_cell(name)).collect::<Vec<_>>());
    let mut out = format!("`{}`\n\n", fixed(catalog, scenario, matrix));
    if let Some(chosen) = chosen_machines(catalog, matrix) {
        let _ = writeln!(out, "{chosen}\n");
    }
    let _ = writeln!(out, "| from \\ to | {} |", titles.join(" | "));
    let _ = writeln!(out, "|---|{}", "---|".repeat(titles.len()));
    for (name, row) in names.iter().zip(&rows) {
        let _ = write!(out, "| {name} |");
        for column in &columns {
            let cell = matrix.known(row.first, column.first).map(explain::outcome);
            let _ = write!(out, " {} |", cell.unwrap_or_default());
        }
        out.push('\n');
    }
    let _ = writeln!(out, "\n{}", tool_line());
    out
}

/// The most chosen machine types that are named.
const MOST_CHOSEN: usize = 6;

/// Says which machine types were chosen where none or a short name was given.
fn chosen_machines(catalog: &Catalog, matrix: &Matrix) -> Option<String> {
    let chosen = matrix.chosen_machines().into_iter().map(|machine| write_machine(catalog, machine));
    let names: Vec<String> = chosen.collect();
    let listed = first_names(names.iter().map(String::as_str), MOST_CHOSEN);
    if let Some(short) = matrix.short_machine() {
        return Some(format!("Machine type: {short}, which the source's QEMU resolves to {listed}."));
    }
    match names.as_slice() {
        [] => None,
        [only] => Some(format!("Machine type: {only}, because none was named.")),
        _ => Some(format!(
            "Machine type, because none was named: {DEFAULT_MACHINE} where source and destination have it, otherwise the \
             newest that both have. Chosen: {listed}."
        )),
    }
}

/// The link without what differs between cells: the releases that an axis varies, and machine types that were chosen.
fn fixed(catalog: &Catalog, scenario: &Scenario, matrix: &Matrix) -> String {
    let varies = |side: Side| matrix.lines(side).first().is_some_and(Line::is_software);
    let chosen = matrix.chosen_machines();
    let other_machine = chosen.iter().any(|machine| **machine != scenario.machine);
    let dropped = [("from=", varies(Side::Source)), ("to=", varies(Side::Destination)), ("machine=", other_machine)];
    let link = scenario.link(catalog);
    let kept = link.split(',').filter(|part| !dropped.iter().any(|(key, varies)| *varies && part.starts_with(key)));
    kept.collect::<Vec<_>>().join(",")
}

/// The folded rows and columns, with their names.
fn folded(catalog: &Catalog, matrix: &Matrix) -> ([Vec<Fold>; 2], [Vec<String>; 2]) {
    let folds = [Side::Source, Side::Destination].map(|side| matrix.folds(side));
    let label = |lines: &[Line], fold: &Fold| {
        let name = |index: usize| lines.get(index).map(|line| line_name(catalog, line)).unwrap_or_default();
        fold_name(&name(fold.first), &name(fold.last))
    };
    let names = |side: Side, folds: &[Fold]| folds.iter().map(|fold| label(matrix.lines(side), fold)).collect();
    let labels = [names(Side::Source, &folds[0]), names(Side::Destination, &folds[1])];
    (folds, labels)
}

/// Returns the matrix as CSV: from, to, verdict, rule, the table's row and the scenario, a line a cell.
pub fn matrix_csv(catalog: &Catalog, matrix: &Matrix) -> String {
    let mut out = String::from("from,to,verdict,rule,row,scenario\n");
    for row in 0..matrix.rows().len() {
        for column in 0..matrix.columns().len() {
            let Some((outcome, scenario)) = matrix.known(row, column).zip(matrix.scenario(row, column)) else {
                continue;
            };
            let from = csv_cell(&line_name(catalog, &matrix.rows()[row]));
            let to = csv_cell(&line_name(catalog, &matrix.columns()[column]));
            let rule = outcome.rule.map_or("", RuleId::name);
            let of_table = outcome.row.map_or("", Row::name);
            let link = csv_cell(&scenario.link(catalog));
            let _ = writeln!(out, "{from},{to},{},{rule},{of_table},{link}", outcome.verdict.name());
        }
    }
    out
}

/// Returns the matrix as JSON.
pub(crate) fn matrix_json(catalog: &Catalog, scenario: &Scenario, matrix: &Matrix) -> String {
    let mut rows = Vec::new();
    for row in 0..matrix.rows().len() {
        let cells: Vec<serde_json::Value> = (0..matrix.columns().len())
            .filter_map(|column| matrix.known(row, column).zip(matrix.scenario(row, column)))
            .map(|(outcome, scenario)| {
                serde_json::json!({
                    "verdict": outcome.verdict.name(),
                    "rule": outcome.rule.map(RuleId::name),
                    "row": outcome.row.map(Row::name),
                    "scenario": scenario.link(catalog),
                })
            })
            .collect();
        rows.push(cells);
    }
    let names = |lines: &[Line]| lines.iter().map(|line| line_name(catalog, line)).collect::<Vec<_>>();
    json(&serde_json::json!({
        "schema": SCHEMA,
        "tool": TOOL,
        "facts": FACTS_HASH,
        "scenario": fixed(catalog, scenario, matrix),
        "machines": matrix.chosen_machines().into_iter().map(|m| write_machine(catalog, m)).collect::<Vec<_>>(),
        "from": names(matrix.rows()),
        "to": names(matrix.columns()),
        "cells": rows,
    }))
}
