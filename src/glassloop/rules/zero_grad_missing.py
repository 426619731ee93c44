"""Two steps, a backward between them, and nothing that clears."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BACKWARD, OPAQUE, OPTIMIZER, PART, STEP, ZERO_GRAD, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Verdict, Without
from glassloop.findings import Insert, Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="The optimizer steps again and again, and nothing clears its gradients in between.",
    why="PyTorch adds each backward to the gradients that are already there. Every update then holds the sum of all "
    "gradients since the start, which grows and points backwards in time; the loss may still fall.",
    intended="Adding up several backwards before one step (accumulation) is right, and is not reported: "
    "it clears each time it steps.",
    fix="Call optimizer.zero_grad() once for every step, before the backward or after the step.",
    severity=Severity.ERROR,
    safe=True,
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
    loss.backward()
    optimizer.step()  # expect: zero-grad-missing
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
    mistake=(Without("optimizer.zero_grad()"),),
    cases=(
        Case(
            "AdamW, no clipping, 8 epochs",
            Verdict.WORSE,
            lambda right, wrong: wrong["val_accuracy"] < right["val_accuracy"] - 0.1
            and wrong["grad_norm_last"] > 10 * right["grad_norm_last"],
            "The gradients add up: at the last step their norm is {wrong[grad_norm_last]:.0f} where the batch's own is "
            "{right[grad_norm_last]:.1f}, and accuracy on held-out scans falls from {right[val_accuracy]:.2f} to "
            "{wrong[val_accuracy]:.2f}.",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2", "CLIP": "1e9", "EPOCHS": "8"},
        ),
        Case(
            "SGD at a small rate, no clipping",
            Verdict.SILENT,
            lambda right, wrong: wrong["val_accuracy"] > right["val_accuracy"] + 0.1
            and wrong["update_last"] > 5 * right["update_last"],
            "The result gets better, {right[val_accuracy]:.2f} to {wrong[val_accuracy]:.2f}: a rate of 0.1 is too small "
            "here, and the sum of all gradients acts as momentum without an end. The last update is "
            "{wrong[update_last]:.2f} long instead of {right[update_last]:.3f}.",
            {"LR": "0.1", "CLIP": "1e9"},
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD, ZERO_GRAD, STEP, OPAQUE}


class State(NamedTuple):
    """`used`: the step that used the gradients, if nothing cleared them since; `added`: the backward that added to them."""

    me: Ref
    used: Place | None = None
    added: Place | None = None
    cleared: frozenset[object] = frozenset()  # parts cleared since the step, while others are not


def initial(me: Ref) -> State:
    """No gradients yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A step that finds used gradients, added to since and never cleared, is the mistake."""
    concerns = reaches(event, state.me)
    if concerns is False:
        return state, ()
    if event.kind == BACKWARD and concerns:
        return (state._replace(added=event.at) if state.used is not None else state), ()
    if event.kind == STEP and concerns:
        stale = state.used is not None and state.added is not None
        return State(state.me, used=event.at), ((_story(event.at, state.added, state.used),) if stale else ())
    if event.kind == ZERO_GRAD and isinstance(part := event.facts.get(PART), tuple):
        cleared = state.cleared | part[0]
        return (State(state.me) if cleared >= part[1] else state._replace(cleared=cleared)), ()
    # Cleared, or touched by code that nobody heard, or a backward that reaches who knows what: forget.
    return State(state.me), ()


def _story(step: Place, added: Place, used: Place) -> Story:
    says = (
        "the gradients that this step uses were never cleared: the backward at {backward} adds to those that the "
        "step at {used} has already used; call zero_grad() once for every step"
    )
    scenes = (("step", step, ""), ("backward", added, "adds to gradients that were already used"))
    clear = Insert("{step.receiver}.zero_grad()", after="step")
    through_scaler = Insert("{step.first}.zero_grad()", after="step")
    return Story(says, (*scenes, ("used", used, "used them" if used != step else "")), ((clear,), (through_scaler,)))
