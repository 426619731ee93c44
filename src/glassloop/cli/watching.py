"""The watch around a program that `glassloop run` runs: begun before its first line, ended after its last."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassloop.cli.program import Program, execute
from glassloop.errors import UserError
from glassloop.record import findings, manifest
from glassloop.record.files import write_json

if TYPE_CHECKING:
    from glassloop.recording import Recording
    from glassloop.tap.first import FirstStep

STOPPED = 3  # the exit code where a strict watch stopped the program


class Watching:
    """How a program is watched, and afterwards what was found, as findings.json lists it."""

    def __init__(self, on: bool, strict: bool, profile: bool = False, preflight: bool = True) -> None:
        # One rank of many speaks for all: they run the same lines.
        self._on, self._strict = on and manifest.is_recording_process(), strict
        self._profile, self._preflight = profile, preflight
        self._shipped = False
        self.findings: list[dict[str, Any]] = []

    def run(self, program: Program, args: list[str], folder: Path | None, recording: "Recording | None" = None) -> int:
        """Run `program` and return its exit code, or 3. The findings are written to `folder` if it holds a record then.

        `recording` hears until the program has ended.
        """
        self._shipped = folder is not None and program.path.parent == folder.absolute() / "source"
        if not self._on:
            code = execute(program, args)
            if recording is not None:
                recording.stop()
            return code
        from glassloop.watch import MistakeFoundError, Watch, terminal

        process, home = os.getpid(), folder.absolute() if folder else None
        before = findings.earlier(home / "findings.json") if home is not None else []

        def save(_: object = None) -> None:
            """At each finding, so that a run that is killed leaves what was found."""
            if home is not None and (home / "run.json").exists():
                findings.write(home / "findings.json", before, seen.as_json(), _session(home))

        first = self._first if self._preflight else None
        seen = Watch(terminal, save, strict=self._strict, lines="profile" if self._profile else "count", first=first)
        code = execute(program, args, stopped_by=MistakeFoundError, stopped_code=STOPPED)
        if os.getpid() != process:  # a fork of the program came back here: the watch is its parent's
            return code
        seen.stop(ended=code == 0)
        if recording is not None:  # the hooks put in first are taken out last
            recording.stop()
        self.findings = seen.as_json()
        if home is not None and (home / "run.json").exists():
            _try_to_write(home / "findings.json", save)
            if seen.tally is not None:
                lines = seen.tally.as_json(program.path.parent)
                _try_to_write(home / "lines.json", lambda: write_json(home / "lines.json", lines))
        return code

    def _first(self, step: "FirstStep") -> None:
        """Say the first step of an optimizer in a line."""
        from rich.console import Console

        from glassloop.cli.first_step import line

        text, fine = line(step)
        if not (fine and self._shipped):  # our loops try their first batch themselves
            style = "dim" if fine else "yellow"
            Console(stderr=True, soft_wrap=True, highlight=False).print(text, style=style, markup=False)


def _session(home: Path) -> int:
    """Which session of its run this is, from 1."""
    run = manifest.read(home)
    return len(run["sessions"]) if run else 1


def _try_to_write(path: Path, write: Callable[[], None]) -> None:
    """Write a file of the record; where that fails, say so. The program has ended, and its exit code stays its own."""
    try:
        write()
    except (OSError, UserError) as error:
        print(f"note: {path.name} could not be written: {error}", file=sys.stderr)
