"""Gradients that nobody ever applies."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BACKWARD, END, OPAQUE, OPTIMIZER, SPARED, STEP, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Verdict, Without
from glassloop.findings import Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="Backward runs again and again for the parameters of an optimizer that never steps.",
    why="Nothing is learnt: the parameters at the end are those of the beginning.",
    intended="Gradients that are only looked at need no optimizer; where none is built, nothing is reported, "
    "nor where the branch beside this one goes backward and steps.",
    fix="Call optimizer.step() after the backward.",
    severity=Severity.ERROR,
)

BAD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(2):
    x = torch.randn(4, 3)
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    loss.backward()  # expect: step-missing
"""

GOOD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(2):
    x = torch.randn(4, 3)
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Without("optimizer.step()"),),
    cases=(
        Case(
            "with a schedule",
            Verdict.WARNS,
            lambda right, wrong: wrong["travelled"] == 0 and wrong["backwards"] == right["backwards"],
            "PyTorch warns of another mistake, that the scheduler steps before the optimizer. {wrong[backwards]} backwards, "
            "no update: accuracy {wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
        ),
        Case(
            "at a constant rate",
            Verdict.WORSE,
            lambda right, wrong: wrong["travelled"] == 0 and wrong["warnings"] == 0,
            "Without a schedule nothing is said: {wrong[backwards]} backwards, {wrong[travelled]} tensors moved, accuracy "
            "{wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
            edits=(
                Without("scheduler.step()"),
                Without("scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=T_MAX)"),
            ),
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD, STEP, OPAQUE, END}


class State(NamedTuple):
    """`backwards`: how many reached us, the place of the first in `first`; `over`: a step was heard, or may have been."""

    me: Ref
    backwards: int = 0
    first: Place | None = None
    over: bool = False


def initial(me: Ref) -> State:
    """Nothing heard."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """The end of a program with several backwards and no step is the mistake."""
    if state.over:
        return state, ()
    if event.kind == END:
        spared = event.facts.get(SPARED)
        meant = isinstance(spared, frozenset) and state.me in spared
        found = state.backwards >= 2 and state.first is not None and not meant
        return state._replace(over=True), ((_story(state.first),) if found else ())
    concerns = reaches(event, state.me)
    if concerns is False:
        return state, ()
    if event.kind == BACKWARD:
        reached = state._replace(backwards=min(2, state.backwards + 1), first=state.first or event.at)
        return (reached if concerns else state), ()
    return state._replace(over=True), ()


def _story(first: Place) -> Story:
    says = "gradients are made here again and again, and the optimizer never steps; call optimizer.step() after the backward"
    return Story(says, (("backward", first, ""),))
