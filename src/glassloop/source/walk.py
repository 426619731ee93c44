"""Every node below a node, as `ast.walk` gives them, but remembered: a function is looked through many times."""

from __future__ import annotations

import ast


def walk(top: ast.AST) -> list[ast.AST]:
    """The node itself and all below it, breadth first, without the contexts (Load, Store) of names."""
    known: list[ast.AST] | None = getattr(top, "_walked", None)
    if known is not None:
        return known
    found = [top]
    for node in found:  # it grows while it is read
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                found.extend(v for v in value if isinstance(v, ast.AST))
            elif isinstance(value, ast.AST) and name != "ctx":
                found.append(value)
    top._walked = found  # type: ignore[attr-defined]  # on the node, so that it goes when the tree goes
    return found


def is_generator(function: ast.AST) -> bool:
    """Whether a function yields by itself (not in a function inside it)."""
    known: bool | None = getattr(function, "_yields", None)
    if known is None:
        known = _yields(function)
        function._yields = known  # type: ignore[attr-defined]
    return known


def _yields(function: ast.AST) -> bool:
    pending = list(ast.iter_child_nodes(function))
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            pending.extend(ast.iter_child_nodes(node))
    return False
