"""Which graphs a backward walks, where one is kept: what the rule about needless keeping is told in a run."""

from __future__ import annotations

import pytest

import glassloop
from glassloop.events import BACKWARD, GRAPHS, RETAINED, WHOLE, Event
from tests.tap.hearing import hear, line


def backwards(code: str) -> list[Event]:
    return [e for e in hear(code) if e.kind == BACKWARD]


def reported(code: str) -> list[int]:
    """Lines on which a watch says that a graph is kept for nothing."""
    events = hear(code)
    with glassloop.watch(lambda finding: None) as seen:
        for event in events:
            seen.hear(event)
    found = [s.finding for s in seen.findings if s.finding.rule == "retain-graph-unneeded"]
    return sorted({line(e) for e in events if e.kind == BACKWARD and any(f.where.line == line(e) for f in found)})


def test_no_graph_is_looked_through_where_none_is_kept():
    for event in backwards("for i in range(3): model(x).mean().backward()"):
        assert not {WHOLE, RETAINED} & set(event.facts)


def test_the_walk_of_a_shared_part_is_known_from_the_walk_of_a_new_graph():
    first, second, third = backwards("""
    out = model(x)
    out.mean().backward(retain_graph=True)
    out.square().mean().backward()
    model(x).mean().backward()
    """)
    one, other = first.facts[GRAPHS], second.facts[GRAPHS]
    assert isinstance(one, frozenset)
    assert isinstance(other, frozenset)
    assert one & other
    assert WHOLE not in third.facts, "what was kept has been walked, nothing is kept any more"


NEEDED = {
    "two losses of one output": """
        out = model(x)
        out.mean().backward(retain_graph=True)
        out.square().mean().backward()
        """,
    "a second loss that comes late": """
        out = model(x)
        out.mean().backward(retain_graph=True)
        if i == 16:
            out.square().mean().backward()
        """,
    "rows of a Jacobian": """
        out = model(x)
        for row in range(4):
            out[row].sum().backward(retain_graph=True)
        """,
    "a gradient asked for afterwards": """
        out = model(x)
        out.mean().backward(retain_graph=True)
        torch.autograd.grad(out.sum(), list(model.parameters()))
        """,
    "a state carried from step to step": """
        state = model[0](x).mean() if i == 0 else 0.9 * state + model[0](x).mean()
        state.backward(retain_graph=True)
        """,
}


@pytest.mark.parametrize("needed", NEEDED)
def test_a_graph_that_is_walked_again_is_kept_rightly(needed: str):
    assert reported(f"for i in range(20):{NEEDED[needed]}opt.step()\n        opt.zero_grad()\n") == []


@pytest.mark.parametrize("steps", [2, 100])
def test_a_graph_that_nothing_walks_again_is_told_at_the_end_and_in_a_long_run_before(steps: int):
    code = f"for i in range({steps}):\n  model(x).mean().backward(retain_graph=True)\n  opt.step()\n  opt.zero_grad()\n"
    assert reported(code) == [2]


def test_other_graphs_walked_in_between_change_nothing():
    code = """
    for i in range(3):
        model(x).mean().backward(retain_graph=True)
        torch.autograd.grad(model(x).sum(), list(model.parameters()))
        model(x).mean().backward()
        opt.step()
        opt.zero_grad()
    """
    assert reported(code) == [2]
