"""What the commands share: flags, and how they end."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import base, journey, roots
from .nodes import Nodes
from .program import Program, differences, table, tally, verdict_of
from .roots import Root
from .scenario import Run


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Adds the flag that says where the roots are."""
    words = "where roots and runs are kept [default: %(default)s]"
    parser.add_argument("--folder", type=Path, default=base.default_folder(), help=words)


def add_program(parser: argparse.ArgumentParser) -> None:
    """Adds the flag that says which program is asked."""
    parser.add_argument("--program", type=Path, help="the program to ask [default: the newest under target/]")


@contextmanager
def laboratory(folder: Path) -> Iterator[Nodes]:
    """Opens the laboratory with the roots that are ready, and ends everything in it."""
    base.check_requirements(folder)
    with Nodes(folder, load_bits(folder)) as lab:
        yield lab


def load_bits(folder: Path) -> dict[str, Root]:
    """The roots that are ready. Their CPU maps name the bits that QEMU's words show."""
    ready = roots.ready_roots(folder)
    if not ready:
        raise base.LabError(f"no roots in {folder}; make them with tests/lab/roots")
    for root in ready.values():
        journey.BITS.update(journey.feature_bits(root.path))
    return ready


def read_runs(path: Path) -> list[Run]:
    """The runs of a file that `draw` or `run` wrote."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def show(asked: Program, runs: list[Run]) -> None:
    """Asks the program about runs, and prints those that differ and the table."""
    answers = asked.answers(runs)
    for one, answer in zip(runs, answers, strict=True):
        different = differences(one, answer)
        verdict = verdict_of(one, different)
        if verdict in ("wrong", "outside"):
            link = re.sub(r"host=[^,]+", "host=...", answer.get("scenario", ""))
            print(f"{verdict}: {', '.join(different)}: {one['id']} {link}")
            print(table(one, answer) + "\n")
    print(tally(runs, answers))


def main(function: Callable[[], None]) -> None:
    """Runs a command; an error of the user's is one message, and an interrupt cleans up."""
    base.exit_on_signals()
    try:
        function()
    except base.LabError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
