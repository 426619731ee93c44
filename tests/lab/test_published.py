"""What is published of the lab is what the rules say and what a run shows, and a run that shows otherwise fails."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from glassloop.experiments import Case, Experiment, Moved, Verdict
from glassloop.lab.catalogue import experiments
from glassloop.lab.classic import TABLE
from glassloop.lab.page import page
from glassloop.lab.published import stray
from glassloop.lab.trial import Outcome, run

ROOT = Path(__file__).parents[2]
RECORD = json.loads((ROOT / "bench" / "results" / "lab.json").read_text(encoding="utf-8"))
ROWS = {(row["rule"], row["case"]): row for row in RECORD["rows"]}


@pytest.fixture(scope="module")
def quick() -> list[Outcome]:
    return run(experiments(), quick=True)


def test_every_sentence_and_verdict_still_holds(quick: list[Outcome]) -> None:
    assert [f"{one.rule}, {one.case.name}: {one.why_not}" for one in quick if not one.holds] == []


def test_every_published_number_is_still_seen(quick: list[Outcome]) -> None:
    off = {}
    for one in quick:
        if one.rule == "loader-starves":  # pictures a second: the machine's
            continue
        recorded = ROWS[one.rule, one.case.name]["figures"]
        if found := stray(one.case.says, recorded, one.as_json()["figures"]):
            off[one.rule, one.case.name] = found
    assert off == {}


@pytest.mark.full
def test_everything_holds_with_every_seed() -> None:
    assert [f"{one.rule}, {one.case.name}: {one.why_not}" for one in run(experiments()) if not one.holds] == []


def test_the_record_has_every_case_and_no_other() -> None:
    cases = {(name, case.name) for name, experiment in experiments().items() for case in experiment.cases}
    assert set(ROWS) == cases, "python bench/lab.py RULE"
    for name, experiment in experiments().items():
        for case in experiment.cases:
            assert ROWS[name, case.name]["verdict"] == case.verdict.value, "python bench/lab.py RULE"


def test_the_page_is_what_the_record_says() -> None:
    assert (ROOT / "docs" / "lab.md").read_text(encoding="utf-8") == page(RECORD["rows"]), "python bench/lab.py --page"


def test_the_classic_table_is_tried() -> None:
    assert len(TABLE) == 8
    assert {line.name for line in TABLE} <= set(experiments())


def wrong_in_one_way(case: Case, **changes: object) -> Outcome:
    """The outcome of a right experiment with one thing about it published wrongly."""
    changed = replace(case, **changes)  # type: ignore[arg-type]
    mistake = (Moved("optimizer.zero_grad()", after="loss.backward()"),)
    (outcome,) = run({"x": Experiment("digits", mistake, (changed,))}, quick=True)
    return outcome


def test_what_is_published_wrongly_is_found_out() -> None:
    """A verdict, a number in a sentence, what should hold, a figure that is not there, and a right loop that raises."""
    case = Case("SGD", Verdict.WORSE, lambda right, wrong: wrong["update_max"] == 0, "{wrong[travelled]} tensors move")
    assert wrong_in_one_way(case).holds
    assert "published as silent, seen: worse" in wrong_in_one_way(case, verdict=Verdict.SILENT).why_not
    assert not wrong_in_one_way(case, holds=lambda right, wrong: wrong["update_max"] > 0).holds
    assert "KeyError" in wrong_in_one_way(case, says="{wrong[nothing]}").why_not
    assert "cannot be asked" in wrong_in_one_way(case, holds=lambda right, wrong: wrong["none"] > 0).why_not
    assert "the right loop raises NameError" in wrong_in_one_way(case, settings={"LR": "nowhere"}).why_not
    says = "{right[val_accuracy]:.2f} and {wrong[raised]}"
    seen = {"right": {"val_accuracy": 0.9}, "wrong": {"raised": "RuntimeError: a"}}
    near = {"right": {"val_accuracy": 0.85}, "wrong": {"raised": "RuntimeError: b"}}
    far = {"right": {"val_accuracy": 0.6}, "wrong": {"raised": "TypeError: a"}}
    assert stray(says, near, seen) == []
    assert len(stray(says, far, seen)) == 2
