"""A training that waits for its data."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BATCH, LOADER, MADE, WAITED, WORKERS, Event, Place, Ref, Waited
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card
from glassloop.rules._passes import USES, Passing, follow

CARD = Card(
    what="The step waits for data for a large share of its time.",
    why="While a batch is read, decoded and put together in the process that trains, nothing is computed: the run takes "
    "several times as long, on the machine that is paid for.",
    intended="A first try on little data. With workers that do not keep up it is said as information.",
    fix="Give the loader workers (num_workers=2 or more; persistent_workers=True), do once what __getitem__ does each time "
    "(decode, parse, resize), and index tensors that are in memory by whole batches.",
    severity=Severity.WARNING,
    only_run=True,
)

BAD = """\
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(0)


class Rows(Dataset):
    def __init__(self):
        self.rows = torch.randn(40, 3)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        time.sleep(0.02)  # a slow disk
        return self.rows[index]


loader = DataLoader(Rows(), batch_size=8, shuffle=True)  # expect: loader-starves
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for x in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
"""

GOOD = BAD.replace("        time.sleep(0.02)  # a slow disk\n", "").replace(
    "self.rows = torch.randn(40, 3)", "self.rows = torch.randn(40, 3)\n        time.sleep(0.05)  # read at once"
).replace("  # expect: loader-starves", "")  # fmt: skip

EXPERIMENT = Experiment(
    loop="pictures",
    mistake=(
        Instead("return self.images[index], self.labels[index]", "return unpacked(self.files[index]), self.labels[index]"),
    ),
    cases=(
        Case(
            "pictures of four million pixels, no workers",
            Verdict.SILENT,
            lambda right, wrong: (
                wrong["weights"] == right["weights"] and wrong["pictures_a_second"] < 0.5 * right["pictures_a_second"]
            ),
            "{wrong[pictures_a_second]} pictures a second instead of {right[pictures_a_second]}; the weights are the same.",
        ),
    ),
    seeds=(0,),
)

KEY = LOADER
OTHERS = True  # another loader's batch takes the place of this one's
HEARS = USES | {MADE}

SHARE, TYPICAL, SECONDS = 0.5, 0.01, 1.0  # of the time; of a typical batch; in all: less than any of them is nobody's worry


class State(NamedTuple):
    """`made`: where; `workers`: how many; `said`: the rule has spoken."""

    passing: Passing
    made: Place | None = None
    workers: object = None
    said: bool = False


def initial(me: Ref) -> State:
    """Nobody has waited."""
    return State(Passing(me))


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A loader whose batches are trained on, and waited for most of the time, is the mistake."""
    if event.kind == MADE:
        mine = event.what == state.passing.me
        return (state._replace(made=event.at, workers=event.facts.get(WORKERS)) if mine else state), ()
    passing = follow(state.passing, event)
    waited = event.facts.get(WAITED) if event.kind == BATCH and event.what == passing.me else None
    state = state._replace(passing=passing)
    if not isinstance(waited, Waited) or state.said or not passing.trains or passing.lost:
        return state, ()
    if waited.share < SHARE or waited.typical < TYPICAL or waited.seconds < SECONDS:
        return state, ()
    return state._replace(said=True), (_story(state, event.at, waited),)


def _story(state: State, batch: Place, waited: Waited) -> Story:
    alone = state.workers == 0
    who = "which has no workers" if alone else f"whose workers ({state.workers}) do not keep up"
    remedy = (
        "give it workers, or do once what __getitem__ does each time" if alone else "more of them, or less to do for each"
    )
    says = (
        f"{waited.share:.0%} of the time from batch to batch the training waits for the loader made here, {who}: "
        f"{1000 * waited.typical:.0f} ms for a typical batch, {waited.seconds:.1f} s for {waited.batches} of them; {remedy}"
    )
    facts = {"share": waited.share, "seconds": waited.seconds, "typical": waited.typical, "batches": waited.batches}
    made = state.made if state.made is not None else batch
    scenes = (("made", made, ""), ("batch", batch, "waits here"))
    return Story(says, scenes, severity=None if alone else Severity.INFO, facts=facts)
