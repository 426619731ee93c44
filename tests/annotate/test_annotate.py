"""annotate: every loop line of a script has its note, and notes come from events."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassloop import templates
from glassloop.annotate import document
from glassloop.annotate.context import ASIDE
from glassloop.annotate.html import to_html
from glassloop.annotate.reading import read_program
from tests.cases.rename import renamed

LADDER = ("five_lines", "validated", "scheduled", "distributed", "production")
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
    assert "gradients of the turns in between add up" in note(script, 22, "guard")
    script.write_text(
        LOOP.replace("        loss.backward()", "        if y.sum() % 2:\n            continue\n        loss.backward()")
    )
    assert "the turn ends here" in note(script, 20, "guard")


def test_every_line_of_the_ladder_with_an_event_is_noted(rung: Path) -> None:
    reading = read_program(str(rung))
    rows = document(str(rung)).rows()
    told = {line for row in rows if row.notes for line in range(row.first, row.last + 1)}
    silent = {"opaque", "end", "batch", "pass-begin", "pass-end", "grad-on", *ASIDE}
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


def noted(path: Path, text: str) -> dict[int, str]:
    """Everything that is said of each line, as one text."""
    path.write_text(text)
    rows = [row for row in document(str(path)).rows() if row.notes]
    return {row.first: " ".join(f"[{n.topic}] {n.what} {n.why}" for n in row.notes) for row in rows}


GAN = """\
import torch
from torch import nn

critic, maker = nn.Linear(2, 1), nn.Linear(3, 2)
for_critic = torch.optim.Adam(critic.parameters())
for_maker = torch.optim.Adam(maker.parameters())
for turn in range(100):
    for p in critic.parameters():
        p.requires_grad = True
    for_critic.zero_grad()
    real = critic(torch.randn(4, 2)).mean()
    real.backward()
    made = maker(torch.randn(4, 3)).detach()
    fake = critic(made).mean()
    fake.backward()
    for_critic.step()
    for p in critic.parameters():
        p.data.clamp_(-0.01, 0.01)
    for p in critic.parameters():
        p.requires_grad = False
    for_maker.zero_grad()
    score = critic(maker(torch.randn(4, 3))).mean()
    score.backward()
    for_maker.step()
"""


def test_two_optimizers_are_told_apart(tmp_path: Path) -> None:
    told = noted(tmp_path / "gan.py", GAN)
    assert "[freeze]" in told[9]
    assert "[freeze]" in told[20]
    assert "cut off its graph on the spot" in told[13]
    assert "add to those of the backward at line 12" in told[15]
    assert "Once for several backwards" in told[16]
    assert "[weights]" in told[18]
    assert "take no gradient here" in told[22]  # the critic, whose parameters are frozen by then
    assert "As at line 12" in told[23]


ALTERNATING = """\
import torch
from torch import nn

maker, judge = nn.Linear(4, 2), nn.Linear(2, 1)
for_maker = torch.optim.SGD(maker.parameters(), lr=0.1)
for_judge = torch.optim.SGD(judge.parameters(), lr=0.1)
for i in range(6):
    loss = judge(maker(torch.randn(3, 4)).detach()).mean()
    for_judge.zero_grad()
    loss.backward()
    for_judge.step()
    if i % 2 == 0:
        cost = judge(maker(torch.randn(3, 4))).mean()
        for_maker.zero_grad()
        cost.backward()
        for_maker.step()
"""


def test_what_is_cleared_does_not_add_up(tmp_path: Path) -> None:
    told = noted(tmp_path / "gan.py", ALTERNATING)
    assert "several backwards" not in told[11]  # the backward at line 15 reaches the judge, too, and line 9 clears it
    told = noted(tmp_path / "last.py", ALTERNATING + "for_judge.zero_grad()\n")
    assert "no backward follows" in told[17]
    assert "no backward follows" not in told[9]
    assert "add up" not in told[12]  # the whole step stands behind the condition: nothing is left in between


def test_evaluation_with_recording_on_is_told(tmp_path: Path) -> None:
    told = noted(tmp_path / "loop.py", LOOP.replace("    with torch.no_grad():", "    if True:"))
    assert "a graph that no backward seen here walks" in told[29]
    assert "no backward follows it" in told[29]
    assert "the backward at line" not in told[29]


def test_what_is_not_known_is_not_claimed(tmp_path: Path) -> None:
    text = """\
def train(model, make, loader):
    steps = make(model)
    for x, y in loader:
        loss = model(x, y)
        model.zero_grad()
        loss.backward()
        steps.step()
"""
    told = noted(tmp_path / "unknown.py", text)
    assert "could not be told from this file" in told[3]
    assert "accumulation" not in told[3]
    assert "Which optimizer that is could not be told" in told[6]
    assert "[not followed]" in told[7]


def test_what_a_line_prepares_is_followed(tmp_path: Path) -> None:
    more = "        z = x * 2\n        unused = y + 1\n"
    text = LOOP.replace("        optimizer.zero_grad()", f"{more}        optimizer.zero_grad()", 1)
    told = noted(tmp_path / "loop.py", text.replace("out = net(x)", "out = net(z)"))
    assert "the forward at line 20" in told[17]
    assert "No line of the update reads" in told[18]
