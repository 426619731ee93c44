"""What an audit looks at: a run folder, read once and within bounds. The folder may be a stranger's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from glassloop.audit import passes
from glassloop.audit.passes import Pass, Walk
from glassloop.audit.samples import TRAIN, Key, Loader, Samples, loaders, read_json, samples
from glassloop.errors import UserError
from glassloop.record import ledger
from glassloop.record.reading import inside, open_plain

SOURCE_BYTES = 4 << 20  # of one file that is read


@dataclass
class Session:
    """What the ledger tells of one session: from its run row to the next."""

    started: str
    steps: int = 0  # rows
    first: int | None = None
    last: int | None = None
    resumed_from: int | None = None
    status: str | None = None  # of its end row; None: it was cut
    home: str = ""  # the folder of its data, as a row names it


@dataclass
class Story:
    """The ledger's rows, counted."""

    kinds: Counter[str] = field(default_factory=Counter)
    sessions: list[Session] = field(default_factory=list)
    unread: str = ""  # why reading ended before the file did
    rates: int = 0  # step rows with a learning rate above 0

    @property
    def last(self) -> int:
        """The last step that counts."""
        return self.sessions[-1].last or 0 if self.sessions else 0

    def gaps(self) -> list[tuple[int, int]]:
        """Steps that no row tells of, as (from, to), in what counts of each session."""
        found = []
        at = 0
        for session in self.sessions:
            if session.resumed_from is not None:
                at = min(at, session.resumed_from) if at else session.resumed_from
            if session.first is not None and session.first > at + 1:
                found.append((at + 1, session.first - 1))
            if session.last is not None and session.first is not None:
                missed = session.last - session.first + 1 - session.steps
                found += [(session.first, session.last)] if missed > 0 else []
                at = session.last
        return found


class Evidence:
    """A run folder. Each part is read when it is first asked for. Raises UserError where a part is not what it should be."""

    def __init__(
        self, folder: Path, replay: Mapping[str, Any] | None = None, gradients: Mapping[str, Any] | None = None
    ) -> None:
        self.folder, self.gradients = folder, gradients
        self._replay = replay

    @property
    def replayed_now(self) -> bool:
        """Whether it was run again for this audit."""
        return self._replay is not None

    @property
    def drawn_again(self) -> bool:
        """Whether a replay for this audit, from the first step to the last, gave every row again."""
        found = self._replay or {}
        return found.get("same") is True and not found.get("sample") and found.get("steps") == self.story.last

    @cached_property
    def run(self) -> Mapping[str, Any]:
        """run.json."""
        found = read_json(self.folder, "run.json")
        if not isinstance(found, dict):
            raise UserError(f"{self.folder} holds no run.json, so there is nothing to audit; give the folder of a run")
        return found

    @cached_property
    def story(self) -> Story:
        """What the ledger tells in all. A ledger that cannot be read to its end is counted as far as it goes."""
        found = Story()
        if not (self.folder / ledger.NAME).exists():
            found.unread = "there is no ledger.jsonl"
            return found
        try:
            for row in ledger.rows(self.folder / ledger.NAME):
                _count(found, row)
        except UserError as error:
            found.unread = str(error)
        return found

    @cached_property
    def loaders(self) -> tuple[Loader, ...]:
        """The run's loaders."""
        return loaders(self.folder, self.homes)

    @property
    def homes(self) -> list[str]:
        """The folder of each session's data, by its name in the run folder."""
        sessions = self.story.sessions or [Session("")]
        usual = ["data" if number == 1 else f"data/session-{number}" for number in range(1, len(sessions) + 1)]
        return [session.home or other for session, other in zip(sessions, usual, strict=True)]

    @property
    def training(self) -> tuple[Loader, ...]:
        """Those that fed steps."""
        return tuple(loader for loader in self.loaders if loader.split == TRAIN)

    @property
    def others(self) -> tuple[Loader, ...]:
        """Those that did not: validation, test."""
        return tuple(loader for loader in self.loaders if loader.split != TRAIN)

    @cached_property
    def samples(self) -> Mapping[Key, Samples]:
        """The samples seen, by loader."""
        return {one.key: samples(self.folder, self.homes[one.session - 1], one.number) for one in self.loaders}

    @cached_property
    def walk(self) -> Walk:
        """All passes over the loaders."""
        return passes.passes(self.folder, self.loaders, {key: seen.label for key, seen in self.samples.items()})

    def training_passes(self, loader: Loader) -> list[Pass]:
        """The passes over a loader on which steps were taken."""
        return [made for made in self.walk.passes if made.loader == loader.key and made.steps is not None]

    @cached_property
    def findings(self) -> list[Mapping[str, Any]] | None:
        """findings.json; None where nothing watched."""
        found = read_json(self.folder, "findings.json")
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else None

    @cached_property
    def replay(self) -> Mapping[str, Any] | None:
        """What replaying it found: as given, else replay.json."""
        found = self._replay if self._replay is not None else read_json(self.folder, "replay.json")
        return found if isinstance(found, Mapping) else None

    @cached_property
    def sources(self) -> dict[str, bytes]:
        """The kept texts of the run by name, the script first; without those that are not kept or too long."""
        named = self.run.get("sources")
        found = {}
        for name in named if isinstance(named, dict) else {}:
            path = inside(self.folder, f"source/{name}")
            if not path.exists():
                continue
            with open_plain(path) as file:
                text = file.read(SOURCE_BYTES + 1)
            if len(text) <= SOURCE_BYTES:
                found[str(name)] = text
        return found


def _count(found: Story, row: Mapping[str, Any]) -> None:
    kind = row["row"]
    found.kinds[kind if kind in _KINDS else "other"] += 1
    if kind == "run" or not found.sessions:
        found.sessions.append(Session(str(row.get("started", ""))))
    session, step = found.sessions[-1], row.get("step")
    if kind == "step" and type(step) is int:
        session.steps += 1
        session.first = step if session.first is None else session.first
        session.last = step
        rates = row.get("lr")
        found.rates += isinstance(rates, list) and any(isinstance(lr, (int, float)) and lr > 0 for lr in rates)
    elif kind == "resume" and type(step) is int:
        session.resumed_from = step
    elif kind == "end":
        session.status = str(row.get("status"))
    elif kind == "data" and str(row.get("file")).startswith("data/"):
        session.home = str(row["file"]).rpartition("/")[0]


_KINDS = {"run", "step", "eval", "checkpoint", "saving", "resume", "finding", "data", "note", "end", "epoch"}
