//! Holds the review of a changed CPU map to what real changes of libvirt's map did, and to what an author overlooks.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a change that cannot be made fails the test")]

#[path = "support/golden.rs"]
mod golden;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use virt_cpu_explorer::internal::analysis::review::Mentions;
use virt_cpu_explorer::internal::analysis::review::{Direction, Question, Review, Who, review};
use virt_cpu_explorer::internal::domain::behaviour::Regime;
use virt_cpu_explorer::internal::domain::catalog::{Catalog, LibvirtId, ReleaseMap};
use virt_cpu_explorer::internal::domain::feature::FeatureId;
use virt_cpu_explorer::internal::domain::map::{CpuMap, Decode, ModelDefinition, ModelId, Signature};
use virt_cpu_explorer::internal::domain::version::Version;
use virt_cpu_explorer::internal::export::analysis::{review_json, review_markdown, review_text};
use virt_cpu_explorer::internal::load::map_files::MapFiles;
use virt_cpu_explorer::internal::load::{cpu_map_dir, embedded, map_lint};
use virt_cpu_explorer::internal::resolve::Verdict;

const QEMU: Version = Version::new(7, 2, 22);

fn reviewed(catalog: &Catalog, old: &str, new: &str, like: Option<&str>, qemu: &[Version]) -> Review {
    let id = |name: &str| catalog.libvirt(name).unwrap_or_else(|| panic!("{name}"));
    let question =
        Question { old: id(old), new: id(new), like: like.map(id), qemu: qemu.to_vec(), distributions: false };
    review(catalog, &question, &mut |_, _| {})
}

fn names(catalog: &Catalog, models: &[ModelId]) -> Vec<String> {
    let mut names: Vec<String> = models.iter().map(|model| catalog.model_name(*model).to_owned()).collect();
    names.sort();
    names
}

fn map_of(catalog: &Catalog, name: &str) -> CpuMap {
    let id = catalog.libvirt(name).unwrap_or_else(|| panic!("no release {name}"));
    match catalog.release(id).map {
        ReleaseMap::Exact(map) => (**catalog.map(map)).clone(),
        ReleaseMap::Between { .. } => panic!("the map of {name} was not read"),
    }
}

fn edited<'m>(catalog: &Catalog, map: &'m mut CpuMap, name: &str) -> &'m mut ModelDefinition {
    let model = catalog.model(name).unwrap_or_else(|| panic!("no model {name}"));
    Arc::make_mut(map.models[usize::from(model.0)].as_mut().unwrap_or_else(|| panic!("{name} is not in the map")))
}

fn feature(catalog: &mut Catalog, name: &str) -> FeatureId {
    catalog.feature(name).unwrap_or_else(|| panic!("no feature {name}"))
}

