"""Augmentation that every worker repeats."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BATCH, DRAWS, LOADER, MADE, WORKERS, Event, Place, Ref
from glassloop.experiments import Added, Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="A map-style dataset draws its augmentation from a generator object that it keeps, and several workers read it.",
    why="Each worker gets a copy of the dataset, generator and all, and a new copy at every epoch: all of them draw the "
    "same numbers, epoch after epoch. (The global generators differ by worker and epoch, numpy's too, on torch 2.13.)",
    intended="A generator that is made anew from the worker's seed or from the sample's index is not reported.",
    fix="Draw from torch's global generator, or make the generator in __getitem__ from (seed, epoch, index).",
    severity=Severity.WARNING,
)

BAD = """\
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(0)


class Noisy(Dataset):
    def __init__(self):
        self.rng = np.random.default_rng(0)  # expect: generator-held-by-dataset

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return torch.full((3,), float(index)) + self.rng.normal()


model = nn.Linear(3, 1).double()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)


def main():
    loader = DataLoader(Noisy(), batch_size=4, shuffle=True, num_workers=2)
    for epoch in range(2):
        for x in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x.double()), x.double().sum(1, keepdim=True)).backward()
            optimizer.step()


if __name__ == "__main__":
    main()
"""

GOOD = BAD.replace(
    "self.rng = np.random.default_rng(0)  # expect: generator-held-by-dataset", "self.spread = 1.0"
).replace("self.rng.normal()", "self.spread * torch.randn(())")

EXPERIMENT = Experiment(
    loop="augment",
    mistake=(
        Added("self.rng = np.random.default_rng(0)", after="self.images, self.labels = images, labels"),
        Instead("factor = np.random.uniform(0.8, 1.2)", "factor = self.rng.uniform(0.8, 1.2)"),
    ),
    cases=(
        Case(
            "two workers, 3 epochs",
            Verdict.SILENT,
            lambda right, wrong: right["different_numbers"] == 1800 and wrong["different_numbers"] == 300,
            "{wrong[numbers_drawn]} numbers are drawn, {wrong[different_numbers]} of them different: both workers draw the "
            "same, and so does every epoch. From numpy's global generator: {right[different_numbers]}.",
        ),
        Case(
            "no workers",
            Verdict.SILENT,
            lambda right, wrong: right["different_numbers"] == wrong["different_numbers"] == 1800,
            "In one process the generator goes on: {wrong[different_numbers]} different numbers.",
            {"WORKERS": "0"},
        ),
    ),
    seeds=(0,),
)

KEY = LOADER
HEARS = frozenset({MADE, BATCH})


class State(NamedTuple):
    """`draws`: the place of the generator that the dataset keeps, where several workers copy it."""

    me: Ref
    made: Place | None = None
    draws: Place | None = None


def initial(me: Ref) -> State:
    """No generator."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A loader with workers whose dataset draws from its own generator hands over a batch."""
    if event.what != state.me:
        return state, ()
    if event.kind == MADE:
        workers, draws = event.facts.get(WORKERS), event.facts.get(DRAWS)
        return State(state.me, event.at, draws if isinstance(workers, int) and workers > 0 else None), ()
    if state.draws is None or state.made is None:
        return state, ()
    says = (
        "the dataset keeps the generator made here and draws samples with it: each worker of the loader made at {made} "
        "gets a copy, and all repeat the same numbers, every epoch"
    )
    story = Story(says, (("draws", state.draws, ""), ("made", state.made, "several workers read it")))
    return State(state.me), (story,)
