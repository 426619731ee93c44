"""Probabilities where logits belong, yes or no."""

from __future__ import annotations

from glassloop.events import GIVEN, GIVEN_AT, INNER_LOSS, LOSS_MADE, PROGRAM, TAKES, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Replace, Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="Binary cross entropy with logits is given probabilities: a sigmoid has been taken already.",
    why="The sigmoid inside the loss is taken of numbers between 0 and 1, so no answer counts as less likely than 0.5 or "
    "more likely than 0.73: the loss stays high, the gradients are small, and thresholds at 0.5 are wrong.",
    intended="None is known: a model that must give probabilities is trained with binary_cross_entropy.",
    fix="Give the loss the model's output before the sigmoid, or use BCELoss on the probabilities.",
    severity=Severity.ERROR,
)

BAD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3), torch.randint(2, (8, 1)).float())
loader = DataLoader(data, batch_size=4, shuffle=True)
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        prediction = torch.sigmoid(model(x))
        criterion(prediction, y).backward()  # expect: sigmoid-before-bce-with-logits
        optimizer.step()
"""

GOOD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3), torch.randint(2, (8, 1)).float())
loader = DataLoader(data, batch_size=4, shuffle=True)
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        logits = model(x)
        criterion(logits, y).backward()
        optimizer.step()
        right = ((torch.sigmoid(logits) > 0.5) == (y > 0.5)).float().mean().item()
"""

EXPERIMENT = Experiment(
    loop="binary",
    mistake=(
        Instead(
            "loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)",
            "loss = nn.functional.binary_cross_entropy_with_logits(torch.sigmoid(model(x)), y)",
        ),
    ),
    cases=(
        Case(
            "the model ends in a sigmoid, SGD",
            Verdict.WORSE,
            lambda right, wrong: wrong["val_accuracy"] < 0.75 and wrong["loss_end"] > 3 * right["loss_end"],
            "Everything that the model gives is above 0, so everything counts as positive: accuracy "
            "{wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}. The training loss stays at "
            "{wrong[loss_end]:.2f}, rightly {right[loss_end]:.2f}.",
            mistake=(
                Instead(
                    "model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1))",
                    "model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())",
                ),
            ),
        ),
        Case(
            "a sigmoid before the loss alone, AdamW",
            Verdict.SILENT,
            lambda right, wrong: wrong["loss_end"] > 3 * right["loss_end"],
            "The training loss stays at {wrong[loss_end]:.2f}, rightly {right[loss_end]:.2f}; accuracy "
            "{wrong[val_accuracy]:.2f}, rightly {right[val_accuracy]:.2f}.",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2"},
        ),
    ),
)

KEY = PROGRAM
HEARS = {LOSS_MADE, INNER_LOSS}

State = frozenset[Place]  # where probabilities were made that have been spoken of; in a run, the loss that was given them


def initial(me: Ref) -> State:
    """Nothing was told yet."""
    return frozenset()


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A loss that takes binary logits and is known to be given probabilities is the mistake; told once for each sigmoid."""
    made: Place = event.facts.get(GIVEN_AT)
    told = made if made is not None else event.what
    given = event.facts.get(GIVEN)
    if event.facts.get(TAKES) != "binary logits" or given is None or told in state:
        return state, ()
    return state | {told}, (_story(event.at, made, str(given)),)


def _story(loss: Place, made: Place, given: str) -> Story:
    words = ", made at {made}," if made is not None else ""
    says = (
        f"binary cross entropy with logits is given {given}{words} where it wants logits: it takes their sigmoid again; "
        "give it the output before the sigmoid, or use binary_cross_entropy"
    )
    made_scene = ((("made", made, f"makes {given}"),) if made is not None else ())
    return Story(says, (("loss", loss, ""), *made_scene), ((Replace("made", "{made.subject}"),),))
