"""Scripts as questions need them: without what gives the answer away, and taken apart into lines."""

from __future__ import annotations

import ast
import io
import re
import tokenize

from glassloop import templates

LADDER_ARGUMENTS = ("--epochs", "2", "--device", "cpu", "--threads", "1", "--run-dir", "run")
_POINTS = "CLASSES, POINTS = 3, 300"
_PICTURES = re.compile(r"\ndef after_(epoch|training)\(.*?(?=\ndef |\Z)", re.DOTALL)
FEW_POINTS = 120  # a class: a question about the order of lines needs no trained network


def numbered(text: str, first: int = 1) -> str:
    """The text with a line number before each line."""
    lines = text.splitlines()
    width = len(str(first + len(lines) - 1))
    return "\n".join(f"{n:>{width}}  {line}".rstrip() for n, line in enumerate(lines, first))


def unlabelled(text: str) -> str:
    """An example of a rule without the comment that says where its mistake is."""
    return re.sub(r"\s*# expect: .*", "", text)


def label(text: str) -> int:
    """The line that an example's comment names; 0 where it names none."""
    return next((n for n, line in enumerate(text.splitlines(), 1) if "# expect: " in line), 0)


def without_comments(text: str) -> str:
    """The text without comments, line for line the same."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    return "\n".join(lines) + "\n"


def longest_block(text: str) -> tuple[list[ast.stmt], list[str]] | None:
    """The loop body with the most statements among those that step an optimizer: its statements and their texts."""
    bodies = [node.body for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.For, ast.While))]
    stepping = [body for body in bodies if any(_steps(statement) for statement in body)]
    body = max(stepping, key=len, default=None)
    if body is None or len(body) < 3:
        return None
    lines = text.splitlines()
    return body, ["\n".join(lines[s.lineno - 1 : s.end_lineno]) for s in body]


def _steps(statement: ast.AST) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == "step" for node in ast.walk(statement))


def replaced(text: str, first: int, last: int, block: list[str]) -> str:
    """The text with its lines `first` to `last` replaced by those of `block`."""
    lines = text.splitlines()
    return "\n".join([*lines[: first - 1], *block, *lines[last:]]) + "\n"


def ladder(rung: str) -> dict[str, str]:
    """The files of a rung that trains the spiral task, train.py first, with fewer points and no pictures."""
    files = templates.sources("spiral", rung)
    task = files.pop("task.py").replace(_POINTS, f"CLASSES, POINTS = 3, {FEW_POINTS}")
    task = _PICTURES.sub(r"\ndef after_\1(*_):\n    pass\n\n", task)
    train = files.pop("train.py")
    return {"train.py": train, **files, "task.py": task}


def line_of(text: str, part: str) -> int:
    """The number of the one line that holds `part`. Raises ValueError where there is none, or several."""
    found = [n for n, line in enumerate(text.splitlines(), 1) if part in line]
    if len(found) != 1:
        raise ValueError(f"{part!r} stands in {len(found)} lines, not in one")
    return found[0]
