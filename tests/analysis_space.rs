//! Holds matrices and the count of the whole space against resolving their scenarios one by one.

#[path = "support/random.rs"]
mod random;

use random::Random;
use virt_cpu_explorer::internal::analysis::count::{Point, STATES, Space};
use virt_cpu_explorer::internal::analysis::matrix::{Fold, Matrix, Side, Vary, line_of, lines_around};
use virt_cpu_explorer::internal::analysis::space::models;
use virt_cpu_explorer::internal::cli::count_on;
use virt_cpu_explorer::internal::domain::catalog::{Catalog, Provenance, ReleaseMap};
use virt_cpu_explorer::internal::domain::definition::Fallback;
use virt_cpu_explorer::internal::domain::qemu::Accel;
use virt_cpu_explorer::internal::domain::scenario::{DEFAULT_QEMU, Scenario};
use virt_cpu_explorer::internal::export::analysis::{line_name, matrix_csv, matrix_text};
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::resolve::{Budget, Plan, Prepared, Resolver, Verdict, resolve, verdict};

#[expect(clippy::unwrap_used, reason = "facts that cannot be read fail the test")]
fn catalog() -> Catalog {
    embedded::catalog().unwrap()
}

#[test]
fn every_scenario_is_counted_once() {
    let catalog = catalog();
    let space = Space::of(&catalog, Accel::Kvm, DEFAULT_QEMU);
    let count = count_on(&space, 3);
    assert_eq!(count, space.count());
    let exact = catalog
        .libvirt_releases()
        .iter()
        .filter(|release| release.provenance == Provenance::Published && matches!(release.map, ReleaseMap::Exact(_)));
    let all = models(&catalog).len() * catalog.qemu_defaults().machines.len() * STATES.len() * exact.count().pow(2);
    assert_eq!(count.scenarios, all as u64);
    assert!(count.scenarios > 400_000_000 && count.resolved < 4_100_000, "{count:?}");
}

#[test]
fn a_folded_case_answers_for_each_it_stands_for() {
    let catalog = catalog();
    let mut numbers = Random::of(9);
    let samples = if cfg!(debug_assertions) { 40_000 } else { 1_000_000 };
    let models = models(&catalog);
    for accel in [Accel::Kvm, Accel::Tcg] {
        let space = Space::of(&catalog, accel, DEFAULT_QEMU);
        let mut resolver = Resolver::new(&catalog);
        for model in &models {
            let folded = space.model(*model);
            for _ in 0..samples / 2 / models.len() {
                let point = Point {
                    machine: numbers.below(catalog.qemu_defaults().machines.len()),
                    state: numbers.below(STATES.len()),
                    from: numbers.below(space.releases().len()),
                    to: numbers.below(space.releases().len()),
                };
                let scenario = space.scenario(*model, point).unwrap();
                let said = scenario.link(&catalog);
                assert_eq!(folded.outcome(point), Some(resolver.outcome(&scenario)), "{said}");
            }
        }
    }
}

#[test]
fn a_verdict_alone_is_the_verdict_with_every_stage() {
    let catalog = catalog();
    let mut resolver = Resolver::new(&catalog);
    for link in [
        "Skylake-Client,machine=pc-q35-3.1,from=old,to=new",
        "Skylake-Client,machine=pc-q35-3.1,from=old,via=11.3.0,to=new",
        "Skylake-Client,machine=pc-q35-3.1,started=old,from=new,to=old",
        "Skylake-Client,machine=pc-q35-3.1,from=9.0.0,to=10.4.0",
        "EPYC,machine=pc-q35-5.2,topology=?,from=9.0.0:7.2.22,to=11.3.0:10.0.13",
        "SapphireRapids,machine=pc-q35-5.2,accel=tcg,from=11.3.0:10.0.13,to=11.3.0:10.0.13",
        "Cascadelake-Server,machine=pc-q35-5.2,host=any,from=9.0.0,to=11.3.0",
        "Nehalem,fallback=allow,from=9.0.0,to=11.3.0",
        "host-model,from=9.0.0,to=11.3.0",
        "host-passthrough,from=9.0.0,to=11.3.0",
    ] {
        let scenario = Scenario::parse(&catalog, link).unwrap();
        let whole = resolve(&catalog, &scenario);
        let outcome = resolver.outcome(&scenario);
        assert_eq!((outcome.verdict, outcome.rule, outcome.row), (whole.verdict, whole.rule, whole.row), "{link}");
        assert_eq!(resolver.resolve(&scenario), whole, "{link}");
        let Ok(plan) = Plan::of(&catalog, &scenario) else { continue };
        if plan.axes.is_empty() && scenario.fallback == Fallback::Forbid {
            let case = plan.case(&[]).unwrap();
            let prepared = Prepared::of(&catalog, &case);
            assert_eq!(verdict(&prepared, &case.definition, scenario.feature), Some(outcome), "{link}");
            assert_eq!(verdict(&prepared, &case.definition.unordered(), scenario.feature), Some(outcome), "{link}");
        }
    }
}

