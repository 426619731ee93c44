"""A watched process that ends badly, forks, is stopped or killed: nothing of it is altered, and what was found is there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"

BROKEN = """
import os, signal, sys
import torch
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
def train(steps):
    for step in range(steps):
        model(torch.ones(2, 3)).sum().backward()
        optimizer.step()
"""
FORKS = hasattr(os, "fork")


def run(folder: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs a script with Python, or with `glassloop` and `words`."""
    (folder / "train.py").write_text(textwrap.dedent(text))
    command = [sys.executable, *(["-m", "glassloop", *words] if words else []), "train.py"]
    environment = {**os.environ, "PYTHONPATH": str(SRC), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)


def found(path: Path) -> list[tuple[str, int]]:
    return [(entry["rule"], entry["line"]) for entry in json.loads(path.read_text())]


def traceback_of(stderr: str) -> str:
    return stderr[stderr.index("Traceback") :]


def test_an_error_looks_as_it_does_without_us_and_the_findings_are_written(tmp_path):
    crash = BROKEN + "train(3)\nmodel(torch.ones(2, 4))\n"
    plain, watched = run(tmp_path, crash), run(tmp_path, crash, "run", "--out", "r")
    assert plain.returncode == watched.returncode == 1
    assert traceback_of(watched.stderr).startswith(traceback_of(plain.stderr))
    assert found(tmp_path / "r" / "findings.json") == [("zero-grad-missing", 9)]


def test_an_error_leaves_a_watch_of_ones_own_with_its_own_lines(tmp_path):
    inside = """
    import glassloop
    with glassloop.watch(out="findings.json"):
        train(3)
        try:
            model(torch.ones(2, 4))
        finally:
            assert torch.nn.Module.__call__.__module__ == "glassloop.tap.models"
    """
    done = run(tmp_path, BROKEN + textwrap.dedent(inside))
    assert done.returncode == 1
    assert "mat1 and mat2" in done.stderr
    assert "glassloop" not in traceback_of(done.stderr).replace("import glassloop", "").replace("with glassloop.watch", "")
    assert found(tmp_path / "findings.json") == [("zero-grad-missing", 9)]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize(
    ("name", "code"), [("SIGINT", 130), ("SIGTERM", -signal.SIGTERM), ("SIGKILL", -9)], ids=lambda x: str(x)
)  # fmt: skip
def test_a_run_that_is_stopped_leaves_what_was_found(tmp_path, name, code):
    done = run(tmp_path, BROKEN + f"train(3)\nos.kill(os.getpid(), signal.{name})\ntrain(10**9)\n", "run", "--out", "r")
    assert done.returncode == code
    assert found(tmp_path / "r" / "findings.json") == [("zero-grad-missing", 9)]


@pytest.mark.skipif(not FORKS, reason="there are no forks here")
def test_a_fork_hears_prints_and_writes_nothing(tmp_path):
    forks = """
    import glassloop
    seen = glassloop.watch(out="findings.json")
    first = os.fork()
    if not first:
        other = torch.nn.Linear(3, 1)
        again = torch.optim.SGD(other.parameters(), lr=0.01)
        for _ in range(3):
            other(torch.ones(2, 3)).sum().backward()
            again.step()
        seen.stop()
        sys.exit(7)      # with exit handlers, as a child that was forgotten would
    assert os.waitpid(first, 0)[1] >> 8 == 7
    assert not os.path.exists("findings.json")
    class Rows(torch.utils.data.Dataset):
        def __len__(self): return 4
        def __getitem__(self, i):
            torch.nn.functional.mse_loss(torch.ones(1), torch.zeros(1))
            return torch.ones(3)
    for x in torch.utils.data.DataLoader(Rows(), num_workers=2):
        pass
    train(3)
    """
    done = run(tmp_path, BROKEN + textwrap.dedent(forks))
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("zero-grad-missing") == 1
    assert found(tmp_path / "findings.json") == [("zero-grad-missing", 9)]


def test_a_script_that_watches_itself_runs_under_run_and_is_told_once(tmp_path):
    own = """
    import glassloop
    with glassloop.watch(out="own.json"):
        train(3)
    print("on")
    """
    done = run(tmp_path, BROKEN + textwrap.dedent(own), "run", "--out", "r")
    assert (done.returncode, done.stdout) == (0, "on\n"), done.stderr
    assert done.stderr.count("error zero-grad-missing") == 1
    assert found(tmp_path / "own.json") == found(tmp_path / "r" / "findings.json") == [("zero-grad-missing", 9)]


def test_a_resumed_run_keeps_what_earlier_sessions_saw(tmp_path):
    first = run(tmp_path, BROKEN + "train(3)\nraise SystemExit(4)\n", "run", "--out", "r")
    assert first.returncode == 4
    more = """
    train(3)
    model = torch.nn.Linear(3, 1)
    other = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(3):
        model(torch.ones(2, 3)).sum().backward()
        other.step()
    """
    second = run(tmp_path, BROKEN + textwrap.dedent(more), "run", "--out", "r")
    assert second.returncode == 0, second.stderr
    entries = json.loads((tmp_path / "r" / "findings.json").read_text())
    assert [(e["rule"], e["line"], e["count"], e.get("session")) for e in entries] == [
        ("zero-grad-missing", 9, 4, None), ("zero-grad-missing", 16, 2, 2)
    ]  # fmt: skip
    assert len(json.loads((tmp_path / "r" / "run.json").read_text())["sessions"]) == 2
