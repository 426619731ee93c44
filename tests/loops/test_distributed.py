"""Several processes train one model: the steps of one alone, each with its part; stopped, killed and resumed together."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from glassloop.kit import checkpoint

from .harness import digest, run, run_together, start_together
from .test_equivalence import TOKENS_64, assert_close
from .tiny import make_tiny

EVERY_STEP = ["--save-every", 1, "--keep", 99]

# 44 rows in batches of 6: the last has 2, so of four processes two have no part of it. Augmented, and with a metric.
ROWS_64 = """
    from torchmetrics.classification import MulticlassAccuracy

    def make_data():
        x, y = rows()
        def augment(batch, draw):
            return batch[0] + draw(4).double(), batch[1]
        return InMemory(x[:44].double(), y[:44], augment=augment), InMemory(x[44:].double(), y[44:])

    def make_model():
        return nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3)).double()

    def make_metrics():
        return MetricCollection({"accuracy": MulticlassAccuracy(3, average="micro")})

    def measure(metrics, outputs, batch):
        metrics.update(outputs, batch[1])
"""


def steps(folder):
    """Every step's checkpoint."""
    return {found.step: found for found in map(checkpoint.load, sorted(folder.glob("checkpoints/step-*")))}


def history(folder):
    """What each epoch came to, without what differs from run to run."""
    rows = json.loads((folder / "history.json").read_text())
    return [{name: row[name] for name in row if name not in ("seconds", "samples_per_second")} for row in rows]


def all_well(ended):
    """Everyone has ended well, and only the first one has said something."""
    assert [one.code for one in ended] == [0] * len(ended), ended
    assert all(one.stdout == "" for one in ended[1:]), ended
    assert all(line.startswith("note: ") for one in ended for line in one.stderr.splitlines()), ended
    return ended[0]


def one_line(ended, *words):
    """All end with code 2, and of all of them one says why, in a line."""
    assert [one.code for one in ended] == [2] * len(ended), ended
    (line,) = [line for one in ended for line in one.stderr.splitlines()]
    assert line.startswith("error: "), ended
    assert all(word in line for word in words), line


def assert_same_steps(found, expected):
    """Within the rounding of float64, in which the order of a sum shows."""
    assert list(found) == list(expected)
    for number, step in expected.items():
        assert_close(found[number].weights["model"], step.weights["model"])
        assert_close(found[number].weights["ema"], step.weights["ema"])
        for name, value in step.state["meter"].items():
            assert found[number].state["meter"][name] == pytest.approx(value, rel=1e-12, nan_ok=True), name


@pytest.mark.parametrize(
    ("task", "runs"),
    [(ROWS_64, [("production", 2), ("production", 4)]), (TOKENS_64, [("production", 2), ("distributed", 4)])],
    ids=["rows", "tokens"],
)
def test_one_two_or_four_make_the_same_steps(tmp_path, task, runs):
    """Of both loops that know of several processes."""
    project = make_tiny(tmp_path / "alone" / "project", task)
    args = ["--batch-size", 6, "--accumulate", 3, "--ema", 0.9, *EVERY_STEP]
    by_itself = run(project, "--run-dir", tmp_path / "1", *args)
    expected = steps(tmp_path / "1")
    for loop, world in runs:
        folder = tmp_path / str(world)
        said = all_well(run_together(make_tiny(tmp_path / loop / str(world), task, loop), world, "--run-dir", folder, *args))
        assert_same_steps(steps(folder), expected)
        for row, alone in zip(history(folder), history(tmp_path / "1"), strict=True):
            assert row == pytest.approx(alone, rel=1e-12)
        scores = {name: value for name, value in said.final.items() if not name.endswith("_interval")}
        assert scores.keys() == {name for name in row if name.startswith("val_")}
        if loop == "production":
            intervals = {name: value for name, value in by_itself.final.items() if name not in scores}
            assert {name: said.final[name] for name in intervals} == intervals
        environment = json.loads((folder / "run.json").read_text())["environment"]
        assert environment["world_size"] == world


def test_resumed_by_another_number_of_processes(tmp_path):
    project = make_tiny(tmp_path / "project", ROWS_64)
    args = ["--batch-size", 6, "--ema", 0.9, *EVERY_STEP]
    assert run(project, "--run-dir", tmp_path / "whole", *args).code == 0
    folder = tmp_path / "run"
    all_well(run_together(project, 2, "--run-dir", folder, *args, "--stop-at", 3))
    assert "1 processes, before 2" in run(project, "--run-dir", folder, "--resume", "--stop-at", 10).stdout
    said = all_well(run_together(project, 4, "--run-dir", folder, "--resume"))
    assert "resumed after step 10: epoch 2, 2 of 8 batches done" in said.stdout
    assert "4 processes, before 1" in said.stdout
    assert_same_steps(steps(folder), steps(tmp_path / "whole"))


# With dropout, whose numbers are each process's own, and batch norm; three processes, because three numbers can be
# added in more than one order.
HARD = ["--batch-size", 15, "--accumulate", 2, "--precision", "bf16", "--epochs", 3, "--ema", 0.9]


