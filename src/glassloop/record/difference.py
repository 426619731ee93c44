"""Two ledgers of what should be one training: the rows that differ, and in what, in the words of the field.

Compared are the rows that say what the training did: steps, evaluations, checkpoints, and how it ended. Values are
compared bit for bit: a ledger's floats come back with the bits they were written from.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from glassloop.record.handed import whole

Row = Mapping[str, Any]

# What a row of each kind is compared in, in the order in which a step computes it: the first that differs is the cause,
# the others may follow from it.
FIELDS = {
    "step": ("opt", "epoch", "samples", "order", "content", "rng", "loss", "grad_norm", "lr", "state"),
    "eval": ("loader", "batches", "samples", "order", "content"),
    "checkpoint": ("state", "digest"),
    "end": ("status", "exit_code"),
}

WORDS = {
    "opt": "which optimizer stepped",
    "epoch": "the epoch",
    "samples": "the number of samples",
    "order": "the order of the samples",
    "content": "the bytes of the samples",
    "loss": "the loss",
    "grad_norm": "the gradient norm",
    "lr": "the learning rate",
    "state": "the state (parameters and buffers)",
    "rng": "the state of the random generators",
    "loader": "the loader",
    "batches": "the number of batches",
    "digest": "the content of the checkpoint",
    "status": "how it ended",
    "exit_code": "the exit code",
}

# What the first field that differs in a step says, where all rows before it are the same.
MEANING = {
    "opt": "another optimizer stepped",
    "epoch": "a pass over the data began earlier or later",
    "samples": "batches of another size were fed",
    "order": "other samples were fed, or the same ones in another order",
    "content": "the samples that were fed hold other bytes",
    "rng": "something else was drawn at random: a mask of dropout, an augmentation, or the generator was seeded",
    "loss": "the same order and the same random state gave another loss: the bytes or labels of the samples differ, or else"
    " the parameters before it",
    "grad_norm": "the same loss gave another gradient",
    "lr": "the same gradient was applied at another learning rate",
    "state": "the same samples, loss and learning rate left another state: the gradient, the update or a buffer differs",
}


class Difference(NamedTuple):
    """A row that differs. `fields` gives what was recorded and what came again; empty where only one side has the row."""

    step: int  # the optimizer step it stands at: of the whole run, from 1
    row: str  # its kind: step, eval, checkpoint, end
    number: int | None  # its number in the recorded ledger, from 0; None where only the other side has it
    fields: dict[str, tuple[Any, Any]]
    missing: str = ""  # "again" where the recorded row did not come again, "recorded" where a row came that is not recorded

    @property
    def cause(self) -> str:
        """The first field that differs in the order of the computation; empty where a whole row is missing."""
        return next(iter(self.fields), "")

    @property
    def text(self) -> str:
        """The difference in a sentence: where, what, and what that means."""
        where = f"step {self.step}" if self.row == "step" else f"{_ARTICLE[self.row]} after step {self.step}"
        if self.missing:
            side = "is recorded and did not come again" if self.missing == "again" else "came that is not recorded"
            return f"{where}: the row {side}" if self.row == "step" else f"{where} {side}"
        first = self.cause
        said = f"{where}: {WORDS[first]} {_differ(*self.fields[first])}"
        if self.row == "step":
            said += f" ({MEANING[first]})"
        others = [WORDS[name] for name in self.fields if name != first]
        return said + (f"; so {'do' if others[1:] else 'does'} {_listed(others)}" if others else "")

    def as_json(self) -> dict[str, Any]:
        """The difference as JSON can hold it."""
        fields = {name: {"recorded": was, "again": now} for name, (was, now) in self.fields.items()}
        about = {"step": self.step, "row": self.row, "number": self.number, "missing": self.missing or None}
        return {**about, "cause": self.cause or None, "fields": fields, "text": self.text}


_ARTICLE = {"eval": "the evaluation", "checkpoint": "the checkpoint", "end": "the end"}


def differences(recorded: Iterable[Row], again: Iterable[Row], *, complete: bool = True) -> Iterator[Difference]:
    """The rows in which `again` differs from `recorded`, in order, as the rows come: both are read only as far as needed.

    Rows are matched by their kind and step; other kinds (run, data, note, finding) are passed over. Where the recorded
    side is not `complete` (its run was killed), `again` is compared as far as that goes and is read no further.
    """
    theirs = (row for row in again if row.get("row") in FIELDS)
    late: Row | None = None  # a row of `again` that waits for its partner
    for row in recorded:
        if row.get("row") not in FIELDS:
            continue
        other = late if late is not None else next(theirs, None)
        while other is not None and _is_before(other, row):
            yield _alone(other, "recorded")
            other = next(theirs, None)
        late = None
        if other is None or _place(other) != _place(row):
            yield _alone(row, "again")
            late = other
            continue
        fields = differing(row, other)
        if fields:
            yield Difference(row.get("step", 0), row["row"], row.get("n"), fields)
    if complete:
        yield from (_alone(other, "recorded") for other in ([late] if late is not None else []))
        yield from (_alone(other, "recorded") for other in theirs)


def differing(recorded: Row, again: Row) -> dict[str, tuple[Any, Any]]:
    """The fields in which two rows of one kind differ, causes first.

    What only one of them has cannot be compared: a state that was not digested at that step, say.
    """
    found = {}
    for name in FIELDS[recorded["row"]]:
        if name in recorded and name in again and _bits(recorded[name]) != _bits(again[name]):
            found[name] = (recorded[name], again[name])
    if recorded["row"] == "checkpoint" and "state" in recorded and "state" in again and "state" not in found:
        found.pop("digest", None)  # the kit's digest of everything that is trained: beside it lie only settings, and paths
    return found


def lasting(rows: Callable[[], Iterable[Row]]) -> Iterator[Row]:
    """The rows that count in the end: without those of a session that a later one, resumed before them, made again.

    `rows` gives the ledger from its start each time it is called: it is read twice, in bounded memory.
    """
    made_again = superseded(rows())
    return (row for row in rows() if not made_again(row))


def superseded(rows: Iterable[Row]) -> Callable[[Row], bool]:
    """Says of a row whether a later session of these `rows`, resumed before it, made it again."""
    resumed = [(row["n"], whole(row.get("step"))) for row in rows if row.get("row") == "resume"]
    return lambda row: any(row["n"] < n and whole(row.get("step")) > step for n, step in resumed)


def _place(row: Row) -> tuple[Any, ...]:
    return (row["row"], row.get("step", 0) if row["row"] != "end" else 0)


def _is_before(other: Row, row: Row) -> bool:
    """Does `other` stand before `row` in a run, so that its partner will never come? Within a step, as loops mostly do."""
    kinds = list(FIELDS)
    if "end" in (row["row"], other["row"]):
        return bool(other["row"] != row["row"] == "end")
    places = [(one.get("step", 0), kinds.index(one["row"])) for one in (other, row)]
    return bool(places[0] < places[1])


def _alone(row: Row, missing: str) -> Difference:
    return Difference(row.get("step", 0), row["row"], row.get("n") if missing == "again" else None, {}, missing)


def _bits(value: Any) -> str:
    """Floats by their shortest digits: equal where the bits are, and -0.0 is not 0.0."""
    return json.dumps(value)


def _differ(was: Any, now: Any) -> str:
    return f"differs: {_short(was)} recorded, {_short(now)} now"


def _short(value: Any) -> str:
    if isinstance(value, list) and len(value) == 1:
        return _short(value[0])
    if value is None:
        return "none"
    return str(value) if isinstance(value, str) else json.dumps(value)


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
