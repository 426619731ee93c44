"""One's own loop, broken at a line: nothing of it is written, both runs are bounded, and what they did is side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from glassloop.errors import UserError
from glassloop.lab.own import Bounds, Broken, Change, break_own

SCRIPT = """\
import sys

import torch
from torch import nn


def main():
    model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for step in range(int(sys.argv[1])):
        x = torch.randn(16, 3)
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    print("unreached")


if __name__ == "__main__":
    main()
"""
LINES = {line.strip(): number for number, line in enumerate(SCRIPT.splitlines(), 1)}


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def broken(script: Path, line: str, move: str, steps: int = 20) -> Broken:
    """20 steps of a script that would take millions."""
    return break_own(Change(str(script), LINES[line], move), ["9999999"], Bounds(steps, 60))


def test_a_move_that_matters_shows_in_the_figures(script: Path) -> None:
    found = broken(script, "optimizer.zero_grad()", "down")
    assert {line[1:].strip() for line in found.diff.splitlines() if line[:2] in ("- ", "+ ")} == {"loss.backward()"}
    assert len(found.right.columns["update"]) == len(found.wrong.columns["update"]) == 20
    assert found.right.travelled == 4
    assert found.wrong.travelled == 0
    assert {f["rule"] for f in found.wrong.findings} == {"zero-grad-between-backward-and-step"}
    assert {f["path"] for f in found.wrong.findings} == {str(script)}
    assert found.right.findings == []
    assert script.read_text(encoding="utf-8") == SCRIPT
    assert json.loads(json.dumps(found.as_json(), allow_nan=False))["move"] == "down"


def test_a_move_that_matters_not_is_the_same(script: Path) -> None:
    """Without seeds of the script's own: both arms begin with the same."""
    found = broken(script, "optimizer.zero_grad()", "up")
    assert (found.verdict, found.alike) == ("same", True)


def test_a_loop_that_no_longer_steps_ends_all_the_same(script: Path) -> None:
    found = broken(script, "optimizer.step()", "drop")
    assert found.wrong.stopped
    assert found.wrong.columns["loss"] == []
    assert found.verdict == "worse"


def test_what_raises_is_told_with_its_line(script: Path) -> None:
    found = broken(script, "loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))", "drop")
    assert found.verdict == "raises"
    assert found.wrong.raised.startswith("NameError")
    assert found.wrong.raised_line == LINES["loss.backward()"] - 1


def test_steps_that_never_come_are_waited_for_no_longer_than_asked(script: Path) -> None:
    script.write_text(SCRIPT.replace("    for step", "    import time; time.sleep(60)\n    for step"), encoding="utf-8")
    with pytest.raises(UserError, match=r"train.py did not come to an end: it took longer than 2 s; give fewer --steps"):
        break_own(Change(str(script), 13, "drop"), ["5"], Bounds(5, 2))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def f(:\n", ":1 is no Python"),
        ("x = 1\n", "does not train: it ended and no optimizer had stepped"),
        (SCRIPT, "itself ends with IndexError: list index out of range at line 10; mend that first"),
    ],
)
def test_a_script_that_cannot_be_broken_is_said(text: str, says: str, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=says):
        break_own(Change(str(script), 1, "duplicate"))
