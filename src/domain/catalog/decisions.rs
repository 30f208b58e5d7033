//! Says how a release of libvirt or QEMU behaves: by its number, and by the fixes of a package.

use super::super::behaviour::{Backport, Behaviour, Known, MachineLifetime, Quirk, QuirkKind, Setting, SwitchHistory};
use super::super::host::CpuSignature;
use super::super::package::{Build, Presence};
use super::super::qemu::MachineId;
use super::super::version::Version;
use super::Catalog;
use serde::{Deserialize, Serialize};

/// How libvirt and QEMU releases decide, with dates.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Decisions {
    /// The libvirt releases whose source tree was read, oldest first.
    pub source_trees: Vec<Version>,
    /// The first QEMU that is not resolved by dated rules alone.
    pub first_qemu: Version,
    /// The oldest libvirt whose expansion of host-model was compared with its own tests.
    pub first_compared: Version,
    /// Releases of libvirt and QEMU that introduced or fixed a problem, in addition to those that products ship.
    pub(crate) milestones: Vec<(Version, Version)>,
    /// Releases of libvirt and QEMU to try where a host decides, each with whether it is for `vmx-*`.
    pub(crate) host_milestones: Vec<(bool, Version, Version)>,
    /// Every switch with its history.
    pub switches: Vec<SwitchHistory>,
    /// Fixes carried by distributions' packages.
    pub backports: Vec<Backport>,
    /// What QEMU point releases do of their own.
    pub quirks: Vec<Quirk>,
    /// How long QEMU has the machine types of a release.
    pub machine_lifetime: Option<MachineLifetime>,
    /// The signature of the model `max` under TCG, with the QEMU release that first had it, oldest first.
    pub tcg_signatures: Vec<(Version, CpuSignature)>,
}

impl Catalog {
    /// Returns every switch, backport and quirk.
    #[doc(hidden)]
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// Returns how a release of this number behaves, and the switches between whose two values it lies:
    /// for each the value it had before, which is the one set, and the one after.
    #[doc(hidden)]
    pub fn behaviour(&self, version: Version) -> (Behaviour, Vec<(&Setting, &Setting)>) {
        let mut behaviour = Behaviour::default();
        let mut open = Vec::new();
        for history in &self.decisions.switches {
            match history.at(version) {
                Some(Known::Sure(dated)) => behaviour.apply(&dated.setting),
                Some(Known::Either(before, after)) => {
                    behaviour.apply(&before.setting);
                    open.push((&before.setting, &after.setting));
                }
                None => {}
            }
        }
        (behaviour, open)
    }

    /// Returns the fixes that a package of libvirt has beyond its release, with whether it surely has them.
    pub(crate) fn backports(&self, version: Version, build: Build<'_>) -> impl Iterator<Item = (&Backport, Presence)> {
        self.decisions
            .backports
            .iter()
            .filter(move |fix| fix.release == version && fix.distribution == build.distribution.mark)
            .map(move |fix| (fix, fix.since.at(build.number)))
            .filter(|(_, presence)| *presence != Presence::No)
    }

    /// Returns whether it was read what the distribution's builds of a libvirt release change.
    pub(crate) fn has_backports(&self, version: Version, build: Build<'_>) -> bool {
        let rows = &self.decisions.backports;
        rows.iter().any(|fix| fix.release == version && fix.distribution == build.distribution.mark)
    }

    /// Returns whether some package of a libvirt release changes one of these settings.
    pub(crate) fn packages_change(&self, version: Version, is_meant: impl Fn(&Setting) -> bool) -> bool {
        let mut of_release = self.decisions.backports.iter().filter(|fix| fix.release == version);
        of_release.any(|fix| fix.settings.iter().any(&is_meant))
    }

    /// Returns whether a QEMU release has a quirk on machine types of the series `machine`; with `None`, on every machine
    /// type.
    pub(crate) fn has_quirk(&self, kind: QuirkKind, version: Version, machine: Option<(u16, u16)>) -> bool {
        let on_machine =
            |quirk: &Quirk| quirk.machines_since.is_none_or(|since| machine.is_some_and(|series| series >= since));
        self.decisions.quirks.iter().any(|quirk| quirk.kind == kind && quirk.is_of(version) && on_machine(quirk))
    }

    /// Returns the quirks that a QEMU release has on some machine type, by bit.
    pub(super) fn quirks_of(&self, version: Version) -> u32 {
        let known = self.decisions.quirks.iter().filter(|quirk| quirk.is_of(version));
        known.fold(0, |all, quirk| all | 1 << quirk.kind as u32)
    }

    /// Returns the signature of the model `max` under this QEMU's TCG.
    pub(crate) fn tcg_signature(&self, qemu: Version) -> Option<CpuSignature> {
        let dated = self.decisions.tcg_signatures.iter().rfind(|(since, _)| qemu >= *since);
        dated.map(|(_, signature)| *signature)
    }

    /// Returns the signature that a guest with that model reads. Since 8.1 QEMU completes it only when the guest starts
    /// (`max_x86_cpu_realize`), to what it was before.
    pub(crate) fn tcg_guest_signature(&self, qemu: Version) -> Option<CpuSignature> {
        let is_complete = |(since, signature): &&(Version, CpuSignature)| qemu >= *since && signature.family != 0;
        self.decisions.tcg_signatures.iter().rfind(is_complete).map(|(_, signature)| *signature)
    }

    /// Returns which of the quirks that come with newer machine types this one meets, by bit.
    pub(crate) fn machine_quirks(&self, machine: MachineId) -> u32 {
        let series = self.series(machine);
        let meets = |since: Option<(u16, u16)>| since.is_some_and(|since| series >= since);
        let quirks = self.decisions.quirks.iter().map(|quirk| meets(quirk.machines_since));
        quirks.enumerate().fold(0, |all, (bit, meets)| all | u32::from(meets) << (bit % 32))
    }
}
