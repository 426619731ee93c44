"""A validation in another order each time."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import LOADER, MADE, ORDER, PASS_BEGIN, SHUFFLED, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Keyword, Severity, Story
from glassloop.rules import Card
from glassloop.rules._passes import USES, Passing, follow, validates

CARD = Card(
    what="The validation loader shuffles.",
    why="A whole pass gives the same metric in any order, but predictions no longer line up with the data set, pictures of "
    "the first batch show other samples each time, and numbers are drawn from the generator that training goes on with.",
    intended="To look at some random batches, shuffling is right; a pass that is left early is not reported.",
    fix="Leave shuffle out of the validation loader.",
    severity=Severity.INFO,
)

BAD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
held_out = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)  # expect: validation-data-shuffled
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
    with torch.no_grad():
        total = sum(nn.functional.mse_loss(model(x), x.sum(1, keepdim=True), reduction="sum").item() for (x,) in held_out)
"""

GOOD = BAD.replace(", shuffle=True)  # expect: validation-data-shuffled", ")")

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(
        Instead(
            "validation = DataLoader(held_out, batch_size=VAL_BATCH)",
            "validation = DataLoader(held_out, batch_size=VAL_BATCH, shuffle=True)",
        ),
    ),
    cases=(
        Case(
            "the training draws from the same generator",
            Verdict.SILENT,
            lambda right, wrong: wrong["weights"] != right["weights"] and wrong["seen"] == right["seen"],
            "The metric is right. But a validation now draws numbers that the training would have drawn: its batches are "
            "others, and accuracy is {wrong[val_accuracy]:.4f} instead of {right[val_accuracy]:.4f}.",
        ),
        Case(
            "the validation has a generator of its own",
            Verdict.SAME,
            lambda right, wrong: wrong["weights"] == right["weights"] and wrong["val_accuracy"] == right["val_accuracy"],
            "Weights, accuracy ({wrong[val_accuracy]:.4f}) and loss ({wrong[val_loss]:.4f}) are the same.",
            edits=(
                Instead(
                    "validation = DataLoader(held_out, batch_size=VAL_BATCH)",
                    "validation = DataLoader(held_out, batch_size=VAL_BATCH, generator=torch.Generator())",
                ),
            ),
            mistake=(
                Instead(
                    "validation = DataLoader(held_out, batch_size=VAL_BATCH, generator=torch.Generator())",
                    "validation = DataLoader(held_out, batch_size=VAL_BATCH, generator=torch.Generator(), shuffle=True)",
                ),
            ),
        ),
    ),
)

KEY = LOADER
OTHERS = True  # another loader's batch takes the place of this one's
HEARS = USES | {MADE}


class State(NamedTuple):
    """`shuffled`: the order of the present pass."""

    passing: Passing
    made: Place | None = None
    shuffled: bool = False


def initial(me: Ref) -> State:
    """Its order is not known."""
    return State(Passing(me))


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A whole pass of validation in a shuffled order is worth a word."""
    mine = event.what == state.passing.me
    if event.kind == MADE:
        return (state._replace(made=event.at) if mine else state), ()
    if event.kind == PASS_BEGIN and mine:
        state = state._replace(shuffled=event.facts.get(ORDER) == SHUFFLED)
    told = state.made is not None and state.shuffled and validates(state.passing, event)
    story = (_story(state.made, event.at),) if told and state.made is not None else ()
    return state._replace(passing=follow(state.passing, event)), story


def _story(made: Place, pass_: Place) -> Story:
    says = "the loader made here shuffles and is used for validation at {pass_}; leave shuffle out"
    scenes = (("made", made, ""), ("pass_", pass_, "looks at the whole of it"))
    return Story(says, scenes, ((Keyword("made", "shuffle"),),))
