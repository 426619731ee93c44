"""Losses whose graphs outlive their steps: what a run hears of them, and what the text adds."""

from __future__ import annotations

import sys
import textwrap
import types
from pathlib import Path

import pytest

import glassloop
from glassloop.events import HELD, MANY
from glassloop.tap import kept
from tests.tap.hearing import hear

STEP = """
    loss = F.mse_loss(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
"""

LEFT_ALONE = {
    "a number": "total = 0.0\nfor i in range(6):\n{step}    total += loss.item()\n",
    "a detached copy": "kept = []\nfor i in range(6):\n{step}    kept.append(loss.detach())\n",
    "losses gathered for one backward": """
losses = []
for i in range(6):
    losses.append(F.mse_loss(model(x), y))
torch.stack(losses).mean().backward()
opt.step()
""",
    "an episode whose outputs are used at its end": """
other = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)
outputs = []
for i in range(200):
    outputs.append(model(x).mean())
    other.step()
torch.stack(outputs).mean().backward()
opt.step()
""",
}


def held(code: str) -> list[object]:
    """Of each `held` whether it is of many."""
    return [event.facts[MANY] for event in hear(code.format(step=STEP)) if event.kind == HELD]


START = """\
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.ones(4, 3), torch.ones(4, 1)
"""


def watched(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Findings in a file, by rule and line."""
    path = tmp_path / "script.py"
    path.write_text(START + textwrap.dedent(code).format(step=STEP))
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
    with glassloop.watch(lambda finding: None) as seen:
        exec(compile(path.read_text(), str(path), "exec"), {"__name__": "__main__"})
    return [(s.finding.rule, s.finding.where.line) for s in seen.findings]


@pytest.mark.parametrize("right", [name for name in LEFT_ALONE if "episode" not in name])
def test_nothing_is_said_of_what_carries_no_graph_or_serves_one_backward(right: str):
    assert held(LEFT_ALONE[right]) == []


@pytest.mark.parametrize("right", LEFT_ALONE)
def test_a_watch_leaves_it_alone(right: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert watched(LEFT_ALONE[right], tmp_path, monkeypatch) == []


KEEPS = ["kept.append(loss)", "kept = [*kept, loss]", "total = total + loss", "kept.append(model(x))"]


@pytest.mark.parametrize("keeps", KEEPS)
def test_what_outlives_its_step_is_heard(keeps: str):
    code = "kept, total = [], 0.0\nfor i in range(4):\n{step}    " + keeps + "\n"
    assert held(code) == [False] * 3 if "model" not in keeps else len(held(code)) > 1


def test_the_text_says_where_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    code = "total = 0.0\nfor i in range(3):\n{step}    total += loss\n"
    assert watched(code, tmp_path, monkeypatch) == [("loss-tensor-kept", 15)]


def test_where_the_text_does_not_tell_many_of_them_do_at_their_backward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    hidden = "kept = {{}}\nfor i in range({steps}):\n{step}    vars().setdefault('k', kept).__setitem__(i, loss)\n"
    few, many = (hidden.replace("{steps}", str(steps)) for steps in (20, kept.STEPS))
    assert watched(few, tmp_path, monkeypatch) == []
    assert watched(many, tmp_path, monkeypatch) == [("loss-tensor-kept", 13)]


def test_after_the_first_steps_nothing_is_marked():
    code = "for i in range(200):\n{step}\nend = loss.grad_fn.metadata\nassert 'glassloop.kept' not in end\n"
    assert held(code) == []
