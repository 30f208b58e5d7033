//! Makes what a source sends: the CPU of the migratable XML, and the cookie's
//! (libvirt `qemuDomainMakeCPUMigratable`, `qemu_migration_cookie.c`, `qemuDomainSaveCookie`).

use super::prepared_endpoint::{Facts, PreparedEndpoint};
use super::refusal::{Sender, UnorderedRefusal};
use super::trace::{Running, Sent};
use crate::domain::behaviour::{DropAdded, InvtscMessage};
use crate::domain::definition::{Definition, Mode, Policy, PolicyStore};
use crate::domain::feature::FeatureSet;
use crate::domain::qemu::Accel;
use crate::domain::scenario::Transport;
use crate::domain::version::Version;

/// Returns what is sent from one end to the next of a guest with this live definition and, where one is kept, this
/// original one.
pub(super) fn send<P: PolicyStore>(
    facts: &Facts<'_>,
    (endpoint, receiver): (&PreparedEndpoint<'_>, &PreparedEndpoint<'_>),
    live: &Definition<P>,
    original: Option<&Definition<P>>,
    transport: Transport,
) -> Sent<P> {
    // qemuDomainDefFormatBufInternal: the original CPU where one is kept (3.5.0, commit ea6d898311).
    let mut sent = Sent { xml: original.unwrap_or(live).clone(), cookie: None };
    make_migratable(facts, endpoint, &mut sent.xml, original);
    if original.is_some() && endpoint.end.behaviour.cookie {
        let cookie = sent.cookie.insert(live.clone());
        // A save image's cookie is a plain copy.
        if transport != Transport::Save {
            make_migratable(facts, endpoint, cookie, original);
        }
    }
    if !endpoint.end.behaviour.live_update {
        // Before 3.2.0 a definition says nothing about checks; the receiver fills in its own.
        sent.xml.check = receiver.end.filled_in_check(sent.xml.mode, facts.guest.accel);
    }
    sent
}

fn make_migratable<P: PolicyStore>(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    sent: &mut Definition<P>,
    original: Option<&Definition<P>>,
) {
    let (names, behaviour) = (facts.catalog.named(), &endpoint.end.behaviour);
    let (Mode::Custom, Some(model)) = (sent.mode, facts.model(endpoint, sent.model)) else { return };
    // Commit 9cd03f7957, 5.10.0.
    if behaviour.send_pconfig
        && Some(model.id) == names.icelake_server
        && let Some(pconfig) = names.pconfig
    {
        sent.features.set(pconfig, Policy::Disable);
    }
    if drops_added(endpoint, original.is_some()) {
        let mentioned = original.map(|original| original.features.sets().mentioned()).unwrap_or_default();
        sent.features.remove_all(model.added - mentioned);
    }
}

/// Whether the sender takes added features out, and looks the model up for it (`virCPUx86GetAddedFeatures`, 10.2.0,
/// commit 14d3517410).
fn drops_added(endpoint: &PreparedEndpoint<'_>, has_original: bool) -> bool {
    match endpoint.end.behaviour.drop_added {
        DropAdded::No => false,
        DropAdded::Always => true,
        DropAdded::IfOriginal => has_original,
    }
}

/// Why a sender keeps the guest: QEMU neither saves nor migrates a CPU with `invtsc` (`qemuMigrationSrcIsAllowed`), or
/// the map does not have the model that the user named and `match='minimum'` replaced (`qemuDomainMakeCPUMigratable`).
/// libvirt asks QEMU for its reasons where both can do that. Else it looks at the definition, and what that does not
/// tell, QEMU says when it is to migrate.
pub(super) fn not_sent<P: PolicyStore>(
    facts: &Facts<'_>,
    sender: &PreparedEndpoint<'_>,
    guest: &Running<P>,
    visible: FeatureSet,
) -> Option<UnorderedRefusal> {
    let (end, invtsc) = (sender.end, facts.catalog.named().invtsc);
    let may_go = facts.guest.accel != Accel::Kvm || facts.guest.has_tsc_frequency;
    if let Some(invtsc) = invtsc.filter(|invtsc| !may_go && visible.contains(*invtsc)) {
        let asks = end.behaviour.invtsc_message == InvtscMessage::Qemu && end.qemu.version >= TELLS_REASONS;
        return Some(UnorderedRefusal::NotSent(match asks {
            true => Sender::Reasons,
            false if guest.live.described_by(&end.map).contains(invtsc) => Sender::Libvirt,
            false => Sender::Command,
        }));
    }
    let original = guest.original.as_ref().filter(|original| original.mode == Mode::Custom);
    let named = original.and_then(|original| facts.model(sender, original.model)).filter(|_| drops_added(sender, true));
    match named.filter(|named| named.of_map.is_none()) {
        Some(named) => Some(UnorderedRefusal::UnknownModelSent(named.id)),
        // qemuMonitorJSONMigrate: a guest that is saved has no destination yet that could refuse it first.
        None => (facts.transport == Transport::Save && sender.cannot_migrate).then_some(UnorderedRefusal::NotMigrated),
    }
}

/// The first QEMU that tells why it does not migrate (`blocked-reasons` of `query-migrate`).
const TELLS_REASONS: Version = Version::new(6, 0, 0);
