"""The reader on the cases: what it finds, what it leaves alone, and what following calls is worth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from glassloop.check import check_paths, check_source
from glassloop.rules import all_rules
from glassloop.source import owners
from glassloop.source.program import Program
from glassloop.source.values import Module
from tests.cases import labels
from tests.cases.rename import renamed

CASES = labels.load()

@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch):
    """A mistake of the reader itself is a failure here, not a note."""
    init = Program.__init__

    def strict_init(self, texts):
        init(self, texts)
        self.strict = True

    monkeypatch.setattr(Program, "__init__", strict_init)


def name(case: labels.Case) -> str:
    return case.path.relative_to(labels.HERE).as_posix()


def found(path: Path, **options) -> set[tuple[str, int]]:
    return {(f.rule, f.where.line) for f in check_paths([path], **options).findings}


@pytest.mark.parametrize("case", CASES, ids=name)
def test_case(case: labels.Case):
    assert found(case.path) == labels.read(case)


# A loop that a framework keeps to itself: that of the Transformers Trainer.
SILENT = {
    "frameworks/scheduler-per-batch/transformers_epochs_bad.py",
    "frameworks/softmax-before-cross-entropy/transformers_trainer_bad.py",
}


@pytest.mark.parametrize("case", labels.load(labels.FRAMEWORKS), ids=name)
def test_in_a_framework_it_is_right_or_silent(case: labels.Case):
    assert found(case.path) == (set() if name(case) in SILENT else labels.read(case))


@pytest.mark.parametrize("program", labels.load_programs(), ids=lambda program: program.main.parent.name)
def test_program_of_several_files(program: labels.Program):
    findings = check_paths(program.paths).findings
    assert {(Path(f.where.path), f.rule, f.where.line) for f in findings} == program.expected


def test_renaming_every_variable_changes_nothing(tmp_path: Path):
    changed = []
    for case in CASES:
        script = tmp_path / "renamed.py"
        script.write_text(renamed(case.path.read_text(encoding="utf-8")), encoding="utf-8")
        if found(script) != labels.read(case):
            changed.append(name(case))
    assert changed == []


def test_without_following_calls_many_mistakes_are_missed():
    """At least 30 % of the cases that have a mistake need the reader to follow a call."""
    bad = [case for case in CASES if labels.read(case)]
    lost = [case for case in bad if found(case.path, follow=False) != labels.read(case)]
    assert len(lost) / len(bad) >= 0.3, f"{len(lost)} of {len(bad)}"


def test_no_path_is_cut_short_in_the_cases():
    for case in CASES:
        report = check_paths([case.path])
        assert not report.notes, name(case)


def test_what_is_remembered_of_a_models_parts_is_what_is_there(monkeypatch: pytest.MonkeyPatch):
    """Whoever changes what a model, list or dict holds has to say so (owners.restructured)."""
    found = owners._owners_within
    asked = 0

    def checked(value: Any) -> frozenset[Any]:
        nonlocal asked
        if isinstance(value, Module) and value.within[0] == owners.Structure.changes:
            asked += 1
            assert value.within[1] == found(value)
        return remembered(value)

    remembered = owners.owners_within
    for name, module in list(sys.modules.items()):
        if name.startswith("glassloop.source") and getattr(module, "owners_within", None) is remembered:
            monkeypatch.setattr(module, "owners_within", checked)
    for rule in all_rules():
        for text in (rule.bad, rule.good):
            check_source(text, "loop.py")
    assert asked > 500
