"""A prediction of one shape against a target of another."""

from __future__ import annotations

from glassloop.events import BROADCAST, PROGRAM, SHAPES, Event, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="An element-wise loss is given a prediction and a target of different shapes, such as (N, 1) and (N), and repeats "
    "the prediction until they fit.",
    why="Every prediction is compared with every target of the batch. The best answer is then the batch's mean for "
    "everybody: the loss falls to the variance of the targets and stays there. nn.MSELoss and its kin warn once, "
    "PoissonNLLLoss, GaussianNLLLoss and a loss written by hand do not.",
    intended="A single number as target, a target that is repeated along a dimension of its own size 1, and pairs made on "
    "purpose with unsqueeze are not reported.",
    fix="Give both one shape: output.squeeze(1), target.unsqueeze(1) or target.view_as(output).",
    severity=Severity.ERROR,
    only_run=True,
)

_SCRIPT = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(4):
    x = torch.randn(8, 3)
    y = x.sum(1)
    optimizer.zero_grad()
    {loss}
    loss.backward()
    optimizer.step()
"""
BAD = _SCRIPT.format(loss="loss = nn.functional.l1_loss(model(x), y)  # expect: loss-shape-broadcast")
GOOD = _SCRIPT.format(loss="loss = nn.functional.l1_loss(model(x).squeeze(1), y)")

_LOSS = "loss = nn.functional.mse_loss(model(x), y)"
_GAUSSIAN = "loss = nn.functional.gaussian_nll_loss(model(x), y, torch.ones(len(y), 1))"
_FLAT = "loss = nn.functional.gaussian_nll_loss(model(x), y.squeeze(1), torch.ones(len(y), 1))"
EXPERIMENT = Experiment(
    loop="regression",
    mistake=(Instead(_LOSS, "loss = nn.functional.mse_loss(model(x), y.squeeze(1))"),),
    cases=(
        Case(
            "nn.functional.mse_loss, batches of 50",
            Verdict.WARNS,
            lambda right, wrong: wrong["val_loss"] > right["val_loss"] + 0.2 and wrong["spread"] < 0.5 * right["spread"],
            "All patients are told much the same: the predictions spread by {wrong[spread]:.2f} instead of "
            "{right[spread]:.2f}, and the held-out loss is {wrong[val_loss]:.2f} instead of {right[val_loss]:.2f}, where "
            "guessing the mean gives about 1. PyTorch warns once.",
        ),
        Case(
            "nn.functional.gaussian_nll_loss, batches of 50",
            Verdict.WORSE,
            lambda right, wrong: wrong["val_loss"] > right["val_loss"] + 0.2 and wrong["spread"] < 0.5 * right["spread"],
            "The same without a warning: predictions spread by {wrong[spread]:.2f} instead of {right[spread]:.2f}, held-out "
            "loss {wrong[val_loss]:.2f} instead of {right[val_loss]:.2f}.",
            edits=(Instead(_LOSS, _GAUSSIAN),),
            mistake=(Instead(_GAUSSIAN, _FLAT),),
        ),
    ),
)

KEY = PROGRAM
HEARS = {BROADCAST}


def initial(me: Ref) -> Ref:
    """There is nothing to remember."""
    return me


def hear(state: Ref, event: Event) -> tuple[Ref, tuple[Story, ...]]:
    """A loss that repeats the prediction to fit its target."""
    shapes = event.facts.get(SHAPES)
    says = (
        f"the loss is given {shapes}: every prediction is compared with every target, and the best answer is the "
        "same for all; give both one shape, as with target.view_as(output)"
    )
    return state, (Story(says, (("loss", event.at, ""),), facts={"shapes": str(shapes)}),)
