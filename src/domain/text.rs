//! Wraps text, and escapes control characters for the terminal.

use std::borrow::Cow;
use textwrap::core::Word;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

fn options(limit: usize) -> Options<'static> {
    Options::new(limit.max(1))
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
}

/// Splits at blanks, and after each comma: lists of features have no blanks.
fn words_and_items(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    Box::new(WordSeparator::AsciiSpace.find_words(line).flat_map(|word| {
        let mut parts: Vec<Word<'_>> = word.word.split_inclusive(',').map(Word::from).collect();
        if let Some(last) = parts.last_mut() {
            last.whitespace = word.whitespace;
        }
        parts
    }))
}

/// Returns `text` in lines of at most `limit` columns, at least one. Lines are broken at blanks and after commas; a word
/// that is longer than a line is broken inside.
pub(crate) fn wrap(text: &str, limit: usize) -> Vec<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let options = options(limit).word_separator(WordSeparator::Custom(words_and_items));
    textwrap::wrap(&text, options).into_iter().map(|line| line.trim_end().to_owned()).collect()
}

/// Returns `prefix` and `text` in lines of at most `limit` columns, broken only at blanks. Further lines are indented by
/// the width of the prefix.
pub(crate) fn fill_after(prefix: &str, text: &str, limit: usize) -> String {
    let indent = " ".repeat(textwrap::core::display_width(prefix));
    let options = options(limit).break_words(false).initial_indent(prefix).subsequent_indent(&indent);
    textwrap::fill(text, options)
}

/// Returns whether a terminal would obey a character instead of showing it, or show nothing: control characters except
/// a tab and the end of a line, bidirectional controls, separators of lines, marks of annotations, and what Unicode 16 says
/// is ignored where it cannot be shown (`Default_Ignorable_Code_Point`).
fn is_hidden(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\n' | '\t')
        || matches!(letter, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}')
        || matches!(letter, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{3164}')
        || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
        || matches!(letter, '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}')
        || matches!(letter, '\u{e0000}'..='\u{e0fff}')
}

/// Returns whether a character can be typed: it is shown, and is no tab and no end of a line.
pub(crate) fn is_typed(letter: char) -> bool {
    !letter.is_control() && !is_hidden(letter)
}

/// What ends the name of a libvirt or a QEMU in a link, in addition to what [`is_word`] refuses.
pub(crate) const NOT_IN_RELEASE: &[char] = &[':', '@'];

/// Returns whether a text can be a value in a link, in a list of such values and in code of Markdown: every character is
/// shown, and none is a blank, a comma, a backtick or one of `refused`.
pub(crate) fn is_word(text: &str, refused: &[char]) -> bool {
    let is_refused = |letter: char| matches!(letter, ',' | '`') || letter.is_whitespace() || is_hidden(letter);
    !text.is_empty() && !text.contains(is_refused) && !text.contains(refused)
}

/// Returns whether a text has only ASCII characters that are shown. Nearly every text is so.
pub(crate) fn is_plain(text: &[u8]) -> bool {
    // The fold has no branch, so that many bytes are looked at together.
    text.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~' | b'\n' | b'\t'))
}

/// Returns the width of a text in columns, as [`one_line`] shows it.
pub(crate) fn width(text: &str) -> usize {
    textwrap::core::display_width(&one_line(text))
}

/// Returns a text as [`one_line`] shows it, padded with blanks to `columns`.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    one_line(text).into_owned() + &" ".repeat(columns.saturating_sub(width(text)))
}

/// Returns the name of something with hidden characters, tabs and ends of lines escaped, so that it stays in its place.
pub(crate) fn one_line(name: &str) -> Cow<'_, str> {
    let shown = visible(name);
    if shown.contains(['\n', '\t']) {
        return Cow::Owned(shown.replace('\n', "\\n").replace('\t', "\\t"));
    }
    shown
}

/// Returns a text with its first letter in upper case.
pub(crate) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Returns `text` with hidden characters written as `\u001b`, which JSON reads as the character. Everything that is
/// written to a terminal passes through here, since names and messages from files may have such characters.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) || !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if is_hidden(letter) {
            // JSON writes a character above U+FFFF as two.
            escaped.extend(letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            escaped.push(letter);
        }
    }
    Cow::Owned(escaped)
}

/// Returns Markdown with the text of each link in place of the link.
pub(crate) fn without_links(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some((before, after)) = rest.split_once("](") {
        match (before.rsplit_once('['), after.split_once(')')) {
            (Some((head, label)), Some((_, tail))) => {
                out.extend([head, label]);
                rest = tail;
            }
            _ => {
                out.extend([before, "]("]);
                rest = after;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_shown() {
        assert_eq!(visible("a\tb\n"), "a\tb\n");
        assert_eq!(visible("\u{1b}]0;title\u{7}"), "\\u001b]0;title\\u0007");
        assert_eq!(visible("\u{9b}31m\u{202e}\u{200b}é"), "\\u009b31m\\u202e\\u200bé");
        assert_eq!(visible("\u{34f}\u{3164}\u{fff9}\u{1d173}"), "\\u034f\\u3164\\ufff9\\ud834\\udd73");
        assert_eq!(visible("a\u{ad}\u{180e}\u{fe00}\u{fe0f}"), "a\\u00ad\\u180e\\ufe00\\ufe0f");
        // JSON reads these as the same text, also above U+FFFF.
        let tags = "\u{e0001}\u{e007f}\u{e01ef}";
        assert_eq!(visible(tags), "\\udb40\\udc01\\udb40\\udc7f\\udb40\\uddef");
        assert_eq!(serde_json::from_str::<String>(&format!("\"{}\"", visible(tags))).unwrap(), tags);
    }

    #[test]
    fn a_column_is_as_wide_as_its_text_is_shown() {
        assert_eq!((width("日本"), pad("日本", 5)), (4, "日本 ".to_owned()));
        assert_eq!((width("a\u{200b}"), pad("a\u{200b}", 8)), (7, "a\\u200b ".to_owned()));
        assert_eq!(pad("abc", 2), "abc");
        // A name with an end of a line would begin a row of its own.
        assert_eq!((width("a\n\tb"), pad("a\n\tb", 7)), (6, "a\\n\\tb ".to_owned()));
    }

    #[test]
    fn of_a_link_the_text_is_left() {
        assert_eq!(without_links("row [T7](T7.md), [T6](T6.md)."), "row T7, T6.");
        for text in ["a](b", "[a](b", "[a] (b)", "](", ""] {
            assert_eq!(without_links(text), text);
        }
    }

    #[test]
    fn a_word_is_shown_and_ends_neither_a_value_nor_code() {
        assert!(is_word("/usr/bin/qemu-system-x86_64", &[]) && is_word("3.é", &[':']));
        for text in ["", "a b", "a,b", "a`b", "a\nb", "a\u{ad}b", "a\u{a0}b", "a:b"] {
            assert!(!is_word(text, &[':']), "{text:?}");
        }
    }

    #[test]
    fn lines_break_at_blanks_and_after_commas() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("features: mpx,avx,x", 10), ["features:", "mpx,avx,x"]);
        assert_eq!(wrap("a,bb,ccc,dd", 5), ["a,bb,", "ccc,", "dd"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("a", 0), ["a"]);
    }

    #[test]
    fn further_lines_are_indented_by_the_prefix() {
        assert_eq!(fill_after("- ", "one two three", 9), "- one two\n  three");
    }
}
