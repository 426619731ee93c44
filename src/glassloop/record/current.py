"""The recordings that are open in this process: who writes a checkpoint, goes on from one or finds a mistake tells them.

Nothing is imported by telling: where nobody records, a call costs a look at an empty list.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol


class Open(Protocol):
    """An open recording. None of these raises."""

    def saving(self, path: Path) -> None:
        """A checkpoint is about to be written to `path`."""

    def saved(self, path: Path, state: str | None) -> None:
        """It is there, whole; `state` is the digest of what it holds, where its writer has one."""

    def unsaved(self) -> None:
        """It could not be written."""

    def resumed(self, step: int, path: Path, epoch: int | None) -> None:
        """The run goes on from the checkpoint at `path`, of so many steps, in `epoch` (from 0)."""

    def found(self, rule: str, path: str, line: int, step: int) -> None:
        """A mistake was found in the loop."""

    def facts(self, home: Path, run: dict[str, Any]) -> None:
        """run.json of the run folder `home` is about to be written."""


recordings: list[Open] = []  # the oldest first


@contextmanager
def checkpoint(path: Path) -> Iterator[list[str]]:
    """Around the writing of a checkpoint. Whoever writes may append the digest of what it holds to the list it is given."""
    told = tuple(recordings)
    for one in told:
        one.saving(path)
    state: list[str] = []
    try:
        yield state
    except BaseException:
        for one in told:
            one.unsaved()
        raise
    for one in told:
        one.saved(path, state[0] if state else None)


def resumed(step: int, path: Path, epoch: Any = None) -> None:
    """A checkpoint was restored; see Open."""
    for one in tuple(recordings):
        one.resumed(step, path, epoch if isinstance(epoch, int) else None)


def facts(home: Path, run: dict[str, Any]) -> None:
    """run.json is about to be written; see Open."""
    for one in tuple(recordings):
        one.facts(home, run)


def found(rule: str, path: str, line: int, step: int) -> None:
    """A mistake was found; see Open."""
    for one in tuple(recordings):
        one.found(rule, path, line, step)
