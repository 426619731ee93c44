"""A loader that is started anew for every batch."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import (
    BATCH,
    FORWARD,
    GRAD,
    LENGTH,
    LOADER,
    MADE,
    OPAQUE,
    PASS_BEGIN,
    PASS_END,
    STEP,
    TRAINING,
    Event,
    Place,
    Ref,
)
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="Every step makes a new iterator over a loader and takes one batch from it: next(iter(loader)).",
    why="Without shuffling every step sees the first batch. With it, the whole order is drawn anew, and the workers are "
    "started anew, for every single batch; a sample may come often or never.",
    intended="One batch before the loop, to overfit on or to look at, is not reported.",
    fix="Make the iterator once, before the loop, and a new one when it has run dry; or loop over the loader.",
    severity=Severity.WARNING,
)

BAD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(3):
    (x,) = next(iter(loader))  # expect: loader-restarted-each-step
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()
"""

GOOD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(12, 3)), batch_size=4, shuffle=True)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
batches = iter(loader)
for step in range(3):
    (x,) = next(batches)
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()
"""

EXPERIMENT = Experiment(
    loop="steps",
    mistake=(Instead("x, y, number = next(batches)", "x, y, number = next(iter(loader))"),),
    cases=(
        Case(
            "shuffled, one epoch's worth of steps",
            Verdict.SILENT,
            lambda right, wrong: right["samples_seen"] == 600 and 330 < wrong["samples_seen"] < 440,
            "{wrong[steps]} batches of 50 should show each of the 600 samples once. They show {wrong[samples_seen]} of "
            "them, some several times, and the others not at all.",
        ),
        Case(
            "in the order of the data, 120 steps",
            Verdict.WORSE,
            lambda right, wrong: wrong["samples_seen"] == 50 and wrong["val_accuracy"] < right["val_accuracy"] - 0.05,
            "All {wrong[steps]} steps see the first {wrong[samples_seen]} samples, and no other: accuracy "
            "{wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
            {"STEPS": "120"},
            edits=(
                Instead(
                    "loader = DataLoader(train, batch_size=50, shuffle=True)",
                    "loader = DataLoader(train, batch_size=50, sampler=range(600))",
                ),
            ),
        ),
    ),
)

KEY = LOADER
HEARS = frozenset({MADE, PASS_BEGIN, BATCH, PASS_END, FORWARD, STEP, OPAQUE})


class State(NamedTuple):
    """`begun`: where the pass began that has given `batches`; `by`: who has stepped since, once; `odd`: not this pattern.

    `used`: whether the first forward after the batch was one of training (None: there was none yet).
    """

    me: Ref
    begun: Place | None = None
    batches: int = 0
    by: Ref | None = None
    used: bool | None = None
    odd: bool = False
    single: bool = False  # a pass has one batch only
    beside: Ref | None = None  # another loader that a pass began over since: it may be restarted just so


def initial(me: Ref) -> State:
    """No pass yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A pass that begins where the last one began, which gave one batch for one step, is the mistake."""
    mine = event.what == state.me
    if event.kind == MADE:
        return (state._replace(single=event.facts.get(LENGTH) == 1) if mine else state), ()
    if event.kind == PASS_BEGIN and mine:
        again = state.begun == event.at and state.batches == 1 and state.by is not None and state.used is True
        stories = (_story(event.at),) if again and not state.odd and not state.single else ()
        return State(state.me, event.at, single=state.single), stories
    if event.kind == BATCH:
        if not mine:
            return (state if event.what == state.beside else state._replace(used=state.used or False)), ()
        return state._replace(batches=min(state.batches + 1, 2)), ()
    if event.kind == FORWARD:
        trains = event.facts.get(GRAD) is not False and event.facts.get(TRAINING) is not False
        return (state._replace(used=trains) if state.batches and state.used is None else state), ()
    if event.kind == STEP:
        if state.by is None and event.what is not None:
            return state._replace(by=event.what), ()
        return (state._replace(odd=True) if event.what == state.by else state), ()
    if event.kind == OPAQUE and event.of is not None and state.me not in event.of:
        return state, ()
    if event.kind == PASS_BEGIN:
        return state._replace(beside=event.what), ()
    # A whole pass of another loader around or inside this one: the step in between may be an epoch's only one.
    return state._replace(odd=True), ()


def _story(begun: Place) -> Story:
    says = (
        "a new pass over the loader begins here at every step and gives one batch; make the iterator once, "
        "before the loop, or loop over the loader"
    )
    return Story(says, (("begun", begun, ""),))
