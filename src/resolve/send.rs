//! Makes what a source sends: the CPU of the migratable XML, and the cookie's
//! (libvirt `qemuDomainMakeCPUMigratable`, `qemu_migration_cookie.c`, `qemuDomainSaveCookie`).

use super::resolution::Sent;
use super::site::{Facts, Site};
use crate::domain::behaviour::DropAdded;
use crate::domain::definition::{Definition, Mode, Policy, PolicyStore};
use crate::domain::scenario::Transport;

/// Returns what is sent of a guest with this live definition and, where one is kept, this original one.
pub(super) fn send<P: PolicyStore>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    live: &Definition<P>,
    original: Option<&Definition<P>>,
    transport: Transport,
) -> Sent<P> {
    let Some(original) = original else {
        return Sent { xml: migratable(facts, site, live, None), cookie: None };
    };
    let cookie = || match transport {
        Transport::Live => migratable(facts, site, live, Some(original)),
        // A save image's cookie is a plain copy.
        Transport::Save => live.clone(),
    };
    Sent { xml: migratable(facts, site, original, Some(original)), cookie: site.end.behaviour.cookie.then(cookie) }
}

fn migratable<P: PolicyStore>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    definition: &Definition<P>,
    original: Option<&Definition<P>>,
) -> Definition<P> {
    let (names, behaviour) = (facts.catalog.named(), &site.end.behaviour);
    let mut sent = definition.clone();
    let (Mode::Custom, Some(model)) = (sent.mode, &site.model) else { return sent };
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
    sent
}
