//! How each libvirt release behaves, as plain ifs on its number.
//!
//! Written a second time on purpose: the product reads its dates from `cpu_map/behaviour.xml`, these were read in
//! libvirt's code. Only releases whose map is known exactly are asked, so a switch known as an interval is put at its
//! end. "Read in" means that the function was read there; a commit stands where the history shows the very release.

/// Major, minor, micro.
pub(crate) type Number = (u32, u32, u32);

/// Reads a release number.
pub(crate) fn number(text: &str) -> Result<Number, String> {
    let mut parts = Vec::new();
    for part in text.split('.') {
        let part: u32 = part.parse().map_err(|_not_a_number| format!("{text} is no release"))?;
        parts.push(part);
    }
    while parts.len() < 3 {
        parts.push(0);
    }
    Ok((parts[0], parts[1], parts[2]))
}

/// virCPUx86UpdateLive: 3.2.0, commit def9401acb.
pub(crate) fn has_live_update(release: Number) -> bool {
    release >= (3, 2, 0)
}

/// The check attribute, virCPUDefParseXML and qemuDomainDefCPUPostParse: 3.2.0, commits 641b8c721e and fcd56ce866.
pub(crate) fn has_check_attribute(release: Number) -> bool {
    release >= (3, 2, 0)
}

/// virCPUx86UpdateLive: 3.6.0, commit 83e081b8ab. Before, only what QEMU calls unavailable is missing.
pub(crate) fn misses_what_is_absent(release: Number) -> bool {
    release >= (3, 6, 0)
}

/// virCPUUpdateLive: 6.2.0, commit ac36a82464. Before, only a custom CPU is brought up to date.
pub(crate) fn updates_passthrough(release: Number) -> bool {
    release >= (6, 2, 0)
}

/// qemuMigrationCookieAddCPU and qemuDomainUpdateCPU: 3.5.0, commits 48bc3053b8 and 8e34f47813.
pub(crate) fn has_cookie(release: Number) -> bool {
    release >= (3, 5, 0)
}

/// qemuProcessUpdateLiveGuestCPU: 3.5.0, commits ea6d898311 and 356a2161e2, kept when something changed;
/// qemuDomainUpdateCPU: 10.3.0, commit 4331048257, always; read in 10.4.0.
pub(crate) fn original(release: Number) -> &'static str {
    if release < (3, 5, 0) {
        return "never";
    }
    if release < (10, 3, 0) {
        return "if-changed";
    }
    "always"
}

/// virCPUx86Update: 6.10.0, commits 52cbfb2186 and 7e0a310498, switches removed features off;
/// qemuProcessUpdateGuestCPU of 10.4.0 requires them of an incoming guest, that of 9.10.0 does not yet.
pub(crate) fn removed_incoming(release: Number, name: &str) -> &'static str {
    if name == "new" || release < (6, 10, 0) {
        return "nothing";
    }
    if release >= (10, 4, 0) {
        return "require";
    }
    "disable"
}

/// virCPUx86Update: 6.10.0, commit 7e0a310498: a new guest gets the model's removed features disabled.
pub(crate) fn mentions_removed(release: Number) -> bool {
    release >= (6, 10, 0)
}

/// qemuProcessRefreshCPU: requires removed features in 10.4.0, not yet in 9.10.0.
pub(crate) fn requires_removed_at_reconnect(release: Number) -> bool {
    release >= (10, 4, 0)
}

/// At reconnect `ht` and `cmp_legacy` leave the running definition: by 12.8.0, not in 11.3.0 (recorded upgrades).
pub(crate) fn drops_ignored_at_reconnect(release: Number) -> bool {
    release >= (12, 8, 0)
}

/// virCPUx86UpdateLive: 10.2.0, commit 5fbfa5ab8a, an added feature may be extra; 10.5.0: and missing.
pub(crate) fn overlooks_added(release: Number) -> &'static str {
    if release < (10, 2, 0) {
        return "none";
    }
    if release < (10, 5, 0) {
        return "extra";
    }
    "both"
}

/// virCPUx86UpdateLive: read in 10.4.0, an added feature is overlooked even where it is disabled; not in 10.5.0.
pub(crate) fn overlooks_disabled(release: Number) -> bool {
    ((10, 2, 0)..(10, 5, 0)).contains(&release)
}

/// qemuDomainMakeCPUMigratable: 10.2.0, commit 14d3517410, always, read up to 10.7.0; in 11.3.0 only with an original
/// CPU.
pub(crate) fn drops_added(release: Number) -> &'static str {
    if release < (10, 2, 0) {
        return "no";
    }
    if release < (11, 3, 0) {
        return "always";
    }
    "if-original"
}

