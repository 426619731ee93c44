"""Mends become edits: which characters of a file go, and what stands in their place. Formatting and comments stay.

An edit is refused (None) where it could not be told what it would do: statements that share a line, a moved statement
whose names are made between its old place and the new one, text in several lines of a string that would be indented.
Lines and columns are those of the tree; offsets count characters of the text that the tree was made from.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from glassloop.findings import Delete, Insert, Keyword, Mend, Move, MoveOut, Replace, Where, Wrap

Suite = list[ast.stmt]
LOOPS = (ast.For, ast.AsyncFor, ast.While)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
TAB = "    "


class Edit(NamedTuple):
    """Characters `start` to `end` of the text become `text`."""

    start: int
    end: int
    text: str


class CannotEditError(Exception):
    """The mend cannot be made in this text; the message says why."""


def apply(source: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made. Raises CannotEditError where two of them overlap."""
    ordered = sorted(edits, key=lambda edit: edit[:2])  # of two at one place the first given stands first
    for one, other in itertools.pairwise(ordered):
        if other.start < one.end:
            raise CannotEditError("two edits concern the same text")
    for edit in reversed(ordered):
        source = source[: edit.start] + edit.text + source[edit.end :]
    return source


def edits_for(source: str, tree: ast.Module, mends: Iterable[Mend], scenes: Mapping[str, Where]) -> list[Edit]:
    """The edits of mends that belong together; `scenes` are places in this text. Raises CannotEditError."""
    page = Page(source, tree, scenes)
    found: list[Edit] = []
    for mend in mends:
        found.extend(page.edits(mend))
    return found


