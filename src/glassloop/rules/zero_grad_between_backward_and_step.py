"""Gradients thrown away just before they would have been used."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BACKWARD, OPAQUE, OPTIMIZER, STEP, ZERO_GRAD, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Moved, Verdict
from glassloop.findings import Move, Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="The gradients are cleared after the backward that made them and before the step that should use them.",
    why="The step finds nothing to apply: the parameters do not move (with momentum or weight decay they move, but "
    "never by this gradient), and no error is raised.",
    intended="Code that keeps the gradients elsewhere first and puts them back (gradient surgery) writes to .grad "
    "again, and is not reported.",
    fix="Move zero_grad() before the backward, or after the step.",
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
    optimizer.zero_grad()  # expect: zero-grad-between-backward-and-step
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
    mistake=(Moved("optimizer.zero_grad()", after="loss.backward()"),),
    cases=(
        Case(
            "SGD",
            Verdict.WORSE,
            lambda right, wrong: wrong["travelled"] == 0 and wrong["update_max"] == 0,
            "The gradients do not add up, as is often said: they are gone. Every step reads a norm of "
            "{wrong[grad_norm]:.0f}, {wrong[travelled]} of {wrong[tensors]} tensors move, and accuracy is "
            "{wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
        ),
        Case(
            "AdamW, gradients set to zero instead of None",
            Verdict.WORSE,
            lambda right, wrong: wrong["travelled"] == wrong["tensors"] and wrong["grad_norm_last"] == 0,
            "The gradient is {wrong[grad_norm_last]:.0f}, and yet {wrong[travelled]} of {wrong[tensors]} tensors move: "
            "weight decay alone shrinks them. Accuracy {wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2"},
            edits=(Instead("optimizer.zero_grad()", "optimizer.zero_grad(set_to_none=False)"),),
            mistake=(Moved("optimizer.zero_grad(set_to_none=False)", after="loss.backward()"),),
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD, ZERO_GRAD, STEP, OPAQUE}


class State(NamedTuple):
    """`made`: the backward whose gradients are waiting; `cleared`: where they were thrown away."""

    me: Ref
    made: Place | None = None
    cleared: Place | None = None


def initial(me: Ref) -> State:
    """No gradients are waiting."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A step that comes after made, then cleared, and nothing made since, is the mistake."""
    concerns = reaches(event, state.me)
    if concerns is False:
        return state, ()
    if event.kind == BACKWARD and concerns:
        return State(state.me, made=event.at), ()
    if event.kind == ZERO_GRAD and concerns:
        return (state._replace(cleared=event.at) if state.made is not None else state), ()
    if event.kind == STEP and concerns and state.made is not None and state.cleared is not None:
        return State(state.me), (_story(state.made, state.cleared, event.at),)
    return State(state.me), ()


def _story(made: Place, cleared: Place, step: Place) -> Story:
    says = (
        "gradients made at {made} are cleared here, before the step at {step} uses them: the step applies nothing; "
        "move zero_grad() before the backward"
    )
    scenes = (("cleared", cleared, ""), ("made", made, "makes the gradients"), ("step", step, "finds none"))
    return Story(says, scenes, ((Move("cleared", before="made"),),))
