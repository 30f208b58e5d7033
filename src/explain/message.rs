//! Writes the message of a refusal exactly as libvirt prints it.

use crate::domain::behaviour::PartialWords;
use crate::domain::catalog::Catalog;
use crate::domain::definition::Mode;
use crate::domain::feature::FeatureId;
use crate::domain::qemu::Accel;
use crate::resolve::{MachineWording, PartialWording, Refusal, Sender, Stage};

/// QEMU's reason not to migrate a guest.
const BLOCKED: &str = "State blocked by non-migratable CPU device (invtsc flag)";
/// QEMU's reason not to migrate a guest with `vmx`.
const NESTED: &str = "Nested VMX virtualization does not support live migration yet";

/// Returns libvirt's whole message, with the text of its error class, as `virsh` prints it after `error: `.
///
/// The text of `QemuTooOld` is inferred, and of `UnknownProperty` and `MachineTypeAtQemu` some forms were read in QEMU. The
/// words of the partial check before 7.0.0 were read in libvirt. The others were recorded from running libvirts. When QEMU exits, what differs
/// from run to run is left out: time stamps, the guest's name, and QEMU's second line. libvirt then says either
/// `qemu unexpectedly closed the monitor` or `process exited while connecting to monitor`.
pub fn message(catalog: &Catalog, refusal: &Refusal) -> String {
    let name = |feature: &FeatureId| catalog.feature_name(*feature).to_owned();
    let list = |features: &[FeatureId], between: &str| features.iter().map(name).collect::<Vec<_>>().join(between);
    let incompatible = |rest: String, wording: PartialWording| partial_check(catalog, &rest, wording);
    match refusal {
        Refusal::VendorWithoutModel => "XML error: CPU vendor specified without CPU model".to_owned(),
        Refusal::QemuTooOld { needed, found } => {
            format!("unsupported configuration: QEMU version >= {needed} is required, but {found} found")
        }
        Refusal::UnknownMode(mode) => format!("unsupported configuration: Invalid mode attribute '{}'", mode.name()),
        Refusal::UnsupportedMode(mode) => format!(
            "unsupported configuration: CPU mode '{}' for x86_64 qemu domain on x86_64 host is not supported by hypervisor",
            mode.name()
        ),
        Refusal::MachineType { emulator, machine } => {
            format!("unsupported configuration: Emulator '{emulator}' does not support machine type '{machine}'")
        }
        Refusal::MachineTypeAtQemu { emulator, accel, machine, wording } => {
            machine_type_at_qemu(emulator, *accel, machine, *wording)
        }
        Refusal::UnknownFeature(feature, Stage::StartValidate) => {
            format!("unsupported configuration: unknown CPU feature: {}", name(feature))
        }
        Refusal::UnknownFeature(feature, _) => format!("internal error: Unknown CPU feature {}", name(feature)),
        Refusal::MsrFeatures(features) => format!(
            "unsupported configuration: Some features cannot be reliably used with this QEMU: {}",
            list(features, ", ")
        ),
        Refusal::UnknownModel(model) => format!("internal error: Unknown CPU model {}", catalog.model_name(*model)),
        Refusal::UnknownModelCompared(model) | Refusal::UnknownModelSent(model) => {
            format!("invalid argument: unknown CPU model {}", catalog.model_name(*model))
        }
        Refusal::ModelUnsupported(model) => {
            format!(
                "unsupported configuration: CPU model {} is not supported by hypervisor",
                catalog.model_name(*model)
            )
        }
        Refusal::ForbiddenFeature(feature) => {
            let reason = format!("Host CPU provides forbidden feature '{}'", name(feature));
            incompatible(reason, PartialWording::CURRENT)
        }
        Refusal::OtherVendor(vendor, wording) => {
            incompatible(format!("host CPU vendor does not match required CPU vendor {vendor}"), *wording)
        }
        Refusal::PartialForbidden(features, wording) => {
            incompatible(format!("Host CPU provides forbidden features: {}", list(features, ", ")), *wording)
        }
        Refusal::PartialMissing(features, wording) => {
            incompatible(format!("Host CPU does not provide required features: {}", list(features, ", ")), *wording)
        }
        Refusal::PartialStrict(features, wording) => {
            let extra = list(features, ", ");
            incompatible(format!("Host CPU does not strictly match guest CPU: Extra features: {extra}"), *wording)
        }
        Refusal::UnknownProperty { feature, on, mode, model, typed } => {
            let passed = if *mode == Mode::Maximum { "max" } else { "host" };
            let cpu = model.map_or(passed, |model| catalog.model_name(model));
            let feature = name(feature);
            let value = if *on { "on" } else { "off" };
            let object = format!("{cpu}-x86_64-cpu");
            let named = if *typed { &*object } else { "" };
            format!(
                "internal error: process exited while connecting to monitor: can't apply global \
                 {object}.{feature}={value}: Property '{named}.{feature}' not found"
            )
        }
        Refusal::NoInvariantTsc => "unsupported configuration: host doesn't support invariant TSC".to_owned(),
        Refusal::NotSent(sender) => not_sent(*sender),
        Refusal::NestedNotSent => format!("internal error: unable to execute QEMU command 'migrate': {NESTED}"),
        Refusal::NotMigrated => {
            "internal error: unable to execute QEMU command 'migrate': Parameter 'detach' is unexpected".to_owned()
        }
        Refusal::NotRestored => {
            "internal error: unable to execute QEMU command 'migrate-incoming': fd: migration to a \
                                 file is not supported. Use file: instead."
                .to_owned()
        }
        Refusal::Conflict(feature) => format!(
            "operation failed: hypervisor provided conflicting CPU data: feature '{}' is both enabled and disabled at \
             the same time",
            name(feature)
        ),
        Refusal::FullCheck { extra, missing } => {
            let extra = (!extra.is_empty()).then(|| format!("extra features: {}", list(extra, ",")));
            let missing = (!missing.is_empty()).then(|| format!("missing features: {}", list(missing, ",")));
            let lists = extra.into_iter().chain(missing).collect::<Vec<_>>().join(", ");
            format!("operation failed: guest CPU doesn't match specification: {lists}")
        }
    }
}

