"""annotate: every loop line of a script has its note, and notes come from events."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassloop import templates
from glassloop.annotate import document
from glassloop.annotate.html import to_html
from glassloop.annotate.reading import read_program
from tests.cases.rename import renamed

LADDER = ("five_lines", "validated", "production")
CASES = Path(__file__).parents[1] / "cases"

LOOP = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.Dropout(), nn.Linear(8, 2))
data = TensorDataset(torch.randn(32, 4), torch.randint(2, (32,)))
loader = DataLoader(data, batch_size=8, shuffle=True)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1)
criterion = nn.CrossEntropyLoss()
for epoch in range(2):
    net.train()
    total = 0.0
    for x, y in loader:
        x = x.to("cpu")
        optimizer.zero_grad()  # forget the last step
        out = net(x)
        loss = criterion(out, y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        total += loss.item()
    schedule.step()
    # How well does it do?
    net.eval()
    with torch.no_grad():
        for x, y in loader:
            criterion(net(x), y)
    print(epoch, total)
"""


@pytest.fixture(params=LADDER)
def rung(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    templates.write(templates.sources("digits", request.param), tmp_path)
    return tmp_path / "train.py"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "loop.py"
    path.write_text(LOOP)
    return path


def topics(path: Path) -> dict[int, list[str]]:
    return {row.first: [note.topic for note in row.notes] for row in document(str(path)).rows() if row.notes}


def note(path: Path, line: int, topic: str) -> str:
    rows = [row for row in document(str(path)).rows() if row.first == line]
    (found,) = [n for n in rows[0].notes if n.topic == topic]
    return f"{found.what} {found.why} {found.breaks}"


def test_each_line_says_what_it_does(script: Path) -> None:
    expected = {
        5: ["seed"], 8: ["loader"], 9: ["optimizer"], 10: ["scheduler"], 12: ["epoch loop"], 13: ["train-mode"],
        14: ["bookkeeping"],
        15: ["batch loop"], 16: ["to-device"], 17: ["zero-grad"], 18: ["forward"], 19: ["loss"], 20: ["backward"],
        21: ["clip"], 22: ["step"], 23: ["figure"], 24: ["schedule"], 26: ["eval-mode"], 27: ["grad-off"],
        28: ["evaluation loop"], 29: ["forward", "loss"], 30: ["output"],
    }  # fmt: skip
    assert topics(script) == expected


def test_a_clearing_is_told_by_where_it_stands(script: Path) -> None:
    assert "before its first backward" in note(script, 17, "zero-grad")
    lines = LOOP.splitlines()
    after_the_step = [*lines[:16], *lines[17:22], lines[16], *lines[22:]]
    script.write_text("\n".join(after_the_step))
    assert "The step has used the gradients" in note(script, 22, "zero-grad")
    between = [*lines[:16], *lines[17:20], lines[16], *lines[20:]]
    script.write_text("\n".join(between))
    assert "finds nothing to apply" in note(script, 20, "zero-grad")


def test_a_schedule_is_told_by_how_often_it_runs(script: Path) -> None:
    assert "once an epoch" in note(script, 24, "schedule")
    script.write_text(LOOP.replace("    schedule.step()", "        schedule.step()"))
    assert "Once for every step of the optimizer" in note(script, 24, "schedule")


def test_accumulation_is_told(script: Path) -> None:
    step = "            optimizer.step()\n            optimizer.zero_grad()"
    script.write_text(
        LOOP.replace("        optimizer.zero_grad()  # forget the last step\n", "")
        .replace("for x, y in loader:\n        x =", "for i, (x, y) in enumerate(loader):\n        x =", 1)
        .replace("        loss.backward()", "        loss = loss / 2\n        loss.backward()")
        .replace("        optimizer.step()", f"        if i % 2 == 1:\n{step}")
    )
    assert "does the same to every gradient" in note(script, 19, "data")
    assert "add up" in note(script, 20, "backward")
    assert "a remainder decides" in note(script, 22, "guard")
    assert "Once for several backwards" in note(script, 23, "step")


def test_every_line_of_the_ladder_with_an_event_is_noted(rung: Path) -> None:
    reading = read_program(str(rung))
    rows = document(str(rung)).rows()
    told = {line for row in rows if row.notes for line in range(row.first, row.last + 1)}
    silent = {"opaque", "end", "batch", "pass-begin", "pass-end", "grad-on"}
    events = {
        reading.layout.at[event.at.line].lineno
        for trace in reading.traces
        for event in trace.events
        if event.at.path == str(rung) and event.kind not in silent
    }
    assert events
    assert events <= told


def test_every_line_of_a_loop_of_the_ladder_is_noted(rung: Path) -> None:
    """From the loop over the epochs to its end, no statement is left without a word."""
    layout, rows = read_program(str(rung)).layout, document(str(rung)).rows()
    told = {line for row in rows if row.notes for line in range(row.first, row.last + 1)}
    first = next(row.first for row in rows for n in row.notes if n.topic == "epoch loop")
    end = layout.at[first].end_lineno or first
    statements = {node.lineno for line, node in layout.at.items() if first <= line <= end}
    assert statements <= told


@pytest.mark.parametrize("folder", ["zero-grad-missing", "train-mode-missing", "clip-after-step", "scheduler-per-batch"])
def test_renaming_everything_changes_no_note(folder: str, tmp_path: Path) -> None:
    for path in sorted((CASES / folder).glob("*.py")):
        text = path.read_text()
        (tmp_path / "plain.py").write_text(text)
        (tmp_path / "renamed.py").write_text(renamed(text))
        plain, other = (document(str(tmp_path / name)).rows() for name in ("plain.py", "renamed.py"))
        assert [(r.first, r.last, r.notes) for r in plain] == [(r.first, r.last, r.notes) for r in other], path.name


def test_findings_stand_at_their_lines(script: Path) -> None:
    script.write_text(LOOP.replace("        optimizer.zero_grad()  # forget the last step\n", ""))
    made = document(str(script))
    (row,) = [row for row in made.rows() if row.findings]
    assert row.findings[0].rule == "zero-grad-missing"
    assert "optimizer.step()" in row.code
    assert "zero-grad-missing" in made.rules
    assert 'href="#rule-zero-grad-missing"' in to_html(made)


def test_an_empty_file_is_a_document(tmp_path: Path) -> None:
    path = tmp_path / "empty.py"
    path.write_text("")
    assert document(str(path)).rows() == []
    assert "No step" in to_html(document(str(path)))
