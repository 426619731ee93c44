"""Runs calls, each in a process of its own that is forked from one in which torch is loaded already.

What a call does to its process ends with it: patches, modes, seeds, a killed worker. Where processes cannot be forked
(Windows), each loads torch by itself.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, BinaryIO

WARM = "glassloop.lab.warm"
KEPT = 200_000  # characters of a call's output that are kept, its last ones


@dataclass(frozen=True)
class Call:
    """A function by name, `package.module:function`, so that nobody here has to import it; its arguments are pickled."""

    target: str
    args: tuple[Any, ...] = ()
    limit: float = 60.0  # seconds, after which the process is killed


@dataclass(frozen=True)
class Done:
    """What became of a call: its value, or in `error` why there is none; `output` is what its process printed."""

    value: Any = None
    error: str = ""
    output: str = ""


@dataclass
class _Running:
    index: int
    process: BaseProcess
    result: Connection
    until: float
    printed: BinaryIO


def run_all(
    calls: Sequence[Call], workers: int | None = None, each: Callable[[int, Done], None] = lambda index, done: None
) -> list[Done]:
    """Runs the calls, at most `workers` at once (default: one a core), and gives their results in the calls' order.

    `each(index, done)` is called as they come in. A call that raises, dies or takes too long gives an error; none is raised.
    """
    workers = workers or cores()
    done: dict[int, Done] = {}
    running: list[_Running] = []
    pending = list(enumerate(calls))[::-1]
    try:
        while pending or running:
            while pending and len(running) < workers:
                running.append(_start(*pending.pop()))
            for one in _ready(running):
                running.remove(one)
                done[one.index] = _finish(one, calls[one.index].limit)
                each(one.index, done[one.index])
    finally:
        for one in running:
            _end(one.process)
            one.process.join()
            one.printed.close()
    return [done[index] for index in range(len(calls))]


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ready(running: list[_Running]) -> list[_Running]:
    """Waits until a call has answered, has died or is out of time; gives those."""
    wait([one.result for one in running], timeout=max(0.0, min(one.until for one in running) - time.monotonic()))
    return [one for one in running if one.result.poll() or time.monotonic() >= one.until]


def _start(index: int, call: Call) -> _Running:
    context: Any = multiprocessing.get_context("forkserver" if hasattr(os, "fork") else "spawn")
    if hasattr(os, "fork"):
        context.set_forkserver_preload([WARM])
    ours, theirs = context.Pipe(duplex=False)
    printed = tempfile.NamedTemporaryFile(prefix="glassloop-")  # noqa: SIM115, closed by _finish
    process = context.Process(target=_serve, args=(call, theirs, printed.name))
    process.start()
    theirs.close()
    return _Running(index, process, ours, time.monotonic() + call.limit, printed)  # type: ignore[arg-type]


def _finish(one: _Running, limit: float) -> Done:
    value, error = None, ""
    if one.result.poll():
        try:
            value, error = one.result.recv()
        except EOFError:  # it died without a word
            one.process.join()
            error = f"its process ended with exit code {one.process.exitcode}"
    else:
        error = f"it took longer than {limit:g} s"
        _end(one.process)
    one.process.join()
    one.result.close()
    one.printed.seek(0)
    output = one.printed.read().decode(errors="replace")[-KEPT:]
    one.printed.close()
    return Done(value, error, output)


def _end(process: BaseProcess) -> None:
    """Kills a call's process, and what it has started: its process group is its own."""
    if hasattr(os, "killpg") and process.pid is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _serve(call: Call, result: Connection, printed: str) -> None:
    """Runs in the new process."""
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
    with Path(printed).open("ab", buffering=0) as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    multiprocessing.set_start_method(None, force=True)  # a script's own workers start as they would without us
    module, _, function = call.target.partition(":")
    try:
        answer = getattr(importlib.import_module(module), function)(*call.args), ""
    except BaseException as error:  # whatever it is, the caller hears of it
        traceback.print_exc()
        answer = None, f"{type(error).__name__}: {error}"
    sys.stdout.flush()
    sys.stderr.flush()
    result.send(answer)
    result.close()
    os._exit(0)  # no exit handlers: they are those of the process that this one was forked from, or of a foreign script
