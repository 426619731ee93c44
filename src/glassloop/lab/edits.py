"""Changes to the text of a loop: those of experiments, by the text of a line; those of a person, by its number.

Statements are moved whole, with their blocks and the indentation of their new neighbours. Comments elsewhere stay.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from glassloop.errors import UserError
from glassloop.experiments import Added, Edit, Instead, Without


class Span(NamedTuple):
    """Lines first to last, counted from 1, both included."""

    first: int
    last: int


class Block(NamedTuple):
    """A list of statements, and the statement that it is the body of (None: the file)."""

    statements: list[ast.stmt]
    owner: ast.AST | None


def with_settings(text: str, settings: Mapping[str, str]) -> str:
    """Replaces the values of constants at the top level. Raises UserError for a name that the text does not set."""
    for name, value in settings.items():
        pattern = re.compile(rf"^{name} = .*$", re.MULTILINE)
        if len(pattern.findall(text)) != 1:
            raise UserError(f"the loop has no constant {name} to set to {value}; its first lines name those that it has")
        text = pattern.sub(lambda _, line=f"{name} = {value}": line, text)  # type: ignore[misc]
    return text


def with_edits(text: str, edits: Sequence[Edit]) -> str:
    """Applies the edits one after the other. Raises UserError where a line is not there, or is there twice."""
    for edit in edits:
        text = _apply(text, edit)
    return text


def _apply(text: str, edit: Edit) -> str:
    if isinstance(edit, Added):
        return _put(text, edit.text.splitlines(), edit.after, edit.before)
    span, lines = find(text, edit.line), text.splitlines()
    if isinstance(edit, Instead):
        indent = _indent(lines[span.first - 1])
        head = _head(text, span)
        return _join([*lines[: span.first - 1], *(indent + line for line in edit.by.splitlines()), *lines[head:]])
    taken = _dedent(lines[span.first - 1 : span.last])
    if isinstance(edit, Without):
        return _without(text, span)
    # The place is looked for first: the line that leaves may be the only one like it.
    marked = _put(text, ["pass  # glassloop: moved here"], edit.after, edit.before)
    marked = _without(marked, find(marked, edit.line))
    place = next(n for n, line in enumerate(marked.splitlines()) if line.endswith("# glassloop: moved here"))
    lines = marked.splitlines()
    return _join([*lines[:place], *(_indent(lines[place]) + line for line in taken), *lines[place + 1 :]])


def find(text: str, line: str) -> Span:
    """The statement whose first line reads `line`, without indentation and comment. Raises UserError unless it is one."""
    lines = text.splitlines()
    found = [s for s in _statements(ast.parse(text)) if _bare(lines[s.lineno - 1]) == line]
    if len(found) != 1:
        raise UserError(f"{'no' if not found else len(found)} statements of the loop read {line!r}; name exactly one")
    return _span(found[0])


def _put(text: str, new: list[str], after: str, before: str) -> str:
    if bool(after) == bool(before):
        raise UserError("an edit needs either a line to come after or a line to come before")
    span, lines = find(text, after or before), text.splitlines()
    place = span.last if after else span.first - 1
    indent = _indent(lines[span.first - 1])
    return _join([*lines[:place], *(indent + line if line else line for line in new), *lines[place:]])


def _without(text: str, span: Span) -> str:
    """The text without a statement; a block that would be empty gets a `pass`."""
    lines = text.splitlines()
    alone = any(len(b.statements) == 1 and _span(b.statements[0]) == span for b in _blocks(ast.parse(text)))
    stays = [_indent(lines[span.first - 1]) + "pass"] if alone else []
    return _join([*lines[: span.first - 1], *stays, *lines[span.last :]])


def moved(text: str, path: str, number: int, move: str) -> tuple[str, Span]:
    """The text with the statement at line `number` moved "up" or "down", dropped ("drop") or doubled ("duplicate").

    At the edge of a block it leaves the block: up from the first line of a loop is before the loop. Gives the text and
    the lines where the statement stood. Raises UserError, naming the file, for a line where nothing can be moved.
    """
    lines = text.splitlines()
    if not 1 <= number <= len(lines):
        raise UserError(f"{path} has {len(lines)} lines, and no line {number}")
    path_down = list(_way(Block(ast.parse(text).body, None), number))
    if not path_down:
        raise UserError(f"{path}:{number} is no statement: {lines[number - 1].strip() or 'an empty line'}; name one's line")
    block, index = path_down[-1]
    span = _span(block.statements[index])
    taken, indent = lines[span.first - 1 : span.last], _indent(lines[span.first - 1])
    if move == "drop":
        return _without(text, span), span
    if move == "duplicate":
        return _join([*lines[: span.last], *taken, *lines[span.last :]]), span
    step = -1 if move == "up" else 1
    if 0 <= index + step < len(block.statements):
        neighbour = _span(block.statements[index + step])
    else:
        neighbour = _out_of(path_down, path, number)
        indent = _indent(lines[neighbour.first - 1])
    place = neighbour.first - 1 if move == "up" else neighbour.last
    taken = [indent + line for line in _dedent(taken)]
    cut = _without(_join([*lines[:place], *taken, *lines[place:]]), _shifted(span, len(taken) if move == "up" else 0))
    return cut, span


def _out_of(path_down: list[tuple[Block, int]], path: str, number: int) -> Span:
    """The statement around the innermost one; a statement does not leave its function or its file."""
    owner = path_down[-1][0].owner
    if len(path_down) < 2 or isinstance(owner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        around = "file" if len(path_down) < 2 else "function"
        raise UserError(f"{path}:{number} stands at the edge of its {around} and cannot move further that way")
    outer, index = path_down[-2]
    return _span(outer.statements[index])


def _way(block: Block, number: int) -> Iterator[tuple[Block, int]]:
    """The statements around a line, from the outermost to the innermost, each as its block and its index in it."""
    for index, statement in enumerate(block.statements):
        span = _span(statement)
        if span.first <= number <= span.last:
            yield block, index
            for inner in _inner(statement):
                yield from _way(inner, number)


def _inner(owner: ast.AST) -> Iterator[Block]:
    for name in ("body", "orelse", "finalbody"):
        statements = getattr(owner, name, None)
        if isinstance(statements, list) and statements and isinstance(statements[0], ast.stmt):
            yield Block(statements, owner)
    for part in (*getattr(owner, "handlers", ()), *getattr(owner, "cases", ())):
        yield Block(part.body, owner)


def _blocks(tree: ast.Module) -> Iterator[Block]:
    for node in ast.walk(tree):
        yield from _inner(node)


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.stmt))


def _span(statement: ast.stmt) -> Span:
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(d.lineno for d in decorators)])
    return Span(first, statement.end_lineno or statement.lineno)


def _shifted(span: Span, by: int) -> Span:
    return Span(span.first + by, span.last + by)


def _head(text: str, span: Span) -> int:
    """The last line of a statement's head: of all of it, where it has no block."""
    owner = next(s for s in _statements(ast.parse(text)) if _span(s) == span)
    body = [block.statements[0].lineno for block in _inner(owner)]
    return min(body) - 1 if body else span.last


def _bare(line: str) -> str:
    return line.split("  #")[0].strip()


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _dedent(lines: list[str]) -> list[str]:
    width = len(_indent(lines[0]))
    return [line[width:] if line[:width].isspace() or not width else line.lstrip() for line in lines]


def _join(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
