"""An optimizer that updates tensors which are in no model any more."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import COMPARED, FORWARD, GRAD, MADE, OPAQUE, OPTIMIZER, STEP, UNHELD, Event, Place, Ref
from glassloop.experiments import Added, Case, Experiment, Moved, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="The optimizer was made before some of the model's parameters became others: it holds the old tensors.",
    why="The new parameters get gradients and are never updated: the head stays random, or nothing is trained at all. The "
    "old ones are stepped on without a gradient, in silence.",
    intended="Moving or casting a model (.to, .cuda, .half) keeps its parameters. A new layer that is frozen, or given "
    "to it with add_param_group or to an optimizer of its own, is not reported.",
    fix="Make the optimizer after the model is complete, or add the new parameters with optimizer.add_param_group.",
    severity=Severity.ERROR,
)

_SCRIPT = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
{first}
{second}
for epoch in range(2):
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
"""
_OPTIMIZER = "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)"
_HEAD = "model[2] = nn.Linear(4, 1)"
BAD = _SCRIPT.format(first=_OPTIMIZER, second=_HEAD + "  # expect: optimizer-stale-parameters")
GOOD = _SCRIPT.format(first=_HEAD, second=_OPTIMIZER)

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Moved("model[4] = nn.Linear(64, 10)", after="optimizer = OPTIMIZER(model.parameters(), lr=LR)"),),
    cases=(
        Case(
            "a new head, batch-norm, AdamW, 12 epochs",
            Verdict.SILENT,
            lambda right, wrong: (wrong["travelled"], right["travelled"]) == (4, 6),
            "{wrong[travelled]} of the optimizer's {wrong[tensors]} tensors move: the new head stays as it was drawn, and "
            "the layer below learns to suit it. Accuracy {wrong[val_accuracy]:.2f}, rightly {right[val_accuracy]:.2f}.",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2", "EPOCHS": "12", "NORM": "nn.BatchNorm1d"},
            edits=(
                Added(
                    "model[4] = nn.Linear(64, 10)",
                    before="optimizer = OPTIMIZER(model.parameters(), lr=LR)",
                ),
            ),
        ),
        Case(
            "the whole model is copied",
            Verdict.WORSE,
            lambda right, wrong: wrong["travelled"] == 0 and right["travelled"] == 4,
            "{wrong[travelled]} of the optimizer's {wrong[tensors]} tensors move in {wrong[steps]} steps: accuracy "
            "{wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
            edits=(
                Added("import copy", before="import json"),
                Added("model = copy.deepcopy(model)", before="optimizer = OPTIMIZER(model.parameters(), lr=LR)"),
            ),
            mistake=(
                Moved("model = copy.deepcopy(model)", after="optimizer = OPTIMIZER(model.parameters(), lr=LR)"),
            ),
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {MADE, FORWARD, COMPARED, STEP, OPAQUE}


class State(NamedTuple):
    """`made`: where; `stale`: where the parameters became others that a forward has used since; `told` of that place."""

    me: Ref
    made: Place | None = None
    stale: Place | None = None
    told: bool = False


def initial(me: Ref) -> State:
    """Nothing was replaced."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A step after a forward, with a graph, through parameters that took the place of this optimizer's."""
    if event.kind == MADE:
        return (State(state.me, event.at) if event.what == state.me else state), ()
    if event.kind in (FORWARD, COMPARED):
        unheld = event.facts.get(UNHELD)
        walked = event.kind == COMPARED or event.facts.get(GRAD) is True
        if not walked or not isinstance(unheld, tuple) or state.me not in unheld[1]:
            return state, ()
        return state._replace(stale=unheld[0]), ()
    if event.kind == STEP:
        if event.what != state.me or state.stale is None or state.told:
            return state, ()
        return state._replace(told=True), (_story(state.stale, state.made, event.at),)
    return (state._replace(stale=None) if event.of is None or state.me in event.of else state), ()


def _story(stale: Place, made: Place | None, step: Place) -> Story:
    before = ", made before, at {made}," if made is not None else ""
    says = (
        f"these parameters are new, and the optimizer{before} holds the ones they replace: its step at {{step}} does not "
        "move them; make the optimizer afterwards, or add them with add_param_group"
    )
    scenes = (
        ("stale", stale, ""),
        *((("made", made, "takes the parameters as they were"),) if made is not None else ()),
        ("step", step, "moves the old ones"),
    )
    return Story(says, scenes)
