"""A GradScaler used by half: gradients divided that were never multiplied, or applied while they still are."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BACKWARD, BY, OPAQUE, OPTIMIZER, SCALED, STEP, UNSCALE, ZERO_GRAD, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Replace, Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="A GradScaler is in use, but a backward runs on a loss that it has not scaled, or the optimizer is stepped "
    "directly instead of through it.",
    why="scaler.step divides the gradients by the scale (65,536 at first), so those of an unscaled loss all but vanish; a "
    "direct step applies them 65,536 times too large, or, after unscale_, with their infinities.",
    intended="A second optimizer that has nothing to do with the scaler is not reported; GradScaler(enabled=False) is none.",
    fix="Call scaler.scale(loss).backward() for every loss, then scaler.step(optimizer) and scaler.update().",
    severity=Severity.ERROR,
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
    scaler.scale(loss)
    loss.backward()  # expect: scaler-bypassed
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
    scaler.step(optimizer)
    scaler.update()
"""

EXPERIMENT = Experiment(
    loop="amp",
    mistake=(Instead("scaler.scale(loss).backward()", "scaler.scale(loss)\nloss.backward()"),),
    cases=(
        Case(
            "SGD, the scaled loss is thrown away",
            Verdict.WORSE,
            lambda right, wrong: wrong["update_max"] < 1e-3 and wrong["val_accuracy"] < right["val_accuracy"] - 0.3,
            "Gradients that were never multiplied are divided by the scale: the largest update is {wrong[update_max]:.1g} "
            "long, and accuracy {wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
        ),
        Case(
            "AdamW, the scaled loss is thrown away",
            Verdict.SILENT,
            lambda right, wrong: wrong["grad_norm"] < 1e-3 * right["grad_norm"],
            "Adam hides it: gradients of norm {wrong[grad_norm]:.1g} instead of {right[grad_norm]:.2f}, and an accuracy of "
            "{wrong[val_accuracy]:.2f} beside {right[val_accuracy]:.2f}.",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2"},
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD, UNSCALE, STEP, ZERO_GRAD, OPAQUE}


class State(NamedTuple):
    """The backwards that made the present gradients: of a `scaled` loss, of a `plain` one; and the `unscale_` since."""

    me: Ref
    scaled: Place | None = None
    plain: Place | None = None
    unscaled: Place | None = None
    lost: bool = False  # something may have happened to the gradients that nobody heard


def initial(me: Ref) -> State:
    """No gradients yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A step whose own way and whose gradients' way differ is the mistake."""
    concerns = reaches(event, state.me)
    if concerns is False:
        return state, ()
    if event.kind == STEP and concerns:
        return State(state.me), () if state.lost else _judge(state, event)
    if event.kind == BACKWARD and concerns and isinstance(event.facts.get(SCALED), bool):
        return (state._replace(scaled=event.at) if event.facts[SCALED] else state._replace(plain=event.at)), ()
    if event.kind == UNSCALE and concerns and event.what is not None:
        return state._replace(unscaled=event.at), ()
    if event.kind == ZERO_GRAD and concerns:
        return State(state.me), ()
    return state._replace(lost=True), ()


def _judge(state: State, step: Event) -> tuple[Story, ...]:
    if BY in step.facts and state.plain is not None:
        return (_unscaled_loss(state.plain, step.at),)
    if BY not in step.facts and state.scaled is not None:
        return (_direct_step(step.at, state.scaled, state.unscaled),)
    return ()


def _unscaled_loss(plain: Place, step: Place) -> Story:
    says = (
        "this backward runs on a loss that the scaler has not scaled, and scaler.step at {step} divides its gradients by "
        "the scale; call scaler.scale(loss).backward()"
    )
    mend = Replace("backward", "{step.receiver}.scale({backward.receiver}).backward()")
    return Story(says, (("backward", plain, ""), ("step", step, "divides by the scale")), ((mend,),))


def _direct_step(step: Place, scaled: Place, unscaled: Place | None) -> Story:
    scenes = (("step", step, ""), ("backward", scaled, "scales the loss"))
    if unscaled is None:
        says = "this step applies gradients still multiplied by the scale of {backward}; call scaler.step(optimizer)"
        return Story(says, scenes)
    says = (
        "this step goes past the scaler: gradients of the scaled loss at {backward}, unscaled at {unscale}, are applied "
        "even where they are infinite; call scaler.step(optimizer)"
    )
    mend = Replace("step", "{unscale.receiver}.step({step.receiver})")
    return Story(says, (*scenes, ("unscale", unscaled, "divides by the scale")), ((mend,),))
