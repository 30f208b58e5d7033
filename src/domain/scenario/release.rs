//! Describes the software of the source or the destination: libvirt, QEMU, their packages, and the product that ships
//! them.

use super::super::catalog::{Catalog, LibvirtId};
use super::super::package::{Build, Presence, push_build};
use super::super::qemu::MachineId;
use super::super::version::Version;
use super::{DEFAULT_MACHINE, DEFAULT_QEMU, EMULATOR, EXAMPLE_LIBVIRT, MachineChoice, MaybeKnown, ValueError, link};

/// The libvirt release of the source or the destination.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum LibvirtChoice {
    /// A release, and the package's build if one is named (`3.el9`).
    Release(LibvirtId, Option<Box<str>>),
    /// The example's *old*: libvirt 9.0.0.
    Old,
    /// The example's *new*: libvirt 9.0.0 with the scenario's feature removed from every model.
    New,
    /// Not known.
    Unknown,
}

impl LibvirtChoice {
    /// Returns the release that it is, for *old* and *new* the one they are made from; `None` if it is not known.
    pub(crate) fn id(&self, catalog: &Catalog) -> Option<LibvirtId> {
        match self {
            Self::Release(id, _) => Some(*id),
            Self::Old | Self::New => catalog.libvirt(EXAMPLE_LIBVIRT),
            Self::Unknown => None,
        }
    }

    /// Returns its name as in a link: `old`, `new`, `?`, `10.0.0-5.el9`.
    pub(crate) fn name(&self, catalog: &Catalog) -> String {
        let mut name = String::new();
        self.push_name(catalog, &mut name);
        name
    }

    /// Appends this name to a text.
    pub(super) fn push_name(&self, catalog: &Catalog, text: &mut String) {
        match self {
            Self::Old => text.push_str("old"),
            Self::New => text.push_str("new"),
            Self::Unknown => text.push('?'),
            Self::Release(id, build) => {
                text.push_str(&catalog.release(*id).name);
                push_build(text, build.as_deref());
            }
        }
    }
}

/// The QEMU release of the source or the destination.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct QemuChoice {
    /// The release.
    pub version: MaybeKnown<Version>,
    /// The package's build if one is named.
    pub build: Option<Box<str>>,
}

impl QemuChoice {
    /// Returns its name as in a link, with its package's build.
    pub(crate) fn name(&self) -> String {
        let mut name = String::new();
        self.push_name(&mut name);
        name
    }

    /// Appends this name to a text.
    pub(super) fn push_name(&self, text: &mut String) {
        match self.version {
            MaybeKnown::Is(version) => {
                version.push(text);
                push_build(text, self.build.as_deref());
            }
            MaybeKnown::Unknown => text.push('?'),
        }
    }
}

/// The software of the source or the destination.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Release {
    /// The libvirt release.
    pub libvirt: LibvirtChoice,
    /// The QEMU release.
    pub qemu: QemuChoice,
    /// The product that ships both, as it was named: `ubuntu:22.04`.
    pub product: Option<Box<str>>,
}

/// The products that are KubeVirt, or made of it.
const KUBEVIRTS: [&str; 3] = ["kubevirt", "kubevirt-cs10", "harvester"];

impl Release {
    /// Returns this libvirt with the default QEMU.
    pub(crate) const fn with_default_qemu(libvirt: LibvirtChoice) -> Self {
        Self::new(libvirt, QemuChoice { version: MaybeKnown::Is(DEFAULT_QEMU), build: None })
    }

    /// Returns this libvirt with this QEMU.
    pub const fn new(libvirt: LibvirtChoice, qemu: QemuChoice) -> Self {
        Self { libvirt, qemu, product: None }
    }

    /// Puts another libvirt in place; the release then no longer belongs to a product.
    pub(crate) fn set_libvirt(&mut self, libvirt: LibvirtChoice) {
        (self.libvirt, self.product) = (libvirt, None);
    }

    /// Puts another QEMU in place.
    pub(crate) fn set_qemu(&mut self, qemu: QemuChoice) {
        (self.qemu, self.product) = (qemu, None);
    }

