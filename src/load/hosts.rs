//! Parses `hosts.xml` and `products.xml`.

use super::error::LoadError;
use super::notation;
use super::xml::{Document, Element};
use crate::domain::catalog::{Parts, Product};
use crate::domain::feature::FeatureSet;
use crate::domain::host::{Host, HostSource, Silicon, Vendor};
use foldhash::HashMap;

/// Reads `hosts.xml` into `parts`; the feature names are known already.
///
/// # Errors
/// The first mistake: an unknown feature, vendor or list, an attribute missing or not understood.
pub fn read_hosts(document: &Document<'_>, parts: &mut Parts) -> Result<(), LoadError> {
    let mut asked: HashMap<&str, FeatureSet> = HashMap::default();
    for element in document.root.children_named("asked") {
        let before = like(document, element, |name| asked.get(name).copied())?;
        let set = apply(document, element, before, parts)?;
        asked.insert(document.need(element, "name")?, set);
    }
    for element in document.root.children_named("host") {
        let host = host(document, element, &asked, parts)?;
        if parts.hosts.iter().any(|known| known.name == host.name) {
            return Err(document.error(element, format!("expected each host once, found {} a second time", host.name)));
        }
        parts.hosts.push(host);
    }
    Ok(())
}

fn host(
    document: &Document<'_>,
    element: &Element<'_>,
    lists: &HashMap<&str, FeatureSet>,
    parts: &Parts,
) -> Result<Host, LoadError> {
    let named = |name: &str| parts.hosts.iter().find(|host| &*host.name == name);
    let before = like(document, element, |name| named(name).map(|host| host.features))?;
    let features = apply(document, element, before, parts)?;
    let vendor = document.need(element, "vendor")?;
    let listed = match element.get("asked-map") {
        Some(_) => known_to_map(document, element, parts)?,
        None => {
            let list = document.need(element, "asked")?;
            let unknown = || document.error(element, format!("expected the name of an <asked>, found {list:?}"));
            *lists.get(list).ok_or_else(unknown)?
        }
    };
    let silicon = |child: &Element<'_>| {
        let of = |name: &str| Some(named(name)?.silicon?.features);
        let features = apply(document, child, like(document, child, of)?, parts)?;
        Ok::<_, LoadError>(Silicon { features, asked: known_to_map(document, child, parts)? | features })
    };
    Ok(Host {
        name: document.need(element, "name")?.into(),
        vendor: Vendor::parse(vendor).ok_or_else(|| {
            let known = Vendor::ALL.map(Vendor::name).join(", ");
            document.error(element, format!("expected one of the vendors {known}, found {vendor:?}"))
        })?,
        family: number(document, element, "family")?,
        model: number(document, element, "model")?,
        stepping: number(document, element, "stepping")?,
        model_id: document.need(element, "model-id")?.into(),
        recorded: element.get("recorded").unwrap_or_default().into(),
        qemu: element.get("qemu").unwrap_or_default().into(),
        features,
        // A name in the host's own list was known there, too.
        asked: listed | features,
        silicon: element.child("silicon").map(silicon).transpose()?,
        source: match element.get("read-from") {
            None => HostSource::QemuReply,
            Some("libvirt-tests") => HostSource::LibvirtTests,
            Some(other) => {
                return Err(document.error(element, format!("expected libvirt-tests in read-from, found {other:?}")));
            }
        },
    })
}

/// Returns every feature that the map of the release in `asked-map` knows.
fn known_to_map(document: &Document<'_>, element: &Element<'_>, parts: &Parts) -> Result<FeatureSet, LoadError> {
    let name = document.need(element, "asked-map")?;
    let release = parts.releases.iter().find(|release| &*release.name == name);
    let map = release.and_then(|release| parts.maps.get(usize::from(release.map.0)));
    let unknown = || document.error(element, format!("expected a release with a map in asked-map, found {name:?}"));
    Ok(map.ok_or_else(unknown)?.known)
}

/// Reads `products.xml` into `parts`.
///
/// # Errors
/// The first product with an attribute missing.
pub fn read_products(document: &Document<'_>, parts: &mut Parts) -> Result<(), LoadError> {
    let products = &mut parts.products;
    for element in &document.root.children {
        let need = |name: &str| document.need(element, name).map(Box::<str>::from);
        match element.name {
            "same" => products.same.push((need("name")?, need("as")?)),
            "codename" => products.codenames.push([need("product")?, need("name")?, need("version")?]),
            "adds" => products.adds.push([need("product")?, need("feature")?, need("since")?]),
            "product" => {
                let text = |name: &str| element.get(name).map(Box::<str>::from);
                let product = Product {
                    name: need("name")?,
                    through: text("through"),
                    libvirt: text("libvirt").unwrap_or_default(),
                    qemu: text("qemu").unwrap_or_default(),
                    certainty: need("certainty")?,
                    source: need("source")?,
                    note: text("note"),
                };
                let list =
                    if product.libvirt.is_empty() { &mut products.without_libvirt } else { &mut products.listed };
                list.push(product);
            }
            other => {
                let message = format!("expected one of same, codename, adds, product, found <{other}>");
                return Err(document.error(element, message));
            }
        }
    }
    Ok(())
}

fn like(
    document: &Document<'_>,
    element: &Element<'_>,
    find: impl Fn(&str) -> Option<FeatureSet>,
) -> Result<FeatureSet, LoadError> {
    let Some(name) = element.get("like") else { return Ok(FeatureSet::EMPTY) };
    find(name)
        .ok_or_else(|| document.error(element, format!("expected a name written before this one, found {name:?}")))
}

fn apply(
    document: &Document<'_>,
    element: &Element<'_>,
    before: FeatureSet,
    parts: &Parts,
) -> Result<FeatureSet, LoadError> {
    notation::apply(before, element.words(), &parts.features)
        .map_err(|word| document.error(element, format!("expected names of features, found {word:?}")))
}

fn number(document: &Document<'_>, element: &Element<'_>, attribute: &str) -> Result<u32, LoadError> {
    let text = document.need(element, attribute)?;
    text.parse()
        .ok()
        .ok_or_else(|| document.error(element, format!("expected a number in {attribute}, found {text:?}")))
}
