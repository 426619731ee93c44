"""Probabilities where logits belong, classes."""

from __future__ import annotations

from glassloop.events import GIVEN, GIVEN_AT, INNER_LOSS, LOSS_MADE, PROBABILITIES, PROGRAM, TAKES, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Replace, Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="Cross entropy is given probabilities (a softmax or a sigmoid has been taken) where it wants logits.",
    why="The softmax inside the loss is taken of numbers between 0 and 1: the loss can never come near zero, the "
    "gradients of confident mistakes vanish, and training is slow and ends worse. Nothing raises.",
    intended="Log-probabilities are no mistake, only redundant (info): cross entropy of them is that of the logits.",
    fix="Give the loss the model's output before the softmax; take the softmax only where probabilities are shown.",
    severity=Severity.ERROR,
)

BAD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3), torch.randint(3, (8,)))
loader = DataLoader(data, batch_size=4, shuffle=True)
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 3), nn.Softmax(dim=1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss()
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()  # expect: softmax-before-cross-entropy
        optimizer.step()
"""

GOOD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3), torch.randint(3, (8,)))
loader = DataLoader(data, batch_size=4, shuffle=True)
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss()
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        logits = model(x)
        criterion(logits, y).backward()
        optimizer.step()
        confidence = logits.softmax(dim=1).amax(dim=1).mean().item()
"""

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(
        Instead(
            "loss = nn.functional.cross_entropy(model(x), y)",
            "loss = nn.functional.cross_entropy(model(x).softmax(1), y)",
        ),
    ),
    cases=(
        Case(
            "SGD",
            Verdict.WORSE,
            lambda right, wrong: wrong["loss_end"] > 2.0 and wrong["grad_norm_first"] < right["grad_norm_first"] / 2,
            "The gradient of the first step is {wrong[grad_norm_first]:.3f} long instead of {right[grad_norm_first]:.2f}, "
            "and the loss ends at {wrong[loss_end]:.2f} instead of {right[loss_end]:.2f}; accuracy "
            "{wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
        ),
        Case(
            "AdamW, batch-norm, 8 epochs",
            Verdict.SILENT,
            lambda right, wrong: wrong["loss_end"] > 1.4 > 3 * right["loss_end"],
            "Accuracy hides it ({wrong[val_accuracy]:.2f}, rightly {right[val_accuracy]:.2f}); the loss cannot fall below "
            "1.46 with ten classes, and ends at {wrong[loss_end]:.2f} instead of {right[loss_end]:.2f}.",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2", "EPOCHS": "8", "NORM": "nn.BatchNorm1d"},
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
    """A loss that takes class logits and is known to be given something else is the mistake; told once for each softmax."""
    made: Place = event.facts.get(GIVEN_AT)
    told = made if made is not None else event.what
    if event.facts.get(TAKES) != "class logits" or told in state:
        return state, ()
    redundant = event.facts.get(GIVEN) != PROBABILITIES
    return state | {told}, (_redundant(event.at, made) if redundant else _story(event.at, made),)


UNWRAPPED = ((Replace("made", "{made.subject}"),),)


def _story(loss: Place, made: Place) -> Story:
    words = ", made at {made}," if made is not None else ""
    says = (
        f"cross entropy is given probabilities{words} where it wants logits: it takes their softmax again, so the loss "
        "cannot come near zero and its gradients fade; give it the output before the softmax"
    )
    return Story(says, _scenes(loss, made, "makes probabilities"), UNWRAPPED)


def _redundant(loss: Place, made: Place) -> Story:
    words = ", made at {made}" if made is not None else ""
    says = (
        f"cross entropy is given log-probabilities{words}: it takes their logarithm of a softmax once more, which changes "
        "nothing; leave the first one out, or use nll_loss"
    )
    return Story(says, _scenes(loss, made, "makes log-probabilities"), UNWRAPPED, Severity.INFO)


def _scenes(loss: Place, made: Place, words: str) -> tuple[tuple[str, Place, str], ...]:
    return (("loss", loss, ""), *((("made", made, words),) if made is not None else ()))