    /// Reads a release as in a link.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(catalog: &Catalog, text: &str) -> Result<Self, ValueError> {
        link::release::parse(catalog, text, None)
    }

    /// Returns the product with what it ships: `ubuntu:22.04 (8.0.0/6.2)`. `None` where no product was named.
    pub(crate) fn product_label(&self, catalog: &Catalog) -> Option<String> {
        let name = self.product.as_deref()?;
        let known = catalog.all_products().find(name).ok()?;
        let number = |package: &str| package.split(['-', '+']).next().unwrap_or(package).to_owned();
        Some(format!("{name} ({}/{})", number(&known.libvirt), number(&known.qemu)))
    }

    /// Returns whether `KubeVirt` runs the guest here.
    pub(crate) fn is_kubevirt(&self) -> bool {
        self.product.as_deref().and_then(|name| name.split(':').next()).is_some_and(|name| KUBEVIRTS.contains(&name))
    }

    /// Returns what the build of the libvirt package says, if it is one of a distribution with packages of its own.
    pub(crate) fn libvirt_build<'c>(&self, catalog: &'c Catalog) -> Option<Build<'c>> {
        match &self.libvirt {
            LibvirtChoice::Release(_, Some(build)) => catalog.downstream().build(build),
            LibvirtChoice::Release(_, None) | LibvirtChoice::Old | LibvirtChoice::New | LibvirtChoice::Unknown => None,
        }
    }

    /// Returns the same of the QEMU package. Where it does not say whose it is, it is taken to come with libvirt's.
    pub(crate) fn qemu_build<'c>(&self, catalog: &'c Catalog) -> Option<Build<'c>> {
        let own = self.qemu.build.as_deref().and_then(|build| catalog.downstream().build(build));
        own.or_else(|| self.libvirt_build(catalog).map(|build| Build { number: None, ..build }))
    }

    /// Returns the emulator's path in its packages.
    pub(crate) fn emulator<'c>(&self, catalog: &'c Catalog) -> &'c str {
        self.qemu_build(catalog).and_then(|build| build.distribution.emulator.as_deref()).unwrap_or(EMULATOR)
    }

    /// Returns whether the QEMU here has the machine type, or may have it; `None` where the QEMU is not known.
    pub(crate) fn has_machine(&self, catalog: &Catalog, machine: MachineId) -> Option<Presence> {
        let mut all = self.presences(catalog, machine)?.into_iter();
        Some(all.find(|presence| *presence != Presence::No).unwrap_or(Presence::No))
    }

    /// Returns whether the QEMU here has the machine type, whichever neighbour answers for it.
    pub(crate) fn surely_has_machine(&self, catalog: &Catalog, machine: MachineId) -> Option<bool> {
        self.surely_has(catalog)(machine)
    }

    /// Returns the same for many machine types.
    pub(crate) fn surely_has<'c>(&self, catalog: &'c Catalog) -> impl Fn(MachineId) -> Option<bool> + use<'c> {
        let views = self.qemu.version.known().map(|version| catalog.qemu_views(version));
        let distribution = self.qemu_build(catalog).map(|build| build.distribution);
        move |machine| {
            let has = |view| catalog.has_machine(view, distribution, machine) == Presence::Yes;
            Some(views.as_ref()?.iter().all(has))
        }
    }

    /// Returns the q35 machine types that the QEMU here has, or may have because its release is not known.
    pub(crate) fn q35_types(&self, catalog: &Catalog) -> Vec<MachineId> {
        let has = self.surely_has(catalog);
        q35_types(catalog).filter(|id| has(*id) != Some(false)).collect()
    }

    /// Returns the machine type of a guest without one that migrates from here: of those that source and destination have,
    /// the usual one, otherwise the newest.
    pub(crate) fn machine_from_here(&self, catalog: &Catalog, both_have: impl Fn(MachineId) -> bool) -> MachineChoice {
        let usual = catalog.machine(DEFAULT_MACHINE).unwrap_or(MachineId(0));
        if both_have(usual) {
            return MachineChoice::Listed(usual);
        }
        let qemu = self.qemu.version.known().unwrap_or_default();
        let position = |id: &MachineId| catalog.base(*id, qemu).and_then(|base| catalog.position(base));
        let both = q35_types(catalog).rev().filter(|id| both_have(*id) && position(id).is_some());
        MachineChoice::Listed(both.max_by_key(position).unwrap_or(usual))
    }

    fn presences(&self, catalog: &Catalog, machine: MachineId) -> Option<Vec<Presence>> {
        let views = catalog.qemu_views(self.qemu.version.known()?);
        let distribution = self.qemu_build(catalog).map(|build| build.distribution);
        Some(views.iter().map(|view| catalog.has_machine(view, distribution, machine)).collect())
    }
}

/// Every q35 machine type, in natural order.
fn q35_types(catalog: &Catalog) -> impl DoubleEndedIterator<Item = MachineId> + '_ {
    catalog.machines_in_order().iter().copied().filter(|id| catalog.machine_name(*id).starts_with("pc-q35"))
}
