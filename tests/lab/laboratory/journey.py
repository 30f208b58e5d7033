"""Runs a scenario on nodes and records what happened at each step."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from . import nodes, scenario
from .base import LabError
from .nodes import EMULATOR, GUEST, Node, Nodes, Result
from .scenario import Run

Policies = dict[str, str]
# What QEMU's words show and a guest cannot see: whether `ht` shows depends on the topology alone.
NOT_SEEN = {"ht", "cmp_legacy", "pdcm"}


def record(run: Run, lab: Nodes) -> Run:
    """Runs the scenario and returns it with everything that was recorded. Only the laboratory's own failure raises."""
    run = dict(run)
    lab.trim()
    stops = [run["source"], *run.get("via", []), run["destination"]]
    places = [lab.pair(stop["libvirt"], stop["qemu"]) for stop in stops]
    run["roots"] = [pair.packages for pair in places]
    lab.fill_in_hosts(run)
    question = json.dumps(scenario.batch_line({**run, "id": None}), sort_keys=True)
    run["id"] = hashlib.sha256(question.encode()).hexdigest()[:12]
    run["date"] = datetime.date.today().isoformat()
    daemons = [places[0]]
    if "started" in run:
        libvirt, _, qemu = run["started"].partition(":")
        daemons.insert(0, lab.pair(libvirt, qemu))
    used = [lab.node("source", *daemons)]
    try:
        begin(run, used[0], len(daemons) > 1)
        if "outcome" not in run:
            run_hops(run, lab, used, places[1:])
    finally:
        for node in used:
            node.forget_guest()
        if len(daemons) > 1:
            lab.drop(used[0])
    return run


def begin(run: Run, node: Node, upgraded: bool) -> None:
    """Starts the guest, and replaces the daemon if the scenario says so."""
    (node.exchange / "guest.xml").write_text(scenario.domain_xml(run, GUEST, EMULATOR))
    paused = [] if run["running"] else ["--paused"]
    started = node.virsh("create", "/mnt/guest.xml", *paused)
    run["cpu_arg"] = [node.last_cpu_argument()]
    if started.error is not None:
        run |= {"outcome": "start-refused", "error": started.error}
        return
    describe(run, node, "live")
    if upgraded:
        node.upgrade()
        xml = node.virsh("dumpxml", GUEST)
        if xml.error is not None:
            run |= {"outcome": "lost-in-upgrade", "error": xml.error}
            return
        run["upgraded"] = policies(cpu_of(xml.output))


def run_hops(run: Run, lab: Nodes, used: list[Node], places: list[nodes.Pair]) -> None:
    """Moves the guest from node to node until it arrives or is refused."""
    run["hops"], run["truth"] = [], []
    first = words = feature_words(used[0])
    for index, pair in enumerate(places):
        source = used[-1]
        # The nodes of a journey alternate between two roles, so that a guest never moves to the daemon it is on.
        node = lab.node("destination" if index % 2 == 0 else "source", pair)
        if node is source:
            raise LabError("a guest cannot move to the daemon that it is on")
        used.append(node)
        moved = move(source, node, run["transport"], run["running"])
        hop: Run = {"to": list(pair.versions), "transport": run["transport"], "cpu_arg": node.last_cpu_argument()}
        hop["outcome"] = "completed" if moved.error is None else "aborted"
        run["hops"].append(hop)
        if moved.error is not None:
            hop["still_at_source"] = source.virsh("domstate", GUEST).error is None
            run |= {"outcome": "aborted", "error": moved.error, "stopped_at": index}
            hop["error"] = moved.error
            return
        run["cpu_arg"].append(hop["cpu_arg"])
        describe(hop, node, "arrived")
        here = feature_words(node)
        run["truth"].append(difference(words, here))
        words = here
    run |= {"outcome": "completed", "arrived": run["hops"][-1]["arrived"], "truth_end": difference(first, words)}


