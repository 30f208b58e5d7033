//! Selects the theme and the characters from the environment.

use crate::app::settings::ThemeName;

/// Returns the default theme: `mono` if `NO_COLOR` is set, and high contrast before an audience.
pub fn default_theme(is_demo: bool) -> ThemeName {
    match (set("NO_COLOR"), is_demo) {
        (true, _) => ThemeName::Mono,
        (false, true) => ThemeName::HighContrast,
        (false, false) => ThemeName::Default,
    }
}

/// Returns whether only ASCII signs should be drawn: the locale is not a UTF-8 one.
pub fn ascii_locale() -> bool {
    // The first that is set decides, as in setlocale(3).
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
}
