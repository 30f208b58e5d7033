//! Reads the facts in `cpu_map/` with the program's own reader, and packs them for `src/load/embedded.rs`. Also makes a
//! hash over the files, so that two builds can be told apart by what they know.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    unused_imports,
    reason = "the build script uses little of these modules"
)]

use crate::domain::catalog::Parts;
use crate::load::packed::Packed;
use crate::load::timeline::{self, Texts};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use foldhash::HashMap;
use sha2::{Digest, Sha256};
use source::domain;
use std::error::Error;
use std::hash::Hash;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::{env, fs};

#[path = "src"]
mod source {
    pub mod domain;
}

#[path = "src/load"]
mod load {
    pub mod attributes;
    pub mod behaviour;
    pub mod downstream;
    pub mod error;
    pub mod file;
    pub mod hosts;
    pub mod libvirt;
    pub mod notation;
    pub mod packed;
    pub mod qemu;
    pub mod timeline;
    pub mod xml;

    pub use error::LoadError;
}

fn main() -> Result<(), Box<dyn Error>> {
    for path in ["cpu_map", "src/domain", "src/domain.rs", "src/load"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let names =
        ["behaviour", "downstream", "hosts", "libvirt", "products", "qemu"].map(|name| format!("cpu_map/{name}.xml"));
    let mut texts = Vec::new();
    let mut hash = Sha256::new();
    for name in &names {
        texts.push((name.as_str(), fs::read_to_string(name)?));
        hash.update(name);
        hash.update(fs::read(name)?);
    }
    let hash = hash.finalize().iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
    println!("cargo::rustc-env=FACTS_HASH={hash:016x}");
    let [behaviour, downstream, hosts, libvirt, products, qemu] = texts.as_slice() else { return Ok(()) };
    let texts = Texts {
        behaviour: (behaviour.0, &behaviour.1),
        downstream: (downstream.0, &downstream.1),
        hosts: (hosts.0, &hosts.1),
        libvirt: (libvirt.0, &libvirt.1),
        products: (products.0, &products.1),
        qemu: (qemu.0, &qemu.1),
    };
    let facts = postcard::to_allocvec(&pack(timeline::read(&texts)?))?;
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("facts"), facts)?;
    let mut recorded = DeflateEncoder::new(Vec::new(), Compression::best());
    recorded.write_all(&fs::read("cpu_map/recorded.txt")?)?;
    fs::write(Path::new(&out).join("recorded"), recorded.finish()?)?;
    Ok(())
}

fn pack(mut parts: Parts) -> Packed {
    let (mut features, mut models, mut blockers) = (Table::new(), Table::new(), Table::new());
    let (mut of_features, mut of_models, mut of_blockers) = (Vec::new(), Vec::new(), Vec::new());
    for map in &mut parts.maps {
        of_features.push(map.features.drain(..).map(|feature| features.place(feature)).collect());
        of_models.push(map.models.drain(..).map(|model| model.map(|model| models.place(model))).collect());
    }
    for release in &parts.qemu {
        of_blockers.push(release.models.iter().map(|model| blockers.place(Arc::clone(&model.tcg_blockers))).collect());
    }
    Packed {
        parts,
        features: (features.list, of_features),
        models: (models.list, of_models),
        blockers: (blockers.list, of_blockers),
    }
}

/// What is shared, each once.
struct Table<T: ?Sized> {
    list: Vec<Arc<T>>,
    places: HashMap<Arc<T>, u16>,
}

impl<T: ?Sized + Eq + Hash> Table<T> {
    fn new() -> Self {
        Self { list: Vec::new(), places: HashMap::default() }
    }

    #[expect(clippy::expect_used, reason = "facts that do not fit must not be built")]
    fn place(&mut self, one: Arc<T>) -> u16 {
        *self.places.entry(one).or_insert_with_key(|one| {
            self.list.push(Arc::clone(one));
            u16::try_from(self.list.len() - 1).expect("fewer than 65,536 differ")
        })
    }
}