/// Takes one statement of `tests/reviews/commits.txt` back out of the map that has the change.
fn undo(catalog: &mut Catalog, map: &mut CpuMap, statement: &str) {
    let words: Vec<&str> = statement.split(' ').collect();
    match words.as_slice() {
        ["data", model, features] => {
            for change in features.split(',') {
                let (sign, name) = change.split_at(1);
                let feature = feature(catalog, name);
                let model = edited(catalog, map, model);
                assert_ne!(model.data.contains(feature), sign == "+", "{statement}: it is so already");
                if sign == "+" { model.data.insert(feature) } else { model.data.remove(feature) }
            }
        }
        ["unmark", name] => {
            let feature = feature(catalog, name);
            let mut found = 0;
            for model in map.models.iter_mut().flatten().filter(|model| model.removed.contains(&feature)) {
                let model = Arc::make_mut(model);
                model.removed.retain(|known| *known != feature);
                model.data.insert(feature);
                found += 1;
            }
            assert!(found > 0, "{statement}: no model marks it");
        }
        ["undefine", names] => {
            for name in names.split(',') {
                let feature = feature(catalog, name);
                let place = map.order.iter().position(|known| *known == feature);
                let place = place.unwrap_or_else(|| panic!("{statement}: {name} is not defined"));
                map.order.remove(place);
                map.features.remove(place);
                map.known.remove(feature);
            }
        }
        ["define", name, "as", other] => {
            let (features, _) = catalog.names_mut();
            if features.get(name).is_none() {
                // A reader of a map is who names features.
                let folder = tempfile::tempdir().unwrap();
                let text = format!(
                    "<cpus><arch name='x86'><feature name='{name}'><cpuid eax_in='1' edx='1'/></feature>\
                     <model name='qemu64'/></arch></cpus>"
                );
                std::fs::write(folder.path().join("cpu_map.xml"), text).unwrap();
                cpu_map_dir::add(catalog, name, folder.path()).unwrap();
            }
            let [feature, other] = [name, other].map(|name| feature(catalog, name));
            let place = map.order.iter().position(|known| *known == other).unwrap();
            map.order.insert(place, feature);
            map.features.insert(place, Arc::clone(&map.features[place]));
            map.known.insert(feature);
        }
        ["drop", names] => {
            for name in names.split(',') {
                let model = catalog.model(name).unwrap();
                assert!(map.models[usize::from(model.0)].take().is_some(), "{statement}: {name} is not in the map");
                map.model_order.retain(|known| *known != model);
            }
        }
        ["signatures", names, signatures] => {
            let one = |text: &str| {
                let (family, rest) = text.split_once('-').unwrap();
                let (model, stepping) = rest.split_once('/').map_or((rest, None), |(model, s)| (model, Some(s.into())));
                Signature { family: family.into(), model: model.into(), stepping }
            };
            for name in names.split(',') {
                edited(catalog, map, name).signatures = signatures.split(' ').map(one).collect();
            }
        }
        ["decode", names, guest] => {
            for name in names.split(',') {
                let decode = Some(Decode { host: true, guest: *guest == "on" });
                assert_ne!(edited(catalog, map, name).decode, decode, "{statement}: it is so already");
                edited(catalog, map, name).decode = decode;
            }
        }
        _ => panic!("{statement}"),
    }
}

fn added(catalog: &mut Catalog, name: &str, map: CpuMap) -> LibvirtId {
    catalog.add_user_map(name, name, map).unwrap()
}

#[test]
fn the_reports_on_real_changes_say_what_happens() {
    let text = include_str!("reviews/commits.txt");
    let commits: Vec<&str> = text.split("\n\n").filter(|block| block.starts_with("commit ")).collect();
    assert!(commits.len() > 20);
    for block in commits {
        let mut catalog = embedded::catalog().unwrap();
        let mut lines = block.lines();
        let title = lines.next().unwrap().trim_start_matches("commit ");
        let (commit, subject) = title.split_once(' ').unwrap();
        let after = map_of(&catalog, lines.next().unwrap().strip_prefix("after ").unwrap());
        let (mut before, mut like) = (after.clone(), None);
        for statement in lines {
            match statement.strip_prefix("as ") {
                Some(release) => like = Some(release),
                None => undo(&mut catalog, &mut before, statement),
            }
        }
        added(&mut catalog, "before", before);
        added(&mut catalog, "after", after);
        let qemu = match like {
            Some(_) => vec![Version::new(3, 1, 0), Version::new(5, 2, 0), QEMU],
            None => vec![QEMU, Version::new(11, 1, 2)],
        };
        let found = reviewed(&catalog, "before", "after", like, &qemu);
        let files: Vec<String> = Vec::new();
        let made =
            format!("{subject}\nexit code {}\n\n{}", u8::from(found.at_risk()), review_text(&catalog, &found, &files));
        let risks = made.split("At risk\n\n").nth(1).map(|rest| rest.split("\n\n").next().unwrap_or_default());
        assert!(risks.is_none_or(|risks| risks.matches("\n- ").count() < 10), "{made}");
        golden::compare(&format!("tests/reviews/{commit}.txt"), &made);
    }
}

