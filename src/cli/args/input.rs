//! Declares what takes the files and texts that users bring: `--domain`, `explain`.

use super::{Choice, Explain, cpu_map_arg, maps, text};
use clap::{Arg, ArgAction, ArgMatches, Command as Clap, ValueHint};

/// `--domain`, once or several times.
pub(super) fn domain_arg(several: bool) -> Arg {
    let arg = Arg::new("domain")
        .long("domain")
        .value_name("FILE")
        .value_hint(ValueHint::AnyPath)
        .conflicts_with("scenario")
        .help_heading("Choices")
        .help("Read the guest from what virsh dumpxml wrote, live or inactive, or from standard input (-)");
    if !several {
        return arg;
    }
    arg.num_args(1..).action(ArgAction::Append).help(
        "Read the guest from what virsh dumpxml wrote, live or inactive, or from standard input (-); several files or a \
         directory give a table",
    )
}

/// `explain`.
pub(super) fn explain_command() -> Clap {
    Clap::new("explain")
        .about("Say what an error message means, also one in the middle of a log; exit 0 if one is recognised, else 1")
        .arg(Arg::new("text").value_name("TEXT").help("The message or the log; standard input where none is given"))
        .arg(
            Arg::new("open")
                .long("open")
                .action(ArgAction::SetTrue)
                .help("Open the explorer at the likeliest scenario that gives exactly this message"),
        )
        .arg(cpu_map_arg())
}

/// Reads what `explain` asks for.
pub(super) fn explain(matches: &ArgMatches) -> Result<Explain, clap::Error> {
    Ok(Explain {
        text: text(matches, "text"),
        open: matches.get_flag("open"),
        choice: Choice { maps: maps(matches)?, ..Choice::default() },
    })
}
