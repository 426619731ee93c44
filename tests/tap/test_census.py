"""compared: rarely, exactly, and without a trace afterwards."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable

import pytest
import torch
from torch import nn

from glassloop.events import COMPARED, LEFT_OUT, UNHELD, UNMOVED, Event
from glassloop.tap import census, listen
from glassloop.tap.leaves import Notes, leaves, trace
from glassloop.tap.parts import Plan
from glassloop.tap.shapes import repeated
from glassloop.watch import Watch, watch


class Two(nn.Module):
    """Two layers, of which forward uses what it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.used, self.spare = nn.Linear(3, 2), nn.Linear(3, 2)

    def forward(self, x: torch.Tensor, both: bool = False) -> torch.Tensor:
        return self.used(x) + self.spare(x) if both else self.used(x)


Uses = Callable[[int], bool]  # of a step: whether it uses both layers


def train(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int, both: Uses = lambda _: False) -> None:
    for step in range(steps):
        optimizer.zero_grad()
        model(torch.ones(2, 3), both(step)).sum().backward()
        optimizer.step()


def found(seen: Watch) -> list[str]:
    return [sighting.finding.rule for sighting in seen.findings]


def compared(run: Callable[[], None], ended: bool = True) -> list[Event]:
    events: list[Event] = []
    tap = listen(events.append)
    run()
    tap.stop(ended)
    return [event for event in events if event.kind == COMPARED]


def test_a_long_run_is_looked_at_rarely_and_its_graphs_are_walked_only_then(monkeypatch: pytest.MonkeyPatch):
    looks, walks = [], []
    look = census.Census._look
    monkeypatch.setattr(census.Census, "_look", lambda self, known: (looks.append(known.course.steps), look(self, known)))
    monkeypatch.setattr(census, "leaves", lambda tensors: (walks.append(1), leaves(tensors))[1])
    with watch(pytest.fail):
        model = Two()
        train(model, torch.optim.SGD(model.parameters(), lr=0.01), 1000, lambda _: True)
    assert looks == [1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 512]
    assert len(walks) == len(looks)


def test_a_new_group_and_a_new_layer_are_looked_at_when_they_come():
    def run() -> None:
        model = Two()
        optimizer = torch.optim.SGD(model.used.parameters(), lr=0.01)
        train(model, optimizer, 20)
        train(model, optimizer, 1, lambda _: True)  # no look falls on this step, or the next
        optimizer.add_param_group({"params": model.spare.parameters()})
        train(model, optimizer, 2, lambda _: True)
        model.used = nn.Linear(3, 2)
        train(model, optimizer, 2, lambda _: True)

    assert [list(event.facts) for event in compared(run)] == [[UNHELD], [UNHELD]]


@pytest.mark.parametrize(("steps", "first", "silent"), [(10, 99, False), (50, 40, True), (2, 99, True)])
def test_what_is_never_used_is_told_at_the_end_and_what_is_used_late_is_not(steps: int, first: int, silent: bool):
    with watch(lambda finding: None) as seen:
        model = Two()
        train(model, torch.optim.SGD(model.parameters(), lr=0.01), steps, lambda step: step >= first)
    assert found(seen) == [] if silent else ["parameters-never-updated"]


def test_a_long_run_does_not_wait_for_its_end():
    def run() -> None:
        model = Two()
        train(model, torch.optim.SGD(model.parameters(), lr=0.01), 600)

    (early,) = compared(run, ended=False)
    assert early.facts == {UNMOVED: ("spare (Linear) of model (Two)", 512)}


def test_a_run_that_was_cut_off_proves_nothing():
    def run() -> None:
        model = Two()
        train(model, torch.optim.SGD(model.parameters(), lr=0.01), 10)

    assert compared(run, ended=False) == []
    assert len(compared(run)) == 1


def test_a_model_that_is_gone_by_the_end_is_told_of():
    def run() -> None:
        model = Two()
        train(model, torch.optim.Adam(model.parameters(), lr=0.01), 5)

    with watch(lambda finding: None) as seen:
        run()
    (sighting,) = seen.findings
    assert "spare (Linear) of model (Two)" in sighting.finding.message
    assert sighting.finding.where.line == run.__code__.co_firstlineno + 2


def test_parameters_without_elements_or_frozen_later_or_written_by_hand_want_no_gradient():
    class Odd(Two):
        def __init__(self) -> None:
            super().__init__()
            self.mark = nn.Parameter(torch.empty(0))
            self.average = nn.Parameter(torch.zeros(4))

    with watch(pytest.fail):
        model = Odd()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        train(model, optimizer, 5)
        model.spare.requires_grad_(False)
        model.average.data += 1.0
        train(model, optimizer, 5)


