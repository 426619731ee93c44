"""The backward stands inside the autocast block."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import AUTOCAST, BACKWARD, OPTIMIZER, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Moved, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="backward() is called inside an autocast block.",
    why="Each operation of the backward already runs in the type that its forward chose; under autocast those that "
    "hooks and custom functions add are cast once more. The numbers are mostly the same: advice, not an error.",
    intended="Nothing is won by it. PyTorch's own notes end the block before the backward.",
    fix="End the autocast block after the loss, and call backward behind it.",
    severity=Severity.WARNING,
)

BAD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(2):
    x = torch.randn(4, 3)
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
        loss.backward()  # expect: backward-inside-autocast
    optimizer.step()
"""

GOOD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(2):
    x = torch.randn(4, 3)
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    loss.backward()
    optimizer.step()
"""

EXPERIMENT = Experiment(
    loop="amp",
    mistake=(
        Moved("scaler.scale(loss).backward()", after="loss = nn.functional.cross_entropy(model(x), y)"),
    ),
    cases=(
        Case(
            "SGD, float16",
            Verdict.SAME,
            lambda right, wrong: right["weights"] == wrong["weights"],
            "After {wrong[steps]} steps the weights are the same, bit for bit: this rule is advice.",
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD}


class State(NamedTuple):
    """Nothing has to be remembered."""

    me: Ref


def initial(me: Ref) -> State:
    """Nothing heard."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A backward that reaches us and runs inside autocast is the thing."""
    inside = event.facts.get(AUTOCAST) is True and reaches(event, state.me)
    return state, ((_story(event.at),) if inside else ())


def _story(backward: Place) -> Story:
    says = "this backward runs inside autocast, which is meant for the forward and the loss; end the block before it"
    return Story(says, (("backward", backward, ""),))
