//! Makes what a source sends: the CPU of the migratable XML, and the cookie's
//! (libvirt `qemuDomainMakeCPUMigratable`, `qemu_migration_cookie.c`, `qemuDomainSaveCookie`).

use super::prepared_endpoint::{Facts, PreparedEndpoint};
use super::trace::Sent;
use crate::domain::behaviour::DropAdded;
use crate::domain::definition::{Definition, Mode, Policy, PolicyStore};
use crate::domain::scenario::Transport;

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
    let (Mode::Custom, Some(model)) = (sent.mode, &endpoint.model) else { return };
    if behaviour.send_pconfig
        && Some(model.id) == names.icelake_server
        && let Some(pconfig) = names.pconfig
    {
        sent.features.set(pconfig, Policy::Disable);
    }
    let drops = match behaviour.drop_added {
        DropAdded::No => false,
        DropAdded::Always => true,
        DropAdded::IfOriginal => original.is_some(),
    };
    if drops {
        let mentioned = original.map(|original| original.features.sets().mentioned()).unwrap_or_default();
        sent.features.remove_all(model.added - mentioned);
    }
}
