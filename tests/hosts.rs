//! Tests how a host is described: in a scenario, by a batch line, by files, and what of it reaches the checks.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]

mod support;

use support::ask::{CATALOG, answer, scenario};
use virt_cpu_explorer::internal::cli::{self, ListKind, TextFormat};
use virt_cpu_explorer::internal::domain::feature::FeatureSet;
use virt_cpu_explorer::internal::domain::host::{CpuSignature, GivenHost, Vendor};
use virt_cpu_explorer::internal::domain::scenario::{HostChoice, LibvirtChoice, Scenario};
use virt_cpu_explorer::internal::input::{batch, host};
use virt_cpu_explorer::internal::resolve::Verdict;

/// An EPYC 7713 as Linux 6.8 describes it.
const MILAN: &str = "vendor_id : AuthenticAMD
cpu family : 25
model : 1
stepping : 1
flags : fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht syscall nx \
    mmxext fxsr_opt pdpe1gb rdtscp lm constant_tsc nonstop_tsc pni pclmulqdq monitor ssse3 fma cx16 pcid sse4_1 sse4_2 \
    x2apic movbe popcnt aes xsave avx f16c rdrand lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse \
    3dnowprefetch osvw ibs skinit wdt tce topoext perfctr_core perfctr_nb ssbd ibrs ibpb stibp fsgsbase bmi1 avx2 smep \
    bmi2 erms invpcid rdseed adx smap clflushopt clwb sha_ni xsaveopt xsavec xgetbv1 xsaves clzero xsaveerptr wbnoinvd \
    arat npt lbrv svm_lock nrip_save tsc_scale vmcb_clean flushbyasid decodeassists pausefilter pfthreshold \
    v_vmsave_vmload vgif umip pku ospke vaes vpclmulqdq rdpid overflow_recov succor fsrm
";

/// What libvirt 8.0.0, whose map has no vmx-*, says of a Cascade Lake.
const CASCADE_LAKE: &str = "<domainCapabilities><domain>kvm</domain><cpu><mode name='host-model' supported='yes'>\
    <model>Cascadelake-Server</model><vendor>Intel</vendor><feature policy='require' name='vmx'/>\
    <feature policy='require' name='hypervisor'/></mode></cpu></domainCapabilities>";

/// What a host does not name and a guest on it needs.
const UNLISTED: &str = "host features that its list does not name";

/// Returns the verdict of a guest between two releases on the host of a file, and on what it depends.
fn on_host_of(file: &str, link: &str) -> (Verdict, Vec<String>) {
    let read_by = scenario("EPYC,from=8.0.0:6.2.0").from.libvirt;
    let host = host::read(&CATALOG, &read_by, "host", file.as_bytes()).unwrap().choice();
    let asked = Scenario { from_host: host.clone(), to_host: host, ..scenario(link) };
    // The link repeats the answer.
    assert_eq!(Scenario::parse(&CATALOG, &asked.link(&CATALOG)).unwrap(), asked);
    let answer = answer(&asked.link(&CATALOG));
    (answer.verdict, answer.depends_on.iter().map(|on| on.input.clone()).collect())
}

#[test]
fn a_guest_that_needs_what_linux_never_prints_depends_on_it() {
    let between = "machine=pc-i440fx-6.2,from=8.0.0:6.2.0,to=9.0.0:7.2.22";
    let milan = |guest: &str| on_host_of(MILAN, &format!("{guest},{between}"));
    assert_eq!(milan("EPYC-Milan"), (Verdict::Depends, vec![UNLISTED.to_owned()]));
    assert_eq!(milan("EPYC-Milan,-svme-addr-chk"), (Verdict::Unchanged, Vec::new()));
    assert_eq!(milan("EPYC-Rome"), (Verdict::Unchanged, Vec::new()));
    // What Linux would print is not there.
    assert_eq!(milan("EPYC-Rome,+avx512f").0, Verdict::StartRefused);
    // Another QEMU may name more of the host's features, as for a listed host.
    assert_eq!(milan("host-passthrough"), (Verdict::Depends, vec![UNLISTED.to_owned()]));
    let one_qemu = "host-passthrough,machine=pc-i440fx-6.2,from=8.0.0:7.2.22,to=9.0.0:7.2.22";
    assert_eq!(on_host_of(MILAN, one_qemu), (Verdict::Unchanged, Vec::new()));
}

