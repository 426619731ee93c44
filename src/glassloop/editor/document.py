"""What an editor is told of one text: its findings, their fixes, and what its lines do. Knows nothing of the protocol."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from glassloop.annotate.blocks import Note
from glassloop.annotate.document import Noted
from glassloop.annotate.reading import helpers_of, reading_of
from glassloop.check import Report, check_paths
from glassloop.config import find_config
from glassloop.errors import UserError
from glassloop.findings import Finding
from glassloop.mend import mend_paths


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
        return self._mended(finding) if finding.mends else []

    def fix_all(self) -> list[Change]:
        """The changes that mend all that can be mended without looking."""
        return self._mended(None)

    def _mended(self, only: Finding | None) -> list[Change]:
        mended = mend_paths(
            self._program(), config=find_config(self.path), unsafe=only is not None, only=only, given=self._given()
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

    @cached_property
    def notes(self) -> dict[int, tuple[Note, ...]]:
        """The notes of each statement that does something in the loop, by its first line (from 1); as annotate's."""
        text = self.report.texts.get(self.path)
        if text is None:
            return {}
        return Noted(reading_of(text, self.report, [self.path])).notes

    def _given(self) -> dict[str, bytes]:
        return {self.path: self.source.encode("utf-8", "surrogatepass")}

    def _program(self) -> list[str]:
        """The text, and the files beside it that it imports, directly or not."""
        return [self.path, *helpers_of(self.path, self._given()[self.path])]


def _changes(old: str, new: str) -> Iterator[Change]:
    """The lines that differ, the last first: so that each can be made without moving the others."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for kind, a, b, c, d in reversed(difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()):
        if kind != "equal":
            yield Change(a, b, "".join(after[c:d]))
