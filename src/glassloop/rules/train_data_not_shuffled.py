"""Training data that comes in the same order every epoch."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import (
    AGAIN,
    CARRIES,
    END,
    FORWARD,
    LOADER,
    MADE,
    ORDER,
    PASS_BEGIN,
    PASS_END,
    REPEATS,
    STEP,
    STORED,
    Event,
    Place,
    Ref,
)
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Keyword, Severity, Story
from glassloop.rules import Card
from glassloop.rules._passes import USES, Passing, follow

CARD = Card(
    what="The training loader of a map-style dataset neither shuffles nor has a sampler.",
    why="Every epoch shows the same batches in the order in which the data is stored. Where that order means something "
    "(sorted by class, by time) consecutive updates pull to one side, and batch statistics are those of one class.",
    intended="An order that is meant (states carried from batch to batch, a curriculum, data shuffled each epoch by its "
    "own class): set the finding aside.",
    fix="Pass shuffle=True to the training loader.",
    severity=Severity.WARNING,
)

BAD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3))
loader = DataLoader(data, batch_size=4)  # expect: train-data-not-shuffled
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
"""

GOOD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3))
loader = DataLoader(data, batch_size=4, shuffle=True)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
"""

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(
        Instead(
            "loader = DataLoader(train, batch_size=BATCH, shuffle=True)",
            "loader = DataLoader(train, batch_size=BATCH)",
        ),
    ),
    cases=(
        Case(
            "the data lies sorted by class",
            Verdict.WORSE,
            lambda right, wrong: wrong["val_accuracy"] < right["val_accuracy"] - 0.2,
            "Each batch holds one or two classes: accuracy {wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
            edits=(
                Instead(
                    "train = TensorDataset(images[order[:600]], labels[order[:600]])",
                    "first = order[:600][labels[order[:600]].argsort()]\n"
                    "train = TensorDataset(images[first], labels[first])",
                ),
            ),
        ),
        Case(
            "the data lies in a random order",
            Verdict.SILENT,
            lambda right, wrong: abs(wrong["val_accuracy"] - right["val_accuracy"]) < 0.05,
            "The same batches come in every epoch, and it hardly matters: accuracy {wrong[val_accuracy]:.2f}, shuffled "
            "{right[val_accuracy]:.2f}.",
        ),
    ),
)

KEY = LOADER
OTHERS = True  # another loader's batch takes the place of this one's
HEARS = USES | {MADE, END}


class State(NamedTuple):
    """`begun`: where the pass began, if its order is the stored one; `earlier`: such a pass that was trained on.

    `again`: the pass stands in a loop that goes round more often than is played. `by`: the optimizers that stepped on this
    pass; `last`: on the one before; `since`: since this pass ended, on other loaders' batches. `said`: the rule has spoken.
    """

    passing: Passing
    made: Place | None = None
    begun: Place | None = None
    earlier: Place | None = None
    again: bool = False
    by: frozenset[Ref] = frozenset()
    last: frozenset[Ref] = frozenset()
    since: frozenset[Ref] = frozenset()
    said: bool = False


def initial(me: Ref) -> State:
    """Nothing is known of the order."""
    return State(Passing(me))


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """Two passes in the stored order, more than one batch each, both trained on, are the mistake."""
    me = state.passing.me
    if event.kind == MADE:
        return (state._replace(made=event.at) if event.what == me else state), ()
    if event.kind == END:
        done = state.made is not None and state.begun is not None and state.again and _whole(state.passing)
        return state, ((_story(state.made, state.begun),) if done else ())
    if event.kind == FORWARD and state.passing.open and event.facts.get(CARRIES) is True:
        # One batch goes on where the last one ended: the order is meant.
        return State(state.passing._replace(lost=True), state.made), ()
    before, passing = state.passing, follow(state.passing, event)
    if event.kind == PASS_BEGIN and event.what == me:
        stored = event.facts.get(ORDER) == STORED
        earlier = state.begun if stored and _whole(before) else None
        again = event.facts.get(AGAIN) is True
        last = state.by if _whole(before) else frozenset()
        return State(passing, state.made, event.at if stored else None, earlier, again, last=last, said=state.said), ()
    if passing.lost and not before.lost:
        return State(passing, state.made), ()
    state = state._replace(passing=passing)
    if event.kind == STEP and event.what is not None:
        state = _stepped(state, event.what)
    if state.earlier is not None and state.made is not None and _whole(passing):
        return state._replace(earlier=None, said=True), (_story(state.made, state.earlier),)
    if event.kind == PASS_END and event.facts.get(REPEATS) == me and _repeated(state, event.what == me):
        return state._replace(said=True), (_again(state.made or event.at, event.at),)
    return state, ()


def _stepped(state: State, optimizer: Ref) -> State:
    if state.passing.open:
        return state._replace(by=state.by | {optimizer}, since=frozenset())
    return state._replace(since=state.since | {optimizer})


def _repeated(state: State, mine: bool) -> bool:
    """Whether the samples came in the order of my pass before (or of my last one), to train the same optimizers."""
    if state.said or state.passing.lost or not _whole(state.passing):
        return False
    return bool(state.by) and state.by == (state.last if mine else state.since)


def _whole(passing: Passing) -> bool:
    return passing.stepped and passing.batches > 1


def _story(made: Place, begun: Place) -> Story:
    says = (
        "the loader made here is trained on at {begun} and hands over the data in the order in which it is stored, "
        "every epoch; pass shuffle=True"
    )
    scenes = (("made", made, ""), ("begun", begun, "trains on it"))
    return Story(says, scenes, ((Keyword("made", "shuffle", "True"),),))


def _again(made: Place, ended: Place) -> Story:
    says = (
        "the loader made here hands over the samples in the very same order again, pass after pass, and the pass at {ended} "
        "is trained on; pass shuffle=True, and a generator that goes on (seed it once, outside of the loop)"
    )
    return Story(says, (("made", made, ""), ("ended", ended, "trains on the same order")))
