"""A schedule that skips its own first value."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BACKWARD, MADE, OPAQUE, PLACED, SCALER_UPDATE, SCHEDULE, SCHEDULER, STEP, Event, Place, Ref
from glassloop.experiments import Added, Case, Experiment, Instead, Moved, Verdict
from glassloop.findings import Move, Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="The scheduler steps before the first step of its optimizer.",
    why="The first value of the schedule is never used: a warm-up starts one step too far, and a decay comes an "
    "epoch early.",
    intended="Winding a new schedule forward to where an old run stopped is not reported; load_state_dict does it in "
    "one line.",
    fix="Call optimizer.step() first, then scheduler.step().",
    severity=Severity.WARNING,
    safe=True,
)

BAD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
epochs = 2
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
for epoch in range(epochs):
    scheduler.step()  # expect: scheduler-before-optimizer
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
"""

GOOD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
epochs = 2
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
for epoch in range(epochs):
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
    scheduler.step()
"""

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Moved("scheduler.step()", before="for x, y in loader:"),),
    cases=(
        Case(
            "a cosine over 4 epochs",
            Verdict.WARNS,
            lambda right, wrong: wrong["lr_first"] < right["lr_first"] and wrong["lr_last"] < 1e-9 < right["lr_last"],
            "PyTorch warns. The first epoch is trained at {wrong[lr_first]:.2f} instead of {right[lr_first]:.2f}, and the "
            "last one at {wrong[lr_last]:.1g}: it learns nothing.",
        ),
        Case(
            "warm-up over 4 epochs, warnings switched off",
            Verdict.SILENT,
            lambda right, wrong: wrong["lr_first"] > 1.5 * right["lr_first"] and wrong["warnings"] == 0,
            "Many scripts switch warnings off. The warm-up then begins at {wrong[lr_first]:.2g} instead of "
            "{right[lr_first]:.2g}, and nobody is told.",
            edits=(
                Added("import warnings", before="import json"),
                Added("warnings.simplefilter('ignore')", before="SEED = 0"),
                Instead(
                    "scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=T_MAX)",
                    "scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=T_MAX)",
                ),
            ),
        ),
    ),
)

KEY = SCHEDULER
HEARS = {MADE, SCHEDULE, BACKWARD, STEP, SCALER_UPDATE, OPAQUE}


class State(NamedTuple):
    """`waits`: optimizers that have not stepped; `early`: the schedule's first call; `worked`: a backward since."""

    me: Ref
    waits: tuple[Ref, ...] = ()
    early: Place | None = None
    worked: bool = False


def initial(me: Ref) -> State:
    """A scheduler whose making nobody heard waits for nobody."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """The first step of the optimizer, with a call of the schedule before it, is the mistake."""
    if event.kind == MADE and event.what == state.me:
        return State(state.me, waits=event.of or ()), ()
    if not state.waits:
        return state, ()
    if event.kind == SCHEDULE and event.facts.get(PLACED) is True:
        return State(state.me), ()  # scheduler.step(epoch) says where it stands: nothing is skipped
    if event.kind == SCHEDULE:
        if state.early is None:
            return state._replace(early=event.at), ()
        # Called again with no training between: it is being wound forward.
        return (state if state.worked else State(state.me)), ()
    if event.kind == BACKWARD:
        return (state._replace(worked=True) if state.early is not None else state), ()
    if event.kind == STEP and event.what not in state.waits:
        return state, ()
    found = event.kind == STEP and state.early is not None
    # A scaler that updates before any step was heard has skipped the step: the order cannot be told.
    return State(state.me), ((_story(state.early, event.at),) if found else ())


def _story(schedule: Place, step: Place) -> Story:
    says = (
        "the scheduler steps here before the first step of its optimizer at {step}: the first value of the schedule is "
        "skipped; call it after the optimizer's step"
    )
    scenes = (("schedule", schedule, ""), ("step", step, "the first step of the optimizer"))
    return Story(says, scenes, ((Move("schedule", after="step"),),))
