"""A script in a few sentences: what one step of it does, in order."""

from __future__ import annotations

from glassloop.annotate.reading import Reading, Trace
from glassloop.events import (
    BACKWARD,
    BATCH,
    CLIP,
    FORWARD,
    LOSS_MADE,
    SCALE,
    SCALER_UPDATE,
    SCHEDULE,
    STEP,
    UNSCALE,
    ZERO_GRAD,
)

OF_A_STEP = (BATCH, ZERO_GRAD, FORWARD, LOSS_MADE, SCALE, BACKWARD, UNSCALE, CLIP, STEP, SCALER_UPDATE, SCHEDULE)


def order_of_a_step(reading: Reading) -> list[str]:
    """The events of one step in order, from the first path that takes two; empty where none does."""
    for trace in sorted(reading.traces, key=lambda t: -sum(e.kind == STEP for e in t.events))[:1]:
        found = _turn(trace)
        if found:
            return found
    return []


def _turn(trace: Trace) -> list[str]:
    kinds = [e.kind for e in trace.events if e.kind in OF_A_STEP]
    steps = [i for i, kind in enumerate(kinds) if kind == STEP]
    if not steps:
        return []
    last = steps[-1] if len(steps) < 3 else steps[1]
    before = steps[steps.index(last) - 1] if steps.index(last) else -1
    turn = kinds[before + 1 : last + 1]
    # What follows a step belongs to it: the scaler's update, the schedule, a clearing before the next forward.
    ahead = [i for i, kind in enumerate(turn) if kind in (BATCH, FORWARD)]
    cut = ahead[0] if ahead and before >= 0 else 0
    rotated = [*turn[cut:], *turn[:cut]]
    return [kind for i, kind in enumerate(rotated) if i == 0 or rotated[i - 1] != kind]


def summary_of(reading: Reading) -> list[str]:
    """Sentences for the head of the document."""
    order = order_of_a_step(reading)
    told = [f"One step, in order: {', '.join(order)}."] if order else ["No step of an optimizer was seen in this file."]
    found = len(reading.findings)
    things = "nothing" if not found else "one thing to look at" if found == 1 else f"{found} things to look at"
    told.append(f"Check finds {things}.")
    if len(reading.files) > 1:
        others = len(reading.files) - 1
        told.append(f"{others} file{'s' if others > 1 else ''} beside it {'were' if others > 1 else 'was'} read with it.")
    told += [f"Not everything could be followed: {note}." for note in dict.fromkeys(reading.notes)]
    return told
