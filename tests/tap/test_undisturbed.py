"""A run that is heard is the run that would have been: same bits, no waiting for a device, nothing kept alive."""

from __future__ import annotations

import gc
import hashlib
import sys
import weakref
from collections import Counter

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import DataLoader, TensorDataset

from glassloop.tap import listen
from glassloop.tap.gradients import Held
from glassloop.tap.names import Names

SYNCS = ("aten._local_scalar_dense", "aten.copy_", "aten._to_copy", "aten.item", "aten.is_nonzero", "aten.equal")


def train(amp: bool = False) -> str:
    """Trains with all that the tap hears, and gives a digest of the whole state, random numbers included."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.ReLU(), nn.Linear(8, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6)
    scaler = torch.amp.GradScaler("cpu", enabled=amp, init_scale=8.0)
    loader = DataLoader(TensorDataset(torch.randn(12, 6), torch.randint(0, 3, (12,))), batch_size=4, shuffle=True)
    for _ in range(2):
        model.train()
        for x, y in loader:
            for p in model.parameters():
                p.grad = None
            scaler.scale(nn.functional.cross_entropy(model(x), y)).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
            schedule.step()
            optimizer.zero_grad(set_to_none=False)
        model.eval()
        with torch.no_grad():
            for x, _ in loader:
                model(x)
    digest = hashlib.sha256()
    moments = [tensor for state in optimizer.state.values() for tensor in state.values()]
    for tensor in (*model.state_dict().values(), *moments, torch.get_rng_state()):
        digest.update(tensor.numpy().tobytes())
    digest.update(repr(schedule.get_last_lr()).encode())
    return digest.hexdigest()


class Count(TorchDispatchMode):
    """Counts the operators that run, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: Counter[str] = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.ran[str(func).rpartition(".")[0]] += 1
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize("amp", [False, True])
def test_heard_and_unheard_runs_end_in_the_same_bits(amp, numbers):
    alone = train(amp)
    tap = listen(lambda event: None, numbers=numbers)
    try:
        assert train(amp) == alone
    finally:
        tap.stop()
    assert train(amp) == alone


@pytest.mark.parametrize("amp", [False, True])
def test_not_one_operator_is_added(amp):
    train(amp)
    with Count() as alone:
        train(amp)
    tap = listen(lambda event: None)
    try:
        with Count() as heard:
            train(amp)
    finally:
        tap.stop()
    assert heard.ran == alone.ran
    assert any(heard.ran[name] for name in SYNCS) == any(alone.ran[name] for name in SYNCS)


def test_nothing_is_kept_alive():
    gc.collect()
    tap = listen(lambda event: None)
    try:
        others = set(tap._ear.optimizers)
        model = nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        loss = model(torch.ones(1, 2)).sum()
        loss.backward()
        optimizer.step()
        grad = weakref.ref(model.weight.grad)
        optimizer.zero_grad()
        gc.collect()
        assert grad() is None, "the gradient's memory is not held"
        alive = [weakref.ref(thing) for thing in (model, optimizer, model.weight)]
        del model, optimizer, loss
        gc.collect()
        assert [ref() for ref in alive] == [None, None, None]
        assert set(tap._ear.optimizers) <= others
    finally:
        tap.stop()


def test_a_ref_is_never_handed_to_the_next_object_at_the_same_address():
    names = Names()
    serials = set()
    for _ in range(50):  # CPython gives the next one the address of the last
        serials.add(names.ref(nn.ReLU(), "model").serial)
    assert len(serials) == 50


def test_parameters_added_later_are_held():
    first, second = nn.Linear(1, 1), nn.Linear(1, 1)
    optimizer = torch.optim.SGD(first.parameters(), lr=0.1)
    held = Held(optimizer)
    assert not held.holds(list(second.parameters()))
    optimizer.add_param_group({"params": list(second.parameters())})
    held.refresh(optimizer)
    assert held.holds(list(second.parameters()))


def test_one_frame_of_ours_stands_between_the_loop_and_torch():
    here, depth = sys._getframe(), []

    class Probe(nn.Module):
        def forward(self, x):
            frame, ours = sys._getframe(1), 0
            while frame is not here:
                ours += "glassloop" in frame.f_code.co_filename
                frame = frame.f_back
            depth.append(ours)
            return x

    tap = listen(lambda event: None)
    try:
        Probe()(torch.ones(1))
    finally:
        tap.stop()
    assert depth == [1]
