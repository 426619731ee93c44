"""A validation in training mode."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import (
    BACKWARD,
    BATCH,
    END,
    EVAL_MODE,
    FORWARD,
    GRAD,
    GRAD_ON,
    LOSS_MADE,
    MINDS,
    MODEL,
    OPAQUE,
    PASS_BEGIN,
    PASS_END,
    SCORES,
    STEP,
    TRAIN_MODE,
    TRAINING,
    Event,
    Place,
    Ref,
)
from glassloop.experiments import Case, Experiment, Verdict, Without
from glassloop.findings import Insert, Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="A model under training is validated in training mode, and holds a layer that minds it (dropout, batch-norm, …).",
    why="Dropout blanks part of every answer and batch-norm normalises with the validation batch itself, whose statistics "
    "then leak into the running ones: the numbers are noisy, depend on the batch size, and are not the model's.",
    intended="Drawing several answers with dropout on (Monte-Carlo dropout), and a model that is told train() for this very "
    "purpose, are not reported.",
    fix="Call model.eval() before the validation and model.train() after it.",
    severity=Severity.ERROR,
)

_SETUP = """\
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
"""

BAD = (
    _SETUP
    + """\
    total = 0.0
    with torch.no_grad():
        for (x,) in held_out:
            output = model(x)  # expect: eval-mode-missing
            total += nn.functional.mse_loss(output, x.sum(1, keepdim=True)).item() * len(x)
"""
)

GOOD = (
    _SETUP
    + """\
    model.eval()
    total = 0.0
    with torch.no_grad():
        for (x,) in held_out:
            output = model(x)
            total += nn.functional.mse_loss(output, x.sum(1, keepdim=True)).item() * len(x)
