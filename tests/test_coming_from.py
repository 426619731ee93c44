"""docs/coming-from.md: no argument of an installed framework is left out, and what is said to be the same training is."""

from __future__ import annotations

import dataclasses
import inspect
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from glassloop import templates

DOCS = Path(__file__).parents[1] / "docs" / "coming_from"
TOLD: dict[str, Any] = tomllib.loads((DOCS / "arguments.toml").read_text(encoding="utf-8"))


def test_each_line_and_flag_is_there() -> None:
    production = templates.LOOPS / "production"
    train, config = ((production / name).read_text(encoding="utf-8") for name in ("train.py", "config.py"))
    for name, (text, flags, _) in TOLD["lines"].items():
        assert text in train, name
        for flag in flags.split():
            assert f"    {flag[2:].replace('-', '_')}: " in config, (name, flag)


def test_each_argument_points_to_a_line_or_says_why_none() -> None:
    for framework in TOLD.keys() - {"lines"}:
        for argument, where in TOLD[framework]["arguments"].items():
            name, word = (where, "") if isinstance(where, str) else where
            assert name in TOLD["lines"] or (name == "" and word), (framework, argument)


def _arguments(framework: str) -> list[str]:
    if framework == "lightning":
        lightning = pytest.importorskip("lightning")
        return list(inspect.signature(lightning.Trainer.__init__).parameters)[1:]
    if framework == "accelerate":
        accelerate = pytest.importorskip("accelerate")
        return list(inspect.signature(accelerate.Accelerator.__init__).parameters)[1:]
    transformers = pytest.importorskip("transformers")
    return [field.name for field in dataclasses.fields(transformers.TrainingArguments) if field.init]


@pytest.mark.parametrize("framework", ["lightning", "accelerate", "transformers"])
def test_no_argument_is_left_out(framework: str) -> None:
    assert set(_arguments(framework)) == set(TOLD[framework]["arguments"])


def test_the_same_training_under_lightning_and_accelerate(tmp_path: Path) -> None:
    pytest.importorskip("lightning")
    pytest.importorskip("accelerate")
    project = tmp_path / "digits"
    templates.copy("digits", project)
    for script in DOCS.glob("*.py"):
        shutil.copy(script, project)
    steps = {}
    for script in ("train.py", "lightning_digits.py", "accelerate_digits.py"):
        more = ["--epochs", "2"] if script == "train.py" else []
        command = [sys.executable, "-m", "glassloop", "run", "--format", "json", "--out", script[:-3], script, *more]
        run = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=600, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
        assert json.loads(run.stdout.splitlines()[-1])["findings"] == []
        rows = map(json.loads, (project / script[:-3] / "ledger.jsonl").read_text().splitlines())
        steps[script] = [[row[n] for n in ("loss", "grad_norm", "lr", "rng")] for row in rows if row["row"] == "step"]
    ours = steps.pop("train.py")
    assert len(ours) == 46
    assert all(theirs == ours for theirs in steps.values())
