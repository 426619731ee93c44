"""Layers in a plain list or dict."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import COMPARED, FORWARD, GRAD, MODEL, OPAQUE, STEP, UNREGISTERED, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="A model keeps layers in a plain Python list or dict, where PyTorch does not see them.",
    why="They are in no parameters(), so no optimizer moves them; they are not saved, not moved to the device, not put in "
    "evaluation mode. The model trains around random layers, and nothing says so.",
    intended="A list of layers that are registered elsewhere too, frozen, used without a graph, or given to an optimizer by "
    "hand is not reported.",
    fix="Keep them in nn.ModuleList or nn.ModuleDict.",
    severity=Severity.ERROR,
)

_SCRIPT = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = {hidden}
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.head(x)


torch.manual_seed(0)
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(4):
    x = torch.randn(4, 4)
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()
"""
_LAYERS = "[nn.Linear(4, 4) for _ in range(2)]"
BAD = _SCRIPT.format(hidden=_LAYERS + "  # expect: modules-in-plain-list")
GOOD = _SCRIPT.format(hidden=f"nn.ModuleList({_LAYERS})")

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(
        Instead(
            "self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(2)])",
            "self.hidden = [nn.Linear(64, 64) for _ in range(2)]",
        ),
    ),
    cases=(
        Case(
            "two hidden layers, AdamW, 8 epochs",
            Verdict.WORSE,
            lambda right, wrong: (wrong["tensors"], right["tensors"]) == (2, 6),
            "The optimizer is given {wrong[tensors]} tensors instead of {right[tensors]}. A head over random layers learns "
            "something, and nothing is said: accuracy {wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2", "EPOCHS": "8"},
            edits=(
                Instead(
                    "model = nn.Sequential(nn.Linear(64, 64), NORM(64), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(64, 10))",
                    "class Net(nn.Module):\n"
                    "    def __init__(self):\n"
                    "        super().__init__()\n"
                    "        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(2)])\n"
                    "        self.head = nn.Linear(64, 10)\n\n"
                    "    def forward(self, x):\n"
                    "        for layer in self.hidden:\n"
                    "            x = torch.relu(layer(x))\n"
                    "        return self.head(x)\n\n\n"
                    "model = Net()",
                ),
            ),
        ),
    ),
)

KEY = MODEL
HEARS = {FORWARD, COMPARED, STEP, OPAQUE}


class State(NamedTuple):
    """`lists`: where the layers were put that a forward has used; `waits`: the optimizers of that model."""

    me: Ref
    lists: tuple[Place, ...] = ()
    waits: tuple[Ref, ...] = ()
    told: frozenset[Place] = frozenset()


def initial(me: Ref) -> State:
    """Nothing was called yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A step of the model's optimizer after a forward, with a graph, through layers that it does not hold."""
    if event.kind == FORWARD:
        lists = event.facts.get(UNREGISTERED)
        if event.what != state.me or event.facts.get(GRAD) is not True or not isinstance(lists, tuple):
            return state, ()
        return _used(state, lists, event.of or ()), ()
    if event.kind == COMPARED:
        lists, of = event.facts.get(UNREGISTERED), event.of or ()
        return (_used(state, lists, of) if isinstance(lists, tuple) and state.me in of else state), ()
    if event.kind == OPAQUE:
        mine = event.of is None or state.me in event.of
        return (state._replace(lists=()) if mine else state), ()
    if not state.lists or event.what not in state.waits:
        return state, ()
    stories = tuple(_story(place, event.at) for place in state.lists)
    return state._replace(lists=(), told=state.told | set(state.lists)), stories


def _used(state: State, lists: tuple[Place, ...], optimizers: tuple[Ref, ...]) -> State:
    new = [place for place in dict.fromkeys(lists) if place not in state.told]
    return state._replace(lists=tuple(new), waits=optimizers)


def _story(place: Place, step: Place) -> Story:
    says = (
        "these layers are kept in a plain list or dict, where PyTorch does not see them: the forward uses them, the step at "
        "{step} does not move them, and they are not saved; keep them in nn.ModuleList or nn.ModuleDict"
    )
    return Story(says, (("place", place, ""), ("step", step, "moves the rest of the model")))
