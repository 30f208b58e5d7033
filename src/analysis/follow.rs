//! Follows one feature through the ten stages of a migration: its state at each stage, and what decided it.

use super::history::Membership;
use crate::domain::definition::{Policy, named_enum};
use crate::domain::feature::FeatureId;
use crate::domain::scenario::Scenario;
use crate::resolve::{Answer, Origin, RuleId, WrittenBy};

mod walk;

use walk::Walk;

named_enum! {
    /// A stage, in order.
    Step {
        /// The definition the guest has at the source.
        Definition "definition",
        /// The same, brought to the source's map and host.
        Prepared "prepared",
        /// The source's `-cpu` line.
        CommandLine "command line",
        /// The CPU the source's QEMU built.
        SourceCpu "source CPU",
        /// The definition of the running guest.
        Live "live XML",
        /// What is sent: the cookie where it counts, else the XML.
        Sent "sent",
        /// The same, brought to the destination's map and host.
        Received "received",
        /// The CPU the destination's QEMU built.
        DestinationCpu "destination CPU",
        /// The comparison of the two.
        FullCheck "full check",
        /// The verdict.
        Verdict "verdict",
    }
}

impl Step {
    /// Returns a name of at most nine letters.
    pub(crate) const fn short(self) -> &'static str {
        match self {
            Self::Definition => "defined",
            Self::Prepared => "prepared",
            Self::CommandLine => "-cpu",
            Self::SourceCpu | Self::DestinationCpu => "CPU",
            Self::Live => "live XML",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::FullCheck => "check",
            Self::Verdict => "verdict",
        }
    }
}

/// The state of a feature at a stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// The definition does not mention it, and the map has it in the model.
    InModel,
    /// The definition does not mention it, and the map does not have it in the model.
    Silent,
    /// The definition has this policy.
    Mention(Policy),
    /// The definition does not mention it and has no model: libvirt chooses one, or QEMU decides.
    NoModel,
    /// The map does not know the feature.
    UnknownToMap,
    /// The command line does not mention it.
    Unmentioned,
    /// The command line enables or disables it.
    Flag(bool),
    /// QEMU enables it.
    On,
    /// QEMU does not enable it.
    Off,
    /// QEMU reports it as unavailable.
    Unavailable,
    /// The check found it as expected.
    Agrees,
    /// The check found it on and not expected.
    Extra,
    /// The check found it expected and not on.
    Missing,
    /// Nothing was compared.
    NotCompared,
    /// The guest has it or lacks it as before.
    Kept,
    /// The guest lost it.
    Lost,
    /// The guest gained it.
    Gained,
    /// The guest stays where it was: the migration was aborted.
    Stays,
    /// The guest is refused at this stage: it lacks this feature, or something that is not a feature.
    Refused,
    /// The guest did not reach this stage.
    NotReached,
    /// The guest was already running: nothing says how it was started.
    Unknown,
}

/// How a state is drawn where there is room for one sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mark {
    /// Enabled, and not mentioned.
    On,
    /// Not enabled, and not mentioned.
    Off,
    /// A definition or a command line enables it.
    WrittenOn,
    /// A definition or a command line disables it.
    WrittenOff,
    /// The stage does not mention it.
    Unmentioned,
    /// The map does not know it.
    Unknown,
    /// The check found it as expected, or the guest has it as before.
    Same,
    /// The stage refused, or the guest lost or gained it.
    Harm,
}

named_enum! {
    /// A line of the drawing, from stage to stage.
    Lane {
        /// What definitions and command lines say.
        Text "definition says",
        /// What the CPU map of that side has in the model.
        Map "CPU map says",
        /// What QEMU enables.
        Qemu "QEMU enables",
        /// What the guest can read.
        Guest "guest sees",
        /// What libvirt compares, and the result.
        Compared "compared",
    }
}

/// What one stage shows in each lane; `None` where the stage has nothing to do with the lane.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Lanes {
    /// What is written: `Mention`, `Flag` or `Unmentioned`.
    pub text: Option<State>,
    /// What the CPU map has in the model.
    pub map: Option<Membership>,
    /// What QEMU reports: `On`, `Off` or `Unavailable`.
    pub qemu: Option<State>,
    /// Whether the guest can read the bit.
    pub guest: Option<bool>,
    /// The comparison of this stage.
    pub compared: Option<Comparison>,
}

/// A comparison of a definition with the CPU that QEMU built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Comparison {
    /// Whether the definition has the feature.
    pub expected: bool,
    /// Whether QEMU enables it.
    pub enabled: bool,
    /// What follows: `Unmentioned` and `Mention` for the live update, otherwise the state of the full check.
    pub result: State,
}

/// Who decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// The CPU map.
    Map,
    /// Who wrote it into the definition.
    Written(WrittenBy),
    /// The step of QEMU that decided.
    Qemu(Origin),
    /// The rule that decided the verdict.
    Rule(RuleId),
}