def test_nothing_stays_on_the_parameters_and_what_waits_can_be_copied_and_saved():
    seen = watch(lambda finding: None)
    model = Two()
    train(model, torch.optim.SGD(model.parameters(), lr=0.01), 5)
    assert model.spare.weight._post_accumulate_grad_hooks
    twin = copy.deepcopy(model)
    assert torch.equal(twin.spare.weight, model.spare.weight)
    torch.save(model, io.BytesIO())
    seen.stop()
    assert not model.spare.weight._post_accumulate_grad_hooks


def test_one_that_was_left_out_and_then_given_is_silent():
    with watch(pytest.fail):
        model = Two()
        optimizer = torch.optim.SGD(model.used.parameters(), lr=0.01)
        train(model, optimizer, 2, lambda _: True)
        optimizer.add_param_group({"params": model.spare.parameters()})
        train(model, optimizer, 5, lambda _: True)


def test_a_watch_that_ends_within_a_run_tells_only_itself():
    with watch(lambda finding: None) as outer:
        model = Two()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        with watch(lambda finding: None) as inner:
            train(model, optimizer, 10)
        train(model, optimizer, 40, lambda _: True)
    assert (found(inner), found(outer)) == (["parameters-never-updated"], [])


def test_names_are_those_of_the_largest_parts():
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
            self.scale = nn.Parameter(torch.ones(1))

    net = Net()
    plan = Plan(net)
    assert plan.parts(plan.names.values()) == [""]
    assert plan.parts(["body.0.weight", "body.0.bias", "scale"]) == ["body.0", "scale"]
    assert plan.words(["body.0", "scale"]) == "body.0 (Linear), scale of Net"
    plan.call("net")
    assert plan.words([""]) == "all of net (Net)"


def test_what_a_library_keeps_unused_beside_what_is_used_is_not_the_users(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Two, "__module__", "pytest")
    plan = Plan(nn.ModuleDict({"language": Two()}))
    assert plan.parts(["language.spare.weight", "language.spare.bias"], foreign=False) == []
    assert plan.parts(list(plan.names.values()), foreign=False) == [""]


def test_the_ends_of_a_graph_are_its_parameters():
    first, second, loose = nn.Linear(2, 2), nn.Linear(2, 2), torch.ones(2, requires_grad=True)
    loss = second(first(loose).detach() * second.bias).sum()
    assert {id(p) for p in leaves(loss)} == {id(second.weight), id(second.bias)}
    assert list(leaves(None)) == list(leaves([torch.ones(1)])) == []


def test_notes_die_with_their_tensor_and_a_write_leaves_a_trace():
    notes: Notes[int] = Notes()
    tensor = torch.zeros(2)
    notes.set(tensor, 1)
    assert notes.get(tensor) == 1
    before = trace(tensor)
    tensor.data += 1
    assert before != trace(tensor)
    del tensor
    assert notes.items() == []
    assert notes._notes == {}


@pytest.mark.parametrize(
    ("a", "b", "maker", "told"),
    [
        ((8, 1), (8,), "AddmmBackward0", True),
        ((8,), (8, 1), "SqueezeBackward1", True),
        ((4, 1, 6, 6), (4, 6, 6), "ConvolutionBackward0", True),
        ((4, 1, 6, 6), (4, 3, 6, 6), "ConvolutionBackward0", True),
        ((8, 1), (8,), "", True),  # without a graph
        ((8, 1), (), "AddmmBackward0", False),
        ((8, 1), (1,), "AddmmBackward0", False),
        ((1, 1), (1,), "AddmmBackward0", False),
        ((8, 3), (8, 1), "AddmmBackward0", False),
        ((8, 3), (3,), "AddmmBackward0", False),
        ((8, 1), (1, 8), "UnsqueezeBackward0", False),
        ((8, 1), (8, 4), "MeanBackward1", False),
        ((8, 2), (3,), "AddmmBackward0", False),  # torch refuses it itself
    ],
)
def test_shapes_that_repeat_the_prediction(a: tuple[int, ...], b: tuple[int, ...], maker: str, told: bool):
    assert repeated(a, b, maker) is told


def test_left_out_is_taken_back_where_it_is_no_more():
    def run() -> None:
        model = Two()
        optimizer = torch.optim.SGD(model.used.parameters(), lr=0.01)
        train(model, optimizer, 2, lambda _: True)
        model.spare.requires_grad_(False)
        train(model, optimizer, 2, lambda _: True)

    assert [event.facts[LEFT_OUT] for event in compared(run)] == ["spare (Linear) of model (Two)"] * 2 + [""]


def test_parameters_that_have_no_memory_of_their_own_are_left_alone():
    lazy, let_go = nn.LazyLinear(2), nn.Parameter(torch.ones(64))
    let_go.untyped_storage().resize_(0)
    assert trace(let_go)[1] == trace(torch.nn.Parameter(torch.ones(4, device="meta")))[1] == b""
    with watch(lambda finding: None) as seen:
        model = nn.ModuleList([nn.Linear(3, 2), lazy])
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for _ in range(5):
            optimizer.zero_grad()
            model[0](torch.ones(2, 3)).sum().backward()
            optimizer.step()
    assert found(seen) == []
