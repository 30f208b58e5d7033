//! Says in words why a document of a journey never existed, and what there is to know of one that did.

use super::libvirt_label;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Release;

/// Why a document never existed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Absent {
    /// The guest's files were given while it ran, and its inactive definition was not among them.
    NotGiven,
    /// The guest already runs, and nothing tells with which command line it was started.
    AlreadyRuns,
    /// The definition was refused before QEMU was started.
    RefusedBeforeQemu,
    /// QEMU was started and the guest was refused then.
    RefusedAfterQemu,
    /// The guest never set out.
    NeverSent,
    /// This libvirt sends no cookie.
    NoCookies,
    /// The live CPU is the only one there is, so it travels as the XML.
    NothingBeside,
    /// The documents of the other ends come first, and the journey ended there.
    NeverReached,
}

/// What there is to know of a document that did exist.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remark {
    /// The live definition is the prepared one: this libvirt has no live update.
    NoLiveUpdate,
    /// The cookie's CPU replaces the one of the XML.
    CookieReplaces,
    /// The XML's CPU is taken, and no cookie replaces it.
    XmlCounts,
    /// The cookie overrules this XML at the destination.
    CookieOverrules,
}

/// Returns why a document never existed, in one sentence; `release` is the end at which it would have been made.
pub fn absent(catalog: &Catalog, release: &Release, why: Absent) -> String {
    let libvirt = libvirt_label(catalog, release);
    match why {
        Absent::NotGiven => "The guest already runs, and its inactive definition was not given.".to_owned(),
        Absent::AlreadyRuns => {
            "The guest already runs: nothing is started here, and its files do not tell the command line.".to_owned()
        }
        Absent::RefusedBeforeQemu => format!("There is none: {libvirt} refused the definition before it started QEMU."),
        Absent::RefusedAfterQemu => format!("There is none: {libvirt} refused the guest, and it never ran here."),
        Absent::NeverSent => "Nothing was sent: the guest never started at the source.".to_owned(),
        Absent::NoCookies => format!("There is none: {libvirt} sends no CPU beside the XML."),
        Absent::NothingBeside => {
            format!("There is none: {libvirt} kept no second CPU for this guest, and the XML says everything.")
        }
        Absent::NeverReached => "There is none: the guest never came this far.".to_owned(),
    }
}

/// Returns what there is to know of a document, in one sentence; `release` is the end at which it was made.
pub fn remark(catalog: &Catalog, release: &Release, what: Remark) -> String {
    let libvirt = libvirt_label(catalog, release);
    match what {
        Remark::NoLiveUpdate => {
            format!("Here {libvirt} compares nothing with QEMU: this is the definition as prepared.")
        }
        Remark::CookieReplaces => format!("Here {libvirt} takes the CPU of the cookie, not the one of the XML."),
        Remark::XmlCounts => format!("Here {libvirt} takes the CPU of the XML."),
        Remark::CookieOverrules => "At the destination the cookie takes the place of this XML.".to_owned(),
    }
}
