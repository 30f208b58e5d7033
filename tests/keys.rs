//! Holds the page of keys against the table of actions it is made from.

#[path = "support/golden.rs"]
mod golden;

use std::fmt::Write;
use virt_cpu_explorer::app::action::{ACTIONS, Category, Scope};
use virt_cpu_explorer::app::key::NOTATION;

const HEAD: &str = "# Keys

`?` shows this list in the program, with the keys you gave; `:` finds every action by its name.
The ids are the words of the settings and of replayed files.

## Keys of your own

In `$XDG_CONFIG_HOME/virt-cpu-explorer/config.toml` (`~/.config/...` where the variable is not set):

```toml
theme = \"light\"        # default, light, high-contrast, mono, colour-blind
ascii = false
mouse = true
start = \"EPYC,machine=pc-q35-5.2,from=9.0.0,to=11.3.0\"

[keys]
undo = \"u <ctrl+y>\"
quit = \"Q\"
```

";

const MORE: &str = "What is given replaces all keys of the action; an empty text takes them away.
A flag on the command line counts for more than the file, the file for more than `NO_COLOR`.
Everything wrong with it is reported at once, with file, line and column, and the program does not start.
`--config FILE` names another file, `--no-config` reads none.
`--print` reads only a file that is named, and no other command reads one.
";

#[test]
fn the_page_of_keys_is_up_to_date() {
    let mut page = HEAD.to_owned();
    let notation = format!("{}{}.", NOTATION.get(..1).unwrap().to_uppercase(), NOTATION.get(1..).unwrap());
    writeln!(
        page,
        "{}\n{MORE}",
        notation.replace(
            "a, <tab>, <ctrl+a>, <shift+tab>, <lt> for <",
            "`a`, `<tab>`, `<ctrl+a>`, `<shift+tab>`, `<lt>` for `<`"
        )
    )
    .unwrap();
    for category in Category::ALL {
        writeln!(page, "## {}\n\n| keys | id | what it does | where |\n|---|---|---|---|", category.title()).unwrap();
        for info in ACTIONS.iter().filter(|info| info.category == category) {
            let keys: Vec<String> = info.keys.iter().map(|key| format!("`{key}`")).collect();
            let place = match info.scope {
                Scope::Everywhere => "everywhere".to_owned(),
                Scope::Text => "typing".to_owned(),
                Scope::Tour => "in a lesson".to_owned(),
                Scope::Screens => "every screen".to_owned(),
                Scope::On(kinds) => kinds.iter().map(|kind| kind.title()).collect::<Vec<_>>().join(", "),
            };
            writeln!(page, "| {} | `{}` | {} | {place} |", keys.join(" "), info.id, info.doc).unwrap();
        }
        page.push('\n');
    }
    golden::compare("docs/KEYS.md", &(page.trim_end().to_owned() + "\n"));
}