class Page:
    """A text in which scenes are looked up."""

    def __init__(self, source: str, tree: ast.Module, scenes: Mapping[str, Where]) -> None:
        self.source, self.tree, self.scenes = source, tree, scenes
        self.lines = source.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.suites: dict[ast.stmt, Suite] = {}
        self.parents: dict[ast.AST, ast.AST] = {}
        self.imported: set[str] = set()  # names that imports make
        self.selves: set[str] = set()  # what methods call their own object
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self.imported |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
            if isinstance(node, ast.ClassDef):
                methods = (n for n in node.body if isinstance(n, ast.FunctionDef) and n.args.args)
                self.selves |= {method.args.args[0].arg for method in methods}
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
            for _, value in ast.iter_fields(node):
                if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                    self.suites.update(dict.fromkeys(value, value))

    # --- finding things ---------------------------------------------------------------------------------------------------

    def call(self, scene: str) -> ast.Call:
        """The call at a scene: where the event stood, or the outermost call that begins there."""
        place = self._place(scene)
        found = [n for n in ast.walk(self.tree) if isinstance(n, ast.Call) and self._at(n, place)]
        if not found:
            raise CannotEditError(f"no call stands at line {place.line}")
        meant = [n for n in found if (n.end_lineno, n.end_col_offset) == (place.end_line, place.end_column - 1)]
        if not meant:
            return max(found, key=lambda n: self.span(n)[1])
        outer = self.parents.get(meant[0])  # a layer that is made and called at once: `Softmax(1)(x)`
        return outer if isinstance(outer, ast.Call) and outer.func is meant[0] else meant[0]

    def statement(self, scene: str) -> ast.stmt:
        """The innermost statement around a scene."""
        place = self._place(scene)
        around = [n for n in self.suites if n.lineno <= place.line <= (n.end_lineno or n.lineno)]
        around = [n for n in around if not (isinstance(n, _BLOCKS) and self._in_body(n, place))]
        if not around:
            raise CannotEditError(f"no statement stands at line {place.line}")
        found = max(around, key=lambda n: (n.lineno, -(n.end_lineno or 0), n.col_offset))
        beside = [n for n in self.suites[found] if n is not found]
        if any(n.end_lineno == found.lineno or n.lineno == found.end_lineno for n in beside):
            raise CannotEditError(f"several statements share line {found.lineno}")
        if self.lines[found.lineno - 1][: found.col_offset].strip():
            raise CannotEditError(f"it shares line {found.lineno} with what it stands under")
        return found

    def _in_body(self, node: ast.stmt, place: Where) -> bool:
        bodies = [n for n, suite in self.suites.items() if self.parents.get(n) is node and suite]
        return any(n.lineno <= place.line <= (n.end_lineno or n.lineno) for n in bodies)

    def _place(self, scene: str) -> Where:
        if scene not in self.scenes:
            raise CannotEditError(f"scene {scene} lies in another file")
        return self.scenes[scene]

    def _at(self, node: ast.expr, place: Where) -> bool:
        return node.lineno == place.line and node.col_offset + 1 == place.column

    def loop(self, node: ast.stmt) -> ast.stmt:
        """The innermost loop around a statement, in its own function."""
        loops = self.loops(node)
        if not loops:
            raise CannotEditError("it stands in no loop")
        return loops[0]

    def loops(self, node: ast.stmt) -> list[ast.stmt]:
        """The loops around a statement, in its own function, the innermost first."""
        found: list[ast.stmt] = []
        at: ast.AST = node
        while at in self.parents and not isinstance(at := self.parents[at], FUNCTIONS):
            if isinstance(at, LOOPS):
                found.append(at)
        return found

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """From the first character of a node to behind its last."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self.offset(node.lineno, node.col_offset), self.offset(end_line, end_column)

    def offset(self, line: int, column: int) -> int:
        """Where a line and a column (the tree counts bytes) stand in the text."""
        text = self.lines[line - 1]
        return self.starts[line - 1] + len(text.encode()[:column].decode(errors="replace"))

    def whole_lines(self, node: ast.stmt) -> tuple[int, int]:
        """The lines of a statement, the line end included."""
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        return self.starts[first - 1], min(self.starts[node.end_lineno or node.lineno], len(self.source))

    def indent(self, node: ast.stmt) -> str:
        """The white space before a statement."""
        text = self.lines[node.lineno - 1]
        return text[: len(text) - len(text.lstrip())]

    def text(self, node: ast.expr | ast.stmt) -> str:
        """The source of a node."""
        start, end = self.span(node)
        return self.source[start:end]

    def filled(self, template: str) -> str:
        """A template with the parts of calls that it names."""
        try:
            return template.format_map(_Parts(self))
        except (AttributeError, KeyError, IndexError, ValueError) as error:
            raise CannotEditError(f"{template} cannot be filled: {error}") from None

    # --- the edits --------------------------------------------------------------------------------------------------------

    def edits(self, mend: Mend) -> list[Edit]:
        """The edits of one mend."""
        if isinstance(mend, Move):
            return self._move(mend)
        if isinstance(mend, MoveOut):
            statement = self.statement(mend.scene)
            return self._carry(statement, self.loop(statement), before=False)
        if isinstance(mend, Insert):
            return [self._insert(mend)]
        if isinstance(mend, Wrap):
            return self._wrap(mend)
        if isinstance(mend, Keyword):
            return self._keyword(self.call(mend.scene), mend.name, mend.value)
        if isinstance(mend, Replace):
            start, end = self.span(self.call(mend.scene))
            return [Edit(start, end, self.filled(mend.text))]
        assert isinstance(mend, Delete)
        return self._delete(self.statement(mend.scene))

    def _move(self, mend: Move) -> list[Edit]:
        statement, target = self.statement(mend.scene), self.statement(mend.before or mend.after)
        if statement is target:
            raise CannotEditError("it would move beside itself")
        loops = self.loops(statement)
        inner = [loop for loop in self.loops(target) if loop not in loops]
        if any(loop not in self.loops(target) for loop in loops):
            raise CannotEditError("it would leave a loop")
        target = inner[-1] if inner else target
        return self._carry(statement, target, before=bool(mend.before))

    def _carry(self, statement: ast.stmt, target: ast.stmt, *, before: bool) -> list[Edit]:
        self._movable(statement, target)
        (start, end), (low, high) = self.whole_lines(statement), self.whole_lines(target)
        if low <= start and end <= high and not (isinstance(target, LOOPS) and not before):
            raise CannotEditError("it would move into itself")
        at = low if before else high
        return [*self._delete(statement), Edit(at, at, self._indented(statement, self.indent(target)))]

    def _movable(self, statement: ast.stmt, target: ast.stmt) -> None:
        """Refuse where names that it makes or uses are used or made on the way, or it does not stand as a plain line."""
        if not isinstance(statement, (ast.Expr, ast.Assign)):
            raise CannotEditError("only a plain call can be moved")
        if self._function(statement) is not self._function(target):
            raise CannotEditError("it would move into another function")
        makes, uses = _names(statement, ast.Store), _names(statement, ast.Load)
        first, last = sorted((statement.lineno, target.lineno))
        between = [n for n in self.suites if first <= n.lineno <= last and n is not statement]
        for other in between:
            inside = isinstance(other, _BLOCKS)
            stored, loaded = (set(), set()) if inside else (_names(other, ast.Store), _names(other, ast.Load))
            if isinstance(other, (ast.For, ast.AsyncFor)):
                stored = _names(other.target, ast.Store)
            if makes & (stored | loaded) or uses & stored:
                raise CannotEditError("names that it uses change on the way")

    def _function(self, node: ast.AST) -> ast.AST | None:
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, FUNCTIONS):
                return node
        return None

    def _indented(self, statement: ast.stmt, indent: str) -> str:
        start, end = self.whole_lines(statement)
        lines = self.source[start:end].rstrip("\n").split("\n")
        old = self.indent(statement)
        if len(lines) > 1 and old != indent and _has_long_string(statement):
            raise CannotEditError("a string of several lines would be indented")
        shifted = [indent + line[len(old) :] if line.startswith(old) else line for line in lines]
        return "\n".join(shifted) + "\n"

    def _insert(self, mend: Insert) -> Edit:
        statement = self.statement(mend.before or mend.after)
        if mend.outside:
            statement = self.loop(statement)
        low, high = self.whole_lines(statement)
        at = low if mend.before else high
        text = self.indent(statement) + self.filled(mend.text) + "\n"
        if at == len(self.source) and not self.source.endswith("\n"):
            text = "\n" + text.rstrip("\n")
        return Edit(at, at, text)

    def _wrap(self, mend: Wrap) -> list[Edit]:
        statement = self.statement(mend.scene)
        try:
            statement = self.loop(statement)
        except CannotEditError:
            if not isinstance(statement, (ast.Expr, ast.Assign, ast.AugAssign)):
                raise
        if _has_long_string(statement):
            raise CannotEditError("a string of several lines would be indented")
        low, high = self.whole_lines(statement)
        indent = self.indent(statement)
        body = "\n".join(TAB + line if line.strip() else line for line in self.source[low:high].rstrip("\n").split("\n"))
        return [Edit(low, high, f"{indent}with {mend.context}:\n{body}\n")]

    def _keyword(self, call: ast.Call, name: str, value: str | None) -> list[Edit]:
        if any(k.arg is None for k in call.keywords):
            raise CannotEditError("arguments come in a dictionary")
        given = next((k for k in call.keywords if k.arg == name), None)
        if given is not None and value is not None:
            return [Edit(*self.span(given.value), value)]
        if given is not None:
            return [self._drop_argument(call, given)]
        if value is None:
            raise CannotEditError(f"{name} is not given")
        _, end = self.span(call)
        inside = self.source[self.span(call.func)[1] : end - 1]
        last = max((self.span(a)[1] for a in [*call.args, *(k.value for k in call.keywords)]), default=0)
        if not last:
            return [Edit(end - 1, end - 1, f"{name}={value}")] if not inside.strip("( \n") else []
        return [Edit(last, last, f", {name}={value}")]

    def _drop_argument(self, call: ast.Call, given: ast.keyword) -> Edit:
        start, end = self.offset(given.lineno, given.col_offset), self.span(given.value)[1]
        before = [self.span(a)[1] for a in [*call.args, *(k.value for k in call.keywords)] if self.span(a)[1] < start]
        if before:
            return Edit(max(before), end, "")
        after = [self.offset(k.lineno, k.col_offset) for k in call.keywords if self.offset(k.lineno, k.col_offset) > end]
        return Edit(start, min(after, default=end), "")

    def _delete(self, statement: ast.stmt) -> list[Edit]:
        low, high = self.whole_lines(statement)
        alone = len(self.suites[statement]) == 1
        return [Edit(low, high, f"{self.indent(statement)}pass\n" if alone else "")]


_BLOCKS = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try, *FUNCTIONS)


def _names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, context)}


def _has_long_string(node: ast.AST) -> bool:
    strings = (n for n in ast.walk(node) if isinstance(n, (ast.Constant, ast.JoinedStr)))
    return any(isinstance(getattr(n, "value", ""), (str, bytes)) and n.end_lineno != n.lineno for n in strings)


class _Parts(dict[str, "_Call"]):
    """Scenes by name, for `str.format_map`."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def __missing__(self, scene: str) -> _Call:
        return _Call(self.page, self.page.call(scene))