#[test]
fn a_cell_is_the_answer_to_its_scenario() {
    let catalog = catalog();
    let scenario = Scenario::parse(&catalog, "Skylake-Client,machine=pc-q35-3.1,accel=tcg").unwrap();
    let mut resolver = Resolver::new(&catalog);
    let mut matrix = Matrix::of(&catalog, &scenario, Vary::Releases, Vary::Releases);
    assert_eq!(matrix.rows().len(), catalog.libvirt_releases().len());
    for (row, column) in [(0, 0), (50, 120), (120, 50), (100, 180), (185, 185), (150, 150)] {
        let asked = matrix.scenario(row, column).unwrap();
        let whole = resolve(&catalog, &asked);
        assert_eq!(matrix.known(row, column), None);
        let cell = matrix.cell(&mut resolver, row, column).unwrap();
        assert_eq!((cell.verdict, cell.rule, cell.row), (whole.verdict, whole.rule, whole.row));
        assert_eq!(matrix.known(row, column), Some(cell));
    }
    assert_eq!(matrix.cell(&mut resolver, 0, 9999), None);
}

#[test]
fn a_release_that_decides_like_another_has_its_answers() {
    let catalog = catalog();
    let scenario = Scenario::parse(&catalog, "Skylake-Client,machine=pc-q35-3.1,accel=tcg").unwrap();
    let mut matrix = Matrix::of(&catalog, &scenario, Vary::Releases, Vary::Releases);
    let mut resolver = Resolver::new(&catalog);
    let mut numbers = Random::of(3);
    for _ in 0..600 {
        let (row, column) = (numbers.below(matrix.rows().len()), numbers.below(matrix.columns().len()));
        let asked = matrix.scenario(row, column).unwrap();
        let outcome = resolver.outcome(&asked);
        assert_eq!(matrix.cell(&mut resolver, row, column), Some(outcome), "{}", asked.link(&catalog));
    }
    for place in 0..matrix.rows().len() {
        let asked = matrix.scenario(place, place).unwrap();
        let outcome = resolver.outcome(&asked);
        assert_eq!(matrix.cell(&mut resolver, place, place), Some(outcome), "{}", asked.link(&catalog));
    }
}

#[test]
fn equal_neighbours_fold() {
    let catalog = catalog();
    let scenario = Scenario::parse(&catalog, "Skylake-Client,machine=pc-q35-3.1,accel=tcg").unwrap();
    let mut matrix = Matrix::of(&catalog, &scenario, Vary::Distinct, Vary::Distinct);
    assert_eq!(matrix.folds(Side::Source).len(), matrix.rows().len(), "what nobody looked at folds with nothing");
    matrix.resolve_all(&mut Resolver::new(&catalog));
    let folds = matrix.folds(Side::Destination);
    assert!(folds.len() < matrix.columns().len());
    assert_eq!(folds.first().map(|fold| fold.first), Some(0));
    assert!(folds.windows(2).all(|pair| pair[0].last + 1 == pair[1].first));
    for Fold { first, last } in folds {
        for row in 0..matrix.rows().len() {
            assert_eq!(matrix.known(row, first), matrix.known(row, last));
        }
    }
    let (done, all) = matrix.progress();
    assert_eq!((done, all), (all, matrix.counts().iter().map(|(_, count)| count).sum()));
}

