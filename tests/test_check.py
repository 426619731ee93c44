"""check, from files to findings: whatever is on the disk, and the command itself."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from glassloop.check import check_paths
from glassloop.cli.check import check
from glassloop.cli.explain import explain
from glassloop.rules import all_rules

BAD = next(rule for rule in all_rules() if rule.name == "zero-grad-missing").bad
app = typer.Typer()
app.command()(check)
app.command()(explain)
runner = CliRunner()


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(BAD, encoding="utf-8")
    return path


def note_on(path: Path, data: bytes) -> str:
    """The one line that check says of a file that it cannot read."""
    path.write_bytes(data)
    report = check_paths([path])
    ((_, note),) = report.notes
    assert report.findings == []
    assert "\n" not in note
    return note


def test_what_cannot_be_read_ends_in_one_clear_line(tmp_path: Path):
    trains = b"import torch\nloss.backward()\n"
    path = tmp_path / "odd.py"
    assert "NUL" in note_on(path, trains + b"\x00")
    assert "not valid Python" in note_on(path, trains + b"def (:\n")
    assert "encoding" in note_on(path, b"# coding: utf-8\n" + trains + b"x = '\xff\xfe'\n")
    assert "too large" in note_on(path, trains + b"#" * 2_000_000)
    assert "nested" in note_on(path, trains + b"x = " + b"(" * 150 + b"1" + b")" * 150 + b" \ny = " + b"-" * 50_000 + b"1\n")
    assert "notebook" in note_on(tmp_path / "odd.ipynb", b"{}loss.backward()")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "cp1252"])
def test_declared_encodings_are_read(tmp_path: Path, encoding: str):
    head = "" if encoding == "utf-8-sig" else f"# -*- coding: {encoding} -*-\n"
    path = tmp_path / "train.py"
    path.write_bytes((head + BAD.replace("torch.manual_seed(0)", "word = 'é'")).replace("\n", "\r\n").encode(encoding))
    assert [f.rule for f in check_paths([path]).findings] == ["zero-grad-missing"]


def test_a_script_that_never_ends_is_bounded(tmp_path: Path):
    path = tmp_path / "train.py"
    forks = "\n".join(f"    if x.a{i}:\n        optimizer.zero_grad()" for i in range(40))
    path.write_text(BAD.replace("    loss.backward()\n", f"    loss.backward()\n{forks}\n").replace("range(2)", "x.y"))
    report = check_paths([path])
    assert report.statistics["paths"] <= 64
    path.write_text("import torch\ndef f(n):\n    loss.backward()\n    return f(n) + f(n)\nf(1)\n")
    assert check_paths([path]).findings == []


def test_a_comment_sets_a_finding_aside(script: Path):
    for comment, left in (("ignore[zero-grad-missing]", 0), ("ignore", 0), ("ignore[step-missing]", 1)):
        script.write_text(BAD.replace("# expect: zero-grad-missing", f"# glassloop: {comment}"), encoding="utf-8")
        assert len(check_paths([script]).findings) == left


def test_a_notebook_is_its_cells_in_order(tmp_path: Path):
    head, tail = BAD.split("for step", 1)
    cells = [
        {"cell_type": "markdown", "source": ["loss.backward()"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", *head.splitlines(keepends=True)]},
        {"cell_type": "code", "source": f"for step{tail}"},
    ]
    path = tmp_path / "train.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert [f.rule for f in check_paths([path]).findings] == ["zero-grad-missing"]


def test_json_is_a_list_of_whole_findings(script: Path):
    result = runner.invoke(app, ["check", str(script), "--format", "json"])
    (finding,) = json.loads(result.stdout)
    assert result.exit_code == 1
    assert set(finding) == {"path", "line", "column", "end_line", "rule", "severity", "message", "related", "fix"}
    assert (finding["rule"], finding["severity"], finding["line"]) == ("zero-grad-missing", "error", 11)
    assert finding["related"][0] == {"path": str(script), "line": 10, "message": finding["related"][0]["message"]}


def test_exit_codes(script: Path, tmp_path: Path):
    assert runner.invoke(app, ["check", str(script)]).exit_code == 1
    assert runner.invoke(app, ["check", str(script), "--ignore", "zero-grad-missing"]).exit_code == 0
    assert runner.invoke(app, ["check", str(script), "--select", "step-missing,backward-missing"]).exit_code == 0
    assert runner.invoke(app, ["check", "-"], input=BAD).exit_code == 1
    assert runner.invoke(app, ["check", str(tmp_path / "none.py")]).exit_code != 0
    assert runner.invoke(app, ["check", str(script), "--select", "no-such-rule"]).exit_code != 0


@pytest.mark.parametrize("name", ["clip-after-step", "backward", "opaque"])
def test_explain_has_a_page_for_rules_and_events(name: str):
    result = runner.invoke(app, ["explain", name])
    assert result.exit_code == 0
    assert name in result.stdout


def test_reading_loads_neither_torch_nor_numpy(script: Path):
    code = (
        f"import sys; from glassloop.check import check_paths; assert check_paths([{str(script)!r}]).findings;"
        "print([m for m in ('torch', 'numpy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_a_rule_that_must_be_asked_is_silent_until_it_is_named(script: Path, monkeypatch: pytest.MonkeyPatch):
    rules = tuple(replace(rule, card=replace(rule.card, asked=rule.name == "zero-grad-missing")) for rule in all_rules())
    monkeypatch.setattr("glassloop.check.all_rules", lambda: rules)
    assert check_paths([script]).findings == []
    assert check_paths([script], select=["step-missing"]).findings == []
    assert [f.rule for f in check_paths([script], select=["zero-grad-missing"]).findings] == ["zero-grad-missing"]
