//! Checks names with prefixes as Namespaces in XML 1.0 requires.

use super::{Element, ErrorAt, err_at};
use std::borrow::Cow;

/// What the prefix `xml` is bound to without being declared, and no other may be (section 3).
const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// What the prefix `xmlns` is bound to, and no other may be (section 3).
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Refuses wrong bindings, unbound prefixes, an element with the prefix `xmlns`, and two attributes whose prefixes mean
/// the same.
pub(super) fn check(element: &Element<'_>, around: &[Element<'_>]) -> Result<(), ErrorAt> {
    if !written_with_prefix(element.name) && !element.attributes.iter().any(|(name, _)| binds_or_has_prefix(name)) {
        return Ok(());
    }
    for (name, bound) in &element.attributes {
        if let Some(prefix) = name.strip_prefix("xmlns:") {
            check_binding(element, prefix, bound)?;
        } else if *name == "xmlns" && [XML, XMLNS].contains(&&**bound) {
            return err_at(element.offset, format!("expected another namespace in xmlns than {bound:?}"));
        }
    }
    match element.name.split_once(':') {
        Some(("xmlns", _)) => {
            let message = format!("expected an element, found <{}>, which only attributes are called", element.name);
            return err_at(element.offset, message);
        }
        Some((prefix, _)) => {
            bound(prefix, element, around)?;
        }
        None => {}
    }
    let mut found: Vec<(&str, &str, &str)> = Vec::new();
    for (name, _) in &element.attributes {
        let Some((prefix, local)) = name.split_once(':').filter(|(prefix, _)| *prefix != "xmlns") else { continue };
        let namespace = bound(prefix, element, around)?;
        if let Some((_, _, before)) = found.iter().find(|known| (known.0, known.1) == (namespace, local)) {
            let message = format!("expected each attribute once, found {name:?} for the same as {before:?}");
            return err_at(element.offset, message);
        }
        found.push((namespace, local, name));
    }
    Ok(())
}

fn written_with_prefix(name: &str) -> bool {
    name.bytes().any(|byte| byte == b':')
}

fn binds_or_has_prefix(name: &str) -> bool {
    name == "xmlns" || written_with_prefix(name)
}

/// Refuses what no `xmlns:` attribute may say.
fn check_binding(element: &Element<'_>, prefix: &str, bound: &str) -> Result<(), ErrorAt> {
    let expected = match (prefix, bound) {
        ("xml", XML) => return Ok(()),
        ("xml", _) => format!("xmlns:xml to be {XML:?}"),
        ("xmlns", _) => "no attribute xmlns:xmlns".to_owned(),
        (_, "") => format!("a namespace in xmlns:{prefix}"),
        (_, XML | XMLNS) => format!("another namespace in xmlns:{prefix}"),
        _ => return Ok(()),
    };
    err_at(element.offset, format!("expected {expected}, found {bound:?}"))
}

/// Returns the namespace of a prefix in this element.
fn bound<'e>(prefix: &str, element: &'e Element<'_>, around: &'e [Element<'_>]) -> Result<&'e str, ErrorAt> {
    if prefix == "xml" {
        return Ok(XML);
    }
    let binds = |(name, value): &'e (&str, Cow<'_, str>)| {
        name.strip_prefix("xmlns:").filter(|bound| *bound == prefix).map(|_| &**value)
    };
    std::iter::once(element)
        .chain(around.iter().rev())
        .find_map(|e| e.attributes.iter().find_map(binds))
        .ok_or_else(|| (element.offset, format!("expected the prefix {prefix:?} to be bound by xmlns:{prefix}")))
}
