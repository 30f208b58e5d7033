//! The facts as plain lists of strings, taken out of the product's catalog once.

use super::releases::{Number, number};
use super::{Host, Question};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use virt_cpu_explorer::internal::domain::catalog::{Catalog, ReleaseMap};
use virt_cpu_explorer::internal::domain::feature::{FeatureId, FeatureSet};
use virt_cpu_explorer::internal::domain::map::Register;
use virt_cpu_explorer::internal::domain::qemu::{Accel, ModelDefaults, QemuFacts};

/// Every fact the naive resolver asks for.
pub(crate) struct PlainFacts {
    /// Every feature name: the newest map's in map order, then the others.
    pub(crate) order: Vec<String>,
    /// The same in the order in which QEMU lists unavailable ones.
    pub(crate) qemu_order: Vec<String>,
    maps: BTreeMap<String, Arc<PlainMap>>,
    qemus: BTreeMap<String, PlainQemu>,
    cells: BTreeMap<(String, String), PlainCells>,
    cell_machines: BTreeSet<String>,
    hosts: BTreeMap<String, PlainHost>,
}

/// One libvirt CPU map.
#[derive(Clone)]
pub(crate) struct PlainMap {
    pub(crate) order: Vec<String>,
    pub(crate) known: BTreeSet<String>,
    pub(crate) not_migratable: BTreeSet<String>,
    /// The features that are bits of a model-specific register, with its number.
    pub(crate) registers: BTreeMap<String, u32>,
    pub(crate) models: BTreeMap<String, PlainModel>,
}

/// One model of a map.
#[derive(Clone)]
pub(crate) struct PlainModel {
    pub(crate) data: BTreeSet<String>,
    pub(crate) removed: Vec<String>,
    pub(crate) added: Vec<String>,
    pub(crate) ancestor: Option<String>,
    pub(crate) vendor: Option<String>,
    pub(crate) partial_compat: bool,
    /// Whether it may be chosen for a guest.
    pub(crate) decode_guest: bool,
    /// Family, model, and the steppings as written.
    pub(crate) signatures: Vec<(String, String, Option<String>)>,
}

/// One QEMU release.
#[derive(Clone)]
pub(crate) struct PlainQemu {
    pub(crate) number: Number,
    pub(crate) name: String,
    pub(crate) machines: BTreeSet<String>,
    pub(crate) newest_machine: String,
    pub(crate) models: BTreeSet<String>,
    pub(crate) properties: BTreeSet<String>,
    pub(crate) dependencies: Vec<(String, BTreeSet<String>)>,
    pub(crate) tcg_unsupported: BTreeSet<String>,
    pub(crate) tcg_carried: BTreeSet<String>,
    pub(crate) tcg_max: BTreeSet<String>,
}

/// The features that a model enables under one accelerator.
struct PlainCells {
    always: BTreeSet<String>,
    only_on: Vec<(String, BTreeSet<String>)>,
}

/// One host.
#[derive(Clone)]
pub(crate) struct PlainHost {
    pub(crate) vendor: String,
    pub(crate) features: BTreeSet<String>,
    pub(crate) asked: BTreeSet<String>,
    /// What the processor itself shows.
    pub(crate) silicon: BTreeSet<String>,
    /// What was looked for in it.
    pub(crate) silicon_asked: BTreeSet<String>,
    /// Family, model and stepping.
    pub(crate) signature: Option<[u32; 3]>,
    pub(crate) is_capable: bool,
}

