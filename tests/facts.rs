//! The facts are in the form that `import` writes, and the catalog lists what it should.

#![expect(clippy::unwrap_used, reason = "in a test a fact that is not there is a failure")]

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use virt_cpu_explorer::internal::domain::catalog::{Catalog, ExactRelease, Parts, Provenance, ReleaseMap};
use virt_cpu_explorer::internal::domain::feature::FeatureId;
use virt_cpu_explorer::internal::domain::host::{Host, HostSource, Vendor};
use virt_cpu_explorer::internal::domain::map::{CpuMap, Decode, ModelId, Register};
use virt_cpu_explorer::internal::domain::names::Names;
use virt_cpu_explorer::internal::domain::qemu::Accel;
use virt_cpu_explorer::internal::domain::version::Version;
use virt_cpu_explorer::internal::import;
use virt_cpu_explorer::internal::load::timeline::{self, Texts};
use virt_cpu_explorer::internal::load::{cpu_map_dir, embedded};

fn catalog() -> Catalog {
    embedded::catalog().unwrap()
}

/// The files are in the form that `import` writes, so that a change shows only what it changes.
#[test]
fn the_files_are_in_canonical_form() {
    let directory = copy_of_the_timeline("canonical");
    import::rewrite(&directory).unwrap();
    for file in ["libvirt.xml", "qemu.xml", "hosts.xml"] {
        let read = |path: &Path| std::fs::read_to_string(path.join(file)).unwrap();
        assert!(read(&directory) == read(Path::new("cpu_map")), "{file}: run `import --rewrite`");
    }
}

/// What the pages say of how much there is.
#[test]
fn the_pages_count_what_there_is() {
    let catalog = catalog();
    let published: Vec<_> =
        catalog.libvirt_releases().iter().filter(|release| release.provenance == Provenance::Published).collect();
    let exact: Vec<_> = published.iter().filter(|release| matches!(release.map, ReleaseMap::Exact(_))).collect();
    let (first, last) = (&exact[0].name, &exact[exact.len() - 1].name);
    let (machines, models) = (catalog.qemu_defaults().machines.len(), catalog.pickable_models().count());
    let (hosts, exact) = (catalog.hosts().len(), exact.len());
    let ran: Vec<String> = catalog.qemu_releases().iter().filter(|q| q.ran).map(|q| q.version.to_string()).collect();
    let (newest, older) = ran.split_last().unwrap();
    let says = [
        ("README.md", format!("{} libvirt releases", published.len())),
        ("README.md", format!("{machines} machine types, {models} CPU models and {hosts} real hosts")),
        ("cpu_map/PROVENANCE.md", format!("{exact} published libvirt releases, {first} to {last}")),
        ("cpu_map/PROVENANCE.md", format!("{hosts} real CPUs")),
        ("cpu_map/PROVENANCE.md", format!("{} and {newest}.", older.join(", "))),
        ("cpu_map/PROVENANCE.md", format!("{machines} pc and q35 machine types")),
    ];
    let not_said = says.iter().filter(|(file, says)| !std::fs::read_to_string(file).unwrap().contains(says));
    assert_eq!(not_said.collect::<Vec<_>>(), Vec::<&(&str, String)>::new(), "what these pages should say and do not");
}

