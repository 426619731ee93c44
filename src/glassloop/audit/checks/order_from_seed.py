"""Is the order of the samples really f(seed, epoch)?"""

from __future__ import annotations

from array import array
from collections import Counter
from hashlib import sha256
from typing import Any

from glassloop.audit.checks._samplers import IN_ORDER, repeats
from glassloop.audit.evidence import Evidence
from glassloop.audit.passes import Pass
from glassloop.audit.report import Answer
from glassloop.audit.samples import Loader
from glassloop.audit.shuffles import permutation

SECTION = "sampling"
ASKS = "Does the order of the samples follow from the seed and the epoch?"
WHY = (
    "An order that was chosen can teach what the data does not (all of one class last, say), and looks like any other. "
    "An order that follows from a number that was fixed before leaves nothing to choose but that number."
)
CHANGE = "Take the kit's loaders (kit.data.make_loader), whose order anybody can compute again, or replay the run."
MOST_SIZE, MOST_PASSES, MOST_EPOCHS = 5_000_000, 200, 2000


def check(evidence: Evidence) -> Answer:
    """The passes of the kit's loaders against its own function; of others, what can be said."""
    facts: dict[str, Any] = {}
    wrong, said, right = [], [], 0
    again: list[str] = []  # what a replay has drawn again
    for loader in evidence.training:
        passes = evidence.training_passes(loader)
        seed = _seed(evidence, loader)
        if not passes:
            continue
        if loader.sampler == "EpochOrder" and seed is not None:
            epochs = _epochs(loader, passes, seed)
            facts[str(loader)] = {"function": "kit.seeding.permutation", "seed": seed, "epochs": epochs}
            bad = [one for one, epoch in zip(passes, epochs, strict=False) if epoch is None]
            wrong += [f"{loader}, pass {one.number + 1} is not the order of seed {seed} in any epoch" for one in bad[:3]]
            right += len(epochs) - len(bad)
            if len(epochs) < len(passes):
                said.append(f"of {loader}, {len(epochs):,} of {len(passes):,} passes were computed again")
        else:
            facts[str(loader)] = {"sampler": loader.sampler or None, "different_orders": len({one.order for one in passes})}
            if evidence.drawn_again:
                again.append(f"the {len(passes):,} passes of {loader} came again from the recorded state of the generators")
            else:
                said.append(_said(loader, passes))
    if wrong:
        return Answer("fails", "; ".join(wrong), facts, CHANGE)
    if not right and not said and not again:
        return Answer("unknown", "no order of training batches was recorded", facts, CHANGE)
    if said:
        return Answer("unknown", "; ".join(said), facts, CHANGE)
    told = [f"all {right:,} passes are what the kit's function gives for the run's seed"] if right else []
    return Answer("holds", "; ".join([*told, *again]), facts)


def _seed(evidence: Evidence, loader: Loader) -> int | None:
    for seed in (loader.about.get("seed"), evidence.run.get("seed")):
        if type(seed) is int:
            return seed
    return None


def _epochs(loader: Loader, passes: list[Pass], seed: int) -> list[int | None]:
    """For each pass the epoch whose order it is, or a part of; None where it is none's."""
    size, batch = loader.number_of("length") or 0, loader.number_of("batch_size") or 1
    if not 0 < size <= MOST_SIZE:
        return []
    found: list[int | None] = []
    budget = max(3, min(MOST_EPOCHS, 200_000_000 // size // 100))  # epochs that are tried where the next is not the one
    next_one = 0
    for one in passes[:MOST_PASSES]:
        near = dict.fromkeys((next_one, max(0, next_one - 1), 0))
        epoch = next((at for at in (*near, *range(budget)) if _is_part(one, loader, size, seed, at, batch)), None)
        if epoch is None:
            budget = 0  # once is enough to say so
        next_one = (epoch if epoch is not None else next_one) + 1
        found.append(epoch)
    return found


def _is_part(one: Pass, loader: Loader, size: int, seed: int, epoch: int, batch: int) -> bool:
    """Whether the pass is this epoch's order, from some batch on, up to where it was left."""
    order = array("q", range(size)) if loader.about.get("shuffle") is False else permutation(size, seed, epoch)
    world = max(1, loader.number_of("world") or 1)
    if world > 1:  # one process of several had each `world`-th sample of every batch
        rank = max(0, loader.number_of("rank") or 0)
        order = array("q", [one for at in range(0, size, batch) for one in order[at : at + batch][rank::world]])
        batch = len(range(rank, batch, world)) or 1
    start = order.index(one.first) if one.first is not None and one.first in order else 0
    return start % batch == 0 and sha256(order[start : start + one.draws].tobytes()).hexdigest() == one.order


def _said(loader: Loader, passes: list[Pass]) -> str:
    """Of an order that is nobody's function of seed and epoch: what is to be seen in it."""
    orders = Counter(one.order for one in passes)
    name = loader.sampler or "a sampler that was not recorded"
    if loader.sampler in IN_ORDER:
        return f"{loader} is walked in the order of the data set: nothing is drawn"
    if len(passes) > 1 and len(orders) < len(passes):
        return f"{loader}: {len(passes) - len(orders):,} of {len(passes):,} passes repeat the order of another ({name})"
    drawn = "draws" if repeats(loader) else "permutations"
    many = f"{loader}: {len(passes):,} different {drawn}"
    return f"{many} by {name}, whose seed came from the generators; only a replay shows that they follow from it"
