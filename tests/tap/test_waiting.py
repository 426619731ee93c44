"""Waits for an accelerator, heard where the user's line reads a value. Here the CPU stands for one."""

from __future__ import annotations

import io
import runpy
from contextlib import redirect_stdout

import pytest
import torch

import glassloop
from glassloop.events import SYNC
from glassloop.tap import listen, waiting
from tests.cases import labels
from tests.tap.hearing import hear, line

RULE = "sync-every-step"
CASES = [c for part in (labels.HERE, labels.UNSEEN) for c in labels.load(part) if c.path.parent.name == RULE]


@pytest.fixture
def accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tensor is one that must be waited for."""
    monkeypatch.setattr(waiting, "may_wait", lambda: True)
    monkeypatch.setattr(waiting, "waited_for", lambda tensor: True)


@pytest.mark.parametrize("built_for", [None, torch.device("cuda")])
def test_reads_are_replaced_only_where_torch_knows_an_accelerator(built_for, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: built_for)
    alone = torch.Tensor.item
    tap = listen(lambda event: None)
    assert (torch.Tensor.item is alone) == (built_for is None)
    tap.stop(ended=False)
    assert torch.Tensor.item is alone


@pytest.mark.usefixtures("accelerator")
@pytest.mark.parametrize(
    "read", ["loss.item()", "float(loss)", "loss.cpu()", "print(loss)", "f'{loss:.2f}'", "bool(loss > 1)", "loss.tolist()"]
)
def test_a_read_is_a_wait(read: str):
    assert [line(e) for e in hear(f"loss = model(x).mean()\n{read}\n") if e.kind == SYNC] == [2]


@pytest.mark.usefixtures("accelerator")
def test_what_torch_reads_for_itself_and_what_a_model_reads_inside_are_not_heard():
    code = """
    class Gate(nn.Module):
        def forward(self, x):
            return x if x.sum().item() > 0 else -x
    Gate()(x)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    F.mse_loss(model(x), y).backward()
    opt.step()
    """
    assert [line(e) for e in hear(code) if e.kind == SYNC] == []


def test_on_the_cpu_nobody_waits():
    assert [e for e in hear("model(x).mean().item()") if e.kind == SYNC] == []


@pytest.mark.usefixtures("accelerator")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.path.stem)
def test_case(case: labels.Case, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.argv", [str(case.path)])
    with redirect_stdout(io.StringIO()), glassloop.watch(lambda finding: None) as seen:
        runpy.run_path(str(case.path), run_name="__main__")
    found = {(s.finding.rule, s.finding.where.line) for s in seen.findings if s.finding.rule == RULE}
    assert found == {(rule, line) for rule, line in case.expected if rule == RULE}


def test_the_cases_are_there():
    assert sum(bool(case.expected) for case in CASES) >= 8
