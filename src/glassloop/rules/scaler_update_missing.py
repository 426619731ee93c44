"""A scaler that is never told that a step is over."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BY, END, OPAQUE, SCALE, SCALER, SCALER_UPDATE, STEP, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict, Without
from glassloop.findings import Insert, Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="scaler.step is called for an optimizer again and again, and scaler.update never in between.",
    why="The scaler keeps what it noted of the first step. PyTorch raises at the second one; inside an `except` every later "
    "step is lost in silence.",
    intended="Several optimizers that step before one update share it rightly, and are not reported.",
    fix="Call scaler.update() once after the steps of each iteration.",
    severity=Severity.ERROR,
    safe=True,
)

BAD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")
for step in range(2):
    x = torch.randn(4, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    try:
        scaler.step(optimizer)  # expect: scaler-update-missing
    except RuntimeError:
        print("skipped")
"""

GOOD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")
for step in range(2):
    x = torch.randn(4, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    try:
        scaler.step(optimizer)
    except RuntimeError:
        print("skipped")
    scaler.update()
"""

EXPERIMENT = Experiment(
    loop="amp",
    mistake=(Without("scaler.update()"),),
    cases=(
        Case(
            "a plain loop",
            Verdict.RAISES,
            lambda right, wrong: wrong["raised"].startswith("RuntimeError") and wrong["steps"] == 1,
            "It raises after {wrong[steps]} step: {wrong[raised]}",
        ),
        Case(
            "inside `except RuntimeError`",
            Verdict.WORSE,
            lambda right, wrong: wrong["steps"] == 1 and right["steps"] == 48,
            "{wrong[steps]} step is made instead of {right[steps]}, and nobody is told: accuracy {wrong[val_accuracy]:.2f} "
            "instead of {right[val_accuracy]:.2f}.",
            edits=(
                Without("scaler.unscale_(optimizer)"),
                Without("torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)"),
                Instead("scaler.step(optimizer)", "try:\n    scaler.step(optimizer)\nexcept RuntimeError:\n    pass"),
            ),
        ),
    ),
)

KEY = SCALER
HEARS = {STEP, SCALE, SCALER_UPDATE, OPAQUE, END}


class State(NamedTuple):
    """`stepped`: optimizers that the scaler has stepped since its last update, and where; `again`: it scaled since."""

    me: Ref
    stepped: tuple[tuple[Ref, Place], ...] = ()
    again: Place | None = None
    updated: bool = False  # it was told at least once, or may have been: then an end in between says nothing
    told: bool = False  # one story is enough for one missing update


def initial(me: Ref) -> State:
    """No step yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A second step of the same optimizer without an update is the mistake; a run raises there, so its end is heard too."""
    if event.kind == STEP:
        return _step(state, event)
    if event.kind == END:
        found = state.stepped and not state.updated and state.again is not None
        return State(state.me, updated=True), ((_story(state.stepped[0][1]),) if found else ())
    if reaches(event, state.me) is False:
        return state, ()
    if event.kind == SCALE:
        return (state._replace(again=event.at) if state.stepped else state), ()
    return State(state.me, updated=True), ()


def _step(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    if event.facts.get(BY) != state.me or event.what is None or state.told:
        return state, ()
    known = dict(state.stepped)
    if event.what in known:
        return State(state.me, updated=True, told=True), (_story(known[event.what]),)
    return state._replace(stepped=(*state.stepped, (event.what, event.at)), again=None), ()


def _story(step: Place) -> Story:
    says = "the scaler steps here again and again and is never updated in between; call scaler.update() after the step"
    return Story(says, (("step", step, ""),), ((Insert("{step.receiver}.update()", after="step"),),))
