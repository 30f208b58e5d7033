//! Puts a host that is given as a file into a scenario.

use super::args::Choice;
use super::files;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::{Key, LibvirtChoice, Release, Scenario, Told, write_release};
use crate::input::host;
use anyhow::Result;

/// Reads the host's file into the scenario; the releases it tells are used where the command line does not name the
/// end. Returns the line that says what was read.
pub(super) fn apply(
    catalog: &Catalog,
    choice: &Choice,
    scenario: &mut Scenario,
    key: Key,
    file: &str,
) -> Result<String> {
    let bytes = files::read(file)?;
    let end = if key == Key::ToHost { &scenario.to } else { &scenario.from };
    let host = host::read(catalog, &end.libvirt, file, &bytes)?;
    let mut said = vec![format!("{file}: {}", host.line())];
    if key != Key::ToHost {
        scenario.from_host = host.choice();
    }
    if key != Key::FromHost {
        scenario.to_host = host.choice();
    }
    let mut take = |key: Key, end: &mut Release| {
        if choice.names(key) || (host.libvirt.is_none() && host.qemu.is_none()) {
            return;
        }
        let published = host.libvirt.and_then(|version| catalog.libvirt(&version.to_string()));
        if let Some(id) = published {
            end.libvirt = LibvirtChoice::Release(id, None);
        }
        if let Some(version) = host.qemu {
            (end.qemu.version, end.qemu.build) = (Told::Is(version), None);
        }
        said.push(format!("Taken from it: {}={}.", key.name(), write_release(catalog, end)));
    };
    if key != Key::ToHost {
        take(Key::From, &mut scenario.from);
    }
    if key != Key::FromHost {
        take(Key::To, &mut scenario.to);
    }
    Ok(said.join(" "))
}
