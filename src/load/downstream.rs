//! Parses `downstream.xml`: machine types, QEMU builds and CPU types of distributions.

use super::attributes::{known_distribution, models, number, quirk, since, version, words, yes_or_no};
use super::error::LoadError;
use super::notation;
use super::xml::{Document, Element};
use crate::domain::catalog::Parts;
use crate::domain::downstream::{
    Difference, DownstreamMachine, MachineAlias, ProductModel, QemuBackport, QemuChanges, Releases,
};
use crate::domain::feature::FeatureSet;
use crate::domain::map::ModelId;
use crate::domain::package::{Distribution, Presence};
use crate::domain::qemu::MachineId;
use crate::domain::version::Version;
use foldhash::HashMap;

/// Reads `downstream.xml` into `parts`; the names of features, models and upstream machine types are known already.
///
/// # Errors
/// The first mistake: an unknown name, a machine type written twice, an attribute missing or not understood.
pub fn read(document: &Document<'_>, parts: &mut Parts) -> Result<(), LoadError> {
    let mut reader = Reader { document, sources: HashMap::default(), differences: HashMap::default() };
    for element in &document.root.children {
        match element.name {
            "distribution" => {
                let distribution = Distribution {
                    mark: document.need(element, "mark")?.into(),
                    name: document.need(element, "name")?.into(),
                    upstream_types: yes_or_no(document, element, "upstream-types")?,
                    without_libvirt: element.get("libvirt").is_some() && !yes_or_no(document, element, "libvirt")?,
                    emulator: element.get("emulator").map(Into::into),
                };
                parts.downstream.distributions.push(distribution);
            }
            "source" => {
                let name = document.need(element, "name")?.to_owned();
                reader.sources.insert(name, document.need(element, "text")?.into());
            }
            "differ" => {
                let name = document.need(element, "name")?.to_owned();
                let difference = reader.difference(element, parts)?;
                reader.differences.insert(name, difference);
            }
            "machine" => {
                let machine = reader.machine(element, parts)?;
                parts.downstream.machines.push(machine);
            }
            "alias" => {
                let alias = MachineAlias {
                    name: document.need(element, "name")?.into(),
                    distribution: reader.distribution(element, parts)?,
                    qemu: (
                        version(document, element, "qemu-since")?.unwrap_or_default(),
                        version(document, element, "qemu-before")?,
                    ),
                    newest: document.need(element, "newest")?.into(),
                };
                parts.downstream.aliases.push(alias);
            }
            "suffix" => {
                let suffix = (document.need(element, "name")?.into(), reader.distribution(element, parts)?);
                parts.downstream.suffixes.push(suffix);
            }
            "qemu" => {
                let row = reader.backport(element, parts)?;
                parts.downstream.backports.push(row);
            }
            "cpu" => {
                let model = ProductModel {
                    name: document.need(element, "name")?.into(),
                    product: document.need(element, "product")?.into(),
                    of: document.need(element, "of")?.into(),
                    features: reader.features(element, "features", parts)?,
                    source: document.need(element, "source")?.into(),
                };
                parts.downstream.models.push(model);
            }
            other => {
                let known = "distribution, source, differ, machine, alias, suffix, qemu, cpu";
                return Err(document.error(element, format!("expected one of {known}, found <{other}>")));
            }
        }
    }
    Ok(())
}

struct Reader<'e, 'a> {
    document: &'e Document<'a>,
    sources: HashMap<String, Box<str>>,
    differences: HashMap<String, Difference>,
}

impl Reader<'_, '_> {
    fn difference(&self, element: &Element<'_>, parts: &Parts) -> Result<Difference, LoadError> {
        if let Some(name) = element.get("may-have") {
            return quirk(self.document, element, name).map(Difference::MayHave);
        }
        let models = element.get("models").map(|_| self.models(element, "models", parts)).transpose()?;
        Ok(Difference::Off(self.features(element, "off", parts)?, models))
    }

