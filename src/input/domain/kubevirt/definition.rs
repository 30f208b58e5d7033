//! Makes the definition that KubeVirt writes for a virtual machine. The defaults are those of its webhooks
//! (`pkg/defaults`), the domain that of `virt-launcher` (`pkg/virt-launcher/virtwrap/converter`).

use super::super::{Domain, say_written};
use super::{Cpu, DomainSpec, Hyperv, Machine, Metadata, Quantity, Reference, Resources, Spec, State};
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Fallback, Policies, Policy};
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelDefinition;
use crate::domain::names::did_you_mean;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{CpuChoice, Key, MachineChoice, MaybeKnown, Release, Scenario, Topology, Writer};
use crate::load::LoadError;

/// What KubeVirt takes where the manifest names none.
const MODEL: &str = "host-model";
const MACHINE: &str = "q35";
/// The annotation with the hooks of a machine.
const HOOK: &str = "hooks.kubevirt.io/hookSidecars";
/// KubeVirt's name of x86.
const ARCHITECTURE: &str = "amd64";

/// A machine's parts, wherever its kind has them.
struct Parts<'m> {
    domain: &'m DomainSpec,
    instancetype: Option<&'m Reference>,
    preference: Option<&'m Reference>,
    /// The machine type of a running instance (`updateMachineType` of virt-handler): what libvirt made of an alias.
    running_machine: Option<&'m str>,
    /// The TSC frequency of a running instance that needs one, in Hz.
    tsc: Option<u64>,
    /// Whether a program of the user's changes the definition before libvirt gets it (`OnDefineDomain` of a hook).
    has_hook: bool,
}

impl<'m> Parts<'m> {
    /// A setting of `features.hyperv`.
    fn hyperv(&self, setting: impl Fn(&'m Hyperv) -> Option<&'m State>) -> Option<&'m State> {
        self.domain.features.as_ref()?.hyperv.as_ref().and_then(setting)
    }

    /// Refuses guests that QEMU never migrates, as in domain XML.
    fn refuse_unmigratable(&self) -> Result<(), String> {
        let features = self.domain.features.as_ref();
        let passthrough = features.and_then(|features| features.passthrough.as_ref());
        let [found, why] = match passthrough.and_then(|passthrough| passthrough.enabled) {
            Some(true) => ["domain.features.hypervPassthrough", "it has the CPU flag hv-passthrough"],
            _ if self.domain.security.is_some() => ["domain.launchSecurity", "its memory is encrypted"],
            _ => return Ok(()),
        };
        Err(format!("{found}: expected a guest that QEMU can migrate; {why}"))
    }
}

impl Machine {
    /// Reads the machine; `file` names it in errors.
    ///
    /// # Errors
    /// A machine without a domain or not of x86, names that are unknown, numbers that are too large.
    pub(in super::super) fn read(
        &self,
        catalog: &Catalog,
        between: &Scenario,
        file: &str,
    ) -> Result<Domain, LoadError> {
        let wrong = |message: String| LoadError::whole(file, message);
        let object = self
            .object
            .as_ref()
            .map_err(|error| wrong(format!("expected a virtual machine, found an error: {error}")))?;
        let parts = self.parts().map_err(wrong)?;
        let mut scenario =
            Scenario { running: None, emulator: None, written_by: Some(Writer::KubeVirt), ..between.clone() };
        (scenario.check, scenario.vendor, scenario.fallback) = (None, None, Fallback::Allow);
        let mut used = Vec::new();
        let machine = choose_machine(catalog, &mut scenario, &parts, &mut used).map_err(wrong)?;
        let none = Cpu::default();
        let cpu = parts.domain.cpu.as_ref().unwrap_or(&none);
        choose_cpu(catalog, &mut scenario, cpu).map_err(wrong)?;
        parts.refuse_unmigratable().map_err(wrong)?;
        choose_tsc(catalog, &mut scenario, &parts, &mut used).map_err(wrong)?;
        if cpu.realtime.is_some() {
            scenario.pmu = Some(false);
            used.push("PMU off, as KubeVirt sets it with cpu.realtime".to_owned());
        }
        if parts.hyperv(|hyperv| hyperv.evmcs.as_ref()).is_some_and(|evmcs| evmcs.enabled != Some(false)) {
            require_vmx(catalog, &mut scenario, &mut used);
        }
        scenario.topology = MaybeKnown::Is(topology(cpu, parts.domain.resources.as_ref()).map_err(wrong)?);
        let mut cautions = forget_what_others_set(&mut scenario, &parts, cpu);
        if parts.has_hook {
            (scenario.cpu, scenario.features) = (CpuChoice::Unknown, Policies::default());
            cautions.push(format!("the annotation {HOOK} changes the definition, so that the CPU is not known"));
        }
        if scenario.cpu != CpuChoice::Unknown {
            if cpu.model.as_deref().is_none_or(str::is_empty) {
                used.push(format!("KubeVirt's default CPU {MODEL}"));
            }
            disable_mpx(catalog, &mut scenario, &mut used).map_err(wrong)?;
        }
        let read = say_written(catalog, &scenario, &format!("KubeVirt {}", object.kind));
        let name = object.metadata.as_ref().and_then(|metadata| metadata.name.clone());
        // What a preference sets is not known.
        let machine = if scenario.machine == MachineChoice::Unknown { "?".to_owned() } else { machine.to_owned() };
        Ok(Domain { name, scenario, machine, read, used, ignored: Vec::new(), cautions })
    }

