"""Whose batch is in hand: one loader's passes, and what its batches are used for."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import (
    BACKWARD,
    BATCH,
    FORWARD,
    GRAD,
    OPAQUE,
    PASS_BEGIN,
    PASS_END,
    STEP,
    TRAINING,
    Event,
    Ref,
)

USES = frozenset({PASS_BEGIN, BATCH, PASS_END, FORWARD, BACKWARD, STEP, OPAQUE})


class Passing(NamedTuple):
    """The pass of `me` that is under way, or the last one.

    `under`: other passes under way, `outer`: those that had begun when this one did. `open`: the batch in hand is mine.
    `batches`: handed over in this pass, 2 meaning two or more. `stepped`, `evaluated`: what was done with them.
    `trains`: some batch of some pass was trained on; `others`: so was one of another loader; `lost`: who knows.
    """

    me: Ref
    under: frozenset[Ref] = frozenset()
    outer: frozenset[Ref] = frozenset()
    open: bool = False
    batches: int = 0
    stepped: bool = False
    evaluated: bool = False
    trains: bool = False
    others: bool = False
    lost: bool = False


def follow(s: Passing, event: Event) -> Passing:
    """The same after an event of USES."""
    if event.kind == OPAQUE:
        mine = event.of is None or s.me in event.of
        return Passing(s.me, lost=True) if mine else s
    if event.kind in (FORWARD, BACKWARD, STEP):
        return _use(s, event)
    if event.what == s.me:
        return _mine(s, event)
    if event.what is None:
        return s._replace(open=False)
    if event.kind == PASS_BEGIN:
        return s._replace(open=False, under=s.under | {event.what})
    if event.kind == PASS_END:
        return s._replace(under=s.under - {event.what})
    # A batch of a pass that was there before mine: mine was left, by a `break` or by asking for one batch only.
    return s._replace(open=s.open and event.what not in s.outer, under=s.under | {event.what})


def _mine(s: Passing, event: Event) -> Passing:
    if event.kind == PASS_BEGIN:
        return s._replace(open=False, batches=0, stepped=False, evaluated=False, outer=s.under)
    if event.kind == BATCH:
        return s._replace(open=True, batches=min(s.batches + 1, 2))
    return s._replace(open=False)


def _use(s: Passing, event: Event) -> Passing:
    if event.kind == FORWARD:
        watched = event.facts.get(TRAINING) is False or event.facts.get(GRAD) is False
        return s._replace(evaluated=True) if s.open and watched and not s.evaluated else s
    if s.open:
        return s._replace(trains=True, stepped=s.stepped or event.kind == STEP)
    return s if s.others or event.kind != STEP else s._replace(others=True)


def validates(s: Passing, event: Event) -> bool:
    """Whether this event ends a pass of a loader whose batches are looked at only, while others are trained on."""
    ends = event.kind == PASS_END and event.what == s.me
    return ends and s.evaluated and s.others and not s.trains and not s.lost
