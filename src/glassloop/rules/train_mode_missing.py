"""Training that never left the validation's mode."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import (
    BACKWARD,
    EVAL_MODE,
    FORWARD,
    GRAD,
    MINDS,
    MODEL,
    NODE,
    NOTHING,
    OPAQUE,
    STEP,
    TRAIN_MODE,
    TRAINING,
    ZERO_GRAD,
    Event,
    Place,
    Ref,
)
from glassloop.experiments import Case, Experiment, Verdict, Without
from glassloop.findings import Insert, Severity, Story
from glassloop.rules import Card
from glassloop.rules._forwards import Stale, walked

CARD = Card(
    what="A model that trained in training mode is put in evaluation mode for a validation, and goes on training in it.",
    why="From the second epoch on dropout is off and batch-norm normalises with statistics that no longer move: "
    "the model overfits, or diverges, and only after the first validation.",
    intended="Training in evaluation mode from the first step on (a frozen batch-norm) is not reported, nor is a model that "
    "answers the same in either mode, as one of Linear and ReLU does.",
    fix="Call model.train() at the start of every epoch, or restore the mode where the validation ends.",
    severity=Severity.ERROR,
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
model.train()
for epoch in range(2):
    for (x,) in loader:
        output = model(x)  # expect: train-mode-missing
        optimizer.zero_grad()
        nn.functional.mse_loss(output, x.sum(1, keepdim=True)).backward()
        optimizer.step()
    model.eval()
    total = 0.0
    with torch.no_grad():
        for (x,) in held_out:
            total += nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).item()
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
    mistake=(Without("model.train()"),),
    cases=(
        Case(
            "dropout 0.5",
            Verdict.SILENT,
            lambda right, wrong: right["eval_share"] == 0 and wrong["eval_share"] == 0.75,
            "From the second epoch on, {wrong[eval_share]:.0%} of all steps, dropout is off. That is not always worse: "
            "accuracy {wrong[val_accuracy]:.3f}, with dropout as meant {right[val_accuracy]:.3f}.",
            {"DROPOUT": "0.5"},
        ),
        Case(
            "neither dropout nor batch-norm",
            Verdict.SAME,
            lambda right, wrong: wrong["eval_share"] == 0.75 and wrong["weights"] == right["weights"],
            "{wrong[eval_share]:.0%} of the steps run in evaluation mode, and the weights end the same, bit for bit.",
        ),
    ),
)

KEY = MODEL
LATEST = 4  # forwards before a backward that are kept in mind
HEARS = {FORWARD, EVAL_MODE, TRAIN_MODE, BACKWARD, STEP, ZERO_GRAD, OPAQUE}


class State(NamedTuple):
    """What is known of one model.

    `trained`: it has been trained in training mode; `eval_at`: where it was put in evaluation mode; `checked`: a forward
    without a graph came first after that, so it is a validation; `meant`: a forward to train with came first, untrained.
    `waits`: it has trained once in the mode of such a first validation; were that forward no validation but features that
    the trained part stands on, one more would come before the next step, with no eval() before it (`again`: one came).
    `lively`: the optimizers of a forward in training mode; `stale`: those in evaluation mode that a graph was recorded for,
    the latest; `hot`: the one of them that a backward has walked.
    """

    me: Ref
    trained: bool = False
    eval_at: Place | None = None
    lively: tuple[Ref, ...] = ()
    stale: tuple[Stale, ...] = ()
    hot: Stale | None = None
    checked: bool = False
    meant: bool = False
    waits: bool = False
    again: bool = False


def initial(me: Ref) -> State:
    """Not trained yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A step with the gradients of a forward in evaluation mode is the mistake, where that mode was a validation's.

    It was, if the model has been trained in training mode before, or was validated first. A model that is put in
    evaluation mode and trained at once is meant so.
    """
    if event.kind == FORWARD:
        return _forward(state, event), ()
    if event.kind == EVAL_MODE:
        begins = state.eval_at is None and not state.meant
        return (state._replace(eval_at=event.at, checked=False) if begins else state._replace(again=True)), ()
    if event.kind == TRAIN_MODE:
        return state._replace(eval_at=None, stale=(), hot=None, checked=False, meant=False, waits=False), ()
    if event.kind == OPAQUE:
        mine = event.of is None or state.me in event.of
        return (State(state.me, state.trained) if mine else state), ()
    if event.of is None:
        return state._replace(lively=(), stale=(), hot=None), ()
    if event.kind == BACKWARD and not event.of:
        # autograd.grad has walked the graph and left no gradient: that forward was not to train with.
        return state._replace(stale=(), hot=None), ()
    if event.kind == BACKWARD:
        return state._replace(hot=walked(state.stale, event)), ()
    if event.kind == ZERO_GRAD:
        cleared = state.hot is not None and not set(state.hot.of).isdisjoint(event.of)
        return (state._replace(stale=(), hot=None) if cleared else state), ()
    return _step(state, event)


def _forward(state: State, event: Event) -> State:
    training, graph = event.facts.get(TRAINING), event.facts.get(GRAD)
    if graph is False and training is False and event.of:
        if state.waits and not state.again:
            return state._replace(eval_at=None, stale=(), hot=None, meant=True, waits=False)
        return state._replace(checked=True) if not (state.checked or state.stale) else state
    if graph is not True or not event.of:
        return state
    if training is True:
        return state._replace(lively=event.of)
    if state.eval_at is None or training is None or event.facts.get(MINDS) == NOTHING:
        return state
    if not (state.trained or state.checked):
        return state._replace(eval_at=None, meant=True)
    return state._replace(stale=(*state.stale, Stale(event.at, event.of, event.facts.get(NODE)))[-LATEST:])


def _step(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    if state.hot is not None and state.eval_at is not None and event.what in state.hot.of:
        if not (state.trained or state.waits):
            return state._replace(stale=(), hot=None, waits=True, again=False), ()
        return state._replace(stale=(), hot=None), (_story(state.hot.place, state.eval_at, event.at),)
    return (state._replace(trained=True, lively=()) if event.what in state.lively else state), ()


def _story(forward: Place, eval_at: Place, step: Place) -> Story:
    says = (
        "training goes on in evaluation mode: this forward runs after the eval() at {eval_at}, no train() comes "
        "between them, and the step at {step} uses its gradients; call train() before training goes on"
    )
    scenes = (
        ("forward", forward, ""),
        ("eval_at", eval_at, "puts the model in evaluation mode"),
        ("step", step, "trains with it"),
    )
    train = "{forward.function}.train()"
    before_loop, before_forward = Insert(train, before="forward", outside=True), Insert(train, before="forward")
    return Story(says, scenes, ((before_loop,), (before_forward,)))
