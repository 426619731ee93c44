"""A validation that leaves samples out."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import DROPS, LOADER, MADE, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Keyword, Severity, Story
from glassloop.rules import Card
from glassloop.rules._passes import USES, Passing, follow, validates

CARD = Card(
    what="The validation loader drops its last batch where that is not full.",
    why="Up to batch_size - 1 samples are never looked at; without shuffling they are the same ones each time. The metric "
    "is that of other data than it says, and changes with the batch size.",
    intended="Fixed shapes for a compiled or captured graph need full batches: pad the last one, or set the finding aside.",
    fix="Leave drop_last out of the validation loader.",
    severity=Severity.WARNING,
)

BAD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
held_out = DataLoader(TensorDataset(torch.randn(11, 3)), batch_size=4, drop_last=True)  # expect: validation-drops-last
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

GOOD = BAD.replace(", drop_last=True)  # expect: validation-drops-last", ")")

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(
        Instead(
            "validation = DataLoader(held_out, batch_size=VAL_BATCH)",
            "validation = DataLoader(held_out, batch_size=VAL_BATCH, drop_last=True)",
        ),
    ),
    cases=(
        Case(
            "batches of 800",
            Verdict.SILENT,
            lambda right, wrong: (right["seen"], wrong["seen"]) == (1197, 800) and wrong["weights"] == right["weights"],
            "{wrong[seen]} of {right[seen]} scans are looked at. The same weights are {wrong[val_accuracy]:.4f} accurate on "
            "them, and {right[val_accuracy]:.4f} on all.",
            {"VAL_BATCH": "800"},
        ),
        Case(
            "batches larger than the data",
            Verdict.RAISES,
            lambda right, wrong: wrong["raised"].startswith("ZeroDivisionError"),
            "No batch is full, so none is seen, and here the mean raises ({wrong[raised]}).",
            {"VAL_BATCH": "2000"},
        ),
    ),
)

KEY = LOADER
OTHERS = True  # another loader's batch takes the place of this one's
HEARS = USES | {MADE}


class State(NamedTuple):
    """`made`: where, if it drops a last batch."""

    passing: Passing
    made: Place | None = None


def initial(me: Ref) -> State:
    """It drops nothing, for all that is known."""
    return State(Passing(me))


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A whole pass of validation over a loader that drops its last batch is the mistake."""
    if event.kind == MADE:
        mine = event.what == state.passing.me
        return (state._replace(made=event.at if event.facts.get(DROPS) is True else None) if mine else state), ()
    story = (_story(state.made, event.at),) if state.made is not None and validates(state.passing, event) else ()
    return state._replace(passing=follow(state.passing, event)), story


def _story(made: Place, pass_: Place) -> Story:
    says = "the loader made here drops its last batch and is used for validation at {pass_}; leave drop_last out"
    scenes = (("made", made, ""), ("pass_", pass_, "looks at all but the last batch"))
    return Story(says, scenes, ((Keyword("made", "drop_last"),),))
