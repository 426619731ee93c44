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


def test_fifteen_steps_teach_it_to_stand_for_a_while(tmp_path):
    """An untrained policy lets the pole fall after about 20 steps."""
    assert final(train(tmp_path, "--epochs", "15", "--run-dir", "run"))["val_return"] > 100
    assert (tmp_path / "run" / "pictures" / "angles.png").exists()


def test_a_discount_of_one_is_refused_in_one_line(tmp_path):
    done = train(tmp_path, "--discount", "1")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


def test_stopped_and_resumed_is_the_same_as_never_stopped(tmp_path):
    """Compares digests of the whole state: both networks, optimizer, random generators. Bit for bit."""
    final(train(tmp_path, "--epochs", "5", "--run-dir", "whole"))
    assert train(tmp_path, "--epochs", "5", "--run-dir", "broken", "--stop-at", "3").returncode == 0
    final(train(tmp_path, "--run-dir", "broken", "--resume"))
    whole, broken = (
        json.loads((tmp_path / name / "checkpoints" / "latest" / "digests.json").read_text())["all"]
        for name in ("whole", "broken")
    )
    assert whole == broken
