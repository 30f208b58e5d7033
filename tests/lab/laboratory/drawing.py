"""Draws random scenarios over everything that a scenario can say."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .base import LabError
from .nodes import EMULATOR, Nodes, Pair
from .program import Program
from .roots import in_root
from .scenario import POLICIES, Run, end

VENDORS = ("Intel", "AMD", "Hygon", "Zhaoxin")
TOPOLOGIES = ([2, 1, 1], [1, 2, 1], [1, 1, 2], [2, 2, 1], [1, 2, 2], [1, 2, 1, 1], [2, 1, 2, 1])
# The upgrades that most Debian hosts go through, by the names of roots.
UPGRADES = (("bullseye", "bookworm"), ("bookworm", "trixie"), ("trixie", "forky"), ("bookworm", "bookworm-backports"),
            ("trixie", "trixie-backports"))  # fmt: skip


class Drawer:
    """Draws scenarios that the roots at hand can run; the same seed and roots give the same scenarios."""

    def __init__(self, seed: int, lab: Nodes, program: Program) -> None:
        self.random = random.Random(seed)
        self.lab = lab
        self.models, self.features = program.names("models"), program.names("features")
        self.pairs = lab.usable()
        self.known = {name: set(re.findall(r"[\w.-]+", models_of(root.path))) for name, root in lab.roots.items()}
        self.machines = {name: machines_of(root.path) for name, root in lab.roots.items()}
        self.kvm = os.access("/dev/kvm", os.R_OK | os.W_OK)
        self.tsc = lab.tsc_frequency()
        self.kinds: dict[str, Callable[[], Run]] = {
            "named model": self.plain,
            "policies": self.policies,
            "check, match, fallback, vendor": self.checks,
            "host-model": lambda: self.mode("host-model"),
            "host-passthrough, maximum": lambda: self.mode(self.random.choice(["host-passthrough", "maximum"])),
            "several hops": self.hops,
            "upgraded daemon": self.upgraded,
            "Debian upgrade, live": self.debian,
        }

    def draw(self, kind: str) -> Run:
        """One scenario of a kind."""
        run = self.kinds[kind]()
        # The keys of a run stay in one order: what differs between two files is what was recorded.
        order = ("kind", "source", "destination", "via", "started", "guest", "transport", "running")
        return {key: value for key in order if (value := (run | {"kind": kind}).get(key)) is not None}

    def some(self, chance: float) -> bool:
        return self.random.random() < chance

    def pair(self) -> Pair:
        """A pair; those of one root, which Debian ships, are as likely as all mixed ones."""
        shipped = [pair for pair in self.pairs if pair.libvirt_root == pair.qemu_root]
        return self.random.choice(shipped if self.some(0.5) else self.pairs)

    def between(self, source: Pair, destination: Pair, cpu: dict[str, Any]) -> Run:
        """A run between two pairs of a guest with this CPU."""
        here, there = (self.machines[pair.qemu_root.name] for pair in (source, destination))
        common = [machine for machine in here if machine in there]
        accelerator = "kvm" if self.kvm and self.some(0.3) else "tcg"
        machine = self.random.choice(here if self.some(0.1) else common)
        return {
            "source": end(":".join(source.versions)),
            "destination": end(":".join(destination.versions)),
            "guest": cpu | {"machine": machine, "accelerator": accelerator},
            "transport": self.random.choice(["save", "live", "p2p"]),
            "running": self.some(0.1),
        }

    def model(self, source: Pair) -> dict[str, Any]:
        """A named model, nearly always one that the source's libvirt knows; checks that refuse most guests are rare."""
        known = [model for model in self.models if model in self.known[source.libvirt_root.name]]
        cpu: dict[str, Any] = {"model": self.random.choice(known if self.some(0.95) else self.models), "features": {}}
        check = self.random.choices([None, "none", "partial", "full"], [2, 6, 1, 1])[0]
        cpu |= {"check": check} if check else {}
        return cpu | ({"topology": self.random.choice(TOPOLOGIES)} if self.some(0.25) else {})

    def choose(self, count: int) -> dict[str, str]:
        """Features with policies."""
        return {name: self.random.choice(POLICIES) for name in self.random.sample(self.features, count)}

    def plain(self) -> Run:
        source = self.pair()
        return self.between(source, self.pair(), self.model(source))

    def policies(self) -> Run:
        run = self.plain()
        guest = run["guest"]
        guest["features"] = self.choose(self.random.randint(1, 5))
        if self.some(0.05):
            guest["features"]["invtsc"] = "require"
            guest |= {"tsc": self.tsc} if self.tsc and self.some(0.5) else {}
        return run

    def checks(self) -> Run:
        run = self.plain()
        guest = run["guest"]
        guest["check"] = self.random.choice(["none", "partial", "full"])
        guest["match"] = self.random.choice(["minimum", "exact", "strict"])
        guest |= {"fallback": self.random.choice(["allow", "forbid"])} if self.some(0.5) else {}
        guest |= {"vendor": self.random.choice(VENDORS)} if self.some(0.5) else {}
        guest |= {"pmu": self.some(0.5)} if self.some(0.3) else {}
        guest["features"] = self.choose(self.random.randint(0, 2))
        return run

    def mode(self, mode: str) -> Run:
        source = self.pair()
        cpu: dict[str, Any] = {"mode": mode, "features": self.choose(self.random.choice([0, 0, 1, 3]))}
        cpu |= {"check": self.random.choice(["none", "partial", "full"])} if self.some(0.3) else {}
        cpu |= {"topology": self.random.choice(TOPOLOGIES)} if self.some(0.25) else {}
        if mode != "host-model" and self.some(0.3):
            cpu["migratable"] = self.random.choice(["on", "off"])
        return self.between(source, self.pair(), cpu)

    def hops(self) -> Run:
        run = self.policies() if self.some(0.3) else self.plain()
        return run | {"via": [end(":".join(self.pair().versions)) for _ in range(self.random.randint(1, 3))]}

    def upgraded(self) -> Run:
        """A guest whose daemon is replaced by one that is not older and has the same QEMU."""
        run = self.policies() if self.some(0.3) else self.plain()
        libvirt, qemu = run["source"]["libvirt"], run["source"]["qemu"]
        newer = [pair.versions[0] for pair in self.pairs if pair.versions[1] == qemu]
        newer = [version for version in newer if number(version) > number(libvirt)]
        if not newer:
            return self.upgraded()
        run["source"] = end(f"{self.random.choice(newer)}:{qemu}")
        return run | {"started": f"{libvirt}:{qemu}"}

    def debian(self) -> Run:
        """A live migration from a Debian release to the next one, of the guests that are most common there."""
        here = [upgrade for upgrade in UPGRADES if set(upgrade) <= set(self.lab.roots)]
        if not here:
            raise LabError(f"no roots of two neighbouring Debian releases; make two of {UPGRADES} with tests/lab/roots")
        roots = [self.lab.roots[name] for name in self.random.choice(here)]
        source, destination = (Pair(root, root) for root in roots)
        cpu = self.model(source) if self.some(0.8) else {"mode": "host-model", "features": {}}
        run = self.between(source, destination, cpu)
        return run | {"transport": self.random.choice(["live", "p2p"]), "running": self.some(0.3)}


def number(version: str) -> list[int]:
    """A version in a form that sorts."""
    return [int(part) for part in version.split(".")]


def models_of(root: Path) -> str:
    """The models of a root's CPU map, as libvirt lists them."""
    names = (path.name for path in (root / "usr/share/libvirt/cpu_map").glob("x86_*.xml"))
    return " ".join(name.removeprefix("x86_").removesuffix(".xml") for name in names)


def machines_of(root: Path) -> list[str]:
    """The versioned PC machine types of a root's QEMU."""
    return re.findall(r"^(pc-[\w.-]*\d+\.\d+)\b", in_root(root, [EMULATOR, "-machine", "help"]), re.MULTILINE)
