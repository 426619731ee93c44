"""A gradient norm that leaves its own past behind, and a loss that goes with it."""

from __future__ import annotations

import math
from typing import NamedTuple

from glassloop.events import MEASURED, OPTIMIZER, Event, Ref, Row
from glassloop.experiments import Case, Experiment, Verdict, Without
from glassloop.findings import Severity, Story
from glassloop.rules import Card
from glassloop.rules._numbers import known, middle, rows_of, short

CARD = Card(
    what="The norm of the gradients jumps far outside its own recent past, and the loss follows.",
    why="One such update throws the weights far away; what was learnt before it is gone, and often NaN comes next.",
    intended="One large gradient that a clip tames, or that the loss gets over, is not reported.",
    fix="Clip with torch.nn.utils.clip_grad_norm_ before the step, lower the learning rate or warm it up, and look at the "
    "batch of the step that is named.",
    severity=Severity.WARNING,
    only_run=True,
)

BAD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(40):
    x = torch.randn(16, 4) * (30 if step == 20 else 1)
    loss = nn.functional.mse_loss(model(x), torch.randn(16, 1))
    optimizer.zero_grad()
    loss.backward()  # expect: gradient-exploding
    optimizer.step()
"""

GOOD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(40):
    x = torch.randn(16, 4) * (30 if step == 20 else 1)
    loss = nn.functional.mse_loss(model(x), torch.randn(16, 1))
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
"""

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Without("torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)"),),
    cases=(
        Case(
            "6 of the 600 scans are a thousand times too bright",
            Verdict.WORSE,
            lambda right, wrong: wrong["update_max"] > 10 * right["update_max"]
            and wrong["val_accuracy"] < right["val_accuracy"] - 0.1,
            "One damaged scan makes an update {wrong[update_max]:.0f} long instead of {right[update_max]:.1f}; accuracy on "
            "held-out scans ends at {wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
            {"DAMAGED": "6"},
        ),
        Case(
            "AdamW, clean data",
            Verdict.SILENT,
            lambda right, wrong: abs(wrong["val_accuracy"] - right["val_accuracy"]) < 0.05,
            "No gradient is large, and Adam divides by their size anyway: accuracy ends at {wrong[val_accuracy]:.2f} "
            "without the clip, {right[val_accuracy]:.2f} with it.",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2", "CLIP": "0.1"},
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {MEASURED}

WINDOW = 32  # steps of the past that a norm is held against
LEAST = 3  # norms that make a past
JUMP = 50.0  # times the middle norm of the past
AFTER, FOLLOWS = 6, 3  # so many of the next steps are looked at; the loss of so many of them must be high


class Jump(NamedTuple):
    """A norm outside its past: its row, what was usual, from where on a loss is high, and what came after it."""

    row: Row
    usual: float
    loss: float
    high: float
    after: int = 0
    worst: tuple[float, ...] = ()


class State(NamedTuple):
    """Norms and losses of the last steps; the first losses; the jump that is looked at; whether it was told."""

    norms: tuple[float, ...] = ()
    losses: tuple[float, ...] = ()
    start: tuple[float, ...] = ()
    jump: Jump | None = None
    told: bool = False


def initial(me: Ref) -> State:
    """Nothing measured."""
    return State()


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A jump is told once, when the losses of some steps behind it are high."""
    if state.told:
        return state, ()
    norms, losses, start, jump = list(state.norms), list(state.losses), list(state.start), state.jump
    for row in rows_of(event):
        if jump is None:
            jump = _outside(row, norms, losses, start)
            if jump is None:
                norms += known([row.norm])
                losses += known([row.loss])
                start += losses[-1:] if len(start) < LEAST else []
            continue
        if row.loss is not None and not row.loss <= jump.high:  # NaN is high, too
            jump = jump._replace(worst=(*jump.worst, row.loss))
        jump = jump._replace(after=jump.after + 1)
        if len(jump.worst) >= FOLLOWS:
            return State(told=True), (_story(jump),)
        jump = jump if jump.after < AFTER else None
    return State(tuple(norms[-WINDOW:]), tuple(losses[-WINDOW:]), tuple(start), jump), ()


def _outside(row: Row, norms: list[float], losses: list[float], start: list[float]) -> Jump | None:
    if row.norm is None or len(norms) < LEAST or not losses or not max(norms[-WINDOW:]) < row.norm < math.inf:
        return None
    usual, recent = middle(norms[-WINDOW:]), losses[-WINDOW:]
    if not 0 < JUMP * usual < row.norm:
        return None
    low, top, loss = min(recent), max(recent), middle(recent)
    return Jump(row, usual, loss, max(top + max(3 * (top - low), 2 * abs(loss)), 0.8 * middle(start)))


def _story(jump: Jump) -> Story:
    row, worst = jump.row, max(jump.worst, key=lambda loss: math.inf if math.isnan(loss) else loss)
    norm = row.norm or 0.0
    clipped = "; the clip did not tame it" if row.clipped else ""
    says = (
        f"the gradient norm leaps to {short(norm)} at step {row.step}, where {short(jump.usual)} was usual, and the loss "
        f"goes from {short(jump.loss)} to {short(worst)} in the steps after it{clipped}; clip before {{step}}, or lower the "
        "learning rate, and look at that batch"
    )
    facts = {"step": row.step, "gradient_norm": norm, "usual_norm": jump.usual, "usual_loss": jump.loss, "loss_after": worst}
    facts["learning_rate"] = row.rates[0] if row.rates and row.rates[0] is not None else math.nan
    at = row.backward if row.backward is not None else row.at
    return Story(says, (("backward", at, ""), ("step", row.at, "steps with it")), step=row.step, facts=facts)
