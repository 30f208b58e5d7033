//! Parses a guest's domain: the XML of `virsh dumpxml` (live, inactive, migratable), of a save image or of the daemon's
//! status file, a KubeVirt manifest, or nova.conf.

use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, Definition, Fallback, Match, Mode, Policies};
use crate::domain::host::Vendor;
use crate::domain::names::first_names;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{
    CpuChoice, Key, MachineChoice, MaybeKnown, Release, Running, Scenario, Topology, Writer, write_machine,
};
use crate::load::LoadError;
use crate::load::file::{HAND_WRITTEN, too_large};
use crate::load::xml::{Document, Element};

mod cpu;
mod kubevirt;
mod notes;
mod nova;

use cpu::Cpu;
use kubevirt::Manifests;

/// A guest as its file describes it, and what of the file was used.
#[derive(Clone, PartialEq, Debug)]
pub struct Domain {
    /// The text of `<name>`.
    pub name: Option<String>,
    /// This guest between the given source and destination.
    pub scenario: Scenario,
    /// The machine type as the file or its product names it; the source's QEMU resolves a short name.
    pub machine: String,
    /// What the guest is: `running guest web: Skylake-Client with 13 features, check full, pc-q35-5.2, tcg, 1 vCPU`.
    pub read: String,
    /// What else in the file affects the answer and was used, a fragment each.
    pub used: Vec<String>,
    /// What in the file a reader might expect to affect the answer and was ignored, a fragment each.
    pub ignored: Vec<String>,
    /// What a running guest has and its libvirt or QEMU lacks, so that it cannot be of that release; what the file does
    /// not have of the guest. A fragment each.
    pub cautions: Vec<String>,
}

impl Domain {
    /// Returns one line about what was read, used and ignored.
    pub fn line(&self) -> String {
        let read = std::iter::once(self.read.clone());
        let parts: Vec<String> = read.chain(listed("used", &self.used)).chain(self.warnings()).collect();
        parts.join("; ")
    }

    /// Returns what a user should know before trusting the answer: what was ignored, and the cautions.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        listed("ignored", &self.ignored).into_iter().chain(listed("caution", &self.cautions))
    }
}

/// Returns a list after its label; `None` if it is empty.
fn listed(label: &str, list: &[String]) -> Option<String> {
    (!list.is_empty()).then(|| format!("{label}: {}", list.join(", ")))
}

/// Parses the only guest of a file. `between` has the source, the destination and whatever else does not belong to the
/// guest.
///
/// # Errors
/// The first position where the file is not XML, not an x86 domain of QEMU, or has something that libvirt would refuse
/// or that no CPU map has; a manifest with several virtual machines.
pub fn scenario(catalog: &Catalog, between: &Scenario, file: &str, bytes: &[u8]) -> Result<Domain, LoadError> {
    let guests = Guests::of(file, bytes)?;
    if guests.count() > 1 {
        let labels = guests.manifests.iter().flat_map(|manifests| &manifests.machines).map(|machine| &*machine.label);
        let named = first_names(labels, NAMED_OBJECTS);
        let message = format!(
            "expected one guest, found {}: {named}; check --domain answers for each, for others split the file",
            guests.count()
        );
        return Err(LoadError::whole(file, message));
    }
    let mut domain = guests.read(catalog, between, 0)?;
    domain.ignored.extend(guests.skipped());
    Ok(domain)
}

/// Returns whether the definition of a guest that was read with the source `one` would be another one with the source
/// `other`: KubeVirt writes it from the manifest.
pub(crate) fn depends_on_source(catalog: &Catalog, scenario: &Scenario, one: &Release, other: &Release) -> bool {
    let is_of_manifest = scenario.written_by == Some(Writer::KubeVirt) && scenario.running.is_none();
    is_of_manifest && kubevirt::differs(catalog, scenario, [one, other])
}

/// How many objects of a manifest a message names.
const NAMED_OBJECTS: usize = 6;

/// The guests of a file: one, or the virtual machines of a manifest. They are read one by one, since there may be many.
pub(crate) struct Guests<'f> {
    file: &'f str,
    bytes: &'f [u8],
    manifests: Option<Manifests>,
}

