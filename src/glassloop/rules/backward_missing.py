"""A step with nothing new to apply."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BACKWARD, CUT, FORWARD, OPAQUE, OPTIMIZER, SCALED, STEP, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Verdict, Without
from glassloop.findings import Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="The model is run and the optimizer steps, and between two of its steps no backward reaches its parameters.",
    why="The step has no gradient of this loss: either nothing moves, or an old gradient is applied again and again.",
    intended="Code that fills .grad itself (evolution strategies, gradients from another process) is not reported.",
    fix="Call loss.backward() before the step, on a loss that depends on the parameters of this optimizer.",
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
    optimizer.step()  # expect: backward-missing
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
    mistake=(Without("loss.backward()"),),
    cases=(
        Case(
            "SGD",
            Verdict.WORSE,
            lambda right, wrong: wrong["travelled"] == 0 and wrong["val_accuracy"] < right["val_accuracy"] - 0.4,
            "After {wrong[steps]} steps none of {wrong[tensors]} parameter tensors has moved, and nothing was raised; "
            "accuracy on held-out scans is {wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
        ),
        Case(
            "batch-norm",
            Verdict.WORSE,
            lambda right, wrong: wrong["travelled"] == 0 and wrong["val_losses"] > 1,
            "The validation loss moves from epoch to epoch, as batch-norm's statistics do, and looks like learning; yet "
            "{wrong[travelled]} of {wrong[tensors]} tensors have moved, and accuracy is {wrong[val_accuracy]:.2f} instead "
            "of {right[val_accuracy]:.2f}.",
            {"NORM": "nn.BatchNorm1d"},
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD, FORWARD, STEP, OPAQUE}


class State(NamedTuple):
    """`stepped`: the last step; `ran`: a forward since; `fed`: some backward since may have reached us."""

    me: Ref
    stepped: Place | None = None
    ran: Place | None = None
    fed: bool = False


def initial(me: Ref) -> State:
    """No step yet, so nothing to miss between two of them."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """Two steps with a forward between them, and surely no backward, are the mistake."""
    concerns = reaches(event, state.me)
    # A loss without its graph is detached-loss's; of a backward that fills nobody's gradients the optimizer is wrong, or
    # the model. (torch.autograd.grad, which fills none, is told nothing of scaling.)
    lost = event.kind == BACKWARD and (CUT in event.facts or (event.of == () and SCALED in event.facts))
    if concerns is False and not lost:
        return state, ()
    if event.kind == BACKWARD:
        return state._replace(fed=True), ()
    if event.kind == FORWARD:
        return (state._replace(ran=event.at) if concerns else state), ()
    if event.kind == STEP and concerns:
        missing = state.stepped is not None and state.ran is not None and not state.fed
        stories = (_story(event.at, state.ran),) if missing else ()
        return State(state.me, stepped=event.at), stories
    return State(state.me), ()


def _story(step: Place, ran: Place) -> Story:
    says = (
        "this step has no new gradient: since the step before it the model ran at {ran}, and no backward reached the "
        "parameters of this optimizer; call loss.backward() before the step"
    )
    return Story(says, (("step", step, ""), ("ran", ran, "the forward that no backward follows")))
