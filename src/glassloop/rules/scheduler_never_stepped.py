"""A schedule that is made and left lying."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import END, MADE, OPAQUE, OPTIMIZER, SCHEDULE, SCHEDULER, STEP, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Verdict, Without
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="A learning-rate schedule is made, its optimizer is stepped to the end of the program, and it never is.",
    why="The learning rate stays what it was: the warm-up, the decay that was asked for never happens, and nothing says so.",
    intended="A schedule that another one steps (SequentialLR, ChainedScheduler), or that is handed to code that could not "
    "be followed, is not reported.",
    fix="Call scheduler.step(): after each optimizer step or once an epoch, as its length is counted; or leave it out.",
    severity=Severity.WARNING,
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
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs){label}
for epoch in range(epochs):
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
"""

BAD = _SCRIPT.format(label="  # expect: scheduler-never-stepped") + """\
    print(epoch, optimizer.param_groups[0]["lr"])
"""
GOOD = _SCRIPT.format(label="") + """\
    scheduler.step()
"""

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Without("scheduler.step()"),),
    cases=(
        Case(
            "a cosine over the epochs",
            Verdict.SILENT,
            lambda right, wrong: wrong["lr_values"] == 1 and wrong["lr_last"] == wrong["lr_first"],
            "{wrong[steps]} steps at one rate, {wrong[lr_last]:.2g}, where {right[lr_values]} rates down to "
            "{right[lr_last]:.2g} were meant; accuracy {wrong[val_accuracy]:.2f}, rightly {right[val_accuracy]:.2f}.",
        ),
    ),
)

KEY = SCHEDULER
HEARS = {MADE, SCHEDULE, STEP, OPAQUE, END}


class State(NamedTuple):
    """`made`: where, until it steps or is given away; `waits`: its optimizer; `steps`: of that, up to 2, `last` where."""

    me: Ref
    made: Place | None = None
    waits: tuple[Ref, ...] = ()
    steps: int = 0
    last: Place | None = None


def initial(me: Ref) -> State:
    """A scheduler whose making nobody heard waits for nobody."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """The end of a program in which its optimizer has stepped, more than once, and it has not."""
    if event.kind == MADE and event.what == state.me:
        waits = tuple(ref for ref in event.of or () if ref.role == OPTIMIZER)
        return State(state.me, event.at if waits else None, waits), ()
    if state.made is None:
        return state, ()
    if event.kind == STEP:
        mine = event.what in state.waits
        return (state._replace(steps=min(state.steps + 1, 2), last=event.at) if mine else state), ()
    if event.kind == END:
        return State(state.me), ((_story(state.made, state.last),) if state.steps > 1 else ())
    another = event.kind == MADE and state.me not in (event.of or ())
    elsewhere = event.kind == OPAQUE and event.of is not None and state.me not in event.of
    return (state if another or elsewhere else State(state.me)), ()


def _story(made: Place, step: Place) -> Story:
    says = (
        "this schedule is never stepped, while its optimizer is, at {step}: the learning rate stays what it was; call its "
        "step(), or leave it out"
    )
    return Story(says, (("made", made, ""), ("step", step, "steps the optimizer")))
