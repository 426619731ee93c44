"""Exact duplicates across training and validation, by content."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from glassloop.audit.chance import tail
from glassloop.audit.evidence import Evidence
from glassloop.audit.report import Answer, named
from glassloop.audit.samples import Loader, Samples

SECTION = "data"
ASKS = "Is what it was judged on apart from what it was trained on?"
WHY = (
    "A sample that is in both is judged by memory: the score is better than the model. Equal means equal in every byte of "
    "what the loader handed over, the label left out."
)
# Data that repeats by itself (small tables, few values) has equal samples on both sides of an honest split, just as often
# as inside the training data. It fails where chance would do that less often than once in a thousand such splits.
LEVEL = 1e-3
CHANGE = "Split before anything is copied, and by what the samples came from (person, document, video)."


class _Judged(NamedTuple):
    """A loader that fed no step, and which of its samples equal one that did."""

    loader: Loader
    samples: Samples
    equal: list[int]  # places
    chance: float  # that an honest split of data which repeats as the training data does has so many

    @property
    def is_inside(self) -> bool:
        """Whether each of its samples is a training sample."""
        return len(self.equal) == len(self.samples)


def check(evidence: Evidence) -> Answer:
    """Every loader that fed no step against all that did."""
    train = [loader for loader in evidence.training if len(evidence.samples[loader.key])]
    others = [loader for loader in evidence.others if len(evidence.samples[loader.key])]
    if not train or not others:
        missing = "no training sample was digested" if not train else "no evaluation over a loader was recorded"
        return Answer("unknown", missing, {}, "Record with --data-digest full, and evaluate through a DataLoader.")
    seen = {digest for loader in train for digest in evidence.samples[loader.key].digest}
    found = [_judge(evidence, loader, train, seen) for loader in others]
    facts: dict[str, Any] = {"training_samples": len(seen)}
    for row in found:
        facts[str(row.loader)] = {"samples": len(row.samples), "equal_to_training": len(row.equal), "chance": row.chance}
    # One that lies wholly in the training data, beside others that do not, is there to measure the training.
    apart = [row for row in found if not row.is_inside]
    worst = min(apart or found, key=lambda row: row.chance)
    measuring = [row.loader for row in found if row.is_inside]
    note = "".join(f"; {loader} holds training samples alone: it measures the training" for loader in measuring)
    if worst.equal and worst.chance < LEVEL:
        facts["examples"] = _examples(evidence, worst, train)
        few = ", ".join(f"{index} = {other}" for index, other in facts["examples"][:3])
        of = f"{len(worst.equal):,} of the {len(worst.samples):,} samples of {worst.loader}"
        return Answer("fails", f"{of} are exact copies of training samples (by index: {few})", facts, CHANGE)
    return _rest(evidence, apart or found, note if apart else "", facts)


def _rest(evidence: Evidence, judged: list[_Judged], note: str, facts: dict[str, Any]) -> Answer:
    copies = sum(len(row.equal) for row in judged)
    if copies:
        often = "no more often than training samples equal each other: such data repeats by itself, or it is too few to tell"
        return Answer("unknown", f"{copies:,} evaluation samples equal a training sample, {often}{note}", facts, CHANGE)
    changing = [str(loader) for loader in evidence.training if (loader.number_of("changed") or 0) > 0]
    if changing:
        says = f"no two are equal, but {named(changing)} changes its samples as it hands them over (augmentation){note}"
        return Answer("unknown", says, facts, "A digest of the samples before augmentation.")
    part = _coverage(evidence, [*evidence.training, *(row.loader for row in judged)])
    if part:
        return Answer("unknown", f"no two of those digested are equal; {part}{note}", facts, "--data-digest full")
    total = sum(len(row.samples) for row in judged)
    return Answer("holds", f"none of the {total:,} evaluation samples equals a training sample{note}", facts)


def _judge(evidence: Evidence, loader: Loader, train: list[Loader], seen: set[bytes]) -> _Judged:
    samples = evidence.samples[loader.key]
    equal = [place for place, digest in enumerate(samples.digest) if digest in seen]
    # If a sample of either side were as likely to equal one of the training data: so many of the marked would be here.
    same = [one for one in train if one.session == loader.session] or train
    repeating = total = 0
    for one in same:
        times = Counter(evidence.samples[one.key].digest)
        repeating += sum(count for count in times.values() if count > 1)
        total += sum(times.values())
    chance = tail(len(equal), len(samples), repeating + len(equal), total + len(samples), upper=True)
    return _Judged(loader, samples, equal, chance)


def _examples(evidence: Evidence, row: _Judged, train: list[Loader]) -> list[tuple[int, int]]:
    """(index in validation, index in training) of the first few copies."""
    wanted = {row.samples.digest[place]: row.samples.index[place] for place in reversed(row.equal[:10])}
    where: dict[bytes, int] = {}
    for loader in train:
        samples = evidence.samples[loader.key]
        for digest, index in zip(samples.digest, samples.index, strict=True):
            if digest in wanted:
                where.setdefault(digest, index)
    return [(index, where[digest]) for digest, index in wanted.items()]


def _coverage(evidence: Evidence, loaders: list[Loader]) -> str:
    """Of which loaders not all that was seen was digested; "" where all was."""
    parts = []
    for loader in loaders:
        digested, seen = len(evidence.samples[loader.key]), loader.number_of("seen")
        if evidence.samples[loader.key].cut or (seen is not None and digested < seen):
            parts.append(f"{digested:,} of {loader}'s {seen or 0:,} samples were digested")
    return named(parts)
