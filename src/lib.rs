//! Decides whether a guest's CPU survives a live migration between libvirt and QEMU releases, and explains why not.
//!
//! The facts (CPU maps of libvirt releases, models and machine types of QEMU releases, recorded hosts) are compiled in.
//! The library reads no file unless it is given one, starts no guest and needs no libvirt.
//!
//! # Example
//!
//! ```
//! use virt_cpu_explorer::catalog;
//! use virt_cpu_explorer::explain::explain;
//! use virt_cpu_explorer::resolve::{Verdict, resolve};
//! use virt_cpu_explorer::scenario::Scenario;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let catalog = catalog::embedded()?;
//! let scenario = Scenario::parse(&catalog, "Skylake-Client,machine=pc-q35-3.1,from=old,to=new")?;
//! let answer = resolve(&catalog, &scenario);
//! assert_eq!(answer.verdict, Verdict::Aborted);
//! let names: Vec<&str> = answer.extra.iter().map(|feature| catalog.feature_name(*feature)).collect();
//! assert_eq!(names, ["mpx"]);
//!
//! let explanation = explain(&catalog, &scenario, &answer);
//! println!("{}", explanation.headline);
//! for sentence in &explanation.why {
//!     println!("{sentence}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//!
//! | module | what it does |
//! |---|---|
//! | [`catalog`] | Holds the facts: releases, CPU maps, machine types, features, hosts |
//! | [`scenario`] | Describes one question: the guest, the source, the destination |
//! | [`resolve`] | Answers it: the verdict, the rule that decides, the features that differ |
//! | [`explain`] | Words the answer: sentences, libvirt's message, the page of a rule |
//! | [`analysis`] | Asks many questions: fixes, matrices, histories, differences, baselines |
//! | [`input`] | Parses what users have: domain XML, host capabilities, batch lines, log messages |
//!
//! # Features
//!
//! - `terminal` (default): the explorer on a terminal. Implies `tui`.
//! - `cli` (default): the command line.
//! - `tui`: the explorer's views, drawn into a [ratatui](https://docs.rs/ratatui) buffer; no terminal, no event loop.
//!
//! The program needs `terminal` and `cli`. The library needs neither: depend on it with `default-features = false`.

#![cfg_attr(
    not(all(feature = "terminal", feature = "cli")),
    allow(dead_code, unused_imports, reason = "the program uses more of the library than a part of its features does")
)]

#[cfg(any(feature = "tui", feature = "cli"))]
mod app;
#[cfg(feature = "cli")]
mod cli;
mod domain;
mod export;
mod import;
mod load;
#[cfg(feature = "terminal")]
mod storage;
#[cfg(feature = "tui")]
mod tui;

pub mod analysis;
pub mod explain;
pub mod input;
pub mod resolve;

/// Holds the facts: libvirt and QEMU releases, CPU maps, machine types, features, hosts.
///
/// [`embedded`](catalog::embedded) returns the facts that are compiled in; [`add_cpu_map`](catalog::add_cpu_map) adds
/// an installed or a patched libvirt CPU map.
pub mod catalog {
    pub use crate::domain::catalog::{Catalog, LibvirtId, LibvirtRelease, Product, Provenance, ReleaseMap};
    pub use crate::domain::feature::{FeatureId, FeatureSet};
    pub use crate::domain::host::{CpuSignature, GivenHost, Host, HostId, Vendor};
    pub use crate::domain::map::{CpuMap, MapId, ModelDefinition, ModelId};
    pub use crate::domain::qemu::{MachineId, QemuFacts};
    pub use crate::domain::version::{NotAVersion, Version};
    pub use crate::load::LoadError;
    pub use crate::load::cpu_map_dir::add as add_cpu_map;
    pub use crate::load::embedded::catalog as embedded;
}

/// Describes one question: a guest, its source and its destination.
///
/// [`Scenario::parse`](scenario::Scenario::parse) reads a scenario from its link, the one-line form that the program
/// prints: `Skylake-Client,machine=pc-q35-3.1,from=9.0.0:7.2.22,to=11.3.0:10.0.13`.
pub mod scenario {
    pub use crate::domain::behaviour::Regime;
    pub use crate::domain::definition::{Check, Definition, Fallback, Match, Mode, Policies, Policy};
    pub use crate::domain::qemu::Accel;
    pub use crate::domain::scenario::{
        CpuChoice, HostChoice, KEYS, Key, KeyInfo, LibvirtChoice, LinkError, MachineChoice, MaybeKnown, QemuChoice,
        Release, Running, Scenario, Stop, Topology, Transport, ValueError,
    };
}

/// Opens the modules to the program, its tests, benchmarks and fuzz targets. Not part of the API: anything in it may
/// change in any release.
#[doc(hidden)]
pub mod internal {
    macro_rules! open {
        ($($(#[$cfg:meta])? $name:ident),+ $(,)?) => {
            $(
                $(#[$cfg])?
                pub mod $name {
                    pub use crate::$name::*;
                }
            )+
        };
    }

    open! {
        analysis,
        #[cfg(any(feature = "tui", feature = "cli"))]
        app,
        #[cfg(feature = "cli")]
        cli,
        domain,
        explain,
        export,
        import,
        input,
        load,
        resolve,
        #[cfg(feature = "terminal")]
        storage,
        #[cfg(feature = "tui")]
        tui,
    }
}
