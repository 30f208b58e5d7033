//! Explains why a document of a migration does not exist, and what is special about one that does.

use super::sentences::{capitalized, libvirt_label};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Release;

/// Why a document never existed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Absent {
    /// The guest's files were given while it ran, and its inactive definition was not among them.
    NotGiven,
    /// The guest already runs, and its command line is not known.
    AlreadyRuns,
    /// The definition was refused before QEMU was started.
    RefusedBeforeQemu,
    /// QEMU was started and the guest was refused then.
    RefusedAfterQemu,
    /// The guest did not start at the source.
    NeverSent,
    /// This libvirt sends no cookie.
    NoCookies,
    /// The live CPU definition is the only one, and is sent in the XML.
    NothingBeside,
    /// The migration ended before this document.
    NeverReached,
}

/// What is special about a document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Remark {
    /// The live definition is the prepared one: this libvirt has no live update.
    NoLiveUpdate,
    /// The cookie's CPU replaces the one of the XML.
    CookieReplaces,
    /// The XML's CPU is taken, and no cookie replaces it.
    XmlCounts,
    /// The cookie overrules this XML at the destination.
    CookieOverrules,
}

/// Returns why a document never existed, in one sentence; `release` would have created it.
pub(crate) fn absent(catalog: &Catalog, release: &Release, why: Absent) -> String {
    let libvirt = libvirt_label(catalog, release);
    match why {
        Absent::NotGiven => "The guest already runs, and its inactive definition was not given.".to_owned(),
        Absent::AlreadyRuns => "The guest already runs, and its files do not contain the QEMU command line.".to_owned(),
        Absent::RefusedBeforeQemu => format!("Not created: {libvirt} refused the definition before it started QEMU."),
        Absent::RefusedAfterQemu => format!("Not created: {libvirt} refused the guest, so it never ran here."),
        Absent::NeverSent => "Not sent: the guest never started at the source.".to_owned(),
        Absent::NoCookies => format!("Not sent: {libvirt} sends no CPU definition besides the XML."),
        Absent::NothingBeside => {
            format!("Not sent: {libvirt} has only one CPU definition for this guest, and sends it in the XML.")
        }
        Absent::NeverReached => "Not created: the migration ended earlier.".to_owned(),
    }
}

/// Returns what is special about a document, in one sentence; `release` created it.
pub(crate) fn remark(catalog: &Catalog, release: &Release, what: Remark) -> String {
    let libvirt = libvirt_label(catalog, release);
    capitalized(match what {
        Remark::NoLiveUpdate => {
            format!("{libvirt} has no live update, so this is the prepared definition.")
        }
        Remark::CookieReplaces => format!("{libvirt} uses the CPU definition of the cookie, not the one of the XML."),
        Remark::XmlCounts => format!("{libvirt} uses the CPU definition of the XML."),
        Remark::CookieOverrules => "At the destination, the cookie replaces this CPU definition.".to_owned(),
    })
}
