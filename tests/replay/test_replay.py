"""What is run, where and with what, and what is said of it: with programs without torch that write their own ledgers."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from glassloop.errors import UserError
from glassloop.replay import BrokenError, Wanted, replay

Record = Callable[..., Path]

PROGRAM = """
import hashlib, json, os, random, sys
from pathlib import Path
from glassloop.record import manifest
from glassloop.record.files import write_json
from glassloop.record.ledger import Ledger
from glassloop.record.tensors import fields_of
from helper import RATE

told = json.loads(Path(os.environ.pop("GLASSLOOP_REPLAY")).read_text()) if "GLASSLOOP_REPLAY" in os.environ else {}
out = Path(told.get("out", "out"))
(out / "rng").mkdir(parents=True)
if told:
    version, words, gauss = json.loads(Path(told["rng_file"]).read_text())["python"]
    random.setstate((version, tuple(words), gauss))
text = json.dumps({"python": random.getstate()})
(out / "rng" / "session-1.json").write_text(text)
sources = [Path(__file__), Path(__file__).with_name("helper.py"), *map(Path, os.environ.get("ALSO", "").split())]
manifest.start(out, command=["python", *sys.argv], sources=sources, config=None, seed=None)
write_json(out / "run.json", {**manifest.read(out), "cwd": os.getcwd(), "entry": "record"})
ledger = Ledger(out / "ledger.jsonl")
rng = {"file": "rng/session-1.json", "digest": hashlib.sha256(text.encode()).hexdigest()}
rng["hash_seed"] = os.environ.get("PYTHONHASHSEED")
ledger.append("run", format="glassloop-ledger/1", session=1, rng=rng, every={"state": 4})
fault, killed = int(os.environ.get("FAULT", "0")), int(os.environ.get("KILLED", "0"))
names = {"ada", "grace", "edsger"}
weight = 0.0
for step in range(1, 21):
    weight += random.random() * RATE * (1 + (step == fault) / 1024)
    state = {"state": hashlib.md5(repr(weight).encode()).hexdigest()} if step % 4 == 0 else {}
    fields = {"epoch": 0, "order": None, "content": next(iter(names)), "samples": 1, "lr": [RATE], "loss": 1.0, "rng": "r"}
    ledger.append("step", step=step, **fields, **state)
    print("step", step, flush=True)
    if step == killed:
        os.kill(os.getpid(), 9)
    if step == int(os.environ.get("WAITS", "0")):
        __import__("time").sleep(600)
    if step == int(os.environ.get("RAISES", "0")):
        raise ValueError("no data")
model = Path("model.bin")
model.write_text(f"{weight} {os.environ.get('PATH_IN_IT', '')}")
ledger.append("checkpoint", step=20, path=str(model.absolute()), **fields_of(model))
ledger.append("end", step=20, status="finished", exit_code=0)
ledger.close()
manifest.finish(out, exit_code=0, seconds=1.0)
"""


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    """Write the program, run it, and return its run folder; environment variables are those of this run alone."""
    (tmp_path / "train.py").write_text(PROGRAM)
    (tmp_path / "helper.py").write_text("RATE = 0.5\n")
    monkeypatch.chdir(tmp_path)

    def run(*args: str, **variables: str) -> Path:
        command = [sys.executable, "train.py", *args]
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "77", **variables}, timeout=600)
        return tmp_path / "out"

    return run


def test_what_was_drawn_at_random_and_the_order_of_a_set_come_again(record: Record, tmp_path: Path) -> None:
    asked: list[str] = []
    steps: list[tuple[int, int]] = []
    model = record() and (tmp_path / "model.bin").read_bytes()
    before = sorted(path.name for path in tmp_path.iterdir())
    found = replay(tmp_path / "out", agree=asked.extend, progress=lambda done, of: steps.append((done, of)))
    assert (found.same, found.parts[0].steps, found.parts[0].rows) == (True, 20, 22)
    assert steps == [(number, 20) for number in range(1, 21)]
    said = "\n".join(asked)
    assert "will run: python train.py" in said
    assert "in place (2 files" in said
    assert f"set aside meanwhile, and put back: {tmp_path / 'model.bin'}" in said
    assert (tmp_path / "model.bin").read_bytes() == model
    assert sorted(path.name for path in tmp_path.iterdir()) == before, "a replay leaves nothing behind"


def test_the_first_difference_is_told_with_where_the_state_was_last_the_same(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = record()
    monkeypatch.setenv("FAULT", "10")
    found = replay(folder)
    first = found.differences[0]
    assert (found.same, found.differing, first.step, first.cause) == (False, 1, 12, "state")
    assert any("last seen the same after step 8" in note for note in found.notes)
    everything = replay(folder, Wanted(everything=True)).as_json()
    assert [one["step"] for one in everything["differences"]] == [12, 16, 20, 20]
    assert (everything["rows"], everything["differing"], everything["first"]["number"]) == (22, 4, 12)


def test_a_changed_text_is_run_from_the_run_folder_with_its_neighbours(record: Record, tmp_path: Path) -> None:
    folder = record()
    (tmp_path / "helper.py").write_text("RATE = 0.25\n")
    found = replay(folder)
    assert found.same
    assert "the copies in" in found.source[0]
    assert "helper.py has changed or gone" in found.source[0]
    (folder / "source" / "helper.py").unlink()
    with pytest.raises(UserError, match=r"helper\.py is not at hand: .* has changed"):
        replay(folder)


def test_text_that_was_not_recorded_is_named(record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is imported from elsewhere, though every recorded file is as it was."""
    folder = record()
    other = tmp_path / "elsewhere" / "helper.py"
    other.parent.mkdir()
    other.write_text("RATE = 0.5  # as before\n")
    monkeypatch.setenv("ALSO", str(other))
    found = replay(folder)
    assert found.same
    assert any("not in the record" in note and "elsewhere/helper.py" in note for note in found.notes)


