//! Lists the exit codes of the commands: one table for help, man pages and documents.

/// What the exit codes of a command mean.
struct ExitCodes {
    command: &'static str,
    zero: &'static str,
    one: &'static str,
    two: &'static str,
}

const TABLE: &[ExitCodes] = &[
    ExitCodes {
        command: "check",
        zero: "no verdict is one of --fail-on (by default: every guest migrates unchanged)",
        one: "some verdict is one of --fail-on, by default any but unchanged",
        two: "some input is invalid; the others are answered",
    },
    ExitCodes {
        command: "baseline",
        zero: "the guest migrates unchanged between all hosts",
        one: "some pair of hosts fails",
        two: "invalid input",
    },
    ExitCodes { command: "review", zero: "no guest is at risk", one: "some guest is at risk", two: "invalid input" },
    ExitCodes {
        command: "explain",
        zero: "a message is recognised",
        one: "no message is recognised",
        two: "invalid input",
    },
    ExitCodes { command: "all others", zero: "done", one: "not used", two: "invalid input" },
];

/// Returns the exit codes of a command for its help: one line for each code.
pub(super) fn of(command: &str) -> String {
    let found = TABLE.iter().find(|row| row.command == command);
    let lines = found.map(|row| format!("  0  {}\n  1  {}\n  2  {}", row.zero, row.one, row.two));
    format!("Exit codes:\n{}", lines.unwrap_or_default())
}

/// Returns the table as Markdown.
pub fn exit_codes() -> String {
    let mut table = "| command | 0 | 1 | 2 |\n|---|---|---|---|\n".to_owned();
    for row in TABLE {
        let command = if row.command.contains(' ') { row.command.to_owned() } else { format!("`{}`", row.command) };
        let [zero, one] = [row.zero, row.one].map(|cell| cell.replace("--fail-on", "`--fail-on`"));
        table.push_str(&format!("| {command} | {zero} | {one} | {} |\n", row.two));
    }
    table
}

/// Returns the table as text for the program's help.
pub(super) fn text() -> String {
    let lines = TABLE.iter().map(|row| format!("  {:<10}  0 {}; 1 {}; 2 {}", row.command, row.zero, row.one, row.two));
    format!("Exit codes:\n{}", lines.collect::<Vec<_>>().join("\n"))
}
