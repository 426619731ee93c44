"""A checkpoint from which training goes on as something else than it was."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import (
    BY,
    END,
    FORWARD,
    MADE,
    MODEL,
    OPAQUE,
    OPTIMIZER,
    PLACED,
    RESTORE,
    RESUMES,
    SAVE,
    SCALER_UPDATE,
    SCHEDULE,
    STEP,
    WHOLE,
    Event,
    Place,
    Ref,
)
from glassloop.experiments import Case, Experiment, Instead, Verdict, Without
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="A checkpoint that the program resumes from leaves out state that its loop has: optimizer, schedule or scaler.",
    why="The resumed run is another one. Adam's moments begin at zero, the learning rate starts its schedule over, the "
    "scaler guesses its scale anew; the loss jumps, or is quietly worse.",
    intended="Weights that a new training starts from, and files that the program does not read back, are not reported.",
    fix="Save and restore the state_dict of the optimizer, of the schedule and of the scaler too, and the epoch.",
    severity=Severity.WARNING,
    only_read=True,
)

BAD = """\
import os
import tempfile
import torch
from torch import nn

torch.manual_seed(0)
path = os.path.join(tempfile.mkdtemp(), "last.pt")
model = nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
if os.path.exists(path):
    checkpoint = torch.load(path)
    model.load_state_dict(checkpoint["model"])
for epoch in range(2):
    x = torch.randn(4, 3)
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()
    torch.save({"model": model.state_dict(), "epoch": epoch}, path)  # expect: checkpoint-incomplete
"""

GOOD = BAD.replace(
    '''    model.load_state_dict(checkpoint["model"])
''',
    '''    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
''',
).replace(
    '"epoch": epoch}, path)  # expect: checkpoint-incomplete',
    '"optimizer": optimizer.state_dict(), "epoch": epoch}, path)',
)

EXPERIMENT = Experiment(
    loop="resume",
    mistake=(
        Without("optimizer.load_state_dict(checkpoint[\"optimizer\"])"),
        Instead(
            "state.update(optimizer=optimizer.state_dict(), scheduler=scheduler.state_dict())",
            "state.update(scheduler=scheduler.state_dict())",
        ),
    ),
    cases=(
        Case(
            "AdamW without the optimizer's state",
            Verdict.SILENT,
            lambda right, wrong: right["apart"] == 0 and wrong["apart"] > 1e-3,
            "Resumed whole, the run ends with the weights of one that was never stopped: apart by {right[apart]:.0f}. "
            "Without Adam's moments it ends apart by {wrong[apart]:.2f}, and no number on the screen tells.",
        ),
        Case(
            "without the schedule's state",
            Verdict.SILENT,
            lambda right, wrong: right["apart"] == 0 and wrong["apart"] > 1e-3 and wrong["lr_last"] > 2 * right["lr_last"],
            "The cosine starts over: the last step is made at {wrong[lr_last]:.2g} instead of {right[lr_last]:.2g}.",
            mistake=(
                Without("scheduler.load_state_dict(checkpoint[\"scheduler\"])"),
                Instead(
                    "state.update(optimizer=optimizer.state_dict(), scheduler=scheduler.state_dict())",
                    "state.update(optimizer=optimizer.state_dict())",
                ),
            ),
        ),
    ),
)

KEY = MODEL
HEARS = frozenset({MADE, RESTORE, FORWARD, STEP, SCHEDULE, SCALER_UPDATE, SAVE, OPAQUE, END})


class State(NamedTuple):
    """`holders`: optimizers of the model; `needs`: what training has moved; `placed`: schedules told where they are.

    `kept`: what some file that is read back holds; `saved`: where the model went into one that may leave something out.
    `scalers`: those that have stepped an optimizer of the model: that of another training is none of this one's state.
    """

    me: Ref
    restored: Place | None = None
    holders: frozenset[Ref] = frozenset()
    needs: frozenset[Ref] = frozenset()
    placed: frozenset[Ref] = frozenset()
    kept: frozenset[Ref] = frozenset()
    scalers: frozenset[Ref] = frozenset()
    trained: bool = False
    saved: Place | None = None


def initial(me: Ref) -> State:
    """Fresh from its constructor."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """The model's state is read back, training goes on, and what is saved leaves out what training has moved."""
    if event.kind == OPAQUE:
        return (State(state.me) if event.of is None or state.me in event.of else state), ()
    if event.kind == END:
        return state, _judge(state)
    if event.kind == SAVE:
        return _save(state, event)
    return _change(state, event), ()


def _change(state: State, event: Event) -> State:
    if event.what is None:
        return state
    if event.kind == RESTORE:
        return state._replace(restored=event.at) if event.what == state.me and not state.trained else state
    if event.kind == FORWARD:
        mine = event.what == state.me
        return state._replace(holders=state.holders | set(event.of or ())) if mine else state
    if event.kind == MADE or (event.kind == SCHEDULE and not state.trained):
        # A schedule that is run through up to where training had got to needs no state.
        placed = event.kind == SCHEDULE or event.facts.get(PLACED) is True
        return state._replace(placed=state.placed | {event.what}) if placed else state
    ours = state.scalers if event.kind == SCALER_UPDATE else state.holders
    if ours.isdisjoint({event.what, *(event.of or ())}):
        return state
    by = event.facts.get(BY) if event.kind == STEP else None
    if isinstance(by, Ref):
        state = state._replace(scalers=state.scalers | {by})
    return state._replace(needs=state.needs | {event.what}, trained=state.trained or event.kind == STEP)


def _save(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    of = frozenset(event.of or ())
    if event.facts.get(WHOLE) is not True:
        return state._replace(kept=state.kept | of | state.needs), ()  # who knows
    stories = _judge(state) if event.at == state.saved else ()
    mine = state.me in of and event.facts.get(RESUMES) is True and state.trained
    return state._replace(kept=state.kept | of, saved=event.at if mine else state.saved), stories


def _judge(state: State) -> tuple[Story, ...]:
    missing = state.needs - state.placed - state.kept
    if state.saved is None or state.restored is None or not missing:
        return ()
    names = " and ".join(f"the {ref.role} ({ref.label})" for ref in sorted(missing, key=_by_role))
    says = (
        f"this checkpoint holds the model, which is restored from it at {{restored}}, but not {names}: "
        "what is resumed is another training; save and restore that state too"
    )
    return (Story(says, (("saved", state.saved, ""), ("restored", state.restored, "resumes from it"))),)


def _by_role(ref: Ref) -> tuple[bool, Ref]:
    return ref.role != OPTIMIZER, ref
