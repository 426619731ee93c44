"""Which ways through a program need not be played: those that differ from others in what has been seen not to matter.

The ways of n branches are 2**n. Most branches decide something that is soon over, or nothing that is heard at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glassloop.findings import Story
    from glassloop.rules import Rule
    from glassloop.source.paths import Path


def effect(path: Path, other: Path, i: int) -> int:
    """Up to which of its choices `other`, which differs from `path` in the choice `i`, shows that it does.

    From there on both say the same events, ask the same questions and tell the same stories: what is chosen later has
    nothing to do with this choice, and need not be tried together with it.
    """
    before, after = len(path.events), len(other.events)
    same = 0
    for a, b in zip(reversed(path.events), reversed(other.events), strict=False):
        if a[:4] != b[:4]:
            break
        same += 1
    over = len(other.choices)
    for n in range(1, min(len(path.choices), len(other.choices)) - i):
        if path.asked[-n] < before - same or other.asked[-n] < after - same or path.questions[-n] != other.questions[-n]:
            break
        over = len(other.choices) - n
    if over == len(other.choices):
        return over
    told, instead = _stories(path, path.asked[over - len(other.choices)]), _stories(other, other.asked[over])
    return over if told == instead else len(other.choices)


def _stories(path: Path, since: int) -> set[tuple[str, Any]]:
    return {_key(story) for story, told in zip(path.stories, path.told, strict=True) if told > since}


def _key(told: tuple[Rule, Story]) -> tuple[str, Any]:
    return told[0].name, told[1].scenes[0][1]


class Tried:
    """Choices that have been tried at their place often enough: their effect was soon over, and told nothing new."""

    ENOUGH = 2  # times at one place

    def __init__(self) -> None:
        self._tried: Counter[Hashable] = Counter()
        self._seen: set[Hashable] = set()

    def enough(self, path: Path, i: int) -> bool:
        """Whether a choice need not be turned round again."""
        return self._tried[_place(path, i)] >= self.ENOUGH

    def learn(self, path: Path, other: Path, i: int, over: int) -> None:
        """`other` is `path` with one choice turned round; its effect was `over` at one of its choices."""
        ended = over < len(other.choices) or i + 1 == len(path.choices) == len(other.choices)
        if ended and path.complete == other.complete and _stories(path, -1) == _stories(other, -1):
            self._tried[_place(path, i)] += 1


    def like_another(self, other: Path, i: int) -> bool:
        """Whether a path is in nothing but its choices up to `i` different from one that was played before."""
        said = tuple(event[:4] for event in other.events)
        seen = (said, frozenset(_stories(other, -1)), other.complete, other.questions[i + 1 :], other.choices[i + 1 :])
        known = seen in self._seen
        self._seen.add(seen)
        return known


def _place(path: Path, i: int) -> Hashable:
    key, statement = path.questions[i]
    return statement, key[0] if isinstance(key, tuple) else "", path.choices[i]
