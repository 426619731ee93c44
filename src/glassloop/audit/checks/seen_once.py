"""Each sample, how often per epoch."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from glassloop.audit.checks._samplers import is_whole, repeats
from glassloop.audit.evidence import Evidence
from glassloop.audit.passes import Pass
from glassloop.audit.report import Answer, named
from glassloop.audit.samples import Loader

SECTION = "sampling"
ASKS = "Is each training sample seen once in each epoch?"
WHY = "A sample that is seen twice pulls twice as hard, and one that is never seen teaches nothing; the loss shows neither."
CHANGE = "Draw each index once in a pass, or declare the weights (WeightedRandomSampler), so that it reads as meant."
FEW = 0.01  # a sampler of one's own that repeats more than this share of its draws does so by design
MOST_TOLD = 50  # passes whose figures are listed


def check(evidence: Evidence) -> Answer:
    """Every pass of every training loader."""
    facts: dict[str, Any] = {}
    wrong, said, total = [], [], 0
    for loader in evidence.training:
        made = evidence.training_passes(loader)
        total += len(made)
        bad, notes = _judge(evidence, loader, made)
        wrong += bad
        said += notes
        facts[str(loader)] = {
            "sampler": loader.sampler or None, "length": loader.number_of("length"), "passes": len(made),
            "never_seen": _never(evidence, loader), "in_passes": [_told(one) for one in made[:MOST_TOLD]],
        }  # fmt: skip
    if evidence.walk.superseded:
        facts["drawn_and_done_again"] = evidence.walk.superseded
    if wrong:
        return Answer("fails", "; ".join(wrong[:3]), facts, CHANGE)
    if not total:
        return Answer("unknown", "no order of training batches was recorded", facts, "Train through a DataLoader.")
    if evidence.walk.cut or evidence.walk.torn:
        said.append("order.bin could not be read to its end")
    if said:
        return Answer("unknown", "; ".join(dict.fromkeys(said)), facts, CHANGE)
    return Answer("holds", f"in all {total:,} passes, each index was drawn once", facts)


def _judge(evidence: Evidence, loader: Loader, made: list[Pass]) -> tuple[list[str], list[str]]:
    """What is wrong with the passes of a loader, and what else must be said of them."""
    may_repeat = repeats(loader)
    if loader.about.get("iterable") is True or loader.number_of("length") is None:
        return [], [f"{loader} has no indices: what it gave is known by content alone"] if made else []
    if (loader.number_of("world") or 1) > 1:
        return [], [f"{loader} is one process's part of each batch: what the others drew is not recorded"] if made else []
    if may_repeat:
        return [], [f"{loader} draws with replacement ({loader.sampler}): repeats are meant"] if made else []
    wrong, notes = [], []
    parts = _parts(evidence, loader)
    for one in made:
        few = one.repeated <= max(1, FEW * one.draws)
        if one.repeated and (may_repeat is False or few):
            wrong.append(f"{_where(loader, one)}: {_indices(one)}")
        elif one.repeated:
            sampler = loader.sampler or "a sampler"
            repeats_so = f"repeats {one.repeated:,} indices in pass {one.number + 1}"
            notes.append(f"{loader} draws by {sampler} of its own, which {repeats_so}")
        elif one.missing and is_whole(loader, one.draws, one.distinct):
            continue  # the last, smaller batch is dropped: others each time
        elif one.missing and one not in parts:
            notes.append(f"{_where(loader, one)} was left after {one.draws:,} of {loader.number_of('length'):,} samples")
    never = _never(evidence, loader)
    if never and not wrong and len(made) > 1:
        notes.append(f"{never:,} samples of {loader} were seen in no epoch")
    return wrong, notes[:2] + notes[-1:] if len(notes) > 3 else notes


def _parts(evidence: Evidence, loader: Loader) -> list[Pass]:
    """Passes that one session left and the next took up where it was, as the kit's order lets it."""
    if loader.sampler != "EpochOrder":
        return []
    same = [other for other in evidence.training if other.number == loader.number]
    passes = [one for other in same for one in evidence.training_passes(other)]
    found: list[Pass] = []
    for one, after in pairwise(passes):
        if one.loader != after.loader and one.draws + after.draws == loader.number_of("length"):
            found += [one, after]
    return found


def _never(evidence: Evidence, loader: Loader) -> int | None:
    """Indices that no pass drew, whatever the session."""
    length = loader.number_of("length")
    if length is None:
        return None
    same = [one for one in evidence.training if one.number == loader.number and one.number_of("length") == length]
    return max(0, length - len(set().union(*(evidence.walk.seen.get(one.key, set()) for one in same))))


def _where(loader: Loader, one: Pass) -> str:
    steps = "" if one.steps is None else f" (steps {one.steps[0]} to {one.steps[1]})"
    return f"{loader}, pass {one.number + 1}{steps}"


def _indices(one: Pass) -> str:
    seen = named([f"index {index} was drawn {times} times" for index, times in one.examples], 3)
    lost = "" if not one.missing else f", and {one.missing:,} not at all ({named(list(one.absent), 3)})"
    return f"{one.repeated:,} drawn more than once: {seen}{lost}" if one.repeated > 3 else f"{seen}{lost}"


def _told(one: Pass) -> dict[str, Any]:
    steps = list(one.steps) if one.steps else None
    repeated = {str(index): times for index, times in one.examples}
    return {"pass": one.number + 1, "steps": steps, "draws": one.draws, "distinct": one.distinct, "repeated": one.repeated,
            "repeated_first": repeated, "missing": one.missing}  # fmt: skip
