"""Watches in a notebook: begun in one cell and stopped in another, begun anew, left open, and `%run`."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat

SETUP = """
import torch, glassloop
from torch import nn
def train(clears):
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(3):
        if clears: optimizer.zero_grad()
        model(torch.ones(2, 3)).sum().backward()
        optimizer.step()
"""
CELLS = [
    SETUP,
    "seen = glassloop.watch(lambda finding: None)",
    "train(clears=True)",
    "train(clears=False)",
    "print([(s.finding.rule, s.count) for s in seen.stop()])",
    "left_open = glassloop.watch(lambda finding: None)",
    "with glassloop.watch(lambda finding: None) as again:\n    train(clears=False)\nprint(len(again.findings), again.steps)",
    "model = nn.Linear(3, 1); optimizer = torch.optim.SGD(model.parameters(), lr=0.01)",
    "for _ in range(3):\n    model(torch.ones(2, 3)).sum().backward()\n    optimizer.step()",
    "print(left_open.findings[-1].finding.where.line, len(left_open.stop()))",
    "other = glassloop.watch(lambda finding: None)\n%run train.py\nprint([s.finding.where.path for s in other.stop()])",
    "with glassloop.watch():\n    train(clears=False)",
]


def test_cells_are_heard_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SETUP + "train(clears=False)\n")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    nbclient.NotebookClient(book, timeout=900, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = ["".join(o.get("text", "") for o in cell.outputs) for cell in book.cells]
    assert printed[4] == "[('zero-grad-missing', 2)]\n"
    assert printed[6] == "1 3\n"
    assert printed[9] == "3 2\n", "the loop in a cell, at the cell's own line"
    assert printed[10] == "['train.py']\n"
    # rich shows it as a notebook shows things
    shown = [o.get("data", {}).get("text/plain", "") for o in book.cells[11].outputs]
    assert "error zero-grad-missing" in printed[11] + "".join(shown)
