"""Gradients that die away on their way to the first layers."""

from __future__ import annotations

import math
from typing import NamedTuple, cast

from glassloop.events import MEASURED, OPTIMIZER, SIZES, Event, Ref, Row
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card
from glassloop.rules._numbers import listed, middle, names_of, rows_of, short

CARD = Card(
    what="Layers that should learn get gradients many orders of magnitude below those of the others, step after step.",
    why="They stay as they were initialised: the network is as deep as its last layers.",
    intended="A frozen layer, one that starts at zero and grows, and one with a small weight in the loss are not reported.",
    fix="Use ReLU with nn.init.kaiming_normal_, normalisation between the layers or residual connections; a layer whose "
    "units are all dead needs smaller steps or another initialisation.",
    severity=Severity.WARNING,
    only_run=True,
)

_SCRIPT = """\
import torch
from torch import nn

torch.manual_seed(0)
layers = [nn.Linear(8, 16)]
for depth in range(11):
    layers += [{between}, nn.Linear(16, 16)]
model = nn.Sequential(*layers, nn.Linear(16, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(20):
    x = torch.randn(32, 8)
    loss = nn.functional.cross_entropy(model(x), (x[:, 0] > 0).long())
    optimizer.zero_grad()
    loss.backward(){mark}
    optimizer.step()
"""
BAD = _SCRIPT.format(between="nn.Sigmoid()", mark="  # expect: gradient-vanishing")
GOOD = _SCRIPT.format(between="nn.BatchNorm1d(16), nn.Sigmoid()", mark="")

_SHALLOW = "model = nn.Sequential(nn.Linear(64, 64), NORM(64), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(64, 10))"


def _deep(between: str, depth: int) -> str:
    layers = f"*[m for _ in range({depth}) for m in ({between}, nn.Linear(64, 64))]"
    return f"model = nn.Sequential(nn.Linear(64, 64), {layers}, nn.ReLU(), nn.Linear(64, 10))"