#[test]
fn all_published_releases_are_listed_in_order() {
    let catalog = catalog();
    let releases = catalog.libvirt_releases();
    assert!(releases.is_sorted_by_key(|release| release.version));
    let names: HashSet<&str> = releases.iter().map(|release| &*release.name).collect();
    assert_eq!(names.len(), releases.len());
    for exact in embedded::parts().unwrap().releases {
        let listed = releases.iter().find(|release| release.name == exact.name).unwrap();
        assert!(matches!(listed.map, ReleaseMap::Exact(_)), "{}", exact.name);
        let made_up = listed.provenance == Provenance::Hypothetical;
        assert_eq!(made_up, exact.name.contains('+'), "{}", exact.name);
    }
    // Since 3.0 libvirt publishes eleven releases a year; a release without its own map is between two.
    let between =
        |name: &str| matches!(catalog.release(catalog.libvirt(name).unwrap()).map, ReleaseMap::Between { .. });
    let gaps: Vec<&str> =
        releases.iter().map(|release| &*release.name).filter(|name| !name.contains('+') && between(name)).collect();
    let runs = [("8.6.0", "8.10.0", 5), ("9.1.0", "9.7.0", 7), ("9.9.0", "9.9.0", 1), ("10.0.0", "10.3.0", 4)];
    let later = [("10.6.0", "10.6.0", 1), ("10.8.0", "11.2.0", 6), ("11.4.0", "12.7.0", 15)];
    let mut rest = gaps.as_slice();
    for (first, last, count) in runs.into_iter().chain(later) {
        let (run, others) = rest.split_at(count);
        assert_eq!((run.first(), run.last()), (Some(&first), Some(&last)));
        rest = others;
    }
    assert!(rest.is_empty(), "{rest:?}");
    assert!(!names.contains("8.11.0") && !names.contains("4.5.1"));
    assert_eq!(releases.last().map(|release| &*release.name), Some("12.9.0"));
}

#[test]
fn features_are_named_in_the_order_of_the_newest_map() {
    let parts = embedded::parts().unwrap();
    let newest = parts.releases.last().unwrap().map;
    let map = &parts.maps[usize::from(newest.0)];
    assert!(map.order.iter().zip(0..).all(|(feature, number)| *feature == FeatureId(number)));
}

#[test]
fn maps_have_the_sizes_that_were_counted() {
    let parts = embedded::parts().unwrap();
    let size = |name: &str| {
        let release = parts.releases.iter().find(|release| &*release.name == name).unwrap();
        let map = &parts.maps[usize::from(release.map.0)];
        (map.order.len(), map.model_order.len())
    };
    assert_eq!(["7.0.0", "9.0.0", "11.3.0", "12.8.0"].map(size), [(184, 57), (212, 58), (364, 150), (400, 176)]);
    assert_eq!(["9.8.0", "9.10.0", "10.4.0", "10.7.0"].map(size), [(237, 60), (332, 60), (332, 60), (341, 61)]);
    let map = |name: &str| parts.releases.iter().find(|release| &*release.name == name).unwrap().map;
    for (release, original) in [("12.9.0", "12.8.0"), ("10.5.0", "10.4.0"), ("8.5.0", "8.4.0"), ("8.3.0", "7.5.0")] {
        assert_eq!(map(release), map(original), "{release} ships the map of {original}");
    }
}

/// The first release of a model is the first map that has it, since no map up to 8.5.0 is missing.
#[test]
fn models_arrive_with_the_release_whose_map_first_has_them() {
    let parts = embedded::parts().unwrap();
    for (model, first) in [
        ("Icelake-Server", "4.9.0"),
        ("Cascadelake-Server", "5.3.0"),
        ("EPYC-Rome", "6.9.0"),
        ("EPYC-Milan", "7.2.0"),
        ("Skylake-Client-v2", "11.3.0"),
    ] {
        let id = ModelId(parts.models.get(model).unwrap());
        let has = |release: &&ExactRelease| parts.maps[usize::from(release.map.0)].model(id).is_some();
        assert_eq!(parts.releases.iter().find(has).map(|release| &*release.name), Some(first), "{model}");
    }
}

#[test]
fn unchanged_models_are_shared_between_maps() {
    let parts = embedded::parts().unwrap();
    let model = usize::from(parts.models.get("486").unwrap());
    let definitions: HashSet<_> =
        parts.maps.iter().filter_map(|map| map.models.get(model)?.as_ref()).map(std::sync::Arc::as_ptr).collect();
    assert!(definitions.len() < 6, "{} copies of 486 in {} maps", definitions.len(), parts.maps.len());
}

