//! Lists the differences between two CPU maps other than the features of the models that both have.

use super::Removed;
use super::guests::note;
use crate::domain::catalog::Catalog;
use crate::domain::definition::named_enum;
use crate::domain::feature::FeatureId;
use crate::domain::map::{CpuMap, Decode, ModelDefinition, ModelId, Register, Signature};
use crate::domain::order::sort_by_key;
use crate::domain::qemu::Accel;
use crate::domain::version::Version;
use std::sync::Arc;

named_enum! {
    /// What of a model or a feature differs.
    What {
        /// The vendor of a model.
        Vendor "vendor",
        /// The signatures of a model.
        Signatures "signatures",
        /// Whether libvirt may choose a model for a host or a guest.
        Decode "decode",
        /// Whether the partial check of a model compares with the map.
        Check "check",
        /// The model from which a model is copied.
        Ancestor "ancestor",
        /// The bits of a feature.
        Bits "bits",
        /// Whether a feature is in a migratable host-model.
        Migratable "migratable",
        /// The string of a vendor.
        VendorString "vendor string",
    }
}

named_enum! {
    /// How a mark of a feature in a model differs.
    Mark {
        /// NEW marks it as removed.
        Removed "marked as removed",
        /// NEW no longer marks it as removed.
        NotRemoved "no longer marked as removed",
        /// NEW no longer marks it as added.
        NotAdded "no longer marked as added",
    }
}

/// One difference; the texts are in the notation of the map, empty where a map has nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The model, the feature or the vendor.
    pub name: Box<str>,
    /// What of it.
    pub what: What,
    /// What OLD has.
    pub before: String,
    /// What NEW has.
    pub after: String,
}

/// All differences between two maps, except the features of the models they share.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Changes {
    /// Models that only NEW has, in map order.
    pub models_new: Vec<ModelId>,
    /// Models that only OLD has.
    pub models_gone: Vec<ModelId>,
    /// Features that only NEW defines, in map order.
    pub features_new: Vec<FeatureId>,
    /// Features that only OLD defines.
    pub features_gone: Vec<FeatureId>,
    /// Models to which NEW adds features without a mark or with one: the model, those without, those marked added.
    pub added: Vec<(ModelId, Vec<FeatureId>, Vec<FeatureId>)>,
    /// Models in which features are marked in another way, although neither map has them in the model's data.
    pub marks: Vec<(ModelId, Mark, Vec<FeatureId>)>,
    /// Whether the features that both define are in another order, which reorders libvirt's messages.
    pub reordered: bool,
    /// Pairs of features of NEW that have a bit in common, unless they had it in OLD.
    pub shared_bits: Vec<(FeatureId, FeatureId)>,
    /// Features of NEW with more than one bit in one register, unless they were so in OLD.
    pub several_bits: Vec<FeatureId>,
    /// The rest.
    pub other: Vec<Change>,
}

impl Changes {
    /// Returns what differs.
    pub(super) fn between(catalog: &Catalog, old: &CpuMap, new: &CpuMap) -> Self {
        let only = |one: &CpuMap, other: &CpuMap| -> Vec<ModelId> {
            one.model_order.iter().copied().filter(|model| other.model(*model).is_none()).collect()
        };
        let both = old.known & new.known;
        let common = |map: &CpuMap| -> Vec<FeatureId> {
            map.order.iter().copied().filter(|feature| both.contains(*feature)).collect()
        };
        let mut changes = Self {
            models_new: only(new, old),
            models_gone: only(old, new),
            features_new: new.in_order(new.known - old.known),
            features_gone: old.in_order(old.known - new.known),
            reordered: common(old) != common(new),
            ..Self::default()
        };
        for model in new.model_order.iter().copied() {
            let (Some(before), Some(after)) = (old.model(model), new.model(model)) else { continue };
            changes.of_model(catalog, (old, new), model, (before, after));
        }
        changes.of_features(catalog, old, new);
        for (name, string) in &new.vendors {
            let before = old.vendors.iter().find(|(known, _)| known == name).map_or("", |(_, string)| string);
            changes.note(name, What::VendorString, before.to_owned(), string.to_string());
        }
        changes
    }

