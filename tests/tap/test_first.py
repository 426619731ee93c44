"""The first step of each optimizer: told once, with what it was given, its loss, and who got a gradient and moved."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from glassloop.cli.first_step import line
from glassloop.tap import first, listen
from glassloop.tap.first import FirstStep


class Net(nn.Module):
    """Two heads on a body."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.left, self.right = nn.Linear(4, 8), nn.Linear(8, 3), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor, right: bool = True) -> torch.Tensor:
        body = self.body(x)
        return self.left(body) + self.right(body) if right else self.left(body)


@pytest.fixture
def told():
    """Listens, and gives what is told."""
    steps: list[FirstStep] = []
    tap = listen(lambda event: None, first=steps.append)
    yield steps
    tap.stop()


X, Y = torch.ones(6, 4), torch.arange(6) % 3


def test_a_right_first_step_is_told_once(told):
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.AdamW(model.parameters())
    for _ in range(20):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(X), Y)
        loss.backward()
        optimizer.step()
    (step,) = told
    assert (step.optimizer, step.shapes, step.classes, step.parameters) == ("AdamW", [[6, 4]], 3, 6)
    assert (step.without, step.unmoved, step.others) == ([], [], [])
    text, fine = line(step)
    assert fine
    parts = f"loss {step.loss:.4g} (guessing: 1.099 = log 3)", "6 of 6 parameters got a gradient and moved", "batch [6, 4]"
    assert text == "first step: " + "; ".join(parts)


def test_what_got_no_gradient_is_named(told):
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    (F.mse_loss(model(X, right=False), torch.ones(6, 3)) * 2).backward()
    optimizer.step()
    (step,) = told
    assert step.without == ["right.weight", "right.bias"]
    text, fine = line(step)
    assert not fine
    assert "4 of 6 parameters got a gradient and moved (none yet: right.weight, right.bias)" in text
    assert step.classes is None
    assert "guessing" not in text


def test_frozen_parameters_are_not_asked_for(told):
    model = Net()
    model.right.requires_grad_(False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    F.cross_entropy(model(X), Y).backward()
    optimizer.step()
    assert (told[0].parameters, told[0].without) == (4, [])


def test_a_start_far_above_guessing_is_said(told):
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    nn.CrossEntropyLoss()(model(X) * 100 * torch.tensor([1.0, -1.0, 3.0]), Y).backward()
    optimizer.step()
    text, fine = line(told[0])
    assert not fine
    assert "far above guessing (1.099 = log 3)" in text


def test_what_the_step_leaves_is_said_and_data_writers_are_left_alone(told):
    class Half(torch.optim.SGD):
        def step(self, closure=None):
            with torch.no_grad():
                self.param_groups[0]["params"][0].add_(1.0)

    class Old(torch.optim.SGD):
        def step(self, closure=None):
            for p in self.param_groups[0]["params"]:
                p.data.add_(p.grad.data, alpha=-0.1)

    for cls in (Half, Old):
        model = nn.Linear(4, 3)
        optimizer = cls(model.parameters(), lr=0.1)
        F.cross_entropy(model(X), Y).backward()
        optimizer.step()
    assert [step.unmoved for step in told] == [["bias"], []]
    assert "left bias as they were" in line(told[0])[0]


def test_several_optimizers_closures_and_windows(told):
    torch.manual_seed(0)
    one, other, third = nn.Linear(4, 3), nn.Linear(4, 3), nn.Linear(4, 1)
    optimizers = torch.optim.Adam(one.parameters()), torch.optim.SGD(other.parameters(), lr=0.1)
    for _ in range(4):
        (F.cross_entropy(one(X), Y) / 4).backward()
    optimizers[0].step()
    F.cross_entropy(other(X), Y).backward()
    optimizers[1].step()
    lbfgs = torch.optim.LBFGS(third.parameters())

    def closure() -> torch.Tensor:
        lbfgs.zero_grad()
        loss = F.binary_cross_entropy_with_logits(third(X), torch.ones(6, 1))
        loss.backward()
        return loss

    lbfgs.step(closure)
    assert [step.optimizer for step in told] == ["Adam", "SGD", "LBFGS"]
    assert [step.without for step in told] == [[], [], []]
    assert all(step.loss is not None and abs(step.loss - math.log(step.classes or 0)) < 1 for step in told)
    assert line(told[0])[0].startswith("first step of Adam: ")


def test_a_loss_by_hand_is_told_without_chance_and_a_scaled_one_not_at_all(told):
    model = nn.Linear(4, 3)
    for scaled in (False, True):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        loss = ((model(X) - 1) ** 2).mean()
        (torch.amp.GradScaler("cpu", init_scale=64.0).scale(loss) if scaled else loss).backward()
        optimizer.step()
        del optimizer
    assert [step.loss is None for step in told] == [False, True]
    assert "loss" not in line(told[1])[0]


def test_after_the_first_steps_nothing_is_looked_at():
    tap = listen(lambda event: None, first=lambda step: None)
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(first.PATIENCE + 2):
        F.cross_entropy(model(X), Y).backward()
        optimizer.step()
    assert tap._ear.first is None
    tap.stop()
