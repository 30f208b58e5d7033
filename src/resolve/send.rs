//! Makes what a source sends: the CPU of the migratable XML, and the cookie's
//! (libvirt `qemuDomainMakeCPUMigratable`, `qemu_migration_cookie.c`, `qemuDomainSaveCookie`).

use super::end::{End, Named};
use super::resolution::Sent;
use crate::domain::behaviour::DropAdded;
use crate::domain::definition::{Definition, Mode, Policy};
use crate::domain::scenario::Transport;

/// Returns what is sent of a guest with this live definition and, where one is kept, this original one.
pub(super) fn send(
    names: &Named,
    end: &End<'_>,
    live: &Definition,
    original: Option<&Definition>,
    transport: Transport,
) -> Sent {
    let Some(original) = original else {
        return Sent { xml: migratable(names, end, live, None), cookie: None };
    };
    let cookie = match transport {
        Transport::Live => migratable(names, end, live, Some(original)),
        // A save image's cookie is a plain copy.
        Transport::Save => live.clone(),
    };
    Sent { xml: migratable(names, end, original, Some(original)), cookie: end.behaviour.cookie.then_some(cookie) }
}

fn migratable(names: &Named, end: &End<'_>, definition: &Definition, original: Option<&Definition>) -> Definition {
    let mut sent = definition.clone();
    let (Mode::Custom, Some(model)) = (sent.mode, sent.model) else { return sent };
    if end.behaviour.send_pconfig
        && Some(model) == names.icelake_server
        && let Some(pconfig) = names.pconfig
    {
        sent.features.set(pconfig, Policy::Disable);
    }
    let drops = match end.behaviour.drop_added {
        DropAdded::No => false,
        DropAdded::Always => true,
        DropAdded::IfOriginal => original.is_some(),
    };
    if drops && let Some(of_map) = end.map.model(model) {
        let named = original.map(|original| original.features.mentioned()).unwrap_or_default();
        let dropped = of_map.added_set() - named;
        sent.features.retain(|feature, _| !dropped.contains(feature));
    }
    sent
}
