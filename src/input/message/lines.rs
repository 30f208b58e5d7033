//! Undoes what logs, mails and web pages do to a message: escaped apostrophes, and lines that were wrapped.

use super::known::goes_on;

/// The longest line that is looked at, in bytes.
const LONGEST: usize = 1 << 20;
/// How many lines are joined to one at most.
const MOST_JOINED: usize = 8;
/// Between which lengths a line of quoted-printable text is wrapped, with its sign for that.
const WRAPPED: std::ops::RangeInclusive<usize> = 70..=76;

/// A line as it was before it was wrapped.
pub(super) struct Line {
    pub(super) text: String,
    parts: Vec<Part>,
}

/// A line of the given text in an unwrapped one.
struct Part {
    /// Where it begins in the unwrapped line, in bytes.
    start: usize,
    /// Its number, counted from 1.
    number: usize,
    /// How many characters of it were left out at its beginning.
    left_out: usize,
    /// Offsets in the unwrapped line, after what was written with several characters, and with how many more.
    longer: Vec<(usize, usize)>,
}

impl Line {
    /// Returns what says line and column of offsets in the given text, both counted from 1, the column in characters. The
    /// offsets must ascend, so that a line with many messages is counted once.
    pub(super) fn places(&self) -> impl FnMut(usize) -> (usize, usize) {
        let (mut start, mut counted, mut characters) = (usize::MAX, 0, 0);
        move |offset| {
            let Some(part) = self.parts.iter().rfind(|part| part.start <= offset) else { return (1, 1) };
            if start != part.start {
                (start, counted, characters) = (part.start, part.start, 0);
            }
            characters += self.text.get(counted..offset).unwrap_or_default().chars().count();
            counted = offset;
            let longer = part.longer.iter().take_while(|(at, _)| *at <= offset).map(|(_, more)| more).sum::<usize>();
            (part.number, part.left_out + characters + longer + 1)
        }
    }
}

/// Returns the lines of a text, those joined that a message goes on over.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line> {
    let mut given = text.lines().enumerate().peekable();
    std::iter::from_fn(move || {
        let (index, first) = given.next()?;
        let mut line = Line { text: String::new(), parts: Vec::new() };
        append(&mut line, index + 1, 0, first);
        while line.parts.len() < MOST_JOINED && line.text.len() < LONGEST {
            let is_quoted_printable = line.text.ends_with('=')
                && line.parts.last().is_some_and(|part| WRAPPED.contains(&(line.text.len() - part.start)));
            if is_quoted_printable {
                line.text.pop();
            } else if goes_on(&line.text) {
                line.text.truncate(line.text.trim_end().len());
                line.text.push(' ');
            } else {
                break;
            }
            let Some((index, next)) = given.next() else { break };
            let quoted = next.trim_start_matches([' ', '\t', '>', '|']);
            let left_out = next.chars().count() - quoted.chars().count();
            append(&mut line, index + 1, left_out, quoted);
        }
        Some(line)
    })
}

/// Appends a line, with every apostrophe as `'`.
fn append(line: &mut Line, number: usize, left_out: usize, given: &str) {
    const WRITTEN: [&str; 7] = ["\u{2019}", "\\u0027", "\\'", "&#39;", "&#x27;", "&apos;", "''"];
    let start = line.text.len();
    let (mut longer, mut rest) = (Vec::new(), super::head(given, LONGEST));
    while let Some((before, from)) = rest.find(['\u{2019}', '\\', '&', '\'']).and_then(|at| rest.split_at_checked(at)) {
        line.text.push_str(before);
        if let Some((written, after)) = WRITTEN.iter().find_map(|w| Some((w, from.strip_prefix(w)?))) {
            line.text.push('\'');
            longer.push((line.text.len(), written.chars().count() - 1));
            rest = after;
        } else {
            let mut characters = from.chars();
            line.text.extend(characters.next());
            rest = characters.as_str();
        }
    }
    line.text.push_str(rest);
    line.parts.push(Part { start, number, left_out, longer });
}
