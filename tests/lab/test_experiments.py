"""Every rule's experiment is whole, its right loop is right, and its wrong loop holds the rule's own mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassloop.check import check_paths
from glassloop.lab.jobs import Job, run_jobs
from glassloop.lab.trial import LOOPS, texts
from glassloop.rules import Rule, all_rules

WITH = [rule for rule in all_rules() if rule.experiment is not None]
# What the reader leaves alone in these, and rightly: how many batches there are, which only a run can count; a script that
# says how its processes start. And what a run does: damaged scans that come among the first, when nothing is usual yet.
UNHEARD = {"accumulation-tail-dropped", "workers-without-main-guard", "gradient-exploding"}


@pytest.mark.parametrize("rule", WITH, ids=lambda rule: rule.name)
def test_the_texts_hold_the_one_mistake(rule: Rule, tmp_path: Path) -> None:
    """The reader hears the rule in the wrong loop of a case at least, and in no right one."""
    assert rule.experiment is not None
    if rule.card.only_run:
        heard_in_runs(rule)
        return
    found = set()
    for number, case in enumerate(rule.experiment.cases):
        right, wrong = texts(rule.experiment, case, rule.experiment.seeds[0])
        for name, text in (("right", right), ("wrong", wrong)):
            script = tmp_path / f"{name}{number}.py"
            script.write_text(text, encoding="utf-8")
            heard = {f.rule for f in check_paths([script], select=[rule.name]).findings}
            assert name == "wrong" or not heard, case.name
            found |= heard
    assert found == ({rule.name} if rule.name not in UNHEARD else set()), "the reader hears it in no case"


def heard_in_runs(rule: Rule) -> None:
    """The same where only a run tells."""
    assert rule.experiment is not None
    pairs = [texts(rule.experiment, case, rule.experiment.seeds[0]) for case in rule.experiment.cases]
    ran = run_jobs([Job(text) for pair in pairs for text in pair])
    heard = [{finding["rule"] for finding in one.trace.findings} for one in ran]
    assert not any(rule.name in one for one in heard[::2]), "heard in a right loop"
    if rule.name == "loader-starves" and not any(rule.name in one for one in heard):
        return  # it is silent where other work keeps the machine busy, as these tests do
    assert any(rule.name in one for one in heard[1::2]) == (rule.name not in UNHEARD), "the run hears it in no case"


@pytest.mark.parametrize("path", sorted(LOOPS.glob("*.py")), ids=lambda path: path.stem)
def test_a_right_loop_is_right_in_both_ears_and_says_its_result(path: Path) -> None:
    (ran,) = run_jobs([Job(path.read_text(encoding="utf-8"))])
    heard = [f for f in ran.trace.findings if f["rule"] != "loader-starves"]  # which a busy machine may well be
    assert (ran.error, ran.trace.raised, heard, ran.trace.warned) == ("", "", [], [])
    assert ran.trace.final
    assert check_paths([path]).findings == []



def test_every_rule_has_an_experiment() -> None:
    assert [rule.name for rule in all_rules() if rule.experiment is None] == []
