"""Tests of the loop. Each runs `train.py` as you would, in a folder of its own."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

TRAIN = Path(__file__).with_name("train.py")
ONE_BATCH = """

whole = make_data

def make_data():
    from glassloop.kit.data import first_batch
    batch = first_batch(whole()[0], 16, seed=0)  # its augmentation is drawn once, and stays
    return batch, batch
"""


def train(folder, *flags, script=TRAIN):
    """Run train.py with `flags` and return what it printed and its exit code. `folder` is where it may write."""
    words = [sys.executable, str(script), "--device", "cpu", *flags]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600)


def final(done):
    """The numbers that a run ended with: the JSON object in its last line."""
    assert done.returncode == 0, done.stderr
    word, _, numbers = done.stdout.splitlines()[-1].partition(" ")
    assert word == "final"
    return json.loads(numbers)


def first_loss(done):
    """The loss after the first epoch: on the validation set where there is one."""
    line = next(line for line in done.stdout.splitlines() if line.startswith("epoch "))
    return float(re.search(r"val_loss (\S+)|last batch's loss (\S+)", line)[0].split()[-1])


def test_one_epoch_runs_and_ends_with_its_metrics(tmp_path):
    reached = final(train(tmp_path, "--epochs", "1"))
    numbers = {name: value for name, value in reached.items() if not name.endswith("_interval")}
    assert all(abs(value) < 1e6 for value in numbers.values()), reached


def test_a_batch_larger_than_the_data_is_refused_in_one_line(tmp_path):
    done = train(tmp_path, "--epochs", "1", "--batch-size", "1000000")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


def test_it_can_learn_one_batch_by_heart(tmp_path):
    """The first thing to try when a loop does not learn: if it cannot do this, look for the fault in the loop."""
    for name in ("train.py", "config.py", "task.py"):
        shutil.copy(TRAIN.with_name(name), tmp_path)
    with open(tmp_path / "task.py", "a") as task:
        task.write(ONE_BATCH)
    done = train(tmp_path, "--epochs", "60", "--batch-size", "16", script=tmp_path / "train.py")
    reached = final(done)
    assert reached.get("val_loss", reached.get("train_loss")) < first_loss(done) / 2
