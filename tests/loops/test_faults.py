"""What goes wrong in real life, done to real processes: the run ends in the same state, or in one clear line."""

import json
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

from glassloop.kit import checkpoint

from .harness import run, start
from .test_resume import digests

SHORT = ["--epochs", 3, "--batch-size", 128, "--ema", 0.9, "--save-every", 1]  # 36 steps, a checkpoint after each


@pytest.fixture(scope="module")
def whole(make_project):
    project = make_project()
    folder = project.parent / "whole"
    assert run(project, "--run-dir", folder, *SHORT).code == 0
    return project, digests(folder)[36]


def last_digest(folder):
    return list(digests(folder).values())[-1]


def assert_all_readable(folder):
    for path in folder.glob("checkpoints/step-*"):
        checkpoint.load(path)


def kill_many(project, expected, base, kills, seed=0):
    """Kill runs at random moments, going on each time; returns how many runs came to their end meanwhile."""
    rng = random.Random(seed)
    ended = done = 0
    while done < kills:
        folder = base / f"run-{ended}"
        while True:
            running = start(project, "--run-dir", folder, *SHORT, "--resume")
            if done < kills:
                running.process.join(rng.uniform(0.3, 2.5))
            if not running.process.is_alive() or done >= kills:
                break
            os.kill(running.pid, signal.SIGKILL)
            running.process.join()
            done += 1
            assert_all_readable(folder)
        result = running.wait()
        assert result.code == 0, result
        assert "damaged" not in result.stderr
        assert last_digest(folder) == expected
        rows = json.loads((folder / "history.json").read_text())
        assert [row["epoch"] for row in rows] == [1, 2, 3]
        ended += 1
    return ended


def test_kill_9_at_random_moments(whole, tmp_path):
    project, expected = whole
    assert kill_many(project, expected, tmp_path, kills=6) >= 1


@pytest.mark.full
def test_200_kills(whole, tmp_path):
    project, expected = whole
    assert kill_many(project, expected, tmp_path, kills=200, seed=1) >= 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_signal_finishes_the_step_and_saves(whole, tmp_path, number, workers):
    project, expected = whole
    folder = tmp_path / "run"
    running = start(project, "--run-dir", folder, *SHORT, "--workers", workers)
    wait_for_checkpoint(running, folder)
    os.kill(running.pid, number)
    ended = running.wait()
    assert ended.code == 128 + number, ended
    assert "finishing this step, then saving" in ended.stderr
    assert "stopped after step" in ended.stdout
    assert (folder / "report.html").exists()
    assert run(project, "--run-dir", folder, "--resume").code == 0
    assert last_digest(folder) == expected


def wait_for_checkpoint(running, folder):
    until = time.time() + 600
    while not list(folder.glob("checkpoints/step-*")):
        assert running.process.is_alive(), running.wait()
        assert time.time() < until
        time.sleep(0.01)


def test_second_ctrl_c_stops_at_once(make_project, tmp_path):
    project = make_project()
    with open(project / "task.py", "a") as file:  # a batch that takes longer than anybody waits
        file.write("\n\ndef augment(batch, draw):\n    import time; time.sleep(3000)\n    return batch\n")
    text = (project / "train.py").read_text()
    assert "    check_first_batch" in text  # which would wait for that batch too, before signals are heard
    (project / "train.py").write_text(text.replace("    check_first_batch", "    # "))
    running = start(project, "--run-dir", tmp_path / "run")
    while "steps on" not in running.stdout():
        assert running.process.is_alive(), running.wait()
        time.sleep(0.05)
    time.sleep(0.5)
    began = time.time()
    os.kill(running.pid, signal.SIGINT)
    time.sleep(0.3)
    os.kill(running.pid, signal.SIGINT)
    ended = running.wait()
    assert time.time() - began < 300
    assert ended.code == 130, ended
    assert "stopped at once" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture(scope="module")
