"""Which turn of a loop a run is in, read from the frame that runs it."""

import sys

from glassloop.findings import Where
from glassloop.tap.turns import turn_of

LOOP = "for epoch in range(3):\n    heard.append(turn(sys._getframe()))\n"


def heard_in(filename):
    """The turns that are found while the loop runs as if it stood in `filename`."""
    heard = []
    place = Where(filename, 1)
    exec(compile(LOOP, filename, "exec"), {"heard": heard, "sys": sys, "turn": lambda frame: turn_of(place, "epoch", frame)})
    return heard


def test_the_turn_is_the_loops_variable(tmp_path):
    assert heard_in(str(tmp_path / "a.py")) == [0, 1, 2]


def test_the_same_loop_in_another_file_is_another_loop(tmp_path):
    """Code objects with the same instructions are equal, also when they come from different files."""
    for name in ("b.py", "c.py"):
        assert heard_in(str(tmp_path / name)) == [0, 1, 2]
