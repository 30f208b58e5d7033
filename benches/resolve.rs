//! Measures the resolver: every stage kept, the verdict alone, a batch with its reading and writing, a full matrix, and
//! the whole space.

#![expect(clippy::panic, reason = "a benchmark without its facts measures nothing")]

use virt_cpu_explorer::internal::analysis::count::Space;
use virt_cpu_explorer::internal::analysis::matrix::{Matrix, Vary};
use virt_cpu_explorer::internal::cli::{CheckArgs, check_batch, count_on};
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::qemu::Accel;
use virt_cpu_explorer::internal::domain::scenario::DEFAULT_QEMU;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::resolve::{Plan, Prepared, Resolver, resolve, verdict};

const LINKS: [&str; 4] = [
    "Skylake-Client,machine=pc-q35-3.1,from=old,to=new",
    "Skylake-Client,+mpx,machine=pc-q35-5.2,accel=tcg,from=9.0.0:7.2.22,to=11.3.0:10.0.13",
    "EPYC,machine=pc-q35-5.2,topology=1-2-1,from=9.0.0:7.2.22,to=11.3.0:10.0.13",
    "SapphireRapids,machine=pc-q35-5.2,accel=tcg,from=11.3.0:10.0.13,to=12.8.0:11.1.2",
];

fn main() {
    divan::main();
}

fn catalog() -> Catalog {
    embedded::catalog().unwrap_or_else(|err| panic!("{err}"))
}

fn scenario(catalog: &Catalog, link: &str) -> Scenario {
    Scenario::parse(catalog, link).unwrap_or_else(|err| panic!("{err}"))
}

#[divan::bench]
fn load(bencher: divan::Bencher<'_, '_>) {
    bencher.bench(catalog);
}

#[divan::bench(args = 0..LINKS.len())]
fn every_stage(bencher: divan::Bencher<'_, '_>, which: usize) {
    let catalog = catalog();
    let scenario = scenario(&catalog, LINKS[which]);
    bencher.bench(|| resolve(&catalog, &scenario));
}

/// How an answer depends on how many libvirt releases are known: a quarter of those whose map was read, half, and all.
#[divan::bench(args = [4, 2, 1])]
fn every_stage_among_fewer_releases(bencher: divan::Bencher<'_, '_>, part: usize) {
    let mut parts = embedded::parts().unwrap_or_else(|err| panic!("{err}"));
    let mut index = 0;
    parts.releases.retain(|release| {
        index += 1;
        index % part == 0 || matches!(&*release.name, "9.0.0" | "11.3.0")
    });
    let catalog = Catalog::new(parts).unwrap_or_else(|err| panic!("{err}"));
    let scenario = scenario(&catalog, LINKS[1]);
    bencher.bench(|| resolve(&catalog, &scenario));
}

#[divan::bench]
fn host_model_with_decode(bencher: divan::Bencher<'_, '_>) {
    let catalog = catalog();
    let scenario = scenario(&catalog, "host-model,host=Core-i7-8550U,from=9.0.0:7.2.22,to=11.3.0:10.0.13");
    bencher.bench(|| resolve(&catalog, &scenario));
}

#[divan::bench(args = 0..LINKS.len(), sample_size = 1000)]
fn verdict_alone(bencher: divan::Bencher<'_, '_>, which: usize) {
    let catalog = catalog();
    let scenario = scenario(&catalog, LINKS[which]);
    let Ok(plan) = Plan::of(&catalog, &scenario) else { return };
    let Some(case) = plan.case(&[]) else { return };
    let prepared = Prepared::of(&catalog, &case);
    let definition = case.definition.unordered();
    bencher.bench_local(|| verdict(&prepared, divan::black_box(&definition), scenario.feature));
}

#[divan::bench]
fn batch(bencher: divan::Bencher<'_, '_>) {
    let catalog = catalog();
    let lines = include_bytes!("../tests/recorded/recorded-migrations.jsonl");
    let count = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    bencher.counter(divan::counter::ItemsCount::new(count)).bench(|| {
        check_batch(&catalog, &mut &lines[..], &CheckArgs::default(), &mut std::io::sink())
            .unwrap_or_else(|err| panic!("{err}"))
    });
}

#[divan::bench(sample_count = 5)]
fn matrix_of_every_release(bencher: divan::Bencher<'_, '_>) {
    let catalog = catalog();
    let scenario = scenario(&catalog, LINKS[0]);
    bencher.bench(|| {
        Matrix::of(&catalog, &scenario, Vary::Releases, Vary::Releases).resolve_all(&mut Resolver::new(&catalog));
    });
}

#[divan::bench(sample_count = 5, args = [1, 2])]
fn whole_space(bencher: divan::Bencher<'_, '_>, threads: usize) {
    let catalog = catalog();
    bencher.bench(|| count_on(&Space::of(&catalog, Accel::Kvm, DEFAULT_QEMU), threads));
}