"""
)

EXPERIMENT = Experiment(
    "digits",
    (Without("model.eval()"),),
    (
        Case(
            "dropout 0.5",
            Verdict.WORSE,
            lambda right, wrong: wrong["val_accuracy"] < right["val_accuracy"] - 0.05,
            "The same training is said to be {wrong[val_accuracy]:.2f} accurate, where it is {right[val_accuracy]:.2f}.",
            {"DROPOUT": "0.5", "EPOCHS": "3"},
        ),
        Case(
            "neither dropout nor batch-norm",
            Verdict.SAME,
            lambda right, wrong: wrong["val_loss"] == right["val_loss"],
            "No layer minds, and the loss on held-out scans is the same: {wrong[val_loss]:.4f}, {right[val_loss]:.4f}.",
        ),
    ),
)

KEY = MODEL
HEARS = {FORWARD, EVAL_MODE, TRAIN_MODE, BACKWARD, STEP, LOSS_MADE, PASS_BEGIN, BATCH, PASS_END, GRAD_ON, OPAQUE, END}
DEEPEST = 4  # passes within passes


class State(NamedTuple):
    """What is known of one model.

    `lively`: the optimizers of a forward in training mode; `step`: where it was last trained so; `taught`: loaders whose
    pass has trained it. `told_at`: the train() in force; `usual`: that of the last training step. `passes`: the passes
    under way, inner last, each with whether it has trained. `seen`: (place, minding layer, graph) of an untrained forward in
    training mode; `drawn`: the same place answered again for one batch. `late`: one that recorded a graph, in a pass that
    is over, which no backward has walked yet.
    """

    me: Ref
    lively: tuple[Ref, ...] = ()
    step: Place | None = None
    taught: frozenset[Ref] = frozenset()
    told_at: Place | None = None
    usual: Place | None = None
    passes: tuple[tuple[Ref, bool], ...] = ()
    seen: tuple[Place, str, bool] | None = None
    fresh: Place | None = None
    drawn: bool = False
    late: tuple[Place, str, bool] | None = None


def initial(me: Ref) -> State:
    """Not trained yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A forward in training mode, after a step, that belongs to no training: a loss without a graph or a pass of its own."""
    kind = event.kind
    if kind == FORWARD:
        return _forward(state, event)
    if kind == OPAQUE:
        mine = event.of is None or state.me in event.of
        return (State(state.me, passes=state.passes) if mine else state), ()
    if kind == BACKWARD:
        return state._replace(seen=None, late=None, fresh=None), ()
    if kind == STEP:
        return _step(state, event), ()
    if kind == LOSS_MADE:
        return _scored(state)
    if kind in (PASS_BEGIN, PASS_END, BATCH):
        return _pass(state, event)
    if kind == GRAD_ON:  # a loss that comes after it is not of what went before
        return state._replace(seen=state.seen if state.passes else None, fresh=None), ()
    stories = _stories(state, state.late)
    if kind == END:
        return state, stories
    told_at = event.at if kind == TRAIN_MODE else None
    return state._replace(told_at=told_at, seen=None, fresh=None, late=None), stories


def _scored(state: State) -> tuple[State, tuple[Story, ...]]:
    told = state.seen is not None and not state.seen[2] and state.fresh is not None and not state.drawn
    stories = _stories(state, state.seen) if told and not any(trained for _, trained in state.passes) else ()
    return state._replace(fresh=None), stories


def _forward(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    facts = event.facts
    if facts.get(TRAINING) is not True or not event.of or GRAD not in facts:
        return state._replace(seen=None, fresh=None), ()
    graph = facts[GRAD] is True
    late = _stories(state, state.late) if graph else ()
    if graph:
        state = state._replace(lively=event.of, late=None)
    minds = facts.get(MINDS)
    meant = state.told_at is not None and state.told_at != state.usual
    if state.step is None or meant or not isinstance(minds, str):
        return state._replace(seen=None, fresh=None), late
    kept = state.seen is not None and state.seen[2] == graph
    seen = state.seen if kept else (event.at, minds, graph)
    state = state._replace(seen=seen, fresh=event.at, drawn=state.drawn or state.fresh == event.at)
    return _scored(state) if facts.get(SCORES) is True and not graph else (state, late)


def _step(state: State, event: Event) -> State:
    if event.what not in state.lively:
        return state._replace(seen=None, fresh=None)
    taught = state.taught | {loader for loader, _ in state.passes[-1:]}
    passes = tuple((loader, True) for loader, _ in state.passes)
    return state._replace(
        lively=(), step=event.at, usual=state.told_at, taught=taught, passes=passes, seen=None, fresh=None, drawn=False
    )


def _pass(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    loader = event.what
    if event.kind == BATCH or loader is None:
        return state._replace(fresh=None), ()
    if event.kind == PASS_BEGIN:
        passes = (*state.passes, (loader, False))[-DEEPEST:]
        return state._replace(passes=passes, seen=None, fresh=None, drawn=False, late=None), _stories(state, state.late)
    trained = any(each == loader and worked for each, worked in state.passes)
    passes = tuple(each for each in state.passes if each[0] != loader)
    over = state._replace(passes=passes, seen=None, fresh=None, drawn=False)
    if state.seen is None or state.drawn or trained or loader in state.taught:
        return over, ()
    return (over._replace(late=state.seen), ()) if state.seen[2] else (over, _stories(state, state.seen))


def _stories(state: State, forward: tuple[Place, str, bool] | None) -> tuple[Story, ...]:
    if forward is None or state.step is None:
        return ()
    says = (
        f"validation runs in training mode: no eval() comes between the step at {{step}} and this forward, and the model "
        f"holds {forward[1]}, which behaves differently while it trains; call eval() before it and train() after it"
    )
    evaluate = Insert("{forward.function}.eval()", before="forward", outside=True)
    train = Insert("{forward.function}.train()", after="forward", outside=True)
    return (Story(says, (("forward", forward[0], ""), ("step", state.step, "trains in this mode")), ((evaluate, train),)),)
