"""Breaks somebody's own loop at one line, and runs it beside itself for a bounded number of steps."""

from __future__ import annotations

import difflib
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from glassloop.errors import UserError
from glassloop.lab.edits import moved
from glassloop.lab.figures import Trace, figures, finite
from glassloop.lab.jobs import Job, Ran, run_jobs
from glassloop.lab.trial import verdict

MOVES = ("up", "down", "drop", "duplicate")
SEED = 0


class Change(NamedTuple):
    """What is changed: a script, a line of it, and one of `MOVES`."""

    path: str
    line: int
    move: str


class Bounds(NamedTuple):
    """How long a run goes on at most."""

    steps: int = 50
    seconds: float = 120


@dataclass(frozen=True)
class Broken:
    """What was changed, and the two runs. `alike`: a second run of the loop as it is gave the same weights."""

    change: Change
    diff: str
    steps: int
    right: Trace
    wrong: Trace
    verdict: str
    alike: bool

    def as_json(self) -> dict[str, Any]:
        """The object that `lab FILE --format json` prints."""
        return {
            "file": self.change.path,
            "line": self.change.line,
            "move": self.change.move,
            "verdict": self.verdict,
            "diff": self.diff,
            "conditions": {"steps": self.steps, "seed": SEED, "torch": self.right.torch, "repeatable": self.alike},
            "figures": finite({"right": figures(self.right), "wrong": figures(self.wrong)}),
            "findings": {"right": self.right.findings, "wrong": self.wrong.findings},
        }


def break_own(change: Change, argv: Sequence[str] = (), bounds: Bounds = Bounds()) -> Broken:  # noqa: B008, a constant
    """Runs the script as it is (twice) and with the statement at the line moved; nothing is written to it.

    Raises UserError, in one line, for a file that cannot be read or does not train, and for a line that cannot be moved.
    """
    path, line, move = change
    if bounds.steps < 1 or bounds.seconds <= 0:
        raise UserError(f"--steps {bounds.steps} --seconds {bounds.seconds:g} would train nothing; give 1 or more")
    text = _read(path)
    broken, _ = moved(text, path, line, move)
    if broken == text:
        done = {"drop": "dropping this statement", "duplicate": "doubling this statement"}.get(
            move, f"moving this statement {move}"
        )
        raise UserError(f"{path}:{line}: {done} changes nothing; name another line")
    usual = Job(text, path, tuple(argv), bounds.steps, 0, threads=0, seed=SEED, limit=bounds.seconds)
    (right,) = _runs([usual], path)
    if right.trace.raised:
        at = f" at line {right.trace.raised_line}" if right.trace.raised_line else ""
        usage = right.trace.raised.startswith("SystemExit") and not argv
        remedy = "if it wants arguments, give them after --" if usage else "mend that first"
        raise UserError(f"{path} itself ends with {right.trace.raised}{at}; {remedy}")
    if not right.trace.columns["loss"]:
        raise UserError(f"{path} does not train: it ended and no optimizer had stepped; name the script that holds the loop")
    # One that no longer steps is stopped by its forwards.
    other = replace(usual, text=broken, forwards=2 * right.trace.forwards + 8)
    wrong, again = _runs([other, usual], path, may_fail=1)
    trace = Trace(raised=f"nothing, but {wrong.error}", torch=right.trace.torch) if wrong.error else wrong.trace
    alike = again.trace.weights == right.trace.weights
    lines = text.splitlines(keepends=True), broken.splitlines(keepends=True)
    diff = "".join(difflib.unified_diff(*lines, fromfile=path, tofile=f"{path} ({move})"))
    return Broken(change, diff, bounds.steps, right.trace, trace, verdict(right.trace, trace).value, alike)


def _runs(jobs: list[Job], path: str, may_fail: int = 0) -> list[Ran]:
    ran = run_jobs(jobs)
    for one in ran[may_fail:]:
        if one.error:
            raise UserError(f"{path} did not come to an end: {one.error}; give fewer --steps or more --seconds")
    return ran


def _read(path: str) -> str:
    if not path.endswith(".py"):
        raise UserError(f"{path} is no Python script; the lab breaks .py files")
    try:
        with tokenize.open(path) as file:
            text = file.read()
        compile(text, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise UserError(f"{path}:{error.lineno} is no Python: {error.msg}") from None
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; name a script that trains, or a rule") from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    return text if text.endswith("\n") else text + "\n"