const SIX: [&str; 6] = [
    "Cascadelake-Server",
    "Icelake-Server",
    "Skylake-Client",
    "Skylake-Client-IBRS",
    "Skylake-Server",
    "Skylake-Server-IBRS",
];

#[test]
fn removing_mpx_harms_six_models_unless_the_destination_enables_it() {
    let catalog = embedded::catalog().unwrap();
    let found = reviewed(&catalog, "9.0.0", "9.0.0+mpx-removed", None, &[QEMU]);
    assert_eq!(found.regime, Regime::Require);
    assert!(!found.at_risk());
    for regime in [Regime::Nothing, Regime::Disable] {
        assert_eq!(names(&catalog, &found.models_at_risk(regime)), SIX);
    }
    let mpx = catalog.feature("mpx").unwrap();
    for finding in &found.findings {
        assert_eq!(finding.direction, Direction::OldToNew);
        match finding.regimes[..] {
            [Regime::Disable] => assert!(finding.verdict == Verdict::Changed && finding.less.contains(mpx)),
            [Regime::Nothing] => assert!(finding.verdict == Verdict::Aborted && finding.more.contains(mpx)),
            _ => panic!("{finding:?}"),
        }
        if let Who::Model(_, named) = &finding.who {
            assert!(named.is_empty(), "a guest that names mpx is safe: {finding:?}");
        }
    }
}

#[test]
fn a_release_that_disables_removed_features_is_named_as_at_risk() {
    let catalog = embedded::catalog().unwrap();
    let found = reviewed(&catalog, "9.0.0", "9.0.0+mpx-removed", Some("9.0.0"), &[QEMU]);
    assert!(found.at_risk() && found.regime == Regime::Disable);
    let text = review_text(&catalog, &found, &[]);
    assert!(text.contains("Guests are at risk with libvirt 9.0.0: guests with 6 models"), "{text}");
    let found = reviewed(&catalog, "9.0.0", "9.0.0+mpx-removed", Some("9.0.0"), &[]);
    let others = names(&catalog, &found.models_at_risk(Regime::Disable));
    let others: Vec<&str> = others.iter().map(String::as_str).filter(|name| !SIX.contains(name)).collect();
    assert_eq!(others, ["Icelake-Client"], "older QEMU releases have mpx in it");
}

#[test]
fn every_removed_feature_is_answered() {
    let catalog = embedded::catalog().unwrap();
    let found = reviewed(&catalog, "9.0.0", "9.0.0+mpx-removed", None, &[QEMU]);
    assert_eq!(found.removed.len(), 12);
    assert_eq!(found.removed.iter().filter(|removed| !removed.machines.is_empty()).count(), SIX.len());
    assert!(found.removed.iter().all(|removed| removed.listed));
}

#[test]
fn a_map_beside_itself_is_equal_whatever_it_is_called() {
    let mut catalog = embedded::catalog().unwrap();
    let same = map_of(&catalog, "9.0.0");
    added(&mut catalog, "a-directory", same);
    for (old, new) in [("9.0.0", "9.0.0"), ("9.0.0", "a-directory"), ("a-directory", "9.0.0")] {
        let found = reviewed(&catalog, old, new, None, &[]);
        assert!(found.is_same && found.findings.is_empty() && found.removed.is_empty() && found.changes.is_empty());
        assert!(review_text(&catalog, &found, &[]).contains("No guest is at risk: the two maps are equal."));
    }
}

#[test]
fn no_finding_is_about_a_qemu_that_libvirt_does_not_accept() {
    let catalog = embedded::catalog().unwrap();
    let found = reviewed(&catalog, "7.0.0", "12.8.0", None, &[]);
    let oldest = virt_cpu_explorer::internal::analysis::review::oldest_qemu(&catalog, found.like);
    assert!(found.qemu.iter().all(|qemu| *qemu >= oldest) && found.qemu.len() > 5);
    assert!(found.findings.iter().all(|one| one.rule.is_none_or(|rule| rule.name() != "qemu-too-old")));
}

