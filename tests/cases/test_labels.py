"""The cases keep their own conventions, and what their tensors do agrees with their labels."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from glassloop.rules import all_rules

sys.path.insert(0, str(Path(__file__).parent))
from labels import FRAMEWORKS, HERE, RULES, UNSEEN, Case, Program, expected, load, load_programs, table
from rename import renamed

ALL = [*load(HERE), *load(UNSEEN), *load(FRAMEWORKS)]


# Mistakes that go by two names: the second rule is right, too.
TWO_NAMES = {
    "zero-grad-breaks-accumulation": ("accumulation-tail-dropped",),
    "loss-never-backpropagated": ("parameters-never-updated",),
}


def kind(case: Case) -> str:
    return case.path.stem.rsplit("_", 1)[-1]


@pytest.mark.parametrize("case", ALL, ids=lambda c: str(c.path.relative_to(HERE)))
def test_a_case_is_labelled_by_its_folder_and_its_name(case: Case) -> None:
    rule = case.path.parent.name
    if rule == "right" or kind(case) == "ok":
        assert not case.expected
    else:
        assert kind(case) == "bad"
        assert rule in {found for found, _ in case.expected} <= {rule, *TWO_NAMES.get(rule, ())}


@pytest.mark.parametrize("case", [c for c in ALL if c.expected], ids=lambda c: str(c.path.relative_to(HERE)))
def test_a_bad_case_has_a_mended_twin_with_the_same_docstring(case: Case) -> None:
    twin = case.path.with_name(case.path.name.replace("_bad.py", "_ok.py"))
    texts = [path.read_text(encoding="utf-8") for path in (case.path, twin)]
    docs = [ast.get_docstring(ast.parse(text)) for text in texts]
    assert docs[0]
    assert docs[0] == docs[1]
    assert texts[0] != texts[1]


def test_renaming_keeps_lines_and_labels(tmp_path: Path) -> None:
    for case in ALL:
        text = case.path.read_text(encoding="utf-8")
        other = tmp_path / "case.py"
        other.write_text(renamed(text), encoding="utf-8")
        ast.parse(other.read_text(encoding="utf-8"))
        assert expected(other) == case.expected, case.path


def test_every_rule_has_enough_styles() -> None:
    seen = Counter(rule for c in load(HERE) for rule, _ in c.expected)
    unseen = Counter(rule for c in load(UNSEEN) for rule, _ in c.expected)
    asked = {rule.name for rule in all_rules() if rule.card.asked}  # tests/rules has theirs: nobody else's cases may speak
    assert all(seen[rule] >= 6 and unseen[rule] >= 2 for rule in RULES if rule not in asked), (seen, unseen)


def test_the_table_in_the_readme_is_true() -> None:
    """`python tests/cases/labels.py` writes it."""
    assert table() in (HERE / "README.md").read_text(encoding="utf-8")


def frameworks_here() -> bool:
    return all(map(importlib.util.find_spec, ("accelerate", "pytorch_lightning", "ignite", "transformers")))


@pytest.mark.parametrize(
    "folders",
    [
        [],
        pytest.param(
            [str(FRAMEWORKS)], marks=pytest.mark.skipif(not frameworks_here(), reason="frameworks are missing")
        ),
    ],
    ids=["torch", "frameworks"],
)
def test_what_the_tensors_do_agrees_with_the_labels(folders: list[str]) -> None:
    pytest.importorskip("torch")
    command = [sys.executable, str(HERE / "witness.py"), *folders]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("program", load_programs(), ids=lambda p: p.main.parent.name)
def test_a_program_is_labelled_by_its_name(program: Program) -> None:
    assert bool(program.expected) == program.main.parent.name.endswith("_bad")
