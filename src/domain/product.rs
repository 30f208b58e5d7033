//! Describes products: distributions and KubeVirt releases with the packages of libvirt and QEMU that they ship.

use super::names::nearest;
use serde::{Deserialize, Serialize};
use strsim::osa_distance;

/// A release of a distribution or of KubeVirt, with the packages that it ships.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Product {
    /// `debian:12`.
    pub name: Box<str>,
    /// The last release with the same packages, if there are several.
    pub through: Option<Box<str>>,
    /// The libvirt package, `9.0.0-3.el9`.
    pub libvirt: Box<str>,
    /// The QEMU package.
    pub qemu: Box<str>,
    /// The certainty, such as `read` or `inferred`, as written in the facts.
    pub certainty: Box<str>,
    /// The source, as written in the facts.
    pub source: Box<str>,
    /// A note for users, as a fragment.
    pub note: Option<Box<str>>,
}

/// Every product, with the other names that they and their versions have.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Products {
    /// Those with libvirt and QEMU.
    pub(crate) listed: Vec<Product>,
    /// Those of which no libvirt is known: `qemu` is empty too where nothing is.
    pub(crate) without_libvirt: Vec<Product>,
    /// Names of products that ship what another one ships.
    pub(crate) same: Vec<(Box<str>, Box<str>)>,
    /// Product, codename, version.
    pub(crate) codenames: Vec<[Box<str>; 3]>,
    /// Product, feature, and the version since which it adds the feature to definitions that it writes.
    pub(crate) adds: Vec<[Box<str>; 3]>,
}

/// Why there is no product.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum NoProduct<'p> {
    /// It uses QEMU without libvirt.
    WithoutLibvirt(&'p Product),
    /// What it ships was not read.
    NotRead,
    /// No product has the name; this is the nearest one.
    Unknown(Option<&'p str>),
}

impl Products {
    /// Returns those with libvirt and QEMU, of each product the newest release first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Product> {
        self.listed.chunk_by(|one, next| one.product() == next.product()).flat_map(|group| group.iter().rev())
    }

    /// Returns the product of this name: as listed, by another of its names, or the nearest patch release below.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn find(&self, name: &str) -> Result<&Product, NoProduct<'_>> {
        let (product, version) = name.split_once(':').unwrap_or((name, ""));
        let listed_as = self.same.iter().find(|(other, _)| **other == *product).map_or(product, |(_, listed)| listed);
        let coded = self.codenames.iter().find(|[of, code, _]| **of == *listed_as && **code == *version);
        let version = coded.map_or(version, |[_, _, version]| version);
        let of_product = |known: &&Product| known.is_of(listed_as);
        let exact = |known: &&Product| of_product(known) && known.ships_in(version);
        if let Some(known) = self.listed.iter().find(exact) {
            return Ok(known);
        }
        if let Some(known) = self.without_libvirt.iter().find(exact) {
            return Err(if known.qemu.is_empty() { NoProduct::NotRead } else { NoProduct::WithoutLibvirt(known) });
        }
        let below = self.listed.iter().filter(of_product).filter(|known| is_patch_of(version, known.version()));
        below.max_by_key(|known| numbers(known.version())).ok_or_else(|| {
            let of_product: Vec<&Product> = self.listed.iter().filter(of_product).collect();
            let number = |known: &&&Product| numbers(known.version());
            let asked = numbers(version);
            let older = || of_product.iter().filter(|known| number(known) < asked);
            let same_major = |known: &&&Product| number(known).first() == asked.first();
            let near = older().filter(same_major).max_by_key(number);
            let near = near.or_else(|| of_product.iter().find(same_major)).or_else(|| older().max_by_key(number));
            let near = near.or(of_product.first());
            NoProduct::Unknown(near.map(|known| &*known.name).or_else(|| {
                // A different version of a different product does not help.
                let asked = format!("{listed_as}:{version}");
                let names = self.listed.iter().map(|known| &*known.name);
                nearest(&asked, names).filter(|name| osa_distance(name, &asked) <= MISSPELT)
            }))
        })
    }

    /// Returns whether the product of this name adds a feature to the definitions that it writes; `None` if it is not
    /// known to do so in any version.
    pub(crate) fn adds(&self, feature: &str, name: &str) -> Option<bool> {
        let (product, version) = name.split_once(':')?;
        let since = numbers(self.adds_since(product, feature)?);
        let number = numbers(version.split('-').next().unwrap_or(version));
        (!number.is_empty()).then(|| since <= number)
    }

    /// Returns the first version of a product that adds the feature.
    pub(crate) fn adds_since(&self, product: &str, feature: &str) -> Option<&str> {
        let of = |[of, added, _]: &&[Box<str>; 3]| **of == *product && **added == *feature;
        self.adds.iter().find(of).map(|[_, _, since]| &**since)
    }

    /// Returns whether the name is that of the product, and not of a patch release above it.
    pub(crate) fn is_listed(&self, name: &str) -> bool {
        let Ok(found) = self.find(name) else { return false };
        let version = name.split_once(':').map_or("", |(_, version)| version);
        self.codenames.iter().any(|[_, code, _]| **code == *version) || found.ships_in(version)
    }
}

impl Product {
    /// Returns whether it is a release of the product of this name.
    pub(crate) fn is_of(&self, name: &str) -> bool {
        self.product() == name
    }

    /// Returns the name without the version.
    pub(crate) fn product(&self) -> &str {
        self.name.split_once(':').map_or("", |(product, _)| product)
    }

    pub(crate) fn version(&self) -> &str {
        self.name.split_once(':').map_or("", |(_, version)| version)
    }

    /// The last of its QEMU packages: `8.0.0-pve to 9.2.0-pve` has several.
    pub(crate) fn newest_qemu(&self) -> &str {
        self.qemu.rsplit(' ').next().unwrap_or_default()
    }

    /// Whether it is this version, or the version is one of those through which it ships the same.
    fn ships_in(&self, version: &str) -> bool {
        let (first, asked) = (numbers(self.version()), numbers(version));
        let last = self.through.as_deref().map_or_else(|| first.clone(), numbers);
        self.version() == version || (!asked.is_empty() && !first.is_empty() && first <= asked && asked <= last)
    }
}

/// A name that differs in so few letters is taken to be misspelt.
const MISSPELT: usize = 2;

/// Returns the numbers of a version, without zeroes at the end; empty if it is not a version.
fn numbers(version: &str) -> Vec<u32> {
    let parts: Option<Vec<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
    let mut parts = parts.unwrap_or_default();
    while parts.len() > 2 && parts.last() == Some(&0) {
        parts.pop();
    }
    parts
}

/// Returns whether a version is a later patch release of one that is listed: `1.6.9` of `1.6.3`, `12.5` of `12`.
fn is_patch_of(version: &str, listed: &str) -> bool {
    let (version, listed) = (numbers(version), numbers(listed));
    let minor = listed.len().min(2);
    version > listed && minor > 0 && version.len() > minor && version.get(..minor) == listed.get(..minor)
}
