//! Selects the theme and the characters from the options and the environment.

use crate::app::settings::ThemeName;

/// Says that no theme has this name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown theme {0:?}: expected one of {known}", known = themes())]
pub struct UnknownTheme(pub String);

fn themes() -> String {
    let known: Vec<&str> = ThemeName::ALL.iter().map(|theme| theme.name()).collect();
    known.join(", ")
}

/// Returns the theme of this name; without a name the default, or `mono` if `NO_COLOR` is set.
///
/// # Errors
/// The name is unknown.
pub fn theme(asked: Option<&str>) -> Result<ThemeName, UnknownTheme> {
    match asked {
        Some(name) => ThemeName::parse(name).ok_or_else(|| UnknownTheme(name.to_owned())),
        None if set("NO_COLOR") => Ok(ThemeName::Mono),
        None => Ok(ThemeName::Default),
    }
}

/// Returns whether the locale is not UTF-8, so that only ASCII characters can be shown.
pub fn ascii_locale() -> bool {
    // As in setlocale(3), the first variable that is set decides.
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find(|name| set(name)).and_then(|name| std::env::var(name).ok());
    locale.is_some_and(|locale| !is_utf8(&locale))
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

fn set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_says_whether_it_is_utf_8() {
        assert!(is_utf8("de_DE.UTF-8") && is_utf8("C.utf8"));
        assert!(!is_utf8("C") && !is_utf8("POSIX") && !is_utf8("de_DE.ISO-8859-1"));
    }

    #[test]
    fn an_unknown_theme_is_an_error_that_names_the_themes() {
        let error = theme(Some("neon")).unwrap_err().to_string();
        assert!(error.contains("high-contrast"), "{error}");
    }
}