def test_a_killed_run_is_replayed_as_far_as_it_goes(record: Record) -> None:
    folder = record(KILLED="9")
    found = replay(folder)
    assert (found.same, found.parts[0].steps, found.record) == (True, 9, "incomplete")


def test_a_program_that_fails_this_time_is_quoted(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = record()
    monkeypatch.setenv("RAISES", "6")
    found = replay(folder)
    assert found.differences[0].text == "step 7: the row is recorded and did not come again"
    assert any("exit code 1" in note and "ValueError: no data" in note for note in found.notes)


def test_masked_arguments_must_be_given_again(record: Record) -> None:
    folder = record("--hf-token", "abc", "--rate", "2")
    with pytest.raises(UserError, match=r"masked .*: --hf-token \*\*\*"):
        replay(folder)
    assert replay(folder, Wanted(given=["--hf-token", "abc", "--rate", "2"])).same
    with pytest.raises(UserError, match="--rate 3"):
        replay(folder, Wanted(given=["--hf-token", "abc", "--rate", "3"]))


def test_a_broken_record_is_refused_unless_wanted_anyway(record: Record) -> None:
    folder = record()
    ledger = folder / "ledger.jsonl"
    ledger.write_text(ledger.read_text().replace('"step":5,"epoch":0', '"step":5,"epoch":1'))
    with pytest.raises(BrokenError, match=r"broken.*--anyway"):
        replay(folder)
    found = replay(folder, Wanted(anyway=True))
    assert (found.differences[0].step, found.differences[0].cause) == (5, "epoch")


def test_nothing_runs_before_it_is_agreed_to_and_recorded_files_stay_where_they_are(record: Record, tmp_path: Path) -> None:
    folder = record()
    before = (tmp_path / "model.bin").stat().st_mtime_ns

    def refuse(lines: list[str]) -> None:
        raise UserError("no")

    with pytest.raises(UserError, match=r"^no$"):
        replay(folder, agree=refuse)
    assert (tmp_path / "model.bin").stat().st_mtime_ns == before


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_replay_that_is_stopped_ends_what_it_started_and_puts_everything_back(
    record: Record, tmp_path: Path, how: signal.Signals
) -> None:
    folder = record()
    model = (tmp_path / "model.bin").read_bytes()
    before = sorted(path.name for path in tmp_path.iterdir())
    command = [sys.executable, "-m", "glassloop", "replay", str(folder), "--yes"]
    surroundings = {**os.environ, "WAITS": "3", "TMPDIR": str(tmp_path)}
    started = subprocess.Popen(command, env=surroundings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not any(b"step 3" in path.read_bytes() for path in tmp_path.glob("glassloop-replay-*/output.txt")):
        assert started.poll() is None
        time.sleep(0.02)
    assert not (tmp_path / "model.bin").exists()
    started.send_signal(how)
    assert started.wait(timeout=600) != 0
    assert (tmp_path / "model.bin").read_bytes() == model
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_another_machine_is_named_first(record: Record) -> None:
    folder = record()
    run = json.loads((folder / "run.json").read_text())
    run["environment"]["python"] = "3.99.0"
    run["environment"]["packages"]["torch"] = "0.1"
    (folder / "run.json").write_text(json.dumps(run))
    asked: list[str] = []
    replay(folder, Wanted(anyway=True), agree=asked.extend)
    assert any(line.startswith("differs here: python: 3.99.0 recorded") for line in asked[:3])
    assert any("torch: 0.1 recorded" in line for line in asked[:4])


def test_the_command_asks_and_its_exit_code_tells(record: Record, tmp_path: Path) -> None:
    folder = record()
    command = [sys.executable, "-m", "glassloop", "replay", str(folder)]
    unasked = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600)
    assert unasked.returncode == 2
    assert "give --yes" in unasked.stderr.splitlines()[-1]
    words = [*command, "--yes", "--format", "json", "-o", "verdict.json"]
    faulty = subprocess.run(words, env={**os.environ, "FAULT": "1"}, capture_output=True, text=True, timeout=600)
    assert faulty.returncode == 1, faulty.stderr
    assert json.loads(faulty.stdout) == json.loads((tmp_path / "verdict.json").read_text())
    shutil.rmtree(folder)
    gone = subprocess.run(words, capture_output=True, text=True, timeout=600)
    assert (gone.returncode, gone.stdout) == (2, "")
    assert "no run folder" in gone.stderr
