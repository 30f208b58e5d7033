"""Scenarios: from a link of the program to a run, and from a run to libvirt's XML and to a line for the program.

A run is a dictionary with the keys of a batch line (docs/JSON.md) and those that README.md beside this folder adds.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import quoteattr

from .base import LabError

Run = dict[str, Any]
MODES = ("host-model", "host-passthrough", "maximum")
POLICIES = ("force", "require", "optional", "disable", "forbid")
GUEST_KEYS = ("accel", "machine", "topology", "check", "match", "fallback", "vendor", "migratable", "tsc", "pmu")
# Keys that say what the laboratory finds out, and keys that only choose what the program shows.
FOUND_OUT = ("host", "from-host", "to-host", "feature")
DEFAULTS = {"machine": "pc-q35-4.0", "accel": "kvm"}


def from_link(link: str) -> Run:
    """The run of a link in the program's printed form, where source and destination have their QEMU."""
    cpu, *words = link.split(",")
    keys: dict[str, str] = {}
    via: list[str] = []
    features: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        if word[0] in "+-":
            features[word[1:]] = "require" if word[0] == "+" else "disable"
        elif value in POLICIES and name not in GUEST_KEYS:
            features[name] = value
        elif name == "via":
            via.append(value)
        else:
            keys[name] = value
    known = {*GUEST_KEYS, *FOUND_OUT, "from", "to", "started", "transport"}
    if set(keys) - known:
        raise LabError(f"the laboratory cannot run {', '.join(sorted(set(keys) - known))} in {link}")
    if "?" in keys.values() or "any" in keys.values():
        raise LabError(f"the laboratory needs a value in place of ? and any in {link}")
    guest: dict[str, Any] = {"mode" if cpu in MODES else "model": cpu}
    guest |= {name: value for name, value in (DEFAULTS | keys).items() if name in GUEST_KEYS}
    guest["accelerator"] = guest.pop("accel")
    guest["features"] = features
    if "topology" in guest:
        guest["topology"] = [int(part) for part in guest["topology"].split("-")]
    if "tsc" in guest:
        guest["tsc"] = int(guest["tsc"])
    if "pmu" in guest:
        guest["pmu"] = guest["pmu"] == "on"
    destination = end(keys["to"])
    run: Run = {"source": end(keys["from"]), "destination": destination, "guest": guest}
    if via:
        run["via"] = [end(word if ":" in word else f"{word}:{destination['qemu']}") for word in via]
    if "started" in keys:
        started = keys["started"]
        run["started"] = started if ":" in started else f"{started}:{run['source']['qemu']}"
    return run | {"transport": keys.get("transport", "live"), "running": False}


def end(release: str) -> dict[str, Any]:
    """`LIBVIRT:QEMU` as an object."""
    libvirt, _, qemu = release.partition(":")
    return {"libvirt": libvirt, "qemu": qemu}


def batch_line(run: Run) -> Run:
    """What the program is asked: the run without what was recorded."""
    asked = ("id", "source", "destination", "via", "started", "guest", "transport")
    return {key: run[key] for key in asked if key in run}


def cpu_xml(guest: dict[str, Any]) -> str:
    """The `<cpu>` of the definition, with what the scenario says and nothing else."""
    mode = guest.get("mode", "custom")
    attributes = {"mode": mode} | {key: guest[key] for key in ("match", "check", "migratable") if key in guest}
    lines = ["<cpu" + "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items()) + ">"]
    if mode == "custom":
        lines.append(f"<model fallback={quoteattr(guest.get('fallback', 'forbid'))}>{guest['model']}</model>")
    if "vendor" in guest:
        lines.append(f"<vendor>{guest['vendor']}</vendor>")
    if "topology" in guest:
        names = ["sockets", *(["dies"] if len(guest["topology"]) == 4 else []), "cores", "threads"]
        parts = zip(names, guest["topology"], strict=True)
        lines.append("<topology" + "".join(f" {name}='{count}'" for name, count in parts) + "/>")
    for name, policy in guest["features"].items():
        lines.append(f"<feature policy={quoteattr(policy)} name={quoteattr(name)}/>")
    return "".join(lines) + "</cpu>"


def domain_xml(run: Run, name: str, emulator: str) -> str:
    """A definition of a small guest without devices."""
    guest = run["guest"]
    kind = "kvm" if guest["accelerator"] == "kvm" else "qemu"
    count = guest.get("vcpus", 1)
    for part in guest.get("topology", []):
        count *= part
    pmu = f"<pmu state='{'on' if guest['pmu'] else 'off'}'/>" if "pmu" in guest else ""
    clock = f"<clock offset='utc'><timer name='tsc' frequency='{guest['tsc']}'/></clock>" if "tsc" in guest else ""
    return (
        f"<domain type='{kind}'><name>{name}</name><memory unit='MiB'>16</memory><vcpu>{count}</vcpu>"
        f"<os><type arch='x86_64' machine={quoteattr(guest['machine'])}>hvm</type><boot dev='hd'/></os>"
        f"<features><acpi/>{pmu}</features>{cpu_xml(guest)}{clock}<devices><emulator>{emulator}</emulator>"
        "<controller type='usb' model='none'/><memballoon model='none'/></devices></domain>"
    )