impl PlainFacts {
    /// Takes the facts out of the catalog.
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let names = |set: FeatureSet| -> BTreeSet<String> {
            set.iter().map(|feature| catalog.feature_name(feature).to_owned()).collect()
        };
        let mut facts = Self {
            order: catalog.features().iter().map(str::to_owned).collect(),
            qemu_order: catalog
                .in_qemu_order((0..).take(catalog.features().len()).map(FeatureId).collect(), FeatureSet::EMPTY)
                .into_iter()
                .map(|feature| catalog.feature_name(feature).to_owned())
                .collect(),
            maps: plain_maps(catalog),
            qemus: BTreeMap::new(),
            cells: BTreeMap::new(),
            cell_machines: BTreeSet::new(),
            hosts: BTreeMap::new(),
        };
        let machines: Vec<String> =
            catalog.qemu_defaults().machines.iter().map(|machine| catalog.machine_name(*machine).to_owned()).collect();
        facts.cell_machines.extend(machines.iter().cloned());
        for model in catalog.models().iter() {
            let Some(id) = catalog.model(model) else { continue };
            for accel in [Accel::Kvm, Accel::Tcg] {
                if let Some(cells) = catalog.qemu_defaults().of(id, accel) {
                    let key = (model.to_owned(), accel.name().to_owned());
                    facts.cells.insert(key, plain_cells(catalog, &machines, cells));
                }
            }
        }
        for qemu in catalog.qemu_releases() {
            if let Some(plain) = facts.plain_qemu(catalog, qemu) {
                facts.qemus.insert(plain.name.clone(), plain);
            }
        }
        // Point releases of a release that was run: the same lists, and what differs goes by their number.
        for (name, like) in [("10.0.2", "10.0.13"), ("11.1.3", "11.1.2")] {
            if let (Some(like), Ok(number)) = (facts.qemus.get(like), number(name)) {
                let point = PlainQemu { number, name: name.to_owned(), ..like.clone() };
                facts.qemus.entry(name.to_owned()).or_insert(point);
            }
        }
        for host in catalog.hosts() {
            let plain = PlainHost {
                vendor: host.vendor.name().to_owned(),
                features: names(host.features),
                asked: names(host.asked),
                silicon: names(host.silicon.map_or(host.features, |silicon| silicon.features)),
                silicon_asked: host.silicon.map(|silicon| names(silicon.asked)).unwrap_or_default(),
                signature: Some([host.family, host.model, host.stepping]),
                is_capable: false,
            };
            facts.hosts.insert(host.name.to_string(), plain);
        }
        facts
    }

    fn plain_qemu(&self, catalog: &Catalog, qemu: &QemuFacts) -> Option<PlainQemu> {
        let names = |set: FeatureSet| -> BTreeSet<String> {
            set.iter().map(|feature| catalog.feature_name(feature).to_owned()).collect()
        };
        let name = qemu.version.to_string();
        let properties = names(qemu.properties?);
        let tcg_max = names(qemu.tcg_max?);
        let mut dependencies = Vec::new();
        for (parent, children) in qemu.dependencies.as_deref()? {
            dependencies.push((catalog.feature_name(*parent).to_owned(), names(*children)));
        }
        let machines: BTreeSet<String> =
            qemu.machines.iter().map(|machine| catalog.machine_name(machine.machine).to_owned()).collect();
        let models: BTreeSet<String> =
            qemu.models.iter().map(|model| catalog.model_name(model.model).to_owned()).collect();
        let mut tcg_unsupported = BTreeSet::new();
        if let Some(unsupported) = qemu.tcg_unsupported {
            tcg_unsupported = names(unsupported);
        } else {
            for model in &qemu.models {
                for feature in model.tcg_blockers.iter() {
                    tcg_unsupported.insert(catalog.feature_name(*feature).to_owned());
                }
            }
        }
        let mut newest_machine = String::new();
        let mut newest = (0, 0, 0);
        for machine in &machines {
            if !self.cell_machines.contains(machine) {
                continue;
            }
            if let Some(series) = machine.strip_prefix("pc-q35-") {
                let series = number(series).ok()?;
                if series > newest {
                    newest = series;
                    newest_machine.clone_from(machine);
                }
            }
        }
        // x86_cpu_class_check_missing_features, every QEMU: asked without compat, so as on the newest machine type.
        let mut tcg_carried = BTreeSet::new();
        for model in &models {
            if let Some(cell) = self.cell(model, &newest_machine, "tcg") {
                tcg_carried.extend(cell);
            }
        }
        Some(PlainQemu {
            number: number(&name).ok()?,
            name,
            machines,
            newest_machine,
            models,
            properties,
            dependencies,
            tcg_unsupported,
            tcg_carried,
            tcg_max,
        })
    }

    /// The features that a model enables under a machine type, before the host filter and after dependency clearing.
    pub(crate) fn cell(&self, model: &str, machine: &str, accel: &str) -> Option<BTreeSet<String>> {
        if !self.cell_machines.contains(machine) {
            return None;
        }
        let cells = self.cells.get(&(model.to_owned(), accel.to_owned()))?;
        let mut on = cells.always.clone();
        for (feature, machines) in &cells.only_on {
            if machines.contains(machine) {
                on.insert(feature.clone());
            }
        }
        Some(on)
    }

    /// The map of an exact release.
    pub(crate) fn map(&self, release: &str) -> Result<&Arc<PlainMap>, String> {
        self.maps.get(release).ok_or_else(|| format!("libvirt {release} is not in the facts exactly"))
    }

    /// A QEMU release that is in the facts exactly.
    pub(crate) fn qemu(&self, release: &str) -> Result<&PlainQemu, String> {
        self.qemus.get(release).ok_or_else(|| format!("QEMU {release} is not in the facts exactly"))
    }

    /// The names of all exact libvirt releases.
    pub(crate) fn releases(&self) -> impl Iterator<Item = &str> {
        self.maps.keys().map(String::as_str)
    }

    /// The names of all exact QEMU releases.
    pub(crate) fn qemu_releases(&self) -> impl Iterator<Item = &str> {
        self.qemus.keys().map(String::as_str)
    }

    /// The host a question means, with what it was not asked either lacking or there.
    pub(crate) fn host(&self, question: &Question, host: &Host, has_unknown: bool) -> Result<PlainHost, String> {
        match host {
            Host::Capable => Ok(PlainHost {
                vendor: self.vendor(&question.cpu).unwrap_or_else(|| "Intel".to_owned()),
                features: BTreeSet::new(),
                asked: BTreeSet::new(),
                silicon: BTreeSet::new(),
                silicon_asked: BTreeSet::new(),
                signature: None,
                is_capable: true,
            }),
            Host::Given(vendor, features) => Ok(PlainHost {
                vendor: vendor.clone(),
                features: features.clone(),
                asked: BTreeSet::new(),
                silicon: if has_unknown { self.order.iter().cloned().collect() } else { features.clone() },
                silicon_asked: BTreeSet::new(),
                signature: None,
                is_capable: false,
            }),
            Host::Measured(host) => Ok(PlainHost {
                vendor: host.vendor.clone(),
                features: host.features.clone(),
                asked: BTreeSet::new(),
                silicon: host.silicon.clone(),
                silicon_asked: BTreeSet::new(),
                signature: host.signature,
                is_capable: false,
            }),
            Host::Listed(name) => {
                let Some(known) = self.hosts.get(name) else { return Err(format!("there is no host {name}")) };
                let mut host = known.clone();
                if has_unknown {
                    for feature in &self.order {
                        if !host.asked.contains(feature) {
                            host.features.insert(feature.clone());
                        }
                        if !host.silicon_asked.contains(feature) {
                            host.silicon.insert(feature.clone());
                        }
                    }
                }
                Ok(host)
            }
        }
    }

    /// The maps of published releases, the newest first.
    pub(crate) fn newest_first(&self) -> Vec<&PlainMap> {
        let mut published = Vec::new();
        for (name, map) in &self.maps {
            if let Ok(release) = number(name) {
                published.push((release, &**map));
            }
        }
        published.sort_by_key(|(release, _)| std::cmp::Reverse(*release));
        published.into_iter().map(|(_, map)| map).collect()
    }

    /// The vendor QEMU gives a model of its own.
    pub(crate) fn vendor(&self, model: &str) -> Option<String> {
        let base = base_name(model);
        // builtin_x86_defs, every QEMU: the models to which libvirt's maps give no vendor.
        if matches!(base, "486" | "pentium" | "pentium2" | "pentium3" | "qemu32" | "kvm32" | "kvm64") {
            return Some("Intel".to_owned());
        }
        if base == "qemu64" {
            return Some("AMD".to_owned());
        }
        for name in [model, base] {
            for map in self.newest_first() {
                let Some(known) = map.models.get(name) else { continue };
                if let Some(vendor) = &known.vendor {
                    return Some(vendor.clone());
                }
            }
        }
        None
    }
}