class _Call:
    """The parts of a call that a template may name."""

    def __init__(self, page: Page, call: ast.Call) -> None:
        self.page, self.call = page, call

    def __str__(self) -> str:
        return self.page.text(self.call)

    def __format__(self, _: str) -> str:
        return str(self)

    @property
    def receiver(self) -> str:
        """What the call is a method of."""
        if not isinstance(self.call.func, ast.Attribute):
            raise AttributeError("it is no method")
        return self.page.text(self.call.func.value)

    @property
    def function(self) -> str:
        """What is called."""
        return self.page.text(self.call.func)

    @property
    def subject(self) -> str:
        """The tensor that it is done to: x of `f(x)`, `module.f(x, 1)`, `self.f(x)`, `x.f()` and `x.f(1)`."""
        func, args = self.call.func, self.call.args
        if not isinstance(func, ast.Attribute):
            return self.first
        if not args or isinstance(args[0], (ast.Constant, ast.UnaryOp)):  # nothing, or a dimension
            return self.receiver
        root: ast.expr = func.value
        while isinstance(root, ast.Attribute):
            root = root.value
        name = root.id if isinstance(root, ast.Name) else ""
        if name in self.page.imported or (func.value is root and name in self.page.selves):
            return self.first
        raise AttributeError(f"{self.page.text(func)} may be a method of a tensor or a layer")

    @property
    def first(self) -> str:
        """Its first argument."""
        return self.page.text(self.call.args[0])
