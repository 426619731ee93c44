"""Which loaders a model was trained on, and which it is being measured on: told by order alone."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BATCH, FORWARD, GRAD, LOADER, OPTIMIZER, PASS_BEGIN, PASS_END, STEP, TRAINING, Event, Ref

LESSONS = frozenset({PASS_BEGIN, BATCH, PASS_END, FORWARD, STEP})
PAIRS, LOADERS = 16, 64  # of models and loaders, and loaders, that are remembered


class Lessons(NamedTuple):
    """What has been done with whose batches.

    `hand`: the loaders whose batches are in hand, `fresh`: with which nothing has been done. `walked`: the models called on
    them to learn, and their optimizers; `looked`: those called in a pass, without training. `taught`: (model or optimizer,
    loader) brought together by a step since something was measured; `measured`: something was, just now. `learned`: all
    loaders trained on, the latest last. `loose`: something was measured that came by no loader.
    """

    hand: frozenset[Ref] = frozenset()
    fresh: bool = False
    walked: frozenset[Ref] = frozenset()
    looked: frozenset[Ref] = frozenset()
    taught: tuple[tuple[Ref, Ref], ...] = ()
    measured: bool = False
    learned: tuple[Ref, ...] = ()
    loose: bool = False


def follow(s: Lessons, event: Event) -> Lessons:
    """The same after an event of LESSONS."""
    if event.kind == FORWARD:
        return _forward(s, event)
    if event.kind == STEP:
        return _step(s, event)
    loader = event.what
    if loader is None or loader.role != LOADER:
        return s
    if event.kind == BATCH:
        hand = s.hand | {loader} if s.fresh else frozenset({loader})
        return s._replace(hand=hand, fresh=True, walked=s.walked if hand == s.hand else frozenset())
    if event.kind == PASS_END and measures(s, loader):
        return s._replace(hand=s.hand - {loader}, looked=frozenset(), walked=frozenset(), measured=True)
    return s._replace(hand=s.hand - {loader}, looked=frozenset(), walked=frozenset())


def measures(s: Lessons, loader: Ref) -> bool:
    """Whether the pass of this loader that ends now measured a model that others have trained."""
    return bool(s.looked and s.taught) and loader not in s.learned


def teachers(s: Lessons) -> set[Ref]:
    """The loaders that the model measured now has been trained on since the last measurement.

    A model that nobody has trained is a copy (an average of the weights, say), where only one has been trained at all.
    """
    own = {loader for key, loader in s.taught if key in s.looked}
    optimizers = {key for key, _ in s.taught if key.role == OPTIMIZER}
    return own or ({loader for _, loader in s.taught} if len(optimizers) == 1 else set())


def _forward(s: Lessons, event: Event) -> Lessons:
    keys = _keys(event)
    if event.facts.get(TRAINING) is not False and event.facts.get(GRAD) is not False:
        return s._replace(fresh=False, walked=s.walked | keys)
    # A loader read one batch ahead has ended its pass before its last batch is looked at.
    loose = not s.hand and not s.measured and bool(s.taught)
    return s._replace(fresh=False, looked=s.looked | keys, loose=s.loose or loose)


def _step(s: Lessons, event: Event) -> Lessons:
    keys = s.walked | _keys(event)
    new = {(key, loader): None for loader in sorted(s.hand) for key in sorted(keys)}
    if not new:
        return s
    old = {} if s.measured else dict.fromkeys(s.taught)
    taught = tuple({**old, **new})[-PAIRS:]
    learned = s.learned
    if not s.hand.issubset(learned):
        learned = (*learned, *sorted(s.hand.difference(learned)))[-LOADERS:]
    return s._replace(fresh=False, taught=taught, measured=False, learned=learned)


def _keys(event: Event) -> frozenset[Ref]:
    return frozenset(ref for ref in (event.what, *(event.of or ())) if ref is not None)
