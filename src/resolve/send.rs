//! Makes what a source sends: the CPU of the migratable XML, and the cookie's
//! (libvirt `qemuDomainMakeCPUMigratable`, `qemu_migration_cookie.c`, `qemuDomainSaveCookie`).

use super::journey::filled_in_check;
use super::site::{Facts, Site};
use super::stages::Sent;
use crate::domain::behaviour::DropAdded;
use crate::domain::definition::{Definition, Mode, Policy, PolicyStore};
use crate::domain::scenario::Transport;

/// Returns what is sent from one end to the next of a guest with this live definition and, where one is kept, this
/// original one.
pub(super) fn send<P: PolicyStore>(
    facts: &Facts<'_>,
    (site, receiver): (&Site<'_>, &Site<'_>),
    live: &Definition<P>,
    original: Option<&Definition<P>>,
    transport: Transport,
) -> Sent<P> {
    let mut sent = Sent { xml: original.unwrap_or(live).clone(), cookie: None };
    make_migratable(facts, site, &mut sent.xml, original);
    if original.is_some() && site.end.behaviour.cookie {
        let cookie = sent.cookie.insert(live.clone());
        // A save image's cookie is a plain copy.
        if transport == Transport::Live {
            make_migratable(facts, site, cookie, original);
        }
    }
    if !site.end.behaviour.live_update {
        // Before 3.2.0 a definition says nothing about checks; the receiver fills in its own.
        sent.xml.check = filled_in_check(sent.xml.mode, facts.guest.accel, receiver.end);
    }
    sent
}

fn make_migratable<P: PolicyStore>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    sent: &mut Definition<P>,
    original: Option<&Definition<P>>,
) {
    let (names, behaviour) = (facts.catalog.named(), &site.end.behaviour);
    let (Mode::Custom, Some(model)) = (sent.mode, &site.model) else { return };
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