#[test]
fn mpx_came_and_went_as_the_maps_say() {
    let catalog = catalog();
    let (mpx, client) = (catalog.feature("mpx").unwrap(), catalog.model("Skylake-Client").unwrap());
    let state = |name: &str| {
        let ReleaseMap::Exact(map) = catalog.release(catalog.libvirt(name).unwrap()).map else { panic!() };
        let model = catalog.map(map).model(client).unwrap();
        (model.data.contains(mpx), model.removed.contains(&mpx))
    };
    assert_eq!(state("9.0.0"), (true, false));
    assert_eq!(["9.8.0", "9.10.0"].map(state), [(true, false); 2]);
    assert_eq!(["9.0.0+mpx-removed", "10.4.0", "10.7.0", "11.3.0", "12.8.0"].map(state), [(false, true); 5]);
    let on = |machine: &str| {
        let machine = catalog.machine(machine).unwrap();
        [Accel::Kvm, Accel::Tcg].map(|accel| catalog.cell(client, machine, accel).unwrap().contains(mpx))
    };
    assert_eq!((on("pc-q35-3.1"), on("pc-q35-4.0")), ([true; 2], [false; 2]));
}

#[test]
fn qemu_is_what_was_read() {
    let catalog = catalog();
    let asked = |model| catalog.qemu_releases().iter().any(|q| q.ran && q.models.iter().any(|m| m.model == model));
    for (model, name) in (0..).map(ModelId).zip(catalog.models().iter()) {
        let cells = &catalog.qemu_defaults().models[usize::from(model.0)];
        assert_eq!(cells.is_some(), asked(model), "{name}: cells are known exactly where a QEMU was asked for them");
    }
    let qemu_alone = catalog.model("Icelake-Client-v3").unwrap();
    assert!(!asked(qemu_alone), "QEMU 6.1 to 7.0 had it, and none of these was asked");
    // The names of two releases are in libvirt's tests, and their dependencies are nowhere.
    let unread = catalog.qemu_releases().iter().filter(|q| q.properties.is_some() && q.dependencies.is_none());
    let unread: Vec<Version> = unread.map(|q| q.version).collect();
    assert_eq!(unread, [Version::new(9, 0, 0), Version::new(9, 1, 0)]);
    let nameless = catalog.qemu_releases().iter().rfind(|q| q.properties.is_none()).unwrap();
    assert_eq!(nameless.version, Version::new(2, 8, 0));
    let partial: Vec<Version> =
        catalog.qemu_releases().iter().filter(|q| q.dependencies_partial).map(|q| q.version).collect();
    assert_eq!(partial, [Version::new(11, 1, 2)]);
    let both = catalog.qemu_releases().iter().find(|q| q.recorded_source.is_some()).unwrap();
    let left_out: Vec<&str> = both.not_recorded.iter().map(|machine| catalog.machine_name(*machine)).collect();
    assert_eq!((both.version, left_out), (Version::new(5, 2, 0), vec!["none", "xenpv", "xenfv-3.1", "xenfv-4.2"]));
}

