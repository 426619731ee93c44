"""Windows as a run tells them: sizes that say nothing, steps that a scaler skipped, windows too large to count."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from glassloop.events import BACKWARD, END, OPTIMIZER, STEP, TURN, ZERO_GRAD, Event, Ref
from glassloop.rules import accumulation_tail_dropped as rule

ME = Ref(1, OPTIMIZER, "SGD")


def events(passes: Iterable[str]) -> list[Event]:
    """One string a pass: b is a backward, s a step and a clearing, z a clearing alone."""
    found, turn = [], 0
    for number, calls in enumerate(passes):
        for call in calls:
            turn += call == "b"
            if call == "b":
                found.append(Event(BACKWARD, "backward", None, (ME,), {TURN: (0, number % 2, turn % 2)}))
            if call == "s":
                found.append(Event(STEP, "step", ME, (ME,)))
            if call in "sz":
                found.append(Event(ZERO_GRAD, "clear", ME, (ME,)))
    return [*found, Event(END, None)]


def stories(*passes: str) -> int:
    state, count = rule.initial(ME), 0
    for event in events(passes):
        state, found = rule.hear(state, event)
        count += len(found)
    return count


@pytest.mark.parametrize(
    ("passes", "found"),
    [
        (["bbsbbsb", "bbsbbsb"], 2),  # mixed into the next pass, and left at the end
        (["bbsbbsb", "zbbsbbsb", "zbbs"], 2),  # thrown away at the start of the next pass
        (["bbsbbsb"], 1),
        (["bbsbbsb", "bsbbsbbs"], 0),  # goes on over the end, by a counter
        (["bbsbbsbs", "bbsbbsbs"], 0),  # a step at the last batch
        (["bbbsbbsbb", "bbsbbbsb"], 0),  # by tokens: windows of any size
        (["bbsbbz", "bbsbbs"], 0),  # a whole window that a scaler skipped
        (["bbsbbs", "bbbbsbbbbs"], 0),  # another size from some epoch on
        (["bsbsb", "bsbs"], 0),  # no windows at all
        (["b" * 300 + "s" + "b" * 7, "b" * 300 + "s"], 0),  # too many to count
    ],
)
def test_windows(passes: list[str], found: int):
    assert stories(*passes) == found
