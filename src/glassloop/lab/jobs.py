"""A run that is asked for, in words that cross to another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from glassloop.errors import UserError
from glassloop.lab.figures import Trace
from glassloop.lab.pool import Call, Done, run_all


@dataclass(frozen=True)
class Job:
    """A script's text, run as `__main__` under the probes of `lab.probe`.

    `file`: what `__file__` says, with its folder first on the path and the working folder kept ("": a fresh folder is
    both, and is gone afterwards). `steps` and `forwards` end the run early, after that many optimizer steps or forwards
    that record a graph (0: no bound). `threads`: of torch (0: its own choice). `seed`: of all generators, before the first
    line (None: left alone). `graph`: count the bytes that graphs keep.
    """

    text: str
    file: str = ""
    argv: tuple[str, ...] = ()
    steps: int = 0
    forwards: int = 0
    threads: int = 1
    seed: int | None = None
    graph: bool = True
    limit: float = 60.0  # seconds


@dataclass(frozen=True)
class Ran:
    """A run that was made: its trace, and what it printed. `error`: why there is no trace ("" where there is one)."""

    trace: Trace
    output: str
    error: str


def run_jobs(jobs: Sequence[Job], workers: int | None = None, each: object = None) -> list[Ran]:
    """Runs the jobs, each in a process of its own; `each()`, where given, is called after every one that ended."""
    if each is not None and not callable(each):
        raise TypeError("each must be callable")
    calls = [Call("glassloop.lab.child:run", (job,), job.limit) for job in jobs]
    done = run_all(calls, workers, lambda _, __: each() if callable(each) else None)
    return [_ran(job, one) for job, one in zip(jobs, done, strict=True)]


def _ran(job: Job, done: Done) -> Ran:
    if isinstance(done.value, Trace):
        return Ran(done.value, done.output, "")
    if "No module named 'torch'" in done.error:
        raise UserError("the lab runs training loops and needs torch: pip install torch 'glassloop[train]'")
    return Ran(Trace(), done.output, done.error)