impl<'f> Guests<'f> {
    /// Finds the guests.
    ///
    /// # Errors
    /// A manifest that is not YAML, has no virtual machine or is too large.
    pub(crate) fn of(file: &'f str, bytes: &'f [u8]) -> Result<Self, LoadError> {
        let manifest = match not_xml(bytes) {
            Some(_) if bytes.len() > HAND_WRITTEN => return Err(too_large(file, bytes.len(), HAND_WRITTEN)),
            text => text.filter(|text| kubevirt::is_manifest(text)),
        };
        let manifests = manifest.map(|text| kubevirt::parse(file, text)).transpose()?;
        Ok(Self { file, bytes, manifests })
    }

    pub(crate) fn count(&self) -> usize {
        self.manifests.as_ref().map_or(1, |manifests| manifests.machines.len())
    }

    /// Returns a fragment that names the objects of the file that are no virtual machines, if it has some.
    pub(crate) fn skipped(&self) -> Option<String> {
        let others = &self.manifests.as_ref()?.others;
        let named = first_names(others.iter().map(String::as_str), NAMED_OBJECTS);
        (!others.is_empty()).then(|| format!("{named}: not a virtual machine of KubeVirt"))
    }

    /// Returns the name of a guest, counted from 0: that of the file, and of the machine where the file has several.
    pub(crate) fn name(&self, index: usize) -> String {
        let machines = self.manifests.as_ref().map(|manifests| &manifests.machines);
        match machines.filter(|machines| machines.len() > 1).and_then(|machines| machines.get(index)) {
            Some(machine) => format!("{}: {}", self.file, machine.label),
            None => self.file.to_owned(),
        }
    }

    /// Reads a guest, counted from 0.
    ///
    /// # Errors
    /// As [`scenario`].
    pub(crate) fn read(&self, catalog: &Catalog, between: &Scenario, index: usize) -> Result<Domain, LoadError> {
        if let Some(machine) = self.manifests.as_ref().and_then(|manifests| manifests.machines.get(index)) {
            return machine.read(catalog, between, &self.name(index));
        }
        if let Some(text) = not_xml(self.bytes).filter(|text| nova::is_conf(text)) {
            return nova::read(catalog, between, self.file, text);
        }
        let document = Document::from_bytes(self.file, self.bytes)?;
        let parts = Parts::of(&document)?;
        Reader { catalog, document: &document, parts: &parts }.read(between)
    }
}

/// Returns the text of a file that does not begin like XML.
fn not_xml(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.trim_start().starts_with('<'))
}

/// Describes a guest that a product's own file defines.
fn say_written(catalog: &Catalog, scenario: &Scenario, what: &str) -> String {
    let features = catalog.write_policies(scenario.features.iter());
    let features = if features.is_empty() { features } else { format!(" with {features}") };
    let machine = write_machine(catalog, &scenario.machine);
    format!("{what}: {}{features}, {machine}, {}", scenario.cpu_name(catalog), scenario.accel.name())
}

/// The elements of a file that tell of the guest.
struct Parts<'d, 'a> {
    domain: &'d Element<'a>,
    /// The original CPU that is kept in addition to the live one.
    original: Option<&'d Element<'a>>,
}

impl<'d, 'a> Parts<'d, 'a> {
    /// Finds them: in a domain, in the daemon's status file, in a snapshot.
    fn of(document: &'d Document<'a>) -> Result<Self, LoadError> {
        let root = &document.root;
        let domain = |element: &'d Element<'a>| {
            element.child("domain").ok_or_else(|| {
                document.error(element, format!("expected a <domain> in <{}>, found none", element.name))
            })
        };
        match root.name {
            "domain" => Ok(Self { domain: root, original: None }),
            "domstatus" => Ok(Self { domain: domain(root)?, original: root.child("cpu") }),
            "domainsnapshot" => {
                let inactive = root.child("inactiveDomain").and_then(|inactive| inactive.child("cpu"));
                Ok(Self { domain: domain(root)?, original: inactive })
            }
            "domainCapabilities" | "capabilities" => Err(document.error(
                root,
                format!(
                    "expected <domain>, found <{}>, which describes a host; pass the file to --from-host or --to-host",
                    root.name
                ),
            )),
            name => Err(document.error(root, format!("expected <domain>, as virsh dumpxml prints it, found <{name}>"))),
        }
    }
}

