//! Measures, wraps and cuts text by its width on a terminal.

pub(crate) use crate::domain::text::{capital, pad, wrap};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Returns the width of `text` in columns.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// Returns `text` cut to `limit` columns; `mark` replaces the end of a text that is cut.
pub(crate) fn cut(text: &str, limit: usize, mark: &str) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(width(mark));
    let mut cut = String::new();
    let mut used = 0;
    for letter in text.chars() {
        used += letter.width().unwrap_or(0);
        if used > room {
            break;
        }
        cut.push(letter);
    }
    if width(mark) <= limit {
        cut.push_str(mark);
    }
    cut
}

/// Returns `text` cut to `limit` columns between words; `mark` follows a text that is cut. A first word that is too long
/// is cut inside.
pub(crate) fn cut_at_word(text: &str, limit: usize, mark: &str) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let cut_off = cut(text, limit, "");
    let room = limit.saturating_sub(width(mark) + 1);
    let kept = cut(&cut_off, room + 1, "");
    match kept.rsplit_once(' ') {
        Some((words, _)) if !words.trim().is_empty() => format!("{} {mark}", words.trim_end()),
        _ => cut(text, limit, mark),
    }
}

/// Returns `text` cut to `limit` columns; `mark` replaces the middle, because names differ at start and end.
pub(crate) fn cut_middle(text: &str, limit: usize, mark: &str) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(width(mark));
    let begin = cut(text, room.div_ceil(2), "");
    let mut end = text;
    while width(end) > room - width(&begin) {
        let mut letters = end.chars();
        letters.next();
        end = letters.as_str();
    }
    if room == 0 { cut(text, limit, "") } else { format!("{begin}{mark}{end}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_says_so_where_there_is_room() {
        assert_eq!(cut("Skylake-Client", 8, "…"), "Skylake…");
        assert_eq!(cut("mpx", 3, "…"), "mpx");
        assert_eq!(cut("mpx", 0, "…"), "");
        assert_eq!(cut_middle("pc-i440fx-2.11", 8, "…"), "pc-i….11");
        assert_eq!(cut_middle("mpx", 3, "…"), "mpx");
        assert_eq!((cut_middle("mpx", 1, "…"), cut_middle("mpx", 0, "…")), ("m".to_owned(), String::new()));
    }
}
