"""Tests of the loop. Each runs `train.py` as you would, in a folder of its own."""

import json
import subprocess
import sys
from pathlib import Path

TRAIN = Path(__file__).with_name("train.py")


def train(folder, *flags):
    """Run train.py with `flags` and return what it printed and its exit code. `folder` is where it may write."""
    words = [sys.executable, str(TRAIN), "--device", "cpu", *flags]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600)


def final(done):
    """The numbers that a run ended with: the JSON object in its last line."""
    assert done.returncode == 0, done.stderr
    word, _, numbers = done.stdout.splitlines()[-1].partition(" ")
    assert word == "final"
    return json.loads(numbers)


def test_a_few_epochs_draw_digits_that_can_be_read(tmp_path):
    reached = final(train(tmp_path, "--epochs", "15", "--run-dir", "run"))
    assert reached["val_confident"] > 0.2
    assert reached["val_classes"] >= 4
    assert len(list((tmp_path / "run" / "frames").glob("epoch-*.png"))) == 15
    assert (tmp_path / "run" / "pictures" / "digits.webp").exists()


def test_a_batch_larger_than_the_data_is_refused_in_one_line(tmp_path):
    done = train(tmp_path, "--epochs", "1", "--batch-size", "1000000")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


def test_stopped_and_resumed_is_the_same_as_never_stopped(tmp_path):
    """Compares digests of the whole state: both networks, both optimizers, random generators. Bit for bit."""
    final(train(tmp_path, "--epochs", "2", "--run-dir", "whole"))
    assert train(tmp_path, "--epochs", "2", "--run-dir", "broken", "--stop-at", "3").returncode == 0
    final(train(tmp_path, "--run-dir", "broken", "--resume"))
    whole, broken = (
        json.loads((tmp_path / name / "checkpoints" / "latest" / "digests.json").read_text())["all"]
        for name in ("whole", "broken")
    )
    assert whole == broken