    /// Finds the parts.
    fn parts(&self) -> Result<Parts<'_>, String> {
        let none = || "expected spec.template.spec.domain or spec.domain, found neither".to_owned();
        let object = self.object.as_ref().map_err(Clone::clone)?;
        let outer = object.spec.as_ref().ok_or_else(none)?;
        let spec: &Spec = outer.of_pool.as_ref().and_then(|pool| pool.spec.as_deref()).unwrap_or(outer);
        let instance = spec.template.as_ref().and_then(|template| template.spec.as_ref());
        let of_template = instance.and_then(|instance| instance.domain.as_ref());
        let domain = of_template.or(spec.domain.as_ref()).ok_or_else(none)?;
        let architecture = match instance {
            Some(instance) => instance.architecture.as_deref(),
            None => spec.architecture.as_deref(),
        };
        if let Some(found) = architecture.filter(|name| !matches!(*name, "" | ARCHITECTURE)) {
            return Err(format!(
                "architecture: expected {ARCHITECTURE}, found {found:?}; only x86 guests can be checked"
            ));
        }
        let has_hook = |metadata: &Metadata| metadata.annotations.as_ref().is_some_and(|all| all.get(HOOK).is_some());
        let of_template = spec.template.as_ref().and_then(|template| template.metadata.as_ref());
        let has_hook = object.metadata.iter().chain(of_template).any(has_hook);
        let status = object.status.as_ref();
        let machine = status.and_then(|status| status.machine.as_ref());
        Ok(Parts {
            domain,
            instancetype: spec.instancetype.as_ref(),
            preference: spec.preference.as_ref(),
            running_machine: machine.and_then(|machine| machine.kind.as_deref()).filter(|name| !name.is_empty()),
            has_hook,
            tsc: status.and_then(|status| status.hints.as_ref()?.tsc).filter(|hertz| *hertz > 0),
        })
    }
}

/// Sets the machine type. Returns its name.
fn choose_machine<'p>(
    catalog: &Catalog,
    scenario: &mut Scenario,
    parts: &Parts<'p>,
    used: &mut Vec<String>,
) -> Result<&'p str, String> {
    let named = parts.domain.machine.as_ref().and_then(|machine| machine.kind.as_deref());
    let named = named.filter(|name| !name.is_empty());
    let (path, name) = match (parts.running_machine, named) {
        (Some(running), _) => ("status.machine.type", running),
        (None, named) => ("domain.machine.type", named.unwrap_or(MACHINE)),
    };
    scenario.set(catalog, Key::Machine, name).map_err(|err| format!("{path}: {err}"))?;
    match (parts.running_machine, named) {
        (Some(running), named) if named != Some(running) => {
            used.push(format!("machine type {running} of status.machine.type"));
        }
        (None, None) => used.push(format!("KubeVirt's default machine type {MACHINE}")),
        (Some(_) | None, _) => {}
    }
    Ok(name)
}

/// Sets the model and the features that the manifest names.
fn choose_cpu(catalog: &Catalog, scenario: &mut Scenario, cpu: &Cpu) -> Result<(), String> {
    let model = cpu.model.as_deref().filter(|name| !name.is_empty()).unwrap_or(MODEL);
    scenario.set_cpu(catalog, model).map_err(|err| format!("domain.cpu.model: {err}"))?;
    scenario.features = Policies::default();
    for feature in cpu.features.iter().flatten() {
        let (name, path) = (&feature.name, "domain.cpu.features");
        let known = catalog.feature(name).ok_or_else(|| {
            let near = did_you_mean(name, catalog.features().iter());
            format!("{path}: unknown CPU feature {name:?}{near}")
        })?;
        let policy = feature.policy.as_deref().filter(|policy| !policy.is_empty());
        let policy = policy.map_or(Some(Policy::Require), Policy::parse).ok_or_else(|| {
            let names: Vec<&str> = Policy::ALL.iter().map(|policy| policy.name()).collect();
            format!("{path}: expected one of {} for {name}", names.join(", "))
        })?;
        // virCPUDefAddFeature: KubeVirt passes both on.
        if scenario.features.get(known).is_some() {
            return Err(format!("{path}: expected each feature once, found {name:?} again; libvirt refuses that"));
        }
        scenario.features.set(known, policy);
    }
    Ok(())
}

