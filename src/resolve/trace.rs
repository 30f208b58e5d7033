//! Defines the record of a migration's stages: QEMU's CPU, each start of the guest, what is sent.

use super::refusal::{Refusal, UnorderedRefusal};
use crate::domain::behaviour::Regime;
use crate::domain::definition::{Definition, Policy, named_enum};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::{CpuSignature, Vendor};
use crate::domain::map::{CpuMap, ModelId};
use std::sync::Arc;

/// The CPU that QEMU built, with the features that each step added or removed (QEMU `target/i386/cpu.c`).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct QemuCpu {
    /// Features of the model under every machine type.
    pub model: FeatureSet,
    /// Features of the model under this machine type only.
    pub compat: FeatureSet,
    /// What of `model` and `compat` only this accelerator enables.
    pub accel: FeatureSet,
    /// Enabled by the command line.
    pub flags_on: FeatureSet,
    /// Disabled by the command line.
    pub flags_off: FeatureSet,
    /// Children of a parent that the command line enabled.
    pub children: FeatureSet,
    /// Every feature that the host supports, for `host` and `max`.
    pub everything: FeatureSet,
    /// Reported because a package has several threads.
    pub threads: FeatureSet,
    /// Cleared because the PMU is off.
    pub pmu: FeatureSet,
    /// Cleared because their parent is off.
    pub cleared: FeatureSet,
    /// Filtered because the accelerator or the host does not support them.
    pub filtered: FeatureSet,
    /// The enabled features.
    pub on: FeatureSet,
    /// The features that QEMU reports as unavailable.
    pub unavailable: FeatureSet,
    /// The features that the guest can read, without those that QEMU only reports.
    pub visible: FeatureSet,
    /// The features whose XSAVE state a guest can read in CPUID leaf 0xd.
    pub states: FeatureSet,
    /// The vendor that the guest reads in CPUID; `None` if unknown.
    pub vendor: Option<Vendor>,
    /// Family, model and stepping of `host` and `max`; `None` if unknown, and of a named model, which keeps its own.
    pub signature: Option<CpuSignature>,
}

/// The CPU that QEMU built, as far as the next stages look at it; [`QemuCpu`] has every step.
#[derive(Clone, Copy)]
pub(super) struct Built {
    pub(super) on: FeatureSet,
    pub(super) unavailable: FeatureSet,
    pub(super) visible: FeatureSet,
    pub(super) cleared: FeatureSet,
    pub(super) filtered: FeatureSet,
    pub(super) states: FeatureSet,
    pub(super) vendor: Vendor,
    /// Family, model and stepping of a CPU without a named model, where they are known.
    pub(super) signature: Option<CpuSignature>,
}

impl Built {
    /// Returns whether a guest that moves from this CPU to the other sees a difference: a feature of the comparable ones,
    /// the vendor, an XSAVE state, or family, model and stepping where both are known.
    pub(super) fn differs(&self, other: &Self, comparable: &FeatureSet) -> bool {
        let features = (self.visible ^ other.visible) & *comparable;
        let signature = self.signature.zip(other.signature).is_some_and(|(own, other)| own.differs_from(other));
        !features.is_empty() || self.vendor != other.vendor || self.states != other.states || signature
    }

    /// Returns the whole CPU, with its steps in `steps`.
    pub(super) fn with(&self, steps: &QemuCpu) -> QemuCpu {
        QemuCpu {
            on: self.on,
            unavailable: self.unavailable,
            visible: self.visible,
            cleared: self.cleared,
            filtered: self.filtered,
            states: self.states,
            vendor: Some(self.vendor),
            signature: self.signature,
            ..*steps
        }
    }
}

named_enum! {
    /// Which step decided a feature's state in the CPU that QEMU built.
    Origin {
        /// The model's own data.
        Model "model",
        /// The machine type's compatibility settings.
        MachineType "machine type",
        /// The accelerator's defaults.
        Accelerator "accelerator",
        /// The command line: what the definition says.
        Definition "definition",
        /// The command line switched its parent on.
        Parent "parent",
        /// Everything the host can give.
        Host "host",
        /// Several threads in a package.
        Threads "threads",
        /// The PMU is off.
        Pmu "no PMU",
        /// Its parent is off.
        Dependency "dependency",
        /// Accelerator or host cannot give it.
        Filter "filter",
    }
}