/// Guests with vmx are aborted where the new map begins to define its features, and host-model guests too.
#[test]
fn vmx_features_that_become_known_are_found() {
    let catalog = embedded::catalog().unwrap();
    let found = reviewed(&catalog, "9.8.0", "9.10.0", None, &[QEMU]);
    assert!(found.at_risk());
    let vmx = catalog.feature("vmx").unwrap();
    let risks = found.risks();
    let nested = risks.iter().find(|risk| risk.mentions == Mentions::Nested(vmx)).unwrap();
    assert!(nested.direction == Direction::OldToNew && nested.verdict == Verdict::Aborted && nested.models.len() > 25);
    assert!(risks.iter().any(|risk| risk.mentions == Mentions::HostModel && !risk.hosts.is_empty()));
    assert!(risks.len() <= 10);
}

/// What only a guest with `+vmx` meets: a feature that the new map no longer marks as added.
#[test]
fn a_mark_that_is_dropped_is_at_risk() {
    let mut catalog = embedded::catalog().unwrap();
    let mut new = map_of(&catalog, "12.8.0");
    let vmx_ept = catalog.feature("vmx-ept").unwrap();
    edited(&catalog, &mut new, "Nehalem").added.retain(|known| *known != vmx_ept);
    added(&mut catalog, "unmarked", new);
    let found = reviewed(&catalog, "12.8.0", "unmarked", None, &[QEMU]);
    let risks = found.risks();
    let named: Vec<Vec<String>> = risks.iter().map(|risk| names(&catalog, &risk.models)).collect();
    assert!(found.at_risk() && named.iter().all(|models| models == &["Nehalem"]), "{risks:?}");
    assert!(risks.iter().all(|risk| (risk.more | risk.less).contains(vmx_ept)), "{risks:?}");
    assert_eq!(found.changes.marks.len(), 1);
    let text = review_text(&catalog, &found, &[]);
    assert!(text.contains("no longer marked as added in Nehalem: vmx-ept"), "{text}");
}

/// The sweep leaves models out that the change cannot touch; trying them all gives the same findings.
#[test]
fn what_is_left_out_has_no_finding() {
    let mut catalog = embedded::catalog().unwrap();
    for (old, new) in [("9.0.0", "9.0.0+mpx-removed"), ("6.4.0", "6.5.0"), ("9.8.0", "9.10.0")] {
        let found = reviewed(&catalog, old, new, None, &[QEMU]);
        // A mark of a feature that QEMU enables in no model touches every model and matters to none.
        let cmt = catalog.feature("cmt").unwrap();
        let mut all = map_of(&catalog, new);
        all.models.iter_mut().flatten().for_each(|model| Arc::make_mut(model).added.push(cmt));
        added(&mut catalog, &format!("all-{new}"), all);
        let every = reviewed(&catalog, old, &format!("all-{new}"), None, &[QEMU]);
        let of_models = |review: &Review| {
            let is_plain = |who: &Who| matches!(who, Who::Model(..));
            let mut found: Vec<String> =
                review.findings.iter().filter(|one| is_plain(&one.who)).map(|one| format!("{one:?}")).collect();
            found.sort();
            found
        };
        assert!(every.resolved > found.resolved);
        assert_eq!(of_models(&found), of_models(&every), "{old} to {new}");
    }
}