struct Reader<'d, 'a> {
    catalog: &'d Catalog,
    document: &'d Document<'a>,
    parts: &'d Parts<'d, 'a>,
}

impl Reader<'_, '_> {
    fn read(&self, between: &Scenario) -> Result<Domain, LoadError> {
        let domain = self.parts.domain;
        let mut scenario = Scenario { running: None, emulator: None, written_by: self.writer(), ..between.clone() };
        scenario.accel = self.accel()?;
        self.refuse_unmigratable(scenario.accel)?;
        let vcpus = self.vcpus()?;
        scenario.topology = MaybeKnown::Is(self.topology(vcpus)?);
        scenario.pmu = self.feature("pmu").map(|pmu| pmu.get("state") != Some("off"));
        let emulator = domain.child("devices").and_then(|devices| devices.child("emulator"));
        let path = emulator.map(|path| path.text.trim()).filter(|path| !path.is_empty());
        let refused = path.and_then(|path| scenario.set(self.catalog, Key::Emulator, path).err());
        let machine = self.machine(&mut scenario)?;
        let is_short = machine != write_machine(self.catalog, &scenario.machine);
        let cpu = match domain.child("cpu") {
            Some(element) => cpu::read(self.catalog, self.document, element)?,
            None => Cpu::default(),
        };
        scenario.migratable = cpu.migratable.unwrap_or(true);
        scenario.tsc = self.tsc()?;
        scenario.vendor_id = cpu.told_vendor.as_deref().and_then(Vendor::parse);
        let live = domain.get("id").is_some() || cpu.check == Some(Check::Full);
        let mut used = notes::used(domain, &scenario, &cpu);
        self.choose_cpu(&mut scenario, &cpu, live, &mut used)?;
        let read = self.say(&scenario, &cpu, live, vcpus, is_short.then_some(machine));
        let mut cautions = notes::cautions(self.catalog, &scenario);
        if notes::replaces_cpu(domain) {
            scenario = Scenario { cpu: CpuChoice::Unknown, features: Policies::default(), running: None, ..scenario };
            cautions.push("-cpu or -global of <qemu:commandline> changes the CPU, so that it is not known".to_owned());
        }
        let mut ignored = notes::ignored(domain, &cpu);
        ignored.extend(refused.map(|error| format!("<emulator>: {error}")));
        Ok(Domain {
            name: domain.child("name").map(|name| name.text.trim().to_owned()),
            scenario,
            machine: machine.to_owned(),
            read,
            used,
            ignored,
            cautions,
        })
    }

    /// The product whose mark the metadata has.
    fn writer(&self) -> Option<Writer> {
        let metadata = self.parts.domain.child("metadata")?;
        metadata.children.iter().find_map(|element| match element.name.split(':').next() {
            Some("nova") => Some(Writer::Nova),
            Some("kubevirt") => Some(Writer::KubeVirt),
            _ => None,
        })
    }

    fn accel(&self) -> Result<Accel, LoadError> {
        match self.document.need(self.parts.domain, "type")? {
            "kvm" => Ok(Accel::Kvm),
            "qemu" => Ok(Accel::Tcg),
            other => {
                let message = format!("expected a domain of type kvm or qemu, found {other:?}");
                Err(self.document.error(self.parts.domain, message))
            }
        }
    }