    /// Returns whether the maps are equal.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn note(&mut self, name: &str, what: What, before: String, after: String) {
        if before != after {
            self.other.push(Change { name: name.into(), what, before, after });
        }
    }

    fn of_model(
        &mut self,
        catalog: &Catalog,
        (old, new): (&CpuMap, &CpuMap),
        model: ModelId,
        (before, after): (&ModelDefinition, &ModelDefinition),
    ) {
        let name = catalog.model_name(model);
        let vendor = |model: &ModelDefinition| model.vendor.as_deref().unwrap_or_default().to_owned();
        self.note(name, What::Vendor, vendor(before), vendor(after));
        self.note(name, What::Signatures, signatures(&before.signatures), signatures(&after.signatures));
        let decode = |map: &CpuMap, model: &ModelDefinition| decode(map, model.decode);
        self.note(name, What::Decode, decode(old, before), decode(new, after));
        let check = |model: &ModelDefinition| if model.partial_compat { "partial=compat" } else { "" }.to_owned();
        self.note(name, What::Check, check(before), check(after));
        let ancestor = |model: &ModelDefinition| {
            model.ancestor.map(|model| catalog.model_name(model)).unwrap_or_default().to_owned()
        };
        self.note(name, What::Ancestor, ancestor(before), ancestor(after));
        let unmarked = after.data - before.data;
        let marked = after.added_set() - before.added_set();
        if !unmarked.is_empty() || !marked.is_empty() {
            self.added.push((model, new.in_order(unmarked), new.in_order(marked)));
        }
        let data = before.data | after.data;
        let marks = [
            (Mark::Removed, after.removed_set() - before.removed_set()),
            (Mark::NotRemoved, before.removed_set() - after.removed_set()),
            (Mark::NotAdded, before.added_set() - after.added_set()),
        ];
        for (mark, features) in marks {
            if !(features - data).is_empty() {
                self.marks.push((model, mark, new.in_order(features - data)));
            }
        }
    }

    fn of_features(&mut self, catalog: &Catalog, old: &CpuMap, new: &CpuMap) {
        let define = |map: &CpuMap| -> Vec<(FeatureId, Arc<crate::domain::map::FeatureDefinition>)> {
            map.order.iter().copied().zip(map.features.iter().cloned()).collect()
        };
        let [before, after] = [old, new].map(define);
        for (feature, definition) in &after {
            let name = catalog.feature_name(*feature);
            let known = before.iter().find(|(known, _)| known == feature).map(|(_, definition)| definition);
            if let Some(known) = known {
                self.note(name, What::Bits, bits(&known.registers), bits(&definition.registers));
                let word = |migratable: bool| if migratable { "yes" } else { "no" }.to_owned();
                self.note(name, What::Migratable, word(known.migratable), word(definition.migratable));
            }
            if known.is_none_or(|known| known.registers != definition.registers) {
                if definition.registers.iter().any(|register| places(register).len() > 1) {
                    self.several_bits.push(*feature);
                }
                let own: Vec<_> = definition.registers.iter().flat_map(places).collect();
                let shares = |(other, definition): &&(FeatureId, Arc<crate::domain::map::FeatureDefinition>)| {
                    other != feature && definition.registers.iter().flat_map(places).any(|bit| own.contains(&bit))
                };
                let others = after.iter().filter(shares).map(|(other, _)| (*other, *feature));
                for (one, other) in others {
                    if !self.shared_bits.contains(&(other, one)) {
                        self.shared_bits.push((one, other));
                    }
                }
            }
        }
    }
}

/// A register's bits: leaf or index, subleaf, the register's number, the bit.
fn places(register: &Register) -> Vec<(u32, u32, usize, u32)> {
    let of = |leaf: u32, subleaf: u32, masks: &[u32]| {
        let each = masks.iter().enumerate().flat_map(|(number, mask)| {
            (0..u32::BITS).filter(move |bit| mask & (1 << bit) != 0).map(move |bit| (leaf, subleaf, number, bit))
        });
        each.collect()
    };
    match register {
        Register::Cpuid { eax_in, ecx_in, masks } => of(*eax_in, *ecx_in, masks),
        // Numbered beyond the registers of CPUID.
        Register::Msr { index, masks } => of(*index, u32::MAX, masks),
    }
}

fn signatures(all: &[Signature]) -> String {
    let one = |signature: &Signature| {
        let stepping = signature.stepping.as_deref().map(|stepping| format!("/{stepping}")).unwrap_or_default();
        format!("{}-{}{stepping}", signature.family, signature.model)
    };
    all.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Maps before 4.7 do not have this attribute, so its absence means nothing.
fn decode(map: &CpuMap, decode: Option<Decode>) -> String {
    let any = map.models.iter().flatten().any(|model| model.decode.is_some());
    let word = |on: bool| if on { "on" } else { "off" };
    let decode = decode.or_else(|| (!any).then_some(Decode { host: true, guest: true }));
    decode.map(|decode| format!("host={} guest={}", word(decode.host), word(decode.guest))).unwrap_or_default()
}

fn bits(registers: &[Register]) -> String {
    let named = |names: &[&str], masks: &[u32]| {
        let set = names.iter().zip(masks).filter(|(_, mask)| **mask != 0);
        set.fold(String::new(), |bits, (name, mask)| bits + &format!(" {name}=0x{mask:08x}"))
    };
    let one = |register: &Register| match register {
        Register::Cpuid { eax_in, ecx_in, masks } => {
            format!("cpuid 0x{eax_in:x}/{ecx_in}{}", named(&["eax", "ebx", "ecx", "edx"], masks))
        }
        Register::Msr { index, masks } => format!("msr 0x{index:x}{}", named(&["eax", "edx"], masks)),
    };
    registers.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Returns where QEMU enables a feature that NEW took out of a model.
pub(super) fn removed_from(
    catalog: &Catalog,
    qemu: &[Version],
    (model, feature, listed): (ModelId, FeatureId, bool),
) -> Removed {
    let mut removed = Removed { model, feature, listed, accels: Vec::new(), machines: Vec::new(), qemu: Vec::new() };
    let cells = Accel::ALL.iter().filter_map(|accel| Some((*accel, catalog.qemu_defaults().of(model, *accel)?)));
    if !cells.into_iter().any(|(_, cells)| cells.anywhere().contains(feature)) {
        return removed;
    }
    for version in qemu {
        let views = catalog.qemu_views(*version);
        for machine in &catalog.qemu_defaults().machines {
            let has = |view: &crate::domain::catalog::QemuView<'_>| {
                view.has_model(model) && view.has_machine(*machine, catalog.machine_name(*machine))
            };
            if !views.iter().any(has) {
                continue;
            }
            for accel in Accel::ALL {
                if catalog.cell(model, *machine, *accel).is_some_and(|on| on.contains(feature)) {
                    note(&mut removed.accels, *accel);
                    note(&mut removed.machines, *machine);
                    note(&mut removed.qemu, *version);
                }
            }
        }
    }
    sort_by_key(&mut removed.machines, |machine| catalog.position(*machine));
    removed
}
