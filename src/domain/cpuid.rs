//! Reads raw CPUID leaves and model-specific registers as libvirt does: vendor, signature and the features of a map.
//! Executes no instruction: the values come from a recording.

use super::feature::FeatureSet;
use super::host::{CpuSignature, Vendor};
use super::map::{CpuMap, Register};

/// What CPUID answered for one leaf and subleaf. An input register that a recording does not mention is 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CpuidLeaf {
    /// The leaf.
    pub eax_in: u32,
    /// The subleaf.
    pub ecx_in: u32,
    /// The answer in eax, ebx, ecx and edx.
    pub output: [u32; 4],
}

/// The value of one model-specific register.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MsrValue {
    /// The register's number.
    pub index: u32,
    /// The low and the high half: eax and edx.
    pub output: [u32; 2],
}

/// A processor as raw values. What was not recorded counts as absent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RawCpu {
    /// The CPUID leaves.
    pub leaves: Vec<CpuidLeaf>,
    /// The model-specific registers.
    pub msrs: Vec<MsrValue>,
}

/// An XSAVE state: bits of CPUID leaf 0xd, subleaf 0, register eax.
pub(crate) struct XsaveState {
    /// The feature that brings it.
    pub(crate) feature: &'static str,
    pub(crate) bits: &'static [u32],
    /// Whether TCG emulates it.
    pub(crate) tcg: bool,
}

/// The XSAVE states that QEMU knows (`x86_ext_save_areas`).
pub(crate) const XSAVE_STATES: &[XsaveState] = &[
    XsaveState { feature: "xsave", bits: &[0, 1], tcg: true },
    XsaveState { feature: "avx", bits: &[2], tcg: true },
    XsaveState { feature: "mpx", bits: &[3, 4], tcg: true },
    XsaveState { feature: "avx512f", bits: &[5, 6, 7], tcg: false },
    XsaveState { feature: "pku", bits: &[9], tcg: true },
    XsaveState { feature: "amx-tile", bits: &[17, 18], tcg: false },
];

impl RawCpu {
    fn leaf(&self, eax_in: u32, ecx_in: u32) -> Option<[u32; 4]> {
        self.leaves.iter().find(|leaf| (leaf.eax_in, leaf.ecx_in) == (eax_in, ecx_in)).map(|leaf| leaf.output)
    }

    /// Returns the vendor in leaf 0; `None` for one this program does not know.
    pub fn vendor(&self) -> Option<Vendor> {
        let [_, ebx, ecx, edx] = self.leaf(0, 0)?;
        let letters: Vec<u8> = [ebx, edx, ecx].into_iter().flat_map(u32::to_le_bytes).collect();
        Vendor::parse(str::from_utf8(&letters).ok()?)
    }

    /// Returns family, model and stepping in leaf 1. The extended family counts only for base family 15, the extended
    /// model always (libvirt `virCPUx86SignatureFromCPUID`).
    pub fn signature(&self) -> Option<CpuSignature> {
        let [eax, ..] = self.leaf(1, 0)?;
        let bits = |shift: u32, mask: u32| (eax >> shift) & mask;
        let base = bits(8, 0xf);
        let family = if base == 0xf { base + bits(20, 0xff) } else { base };
        let model = (bits(16, 0xf) << 4) + bits(4, 0xf);
        Some(CpuSignature { family, model, stepping: Some(bits(0, 0xf)) })
    }

    /// Returns the features of `map` whose bits are all set (libvirt `x86DataIsSubset`).
    pub fn features(&self, map: &CpuMap) -> FeatureSet {
        let has = |register: &Register| match *register {
            Register::Cpuid { eax_in, ecx_in, masks } => {
                let found = self.leaf(eax_in, ecx_in).unwrap_or_default();
                found.into_iter().zip(masks).all(|(value, mask)| value & mask == mask)
            }
            Register::Msr { index, masks } => {
                let found = self.msrs.iter().find(|msr| msr.index == index).map(|msr| msr.output).unwrap_or_default();
                found.into_iter().zip(masks).all(|(value, mask)| value & mask == mask)
            }
        };
        let described = map.order.iter().zip(&map.features);
        let shown = described.filter(|(_, feature)| !feature.registers.is_empty() && feature.registers.iter().all(has));
        shown.map(|(feature, _)| *feature).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_leaf_1(eax: u32) -> RawCpu {
        let leaves = vec![CpuidLeaf { eax_in: 1, ecx_in: 0, output: [eax, 0, 0, 0] }];
        RawCpu { leaves, msrs: Vec::new() }
    }

    #[test]
    fn the_extended_family_counts_for_family_15_only() {
        let signature = |eax| with_leaf_1(eax).signature().map(|s| (s.family, s.model, s.stepping));
        assert_eq!(signature(0x0080_0f12), Some((23, 1, Some(2))), "AMD EPYC 7601");
        assert_eq!(signature(0x000c_06f2), Some((6, 207, Some(2))), "Intel Emerald Rapids");
        assert_eq!(signature(0x0060_06f2), Some((6, 15, Some(2))), "an extended family beside base family 6");
    }

    #[test]
    fn a_leaf_that_was_not_recorded_is_absent() {
        let cpu = RawCpu::default();
        assert_eq!((cpu.vendor(), cpu.signature()), (None, None));
    }

    #[test]
    fn the_vendor_is_in_ebx_edx_ecx() {
        let output = [0xd, 0x756e_6547, 0x6c65_746e, 0x4965_6e69];
        let cpu = RawCpu { leaves: vec![CpuidLeaf { output, ..CpuidLeaf::default() }], msrs: Vec::new() };
        assert_eq!(cpu.vendor(), Some(Vendor::Intel));
    }
}
