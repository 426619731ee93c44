"""seed-missing speaks where it is asked, in many styles, and where nothing can have seeded the run."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
import torch

import glassloop
from glassloop.check import check_paths
from glassloop.rules import all_rules
from tests.cases import labels

STYLES = [case.path for case in labels.load() if case.path.parent.name == "train-data-not-shuffled" and not case.expected]


def found(script: Path) -> list[str]:
    return [f.rule for f in check_paths([script], select=["seed-missing"]).findings]


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.stem)
def test_a_style_without_its_seed_is_found(style: Path, tmp_path: Path):
    text = style.read_text(encoding="utf-8")
    assert "torch.manual_seed(0)" in text
    script = tmp_path / "train.py"
    for line, expected in (("pass", ["seed-missing"]), ("torch.manual_seed(0)", []), ("random.seed(0)", [])):
        script.write_text(text.replace("torch.manual_seed(0)", line).replace("import torch\n", "import random, torch\n", 1))
        assert found(script) == expected


def test_what_was_not_given_may_seed(tmp_path: Path):
    script = tmp_path / "train.py"
    text = STYLES[0].read_text(encoding="utf-8").replace("torch.manual_seed(0)", "fix_everything(0)")
    script.write_text(text.replace("import torch\n", "import torch\nfrom helpers import fix_everything\n", 1))
    assert found(script) == []


RULE = next(rule for rule in all_rules() if rule.name == "seed-missing")
HELPED = "def fix(n):\n    getattr(torch, 'manual' + '_seed')(n)\nfix(0)"  # the text does not tell, the run does


@pytest.mark.parametrize(
    ("line", "expected"),
    [("", 1), ("torch.manual_seed(0)", 0), ("import random\nrandom.seed(0)", 0), (HELPED, 0)],
    ids=["none", "torch", "random", "unread"],
)
def test_a_run_tells_where_it_is_asked(line: str, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    script = tmp_path / "train.py"
    script.write_text(RULE.bad.replace("model =", f"{line}\nmodel =", 1))
    main = types.ModuleType("__main__")
    main.__file__ = str(script)
    monkeypatch.setitem(sys.modules, "__main__", main)
    torch.seed()  # as in a new process: nobody's seed
    try:
        with glassloop.watch(lambda finding: None, rules=[RULE]) as seen:
            exec(compile(script.read_text(), str(script), "exec"), main.__dict__)
    finally:
        torch.manual_seed(0)
    assert len(seen.findings) == expected


def test_unasked_it_is_silent():
    torch.seed()
    with glassloop.watch(lambda finding: None) as seen:
        exec(compile(RULE.bad, "train.py", "exec"), {"__name__": "__main__"})
    torch.manual_seed(0)
    assert seen.findings == []
