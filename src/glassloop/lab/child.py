"""Runs one script in this process, which is there for nothing else, and gives its trace."""

from __future__ import annotations

import builtins
import contextlib
import io
import json
import os
import random
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from glassloop.events import Event
from glassloop.findings import Finding
from glassloop.lab.figures import Trace
from glassloop.lab.jobs import Job
from glassloop.lab.probe import EnoughError, Probe
from glassloop.watch import Watch

FINAL = "final "


class Heard(Watch):
    """A watch whose events go to the probe as well."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        super().__init__(_say_nothing)

    def hear(self, event: Event) -> None:
        """The tap's sink: the rules first, as the probe may end the run here."""
        super().hear(event)
        self.probe.hear(event)


def run(job: Job) -> Trace:
    """Runs the job's text as `__main__`; what it raises or warns of is part of the trace. Changes this process for good."""
    if job.threads:
        torch.set_num_threads(job.threads)
    if job.seed is not None:
        _seed(job.seed)
    trace = Trace(torch=str(torch.__version__))
    with tempfile.TemporaryDirectory(prefix="glassloop-lab-") as folder:
        script = Path(folder) / (Path(job.file).name or "loop.py")
        script.write_text(job.text, encoding="utf-8")
        if not job.file:
            os.chdir(folder)
        printed = Tee(sys.stdout)
        probe = Probe(trace, job.steps, job.forwards)
        with contextlib.redirect_stdout(printed), _warnings(trace), probe.graphs(job.graph), probe:
            heard = Heard(probe)
            _execute(script, job, trace)
            heard.stop(ended=not trace.raised)
            trace.graph_end = probe.kept.now
        probe.sum_up()
        trace.findings = _findings(heard, str(script), job.file)
        trace.final = printed.final()
        os.chdir("/")
    return trace


def _seed(seed: int) -> None:
    torch.manual_seed(seed)
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)  # the global generator is what a script without seeds draws from


def _execute(script: Path, job: Job, trace: Trace) -> None:
    path = str(Path(job.file).absolute()) if job.file else str(script)
    sys.argv[:] = [job.file or script.name, *job.argv]
    sys.path[0:1] = [os.path.dirname(os.path.realpath(path))]
    main = ModuleType("__main__")
    main.__dict__.update(__file__=path, __builtins__=builtins, __loader__=SourceFileLoader("__main__", str(script)))
    sys.modules["__main__"] = main
    try:
        exec(compile(job.text, str(script), "exec", dont_inherit=True), main.__dict__)
    except EnoughError:
        trace.stopped = True
    except SystemExit as leave:
        trace.raised = "" if leave.code in (None, 0) else f"SystemExit: {leave.code}"
    except BaseException as error:
        traceback.print_exc()
        frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(script)]
        line = error.lineno if isinstance(error, SyntaxError) else next(reversed(frames), 0)
        trace.raised, trace.raised_line = f"{type(error).__name__}: {' '.join(str(error).split())}", line or 0


@contextlib.contextmanager
def _warnings(trace: Trace) -> Iterator[None]:
    """Collects what the script is warned of, each text once."""

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        text = f"{category.__name__}: {' '.join(str(message).split())}"
        if text not in trace.warned:
            trace.warned.append(text)

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = show
        yield


def _findings(heard: Watch, script: str, file: str) -> list[dict[str, Any]]:
    found = heard.as_json()
    for one in (*found, *(other for finding in found for other in finding["related"])):
        if os.path.basename(one["path"]) == os.path.basename(script):
            one["path"] = file or os.path.basename(script)
    return found


def _say_nothing(finding: Finding) -> None:
    """A sink: what was found is read afterwards."""


class Tee(io.TextIOBase):
    """Passes on what is printed, and remembers the last line that begins with `final {`."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._line, self._last = stream, "", ""

    def write(self, text: str) -> int:
        """Print it."""
        self._stream.write(text)
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            if line.startswith(FINAL + "{"):
                self._last = line[len(FINAL) :]
        return len(text)

    def flush(self) -> None:
        """Hand on what is waiting."""
        self._stream.flush()

    def fileno(self) -> int:
        """The stream's own."""
        return int(self._stream.fileno())

    def final(self) -> dict[str, Any]:
        """What stood behind the last `final`; empty where nothing did, or no JSON object."""
        try:
            found = json.loads(self._last or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}
