"""Each way to run the loop runs to its end, and does what its flag says."""

import json

import pytest

from glassloop.kit import checkpoint

from .harness import run
from .tiny import make_tiny


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny") / "project")


def history(folder):
    return json.loads((folder / "history.json").read_text())


def test_overfit_one_batch_learns_it_by_heart(tiny, tmp_path):
    ended = run(tiny, "--run-dir", tmp_path / "run", "--overfit-one-batch", "--epochs", 40, "--lr", 0.1, "--keep", 1)
    assert ended.code == 0, ended
    assert ended.final["val_loss"] < 0.02
    assert len(history(tmp_path / "run")) == 40


def test_a_broken_loop_does_not(tiny, tmp_path):
    """The same run with the update left out: so the test above shows something."""
    broken = make_tiny(tmp_path / "broken")
    text = (broken / "train.py").read_text()
    assert text.count("scaler.step(optimizer)") == 1
    (broken / "train.py").write_text(text.replace("scaler.step(optimizer)", "pass").replace("scaler.update()", "pass"))
    ended = run(broken, "--run-dir", tmp_path / "run", "--overfit-one-batch", "--epochs", 40, "--lr", 0.1, "--keep", 1)
    assert ended.code == 0, ended
    assert ended.final["val_loss"] > 0.3


@pytest.mark.parametrize(
    "args", [["--schedule", "onecycle"], ["--schedule", "plateau"], ["--schedule", "constant"]], ids=str
)
def test_schedules_run_through_and_resume(tiny, tmp_path, args):
    """Stopped in the middle and gone on: the same state as without the stop."""
    digests = []
    for name, stop in (("whole", []), ("stopped", ["--stop-at", 8])):
        folder = tmp_path / name
        ended = run(tiny, "--run-dir", folder, "--epochs", 3, *args, *stop)
        assert ended.code == 0, ended
        if stop:
            ended = run(tiny, "--run-dir", folder, "--resume")
            assert ended.code == 0, ended
        digests.append(checkpoint.load(folder / "checkpoints" / "latest").digest)
        assert [row["epoch"] for row in history(folder)] == [1, 2, 3]
    assert digests[0] == digests[1]


def test_one_epoch_of_few_steps(tiny, tmp_path):
    """Six steps, a warm-up of none; two, and one."""
    for number, (batch, schedule) in enumerate(
        [(8, "onecycle"), (8, "cosine"), (22, "onecycle"), (44, "onecycle"), (44, "cosine")]
    ):
        ended = run(tiny, "--run-dir", tmp_path / str(number), "--epochs", 1, "--batch-size", batch, "--schedule", schedule)
        assert ended.code == 0, ended


@pytest.mark.parametrize("warmup", [0, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("schedule", ["onecycle", "cosine"])
def test_any_warm_up(tiny, tmp_path, schedule, warmup):
    ended = run(tiny, "--run-dir", tmp_path / "run", "--schedule", schedule, "--warmup", warmup, "--stop-at", 12)
    assert ended.code == 0, ended


def test_history_has_the_figures(tiny, tmp_path):
    ended = run(tiny, "--run-dir", tmp_path / "run", "--ema", 0.5, "--accumulate", 2)
    assert ended.code == 0, ended
    first, last = history(tmp_path / "run")
    assert {"epoch", "step", "train_loss", "val_loss", "lr", "grad_norm", "seconds", "samples_per_second"} <= set(first)
    assert (first["step"], last["step"]) == (3, 6)
    assert ended.final == {"val_loss": last["val_loss"]}


@pytest.mark.full
@pytest.mark.parametrize("args", [[], ["--recompute"], ["--precision", "bf16", "--ema", 0.9]], ids=str)
def test_compile_runs_through(tiny, tmp_path, args):
    plain = run(tiny, "--run-dir", tmp_path / "plain", *args)
    compiled = run(tiny, "--run-dir", tmp_path / "compiled", "--compile", *args)
    assert compiled.code == 0, compiled
    assert compiled.final["val_loss"] == pytest.approx(plain.final["val_loss"], rel=0.05)
    names = [
        set(checkpoint.load(tmp_path / name / "checkpoints" / "latest").weights["model"]) for name in ("plain", "compiled")
    ]
    assert names[0] == names[1]  # a compiled model's checkpoint is anybody's
