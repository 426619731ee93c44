"""Where a finding is told: at the line that does it, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from glassloop.check import check_paths

VALIDATED = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

net = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), nn.Linear(8, 3))
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
data = TensorDataset(torch.randn(32, 4), torch.randint(0, 3, (32,)))
loader = DataLoader(data, batch_size=8, shuffle=True, drop_last=True)
more = DataLoader(data, batch_size=8, shuffle=True)

def evaluate(batches):
    net.eval()
    return sum(nn.functional.cross_entropy(net(x), y).item() for x, y in batches)

net.train()
for epoch in range(4):
    batches = iter(loader)
    for u, v in more:
        x, y = batches.next()
        optimizer.zero_grad()
        answer = net(x)
        nn.functional.cross_entropy(answer + net(u), y).backward()
        optimizer.step()
    print(evaluate(loader))
"""

RANKED = """
import torch
from torch import nn

torch.manual_seed(0)
nets = []
data = [(torch.randn(3, 4), torch.randint(0, 2, (3,))) for _ in range(3)]


def run_epoch(rank=False):
    net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
    nets.append(net)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    scores = torch.zeros(6)
    for x, y in data:
        net.zero_grad()
        if rank:
            loss = nn.functional.cross_entropy(net(x), y)
            loss.backward()
            scores += net[0].weight.grad.abs().sum(1)
        else:
            loss = nn.functional.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
    return scores


run_epoch()
print(run_epoch(rank=True).argsort())
"""


def told(folder: Path, text: str) -> dict[str, set[int]]:
    script = folder / "script.py"
    script.write_text(text, encoding="utf-8")
    found: dict[str, set[int]] = {}
    for finding in check_paths([script]).findings:
        found.setdefault(finding.rule, set()).add(finding.where.line)
    return found


def line_of(part: str) -> int:
    return next(number for number, line in enumerate(VALIDATED.split("\n"), 1) if part in line)


def test_a_validation_that_records_graphs_is_not_what_was_trained_with(tmp_path: Path) -> None:
    found = told(tmp_path, VALIDATED)
    assert found["train-mode-missing"] == {line_of("answer = net(x)")}
    assert found["no-grad-missing"] == {line_of("return sum")}


def test_a_loader_that_is_trained_on_by_an_old_iterator_is_no_validation_s(tmp_path: Path) -> None:
    assert "validation-drops-last" not in told(tmp_path, VALIDATED)
    assert "removed-api" in told(tmp_path, VALIDATED)


def test_a_pass_for_gradients_alone_beside_one_that_steps_is_meant(tmp_path: Path) -> None:
    assert "step-missing" not in told(tmp_path, RANKED)
    assert "step-missing" in told(tmp_path, RANKED.replace("            optimizer.step()\n", ""))


def test_layers_that_only_pad_mind_no_mode(tmp_path: Path) -> None:
    layers = "nn.ConstantPad1d(1, 0.0), nn.Linear(6, 8), nn.{}, nn.Linear(8, 3)"
    text = VALIDATED.replace("nn.Linear(4, 8), nn.Dropout(0.2), nn.Linear(8, 3)", layers)
    assert "train-mode-missing" not in told(tmp_path, text.replace("nn.{}", "nn.ReLU()"))
    assert "train-mode-missing" in told(tmp_path, text.replace("nn.{}", "nn.Dropout(0.2)"))