_NORMED, _BARE = "nn.BatchNorm1d(64), nn.Sigmoid()", "nn.Sigmoid()"
EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Instead(_deep(_NORMED, 10), by=_deep(_BARE, 10)),),
    cases=(
        Case(
            "ten sigmoids, with normalisation between the layers and without",
            Verdict.WORSE,
            lambda right, wrong: right["val_accuracy"] > 0.7 and wrong["val_accuracy"] < 0.3,
            "Without it the first layers get next to nothing: accuracy on held-out scans ends at {wrong[val_accuracy]:.2f} "
            "instead of {right[val_accuracy]:.2f}.",
            edits=(Instead(_SHALLOW, by=_deep(_NORMED, 10)),),
        ),
        Case(
            "one sigmoid, AdamW, 20 epochs",
            Verdict.SILENT,
            lambda right, wrong: right["val_accuracy"] > 0.8 and wrong["val_accuracy"] > 0.8,
            "One sigmoid loses little: {wrong[val_accuracy]:.2f} without normalisation, {right[val_accuracy]:.2f} with it.",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2", "EPOCHS": "20"},
            edits=(Instead(_SHALLOW, by=_deep(_NORMED, 1)),),
            mistake=(Instead(_deep(_NORMED, 1), by=_deep(_BARE, 1)),),
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {MEASURED}

START = 2  # steps at which a layer may still be at its zeros
WINDOW = 8  # steps in which nothing else was seen
VANISHED = 1e-5  # of the largest: of root mean squares of gradients, each the largest in the window
SLOPE = 0.3  # layers between this and that: a gradient that dies away does so layer by layer
STEEP = 1e3  # a fall from one layer to the next that is no dying away: a small weight in a loss, a rounded zero
GROWS = 1.5  # times as large in the last third of the window as in the first: it is about to learn,
SOON = 1e-3  # if it has no further to go than this


class State(NamedTuple):
    """Root mean square of the gradient in each layer (None: it got none), of the last steps that were looked at."""

    layers: tuple[str, ...] = ()
    rows: tuple[tuple[float | None, ...], ...] = ()
    alive: frozenset[str] = frozenset()  # layers that ever got any
    told: bool = False


def initial(me: Ref) -> State:
    """Nothing measured."""
    return State()


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """Told once, when some steps in a row have shown nothing else."""
    if state.told or any(" " in name for name in names_of(event)):
        return state, ()  # parameters of no module: nobody knows what layer they are
    layers = tuple(name.rpartition(".")[0] for name in names_of(event))
    roots = tuple(math.sqrt(size) for size in cast("tuple[int, ...]", event.facts.get(SIZES, ())))
    for row in rows_of(event):
        if row.parts is None or row.step <= START:  # not looked at
            continue
        state = _next(state, layers, roots, row.parts)
        if len(state.rows) == WINDOW:
            found = _vanished(state)
            if found:
                return state._replace(told=True), (_story(row, state, found),)
    return state, ()


def _next(state: State, layers: tuple[str, ...], roots: tuple[float, ...], parts: tuple[float | None, ...]) -> State:
    """A layer's is the largest of its parameters': a bias before a normalisation has none, and that is right."""
    row: dict[str, float | None] = dict.fromkeys(layers)
    for layer, root, part in zip(layers, roots, parts, strict=False):
        if part is not None and root and math.isfinite(part):
            row[layer] = max(row[layer] or 0.0, part / root)
    alive = frozenset([layer for layer, value in row.items() if value])
    if tuple(row) != state.layers:
        return State(tuple(row), (tuple(row.values()),), alive)
    alive = state.alive if alive <= state.alive else state.alive | alive
    return State(state.layers, (*state.rows, tuple(row.values()))[-WINDOW:], alive, state.told)


def _vanished(state: State) -> list[tuple[str, float]]:
    """The layers whose gradients have died away, and what is left of each, as a share of the largest."""
    columns = list(zip(*state.rows, strict=True))
    used = [i for i, column in enumerate(columns) if None not in column]  # the others are used now and then
    most = {i: max(cast("tuple[float, ...]", columns[i])) for i in used}
    top = max(most, key=lambda i: most[i], default=0)
    if not most.get(top):
        return []
    share = {i: most[i] / most[top] for i in used}
    low = [i for i in used if share[i] < VANISHED]
    if not low:  # as nearly always
        return []
    order = [i for i in used if i != top]  # some models name their head first
    if low != order[: len(low)]:  # a layer before them learns: whatever it is, it is no dying away
        return []
    left = [share[i] for i in low if share[i] > 0]
    high = sorted(share[i] for i in used if i not in low)
    slope = left and high[0] < STEEP * max(left) and sum(value < SLOPE for value in high) > 1
    if not slope and (left or any(state.layers[i] in state.alive for i in low)):  # what died was killed: another mistake
        return []
    return [(state.layers[i], share[i]) for i in low if share[i] < SOON * VANISHED or not _grows(columns[i])]


def _grows(column: tuple[float | None, ...]) -> bool:
    third = WINDOW // 3
    return middle(column[-third:]) > GROWS * middle(column[:third])


def _story(row: Row, state: State, found: list[tuple[str, float]]) -> Story:
    names, shares = [name or "model" for name, _ in found], [share for _, share in found]
    says = f"{len(found)} of {len(state.layers)} layers ({listed(names)}) get "
    if max(shares):
        says += (
            f"next to no gradient: at most {short(max(shares))} of the largest layer's, down to {short(min(shares))} "
            f"(root mean square of an element), in {len(state.rows)} steps up to step {row.step}; use ReLU with its "
            "initialisation, normalisation or residual connections"
        )
    else:
        says += (
            f"no gradient at all, exactly 0 in {len(state.rows)} steps up to step {row.step}: all units behind them are "
            "dead or saturated; look at biases, initialisation and the scale of the input"
        )
    facts = {"step": row.step, "layers": names, "shares": shares, "steps": len(state.rows)}
    at = row.backward if row.backward is not None else row.at
    return Story(says, (("backward", at, ""),), step=row.step, facts=facts)
