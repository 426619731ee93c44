"""Each shipped task does what its first line promises."""

import json

import pytest
from PIL import Image

from .harness import run


def test_digits_reaches_its_accuracy(make_project, tmp_path):
    ended = run(make_project("digits"), "--run-dir", tmp_path / "run")
    assert ended.final["val_accuracy"] >= 0.985
    assert (tmp_path / "run" / "pictures" / "predictions.png").stat().st_size > 10_000
    rows = json.loads((tmp_path / "run" / "history.json").read_text())
    assert [row["epoch"] for row in rows] == list(range(1, 26))
    expected = {"epoch", "step", "train_loss", "val_loss", "val_accuracy", "val_f1", "lr", "grad_norm", "seconds"}
    assert expected | {"samples_per_second"} == set(rows[0])
    assert rows[-1]["lr"] < rows[5]["lr"] > rows[0]["lr"]  # warm-up, then decay, as used


def test_spiral_draws_a_frame_an_epoch_across_a_resume(make_project, tmp_path):
    project, folder = make_project("spiral"), tmp_path / "run"
    assert run(project, "--run-dir", folder, "--epochs", 5, "--stop-at", 50).code == 0  # in epoch 4
    ended = run(project, "--run-dir", folder, "--resume")
    assert ended.final["val_accuracy"] > 0.5
    with Image.open(folder / "pictures" / "boundary.webp") as animation:
        assert animation.n_frames == 5
        colours = animation.convert("RGB").getcolors(animation.width * animation.height)
        assert len(colours) > 200  # shaded, not three flat areas


@pytest.mark.parametrize("loop", ["five_lines", "validated"])
@pytest.mark.parametrize("task", ["digits", "spiral"])
def test_lower_rungs_train_every_task(make_project, tmp_path, task, loop):
    ended = run(make_project(task, loop), "--epochs", 2, "--run-dir", tmp_path / "run")
    metric = "train_loss" if loop == "five_lines" else "val_loss"
    assert 0 < ended.final[metric] < 2
    assert (tmp_path / "run" / "history.json").exists() == (loop == "validated")


def test_the_rungs_agree(make_project, tmp_path):
    """Without what it adds (warm-up, decay, clipping, weight decay split), production takes validated's very steps."""
    plain = ["--epochs", 2, "--lr", 1e-3]
    same = ["--schedule", "constant", "--warmup", 0, "--clip", 1e9, "--weight-decay", 0.01]
    run(make_project("spiral", "validated"), *plain, "--run-dir", tmp_path / "a")
    run(make_project("spiral", "production"), *plain, *same, "--run-dir", tmp_path / "b")
    a, b = (json.loads((tmp_path / name / "history.json").read_text()) for name in "ab")
    for below, above in zip(a, b, strict=True):
        assert below["train_loss"] == pytest.approx(above["train_loss"], rel=1e-4)
        assert below["val_accuracy"] == pytest.approx(above["val_accuracy"], abs=0.01)
