"""An epoch's schedule, run through once a batch."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import (
    BATCH,
    MADE,
    OPAQUE,
    PASS_BEGIN,
    PASS_END,
    SCHEDULE,
    SCHEDULER,
    STEP,
    TURN,
    UNIT,
    Event,
    Place,
    Ref,
)
from glassloop.experiments import Case, Experiment, Instead, Moved, Verdict
from glassloop.findings import MoveOut, Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="A schedule whose length is counted in epochs is stepped once a batch.",
    why="The schedule is over after as many batches as there should have been epochs. A cosine does not stay at "
    "its end: it swings up and down again for the rest of the run.",
    intended="A schedule laid out in steps (OneCycleLR, warm-up, T_max=epochs * len(loader)) is stepped per batch "
    "rightly, and is not reported.",
    fix="Step it once an epoch, after the loop over the batches, or lay it out in steps: T_max=epochs * len(loader).",
    severity=Severity.ERROR,
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
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
        scheduler.step()  # expect: scheduler-per-batch
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
    mistake=(Moved("scheduler.step()", after="optimizer.step()"),),
    cases=(
        Case(
            "a cosine over the epochs, batch-norm",
            Verdict.SILENT,
            lambda right, wrong: wrong["lr_last"] > 5 * right["lr_last"] and wrong["lr_values"] > 20,
            "The rate does not fall faster, it swings: {wrong[lr_values]} values between {wrong[lr_min]:.2g} and "
            "{wrong[lr_max]:.2g}, where {right[lr_values]} were meant, and the last step is made at {wrong[lr_last]:.2g} "
            "instead of {right[lr_last]:.2g}. Accuracy {wrong[val_accuracy]:.2f}, rightly {right[val_accuracy]:.2f}.",
            {"NORM": "nn.BatchNorm1d"},
        ),
        Case(
            "a tenth of the rate after every 2 epochs",
            Verdict.WORSE,
            lambda right, wrong: wrong["lr_last"] < 1e-15 and wrong["val_accuracy"] < right["val_accuracy"] - 0.05,
            "After {wrong[steps]} batches the rate is {wrong[lr_last]:.0e} instead of {right[lr_last]:.2g}; the training "
            "is over before it has begun, and accuracy is {wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
            edits=(
                Instead(
                    "scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=T_MAX)",
                    "scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2)",
                ),
            ),
        ),
    ),
)

KEY = SCHEDULER
HEARS = {MADE, SCHEDULE, STEP, PASS_BEGIN, BATCH, PASS_END, OPAQUE}


class State(NamedTuple):
    """`made`: where, if it counts epochs. Of this pass: `handed` a batch; `called` after one; `moved` on since then.

    `turn`: the turn of the loop over epochs in which the last call stood. Since then: `trained`, the steps of optimizers,
    and `batches`; of either, two stand for more.
    """

    me: Ref
    made: Place | None = None
    handed: bool = False
    called: bool = False
    moved: bool = False
    turn: object = None
    trained: int = 0
    batches: int = 0


def initial(me: Ref) -> State:
    """Nothing is known of its length."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """Two calls in one pass over a loader, after different batches, are the mistake.

    Where the ear can tell turns of the loop over epochs apart, two calls in one turn with a step between them are. Several
    batches, each with its step, between two calls are an interval of its own, as of validations.
    """
    if event.kind == MADE and event.what == state.me:
        return (state._replace(made=event.at) if event.facts.get(UNIT) == "epochs" else state), ()
    if event.kind == BATCH:
        return state._replace(handed=True, moved=state.called, batches=min(state.batches + 1, 2)), ()
    if event.kind == SCHEDULE:
        turn = event.facts.get(TURN)
        same_turn = turn is not None and turn == state.turn and state.trained > 0
        seldom = state.batches > 1 and state.trained > 1
        again = (state.moved if turn is None else same_turn) and state.made is not None and not seldom
        heard = state._replace(called=state.handed, moved=False, turn=turn, trained=0, batches=0)
        return heard, ((_story(event.at, state.made),) if again and state.made is not None else ())
    if event.kind == STEP:
        return (state if state.trained > 1 else state._replace(trained=state.trained + 1)), ()
    if event.kind == OPAQUE and event.of is not None and state.me not in event.of:
        return state, ()
    # A pass of another loader inside this one is a validation: what follows it may well be counted in validations.
    turn = state.turn if event.kind == PASS_END else None
    return state._replace(handed=False, called=False, moved=False, turn=turn), ()


def _story(schedule: Place, made: Place) -> Story:
    says = (
        "the schedule made at {made} is counted in epochs and is stepped here once a batch; "
        "step it once an epoch, after the loop over the batches, or lay it out in steps"
    )
    scenes = (("schedule", schedule, ""), ("made", made, "a length counted in epochs"))
    return Story(says, scenes, ((MoveOut("schedule"),),))