/// As many as `qom-list-properties` of `max-x86_64-cpu` lists in the replies of libvirt's tests, and in the sources of 8.1.0,
/// 8.2.2 and 9.2.1.
#[test]
fn qemu_has_the_properties_that_it_listed() {
    let catalog = catalog();
    let of = |version: &str| {
        let known = catalog.qemu_releases().iter().find(|q| q.version.to_string() == version).unwrap();
        known.properties.unwrap()
    };
    for (version, count) in [("8.0.0", 324), ("8.1.0", 344), ("8.2.0", 348), ("9.0.0", 349), ("9.1.0", 359)] {
        assert_eq!(of(version).len(), count, "{version}");
    }
    assert_eq!(["9.2.0", "10.0.0", "10.0.2"].map(|version| of(version).len()), [381, 382, 382]);
    let new = |version: &str, before: &str| -> Vec<&str> {
        assert!((of(before) - of(version)).is_empty(), "{version} has every name of {before}");
        let mut names: Vec<&str> = (of(version) - of(before)).iter().map(|f| catalog.feature_name(f)).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(new("8.2.0", "8.1.0"), ["amx-complex", "gds-no", "vmx-any-errcode", "vmx-enable-user-wait-pause"]);
    assert_eq!(new("9.0.0", "8.2.0"), ["kvm-asyncpf-vmexit"]);
    let of_9_1 = "avx-vnni-int16 fred lam lkgs overflow-recov rfds-clear rfds-no succor vmx-nested-exception wrmsrns";
    assert_eq!(new("9.1.0", "9.0.0").join(" "), of_9_1);
    assert_eq!(new("10.0.0", "9.2.0"), ["bhi-no"]);
    assert_eq!(new("10.0.2", "10.0.0"), Vec::<&str>::new());
}

#[test]
fn hosts_are_the_recorded_ones_and_newer_ones_of_which_only_the_kvm_side_is_known() {
    let catalog = catalog();
    let known = |release: &str| match catalog.release(catalog.libvirt(release).unwrap()).map {
        ReleaseMap::Exact(map) => catalog.map(map).known,
        ReleaseMap::Between { .. } => panic!("{release} was not read"),
    };
    let recorded: Vec<&Host> = catalog.recorded_hosts().map(|(_, host)| host).collect();
    let newer: Vec<&Host> = catalog.hosts().iter().filter(|host| host.source == HostSource::LibvirtTests).collect();
    assert_eq!((recorded.len(), newer.len(), catalog.hosts().len()), (51, 12, 63));
    for host in &recorded {
        let silicon = host.silicon.unwrap();
        assert!(silicon.asked == known("11.3.0") && silicon.features.is_subset(&silicon.asked), "{}", host.name);
    }
    for host in &newer {
        assert!(host.silicon.is_none() && host.asked == known("12.8.0"), "{}", host.name);
    }
    for host in catalog.hosts() {
        assert!(host.features.is_subset(&host.asked), "{}", host.name);
        assert!(host.family > 0 && host.features.len() > 30, "{}", host.name);
    }
    let host = |name: &str| catalog.host(catalog.host_named(name).unwrap());
    let feature = |name: &str| catalog.feature(name).unwrap();
    // KVM never gives `monitor`; the processor has it.
    let (kvm, silicon) = (host("Xeon-E5-2609-v3").features, host("Xeon-E5-2609-v3").silicon.unwrap().features);
    assert_eq!((kvm.contains(feature("monitor")), silicon.contains(feature("monitor"))), (false, true));
    assert_eq!((kvm.contains(feature("hypervisor")), silicon.contains(feature("hypervisor"))), (true, false));
    let newest = host("Xeon-6788P");
    assert_eq!((newest.vendor, newest.family, newest.model, newest.features.len()), (Vendor::Intel, 6, 173, 224));
    assert!(newest.features.contains(feature("amx-fp16")));
}

/// QEMU calls it `vmx-invept-single-context-noglobals`; the facts have libvirt's names only.
#[test]
fn names_are_libvirts() {
    let catalog = catalog();
    assert_eq!(catalog.feature("vmx-invept-single-context-noglobals"), None);
    let feature = catalog.feature("vmx-invvpid-single-context-noglobals").unwrap();
    let having = catalog.recorded_hosts().filter(|(_, host)| host.features.contains(feature));
    let having: Vec<&str> = having.map(|(_, host)| &*host.name).collect();
    assert_eq!(having, ["Atom-P5362", "Cooperlake", "Core-i7-8550U", "Xeon-Platinum-9242"]);
}

const TEXTS: Texts<'static> = Texts {
    libvirt: ("cpu_map/libvirt.xml", include_str!("../cpu_map/libvirt.xml")),
    qemu: ("cpu_map/qemu.xml", include_str!("../cpu_map/qemu.xml")),
    downstream: ("cpu_map/downstream.xml", include_str!("../cpu_map/downstream.xml")),
    hosts: ("cpu_map/hosts.xml", include_str!("../cpu_map/hosts.xml")),
    products: ("cpu_map/products.xml", include_str!("../cpu_map/products.xml")),
    behaviour: ("cpu_map/behaviour.xml", include_str!("../cpu_map/behaviour.xml")),
};

