//! Holds matrices and the count of the whole space against resolving their scenarios one by one.

use virt_cpu_explorer::cli::count_on;
use virt_cpu_explorer::domain::catalog::Catalog;
use virt_cpu_explorer::domain::qemu::Accel;
use virt_cpu_explorer::domain::scenario::{DEFAULT_QEMU, Scenario};
use virt_cpu_explorer::export::study::{matrix_csv, matrix_table};
use virt_cpu_explorer::load::embedded;
use virt_cpu_explorer::resolve::{Resolver, Verdict, resolve};
use virt_cpu_explorer::study::count::{Point, STATES, Space};
use virt_cpu_explorer::study::matrix::{Fold, Matrix, Vary};
use virt_cpu_explorer::study::space::models;

#[expect(clippy::unwrap_used, reason = "facts that cannot be read fail the test")]
fn catalog() -> Catalog {
    embedded::catalog().unwrap()
}

/// Numbers that look random and are the same every time (Knuth's linear congruence).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }
}

#[test]
fn every_scenario_is_counted_once() {
    let catalog = catalog();
    let space = Space::of(&catalog, Accel::Kvm, DEFAULT_QEMU);
    let count = count_on(&space, 3);
    assert_eq!(count, space.count());
    let all = models(&catalog).len() * catalog.cells().machines.len() * STATES.len() * 98 * 98;
    assert_eq!(count.scenarios, all as u64);
    assert!(count.scenarios > 400_000_000 && count.resolved < 2_000_000, "{count:?}");
}

#[test]
fn a_folded_case_answers_for_each_it_stands_for() {
    let catalog = catalog();
    let mut numbers = Numbers(9);
    let samples = if cfg!(debug_assertions) { 40_000 } else { 1_000_000 };
    let models = models(&catalog);
    for accel in [Accel::Kvm, Accel::Tcg] {
        let space = Space::of(&catalog, accel, DEFAULT_QEMU);
        let mut resolver = Resolver::new(&catalog);
        for model in &models {
            let folded = space.model(*model);
            for _ in 0..samples / 2 / models.len() {
                let point = Point {
                    machine: numbers.below(catalog.cells().machines.len()),
                    state: numbers.below(STATES.len()),
                    from: numbers.below(space.releases().len()),
                    to: numbers.below(space.releases().len()),
                };
                let scenario = space.scenario(*model, point).unwrap();
                let said = scenario.word(&catalog);
                assert_eq!(folded.glance(point), Some(resolver.glance(&scenario)), "{said}");
            }
        }
    }
}

#[test]
fn a_verdict_alone_is_the_verdict_with_every_stage() {
    let catalog = catalog();
    let mut resolver = Resolver::new(&catalog);
    for word in [
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
        let scenario = Scenario::parse(&catalog, word).unwrap();
        let whole = resolve(&catalog, &scenario);
        let glance = resolver.glance(&scenario);
        assert_eq!((glance.verdict, glance.rule, glance.row), (whole.verdict, whole.rule, whole.row), "{word}");
        assert_eq!(resolver.resolve(&scenario), whole, "{word}");
    }
}

#[test]
fn a_cell_is_the_answer_to_its_scenario() {
    let catalog = catalog();
    let scenario = Scenario::parse(&catalog, "Skylake-Client,machine=pc-q35-3.1,accel=tcg").unwrap();
    let mut matrix = Matrix::of(&catalog, &scenario, Vary::Releases, Vary::Releases);
    assert_eq!(matrix.rows().len(), catalog.libvirt_releases().len());
    for (row, column) in [(0, 0), (50, 120), (120, 50), (100, 180), (185, 185), (150, 150)] {
        let asked = matrix.scenario(row, column).unwrap();
        let whole = resolve(&catalog, &asked);
        assert_eq!(matrix.known(row, column), None);
        let cell = matrix.cell(row, column).unwrap();
        assert_eq!((cell.verdict, cell.rule, cell.row), (whole.verdict, whole.rule, whole.row));
        assert_eq!(matrix.known(row, column), Some(cell));
    }
    assert_eq!(matrix.cell(0, 9999), None);
}