/// `GetTscFrequencyRequirement`: a guest that requires `invtsc` gets the TSC frequency of its node, one with
/// re-enlightenment if there is one.
///
/// # Errors
/// `invtsc` is required, and the frequency is not known.
fn choose_tsc(
    catalog: &Catalog,
    scenario: &mut Scenario,
    parts: &Parts<'_>,
    used: &mut Vec<String>,
) -> Result<(), String> {
    let policy = catalog.named().invtsc.and_then(|invtsc| scenario.features.get(invtsc));
    let needs = matches!(policy, Some(Policy::Require | Policy::Force));
    let reenlightens = parts.hyperv(|hyperv| hyperv.reenlightenment.as_ref());
    if needs || reenlightens.is_some_and(|state| state.enabled == Some(true)) {
        scenario.tsc = parts.tsc.or(scenario.tsc);
        used.extend(scenario.tsc.map(|hertz| format!("TSC frequency {hertz} Hz")));
    }
    if needs && scenario.tsc.is_none() {
        return Err(
            "status.topologyHints.tscFrequency: expected the frequency that KubeVirt chose for a guest with invtsc, \
                    found none; a VirtualMachineInstance has it (kubectl get vmi -o yaml), or pass --tsc HZ"
                .to_owned(),
        );
    }
    Ok(())
}

/// The release that starts the guest.
fn start(scenario: &Scenario) -> &Release {
    scenario.started.as_ref().unwrap_or(&scenario.from)
}

/// Returns whether the KubeVirt of a release adds a feature of its own; `None` if it is not known which KubeVirt that is.
fn adds(catalog: &Catalog, release: &Release, feature: FeatureId) -> Option<bool> {
    catalog.all_products().adds(catalog.feature_name(feature), release.product.as_deref()?)
}

/// Returns whether the definition of a manifest's guest would be another one if `other` started it and not `one`.
pub(in super::super) fn differs(catalog: &Catalog, scenario: &Scenario, [one, other]: [&Release; 2]) -> bool {
    let is_mentioned = |feature: FeatureId| scenario.features.get(feature).is_some();
    let named = catalog.named();
    let mpx = named.mpx.filter(|mpx| is_mentioned(*mpx) || may_have(catalog, scenario, *mpx));
    let is_named = matches!(scenario.cpu, CpuChoice::Model(_));
    let both = [mpx.filter(|_| is_named), named.vmx.filter(|vmx| is_mentioned(*vmx))];
    both.into_iter().flatten().any(|feature| adds(catalog, one, feature) != adds(catalog, other, feature))
}

/// `setEVMCSDependency`: KubeVirt requires `vmx`, whatever policy the manifest names.
fn require_vmx(catalog: &Catalog, scenario: &mut Scenario, used: &mut Vec<String>) {
    let Some(vmx) = catalog.named().vmx else { return };
    if adds(catalog, start(scenario), vmx) != Some(false) {
        scenario.features.set(vmx, Policy::Require);
        used.push("vmx, which KubeVirt requires with features.hyperv.evmcs".to_owned());
    }
}

/// `configureCPUFeatures`: KubeVirt disables `mpx` in a named model, unless the manifest mentions it. In a model without
/// it that changes nothing.
///
/// # Errors
/// The model has it, and the release of KubeVirt is not known.
fn disable_mpx(catalog: &Catalog, scenario: &mut Scenario, used: &mut Vec<String>) -> Result<(), String> {
    let Some(mpx) = catalog.named().mpx else { return Ok(()) };
    if matches!(scenario.cpu, CpuChoice::Mode(_)) || scenario.features.get(mpx).is_some() {
        return Ok(());
    }
    match adds(catalog, start(scenario), mpx) {
        Some(false) => {}
        Some(true) => {
            scenario.features.set(mpx, Policy::Disable);
            used.push("mpx, which KubeVirt disables in named models".to_owned());
        }
        None if may_have(catalog, scenario, mpx) => {
            let since = catalog.all_products().adds_since("kubevirt", "mpx").unwrap_or_default();
            return Err(format!(
                "domain.cpu.model: KubeVirt disables mpx in {} since its release {since}, but its release at the source is \
                 not known; pass --from kubevirt:VERSION, or add mpx to domain.cpu.features",
                scenario.cpu_name(catalog)
            ));
        }
        None => {}
    }
    Ok(())
}

