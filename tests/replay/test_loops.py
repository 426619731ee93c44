"""A shipped loop that was killed and resumed is replayed session by session, and in parts from its checkpoints."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from glassloop.replay import Wanted, replay
from glassloop.replay.intervals import Interval

LOOP = ["spiral", "--epochs", "2", "--save-every", "6", "--keep", "20"]  # 15 steps an epoch


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was killed with -9 somewhere after its second checkpoint, and resumed."""
    folder = tmp_path_factory.mktemp("loops")
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1"}
    start = [sys.executable, "-m", "glassloop", "run", "--no-watch", "--digest-every", "2", "--out", "out", *LOOP]
    killed = subprocess.Popen(start, cwd=folder, env=surroundings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ledger = folder / "out" / "ledger.jsonl"
    while killed.poll() is None:
        if ledger.exists() and ledger.read_bytes().count(b'"row":"checkpoint"') >= 2:
            killed.send_signal(signal.SIGKILL)
            break
        time.sleep(0.005)
    killed.wait()
    done = subprocess.run([*start, "--resume"], cwd=folder, env=surroundings, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def test_every_session_comes_again(recorded: Path) -> None:
    found = replay(recorded)
    assert found.same, found.differences[0].text
    ends = [json.loads(line) for line in (recorded / "ledger.jsonl").read_text().splitlines() if '"row":"resume"' in line]
    resumed = ends[0]["step"]
    assert [(part.session, part.start) for part in found.parts] == [(1, 0), (2, resumed)]
    assert found.parts[1].steps == 30 - resumed


def test_a_sample_begins_at_checkpoints_and_tells_a_state_that_the_record_gives_falsely(recorded: Path) -> None:
    """Of one interval: its steps come again, and the checkpoint after them is not what its row, written anew, says."""
    ledger = recorded / "ledger.jsonl"
    text = ledger.read_text()
    row = next(line for line in reversed(text.splitlines()) if '"row":"checkpoint"' in line and '"step":24' in line)
    state = json.loads(row)["state"]
    ledger.write_text(text.replace(state, "0" * len(state)))
    found = replay(recorded, Wanted(sample=1, seed=5, anyway=True))
    assert [(one.step, one.row, one.cause) for one in found.differences] == [(24, "checkpoint", "state")]
    assert (found.parts[0].start, found.parts[0].steps) == (18, 6), "steps 19 to 24 came again first"
    assert found.sample is not None
    assert found.sample.chosen == [Interval(18, 24)]
    told = found.as_json()["sample"]
    assert (told["seed"], told["intervals"], told["caught"][0]) == (5, 6, {"bad": 1, "probability": 1 / 6})
