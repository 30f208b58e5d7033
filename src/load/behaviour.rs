//! Parses `behaviour.xml`: switches with dates, backports, quirks.

use super::attributes::{known_distribution, models, need_version, quirk as quirk_named, since, version, words};
use super::error::LoadError;
use super::notation;
use super::xml::{Document, Element};
use crate::domain::behaviour::{Backport, Dated, MachineLifetime, Quirk, Setting, SwitchHistory, TakenFromMap};
use crate::domain::catalog::Parts;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::names::Names;
use crate::domain::version::Version;

/// Reads `behaviour.xml` into `parts`; the feature names are known already.
///
/// # Errors
/// The first mistake: an unknown switch or value, dates out of order, an attribute missing or not understood.
pub fn read(document: &Document<'_>, parts: &mut Parts) -> Result<(), LoadError> {
    for element in document.root.children_named("source-tree") {
        parts.decisions.source_trees.push(need_version(document, element, "release")?);
    }
    for element in document.root.children_named("qemu-facts") {
        parts.decisions.first_qemu = need_version(document, element, "since")?;
    }
    for element in document.root.children_named("decode-compared") {
        parts.decisions.first_compared = need_version(document, element, "since")?;
    }
    for element in document.root.children_named("milestone") {
        let milestone = (need_version(document, element, "libvirt")?, need_version(document, element, "qemu")?);
        parts.decisions.milestones.push(milestone);
    }
    for element in document.root.children_named("host-milestone") {
        let [libvirt, qemu] = ["libvirt", "qemu"].map(|name| need_version(document, element, name));
        parts.decisions.host_milestones.push((document.need(element, "vmx")? == "yes", libvirt?, qemu?));
    }
    for element in document.root.children_named("switch") {
        parts.decisions.switches.push(switch(document, element, &parts.features)?);
    }
    for element in document.root.children_named("backport") {
        let backport = backport(document, element, parts)?;
        parts.decisions.backports.push(backport);
    }
    for element in document.root.children_named("quirk") {
        parts.decisions.quirks.push(quirk(document, element)?);
    }
    for element in document.root.children_named("machine-lifetime") {
        let text = document.need(element, "majors")?;
        let Ok(majors) = text.parse() else {
            return Err(document.error(element, format!("expected a number, found {text:?}")));
        };
        parts.decisions.machine_lifetime = Some(MachineLifetime {
            since: need_version(document, element, "since")?,
            majors,
            source: document.need(element, "source")?.into(),
        });
    }
    for element in document.root.children_named("tcg-max") {
        let text = document.need(element, "signature")?;
        let signature =
            text.parse().map_err(|wanted| document.error(element, format!("expected {wanted}, found {text:?}")))?;
        parts.decisions.tcg_signatures.push((need_version(document, element, "since")?, signature));
    }
    Ok(())
}

fn switch(document: &Document<'_>, element: &Element<'_>, features: &Names) -> Result<SwitchHistory, LoadError> {
    let name = document.need(element, "name")?;
    let mut values: Vec<Dated> = Vec::new();
    for value in element.children_named("value") {
        let dated = Dated {
            setting: setting(document, value, name, features)?,
            since: version(document, value, "since")?,
            after: version(document, value, "after")?,
            source: document.need(value, "source")?.into(),
            inferred: value.get("inferred") == Some("yes"),
        };
        if values.last().map(|before| before.since) >= Some(dated.since) {
            return Err(document.error(value, "expected the values of a switch oldest first, found one out of order"));
        }
        values.push(dated);
    }
    Ok(SwitchHistory { doc: document.need(element, "doc")?.into(), values })
}

fn setting(document: &Document<'_>, element: &Element<'_>, name: &str, features: &Names) -> Result<Setting, LoadError> {
    let value = document.need(element, "is")?;
    Setting::parse(name, value, &|feature| features.get(feature).map(FeatureId))
        .map_err(|expected| document.error(element, format!("expected {expected}, found {name}={value:?}")))
}

fn backport(document: &Document<'_>, element: &Element<'_>, parts: &Parts) -> Result<Backport, LoadError> {
    let setting = |set: &Element<'_>| setting(document, set, document.need(set, "switch")?, &parts.features);
    let taken = |take: &Element<'_>| {
        let name = document.need(take, "of")?;
        let release = parts.releases.iter().find(|release| &*release.name == name);
        let unknown = || document.error(take, format!("expected a release with a map, found {name:?}"));
        let features = notation::apply(FeatureSet::EMPTY, words(take, "features"), &parts.features);
        Ok::<_, LoadError>(TakenFromMap {
            map: release.ok_or_else(unknown)?.map,
            models: models(document, take, "models", parts)?,
            features: features
                .map_err(|word| document.error(take, format!("expected names of features, found {word:?}")))?,
        })
    };
    Ok(Backport {
        release: need_version(document, element, "release")?,
        since: since(document, element)?,
        distribution: known_distribution(document, element, parts, document.need(element, "distribution")?)?,
        settings: element.children_named("set").map(setting).collect::<Result<_, _>>()?,
        taken: element.children_named("take").map(taken).collect::<Result<_, _>>()?,
        source: document.need(element, "source")?.into(),
    })
}

fn quirk(document: &Document<'_>, element: &Element<'_>) -> Result<Quirk, LoadError> {
    let kind = document.need(element, "kind")?;
    Ok(Quirk {
        kind: quirk_named(document, element, kind)?,
        since: need_version(document, element, "since")?,
        until: version(document, element, "until")?,
        machines_since: version(document, element, "machines-since")?.map(Version::series),
        source: document.need(element, "source")?.into(),
    })
}