#[test]
fn a_guest_that_needs_what_an_older_libvirt_cannot_name_depends_on_it() {
    let between = "machine=pc-i440fx-6.2,from=11.3.0:10.0.13,to=11.3.0:10.0.13";
    let open =
        |file: &str, guest: &str| on_host_of(file, &format!("{guest},{between}")).1.contains(&UNLISTED.to_owned());
    assert!(open(CASCADE_LAKE, "Cascadelake-Server,+vmx,+vmx-ept"));
    for guest in ["Cascadelake-Server", "Cascadelake-Server,+sha-ni"] {
        assert!(!open(CASCADE_LAKE, guest), "{guest}");
    }
    // A host without vmx has no vmx-*.
    let without = CASCADE_LAKE.replace("<feature policy='require' name='vmx'/>", "");
    assert!(without != CASCADE_LAKE && !open(&without, "Cascadelake-Server,+vmx-ept"));
}

fn set(names: &[&str]) -> FeatureSet {
    names.iter().map(|name| CATALOG.feature(name).unwrap()).collect()
}

fn given(choice: &HostChoice) -> GivenHost {
    let HostChoice::Given(given) = choice else { panic!("not a described host: {choice:?}") };
    *given
}

#[test]
fn a_host_has_what_kvm_supports_and_after_the_slash_what_the_processor_has() {
    let signature = |stepping| Some(CpuSignature { family: 6, model: 207, stepping });
    let (kvm, silicon) = (set(&["avx", "pni"]), set(&["avx", "monitor"]));
    let (none, unknown) = (FeatureSet::EMPTY, set(&["gds-no", "vmx-ept"]));
    for (text, signature, features, silicon, unknown) in [
        ("Intel:avx+pni", None, kvm, None, none),
        ("Intel:6-207-2:avx+pni", signature(Some(2)), kvm, None, none),
        ("Intel:6-207:avx+pni", signature(None), kvm, None, none),
        ("Intel:avx+pni/avx+monitor", None, kvm, Some(silicon), none),
        ("Intel:6-207-2:avx+pni/avx+monitor", signature(Some(2)), kvm, Some(silicon), none),
        ("Intel:6-207-2:/", signature(Some(2)), none, Some(none), none),
        ("Intel:", None, none, None, none),
        ("Intel:avx+pni~gds-no+vmx-ept", None, kvm, None, unknown),
        ("Intel:6-207-2:avx+pni/avx+monitor~gds-no+vmx-ept", signature(Some(2)), kvm, Some(silicon), unknown),
    ] {
        let read = scenario(&format!("EPYC,host={text}"));
        let expected = GivenHost { vendor: Vendor::Intel, signature, features, silicon, unknown };
        assert_eq!(given(&read.from_host), expected, "{text}");
        assert_eq!(Scenario::parse(&CATALOG, &read.link(&CATALOG)).unwrap(), read, "{text}");
    }
}

#[test]
fn an_error_in_a_host_has_the_column_of_the_part_that_is_wrong() {
    for (text, wrong, said) in [
        ("Intle:avx", "Intle", "Intel"),
        ("Intel:6-x-2:avx", "6-x-2", "such as 6-207-2"),
        ("Intel:6-207-2:avx+nonsense+pni", "nonsense", "unknown"),
        ("AMD:avx/pni+avxx", "avxx", "avx"),
        ("AMD:avx++pni", "+pni", "unknown"),
        ("AMD:avx/pni~svm+nonsense", "nonsense", "unknown"),
        ("Haswel-Desktop", "Haswel", "expected a listed host, capable, any, ?, or VENDOR"),
    ] {
        for link in [format!("EPYC,host={text}"), format!("EPYC,+avx,to-host={text},from=old")] {
            let err = Scenario::parse(&CATALOG, &link).unwrap_err();
            let column = link[..link.find(wrong).unwrap()].chars().count() + 1;
            assert_eq!(err.column, column, "{link}: {err}");
            assert!(err.to_string().contains(said), "{err}");
        }
    }
}