#[test]
fn what_the_scenario_itself_has_stands_on_the_axes() {
    let catalog = catalog();
    let link = "Skylake-Client,machine=pc-q35-3.1,host=Intel:sse2+mpx,from=10.0.0-5.el9:8.2.3,to=new";
    let scenario = Scenario::parse(&catalog, link).unwrap();
    for vary in Vary::ALL {
        let lines = lines_around(&catalog, *vary, &scenario);
        let own = Side::ALL.iter().map(|side| line_of(&catalog, *vary, &lines, &scenario, *side));
        let names: Vec<Option<String>> =
            own.map(|place| place.map(|place| line_name(&catalog, &lines[place]))).collect();
        let wanted = match vary {
            Vary::Distinct | Vary::Releases => [Some("10.0.0-5.el9"), Some("new")],
            Vary::Qemu => [Some("8.2.3"), Some("7.2.22")],
            Vary::Products => [None, None],
            Vary::Machines => [Some("pc-q35-3.1"); 2],
            Vary::Models => [Some("Skylake-Client"); 2],
            Vary::Hosts => [Some("Intel:sse2+mpx"); 2],
        };
        assert_eq!(names, wanted.map(|name| name.map(str::to_owned)), "{}", vary.name());
    }
    let debian = Scenario::parse(&catalog, "Skylake-Client,from=debian:12,to=debian:13").unwrap();
    let lines = lines_around(&catalog, Vary::Products, &debian);
    let own = line_of(&catalog, Vary::Products, &lines, &debian, Side::Destination).unwrap();
    assert_eq!(line_name(&catalog, &lines[own]), "debian:13");
}

#[test]
fn a_mirror_cell_has_the_ends_exchanged() {
    let catalog = catalog();
    let scenario = Scenario::parse(&catalog, "Skylake-Client,machine=pc-q35-3.1,from=old,to=new").unwrap();
    let around = |vary| lines_around(&catalog, vary, &scenario);
    let matrix = Matrix::with(&catalog, &scenario, around(Vary::Distinct), around(Vary::Releases));
    let (row, column) = matrix.mirror(2, 30).unwrap_or_default();
    assert_eq!(matrix.rows()[row].value, matrix.columns()[30].value);
    assert_eq!(matrix.columns()[column].value, matrix.rows()[2].value);
    let guests = Matrix::with(&catalog, &scenario, around(Vary::Machines), around(Vary::Models));
    assert_eq!(guests.mirror(0, 0), None);
}

#[test]
fn an_axis_may_be_machine_types_models_hosts_or_qemu() {
    let catalog = catalog();
    let scenario = Scenario::parse(&catalog, "Skylake-Client,accel=tcg,from=old,to=new").unwrap();
    let mut resolver = Resolver::new(&catalog);
    let mut matrix = Matrix::of(&catalog, &scenario, Vary::Machines, Vary::Models);
    let place = |lines: &[virt_cpu_explorer::internal::analysis::matrix::Line], name: &str| {
        lines.iter().position(|line| line_name(&catalog, line) == name).unwrap()
    };
    let (row, column) = (place(matrix.rows(), "pc-q35-3.1"), place(matrix.columns(), "Skylake-Client"));
    assert_eq!(matrix.cell(&mut resolver, row, column).map(|outcome| outcome.verdict), Some(Verdict::Aborted));
    let row = place(matrix.rows(), "pc-q35-4.0");
    assert_eq!(matrix.cell(&mut resolver, row, column).map(|outcome| outcome.verdict), Some(Verdict::Unchanged));
    let mut hosts = Matrix::of(&catalog, &scenario, Vary::Hosts, Vary::Qemu);
    assert!(hosts.cell(&mut resolver, 0, 0).is_some());
}

#[test]
fn a_table_that_would_not_end_stops_when_its_budget_is_spent() {
    let catalog = catalog();
    let scenario = Scenario::parse(&catalog, "Skylake-Client,machine=pc-q35-3.1,host=any").unwrap();
    let mut matrix = Matrix::of(&catalog, &scenario, Vary::Distinct, Vary::Distinct);
    let mut seen = Vec::new();
    let mut note = |done: usize, all: usize| seen.push((done, all));
    matrix.resolve_until_spent(&mut Resolver::new(&catalog), &mut Budget::of_key(), &mut note);
    let (done, all) = matrix.progress();
    assert!(0 < done && done < all, "{done} of {all}");
    assert_eq!((seen.len(), seen.last()), (done + 1, Some(&(done + 1, all))));
    assert_eq!(matrix_csv(&catalog, &matrix).lines().count(), done + 1);
}

#[test]
fn a_table_is_folded_and_csv_has_a_line_for_each_cell() {
    let catalog = catalog();
    let scenario = Scenario::parse(&catalog, "Skylake-Client,machine=pc-q35-3.1,accel=tcg").unwrap();
    let mut matrix = Matrix::of(&catalog, &scenario, Vary::Distinct, Vary::Distinct);
    let cells = matrix.rows().len() * matrix.columns().len();
    matrix.resolve_all(&mut Resolver::new(&catalog));
    let table = matrix_text(&catalog, &scenario, &matrix);
    assert!(table.contains("To:") && table.contains("\nFrom"), "{table}");
    assert_eq!(matrix_csv(&catalog, &matrix).lines().count(), cells + 1);
}
