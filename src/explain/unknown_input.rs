//! Tells how to find out the value of an unknown input.

use crate::resolve::TOO_MANY;

/// Returns how a user finds out the value of an unknown input, by the name that an answer gives it.
pub(crate) fn how_to_find_out(input: &str) -> &'static str {
    let begins = |start: &str| input.starts_with(start);
    if begins("changes in QEMU package") || begins("fixes in libvirt package") {
        "Read the package's changelog, for example with rpm -q --changelog PACKAGE."
    } else if begins("machine types of") {
        "Run the emulator of that package with -machine help."
    } else if begins("machine type") {
        "Run virsh dumpxml GUEST and read the machine attribute of <os><type>."
    } else if begins("topology") {
        "Run virsh dumpxml GUEST and read <topology> in <cpu>; without it, each vCPU has a socket of its own."
    } else if begins("inactive definition") {
        "Pass /run/libvirt/qemu/GUEST.xml of the source, which has both definitions."
    } else if begins("-cpu option") {
        "Read the last -cpu in /var/log/libvirt/qemu/GUEST.log on the source."
    } else if begins("CPU definition") {
        "Pass the file of the running guest: kubectl get vmi -o yaml, or virsh dumpxml GUEST."
    } else if begins("model") {
        "Run virsh dumpxml GUEST and read <model> in <cpu>."
    } else if begins("host-model") {
        "Run virsh dumpxml GUEST on the source and pass the file: it has the expanded CPU."
    } else if begins("host") {
        "Run virsh domcapabilities on the host and pass the file."
    } else if begins("libvirt map") {
        "Pass /usr/share/libvirt/cpu_map of that release with --cpu-map."
    } else if begins("switch") {
        "The code of this release was not read; check both neighbouring releases, or name another release."
    } else if begins("libvirt") {
        "Run virsh version --daemon on that host."
    } else if begins("QEMU") && !begins("QEMU of") {
        "This release was not read; import --qemu PROGRAM adds its facts."
    } else if begins("QEMU") {
        "Run virsh version on that host."
    } else if input == TOO_MANY {
        "Specify some of the unknown inputs, so that the others can be tried."
    } else {
        "Select each value in turn to see its answer."
    }
}
