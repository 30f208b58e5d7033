//! Parses `/proc/cpuinfo`, in which Linux uses its own names for many features.

use super::{HostFile, Kind};
use crate::domain::catalog::Catalog;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::{CpuSignature, Vendor};
use crate::load::LoadError;

/// Linux's name and libvirt's, where they differ by more than `_` for `-`.
const NAMES: &[(&str, &str)] = &[
    ("pclmulqdq", "pclmuldq"),
    ("sse4_1", "sse4.1"),
    ("sse4_2", "sse4.2"),
    ("tsc_deadline_timer", "tsc-deadline"),
    ("avx512_vbmi2", "avx512vbmi2"),
    ("avx512_vnni", "avx512vnni"),
    ("avx512_bitalg", "avx512bitalg"),
    ("cr8_legacy", "cr8legacy"),
    ("tsxldtrk", "tsx-ldtrk"),
    ("dts", "ds"),
    ("pausefilter", "pause-filter"),
    ("sme", ""),
];

/// Flags with one name in Linux for both vendors and two names in libvirt: the flag, libvirt's name on Intel, and on
/// AMD.
const BY_VENDOR: &[(&str, &str, &str)] = &[
    ("ssbd", "ssbd", "amd-ssbd"),
    ("stibp", "stibp", "amd-stibp"),
    ("ibrs", "spec-ctrl", "ibrs"),
    ("ibpb", "", "ibpb"),
];

/// What Linux never prints: such features have no name in quotes in `arch/x86/include/asm/cpufeatures.h`, or a name that is
/// not read here.
const NOT_PRINTED: &[&str] = &[
    "osxsave",
    "fdp-excptn-only",
    "zero-fcs-fds",
    "cmt",
    "mbm_total",
    "mbm_local",
    "sgxlc",
    "sgx1",
    "sgx2",
    "sgx-edeccssa",
    "sgx-exinfo",
    "sgx-debug",
    "sgx-mode64",
    "sgx-provisionkey",
    "sgx-tokenkey",
    "sgx-kss",
    "sgx-aex-notify",
    "intel-pt-lip",
    "cet-ss",
    "cet-ibt",
    "pks",
    "core-capability",
    "sha512",
    "sm3",
    "sm4",
    "cmpccxadd",
    "fzrm",
    "fsrs",
    "fsrc",
    "lkgs",
    "wrmsrns",
    "amx-fp16",
    "avx-ifma",
    "movrs",
    "msr-imm",
    "avx-vnni-int8",
    "avx-ne-convert",
    "amx-complex",
    "avx-vnni-int16",
    "prefetchiti",
    "avx10",
    "avx10-128",
    "avx10-256",
    "avx10-512",
    "avx10-vnni-int",
    "apxf",
    "apx-nci-ndd-nf",
    "amx-int8-alias",
    "amx-bf16-alias",
    "amx-complex-alias",
    "amx-fp16-alias",
    "amx-fp8",
    "amx-tf32",
    "amx-avx512",
    "amx-movrs",
    "intel-psfd",
    "ipred-ctrl",
    "rrsba-ctrl",
    "ddpd-u",
    "bhi-ctrl",
    "mcdt-no",
    "xfd",
    "cvt16",
    "xstore",
    "xstore-en",
    "xcrypt",
    "xcrypt-en",
    "stibp-always-on",
    "amd-no-ssb",
    "amd-psfd",
    "svme-addr-chk",
    "gmet",
    "no-nested-data-bp",
    "fs-gs-base-ns",
    "lfence-always-serializing",
    "verw-clear",
    "null-sel-clr-base",
    "auto-ibrs",
    "prefetchi",
    "eraps",
    "sbpb",
    "ibpb-brtype",
    "srso-no",
    "srso-user-kernel-no",
    "tsa-sq-no",
    "tsa-l1-no",
    "rdctl-no",
    "ibrs-all",
    "rsba",
    "skip-l1dfl-vmentry",
    "ssb-no",
    "mds-no",
    "pschange-mc-no",
    "tsx-ctrl",
    "taa-no",
    "sbdr-ssdp-no",
    "fbsdp-no",
    "psdp-no",
    "fb-clear",
    "bhi-no",
    "pbrsb-no",
    "gds-no",
    "rfds-no",
    "rfds-clear",
    "its-no",
    "full-width-write",
];

/// Returns what is not printed on a processor of this vendor: also the names that [`BY_VENDOR`] has for the other one.
fn not_printed(catalog: &Catalog, vendor: Vendor) -> FeatureSet {
    let others = BY_VENDOR.iter().map(|(_, intel, amd)| if vendor == Vendor::Intel { *amd } else { *intel });
    let names = NOT_PRINTED.iter().copied().chain(others);
    names.filter_map(|name| catalog.feature(name)).fold(catalog.named().vmx_children, |mut all, feature| {
        all.insert(feature);
        all
    })
}

/// Reads the first processor.
pub(super) fn read(catalog: &Catalog, file: &str, text: &str) -> Result<HostFile, LoadError> {
    let value = |name: &str| {
        text.lines().enumerate().find_map(|(number, line)| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == name).then(|| (number + 1, value.trim()))
        })
    };
    let Some((_, flags)) = value("flags") else {
        let message = "expected virsh domcapabilities or capabilities (XML), a QMP reply (JSON), or /proc/cpuinfo with \
                       a line of flags, found none of them";
        return Err(LoadError::at(file, text, 0, message));
    };
    let Some((line, named)) = value("vendor_id") else {
        return Err(LoadError::at(file, text, 0, "expected a line vendor_id in /proc/cpuinfo, found none"));
    };
    let Some(vendor) = Vendor::parse(named) else {
        return Err(LoadError {
            file: file.to_owned(),
            position: Some((line, 1)),
            message: format!("expected a vendor such as GenuineIntel, found {named:?}"),
        });
    };
    let words: Vec<&str> = flags.split_ascii_whitespace().collect();
    let mut features: FeatureSet = words.iter().filter_map(|flag| feature(catalog, vendor, flag)).collect();
    if words.contains(&"constant_tsc") && words.contains(&"nonstop_tsc") {
        features.extend(catalog.feature("invtsc"));
    }
    let mut notes: Vec<String> = value("model name").map(|(_, name)| name.to_owned()).into_iter().collect();
    notes.push(format!("{} of {} flags are features of libvirt", features.len(), words.len()));
    let number = |name: &str| value(name)?.1.parse().ok();
    let signature = number("cpu family").zip(number("model"));
    let signature = signature.map(|(family, model)| CpuSignature { family, model, stepping: number("stepping") });
    Ok(HostFile {
        kind: Kind::CpuInfo,
        vendor,
        signature,
        features,
        silicon: None,
        asked: FeatureSet::ALL - not_printed(catalog, vendor),
        unknown: FeatureSet::EMPTY,
        host_model: None,
        libvirt: None,
        qemu: None,
        notes,
    })
}

fn feature(catalog: &Catalog, vendor: Vendor, flag: &str) -> Option<FeatureId> {
    if let Some((_, intel, amd)) = BY_VENDOR.iter().find(|(linux, _, _)| *linux == flag) {
        return catalog.feature(if vendor == Vendor::Intel { intel } else { amd });
    }
    if let Some((_, libvirt)) = NAMES.iter().find(|(linux, _)| *linux == flag) {
        return catalog.feature(libvirt);
    }
    catalog.feature(flag).or_else(|| catalog.feature(&flag.replace('_', "-")))
}
