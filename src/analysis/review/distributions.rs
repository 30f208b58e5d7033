//! Tries the machine types of distributions, each on the QEMU of its distribution.

use super::Who;
use super::guests::{Work, guest_of};
use crate::domain::definition::Policy;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::ModelId;
use crate::domain::package::Presence;
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::scenario::{MaybeKnown, QemuChoice};
use crate::domain::version::Version;

/// Machine types with the same CPU: what is on, which quirks they have, what is off unless it is named.
type Class = ((FeatureSet, u32, FeatureSet), Vec<MachineId>);

impl Work<'_> {
    /// Resolves guests of a model with the types that each distribution's build of this QEMU release has.
    #[expect(clippy::needless_pass_by_value, reason = "an iterator, which is small")]
    pub(super) fn distributions<'d>(
        &mut self,
        model: ModelId,
        qemu: Version,
        definitions: impl Iterator<Item = &'d Vec<(FeatureId, Policy)>> + Clone,
    ) {
        let catalog = self.catalog;
        for distribution in &catalog.downstream().distributions {
            let build = QemuChoice { version: MaybeKnown::Is(qemu), build: Some(distribution.mark.clone()) };
            for accel in Accel::ALL.iter().copied() {
                let mut classes: Vec<Class> = Vec::new();
                for known in &catalog.downstream().machines {
                    let Some(base) = known.base(qemu) else { continue };
                    let Some(on) = catalog.cell(model, base, accel) else { continue };
                    if known.in_build(distribution, qemu) != Presence::Yes {
                        continue;
                    }
                    let class = (on, catalog.machine_quirks(base), known.off(Some(model)));
                    match classes.iter_mut().find(|(other, _)| *other == class) {
                        Some((_, machines)) => machines.push(known.machine),
                        None => classes.push((class, vec![known.machine])),
                    }
                }
                for (_, machines) in &classes {
                    let Some(first) = machines.first() else { continue };
                    for named in definitions.clone() {
                        let guest = guest_of(catalog, model, (*first, accel), named);
                        self.guest(&guest, &Who::Model(model, named.clone()), &build, machines);
                    }
                }
            }
        }
    }
}
