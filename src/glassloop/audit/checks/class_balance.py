"""The classes of the data, and of what was drawn from it in each epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from glassloop.audit.chance import ONCE_IN, both_tails
from glassloop.audit.checks._samplers import IN_ORDER, repeats
from glassloop.audit.evidence import Evidence
from glassloop.audit.passes import Pass
from glassloop.audit.report import Answer
from glassloop.audit.samples import Loader

SECTION = "sampling"
ASKS = "Does each epoch draw the classes as the data, or the declared sampler, has them?"
WHY = (
    "A class that is drawn less often than it should be is learned less well, and the training loss, which is measured on "
    "what was drawn, does not show it. That the data itself is unbalanced stands in the numbers; it is no fault of sampling."
)
TEST = (
    "drawing without replacement (hypergeometric, two-sided) from the data; where the sampler weighs, from what it drew in "
    f"all its epochs; significant where chance does it less often than once in {ONCE_IN:,}, all classes and epochs together"
)
CHANGE = "Draw from the whole class list in each epoch; a sampler that weighs should weigh alike in all of them."
MOST_CLASSES, MOST_TOLD = 2000, 50


class _Odd(NamedTuple):
    """A class in a pass that has more or fewer draws than chance gives."""

    one: Pass
    label: int
    drawn: int
    expected: float
    chance: float


def check(evidence: Evidence) -> Answer:
    """Every training loader whose labels are known."""
    facts: dict[str, Any] = {"test": TEST}
    odd, said, held = [], [], 0
    for loader in evidence.training:
        classes, passes = evidence.samples[loader.key].classes(), evidence.training_passes(loader)
        passes = [one for one in passes if one.draws and one.unlabelled == 0]
        known = _are_classes(classes, len(evidence.samples[loader.key]))
        if not known or not passes:
            lacks = "no pass of labelled samples" if known else "its samples have no class that is known"
            said.append(f"{loader}: {lacks}")
            continue
        facts[str(loader)] = {
            "classes_of_the_data": _sorted(classes),
            "drawn": [{"pass": one.number + 1, **_sorted(one.classes)} for one in passes[:MOST_TOLD]],
        }
        found, note = _judge(loader, classes, passes)
        odd += [(loader, row) for row in found]
        said += [note] if note else []
        held += not found and not note
    if odd:
        facts["chance"] = min(row.chance for _, row in odd)
        return Answer("fails", "; ".join(_sentence(loader, row) for loader, row in odd[:3]), facts, CHANGE)
    if said or not held:
        says = "; ".join(said) or "no training loader was recorded"
        return Answer("unknown", says, facts, "A map-style data set whose samples end with an integer label.")
    return Answer("holds", "in every epoch, each class was drawn as often as the data has it, up to chance", facts)


def _judge(loader: Loader, classes: Counter[int], passes: list[Pass]) -> tuple[list[_Odd], str]:
    """The odd classes of the passes; or what must be said where oddity would mean nothing."""
    level = 1 / (ONCE_IN * len(classes) * len(passes))
    length = loader.number_of("length") or 0
    complete = sum(classes.values()) >= length > 0
    if repeats(loader) is False and complete:
        tested = [one for one in passes if loader.sampler not in IN_ORDER or one.draws >= length]
        odd = [row for one in tested for row in _against(one, classes, level)]
        late = len(passes) - len(tested)
        return odd, "" if odd or not late else f"{loader} is walked in order and left early in {late:,} passes"
    odd, left = [], list(passes)
    while len(left) > 1:
        worst = max(left, key=lambda one: _strangeness(one, left, classes))
        rows = _against(worst, _pooled(left), level)
        if not rows:
            break
        odd += rows
        left.remove(worst)
    strange = len(passes) - len(left)
    if strange > 1 and 2 * strange > len(passes):
        return [], f"{loader} draws other classes in most epochs, as a curriculum does"
    if odd:
        return odd, ""
    alike = "no epoch stranger than chance makes it" if len(passes) > 1 else "in one epoch, with no other to compare"
    sampler = loader.sampler or "a sampler of its own"
    return [], f"{loader} draws by {sampler}, {alike}; what it should draw is not in the record"


def _against(one: Pass, pool: Mapping[int, int], level: float) -> list[_Odd]:
    """The classes of a pass that are odd beside the pool that it is a part of."""
    total = sum(pool.values())
    drawn = min(one.draws, total)
    rows = []
    for label, marked in pool.items():
        count = one.classes.get(label, 0)
        chance = both_tails(min(count, marked, drawn), drawn, marked, total)
        if count > marked:  # more than there are: only by repeats
            chance = 0.0
        if chance < level:
            rows.append(_Odd(one, label, count, drawn * marked / total, chance))
    return sorted(rows, key=lambda row: row.drawn / row.expected)


def _strangeness(one: Pass, passes: list[Pass], classes: Mapping[int, int]) -> tuple[float, float]:
    """How far the shares of a pass are from those of the others; where there are but two, from those of the data."""
    pool = _pooled([other for other in passes if other is not one])
    return round(_distance(one.classes, pool), 9), _distance(one.classes, classes)


def _distance(counts: Mapping[int, int], others: Mapping[int, int]) -> float:
    """Half the sum of the differences of two distributions: 0 equal, 1 apart."""
    of, total = max(1, sum(counts.values())), max(1, sum(others.values()))
    return sum(abs(counts.get(label, 0) / of - others.get(label, 0) / total) for label in {*counts, *others}) / 2


def _pooled(passes: list[Pass]) -> Counter[int]:
    found: Counter[int] = Counter()
    for one in passes:
        found.update(one.classes)
    return found


def _are_classes(classes: Counter[int], samples: int) -> bool:
    """Whether integer labels name classes, and not amounts or words of a vocabulary."""
    return 1 < len(classes) <= min(MOST_CLASSES, max(2, samples // 2))


def _sorted(counts: Mapping[int, int]) -> dict[str, int]:
    return {str(label): counts[label] for label in sorted(counts)}


def _sentence(loader: Loader, row: _Odd) -> str:
    less = "under" if row.drawn < row.expected else "over"
    chance = "never by chance" if row.chance == 0 else f"by chance once in {1 / row.chance:,.2g}"
    where = f"{loader}, pass {row.one.number + 1}: class {row.label}"
    return f"{where} is {less}-sampled, {row.drawn:,} draws where {row.expected:,.0f} are expected ({chance})"