/// The build script packed them.
#[test]
fn the_program_has_what_its_files_say() {
    assert!(timeline::read(&TEXTS).unwrap() == embedded::parts().unwrap());
}

/// One file with another text.
fn with<'t>(file: &str, text: &'t str) -> Texts<'t> {
    let mut texts = TEXTS;
    let changed = match file {
        "libvirt" => &mut texts.libvirt,
        "qemu" => &mut texts.qemu,
        "downstream" => &mut texts.downstream,
        "hosts" => &mut texts.hosts,
        "products" => &mut texts.products,
        _ => &mut texts.behaviour,
    };
    changed.1 = text;
    texts
}

fn text_of(file: &str) -> &'static str {
    let files = [
        ("libvirt", TEXTS.libvirt),
        ("qemu", TEXTS.qemu),
        ("downstream", TEXTS.downstream),
        ("hosts", TEXTS.hosts),
        ("products", TEXTS.products),
        ("behaviour", TEXTS.behaviour),
    ];
    files.iter().find(|(name, _)| *name == file).unwrap().1.1
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of mistakes")]
fn a_mistake_in_the_facts_is_named_with_its_place() {
    for (file, old, new, expected) in [
        (
            "hosts",
            "<host name=\"Atom-P5362\"",
            "<host name=\"A10-5800K\"",
            "expected each host once, found A10-5800K a second time",
        ),
        (
            "hosts",
            "asked-map=\"12.8.0\"",
            "asked-map=\"12.7.0\"",
            "expected a release with a map in asked-map, found \"12.7.0\"",
        ),
        ("hosts", "read-from=\"libvirt-tests\"", "read-from=\"x\"", "expected libvirt-tests in read-from, found \"x\""),
        (
            "hosts",
            "<silicon asked-map=\"11.3.0\"",
            "<silicon",
            "expected the attribute \"asked-map\" in <silicon>, found none",
        ),
        ("hosts", "asked=\"list-1\"", "asked=\"list-0\"", "expected the name of an <asked>, found \"list-0\""),
        (
            "hosts",
            "<host name=\"A10-5800K\" vendor=\"AMD\"",
            "<host name=\"A10-5800K\" vendor=\"Acme\"",
            "expected one of the vendors Intel, AMD, Hygon, Zhaoxin, found \"Acme\"",
        ),
        (
            "products",
            "<same name=\"rocky\"",
            "<alike name=\"rocky\"",
            "expected one of same, codename, adds, product, found <alike>",
        ),
        (
            "libvirt",
            "<feature name=\"pclmuldq\" since=\"0.9.9\"",
            "<feature name=\"pclmuldq\" since=\"0.9\"",
            "expected the name of a <map> in since, found \"0.9\"",
        ),
        (
            "libvirt",
            "<feature name=\"pclmuldq\" since=\"0.9.9\"",
            "<feature name=\"pni\" since=\"0.9.9\"",
            "expected each feature once, found pni a second time",
        ),
        (
            "libvirt",
            "bits=\"cpuid 0x1:0x0 ecx=0x2\"",
            "bits=\"io 0x1:0x0 ecx=0x2\"",
            "expected bits such as \"cpuid 0x7:0x0 ebx=0x4000\", found \"io 0x1:0x0 ecx=0x2\"",
        ),
        (
            "libvirt",
            "ancestor=\"486\" like=\"486\"",
            "ancestor=\"486\" like=\"EPYC\"",
            "expected a model written before this one in like, found \"EPYC\"",
        ),
        (
            "libvirt",
            "<model-order since=\"0.7.5\">\n    486 ",
            "<model-order since=\"0.7.5\">\n    ",
            "expected every model of the maps it orders, found fewer or more",
        ),
        ("qemu", "cpu-max=\"1\"", "cpu-max=\"one\"", "expected a number in cpu-max, found \"one\""),
        (
            "qemu",
            "<on machines=\"pc-i440fx-2.0.. pc-q35..\">x2apic<",
            "<on machines=\"pc-i440fx-2.0.. pc-q36..\">x2apic<",
            "expected machine types such as pc-q35-2.4..3.1, found \"pc-q36..\"",
        ),
        (
            "qemu",
            "<on machines=\"pc-i440fx-2.0.. pc-q35..\">x2apic<",
            "<on machines=\"pc-i440fx-2.0.. pc-q35..\">x3apic<",
            "expected names of features, found \"x3apic\"",
        ),
        ("behaviour", "<set switch=\"add-tsx\"", "<set switch=\"adds-tsx\"", "expected one of the switches "),
        (
            "behaviour",
            "<value is=\"no\" source=\"3.1.0",
            "<value is=\"n\" source=\"3.1.0",
            "expected yes or no, found live-update=\"n\"",
        ),
        (
            "behaviour",
            "<value is=\"yes\" since=\"3.2.0\" source=\"cpu_x86.c virCPUx86UpdateLive",
            "<value is=\"yes\" source=\"cpu_x86.c virCPUx86UpdateLive",
            "expected the values of a switch oldest first, found one out of order",
        ),
        ("behaviour", "majors=\"6\"", "majors=\"six\"", "expected a number, found \"six\""),
        ("behaviour", "<quirk kind=\"threads-reported\"", "<quirk kind=\"threads\"", "expected one of "),
        (
            "behaviour",
            "since=\"5\" distribution=\"el9\"",
            "since=\"five\" distribution=\"el9\"",
            "expected one to three numbers with dots in since, found \"five\"",
        ),
        (
            "downstream",
            "<distribution mark=\"el7\" name=\"RHEL 7\" upstream-types=\"no\"",
            "<distribution mark=\"el7\" name=\"RHEL 7\" upstream-types=\"none\"",
            "expected yes or no in upstream-types, found \"none\"",
        ),
        (
            "downstream",
            "<distribution mark=\"el7\"",
            "<distro mark=\"el7\"",
            "expected one of distribution, source, differ, ",
        ),
        (
            "downstream",
            "<machine name=\"pc-q35-rhel10.2.0\"",
            "<machine name=\"pc-q35-4.0\"",
            "expected each machine type once, found pc-q35-4.0 a second time",
        ),
    ] {
        let text = text_of(file);
        let changed = text.replacen(old, new, 1);
        assert_ne!(changed, text, "{old}");
        let place = text.find(old).unwrap();
        let element = text[..=place].rfind('<').unwrap();
        let line = text[..element].matches('\n').count() + 1;
        let fault = timeline::read(&with(file, &changed)).unwrap_err();
        assert_eq!(fault.position.unwrap().0, line, "{file}: {old}: {fault}");
        assert!(fault.message.starts_with(expected), "{file}: {old}: {fault}\nis not\n{expected}");
    }
}

