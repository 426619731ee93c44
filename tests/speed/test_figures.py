"""Ratios are of turns of one block, over a whole run with its set-up; the pages say the figures, and what holds."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest

from glassloop.speed import figures, page, picture


def row(seconds, set_up=0.0, above=100.0, cpu=None):
    turns = [{"seconds": s, "cpu": c, "loss": 0.5} for s, c in zip(seconds, cpu or seconds, strict=True)]
    memory = {"peak": above + 200, "above": above, "workers": 0.0}
    return {"set_up": set_up, "first": turns[0], "samples": 100, "turns": turns, "memory": memory}


MEASURED = {
    "rows": {"standard": row([1.0, 2.0, 4.0]), "amp": row([0.5, 1.0, 2.0]), "together": row([2.0, 4.0, 8.0], above=67)}
}


def found(**measured):
    tasks = {
        name: {"settings": {"threads": 1}, "notes": ["a note"], "rows": figures.summary(each, 10)}
        for name, each in measured.items()
    }
    hardware = {"cpu": "a processor", "cores_allowed": 2}
    conditions = {
        "machine": {"hardware": hardware, "torch": {"version": "2"}}, "device": "cpu", "cores": 2, "load": [0.5],
        "batch": 32, "blocks": 3, "epochs": 10,
    }  # fmt: skip
    return {"conditions": conditions, "tasks": tasks}


def test_a_ratio_is_of_turns_of_one_block():
    """The machine was four times slower in the last block: no ratio of a block sees that."""
    rows = figures.summary(MEASURED, 10)
    assert rows["amp"]["ratio"] == pytest.approx(2)
    assert rows["amp"]["interval"] == pytest.approx((2, 2))
    assert rows["together"]["ratio"] == pytest.approx(0.5)
    assert rows["together"]["memory_ratio"] == pytest.approx(0.67)
    assert rows["standard"]["samples_a_second"] == 50


def test_what_is_paid_once_is_spread_over_the_run():
    measured = {"rows": {"standard": row([1.0] * 3), "best": row([0.1] * 3, set_up=4.0)}}
    assert figures.summary(measured, 10)["best"]["ratio"] == pytest.approx(10 / 5)
    assert figures.summary(measured, 1000)["best"]["ratio"] == pytest.approx(1000 / 104)
    assert figures.summary(measured, 10)["best"]["steady"] == pytest.approx(10)


def test_the_clock_and_the_processor_are_told_apart():
    measured = {"rows": {"standard": row([1.0] * 3), "tuned": row([0.5] * 3, cpu=[0.8] * 3)}}
    assert figures.summary(measured, 10)["tuned"]["cpu_ratio"] == pytest.approx(1.25)


def test_an_interval_holds_the_median_and_is_narrower_with_less_spread():
    wide, narrow = [1.0, 1.5, 2.0, 2.5, 3.0], [1.9, 1.95, 2.0, 2.05, 2.1]
    low, high = figures.bootstrap(wide, statistics.median)
    assert 1 <= low < 2 < high <= 3
    closer = figures.bootstrap(narrow, statistics.median)
    assert low < closer[0] < 2 < closer[1] < high


def test_over_tasks_it_is_the_geometric_mean():
    slower = {"rows": {"standard": row([1.0] * 3), "amp": row([2.0] * 3)}}
    over = figures.over_tasks(found(a=MEASURED, b=slower)["tasks"], "amp")
    assert over["geometric_mean"] == pytest.approx(1)
    assert over["least"] == pytest.approx(0.5)
    assert figures.over_tasks(found(a=MEASURED)["tasks"], "best") is None


def test_pages_say_figures_notes_what_holds_and_what_was_not_measured(tmp_path: Path):
    two = found(**{"digits-mlp": MEASURED, "char-gpt": {"rows": {"standard": row([1.0] * 3), "amp": row([0.66] * 3)}}})
    for written in (page.text(two), page.markdown(two)):
        assert "1.5 times the speed is said of a GPU, here 1.52 to 2.00, geometric mean 1.74" in written
        assert "holds within a tenth for char-gpt." in written
        assert "memory -33% is said, here -33% to -33%" in written
        assert "Not measured on a GPU" in written
        assert "a note" in written
        assert "clipping" not in written  # it was not measured
        assert "with --quick" not in written
        assert "the machine was busy" not in written
    assert "| AMP | 1,000.0 | 100 | 2.00 | 2.00 to 2.00 |" in page.markdown(two)
    assert picture.draw(two, tmp_path / "table.png")
    assert (tmp_path / "table.png").read_bytes().startswith(b"\x89PNG")


def test_the_published_page_is_what_the_published_record_makes():
    root = Path(__file__).parents[2]
    record = root / "bench" / "results" / "techniques.json"
    table = page.markdown(json.loads(record.read_text()), title="")
    assert f"<!-- table -->\n{table}<!-- end -->" in (root / "docs" / "bench.md").read_text(encoding="utf-8")
