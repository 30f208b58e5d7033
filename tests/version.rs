//! Looks at what the program says of itself.
#![expect(clippy::unwrap_used, reason = "what cannot be read fails the test")]

use std::process::Command;
use virt_cpu_explorer::internal::load::embedded;

fn said(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_virt-cpu-explorer")).args(arguments).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_version_is_one_line() {
    let version = concat!("virt-cpu-explorer ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!((said(&["--version"]).as_str(), said(&["-V"]).as_str()), (version, version));
}

#[test]
fn on_demand_it_names_the_facts_that_were_built_in() {
    let text = said(&["--version", "--verbose"]);
    let catalog = embedded::catalog().unwrap();
    assert!(text.starts_with(&said(&["--version"])));
    let counts = [
        format!(
            "{} CPU models on {} machine types",
            catalog.pickable_models().count(),
            catalog.qemu_defaults().machines.len()
        ),
        format!("{} real hosts, {} products", catalog.hosts().len(), catalog.products().len()),
        format!(
            "{} releases, 1.5.3 to {}",
            catalog.qemu_releases().len(),
            catalog.qemu_releases().last().unwrap().version
        ),
    ];
    for count in counts {
        assert!(text.contains(&count), "{count}:\n{text}");
    }
    // Sixteen hexadecimal digits, made when the program was built.
    let hash = virt_cpu_explorer::internal::export::FACTS_HASH;
    assert!(hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    assert!(text.contains(&format!("facts     {hash} ")), "{text}");
}
