//! Temporary: runs the import.
use virt_cpu_explorer::{import, load};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let raw = import::raw::read(std::path::Path::new(&args[1])).unwrap();
    let mut parts = import::parts::of(&raw).unwrap();
    let files = import::write::files(&parts);
    let out = std::path::Path::new(&args[2]);
    for (n, t) in
        [("libvirt", &files.libvirt), ("qemu", &files.qemu), ("hosts", &files.hosts), ("products", &files.products)]
    {
        std::fs::write(out.join(format!("{n}.xml")), t).unwrap();
    }
    let behaviour = std::fs::read_to_string(out.join("behaviour.xml")).unwrap();
    let back = load::timeline::read(&load::timeline::Texts {
        libvirt: ("libvirt.xml", &files.libvirt),
        qemu: ("qemu.xml", &files.qemu),
        hosts: ("hosts.xml", &files.hosts),
        products: ("products.xml", &files.products),
        behaviour: ("behaviour.xml", &behaviour),
    })
    .unwrap_or_else(|e| panic!("{e}"));
    parts.decisions = back.decisions.clone();
    println!(
        "features {} models {} machines {}",
        back.features == parts.features,
        back.models == parts.models,
        back.machines == parts.machines
    );
    println!(
        "maps {} releases {} qemu {} cells {} hosts {} products {}",
        back.maps == parts.maps,
        back.releases == parts.releases,
        back.qemu == parts.qemu,
        back.cells == parts.cells,
        back.hosts == parts.hosts,
        back.products == parts.products
    );
    for (a, b) in back.qemu.iter().zip(&parts.qemu) {
        if a != b {
            println!(
                "{} {} {} {} {}",
                a.version,
                a.machines == b.machines,
                a.models == b.models,
                a.properties == b.properties,
                a.dependencies == b.dependencies
            );
        }
    }
    for (n, (a, b)) in back.maps.iter().zip(&parts.maps).enumerate() {
        if a != b {
            println!(
                "map {n} order {} feats {} mo {} models {} v {}",
                a.order == b.order,
                a.features == b.features,
                a.model_order == b.model_order,
                a.models == b.models,
                a.vendors == b.vendors
            );
        }
    }
    let n = 200;
    let t = std::time::Instant::now();
    for _ in 0..n {
        std::hint::black_box(load::embedded::catalog().map(|c| c.features().len()).unwrap_or(0));
    }
    println!("catalog {:?} {:?}", t.elapsed() / n, load::embedded::catalog().map(|c| c.libvirt_releases().len()));
}
