//! Temporary: runs the import.
use std::path::Path;
use virt_cpu_explorer::{import, load};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let a: Vec<&str> = args.iter().map(String::as_str).collect();
    match a[1] {
        "facts" => println!("{:#?}", import::write_facts(Path::new(a[2]), Path::new(a[3])).unwrap()),
        "check" => {
            let d = import::check_facts(Path::new(a[2])).unwrap();
            for d in &d {
                println!("{d}");
            }
            println!("{} differences", d.len());
        }
        "libvirt" => match import::add_libvirt(Path::new(a[2]), a[3], Path::new(a[4]), "test") {
            Ok(x) => println!("{x:#?}"),
            Err(e) => println!("{e}"),
        },
        "host" => match import::add_host(Path::new(a[2]), a[3], Path::new(a[4])) {
            Ok(x) => println!("{x:#?}"),
            Err(e) => println!("{e}"),
        },
        "map" => {
            let mut c = load::embedded::catalog().unwrap();
            match load::cpu_map_dir::add(&mut c, a[2], Path::new(a[3])) {
                Err(e) => println!("{e}"),
                Ok(id) => {
                    let new = c.libvirt_releases()[usize::from(id.0)].clone();
                    for r in c.libvirt_releases() {
                        if let (
                            virt_cpu_explorer::domain::catalog::ReleaseMap::Exact(m),
                            virt_cpu_explorer::domain::catalog::ReleaseMap::Exact(n),
                        ) = (r.map, new.map)
                        {
                            if c.map(m) == c.map(n) {
                                println!("same as {}", r.name);
                            }
                        }
                    }
                }
            }
        }
        _ => {
            let mut best = std::time::Duration::MAX;
            for _ in 0..300 {
                let s = std::time::Instant::now();
                let c = load::embedded::catalog();
                let t = s.elapsed();
                best = best.min(t);
                drop(c);
            }
            println!("best {best:?}");
        }
    }
}
