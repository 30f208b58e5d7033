"""Nodes: a libvirtd and its guests in mount, process and network namespaces of their own."""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .base import LabError, progress, run
from .roots import ENVIRONMENT, Root
from .scenario import Run, domain_xml

EMULATOR = "/usr/bin/qemu-system-x86_64"
GUEST = "guest"
TIMEOUT = 120
MOST_NODES = 24
# Nothing in a node needs a guest to be confined: the node is.
QEMU_CONF = """
security_driver = "none"
namespaces = []
cgroup_controllers = []
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
stdio_handler = "file"
"""
# Another root's QEMU runs in that root. libvirt 7.0.0 forbids that, so it has its own QEMU only.
WRAPPER = f"""#!/bin/sh
exec chroot /laboratory/qemu {EMULATOR} "$@"
"""


def quote(path: Path) -> str:
    """A path as a word of the shell."""
    return shlex.quote(str(path))


@dataclass(frozen=True)
class Pair:
    """A libvirt and a QEMU, each from a root: the same one, or another one's QEMU as the emulator."""

    libvirt_root: Root
    qemu_root: Root

    @property
    def versions(self) -> tuple[str, str]:
        return self.libvirt_root.libvirt, self.qemu_root.qemu

    @property
    def packages(self) -> str:
        """The packages of both, a name that changes when Debian updates one."""
        libvirt, qemu = self.libvirt_root.packages, self.qemu_root.packages
        return f"libvirt {libvirt['libvirt-daemon-driver-qemu']}, QEMU {qemu['qemu-system-x86']}"


def pairs(roots: dict[str, Root]) -> dict[tuple[str, str], Pair]:
    """All pairs by their versions; a pair of one root comes before a mixed one."""
    found: dict[tuple[str, str], Pair] = {}
    mixed = itertools.product(roots.values(), repeat=2)
    for one, other in sorted(mixed, key=lambda both: both[0].name != both[1].name):
        found.setdefault((one.libvirt, other.qemu), Pair(one, other))
    return found


@dataclass
class Result:
    """What virsh did: its output, or libvirt's message."""

    output: str
    error: str | None


def message_of(stderr: str) -> str:
    """libvirt's last message without `error: ` and without the times that QEMU writes."""
    text = ("\n" + stderr).split("\nerror: ")[-1].strip()
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z ", "", text)


