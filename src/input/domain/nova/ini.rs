//! Parses a configuration file as oslo.config does (`BaseParser.parse` of `oslo_config/iniparser.py`, `ConfigParser` of
//! `oslo_config/cfg.py`).

use crate::load::LoadError;

/// A setting of the section that is read.
#[derive(PartialEq, Debug)]
pub(super) struct Setting<'t> {
    pub(super) key: &'t str,
    /// Its lines, without the quotes around the first.
    pub(super) value: String,
    /// Where it begins in the text.
    pub(super) offset: usize,
}

/// How many characters of a line an error shows.
const SHOWN: usize = 40;

/// What an indented line continues.
enum Before {
    Nothing,
    /// A setting that is not wanted.
    Other,
    /// The last setting found.
    Wanted,
}

/// Returns the wanted settings of the section in the order of the file, each as often as the file has it. The name of a
/// section counts in any case (`_normalize_group_name`).
///
/// # Errors
/// A line that oslo.config refuses, in any section: the service does not start with it.
pub(super) fn section<'t>(
    (file, text): (&str, &'t str),
    section: &str,
    wanted: &[&str],
) -> Result<Vec<Setting<'t>>, LoadError> {
    let mut found = Vec::<Setting<'t>>::new();
    let (mut inside, mut before, mut offset) = (None, Before::Nothing, 0);
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let line = line.trim_end();
        let wrong = |expected: &str| {
            let found: String = line.chars().take(SHOWN).collect();
            LoadError::at(file, text, start, format!("expected {expected}, found {found:?}"))
        };
        if line.starts_with([' ', '\t']) {
            match (&before, found.last_mut()) {
                (Before::Nothing, _) => return Err(wrong("a setting before an indented line, which continues one")),
                (Before::Wanted, Some(setting)) => setting.value.extend(["\n", line.trim_start()]),
                (Before::Wanted | Before::Other, _) => {}
            }
            continue;
        }
        // A blank line and a comment end a setting, too.
        before = Before::Nothing;
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            let name = name.strip_suffix(']').filter(|name| !name.is_empty());
            let name = name.ok_or_else(|| wrong("a section such as [libvirt] alone on its line"))?;
            inside = Some(name.eq_ignore_ascii_case(section));
            continue;
        }
        let (key, value) = line.split_once(['=', ':']).ok_or_else(|| wrong("a setting such as cpu_mode = custom"))?;
        let key = key.trim();
        if key.is_empty() {
            return Err(wrong("a name before = or :"));
        }
        let is_wanted = inside.ok_or_else(|| wrong("a section before the first setting"))? && wanted.contains(&key);
        before = if is_wanted { Before::Wanted } else { Before::Other };
        if is_wanted {
            found.push(Setting { key, value: unquoted(value.trim()).to_owned(), offset: start });
        }
    }
    Ok(found)
}

/// Removes the quotes, if the value begins and ends with the same.
fn unquoted(value: &str) -> &str {
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\'') && value.ends_with(*first));
    let Some(quote) = quote else { return value };
    value.strip_prefix(quote).map(|rest| rest.strip_suffix(quote).unwrap_or_default()).unwrap_or_default()
}
