"""A mean in which the samples of the last batch count more."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import AVERAGED, EVEN, LOADER, MADE, PASS_BEGIN, PASS_END, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card
from glassloop.rules._passes import USES, Passing, follow, validates

CARD = Card(
    what="A validation metric is the plain mean of the batches' means, although the last batch may be smaller.",
    why="Each sample of a last batch of 3 counts as much as ten of a batch of 32: the number depends on the batch size and, "
    "with shuffling, on chance.",
    intended="Where every batch is full, both means are the same, and nothing is reported.",
    fix="Add up loss.item() * x.size(0) and divide by the number of samples, or use a metric that counts.",
    severity=Severity.INFO,
    only_read=True,
)

BAD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
held_out = DataLoader(TensorDataset(torch.randn(6, 3)), batch_size=4)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
    total = 0.0
    with torch.no_grad():
        for (x,) in held_out:
            total += nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).item()
    print(total / len(held_out))  # expect: metric-mean-of-batches
"""

GOOD = BAD.replace(".item()\n", ".item() * len(x)\n").replace(
    "total / len(held_out))  # expect: metric-mean-of-batches", "total / len(held_out.dataset))"
)

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(
        Instead(
            'total += nn.functional.cross_entropy(logits, y, reduction="sum").item()',
            "total += nn.functional.cross_entropy(logits, y).item()",
        ),
        Instead("val_loss = round(float(total) / seen, 5)", "val_loss = round(float(total) / len(validation), 5)"),
    ),
    cases=(
        Case(
            "1,197 samples in batches of 1,196",
            Verdict.SILENT,
            lambda right, wrong: wrong["weights"] == right["weights"] and abs(wrong["val_loss"] - right["val_loss"]) > 0.02,
            "The one sample of the last batch counts as much as the other 1,196: the loss is said to be "
            "{wrong[val_loss]:.3f}, and is {right[val_loss]:.3f}. The weights are the same.",
            {"VAL_BATCH": "1196"},
        ),
        Case(
            "1,197 samples in batches of 399",
            Verdict.SAME,
            lambda right, wrong: wrong["val_loss"] == right["val_loss"],
            "Every batch is full, and both means are {wrong[val_loss]:.3f}.",
            {"VAL_BATCH": "399"},
        ),
    ),
)

KEY = LOADER
OTHERS = True  # another loader's batch takes the place of this one's
HEARS = USES | {MADE, AVERAGED}


class State(NamedTuple):
    """`uneven`: the last batch may be smaller; `looked`: where the last pass ended, if that was a validation with me.

    `early`: where, within the pass, each batch's mean is divided by the number of batches.
    """

    passing: Passing
    made: Place | None = None
    uneven: bool = False
    looked: Place | None = None
    early: Place | None = None


def initial(me: Ref) -> State:
    """Nothing is known of its batches."""
    return State(Passing(me))


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A validation pass over uneven batches, and then the plain mean of their means."""
    if event.kind == MADE:
        mine = event.what == state.passing.me
        return (state._replace(made=event.at, uneven=event.facts.get(EVEN) is not True) if mine else state), ()
    if event.kind == AVERAGED:
        mine = event.what in (None, state.passing.me) and state.uneven
        stories = (_story(event.at, state.looked),) if mine and state.looked is not None else ()
        early = event.at if mine and event.what is not None and state.passing.open else state.early
        return state._replace(looked=None, early=early), stories
    looked, early = state.looked, state.early
    stories = ()
    if event.kind in (PASS_BEGIN, PASS_END) and event.what in (None, state.passing.me):
        looked = event.at if validates(state.passing, event) else None
        stories = (_story(early, looked),) if early is not None and looked is not None else ()
        early = None if event.what is not None else early
    return state._replace(passing=follow(state.passing, event), looked=looked, early=early), stories


def _story(averaged: Place, looked: Place) -> Story:
    says = (
        "the plain mean of the batches' means of the validation at {looked}: the samples of a smaller last batch count "
        "more than the others; weigh each batch by its size"
    )
    return Story(says, (("averaged", averaged, ""), ("looked", looked, "the last batch may be smaller")))
