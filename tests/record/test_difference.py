"""The first row that differs is located, with the cause before what follows from it."""

from collections.abc import Iterator
from typing import Any

import pytest

from glassloop.record.difference import Difference, differences, differing, lasting

Row = dict[str, Any]


def step(number: int, **fields: Any) -> Row:
    row = {"row": "step", "n": number, "step": number, "epoch": 0, "order": f"{number:016x}", "samples": 8, "lr": [0.1]}
    return {**row, "loss": 1 / number, "grad_norm": None, "rng": "aa", "state": f"{number:032x}", **fields}


def run(count: int) -> list[Row]:
    """Steps with an evaluation and a checkpoint after every second, and an end."""
    rows: list[Row] = [{"row": "run", "n": 0, "nonce": None}]
    for number in range(1, count + 1):
        rows.append(step(number))
        if number % 2 == 0:
            rows.append({"row": "eval", "n": 0, "step": number, "batches": 2, "samples": 9, "loader": 1, "order": "e"})
            rows.append({"row": "checkpoint", "n": 0, "step": number, "path": "c", "digest": "d", "state": "s"})
    return [*rows, {"row": "end", "n": 0, "step": count, "status": "finished", "exit_code": 0}]


def first(recorded: list[Row], again: list[Row], **how: Any) -> Difference:
    return next(differences(recorded, again, **how))


@pytest.mark.parametrize(
    ("changed", "cause", "words"),
    [
        ({"order": "ff", "loss": 9.0, "state": "f"}, "order", "other samples were fed"),
        ({"loss": 9.0, "rng": "bb", "state": "f"}, "rng", "a mask of dropout"),
        ({"loss": 9.0, "state": "f"}, "loss", "bytes or labels of the samples"),
        ({"lr": [0.1001], "state": "f"}, "lr", "0.1 recorded, 0.1001 now"),
        ({"grad_norm": 3.0, "state": "f"}, "grad_norm", "another gradient"),
        ({"state": "f"}, "state", "the gradient, the update or a buffer"),
        ({"rng": "bb"}, "rng", "drawn at random"),
        ({"loss": -0.0}, "loss", "-0.0 now"),
        ({"loss": "nan"}, "loss", "nan now"),
    ],
)
def test_a_step_that_differs_is_located_and_its_cause_comes_first(changed: Row, cause: str, words: str) -> None:
    recorded, again = run(6), run(6)
    recorded[5]["loss"] = again[5]["loss"] = 0.0
    again[5].update(changed)
    found = list(differences(recorded, again))
    assert [(one.step, one.row, one.cause) for one in found] == [(3 if recorded[5]["step"] == 3 else 4, "step", cause)]
    assert words in found[0].text
    assert set(found[0].fields) == set(changed)


def test_equal_runs_differ_in_nothing_and_numbers_of_rows_and_notes_do_not_count() -> None:
    again = [{"row": "note", "n": 1, "text": "something"}, *run(6), {"row": "data", "n": 3}]
    assert list(differences(run(6), again)) == []


def test_a_state_that_one_side_did_not_digest_is_not_compared() -> None:
    recorded, again = run(4), run(4)
    del again[1]["state"]
    assert list(differences(recorded, again)) == []
    assert differing({"row": "step", "loss": 0.1}, {"row": "step"}) == {}


@pytest.mark.parametrize(("index", "row"), [(1, "step"), (3, "eval"), (4, "checkpoint"), (-1, "end")])
def test_a_row_that_does_not_come_again_is_named_and_the_rest_still_matches(index: int, row: str) -> None:
    short = run(4)
    gone = short.pop(index)
    place = gone["step"]
    assert [(one.step, one.row, one.missing) for one in differences(run(4), short)] == [(place, row, "again")]
    assert [(one.step, one.row, one.missing) for one in differences(short, run(4))] == [(place, row, "recorded")]


def test_a_run_that_goes_on_where_the_recorded_one_ended_differs_and_a_killed_one_is_compared_as_far_as_it_goes() -> None:
    longer = run(8)
    assert first(run(6)[:-1], longer).missing == "recorded"
    read: list[int] = []

    def counted() -> Iterator[Row]:
        for row in longer:
            read.append(row.get("step", 0))
            yield row

    assert list(differences(run(6)[:-1], counted(), complete=False)) == []
    assert max(read) == 6, "a replay must not wait for rows that nothing is compared with"


def test_rows_are_compared_as_they_come() -> None:
    def endless() -> Iterator[Row]:
        number = 0
        while True:
            number += 1
            yield step(number, loss=5.0 if number == 1000 else 1 / number)

    assert first([step(number) for number in range(1, 2000)], endless()).step == 1000  # type: ignore[arg-type]


def test_a_checkpoint_of_the_kit_is_compared_by_what_is_trained() -> None:
    recorded, again = run(2), run(2)
    again[4]["digest"] = "settings, with another path in them"
    assert list(differences(recorded, again)) == []
    again[4]["state"] = "t"
    found = first(recorded, again)
    assert (found.row, set(found.fields)) == ("checkpoint", {"state", "digest"})
    for rows in (recorded, again):
        del rows[4]["state"]
    assert set(first(recorded, again).fields) == {"digest"}


def test_steps_that_a_resumed_session_made_again_do_not_count() -> None:
    rows: list[Row] = [{"row": "run"}, *map(step, range(1, 8)), {"row": "run"}, {"row": "resume", "step": 5}]
    rows += [step(number, loss=2.0) for number in (6, 7, 8)]
    rows = [{**row, "n": number} for number, row in enumerate(rows)]
    kept = [row for row in lasting(lambda: rows) if row["row"] == "step"]
    assert [row["step"] for row in kept] == list(range(1, 9))
    assert [row["loss"] for row in kept[5:]] == [2.0] * 3


def test_what_differs_is_told_in_json() -> None:
    again = run(2)
    again[1]["lr"] = [0.2]
    told = first(run(2), again).as_json()
    assert told["fields"] == {"lr": {"recorded": [0.1], "again": [0.2]}}
    assert (told["cause"], told["step"], told["row"], told["missing"]) == ("lr", 1, "step", None)