@pytest.fixture(scope="module")
def hard(tmp_path_factory):
    """The project, and what three processes reach in it that nobody stops."""
    project = make_tiny(tmp_path_factory.mktemp("hard") / "project")
    folder = project.parent / "whole"
    all_well(run_together(project, 3, "--run-dir", folder, *HARD, *EVERY_STEP))
    return project, folder


def test_resumed_state_is_the_uninterrupted_one(hard, tmp_path):
    project, whole = hard
    folder = tmp_path / "run"
    said = all_well(run_together(project, 3, "--run-dir", folder, *HARD, *EVERY_STEP, "--stop-at", 3))
    assert "stopped after step 3" in said.stdout
    all_well(run_together(project, 3, "--run-dir", folder, "--resume", "--workers", 1))
    assert [step.digest for step in steps(folder).values()] == [step.digest for step in steps(whole).values()]


def test_dropout_differs_between_processes(hard):
    states = steps(hard[1])[3].state["rng"]
    assert len(states) == 3
    assert not torch.equal(states[0]["torch"], states[1]["torch"])


LONG = ["--epochs", 4000, "--batch-size", 22, "--save-every", 1]


def test_a_signal_to_one_stops_all_after_the_same_step(hard, tmp_path):
    project, _ = hard
    folder = tmp_path / "run"
    running = start_together(project, 2, "--run-dir", folder, *LONG)
    until = time.time() + 600
    while not (folder / "checkpoints" / "latest").exists():
        assert all(one.process.is_alive() for one in running), [one.wait() for one in running]
        assert time.time() < until
        time.sleep(0.05)
    os.kill(running[1].pid, signal.SIGTERM)
    ended = [one.wait() for one in running]
    assert [one.code for one in ended] == [143, 143], ended
    stopped = int(ended[0].stdout.partition("stopped after step ")[2].partition(";")[0])
    assert checkpoint.load_newest(folder / "checkpoints").step == stopped
    last = ["--run-dir", folder, "--resume", "--stop-at", stopped + 1]
    assert f"resumed after step {stopped}" in all_well(run_together(project, 2, *last)).stdout


# ---- what cannot work ----------------------------------------------------------------------------------------------------


def test_refusals(hard, tmp_path):
    project, folder = hard
    args = ["--run-dir", tmp_path / "run"]
    one_line(run_together(project, 2, *args, "--batch-size", 1), "batch_size is 1 for 2 processes", "start fewer")
    one_line(run_together(project, 2, *args, "--lr", 0), "--lr is 0.0")
    one_line(run_together(project, 2, *args, "--no-such-flag"), "--no-such-flag")
    one_line(run_together(project, 2, "--run-dir", folder), "already holds a run; add --resume")
    one_line([run(project, *args, WORLD_SIZE="2", RANK="0")], "LOCAL_RANK, MASTER_ADDR, MASTER_PORT is not set", "torchrun")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("replaced", "words"),
    [
        (
            """
            def make_model():
                model = Net()
                model.spare = nn.Linear(3, 3)
                return model
            """,
            ["spare.weight takes no part in the loss", "requires_grad_(False)"],
        ),
        (
            """
            def make_model():
                import os
                from glassloop.errors import UserError
                if os.environ["RANK"] == "1":
                    raise UserError("this one cannot; mend it")
                return Net()
            """,
            ["this one cannot"],
        ),
    ],
    ids=["an unused parameter", "one process alone"],
)
def test_a_task_that_cannot_work(tmp_path, replaced, words):
    one_line(run_together(make_tiny(tmp_path / "project", replaced), 2, "--run-dir", tmp_path / "run"), *words)


# ---- killed --------------------------------------------------------------------------------------------------------------


# The process that is next dies in one of its first steps, at some moment of it: in a forward, an average, a save.
KILLS = """
    import os, random, signal, threading

    dice = random.Random(os.environ.get("TORCHELASTIC_RESTART_COUNT"))
    doomed, left = str(dice.randrange(2)) == os.environ["RANK"], dice.randrange(3, 9)
    doomed = doomed and int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 99)) < int(os.environ.get("KILLS", 0))
    losing = loss

    def loss(model, batch):
        global left
        left -= torch.is_grad_enabled()
        if doomed and left == 0:
            threading.Timer(dice.random() / 20, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return losing(model, batch)
"""


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.full)])
def test_killed_at_random_it_ends_in_the_same_state(tmp_path, kills):
    """Under real torchrun, which starts all processes again when one has died."""
    project = make_tiny(tmp_path / "project", KILLS)
    args = list(map(str, ["--batch-size", 22, "--epochs", 15 * (kills + 1), "--save-every", 1]))
    all_well(run_together(project, 2, "--run-dir", tmp_path / "whole", *args))
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    words += ["--max-restarts", str(kills), "train.py", "--run-dir", str(tmp_path / "run"), "--resume"]
    done = subprocess.run(
        [*words, *args],
        cwd=project,
        env=os.environ | {"KILLS": str(kills), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600 * (kills + 1),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("tiny: 44 samples") == kills + 1, done.stdout
    assert digest(tmp_path / "run") == digest(tmp_path / "whole")
