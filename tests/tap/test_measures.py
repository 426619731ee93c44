"""measured: the numbers of the steps are the run's own, come late, cost no wait and keep nothing alive."""

from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from glassloop.events import MEASURED, NAMES, ROWS, SCALE_NOW, SIZES, STEP, Event, Row
from glassloop.tap import late, listen
from glassloop.tap.late import Late
from glassloop.tap.measures import DENSE, EVERY

Seen = list[tuple[float, float]]  # loss and gradient norm of each step, as the loop itself sees them


def heard(run: Callable[[], object]) -> list[Event]:
    events: list[Event] = []
    tap = listen(events.append, numbers=True)
    try:
        run()
    finally:
        tap.stop(ended=False)
    return events


def rows(events: list[Event]) -> list[Row]:
    return [row for event in events if event.kind == MEASURED for row in event.facts.get(ROWS, ())]


def train(steps: int, clip: bool = False, dtype: torch.dtype = torch.float32) -> Seen:
    """A loop; the loss of its step 5 is replaced by 1000 times itself."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    seen = []
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        loss = model(torch.randn(8, 3, dtype=dtype)).pow(2).mean() * (1000 if step == 5 else 1)
        loss.backward()
        norm = torch.stack([p.grad.float().norm() for p in model.parameters()]).norm()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seen.append((loss.item(), norm.item()))
    return seen


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("clip", [True, False])
def test_the_numbers_are_the_runs_own(clip: bool, dtype: torch.dtype):
    seen: Seen = []
    found = rows(heard(lambda: seen.extend(train(37, clip, dtype))))
    assert [row.step for row in found] == list(range(1, 38))
    rough = 1e-2 if dtype is torch.bfloat16 else 1e-5
    for row, (loss, norm) in zip(found, seen, strict=True):
        assert row.loss == pytest.approx(loss, rel=1e-6)
        assert row.norm == pytest.approx(norm, rel=rough)
        assert row.parts is not None
        assert math.hypot(*(p or 0 for p in row.parts)) == pytest.approx(norm, rel=rough)
        assert (row.rates, row.clipped, row.scaled) == ((0.01,), clip, False)


def test_they_are_named_as_the_model_names_them_and_come_at_most_so_many_steps_later():
    events = heard(lambda: train(40))
    names = ("0.weight", "0.bias", "2.weight", "2.bias")
    step = 0
    for event in events:
        step += event.kind == STEP
        if event.kind == MEASURED:
            assert (event.facts[NAMES], event.facts[SIZES]) == (names, (12, 4, 4, 1))
            assert step - rows([event])[0].step < EVERY
    assert [len(rows([e])) for e in events if e.kind == MEASURED] == [16, 16, 8]


def test_gradients_are_measured_densely_at_first_and_then_now_and_again_while_every_loss_is_kept():
    steps = DENSE + 3 * EVERY
    bare, clipped = rows(heard(lambda: train(steps))), rows(heard(lambda: train(steps, clip=True)))
    measured = [row.step for row in bare if row.parts is not None]
    assert measured == [*range(1, DENSE + 1), *range(DENSE + 1, steps + 1, EVERY)]
    assert [row.step for row in bare if row.norm is not None] == measured
    assert all(row.loss is not None for row in bare)
    assert all(row.norm is not None for row in clipped), "the clip's own norm is free"


class Counting(TorchDispatchMode):
    """Counts what makes the host wait for a device, or moves a tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.reads += function.name() in ("aten::_local_scalar_dense", "aten::_to_copy", "aten::item", "aten::nonzero")
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("clip", [True, False])
def test_a_step_reads_nothing(clip: bool, monkeypatch: pytest.MonkeyPatch):
    """One late read for so many steps is all; an operation that waits is counted by its name, whatever the device."""
    late_reads = []
    read = Late.read
    monkeypatch.setattr(Late, "read", lambda self: late_reads.append(1) or read(self))

    def run() -> int:
        with Counting() as counting:
            train(64, clip)
        return counting.reads

    bare, watched = run(), []
    heard(lambda: watched.append(run()))
    assert watched == [bare]
    assert len(late_reads) == 64 / EVERY


