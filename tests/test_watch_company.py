"""What people do with a watched model besides training it: copy, pickle, save, script, trace, compile, transform."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import threading
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

from glassloop.watch import Watch, watch

X, Y = torch.ones(4, 3), torch.zeros(4, 2)


@pytest.fixture
def seen(caplog: pytest.LogCaptureFixture) -> Iterator[Watch]:
    """A watch that finds nothing wrong, says nothing and is still on at the end."""
    caplog.set_level(logging.WARNING, "glassloop")
    with watch(pytest.fail) as seen:
        yield seen
        assert seen._tap is not None
        assert seen._tap._ear.on
    assert [record.getMessage() for record in caplog.records if record.name == "glassloop"] == []
    assert seen.findings == []


def train(model: Callable[..., torch.Tensor], optimizer: torch.optim.Optimizer, steps: int = 3) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(model(X), Y).backward()
        optimizer.step()


def make() -> tuple[nn.Module, torch.optim.Optimizer]:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    return model, torch.optim.AdamW(model.parameters())


def test_copies_and_pickles_are_free_of_us_and_train_on(seen):
    model, optimizer = make()
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 5)
    train(model, optimizer)
    schedule.step()
    packed = pickle.dumps((model, optimizer, schedule))
    file = io.BytesIO()
    torch.save((model, optimizer), file)
    assert b"glassloop" not in packed + file.getvalue()
    file.seek(0)
    pairs = [copy.deepcopy((model, optimizer)), pickle.loads(packed)[:2], torch.load(file, weights_only=False)]
    for model, optimizer in pairs:
        train(model, optimizer)
    states = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, states)
    states.seek(0)
    other, another = make()
    held = torch.load(states)
    other.load_state_dict(held["model"])
    another.load_state_dict(held["optimizer"])
    train(other, another)
    assert seen.steps == 15


def test_models_and_losses_can_be_scripted_and_traced(seen):
    class Scored(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.loss = nn.Linear(3, 2), nn.CrossEntropyLoss()

        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            out = torch.mul(self.layer(x), 2.0).clamp_(-1.0, 1.0)
            return F.cross_entropy(out, y) + self.loss(out, y)

    scripted, targets = torch.jit.script(Scored()), torch.zeros(4, dtype=torch.long)
    optimizer = torch.optim.SGD(scripted.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        scripted(X, targets).backward()
        optimizer.step()
    traced = torch.jit.trace(nn.Linear(3, 2), X)
    train(traced, torch.optim.SGD(traced.parameters(), lr=0.1))
    assert seen.steps == 6


def test_models_and_functions_can_be_compiled_whole(seen):
    class Half(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                half = x / 2
            return self.layer(half).clamp_(-1, 1).div_(2)

    model = torch.compile(Half(), backend="eager", fullgraph=True)
    train(model, torch.optim.SGD(model.parameters(), lr=0.1))
    loss = torch.compile(lambda a, b: F.mse_loss(a, b), backend="eager", fullgraph=True)
    assert loss(X, X + 1) == 1
    assert seen.steps == 3


def test_a_loop_that_is_compiled_as_a_whole_goes_through(seen):
    model = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = model.weight.detach().clone()

    def turn(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.detach()

    compiled = torch.compile(turn, backend="eager")
    losses = [float(compiled(X, Y)) for _ in range(3)]
    assert losses[2] < losses[0]
    assert not torch.equal(before, model.weight)


def test_transforms_of_functions_go_through_what_the_watch_has_wrapped(seen):
    model = nn.Sequential(nn.Linear(3, 2))

    def loss(parameters: dict[str, torch.Tensor]) -> torch.Tensor:
        return F.mse_loss(functional_call(model, parameters, (X,)).clamp_(0, 1), Y)

    assert grad(loss)(dict(model.named_parameters()))["0.bias"].shape == (2,)
    assert vmap(lambda x: F.mse_loss(model(x).clamp_(0, 1), Y[0]))(X).shape == (4,)
    torch.export.export(nn.Linear(3, 2), (X,))


def test_optimizers_of_ones_own_and_generators_are_heard(seen):
    class Mine(torch.optim.Adam):
        def __init__(self, params, lr):
            super().__init__(params, lr=lr)
            self.count = 0

        def step(self, closure=None):
            self.count += 1
            return super().step(closure)

        def zero_grad(self, set_to_none=True):
            super().zero_grad(set_to_none)

    model = nn.Linear(3, 2)
    optimizer = Mine((p for p in model.parameters()), lr=0.1)

    def batches():
        for _ in range(3):
            yield X, Y

    for x, y in batches():
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        nn.utils.clip_grad_norm_((p for p in model.parameters()), 1.0)
        optimizer.step()
    assert (optimizer.count, seen.steps) == (3, 3)


def test_sparse_gradients_and_hands_go_together(seen):
    table = nn.Embedding(5, 3, sparse=True)
    optimizer = torch.optim.SGD(table.parameters(), lr=0.1)
    for _ in range(3):
        out = table(torch.tensor([0, 2])) * 1
        optimizer.zero_grad(set_to_none=True)
        out.clamp_(-1, 1).sum().backward()
        weights = table.weight.detach().clone()
        weights.mul_(0.9)
        assert table.weight.grad is not None
        table.weight.grad = table.weight.grad * 1
        optimizer.step()
    assert seen.steps == 3


def test_another_thread_trains_unheard(seen):
    def broken() -> None:
        model, optimizer = make()
        for _ in range(3):
            F.mse_loss(model(X), Y).backward()
            optimizer.step()

    train(*make())
    thread = threading.Thread(target=broken)
    thread.start()
    thread.join()
    train(*make())
    assert seen.steps == 6


def test_a_watch_in_another_thread_says_that_it_hears_nothing(caplog):
    found = []

    def work() -> None:
        with watch(pytest.fail) as inner:
            train(*make())
        found.append((inner.steps, inner.findings))

    with watch(pytest.fail):
        train(*make())
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found == [(0, [])]
    assert [r.getMessage() for r in caplog.records] == [
        "this watch hears nothing: another thread of this process is being watched; stop that watch first"
    ]


def forgets_to_clear() -> None:
    model, optimizer = make()
    for _ in range(4):
        F.mse_loss(model(X), Y).backward()
        optimizer.step()


def test_a_thread_that_trains_while_the_main_one_waits_is_heard():
    with watch(lambda finding: None) as seen:
        thread = threading.Thread(target=forgets_to_clear)
        thread.start()
        thread.join()
    assert [(s.finding.rule, seen.steps) for s in seen.findings] == [("zero-grad-missing", 3)], "from the second step on"


def test_a_watch_in_the_thread_that_trains_is_heard_where_the_main_one_watches_and_waits():
    found = []

    def work() -> None:
        with watch(lambda finding: None) as inner:
            forgets_to_clear()
        found.extend(inner.findings)

    with watch(lambda finding: None) as outer:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert [s.finding.rule for s in found] == [s.finding.rule for s in outer.findings] == ["zero-grad-missing"]


def test_a_thread_that_begins_a_watch_is_heard():
    found = []

    def work() -> None:
        with watch(lambda finding: None) as own:
            model, optimizer = make()
            for _ in range(3):
                F.mse_loss(model(X), Y).backward()
                optimizer.step()
        found.extend(own.findings)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [s.finding.rule for s in found] == ["zero-grad-missing"]


def test_a_hundred_watches_one_after_the_other_leave_torch_as_it_was():
    call, forward = nn.Module.__call__, F.cross_entropy
    for _ in range(100):
        with watch(pytest.fail):
            pass
    with watch(pytest.fail) as seen:
        train(*make())
    assert seen.steps == 3
    assert nn.Module.__call__ is call
    assert F.cross_entropy is forward
