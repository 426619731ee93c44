"""Faults planted in a training, each located by a replay at the exact step, with its cause."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# Six small trainings one after the other, each seeded anew, so that a fault in one leaves the next as it was.
SCRIPT = """
import json
from pathlib import Path
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

faults = json.loads(Path("faults.json").read_text()) if Path("faults.json").exists() else []

class Samples(Dataset):
    def __init__(self, wrong=None):
        self.x = torch.randn(64, 6)
        self.y = (self.x.sum(1) > 0).long()
        if wrong is not None:
            self.y[wrong] = 1 - self.y[wrong]
    def __len__(self):
        return 64
    def __getitem__(self, index):
        return self.x[index], int(self.y[index])

def train(seed, fault):
    torch.manual_seed(seed)
    order = torch.randperm(64).tolist()
    samples = Samples(wrong=order[34] if fault == "label" else None)  # in the fifth batch of eight
    if fault == "sample":
        order[17], order[40] = order[40], order[17]  # from the third batch into the sixth, and back
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.2), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for number, (x, y) in enumerate(DataLoader(samples, batch_size=8, sampler=order), 1):
        if fault == "dropout" and number == 6:
            torch.manual_seed(1)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        if fault == "gradient" and number == 3:
            model[3].weight.grad[0, 0] += 1e-6
        if fault == "buffer" and number == 7:
            model[1].running_mean.zero_()
        if fault == "rate":
            optimizer.param_groups[0]["lr"] = 0.5 * 1.001 if number == 4 else 0.5
        optimizer.step()

for seed, fault in enumerate(("label", "gradient", "rate", "sample", "dropout", "buffer")):
    train(seed, fault if fault in faults else None)
"""

PLANTED = {  # which step of the run, of eight to a training, and what differs there first
    "label": (5, "loss"),
    "gradient": (8 + 3, "state"),
    "rate": (16 + 4, "lr"),
    "sample": (24 + 3, "order"),
    "dropout": (32 + 6, "rng"),
    "buffer": (40 + 7, "state"),
}


def glassloop(*words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "glassloop", *words]
    return subprocess.run(command, cwd=cwd, env=surroundings, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the script and the record of a run of it without a fault, out/."""
    folder = tmp_path_factory.mktemp("faults")
    (folder / "train.py").write_text(SCRIPT)
    done = glassloop("run", "--no-watch", "--digest-every", "1", "--out", "out", "train.py", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def replayed(recorded: Path) -> dict[str, Any]:
    """What a replay of it says where every fault is planted."""
    (recorded / "faults.json").write_text(json.dumps(list(PLANTED)))
    done = glassloop("replay", "out", "--yes", "--all", "--format", "json", cwd=recorded)
    (recorded / "faults.json").unlink()
    assert done.returncode == 1, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_located_at_its_step_with_its_cause(replayed: dict[str, Any], fault: str) -> None:
    number = list(PLANTED).index(fault)
    inside = [one for one in replayed["differences"] if number * 8 < one["step"] <= number * 8 + 8]
    assert (inside[0]["step"], inside[0]["cause"]) == PLANTED[fault], inside[0]["text"]


def test_a_sample_with_another_label_is_named(replayed: dict[str, Any]) -> None:
    """The first difference is that of the label; the digests of the data tell which of the eight samples it was."""
    hints = [note for note in replayed["notes"] if note.startswith("step 5 was fed other data: sample ")]
    assert len(hints) == 1
    assert re.fullmatch(r".* sample \d+: label (0 recorded, 1|1 recorded, 0) now", hints[0])
