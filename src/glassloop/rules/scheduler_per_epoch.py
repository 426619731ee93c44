"""A schedule counted in steps, moved on once an epoch."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import (
    BATCH,
    MADE,
    OPAQUE,
    PASS_BEGIN,
    PASS_END,
    ROUND,
    SCHEDULE,
    SCHEDULER,
    STEP,
    UNIT,
    Event,
    Place,
    Ref,
)
from glassloop.experiments import Case, Experiment, Instead, Moved, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="A schedule whose length is counted in optimizer steps is stepped once an epoch.",
    why="It moves on as many times as there are epochs, out of epochs times batches: a one-cycle run ends while it still "
    "warms up, and a decay never comes.",
    intended="A schedule laid out in epochs, or stepped once for each step of the optimizer, is not reported.",
    fix="Step it after every step of the optimizer, inside the loop over the batches, or lay it out in epochs.",
    severity=Severity.ERROR,
)

_SCRIPT = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
epochs = 2
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=epochs * len(loader))
for epoch in range(epochs):
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
"""

BAD = _SCRIPT + """\
    scheduler.step()  # expect: scheduler-per-epoch
"""
GOOD = _SCRIPT + """\
        scheduler.step()
"""

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Moved("scheduler.step()", before="model.eval()"),),
    cases=(
        Case(
            "one cycle over all steps",
            Verdict.WORSE,
            lambda right, wrong: wrong["lr_values"] == 4 and wrong["lr_last"] < 0.1 * wrong["lr_first"] + 0.2,
            "The rate is raised {wrong[lr_values]} times in all, from {wrong[lr_first]:.2g} to {wrong[lr_last]:.2g}, and "
            "the run is over before the cycle reaches its peak; accuracy {wrong[val_accuracy]:.2f}, rightly "
            "{right[val_accuracy]:.2f}.",
            {"LR": "0.2"},
            edits=(
                Instead(
                    "scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=T_MAX)",
                    "scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=EPOCHS * len(loader))",
                ),
                Moved("scheduler.step()", after="optimizer.step()"),
            ),
        ),
    ),
)

KEY = SCHEDULER
HEARS = {MADE, SCHEDULE, STEP, PASS_BEGIN, BATCH, PASS_END, OPAQUE}


class State(NamedTuple):
    """`made`: where, if it counts steps; `waits`: its optimizer; `steps`: of that since the last call, up to 2.

    `inside`: a pass is under way and has handed out a batch; `over`: one has ended since the last call, with several steps.
    """

    me: Ref
    made: Place | None = None
    waits: tuple[Ref, ...] = ()
    inside: bool = False
    over: bool = False
    steps: int = 0


def initial(me: Ref) -> State:
    """Nothing is known of its length."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A call after several steps of the optimizer, in one turn of the loop it stands in or in a pass that is over."""
    if event.kind == MADE:
        if event.what != state.me:
            return state, ()
        return State(state.me, event.at if event.facts.get(UNIT) == "steps" else None, event.of or ()), ()
    if state.made is None:
        return state, ()
    if event.kind == SCHEDULE:
        number = event.facts.get(ROUND)
        late = number > 1 if isinstance(number, int) else state.over and not state.inside and state.steps > 1
        return state._replace(steps=0, over=False), ((_story(event.at, state.made),) if late else ())
    if event.kind == STEP:
        return (state._replace(steps=min(state.steps + 1, 2)) if event.what in state.waits else state), ()
    if event.kind == PASS_BEGIN:
        return state._replace(inside=False, over=False), ()
    if event.kind == BATCH:
        return state._replace(inside=True), ()
    if event.kind == PASS_END:
        return state._replace(inside=False, over=state.over or state.steps > 1), ()
    elsewhere = event.of is not None and state.me not in event.of
    return (state if elsewhere else state._replace(steps=0, over=False)), ()


def _story(schedule: Place, made: Place) -> Story:
    says = (
        "the schedule made at {made} is counted in steps of the optimizer and is stepped here once after several of them; "
        "step it after every one, inside the loop over the batches, or lay it out in epochs"
    )
    return Story(says, (("schedule", schedule, ""), ("made", made, "a length counted in steps")))
