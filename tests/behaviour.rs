//! Generates the page about the behaviour of libvirt and QEMU releases from the facts: the page in `docs/`.

#![expect(clippy::unwrap_used, reason = "what is missing fails the test")]

mod support;

use std::fmt::Write as _;
use support::ask::CATALOG;
use support::golden;
use virt_cpu_explorer::internal::domain::behaviour::{Dated, Setting};
use virt_cpu_explorer::internal::domain::catalog::Provenance;
use virt_cpu_explorer::internal::domain::package::{BuildNumber, Since};

fn feature_name(feature: virt_cpu_explorer::internal::domain::feature::FeatureId) -> String {
    CATALOG.feature_name(feature).to_owned()
}

/// From when a value holds: `since 10.3.0`, or the interval in which it came.
fn since(dated: &Dated) -> String {
    match (dated.since, dated.after) {
        (None, _) => "first release".to_owned(),
        (Some(since), None) => format!("{since}"),
        (Some(since), Some(after)) => format!("after {after}, by {since}"),
    }
}

/// How many published releases lie inside the interval of a date.
fn width(dated: &Dated) -> usize {
    let (Some(since), Some(after)) = (dated.since, dated.after) else { return 0 };
    let published = CATALOG.libvirt_releases().iter().filter(|known| known.provenance == Provenance::Published);
    published.filter(|known| after < known.version && known.version < since).count()
}

/// How many dates are exact, and how many are open and how wide.
fn count_of_dates() -> String {
    let all = CATALOG.decisions().switches.iter().flat_map(|history| &history.values);
    let dated: Vec<&Dated> = all.filter(|dated| dated.since.is_some()).collect();
    let open: Vec<&&Dated> = dated.iter().filter(|dated| width(dated) > 0).collect();
    let inferred = dated.iter().filter(|dated| dated.inferred).count();
    let mut text = format!(
        "{} of {} dates are exact, {inferred} of them inferred. {} are open:\n\n| switch | value | interval | releases inside |\n|---|---|---|---|\n",
        dated.len() - open.len(),
        dated.len(),
        open.len()
    );
    for dated in open {
        let (name, value) = (dated.setting.name(), dated.setting.value(&feature_name));
        let value = if value.len() > 40 { "the longer list".to_owned() } else { value };
        writeln!(text, "| {name} | {value} | {} | {} |", since(dated), width(dated)).unwrap();
    }
    text
}

#[test]
fn every_switch_is_known_from_the_first_release_on_with_sources() {
    let mut names = Vec::new();
    for history in &CATALOG.decisions().switches {
        let first = &history.values[0];
        assert_eq!(first.since, None, "{}", first.setting.name());
        assert!(history.doc.ends_with('.'), "{}", first.setting.name());
        for dated in &history.values {
            assert_eq!(dated.setting.name(), first.setting.name());
            assert!(!dated.source.is_empty(), "{}", first.setting.name());
        }
        let dates: Vec<_> = history.values.iter().map(|dated| dated.since).collect();
        assert!(dates.is_sorted(), "{}", first.setting.name());
        names.push(first.setting.name());
    }
    assert_eq!(names, Setting::NAMES, "every switch has a history, in order");
}

#[test]
fn the_page_of_switches_is_up_to_date() {
    let decisions = CATALOG.decisions();
    let trees: Vec<String> = decisions.source_trees.iter().map(ToString::to_string).collect();
    let mut page = "# Behaviour by release\n\nThe differences between releases that can change an answer, each with the release that \
                    changed it and the source.\nIf only an interval is known, a release inside it is resolved with both \
                    values, and the verdict is *depends* if the results differ.\nNo source tree of a release inside these intervals could be read. The facts are in \
                    `cpu_map/behaviour.xml`.\n\n## libvirt\n\n"
        .to_owned();
    page.push_str("Source trees read:\n\n");
    for line in trees.chunks(10) {
        writeln!(page, "- {}", line.join(", ")).unwrap();
    }
    page.push('\n');
    writeln!(page, "QEMU releases before {} are resolved by dated rules only.\n", decisions.first_qemu).unwrap();
    writeln!(page, "{}", count_of_dates()).unwrap();
    for history in &decisions.switches {
        write!(page, "### {}\n\n{}\n\n", history.values[0].setting.name(), history.doc).unwrap();
        page.push_str("| value | since | source |\n|---|---|---|\n");
        for dated in &history.values {
            let inferred = if dated.inferred { " (inferred)" } else { "" };
            let value = dated.setting.value(&feature_name);
            writeln!(page, "| {value} | {}{inferred} | {} |", since(dated), dated.source).unwrap();
        }
        page.push('\n');
    }
    page.push_str("## Packages with fixes of later releases\n\n| package | settings | source |\n|---|---|---|\n");
    for fix in &decisions.backports {
        let settings: Vec<String> =
            fix.settings.iter().map(|s| format!("{}: {}", s.name(), s.value(&feature_name))).collect();
        let taken = fix.taken.iter().map(|taken| {
            let models = taken.models.iter().map(|model| CATALOG.model_name(*model));
            let features = taken.features.iter().map(|feature| CATALOG.feature_name(feature));
            format!("in the map: {}", models.chain(features).collect::<Vec<_>>().join(", "))
        });
        let changes: Vec<String> = settings.into_iter().chain(taken).collect();
        let (release, distribution) = (fix.release, &fix.distribution);
        let number = |number: &BuildNumber| {
            let parts = number.0.iter().filter(|part| **part > 0).map(ToString::to_string);
            parts.collect::<Vec<_>>().join(".")
        };
        let package = match &fix.since {
            Since::Every => format!("every {release} of {distribution}"),
            Since::Build(first) => format!("{release}-{}.{distribution} and later", number(first)),
            Since::By(known) => format!("{release}-{}.{distribution} and perhaps some before", number(known)),
            Since::Unread => format!("perhaps {release} of {distribution}"),
        };
        writeln!(page, "| {package} | {} | {} |", changes.join(", "), fix.source).unwrap();
    }
    page.push_str("\n## QEMU point releases\n\n| quirk | releases | machine types | source |\n|---|---|---|---|\n");
    for quirk in &decisions.quirks {
        let until = quirk.until.map_or("and later".to_owned(), |until| format!("to {until}"));
        let machines =
            quirk.machines_since.map_or("all".to_owned(), |(major, minor)| format!("{major}.{minor} and later"));
        writeln!(page, "| {} | {} {until} | {machines} | {} |", quirk.kind.name(), quirk.since, quirk.source).unwrap();
    }
    let lifetime = decisions.machine_lifetime.as_ref().unwrap();
    let (since, majors) = (lifetime.since, lifetime.majors);
    write!(page, "\n## Machine types that QEMU removes\n\n").unwrap();
    writeln!(
        page,
        "QEMU {since} and later have no pc and q35 machine type that is {majors} major releases older, or more:"
    )
    .unwrap();
    writeln!(page, "{since} has none up to {}.{}.", since.major - majors, since.minor).unwrap();
    writeln!(page, "Distributions have machine types of their own, to which this does not apply.").unwrap();
    writeln!(page, "Source: {}.", lifetime.source).unwrap();
    golden::compare("docs/BEHAVIOUR.md", &page);
}
