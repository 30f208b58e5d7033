//! Builds what a source sends: the CPU of the migratable XML, and that of the cookie (libvirt
//! `qemuDomainMakeCPUMigratable`, `qemu_migration_cookie.c`, `qemuDomainSaveCookie`).

use super::prepared_endpoint::{Facts, PreparedEndpoint};
use super::refusal::{Sender, UnorderedRefusal};
use super::trace::Running;
use crate::domain::behaviour::{DropAdded, InvtscCheck, InvtscMessage, QuirkKind};
use crate::domain::definition::{Definition, Mode, Policy};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::qemu::Accel;
use crate::domain::scenario::Transport;

/// Builds what is sent to the next host from the running guest: the live definition and, where one is kept, the
/// original one.
pub(super) fn send(
    facts: &Facts<'_>,
    (endpoint, receiver): (&PreparedEndpoint<'_>, &PreparedEndpoint<'_>),
    guest: &mut Running,
) {
    let behaviour = &endpoint.end.behaviour;
    // qemuDomainDefFormatBufInternal, 3.5.0 (commit ea6d898311): the original CPU where one is kept.
    let users = guest.original.as_ref().map(|original| original.features.mentioned());
    if !behaviour.cookie
        && let Some(original) = guest.original.take()
    {
        guest.live = original;
    }
    if let Some(xml) = &mut guest.original {
        make_migratable(facts, endpoint, xml, users.as_ref());
    }
    // qemuMigrationCookieAddCPU, 3.5.0 (commit 48bc3053b8). A save image's cookie is a plain copy (qemuDomainSaveCookieNew).
    if guest.original.is_none() || facts.transport != Transport::Save {
        make_migratable(facts, endpoint, &mut guest.live, users.as_ref());
    }
    // virCPUDefParseXML: before 3.2.0 a definition has no attribute check; the receiver fills in its own.
    if !behaviour.live_update {
        let xml = guest.original.as_mut().unwrap_or(&mut guest.live);
        xml.check = receiver.end.filled_in_check(xml.mode, facts.guest.accel);
    }
}

/// Makes a definition fit to be sent; `users` is what the original one mentions, where it is kept.
fn make_migratable(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    sent: &mut Definition,
    users: Option<&FeatureSet>,
) {
    let (names, behaviour) = (facts.catalog.named(), &endpoint.end.behaviour);
    let (Mode::Custom, Some(model)) = (sent.mode, facts.model(endpoint, sent.model)) else { return };
    // qemuDomainMakeCPUMigratable, 5.10.0 (commit 9cd03f7957).
    if behaviour.send_pconfig
        && Some(model.id) == names.icelake_server
        && let Some(pconfig) = names.pconfig
    {
        sent.features.set(pconfig, Policy::Disable);
    }
    // qemuDomainDropAddedCPUFeatures, 10.2.0 (commit 14d3517410).
    if drops_added(endpoint, users.is_some()) {
        sent.features.remove_all(model.added - users.copied().unwrap_or_default());
    }
}

/// Whether the sender takes added features out, and looks the model up for it (`virCPUx86GetAddedFeatures`, 10.2.0, commit
/// 14d3517410; in 11.3.0, not yet in 10.7.0, only beside an original CPU).
fn drops_added(endpoint: &PreparedEndpoint<'_>, has_original: bool) -> bool {
    match endpoint.end.behaviour.drop_added {
        DropAdded::No => false,
        DropAdded::Always => true,
        DropAdded::IfOriginal => has_original,
    }
}

