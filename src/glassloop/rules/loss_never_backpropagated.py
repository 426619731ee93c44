"""A loss that is computed and never trained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from glassloop.events import (
    BACKWARD,
    DRAWN,
    GRAPHS,
    LOSS_MADE,
    NODE,
    OPAQUE,
    OPTIMIZER,
    OUTS,
    OVER,
    PLACE,
    STEP,
    WHOLE,
    Event,
    Place,
    Ref,
)
from glassloop.experiments import Added, Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="A loss is built from the model's output and is no part of what goes backward, while another loss is trained.",
    why="The loop prints a loss that it does not minimise: a term was left out of the sum, or its backward was forgotten. "
    "Its graph is recorded for nothing.",
    intended="A metric for the log is right; compute it under torch.no_grad(). A second measure of what the trained loss "
    "measures (the same output, the same target) is not reported.",
    fix="Add the loss to the one that goes backward, or compute it under torch.no_grad().",
    severity=Severity.WARNING,
    only_read=True,
)

BAD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(2):
    x = torch.randn(4, 3)
    output = model(x)
    fit = nn.functional.mse_loss(output, x.sum(1, keepdim=True))
    smooth = nn.functional.l1_loss(output[1:], output[:-1])  # expect: loss-never-backpropagated
    print(fit.item(), smooth.item())
    optimizer.zero_grad()
    fit.backward()
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
    output = model(x)
    fit = nn.functional.mse_loss(output, x.sum(1, keepdim=True))
    smooth = nn.functional.l1_loss(output[1:], output[:-1])
    print(fit.item(), smooth.item())
    optimizer.zero_grad()
    (fit + 0.1 * smooth).backward()
    optimizer.step()
"""

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Instead("loss = fit + WEIGHT * size", "loss = fit"),),
    cases=(
        Case(
            "a penalty on large logits, printed and left out of the sum",
            Verdict.SILENT,
            lambda right, wrong: wrong["penalty"] > 2 * right["penalty"],
            "Accuracy says nothing, {wrong[val_accuracy]:.2f} beside {right[val_accuracy]:.2f}; the penalty that is printed "
            "and not minimised ends at {wrong[penalty]:.1f} instead of {right[penalty]:.2f}.",
            {"EPOCHS": "8"},
            edits=(
                Added("WEIGHT = 0.1", after="SEED = 0"),
                Instead(
                    "loss = nn.functional.cross_entropy(model(x), y)",
                    "output = model(x)\nfit = nn.functional.cross_entropy(output, y)\n"
                    "size = nn.functional.mse_loss(output, torch.zeros_like(output))\nloss = fit + WEIGHT * size",
                ),
                Added('result["penalty"] = size.item()', before='print("final", json.dumps(result))'),
            ),
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD, LOSS_MADE, DRAWN, STEP, OPAQUE}

Made = tuple[Place, object, object]  # a loss: where, the number of its graph, and what it was computed of


class State(NamedTuple):
    """Losses `made` since the last step and not yet walked; `trained`: what those that were walked are computed of.

    `outs`: outputs of models that were trained; `idle`: places of losses that the steps before left unwalked.
    """

    me: Ref
    made: tuple[Made, ...] = ()
    trained: frozenset[object] = frozenset()
    outs: frozenset[object] = frozenset()
    idle: frozenset[Place] = frozenset()
    lost: bool = False


def initial(me: Ref) -> State:
    """No loss yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """Two steps in a row leave the same loss unwalked, and train another: that is the mistake."""
    concerns = reaches(event, state.me)
    if event.kind == LOSS_MADE:
        if concerns and NODE in event.facts:
            state = state._replace(made=(*state.made, (event.at, event.facts[NODE], event.facts.get(OVER))))
        return state, ()
    if event.kind == DRAWN:
        # By hand: of outputs that nothing else trains, or it may as well be a figure to look at.
        place, node, over = (event.facts.get(name) for name in (PLACE, NODE, OVER))
        return (state._replace(made=(*state.made, (place, node, over))) if concerns else state), ()
    if event.kind == BACKWARD:
        return _walk(state, event), ()
    if event.kind == STEP and concerns:
        if not (state.made or state.trained or state.outs or state.lost):
            return state, ()  # of another optimizer that shares parameters, right after mine
        if state.lost or not (state.trained or state.outs):
            return State(state.me), ()
        left = frozenset(place for place, _, over in state.made if not _trained(over, state))
        stories = tuple(_story(place, event.at) for place in left & state.idle)
        return State(state.me, idle=left), stories
    return (state if concerns is False else State(state.me, lost=True)), ()


def _walk(state: State, event: Event) -> State:
    graphs = event.facts.get(GRAPHS)
    if not isinstance(graphs, frozenset) or event.facts.get(WHOLE) is not True:
        return state._replace(lost=True)
    walked = [m for m in state.made if m[1] in graphs]
    trained = state.trained | {over for _, _, over in walked}
    outs = event.facts.get(OUTS)
    mine = outs if reaches(event, state.me) and isinstance(outs, frozenset) else frozenset()
    return state._replace(made=tuple(m for m in state.made if m not in walked), trained=trained, outs=state.outs | mine)


def _trained(over: object, state: State) -> bool:
    """Whether what a loss is computed of is trained by another."""
    if not isinstance(over, frozenset):
        return over in state.trained
    parts = set(_wholes(over))
    return not parts.isdisjoint(state.outs) or not set(_wholes(state.outs)).isdisjoint(over)


def _wholes(outs: Iterable[object]) -> Iterator[object]:
    """Outputs, and those that they are parts of."""
    for out in outs:
        yield out
        while isinstance(out, tuple):
            out = out[0]
            yield out


def _story(loss: Place, step: Place) -> Story:
    says = (
        "this loss is computed and never goes backward: the step at {step} trains another; add it to that one, or compute "
        "it under torch.no_grad()"
    )
    return Story(says, (("loss", loss, ""), ("step", step, "trains another loss")))