/// A distribution's machine types have the answers of the types that they equal, unless a build changes something.
#[test]
fn machine_types_of_distributions_are_tried_on_request() {
    let catalog = embedded::catalog().unwrap();
    let id = |name: &str| catalog.libvirt(name).unwrap();
    let qemu = vec![Version::new(9, 1, 0)];
    let (old, new) = (id("9.0.0"), id("9.0.0+mpx-removed"));
    let question = Question { old, new, like: Some(id("9.0.0")), qemu, distributions: true };
    let found = review(&catalog, &question, &mut |_, _| {});
    let of_rhel = |finding: &&virt_cpu_explorer::internal::analysis::review::Finding| {
        finding.machines.iter().any(|machine| catalog.machine_name(*machine) == "pc-q35-rhel7.6.0")
    };
    // pc-q35-rhel7.6.0 enables mpx as pc-q35-3.0 does; pc-q35-rhel8.0.0 does not, although it is pc-q35-3.1 otherwise.
    assert!(found.findings.iter().any(|finding| of_rhel(&finding)));
    let name = |machine: &_| catalog.machine_name(*machine);
    assert!(found.findings.iter().all(|one| one.machines.iter().all(|machine| name(machine) != "pc-q35-rhel8.0.0")));
    assert!(review_text(&catalog, &found, &[]).contains("rhel7.6.0"));
}

#[test]
fn f11_a_gutted_map_is_reviewed_all_the_same() {
    let mut catalog = embedded::catalog().unwrap();
    let mut gutted = map_of(&catalog, "12.8.0");
    for model in gutted.models.iter_mut().flatten() {
        let model = Arc::make_mut(model);
        model.data = model.data.iter().filter(|feature| feature.0 % 2 == 0).collect();
        model.removed.clear();
        model.added.clear();
    }
    added(&mut catalog, "gutted", gutted);
    let found = reviewed(&catalog, "12.8.0", "gutted", None, &[QEMU]);
    assert!(found.at_risk() && found.sampled.len() > 50);
    let text = review_text(&catalog, &found, &[]);
    let risks = text.split("At risk\n\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let items = risks.lines().filter(|line| line.starts_with("- ")).count();
    assert!((1..=10).contains(&items), "{risks}");
}

#[test]
fn the_report_fits_a_mail_and_the_json_is_json() {
    let catalog = embedded::catalog().unwrap();
    let found = reviewed(&catalog, "9.0.0", "9.0.0+mpx-removed", None, &[QEMU]);
    let files = vec!["x86_Foo.xml: something.".to_owned()];
    let text = review_markdown(&catalog, &found, &files);
    for line in text.lines() {
        assert!(line.chars().count() <= 76, "{line}");
    }
    let flowing = text.replace('\n', " ");
    assert!(flowing.contains("removed features on incoming is require") && text.contains("x86_Foo.xml"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&review_json(&catalog, &found, &files)).unwrap();
    assert_eq!(json["regime"], "require");
    assert_eq!(json["at_risk"].as_array().map(Vec::len), Some(0));
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(found.findings.len()));
}

const INDEX: &str = "<cpus>
  <arch name='x86'>
    <vendor name='Intel' string='GenuineIntel'/>
    <include filename='x86_features.xml'/>
    <include filename='x86_One.xml'/>
  </arch>
</cpus>
";
const FEATURES: &str = "<cpus>
  <feature name='fpu'><cpuid eax_in='0x01' edx='0x00000001'/></feature>
  <feature name='vme'><cpuid eax_in='0x01' edx='0x00000002'/></feature>
</cpus>
";
const ONE: &str = "<cpus>
  <model name='One'>
    <feature name='fpu'/>
    <feature name='vme'/>
  </model>
</cpus>
";

fn written(folder: &Path, files: &[(&str, &str)]) {
    std::fs::create_dir_all(folder).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

#[test]
fn what_libvirt_reads_but_nobody_means_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let odd = ONE.replace("<feature name='vme'/>", "<feature name='vme' remove='yes'/>\n    <feature name='fpu'/>");
    let two = FEATURES.replace("0x00000002", "0x00000003");
    written(
        folder.path(),
        &[
            ("index.xml", INDEX),
            ("x86_features.xml", &two),
            ("x86_One.xml", &odd),
            ("x86_Two.xml", ONE),
            ("meson.build", "cpumap_data = [\n  'index.xml',\n  'x86_features.xml',\n]\n"),
        ],
    );
    let files = MapFiles::at(folder.path()).unwrap();
    let found: Vec<String> = map_lint::lint(&files).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "x86_One.xml:4: libvirt ignores the attribute remove of <feature>; did you mean removed?",
            "x86_One.xml:5: the model One lists fpu a second time",
            "x86_One.xml: meson.build does not list this file, so it is not installed",
            "x86_Two.xml: index.xml does not include this file, so libvirt does not read it",
        ]
    );
    let before = tempfile::tempdir().unwrap();
    written(before.path(), &[("index.xml", INDEX), ("x86_features.xml", FEATURES), ("x86_One.xml", ONE)]);
    let mut catalog = embedded::catalog().unwrap();
    cpu_map_dir::add(&mut catalog, "before", before.path()).unwrap();
    cpu_map_dir::add(&mut catalog, "after", folder.path()).unwrap();
    let text = review_text(&catalog, &reviewed(&catalog, "before", "after", None, &[QEMU]), &found);
    for said in ["remove of <feature>", "vme has more than one bit", "fpu and vme have a bit in common", "Bits, vme"] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

