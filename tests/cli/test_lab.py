"""`glassloop lab` on the command line: what it prints, its exit codes, its one-line errors, and no torch in its process."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import glassloop.lab.trial as trial
from glassloop.experiments import Verdict


def test_a_rule_is_tried_and_drawn(command, tmp_path):
    done = command("lab", "zero-grad-between-backward-and-step", "--quick", "--out", "pictures")
    assert done.returncode == 0, done.stderr
    assert "zero-grad-between-backward-and-step, SGD: worse (holds)" in done.stdout
    assert "2 cases, as published" in done.stdout
    picture = tmp_path / "pictures" / "zero-grad-between-backward-and-step.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert f"picture: {picture.relative_to(tmp_path)}" in done.stdout


def test_json_says_rule_holds_verdict_conditions_figures(command):
    done = command("lab", "step-missing", "--quick", "--format", "json")
    rows = json.loads(done.stdout)
    assert {row["rule"] for row in rows} == {"step-missing"}
    assert all(row["holds"] is True for row in rows)
    assert {row["verdict"] for row in rows} == {"warns", "worse"}
    assert rows[0]["conditions"]["torch"]
    assert rows[0]["figures"]["wrong"]["travelled"] == 0


def test_ones_own_script_is_broken(command, write):
    text = trial.loop_text("digits")
    write("train.py", text)
    line = text.splitlines().index("        optimizer.zero_grad()") + 1
    done = command("lab", "train.py", "--line", str(line), "--move", "drop", "--steps", "12")
    assert done.returncode == 0, done.stderr
    assert "-        optimizer.zero_grad()" in done.stdout
    assert "glassloop hears zero-grad-missing" in done.stdout
    assert "train.py is as it was" in done.stdout
    assert "files that it writes are those of these runs" in done.stdout
    assert f"({Verdict.WORSE.means})" in done.stdout or f"({Verdict.SILENT.means})" in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "say what to try"),
        (["nonsense"], "no experiment is called nonsense; there are: "),
        (["train.py"], "say which line of train.py to change"),
        (["train.py", "--line", "3"], "train.py does not exist"),
        (["notes.ipynb", "--line", "3"], "notes.ipynb is no Python script"),
    ],
)
def test_bad_input_is_one_line(command, words, says):
    done = command("lab", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_script_that_wants_arguments_is_told_where_they_go(command, write):
    write("train.py", "import sys\n\nif len(sys.argv) < 2:\n    sys.exit(2)\nprint(1)\n")
    said = command("lab", "train.py", "--line", "5").stderr
    assert said.count("\n") == 1
    assert "give them after --" in said


ENDING = """import torch

model = torch.nn.Linear(2, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
turn = 0
while turn < 3:
    turn += 1
    optimizer.zero_grad()
    model(torch.ones(3, 2)).pow(2).sum().backward()
    optimizer.step()
"""


def test_a_change_that_never_ends_is_told(command, write):
    write("train.py", ENDING)
    assert "it was stopped" in command("lab", "train.py", "--line", "7").stdout
    assert "it was stopped" not in command("lab", "train.py", "--line", "8").stdout


def test_what_no_longer_holds_is_exit_code_1():
    """One published verdict is changed, as a new torch might: the command says which, and fails."""
    code = """
import dataclasses, sys
import glassloop.lab.catalogue as catalogue
from glassloop.experiments import Verdict
from glassloop.cli import main
if __name__ == "__main__":
    experiment = catalogue.experiments()["backward-missing"]
    cases = (dataclasses.replace(experiment.cases[0], verdict=Verdict.SILENT),)
    wrong = dataclasses.replace(experiment, cases=cases)
    catalogue.experiments = lambda: {"backward-missing": wrong}
    sys.argv[1:] = ["lab", "backward-missing", "--quick", "--format", "json"]
    try:
        main()
    finally:
        assert "torch" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    (row,) = json.loads(done.stdout)
    assert (row["holds"], row["verdict"], row["published"]) == (False, "worse", "silent")
    assert row["why_not"] == "seed 0: published as silent, seen: worse"
    assert done.returncode == 1, done.stderr
