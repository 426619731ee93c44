"""Runs a recorded training again in a process of its own and compares it with the record, row by row."""

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

from glassloop.errors import UserError
from glassloop.record.verdict import BROKEN, INCOMPLETE, printable
from glassloop.record.verify import verify
from glassloop.replay import plan, surroundings
from glassloop.replay.aside import at_stake, set_aside
from glassloop.replay.comparing import compare
from glassloop.replay.intervals import Interval, intervals, sample
from glassloop.replay.plan import Part
from glassloop.replay.recorded import Recorded
from glassloop.replay.verdict import Sample, Verdict

__all__ = ["BrokenError", "Verdict", "Wanted", "replay"]


class BrokenError(UserError):
    """The record does not hold together: what it says was run need not be what was."""


class Wanted(NamedTuple):
    """Which part of a run is replayed, and how. Nothing given: all of it, up to the first difference."""

    start: int | None = None  # from the checkpoint after this step
    steps: int | None = None  # how many steps from there; None: up to the next checkpoint or the end
    sample: int | None = None  # that many intervals between checkpoints, by `seed`
    seed: int | None = None
    everything: bool = False  # go on after the first difference
    given: Sequence[str] | None = None  # the program's arguments, where the record masked some of them
    anyway: bool = False  # also where the record is broken


def replay(
    folder: Path,
    wanted: Wanted | None = None,
    *,
    agree: Callable[[list[str]], None] = lambda lines: None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Verdict:
    """Run what the run folder `folder` says was run, and compare the rows.

    This runs the recorded program: `agree` is told in lines what will run, where, and how this machine differs, before
    anything does, and raises where that is not wanted. `progress` is told of steps done, of how many.
    Raises UserError where nothing can be replayed, BrokenError where verify finds the record broken.
    """
    began, wanted = time.perf_counter(), wanted or Wanted()
    recorded, verdict = Recorded(folder), Verdict(str(folder))
    _verify(folder, wanted, verdict)
    masked = plan.hidden(recorded)
    if masked and wanted.given is None:
        words = ", ".join(masked)
        raise UserError(f"these arguments were masked when it was recorded: {words}; give all arguments again after `--`")
    chosen = _chosen(recorded, wanted, verdict)
    with tempfile.TemporaryDirectory(prefix="glassloop-replay-") as made, ExitStack() as stack:
        scratch, moved = Path(made), dict[Path, Path]()
        if chosen is None:
            parts = plan.whole(recorded, scratch, wanted.given)
            total = sum(session.steps - (session.resumed or 0) for session in recorded.sessions)
        else:
            parts = plan.between(recorded, chosen, scratch, wanted.given, moved)
            total = sum(part.end - part.start for part in chosen)
        first = next(parts)
        stake = _at_stake(recorded)
        _surroundings(first, verdict)
        agree(_said(recorded, first, chosen, stake, verdict))
        stack.enter_context(set_aside(stake, moved))
        done = 0
        for part in _with_first(first, parts):
            compare(part, recorded, verdict, moved, wanted.everything, partial(_onwards, progress, done, total))
            done += verdict.parts[-1].steps
            if verdict.differing and not wanted.everything:
                break
    verdict.seconds = time.perf_counter() - began
    return verdict


def _onwards(progress: Callable[[int, int], None], done: int, total: int, steps: int) -> None:
    progress(done + steps, total)


def _with_first(first: Part, rest: Iterator[Part]) -> Iterator[Part]:
    yield first
    yield from rest


def _verify(folder: Path, wanted: Wanted, verdict: Verdict) -> None:
    found = verify(folder)
    verdict.record = found.word
    if found.word == BROKEN:
        said = str(next(problem for problem in found.problems if problem.kind == BROKEN))
        if not wanted.anyway:
            remedy = f"`glassloop verify {folder}` says all of it, --anyway replays it all the same"
            raise BrokenError(f"{folder} is {said}; {remedy}")
        verdict.note(said)
    elif found.word == INCOMPLETE:
        verdict.note("the record is incomplete: it is replayed as far as it goes")


def _chosen(recorded: Recorded, wanted: Wanted, verdict: Verdict) -> list[Interval] | None:
    """The intervals that are wanted; None for the whole run."""
    if wanted.sample is None and wanted.start is None:
        return None
    parts = intervals(recorded.checkpoints(), recorded.steps)
    if wanted.sample is not None:
        seed = secrets.randbits(32) if wanted.seed is None else wanted.seed
        found = sample(parts, wanted.sample, seed)
        verdict.sample = Sample(seed, len(parts), found)
        return found
    start = wanted.start or 0
    until = next((part.end for part in parts if part.start == start), recorded.steps)
    end = min(recorded.steps, start + wanted.steps) if wanted.steps is not None else until
    return [Interval(start, end)]


def _at_stake(recorded: Recorded) -> list[Path]:
    """What the program will write over; a shipped loop writes into its run folder alone, which is another one now."""
    if plan.is_loop(recorded.sessions[0]):
        return []
    return at_stake(recorded.folder, [row["path"] for row in recorded.rows() if row["row"] == "checkpoint"])


def _surroundings(part: Part, verdict: Verdict) -> None:
    environment = part.session.facts.get("environment") or {}
    now = surroundings.asked_of_torch(part.environment) if surroundings.needs_torch(environment) else None
    verdict.surroundings = surroundings.differences(environment, now)
    if not (part.session.opened.get("rng") or {}).get("hash_seed"):
        verdict.note("the hash seed was not recorded: if the order of a set mattered, it cannot be made again")


def _said(recorded: Recorded, part: Part, chosen: list[Interval] | None, stake: list[Path], verdict: Verdict) -> list[str]:
    """What will run, in lines for the person who is asked."""
    lines = [f"{recorded.folder} is {verdict.record}" if verdict.record else str(recorded.folder)]
    lines += [f"differs here: {line}" for line in verdict.surroundings] or ["no difference of machine or versions is known"]
    command = " ".join(str(word) for word in part.session.facts["command"])
    lines += [f"will run: {command}", f"its text: {part.source}", f"in: {part.cwd}"]
    if chosen is not None:
        count = sum(one.end - one.start for one in chosen)
        some = ", ".join(f"{one.start + 1}-{one.end}" for one in chosen[:8]) + (", ..." if chosen[8:] else "")
        lines.append(f"steps: {some} ({count} of {recorded.steps})")
    elif len(recorded.sessions) > 1:
        lines.append(f"and then its other sessions, {len(recorded.sessions)} in all, as they went on from each other")
    if stake:
        some = ", ".join(map(str, stake[:3])) + (f" and {len(stake) - 3} more" if stake[3:] else "")
        lines.append(f"set aside meanwhile, and put back: {some}")
    lines.append("what else the program writes or sends, it writes or sends again")
    return [printable(line) for line in lines]
