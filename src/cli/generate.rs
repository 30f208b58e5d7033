//! Prints the completions and the man page, made from the same description of the command line as the parser.

use super::args::command;
use anyhow::Result;
use clap_complete::Shell;
use std::io::Write;

/// Writes the completions for a shell.
///
/// # Errors
/// Output that cannot be written.
pub fn completions(shell: Shell, out: &mut dyn Write) -> Result<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command(), "virt-cpu-explorer", &mut text);
    out.write_all(&text)?;
    Ok(0)
}

/// Writes the man page, with a section for every subcommand.
///
/// # Errors
/// Output that cannot be written.
pub fn man(out: &mut dyn Write) -> Result<u8> {
    let mut description = command();
    description.build();
    let page = clap_mangen::Man::new(description.clone());
    page.render(out)?;
    for sub in description.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let page = clap_mangen::Man::new(sub.clone());
        writeln!(out, ".SH {}", sub.get_name().to_uppercase())?;
        page.render_synopsis_section(out)?;
        page.render_description_section(out)?;
        page.render_options_section(out)?;
    }
    Ok(0)
}
