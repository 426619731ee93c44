"""kill -9 at any write of a real recording: what is left is never called broken, and going on makes it whole again.

One process imports torch and forks a run for each moment. The run kills itself at its k-th write to the disk: in the middle
of the bytes, or just before a file is opened, renamed or synced. So the moments do not depend on the machine's speed.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from glassloop.record.verify import verify

HARNESS = """
import json, os, signal, sys
from pathlib import Path
import torch
from torch.utils.data import DataLoader, TensorDataset
import glassloop
from glassloop.kit import checkpoint
from glassloop.record import manifest, report
import glassloop.recording, glassloop.recorder.rows, glassloop.recorder.data  # loaded once, before the forks

home, moments = Path(sys.argv[1]), sys.argv[2]
machine = manifest.describe_machine()  # a quarter of a second each time, and not what is tested here
manifest.describe_machine = lambda: machine
report.write_report = lambda folder: None
x = torch.randn(24, 4)
real_write, seen = os.write, 0

def moment():
    global seen
    seen += 1
    return seen == at

def write(file, data):
    if moment():
        real_write(file, bytes(data)[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    return real_write(file, data)

def heard(event, arguments):
    wanted = event in ("os.rename", "os.truncate", "os.mkdir", "os.remove", "os.symlink")
    opened = event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(str(home))
    if (wanted or opened) and moment():
        os.kill(os.getpid(), signal.SIGKILL)

def train(folder):
    torch.manual_seed(0)
    net = torch.nn.Linear(4, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    train_set = DataLoader(TensorDataset(x, (x.sum(1) > 0).long()), batch_size=8, shuffle=True)
    val_set = DataLoader(TensorDataset(x[:8]), batch_size=8)
    found = checkpoint.load_newest(folder / "checkpoints") if checkpoint.exists(folder / "checkpoints") else None
    start, step = 0, 0
    if found:
        checkpoint.restore(found, {"model": net}, {}, {}, ())
        start, step = found.state["epoch"], found.step
    for epoch in range(start, 3):
        for xb, yb in train_set:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(xb), yb).backward()
            optimizer.step()
            step += 1
        with torch.no_grad():
            for xb, in val_set:
                net(xb)
        checkpoint.save(folder / "checkpoints", step, {"model": net}, {"epoch": epoch + 1}, {})
        torch.save(net.state_dict(), folder / "last.pt")  # written over by each epoch

def session(folder, moment):
    global at, seen
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    at, seen = moment, 0
    sys.addaudithook(heard)
    os.write = write
    with glassloop.record(folder, resume=True):
        train(folder)
    os.write = real_write
    if moment == 0:
        (home / "count").write_text(str(seen))
    os._exit(0)

torch.nn.functional.cross_entropy(torch.nn.Linear(4, 2)(x), torch.zeros(24).long()).backward()
torch.optim.SGD([torch.zeros(1, requires_grad=True)])
assert session(home / "never", 0) == 0
count = int((home / "count").read_text())
points = range(1, count + 1) if moments == "all" else sorted({1 + count * i // int(moments) for i in range(int(moments))})
told = {"count": count, "killed": []}
for point in points:
    folder = home / f"at-{point:03d}"
    killed = os.WIFSIGNALED(session(folder, point))
    told["killed"].append([folder.name, killed])
    (home / f"copy-{point:03d}").mkdir()
    os.system(f"cp -a {folder}/. {home}/copy-{point:03d}/ 2>/dev/null")
    if point % 3 == 0:
        session(folder, count // 2 + point % 7)  # goes on, and is killed once more
    session(folder, 0)
print(json.dumps(told))
"""


def kill_runs(home: Path, moments: str) -> None:
    done = subprocess.run([sys.executable, "-c", HARNESS, str(home), moments], capture_output=True, text=True, timeout=3000)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert sum(killed for _, killed in told["killed"]) > 0.9 * len(told["killed"])  # a run has not always as many writes
    assert verify(home / "never").word == "whole"
    for name, _ in told["killed"]:
        left = home / name.replace("at", "copy")
        if (left / "ledger.jsonl").exists():
            verdict = verify(left)
            assert verdict.word == "incomplete", (name, [str(problem) for problem in verdict.problems])
        verdict = verify(home / name)
        amiss = {problem.file for problem in verdict.problems}  # a file that a kill tore and nobody wrote again stays torn
        assert verdict.word == "whole" or (verdict.word, amiss) == ("incomplete", {"last.pt"}), (name, verdict.problems)


def test_a_kill_at_any_write_is_never_called_broken(tmp_path: Path) -> None:
    kill_runs(tmp_path, "5")


@pytest.mark.full
def test_a_kill_at_every_write_is_never_called_broken(tmp_path: Path) -> None:
    kill_runs(tmp_path, "all")
