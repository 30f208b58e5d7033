//! Joins the command line and the terminal: reads the arguments, does what they say, exits with the code.

use anyhow::{Context, Result};
use std::io::{self, BufReader, Write};
use std::process::ExitCode;
use virt_cpu_explorer::cli::{self, Command};
use virt_cpu_explorer::load::embedded;

fn main() -> ExitCode {
    let command = match cli::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(said) => {
            let code = u8::try_from(said.exit_code()).unwrap_or(2);
            return if said.print().is_ok() { ExitCode::from(code) } else { ExitCode::from(2) };
        }
    };
    match run(command) {
        Ok(code) => ExitCode::from(code),
        Err(fault) if is_broken_pipe(&fault) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(io::stderr(), "virt-cpu-explorer: {fault:#}");
            ExitCode::from(2)
        }
    }
}

/// A reader that stops early, such as `head`, is not a fault.
fn is_broken_pipe(fault: &anyhow::Error) -> bool {
    fault.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

fn run(command: Command) -> Result<u8> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let code = match command {
        Command::Check { choice, format, quiet } => {
            cli::check_one(&embedded::catalog()?, &choice, format, quiet, &mut out)?
        }
        Command::Batch { file, ways_out } => {
            let catalog = embedded::catalog()?;
            if file == "-" {
                cli::check_batch(&catalog, &mut io::stdin().lock(), ways_out, &mut out)?
            } else {
                let opened = std::fs::File::open(&file).with_context(|| format!("cannot open {file}"))?;
                cli::check_batch(&catalog, &mut BufReader::new(opened), ways_out, &mut out)?
            }
        }
        Command::Study(args) => cli::study(&mut embedded::catalog()?, &args, &mut out)?,
        Command::List { what, json } => cli::list(&embedded::catalog()?, &what, json, &mut out)?,
        Command::Rule { id } => cli::rule(id.as_deref(), &mut out)?,
        _ => 0,
    };
    out.flush()?;
    Ok(code)
}
