"""How a preflight is asked, and what it gives."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import glassloop
from glassloop.errors import UserError
from glassloop.preflight.trial import takes_model
from tests.preflight.models import classes

X, Y = classes()


def typed(first: nn.Module, second: torch.Tensor) -> torch.Tensor:
    raise NotImplementedError


def compute_loss(net, data):
    raise NotImplementedError


class Loss(nn.Module):
    def forward(self, a, b):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("loss_fn", "whole"),
    [
        (F.cross_entropy, False), (nn.MSELoss(), False), (Loss(), False), (typed, True), (compute_loss, True),
        (lambda model, batch: 0, True), (lambda m, b: 0, True), (lambda out, y: 0, False), (lambda pred, target: 0, False),
        (lambda logits, labels, weight=None: 0, False), (lambda out: 0, False),
    ],
)  # fmt: skip
def test_the_form_is_told_by_the_signature(loss_fn, whole):
    assert takes_model(loss_fn) is whole


@pytest.mark.parametrize("loss_fn", [lambda a, c: 0, lambda a, b_, c: 0, lambda *args: 0, lambda model: 0, lambda: 0])
def test_a_form_that_is_unclear_is_refused_in_one_line(loss_fn):
    with pytest.raises(UserError, match=r"loss_fn\(model, batch\) or loss_fn\(output, target\)") as error:
        glassloop.preflight(nn.Linear(6, 5), (X, Y), loss_fn)
    assert "\n" not in str(error.value)


def test_both_forms_say_the_same():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 5))
    one = glassloop.preflight(model, (X, Y), F.cross_entropy)
    other = glassloop.preflight(model, {"x": X, "y": Y}, lambda model, batch: F.cross_entropy(model(batch["x"]), batch["y"]))
    assert [check.as_json() for check in one.checks] == [check.as_json() for check in other.checks]


def test_a_report_is_plain_values_a_table_and_an_answer():
    report = glassloop.preflight(nn.Linear(6, 5), (X, Y), F.cross_entropy, skip=("one batch",))
    told = json.loads(json.dumps(report.as_json()))
    assert told["ok"] is report.ok is True
    assert [check["name"] for check in told["checks"]] == [
        "forward", "inputs", "loss shapes", "loss input", "loss at start", "gradients", "updates",
        "batch elements", "evaluation",
    ]  # fmt: skip
    assert {check["verdict"] for check in told["checks"]} == {"pass", "not-applicable"}
    assert all(check.name in str(report) for check in report.checks)
    with pytest.raises(KeyError):
        report["one batch"]


def test_bad_arguments_are_refused():
    with pytest.raises(UserError, match="model is a function"):
        glassloop.preflight(lambda x: x, X, F.mse_loss)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="skip names 'speed'"):
        glassloop.preflight(nn.Linear(6, 5), (X, Y), F.cross_entropy, skip=("speed",))
    with pytest.raises(UserError, match="call it once"):
        glassloop.preflight(nn.LazyLinear(5), (X, Y), F.cross_entropy)


def test_importing_glassloop_loads_no_torch_for_it():
    script = "import glassloop, sys; assert 'torch' not in sys.modules; glassloop.preflight; assert 'torch' in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=900)
