"""What a run leaves for annotate: counts always, costs with --profile, and the same bits either way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import html5lib
import pytest

from glassloop.annotate import document
from glassloop.annotate.html import to_html
from glassloop.errors import UserError

SCRIPT = """\
import hashlib

import torch
import torch.nn.functional as F
from helper import closeness
from torch import nn
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
torch.set_num_threads(1)
x = torch.randn(40, 4)
loader = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=8, shuffle=True)
model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
for epoch in range(3):
    model.train()
    for a, b in loader:
        optimizer.zero_grad()
        out = model(a)
        loss = mse_loss(out, b)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
    schedule.step()
    model.eval()
    with torch.no_grad():
        closeness(model, x)
    F.mse_loss(model(x).detach(), x.sum(1, keepdim=True))
text = hashlib.sha256()
for p in model.parameters():
    text.update(p.detach().numpy().tobytes())
text.update(torch.get_rng_state().numpy().tobytes())
print(text.hexdigest(), F.mse_loss.__name__, F.mse_loss.__module__)
"""
HELPER = "def closeness(model, x):\n    return (model(x) - x.sum(1, keepdim=True)).abs().mean()\n"


def call(*command: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a script, a run that was counted and one that was profiled; and what each printed."""
    home = tmp_path_factory.mktemp("runs")
    (home / "loop.py").write_text(SCRIPT)
    (home / "helper.py").write_text(HELPER)
    (home / "plain.txt").write_text(call("loop.py", cwd=home))
    (home / "counted.txt").write_text(call("-m", "glassloop", "run", "--out", "counted", "loop.py", cwd=home))
    profile = ("-m", "glassloop", "run", "--profile", "--out", "profiled", "loop.py")
    (home / "profiled.txt").write_text(call(*profile, cwd=home))
    return home


def lines_of(runs: Path, name: str) -> dict[tuple[str, int, str], dict[str, Any]]:
    found = json.loads((runs / name / "lines.json").read_text())
    return {(row["path"], row["line"], row["kind"]): row for row in found["lines"]}


def test_a_profiled_run_ends_in_the_same_bits(runs: Path) -> None:
    plain, counted, profiled = ((runs / f"{name}.txt").read_text() for name in ("plain", "counted", "profiled"))
    assert plain == counted == profiled


def test_calls_are_counted_by_line(runs: Path) -> None:
    for name in ("counted", "profiled"):
        lines = lines_of(runs, name)
        calls = {key: row["calls"] for key, row in lines.items()}
        assert calls["loop.py", 20, "zero-grad"] == calls["loop.py", 21, "forward"] == calls["loop.py", 25, "step"] == 15
        assert calls["loop.py", 22, "loss"] == 15  # a loss that was imported by its name
        assert calls["loop.py", 26, "schedule"] == 3
        assert calls["helper.py", 2, "forward"] == 3
    assert all("seconds" not in row for row in lines_of(runs, "counted").values())


def test_a_profile_says_what_lines_cost_and_made(runs: Path) -> None:
    lines = lines_of(runs, "profiled")
    kinds = ("batch", "zero-grad", "forward", "loss", "backward", "clip", "step")
    for line, kind in enumerate(kinds, start=19):
        row = lines["loop.py", line, kind]
        assert row["seconds"] > 0, (line, kind)
        assert row["timed"] == row["calls"], (line, kind)
    assert lines["loop.py", 21, "forward"]["in"] == [[[8, 4]]]
    assert lines["loop.py", 21, "forward"]["out"] == [[[8, 1]]]
    losses = lines["loop.py", 22, "loss"]["loss"]
    assert [step for step, _ in losses] == [0, 1, 2, 10]
    assert lines["loop.py", 24, "clip"]["limit"] == 0.5
    assert lines["loop.py", 25, "step"]["lr"][0] == [0, 0.05]
    assert lines["loop.py", 25, "step"]["lr"][-1] == [10, 0.0125]
    for _, norm in lines["loop.py", 25, "step"]["grad_norm"]:
        assert norm <= 0.5 + 1e-5  # after clipping
    whole = json.loads((runs / "profiled" / "lines.json").read_text())
    assert sum(row.get("seconds", 0) for row in lines.values()) < whole["seconds"] * 1.5
    assert whole["steps"] == 15


def test_the_figures_stand_at_their_lines(runs: Path) -> None:
    made = document(str(runs / "loop.py"), runs / "profiled")
    figures = {row.first: " ".join(row.figures) for row in made.rows() if row.figures}
    assert "% of the time" in figures[21]
    assert "forward: 15 calls" in figures[21]
    assert "given 8 x 4 gives 8 x 1" in figures[21]
    assert "loss" in figures[22]
    assert "over the limit 0.5 at" in figures[24]
    assert "learning rate 0.05 → 0.0125" in figures[25]
    assert "forward: 3 calls" in figures[29]  # it happens in helper.py
    assert ("seed", "0") in made.stamp
    page = to_html(made)
    assert "% of the time" in page
    html5lib.HTMLParser(strict=True).parse(page)
    curves = {curve.name: curve.points for row in made.rows() for curve in row.curves}
    assert [step for step, _ in curves["loss"]] == [0, 1, 2, 10]
    assert page.count('<figure class="curve">') == sum(len(row.curves) for row in made.rows()) >= 3
    counted = document(str(runs / "loop.py"), runs / "counted")
    assert any("was not measured" in sentence for sentence in counted.summary)


def test_a_run_of_another_text_is_refused(runs: Path, tmp_path: Path) -> None:
    other = tmp_path / "loop.py"
    other.write_text(SCRIPT.replace("0.05", "0.06"))
    (tmp_path / "helper.py").write_text(HELPER)
    with pytest.raises(UserError, match="is not the text that"):
        document(str(other), runs / "profiled")
    with pytest.raises(UserError, match=r"lines\.json is not there"):
        document(str(runs / "loop.py"), tmp_path)


def test_profile_needs_the_watch(runs: Path) -> None:
    command = [sys.executable, "-m", "glassloop", "run", "--profile", "--no-watch", "loop.py"]
    done = subprocess.run(command, cwd=runs, capture_output=True, text=True)
    assert done.returncode == 2
    assert "--profile" in done.stderr
