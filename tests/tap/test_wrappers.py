"""A compiled or distributed model is the model: one Ref, no second compilation on the tap's account."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import nn

from glassloop.events import Event
from glassloop.tap import listen


def steps(model: nn.Module, count: int) -> list[Event]:
    """The events of some training steps, and of a mode set on the inner model."""
    x = torch.ones(2, 3)
    events: list[Event] = []
    tap = listen(events.append)
    try:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(count):
            optimizer.zero_grad()
            model(x).sum().backward()
            optimizer.step()
    finally:
        tap.stop(ended=False)
    return events


STEP = ["zero-grad", "forward", "backward", "step"]


def test_a_compiled_model():
    compiled = []

    def backend(graph, example_inputs):
        compiled.append(graph)
        return graph.forward

    inner = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    events = steps(torch.compile(inner, backend=backend), 3)
    assert [e.kind for e in events] == ["made", *STEP * 3]
    assert {e.what.label for e in events if e.kind == "forward" and e.what} == {"Sequential"}
    assert len(compiled) == 1


def test_a_distributed_model(tmp_path):
    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'meet'}", rank=0, world_size=1)
    try:
        inner = nn.Linear(3, 1)
        events = steps(nn.parallel.DistributedDataParallel(inner), 2)
    finally:
        dist.destroy_process_group()
    assert [e.kind for e in events] == ["made", *STEP * 2]
    assert {e.what.label for e in events if e.kind == "forward" and e.what} == {"Linear"}
    assert all(len(e.of or ()) == 1 for e in events)
