"""seed-missing speaks where it is asked, in many styles, and where nothing can have seeded the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassloop.check import check_paths
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
