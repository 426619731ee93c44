"""A step of a production loop, computed again from its checkpoint: a right gradient holds, a wrong one is told."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from glassloop.audit import audit, gradients
from glassloop.errors import UserError
from tests.audit.written import honest


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded run of a shipped loop: four batches a step, so that gradients are accumulated."""
    folder = tmp_path_factory.mktemp("loop")
    command = [sys.executable, "-m", "glassloop", "run", "--no-watch", "--no-preflight", "--out", "run", "digits"]
    command += ["--epochs", "1", "--accumulate", "4", "--batch-size", "32", "--save-every", "4", "--keep", "9"]
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return folder / "run"


def test_the_recorded_gradient_is_the_derivative_of_the_loss(run: Path) -> None:
    step, name = gradients.chosen(run)
    assert (step, name) == (8, "checkpoints/step-00000008")
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    found = gradients.recompute(run, step, name, seed=1)
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before
    answer = audit(run, gradients=found)["gradients-right"].answer
    assert answer.verdict == "holds", answer
    assert found["loss"] == pytest.approx(found["recorded"]["loss"], rel=1e-6)
    assert found["grad_norm"] == pytest.approx(found["recorded"]["grad_norm"], rel=1e-6)
    assert len(found["directions"]) == 5
    assert found["accumulated"]["relative"] < 1e-12


def test_a_gradient_that_is_not_the_losss_own_is_told(run: Path, tmp_path: Path) -> None:
    """The loss has its right value, and a gradient that is one per cent too long."""
    wrong = shutil.copytree(run, tmp_path / "run", symlinks=True)
    task = wrong / "source" / "task.py"
    text = task.read_text()
    right = "return F.cross_entropy(logits, labels), logits"
    assert right in text
    wrongly = "value = F.cross_entropy(logits, labels)\n    return 1.01 * value - (0.01 * value).detach(), logits"
    task.write_text(text.replace(right, wrongly))
    found = gradients.recompute(wrong, 8, "checkpoints/step-00000008", seed=1)
    answer = audit(wrong, gradients=found)["gradients-right"].answer
    assert answer.verdict == "fails"
    assert "along gradient the loss falls by" in answer.says
    assert "the gradient norm of step 9 is" in answer.says
    with pytest.raises(UserError, match="is broken: what it holds is not run"):
        gradients.chosen(wrong)


def test_what_is_no_production_loop_is_not_run(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        gradients.chosen(honest(tmp_path / "run", 100, 1).end())
