"""Clipping gradients that are still multiplied by the loss scale."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BACKWARD, CLIP, OPAQUE, OPTIMIZER, SCALED, STEP, UNSCALE, ZERO_GRAD, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Verdict, Without
from glassloop.findings import Insert, Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="A GradScaler is in use, and the gradients are clipped while they still carry its scale.",
    why="The scale starts at 65,536, so a norm limit of 1 cuts every gradient to almost nothing, and how much it "
    "cuts changes with the scale.",
    intended="A limit that is itself multiplied by the scale would be right; then suppress the finding with a comment.",
    fix="Call scaler.unscale_(optimizer) between the backward and the clip.",
    severity=Severity.ERROR,
    safe=True,
)

BAD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")
for step in range(2):
    x = torch.randn(4, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # expect: clip-before-unscale
    scaler.step(optimizer)
    scaler.update()
"""

GOOD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")
for step in range(2):
    x = torch.randn(4, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
"""

EXPERIMENT = Experiment(
    loop="amp",
    mistake=(Without("scaler.unscale_(optimizer)"),),
    cases=(
        Case(
            "SGD",
            Verdict.WORSE,
            lambda right, wrong: wrong["clip_before"] > 1000 * right["clip_before"] and wrong["update_max"] < 1e-3,
            "The clip sees a norm of {wrong[clip_before]:.0f} instead of {right[clip_before]:.2f}, and what it leaves is "
            "divided by the scale afterwards: the largest update is {wrong[update_max]:.1g} long, and accuracy stays at "
            "{wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
        ),
        Case(
            "AdamW",
            Verdict.SILENT,
            lambda right, wrong: wrong["grad_norm"] < 1e-3 * right["grad_norm"] and wrong["update"] > right["update"] / 2,
            "Adam hides it: gradients of norm {wrong[grad_norm]:.1g} instead of {right[grad_norm]:.2f} make updates of "
            "{wrong[update]:.2f} instead of {right[update]:.2f}, and accuracy is {wrong[val_accuracy]:.2f} instead of "
            "{right[val_accuracy]:.2f}.",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2"},
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD, CLIP, UNSCALE, STEP, ZERO_GRAD, OPAQUE}


class State(NamedTuple):
    """`scaled`: the backward that left gradients with the scale on; `clipped`: where they were clipped so."""

    me: Ref
    scaled: Place | None = None
    clipped: Place | None = None


def initial(me: Ref) -> State:
    """No gradients yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A step on gradients that were clipped while scaled is the mistake."""
    concerns = reaches(event, state.me)
    if concerns is False:
        return state, ()
    if event.kind == BACKWARD and concerns and event.facts.get(SCALED) is not None:
        return (state._replace(scaled=event.at) if event.facts[SCALED] else state), ()
    if event.kind == CLIP and concerns:
        return (state._replace(clipped=event.at) if state.scaled is not None else state), ()
    if event.kind == UNSCALE and concerns and state.clipped is None:
        return state._replace(scaled=None), ()
    if event.kind == STEP and concerns and state.clipped is not None and state.scaled is not None:
        return State(state.me), (_story(state.clipped, state.scaled, event.at),)
    return (state if event.kind == UNSCALE and concerns else State(state.me)), ()


def _story(clip: Place, made: Place, step: Place) -> Story:
    says = (
        "gradients made at {made} from a scaled loss are clipped here with the scale still on, before the step at"
        " {step}; "
        "call scaler.unscale_(optimizer) before the clip"
    )
    scenes = (("clip", clip, ""), ("made", made, "scales the loss"), ("step", step, "uses what is left"))
    return Story(says, scenes, ((Insert("{step.receiver}.unscale_({step.first})", before="clip"),),))