/// virCPUValidateFeatures in qemuProcessStartValidate: 3.8.0, commits 6ef9c202f and 3f0193f7e.
pub(crate) fn validates_features(release: Number) -> bool {
    release >= (3, 8, 0)
}

/// qemuProcessStartValidate: 8.1.0, commit 517b8c12b9.
pub(crate) fn validates_incoming_machine(release: Number) -> bool {
    release >= (8, 1, 0)
}

/// virCPUCheckForbiddenFeatures: 7.2.0, commits a839fcbe62 and c5d4d0198f.
pub(crate) fn has_forbid_check(release: Number) -> bool {
    release >= (7, 2, 0)
}

/// qemuProcessStartValidate: 5.5.0, commit 8eb4a89f5f: model-specific registers need QEMU 4.1.
pub(crate) fn has_msr_check(release: Number) -> bool {
    release >= (5, 5, 0)
}

/// qemuProcessDropUnknownCPUFeatures: 5.10.0, commit ac34e14159, read up to 10.7.0;
/// qemuBuildCpuModelArgStr of 11.3.0 only leaves them out of the command line.
pub(crate) fn drops_unknown(release: Number) -> &'static str {
    if release < (5, 10, 0) {
        return "never";
    }
    if release < (11, 3, 0) {
        return "definition";
    }
    "command-line"
}

/// virQEMUCapsCPUFilterFeatures: 5.5.0, commits 0b763774a5 and b12865260a, five names; three more in 11.3.0, not yet in
/// 10.7.0; `ht` in 11.10.0, commits ba16113c and 4d5c1bc2; `cmp_legacy` in 12.1.0, commit fc5840b498.
pub(crate) fn ignores(release: Number, feature: &str) -> bool {
    if matches!(feature, "cmt" | "mbm_total" | "mbm_local" | "osxsave" | "ospke") {
        return release >= (5, 5, 0);
    }
    if matches!(feature, "vmx-ept-uc" | "vmx-ept-wb" | "vmx-invvpid-single-context") {
        return release >= (11, 3, 0);
    }
    if feature == "ht" {
        return release >= (11, 10, 0);
    }
    if feature == "cmp_legacy" {
        return release >= (12, 1, 0);
    }
    false
}

/// qemuFeatureNoEffect: 5.4.0, commit 2900575db8: two names stay in the definition and off the command line.
pub(crate) fn leaves_off_the_command_line(release: Number, feature: &str) -> bool {
    ((5, 4, 0)..(5, 5, 0)).contains(&release) && matches!(feature, "osxsave" | "ospke")
}

/// qemuMonitorJSONGetCPUData: 11.10.0, commits ba16113c and 4d5c1bc2: they are taken out of QEMU's answer too.
pub(crate) fn filters_reported(release: Number) -> bool {
    release >= (11, 10, 0)
}

/// qemuBuildCpuModelArgStr: 2.3.0, commit 7ce711a30e.
pub(crate) fn writes_features(release: Number) -> bool {
    release >= (2, 3, 0)
}

/// virQEMUCapsGetHostModel with VIR_QEMU_CAPS_HOST_CPU_MIGRATABLE: 3.3.0, commit 56bd7edcb5.
pub(crate) fn has_migratable_host(release: Number) -> bool {
    release >= (3, 3, 0)
}

/// virQEMUCapsInitHostCPUModel, which host a guest under KVM is compared with. `cpuid` in 3.1.0; `qemu` in 3.2.0,
/// commit f013828992; `joined-listed` in 3.3.0, commit 5b4a6adb5c; `joined` in 4.3.0, commit 49fb4769e1.
pub(crate) fn host_under_kvm(release: Number) -> &'static str {
    if release < (3, 2, 0) {
        return "cpuid";
    }
    if release < (3, 3, 0) {
        return "qemu";
    }
    if release < (4, 3, 0) {
        return "joined-listed";
    }
    "joined"
}

/// virQEMUCapsInitHostCPUModel: 2.3.0, commit c944a63461.
pub(crate) fn is_not_copied(release: Number, feature: &str) -> bool {
    release >= (2, 3, 0) && matches!(feature, "cmt" | "mbm_total" | "mbm_local")
}

