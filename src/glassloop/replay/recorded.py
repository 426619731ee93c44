"""A run folder, as a replay needs it: its sessions, each with the facts it began with and the rows it left."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from glassloop.errors import UserError
from glassloop.record import ledger, manifest
from glassloop.record.difference import lasting
from glassloop.record.tensors import content_digest

Row = dict[str, Any]


class Session(NamedTuple):
    """A session of a run: `begins` is the number of its run row, `ends` that of the row after its last one."""

    number: int  # from 1
    facts: dict[str, Any]  # run.json's, as this session began: command, cwd, entry, sources, config, environment, ...
    opened: Row  # its run row, with "every" completed by what was chosen later
    begins: int
    ends: int
    steps: int  # the last step it has a row of; 0 where it took none
    resumed: int | None  # the step it went on from, where it went on from a checkpoint
    end: Row | None  # None where it was killed

    @property
    def complete(self) -> bool:
        """Did it come to an end of its own, which a replay must come to as well? A kill and Ctrl-C are no such end."""
        return self.end is not None and self.end.get("status") != "stopped"


class Recorded:
    """The run in `folder`. Raises UserError where there is none, or its ledger cannot be read."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise UserError(f"{folder} is no run folder; name one that `glassloop run` or `glassloop.record` left")
        run = manifest.read(folder)
        if run is None or not (folder / ledger.NAME).exists():
            lacks = "run.json" if run is None else ledger.NAME
            raise UserError(f"{folder} holds no {lacks}: nothing was recorded there that could be replayed")
        self.folder, self.run = folder, run
        self.sessions = self._sessions()
        if not self.sessions:
            raise UserError(f"{folder / ledger.NAME} holds no run row; `glassloop verify {folder}` says what is left of it")

    def rows(self) -> Iterator[Row]:
        """Every row of the ledger, from the first. Raises UserError for one whose step is no number."""
        for row in ledger.rows(self.folder / ledger.NAME):
            if type(row.get("step", 0)) is not int:
                raise UserError(f"row {row['n']} of {self.folder / ledger.NAME} is of no step; nothing is replayed")
            yield row

    def of(self, session: Session) -> Iterator[Row]:
        """The rows of one session."""
        return (row for row in self.rows() if session.begins <= row["n"] < session.ends)

    def between(self, start: int, end: int) -> Iterator[Row]:
        """The rows of the steps after `start` up to and with `end`, as they count in the end."""
        for row in lasting(self.rows):
            if row["row"] in ("step", "eval", "checkpoint") and start < row.get("step", 0) <= end:
                yield dict(row)

    @property
    def steps(self) -> int:
        """How many steps the run took."""
        return max(session.steps for session in self.sessions)

    def checkpoints(self) -> dict[int, Path]:
        """The checkpoints of the kit that are at hand, by step, as the ledger's rows have them.

        Those of its own folder have been verified; one that lies elsewhere is looked at here.
        """
        found: dict[int, Path] = {}
        for row in lasting(self.rows):
            name = str(row.get("path", "")) if row["row"] == "checkpoint" and "state" in row else ""
            path = self.folder / name
            if not path.name.startswith("step-") or path.is_symlink() or not (path / "digests.json").is_file():
                continue
            if name == f"checkpoints/{path.name}" or holds(path, row):
                found[row["step"]] = path
        return found

    def _sessions(self) -> list[Session]:
        sessions: list[Session] = []
        for row in self.rows():
            if row["row"] == "run":
                sessions.append(self._opened(row, len(sessions) + 1))
            elif sessions:
                sessions[-1] = _with(sessions[-1], row)
        return sessions

    def _opened(self, row: Row, number: int) -> Session:
        entries = self.run["sessions"]
        changed = entries[number - 1].get("changed", {}) if number <= len(entries) else {}
        facts = {key: value for key, value in self.run.items() if key != "sessions"} | changed
        return Session(number, facts, dict(row), row["n"], row["n"] + 1, 0, None, None)


def holds(path: Path, row: Mapping[str, Any]) -> bool:
    """Has what lies there the contents that the row tells of?"""
    try:
        return content_digest(path) == row.get("digest")
    except (OSError, UserError):
        return False


def _with(session: Session, row: Row) -> Session:
    """The session, with what one more of its rows says."""
    session = session._replace(ends=row["n"] + 1)
    if row["row"] == "step":
        return session._replace(steps=max(session.steps, row["step"]))
    if row["row"] == "resume":
        return session._replace(resumed=row["step"])
    if row["row"] == "end":
        return session._replace(end=row)
    if row["row"] == "note" and isinstance(row.get("every"), dict):
        session.opened["every"] = {**session.opened.get("every", {}), **row["every"]}
    return session
