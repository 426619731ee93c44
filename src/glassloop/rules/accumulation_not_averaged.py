"""Gradients of several batches added up where their mean was meant."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import (
    BACKWARD,
    CLOSURE,
    FORWARD,
    MEAN,
    OPAQUE,
    OPTIMIZER,
    RESCALED,
    STEP,
    TURN,
    WITH,
    ZERO_GRAD,
    Event,
    Place,
    Ref,
)
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="The optimizer steps once every k backwards, and neither the losses (each a mean over its batch) nor the gradients "
    "are divided by k.",
    why="The update is k times what a batch of that size would give: with SGD that is a learning rate k times as high, "
    "with a clip a limit k times as low, and changing k changes both.",
    intended="Losses that are sums, that are weighted (by their number of tokens, say), or that belong to different heads "
    "are not reported. A rate that was chosen for the sum is right: suppress the finding with a comment.",
    fix="Divide the loss by the number of accumulated batches before its backward.",
    severity=Severity.WARNING,
)

BAD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
k = 2
for i in range(4):
    x = torch.randn(4, 3)
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    loss.backward()  # expect: accumulation-not-averaged
    if (i + 1) % k == 0:
        optimizer.step()
        optimizer.zero_grad()
"""

GOOD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
k = 2
for i in range(4):
    x = torch.randn(4, 3)
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)) / k
    loss.backward()
    if (i + 1) % k == 0:
        optimizer.step()
        optimizer.zero_grad()
"""

EXPERIMENT = Experiment(
    loop="accumulate",
    mistake=(
        Instead(
            "loss = nn.functional.cross_entropy(model(x), y) / MICRO",
            "loss = nn.functional.cross_entropy(model(x), y)",
        ),
    ),
    cases=(
        Case(
            "SGD at a rate of 1, a step every 4 batches",
            Verdict.WORSE,
            lambda right, wrong: wrong["update_first"] > 3.9 * right["update_first"],
            "The first update is {wrong[update_first]:.2f} long instead of {right[update_first]:.2f}, 4 times as long: "
            "it is a rate of 4. Accuracy {wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
            {"LR": "1.0"},
        ),
        Case(
            "AdamW, a step every 4 batches",
            Verdict.SILENT,
            lambda right, wrong: wrong["grad_norm_first"] > 3.9 * right["grad_norm_first"]
            and 0.9 < wrong["update_first"] / right["update_first"] < 1.1,
            "Adam divides it out again: gradients of norm {wrong[grad_norm_first]:.2f} instead of "
            "{right[grad_norm_first]:.2f} make the same first update of {wrong[update_first]:.2f}. Accuracy "
            "{wrong[val_accuracy]:.2f}, rightly {right[val_accuracy]:.2f}.",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2"},
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD, FORWARD, STEP, ZERO_GRAD, RESCALED, OPAQUE}

Ran = frozenset[tuple[Place, Ref | None, object]]  # forwards: where, of which model, and told what


class State(NamedTuple):
    """`ran`: forwards since the last backward; `made`: backwards of plain means since the gradients were empty.

    Each has its place, its turn of the loops around it, and its forwards. `twice`: one that came again in another turn.
    """

    me: Ref
    ran: Ran = frozenset()
    made: frozenset[tuple[Place, object, Ran]] = frozenset()
    twice: Place | None = None
    lost: bool = False  # the gradients may have been divided, or something else


def initial(me: Ref) -> State:
    """No gradients yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """The same backward of the same model in two turns of a loop, each of a mean, and one step for both: the mistake.

    Calls of one helper for two losses stand in one turn; heads that are taken in turn are different models, or one
    that is told which head.
    """
    concerns = reaches(event, state.me)
    if concerns is False:
        return state, ()
    if event.kind == FORWARD:
        return state._replace(ran=state.ran | {(event.at, event.what, event.facts.get(WITH))}), ()
    if event.kind == BACKWARD and concerns:
        return _made(state, event), ()
    if event.kind == STEP and concerns:
        # A closure is called as often as the optimizer likes, for one and the same batch.
        found = state.twice is not None and not state.lost and event.facts.get(CLOSURE) is not True
        return State(state.me), ((_story(state.twice, event.at),) if found else ())
    if event.kind == ZERO_GRAD and concerns:
        return State(state.me, ran=state.ran), ()
    return state._replace(lost=True), ()


def _made(state: State, event: Event) -> State:
    if event.facts.get(MEAN) is not True or TURN not in event.facts:
        return state._replace(ran=frozenset())
    turn = event.facts[TURN]
    again = any(at == event.at and before != turn and _alike(ran, state.ran) for at, before, ran in state.made)
    made = state.made | {(event.at, turn, state.ran)}
    return state._replace(ran=frozenset(), made=made, twice=event.at if again else state.twice)


def _alike(one: Ran, other: Ran) -> bool:
    """Whether the same models ran at the same places; one of the two may have run something more."""
    return bool(one & other) and (one <= other or other <= one)


def _story(backward: Place | None, step: Place) -> Story:
    says = (
        "the step at {step} uses the sum of the gradients of several batches: each loss is a mean over its batch and is not "
        "divided by the number of batches; divide it before this backward"
    )
    return Story(says, (("backward", backward, ""), ("step", step, "uses the sum")))
