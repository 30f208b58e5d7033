//! Joins the command line and the terminal.

use std::process::ExitCode;
use virt_cpu_explorer::domain::scenario::Scenario;
use virt_cpu_explorer::load::embedded;
use virt_cpu_explorer::tui;

fn start() -> anyhow::Result<()> {
    let catalog = embedded::catalog()?;
    let mut args = std::env::args().skip(1);
    let mut scenario = Scenario::default_of(&catalog);
    let mut options = tui::Options::default();
    options.settings.theme = tui::theme(None)?;
    options.settings.ascii = tui::ascii_locale();
    let mut size = None;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--print" => {
                let text = args.next().unwrap_or_default();
                let (w, h) = text.split_once('x').unwrap_or(("120", "36"));
                size = Some((w.parse()?, h.parse()?));
            }
            "--keys" => options.keys = args.next().unwrap_or_default(),
            "--theme" => options.settings.theme = tui::theme(args.next().as_deref())?,
            "--ascii" => options.settings.ascii = true,
            word => scenario = Scenario::parse(&catalog, word)?,
        }
    }
    match size {
        Some(size) => {
            let text = tui::print(&catalog, scenario, "first", size, &options)?;
            std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
        }
        None => tui::run(&catalog, scenario, options)?,
    }
    Ok(())
}

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("virt-cpu-explorer: {error:#}\n")));
            ExitCode::from(2)
        }
    }
}