/// Who says that a guest with `invtsc` is not sent, and how.
fn not_sent(sender: Sender) -> String {
    match sender {
        Sender::LibvirtWithoutTimer => "Requested operation is not valid: domain has CPU feature: invtsc".to_owned(),
        Sender::Libvirt => {
            "Requested operation is not valid: domain has 'invtsc' CPU feature but TSC frequency is not specified"
                .to_owned()
        }
        Sender::Reasons => format!("Requested operation is not valid: cannot migrate domain: {BLOCKED}"),
        Sender::Command => format!("internal error: unable to execute QEMU command 'migrate': {BLOCKED}"),
    }
}

/// What libvirt says of a host that does not suit the definition.
fn partial_check(catalog: &Catalog, reason: &str, PartialWording { words, without_tsx }: PartialWording) -> String {
    let hint = without_tsx.map(|model| format!("; try using '{}-noTSX' CPU model", catalog.model_name(model)));
    let hint = hint.unwrap_or_default();
    match words {
        PartialWords::Incompatible => format!("the CPU is incompatible with host CPU: {reason}{hint}"),
        PartialWords::GuestAndHost => {
            format!("unsupported configuration: guest and host CPU are not compatible: {reason}{hint}")
        }
        // virReportErrorHelper: no colon before 1.1.2 (commit a88430744).
        PartialWords::GuestCpu => "internal error guest CPU is not compatible with host CPU".to_owned(),
    }
}

/// What QEMU says of a machine type that it does not have, as libvirt quotes it.
fn machine_type_at_qemu(emulator: &str, accel: Accel, machine: &str, wording: MachineWording) -> String {
    let said = "unsupported machine type";
    // qemuBuildMachineCommandLine: options of other devices may follow these.
    let after_option =
        |said: &str| format!("-machine {machine},accel={},usb=off,dump-guest-core=off: {said}", accel.name());
    let said = match wording {
        MachineWording::Capital => after_option("Unsupported machine type"),
        MachineWording::Option => after_option(said),
        MachineWording::Bare => said.to_owned(),
        MachineWording::Named => format!("{said}: \"{machine}\""),
    };
    let program = emulator.rsplit('/').next().unwrap_or(emulator);
    format!("internal error: qemu unexpectedly closed the monitor: {program}: {said}")
}
