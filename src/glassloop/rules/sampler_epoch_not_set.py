"""A DistributedSampler that is never told which epoch it is."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import MADE, PASS_BEGIN, PASS_END, SAMPLER, SET_EPOCH, SHUFFLES, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Verdict, Without
from glassloop.findings import Severity, Story
from glassloop.rules import Card
from glassloop.rules._passes import USES, Passing, follow

CARD = Card(
    what="Training goes through a DistributedSampler again without sampler.set_epoch before the pass.",
    why="The sampler shuffles by its seed plus the epoch that it was told. Told none, it gives every process the same "
    "samples in the same order in every epoch: the data is cut up once and for all.",
    intended="Accelerate, Fabric and Lightning call set_epoch themselves; a sampler with shuffle=False has one order.",
    fix="Call sampler.set_epoch(epoch) at the start of every epoch, before the loop over the loader.",
    severity=Severity.ERROR,
)

BAD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(16, 3))
sampler = DistributedSampler(data, num_replicas=2, rank=0)
loader = DataLoader(data, batch_size=4, sampler=sampler)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for (x,) in loader:  # expect: sampler-epoch-not-set
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
"""

GOOD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(16, 3))
sampler = DistributedSampler(data, num_replicas=2, rank=0)
loader = DataLoader(data, batch_size=4, sampler=sampler)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    sampler.set_epoch(epoch)
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
"""

EXPERIMENT = Experiment(
    loop="sampler",
    mistake=(Without("sampler.set_epoch(epoch)"),),
    cases=(
        Case(
            "one of two processes, 20 epochs",
            Verdict.SILENT,
            lambda right, wrong: (right["orders"], wrong["orders"]) == (20, 1)
            and wrong["samples_seen"] == 300
            and right["samples_seen"] > 550,
            "{wrong[orders]} order instead of {right[orders]}, and the process sees {wrong[samples_seen]} of the 600 "
            "samples, where it would have met {right[samples_seen]}.",
        ),
        Case(
            "a sampler that does not shuffle",
            Verdict.SAME,
            lambda right, wrong: right["orders"] == wrong["orders"] == 1,
            "With shuffle=False there is {right[orders]} order anyway, and the weights are the same.",
            {"SHUFFLE": "False"},
        ),
    ),
)

KEY = SAMPLER
HEARS = USES | {MADE, SET_EPOCH}


class State(NamedTuple):
    """`passing`: of the loader that goes by this sampler, begun at `begun`; `told`: of an epoch that has not been trained.

    `trained`: an earlier pass was trained on. `over`: it has come to its end.
    """

    me: Ref
    made: Place | None = None
    passing: Passing | None = None
    begun: Place | None = None
    told: bool = False
    trained: bool = False
    over: bool = False


def initial(me: Ref) -> State:
    """Made elsewhere, for all that is known."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """Two passes that are trained on, with nobody telling the epoch in between, are the mistake."""
    if event.kind == MADE:
        mine = event.what == state.me and event.facts.get(SHUFFLES) is True
        return (State(state.me, event.at) if mine else state), ()
    if event.kind == SET_EPOCH:
        return (state._replace(told=True) if event.what == state.me else state), ()
    if event.kind == PASS_BEGIN and event.what is not None and state.me in (event.of or ()):
        again = state.passing is not None and state.passing.me == event.what
        if again and not state.over and event.at != state.begun:
            return state._replace(passing=None), ()  # inside that pass, perhaps: whose batches come next nobody can tell
        before = state.passing if again and state.passing is not None else Passing(event.what)
        return state._replace(begun=event.at, trained=before.trains, passing=follow(before, event), over=False), ()
    if state.passing is None:
        return state, ()
    if event.kind == PASS_END and event.what == state.passing.me:
        state = state._replace(over=True)
    assert state.passing is not None
    passing = follow(state.passing, event)
    if not passing.stepped or state.passing.stepped:
        return state._replace(passing=passing), ()
    due = state.trained and not state.told and state.begun is not None and state.made is not None
    stories = (_story(state.begun, state.made),) if due else ()
    return state._replace(passing=passing, told=False), stories


def _story(begun: Place, made: Place) -> Story:
    says = (
        "this pass goes by the DistributedSampler made at {made}, which nobody has told that a new epoch begins: it gives "
        "the order of the pass before; call its set_epoch(epoch) before the loop"
    )
    return Story(says, (("begun", begun, ""), ("made", made, "the sampler")))
