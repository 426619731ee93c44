"""The bench of the other tools: its scripts are what it says, and its page is what was measured."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[1] / "bench"


@pytest.fixture(scope="module", autouse=True)
def _bench_is_importable() -> Iterator[None]:
    sys.path.insert(0, str(BENCH))
    yield
    sys.path.remove(str(BENCH))


def test_every_mistake_is_an_edit_of_its_right_twin() -> None:
    from peers.mistakes import MISTAKES, RIGHT, right, wrong

    for name in RIGHT:
        compile(right(name), name, "exec")
    for mistake in MISTAKES:
        assert wrong(mistake) != right(mistake.of), mistake.says
        compile(wrong(mistake), mistake.says, "exec")
    assert len(MISTAKES) >= 16


def test_the_page_is_what_was_measured() -> None:
    from peers import page

    told = json.loads((BENCH / "results" / "peers_watch.json").read_text(encoding="utf-8"))
    assert page.PAGE.read_text(encoding="utf-8") == page.text(told)


def test_a_tools_lines_stand_around_the_training_and_are_counted() -> None:
    from peers.mistakes import right
    from peers.tool import Tool

    tool = Tool("a tool", (), (), before="import tool\n", around="with tool.on(model):\n", after="tool.end()\n\n")
    assert tool.lines == 3
    text = tool.attached(right("plain"))
    compile(text, "attached", "exec")
    assert "with tool.on(model):\n    val_loss = train()\n" in text
    assert text.index("import tool") < text.index("tool.on(model)") < text.index("tool.end()")