    fn machine(&self, element: &Element<'_>, parts: &mut Parts) -> Result<DownstreamMachine, LoadError> {
        let document = self.document;
        let name = document.need(element, "name")?;
        if parts.machines.get(name).is_some() {
            return Err(document.error(element, format!("expected each machine type once, found {name} a second time")));
        }
        let mut like = Vec::new();
        for word in words(element, "like") {
            let (base, since) = since_release(document, element, word)?;
            let known = parts.machines.get(base).map(MachineId);
            let unknown = || document.error(element, format!("expected an upstream machine type, found {base:?}"));
            like.push((since, known.ok_or_else(unknown)?));
        }
        let mut builds = Vec::new();
        for word in words(element, "builds") {
            let (word, presence) =
                word.strip_suffix('?').map_or((word, Presence::Yes), |word| (word, Presence::Unread));
            let (mark, since) = since_release(document, element, word)?;
            builds.push((known_distribution(document, element, parts, mark)?, since, presence));
        }
        let named = |word: &str| {
            let unknown = || document.error(element, format!("expected the name of a <differ>, found {word:?}"));
            self.differences.get(word).cloned().ok_or_else(unknown)
        };
        let differences = words(element, "differs").map(named).collect::<Result<_, _>>()?;
        let source = document.need(element, "source")?;
        let unknown = || document.error(element, format!("expected the name of a <source>, found {source:?}"));
        let source = self.sources.get(source).cloned().ok_or_else(unknown)?;
        let full = || document.error(element, "expected at most 65536 machine types, found one more");
        Ok(DownstreamMachine {
            machine: parts.machines.intern(name).map(MachineId).ok_or_else(full)?,
            like,
            builds,
            differences,
            default_cpu_version: element.get("default-cpu-version").map(Into::into),
            certainty: document.need(element, "certainty")?.into(),
            source,
            note: element.get("note").map(Into::into),
        })
    }

    fn backport(&self, element: &Element<'_>, parts: &Parts) -> Result<QemuBackport, LoadError> {
        let document = self.document;
        let series = version(document, element, "series")?.map(|version| Releases::Series(version.series()));
        let release = version(document, element, "release")?.map(Releases::One);
        let quirks = words(element, "quirks").map(|name| quirk(document, element, name));
        Ok(QemuBackport {
            releases: release.or(series).unwrap_or(Releases::Others),
            distribution: self.distribution(element, parts)?,
            since: since(document, element)?,
            unread_from: number(document, element, "unread-from")?,
            changes: QemuChanges {
                properties: self.features(element, "names", parts)?,
                models: self.models(element, "models", parts)?,
                removed: self.models(element, "removed", parts)?,
                kept: self.features(element, "keeps", parts)?,
                quirks_of: version(document, element, "quirks-of")?,
                quirks: quirks.collect::<Result<_, _>>()?,
            },
            source: document.need(element, "source")?.into(),
        })
    }

    fn distribution(&self, element: &Element<'_>, parts: &Parts) -> Result<Box<str>, LoadError> {
        known_distribution(self.document, element, parts, self.document.need(element, "distribution")?)
    }

    fn features(&self, element: &Element<'_>, attribute: &str, parts: &Parts) -> Result<FeatureSet, LoadError> {
        notation::apply(FeatureSet::EMPTY, words(element, attribute), &parts.features)
            .map_err(|word| self.document.error(element, format!("expected names of features, found {word:?}")))
    }

    fn models(&self, element: &Element<'_>, attribute: &str, parts: &Parts) -> Result<Vec<ModelId>, LoadError> {
        models(self.document, element, attribute, parts)
    }
}

/// Splits `NAME@RELEASE`; without a release it is the first of all.
fn since_release<'w>(
    document: &Document<'_>,
    element: &Element<'_>,
    word: &'w str,
) -> Result<(&'w str, Version), LoadError> {
    let Some((name, release)) = word.split_once('@') else { return Ok((word, Version::default())) };
    let wrong = |error| document.error(element, format!("{error} after @, found {release:?}"));
    Ok((name, release.parse().map_err(wrong)?))
}
