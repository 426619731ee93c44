"""A validation that records what it will never use."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import (
    BACKWARD,
    END,
    EVAL_MODE,
    FORWARD,
    GRAD,
    MODEL,
    OPAQUE,
    PASS_BEGIN,
    PASS_END,
    TRAIN_MODE,
    TRAINING,
    Event,
    Place,
    Ref,
)
from glassloop.experiments import Added, Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story, Wrap
from glassloop.rules import Card

CARD = Card(
    what="A model under training is validated with gradients on: every forward records a graph that no backward walks.",
    why="The activations of the whole graph are kept until the loss is dropped: validation needs as much memory as "
    "training and takes longer. The numbers are the same.",
    intended="Validation that takes gradients (attacks, forces as derivatives of an energy) is not reported.",
    fix="Put the validation under torch.no_grad() or torch.inference_mode() (a bare call of either protects nothing).",
    severity=Severity.WARNING,
    safe=True,
)

BAD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
held_out = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4)
model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    model.train()
    for (x,) in loader:
        output = model(x)
        optimizer.zero_grad()
        nn.functional.mse_loss(output, x.sum(1, keepdim=True)).backward()
        optimizer.step()
    model.eval()
    total = 0.0
    for (x,) in held_out:
        output = model(x)  # expect: no-grad-missing
        total += nn.functional.mse_loss(output, x.sum(1, keepdim=True)).item()
"""

GOOD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
held_out = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4)
model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    model.train()
    for (x,) in loader:
        output = model(x)
        optimizer.zero_grad()
        nn.functional.mse_loss(output, x.sum(1, keepdim=True)).backward()
        optimizer.step()
    model.eval()
    total = 0.0
    with torch.no_grad():
        for (x,) in held_out:
            total += nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).item()
"""

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Instead("with torch.no_grad():", "with torch.enable_grad():"),),
    cases=(
        Case(
            "the loss is summed by item()",
            Verdict.SILENT,
            lambda right, wrong: wrong["weights"] == right["weights"]
            and right["graph_eval"] == 0
            and 50_000 < wrong["graph_eval"] <= wrong["graph_peak"] < 3 * wrong["graph_eval"],
            "One batch of the validation records {wrong[graph_eval]:,} bytes for a backward that never comes; they go with "
            "the next batch, so memory does not grow from batch to batch, as is often said. The weights are the same.",
            {"VAL_BATCH": "100"},
        ),
        Case(
            "the loss itself is summed",
            Verdict.SILENT,
            lambda right, wrong: right["graph_eval"] == 0 and wrong["graph_peak"] > 8 * wrong["graph_eval"],
            "Here memory does grow: the sum keeps the graphs of all 12 batches, {wrong[graph_peak]:,} bytes at the end of "
            "the pass, {wrong[graph_eval]:,} a batch.",
            {"VAL_BATCH": "100"},
            edits=(
                Instead(
                    'total += nn.functional.cross_entropy(logits, y, reduction="sum").item()',
                    'total += nn.functional.cross_entropy(logits, y, reduction="sum")',
                ),
                Added("total = total.item()", before="val_loss = round(float(total) / seen, 5)"),
            ),
        ),
    ),
)

KEY = MODEL
HEARS = {FORWARD, EVAL_MODE, TRAIN_MODE, BACKWARD, PASS_BEGIN, PASS_END, OPAQUE, END}


class State(NamedTuple):
    """`eval_at`: where evaluation mode began; `passing`: inside a pass; `first`: a forward that recorded a graph.

    `again`: that very place was heard twice, so it stands in a loop, whether or not a loader drives it. `before`: the
    forward of the last stretch in evaluation mode, if no backward came before the stretch was over.
    """

    me: Ref
    eval_at: Place | None = None
    passing: bool = False
    first: Place | None = None
    again: bool = False
    before: Place | None = None


def initial(me: Ref) -> State:
    """Not in evaluation mode, as far as anybody said."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A pass in evaluation mode that records graphs, with no backward before it is over, is the mistake."""
    if event.kind == FORWARD:
        return _forward(state, event), ()
    if event.kind == BACKWARD or (event.kind == OPAQUE and (event.of is None or state.me in event.of)):
        # Somebody uses the graphs, or may: this stretch of evaluation is none of ours.
        between = event.kind == BACKWARD and state.eval_at is None
        return State(state.me, passing=state.passing, before=state.before if between else None), ()
    if event.kind == OPAQUE:
        return state, ()
    stories: tuple[Story, ...] = ()
    # A pass that is left by a break was for a look at one batch: what runs after it is no validation.
    whole = event.kind == PASS_END and state.passing
    if (state.again or whole) and state.first is not None and state.eval_at is not None:
        stories = (_story(state.first, state.eval_at),)
    if event.kind in (PASS_BEGIN, PASS_END):
        return state._replace(passing=event.kind == PASS_BEGIN, first=None, again=False), stories
    before = state.first if state.eval_at is not None else state.before
    return State(state.me, event.at if event.kind == EVAL_MODE else None, state.passing, before=before), stories


def _forward(state: State, event: Event) -> State:
    records = event.facts.get(GRAD) is True and event.facts.get(TRAINING) is False and bool(event.of)
    if not records or state.eval_at is None:
        return state
    if state.first is None:
        return state._replace(first=event.at, again=state.before == event.at)
    return state._replace(again=state.again or state.first == event.at)


def _story(forward: Place, eval_at: Place) -> Story:
    says = (
        "validation records a graph that no backward walks: the model is in evaluation mode since {eval_at}, and this "
        "forward runs with gradients on; put it under torch.no_grad()"
    )
    scenes = (("forward", forward, ""), ("eval_at", eval_at, "puts the model in evaluation mode"))
    return Story(says, scenes, ((Wrap("forward", "torch.no_grad()"),),))