/// A feature at one stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The stage.
    pub step: Step,
    pub state: State,
    /// Who decided that, if anything did.
    pub by: Option<By>,
    /// Whether this stage changed whether the feature is meant to be on.
    pub changed: bool,
    /// The rule that explains this change, if any.
    pub rule: Option<RuleId>,
    /// What the stage shows in each lane of the drawing.
    pub lanes: Lanes,
}

impl Seen {
    /// Returns whether the guest was refused here, or lost or gained the feature.
    pub(crate) fn is_harm(&self) -> bool {
        self.state.mark() == Mark::Harm
    }
}

/// Returns whether the guest reads the same at the destination as at the source; `None` if either CPU was never built.
pub(crate) fn guest_sees_the_same(seen: &[Seen]) -> Option<bool> {
    let sees = |step: Step| seen.get(step as usize).and_then(|seen| seen.lanes.guest);
    Some(sees(Step::SourceCpu)? == sees(Step::DestinationCpu)?)
}

fn differ<T: PartialEq + Copy>(one: Option<T>, other: Option<T>) -> bool {
    one.is_some() && other.is_some() && one != other
}

/// Returns the first lane in which the destination differs from the source; `None` if no lane differs.
pub(crate) fn parting(seen: &[Seen]) -> Option<Lane> {
    let lanes = |step: Step| seen.get(step as usize).map(|seen| seen.lanes).unwrap_or_default();
    let (sent, received) = (lanes(Step::Sent), lanes(Step::Received));
    let (source, destination) = (lanes(Step::SourceCpu), lanes(Step::DestinationCpu));
    let has = |map: Option<Membership>| map.map(|map| map == Membership::Has);
    let unmentioned = sent.text == Some(State::Unmentioned);
    if differ(sent.text, received.text) {
        Some(Lane::Text)
    } else if unmentioned && differ(has(sent.map), has(received.map)) {
        Some(Lane::Map)
    } else if differ(source.qemu, destination.qemu) {
        Some(Lane::Qemu)
    } else {
        differ(source.guest, destination.guest).then_some(Lane::Guest)
    }
}

/// Returns the place of the stage that matters most: the one that refused, lost or gained the feature, else the first
/// that changed it, else the first of all.
pub(crate) fn decisive(seen: &[Seen]) -> usize {
    seen.iter().position(Seen::is_harm).or_else(|| seen.iter().position(|seen| seen.changed)).unwrap_or(0)
}

/// Returns the feature at each of the ten stages; with intermediate hosts, from the start to the last arrival. Empty
/// for an answer without a trace.
pub fn follow(scenario: &Scenario, answer: &Answer, feature: FeatureId) -> Vec<Seen> {
    let Some(trace) = &answer.trace else { return Vec::new() };
    let refused = walk::refused_at(scenario, answer, feature);
    let walk = Walk { trace, answer, feature, asked: scenario.feature, refused };
    let mut seen: Vec<Seen> = Vec::new();
    for step in Step::ALL {
        let (state, by) = walk.at(*step);
        let before = seen.iter().rev().find_map(|seen| seen.state.meant());
        let changed = state.meant().zip(before).is_some_and(|(now, before)| now != before);
        seen.push(Seen { step: *step, state, by, changed, rule: walk.rule(by, changed), lanes: walk.lanes(*step) });
    }
    seen
}

impl State {
    /// Returns whether the feature is meant to be on; `None` where a stage says neither.
    pub(crate) fn meant(self) -> Option<bool> {
        match self {
            Self::InModel | Self::On | Self::Flag(true) | Self::Extra | Self::Gained => Some(true),
            Self::Mention(policy) => Some(policy.is_on()),
            Self::Silent | Self::Off | Self::Unavailable | Self::Flag(false) | Self::Missing | Self::Lost => {
                Some(false)
            }
            Self::NoModel
            | Self::UnknownToMap
            | Self::Unmentioned
            | Self::Agrees
            | Self::NotCompared
            | Self::Kept
            | Self::Stays
            | Self::Refused
            | Self::NotReached
            | Self::Unknown => None,
        }
    }

    /// Returns how the state is drawn.
    pub(crate) fn mark(self) -> Mark {
        match self {
            Self::InModel | Self::On => Mark::On,
            Self::Silent | Self::Off | Self::Unavailable => Mark::Off,
            Self::Mention(policy) if policy.is_on() => Mark::WrittenOn,
            Self::Flag(true) => Mark::WrittenOn,
            Self::Mention(_) | Self::Flag(false) => Mark::WrittenOff,
            Self::UnknownToMap => Mark::Unknown,
            Self::NoModel | Self::Unmentioned | Self::NotCompared | Self::Stays | Self::NotReached | Self::Unknown => {
                Mark::Unmentioned
            }
            Self::Agrees | Self::Kept => Mark::Same,
            Self::Extra | Self::Missing | Self::Lost | Self::Gained | Self::Refused => Mark::Harm,
        }
    }
}
