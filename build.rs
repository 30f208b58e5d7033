//! Makes a hash over the facts, so that two builds can be told apart by what they know.

use sha2::{Digest, Sha256};
use std::{fs, path::Path};

fn main() -> std::io::Result<()> {
    let facts = Path::new("cpu_map");
    println!("cargo::rerun-if-changed=cpu_map");
    let mut files: Vec<_> =
        fs::read_dir(facts)?.map(|entry| entry.map(|file| file.path())).collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "xml"));
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(file.display().to_string());
        hash.update(fs::read(&file)?);
    }
    let hash = hash.finalize().iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
    println!("cargo::rustc-env=FACTS_HASH={hash:016x}");
    Ok(())
}