class Arrives:
    """What torch.cuda.Event is to a copy: here it is over when somebody waits, or when told."""

    waits = 0

    def __init__(self) -> None:
        self.over = False

    def query(self) -> bool:
        return self.over

    def synchronize(self) -> None:
        Arrives.waits += not self.over


def test_what_is_under_way_is_read_with_the_next_and_nobody_waits_before_the_end(monkeypatch: pytest.MonkeyPatch):
    """The logic of an accelerator, with the CPU's memory: a copy is not there yet when it has been begun."""
    sent: list[Arrives] = []
    send = late._send

    def slow(device: torch.device, tensors: list[torch.Tensor]):
        for one in sent:
            one.over = True  # by now the earlier ones have arrived
        sent.append(Arrives())
        return send(device, tensors)[0], sent[-1]

    monkeypatch.setattr(late, "_send", slow)
    monkeypatch.setattr(Arrives, "waits", 0)
    events: list[Event] = []
    tap = listen(events.append, numbers=True)
    train(3 * EVERY)
    assert [row.step for row in rows(events)] == list(range(1, 2 * EVERY + 1)), "the last are under way"
    waited = Arrives.waits
    tap.stop()
    assert [row.step for row in rows(events)] == list(range(1, 3 * EVERY + 1))
    assert waited <= 2  # each time right after the next was begun, and done since


def test_neither_graph_nor_gradient_nor_optimizer_is_kept_alive():
    kept: list[weakref.ref] = []

    def run() -> None:
        model = nn.Linear(3, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            hidden = model(torch.ones(2, 3)).exp()
            hidden.sum().backward()
            kept.extend((weakref.ref(hidden), weakref.ref(model.weight.grad)))
            optimizer.step()
            optimizer.zero_grad()
        kept.extend((weakref.ref(optimizer), weakref.ref(model)))

    tap = listen(lambda event: None, numbers=True)
    run()
    gc.collect()
    assert [ref() for ref in kept] == [None] * len(kept)
    tap.stop()


def test_a_loss_that_was_changed_since_is_unknown():
    def run() -> None:
        model = nn.Linear(1, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        for step in range(2):
            loss = model(torch.ones(1, 1)).sum()
            loss.backward()
            optimizer.step()
            if step:
                loss.detach().mul_(1000)

    assert [row.loss is None for row in rows(heard(run))] == [False, True]


def test_of_several_backwards_the_first_that_is_not_finite_is_told():
    def run() -> None:
        model = nn.Linear(1, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        for factor in (1.0, math.inf, 1.0):
            (model(torch.ones(1, 1)).sum() * factor).backward()
        optimizer.step()

    (row,) = rows(heard(run))
    assert row.loss is not None
    assert math.isinf(row.loss)


def test_gradients_made_in_a_closure_and_sparse_ones_are_measured():
    def run() -> None:
        torch.manual_seed(0)
        table = nn.Embedding(5, 2, sparse=True)
        rough = torch.optim.SparseAdam(table.parameters())
        layer = nn.Linear(2, 1)
        fine = torch.optim.LBFGS(layer.parameters(), max_iter=2)

        def closure():
            fine.zero_grad()
            rough.zero_grad()
            loss = layer(table(torch.tensor([0, 3]))).sum() ** 2
            loss.backward()
            return loss

        fine.step(closure)
        rough.step()

    first, second = rows(heard(run))
    assert first.norm
    assert second.norm
    assert first.loss is not None


def test_a_scale_is_told_and_a_skipped_step_leaves_no_numbers():
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)

    def run() -> None:
        model = nn.Linear(1, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(20):
            optimizer.zero_grad()
            loss = model(torch.ones(1, 1)).sum() * (math.inf if step < 18 else 1.0)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()

    events = heard(run)
    assert [math.isfinite(row.loss or 0.0) for row in rows(events)] == [True, True]
    assert [event.facts[SCALE_NOW] for event in events if SCALE_NOW in event.facts] == [2.0**-6, 2.0**-8]


def test_an_optimizer_that_is_gone_has_its_numbers_told():
    def run() -> None:
        for _ in range(3):
            train(4)
            gc.collect()

    assert [row.step for row in rows(heard(run))] == list(range(1, 13))
