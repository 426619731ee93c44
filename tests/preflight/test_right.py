"""A right model fails no check, and everything that was tried on it is put back bit for bit."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import glassloop
from glassloop.watch import watch
from tests.preflight.models import classes, right

NAMES = list(right())


@pytest.mark.parametrize("name", NAMES)
def test_a_right_model_fails_nothing(name):
    model, batch, loss_fn = right()[name]
    sparse = any(getattr(m, "sparse", False) for m in model.modules())
    learning = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=0.01) if sparse else torch.optim.Adam(learning, lr=0.01)
    report = glassloop.preflight(model, batch, loss_fn, optimizer, seconds=5)
    assert {check.name: check.says for check in report.checks if check.verdict in ("fail", "warn")} == {}
    assert report.ok


def state(model: nn.Module, optimizer: torch.optim.Optimizer) -> list[Any]:
    """Every bit that a trial may change, and who holds it."""
    held: list[Any] = []
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        grad = tensor.grad
        held += [name, id(tensor), bits(tensor), tensor.requires_grad, id(grad), None if grad is None else bits(grad)]
    held += [(name, m.training, sorted(vars(m))) for name, m in model.named_modules()]
    for group in optimizer.param_groups:
        held.append({k: [id(p) for p in v] if k == "params" else v for k, v in group.items()})
    for key, values in optimizer.state.items():
        held.append((id(key), {k: (id(v), bits(v)) if isinstance(v, torch.Tensor) else repr(v) for k, v in values.items()}))
    held.append(sorted(vars(optimizer)))
    held += [bits(torch.get_rng_state()), repr(np.random.get_state()), random.getstate()]
    return held


def bits(tensor: torch.Tensor) -> bytes:
    return tensor.detach().to_dense().numpy().tobytes() if tensor.is_sparse else tensor.detach().numpy().tobytes()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", [torch.optim.SGD, torch.optim.Adam, torch.optim.LBFGS], ids=lambda make: make.__name__)
def test_everything_is_put_back(name, make):
    model, batch, loss_fn = right()[name]
    learning = [p for p in model.parameters() if p.requires_grad]
    if any(getattr(m, "sparse", False) for m in model.modules()) and make is not torch.optim.SGD:
        pytest.skip("torch's Adam and LBFGS take no sparse gradients")
    optimizer = make(learning, lr=0.01)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    for p in learning[::2]:
        p.grad = torch.full_like(p, -0.0)
    if make is torch.optim.Adam:
        optimizer.step()  # so that there is a state to keep
    next(model.modules()).train(name != "mlp")
    before = state(model, optimizer)
    glassloop.preflight(model, batch, loss_fn, optimizer, seconds=0.2)
    assert state(model, optimizer) == before
    assert optimizer is schedule.optimizer


def test_it_is_put_back_where_the_users_code_raises():
    class Fails(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.calls = nn.Linear(6, 5), 0
            self.norm = nn.BatchNorm1d(5)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            out: torch.Tensor = self.norm(self.layer(x))
            torch.rand(1)
            if self.calls > 3:
                raise ArithmeticError("the fourth call")
            return out

    model = Fails()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = state(model, optimizer)
    report = glassloop.preflight(model, classes(), nn.functional.cross_entropy, optimizer)
    assert state(model, optimizer) == before
    assert model.calls == 0
    assert "ArithmeticError: the fourth call" in {check.says for check in report.checks}


def test_a_watch_does_not_hear_it():
    model, batch, loss_fn = right()["mlp"]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(pytest.fail) as seen:
        assert glassloop.preflight(model, batch, loss_fn, optimizer).ok
    assert (seen.steps, seen.findings) == (0, [])
