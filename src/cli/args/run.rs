//! Declares the flags that record, replay and show a run, and the command for the cheat sheet.

use clap::{Arg, Command as Clap, ValueHint};

fn file(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("FILE")
        .value_hint(ValueHint::FilePath)
        .help(help)
        .help_heading("Record and replay")
}

pub(super) fn args() -> [Arg; 4] {
    [
        file("record", "Record what is drawn as an asciicast, into a new file").conflicts_with("print"),
        file("record-keys", "Record what is done as a list of actions, into a new file").conflicts_with("print"),
        file("replay", "Replay a list of actions; with --print, print the last frame"),
        file("demo", "For an audience: room for notes, the keys that are pressed, and a list of actions to show")
            .value_name("SCRIPT")
            .num_args(0..=1)
            .default_missing_value("")
            .conflicts_with("replay"),
    ]
}

pub(super) fn cheat_sheet_command() -> Clap {
    Clap::new("cheat-sheet").about("Print the table, the regimes, the verdicts and the rules on one page").arg(
        Arg::new("format").long("format").value_parser(["text", "markdown"]).default_value("text").help("The form"),
    )
}
