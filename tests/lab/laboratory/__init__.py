"""Runs migrations of guests on real libvirt and QEMU releases, to compare them with what the program says."""