fn read(path: &str) -> (CpuMap, Names, Names) {
    let (mut features, mut models) = (Names::default(), Names::default());
    let map = cpu_map_dir::read(Path::new(path), &mut features, &mut models).unwrap();
    (map, features, models)
}

#[test]
fn a_map_directory_is_read_as_libvirt_reads_it() {
    let (map, features, models) = read("tests/maps/directory");
    let names = |ids: &[FeatureId]| ids.iter().map(|id| features.name(id.0).to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&map.order), ["mpx", "fpu", "invtsc", "warp-drive"]);
    assert_eq!(map.features.iter().map(|feature| feature.migratable).collect::<Vec<_>>(), [true, true, false, true]);
    assert_eq!(map.features[0].registers, [Register::Cpuid { eax_in: 7, ecx_in: 0, masks: [0, 0x4000, 0, 0] }]);
    assert_eq!(map.features[3].registers, [Register::Msr { index: 0x48f, masks: [4, 0] }]);
    let model = |name: &str| map.model(ModelId(models.get(name).unwrap())).unwrap();
    let small = model("Small");
    assert_eq!(names(&small.data.iter().collect::<Vec<_>>()), ["fpu"]);
    assert_eq!((names(&small.removed), names(&small.added)), (vec!["mpx".to_owned()], vec!["warp-drive".to_owned()]));
    assert!(small.partial_compat);
    assert_eq!(small.signatures[0].stepping.as_deref(), Some("0-3"));
    let second = model("Small-v2");
    assert_eq!(second.ancestor, models.get("Small").map(ModelId));
    assert_eq!(names(&second.data.iter().collect::<Vec<_>>()), ["fpu", "warp-drive"]);
    assert_eq!((&second.signatures, &second.vendor), (&small.signatures, &small.vendor));
    assert!(second.removed.is_empty() && second.added.is_empty() && !second.partial_compat);
    assert_eq!(second.decode, Some(Decode { host: false, guest: false }));
    assert_eq!(model("Big").vendor.as_deref(), Some("AMD"));
}

