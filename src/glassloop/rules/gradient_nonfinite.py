"""NaN and infinity in a loss or in gradients."""

from __future__ import annotations

import math
from typing import NamedTuple, cast

from glassloop.events import MEASURED, PROGRAM, SCALE_NOW, STEPS, UPDATES, Event, Place, Ref, Row
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card
from glassloop.rules._numbers import listed, names_of, rows_of, short

CARD = Card(
    what="A step was taken with a loss or a gradient that is NaN or infinite, or a GradScaler's scale has collapsed.",
    why="One such step puts NaN into the weights, and nothing after it trains any more; no exception says so.",
    intended="A step that a GradScaler skips, or that your own code leaves out, is not reported.",
    fix="Find the operation with torch.autograd.set_detect_anomaly(True): often a log, root or division at 0, an input "
    "that is not finite, a learning rate that is too high, or float16 without a GradScaler.",
    severity=Severity.ERROR,
    only_run=True,
)

BAD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(6):
    x = torch.randn(4, 3) * (100 if step == 3 else 1)
    y = torch.randint(0, 2, (4,))
    probabilities = model(x * 10).softmax(1)
    loss = -probabilities[range(4), y].log().mean()
    optimizer.zero_grad()
    loss.backward()  # expect: gradient-nonfinite
    optimizer.step()
"""

GOOD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(6):
    x = torch.randn(4, 3) * (100 if step == 3 else 1)
    y = torch.randint(0, 2, (4,))
    loss = nn.functional.cross_entropy(model(x * 10), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(
        Instead(
            "loss = nn.functional.cross_entropy(model(x), y)",
            by="loss = -model(x).softmax(1)[range(len(y)), y].log().mean()",
        ),
    ),
    cases=(
        Case(
            "6 of the 600 scans are a thousand times too bright",
            Verdict.WORSE,
            lambda right, wrong: wrong["val_accuracy"] < 0.2 and right["val_accuracy"] > 0.6,
            "A probability that is rounded to 0 has the logarithm minus infinity: from that step on every weight is NaN; "
            "accuracy on held-out scans ends at {wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
            {"DAMAGED": "6"},
        ),
        Case(
            "clean data",
            Verdict.SILENT,
            lambda right, wrong: abs(wrong["val_accuracy"] - right["val_accuracy"]) < 0.05 and wrong["val_accuracy"] > 0.8,
            "Nothing is rounded to 0, and the loop works: {wrong[val_accuracy]:.2f} against {right[val_accuracy]:.2f}. The "
            "mistake waits for its batch.",
        ),
    ),
)

KEY = PROGRAM
HEARS = {MEASURED}

COLLAPSED, GONE = 1.0, 1e-3  # scales: below the one where nothing was stepped; below the other in any case
MOST = 16  # optimizers whose last good row is kept
SKIPS = 8  # updates between two looks at a scale that say something


class State(NamedTuple):
    """`first`: the earliest bad step, and `at` its backward; `before`: the last good row of each optimizer."""

    first: int = 0
    at: Place = None
    before: tuple[tuple[Ref, Row], ...] = ()


def initial(me: Ref) -> State:
    """Nothing measured."""
    return State()


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """Tells the first bad step; what comes after it, at other lines, is its consequence."""
    if SCALE_NOW in event.facts:
        return state, _collapse(event)
    rows = rows_of(event)
    before = dict(state.before)
    if _fine(rows):
        return state._replace(before=_latest(before | {cast("Ref", event.what): rows[-1]})), ()
    stories = []
    for row in rows:
        bad = _bad(row, names_of(event))
        if bad is None:
            before[cast("Ref", event.what)] = row
            continue
        at = row.backward if row.backward is not None else row.at
        if state.first and state.at != at and row.step > state.first:
            continue
        state = state if 0 < state.first <= row.step else State(row.step, at)
        stories.append(_story(row, bad, at, before.get(cast("Ref", event.what))))
    return state._replace(before=_latest(before)), tuple(stories)


def _latest(before: dict[Ref, Row]) -> tuple[tuple[Ref, Row], ...]:
    """Optimizers come and go."""
    return tuple(before.items())[-MOST:]


def _fine(rows: tuple[Row, ...]) -> bool:
    """Whether all numbers are finite: most often they are, and this is asked at every look."""
    total = 0.0
    for row in rows:
        total += (row.loss or 0.0) * 0.0 + (row.norm or 0.0) * 0.0
        if row.clipped and row.parts is not None:  # else the norm is of them
            total += sum(part * 0.0 for part in row.parts if part is not None)
    return total == 0.0 and bool(rows)


def _bad(row: Row, names: tuple[str, ...]) -> tuple[str, ...] | None:
    """The parameters whose gradients are not finite, where that is known; None for a good row.

    A loss alone is no harm where the gradients that were stepped with are known to be finite.
    """
    parts = row.parts or ()
    found = tuple(name for name, part in zip(names, parts, strict=False) if part is not None and not math.isfinite(part))
    if found:
        return found
    if any(part is not None for part in parts):
        return None
    loss = 0.0 if row.scaled or row.loss is None else row.loss
    norm = 0.0 if row.norm is None else row.norm
    return None if math.isfinite(loss) and math.isfinite(norm) else ()


def _story(row: Row, bad: tuple[str, ...], at: Place, before: Row | None) -> Story:
    count = len(row.parts or ())
    many = "s" if len(bad) > 1 else ""
    whose = f"the gradient{many} of " + (f"all {count} parameters" if len(bad) == count > 1 else listed(bad))
    facts: dict[str, object] = {"step": row.step, "parameters": list(bad)}
    facts |= {"loss": row.loss, "gradient_norm": row.norm, "learning_rate": row.rates[0] if row.rates else None}
    if row.loss is not None and not math.isfinite(row.loss):
        says = f"the loss of step {row.step} is {row.loss}" + (f", and {whose} with it" if bad else "")
    elif bad:
        loss = "" if row.loss is None else f", though the loss is {short(row.loss)}"
        says = f"{whose} {'are' if len(bad) > 1 else 'is'} not finite at step {row.step}{loss}"
    else:
        says = f"the gradient norm of step {row.step} is {row.norm}"
    if before is not None and before.loss is not None:
        norm = f" and gradient norm {short(before.norm)}" if before.norm is not None else ""
        says += f"; step {before.step} still had loss {short(before.loss)}{norm}"
        facts |= {"step_before": before.step, "loss_before": before.loss, "gradient_norm_before": before.norm}
    says += "; {step} writes it into the weights; torch.autograd.set_detect_anomaly(True) names the operation"
    return Story(says, (("backward", at, ""), ("step", row.at, "writes it into the weights")), step=row.step, facts=facts)


def _collapse(event: Event) -> tuple[Story, ...]:
    """A scale that falls and falls: every gradient overflows, whatever it is scaled by."""
    scale, updates, steps = (cast("float", event.facts[name]) for name in (SCALE_NOW, UPDATES, STEPS))
    if updates < SKIPS or not (scale < GONE or (scale < COLLAPSED and not steps)):
        return ()
    says = (
        f"the scale has fallen to {short(scale)}: {int(steps)} steps were taken in the last {int(updates)} updates, so the "
        "gradients are not finite whatever they are scaled by; look at the loss itself"
    )
    return (Story(says, (("update", event.at, ""),), facts={"scale": scale, "updates": updates, "steps": steps}),)