/// Whether a feature may be on in the guest's model, by some map or some QEMU.
fn may_have(catalog: &Catalog, scenario: &Scenario, feature: FeatureId) -> bool {
    let Some(model) = scenario.model() else { return true };
    let has = |known: &ModelDefinition| (known.data | known.removed_set() | known.added_set()).contains(feature);
    let in_map = catalog.maps().iter().filter_map(|map| map.model(model)).any(has);
    let cells = [Accel::Kvm, Accel::Tcg].map(|accel| catalog.qemu_defaults().of(model, accel));
    in_map || cells.into_iter().flatten().any(|cells| cells.anywhere().contains(feature))
}

/// `GetCPUTopology` and `configureCPUTopology`: what is not given is 1. Without any of the three numbers the sockets are
/// the CPUs of the resources. Those that can be added later count, but are not online.
fn topology(cpu: &Cpu, resources: Option<&Resources>) -> Result<Topology, String> {
    let given = [cpu.sockets, cpu.cores, cpu.threads].map(|given| given.filter(|count| *count > 0));
    let of_resources = match resources {
        Some(Resources { limits, requests }) if given == [None; 3] => {
            let cpus = [limits, requests].into_iter().flatten().find_map(|list| list.cpu.as_ref());
            cpus.map(whole_cpus).transpose()?
        }
        Some(_) | None => None,
    };
    let [sockets, cores, threads] = given.map(|given| given.unwrap_or(1));
    let sockets = of_resources.unwrap_or(sockets).max(cpu.max_sockets.unwrap_or(1));
    Topology::of(&[sockets, cores, threads])
        .ok_or_else(|| format!("domain.cpu: expected at most {} in sockets, cores and threads", Topology::MOST))
}

/// Returns a quantity of CPUs, rounded up as `Quantity.Value` does.
fn whole_cpus(quantity: &Quantity) -> Result<u32, String> {
    let (number, part) = match quantity {
        Quantity::Number(number) => (Some(*number), 1.0),
        Quantity::Text(text) => match text.strip_suffix('m') {
            Some(thousandths) => (thousandths.parse().ok(), 1000.0),
            None => (text.parse().ok(), 1.0),
        },
    };
    let whole = number.map(|number: f64| (number / part).ceil());
    let whole = whole.filter(|whole| (0.0..=f64::from(Topology::MOST)).contains(whole));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number of at most MOST")]
    whole.map(|whole| (whole as u32).max(1)).ok_or_else(|| {
        let most = Topology::MOST;
        format!("domain.resources: expected a number of CPUs up to {most}, such as 2 or 1500m, found another value")
    })
}

/// Makes unknown what objects set that the file does not have. An instance type sets the topology, and the model if the
/// machine names none (`applyCPU`). A preference adds features (`applyCPUPreferences`, `applyFeaturePreferences`), and
/// sets the machine type if there is none. KubeVirt keeps a copy of both in a revision, so an object of the same name
/// need not be it. Returns what to tell the reader.
fn forget_what_others_set(scenario: &mut Scenario, parts: &Parts<'_>, cpu: &Cpu) -> Vec<String> {
    let is_named = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
    let mut unknown = Vec::new();
    if parts.preference.is_some() || (parts.instancetype.is_some() && !is_named(cpu.model.as_deref())) {
        scenario.cpu = CpuChoice::Unknown;
        scenario.features = Policies::default();
        unknown.push("the CPU definition");
    }
    if parts.instancetype.is_some() {
        scenario.topology = MaybeKnown::Unknown;
        unknown.push("the topology");
    }
    let machine = parts.domain.machine.as_ref().and_then(|machine| machine.kind.as_deref());
    if parts.preference.is_some() && !is_named(machine) {
        scenario.machine = MachineChoice::Unknown;
        unknown.push("the machine type");
    }
    let objects = [("spec.instancetype", parts.instancetype), ("spec.preference", parts.preference)];
    let objects = objects.into_iter().filter_map(|(path, object)| Some((path, object?)));
    let named = objects.map(|(path, object)| {
        let parts = [object.kind.as_deref(), object.name.as_deref()];
        std::iter::once(path).chain(parts.into_iter().flatten()).collect::<Vec<_>>().join(" ")
    });
    let named: Vec<String> = named.collect();
    if named.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "the file does not have {}, so that these are not known: {}; a VirtualMachineInstance has them (kubectl get vmi \
         -o yaml)",
        named.join(" and "),
        unknown.join(", ")
    )]
}