/// The name without its version.
pub(crate) fn base_name(model: &str) -> &str {
    if let Some((base, version)) = model.rsplit_once("-v")
        && version.parse::<u32>().is_ok()
    {
        return base;
    }
    model
}

fn plain_maps(catalog: &Catalog) -> BTreeMap<String, Arc<PlainMap>> {
    let mut maps = BTreeMap::new();
    for release in catalog.libvirt_releases() {
        let ReleaseMap::Exact(id) = release.map else { continue };
        let map = catalog.map(id);
        let order: Vec<String> = map.order.iter().map(|feature| catalog.feature_name(*feature).to_owned()).collect();
        let mut not_migratable = BTreeSet::new();
        let mut registers = BTreeMap::new();
        for (name, definition) in order.iter().zip(&map.features) {
            for register in &definition.registers {
                if let Register::Msr { index, .. } = register {
                    registers.insert(name.clone(), *index);
                }
            }
            if !definition.migratable {
                not_migratable.insert(name.clone());
            }
        }
        let mut models = BTreeMap::new();
        for id in &map.model_order {
            let Some(model) = map.model(*id) else { continue };
            let vendor = model.vendor.as_deref().map(|vendor| match vendor {
                "Zhaoxin CentaurHauls" => "Zhaoxin".to_owned(),
                plain => plain.to_owned(),
            });
            let plain = PlainModel {
                data: model.data.iter().map(|feature| catalog.feature_name(feature).to_owned()).collect(),
                removed: model.removed.iter().map(|feature| catalog.feature_name(*feature).to_owned()).collect(),
                added: model.added.iter().map(|feature| catalog.feature_name(*feature).to_owned()).collect(),
                ancestor: model.ancestor.map(|ancestor| catalog.model_name(ancestor).to_owned()),
                vendor,
                partial_compat: model.partial_compat,
                decode_guest: model.decode.is_none_or(|decode| decode.guest),
                signatures: model
                    .signatures
                    .iter()
                    .map(|of| (of.family.to_string(), of.model.to_string(), of.stepping.as_deref().map(str::to_owned)))
                    .collect(),
            };
            models.insert(catalog.model_name(*id).to_owned(), plain);
        }
        let known = order.iter().cloned().collect();
        maps.insert(release.name.to_string(), Arc::new(PlainMap { order, known, not_migratable, registers, models }));
    }
    maps
}

fn plain_cells(catalog: &Catalog, machines: &[String], cells: &ModelDefaults) -> PlainCells {
    let mut plain = PlainCells { always: BTreeSet::new(), only_on: Vec::new() };
    for feature in cells.always.iter() {
        plain.always.insert(catalog.feature_name(feature).to_owned());
    }
    for (feature, on) in &cells.only_on {
        let mut names = BTreeSet::new();
        for (position, machine) in machines.iter().enumerate() {
            if on.contains(position) {
                names.insert(machine.clone());
            }
        }
        plain.only_on.push((catalog.feature_name(*feature).to_owned(), names));
    }
    plain
}
