"""A softmax over the wrong dimension, or over one that nobody named."""

from __future__ import annotations

from glassloop.events import AXIS, GIVEN_AT, LOSS_MADE, PROGRAM, SOFTMAX, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="A softmax is taken over the batch, or over a dimension that is not named.",
    why="Over the batch, the probabilities of one class add up to one over the samples: every answer depends on the others "
    "beside it. With no dimension named, PyTorch guesses one from the shape: of (N, C) the classes, of (N, T, C) the batch.",
    intended="A softmax over the first dimension of something that is no batch (a vector of weights) is not reported.",
    fix="Name the dimension of the classes: softmax(x, dim=1), or dim=-1 where they come last.",
    severity=Severity.WARNING,
    only_read=True,
)

_SCRIPT = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3), torch.randint(3, (8,)))
loader = DataLoader(data, batch_size=4, shuffle=True)
model = nn.Linear(3, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        scores = nn.functional.log_softmax(model(x), dim={dim})
        nn.functional.nll_loss(scores, y).backward()
        optimizer.step()
"""
BAD = _SCRIPT.replace("dim={dim})", "dim=0)  # expect: softmax-over-batch")
GOOD = _SCRIPT.format(dim="1")

_LOSS = "loss = nn.functional.nll_loss(model(x).log_softmax({}), y)"
EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Instead(_LOSS.format(1), _LOSS.format(0)),),
    cases=(
        Case(
            "log-probabilities and nll_loss",
            Verdict.WORSE,
            lambda right, wrong: wrong["loss_end"] > 2 and wrong["val_accuracy"] < right["val_accuracy"] - 0.02,
            "The classes of one scan add up to nothing: the training loss ends at {wrong[loss_end]:.2f} instead of "
            "{right[loss_end]:.2f}, accuracy at {wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
            edits=(
                Instead("loss = nn.functional.cross_entropy(model(x), y)", _LOSS.format(1)),
            ),
        ),
    ),
)

KEY = PROGRAM
HEARS = {SOFTMAX, LOSS_MADE}

State = frozenset[Place]  # softmaxes that have been spoken of


def initial(me: Ref) -> State:
    """Nothing was told yet."""
    return frozenset()


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A softmax with no dimension, or over the first one of what a loss over classes takes for a batch."""
    axis = event.facts.get(AXIS)
    place: Place = event.facts.get(GIVEN_AT, event.at)
    if axis is None or place is None or place in state:
        return state, ()
    return state | {place}, (_unnamed(place) if axis == "unnamed" else _over_batch(place),)


def _unnamed(place: Place) -> Story:
    says = (
        "this softmax names no dimension: PyTorch guesses one from the shape of what it is given, and the guess is the "
        "batch where there are three dimensions; name that of the classes"
    )
    return Story(says, (("softmax", place, ""),))


def _over_batch(place: Place) -> Story:
    says = (
        "this softmax is taken over the batch: what uses this model's answers takes the classes from their second "
        "dimension, and this is the first; use dim=1"
    )
    return Story(says, (("softmax", place, ""),))
