"""docs/watch.md: what its code prints, and that it names every rule that only a run can tell."""

import re
import subprocess
import sys
from pathlib import Path

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


def test_it_names_every_rule_that_only_a_run_can_tell():
    named = set(re.findall(r"rules/([a-z-]+)\.md", TEXT))
    assert named == {rule.name for rule in all_rules() if rule.card.only_run}
