//! Declares the flags of the studies: matrix, diff, history, review, baseline, follow.

use super::args::{Choice, choice, cpu_map_arg, key_args, scenario_arg, text};
use crate::domain::scenario::Key;
use clap::{Arg, ArgAction, ArgMatches, Command as Clap};

/// What a study is asked for.
#[derive(Clone, Debug)]
pub enum Study {
    /// A scenario over two axes.
    Matrix {
        /// The scenario.
        choice: Choice,
        /// What the rows and the columns go through.
        axes: [String; 2],
        /// The releases to go from and to, where they are limited.
        releases: [Option<String>; 2],
        /// Count the whole space instead.
        count: bool,
    },
    /// What differs between two maps or two models.
    Diff {
        /// A release or a model.
        one: String,
        /// Another.
        other: String,
        /// The model to look at, of two releases.
        model: Option<String>,
        /// The QEMU releases at both ends.
        qemu: Vec<String>,
    },
    /// The history of a model or a feature.
    History {
        /// Its name.
        name: String,
    },
    /// A review of a changed map.
    Review {
        /// The map before.
        old: String,
        /// The map after.
        new: String,
        /// The QEMU releases at both ends.
        qemu: Vec<String>,
    },
    /// What hosts have in common.
    Baseline {
        /// The hosts.
        hosts: Vec<String>,
        /// The releases it stays valid on.
        on: Vec<String>,
    },
    /// One feature through the ten stages.
    Follow {
        /// The feature.
        feature: String,
        /// The scenario.
        choice: Choice,
    },
}

/// A study with what every one takes.
#[derive(Clone, Debug)]
pub struct StudyArgs {
    /// What is asked.
    pub analysis: Study,
    /// How it is written.
    pub format: String,
    /// Maps to add.
    pub maps: Vec<(String, std::path::PathBuf)>,
}

fn format_arg(formats: &'static [&'static str]) -> Arg {
    let first = formats.first().copied().unwrap_or_default();
    Arg::new("format")
        .long("format")
        .value_parser(clap::builder::PossibleValuesParser::new(formats))
        .default_value(first)
        .help("How to write the answer")
}

fn qemu_arg() -> Arg {
    Arg::new("qemu")
        .long("qemu")
        .value_name("VERSION")
        .value_delimiter(',')
        .action(ArgAction::Append)
        .help("Only these QEMU releases, alike at both ends [default: every one]")
}

fn word(name: &'static str, shown: &'static str, help: &'static str) -> Arg {
    Arg::new(name).value_name(shown).required(true).help(help)
}

/// Returns the studies' subcommands.
pub(super) fn commands() -> [Clap; 6] {
    let varied = ["distinct", "releases", "qemu", "machines", "models", "hosts"];
    let axis = |name, help| Arg::new(name).long(name).value_parser(varied).default_value("distinct").help(help);
    let list = |name, help| Arg::new(name).long(name).value_name("RELEASES").help(help);
    let keys = key_args(false).filter(|arg| !["from", "to"].contains(&arg.get_id().as_str()));
    let both = "A release, or a CPU model";
    [
        Clap::new("matrix")
            .about("Lay a scenario out over sources and destinations")
            .arg(scenario_arg())
            .args(keys)
            .arg(list("from", "Sources: releases separated by commas, or FIRST..LAST"))
            .arg(list("to", "Destinations, in the same forms"))
            .arg(axis("rows", "What the rows go through; `distinct` folds releases that are alike"))
            .arg(axis("columns", "What the columns go through"))
            .arg(
                Arg::new("count")
                    .long("count")
                    .action(ArgAction::SetTrue)
                    .help("Count every model, machine type, state of mpx and pair of exact releases instead"),
            )
            .arg(cpu_map_arg())
            .arg(format_arg(&["table", "csv", "json"])),
        Clap::new("diff")
            .about("Say what differs between two CPU maps or two models, and what that does to guests")
            .arg(word("one", "ONE", both))
            .arg(word("other", "OTHER", "Another release, or another model"))
            .arg(Arg::new("model").long("model").value_name("MODEL").help("Only this model of the two releases"))
            .args([qemu_arg(), cpu_map_arg(), format_arg(&["text", "json"])]),
        Clap::new("history")
            .about("Tell the history of a CPU model or a feature")
            .arg(word("name", "NAME", "The model or the feature"))
            .args([cpu_map_arg(), format_arg(&["text", "json"])]),
        Clap::new("review")
            .about("Review a changed CPU map: which guests would be aborted or silently changed")
            .after_help("Exit codes: 0 nothing at risk, 1 something, 2 wrong input.")
            .arg(word(
                "old",
                "OLD",
                "The map before: a release, a --cpu-map name, a directory or a libvirt source tree",
            ))
            .arg(word("new", "NEW", "The map after, in the same forms"))
            .args([qemu_arg(), cpu_map_arg(), format_arg(&["markdown", "json", "text"])]),
        Clap::new("baseline")
            .about("Find the best CPU that all of some hosts can give")
            .arg(word("host", "HOST", "A listed host").num_args(1..))
            .arg(
                Arg::new("on")
                    .long("on")
                    .value_name("RELEASE")
                    .action(ArgAction::Append)
                    .help("A release it stays valid on, LIBVIRT[:QEMU]; may be given several times"),
            )
            .arg(format_arg(&["text", "json"])),
        Clap::new("follow")
            .about("Follow one feature through the ten stages of a migration")
            .arg(word("feature", "FEATURE", "The feature"))
            .arg(scenario_arg())
            .args(key_args(false).filter(|arg| arg.get_id().as_str() != "feature"))
            .args([cpu_map_arg(), format_arg(&["text", "json"])]),
    ]
}

/// Returns the study a subcommand asks for; `None` for another subcommand.
pub(super) fn analysis(name: &str, sub: &ArgMatches) -> Result<Option<StudyArgs>, clap::Error> {
    let get = |name| text(sub, name).unwrap_or_default();
    let many = |name| sub.get_many::<String>(name).into_iter().flatten().cloned().collect::<Vec<String>>();
    let without = |key: Key, mut choice: Choice| {
        choice.keys.retain(|(known, _)| *known != key);
        choice
    };
    let analysis = match name {
        "matrix" => Study::Matrix {
            choice: without(Key::From, without(Key::To, choice(sub)?)),
            axes: [get("rows"), get("columns")],
            releases: [text(sub, "from"), text(sub, "to")],
            count: sub.get_flag("count"),
        },
        "diff" => Study::Diff { one: get("one"), other: get("other"), model: text(sub, "model"), qemu: many("qemu") },
        "history" => Study::History { name: get("name") },
        "review" => Study::Review { old: get("old"), new: get("new"), qemu: many("qemu") },
        "baseline" => Study::Baseline { hosts: many("host"), on: many("on") },
        "follow" => Study::Follow { feature: get("feature"), choice: without(Key::Feature, choice(sub)?) },
        _ => return Ok(None),
    };
    let maps = if name == "baseline" { Vec::new() } else { super::args::maps(sub)? };
    Ok(Some(StudyArgs { analysis, format: get("format"), maps }))
}
