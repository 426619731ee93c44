"""Clipping gradients that have been used already."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BACKWARD, CLIP, OPAQUE, OPTIMIZER, STEP, ZERO_GRAD, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Moved, Verdict
from glassloop.findings import Insert, Move, Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="Gradients are clipped after the step that used them.",
    why="The update was made with unclipped gradients; clipping what is left of them changes nothing.",
    intended="Reading the gradient norm after the step is no clip; use torch.nn.utils.get_total_norm for that.",
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
    loss.backward()
    optimizer.step()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # expect: clip-after-step
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
    mistake=(Moved("torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)", after="optimizer.step()"),),
    cases=(
        Case(
            "SGD, and 6 of the 600 scans are a thousand times too bright",
            Verdict.WORSE,
            lambda right, wrong: right["update_max"] < 0.51
            and wrong["update_max"] > 10
            and wrong["val_accuracy"] < right["val_accuracy"] - 0.1,
            "One damaged scan makes an update {wrong[update_max]:.0f} long, where the clip would have allowed "
            "{right[update_max]:.1f}; accuracy on held-out scans ends at {wrong[val_accuracy]:.2f} instead of "
            "{right[val_accuracy]:.2f}.",
            {"DAMAGED": "6"},
        ),
        Case(
            "AdamW, clean data",
            Verdict.SILENT,
            lambda right, wrong: right["grad_norm_last"] < 0.11
            and wrong["grad_norm_last"] > 0.2
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
OTHERS = True


class State(NamedTuple):
    """`made`: the backward whose gradients wait; `used`: (backward, step) where a step used unclipped gradients.

    `late`: a clip of several optimizers' gradients after that, which may yet be meant for the step of another.
    """

    me: Ref
    made: Place | None = None
    clipped: bool = False
    used: tuple[Place, Place] | None = None
    early: bool = False
    late: tuple[Place, tuple[Ref, ...]] | None = None


def initial(me: Ref) -> State:
    """No gradients yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A clip after a step that used unclipped gradients, with no backward between, is the mistake.

    A clip that first came before any backward or right after a clearing is clip-before-backward's (`early`), for good.
    """
    concerns = reaches(event, state.me)
    if event.kind == STEP and state.late is not None and event.what in state.late[1]:
        state = state._replace(late=None)  # that is whom it was meant for
    if concerns is False or state.early:
        return state, ()
    stories = (_story(state.late[0], *state.used),) if state.late is not None and state.used is not None else ()
    if event.kind == BACKWARD and concerns:
        return State(state.me, made=event.at, clipped=state.made is not None and state.clipped), stories
    if event.kind == STEP and concerns:
        return _step(state, event), ()
    if event.kind == CLIP and concerns:
        if state.used is not None and event.of != (state.me,):
            return state._replace(late=(event.at, event.of or ())), ()
        if state.used is not None:
            return State(state.me, used=state.used), (_story(event.at, *state.used),)
        return state._replace(clipped=True, early=state.made is None and not state.clipped), ()
    if event.kind == ZERO_GRAD and concerns:
        return state._replace(made=None, clipped=False, late=None), stories
    return State(state.me), ()


def _step(state: State, event: Event) -> State:
    if state.made is None or state.clipped:  # again, or one that shares parameters: what was used stays used
        return State(state.me, used=state.used)
    return State(state.me, used=(state.made, event.at))


def _story(clip: Place, made: Place, step: Place) -> Story:
    says = (
        "this clips gradients that the step at {step} has already used (made at {made}): the update was not clipped; "
        "move the clip between the backward and the step"
    )
    scenes = (("clip", clip, ""), ("step", step, "uses them unclipped"), ("made", made, "makes them"))
    unscale, move = Insert("{step.receiver}.unscale_({step.first})", before="step"), Move("clip", before="step")
    return Story(says, scenes, ((move,), (unscale, move)))
