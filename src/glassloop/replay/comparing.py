"""One process of a replay, and the rows it writes held against the recorded ones."""

import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from glassloop.errors import UserError
from glassloop.record import manifest
from glassloop.record.difference import FIELDS, Difference, differences
from glassloop.record.ledger import NAME
from glassloop.record.orders import OrderFile, Record, order_of
from glassloop.replay.aside import where
from glassloop.replay.child import Child
from glassloop.replay.intervals import Interval
from glassloop.replay.likeness import same_but_for_words
from glassloop.replay.plan import Part
from glassloop.replay.recorded import Recorded, Row, holds
from glassloop.replay.samples import changed
from glassloop.replay.verdict import Compared, Verdict

_PATIENCE = 60.0  # seconds for a program to end after Ctrl-C


def compare(
    part: Part,
    recorded: Recorded,
    verdict: Verdict,
    moved: dict[Path, Path],
    everything: bool,
    progress: Callable[[int], None],
) -> None:
    """Run one part and compare its rows as they come, up to the first that differs unless `everything` is wanted.

    `moved` says where the recorded files lie that are set aside; `progress` is told of steps done.
    """
    if part.interval is None and part.session.resumed is not None:
        _forget(part.folder / "checkpoints", part.session.resumed)
    path = part.folder / NAME
    skip = path.read_bytes().count(b"\n") if path.exists() else 0
    interval = part.interval or Interval(part.start, part.session.steps)
    seen = _Seen(part, progress)
    differing = 0
    if part.source not in verdict.source:
        verdict.source.append(part.source)
    child = Child(part.command, cwd=part.cwd, environment=part.environment, output=part.folder.parent / "output.txt")
    with child:
        theirs = seen.again(child.rows(path, skip))
        for difference in differences(seen.recorded(part.rows(recorded)), theirs, complete=part.complete):
            if seen.only_words(difference, recorded.folder, moved, verdict) or seen.only_resumed(difference):
                continue
            differing += 1
            if not verdict.differences and difference.row == "step":
                seen.explain(difference.step, recorded, verdict)
            verdict.add(difference)
            if difference.missing == "again" and child.has_failed():
                verdict.note(f"the program ended with exit code {child.wait()}: {child.last_words()}")
            if not everything:
                break
        else:
            if part.ends_itself:
                child.wait()
                _say_other_text(part, verdict)
            elif part.signal != 9:
                child.wait(_PATIENCE)  # it may save something, which the session after it begins with
    verdict.parts.append(Compared(part.session.number, *interval, seen.steps, seen.rows, differing))


def _say_other_text(part: Part, verdict: Verdict) -> None:
    """A program may import from where nobody looked: its own record says which texts it ran this time."""
    ran = (manifest.read(part.folder) or {}).get("sources", {})
    other = sorted(name for name, digest in ran.items() if digest not in part.session.facts["sources"].values())
    if other:
        some = ", ".join(other[:3]) + (f" and {len(other) - 3} more" if other[3:] else "")
        verdict.note(f"the program also ran text that is not in the record, or not as it is there: {some}")


def _forget(folder: Path, step: int) -> None:
    """Remove checkpoints of later steps than the next session went on from: its killed forerunner had not come so far."""
    for path in folder.glob("step-*"):
        if path.name.removeprefix("step-").isdigit() and int(path.name.removeprefix("step-")) > step:
            shutil.rmtree(path)


class _Seen:
    """Counts the rows that are compared, and remembers the last checkpoint of either side."""

    def __init__(self, part: Part, progress: Callable[[int], None]) -> None:
        self.rows = self.steps = 0
        self._part = part
        self._progress = progress
        self._mine: Row = {}
        self._theirs: Row = {}
        self._state_after = part.start  # the last step whose state was digested before the one at hand
        self._order_before = self._order_of = 0  # how many records of order.bin its rows and the last of them cover

    def explain(self, step: int, recorded: Recorded, verdict: Verdict) -> None:
        """Of the first difference, which is at `step`: since when the state may differ, and which samples do.

        Before it all states that were digested are the same.
        """
        if self._state_after < step - 1:
            where = f"after step {self._state_after}" if self._state_after else "before the first step"
            verdict.note(f"the state was last seen the same {where}: what made the difference came after that")
        if self._part.session.facts.get("entry") == "record" and not self._state_after:
            verdict.note(
                "the record begins where record() was called: what the script drew at random before that, such as its first"
                " weights, is not in it (seed it, or use `glassloop run`)"
            )
        # A session has a folder of its own in data/; a part of a run is the first session of its own folder.
        rows = [row for row in recorded.of(self._part.session) if row["row"] == "data" and "loader" in row]
        files = {row["loader"]: (str(row["file"]), str(row["file"])) for row in rows}
        if self._part.interval is not None:
            files = {loader: (name, f"data/loader-{loader}.jsonl") for loader, (name, _) in files.items()}
        said = changed(recorded.folder, self._part.folder, files, self._records())
        if said:
            verdict.note(f"step {step} was fed other data: {said}")

    def recorded(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Pass the recorded rows on."""
        for row in rows:
            if row["row"] == "checkpoint":
                self._mine = row
            yield row
            if row["row"] in FIELDS:  # here, because by now it has been compared
                self.rows += 1
            if row["row"] == "step":
                self._state_after = row["step"] if "state" in row else self._state_after
                self.steps += 1
                self._progress(self.steps)

    def again(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Pass the rows that come again on."""
        for row in rows:
            if row["row"] == "checkpoint":
                self._theirs = row
            if row.get("order") is not None:
                self._order_before += self._order_of
                self._order_of = row["batches"]
            yield row

    def _records(self) -> list[Record]:
        """The batches that the row at hand covers, in the order that came again."""
        try:
            return list(islice(_records(self._part.folder), self._order_before, self._order_before + self._order_of))
        except (OSError, UserError):  # there is no such file where no loader has indices
            return []

    def only_resumed(self, difference: Difference) -> bool:
        """Are the indices of a step the same, and only where a pass began is not? Who resumes begins a pass in its middle.

        Takes the order out of the fields then, and tells whether none is left.
        """
        if self._part.interval is None or difference.row != "step" or "order" not in difference.fields or difference.missing:
            return False
        batches = [record for record in self._records() if record.indices]
        begins = [Record(one.loader, b"") for one in batches[:1]]
        if difference.fields["order"][0] in (order_of(batches), order_of(begins + batches)):
            del difference.fields["order"]
        return not difference.fields

    def only_words(self, difference: Difference, folder: Path, moved: dict[Path, Path], verdict: Verdict) -> bool:
        """Is this a checkpoint of the script's own that differs only in text, such as paths and dates?

        Where that cannot be seen, because one of the files has been written over since, the difference stands, unless the
        script chose another name for it.
        """
        if difference.row != "checkpoint" or list(difference.fields) != ["digest"]:
            return False
        names = str(self._mine.get("path")), str(self._theirs.get("path"))
        files = where(folder, names[0], moved), Path(self._part.folder, names[1])
        if any(not holds(path, row) for path, row in zip(files, (self._mine, self._theirs), strict=True)):
            if names[0] == names[1]:
                return False
            verdict.note(f"{names[0]} was written as {names[1]} this time, with other contents: not compared further")
            return True
        if same_but_for_words(*files):
            verdict.note(f"{names[0]}: the same tensors and numbers; text beside them (paths, dates, names) differs")
            return True
        return False


def _records(folder: Path) -> Iterator[Record]:
    """The records of order.bin, from the first."""
    file = OrderFile(folder)
    try:
        yield from file.records()
    finally:
        file.close()
