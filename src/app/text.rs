//! Measures, wraps and cuts text by its width on a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Returns the width of `text` in columns.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Returns `text` in lines of at most `limit` columns, broken at blanks and after commas; a name longer than a line is
/// broken anywhere.
pub fn wrap(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        for (number, part) in word.split_inclusive(',').enumerate() {
            let blank = usize::from(number == 0 && used > 0);
            let needed = width(part);
            if used > 0 && used + blank + needed > limit {
                lines.push(std::mem::take(&mut line));
                used = 0;
            } else if blank == 1 {
                line.push(' ');
                used += 1;
            }
            if used + needed <= limit {
                line.push_str(part);
                used += needed;
                continue;
            }
            for letter in part.chars() {
                let columns = letter.width().unwrap_or(0);
                if used + columns > limit {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push(letter);
                used += columns;
            }
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Returns `text` cut to `limit` columns; `mark` replaces the end of a text that is cut.
pub fn cut(text: &str, limit: usize, mark: &str) -> String {
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
pub fn cut_at_word(text: &str, limit: usize, mark: &str) -> String {
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
pub fn cut_middle(text: &str, limit: usize, mark: &str) -> String {
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

/// Returns `text` padded with blanks to `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_hold_everything() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("features: mpx,avx,x", 10), ["features:", "mpx,avx,x"]);
        assert_eq!(wrap("a,bb,ccc,dd", 5), ["a,bb,", "ccc,", "dd"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("a", 0), ["a"]);
    }

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
