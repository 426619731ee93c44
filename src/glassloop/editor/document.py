"""What an editor is told of one text: its findings, their fixes, and what its lines do. Knows nothing of the protocol."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from glassloop.check import Report, check_paths
from glassloop.config import find_config
from glassloop.errors import UserError
from glassloop.events import Event
from glassloop.findings import Finding, Where
from glassloop.mend import mend_paths
from glassloop.source.text import imported

FILES = 30  # of the program around a text that are read with it


@dataclass(frozen=True)
class Change:
    """Lines `first` up to, not including, `end` (from 0) become `text`."""

    first: int
    end: int
    text: str


@dataclass
class Document:
    """One text in an editor. `path` need not exist yet."""

    path: str
    source: str
    report: Report = field(default_factory=Report)
    problem: str = ""  # why nothing could be checked, in one line

    def check(self) -> list[Finding]:
        """Its findings, read together with the files of its own program that it imports."""
        try:
            self.report = check_paths(self._program(), given=self._given(), config=find_config(self.path), keep=True)
        except (UserError, ValueError) as error:  # the project's settings
            self.report, self.problem = Report(), str(error)
            return []
        self.problem = next((note for path, note in self.report.notes if path == self.path), "")
        return [finding for finding in self.report.findings if finding.where.path == self.path]

    def fixes(self, finding: Finding) -> list[Change]:
        """The changes that mend one finding; none where nothing certain is known."""
        return self._mended(finding.rule, finding) if finding.mends else []

    def fix_all(self) -> list[Change]:
        """The changes that mend all that can be mended without looking."""
        return self._mended(None, None)

    def _mended(self, rule: str | None, finding: Finding | None) -> list[Change]:
        mended = mend_paths(
            self._program(),
            select=[rule] if rule else [],
            config=find_config(self.path),
            unsafe=finding is not None,
            only=None if finding is None else finding.where,
            given=self._given(),
        )
        after = mended.after.get(self.path)
        return [] if after is None else list(_changes(self.source, after.decode("utf-8")))

    def ignore(self, finding: Finding) -> Change:
        """The comment that sets a finding aside, on its line."""
        line = finding.where.line - 1
        text = self.source.split("\n")[line]
        listed = re.search(r"#\s*glassloop:\s*ignore\[([^\]]*)\]", text)
        if listed:
            text = f"{text[: listed.end() - 1]}, {finding.rule}{text[listed.end() - 1 :]}"
        else:
            text = f"{text.rstrip()}  # glassloop: ignore[{finding.rule}]"
        return Change(line, line + 1, text + "\n")

    def events(self, line: int) -> list[Event]:
        """The events that a line (from 1) causes, each kind once."""
        found: dict[str, Event] = {}
        for event in (e for play in self.report.plays for path in play.paths for e in path.events):
            if isinstance(event.at, Where) and (event.at.path, event.at.line) == (self.path, line):
                found.setdefault(event.kind, event)
        return list(found.values())

    def _given(self) -> dict[str, bytes]:
        return {self.path: self.source.encode("utf-8", "surrogatepass")}

    def _program(self) -> list[str]:
        """The text, and the files below its folder or the folders above it that it imports, directly or not."""
        found, todo = [self.path], [self.path]
        while todo and len(found) < FILES:
            path = todo.pop()
            data = self._given().get(path) or _bytes(path)
            for level, parts in sorted(imported(data)):
                other = _file(path, level, parts)
                if other is not None and other not in found:
                    found.append(other)
                    todo.append(other)
        existing = [path for path in found[1:FILES] if os.path.isfile(path)]
        return [self.path, *existing]


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def _file(path: str, level: int, parts: tuple[str, ...]) -> str | None:
    """The file beside or above `path` that an import means; packages that are installed are none of ours."""
    folder = Path(path).parent
    for _ in range(max(0, level - 1)):
        folder = folder.parent
    for base in (folder, *([] if level else list(folder.parents)[:3])):
        for found in (base.joinpath(*parts).with_suffix(".py"), base.joinpath(*parts, "__init__.py")):
            if found.is_file():
                return str(found)
    return None


def _changes(old: str, new: str) -> Iterator[Change]:
    """The lines that differ, the last first: so that each can be made without moving the others."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for kind, a, b, c, d in reversed(difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()):
        if kind != "equal":
            yield Change(a, b, "".join(after[c:d]))
