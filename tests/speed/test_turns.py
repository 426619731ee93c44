"""The processes that are measured: what one says when it cannot go on."""

from __future__ import annotations

import pytest

from glassloop.errors import UserError
from glassloop.speed import turns


def test_a_row_that_ends_early_says_which_it_was_and_why(tmp_path):
    asked = {"do": "train", "task": "digits-mlp", "technique": "amp", "threads": 0, "folder": str(tmp_path), "device": "cpu"}
    with pytest.raises(UserError, match="digits-mlp, amp: the process that measures it ended early: RuntimeError"):
        turns.Row(asked)


def test_what_workers_use_is_counted_and_they_end_with_their_row(tmp_path):
    asked = {"do": "train", "task": "digits-mlp", "technique": "loader", "threads": 1, "folder": str(tmp_path)}
    row = turns.Row(asked | {"device": "cpu", "epochs": 1, "epochs_a_turn": 1, "settings": {}})
    first = row.turn()
    assert first["seconds"] > 0
    assert first["cpu"] is None or first["cpu"] > 0
    memory = row.turn("end")
    assert memory["workers"] is None or memory["workers"] > 1  # four of them, a few MiB each
    row.process.wait(timeout=600)
    row.close()
    assert row.process.returncode == 0
    assert row.begun["samples"] == 1797
