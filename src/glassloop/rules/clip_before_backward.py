"""Clipping gradients that are not there yet."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BACKWARD, CLIP, OPAQUE, OPTIMIZER, STEP, ZERO_GRAD, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Moved, Verdict
from glassloop.findings import Insert, Move, Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="Gradients are clipped before the backward that makes them.",
    why="The clip finds no gradients, or those of the step before; the step then applies gradients that nobody "
    "clipped. A long run dies of the one bad batch that the clip was meant for.",
    intended="Never on purpose.",
    fix="Move the clip between the backward and the step.",
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
    optimizer.zero_grad()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # expect: clip-before-backward
    loss.backward()
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
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
"""

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Moved("torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)", before="loss.backward()"),),
    cases=(
        Case(
            "SGD, and 6 of the 600 scans are a thousand times too bright",
            Verdict.WORSE,
            lambda right, wrong: wrong["clip_before"] == 0
            and wrong["update_max"] > 10
            and wrong["val_accuracy"] < right["val_accuracy"] - 0.1,
            "The clip finds gradients of norm {wrong[clip_before]:.0f}. One damaged scan makes an update "
            "{wrong[update_max]:.0f} long, where the clip would have allowed {right[update_max]:.1f}; accuracy ends at "
            "{wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
            {"DAMAGED": "6"},
        ),
        Case(
            "AdamW, clean data",
            Verdict.SILENT,
            lambda right, wrong: wrong["clip_before"] == 0
            and wrong["grad_norm_last"] > 2 * right["grad_norm_last"]
            and abs(wrong["val_accuracy"] - right["val_accuracy"]) < 0.05,
            "Nobody notices: Adam divides by the size of the gradients anyway. It read gradients of norm "
            "{wrong[grad_norm]:.2f} instead of {right[grad_norm]:.2f}, and ends at {wrong[val_accuracy]:.2f} instead of "
            "{right[val_accuracy]:.2f}.",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2", "CLIP": "0.1"},
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD, CLIP, STEP, ZERO_GRAD, OPAQUE}


class State(NamedTuple):
    """`fresh`: gradients wait for a step; `used`: a step came since; `early`: the last clip; `late`: below.

    `after`: the backward that came after that clip.
    """

    me: Ref
    fresh: Place | None = None
    used: bool = False
    early: Place | None = None
    after: Place | None = None
    late: bool = False


def initial(me: Ref) -> State:
    """No gradients yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A clip, then a backward, then a step with no clip between the two, is the mistake.

    `step clip backward` and `clip backward step` are one cycle: the first turn of the loop decides which it is. A clip
    that first came right after a step is clip-after-step's (`late`), for good.
    """
    concerns = reaches(event, state.me)
    if concerns is False or state.late:
        return state, ()
    if event.kind == BACKWARD and concerns:
        after = event.at if state.early is not None else None
        return state._replace(fresh=event.at, used=False, after=after), ()
    if event.kind == CLIP and concerns and event.of == (state.me,):
        if state.used and state.early is None:
            return state._replace(late=True), ()
        return state._replace(early=event.at, after=None), ()
    if event.kind == ZERO_GRAD and concerns:
        # What was clipped is thrown away; a clip that found nothing still waits for its gradients.
        kept = state.early if state.fresh is None else None
        return state._replace(fresh=None, used=False, early=kept, after=None), ()
    if event.kind == STEP and concerns:
        if state.early is not None and state.after is not None:
            return state._replace(fresh=None, used=True, after=None), (_story(state.early, state.after, event.at),)
        return State(state.me, used=True), ()
    return State(state.me, late=state.late), ()


def _story(clip: Place, made: Place, step: Place) -> Story:
    says = (
        "this clips before the backward at {made} has made the gradients: the step at {step} applies them unclipped; "
        "move the clip between the two"
    )
    scenes = (("clip", clip, ""), ("made", made, "makes the gradients"), ("step", step, "applies them unclipped"))
    unscale, move = Insert("{step.receiver}.unscale_({step.first})", after="made"), Move("clip", after="made")
    return Story(says, scenes, ((move,), (unscale, move)))