#[test]
fn a_release_that_decides_like_another_has_its_answers() {
    let catalog = catalog();
    let scenario = Scenario::parse(&catalog, "Skylake-Client,machine=pc-q35-3.1,accel=tcg").unwrap();
    let mut matrix = Matrix::of(&catalog, &scenario, Vary::Releases, Vary::Releases);
    let mut resolver = Resolver::new(&catalog);
    let mut numbers = Numbers(3);
    for _ in 0..600 {
        let (row, column) = (numbers.below(matrix.rows().len()), numbers.below(matrix.columns().len()));
        let asked = matrix.scenario(row, column).unwrap();
        assert_eq!(matrix.cell(row, column), Some(resolver.glance(&asked)), "{}", asked.word(&catalog));
    }
    for place in 0..matrix.rows().len() {
        let asked = matrix.scenario(place, place).unwrap();
        assert_eq!(matrix.cell(place, place), Some(resolver.glance(&asked)), "{}", asked.word(&catalog));
    }
}

#[test]
fn equal_neighbours_fold_and_boundaries_stand_where_the_verdict_changes() {
    let catalog = catalog();
    let scenario = Scenario::parse(&catalog, "Skylake-Client,machine=pc-q35-3.1,accel=tcg").unwrap();
    let mut matrix = Matrix::of(&catalog, &scenario, Vary::Distinct, Vary::Distinct);
    let folds = matrix.column_folds();
    assert_eq!(folds.first().map(|fold| fold.first), Some(0));
    assert!(folds.windows(2).all(|pair| pair[0].last + 1 == pair[1].first));
    for Fold { first, last } in folds {
        for row in 0..matrix.rows().len() {
            assert_eq!(matrix.cell(row, first), matrix.cell(row, last));
        }
    }
    let (row, column) = (3, 3);
    let verdicts = [(0, 0), (1, 0), (0, 1)].map(|(d, r)| matrix.cell(row + d, column + r).map(|glance| glance.verdict));
    assert_eq!(matrix.boundary(row, column), (verdicts[0] != verdicts[1], verdicts[0] != verdicts[2]));
}

#[test]
fn an_axis_may_be_machine_types_models_hosts_or_qemu() {
    let catalog = catalog();
    let scenario = Scenario::parse(&catalog, "Skylake-Client,accel=tcg,from=old,to=new").unwrap();
    let mut matrix = Matrix::of(&catalog, &scenario, Vary::Machines, Vary::Models);
    let place = |lines: &[virt_cpu_explorer::study::matrix::Line], name: &str| {
        lines.iter().position(|line| virt_cpu_explorer::export::study::line_name(&catalog, line) == name).unwrap()
    };
    let (row, column) = (place(matrix.rows(), "pc-q35-3.1"), place(matrix.columns(), "Skylake-Client"));
    assert_eq!(matrix.cell(row, column).map(|glance| glance.verdict), Some(Verdict::Aborted));
    let row = place(matrix.rows(), "pc-q35-4.0");
    assert_eq!(matrix.cell(row, column).map(|glance| glance.verdict), Some(Verdict::Unchanged));
    let mut hosts = Matrix::of(&catalog, &scenario, Vary::Hosts, Vary::Qemu);
    assert!(hosts.cell(0, 0).is_some());
}

#[test]
fn a_table_is_folded_and_csv_has_a_line_for_each_cell() {
    let catalog = catalog();
    let scenario = Scenario::parse(&catalog, "Skylake-Client,machine=pc-q35-3.1,accel=tcg").unwrap();
    let mut matrix = Matrix::of(&catalog, &scenario, Vary::Distinct, Vary::Distinct);
    let cells = matrix.rows().len() * matrix.columns().len();
    let table = matrix_table(&catalog, &scenario, &mut matrix);
    assert!(table.contains("To:") && table.contains("\nFrom"), "{table}");
    assert_eq!(matrix_csv(&catalog, &mut matrix).lines().count(), cells + 1);
}