/// Why the sender's libvirt keeps the guest: QEMU neither saves nor migrates a CPU with `invtsc`
/// (`qemuMigrationSrcIsAllowed`), or the map does not have the model that the user named and `match='minimum'` replaced
/// (`qemuDomainMakeCPUMigratable`). libvirt asks QEMU for its reasons where both can do that. Otherwise libvirt looks at
/// the definition.
pub(super) fn not_sent(
    facts: &Facts<'_>,
    sender: &PreparedEndpoint<'_>,
    guest: &Running,
    visible: &FeatureSet,
) -> Option<UnorderedRefusal> {
    // QEMU is asked since 8.6.0 (commit 156e99f686).
    if let Some(invtsc) = blocking_invtsc(facts, visible) {
        let asks = sender.end.behaviour.invtsc_message == InvtscMessage::Qemu
            && sender.end.qemu.has_quirk(facts.catalog, QuirkKind::BlockedReasons, None);
        if asks {
            return Some(UnorderedRefusal::NotSent(Sender::Reasons));
        }
        if counts_as_invariant(sender, &guest.live, invtsc) {
            // A TSC frequency lets it go since 3.2.0 (commit 03eeb84fed), as the map is asked (commit 6cb8bf6abd).
            let asks_for_timer = sender.end.behaviour.invtsc_check == InvtscCheck::Described;
            let who = if asks_for_timer { Sender::Libvirt } else { Sender::LibvirtWithoutTimer };
            return Some(UnorderedRefusal::NotSent(who));
        }
    }
    let original = guest.original.as_ref().filter(|original| original.mode == Mode::Custom);
    let named = original.and_then(|original| facts.model(sender, original.model)).filter(|_| drops_added(sender, true));
    match named.filter(|named| named.of_map.is_none()) {
        Some(named) => Some(UnorderedRefusal::UnknownModelSent(named.id)),
        // A guest that is saved has no destination yet that could refuse it first.
        None => {
            if facts.transport == Transport::Save {
                not_migrated(facts, sender, visible)
            } else {
                None
            }
        }
    }
}

/// Why the sender's QEMU refuses the command `migrate` (`qemuMonitorJSONMigrate`): its arguments, or what blocks the guest.
/// In a live migration the destination has prepared the guest before that.
pub(super) fn not_migrated(
    facts: &Facts<'_>,
    sender: &PreparedEndpoint<'_>,
    visible: &FeatureSet,
) -> Option<UnorderedRefusal> {
    // qemuMonitorJSONMigrate passes detach until commit 17e170a13791.
    if sender.cannot_migrate {
        return Some(UnorderedRefusal::NotMigrated);
    }
    // QEMU kvm_arch_init_vcpu: of two blockers the one that was added last is reported.
    if blocking_invtsc(facts, visible).is_some() {
        return Some(UnorderedRefusal::NotSent(Sender::Command));
    }
    let nested = facts.catalog.named().vmx.is_some_and(|vmx| facts.guest.accel == Accel::Kvm && visible.contains(vmx));
    (nested && sender.end.qemu.has_quirk(facts.catalog, QuirkKind::NestedVmxBlocked, None))
        .then_some(UnorderedRefusal::NestedNotSent)
}

/// Whether the definition counts as having `invtsc` here (libvirt `qemuProcessVerifyCPUFeatures`,
/// `qemuMigrationSrcIsAllowed`; before 3.2.0 `qemuProcessVerifyGuestCPU`, `qemuMigrationIsAllowed`).
pub(super) fn counts_as_invariant(endpoint: &PreparedEndpoint<'_>, definition: &Definition, invtsc: FeatureId) -> bool {
    let is_required = || definition.features.get(invtsc) == Some(Policy::Require);
    match endpoint.end.behaviour.invtsc_check {
        InvtscCheck::Required => is_required() && definition.mode != Mode::HostPassthrough,
        InvtscCheck::RequiredAnyMode => is_required(),
        InvtscCheck::Described => definition.describes(invtsc, &endpoint.end.map),
    }
}

/// `invtsc` of a CPU that may not migrate with it: a TSC frequency lets it go since 3.2.0 (libvirt
/// `qemuMigrationSrcIsAllowed`, commit 03eeb84fed).
fn blocking_invtsc(facts: &Facts<'_>, visible: &FeatureSet) -> Option<FeatureId> {
    let may_go = facts.guest.accel != Accel::Kvm || facts.guest.has_tsc_frequency;
    facts.catalog.named().invtsc.filter(|invtsc| !may_go && visible.contains(*invtsc))
}
