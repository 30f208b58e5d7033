//! Checks and parses the inside of tags, comments, instructions and references.

use super::{ErrorAt, MAX_ATTRIBUTES, err_at};
use std::borrow::Cow;

/// What XML counts as white space.
pub(super) const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Returns a part of a text; empty where there is none.
pub(super) fn slice(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end.max(start)).unwrap_or_default()
}

/// Returns a text without the white space before it.
fn trim_start(text: &str) -> &str {
    let spaces = text.bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
    slice(text, spaces, text.len())
}

/// Returns the first letters of what was found, quoted for a message.
pub(super) fn quote(text: &str) -> String {
    match text.lines().next().unwrap_or_default() {
        "" if text.is_empty() => "the end of the file".to_owned(),
        "" => "the end of the line".to_owned(),
        line => format!("{:?}", shorten(line)),
    }
}

/// Returns at most the first 20 letters.
pub(super) fn shorten(text: &str) -> &str {
    text.char_indices().nth(20).map_or(text, |(end, _)| slice(text, 0, end))
}

/// Refuses the characters XML cannot hold, wherever they stand.
pub(super) fn check_characters(text: &str) -> Result<(), ErrorAt> {
    // Nearly every block has only letters: the fold has no branch, so that many bytes are looked at together.
    let suspect = |byte: u8| (byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r') || byte == 0xef;
    for (block, bytes) in text.as_bytes().chunks(BLOCK).enumerate() {
        if !bytes.iter().fold(false, |found, byte| found | suspect(*byte)) {
            continue;
        }
        for (offset, _) in (block * BLOCK..).zip(bytes).filter(|(_, byte)| suspect(**byte)) {
            let found = text.get(offset..).and_then(|rest| rest.chars().next());
            if let Some(found) = found.filter(|c| !is_character(*c)) {
                return err_at(offset, format!("expected text, found the character U+{:04X}", u32::from(found)));
            }
        }
    }
    Ok(())
}

/// How many bytes are looked at together.
const BLOCK: usize = 256;

fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn starts_name(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

fn continues_name(c: char) -> bool {
    starts_name(c) || matches!(c, '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Takes a name off the front: letters, with at most one colon between two parts.
fn name(text: &str, at: usize) -> Result<(&str, &str), ErrorAt> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let letters = text.bytes().take_while(|byte| plain(byte)).count();
    if letters > 0 && text.as_bytes().get(letters).is_none_or(|byte| byte.is_ascii() && *byte != b':') {
        let found = slice(text, 0, letters);
        if found.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return Ok((found, slice(text, letters, text.len())));
        }
    }
    let end = text.find(|c| !continues_name(c) && c != ':').unwrap_or(text.len());
    let found = slice(text, 0, end);
    let part = |part: &str| part.chars().next().is_some_and(starts_name) && !part.contains(':');
    let good = match found.split_once(':') {
        Some((prefix, local)) => part(prefix) && part(local),
        None => part(found),
    };
    if !good {
        return err_at(at, format!("expected a name, found {}", quote(if found.is_empty() { text } else { found })));
    }
    Ok((found, slice(text, end, text.len())))
}

/// An attribute as written, its value with references resolved.
type Attribute<'a> = (&'a str, Cow<'a, str>);

/// Takes the inside of a start tag apart; `at` is its offset.
pub(super) fn parse(inside: &str, at: usize) -> Result<(&str, Vec<Attribute<'_>>), ErrorAt> {
    let (element, rest) = name(inside, at)?;
    Ok((element, attributes(rest, at + element.len())?))
}

fn attributes(mut rest: &str, mut at: usize) -> Result<Vec<Attribute<'_>>, ErrorAt> {
    let mut found: Vec<Attribute<'_>> = Vec::with_capacity(rest.bytes().filter(|byte| *byte == b'=').count().min(8));
    loop {
        let trimmed = trim_start(rest);
        let spaces = rest.len() - trimmed.len();
        at += spaces;
        if trimmed.is_empty() {
            return Ok(found);
        }
        if spaces == 0 {
            return err_at(at, format!("expected a space before an attribute, found {}", quote(trimmed)));
        }
        let (key, after) = name(trimmed, at)?;
        if found.len() == MAX_ATTRIBUTES {
            return err_at(
                at,
                format!("expected at most {MAX_ATTRIBUTES} attributes in an element, found one more, {key:?}"),
            );
        }
        if found.iter().any(|(known, _)| *known == key) {
            return err_at(at, format!("expected each attribute once, found {key:?} a second time"));
        }
        let value = trim_start(after);
        let Some(value) = value.strip_prefix('=') else {
            let found = if value.is_empty() { "the end of the tag".to_owned() } else { quote(value) };
            return err_at(at + key.len(), format!("expected = after the attribute {key:?}, found {found}"));
        };
        let value = trim_start(value);
        let start = at + trimmed.len() - value.len();
        let Some(mark) = value.bytes().next().filter(|byte| matches!(byte, b'"' | b'\'')) else {
            let found = if value.is_empty() { "the end of the tag".to_owned() } else { quote(value) };
            return err_at(start, format!("expected a quoted value for {key:?}, found {found}"));
        };
        let Some(length) = value.bytes().skip(1).position(|byte| byte == mark) else {
            let mark = char::from(mark);
            return err_at(start, format!("expected {mark} to end the value of {key:?}, found the end of the tag"));
        };
        let (body, next) = (slice(value, 1, length + 1), slice(value, length + 2, value.len()));
        found.push((key, attribute_value(body, start + 1)?));
        at = start + 2 + body.len();
        rest = next;
    }
}

fn attribute_value(body: &str, at: usize) -> Result<Cow<'_, str>, ErrorAt> {
    let is_special = |byte: u8| matches!(byte, b'<' | b'&' | b'\t' | b'\n' | b'\r');
    if !body.bytes().fold(false, |found, byte| found | is_special(byte)) {
        return Ok(Cow::Borrowed(body));
    }
    if let Some(offset) = body.find('<') {
        return err_at(at + offset, "expected the value of an attribute, found <, which must be written &lt;");
    }
    let mut value = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(offset) = rest.find(['&', '\t', '\n', '\r']) {
        value.push_str(slice(rest, 0, offset));
        let found = slice(rest, offset, rest.len());
        if let Some(reference) = found.strip_prefix('&') {
            let reference_at = at + body.len() - found.len();
            let Some((name, next)) = reference.split_once(';') else {
                return err_at(reference_at, format!("expected ; to end the reference, found {}", quote(found)));
            };
            value.push(resolve(name).map_err(|message| (reference_at, message))?);
            rest = next;
        } else {
            value.push(' ');
            rest = slice(found, if found.starts_with("\r\n") { 2 } else { 1 }, found.len());
        }
    }
    value.push_str(rest);
    Ok(Cow::Owned(value))
}

