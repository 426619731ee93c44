"""Imports: another file that was given is played as a module; anything else is a library's name."""

from __future__ import annotations

import ast
from pathlib import PurePath

from glassloop.source.player import Player
from glassloop.source.values import Const, External, Scope, Space, Unknown, Value


def play_import(p: Player, node: ast.Import, scope: Scope) -> None:
    """`import a.b as c`."""
    for alias in node.names:
        path = p.program.find(alias.name, scope.path)
        if path is not None:
            space = module(p, path)
            if alias.asname or "." not in alias.name:
                scope.set(alias.asname or alias.name, space)
                continue
            scope.set(alias.name.split(".")[0], _nested(alias.name.split(".")[1:], space, scope.path))
            continue
        name = alias.asname or alias.name.split(".")[0]
        scope.set(name, External(alias.name if alias.asname else name))


def _nested(rest: list[str], leaf: Value, path: str) -> Value:
    for name in reversed(rest):
        outer = Scope(path)
        outer.vars[name] = leaf
        leaf = Space(outer)
    return leaf


def play_import_from(p: Player, node: ast.ImportFrom, scope: Scope) -> None:
    """`from a.b import c`."""
    dotted = node.module or ""
    path = p.program.find(dotted, scope.path, node.level) if dotted else None
    space = module(p, path) if path is not None else None
    for alias in node.names:
        if alias.name == "*":
            if space is not None:
                scope.vars.update({k: v for k, v in space.scope.vars.items() if not k.startswith("_")})
            continue
        scope.set(alias.asname or alias.name, _member(p, node, dotted, alias.name, space, scope))


def _member(p: Player, node: ast.ImportFrom, dotted: str, name: str, space: Space | None, scope: Scope) -> Value:
    if space is not None and name in space.scope.vars:
        return space.scope.vars[name]
    below = p.program.find(f"{dotted}.{name}" if dotted else name, scope.path, node.level)
    if below is not None and (space is None or below != space.scope.path):
        return module(p, below)
    if space is not None:
        return Unknown(("member", space.scope.path, name))
    return External(f"{'.' * node.level}{dotted}.{name}" if dotted else f".{name}")


def module(p: Player, path: str) -> Space:
    """A file as a module: played once a path, at its first import."""
    from glassloop.source.statements import play

    if path not in p.spaces:
        p.spaces[path] = Scope(path)
        p.spaces[path].vars["__name__"] = Const(PurePath(path).stem)
        if len(p.importing) >= p.program.deepest:
            return Space(p.spaces[path])
        kept = (p.statement, p.loops, p.frames)
        p.loops, p.frames = [], []
        p.importing.append(path)
        try:
            play(p, p.program.texts[path].tree.body, p.spaces[path])
        finally:
            p.importing.pop()
            p.statement, p.loops, p.frames = kept
    return Space(p.spaces[path])
