"""Stop at a step, go on in a new process: every state after that is, bit for bit, the one of a run that never stopped."""

import json

import pytest

from .harness import run

# Everything that has made resumes differ: augmentation, dropout, batch-norm, bf16, EMA, accumulation with a short window.
HARD = ["--epochs", 2, "--batch-size", 128, "--accumulate", 3, "--precision", "bf16", "--ema", 0.9]
HARD += ["--save-every", 1, "--keep", 99]
STEPS = 8  # 1437 samples are 12 batches of at most 128, 4 windows of 3 an epoch


def digests(folder):
    """The digest of the whole state after each step that a checkpoint was kept of."""
    paths = sorted((folder / "checkpoints").glob("step-*"))
    return {int(path.name[5:]): json.loads((path / "digests.json").read_text())["all"] for path in paths}


@pytest.fixture(scope="module")
def whole(make_project):
    """The uninterrupted run: its project, folder and digests."""
    project = make_project()
    folder = project.parent / "whole"
    assert run(project, "--run-dir", folder, *HARD).code == 0
    found = digests(folder)
    assert list(found) == list(range(1, STEPS + 1))
    return project, found


def stop_and_go_on(project, folder, stops, workers):
    args = ["--run-dir", folder, *HARD, "--workers", workers]
    for number, stop in enumerate(stops):
        ended = run(project, *args, "--stop-at", stop, *(["--resume"] if number else []))
        assert ended.code == 0, ended
        assert f"stopped after step {stop}" in ended.stdout
    ended = run(project, "--run-dir", folder, "--resume")  # the settings come from the run itself
    assert ended.code == 0, ended
    assert f"resumed after step {stops[-1]}" in ended.stdout
    return digests(folder)


@pytest.mark.parametrize(
    ("stops", "workers"),
    [([1], 0), ([3], 2), ([4], 0), ([2, 6], 2)],  # mid-epoch, before an evaluation, twice in one run
    ids=str,
)
def test_resumed_state_is_the_uninterrupted_one(whole, tmp_path, stops, workers):
    project, expected = whole
    assert stop_and_go_on(project, tmp_path / "run", stops, workers) == expected


@pytest.mark.full
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stop", range(1, STEPS + 1))
def test_every_step(whole, tmp_path, stop, workers):
    project, expected = whole
    assert stop_and_go_on(project, tmp_path / "run", [stop], workers) == expected