/// The name of a map goes into links, which hold no blank; its path may have one.
#[test]
fn a_map_in_a_folder_with_a_blank_is_reviewed() {
    let folder = tempfile::tempdir().unwrap();
    let maps = folder.path().join("my maps, @home");
    std::fs::create_dir(&maps).unwrap();
    written(&maps, &[("index.xml", INDEX), ("x86_features.xml", FEATURES), ("x86_One.xml", ONE)]);
    let mut program = Command::new(env!("CARGO_BIN_EXE_virt-cpu-explorer"));
    let found = program.arg("review").arg(&maps).arg("9.0.0").output().unwrap();
    let (told, error) = (String::from_utf8_lossy(&found.stdout), String::from_utf8_lossy(&found.stderr));
    assert!(found.status.code() != Some(2) && told.contains("my-maps---home"), "{told}{error}");
}

/// Runs git in a folder, without the settings of whoever runs the test.
fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let done = command.args(arguments).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_range_of_commits_is_reviewed_without_a_work_tree() {
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("src/cpu_map");
    git(folder.path(), &["init", "-q"]);
    written(&map, &[("index.xml", INDEX), ("x86_features.xml", FEATURES), ("x86_One.xml", ONE), ("arm_x.xml", "<")]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-qm", "one"]);
    written(&map, &[("x86_One.xml", &ONE.replace("'vme'", "'vme' removed='yes'"))]);
    git(folder.path(), &["commit", "-qam", "two"]);
    written(&map, &[("x86_One.xml", "<cpus><model name='One'><feature name='foo'/></model></cpus>\n")]);
    git(folder.path(), &["commit", "-qam", "three"]);
    // What the work tree has does not count.
    std::fs::remove_dir_all(folder.path().join("src")).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_virt-cpu-explorer"));
        let tree = folder.path().to_str().unwrap();
        let done = command.args(["review", "--git", tree, "--format", "json"]).args(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (done.status.code(), text(done.stdout), text(done.stderr))
    };
    for range in ["HEAD~2..HEAD~1", "HEAD~1"] {
        let (code, out, err) = run(&[range]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(json["removed"][0]["feature"], "vme", "{json}");
        assert_eq!(json["new"], "HEAD~1");
    }
    let (code, _, err) = run(&["HEAD~1..HEAD"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("HEAD:src/cpu_map/x86_One.xml:1:") && err.contains("foo"), "{err}");
    for (range, said) in [("HEAD...HEAD~1", "two dots"), ("nothing..HEAD", "the commit nothing"), ("--x", "--x")] {
        let (code, _, err) = run(&[range]);
        assert!(code == Some(2) && err.contains(said), "{range}: {err}");
    }
}
