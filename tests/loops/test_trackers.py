"""`production --tracker ...`: what is trained stays the same, and a stopped run goes on with its curves."""

import json

import pytest

from .harness import digest, run
from .tiny import make_tiny

DRAWING = """
    def after_epoch(model, epoch, folder):
        from PIL import Image
        (folder / "frames").mkdir(exist_ok=True)
        Image.new("RGB", (4, 3)).save(folder / "frames" / f"epoch-{epoch:04d}.png")
"""


def test_a_run_that_is_shown_in_tensorboard(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    project = make_tiny(tmp_path / "project", DRAWING)
    args = ["--epochs", 3, "--log-every", 2, "--tracker", "tensorboard"]
    assert run(project, "--run-dir", tmp_path / "plain", *args[:4]).code == 0
    assert run(project, "--run-dir", tmp_path / "shown", *args, "--stop-at", 9).code == 0
    ended = run(project, "--run-dir", tmp_path / "shown", "--resume")
    assert ended.code == 0, ended
    assert digest(tmp_path / "shown") == digest(tmp_path / "plain")
    events = EventAccumulator(str(tmp_path / "shown" / "tb"), size_guidance={"images": 0})
    events.Reload()
    assert {"step_loss", "train_loss", "val_loss", "lr", "grad_norm"} <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars("step_loss")] == [2, 4, 6, 8, 10, 12, 14, 16, 18]
    assert [event.step for event in events.Scalars("val_loss")] == [6, 12, 18]
    assert [event.step for event in events.Scalars("lr")] == [2, 4, 6, 8, 10, 12, 14, 16, 18]
    rows = json.loads((tmp_path / "shown" / "history.json").read_text())
    assert [event.value for event in events.Scalars("val_loss")] == [pytest.approx(row["val_loss"]) for row in rows]
    assert [event.step for event in events.Images("frames")] == [6, 12, 18]


def test_a_tracker_that_is_not_installed_is_refused_before_anything_is_written(tmp_path):
    project = make_tiny(tmp_path / "project")
    (project / "mlflow.py").write_text("raise ImportError('not here')\n")
    ended = run(project, "--run-dir", tmp_path / "run", "--tracker", "mlflow")
    assert ended.code == 2, ended
    assert ended.stderr == (
        "error: --tracker mlflow needs mlflow, which cannot be imported (not here); pip install 'glassloop[mlflow]'\n"
    )
    assert not (tmp_path / "run").exists()
