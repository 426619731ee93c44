"""Steps that move nothing, as the learning rate is zero."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import MEASURED, OPTIMIZER, Event, Ref, Row
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card
from glassloop.rules._numbers import known, rows_of

CARD = Card(
    what="Steps are taken at a learning rate of zero, beyond the first of a warm-up and the last of a decay.",
    why="Each of them costs a forward and a backward and moves no weight; the loss only shows the noise of the batches.",
    intended="An optimizer that is held still for a while can be left out of the loop for that while; or ignore this line.",
    fix="Count a warm-up from 1, or step its schedule once a batch; let a decay end where training ends.",
    severity=Severity.WARNING,
    only_run=True,
)

BAD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
warm_up = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: min(1.0, epoch / 2))
for epoch in range(3):
    for batch in range(4):
        x = torch.randn(8, 3)
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()  # expect: learning-rate-zero
    warm_up.step()
"""

GOOD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
warm_up = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: min(1.0, (epoch + 1) / 2))
for epoch in range(3):
    for batch in range(4):
        x = torch.randn(8, 3)
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    warm_up.step()
"""

_COSINE = "scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=T_MAX)"
_WARM_UP = "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: min(1.0, (epoch + 1) / 2))"
EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Instead(_WARM_UP, by=_WARM_UP.replace("(epoch + 1)", "epoch")),),
    cases=(
        Case(
            "a warm-up by epochs, counted from 0, and 2 epochs in all",
            Verdict.WORSE,
            lambda right, wrong: wrong["lr_first"] == 0 and wrong["val_accuracy"] < right["val_accuracy"] - 0.05,
            "Half of the {wrong[steps]:.0f} steps run at 0; accuracy on held-out scans ends at {wrong[val_accuracy]:.2f} "
            "instead of {right[val_accuracy]:.2f}.",
            {"EPOCHS": "2"},
            edits=(Instead(_COSINE, by=_WARM_UP),),
        ),
        Case(
            "the same, 20 epochs",
            Verdict.SILENT,
            lambda right, wrong: wrong["lr_first"] == 0 and abs(wrong["val_accuracy"] - right["val_accuracy"]) < 0.05,
            "A twentieth of the training moved nothing, and nobody sees it: accuracy ends at {wrong[val_accuracy]:.2f} "
            "against {right[val_accuracy]:.2f}.",
            {"EPOCHS": "20"},
            edits=(Instead(_COSINE, by=_WARM_UP),),
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {MEASURED}

WARMING, DECAYED = 1, 2  # steps at zero that are left alone: at the start, and after larger rates
NOTHING = 1e-12  # of the largest rate so far: the last of a cosine is rounded, not chosen


class State(NamedTuple):
    """`since`: the first of the steps at zero that go on now, `streak` their number; `top`: the largest rate so far."""

    since: int = 0
    streak: int = 0
    top: float = 0.0


def initial(me: Ref) -> State:
    """Nothing measured."""
    return State()


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """The second step at zero (after larger rates the third), and each that follows it."""
    stories = []
    since, streak, top = state
    fine: tuple[float | None, ...] | None = None  # the rates of the row before, where they were not zero
    for row in rows_of(event):
        rates = row.rates
        if rates == fine:
            continue
        fine = None
        if not rates or None in rates:
            since = streak = 0
            continue
        highest = max(known(rates))
        top = max(top, highest)
        if highest > top * NOTHING:
            since, streak, fine = 0, 0, rates
            continue
        since, streak = since or row.step, streak + 1
        if streak > (DECAYED if top else WARMING):
            stories.append(_story(State(since, streak, top), row))
    return State(since, streak, top), tuple(stories)


def _story(state: State, row: Row) -> Story:
    says = (
        f"the learning rate was 0 in all groups from step {state.since} to step {row.step} at least: nothing moved; "
        "count a warm-up from 1, or end the training where its decay ends"
    )
    facts = {"since": state.since, "step": row.step, "learning_rates": list(row.rates), "largest_before": state.top}
    return Story(says, (("step", row.at, ""),), step=row.step, facts=facts)
