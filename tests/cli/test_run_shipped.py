"""`glassloop run digits`: the template, run from its run folder, which it fills itself."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from glassloop import templates
from tests.cli.conftest import Done

Command = Callable[..., Done]
WHOLE = {"run.json", "history.json", "checkpoints", "curves.png", "report.html", "source"}


def test_a_shipped_loop_leaves_a_whole_run_and_resumes_from_its_own_source(command: Command, tmp_path: Path) -> None:
    done = command("run", "--format", "json", "digits", "--epochs", "1", "--stop-at", "2")
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"run": "runs/digits-001", "findings": [], "exit_code": 0}, done.stderr
    source = tmp_path / "runs" / "digits-001" / "source"
    assert {path.name: path.read_text() for path in source.iterdir()} == templates.sources("digits")
    edited = (source / "task.py").read_text() + "\n# mine\n"
    (source / "task.py").write_text(edited)

    done = command("run", "digits", "--resume")  # the newest run, its own text
    assert done.returncode == 0, done.stderr
    assert "resumed after step 2" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("final {")
    assert "run folder runs/digits-001; open runs/digits-001/report.html" in done.stdout.splitlines()
    assert done.stderr == ""  # said once
    assert (source / "task.py").read_text() == edited
    assert {path.name for path in (tmp_path / "runs" / "digits-001").iterdir()} >= WHOLE
    run = json.loads((tmp_path / "runs" / "digits-001" / "run.json").read_text())
    assert [session["status"] for session in run["sessions"]][-1] == "finished"

    refused = command("run", "--out", "runs/digits-001", "digits")
    assert refused.returncode == 2
    assert "already holds a run" in refused.stderr
    longer = command("run", "--out", "runs/digits-001", "digits", "--resume", "--epochs", "5")
    assert longer.returncode == 2
    assert "--epochs was 1" in longer.stderr
    assert json.loads((tmp_path / "runs" / "digits-001" / "run.json").read_text()) == run  # refused: nothing has changed
    behind = command("run", "digits", "--out", "there")
    assert behind.returncode == 2
    assert "--out stands behind digits" in behind.stderr
    other = command("run", "--out", "runs/digits-001", "spiral", "--resume")
    assert other.returncode == 2
    assert "holds a run of another task than spiral" in other.stderr


@pytest.mark.parametrize("words", [["spiral", "--epochs", "0"], ["digits", "--help"]])
def test_what_never_began_leaves_no_folder(command: Command, tmp_path: Path, words: list[str]) -> None:
    done = command("run", *words)
    assert done.returncode == (0 if words[-1] == "--help" else 2)
    assert not list(tmp_path.glob("runs/*"))
    assert "run folder" not in done.stderr


def test_without_a_record_nothing_is_left(command: Command, tmp_path: Path) -> None:
    done = command("run", "--no-record", "spiral", "--epochs", "1")
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())


def test_a_loop_that_fails_has_its_record_closed(command: Command, tmp_path: Path) -> None:
    command("run", "--out", "here", "spiral", "--epochs", "1", "--stop-at", "1")
    task = tmp_path / "here" / "source" / "task.py"
    task.write_text(task.read_text().replace("def after_epoch(model", "def after_epoch(model=1/0, *"))
    done = command("run", "--out", "here", "spiral", "--resume")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "glassloop/cli" not in done.stderr
