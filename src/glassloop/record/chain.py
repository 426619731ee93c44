"""Does each line of a ledger carry the digest of the line before it, and if not, which line was changed?

    rows 5 and 6 of ..., 4, 5, 6, 7, ...
    a byte of 5 changed      6 does not carry its digest, and 7 carries that of 6
    the prev of 6 changed    6 does not carry the digest of 5, nor 7 that of 6
    5 removed                6 stands where 5 belongs
    5 and 6 exchanged        6 stands where 5 belongs, 5 comes after it
    5 repeated, put in       5 stands twice
"""

from collections.abc import Collection, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from glassloop.record.ledger import NAME, START, lines, parse
from glassloop.record.verdict import Verdict

Row = dict[str, Any]

_NEWLINE = ord("\n")


class Link(NamedTuple):
    """A row as it was read: its line number from 1, whether the chain has held so far, and the row."""

    line: int
    holds: bool
    row: Row


class Chain:
    """The lines of a ledger, one after the other; every break is told to the verdict."""

    def __init__(self, path: Path, verdict: Verdict, marks: Collection[int] = ()) -> None:
        self.path = path
        self.verdict = verdict
        self.marks = marks  # numbers of lines whose digests are wanted: those where a head is stated
        self.heads: dict[int, str] = {}
        self.number = 0  # of the line that is read, from 1
        self.expected = 0  # the number its row should have
        self.before = START  # digest of the line before it
        self.holds = True
        self.bytes = 0  # that were read
        self.torn = 0  # bytes of a torn last line
        self._suspect = 0  # a line that does not carry the digest of the one before: which of both was changed?
        self._told = 0  # a line that was said to be changed: that the next does not carry its digest follows from it
        self._missing: range | None = None
        self._shift = -1  # the number of a row less that of its line

    def links(self) -> Iterator[Link]:
        """Every row that can be read. A line that is too long ends it, as does a file that cannot be read: LedgerError."""
        for line in lines(self.path):
            self.bytes += len(line)
            text = line[:-1]
            if line[-1] != _NEWLINE:
                self.torn = len(line)
                return
            self.number += 1
            self._shift = self.expected - self.number
            digest = sha256(text).hexdigest()
            try:
                row = parse(text)
            except ValueError as error:
                self._unreadable(str(error))
            else:
                if row["prev"] != self.before or row["n"] != self.expected or self._suspect:
                    self._judge(row, digest)
                yield Link(self.number, self.holds, row)
            self.before = digest
            self.expected += 1
            if self.number in self.marks:
                self.heads[self.number] = digest

    def end(self, head: str | None) -> None:
        """After the last line: what only the head, as run.json or a signature gives it, can tell of it."""
        if self._suspect:
            line, self._suspect = self._suspect, 0
            if head is not None:
                self._changed(line - 1 if head == self.before else line)
            else:
                self._say(line - 1, f"it or line {line} was changed: line {line} does not carry its digest")

    def _judge(self, row: Row, digest: str) -> None:
        carries = row["prev"] == self.before
        if self._suspect:
            suspect, self._suspect = self._suspect, 0
            self._changed(suspect - 1 if carries else suspect)
            self._told = 0 if carries else suspect
        if row["n"] != self.expected:
            if carries:
                self._say(self.number, f"its number was changed: it says {row['n']} and is {self.expected}")
                self._told = self.number
            else:
                self._misplaced(row["n"], digest)
                self.expected = row["n"]
        elif not carries and self._told != self.number - 1:
            self._suspect, self.holds = self.number, False

    def _misplaced(self, found: int, digest: str) -> None:
        """A row stands where another belongs, and does not carry the digest of the line before it."""
        if found > self.expected:
            gap = range(self.expected, found)
            named = f"row {gap[0]} is" if len(gap) == 1 else f"rows {gap[0]} to {gap[-1]} are"
            self._say(self.number, f"{named} missing: row {found} stands in the place", "rows were removed", gap[0])
            self._missing = self._missing or gap
        elif digest == self.before:
            self._say(self.number, f"row {found} is repeated", "a line was written twice", found)
        elif self._missing and found in self._missing:
            self._say(self.number, f"row {found} stands after row {self.expected - 1}", "rows were reordered", found)
        else:
            what = f"row {found} stands a second time, after row {self.expected - 1}"
            self._say(self.number, what, "a row was put in, or moved", found)

    def _unreadable(self, why: str) -> None:
        if self._suspect:
            suspect, self._suspect = self._suspect, 0
            self._changed(suspect - 1)
        self._say(self.number, why)
        self._told = self.number

    def _changed(self, line: int) -> None:
        if line == 0:
            self._say(1, "its prev is not 64 zeros, as at a beginning", "rows before it were removed, or it was changed")
        else:
            self._say(line, "it is not what the next line vouches for")

    def _say(self, line: int, what: str, means: str = "this line was changed", row: int | None = None) -> None:
        self.holds = False
        at = max(line + self._shift, 0) if row is None else row
        self.verdict.broken(NAME, what, means, row=at, line=line)
