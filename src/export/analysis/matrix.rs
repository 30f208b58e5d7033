//! Writes a matrix: a folded table of signs, CSV with a line a cell, JSON.

use super::format::{SIGNS, json, sign};
use crate::analysis::matrix::{Fold, Line, Matrix, Side, Value};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::{CpuChoice, LibvirtChoice, QemuChoice, Scenario, Told, write_host, write_machine};
use crate::export::SCHEMA;
use crate::resolve::{Resolver, Row, RuleId};
use std::fmt::Write;

/// Returns the name of a line: a release, a product, a machine type, a model, a host.
pub fn line_name(catalog: &Catalog, line: &Line) -> String {
    let with_build = |name: &str, build: &Option<Box<str>>| match build {
        Some(build) => format!("{name}-{build}"),
        None => name.to_owned(),
    };
    let name = match &line.value {
        Value::Libvirt(LibvirtChoice::Release(id, build)) => with_build(&catalog.release(*id).name, build),
        Value::Libvirt(LibvirtChoice::Old) => "old".to_owned(),
        Value::Libvirt(LibvirtChoice::New) => "new".to_owned(),
        Value::Libvirt(LibvirtChoice::Unknown) => "?".to_owned(),
        Value::Qemu(QemuChoice { version: Told::Is(version), build }) => with_build(&version.to_string(), build),
        Value::Qemu(QemuChoice { version: Told::Unknown, .. }) => "?".to_owned(),
        Value::Product(name, _) => name.to_string(),
        Value::Machine(machine) => write_machine(catalog, machine),
        Value::Cpu(CpuChoice::Model(Told::Is(model))) => catalog.model_name(*model).to_owned(),
        Value::Cpu(CpuChoice::Model(Told::Unknown)) => "?".to_owned(),
        Value::Cpu(CpuChoice::Mode(mode)) => mode.name().to_owned(),
        Value::Host(host) => write_host(catalog, host),
    };
    match line.until {
        Some(last) => format!("{name}..{}", catalog.release(last).name),
        None => name,
    }
}

/// Returns the name of a run of lines, from the names of its first and its last: `3.5.0 to 9.0.0`.
pub fn fold_name(first: &str, last: &str) -> String {
    let last = last.rsplit("..").next().unwrap_or_default();
    let first = first.split("..").next().unwrap_or_default();
    if first == last { first.to_owned() } else { format!("{first} to {last}") }
}

/// Returns the matrix as a table: equal neighbours folded, columns numbered and listed above.
pub fn matrix_table(catalog: &Catalog, scenario: &Scenario, matrix: &mut Matrix) -> String {
    matrix.resolve_all(&mut Resolver::new(catalog));
    let [rows, columns] = [Side::Source, Side::Destination].map(|side| matrix.folds(side));
    let label = |lines: &[Line], fold: &Fold| {
        let name = |index: usize| lines.get(index).map(|line| line_name(catalog, line)).unwrap_or_default();
        fold_name(&name(fold.first), &name(fold.last))
    };
    let mut out = String::new();
    let _ = writeln!(out, "{}\n{SIGNS}\n\nTo:", scenario.word(catalog));
    for (number, fold) in columns.iter().enumerate() {
        let _ = writeln!(out, "{:>4}  {}", number + 1, label(matrix.columns(), fold));
    }
    let names: Vec<String> = rows.iter().map(|fold| label(matrix.rows(), fold)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(4);
    let _ = write!(out, "\n{:<width$}", "From");
    for number in 1..=columns.len() {
        let _ = write!(out, "{number:>4}");
    }
    for (name, row) in names.iter().zip(&rows) {
        let _ = write!(out, "\n{name:<width$}");
        for column in &columns {
            let sign = matrix.known(row.first, column.first).map_or(' ', |outcome| sign(outcome.verdict));
            let _ = write!(out, "   {sign}");
        }
    }
    out.push('\n');
    out
}

/// Returns the matrix as CSV: from, to, verdict, rule and the table's row, a line a cell.
pub fn matrix_csv(catalog: &Catalog, matrix: &mut Matrix) -> String {
    matrix.resolve_all(&mut Resolver::new(catalog));
    let mut out = String::from("from,to,verdict,rule,row\n");
    for row in 0..matrix.rows().len() {
        for column in 0..matrix.columns().len() {
            let Some(outcome) = matrix.known(row, column) else { continue };
            let from = line_name(catalog, &matrix.rows()[row]);
            let to = line_name(catalog, &matrix.columns()[column]);
            let rule = outcome.rule.map_or("", RuleId::name);
            let of_table = outcome.row.map_or("", Row::name);
            let _ = writeln!(out, "{from},{to},{},{rule},{of_table}", outcome.verdict.name());
        }
    }
    out
}

/// Returns the matrix as JSON.
pub fn matrix_json(catalog: &Catalog, scenario: &Scenario, matrix: &mut Matrix) -> String {
    matrix.resolve_all(&mut Resolver::new(catalog));
    let mut rows = Vec::new();
    for row in 0..matrix.rows().len() {
        let cells: Vec<serde_json::Value> = (0..matrix.columns().len())
            .filter_map(|column| matrix.known(row, column))
            .map(|outcome| {
                serde_json::json!({
                    "verdict": outcome.verdict.name(),
                    "rule": outcome.rule.map(RuleId::name),
                    "row": outcome.row.map(Row::name),
                })
            })
            .collect();
        rows.push(cells);
    }
    let names = |lines: &[Line]| lines.iter().map(|line| line_name(catalog, line)).collect::<Vec<_>>();
    json(&serde_json::json!({
        "schema": SCHEMA,
        "scenario": scenario.word(catalog),
        "from": names(matrix.rows()),
        "to": names(matrix.columns()),
        "cells": rows,
    }))
}
