"""A graph kept for a second backward that never comes."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BACKWARD, END, GRAPHS, OPAQUE, OPTIMIZER, RETAINED, WHOLE, YOUNG, Event, Place, Ref
from glassloop.experiments import Added, Case, Experiment, Instead, Verdict
from glassloop.findings import Keyword, Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="retain_graph=True although nothing walks the graph a second time.",
    why="The graph's activations are not freed by the backward but only when the loss is dropped, so two steps' worth of "
    "them lie in memory at once. It also silences the error that tells of a state carried over without detach().",
    intended="Two backwards through a shared part (two losses, a GAN's sample, rows of a Jacobian) need it.",
    fix="Leave retain_graph out.",
    severity=Severity.WARNING,
    safe=True,
)

BAD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(2):
    x = torch.randn(4, 3)
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    loss.backward(retain_graph=True)  # expect: retain-graph-unneeded
    optimizer.step()
"""

GOOD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(2):
    x = torch.randn(4, 3)
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Instead("loss.backward()", "loss.backward(retain_graph=True)"),),
    cases=(
        Case(
            "a plain loop",
            Verdict.SILENT,
            lambda right, wrong: right["weights"] == wrong["weights"] and wrong["graph_peak"] > 1.5 * right["graph_peak"],
            "The weights are the same. A step's graph lies there until the next one's is made: at most "
            "{wrong[graph_peak]:,} bytes instead of {right[graph_peak]:,}.",
        ),
        Case(
            "a state is carried from batch to batch, and never detached",
            Verdict.RAISES,
            lambda right, wrong: right["graph_last"] > 20 * right["graph_first"] and wrong["steps"] == 1,
            "Here the flag is what lets the loop run at all, and hides why it should not: with it, graphs keep "
            "{right[graph_first]:,} bytes after the first step and {right[graph_last]:,} after the last. Without it, the "
            "second backward raises ({wrong[raised]:.66}).",
            edits=(
                Added("state = 0.0", before="losses = set()"),
                Instead(
                    "loss = nn.functional.cross_entropy(model(x), y)",
                    "output = model(x)\nstate = 0.9 * state + output.square().mean()\n"
                    "loss = nn.functional.cross_entropy(output, y) + 0.001 * state",
                ),
                Instead("loss.backward()", "loss.backward(retain_graph=True)"),
            ),
            mistake=(Instead("loss.backward(retain_graph=True)", "loss.backward()"),),
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD, OPAQUE, END}

Kept = tuple[Place, frozenset[object]]


class State(NamedTuple):
    """`kept`: backwards whose graphs were retained and that nothing has walked since; `needed`: those that something did."""

    me: Ref
    kept: tuple[Kept, ...] = ()
    needed: frozenset[Place] = frozenset()


def initial(me: Ref) -> State:
    """Nothing retained."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """The same backward comes again, or the end, and none of the graphs that it kept was walked: that is the mistake.

    In a run a second walk may come at every 16th step only, so that a young run waits.
    """
    if event.kind == END:
        return State(state.me), tuple(_story(place) for place, _ in state.kept if place not in state.needed)
    if event.kind == OPAQUE:
        return state._replace(kept=(), needed=state.needed | {place for place, _ in state.kept}), ()
    graphs = event.facts.get(GRAPHS)
    if not isinstance(graphs, frozenset):
        return state._replace(kept=(), needed=state.needed | {place for place, _ in state.kept}), ()
    whole = event.facts.get(WHOLE) is True
    # What is walked now, or may be, was needed.
    needed = state.needed | {place for place, old in state.kept if not whole or not old.isdisjoint(graphs)}
    again = any(place == event.at for place, _ in state.kept) and event.facts.get(YOUNG) is not True
    idle = again and event.at not in needed
    kept = tuple(k for k in state.kept if k[0] != event.at and k[0] not in needed)
    if event.facts.get(RETAINED) is True and whole and reaches(event, state.me):
        kept = (*kept, (event.at, graphs))
    return State(state.me, kept, needed), ((_story(event.at),) if idle else ())


def _story(backward: Place) -> Story:
    says = "nothing walks the graph that this backward keeps: retain_graph=True only holds its memory; leave it out"
    return Story(says, (("backward", backward, ""),), ((Keyword("backward", "retain_graph"),),))