#[test]
fn the_single_file_of_old_releases_is_read_too() {
    let (map, features, models) = read("tests/maps/single");
    assert_eq!(map, read("tests/maps/single/cpu_map.xml").0);
    assert_eq!(features.iter().collect::<Vec<_>>(), ["fpu", "vme"]);
    let newer = map.model(ModelId(models.get("newer").unwrap())).unwrap();
    assert_eq!((newer.data.len(), newer.vendor.as_deref(), newer.decode), (2, Some("Intel"), None));
    assert_eq!(map.vendors.len(), 1);
}

#[test]
fn the_map_in_a_source_tree_is_found() {
    for (map, place) in [("tests/maps/directory", "src/cpu_map"), ("tests/maps/single", "src/cpu")] {
        let tree = Path::new(env!("CARGO_TARGET_TMPDIR")).join("source-tree").join(map);
        let inside = tree.join(place);
        std::fs::create_dir_all(&inside).unwrap();
        for file in std::fs::read_dir(map).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), inside.join(file.file_name())).unwrap();
        }
        assert_eq!(read(tree.to_str().unwrap()).0, read(map).0, "{place}");
    }
}

#[test]
fn a_map_can_be_picked_as_one_more_release() {
    let mut catalog = catalog();
    let id = cpu_map_dir::add(&mut catalog, "9.0.0+mine", Path::new("tests/maps/directory")).unwrap();
    let release = catalog.release(id);
    assert_eq!(
        (&*release.name, release.version, release.provenance),
        ("9.0.0+mine", Version::new(9, 0, 0), Provenance::User)
    );
    assert!(catalog.feature("warp-drive").is_some() && catalog.model("Small-v2").is_some());
}

const FILES: [&str; 6] = ["libvirt.xml", "qemu.xml", "hosts.xml", "products.xml", "behaviour.xml", "downstream.xml"];

fn copy_of_the_timeline(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&directory).unwrap();
    for file in FILES {
        std::fs::copy(Path::new("cpu_map").join(file), directory.join(file)).unwrap();
    }
    directory
}

fn timeline_in(directory: &Path) -> Parts {
    let read = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
    let texts = FILES.map(read);
    let [libvirt, qemu, hosts, products, behaviour, downstream] =
        texts.each_ref().map(|text| ("timeline", text.as_str()));
    let texts =
        virt_cpu_explorer::internal::load::timeline::Texts { libvirt, qemu, downstream, hosts, products, behaviour };
    virt_cpu_explorer::internal::load::timeline::read(&texts).unwrap()
}

