"""A device that is waited for at every step."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import OPAQUE, OPTIMIZER, PASS_BEGIN, STEP, SYNC, Event, Place, Ref
from glassloop.experiments import Added, Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="A value is read out of a tensor on an accelerator at every step: .item(), .cpu(), float(), print.",
    why="The host cannot send the next work before the device has done all of the last; the device then idles while the "
    "host prepares. How much that costs depends on how small the kernels are.",
    intended="Where the value decides what is done next (early stopping, skipping a step), waiting is the price.",
    fix="Add up on the device (total += loss.detach()) and read the sum now and then, or at the end of the epoch.",
    severity=Severity.INFO,
)

BAD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
model = nn.Linear(3, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
total = 0.0
for epoch in range(2):
    for (x,) in loader:
        x = x.to(device)
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()  # expect: sync-every-step
"""

GOOD = BAD.replace("total += loss.item()  # expect: sync-every-step", "total += loss.detach()")

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Instead("running += loss.detach()", "running += loss.item()"),),
    cases=(
        Case(
            "counted on the CPU, where nobody waits",
            Verdict.SAME,
            lambda right, wrong: wrong["reads"] - right["reads"] == wrong["steps"],
            "{wrong[reads]} values are read out of tensors instead of {right[reads]}: one more a step, {wrong[steps]} in "
            "all. On an accelerator each is a wait; what it costs there is not measured here. The weights are the same.",
            edits=(
                Added("device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')", before="losses = set()"),
                Added("model.to(device)\nrunning = 0.0", before="losses = set()"),
                Added("x, y = x.to(device), y.to(device)", before="optimizer.zero_grad()"),
                Added("running += loss.detach()", after="optimizer.step()"),
                Instead("logits = model(x)", "logits = model(x.to(device)).cpu()"),
            ),
        ),
    ),
)

KEY = OPTIMIZER
HEARS = frozenset({STEP, SYNC, PASS_BEGIN, OPAQUE})


class State(NamedTuple):
    """Where was waited since my last step, and between that one and the one before."""

    me: Ref
    since: frozenset[Place] = frozenset()
    before: frozenset[Place] = frozenset()
    steps: int = 0


def initial(me: Ref) -> State:
    """No step yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """Two waits at one place with one step of mine between them, within one pass."""
    if event.kind == STEP:
        if event.what != state.me:
            return state, ()
        return State(state.me, frozenset(), state.since, min(state.steps + 1, 2)), ()
    if event.kind != SYNC:
        return State(state.me), ()
    again = event.at in state.before and state.steps > 0
    return state._replace(since=state.since | {event.at}), ((_story(event.at),) if again else ())


def _story(at: Place) -> Story:
    says = "the host waits here for the accelerator at every step; add up on the device and read the sum now and then"
    return Story(says, (("at", at, ""),))
