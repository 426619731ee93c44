"""Batches at the end of a pass that do not fill a window, and what becomes of them."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BACKWARD, END, OPAQUE, OPTIMIZER, STEP, TURN, ZERO_GRAD, Event, Place, Ref
from glassloop.experiments import Added, Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="The batches of an epoch do not divide into whole accumulation windows, and nothing steps after the partial last.",
    why="Its gradients are thrown away by the next clearing, so those batches are never learnt from; or they are left and "
    "mixed into the first window of the next epoch, whose update is then too large.",
    intended="A window that goes on over the end of an epoch on purpose, by a counter that does, is not reported; nor is a "
    "loader whose length the text does not tell.",
    fix="Step at the last batch, too: if (i + 1) % k == 0 or i + 1 == len(loader).",
    severity=Severity.WARNING,
)

BAD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
batches = torch.randn(5, 4, 3)
k = 2
for epoch in range(2):
    for i, x in enumerate(batches):
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)) / k
        loss.backward()
        if (i + 1) % k == 0:
            optimizer.step()  # expect: accumulation-tail-dropped
            optimizer.zero_grad()
"""

GOOD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
batches = torch.randn(5, 4, 3)
k = 2
for epoch in range(2):
    for i, x in enumerate(batches):
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)) / k
        loss.backward()
        if (i + 1) % k == 0 or i + 1 == len(batches):
            optimizer.step()
            optimizer.zero_grad()
"""

WHOLE, LAST = "if (index + 1) % MICRO == 0:", "if (index + 1) % MICRO == 0 or index + 1 == len(loader):"
EXPERIMENT = Experiment(
    loop="accumulate",
    mistake=(Instead(LAST, WHOLE),),
    cases=(
        Case(
            "AdamW, the rest mixed into the next epoch, windows of 10 over 24 batches",
            Verdict.SILENT,
            lambda right, wrong: right["steps"] == 48 and wrong["steps"] == 32,
            "{wrong[steps]} steps instead of {right[steps]}; every epoch but the first begins with a window of 14 batches "
            "that is divided by 10. Accuracy is {wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
            {"MICRO": "10", "EPOCHS": "16", "OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2"},
            (Instead(WHOLE, LAST),),
        ),
        Case(
            "the rest cleared at the start of the next epoch",
            Verdict.SILENT,
            lambda right, wrong: right["steps"] == 80 and wrong["steps"] == 64,
            "4 of 24 batches of every epoch are read, walked back and thrown away; accuracy is {wrong[val_accuracy]:.2f} "
            "instead of {right[val_accuracy]:.2f}.",
            {"MICRO": "5", "EPOCHS": "16"},
            (Instead(WHOLE, LAST), Added("optimizer.zero_grad()", after="model.train()")),
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD, STEP, ZERO_GRAD, OPAQUE, END}
LARGEST = 256  # turns that are counted


class State(NamedTuple):
    """`size`: turns with a backward in a window so far seen whole; `gathered`: those in the present one, at `made`.

    `turns`: those of the loops at the last one. `over`: the window goes on from an earlier pass of the innermost loop,
    which left `rest` of it. `cut`: a clearing threw a partial window away. `carried`: one went over the end of a pass and
    had the right size. `uneven`: windows differ in size, so that nobody knows which is partial. `by`: what filled the last.
    """

    me: Ref
    size: int = 0
    gathered: int = 0
    made: Place | None = None
    turns: tuple[int, ...] = ()
    over: bool = False
    rest: int = 0
    cut: bool = False
    carried: bool = False
    uneven: bool = False
    step: Place | None = None
    by: Place | None = None


def initial(me: Ref) -> State:
    """No window yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A partial window at the end of a pass that is cleared, left over, or mixed into the next one is the mistake."""
    if event.kind == END:
        even = state.size > 1 and not state.carried and not state.uneven
        left = even and 0 < state.gathered < state.size and state.made == state.by
        return State(state.me), (_stories(state, "never used") if left else ())
    concerns = reaches(event, state.me)
    if concerns is False:
        return state, ()
    if event.kind == BACKWARD and concerns and TURN in event.facts:
        return _backward(state, event)
    if event.kind == STEP and concerns:
        return _step(state, event)
    if event.kind == ZERO_GRAD and concerns:
        cut = state.cut or 0 < state.gathered < state.size  # of a whole one the step was skipped: by a scaler, say
        return state._replace(gathered=0, over=False, cut=cut), ()
    return State(state.me), ()


def _backward(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    turns = event.facts[TURN]
    other = state.gathered and state.made != event.at  # another loss of the same turn, or of another loop
    if not isinstance(turns, tuple) or other or (state.gathered and turns == state.turns):
        return state, ()
    again = bool(state.turns) and turns[:-1] != state.turns[:-1]
    dropped = state.cut and again and state.size > 1 and not state.uneven and state.by == event.at
    stories = _stories(state, "thrown away") if dropped else ()
    after = state._replace(made=event.at, turns=turns, cut=False, gathered=min(state.gathered + 1, LARGEST))
    if again and state.gathered and not state.over:
        after = after._replace(over=True, rest=state.gathered)
    return after, stories


def _step(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    after = state._replace(gathered=0, over=False, cut=False, step=event.at, by=state.made)
    if not state.over:
        other = state.size not in (0, state.gathered) or state.gathered == LARGEST
        return after._replace(size=max(state.size, state.gathered), uneven=state.uneven or other), ()
    if state.size < 2 or state.gathered == state.size:
        return after._replace(carried=True), ()
    if state.uneven or state.gathered != state.rest + state.size:
        return after, ()
    return after, _stories(after, "mixed into the first window of the next")


def _stories(state: State, fate: str) -> tuple[Story, ...]:
    if state.step is None or state.made is None:
        return ()
    says = (
        "the last batches of a pass do not fill a window of this step, and the gradients that they make at {backward} are "
        f"{fate}; step at the last batch, too"
    )
    return (Story(says, (("step", state.step, ""), ("backward", state.made, "makes gradients for no step of their own"))),)