#[test]
fn a_new_release_is_one_call() {
    let directory = copy_of_the_timeline("new-release");
    let map = Path::new("tests/maps/directory");
    let added = import::add_libvirt(&directory, "99.0.0", map, "made up").unwrap();
    assert_eq!(added.same_as, None);
    let same = import::add_libvirt(&directory, "99.1.0", map, "made up").unwrap();
    assert_eq!(same.same_as.as_deref(), Some("99.0.0"));
    let between = import::add_libvirt(&directory, "9.0.0+mine", map, "made up").unwrap();
    assert_eq!(between.same_as, None);
    // Not in the order of the alphabet, in which the facts are written.
    let unsorted = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unsorted-map");
    std::fs::create_dir_all(&unsorted).unwrap();
    for file in std::fs::read_dir(map).unwrap().flatten() {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let text = text.replace(
            "name='mpx' removed='yes'/>",
            "name='mpx' removed='yes'/>\n    <feature name='invtsc' removed='yes'/>",
        );
        std::fs::write(unsorted.join(file.file_name()), text).unwrap();
    }
    import::add_libvirt(&directory, "99.2.0", &unsorted, "made up").unwrap();
    let parts = timeline_in(&directory);
    let last = &parts.maps[usize::from(parts.releases.iter().find(|r| &*r.name == "99.2.0").unwrap().map.0)];
    let removed = last.models.iter().flatten().find(|model| !model.removed.is_empty()).unwrap();
    let removed: Vec<&str> = removed.removed.iter().map(|id| parts.features.name(id.0)).collect();
    assert_eq!(removed, ["mpx", "invtsc"], "libvirt's own order is kept");
    let taken = import::add_libvirt(&directory, "99.0.0", map, "made up").unwrap_err().to_string();
    assert_eq!(taken, "expected a release not in the timeline yet, such as 13.0.0, found \"99.0.0\"");

    let parts = timeline_in(&directory);
    let release = parts.releases.iter().find(|release| &*release.name == "99.0.0").unwrap();
    let mut written = Parts::default();
    let map = cpu_map_dir::read(map, &mut written.features, &mut written.models).unwrap();
    let names = |parts: &Parts, map: &CpuMap| -> Vec<String> {
        map.order.iter().map(|feature| parts.features.name(feature.0).to_owned()).collect()
    };
    assert_eq!(names(&parts, &parts.maps[usize::from(release.map.0)]), names(&written, &map));
    assert_eq!(parts.releases.len(), embedded::parts().unwrap().releases.len() + 4);
    let catalog = Catalog::new(parts).unwrap();
    assert_eq!(catalog.features().name(0), "mpx");
    assert_eq!(catalog.libvirt_releases().last().map(|release| &*release.name), Some("99.2.0"));
}

#[test]
fn a_new_host_is_one_call() {
    let directory = copy_of_the_timeline("new-host");
    let reply = directory.join("reply.json");
    let text = r#"{"QMP": {"version": {}}}
        {"return": {"model": {"name": "base", "props": {"vendor": "AuthenticAMD", "family": 25, "model": 1, "stepping": 1,
        "model-id": "Made up <1>", "pclmulqdq": true, "mpx": false, "lahf-lm": true, "realized": false}}}, "id": "x"}"#;
    std::fs::write(&reply, text).unwrap();
    let added = import::add_host(&directory, "Made-up", &reply).unwrap();
    assert_eq!(added.left_out, ["realized"]);
    let parts = timeline_in(&directory);
    let host = parts.hosts.last().unwrap();
    let name = |id: FeatureId| parts.features.name(id.0).to_owned();
    assert_eq!(
        host.features.iter().map(name).collect::<HashSet<_>>(),
        ["pclmuldq", "lahf_lm"].map(str::to_owned).into()
    );
    assert_eq!((host.asked.len(), host.family, &*host.model_id), (3, 25, "Made up <1>"));
    for (text, expected) in [
        ("nonsense", ":1:2: expected a QMP reply in JSON, found an error: expected ident"),
        ("{\"return\": {}}", ": expected a reply of query-cpu-model-expansion with model.props, found none"),
    ] {
        std::fs::write(&reply, text).unwrap();
        let found = import::add_host(&directory, "Another", &reply).unwrap_err().to_string();
        assert_eq!(found, format!("{}{expected}", reply.display()));
    }
}