class Node:
    """One daemon at a time, with the guests that it started. `pairs` are the daemons, in the order of upgrades."""

    def __init__(self, folder: Path, exchange: Path, name: str, *daemons: Pair) -> None:
        self.name, self.daemons, self.exchange = name, daemons, exchange
        self.state = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=exchange.parent))
        self.cache = folder / "cache"
        self.current = 0
        self.uri = f"qemu+unix:///system?socket=/mnt/{name}/libvirt-sock"
        (exchange / name).mkdir()
        # The kernel ends the whole node with its first process, and that one with this program.
        space = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc"]
        script = self.mounts() + "echo ready\nexec env --ignore-signal=CHLD sleep infinity\n"
        command = ["setpriv", "--pdeathsig", "KILL", *space, "sh", "-ec", script]
        self.space = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.daemon: subprocess.Popen[bytes] | None = None
        assert self.space.stdout and self.space.stderr
        if self.space.stdout.readline() != "ready\n":
            raise LabError(f"cannot prepare the namespaces of a node: {self.space.stderr.read()}")
        children = Path(f"/proc/{self.space.pid}/task/{self.space.pid}/children").read_text()
        self.init = children.split()[0]
        self.start_daemon()

    def mounts(self) -> str:
        """The shell script that lays the node's state, kept outside, over the roots of its daemons."""
        for part in ("run", "lib", "log", "etc", "tmp"):
            (self.state / part).mkdir()
        identity = f'host_uuid = "{uuid.uuid4()}"\nunix_sock_dir = "/mnt/{self.name}"\nauth_unix_rw = "none"\n'
        (self.state / "etc/libvirtd.conf").write_text(identity)
        (self.state / "etc/qemu.conf").write_text(QEMU_CONF)
        wrapper = self.state / "emulator"
        wrapper.write_text(WRAPPER)
        wrapper.chmod(0o755)
        lines = []
        over = {"run": "run", "lib": "var/lib/libvirt", "log": "var/log/libvirt", "etc": "etc/libvirt", "tmp": "tmp"}
        binds = {self.state / part: target for part, target in over.items()} | {self.exchange: "mnt"}
        for root in {root for pair in self.daemons for root in (pair.libvirt_root, pair.qemu_root)}:
            at = quote(root.path)
            lines += [f"mount -t proc proc {at}/proc", f"mount -t sysfs -o ro sysfs {at}/sys"]
            lines.append(f"mount --rbind /dev {at}/dev")
            for outside, target in binds.items():
                lines.append(f"mkdir -p {at}/{target}\nmount --bind {quote(outside)} {at}/{target}")
        for pair in self.daemons:
            at = quote(pair.libvirt_root.path)
            cache = self.cache / pair.packages.replace(" ", "_")
            cache.mkdir(parents=True, exist_ok=True)
            lines.append(f"mkdir -p {at}/var/cache/libvirt\nmount --bind {quote(cache)} {at}/var/cache/libvirt")
            if pair.libvirt_root != pair.qemu_root:
                lines.append(f"mount --rbind {quote(pair.qemu_root.path)} {at}/laboratory/qemu")
                lines.append(f"mount --bind {quote(wrapper)} {at}{EMULATOR}")
        return "".join(line + "\n" for line in lines)

    @property
    def pair(self) -> Pair:
        return self.daemons[self.current]

    def inside(self, root: Root, *command: str) -> list[str]:
        """A command that runs in the node, in a root."""
        enter = ["nsenter", "--target", self.init, "--mount", "--pid", "--net"]
        return [*enter, "chroot", str(root.path), *ENVIRONMENT, *command]

    def start_daemon(self) -> None:
        """Starts libvirtd and waits until it answers."""
        log = (self.state / "libvirtd.log").open("ab")
        command = self.inside(self.pair.libvirt_root, "/usr/sbin/libvirtd")
        self.daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            if (self.exchange / self.name / "libvirt-sock").exists() and self.virsh("uri").error is None:
                return
            if self.daemon.poll() is not None:
                break
            time.sleep(0.05)
        said = (self.state / "libvirtd.log").read_text(errors="replace")[-2000:]
        raise LabError(f"libvirtd {self.pair.versions[0]} does not answer; it said:\n{said}")

    def upgrade(self) -> None:
        """Replaces the daemon by the next one; the guests go on."""
        assert self.daemon
        run(self.inside(self.pair.libvirt_root, "sh", "-c", "kill $(cat /run/libvirtd.pid)"))
        self.daemon.wait(TIMEOUT)
        (self.exchange / self.name / "libvirt-sock").unlink(missing_ok=True)
        self.current += 1
        self.start_daemon()

    def virsh(self, *words: str) -> Result:
        """Runs the virsh of the daemon's own root."""
        command = self.inside(self.pair.libvirt_root, "virsh", "-q", "-c", self.uri, *words)
        try:
            done = run(command, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return Result("", f"no answer from virsh {words[0]} within {TIMEOUT} s")
        return Result(done.stdout, message_of(done.stderr) if done.returncode else None)

    def monitor(self, command: str, **arguments: object) -> Any:
        """What QEMU answers to a QMP command; None if it refuses."""
        reply = self.virsh("qemu-monitor-command", GUEST, json.dumps({"execute": command, "arguments": arguments}))
        return json.loads(reply.output).get("return") if reply.error is None else None

    def last_cpu_argument(self) -> str | None:
        """The argument of `-cpu` when QEMU was last started here for the guest."""
        log = self.state / f"log/qemu/{GUEST}.log"
        words = re.findall(r"-cpu '?([^\s']+)", log.read_text(errors="replace")) if log.exists() else []
        return words[-1] if words else None

    def forget_guest(self) -> None:
        """Ends the guest and removes what is left of it."""
        self.virsh("destroy", GUEST)
        (self.state / f"log/qemu/{GUEST}.log").unlink(missing_ok=True)

    def close(self) -> None:
        """Ends every process of the node; its mounts end with them."""
        self.space.kill()
        self.space.wait()
        if self.daemon:
            self.daemon.wait()
        shutil.rmtree(self.exchange / self.name, ignore_errors=True)
        shutil.rmtree(self.state, ignore_errors=True)


class Nodes:
    """The nodes of a session. A daemon is kept for the next run; one that is upgraded serves one run."""

    def __init__(self, folder: Path, roots: dict[str, Root]) -> None:
        self.folder, self.roots, self.pairs = folder, roots, pairs(roots)
        self.kept: dict[tuple[str, ...], Node] = {}
        self.hosts: dict[tuple[str, str], dict[str, Any]] = {}
        self.count = itertools.count()
        # What a session that was killed left behind; its processes and mounts ended with it.
        for left in Path(tempfile.gettempdir()).glob("vcel-*-*"):
            if not Path("/proc", left.name.split("-")[1]).exists():
                shutil.rmtree(left, ignore_errors=True)
        self.work = Path(tempfile.mkdtemp(prefix=f"vcel-{os.getpid()}-"))
        self.exchange = self.work / "x"
        self.exchange.mkdir()

    def __enter__(self) -> Nodes:
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.kept.values():
            node.close()
        shutil.rmtree(self.work, ignore_errors=True)

    def pair(self, libvirt: str, qemu: str) -> Pair:
        """The pair of these versions, or an error that lists what there is."""
        found = self.pairs.get((libvirt, qemu))
        if not found:
            there = ", ".join(":".join(versions) for versions in sorted(self.pairs))
            raise LabError(f"no roots for libvirt {libvirt} with QEMU {qemu}; the roots here give {there or 'nothing'}")
        return found

    def usable(self) -> list[Pair]:
        """The pairs on which a plain guest starts. The others fail for reasons that are not the CPU's."""
        file = self.folder / "usable-pairs.json"
        known: dict[str, str | None] = json.loads(file.read_text()) if file.exists() else {}
        for pair in progress([pair for pair in self.pairs.values() if pair.packages not in known], "trying pairs"):
            known[pair.packages] = self.try_pair(pair)
            file.write_text(json.dumps(known, indent=1))
        return [pair for pair in self.pairs.values() if known[pair.packages] is None]

    def try_pair(self, pair: Pair) -> str | None:
        """The message with which a pair refuses a plain guest."""
        self.trim()
        try:
            node = self.node("source", pair)
        except LabError as failed:
            return str(failed)
        guest = {"model": "qemu64", "check": "none", "accelerator": "tcg", "machine": "pc-q35-5.2", "features": {}}
        (self.exchange / "guest.xml").write_text(domain_xml({"guest": guest}, GUEST, EMULATOR))
        error = node.virsh("create", "/mnt/guest.xml", "--paused").error
        node.forget_guest()
        return error

    def trim(self) -> None:
        """Ends the nodes that were not used lately, before a run; a daemon takes some 60 MiB."""
        for key in list(self.kept)[:-MOST_NODES]:
            self.kept.pop(key).close()

    def node(self, role: str, *daemons: Pair) -> Node:
        """A node with these daemons. Two roles never share one, so that a guest can move to the same release."""
        key = (role, *(":".join(pair.versions) for pair in daemons))
        node = self.kept.get(key)
        if node is None or node.space.poll() is not None or (node.daemon and node.daemon.poll() is not None):
            if node:
                node.close()
            node = Node(self.folder, self.exchange, f"n{next(self.count)}", *daemons)
        self.kept.pop(key, None)
        self.kept[key] = node
        return node

    def drop(self, node: Node) -> None:
        """Ends a node that cannot be used again."""
        self.kept = {key: kept for key, kept in self.kept.items() if kept is not node}
        node.close()

    def fill_in_hosts(self, run: Run) -> None:
        """Says at each place of a run under KVM what KVM and the processor offer there."""
        if run["guest"]["accelerator"] == "kvm":
            for stop in (run["source"], *run.get("via", []), run["destination"]):
                stop.update(self.host(self.pair(stop["libvirt"], stop["qemu"])))

    def tsc_frequency(self) -> int | None:
        """The TSC frequency of this machine in Hz, as libvirt reads it; None where it varies."""
        node = self.node("source", next(iter(self.pairs.values())))
        counter = ET.fromstring(node.virsh("capabilities").output).find("host/cpu/counter[@name='tsc']")
        return None if counter is None else int(counter.get("frequency", "0"))

    def host(self, pair: Pair) -> dict[str, Any]:
        """What KVM and the processor offer on this machine, as this libvirt and QEMU name it."""
        if pair.versions not in self.hosts:
            self.hosts[pair.versions] = read_host(self.node("source", pair))
        return self.hosts[pair.versions]


def read_host(node: Node) -> dict[str, Any]:
    """Reads `host` from QEMU's model of that name, and the rest from virsh capabilities and /proc/cpuinfo."""
    expansion = {"type": "full", "model": {"name": "host"}}
    commands: list[dict[str, Any]] = [{"execute": "qmp_capabilities"}]
    commands += [{"execute": "query-cpu-model-expansion", "arguments": expansion}, {"execute": "quit"}]
    lines = "".join(json.dumps(line) + "\n" for line in commands)
    qemu = [EMULATOR, "-M", "none,accel=kvm", "-nodefaults", "-display", "none", "-qmp", "stdio"]
    replies = run(node.inside(node.pair.libvirt_root, *qemu), input=lines).stdout.splitlines()
    models = [reply["return"]["model"] for reply in map(json.loads, replies) if reply.get("return")]
    if not models:
        raise LabError("QEMU cannot use KVM here; choose scenarios with accel=tcg")
    features = {name for name, value in models[0]["props"].items() if value is True}
    # libvirt writes some names with underscores. The program ignores names that no CPU map has.
    features |= {name.replace("-", "_") for name in features}
    capabilities = node.virsh("capabilities").output
    (node.state / "tmp/capabilities.xml").write_text(capabilities)
    whole = ET.fromstring(node.virsh("cpu-baseline", "--features", "/tmp/capabilities.xml").output)
    silicon = {feature.get("name", "") for feature in whole.iter("feature") if feature.get("policy") != "disable"}
    cpuinfo = Path("/proc/cpuinfo").read_text()
    signature = (re.search(rf"^{key}\s*: (\d+)", cpuinfo, re.MULTILINE) for key in ("cpu family", "model", "stepping"))
    return {
        "host": sorted(features),
        "host_vendor": ET.fromstring(capabilities).findtext("host/cpu/vendor"),
        "host_silicon": sorted(silicon),
        "host_signature": "-".join(found[1] for found in signature if found),
    }
