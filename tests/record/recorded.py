"""Recorded runs for tests to verify and to tamper with: a real script, run by `glassloop run` in a process of its own."""

import subprocess
import sys
from pathlib import Path

# Two files, workers that shuffle, an evaluation, three checkpoints of the kit's of which the newest two stay.
HELPER = """
import torch

def make():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.1), torch.nn.Linear(8, 3))
"""

SCRIPT = """
import os, signal, sys, time
from pathlib import Path
import torch
from helper import make
from torch.utils.data import DataLoader, TensorDataset
from glassloop.kit import checkpoint

folder, epochs, pause = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
net = make()
x = torch.randn(40, 4)
data = TensorDataset(x, (x.sum(1) > 0).long())
train = DataLoader(data, batch_size=8, shuffle=True)
val = DataLoader(TensorDataset(x[:16] + 0.5, data.tensors[1][:16]), batch_size=8)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
start, step = 0, 0
if "--resume" in sys.argv and (found := checkpoint.load_newest(folder / "checkpoints")):
    checkpoint.restore(found, {"model": net}, {"optimizer": optimizer}, {}, ())
    start, step = found.state["epoch"], found.step
for epoch in range(start, epochs):
    net.train()
    for xb, yb in train:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(xb), yb)
        loss.backward()
        optimizer.step()
        step += 1
        time.sleep(pause)
    net.eval()
    with torch.no_grad():
        right = sum(int((net(xb).argmax(1) == yb).sum()) for xb, yb in val)
    state = {"optimizer": optimizer.state_dict(), "epoch": epoch + 1}
    checkpoint.save(folder / "checkpoints", step, {"model": net}, state, {"lr": 0.1})
    print("saved", step, flush=True)
print("right", right)
"""


def write_script(folder: Path) -> Path:
    """train.py and helper.py, in `folder`."""
    (folder / "helper.py").write_text(HELPER)
    (folder / "train.py").write_text(SCRIPT)
    return folder / "train.py"


def command(folder: Path, *options: str, epochs: int = 3, pause: float = 0.0, resume: bool = False) -> list[str]:
    """The command that records train.py in `folder` into `folder`/run."""
    words = ["run", "--out", "run", *options, "train.py", "run", str(epochs), str(pause), *(["--resume"] if resume else [])]
    return [sys.executable, "-m", "glassloop", *words]


def record_run(folder: Path, *options: str, epochs: int = 3) -> Path:
    """Record a run to its end and return the run folder."""
    write_script(folder)
    done = subprocess.run(
        command(folder, *options, epochs=epochs), cwd=folder, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "run"
