//! Parses the attributes that several files of the facts share: releases, builds, marks, quirks.

use super::error::LoadError;
use super::xml::{Document, Element};
use crate::domain::behaviour::QuirkKind;
use crate::domain::catalog::Parts;
use crate::domain::map::ModelId;
use crate::domain::package::{BuildNumber, Since};
use crate::domain::version::Version;

/// Returns the release an attribute names, if it is there.
pub(super) fn version(
    document: &Document<'_>,
    element: &Element<'_>,
    attribute: &str,
) -> Result<Option<Version>, LoadError> {
    let read = |text: &str| {
        text.parse().map_err(|error| document.error(element, format!("{error} in {attribute}, found {text:?}")))
    };
    element.get(attribute).map(read).transpose()
}

/// Returns the release an attribute names, which has to be there.
pub(super) fn need_version(
    document: &Document<'_>,
    element: &Element<'_>,
    attribute: &str,
) -> Result<Version, LoadError> {
    document.need(element, attribute)?;
    Ok(version(document, element, attribute)?.unwrap_or_default())
}

/// Returns the models that an attribute names; none where it is missing.
pub(super) fn models(
    document: &Document<'_>,
    element: &Element<'_>,
    attribute: &str,
    parts: &Parts,
) -> Result<Vec<ModelId>, LoadError> {
    let named = |word: &str| {
        let unknown = || document.error(element, format!("expected the name of a model, found {word:?}"));
        parts.models.get(word).map(ModelId).ok_or_else(unknown)
    };
    words(element, attribute).map(named).collect()
}

/// Returns the words of an attribute; none where it is missing.
pub(super) fn words<'e>(element: &'e Element<'_>, attribute: &str) -> impl Iterator<Item = &'e str> + use<'e> {
    element.get(attribute).unwrap_or_default().split_ascii_whitespace()
}

/// Returns the mark of a distribution, which has to be one of those listed.
pub(super) fn known_distribution(
    document: &Document<'_>,
    element: &Element<'_>,
    parts: &Parts,
    mark: &str,
) -> Result<Box<str>, LoadError> {
    let known = parts.downstream.distributions.iter().find(|distribution| &*distribution.mark == mark);
    let unknown = || document.error(element, format!("expected the mark of a distribution, found {mark:?}"));
    known.map(|distribution| distribution.mark.clone()).ok_or_else(unknown)
}

/// Returns the builds that have something: those from `since`, those known by `by`, all, or unread ones.
pub(super) fn since(document: &Document<'_>, element: &Element<'_>) -> Result<Since, LoadError> {
    if element.get("unread").is_some() && yes_or_no(document, element, "unread")? {
        return Ok(Since::Unread);
    }
    let (since, by) = (number(document, element, "since")?, number(document, element, "by")?);
    Ok(since.map(Since::Build).or(by.map(Since::By)).unwrap_or(Since::Every))
}

/// Returns the build that an attribute names: its number, that of the minor release, that of the update.
pub(super) fn number(
    document: &Document<'_>,
    element: &Element<'_>,
    attribute: &str,
) -> Result<Option<BuildNumber>, LoadError> {
    let Some(text) = element.get(attribute) else { return Ok(None) };
    let wrong =
        || document.error(element, format!("expected one to three numbers with dots in {attribute}, found {text:?}"));
    let mut parts = [0; 3];
    let mut places = parts.iter_mut();
    for part in text.split('.') {
        *places.next().ok_or_else(wrong)? = part.parse().ok().ok_or_else(wrong)?;
    }
    Ok(Some(BuildNumber(parts)))
}

pub(super) fn quirk(document: &Document<'_>, element: &Element<'_>, name: &str) -> Result<QuirkKind, LoadError> {
    QuirkKind::parse(name).ok_or_else(|| {
        let known: Vec<_> = QuirkKind::ALL.iter().map(|kind| kind.name()).collect();
        document.error(element, format!("expected one of {}, found {name:?}", known.join(", ")))
    })
}

pub(super) fn yes_or_no(document: &Document<'_>, element: &Element<'_>, attribute: &str) -> Result<bool, LoadError> {
    match document.need(element, attribute)? {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => Err(document.error(element, format!("expected yes or no in {attribute}, found {other:?}"))),
    }
}
