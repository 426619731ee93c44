"""The steps between `validated` and `production`: each is the one before plus its idea, and the idea does what it says.

`production` is held against closed forms in test_equivalence.py; here the steps below it are held against each other and it.
"""

import importlib.util
import json

import pytest

from glassloop import templates
from glassloop.errors import UserError

from .harness import LOOPS, run, start
from .test_equivalence import PLAIN_64, TOKENS_64
from .tiny import make_tiny

BETWEEN = ["scheduled", "mixed", "accumulated", "averaged", "resumable", "logged", "distributed"]
NEUTRAL = ["--schedule", "constant", "--warmup", 0, "--clip", "inf"]


def history(folder):
    return json.loads((folder / "history.json").read_text())


def digests(folder):
    paths = sorted((folder / "checkpoints").glob("step-*"))
    return [(path.name, json.loads((path / "digests.json").read_text())["all"]) for path in paths]


def rows_of(tmp_path, loop, replaced, *args):
    """The history of a run of the step `loop`."""
    number = len(list(tmp_path.iterdir()))
    project = make_tiny(tmp_path / f"{loop}-{number}" / "project", replaced, loop=loop)
    ended = run(project, "--run-dir", project / "run", *args)
    assert ended.code == 0, ended
    return history(project / "run")


def agree(rows, others, names=("train_loss", "val_loss", "lr"), rel=1e-9):
    for row, other in zip(rows, others, strict=True):
        assert [row[name] for name in names] == [pytest.approx(other[name], rel=rel) for name in names]


def test_every_step_takes_the_same_steps_until_it_is_told_otherwise(tmp_path):
    """With batch-norm, dropout and a short last batch: so the generators are drawn from in the same order, too."""
    lowest = rows_of(tmp_path, "validated", "")
    for loop in BETWEEN:
        agree(rows_of(tmp_path, loop, "", *NEUTRAL), lowest, rel=1e-6)


@pytest.mark.parametrize("schedule", ["cosine", "onecycle", "plateau"])
def test_the_schedule_is_the_one_of_the_kit(tmp_path, schedule):
    """In float64, so that the order of sums does not count. A tiny rate gains nothing, so that plateau comes to act."""
    args = ["--schedule", schedule, "--epochs", 7, "--lr", 1e-7 if schedule == "plateau" else 0.05, "--clip", 0.5]
    rows = rows_of(tmp_path, "scheduled", PLAIN_64, *args)
    agree(rows, rows_of(tmp_path, "production", PLAIN_64, *args), ("train_loss", "val_loss", "lr", "grad_norm"))
    assert len({row["lr"] for row in rows}) == (7 if schedule != "plateau" else 2)


def test_sixteen_bits_come_near_to_thirty_two(tmp_path):
    full, bf16, fp16 = (rows_of(tmp_path, "mixed", "", "--precision", p, "--clip", 0.1) for p in ("fp32", "bf16", "fp16"))
    agree(bf16, full, ("train_loss",), rel=0.05)
    agree(fp16, full, ("train_loss", "grad_norm"), rel=0.05)  # unscaled: the scale would show as a factor of thousands
    assert [row["val_loss"] for row in bf16] != [row["val_loss"] for row in full]


def test_a_window_weighs_as_one_batch_of_its_tokens(tmp_path):
    """44 rows in windows of 3 x 4: the last one is shorter, and the batches hold different numbers of tokens."""
    small = rows_of(tmp_path, "accumulated", TOKENS_64, "--batch-size", 4, "--accumulate", 3)
    agree(small, rows_of(tmp_path, "scheduled", TOKENS_64, "--batch-size", 12))


def test_all_ideas_together_are_those_of_production(tmp_path):
    args = ["--batch-size", 4, "--accumulate", 3, "--ema", 0.8, "--schedule", "onecycle", "--clip", 0.5]
    above = rows_of(tmp_path, "production", TOKENS_64, *args)
    for loop in ("averaged", "resumable", "logged", "distributed"):
        agree(rows_of(tmp_path, loop, TOKENS_64, *args), above, ("train_loss", "val_loss", "lr", "grad_norm"))
    plain = rows_of(tmp_path, "averaged", TOKENS_64, *args[:4], *args[6:])
    assert plain[0]["train_loss"] == above[0]["train_loss"]
    assert plain[0]["val_loss"] != pytest.approx(above[0]["val_loss"], rel=1e-4)  # it is the average that is evaluated


