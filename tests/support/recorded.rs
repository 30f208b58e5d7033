//! Reads the recorded migrations: real runs between real releases, one JSON object per line.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a line that cannot be read fails the test")]

use serde::Deserialize;
use std::collections::BTreeMap;

/// One recorded run.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartTrace {
    /// Its name.
    pub(crate) id: String,
    /// Where the guest was started and saved.
    pub(crate) source: End,
    /// Where it was restored.
    pub(crate) destination: End,
    /// The guest.
    pub(crate) guest: Guest,
    /// `completed`, `aborted` or `start-refused`.
    pub(crate) outcome: String,
    /// libvirt's message, whole, without its prefix.
    pub(crate) error: Option<String>,
    /// The policies of the running definition on the source.
    pub(crate) live: Option<BTreeMap<String, String>>,
    /// The same on the destination.
    pub(crate) arrived: Option<BTreeMap<String, String>>,
}

/// The software of the source or the destination.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {
    /// libvirt's release.
    pub(crate) libvirt: String,
    /// QEMU's release.
    pub(crate) qemu: String,
}

/// A guest: mode custom, match exact, fallback forbid.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guest {
    /// The model.
    pub(crate) model: String,
    /// The machine type.
    pub(crate) machine: String,
    /// The policies in the definition, in its order.
    pub(crate) features: serde_json::Map<String, serde_json::Value>,
    /// `tcg` or `kvm`.
    pub(crate) accelerator: String,
    /// How many virtual CPUs, each its own socket.
    pub(crate) vcpus: u32,
    /// The definition's check.
    pub(crate) check: String,
}

impl Guest {
    /// Returns the features of the definition with their policies.
    pub(crate) fn policies(&self) -> Vec<(String, String)> {
        let mut policies = Vec::new();
        for (feature, policy) in &self.features {
            policies.push((feature.clone(), policy.as_str().unwrap().to_owned()));
        }
        policies
    }
}

/// Returns every recorded run.
pub(crate) fn runs() -> Vec<StartTrace> {
    let text = include_str!("../recorded/recorded-migrations.jsonl");
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in the line\n{line}"));
    text.lines().filter(|line| !line.is_empty()).map(read).collect()
}
