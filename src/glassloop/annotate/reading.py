"""A program as annotate reads it: the script, the files of its own that it imports, and every path that was played."""

from __future__ import annotations

import ast
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from glassloop.check import Report, check_paths
from glassloop.errors import UserError
from glassloop.events import Event
from glassloop.findings import Finding
from glassloop.source.player import Chain
from glassloop.source.program import Text
from glassloop.source.text import Unreadable, imported, parse, read

FILES = 40  # of the program's own that are read beside the script
Place = tuple[str, int]  # a statement: its file and its first line
LOOPS = (ast.For, ast.AsyncFor, ast.While)


@dataclass
class Trace:
    """One path through the program: its events, each with the statements that led to it, outermost first."""

    events: list[Event]
    chains: list[Chain]
    remarks: list[tuple[str, Chain]]


@dataclass
class Reading:
    """All that was read of one script."""

    text: Text
    traces: list[Trace]
    findings: list[Finding]
    notes: list[str]  # what could not be followed, a line each
    files: list[str]  # the script and the files of its own that were read with it

    @cached_property
    def layout(self) -> Layout:
        """The script's statements by line."""
        return Layout(self.text.tree)


def read_program(path: str) -> Reading:
    """Read and check a script or notebook with the files of its own that it imports. Raises UserError."""
    try:
        data = read(path)
        text = parse(path, data)
    except Unreadable as error:
        raise UserError(f"{path} {error}; give a Python script or a notebook") from None
    files = [path, *helpers_of(path, data)]
    return reading_of(text, check_paths(files, keep=True), files)


def reading_of(text: Text, report: Report, files: list[str]) -> Reading:
    """What a check that kept its paths says of one text."""
    traces = [Trace(one.events, one.chains, one.remarks) for play in report.plays for one in play.paths]
    findings = [finding for finding in report.findings if finding.where.path == text.path]
    return Reading(text, traces, findings, [note for at, note in report.notes if at == text.path], files)


def helpers_of(path: str, data: bytes) -> list[str]:
    """The files beside a script that it imports, and those that they import, as paths."""
    found: dict[str, None] = {}
    waiting = deque([(path, data)])
    while waiting and len(found) < FILES:
        at, text = waiting.popleft()
        for level, parts in sorted(imported(text)):
            file = _file(at, level, parts)
            if file is None or file in found or os.path.abspath(file) == os.path.abspath(path):
                continue
            found[file] = None
            waiting.append((file, _bytes(file)))
    return list(found)


def _bytes(path: str) -> bytes:
    try:
        return read(path)
    except Unreadable:
        return b""


def _file(path: str, level: int, parts: tuple[str, ...]) -> str | None:
    folder = os.path.dirname(path)
    for _ in range(level - 1):
        folder = os.path.dirname(folder)
    return next((file for home in _homes(folder, level) for file in _existing(home, parts)), None)


def _homes(folder: str, level: int) -> Iterator[str]:
    """Where an import may start: the file's folder, and the folders above for as long as they are packages."""
    yield folder
    while not level and os.path.isfile(os.path.join(folder, "__init__.py")):
        folder = os.path.dirname(folder)
        yield folder


def _existing(home: str, parts: tuple[str, ...]) -> Iterator[str]:
    below = os.path.join(home, *parts)
    yield from (f for f in (f"{below}.py", os.path.join(below, "__init__.py")) if os.path.isfile(f))


class Layout:
    """The statements of one file by line: which one a line belongs to, and which loops are around it."""

    def __init__(self, tree: ast.Module) -> None:
        self.at: dict[int, ast.stmt] = {}  # by each line of a simple statement, or of a compound one's header
        self.inside: dict[int, tuple[ast.stmt, ...]] = {}  # by a statement's first line: what is around it, outermost first
        self._walk(tree.body, ())

    def _walk(self, body: list[ast.stmt], around: tuple[ast.stmt, ...]) -> None:
        for node in body:
            blocks = _blocks(node)
            start = first_line(node)
            end = _header_end(node, blocks) if blocks else node.end_lineno or node.lineno
            for line in range(start, end + 1):
                self.at.setdefault(line, node)
            self.inside.setdefault(node.lineno, around)
            for block in blocks:
                self._walk(block, (*around, node))

    def loops(self, line: int) -> list[ast.stmt]:
        """Loops around the statement at `line`, within its function, outermost first."""
        node = self.at.get(line)
        if node is None:
            return []
        found: list[ast.stmt] = []
        for outer in self.inside.get(node.lineno, ()):
            if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found = []
            elif isinstance(outer, LOOPS):
                found.append(outer)
        return found

    def function(self, line: int) -> ast.stmt | None:
        """The function around the statement at `line`, or None at module level."""
        node = self.at.get(line)
        around = self.inside.get(node.lineno, ()) if node is not None else ()
        functions = [n for n in around if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
        return functions[-1] if functions else None


def first_line(node: ast.stmt) -> int:
    """The first line of a statement, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def _blocks(node: ast.stmt) -> list[list[ast.stmt]]:
    blocks = [getattr(node, name) for name in ("body", "orelse", "finalbody") if getattr(node, name, None)]
    blocks += [handler.body for handler in getattr(node, "handlers", [])]
    blocks += [case.body for case in getattr(node, "cases", [])]
    return [block for block in blocks if isinstance(block, list)]


def _header_end(node: ast.stmt, blocks: list[list[ast.stmt]]) -> int:
    """The last line before a compound statement's first block, which may begin on the header's own line."""
    first = first_line(blocks[0][0])
    header = [n for n in ast.iter_child_nodes(node) if isinstance(n, (ast.expr, ast.withitem, ast.arguments))]
    ends = [getattr(n, "end_lineno", None) or getattr(getattr(n, "context_expr", None), "end_lineno", None) for n in header]
    last = max([node.lineno, *(e for e in ends if e), *(_arguments_end(n) for n in header)])
    return max(node.lineno, min(last, first) if first > node.lineno else node.lineno)


def _arguments_end(node: ast.AST) -> int:
    ends = (getattr(n, "end_lineno", 0) for n in ast.walk(node) if isinstance(n, (ast.arg, ast.expr)))
    return max((int(end or 0) for end in ends), default=0)
