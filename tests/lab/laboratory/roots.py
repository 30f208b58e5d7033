"""Debian roots with libvirt and QEMU, made by debootstrap."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .base import LabError, run

PACKAGES = ["libvirt-daemon", "libvirt-daemon-driver-qemu", "libvirt-clients", "qemu-system-x86"]
ENVIRONMENT = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]
MIRROR = "http://deb.debian.org"
# Documentation and translations are not unpacked. A mirror that was not updated lately still has signed packages.
APT_AND_DPKG = {
    "etc/dpkg/dpkg.cfg.d/laboratory": "force-unsafe-io\n"
    + "".join(f"path-exclude=/usr/share/{name}/*\n" for name in ("doc", "man", "locale", "info", "help")),
    "etc/apt/apt.conf.d/99laboratory": 'APT::Install-Recommends "false";\nAcquire::Languages "none";\n'
    'Acquire::Check-Valid-Until "false";\n',
    "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",
}


@dataclass(frozen=True)
class Suite:
    """A Debian suite: what debootstrap unpacks, and where the packages of libvirt and QEMU come from."""

    base: str
    pocket: str = ""
    security: bool = True


SUITES = {
    "bullseye": Suite("bullseye"),
    "bookworm": Suite("bookworm"),
    "bookworm-backports": Suite("bookworm", "bookworm-backports"),
    "trixie": Suite("trixie"),
    "trixie-backports": Suite("trixie", "trixie-backports"),
    "forky": Suite("forky", security=False),
    "sid": Suite("sid", security=False),
}


@dataclass(frozen=True)
class Root:
    """A root that is ready, with the versions found in it."""

    name: str
    path: Path
    libvirt: str
    qemu: str
    packages: dict[str, str] = field(hash=False)

    def __str__(self) -> str:
        packages = ", ".join(f"{name} {version}" for name, version in self.packages.items())
        return f"{self.name}: libvirt {self.libvirt}, QEMU {self.qemu} ({packages})"


def ready_roots(folder: Path) -> dict[str, Root]:
    """The roots that were made before, in the order of SUITES."""
    roots = {}
    for name in SUITES:
        path = folder / "roots" / name
        facts = path / "laboratory.json"
        if facts.exists():
            roots[name] = Root(path=path, **json.loads(facts.read_text()))
    return roots


def make_root(folder: Path, name: str) -> Root:
    """Makes one root. A root that is interrupted is removed and never counts as ready."""
    suite = SUITES[name]
    path = folder / "roots" / name
    part = path.with_name(name + ".part")
    shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        base = ready_roots(folder).get(suite.base)
        if suite.pocket and base:
            must(["cp", "-a", "--reflink=auto", base.path, part])
            (part / "laboratory.json").unlink()
        else:
            script = Path("/usr/share/debootstrap/scripts") / suite.base
            script = script if script.exists() else script.with_name("sid")
            must(["debootstrap", "--variant=minbase", suite.base, part, f"{MIRROR}/debian", script])
        write_sources(part, suite)
        pocket = ["-t", suite.pocket] if suite.pocket else []
        in_root(part, ["apt-get", "update"])
        in_root(part, ["apt-get", "upgrade", "-y"])
        in_root(part, ["apt-get", "install", "-y", *pocket, *PACKAGES])
        in_root(part, ["apt-get", "clean"])
        for used in (part / "var/lib/apt/lists").glob("*_*"):
            used.unlink()
        # Only libvirt-daemon-system creates the user and group that libvirtd looks up before it reads its file.
        in_root(part, ["sh", "-c", "id libvirt-qemu || useradd --system --user-group libvirt-qemu"])
        (part / "laboratory/qemu").mkdir(parents=True, exist_ok=True)
        root = look(part, name)
        facts = {key: value for key, value in asdict(root).items() if key != "path"}
        (part / "laboratory.json").write_text(json.dumps(facts))
        part.rename(path)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return ready_roots(folder)[name]


def write_sources(path: Path, suite: Suite) -> None:
    """Writes what apt and dpkg read: the suite with its updates, and nothing that starts a service."""
    suites = [f"debian {suite.base}"]
    if suite.security:
        suites += [f"debian {suite.base}-updates", f"debian-security {suite.base}-security"]
    if suite.pocket:
        suites.append(f"debian {suite.pocket}")
    lines = [f"deb {MIRROR}/{words} main\n" for words in suites]
    (path / "etc/apt/sources.list").write_text("".join(lines))
    for name, text in APT_AND_DPKG.items():
        (path / name).write_text(text)
    (path / "usr/sbin/policy-rc.d").chmod(0o755)


def look(path: Path, name: str) -> Root:
    """Reads the versions from the programs and the packages of a root."""

    def version(program: str, pattern: str) -> str:
        text = in_root(path, [program, "--version"])
        found = re.search(pattern, text)
        if not found:
            raise LabError(f"root {name}: cannot read the version from: {text.strip()}")
        return found[1]

    query = in_root(path, ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES])
    packages = dict(line.split() for line in query.splitlines())
    kept = {key: packages[key] for key in ("libvirt-daemon-driver-qemu", "qemu-system-x86")}
    libvirt = version("/usr/sbin/libvirtd", r"\) ([\d.]+)")
    return Root(name, path, libvirt, version("/usr/bin/qemu-system-x86_64", r"version ([\d.]+)"), kept)


def in_root(path: Path, command: list[str]) -> str:
    """Runs a command in a root, in a process namespace of its own, and returns its output."""
    space = ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={path}/proc"]
    return must([*space, "chroot", path, *ENVIRONMENT, "DEBIAN_FRONTEND=noninteractive", *command])


def must(command: list[str | Path]) -> str:
    """Runs a command and returns its output; an error shows the last lines that it wrote."""
    done = run(command)
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-12:])
        raise LabError(f"failed with exit code {done.returncode}: {' '.join(map(str, command))}\n{last}")
    return done.stdout
