"""What the other parts share: errors, folders, requirements, commands and progress."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
REPOSITORY = Path(__file__).resolve().parents[3]
RECORDED = REPOSITORY / "tests" / "recorded"
TOOLS = ("debootstrap", "unshare", "nsenter", "setpriv", "mount", "chroot")
BYTES_PER_ROOT = 1 << 30


class LabError(Exception):
    """An error that the user can correct; the message says what to do."""


def default_folder() -> Path:
    """The folder of the roots: a cache, since everything in it can be made again."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "virt-cpu-explorer-lab"


def run(
    command: Sequence[str | Path], input: str | None = None, timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command and returns its output as text, whatever its exit code."""
    return subprocess.run(command, text=True, capture_output=True, check=False, input=input, timeout=timeout)


def check_requirements(folder: Path, new_roots: int = 0) -> None:
    """Raises an error that lists everything that is missing, before anything is changed."""
    missing = []
    absent = [tool for tool in TOOLS if not shutil.which(tool) and (new_roots or tool != "debootstrap")]
    if absent:
        missing.append(f"programs: {', '.join(absent)}; run `apt-get install debootstrap util-linux`")
    if not sys.platform.startswith("linux"):
        missing.append("Linux: libvirt and QEMU run in Linux namespaces")
    elif os.geteuid() != 0:
        missing.append("root: chroot and namespaces need it; run the command with sudo")
    elif "unshare" not in absent and run(["unshare", "--mount", "--pid", "--net", "--fork", "true"]).returncode != 0:
        missing.append("namespaces: `unshare --mount --pid --net --fork true` fails; a container needs more privileges")
    if new_roots:
        existing = next(parent for parent in [folder, *folder.parents] if parent.exists())
        free, need = shutil.disk_usage(existing).free, new_roots * BYTES_PER_ROOT
        if free < need:
            missing.append(f"disk: {existing} has {free >> 20} MiB free, {new_roots} roots need {need >> 20} MiB")
    if missing:
        raise LabError("the laboratory needs:\n" + "\n".join(f"  {line}" for line in missing))


def exit_on_signals() -> None:
    """Turns SIGTERM and SIGHUP into an exit, so that the clean-up of open contexts runs."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))


def progress(items: Iterable[T], what: str) -> Iterator[T]:
    """Iterates with a progress bar of tqdm, or with a counter on standard error where tqdm is not installed."""
    items = list(items)
    try:
        from tqdm import tqdm  # type: ignore[import-untyped]
    except ImportError:
        for index, item in enumerate(items, 1):
            print(f"\r{what}: {index} of {len(items)}", end="", file=sys.stderr, flush=True)
            yield item
        print(file=sys.stderr)
    else:
        yield from tqdm(items, desc=what, unit="")