fn read(name: &str) -> host::HostFile {
    let path = format!("{}/tests/data/hosts/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap();
    host::read(&CATALOG, &LibvirtChoice::Unknown, name, &bytes).unwrap()
}

#[test]
fn two_files_of_one_host_give_both_sides_in_either_order() {
    let (capabilities, domcapabilities) = ("9.0.0-capabilities.xml", "9.0.0-domcapabilities.xml");
    for (first, second) in [(capabilities, domcapabilities), (domcapabilities, capabilities)] {
        let both = given(&read(first).combine(read(second)).unwrap().choice());
        assert_eq!(both.signature, Some(CpuSignature { family: 25, model: 17, stepping: Some(1) }));
        assert_eq!(both.features, read(domcapabilities).features);
        assert_eq!(both.silicon, Some(read(capabilities).features));
    }
    let wrong = |first: &str, second: &str| read(first).combine(read(second)).unwrap_err();
    assert!(wrong(capabilities, capabilities).contains("virsh capabilities and virsh domcapabilities"));
    assert!(wrong(domcapabilities, "cpuinfo.txt").contains("found virsh domcapabilities and /proc/cpuinfo"));
    let mut intel = read(domcapabilities);
    intel.vendor = Vendor::Intel;
    assert!(read(capabilities).combine(intel).unwrap_err().contains("two different processors"));
}

#[test]
fn one_file_says_which_side_it_lacks() {
    let capabilities = read("9.0.0-capabilities.xml");
    assert_eq!(capabilities.silicon, Some(capabilities.features));
    assert!(capabilities.line().contains("pass the output of virsh domcapabilities as well"));
    let domcapabilities = read("9.0.0-domcapabilities.xml");
    assert_eq!(domcapabilities.silicon, None);
    assert!(domcapabilities.line().contains("pass the output of virsh capabilities as well"));
    let cpuinfo = read("cpuinfo.txt");
    assert!(cpuinfo.silicon.is_none() && cpuinfo.signature.is_some());
    assert!(cpuinfo.line().contains("KVM may support less"), "{}", cpuinfo.line());
    assert!(read("7.2.22-query-cpu-model-expansion.json").signature.is_some());
}

/// QEMU 10.1.0 supports arch-capabilities only where the processor has it.
#[test]
fn the_processor_decides_what_kvm_alone_leaves_open() {
    let host = "Intel:fpu+de+pse+tsc+msr+pae+mce+cx8+apic+sep+mtrr+pge+mca+cmov+pat+pse36+clflush+mmx+fxsr+sse+sse2+pni\
                +cx16+lm+nx+syscall+lahf_lm+ssse3+arch-capabilities";
    let verdict = |silicon: &str| {
        let link = "Conroe,+arch-capabilities,check=none,machine=pc-q35-8.0";
        answer(&format!("{link},host={host}{silicon},from=9.0.0:8.2.0,to=11.3.0:10.1.0"))
    };
    let open = verdict("");
    assert_eq!(open.depends_on.iter().map(|on| on.input.as_str()).collect::<Vec<_>>(), ["host silicon"]);
    assert_eq!(verdict("/fpu+arch-capabilities").verdict, Verdict::Unchanged);
    assert_eq!(verdict("/fpu").verdict, Verdict::Aborted);
}

#[test]
fn peer_to_peer_is_decided_like_live_and_not_like_save() {
    let mut differ = 0;
    for (from, to) in [("9.0.0", "11.3.0"), ("11.3.0", "9.0.0"), ("12.8.0", "9.0.0"), ("12.8.0", "11.3.0")] {
        for model in ["Skylake-Client", "EPYC", "Icelake-Server", "SapphireRapids", "Haswell"] {
            let link = |transport: &str| {
                answer(&format!("{model},machine=pc-q35-5.2,transport={transport},from={from}:7.2.22,to={to}:7.2.22"))
            };
            assert_eq!(link("p2p"), link("live"), "{model} {from} {to}");
            differ += usize::from(link("p2p") != link("save"));
        }
    }
    assert!(differ > 0, "save and live never differ here");
}

#[test]
fn a_guest_that_is_not_migratable_is_decided() {
    for link in [
        "maximum,migratable=off,accel=tcg,from=9.0.0,to=9.0.0",
        "host-passthrough,migratable=off,host=Haswell-noTSX,from=9.0.0,to=9.0.0",
        "host-passthrough,migratable=on,host=Haswell-noTSX,from=9.0.0,to=9.0.0",
        "EPYC,migratable=off,accel=tcg,from=9.0.0,to=9.0.0",
    ] {
        let link = link.replace("Haswell-noTSX", &CATALOG.hosts()[0].name);
        let found = answer(&link);
        assert!(
            !found.depends_on.iter().any(|on| on.input.starts_with("migratable")),
            "{link}: {:?}",
            found.depends_on
        );
    }
    // tsc is a CPU feature, too.
    let both = scenario("EPYC,tsc=force,tsc=2400000000");
    assert_eq!((both.tsc, both.features.len()), (Some(2_400_000_000), 1));
    assert!(Scenario::parse(&CATALOG, "EPYC,tsc=fast").is_err());
    assert!(scenario("maximum,migratable=off").link(&CATALOG).contains(",migratable=off"));
    assert!(Scenario::parse(&CATALOG, "maximum,migratable=no").is_err());
}

#[test]
fn a_machine_type_outside_the_data_is_decided_by_the_one_it_is_like() {
    let link = "Skylake-Client,machine=pc-q35-rhel9.9.9,from=9.0.0,to=new";
    let like = |machine: &str| answer(&format!("{link},machine-like={machine}"));
    let known = |machine: &str| answer(&link.replace("pc-q35-rhel9.9.9", machine));
    assert_eq!(answer(link).verdict, Verdict::Depends);
    for machine in ["pc-q35-3.1", "pc-q35-4.0"] {
        assert_eq!(like(machine).outcome(), known(machine).outcome(), "{machine}");
        assert_ne!(like(machine).verdict, Verdict::Depends, "{machine}");
    }
    assert!(Scenario::parse(&CATALOG, "EPYC,machine=mine-1").is_err());
    let mine = scenario("EPYC,machine=mine-1,machine-like=pc-q35-4.0");
    assert_eq!(Scenario::parse(&CATALOG, &mine.link(&CATALOG)).unwrap(), mine);
    assert!(Scenario::parse(&CATALOG, "EPYC,machine-like=mine-1").is_err());
}

#[test]
fn a_batch_line_gives_the_host_of_each_stop() {
    let end = |libvirt: &str, more: &str| format!(r#"{{"libvirt":"{libvirt}"{more}}}"#);
    let host = |names: &str| format!(r#","host":[{names}],"host_silicon":["avx","pni"],"host_signature":"6-207-2""#);
    let line = |stop: &str| {
        let (source, destination) = (end("9.0.0", &host(r#""avx""#)), end("11.3.0", &host(r#""avx""#)));
        let text = format!(
            r#"{{"source":{source},"via":[{stop}],"destination":{destination},"started":"7.0.0:5.2.0","guest":{{"model":"EPYC","features":{{}}}}}}"#
        );
        batch::read(&CATALOG, &text).unwrap().scenario
    };
    let read = line(&end("10.0.0", &host(r#""pni""#)));
    assert_eq!((read.via.len(), given(read.stop_host(0)).features), (1, set(&["pni"])));
    assert_eq!(given(&read.to_host).silicon, Some(set(&["avx", "pni"])));
    assert_eq!(read.started, scenario("EPYC,started=7.0.0:5.2.0").started);
    // Without a host, or with the same one, a stop has the destination's.
    let same = end("10.0.0", &host(r#""avx""#));
    for stop in ["\"10.0.0\"", &end("10.0.0", ""), &same] {
        let read = line(stop);
        assert!(read.via[0].host.is_some() == (stop == same) && *read.stop_host(0) == read.to_host, "{stop}");
        assert_eq!(Scenario::parse(&CATALOG, &read.link(&CATALOG)).unwrap(), read, "{stop}");
    }
}

#[test]
fn each_stop_keeps_its_host_in_the_reverse_direction() {
    let stops = "via=10.0.0@Atom-P5362,via=10.4.0";
    let link = format!("EPYC,from-host=Core-i7-7700,to-host=Cooperlake,from=9.0.0:7.2.22,to=11.3.0:7.2.22,{stops}");
    let asked = scenario(&link);
    assert_eq!(asked.link(&CATALOG).rsplit_once(",via=10.0.0"), link.rsplit_once(",via=10.0.0"));
    let reverse = asked.swapped();
    let said = reverse.link(&CATALOG);
    assert!(said.ends_with(",via=10.4.0@Cooperlake,via=10.0.0@Atom-P5362"), "{said}");
    assert_eq!(scenario(&said), reverse);
    assert_eq!(reverse.swapped(), asked);
}

#[test]
fn every_listed_host_says_what_was_recorded_when_and_by_which_qemu() {
    let listed = |format| {
        let mut out = Vec::new();
        cli::list(&CATALOG, ListKind::Hosts, format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let text = listed(TextFormat::Text);
    for line in text.lines() {
        let replied = line.contains("reply of QEMU ") && line.contains("(inferred), in libvirt's tests since 20");
        assert!(replied || line.contains("expectation of libvirt's tests, added after libvirt 11.3.0"), "{line}");
    }
    let json: Vec<serde_json::Value> = serde_json::from_str(&listed(TextFormat::Json)).unwrap();
    let of = |name: &str| json.iter().find(|host| host["name"] == name).unwrap();
    assert_eq!(
        (&of("Xeon-Gold-6130")["recorded"], &of("Xeon-Gold-6130")["qemu"]),
        (&"2019-10-17".into(), &"4.1.0".into())
    );
    assert!(of("EPYC-9334-32-Core")["qemu"].is_null());
    assert_eq!(json.len(), text.lines().count());
}

/// QEMU 10.1.2 and later leave `arch-capabilities` out of `host` for AMD guests only. An Intel host whose list lacks it keeps
/// what depends on it.
#[test]
fn an_intel_host_keeps_what_depends_on_arch_capabilities() {
    for qemu in ["10.1.1", "10.1.2"] {
        let link = format!(
            "Skylake-Client,skip-l1dfl-vmentry=optional,machine=pc-q35-9.0,host=Core-i7-7600U,from=11.3.0:{qemu},to=11.3.0:{qemu}"
        );
        let answer = answer(&link);
        let feature = CATALOG.feature("skip-l1dfl-vmentry").unwrap();
        let trace = answer.trace.unwrap();
        let prepared = trace.source().prepared.as_ref().unwrap();
        assert_eq!(prepared.features.get(feature).unwrap().name(), "require", "QEMU {qemu}");
    }
}