    /// A feature of the domain, in any of its `<features>` (`virDomainFeaturesDefParse`).
    fn feature(&self, name: &str) -> Option<&Element<'_>> {
        self.parts.domain.children_named("features").find_map(|features| features.child(name))
    }

    /// Refuses guests that QEMU never migrates, whatever their CPU is: under KVM one that takes over every enlightenment of
    /// Hyper-V from its host (`hyperv_init_vcpu`, QEMU 4.1 and later), and one in encrypted memory (`sev_launch_finish`;
    /// QEMU 10.2 has no code to migrate TDX).
    fn refuse_unmigratable(&self, accel: Accel) -> Result<(), LoadError> {
        if let Some(hyperv) =
            self.feature("hyperv").filter(|hyperv| accel == Accel::Kvm && hyperv.get("mode") == Some("passthrough"))
        {
            return Err(self.document.error(
                hyperv,
                "expected the enlightenments one by one: QEMU does not migrate a guest with mode='passthrough' \
                 ('hv-passthrough' CPU flag prevents migration)",
            ));
        }
        match self.parts.domain.child("launchSecurity") {
            None => Ok(()),
            Some(security) => {
                let kind = security.get("type").unwrap_or_default();
                let found = format!("found <launchSecurity type={kind:?}>");
                Err(self.document.error(security, format!("expected a guest that QEMU can migrate, {found}")))
            }
        }
    }

    /// Sets the machine type. Returns its name in the file.
    fn machine(&self, scenario: &mut Scenario) -> Result<&str, LoadError> {
        let domain = self.parts.domain;
        let Some(kind) = domain.child("os").and_then(|os| os.child("type")) else {
            return Err(self.document.error(domain, "expected <os><type machine='...'> in <domain>, found none"));
        };
        match kind.get("arch").unwrap_or("x86_64") {
            "x86_64" => {}
            // QEMU 6.2 clears lm in its program for i386 (x86_cpu_get_supported_feature_word), and QEMU 5.2 does not.
            "i686" if !scenario.emulator.as_deref().is_none_or(|path| path.ends_with("i386")) => {}
            "i686" => {
                let message = "expected arch x86_64, found i686: the CPU of qemu-system-i386 is not known; if the guest uses \
                               another program, name it in <emulator>";
                return Err(self.document.error(kind, message));
            }
            arch => return Err(self.document.error(kind, format!("expected an x86 guest, found arch {arch:?}"))),
        }
        // Without a machine type libvirt takes QEMU's default, which has always been the newest pc-i440fx.
        let name = kind.get("machine").unwrap_or("pc");
        scenario
            .set(self.catalog, Key::Machine, name)
            .map_err(|err| self.document.error(kind, format!("expected a machine type of QEMU: {err}")))?;
        Ok(name)
    }

    fn vcpus(&self) -> Result<u32, LoadError> {
        let Some(vcpu) = self.parts.domain.child("vcpu") else { return Ok(1) };
        let text = vcpu.text.trim();
        text.parse()
            .ok()
            .filter(|count| (1..=Topology::MOST).contains(count))
            .ok_or_else(|| self.document.error(vcpu, format!("expected the number of virtual CPUs, found {text:?}")))
    }

    /// The TSC frequency that the domain's clock asks for.
    fn tsc(&self) -> Result<Option<u64>, LoadError> {
        let timers = self.parts.domain.child("clock").map(|clock| clock.children_named("timer"));
        let Some(timer) = timers.into_iter().flatten().find(|timer| timer.get("name") == Some("tsc")) else {
            return Ok(None);
        };
        let Some(text) = timer.get("frequency") else { return Ok(None) };
        let hertz = text.parse().ok().filter(|hertz| *hertz > 0);
        let expected = || self.document.error(timer, format!("expected a frequency in Hz, found {text:?}"));
        hertz.map(Some).ok_or_else(expected)
    }

    /// The topology; without one libvirt gives each virtual CPU its own socket. Clusters count as more cores.
    fn topology(&self, vcpus: u32) -> Result<Topology, LoadError> {
        let Some(given) = self.parts.domain.child("cpu").and_then(|cpu| cpu.child("topology")) else {
            return Ok(Topology { sockets: vcpus, ..Topology::SINGLE });
        };
        let number = |name: &str| -> Result<u32, LoadError> {
            let Some(text) = given.get(name) else { return Ok(1) };
            let expected = || format!("expected a number from 1 to {} in {name}, found {text:?}", Topology::MOST);
            let count = text.parse().ok().filter(|count| (1..=Topology::MOST).contains(count));
            count.ok_or_else(|| self.document.error(given, expected()))
        };
        let cores = number("clusters")?.saturating_mul(number("cores")?);
        Topology::of(&[number("sockets")?, number("dies")?, cores, number("threads")?]).ok_or_else(|| {
            let expected = format!("expected at most {} cores in the clusters of a die", Topology::MOST);
            self.document.error(given, expected)
        })
    }

    /// Sets the CPU: a new start's, or that of a guest that already runs.
    fn choose_cpu(
        &self,
        scenario: &mut Scenario,
        cpu: &Cpu,
        live: bool,
        used: &mut Vec<String>,
    ) -> Result<(), LoadError> {
        scenario.features = cpu.features.clone();
        scenario.vendor = cpu.vendor;
        scenario.matching = cpu.matching.unwrap_or(Match::Exact);
        scenario.fallback = cpu.fallback.unwrap_or(Fallback::Allow);
        scenario.check = cpu.check;
        let model = match (cpu.mode, cpu.model) {
            (Mode::Custom, None) => {
                let model = self.default_model(scenario)?;
                used.push(format!(
                    "QEMU's default model {}, which libvirt does not check",
                    self.catalog.model_name(model)
                ));
                scenario.cpu = CpuChoice::Model(MaybeKnown::Is(model));
                (scenario.check, scenario.fallback) = (Some(Check::None), Fallback::Forbid);
                return Ok(());
            }
            // A running guest's host-model that names a model is that model.
            (Mode::Custom, Some(model)) => Some(model),
            (Mode::HostModel, Some(model)) if live => Some(model),
            (Mode::HostModel | Mode::HostPassthrough | Mode::Maximum, _) => None,
        };
        scenario.cpu = model.map_or(CpuChoice::Mode(cpu.mode), |model| CpuChoice::Model(MaybeKnown::Is(model)));
        let mode = if model.is_some() { Mode::Custom } else { cpu.mode };
        if live && mode != Mode::HostModel {
            let inactive = self.parts.original.map(|element| cpu::read(self.catalog, self.document, element));
            scenario.run_as(Running {
                live: Definition {
                    mode,
                    model,
                    matching: scenario.matching,
                    check: scenario.check.unwrap_or(Check::None),
                    fallback: scenario.fallback,
                    vendor: scenario.vendor,
                    features: scenario.features.clone(),
                },
                inactive: inactive.transpose()?.map(|cpu| cpu.definition(scenario.accel)),
            });
        }
        Ok(())
    }

    /// QEMU's default model for a guest whose definition names none.
    fn default_model(&self, scenario: &Scenario) -> Result<crate::domain::map::ModelId, LoadError> {
        let views = scenario.from.qemu.version.known().map(|version| self.catalog.qemu_views(version));
        let MachineChoice::Listed(machine) = scenario.machine else { return self.model_named("qemu64") };
        let listed = views.iter().flatten().flat_map(|view| &view.lists.machines).find(|m| m.machine == machine);
        let named = listed.and_then(|m| m.default_cpu.as_deref()).and_then(|cpu| cpu.strip_suffix("-x86_64-cpu"));
        self.model_named(named.unwrap_or("qemu64"))
    }

    fn model_named(&self, name: &str) -> Result<crate::domain::map::ModelId, LoadError> {
        self.catalog.model(name).ok_or_else(|| {
            self.document.error(
                self.parts.domain,
                format!("expected a <cpu> with a <model>: {name:?}, QEMU's default, is not in the facts"),
            )
        })
    }

    fn say(&self, scenario: &Scenario, cpu: &Cpu, live: bool, vcpus: u32, alias: Option<&str>) -> String {
        let kind = match scenario.running.as_deref() {
            Some(Running { inactive: Some(_), .. }) => "running guest, live and inactive definition",
            _ if live => "running guest",
            _ => "inactive guest",
        };
        let named = scenario.features.len();
        let features = match named {
            0 => String::new(),
            1 => " with 1 feature named".to_owned(),
            _ => format!(" with {named} features named"),
        };
        let check = scenario.check.map_or("as libvirt fills it in", Check::name);
        let machine = write_machine(self.catalog, &scenario.machine);
        let alias = alias.map(|name| format!(" ({name} in the source's QEMU)")).unwrap_or_default();
        let matching = match cpu.matching {
            Some(matching) if matching != Match::Exact => format!(", match {}", matching.name()),
            _ => String::new(),
        };
        let threads = match scenario.topology {
            MaybeKnown::Is(topology) if topology.threads_per_package() > 1 => {
                format!(", {} threads in a socket", topology.threads_per_package())
            }
            MaybeKnown::Is(_) | MaybeKnown::Unknown => String::new(),
        };
        format!(
            "{kind}: {}{features}, check {check}{matching}, {machine}{alias}, {}, {vcpus} vCPU{}{threads}",
            scenario.cpu_name(self.catalog),
            scenario.accel.name(),
            if vcpus == 1 { "" } else { "s" },
        )
    }
}