/// virCPUx86GetHost, which registers the daemon reads: 5.5.0, commit 56b254dccc, arch-capabilities;
/// virCPUx86ListMSRs of 11.3.0, not of 10.7.0, all of the map.
pub(crate) fn reads_register(release: Number, index: u32) -> bool {
    if release >= (11, 3, 0) {
        return true;
    }
    release >= (5, 5, 0) && index == 0x10a
}

/// qemuBuildCpuModelArgStr: 1.2.14, commit 53c8062f70, looks at the host; virCPUx86Compare: 2.3.0, commit 7f127ded65, at
/// the definition, still in 6.0.0; not in 7.0.0.
pub(crate) fn hints_at_tsx_of(release: Number) -> &'static str {
    if release < (1, 2, 14) {
        return "never";
    }
    if release < (2, 3, 0) {
        return "host";
    }
    if release <= (6, 0, 0) {
        return "definition";
    }
    if release < (7, 0, 0) {
        return "unknown";
    }
    "never"
}

/// qemuProcessVerifyCPUFeatures and qemuMigrationIsAllowed: 3.2.0, commits af1ca85545 and 6cb8bf6abd.
pub(crate) fn reads_invtsc_with_the_map(release: Number) -> bool {
    release >= (3, 2, 0)
}

/// qemuProcessVerifyGuestCPU: 3.1.0, commit 76fd79819a.
pub(crate) fn looks_for_invtsc_in_passthrough(release: Number) -> bool {
    release >= (3, 1, 0)
}

/// virQEMUCapsIsCPUUsable: 10.2.0, commit 2ba73ca83b; read in 10.4.0, absent in 9.10.0.
pub(crate) fn asks_usable(release: Number) -> bool {
    release >= (10, 2, 0)
}

/// qemuDomainCheckCPU and virCPUCompareUnusable: read in 11.3.0, absent in 10.7.0.
pub(crate) fn asks_blockers(release: Number) -> bool {
    release >= (11, 3, 0)
}

/// virCPUx86UpdateLive: a feature that is both on and unavailable is an error in 10.4.0, not in 9.10.0.
pub(crate) fn has_conflict_check(release: Number) -> bool {
    release >= (10, 4, 0)
}

/// qemuDomainMakeCPUMigratable: 5.10.0, commit 9cd03f7957: Icelake-Server goes with pconfig=disable.
pub(crate) fn sends_pconfig(release: Number) -> bool {
    release >= (5, 10, 0)
}

/// `VIR_CPU_MODE_MAXIMUM`: 7.1.0, commits d153c101d2 and c32f172d12.
pub(crate) fn has_maximum(release: Number) -> bool {
    release >= (7, 1, 0)
}

/// qemuMigrationSrcIsAllowed: 8.6.0, commit 156e99f686: QEMU says first what keeps a guest from leaving.
pub(crate) fn asks_what_blocks(release: Number) -> bool {
    release >= (8, 6, 0)
}

/// qemuMonitorJSONMigrate with QEMU 11.1: recorded to fail in 9.0.0, and not in Debian 13's 11.3.0.
pub(crate) fn migrates_with_detach(release: Number) -> bool {
    release < (11, 3, 0)
}

/// Restoring with QEMU 11.1: recorded to fail in 11.3.0, and not in 12.8.0.
pub(crate) fn restores_through_fd(release: Number) -> bool {
    release < (12, 8, 0)
}

/// virCPUx86CompareCandidateFeatureList: 8.4.0, commits 1d6ca40ac2 and 48341b025a.
pub(crate) fn counts_penalties(release: Number) -> bool {
    release >= (8, 4, 0)
}

/// `QEMU_MIN_MAJOR`: 1.2.22 (fc604c12d5), 4.3.0 (c1bc9c662b), 7.4.0 (2b371eacf1), 8.3.0 (6b62a8e977); NEWS names 8.7.0,
/// 10.6.0, 11.2.0 and 12.4.0.
pub(crate) fn oldest_qemu(release: Number) -> Number {
    if release >= (12, 4, 0) {
        return (7, 2, 0);
    }
    if release >= (11, 2, 0) {
        return (6, 2, 0);
    }
    if release >= (10, 6, 0) {
        return (5, 2, 0);
    }
    if release >= (8, 7, 0) {
        return (4, 2, 0);
    }
    if release >= (8, 3, 0) {
        return (3, 1, 0);
    }
    if release >= (7, 4, 0) {
        return (2, 11, 0);
    }
    if release >= (4, 3, 0) {
        return (1, 5, 0);
    }
    if release >= (1, 2, 22) {
        return (0, 12, 0);
    }
    (0, 0, 0)
}
