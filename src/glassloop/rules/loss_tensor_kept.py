"""A loss that drags its graph along from step to step."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import ADDED, BACKWARD, GRAPHS, HELD, OPTIMIZER, STEP, Event, Place, Ref
from glassloop.experiments import Added, Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="A loss (or an output) that still carries its graph is summed up or gathered in a list across steps.",
    why="Memory grows with every step. Of a loss that went backward the graph's nodes are kept; of one that did not, all "
    "its activations are. The numbers are right.",
    intended="Losses gathered for one backward, and dropped after the step, are not reported.",
    fix="Add loss.item(), or loss.detach() where a wait for the device at every step would cost too much.",
    severity=Severity.WARNING,
)

BAD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
total = 0.0
for step in range(2):
    x = torch.randn(4, 3)
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    total += loss  # expect: loss-tensor-kept
"""

GOOD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
total = 0.0
for step in range(2):
    x = torch.randn(4, 3)
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    total += loss.item()
"""

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Instead("kept.append(loss.item())", "kept.append(loss)"),),
    cases=(
        Case(
            "losses of the training in a list, after the backward",
            Verdict.SILENT,
            lambda right, wrong: wrong["graph_end"] == 0 and wrong["nodes"] > 5 * wrong["steps"] and right["nodes"] == 0,
            "Less is kept than is often said: the backward has freed the activations, graphs keep {wrong[graph_end]} bytes. "
            "What stays is the bones: {wrong[nodes]} nodes of {wrong[steps]} graphs, rightly {right[nodes]}.",
            edits=(
                Added("kept = []", before="losses = set()"),
                Added("kept.append(loss.item())", after="optimizer.step()"),
                Added(
                    "nodes = [loss.grad_fn for loss in kept if isinstance(loss, torch.Tensor)]\n"
                    "for node in nodes:\n"
                    "    nodes += [n for n, _ in node.next_functions if n is not None and n.name() != 'AccumulateGrad']\n"
                    "result['nodes'] = len(nodes)",
                    before='print("final", json.dumps(result))',
                ),
            ),
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD, STEP, HELD}

Graphs = frozenset[object]


class State(NamedTuple):
    """Graphs that backwards have `walked` since the last step, those of the `last` step, and those `spent` before it.

    `joined`: where one that no backward has walked yet was added to what holds spent ones, by that graph's numbers.
    """

    me: Ref
    walked: Graphs = frozenset()
    last: Graphs = frozenset()
    spent: Graphs = frozenset()
    made: Place | None = None
    joined: tuple[tuple[Graphs, Place], ...] = ()


def initial(me: Ref) -> State:
    """No graph yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """What is held on to has been used up by an earlier step than what is added to it: it can only be in the way.

    What no backward ever walks is no loss of a later step: a sum with the last loss of an inner loop in it comes to an end.
    """
    concerns = reaches(event, state.me)
    if event.kind == BACKWARD and concerns:
        graphs = _numbered(event, GRAPHS)
        told = tuple(_story(place, event.at) for added, place in state.joined if not added.isdisjoint(graphs))
        left = tuple(one for one in state.joined if one[0].isdisjoint(graphs))
        return state._replace(walked=state.walked | graphs, made=event.at, joined=left), told
    if event.kind == STEP and concerns:
        return state._replace(walked=frozenset(), last=state.walked, spent=state.spent | state.last), ()
    if event.kind == HELD and ADDED not in event.facts:
        spent = state.spent | state.last
        return state, (() if _numbered(event, GRAPHS).isdisjoint(spent) else (_story(event.at, state.made),))
    if event.kind == HELD:
        held, added = _numbered(event, GRAPHS), _numbered(event, ADDED)
        if not added.isdisjoint(state.last | state.walked):
            before = state.spent if added.isdisjoint(state.walked) else state.spent | state.last
            return state, (() if held.isdisjoint(before) else (_story(event.at, state.made),))
        if added.isdisjoint(state.spent) and not held.isdisjoint(state.spent | state.last):
            return state._replace(joined=(*state.joined, (added, event.at))[-8:]), ()
    return state, ()


def _numbered(event: Event, fact: str) -> Graphs:
    """The graphs of an event, without what a model with a memory may share from call to call."""
    graphs = event.facts.get(fact)
    return frozenset(g for g in graphs if isinstance(g, int)) if isinstance(graphs, frozenset) else frozenset()


def _story(held: Place, made: Place | None) -> Story:
    if held == made:
        says = (
            "losses of earlier steps are kept somewhere with their graphs, which this backward has long used; keep the "
            "number (.item()) or a detached copy"
        )
        return Story(says, (("held", held, ""),))
    says = (
        "this keeps the graphs of earlier steps alive, which the backward at {backward} has long used; add the number "
        "(.item()) or a detached copy"
    )
    return Story(says, (("held", held, ""), ("backward", made, "has used the graph")))
