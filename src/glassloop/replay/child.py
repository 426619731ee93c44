"""The process in which a recorded program runs again, and the rows it writes, as they come."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from glassloop.record import ledger

_LOOK = 0.02  # seconds between two looks at a ledger that has not grown


class Child:
    """A process of its own, in a process group of its own: it ends with this one's `with`, and its workers with it."""

    def __init__(self, command: list[str], *, cwd: Path, environment: Mapping[str, str], output: Path) -> None:
        self.output = output
        with open(output, "ab") as file:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Child:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()

    def kill(self) -> None:
        """End it and what it started, at once; does nothing where it has ended."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group that has gone
                os.killpg(self._process.pid, signal.SIGKILL)  # its workers may outlive it
        elif self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def wait(self, seconds: float | None = None) -> int:
        """Its exit code, once it has ended; where it has not within `seconds`, it is ended."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return self._process.wait()

    def has_failed(self) -> bool:
        """Has it ended, and not with exit code 0?"""
        return bool(self._process.poll())

    def rows(self, path: Path, skip: int = 0) -> Iterator[dict[str, Any]]:
        """The rows from number `skip` on that it writes to the ledger at `path`; ends when it has ended."""
        position, number = 0, 0
        while True:
            ended = self._process.poll() is not None  # before the look: what it wrote until then is seen by it
            for line in _whole_lines(path, position):
                position += len(line)
                number += 1
                if number > skip:
                    yield ledger.parse(line[:-1])
            if ended:
                return
            time.sleep(_LOOK)

    def last_words(self, lines: int = 5) -> str:
        """The last lines that it printed, for the person who asks why it ended."""
        said = self.output.read_bytes()[-4000:].decode("utf-8", "replace").strip().splitlines()
        return "\n".join(said[-lines:])


def _whole_lines(path: Path, position: int) -> Iterator[bytes]:
    """The lines of a file that is being written, from a byte on; none where there is no file yet."""
    if not path.exists():
        return
    with open(path, "rb") as file:
        file.seek(position)
        for line in file:
            if not line.endswith(b"\n"):
                return  # half a row
            yield line
