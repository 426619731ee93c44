"""A recording in processes of their own: a script with `glassloop.record`, and ends that nobody chose."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glassloop.record.verify import verify

SCRIPT = """
import os, sys
import glassloop

def train(steps, batch=4):
    import torch
    from torch.utils.data import DataLoader, TensorDataset
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    data = TensorDataset(torch.randn(4 * steps, 3))
    for (x,) in DataLoader(data, batch_size=batch, num_workers=2 if steps < 99 else 0):
        model(x).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.weight.tolist()

if __name__ == "__main__":
    plain = train(8)
    with glassloop.record("whole", config={"steps": 8, "api_key": os.environ["API_TOKEN"]}, digest_every=4) as run:
        if os.fork() == 0:
            run.stop()  # a fork is not the run: it completes nothing
            train(3)
            os._exit(0)
        os.wait()
        assert train(8) == plain
    try:
        with glassloop.record("stopped"):
            train(8)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    try:
        glassloop.record("whole")
    except glassloop.errors.UserError as error:
        print("refused:", error)
    glassloop.record("left")  # nobody stops it: the end of the process does
    train(2)
    glassloop.record("killed")
    train(1_000_000)
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the script leaves; it is killed in its last recording."""
    home = tmp_path_factory.mktemp("recorded")
    (home / "script.py").write_text(SCRIPT)
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1", "API_TOKEN": "sk-hidden"}
    with open(home / "said", "w") as said:
        process = subprocess.Popen(
            [sys.executable, "script.py", "--token", "sk-hidden"], cwd=home, env=surroundings, stdout=said, stderr=said
        )
        until = time.monotonic() + 600
        ledger = home / "killed" / "ledger.jsonl"
        while not (ledger.exists() and ledger.stat().st_size > 20_000):
            assert process.poll() is None, (home / "said").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        process.kill()
        process.wait()
    return home


def rows(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / "ledger.jsonl").read_text().splitlines() if line.endswith("}")]


def test_a_script_is_recorded_in_the_same_bits_by_one_process_alone(folders: Path) -> None:
    verdict = verify(folders / "whole")
    assert (verdict.word, verdict.steps, verdict.sessions) == ("whole", 8, 1)
    run = json.loads((folders / "whole" / "run.json").read_text())
    assert (run["status"], run["entry"], run["cwd"]) == ("finished", "record", str(folders))
    assert (folders / "whole" / "source" / "script.py").read_text() == (folders / "script.py").read_text()
    assert [row["step"] for row in rows(folders / "whole") if "state" in row and row["row"] == "step"] == [4, 8]
    text = b"".join(path.read_bytes() for path in (folders / "whole").rglob("*") if path.is_file())
    assert b"sk-hidden" not in text


def test_the_end_of_a_block_or_of_the_process_ends_a_recording(folders: Path) -> None:
    end = rows(folders / "stopped")[-1]
    assert (end["row"], end["status"], end["exit_code"]) == ("end", "stopped", 130)
    assert verify(folders / "stopped").word == "whole"
    assert "refused: whole already holds a run" in (folders / "said").read_text()


def test_a_kill_leaves_a_record_that_is_cut_and_not_broken(folders: Path) -> None:
    for name in ("killed", "left"):
        verdict = verify(folders / name)
        assert verdict.word == "incomplete", verdict.problems
    steps = [row["step"] for row in rows(folders / "killed") if row["row"] == "step"]
    assert steps == list(range(1, len(steps) + 1))


def test_initial_generators_are_read_before_the_first_line_and_set_again(tmp_path: Path, run: Callable[..., str]) -> None:
    script = """
import random, numpy
print(random.random(), numpy.random.rand(), list({"a", "b", "c", "d", "e"}))
import torch
torch.optim.SGD([torch.nn.Parameter(torch.rand(2))], lr=0.1).step()
print(torch.rand(1).item(), random.random())
"""
    (tmp_path / "script.py").write_text(script)
    first = run("--out", "first", "script.py")
    row = rows(tmp_path / "first")[0]
    told = {"rng_file": str(tmp_path / "first" / row["rng"]["file"]), "every": row["every"]}
    (tmp_path / "again.json").write_text(json.dumps(told))
    again = {"GLASSLOOP_REPLAY": str(tmp_path / "again.json"), "PYTHONHASHSEED": row["rng"]["hash_seed"]}
    assert run("--out", "second", "script.py", **again) == first
    one, other = (rows(tmp_path / name)[1] for name in ("first", "second"))
    assert (one["rng"], one["state"]) == (other["rng"], other["state"])


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    """`run("script.py")` gives what `glassloop run` of it prints, without a hash seed unless one is given."""

    def call(*words: str, **more: str) -> str:
        surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
        command = [sys.executable, "-m", "glassloop", "run", "--no-watch", *words]
        options: dict[str, Any] = {"cwd": tmp_path, "env": {**surroundings, **more, "OMP_NUM_THREADS": "1"}}
        return subprocess.run(command, capture_output=True, text=True, timeout=600, check=True, **options).stdout

    return call
