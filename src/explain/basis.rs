//! Describes the confidence of an answer: which releases, packages and machine types have exact facts, and what is used
//! instead of missing ones.

use crate::domain::behaviour::{QuirkKind, Setting};
use crate::domain::catalog::Catalog;
use crate::domain::package::write_package;
use crate::domain::scenario::{LibvirtChoice, MachineChoice, MaybeKnown, Release, Scenario};
use crate::domain::version::Version;
use crate::resolve::{Answer, Basis, between_exact_maps, unread_qemus};

/// Returns the confidence as a fragment without a full stop.
pub(super) fn basis(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> String {
    let kind = match answer.basis {
        Basis::Recorded => "recorded: this exact migration was run",
        Basis::Read => "read: follows from the code and data of these releases",
        Basis::Inferred => "inferred: the code and data of these releases were only partly read",
        Basis::Extrapolated => "extrapolated: old releases follow rules that state when each change was released",
    };
    let mut parts = vec![kind.to_owned()];
    let mut add = |part: String| {
        if !parts.contains(&part) {
            parts.push(part);
        }
    };
    if answer.trace.is_some() {
        let name = |id| &*catalog.release(id).name;
        for (release, lower, upper) in between_exact_maps(catalog, scenario) {
            add(format!("no CPU map for {} (between {} and {})", name(release), name(lower), name(upper)));
        }
        for (release, lower, upper) in unread_qemus(catalog, scenario) {
            add(format!("QEMU {release}: between {lower} and {upper}"));
        }
    }
    if let MachineChoice::Listed(id) = scenario.machine
        && let Some(known) = catalog.downstream().machine(id)
        && let Some(base) = known.base(scenario.from.qemu.version.known().unwrap_or_default())
    {
        let (own, base) = (catalog.machine_name(id), catalog.machine_name(base));
        add(format!("{own} has the CPU defaults of {base} ({})", known.certainty));
    }
    // qemuDomainObjPrivateXMLParse: a status file that names another capability is not loaded.
    let version = |release: &Release| release.libvirt.id(catalog).map(|id| catalog.release(id).version);
    if let Some(started) = &scenario.started
        && version(&scenario.from).is_some_and(|from| Some(from) < version(started))
    {
        let [from, started] = [&scenario.from, started].map(|release| release.libvirt.name(catalog));
        add(format!(
            "libvirt {from} loads the status of this guest only if it knows every QEMU capability that {started} wrote there"
        ));
    }
    for sender in scenario.releases().take(scenario.via.len() + 1) {
        if let Some((libvirt, qemu)) = either_migrates_or_not(catalog, sender) {
            add(format!(
                "some packages of libvirt {libvirt} cannot migrate a guest with QEMU {qemu}; specify the package"
            ));
        }
    }
    for release in scenario.releases().chain(&scenario.started) {
        let products = catalog.all_products();
        if let Some(product) = release.product.as_deref().filter(|product| !products.is_listed(product))
            && let Ok(known) = products.find(product)
        {
            add(format!("{product} is not listed; the packages of {} are used", known.name));
        }
        if let Some(build) = release.qemu_build(catalog).filter(|build| build.distribution.without_libvirt) {
            add(format!("{} uses QEMU without libvirt, so none of libvirt's steps apply", build.distribution.name));
        }
        for package in unread_packages(catalog, release) {
            add(format!("no facts about the builds of {package}; treated as upstream"));
        }
    }
    parts.join("; ")
}

/// The libvirt and QEMU of a release without a known package, where it depends on the package whether libvirt passes an
/// argument of `migrate` that this QEMU refuses.
fn either_migrates_or_not(catalog: &Catalog, release: &Release) -> Option<(Version, Version)> {
    let LibvirtChoice::Release(id, _) = &release.libvirt else { return None };
    let (libvirt, qemu) = (catalog.release(*id).version, release.qemu.version.known()?);
    let differ = catalog.packages_change(libvirt, |setting| matches!(setting, Setting::MigratesWithDetach(_)))
        && release.libvirt_build(catalog).is_none();
    (differ && catalog.has_quirk(QuirkKind::NoDetach, qemu, None)).then_some((libvirt, qemu))
}

/// The packages of distributions that change libvirt or QEMU of which it was not read what they change in this release.
fn unread_packages(catalog: &Catalog, release: &Release) -> Vec<String> {
    let mut packages = Vec::new();
    if let LibvirtChoice::Release(id, build) = &release.libvirt
        && let Some(known) = release.libvirt_build(catalog)
        && !catalog.has_backports(catalog.release(*id).version, known)
    {
        packages.push(format!("libvirt {}", write_package(&catalog.release(*id).name, build.as_deref())));
    }
    if let MaybeKnown::Is(version) = release.qemu.version
        && let Some(known) = release.qemu_build(catalog)
        && !catalog.downstream().is_read(version, known)
    {
        packages.push(format!("QEMU {}", release.qemu.name()));
    }
    packages
}