impl QemuCpu {
    /// Returns which step decided the state of `feature`; `None` if no step enabled or disabled it.
    pub(crate) fn origin(&self, feature: FeatureId) -> Option<Origin> {
        let steps = [
            (self.filtered, Origin::Filter),
            (self.cleared, Origin::Dependency),
            (self.pmu, Origin::Pmu),
            (self.threads, Origin::Threads),
            (self.flags_on | self.flags_off, Origin::Definition),
            (self.everything, Origin::Host),
            (self.children, Origin::Parent),
            (self.accel, Origin::Accelerator),
            (self.compat, Origin::MachineType),
            (self.model, Origin::Model),
        ];
        steps.into_iter().find(|(set, _)| set.contains(feature)).map(|(_, origin)| origin)
    }
}

named_enum! {
    /// What wrote a feature into a definition.
    WrittenBy {
        /// It was in the definition that was given.
        Given "given",
        /// libvirt, in place of `optional`: what the host's model has.
        HostModel "host model",
        /// libvirt, with the model that it puts in place of the definition's CPU.
        Expansion "expansion",
        /// The model's removed list, while the definition was prepared.
        RemovedList "removed list",
        /// The live update after start.
        LiveUpdate "live update",
        /// The daemon, when it took over a running guest.
        Reconnect "reconnect",
    }
}

/// One start of the guest: what was received, and the stages that were reached.
#[derive(Clone, PartialEq, Debug)]
pub struct StartTrace {
    /// The definition libvirt was given: the user's, or what arrived (the cookie where it replaces the XML).
    pub given: Definition,
    /// Whether the cookie replaced the XML.
    pub replaced: bool,
    /// The definition as prepared for start.
    pub prepared: Option<Definition>,
    /// Features enabled and disabled on the command line, in order.
    pub command_line: Vec<(FeatureId, bool)>,
    /// The CPU that QEMU built.
    pub cpu: Option<QemuCpu>,
    /// The running definition; `None` when the guest does not run here.
    pub live: Option<Definition>,
    /// The original definition, kept in addition to the live one.
    pub original: Option<Definition>,
    /// Why it does not run here.
    pub refused: Option<Refusal>,
    /// The map it was read with.
    pub map: Arc<CpuMap>,
}

impl StartTrace {
    /// Returns the model that QEMU was given: the one of the definition, or the one that libvirt put in its place.
    pub(crate) fn model(&self) -> Option<ModelId> {
        self.prepared.as_ref().and_then(|prepared| prepared.model).or(self.given.model)
    }

    /// Returns what wrote `feature` into the prepared definition.
    pub(crate) fn prepared_by(&self, feature: FeatureId) -> Option<WrittenBy> {
        // A guest that was taken over was never prepared: its live definition is the one that was given.
        let prepared = self.prepared.as_ref().unwrap_or(&self.given);
        let written = prepared.features.get(feature)?;
        Some(match self.given.features.get(feature) {
            Some(Policy::Optional) if written != Policy::Optional => WrittenBy::HostModel,
            Some(_) => WrittenBy::Given,
            None if prepared.model != self.given.model => WrittenBy::Expansion,
            None => WrittenBy::RemovedList,
        })
    }

    /// Returns what was made of a feature that the map marks as removed from the model and that arrived unmentioned;
    /// `None` for every other.
    pub(crate) fn regime(&self, feature: FeatureId) -> Option<Regime> {
        let prepared = self.prepared.as_ref()?;
        let removed = self.map.model(prepared.model?)?.removed.contains(&feature);
        (removed && self.given.features.get(feature).is_none()).then(|| match prepared.features.get(feature) {
            Some(policy) if policy.is_off() => Regime::Disable,
            Some(_) => Regime::Require,
            None => Regime::Nothing,
        })
    }

