"""Branches: one side is played where the text decides, one a path where it does not, both where neither says anything."""

from __future__ import annotations

import ast

from glassloop.source import conditions
from glassloop.source.owners import doubt
from glassloop.source.player import Player
from glassloop.source.values import Const, Optimizer, Scope, Tensor, Unknown, Value
from glassloop.source.walk import walk


def play_if(p: Player, node: ast.If, scope: Scope) -> None:
    """An `if`."""
    from glassloop.source.statements import play

    answered = p.answered
    decided = conditions.condition(p, node.test, scope)
    if isinstance(decided, bool):
        supposed = p.answered > answered
        spare(p, node.orelse if decided else node.body, scope)
        guards = any(isinstance(n, ast.Name) and n.id == "__name__" for n in walk(node.test))
        p.group.guarded += guards
        p.supposed += supposed
        try:
            play(p, node.body if decided else node.orelse, scope)
        finally:
            p.group.guarded -= guards
            p.supposed -= supposed
        return
    p.guards.append(decided)
    try:
        if p.program.quiet(node.body) and p.program.quiet(node.orelse):
            _either(p, node, decided, scope)
            return
        goes_on = _only_way(p, node, decided)
        with p.certain(goes_on is not None):
            choice = conditions.choose(p, decided, not _leaves(node.body) if goes_on is None else goes_on)
        p.undecided += 1
        try:
            play(p, node.body if choice else node.orelse, scope)
        finally:
            p.undecided -= 1
    finally:
        p.guards.pop()


def spare(p: Player, body: list[ast.stmt], scope: Scope) -> None:
    """Note whom an arm that is not played would train: where it is not taken, that is meant."""
    for name in p.program.steps_in(body):
        if isinstance(o := scope.get(name), Optimizer):
            p.spared.add(o.ref)


def _only_way(p: Player, node: ast.If, c: conditions.Open) -> bool | None:
    """Which way a branch goes where the other raises an error that ends the path: it says nothing, and is not tried."""
    refused = [_refuses(p, body) for body in (node.body, node.orelse)]
    if p.rounds.caught or refused[0] == refused[1]:
        return None
    # `a and b` may be false in two ways, `a or b` true.
    only = not c.how or (all(not part.how for part in c.parts) and (c.how == "and") == refused[1])
    return refused[1] if only else None


def _refuses(p: Player, body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Raise) and p.program.quiet(body[:-1])


def _leaves(body: list[ast.stmt]) -> bool:
    last = body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        func = last.value.func
        return (func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")) in ("exit", "_exit", "quit")
    return isinstance(last, (ast.Raise, ast.Return, ast.Continue, ast.Break))


def _either(p: Player, node: ast.If, asked: conditions.Open, scope: Scope) -> None:
    """Play both arms of a branch that says nothing; names that differ after them are unknown."""
    from glassloop.source.statements import play

    names = {n.id for b in (*node.body, *node.orelse) for n in walk(b) if isinstance(n, ast.Name) and _stores(n)}
    before = {n: scope.vars[n] for n in names if n in scope.vars}
    p.undecided += 1
    p.either += 1
    p.arms.append((asked, True))
    try:
        play(p, node.body, scope)
        after = {n: scope.vars[n] for n in names if n in scope.vars}
        for n in names:
            scope.vars.pop(n, None)
        scope.vars.update(before)
        p.arms[-1] = (asked, False)
        play(p, node.orelse, scope)
    finally:
        p.arms.pop()
        p.undecided -= 1
        p.either -= 1
    for n, value in after.items():
        scope.vars[n] = _join(p, n, value, scope.vars.get(n), node, scope)


def _stores(n: ast.Name) -> bool:
    return isinstance(n.ctx, ast.Store)


def _join(p: Player, name: str, a: Value, b: Value | None, node: ast.If, scope: Scope) -> Value:
    if b is None or a is b:
        return a
    if isinstance(a, Const) and isinstance(b, Const) and a.value == b.value:
        return a
    plain = (Const, Unknown)
    if isinstance(a, Tensor) and isinstance(b, Tensor) and a.form != b.form:
        return Tensor(a.roots, a.length, a.scaled, a.leaf, a.loose)  # what its numbers are depends on the branch
    doubt(a)
    doubt(b)
    if isinstance(a, plain) and isinstance(b, plain):
        return Unknown(("joined", scope.path, node.lineno, name), a.source | b.source)
    return b if isinstance(a, plain) else a
