"""compare: two runs side by side: what they were, and from which step on they are not the same training.

    found = glassloop.compare.compare(Path("runs/a"), Path("runs/b"))
    found.same, found.parted.first[0].text

Reads the folders, which may be a stranger's; runs nothing of them, and loads no torch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassloop.audit.evidence import Evidence
from glassloop.audit.samples import read_json
from glassloop.compare import facts, steps
from glassloop.compare.facts import Differs, SourceDiffers
from glassloop.compare.steps import Order, Parted
from glassloop.errors import UserError
from glassloop.record import ledger
from glassloop.record.verify import verify

LISTED = ("config", "command", "environment", "data", "final")
COSTS = ("seconds", "samples_per_second")  # of an epoch: no result


@dataclass(frozen=True)
class Comparison:
    """All that differs. A part that a record does not hold is empty, and named in `missing`."""

    names: tuple[str, str]
    words: tuple[str, str]  # verify's, of each record
    source: list[SourceDiffers]
    config: list[Differs]
    command: list[Differs]
    environment: list[Differs]
    data: list[Differs]
    order: Order | None
    parted: Parted | None  # None: one of them has no ledger
    final: list[Differs]
    time: Mapping[str, tuple[Any, Any]]  # by what an event is called: seconds, or calls where no time was taken
    curves: tuple[list[dict[str, Any]], list[dict[str, Any]]]
    missing: list[str]

    @property
    def same(self) -> bool:
        """Whether they are the same training: sources, settings, every row bit for bit. Not: where, when, on what."""
        no_rows = self.parted is None or self.parted.rows > 0
        return not (self.source or self.config or self.order or no_rows)

    def as_json(self) -> dict[str, Any]:
        """Everything but the curves, as plain values."""
        parted, order = self.parted, self.order
        return {
            "format": "glassloop-compare/1", "a": self.names[0], "b": self.names[1], "same": self.same,
            "records": list(self.words), "source": [one._asdict() for one in self.source],
            **{name: [one._asdict() for one in getattr(self, name)] for name in LISTED},
            "order": order and order._asdict(),
            "rows": parted and {
                "steps": list(parted.steps), "differing": parted.rows, "first": [one.as_json() for one in parted.first],
            },
            "time": {name: list(pair) for name, pair in self.time.items()},
            "missing": self.missing,
        }  # fmt: skip


def compare(a: Path, b: Path) -> Comparison:
    """Compare the runs in two folders. Raises UserError where one is no run folder, or cannot be read."""
    one, other = Evidence(a), Evidence(b)
    runs = (one.run, other.run)  # first: who gives no run folder is told so
    missing: list[str] = []
    parted = order = None
    without = [name for name, folder in (("A", a), ("B", b)) if not (folder / ledger.NAME).exists()]
    if without:
        missing.append(f"{' and '.join(without)} has no ledger: steps and order cannot be compared")
    else:
        parted, order = steps.parted(a, b), steps.order(a, b)
    curves = _curves(one, other)
    return Comparison(
        names=(str(a), str(b)),
        words=(_word(a), _word(b)),
        source=facts.sources(one, other),
        config=facts.differing(_settings(runs[0]), _settings(runs[1]), facts.PLACES),
        command=[] if runs[0].get("command") == runs[1].get("command") else [_command(runs)],
        environment=facts.differing(runs[0].get("environment"), runs[1].get("environment")),
        data=[*facts.differing(runs[0].get("data"), runs[1].get("data")), *_data(one, other)],
        order=order,
        parted=parted,
        final=facts.differing(_result(runs[0], curves[0]), _result(runs[1], curves[1]), COSTS),
        time=_time(one, other, missing),
        curves=curves,
        missing=missing,
    )


def _word(folder: Path) -> str:
    return verify(folder).word if (folder / ledger.NAME).exists() else "only a run.json"


def _settings(run: Mapping[str, Any]) -> Mapping[str, Any]:
    config = run.get("config")
    return {"seed": run.get("seed"), **(config if isinstance(config, dict) else {})}


def _result(run: Mapping[str, Any], curve: list[dict[str, Any]]) -> Any:
    return run.get("final") or (curve[-1] if curve else {})


def _command(runs: tuple[Mapping[str, Any], Mapping[str, Any]]) -> Differs:
    a, b = (" ".join(map(str, words)) if isinstance(words := run.get("command"), list) else None for run in runs)
    return Differs("command", a, b)


def _curves(a: Evidence, b: Evidence) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """history.json of both; where one has none, the losses of both ledgers."""
    histories = [read_json(run.folder, "history.json") for run in (a, b)]
    if all(isinstance(rows, list) and rows for rows in histories):
        one, other = ([row for row in rows if isinstance(row, dict)] for rows in histories)
        return one, other
    return steps.losses(a.folder), steps.losses(b.folder)


def _data(a: Evidence, b: Evidence) -> list[Differs]:
    """Loaders that are not alike, and samples of the same index that hold other bytes."""
    found: list[Differs] = []
    for place, (one, other) in enumerate(zip(a.loaders, b.loaders, strict=False)):
        about = ("split", "dataset", "length", "batch_size", "sampler", "drop_last")
        pair = [{name: loader.about.get(name) for name in about} for loader in (one, other)]
        found += [Differs(f"loader {place}.{name}", was, now) for name, was, now in facts.differing(pair[0], pair[1])]
        mine, theirs = a.samples[one.key], b.samples[other.key]
        digests = dict(zip(mine.index, mine.digest, strict=True))
        labels = sum(mine.label.get(index) != theirs.label.get(index) for index in theirs.index if index in digests)
        pairs = zip(theirs.index, theirs.digest, strict=True)
        changed = sum(digests.get(index, digest) != digest for index, digest in pairs)
        found += [Differs(f"loader {place}: samples with other bytes", 0, changed)] if changed else []
        found += [Differs(f"loader {place}: samples with another label", 0, labels)] if labels else []
    if len(a.loaders) != len(b.loaders):
        found.append(Differs("loaders", len(a.loaders), len(b.loaders)))
    return found


def _time(a: Evidence, b: Evidence, missing: list[str]) -> dict[str, tuple[Any, Any]]:
    """Seconds in all, and by event from lines.json: seconds where both were run with --profile, else how often."""
    found: dict[str, tuple[Any, Any]] = {"seconds of the run": (a.run.get("seconds"), b.run.get("seconds"))}
    tables = [read_json(run.folder, "lines.json") for run in (a, b)]
    rows = [lines for table in tables if isinstance(table, dict) and isinstance(lines := table.get("lines"), list)]
    if len(rows) < 2:
        missing.append("lines.json is not in both: nothing is said of single events")
        return found
    timed = all(any("seconds" in row for row in one if isinstance(row, dict)) for one in rows)
    if not timed:
        missing.append("no time by event: run both with --profile")
    unit = "seconds" if timed else "calls"
    one, other = (_by_kind(lines, unit) for lines in rows)
    for kind in dict.fromkeys((*one, *other)):
        found[f"{kind}, {unit}"] = (round(one[kind], 6), round(other[kind], 6))
    return found


def _by_kind(lines: Any, unit: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in lines:
        if isinstance(row, dict) and isinstance(row.get(unit), (int, float)):
            found[str(row.get("kind"))[:80]] += row[unit]
    return found


__all__ = ["Comparison", "Differs", "Order", "Parted", "SourceDiffers", "UserError", "compare"]
