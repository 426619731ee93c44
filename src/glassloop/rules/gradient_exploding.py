"""A gradient norm that leaves its own past behind, and a loss that goes with it."""

from __future__ import annotations

import math
from typing import NamedTuple

from glassloop.events import MEASURED, OPTIMIZER, Event, Ref, Row
from glassloop.experiments import Case, Experiment, Verdict, Without
from glassloop.findings import Severity, Story
from glassloop.rules import Card
from glassloop.rules._numbers import middle, rows_of, short

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

# Runs are stopped in the blow-up. This is enough without the steps that never come:
RISE = 3.0  # times the loss and the norm of the step before, and that some steps in a row
FAR = {2: 1e9, 3: 1e3}  # so many steps in a row; times what was usual, both loss and norm
ABOVE = 10.0  # times a high loss
QUIET, RESTLESS = 8, 10.0  # steps of the past before it; times their middle, where they are not quiet


class Jump(NamedTuple):
    """A norm outside its past, which may be `young` or `even`; what was usual, what loss is high, and what came after."""

    row: Row
    usual: float
    loss: float
    high: float
    young: bool
    even: bool
    after: int = 0
    worst: tuple[float, ...] = ()


class State(NamedTuple):
    """What the last steps measured; the first losses; the jump that is looked at; how many steps up to `last` rose."""

    norms: tuple[float, ...] = ()
    losses: tuple[float, ...] = ()
    start: tuple[float, ...] = ()
    jump: Jump | None = None
    last: Row | None = None
    climb: int = 0
    told: bool = False


def initial(me: Ref) -> State:
    """Nothing measured."""
    return State()


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A jump is told once, when the losses of some steps behind it are high, or when nothing holds them any more."""
    if state.told:
        return state, ()
    norms, losses, start, jump = list(state.norms), list(state.losses), list(state.start), state.jump
    last, climb, rows = state.last, state.climb, rows_of(event)
    for row in rows:
        climb = climb + 1 if last is not None and _rises(last, row) else 0
        last = row
        if jump is None:
            jump = _outside(row, norms, losses, start, climb)
            if jump is None:
                norms += [row.norm] if row.norm is not None and math.isfinite(row.norm) else []
                losses += [row.loss] if row.loss is not None and math.isfinite(row.loss) else []
                start += losses[-1:] if len(start) < LEAST else []
            continue
        if row.loss is not None and not row.loss <= jump.high:  # NaN is high, too
            jump = jump._replace(worst=(*jump.worst, row.loss))
        jump = jump._replace(after=jump.after + 1)
        if len(jump.worst) >= FOLLOWS or _runs_away(jump, row, climb):
            return State(told=True), () if jump.young and _overflows(rows) else (_story(jump),)
        jump = jump if jump.after < AFTER else None
    return State(tuple(norms[-WINDOW:]), tuple(losses[-WINDOW:]), tuple(start), jump, last, climb), ()


def _rises(last: Row, row: Row) -> bool:
    """Whether loss and norm are a multiple of the step before; not where the rate rises, too, as when one is looked for."""
    if last.loss is None or row.loss is None or last.norm is None or row.norm is None or len(last.rates) != len(row.rates):
        return False
    if any(old is None or new is None or new > old for old, new in zip(last.rates, row.rates, strict=True)):
        return False
    return 0 < RISE * last.loss < row.loss and 0 < RISE * last.norm < row.norm


def _runs_away(jump: Jump, row: Row, climb: int) -> bool:
    """Whether a quiet past was left by orders of magnitude, in steps that all went the same way."""
    far = FAR.get(min(climb, max(FAR)))
    if far is None or jump.young or not jump.even or row.loss is None or row.norm is None:
        return False
    return row.loss > max(ABOVE * jump.high, far * abs(jump.loss)) and row.norm > far * jump.usual


def _overflows(rows: tuple[Row, ...]) -> bool:
    """Whether this goes on to infinity at once: where nothing was ever usual, that alone is to be said."""
    return any(value is not None and not math.isfinite(value) for row in rows for value in (row.loss, row.norm))


def _even(past: list[float]) -> bool:
    """Whether the last of it is without leaps of its own."""
    return max(map(abs, past[-QUIET:]), default=0.0) <= RESTLESS * abs(middle(past[-QUIET:]))


def _outside(row: Row, norms: list[float], losses: list[float], start: list[float], climb: int) -> Jump | None:
    if row.norm is None or len(norms) < LEAST or not losses or not max(norms[-WINDOW:]) < row.norm < math.inf:
        return None
    usual, recent = middle(norms[-WINDOW:]), losses[-WINDOW:]
    if not 0 < JUMP * usual < row.norm:
        return None
    low, top, loss = min(recent), max(recent), middle(recent)
    high = max(top + max(3 * (top - low), 2 * abs(loss)), 0.8 * middle(start))
    before = [values[: len(values) - max(climb - 1, 0)] for values in (norms, losses)]  # the climb that leads to it
    return Jump(row, usual, loss, high, min(map(len, before)) < QUIET, all(map(_even, before)))


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
