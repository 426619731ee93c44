"""A script in a few sentences: what one step of it does, in order."""

from __future__ import annotations

from glassloop.annotate.reading import Reading, Trace
from glassloop.events import (
    BACKWARD,
    BATCH,
    CLIP,
    FORWARD,
    GRAD_ON,
    LOSS_MADE,
    SCALE,
    SCALER_UPDATE,
    SCHEDULE,
    STEP,
    UNSCALE,
    ZERO_GRAD,
)

BEHIND = (SCALER_UPDATE, SCHEDULE, ZERO_GRAD)
OF_A_STEP = (BATCH, ZERO_GRAD, FORWARD, LOSS_MADE, SCALE, BACKWARD, UNSCALE, CLIP, STEP, SCALER_UPDATE, SCHEDULE)


def order_of_a_step(reading: Reading) -> list[str]:
    """The events of one step in order, from the first path that takes two; empty where none does."""
    for trace in sorted(reading.traces, key=lambda t: -sum(e.kind == STEP for e in t.events))[:1]:
        found = _turn(trace)
        if found:
            return found
    return []


def _turn(trace: Trace) -> list[str]:
    """The first turn: from its batch (or what comes first after an evaluation) to its step, and what belongs behind that."""
    kinds = [e.kind for e in trace.events if e.kind in (*OF_A_STEP, GRAD_ON)]
    if STEP not in kinds:
        return []
    step = kinds.index(STEP)
    begin = max((i + 1 for i, kind in enumerate(kinds[:step]) if kind == GRAD_ON), default=0)
    begin = next((i for i in range(begin, step) if kinds[i] == BATCH), begin)
    end = step + 1
    turn = kinds[begin:step]
    while end < len(kinds) and kinds[end] in BEHIND and kinds[end] not in turn:
        end += 1
    # A clearing behind the step that also comes first in the next turn belongs to that one.
    return _folded([kind for kind in kinds[begin:end] if kind != GRAD_ON])


def _folded(kinds: list[str]) -> list[str]:
    """What repeats at once is told once: `forward, backward, forward, backward` is `several times (forward, backward)`."""
    for size in range(1, len(kinds) // 2 + 1):
        for i in range(len(kinds) - 2 * size + 1):
            part = kinds[i : i + size]
            count = 1
            while kinds[i + count * size : i + (count + 1) * size] == part:
                count += 1
            if count > 1:
                told = part if size == 1 else [f"several times ({', '.join(part)})"]
                return _folded(kinds[:i] + told + kinds[i + count * size :])
    return kinds


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
