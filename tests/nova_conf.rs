//! Tests how nova.conf is read: as oslo.config parses it, and as nova uses it.

#[path = "support/run.rs"]
mod run;

use run::run_words;

/// Runs `check -v` on a nova.conf; returns its output and its messages.
fn check(conf: &str) -> (String, String) {
    let (_, out, err) = run_words("check -v --domain - --from ubuntu:22.04 --to ubuntu:24.04", conf);
    (out, err)
}

/// Asserts that each file is read as the guest whose link begins so.
fn assert_read(cases: &[(&str, &str)]) {
    for (conf, guest) in cases {
        let (out, err) = check(conf);
        let link = out.lines().nth(1).unwrap_or_default();
        assert!(link.starts_with(guest), "{conf}\n{out}{err}");
    }
}

#[test]
fn settings_are_parsed_as_oslo_config_does() {
    assert_read(&[
        // An indented line continues the value.
        (
            "[libvirt]\ncpu_mode = custom\ncpu_models = Haswell-noTSX-IBRS\ncpu_model_extra_flags = pcid,\n   vmx\n",
            "Haswell-noTSX-IBRS,+pcid,+vmx,machine=pc-i440fx-6.2,",
        ),
        // It continues no other setting, and the quotes end with the first line.
        ("[DEFAULT]\na = b\n  cpu_mode = none\n[libvirt]\ncpu_mode = custom\ncpu_models = EPYC\n", "EPYC,machine="),
        ("[libvirt]\ncpu_mode = custom\ncpu_models = 'EPYC,'\n  SandyBridge\n", "EPYC,machine="),
        // Of repeated settings the last counts, also of lists and in a repeated section.
        (
            "[libvirt]\ncpu_mode = none\ncpu_mode = custom\ncpu_models = SandyBridge\ncpu_models = EPYC\n\
             cpu_model_extra_flags =\ncpu_model_extra_flags = svm\n",
            "EPYC,+svm,machine=",
        ),
        (
            "[LibVirt]\ncpu_mode = custom\ncpu_models = EPYC\n[DEFAULT]\ncpu_mode = none\n[libvirt]\ncpu_models = Haswell\n",
            "Haswell,machine=",
        ),
        ("[libvirt]\ncpu_mode: custom\ncpu_models: Cascadelake-Server\n", "Cascadelake-Server,machine="),
        (
            "[libvirt]\ncpu_mode = 'custom'\ncpu_models = \"EPYC\"\nhw_machine_type = \"x86_64=pc-q35-6.2\"\n",
            "EPYC,machine=pc-q35-6.2,",
        ),
        // The older name counts only without the newer one.
        ("[libvirt]\ncpu_mode = custom\ncpu_model = EPYC\n", "EPYC,machine="),
        ("[libvirt]\ncpu_mode = custom\ncpu_models = Haswell,\ncpu_model = EPYC\n", "Haswell,machine="),
    ]);
}

#[test]
fn a_guest_is_the_one_that_nova_writes() {
    assert_read(&[
        ("[libvirt]\n", "host-model,machine=pc-i440fx-6.2,from="),
        ("[libvirt]\nvirt_type = qemu\n", "host-model,machine=pc-i440fx-6.2,accel=tcg,"),
        ("[libvirt]\nvirt_type = qemu\ncpu_mode = none\n", "qemu64,machine=pc-i440fx-6.2,accel=tcg,"),
        ("[libvirt]\ncpu_mode = none\ncpu_model_extra_flags = vmx\n", "qemu64,machine="),
        ("[libvirt]\ncpu_mode = custom\ncpu_models = haswell-notsx-ibrs\n", "Haswell-noTSX-IBRS,machine="),
        (
            "[libvirt]\ncpu_mode = host-model\ncpu_model_extra_flags = --PCID, +VMX,vmx\n",
            "host-model,-pcid,+vmx,machine=",
        ),
        ("[libvirt]\ncpu_mode = host-passthrough\nhw_machine_type = q35\n", "host-passthrough,machine=pc-i440fx-6.2,"),
    ]);
    for (conf, note) in [
        ("cpu_mode = none\ncpu_model_extra_flags = vmx", "ignored: cpu_model_extra_flags, which nova does not use"),
        ("hw_machine_type = q35", "ignored: \"q35\" of hw_machine_type, which is not like x86_64=q35"),
        (
            "cpu_mode = custom\ncpu_models = EPYC,Haswell",
            "the first of cpu_models; nova takes another only for a flavor that requires CPU traits",
        ),
        ("virt_type = qemu", "nova's default cpu_mode host-model"),
    ] {
        let (out, err) = check(&format!("[libvirt]\n{conf}\n"));
        assert!(out.contains(note), "{conf}\n{out}{err}");
    }
}

#[test]
fn a_file_with_which_nova_does_not_start_is_an_error() {
    for (conf, expected) in [
        ("[libvirt] # hypervisor\n", ":1:1: expected a section such as [libvirt] alone on its line, found"),
        ("[libvirt]\n  cpu_mode = none\n", ":2:1: expected a setting before an indented line"),
        ("[libvirt]\ncpu_mode = none\n# note\n  host-model\n", ":4:1: expected a setting before an indented line"),
        ("debug = true\n[libvirt]\n", ":1:1: expected a section before the first setting"),
        ("[libvirt]\n[neutron]\nurl\n", ":3:1: expected a setting such as cpu_mode = custom, found \"url\""),
        ("[libvirt]\n= none\n", ":2:1: expected a name before = or :"),
        ("[libvirt]\ncpu_mode = maximum\n", ":2:1: cpu_mode: expected none, host-model, host-passthrough or custom"),
        ("[libvirt]\ncpu_mode =\n", "expected none, host-model, host-passthrough or custom, found \"\""),
        (
            "[libvirt]\ncpu_mode = none\n\ncpu_models = EPYC\n",
            ":4:1: cpu_models: expected no models with cpu_mode = none",
        ),
        ("[libvirt]\ncpu_models = EPYC\n", "expected no models with cpu_mode = host-model, with which nova does not"),
        ("[libvirt]\ncpu_mode = custom\ncpu_models = EPYC,Epic\n", ":3:1: cpu_models: unknown CPU model \"Epic\""),
        ("[libvirt]\ncpu_mode = custom\ncpu_models = host-model\n", "unknown CPU model \"host-model\""),
        ("[libvirt]\ncpu_mode = custom\ncpu_models = max\n", "unknown CPU model \"max\""),
        ("[libvirt]\ncpu_model_extra_flags = pcid vmx\n", "unknown CPU feature \"pcid vmx\""),
        ("[libvirt]\ncpu_model_extra_flags = vmx,-vmx\n", "expected vmx once, found +vmx and -vmx; remove one"),
        ("[libvirt]\nvirt_type = lxc\n", ":2:1: virt_type: expected kvm or qemu, found \"lxc\""),
    ] {
        let (out, err) = check(conf);
        assert!(err.contains(expected), "{conf}\n{out}{err}");
    }
}