/// Returns the character of a reference, without its `&` and `;`.
pub(super) fn resolve(reference: &str) -> Result<char, String> {
    let number = match reference {
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "amp" => return Ok('&'),
        "quot" => return Ok('"'),
        "apos" => return Ok('\''),
        _ => reference.strip_prefix('#').map(|number| match number.strip_prefix('x') {
            Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok(),
            None if number.bytes().all(|b| b.is_ascii_digit()) => number.parse().ok(),
            _ => None,
        }),
    };
    let found = || quote(&format!("&{};", shorten(reference)));
    match number {
        Some(number) => number
            .and_then(char::from_u32)
            .filter(|c| is_character(*c))
            .ok_or_else(|| format!("expected a reference to a character, found {}", found())),
        None => Err(format!(
            "expected one of &lt; &gt; &amp; &quot; &apos;, found {}; other entities are not accepted",
            found()
        )),
    }
}

pub(super) fn check_comment(text: &str, at: usize, end: usize) -> Result<(), ErrorAt> {
    let start = at + "<!--".len();
    let body = slice(text, start, end - "-->".len());
    if let Some(offset) = body.find("--") {
        return err_at(start + offset, "expected no -- in a comment, found one");
    }
    if body.ends_with('-') {
        return err_at(end - "--->".len(), "expected --> to end the comment, found --->");
    }
    Ok(())
}

pub(super) fn check_instruction(text: &str, at: usize, end: usize) -> Result<(), ErrorAt> {
    let body = slice(text, at + 2, end - 2);
    let (target, rest) = name(body, at + 2)?;
    if target.eq_ignore_ascii_case("xml") || target.contains(':') {
        return err_at(at, format!("expected an instruction of another name, found <?{target}"));
    }
    if !rest.is_empty() && !rest.starts_with(SPACE) {
        return err_at(at, format!("expected a space after <?{target}, found {}", quote(rest)));
    }
    Ok(())
}

pub(super) fn check_declaration(text: &str, at: usize, end: usize, mark: usize) -> Result<(), ErrorAt> {
    if at != mark {
        return err_at(at, "expected the XML declaration at the very beginning, found it here");
    }
    let start = at + "<?xml".len();
    let given = attributes(slice(text, start, end - 2), start)?;
    let mut expected = ["version", "encoding", "standalone"].iter();
    for (offset, (key, value)) in given.iter().enumerate() {
        let known = expected.any(|name| name == key);
        let digits = |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
        let good = match *key {
            "version" => value.strip_prefix("1.").is_some_and(digits),
            "encoding" => value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("us-ascii"),
            _ => matches!(&**value, "yes" | "no"),
        };
        if !known || !good || (offset == 0 && *key != "version") {
            let message = "expected version=\"1.0\" and at most encoding=\"UTF-8\" and standalone in the declaration";
            return err_at(at, format!("{message}, found {key}={value:?}"));
        }
    }
    if given.is_empty() {
        return err_at(at, "expected version=\"1.0\" in the declaration, found none");
    }
    Ok(())
}
