//! Parses a small XML document into a tree, and refuses anything that XML 1.0 does not allow.
//!
//! quick-xml finds the tags; what it lets pass although it is not well-formed is refused here: a second root,
//! text outside the root, a DOCTYPE, unknown entities, bad names, duplicate attributes, control characters.

pub use super::file::MAX_BYTES;

use super::error::LoadError;
use super::file::{too_large, utf8};
use quick_xml::Reader;
use quick_xml::errors::{Error, SyntaxError};
use quick_xml::events::Event;
use std::borrow::Cow;

mod namespace;
mod tag;

/// How deep elements may lie in each other.
pub const MAX_DEPTH: usize = 64;
/// How many elements and attributes a document may have in all, so that no input of the largest size fills the memory.
pub const MAX_NODES: usize = 1 << 18;
/// How many attributes an element may have.
pub(crate) const MAX_ATTRIBUTES: usize = 64;

/// One element with everything in it.
#[derive(Clone, Debug, Default)]
pub struct Element<'a> {
    /// Its name, with its prefix.
    pub name: &'a str,
    /// Its attributes in the order in which they are written.
    pub attributes: Vec<(&'a str, Cow<'a, str>)>,
    /// The elements in it.
    pub children: Vec<Element<'a>>,
    /// The text directly in it, all pieces joined.
    pub text: Cow<'a, str>,
    /// Where its start tag begins, in bytes.
    pub(crate) offset: usize,
}

/// A document: its text, its file's name for messages, and its root element.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    /// The file's name, for messages.
    pub(crate) file: &'a str,
    /// The whole text.
    pub text: &'a str,
    /// The root element.
    pub root: Element<'a>,
}

impl<'a> Element<'a> {
    /// Returns the value of an attribute.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }

    /// Returns the elements of this name directly in this one.
    pub(crate) fn children_named<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Element<'a>> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Returns the first element of this name directly in this one.
    pub fn child(&self, name: &str) -> Option<&Element<'a>> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Returns the words of the text.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.text.split_ascii_whitespace()
    }
}

impl<'a> Document<'a> {
    /// Reads a document from bytes.
    ///
    /// # Errors
    /// The first place where the input is not well-formed, not UTF-8, too large or too deep.
    pub fn from_bytes(file: &'a str, bytes: &'a [u8]) -> Result<Self, LoadError> {
        if bytes.len() > MAX_BYTES {
            return Err(too_large(file, bytes.len(), MAX_BYTES));
        }
        Self::parse(file, utf8(file, bytes)?)
    }

    /// Reads a document from text.
    ///
    /// # Errors
    /// The first place where the text is not well-formed, too large or too deep.
    pub fn parse(file: &'a str, text: &'a str) -> Result<Self, LoadError> {
        if text.len() > MAX_BYTES {
            return Err(too_large(file, text.len(), MAX_BYTES));
        }
        let in_file = |(offset, message): ErrorAt| LoadError::at(file, text, offset, message);
        tag::check_characters(text).map_err(in_file)?;
        let root = Builder::new(text).read().map_err(in_file)?;
        Ok(Self { file, text, root })
    }

    /// Returns a mistake at an element of this document.
    pub(crate) fn error(&self, element: &Element<'_>, message: impl Into<String>) -> LoadError {
        LoadError::at(self.file, self.text, element.offset, message)
    }

    /// Returns the offset of the end of each line.
    pub(crate) fn newlines(&self) -> Vec<usize> {
        self.text.match_indices('\n').map(|(offset, _)| offset).collect()
    }

    /// Returns the value of an attribute that has to be there.
    ///
    /// # Errors
    /// Says which attribute was expected at the element.
    pub(crate) fn need<'e>(&self, element: &'e Element<'_>, attribute: &str) -> Result<&'e str, LoadError> {
        element.get(attribute).ok_or_else(|| {
            let message = format!("expected the attribute {attribute:?} in <{}>, found none", element.name);
            self.error(element, message)
        })
    }
}

/// A byte offset and a message.
type ErrorAt = (usize, String);

fn err_at<T>(offset: usize, message: impl Into<String>) -> Result<T, ErrorAt> {
    Err((offset, message.into()))
}

