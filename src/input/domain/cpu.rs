//! Parses a `<cpu>` element: mode, match, check, model, and the features with their policies.

use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, Definition, Fallback, Match, Mode, Policies, Policy};
use crate::domain::host::Vendor;
use crate::domain::map::ModelId;
use crate::domain::names::did_you_mean;
use crate::domain::qemu::Accel;
use crate::load::LoadError;
use crate::load::xml::{Document, Element};

/// The length of a `vendor_id`.
const VENDOR_ID: usize = 12;

/// A `<cpu>` as written: what it does not say is `None`.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Cpu {
    pub(super) mode: Mode,
    pub(super) model: Option<ModelId>,
    pub(super) matching: Option<Match>,
    pub(super) check: Option<Check>,
    pub(super) fallback: Option<Fallback>,
    pub(super) vendor: Option<Vendor>,
    /// The vendor that the guest sees in place of the host's or the model's (`vendor_id`).
    pub(super) told_vendor: Option<String>,
    pub(super) migratable: Option<bool>,
    pub(super) features: Policies,
}

impl Default for Cpu {
    fn default() -> Self {
        Self {
            mode: Mode::Custom,
            model: None,
            matching: None,
            check: None,
            fallback: None,
            vendor: None,
            told_vendor: None,
            migratable: None,
            features: Policies::default(),
        }
    }
}

impl Cpu {
    /// Returns the definition, with what libvirt fills in.
    pub(super) fn definition(self, accel: Accel) -> Definition {
        let filled_in = match self.mode {
            Mode::HostModel => Check::Partial,
            Mode::Custom if accel == Accel::Kvm => Check::Partial,
            Mode::Custom | Mode::HostPassthrough | Mode::Maximum => Check::None,
        };
        Definition {
            mode: self.mode,
            model: self.model.filter(|_| self.mode == Mode::Custom),
            matching: self.matching.unwrap_or(Match::Exact),
            check: self.check.unwrap_or(filled_in),
            fallback: self.fallback.unwrap_or(Fallback::Allow),
            vendor: self.vendor,
            features: self.features,
        }
    }
}

/// Reads the element.
///
/// # Errors
/// A value libvirt does not have, a model or feature that are unknown, a feature a second time, features without a
/// model, `migratable` in another mode than host-passthrough and maximum.
pub(super) fn read(catalog: &Catalog, document: &Document<'_>, element: &Element<'_>) -> Result<Cpu, LoadError> {
    let mut cpu = Cpu {
        mode: keyword(document, element, "mode", Mode::ALL, Mode::name)?.unwrap_or(Mode::Custom),
        matching: keyword(document, element, "match", Match::ALL, Match::name)?,
        check: keyword(document, element, "check", Check::ALL, Check::name)?,
        migratable: keyword(document, element, "migratable", &[true, false], |on| if on { "on" } else { "off" })?,
        ..Cpu::default()
    };
    // virCPUDefParseXML.
    if cpu.migratable.is_some() && matches!(cpu.mode, Mode::Custom | Mode::HostModel) {
        let mode = cpu.mode.name();
        return Err(document.error(
            element,
            format!("expected migratable only in mode host-passthrough or maximum, found it in mode {mode}; remove it"),
        ));
    }
    if let Some(model) = element.child("model") {
        read_model(catalog, document, model, &mut cpu)?;
    }
    if let Some(vendor) = element.child("vendor").filter(|vendor| !vendor.text.trim().is_empty()) {
        let name = vendor.text.trim();
        // virCPUx86Compare compares it with the host's, letter by letter.
        cpu.vendor = Vendor::ALL.into_iter().find(|vendor| name.split(' ').next() == Some(vendor.name()));
        if cpu.vendor.is_none() {
            let names: Vec<&str> = Vendor::ALL.iter().map(|vendor| vendor.name()).collect();
            let message = format!(
                "expected one of {} in <vendor>, found {name:?}; libvirt refuses it on any host",
                names.join(", ")
            );
            return Err(document.error(vendor, message));
        }
    }
    let mut seen: Option<&Element<'_>> = None;
    for feature in element.children_named("feature") {
        read_feature(catalog, document, feature, &mut cpu.features)?;
        seen = seen.or(Some(feature));
    }
    match seen {
        Some(feature) if cpu.mode == Mode::Custom && cpu.model.is_none() => {
            Err(document.error(feature, "expected a <model> before the features, found none"))
        }
        _ => Ok(cpu),
    }
}

fn read_model(
    catalog: &Catalog,
    document: &Document<'_>,
    element: &Element<'_>,
    cpu: &mut Cpu,
) -> Result<(), LoadError> {
    cpu.fallback = keyword(document, element, "fallback", Fallback::ALL, Fallback::name)?;
    cpu.told_vendor = element.get("vendor_id").filter(|text| !text.is_empty()).map(str::to_owned);
    // virCPUDefParseXML.
    if let Some(told) = cpu.told_vendor.as_ref().filter(|told| told.len() != VENDOR_ID) {
        return Err(document.error(element, format!("expected {VENDOR_ID} characters in vendor_id, found {told:?}")));
    }
    let name = element.text.trim();
    if name.is_empty() {
        return Ok(());
    }
    let known = catalog.model(name).filter(|_| !matches!(name, "base" | "host" | "max"));
    cpu.model = Some(known.ok_or_else(|| {
        let near = did_you_mean(name, catalog.models().iter());
        document.error(element, format!("expected a CPU model that libvirt or QEMU has, found {name:?}{near}"))
    })?);
    Ok(())
}

fn read_feature(
    catalog: &Catalog,
    document: &Document<'_>,
    element: &Element<'_>,
    features: &mut Policies,
) -> Result<(), LoadError> {
    let name = document.need(element, "name")?;
    let policy = keyword(document, element, "policy", Policy::ALL, Policy::name)?.unwrap_or(Policy::Require);
    let Some(feature) = catalog.feature(name) else {
        let near = did_you_mean(name, catalog.features().iter());
        return Err(
            document.error(element, format!("expected a CPU feature that a libvirt map has, found {name:?}{near}"))
        );
    };
    if let Some(before) = features.get(feature) {
        let message = format!(
            "expected each feature once, found {name:?} with policy {} after policy {}; libvirt refuses that, remove one",
            policy.name(),
            before.name()
        );
        return Err(document.error(element, message));
    }
    features.set(feature, policy);
    Ok(())
}

/// Reads an attribute that has one of a few values.
fn keyword<T: Copy>(
    document: &Document<'_>,
    element: &Element<'_>,
    attribute: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<Option<T>, LoadError> {
    let Some(text) = element.get(attribute) else { return Ok(None) };
    let found = all.iter().copied().find(|value| name(*value) == text);
    found.map(Some).ok_or_else(|| {
        let words: Vec<&str> = all.iter().map(|value| name(*value)).collect();
        let near = did_you_mean(text, words.iter().copied());
        let message = format!("expected one of {} in {attribute}, found {text:?}{near}", words.join(", "));
        document.error(element, message)
    })
}
