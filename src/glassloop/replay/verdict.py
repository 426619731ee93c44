"""What a replay found."""

from collections import Counter
from typing import Any, NamedTuple

from glassloop.record.difference import Difference
from glassloop.replay.intervals import Interval, odds

LISTED = 100  # differences that are kept whole; more are only counted


class Compared(NamedTuple):
    """One process of a replay: which steps, how many rows were compared, how many of them differ."""

    session: int
    start: int
    end: int
    steps: int
    rows: int
    differing: int


class Sample(NamedTuple):
    """Which intervals were chosen of how many, by which seed."""

    seed: int
    of: int
    chosen: list[Interval]

    @property
    def odds(self) -> list[tuple[int, float]]:
        """(bad intervals, probability that the sample holds at least one of them)."""
        return odds(self.of, len(self.chosen))


class Verdict:
    """The outcome of a replay, filled while it runs."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.record = ""  # verify's word for it
        self.source: list[str] = []
        self.surroundings: list[str] = []
        self.notes: list[str] = []
        self.parts: list[Compared] = []
        self.differences: list[Difference] = []
        self.fields: Counter[str] = Counter()  # how often each field differed
        self.sample: Sample | None = None
        self.seconds = 0.0

    @property
    def same(self) -> bool:
        """Did every row that was compared come again bit for bit?"""
        return not self.differing

    @property
    def differing(self) -> int:
        """How many rows differ."""
        return sum(part.differing for part in self.parts)

    def add(self, difference: Difference) -> None:
        """Take one in."""
        self.fields.update(list(difference.fields) or ["row"])
        if len(self.differences) < LISTED:
            self.differences.append(difference)

    def note(self, text: str) -> None:
        """Something that a reader of the verdict should know, once."""
        if text not in self.notes:
            self.notes.append(text)

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        sample = self.sample
        return {
            "run": self.run,
            "same": self.same,
            "record": self.record,
            "steps": sum(part.steps for part in self.parts),
            "rows": sum(part.rows for part in self.parts),
            "differing": self.differing,
            "first": self.differences[0].as_json() if self.differences else None,
            "fields": dict(self.fields),
            "differences": [one.as_json() for one in self.differences],
            "parts": [part._asdict() for part in self.parts],
            "sample": sample and {
                "seed": sample.seed,
                "intervals": sample.of,
                "chosen": [list(part) for part in sample.chosen],
                "caught": [{"bad": bad, "probability": chance} for bad, chance in sample.odds],
            },
            "source": self.source,
            "surroundings": self.surroundings,
            "notes": self.notes,
            "seconds": round(self.seconds, 3),
        }  # fmt: skip
