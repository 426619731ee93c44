"""The ledger of claims: what CI can decide comes out as published, and the page says what the record says."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from glassloop.lab.claims import NOT_MEASURED, Claim, Here, Outcome, all_claims, verdict_of
from glassloop.lab.claims.page import page
from glassloop.lab.claims.runner import Result, judge, run_claims
from glassloop.lab.pool import Call, run_all

ROOT = Path(__file__).parents[2]
RECORD = json.loads((ROOT / "bench" / "results" / "claims.json").read_text())


@pytest.fixture(scope="module")
def quick_results() -> list[Result]:
    return run_claims([claim for claim in all_claims().values() if not claim.full], Here())


def test_what_ci_can_decide_comes_out_as_published(quick_results):
    broken = {result.id: result.error for result in quick_results if not result.holds}
    assert not broken


def test_a_quick_run_decides_at_least_one_case_of_each_claim(quick_results):
    claims = all_claims()
    for result in quick_results:
        if result.verdict != NOT_MEASURED:
            assert any(held is not None for held in result.cases.values()), result.id
        else:
            assert claims[result.id].verdict == NOT_MEASURED or claims[result.id].needs


@pytest.mark.full
def test_all_of_them_come_out_as_published():
    results = run_claims(list(all_claims().values()), Here(full=True))
    assert {result.id: result.error for result in results if not result.holds} == {}


def test_the_page_is_what_the_record_says():
    assert (ROOT / "docs" / "claims.md").read_text() == page(RECORD), "run python bench/claims.py (or name the claims)"


def test_the_record_decides_what_is_published():
    for id, claim in all_claims().items():
        row = RECORD["claims"].get(id)
        assert row or claim.verdict == NOT_MEASURED, f"{id} was never recorded: python bench/claims.py {id}"
        if row:
            decided = {case: held for case, held in row["cases"].items() if held is not None}
            seen = judge(claim, decided, row["figures"], Here(full=True))
            assert seen.holds, f"{id}: {seen.error}"


def test_a_claim_that_came_out_otherwise_fails():
    claim = Claim("c00", "x", "the essay", {"a": True, "b": False, "c": None}, "{n} of 3", lambda here: Outcome({}))
    right = judge(claim, {"a": True, "b": False}, {"n": 2}, Here(full=True))
    assert (right.holds, right.verdict, right.conditions) == (True, "depends", "2 of 3")
    flipped = judge(claim, {"a": True, "b": True}, {"n": 2}, Here())
    assert (flipped.holds, flipped.verdict, flipped.published) == (False, "true", "depends")
    assert not judge(claim, {"a": True}, {"n": 2}, Here(full=True)).holds, "a full run leaves nothing out"
    assert judge(claim, {"a": True}, {"n": 2}, Here()).holds, "a quick one may"
    assert not judge(claim, {"a": True, "b": False, "d": True}, {"n": 2}, Here()).holds, "a case that nobody published"
    decided = replace(claim, published={"a": True, "b": False})
    assert not judge(decided, {"a": True, "b": False}, {}, Here(full=True)).holds, "a figure that the text names"


@pytest.mark.parametrize(
    ("cases", "verdict"),
    [
        ((True, True), "true"),
        ((False,), "false"),
        ((True, False), "depends"),
        ((True, None), "true"),
        ((None,), NOT_MEASURED),
    ],
)
def test_the_verdict_follows_from_the_cases(cases, verdict):
    assert verdict_of({str(number): held for number, held in enumerate(cases)}) == verdict


@pytest.mark.full
@pytest.mark.parametrize("id", ["c20", "c21", "c33"])
def test_what_needs_a_gpu_is_rehearsed_on_the_cpu(id):
    """Its verdict means nothing here, but the experiment comes to its end and says something of each published case."""
    (done,) = run_all([Call("glassloop.lab.claims.child:decide", (id, Here(full=True)), 300)])
    assert not done.error, done.output
    assert set(done.value[0]) == set(all_claims()[id].published)


@pytest.mark.full
@pytest.mark.parametrize(
    ("target", "args"),
    [("transfer:_copies", ("cpu",)), ("fast_table:_gain", ("cpu", True, True))],
)
def test_a_gpu_part_of_a_claim_is_rehearsed_on_the_cpu(target, args):
    (done,) = run_all([Call(f"glassloop.lab.claims.themes.{target}", args, 300)])
    assert not done.error, done.output
