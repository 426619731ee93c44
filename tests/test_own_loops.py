"""glassloop's own loops are clean in both ears: read as text, and run under the watch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from glassloop import templates
from glassloop.check import check_paths

EACH = {*((task, "production") for task in templates.tasks()), *(("digits", rung) for rung in templates.rungs())}


@pytest.mark.parametrize(("task", "rung"), sorted(EACH))
def test_read(task: str, rung: str, tmp_path: Path):
    templates.copy(task, tmp_path / "loop", rung)
    assert check_paths([tmp_path / "loop"]).findings == []


def test_read_where_they_lie():
    assert check_paths([templates.LOOPS]).findings == []


ENDS = ("five_lines", "validated", "production")  # those between: tests/loops/test_rungs.py


@pytest.mark.parametrize(("task", "rung"), [*(("spiral", rung) for rung in ENDS), ("digits", "production")])
def test_run(task: str, rung: str, tmp_path: Path):
    templates.copy(task, tmp_path / "loop", rung)
    done = subprocess.run(
        [sys.executable, "-m", "glassloop", "run", "--no-record", "--format", "json", "train.py", "--epochs", "2"],
        cwd=tmp_path / "loop",
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["findings"] == []
