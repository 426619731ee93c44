"""What a statement makes and what it reads, by name; of a compound statement, its header alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache

from glassloop.annotate.context import Context
from glassloop.events import GRAD_ON, OPAQUE

CHANGES = frozenset({"append", "extend", "insert", "setdefault", "pop", "clear", "appendleft"})
BLOCKS = frozenset({"body", "orelse", "finalbody", "handlers", "cases"})


@lru_cache(maxsize=8192)
def made_by(node: ast.stmt) -> frozenset[str]:
    """What a statement binds or changes: names, dotted attributes, and the container that a method changes."""
    found: set[str] = set()
    for part in _header(node):
        for n in ast.walk(part):
            if isinstance(n, (ast.Name, ast.Attribute)) and isinstance(n.ctx, (ast.Store, ast.Del)):
                found.add(ast.unparse(n))
            elif isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store):
                found.add(ast.unparse(n.value))
            elif isinstance(n, ast.NamedExpr):
                found.add(n.target.id)
    call = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    while isinstance(call, ast.Attribute) and _changes(call.attr):
        found.add(ast.unparse(call.value))  # `losses.append(x)` changes `losses`, `x.resize_(4).copy_(y)` changes `x`
        call = call.value.func if isinstance(call.value, ast.Call) else None
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        found.add(node.name)
    return frozenset(found)


def _changes(method: str) -> bool:
    """Whether a method is one of a container that changes it, or, by PyTorch's underscore, works in place."""
    return method in CHANGES or (method.endswith("_") and not method.startswith("_"))


@lru_cache(maxsize=8192)
def read_by(node: ast.stmt) -> frozenset[str]:
    """What a statement reads."""
    found: set[str] = set()
    for part in _header(node):
        for n in ast.walk(part):
            if isinstance(n, (ast.Name, ast.Attribute)) and isinstance(n.ctx, ast.Load):
                found.add(ast.unparse(n))
    if isinstance(node, ast.AugAssign):
        found.add(ast.unparse(node.target))
    return frozenset(found)


def imported_names(tree: ast.Module) -> dict[str, str]:
    """Names that an import binds, and the dotted path that each stands for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            tops = {a: a.name.split(".")[0] for a in node.names}
            found.update({a.asname or top: a.name if a.asname else top for a, top in tops.items()})
        elif isinstance(node, ast.ImportFrom):
            found.update({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
    return found


def paths_called(node: ast.stmt, imports: dict[str, str]) -> set[str]:
    """Dotted paths of the library functions that a statement calls."""
    found: set[str] = set()
    for part in _header(node):
        for n in ast.walk(part):
            if isinstance(n, ast.Call) and isinstance(n.func, (ast.Name, ast.Attribute)):
                first, dot, rest = ast.unparse(n.func).partition(".")
                found |= {imports[first] + dot + rest} if first in imports else set()
    return found


def _header(node: ast.stmt) -> Iterator[ast.AST]:
    for name, value in ast.iter_fields(node):
        if name in BLOCKS:
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST):
                yield part


def kinds_in(body: Sequence[ast.stmt], context: Context) -> list[str]:
    """The events that lines of a block cause, themselves or through calls, in the order of the lines."""
    found: dict[str, None] = {}
    for top in body:
        for n in ast.walk(top):
            if isinstance(n, ast.stmt):
                kinds = (*context.at.get(n.lineno, ()), *context.through.get(n.lineno, ()))
                found.update(dict.fromkeys(k for k in kinds if k not in (OPAQUE, GRAD_ON)))
    return list(found)


def block_of(body: Sequence[ast.stmt]) -> str:
    """The lines of a block in words."""
    first, last = body[0].lineno, body[-1].end_lineno or body[-1].lineno
    return f"line {first}" if first == last else f"line {first} to line {last}"
