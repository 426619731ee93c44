"""docs/watch.md: what its code prints, and that it names every rule that only a run can tell."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from glassloop.rules import all_rules

PAGE = Path(__file__).parents[1] / "docs" / "watch.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_its_code_runs_and_prints_what_it_says(tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text("\n".join(re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)), encoding="utf-8")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()[:2]
    assert f"`{first}`" in TEXT
    assert second.startswith("True [")
    assert done.stderr.count("script.py:12: error zero-grad-missing") == 1


def test_its_script_of_a_framework_prints_what_it_says(tmp_path: Path):
    pytest.importorskip("lightning", reason="the extra `frameworks` is not installed")
    (script,) = re.findall(r"```py\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    command = [sys.executable, tmp_path / "script.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    found = [line for line in done.stdout.splitlines() if re.fullmatch(r"[a-z-]+-[a-z-]+ \d+", line)]
    assert found == ["softmax-before-cross-entropy 15", "scheduler-per-epoch 26"]
    assert all(f"`{line}`" in TEXT for line in found)


def test_it_names_every_rule_that_only_a_run_can_tell():
    named = set(re.findall(r"rules/([a-z-]+)\.md", TEXT))
    assert named == {rule.name for rule in all_rules() if rule.card.only_run}