def move(source: Node, destination: Node, transport: str, running: bool) -> Result:
    """Moves the guest; the message is that of the command that failed."""
    if transport == "save":
        (source.exchange / "saved").unlink(missing_ok=True)
        saved = source.virsh("save", GUEST, "/mnt/saved")
        paused = [] if running else ["--paused"]
        return saved if saved.error is not None else destination.virsh("restore", "/mnt/saved", *paused)
    (source.exchange / "migrate.sock").unlink(missing_ok=True)
    flags = ["--live", "--migrateuri", "unix:///mnt/migrate.sock"] + (["--p2p"] if transport == "p2p" else [])
    return source.virsh("migrate", *flags, GUEST, destination.uri)


def cpu_of(xml: str) -> ET.Element:
    """The `<cpu>` of a definition; an empty one if it has none."""
    cpu = ET.fromstring(xml).find("cpu")
    return ET.Element("cpu") if cpu is None else cpu


def policies(cpu: ET.Element) -> Policies:
    """The features of a `<cpu>` with their policies, in their order."""
    return {feature.get("name", ""): feature.get("policy", "") for feature in cpu.findall("feature")}


def facts(cpu: ET.Element) -> dict[str, str | None]:
    """The rest of a `<cpu>`."""
    model = cpu.find("model")
    fallback = None if model is None else model.get("fallback")
    found = {key: cpu.get(key) for key in ("mode", "match", "check", "migratable")}
    return found | {"model": cpu.findtext("model"), "fallback": fallback, "vendor": cpu.findtext("vendor")}


def describe(target: Run, node: Node, name: str) -> None:
    """Records the live definition, and what a migration would send."""
    live = node.virsh("dumpxml", GUEST).output
    target[name] = policies(cpu_of(live))
    target[f"{name}_cpu"] = facts(cpu_of(live))
    if name == "live":
        target["live_xml"] = re.sub(r">\s+<", "><", live).strip()
    migratable = node.virsh("dumpxml", "--migratable", GUEST)
    if migratable.error is not None:
        target["sent"] = {"error": migratable.error}
        return
    sent = cpu_of(migratable.output)
    target["sent"] = facts(sent) | {"features": policies(sent)}


Words = dict[str, int]


def feature_words(node: Node) -> Words | None:
    """QEMU's own words for what the first processor shows: CPUID registers by their inputs."""
    cpus = node.monitor("query-cpus-fast")
    words = node.monitor("qom-get", path=cpus[0]["qom-path"], property="feature-words") if cpus else None
    if words is None:
        return None
    key = "{cpuid-input-eax:#x}/{cpuid-input-ecx}/{cpuid-register}"
    return {key.format(**{"cpuid-input-ecx": 0} | word).lower(): word["features"] for word in words}


def feature_bits(root: Path) -> dict[tuple[str, int], str]:
    """The names of CPUID bits, from a root's CPU map."""
    bits = {}
    for feature in ET.parse(root / "usr/share/libvirt/cpu_map/x86_features.xml").getroot().iter("feature"):
        for cpuid in feature.findall("cpuid"):
            for register in ("eax", "ebx", "ecx", "edx"):
                value = int(cpuid.get(register, "0"), 16)
                if value and value & (value - 1) == 0:
                    word = f"{int(cpuid.get('eax_in', '0'), 16):#x}/{int(cpuid.get('ecx_in', '0'), 16)}/{register}"
                    bits[word, value.bit_length() - 1] = feature.get("name", "")
    return bits


BITS: dict[tuple[str, int], str] = {}


def difference(before: Words | None, after: Words | None) -> dict[str, list[str]] | None:
    """Which bits the guest lost and gained, named as libvirt does, or as word and bit; None if a side is unknown."""
    if before is None or after is None:
        return None
    found: dict[str, list[str]] = {"lost": [], "gained": []}
    # A word that an older QEMU does not know is zero in its guests.
    for word in sorted(before.keys() | after.keys()):
        for bit in range(32):
            old, new = before.get(word, 0) >> bit & 1, after.get(word, 0) >> bit & 1
            if old != new:
                found["lost" if old else "gained"].append(BITS.get((word, bit), f"{word}/{bit}"))
    return {key: sorted(names) for key, names in found.items()}
