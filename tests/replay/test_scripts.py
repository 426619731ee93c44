"""Scripts of every style, unedited and unseeded: recorded, verified, and replayed bit for bit from the start."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Nothing here is seeded: weights, the order, the noise, the choice among a set of words, a split by numpy.
BY_HAND = """
import random
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

words = {"alpha", "beta", "gamma", "delta", "epsilon"}
rank = {word: number for number, word in enumerate(words)}  # another order in each process
x = torch.tensor(np.random.rand(96, 5), dtype=torch.float32) * (1 + rank["alpha"])
y = torch.tensor([random.randrange(3) for _ in range(96)])
model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
optimizer = torch.optim.AdamW(model.parameters(), lr=random.uniform(0.01, 0.02))
sampler = WeightedRandomSampler(np.random.rand(80).tolist(), 64)
train = DataLoader(TensorDataset(x[:80], y[:80]), batch_size=16, sampler=sampler, num_workers=WORKERS)
val = DataLoader(TensorDataset(x[80:], y[80:]), batch_size=8)
for epoch in range(3):
    model.train()
    for a, b in train:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(a + 0.01 * torch.randn_like(a)), b)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(epoch, sum((model(a).argmax(1) == b).sum().item() for a, b in val))
    torch.save({"model": model.state_dict(), "epoch": epoch}, "model.pt")
"""

LIGHTNING = """
import lightning as L
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

class Net(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.1), nn.Linear(8, 1))
    def training_step(self, batch, batch_idx):
        return nn.functional.mse_loss(self.body(batch[0]), batch[1])
    def validation_step(self, batch, batch_idx):
        self.log("val", nn.functional.mse_loss(self.body(batch[0]), batch[1]))
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

samples = TensorDataset(torch.randn(32, 3), torch.randn(32, 1))
trainer = L.Trainer(max_epochs=2, accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False)
trainer.fit(Net(), DataLoader(samples, batch_size=8, shuffle=True), DataLoader(samples, batch_size=8))
"""

ACCELERATE = """
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.1), nn.Linear(8, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
loader = DataLoader(TensorDataset(torch.randn(32, 3), torch.randn(32, 1)), batch_size=4, shuffle=True)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for epoch in range(2):
    for x, y in loader:
        with accelerator.accumulate(model):
            accelerator.backward(nn.functional.mse_loss(model(x), y))
            optimizer.step()
            optimizer.zero_grad()
"""

TRAINER = """
import torch
from torch import nn
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments

class Samples(Dataset):
    def __init__(self):
        self.x, self.y = torch.randn(32, 3), torch.randn(32, 1)
    def __len__(self):
        return 32
    def __getitem__(self, index):
        return {"x": self.x[index], "labels": self.y[index]}

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.1), nn.Linear(8, 1))
    def forward(self, x, labels):
        out = self.body(x)
        return {"loss": nn.functional.mse_loss(out, labels), "logits": out}

arguments = TrainingArguments("trained", num_train_epochs=2, per_device_train_batch_size=8, report_to=[], use_cpu=True,
                              save_steps=5, disable_tqdm=True)
Trainer(Net(), arguments, train_dataset=Samples(), eval_dataset=Samples()).train()
"""


def honest(folder: Path, text: str, steps: int) -> dict[str, object]:
    """Record the script, verify the record, replay it whole; gives what the replay said."""
    (folder / "train.py").write_text(text)
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    surroundings.pop("PYTHONHASHSEED", None)

    def glassloop(*words: str) -> str:
        command = [sys.executable, "-m", "glassloop", *words]
        done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    glassloop("run", "--digest-every", "1", "--out", "out", "train.py")
    told = dict(json.loads(glassloop("replay", "out", "--yes", "--all", "--format", "json")))
    assert (told["record"], told["same"], told["differing"], told["steps"]) == ("whole", True, 0, steps)
    return told


def test_a_loop_by_hand_that_seeds_nothing(tmp_path: Path) -> None:
    told = honest(tmp_path, BY_HAND.replace("WORKERS", "2"), 12)
    assert told["rows"] == 12 + 3 + 3 + 1  # evaluations, checkpoints and the end
    kept = (tmp_path / "model.pt").read_bytes()
    assert kept, "the recorded file was put back"


def test_loops_of_three_frameworks_in_one_process(tmp_path: Path) -> None:
    """One after the other in one script, because each process that imports them takes its time."""
    for name in ("lightning", "accelerate", "transformers"):
        pytest.importorskip(name, reason="the extra `frameworks` is not installed")
    honest(tmp_path, LIGHTNING + ACCELERATE + TRAINER, 8 + 8 + 8)


@pytest.mark.full
@pytest.mark.parametrize("text", [LIGHTNING, ACCELERATE, TRAINER])
def test_each_script_alone(tmp_path: Path, text: str) -> None:
    honest(tmp_path, text, 8)


MODULE = """
import glassloop
import torch
from app.settings import RATE

with glassloop.record("out"):
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    for _ in range(6):
        optimizer.zero_grad()
        model(torch.randn(4, 3)).square().mean().backward()
        optimizer.step()
"""


@pytest.mark.full
def test_a_module_that_records_itself_comes_again_though_its_text_has_changed(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "train.py").write_text(MODULE)
    (tmp_path / "app" / "settings.py").write_text("RATE = 0.1\n")
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "1"}
    for words in (["app.train"], ["glassloop", "verify", "out"], ["glassloop", "replay", "out", "--yes"]):
        done = subprocess.run([sys.executable, "-m", *words], cwd=tmp_path, env=surroundings, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        (tmp_path / "app" / "settings.py").write_text("RATE = 0.2\n")
    assert "same: 6 steps" in done.stdout


RESUMES = """
import os, signal, sys
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
step = 0
if "--resume" in sys.argv:
    state = torch.load("state.pt", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    step = state["step"]
try:
    while step < 200:
        step += 1
        optimizer.zero_grad()
        model(torch.randn(4, 3)).square().mean().backward()
        optimizer.step()
        if step % 5 == 0:
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, "state.pt")
        if step == 108 and "--resume" not in sys.argv:
            os.kill(os.getpid(), getattr(signal, sys.argv[1]))
except KeyboardInterrupt:
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, "state.pt")
    raise
"""


@pytest.mark.full
@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT"])
def test_a_script_that_was_stopped_and_goes_on_from_its_own_file(tmp_path: Path, how: str) -> None:
    """Its first session must end where it ended: a step later it would have written over the file that the second reads."""
    (tmp_path / "train.py").write_text(RESUMES)
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1"}
    codes = []
    runs = ["run", "--digest-every", "1", "--out", "out", "train.py", how]
    for words in (runs, [*runs, "--resume"], ["verify", "out"], ["replay", "out", "--yes"]):
        command = [sys.executable, "-m", "glassloop", *words]
        done = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=600)
        codes.append(done.returncode)
    assert codes == [-9 if how == "SIGKILL" else 130, 0, 0, 0], done.stdout + done.stderr
    assert "same: 2" in done.stdout