def half(whole, tmp_path_factory):
    """A run stopped after step 20, with the two newest checkpoints kept."""
    project, _ = whole
    folder = tmp_path_factory.mktemp("half") / "run"
    assert run(project, "--run-dir", folder, *SHORT, "--stop-at", 20).code == 0
    return folder


def truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def flip_a_bit(path):
    data = bytearray(path.read_bytes())
    data[len(data) * 2 // 3] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("model.safetensors", truncate),
        ("model.safetensors", flip_a_bit),
        ("state.pt", truncate),
        ("state.pt", flip_a_bit),
        ("config.json", lambda path: path.unlink()),
        ("digests.json", lambda path: path.write_text("{}")),
        ("state.pt", lambda path: path.write_bytes(b"\x80\x04cos\nsystem\n(S'echo owned'\ntR.")),  # a hostile pickle
    ],
    ids=["weights-cut", "weights-bit", "state-cut", "state-bit", "no-config", "empty-digests", "hostile-pickle"],
)
def test_damaged_newest_is_named_and_the_one_before_used(half, tmp_path, name, damage):
    folder = shutil.copytree(half, tmp_path / "run", symlinks=True) / "checkpoints"
    newest = folder / "step-00000020"
    damage(newest / name)
    said = []
    found = checkpoint.load_newest(folder, said.append)
    assert found is not None
    assert found.step == 19
    assert len(said) == 1
    assert str(newest) in said[0]
    assert "\n" not in said[0]


def test_a_damaged_run_ends_in_the_same_state(whole, half, tmp_path):
    project, expected = whole
    folder = shutil.copytree(half, tmp_path / "run", symlinks=True)
    truncate(folder / "checkpoints" / "step-00000020" / "model.safetensors")
    ended = run(project, "--run-dir", folder, "--resume")
    assert ended.code == 0, ended
    assert ended.stderr.count("damaged checkpoint passed over") == 1
    assert "resumed after step 19" in ended.stdout
    assert last_digest(folder) == expected


def test_foreign_checkpoint_is_refused(half, make_project, tmp_path):
    folder = shutil.copytree(half, tmp_path / "run", symlinks=True)
    ended = run(make_project("spiral"), "--run-dir", folder, "--resume")
    one_clear_line(ended, "does not fit this model")
    assert_all_readable(folder)


def test_no_whole_checkpoint_is_refused(half, whole, tmp_path):
    folder = shutil.copytree(half, tmp_path / "run", symlinks=True)
    for path in folder.glob("checkpoints/step-*"):
        truncate(path / "state.pt")
    ended = run(whole[0], "--run-dir", folder, "--resume")
    one_clear_line(ended, "none of the", "is whole", "another --run-dir")
    assert ended.stderr.count("damaged checkpoint passed over") == len(list(folder.glob("checkpoints/step-*")))


def test_full_disk_leaves_the_checkpoint_before(whole, tmp_path):
    project, expected = whole
    disk = tmp_path / "small"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(disk)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        ended = run(project, "--run-dir", disk / "run", *SHORT, "--keep", 99)
        one_clear_line(ended, "could not be written")
        assert "--resume" in ended.stderr
        assert_all_readable(disk / "run")
        assert not list((disk / "run" / "checkpoints").glob(".writing*"))
        reached = len(digests(disk / "run"))
        assert 0 < reached < 36
        folder = shutil.copytree(disk / "run", tmp_path / "run", symlinks=True)  # to where there is space
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    ended = run(project, "--run-dir", folder, "--resume")
    assert f"resumed after step {reached}" in ended.stdout
    assert last_digest(folder) == expected


def one_clear_line(ended, *words):
    """Exit code 2, and on stderr one `error:` line with these words."""
    errors = [line for line in ended.stderr.splitlines() if not line.startswith("note: ")]
    assert ended.code == 2, ended
    assert len(errors) == 1, ended
    assert errors[0].startswith("error: "), ended
    assert all(word in errors[0] for word in words), errors