struct Builder<'a> {
    text: &'a str,
    /// How many bytes of a byte order mark the reader leaves out.
    mark: usize,
    reader: Reader<&'a [u8]>,
    open: Vec<Element<'a>>,
    root: Option<Element<'a>>,
    /// How many elements and attributes there are so far.
    nodes: usize,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader::from_str(body);
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_unmatched_ends = true;
        reader.config_mut().allow_dangling_amp = false;
        Self { text, mark: text.len() - body.len(), reader, open: Vec::new(), root: None, nodes: 0 }
    }

    fn at(&self) -> usize {
        self.mark + usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    fn read(mut self) -> Result<Element<'a>, ErrorAt> {
        loop {
            let at = self.at();
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => return Err(self.explain(at, &error)),
            };
            let end = self.at();
            match event {
                Event::Start(_) => self.start(at, end, false)?,
                Event::Empty(_) => self.start(at, end, true)?,
                Event::End(_) => self.end(at, end)?,
                Event::Text(_) => self.characters(at, end)?,
                Event::CData(_) => self.cdata(at, end)?,
                Event::GeneralRef(_) => self.reference(at, end)?,
                Event::Comment(_) => tag::check_comment(self.text, at, end)?,
                Event::Decl(_) => tag::check_declaration(self.text, at, end, self.mark)?,
                Event::PI(_) => tag::check_instruction(self.text, at, end)?,
                Event::DocType(_) => {
                    return err_at(at, "expected elements only, found a DOCTYPE, which is not accepted");
                }
                Event::Eof => return self.finish(at),
            }
        }
    }

    fn start(&mut self, at: usize, end: usize, empty: bool) -> Result<(), ErrorAt> {
        let inside = tag::slice(self.text, at + 1, end - if empty { 2 } else { 1 });
        let (name, attributes) = tag::parse(inside, at + 1)?;
        if self.open.is_empty() && self.root.is_some() {
            return err_at(at, format!("expected the end of the document, found a second root <{name}>"));
        }
        if self.open.len() >= MAX_DEPTH {
            return err_at(at, format!("expected at most {MAX_DEPTH} levels, found <{name}> one level deeper"));
        }
        self.nodes += 1 + attributes.len();
        if self.nodes > MAX_NODES {
            return err_at(at, format!("expected at most {MAX_NODES} elements and attributes, found more at <{name}>"));
        }
        let element = Element { name, attributes, offset: at, ..Element::default() };
        namespace::check(&element, &self.open)?;
        if empty {
            self.close(element);
        } else {
            self.open.push(element);
        }
        Ok(())
    }

    fn end(&mut self, at: usize, end: usize) -> Result<(), ErrorAt> {
        let name = tag::slice(self.text, at + 2, end - 1).trim_end_matches(tag::SPACE);
        match self.open.pop() {
            Some(element) if element.name == name => {
                self.close(element);
                Ok(())
            }
            Some(element) => err_at(at, format!("expected </{}>, found </{}>", element.name, tag::shorten(name))),
            None => err_at(at, format!("expected no end tag outside the root, found </{}>", tag::shorten(name))),
        }
    }

    fn close(&mut self, element: Element<'a>) {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn characters(&mut self, at: usize, end: usize) -> Result<(), ErrorAt> {
        let text = tag::slice(self.text, at, end);
        if let Some(offset) = text.contains(']').then(|| text.find("]]>")).flatten() {
            return err_at(at + offset, "expected text, found ]]>, which must be written ]]&gt;");
        }
        if self.open.is_empty() {
            return match text.find(|c| !tag::SPACE.contains(&c)) {
                Some(offset) => err_at(
                    at + offset,
                    format!(
                        "expected no text outside the root, found {}",
                        tag::quote(tag::slice(text, offset, text.len()))
                    ),
                ),
                None => Ok(()),
            };
        }
        self.append(text);
        Ok(())
    }

    fn cdata(&mut self, at: usize, end: usize) -> Result<(), ErrorAt> {
        if self.open.is_empty() {
            return err_at(at, "expected no text outside the root, found <![CDATA[");
        }
        self.append(tag::slice(self.text, at + "<![CDATA[".len(), end - "]]>".len()));
        Ok(())
    }

    fn reference(&mut self, at: usize, end: usize) -> Result<(), ErrorAt> {
        let name = tag::slice(self.text, at + 1, end - 1);
        let character = tag::resolve(name).map_err(|message| (at, message))?;
        if self.open.is_empty() {
            return err_at(at, format!("expected no text outside the root, found &{name};"));
        }
        if let Some(element) = self.open.last_mut() {
            element.text.to_mut().push(character);
        }
        Ok(())
    }

    fn append(&mut self, text: &'a str) {
        let Some(element) = self.open.last_mut() else { return };
        if text.contains('\r') {
            element.text.to_mut().push_str(&text.replace("\r\n", "\n").replace('\r', "\n"));
        } else if element.text.is_empty() {
            element.text = Cow::Borrowed(text);
        } else {
            element.text.to_mut().push_str(text);
        }
    }

    fn finish(mut self, at: usize) -> Result<Element<'a>, ErrorAt> {
        if let Some(element) = self.open.pop() {
            return err_at(at, format!("expected </{}>, found the end of the file", element.name));
        }
        self.root.ok_or_else(|| (at, "expected an element, found the end of the file".to_owned()))
    }

    /// Describes quick-xml's error: what started at `at` and did not end.
    fn explain(&self, at: usize, error: &Error) -> ErrorAt {
        let expected = if let Error::Syntax(syntax) = error {
            match syntax {
                SyntaxError::UnclosedTag
                | SyntaxError::UnclosedSingleQuotedAttributeValue
                | SyntaxError::UnclosedDoubleQuotedAttributeValue => "expected > to end the tag",
                SyntaxError::UnclosedComment => "expected --> to end the comment",
                SyntaxError::UnclosedCData => "expected ]]> to end the CDATA section",
                SyntaxError::UnclosedDoctype | SyntaxError::InvalidBangMarkup => {
                    "expected an element, a comment or CDATA"
                }
                SyntaxError::UnclosedXmlDecl | SyntaxError::UnclosedPI => "expected ?> to end the instruction",
            }
        } else {
            "expected well-formed XML"
        };
        let rest = self.text.get(at..).unwrap_or_default();
        (at, format!("{expected}, found {}", tag::quote(rest)))
    }
}