@pytest.mark.parametrize("loop", ["resumable", "logged", "distributed"])
def test_stopped_and_gone_on_is_the_same_bit_for_bit(tmp_path, loop):
    """Inside an epoch, and just before its evaluation."""
    hard = ["--accumulate", 2, "--precision", "bf16", "--ema", 0.9, "--save-every", 1, "--keep", 99]
    project = make_tiny(tmp_path / "project", loop=loop)
    assert run(project, "--run-dir", tmp_path / "whole", *hard).code == 0
    assert len(digests(tmp_path / "whole")) == 6
    for stop in (2, 3):
        folder = tmp_path / f"stopped-{stop}"
        assert run(project, "--run-dir", folder, *hard, "--stop-at", stop).code == 0
        ended = run(project, "--run-dir", folder, "--resume")
        assert f"resumed after step {stop}" in ended.stdout
        assert digests(folder) == digests(tmp_path / "whole")
        agree(history(folder), history(tmp_path / "whole"), ("train_loss", "val_loss", "lr", "grad_norm"), rel=0)
    if loop == "logged":  # how often it is read changes nothing
        assert run(project, "--run-dir", tmp_path / "read", *hard, "--log-every", 1).code == 0
        assert digests(tmp_path / "read") == digests(tmp_path / "whole")


def test_a_killed_run_goes_on(tmp_path):
    slow = """
        def after(step_seconds=0.05):
            import time
            time.sleep(step_seconds)

        def count(batch):
            after()
            return len(batch[1])
    """
    project = make_tiny(tmp_path / "project", slow, loop="resumable")
    args = ["--save-every", 1, "--keep", 99, "--epochs", 4]
    assert run(project, "--run-dir", tmp_path / "whole", *args).code == 0
    running = start(project, "--run-dir", tmp_path / "killed", *args)
    while not (tmp_path / "killed" / "checkpoints" / "step-00000009").exists():
        assert running.process.is_alive(), running.wait()
        running.process.join(0.01)
    running.process.kill()
    assert running.wait().code == -9
    ended = run(project, "--run-dir", tmp_path / "killed", "--resume")
    assert ended.code == 0, ended
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")


SYNCS = """
    read = []

    def note(name):
        import traceback
        was = getattr(torch.Tensor, name)
        def told(self, *args):
            caller = traceback.extract_stack()[-2]  # AdamW reads its count of steps, which lies on the host
            if caller.filename.endswith("train.py") and caller.name != "evaluate":
                read.append(caller.name)
            return was(self, *args)
        setattr(torch.Tensor, name, told)

    for name in ("item", "tolist", "__bool__", "__float__", "__int__"):
        note(name)

    def measure(metrics, outputs, batch):
        print("SYNCS", read)
"""


def test_between_two_readings_nothing_waits_for_the_device(tmp_path):
    """44 rows in single batches, twice: what reads a tensor's value in the loop itself is counted."""
    project = make_tiny(tmp_path / "project", PLAIN_64 + SYNCS, loop="logged")
    ended = run(project, "--run-dir", tmp_path / "run", "--batch-size", 1, "--log-every", 22)
    assert ended.code == 0, ended
    lines = [line for line in ended.stdout.splitlines() if line.startswith("SYNCS")]
    assert (lines[0], lines[-1]) == (f"SYNCS {['read_meter'] * 2}", f"SYNCS {['read_meter'] * 4}")


@pytest.mark.parametrize("loop", BETWEEN)
def test_what_cannot_work_is_refused(loop):
    spec = importlib.util.spec_from_file_location(f"config_of_{loop}", LOOPS / loop / "config.py")
    config = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(config)
    bad = {"epochs": 0, "lr": float("nan"), "clip": 0, "warmup": 1, "threads": 0, "accumulate": 0, "ema": 1.5}
    bad |= {"keep": 0, "save_every": -1, "stop_at": 0, "log_every": 0}
    known = [name for name in bad if hasattr(config.Config, name)]
    flags = {"scheduled": 5, "mixed": 5, "accumulated": 6, "averaged": 7, "resumable": 10, "logged": 11, "distributed": 11}
    assert len(known) == flags[loop]
    for name in known:
        settings = config.Config()
        settings.check()
        setattr(settings, name, bad[name])
        with pytest.raises(UserError, match=f"^--{name.replace('_', '-')} is "):
            settings.check()


def test_a_loss_that_is_no_number_enters_no_checkpoint(tmp_path):
    replaced = """
        def loss(model, batch, calls=[]):
            outputs = model(batch[0])
            calls += [1] * torch.is_grad_enabled()
            return F.cross_entropy(outputs, batch[1]) * (float("nan") if len(calls) > 7 else 1), outputs
    """
    for loop in ("resumable", "logged"):
        project = make_tiny(tmp_path / loop / "project", replaced, loop=loop)
        ended = run(project, "--run-dir", project / "run", "--save-every", 1, "--keep", 99)
        assert ended.code == 2, ended
        assert ended.stderr.startswith("error: ")
        assert len(digests(project / "run")) == 7


@pytest.mark.parametrize("loop", BETWEEN)
def test_clean_under_watch(tmp_path, loop):
    templates.copy("spiral", tmp_path / "project", loop)
    ended = run(tmp_path / "project", "--epochs", "2", watched=True)
    assert ended.code == 0, ended
    assert json.loads(ended.stdout.splitlines()[-1])["findings"] == []
