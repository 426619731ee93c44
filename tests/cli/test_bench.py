"""`glassloop bench` on the command line: a small table for real, and its one-line errors."""

from __future__ import annotations

import json

import pytest


def test_a_small_table_is_measured_written_and_drawn(command, tmp_path):
    words = "--quick --task digits-mlp --technique tuned --threads 1 --blocks 2 --epochs 3 --format json -o table.json"
    done = command("bench", *words.split(), timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "wrote table.json\nwrote table.png\n"
    assert (tmp_path / "table.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads((tmp_path / "table.json").read_text())
    rows = found["tasks"]["digits-mlp"]["rows"]
    assert list(rows) == ["standard", "tuned"]
    assert rows["tuned"]["n"] == 2
    assert rows["tuned"]["loss"] == pytest.approx(rows["standard"]["loss"], rel=1e-3)  # the same training
    assert rows["tuned"]["interval"][0] <= rows["tuned"]["ratio"] <= rows["tuned"]["interval"][1]
    assert rows["tuned"]["memory_mib"]["peak"] is None or rows["tuned"]["memory_mib"]["peak"] > 50
    assert found["conditions"]["device"] in ("cpu", "cuda")
    assert found["over_tasks"]["tuned"]["tasks"] == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--technique", "magic"], "no technique is called magic; there are: standard, accumulation, amp"),
        (["--task", "mnist"], "mnist"),
        (["-o", "nowhere/table.md"], "nowhere is no folder"),
    ],
)
def test_bad_input_is_one_line(command, words, says):
    done = command("bench", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
