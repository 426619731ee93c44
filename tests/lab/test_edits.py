"""Edits of loops: by the text of a line, by its number; what cannot be done is said in one line."""

from __future__ import annotations

import pytest

from glassloop.errors import UserError
from glassloop.experiments import Added, Edit, Instead, Moved, Without
from glassloop.lab.edits import moved, with_edits, with_settings

LOOP = """\
LR = 0.1  # the rate
for epoch in range(2):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()  # first
        loss = f(
            model(x), y)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        validate()
print("done")
"""


@pytest.mark.parametrize(
    ("edit", "gone", "there"),
    [
        (Without("optimizer.zero_grad()"), "zero_grad", "loss = f("),
        (Without("validate()"), "validate", "no_grad():\n        pass\n"),
        (Without("loss = f("), "model(x), y)", "loss.backward()"),
        (Moved("optimizer.zero_grad()", after="loss.backward()"), "", "backward()\n        optimizer.zero_grad()"),
        (Moved("optimizer.step()", before="print(\"done\")"), "", "validate()\noptimizer.step()\nprint"),
        (Moved("loss = f(", after="for x, y in loader:"), "", "step()\n    loss = f(\n        model(x), y)\n    with"),
        (Added("a = 1\nb = 2", before="model.train()"), "", "range(2):\n    a = 1\n    b = 2\n    model.train()"),
        (Instead("with torch.no_grad():", "with torch.enable_grad():"), "no_grad", "enable_grad():\n        validate()"),
    ],
)
def test_an_edit_by_the_text_of_a_line(edit: Edit, gone: str, there: str) -> None:
    text = with_edits(LOOP, [edit])
    compile(text, "loop", "exec")
    assert there in text
    assert not gone or gone not in text


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (Without("optimizer.zero_grad(1)"), "no statements"),
        (Added("a = 1"), "a line to come after or a line to come before"),
        (Added("a = 1", after="print(\"done\")", before="print(\"done\")"), "a line to come after"),
    ],
)
def test_an_edit_that_fits_nowhere_is_refused(edit: Edit, says: str) -> None:
    with pytest.raises(UserError, match=says):
        with_edits(LOOP, [edit])


def test_a_line_that_is_there_twice_is_refused() -> None:
    with pytest.raises(UserError, match="2 statements"):
        with_edits(LOOP + 'print("done")\n', [Without('print("done")')])


def test_settings_are_constants_that_are_there() -> None:
    assert with_settings(LOOP, {"LR": "1e-3"}).startswith("LR = 1e-3\n")
    with pytest.raises(UserError, match="no constant EPOCHS to set to 3"):
        with_settings(LOOP, {"EPOCHS": "3"})


@pytest.mark.parametrize(
    ("line", "move", "there"),
    [
        (8, "up", "loss.backward()\n        loss = f("),
        (7, "down", "loss.backward()\n        loss = f("),  # the second line of a statement means it, too
        (5, "up", "train()\n    optimizer.zero_grad()  # first\n    for x, y"),  # out of the loop
        (9, "down", "backward()\n    optimizer.step()\n    with"),
        (11, "drop", "no_grad():\n        pass\n"),
        (3, "duplicate", "model.train()\n    model.train()\n"),
        (11, "down", "no_grad():\n        pass\n    validate()\nprint"),
    ],
)
def test_a_statement_moves_by_its_number(line: int, move: str, there: str) -> None:
    text, span = moved(LOOP, "loop.py", line, move)
    compile(text, "loop", "exec")
    assert there in text
    assert span.first <= line <= span.last


@pytest.mark.parametrize(
    ("text", "line", "move", "says"),
    [
        (LOOP, 99, "drop", "loop.py has 12 lines, and no line 99"),
        (LOOP + "\n# end\n", 14, "drop", "loop.py:14 is no statement: # end"),
        (LOOP, 1, "up", "edge of its file"),
        ("def f():\n    a = 1\n    return a\n", 2, "up", "edge of its function"),
    ],
)
def test_a_line_that_cannot_be_moved_is_said(text: str, line: int, move: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        moved(text, "loop.py", line, move)
