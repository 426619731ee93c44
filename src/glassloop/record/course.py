"""What the rows of a ledger tell, one after the other: sessions, steps that go on by one, orders, what is stated of files.

The chain says that no row was touched; this says that they make sense together, and keeps what they state of the files
beside them. Memory is bounded: what is kept grows with the files of a run, not with its steps.
"""

from pathlib import Path
from typing import Any

from glassloop.errors import UserError
from glassloop.record import orders
from glassloop.record.chain import Link
from glassloop.record.ledger import FORMAT, NAME
from glassloop.record.verdict import BROKEN, INCOMPLETE, Problem, Verdict, first_line

Row = dict[str, Any]

KINDS = ("run", "step", "eval", "saving", "checkpoint", "resume", "finding", "data", "facts", "note", "end")

_MOST_FILES = 100_000  # different files that rows may name: no run has as many


class Course:
    """Hears the rows of a ledger. Afterwards: the last row of each kind that others are judged by.

    `saved` has the last checkpoint row of each path, `saving` the saves that were begun and not ended, `data` the last data
    row of each file, `stated` the rows that say what run.json holds (the last two), `ends` the end row of the last session,
    if it has one.
    """

    def __init__(self, run: Path, verdict: Verdict) -> None:
        self.run, self.verdict = run, verdict
        self.session = self.step = self.steps = self.began = 0
        self.opening: Row = {}
        self.end: Row | None = None
        self.saved: dict[str, Row] = {}
        self.saving: dict[str, Row] = {}
        self.data: dict[str, Row] = {}
        self.stated: list[Row] = []
        self.facts: dict[str, Any] = {}
        self.generators: list[Row] = []
        self.unknown: set[str] = set()
        self._free = True  # the next step may have any number: a session began without a checkpoint
        self._holds = True  # nothing was found amiss yet in how rows follow each other
        self._orders: orders.OrderFile | None = None
        self._orders_hold = True
        self._doubts: list[Problem] = []
        self._begin: int | None = None  # byte of order.bin where the records of an opened session begin

    def hear(self, link: Link) -> None:
        """Take in the next row."""
        kind = link.row["row"]
        if self._doubts:
            self._tell(link.holds)
        self._holds = self._holds and link.holds
        try:
            if kind == "step":
                self._step(link)
            elif kind in KINDS:
                getattr(self, f"_{kind}")(link)
            elif len(self.unknown) < 20:
                self.unknown.add(kind[:40])
        except (KeyError, TypeError, ValueError, AttributeError):
            self._amiss(link, f"a field of this {kind[:40]} row is missing or of another kind than glassloop writes")

    def close(self, holds: bool) -> None:
        """After the last row: `holds` says whether the chain did up to there."""
        self._tell(holds)
        if self._orders is not None:
            self._orders.close()

    def _tell(self, holds: bool) -> None:
        """Tell what was amiss with the row before, now that the next vouches for it; else it is the row that was changed."""
        for problem in self._doubts if holds else ():
            self.verdict.say(problem)
        self._doubts.clear()

    def _doubt(self, kind: str, file: str, what: str, means: str, row: int, line: int | None = None) -> None:
        self._doubts.append(Problem(kind, file, what, means, row, line))

    def _step(self, link: Link) -> None:
        row = link.row
        step = row["step"]
        if step != self.step + 1 and not self._free:
            self._amiss(link, f"step {_whole(row, 'step')} follows step {self.step}")
        self._free = False
        self.step = _whole(row, "step")
        self.steps += 1
        if row.get("order") is not None:
            self._order(link)

    def _eval(self, link: Link) -> None:
        if link.row.get("order") is not None:
            self._order(link)

    def _order(self, link: Link) -> None:
        """The records that this row covers must be those in order.bin."""
        if not self._orders_hold or not link.holds:
            return
        row = link.row
        number, batches = row["n"], _whole(row, "batches")
        try:
            if self._orders is None:
                self._orders = orders.OrderFile(self.run)
            if self._begin is not None:
                self._orders.seek(self._begin)
                self._begin = None
            start = self._orders.at
            if self._orders.digest(batches) == row["order"]:
                return
            what = f"bytes {start} to {self._orders.at - 1} are not what row {number} (step {self.step}) vouches for"
            self._doubt(BROKEN, orders.NAME, what, "which samples were handed over was changed", number)
        except FileNotFoundError:
            means = "which samples were handed over cannot be read"
            self._doubt(INCOMPLETE, orders.NAME, f"it is missing, and row {number} states a digest of it", means, number)
        except orders.EndedError as error:
            means = f"it was cut, or a count in it changed, before what row {number} (step {self.step}) vouches for"
            self._doubt(INCOMPLETE, orders.NAME, str(error), means, number)
        except (OSError, UserError) as error:
            self._doubt(BROKEN, orders.NAME, first_line(error), "it was not read", number)
        self._orders_hold = False

    def _run(self, link: Link) -> None:
        row = link.row
        if self.session == 0 and row["n"] == 0 and row["format"] != FORMAT:
            self._amiss(link, f"its format is {str(row['format'])[:40]!r}; this glassloop reads {FORMAT}")
        if _whole(row, "session") <= self.session:  # those that were killed before their first row are left out
            self._amiss(link, f"session {row['session']} follows session {self.session}")
        if self.session and self.end is None:
            self.verdict.note(f"session {self.session} has no end row: it was killed, and session {row['session']} went on")
        self.session, self.began = _whole(row, "session"), row["n"]
        self.end, self._free, self.opening = None, True, self.opening or row
        self._states_facts(row)
        at = row.get("order_at")
        self._begin = at if type(at) is int else self._begin
        if isinstance(row.get("rng"), dict) and "file" in row["rng"] and len(self.generators) < 1000:
            self.generators.append({"n": row["n"], **row["rng"]})

    def _resume(self, link: Link) -> None:
        step = _whole(link.row, "step")
        if step < self.step:
            text = f"steps {step + 1} to {self.step} of a session before were taken again after row {link.row['n']}"
            self.verdict.note(f"{text}: those that came first no longer count")
        self.step, self._free = step, False

    def _saving(self, link: Link) -> None:
        self._keep(self.saving, link.row["path"], link)

    def _checkpoint(self, link: Link) -> None:
        if not isinstance(link.row["digest"], str):
            raise TypeError
        self._keep(self.saved, link.row["path"], link)
        self.saving.pop(link.row["path"], None)

    def _data(self, link: Link) -> None:
        if not isinstance(link.row["digest"], str):
            raise TypeError
        _whole(link.row, "bytes")
        self._keep(self.data, link.row["file"], link)

    def _facts(self, link: Link) -> None:
        self._states_facts(link.row)

    def _end(self, link: Link) -> None:
        self.end = link.row
        self._states_facts(link.row)

    def _finding(self, link: Link) -> None:
        pass

    def _note(self, link: Link) -> None:
        pass

    def _states_facts(self, row: Row) -> None:
        if "run_json" in row:
            self.stated = [*self.stated[-1:], row]
        if "digests" in row:
            self.facts.update(row["digests"])

    def _keep(self, kept: dict[str, Row], name: Any, link: Link) -> None:
        if not isinstance(name, str):
            raise TypeError
        if len(kept) >= _MOST_FILES and name not in kept:
            self._amiss(link, f"it names more than {_MOST_FILES} different files")
        else:
            kept[name] = link.row

    def _amiss(self, link: Link, what: str) -> None:
        """Rows that do not fit each other: where the chain holds, nobody but a writer of a new chain can have done it."""
        if self._holds:
            self._holds = False
            means = "glassloop writes no such rows, and the chain holds: it was written by something else"
            self._doubt(BROKEN, NAME, what, means, link.row["n"], link.line)


def _whole(row: Row, name: str) -> int:
    """A field that must be a whole number from 0 on. Raises TypeError or KeyError."""
    value = row[name]
    if type(value) is not int or value < 0:
        raise TypeError
    return value
