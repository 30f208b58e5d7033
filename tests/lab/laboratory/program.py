"""Asks the program, and compares its answers with what was recorded."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from . import journey, scenario
from .base import REPOSITORY, LabError, run
from .scenario import Run

Answer = dict[str, Any]


class Program:
    """The binary of virt-cpu-explorer."""

    def __init__(self, path: Path | None) -> None:
        built = [REPOSITORY / "target" / profile / "virt-cpu-explorer" for profile in ("release", "debug")]
        found = [path] if path else sorted((p for p in built if p.exists()), key=lambda p: -p.stat().st_mtime)
        if not found or not found[0].exists():
            raise LabError(f"no program at {path or built[1]}; run `cargo build`, or name one with --program")
        self.path = found[0]

    def ask(self, *words: str, text: str | None = None) -> str:
        """The output of a command; exit code 1 is an answer too."""
        done = run([self.path, *words], input=text)
        if done.returncode not in (0, 1):
            raise LabError(f"{self.path.name} {' '.join(words)}:\n{done.stderr.strip()}")
        return done.stdout

    def link(self, words: str) -> str:
        """The scenario in the printed form, which names both QEMUs."""
        return str(json.loads(self.ask("check", "--format", "json", words))["scenario"])

    def names(self, what: str) -> list[str]:
        """What `list WHAT` lists."""
        return [item["name"] for item in json.loads(self.ask("list", what, "--format", "json"))]

    def answers(self, runs: list[Run], *flags: str) -> list[Answer]:
        """The answers to runs; a run that the program calls invalid has the key `invalid`."""
        lines = "".join(json.dumps(scenario.batch_line(one)) + "\n" for one in runs)
        done = run([self.path, "check", "--batch", "-", *flags], input=lines)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        if len(answers) != len(runs):
            raise LabError(f"{len(answers)} answers to {len(runs)} runs:\n{done.stderr.strip()}")
        return answers


# Messages of what the program does not cover (README.md): the kernel, device state, and pairs of libvirt and QEMU
# that do not work together.
OUTSIDE = (
    "failed to set MSR",
    "error while loading state",
    "load of migration failed",
    "migration to a file is not supported",
    "Parameter 'detach' is unexpected",
)


def verdict_of(one: Run, different: list[str]) -> str:
    """`equal`, `depends`, `outside` or `wrong`."""
    if not different:
        return "equal"
    if different == ["depends"]:
        return "depends"
    return "outside" if any(words in one.get("error", "") for words in OUTSIDE) else "wrong"


def tally(runs: list[Run], answers: list[Answer]) -> str:
    """A Markdown table of how many runs of each kind came out how."""
    counts: dict[str, Counter[str]] = {}
    for one, answer in zip(runs, answers, strict=True):
        verdict = verdict_of(one, differences(one, answer))
        for kind in (f"{one.get('kind', 'run')}, {one['guest']['accelerator']}", "all"):
            counts.setdefault(kind, Counter())[verdict] += 1
    columns = ("equal", "depends", "wrong", "outside")
    lines = [f"| kind | runs | {' | '.join(columns)} |", "|---|---|" + "---|" * len(columns)]
    for kind, count in sorted(counts.items(), key=lambda item: (item[0] == "all", item[0])):
        lines.append(f"| {kind} | {count.total()} | {' | '.join(str(count[column]) for column in columns)} |")
    return "\n".join(lines)


def comparable(message: str | None) -> str | None:
    """A message without what differs from run to run: QEMU's own exit comes in one of two frames of libvirt's."""
    if message and "unsupported machine type" in message:
        return "unsupported machine type"
    if message and "can't apply global" in message:
        return message[message.index("can't apply global") :]
    return message


def differences(one: Run, answer: Answer) -> list[str]:
    """What the program says otherwise than it happened; ["depends"] if it does not decide; nothing if all is equal."""
    if "invalid" in answer:
        return ["invalid"]
    if answer["outcome"] == "depends":
        return ["depends"]
    found = []
    if answer["outcome"] != one["outcome"]:
        found.append("outcome")
    if comparable(answer.get("error")) != comparable(one.get("error")):
        found.append("error")
    for key, recorded in (("live", one.get("upgraded", one.get("live"))), ("arrived", one.get("arrived"))):
        said = answer.get(key)
        if (said and list(said.items())) != (recorded and list(recorded.items())):
            found.append(key)
    return found + seen(one, answer)


def seen(one: Run, answer: Answer) -> list[str]:
    """Whether the guest lost or gained something else, if QEMU's feature words were read at source and destination."""
    truth = one.get("truth_end")
    if answer["outcome"] != "completed" or one["outcome"] != "completed" or truth is None:
        return []
    found = []
    for key in ("lost", "gained"):
        # The program names the XSAVE states of the first register only, as `0xd/0/eax.2`.
        states = {name.replace("eax/", "eax.") for name in truth[key] if name.startswith("0xd/0/eax/")}
        features = {name for name in truth[key] if "/" not in name} - journey.NOT_SEEN
        # QEMU's words cover CPUID alone: what the program says of other registers is not judged.
        said = (set(answer[key]) - journey.NOT_SEEN) & set(journey.BITS.values())
        if (features, states) != (said, set(answer.get(f"xsave_{key}", []))):
            found.append(key)
    return found


def table(one: Run, answer: Answer) -> str:
    """The result of the run next to the program's answer."""
    truth = one.get("truth_end") or {}
    there = {**one, **truth, "live": one.get("upgraded", one.get("live"))}
    lines = []
    for key in ("outcome", "error", "live", "arrived", "lost", "gained"):
        recorded, said = short(there.get(key)), short(answer.get(key))
        same = recorded == said or (key in ("lost", "gained") and not truth)
        lines += [f"  {key:8} {recorded}"] if same else [f"  {key:8} {recorded}", f"  program  {said}"]
    depends = ", ".join(answer.get("depends_on", []))
    return "\n".join([*lines, f"  verdict  {answer.get('verdict')}" + (f": depends on {depends}" if depends else "")])


def short(value: object) -> str:
    """A value as one word or sentence."""
    if isinstance(value, dict):
        return " ".join(f"{name}={policy}" for name, policy in value.items()) or "(no features)"
    if isinstance(value, list):
        return " ".join(value) or "nothing"
    return "-" if value is None else str(value)