    /// Returns what wrote `feature` into the live definition, or into the prepared one where there is no live one.
    pub(crate) fn written_by(&self, feature: FeatureId) -> Option<WrittenBy> {
        let prepared = self.prepared.as_ref().unwrap_or(&self.given).features.get(feature);
        match self.live.as_ref().and_then(|live| live.features.get(feature)) {
            Some(live) if prepared != Some(live) => Some(WrittenBy::LiveUpdate),
            Some(_) | None => self.prepared_by(feature),
        }
    }
}

/// A guest between its stages, changed in place from one endpoint to the next.
#[derive(Clone)]
pub(super) struct Running {
    /// The definition: before a start the given one, after it the live one. On the way the CPU of the cookie where there
    /// is one, else of the XML.
    pub(super) live: Definition,
    /// The original CPU (libvirt's `origCPU`) kept in addition. While it is sent, the CPU of the XML; the live one is
    /// in the cookie.
    pub(super) original: Option<Definition>,
    /// Whether the guest migrates on from here; where not, no original CPU is kept.
    pub(super) needs_original: bool,
    /// Why the last endpoint, or the sender before it, refused the guest.
    pub(super) refusal: Option<UnorderedRefusal>,
}

impl Running {
    /// Returns a guest before a start, with the definition and the original CPU that are given.
    pub(super) fn of(live: Definition, original: Option<Definition>) -> Self {
        Self { live, original, needs_original: true, refusal: None }
    }

    /// Returns the CPU of the XML, on the way.
    pub(super) fn xml(&self) -> &Definition {
        self.original.as_ref().unwrap_or(&self.live)
    }
}

/// What a source sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// The CPU of the migratable XML.
    pub xml: Definition,
    /// The CPU of the cookie.
    pub cookie: Option<Definition>,
}

/// One migration between two hosts.
#[derive(Clone, PartialEq, Debug)]
pub struct Migration {
    /// What was sent.
    pub sent: Sent,
    /// The start at the destination.
    pub arrival: StartTrace,
}

/// The stages of one case.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
    /// The guest's start.
    pub start: Box<StartTrace>,
    /// The live definition after an upgraded daemon reconnected to the guest; `None` if there was no upgrade.
    pub reconnected: Option<Definition>,
    /// The hops, in order; the last one is at the destination unless one before was refused.
    pub migrations: Vec<Migration>,
    /// The index of the deciding hop: the one that was refused, or the first that changed the guest's CPU, otherwise
    /// the last.
    pub hop: usize,
}

impl Trace {
    /// Returns the run that sent what decided.
    pub(crate) fn sender(&self) -> &StartTrace {
        let before = self.hop.checked_sub(1).and_then(|index| self.migrations.get(index));
        before.map_or(&self.start, |hop| &hop.arrival)
    }

    /// Returns the run that received what decided; the start where nothing was sent.
    pub(crate) fn receiver(&self) -> &StartTrace {
        self.migrations.get(self.hop).map_or(&self.start, |hop| &hop.arrival)
    }

    /// Returns the start at the source.
    pub fn source(&self) -> &StartTrace {
        &self.start
    }

    /// Returns the last arrival, which is the destination's unless a hop before it was refused.
    pub fn destination(&self) -> Option<&StartTrace> {
        self.migrations.last().map(|hop| &hop.arrival)
    }

    /// Returns the refusal that ended the migration; `None` if it completed.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.start.refused.as_ref().or_else(|| self.destination()?.refused.as_ref())
    }

    /// Returns what wrote `feature` into the live definition of a run from which the guest is sent: at the source, as an
    /// upgraded daemon left it.
    pub(crate) fn written_by(&self, run: &StartTrace, feature: FeatureId) -> Option<WrittenBy> {
        let policy = |live: &Definition| live.features.get(feature);
        let reconnected = self.reconnected.as_ref().filter(|_| std::ptr::eq(run, self.source())).map(policy);
        let before = run.live.as_ref().map(policy).filter(|before| reconnected.is_some_and(|after| after != *before));
        before.map_or_else(|| run.written_by(feature), |_| Some(WrittenBy::Reconnect))
    }

    /// Returns the definition that decides where it arrives: the cookie where it replaces the XML. `None` when
    /// nothing was sent.
    pub(crate) fn effective(&self) -> Option<&Definition> {
        self.migrations.get(self.hop).map(|hop| &hop.arrival.given)
    }
}
