"""A training that nobody can repeat."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import END, FOLLOWED, OPAQUE, PROGRAM, SEED, STEP, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Verdict, Without
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="A script trains and nothing in it seeds a generator.",
    why="Initial weights, order and augmentation are others in every run: a result cannot be repeated, and a difference "
    "between two runs cannot be told from chance.",
    intended="Most public training scripts have no seed; this rule speaks only where it is asked to.",
    fix="Call torch.manual_seed(seed) first thing, with a seed from the settings that is recorded with the result.",
    severity=Severity.INFO,
    asked=True,
)

BAD = """\
import torch
from torch import nn

model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(2):
    x = torch.randn(4, 3)
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()  # expect: seed-missing
"""

GOOD = BAD.replace("model = nn.Linear", "torch.manual_seed(0)\nmodel = nn.Linear", 1).replace("  # expect: seed-missing", "")

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Without("torch.manual_seed(SEED)"),),
    cases=(
        Case(
            "AdamW, 8 epochs",
            Verdict.SILENT,
            lambda right, wrong: wrong["weights"] != right["weights"],
            "The accuracy is of the same kind, {wrong[val_accuracy]:.1f}; but the weights are others in every run, and the "
            "{right[val_accuracy]:.4f} of the run with a seed cannot be had again.",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2", "EPOCHS": "8"},
        ),
    ),
    seeds=(0,),
)

KEY = PROGRAM
HEARS = frozenset({SEED, STEP, OPAQUE, END})


class State(NamedTuple):
    """`first`: the first step; `seeded`: or something that may have seeded."""

    first: Place | None = None
    seeded: bool = False


def initial(me: Ref) -> State:
    """Nothing has been drawn yet."""
    return State()


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A program that comes to its end, has stepped and was seeded by nothing; what could not be followed may have."""
    if event.kind == STEP:
        return (state if state.first is not None else state._replace(first=event.at)), ()
    if event.kind in (SEED, OPAQUE):
        return state._replace(seeded=state.seeded or event.kind == SEED or event.of is None), ()
    if state.first is None or state.seeded or event.facts.get(FOLLOWED) is not True:
        return state, ()
    says = "this trains, and nothing in the program seeds a generator: no run of it can be repeated"
    return state, (Story(says, (("first", state.first, ""),)),)
