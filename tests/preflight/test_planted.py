"""A planted mistake fails the check that is about it, and the sentence says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import glassloop
from tests.preflight.models import Gpt, classes, next_word

X, Y = classes()
Optimizers = Callable[[nn.Module], Any]


def adam(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=0.01)


def mlp(*last: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 5), *last)


class Wrapped(nn.Module):
    """A model with a mistake in its forward, and further layers."""

    def __init__(self, forward: Callable[[Any, torch.Tensor], torch.Tensor], inner: nn.Module, **more: nn.Module) -> None:
        super().__init__()
        self.inner, self._wrong = inner, forward
        for name, module in more.items():
            self.add_module(name, module)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._wrong(self, x)


def tokens() -> torch.Tensor:
    return torch.arange(72).reshape(8, 9) % 20


PLANTED: dict[str, tuple[Callable[[], nn.Module], Any, Any, Optimizers | None, str, str, str]] = {
    "a layer that no optimizer holds": (
        mlp, (X, Y), F.cross_entropy, lambda m: torch.optim.SGD(m[0].parameters(), lr=0.1), "updates", "fail", "2.weight"
    ),
    "an optimizer of another model": (mlp, (X, Y), F.cross_entropy, lambda m: adam(mlp()), "updates", "fail", "holds none"),
    "a learning rate of 0": (
        mlp, (X, Y), F.cross_entropy, lambda m: torch.optim.SGD(m.parameters(), lr=0.0), "updates", "warn", "rate is 0"
    ),
    "updates too small for bfloat16": (
        lambda: mlp().bfloat16(), (X.bfloat16(), Y), F.cross_entropy,
        lambda m: torch.optim.SGD(m.parameters(), lr=1e-9), "updates", "fail", "do not move"
    ),
    "a detached body": (
        lambda: Wrapped(lambda m, x: m.head(m.inner(x).detach()), mlp(), head=nn.Linear(5, 5)), (X, Y), F.cross_entropy,
        adam, "gradients", "fail", "inner.0.weight"
    ),
    "a detached loss": (
        mlp, (X, Y), lambda out, y: F.cross_entropy(out.detach(), y), adam, "gradients", "fail", "no graph"
    ),
    "an unused head": (
        lambda: Wrapped(lambda m, x: m.inner(x), mlp(), head=nn.Linear(5, 5)), (X, Y), F.cross_entropy,
        adam, "gradients", "fail", "head.weight"
    ),
    "everything frozen": (
        lambda: mlp().requires_grad_(False), (X, Y), F.cross_entropy, None, "gradients", "fail", "no parameter"
    ),
    "a gradient of sqrt at 0": (
        mlp, (X, Y), lambda out, y: F.cross_entropy(out, y) + (out - out).sum().sqrt(), adam, "gradients", "fail", "NaN"
    ),
    "a view that mixes the batch": (
        lambda: Wrapped(lambda m, x: m.inner(x.t().reshape(16, 6)), mlp()), (X, Y), F.cross_entropy,
        None, "batch elements", "fail", "output 0 depends on"
    ),
    "outputs in another order": (
        lambda: Wrapped(lambda m, x: m.inner(x).flip(0), mlp()), (X, Y), F.cross_entropy,
        None, "batch elements", "fail", "depends on the input of 15"
    ),
    "a softmax over the batch": (
        lambda: mlp(nn.LogSoftmax(0)), (X, Y), F.cross_entropy, None, "batch elements", "fail", "output 0"
    ),
    "a batch norm that keeps nothing": (
        lambda: mlp(nn.BatchNorm1d(5, track_running_stats=False)), (X, Y), F.cross_entropy,
        None, "batch elements", "fail", "keeps no running statistics"
    ),
    "words of other sentences": (
        lambda: Wrapped(lambda m, x: m.inner(x) + m.inner.head(m.inner.words(x)).mean(0), Gpt()), tokens(), next_word,
        None, "batch elements", "fail", "depends on"
    ),
    "too few outputs": (
        lambda: nn.Linear(6, 3), (X, Y), F.cross_entropy, None, "forward", "fail", "run from 0 to 4 and the model has 3"
    ),
    "classes counted from 1": (lambda: nn.Linear(6, 5), (X, Y + 1), F.cross_entropy, None, "forward", "fail", "from 1 to 5"),
    "a shape that does not fit": (lambda: nn.Linear(7, 5), (X, Y), F.cross_entropy, None, "forward", "fail", "RuntimeError"),
    "a loss of many numbers": (
        mlp, (X, Y), nn.CrossEntropyLoss(reduction="none"), None, "forward", "fail", "shape [16]"
    ),
    "inputs that are NaN": (mlp, (X / 0 * 0, Y), F.cross_entropy, None, "forward", "fail", "nan"),
    "inputs from 0 to 255": (mlp, (X * 100, Y), F.cross_entropy, None, "inputs", "warn", "does not normalise"),
    "inputs that are all 0": (mlp, (X * 0, Y), F.cross_entropy, None, "inputs", "warn", "every input value is 0"),
    "softmax before cross-entropy": (
        lambda: mlp(nn.Softmax(1)), (X, Y), F.cross_entropy, None, "loss input", "fail", "is given probabilities"
    ),
    "sigmoid before its loss": (
        lambda: nn.Sequential(nn.Linear(6, 1), nn.Sigmoid()), (X, (X[:, :1] > 0).float()), nn.BCEWithLogitsLoss(),
        None, "loss input", "fail", "binary logits"
    ),
    "logits before nll_loss": (mlp, (X, Y), nn.NLLLoss(), None, "loss input", "fail", "do not add up"),
    "a last layer that is far too large": (
        lambda: Wrapped(lambda m, x: m.inner(x) * 100, mlp()), (X, Y), F.cross_entropy,
        None, "loss at start", "warn", "log 5"
    ),
    "(N, 1) against (N)": (
        lambda: nn.Linear(6, 1), (X, X[:, 0]), F.mse_loss,
        None, "loss shapes", "fail", "[16, 1] and [16] broadcasts to [16, 16]"
    ),
    "(N, 1) against (N), by hand": (
        lambda: nn.Linear(6, 1), (X, X[:, 0]), lambda out, y: ((y - out) ** 2).mean(),
        None, "loss shapes", "fail", "[16, 16]"
    ),
    "dropout that ignores the mode": (
        lambda: Wrapped(lambda m, x: F.dropout(m.inner(x), 0.2), mlp()), (X, Y), F.cross_entropy,
        None, "evaluation", "fail", "dropout is on in evaluation mode"
    ),
    "attention that drops in evaluation": (
        lambda: Wrapped(
            lambda m, x: m.inner(F.scaled_dot_product_attention(*[x.view(16, 2, 3)] * 3, dropout_p=0.5).flatten(1)), mlp()
        ), (X, Y), F.cross_entropy, None, "evaluation", "fail", "scaled_dot_product_attention"
    ),
    "noise in evaluation": (
        lambda: Wrapped(lambda m, x: m.inner(x + torch.randn_like(x)), mlp()), (X, Y), F.cross_entropy,
        None, "evaluation", "warn", "randn_like"
    ),
    "targets far from what a model gives": (mlp, (X, X[:, :5] + 1e6), F.mse_loss, None, "one batch", "warn", "targets run"),
    "a model that learns nothing": (
        lambda: Wrapped(lambda m, x: m.inner(x) * 0, mlp()), (X, Y), F.cross_entropy, None, "one batch", "fail", "falls from"
    ),
    "a branch times 0": (
        lambda: Wrapped(lambda m, x: m.inner(x) + 0 * m.head(x), mlp(), head=nn.Linear(6, 5)), (X, Y), F.cross_entropy,
        lambda m: torch.optim.SGD(m.parameters(), lr=0.1), "updates", "warn", "head.weight"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PLANTED.values(), ids=PLANTED.keys())
def test_the_check_that_is_about_it_says_so(case):
    make, batch, loss_fn, optimizer, name, verdict, words = case
    model = make()
    report = glassloop.preflight(model, batch, loss_fn, optimizer(model) if optimizer else None, seconds=2)
    assert report[name].verdict == verdict, str(report)
    assert words in report[name].says, report[name].says
    assert report[name].remedy or name == "forward"
    assert report.ok is all(check.verdict != "fail" for check in report.checks)
    if verdict == "fail":
        assert not report.ok


def test_a_batch_in_the_second_dimension_is_asked_about_and_can_be_said():
    class TimeFirst(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = nn.GRU(3, 8), nn.Linear(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.head(self.body(x)[0])
            return out

    batch = torch.randn(7, 4, 3), torch.zeros(7, 4, 2)
    found = glassloop.preflight(TimeFirst(), batch, F.mse_loss)["batch elements"]
    assert (found.verdict, "batch_dim=1" in found.remedy) == ("warn", True)
    assert glassloop.preflight(TimeFirst(), batch, F.mse_loss, batch_dim=1)["batch elements"].verdict == "pass"


def test_a_warm_up_from_zero_is_no_mistake():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / 10)
    found = glassloop.preflight(model, (X, Y), F.cross_entropy, optimizer, skip=("one batch",))["updates"]
    assert (found.verdict, "a schedule will raise it" in found.says) == ("not-applicable", True)


def test_a_frozen_layer_is_named():
    model = mlp()
    model[0].requires_grad_(False)
    found = glassloop.preflight(model, (X, Y), F.cross_entropy, adam(model), skip=("one batch",))
    assert found["gradients"].facts["frozen"] == ["0.weight", "0.bias"]
    assert "2 are frozen: 0.weight, 0.bias" in found["gradients"].says
    assert found["updates"].facts["held_but_frozen"] == ["0.weight", "0.bias"]
