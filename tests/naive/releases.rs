//! How each libvirt release behaves, as plain ifs on its number.
//!
//! Written a second time on purpose: the product reads its dates from `cpu_map/behaviour.xml`, these do not.
//! Only releases whose map was read are asked, so a switch known as an interval is put at its end.

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

/// virCPUUpdateLive and the check attribute, 3.2.0.
pub(crate) fn has_live_update(release: Number) -> bool {
    release >= (3, 2, 0)
}

/// qemuMigrationCookieAddCPU and the save image's cookie, 3.5.0.
pub(crate) fn has_cookie(release: Number) -> bool {
    release >= (3, 5, 0)
}

/// qemuProcessUpdateLiveGuestCPU, 3.5.0: kept when something changed; qemuProcessUpdateGuestCPU, 10.3.0: always.
pub(crate) fn original(release: Number) -> &'static str {
    if release < (3, 5, 0) {
        return "never";
    }
    if release < (10, 3, 0) {
        return "if-changed";
    }
    "always"
}

/// virCPUx86DisableRemovedFeatures to 9.0.0, virCPUx86AddRemovedFeatures with a policy in 11.3.0.
pub(crate) fn removed_incoming(release: Number, name: &str) -> &'static str {
    if name == "new" {
        return "nothing";
    }
    if release >= (11, 3, 0) {
        return "require";
    }
    "disable"
}

/// virCPUx86UpdateLive, 10.2.0: an added feature may be extra; 10.5.0: and missing.
pub(crate) fn overlooks_added(release: Number) -> &'static str {
    if release < (10, 2, 0) {
        return "none";
    }
    if release < (10, 5, 0) {
        return "extra";
    }
    "both"
}

/// qemuDomainDropAddedCPUFeatures, 10.2.0: always; 10.3.0: only beside an original CPU.
pub(crate) fn drops_added(release: Number) -> &'static str {
    if release < (10, 2, 0) {
        return "no";
    }
    if release < (10, 3, 0) {
        return "always";
    }
    "if-original"
}

/// qemuValidateDomainDef, not for incoming guests in 7.0.0, for them too in 9.0.0.
pub(crate) fn validates_incoming_machine(release: Number) -> bool {
    release >= (9, 0, 0)
}

/// qemuProcessStartValidate, 7.2.0: a forbidden feature that the host has.
pub(crate) fn has_forbid_check(release: Number) -> bool {
    release >= (7, 2, 0)
}

/// qemuProcessDropUnknownCPUFeatures to 9.0.0; qemuBuildCpuModelArgStr in 11.3.0 only leaves them out.
pub(crate) fn drops_unknown_from_definition(release: Number) -> bool {
    release < (11, 3, 0)
}

/// virQEMUCapsCPUFilterFeatures: five names, three more by 11.3.0, `ht` in 11.10.0, `cmp_legacy` in 12.1.0.
pub(crate) fn ignores(release: Number, feature: &str) -> bool {
    if matches!(feature, "cmt" | "mbm_total" | "mbm_local" | "osxsave" | "ospke") {
        return true;
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

/// qemuMonitorJSONGetCPUData, 11.10.0: the same names are taken out of what QEMU reports.
pub(crate) fn filters_reported(release: Number) -> bool {
    release >= (11, 10, 0)
}

/// qemuDomainCheckCPU, 10.9.0: the partial check asks QEMU what keeps the model from running.
pub(crate) fn asks_blockers(release: Number) -> bool {
    release >= (10, 9, 0)
}

/// virCPUx86UpdateLive, 11.3.0: a feature that is both on and unavailable is an error.
pub(crate) fn has_conflict_check(release: Number) -> bool {
    release >= (11, 3, 0)
}

/// qemuDomainMakeCPUMigratable, 5.10.0: Icelake-Server goes with pconfig=disable.
pub(crate) fn sends_pconfig(release: Number) -> bool {
    release >= (5, 10, 0)
}

/// virCPUModeTypeFromString, not in 7.0.0, in 9.0.0.
pub(crate) fn has_maximum(release: Number) -> bool {
    release >= (9, 0, 0)
}

/// virQEMUCapsInitQMPMonitor, 10.6.0, 11.2.0, 12.4.0: the oldest QEMU it works with.
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
    (0, 0, 0)
}
