"""A backward that walks nothing: the loss was copied out of its graph, and told to require a gradient again."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BACKWARD, CUT, FORWARD, LOSS_MADE, OPAQUE, OPTIMIZER, STEP, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="The loss (or the output that it is made of) is cut from its graph before the backward, which then reaches no "
    "parameter.",
    why="PyTorch refuses a loss that needs no gradient. Where requires_grad is switched on again it is content: the "
    "backward ends at the copy, the step has nothing to apply, and the loss never falls.",
    intended="A detached part of a loss (a target, a weight, the other player's sample) is right and is not reported: "
    "some parameter is reached.",
    fix="Call backward on the loss as the criterion gave it; take .item() or .detach() of it only for the log.",
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
    loss = torch.tensor(loss.item(), requires_grad=True)
    loss.backward()  # expect: detached-loss
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
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Instead("loss.backward()", "loss = torch.tensor(loss.item(), requires_grad=True)\nloss.backward()"),),
    cases=(
        Case(
            "a new tensor with requires_grad=True",
            Verdict.WORSE,
            lambda right, wrong: wrong["travelled"] == 0 and wrong["backwards"] == right["backwards"],
            "{wrong[backwards]} backwards reach nobody: {wrong[travelled]} of {wrong[tensors]} tensors move, accuracy is "
            "{wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}, and nothing is said.",
        ),
        Case(
            "detach() alone",
            Verdict.RAISES,
            lambda right, wrong: wrong["raised"].startswith("RuntimeError") and wrong["steps"] == 0,
            "This one is loud: the first backward raises ({wrong[raised]}).",
            mistake=(Instead("loss.backward()", "loss.detach().backward()"),),
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD, FORWARD, LOSS_MADE, STEP, OPAQUE}


class State(NamedTuple):
    """`ran`: the model's forward, or a loss of it, since the last step.

    `cut`: a backward that walked nothing, and where its loss was cut.
    `fed`: another backward may have reached us.
    """

    me: Ref
    ran: bool = False
    cut: tuple[Place, Place | None] | None = None
    fed: bool = False


def initial(me: Ref) -> State:
    """Nothing heard."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """The model ran, the only backward walked a loss that was cut off, and then the step: that is the mistake."""
    if event.kind == LOSS_MADE:  # of parameters that were called by hand: torch.func.functional_call
        return (state._replace(ran=True) if event.of and state.me in event.of else state), ()
    if event.kind == BACKWARD and CUT in event.facts:
        return state._replace(cut=(event.at, event.facts[CUT])), ()
    concerns = reaches(event, state.me)
    if concerns is False:
        return state, ()
    if event.kind == BACKWARD:
        return state._replace(fed=True), ()
    if event.kind == FORWARD:
        return state._replace(ran=True), ()
    if event.kind == STEP and concerns and state.ran and state.cut is not None and not state.fed:
        return State(state.me), (_story(*state.cut, event.at),)
    return State(state.me), ()


def _story(backward: Place, cut: Place | None, step: Place) -> Story:
    reason = "the loss is a copy without its graph" if cut is None or cut == backward else "its loss left the graph at {cut}"
    says = f"this backward reaches no parameter: {reason}, so the step at {{step}} applies nothing; walk the loss itself"
    scenes = [("backward", backward, ""), ("step", step, "has nothing to apply")]
    if cut is not None and cut != backward:
        scenes.insert(1, ("cut", cut, "takes the loss out of its graph"))
    return Story(says, tuple(scenes))
