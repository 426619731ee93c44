"""Comprehensions: played like the loops that they are."""

from __future__ import annotations

import ast
from typing import Any

from glassloop.source import conditions
from glassloop.source.expressions import assign, evaluate, merge_params
from glassloop.source.loops import enter_loop, iterate, leave_loop, sources
from glassloop.source.player import Player
from glassloop.source.values import NONE, Const, Params, Scope, Seq, Span, Table, Tensor, Value

Found = tuple[list[tuple[Value, Value]], list[Value]]  # keys with values, and what was gone through for them


def comprehension(p: Player, node: Any, scope: Scope) -> Value:
    """The list, set, dict or generator that it gives; a generator is played at once."""
    inner = Scope(scope.path, scope)
    inner.born = len(p.events)
    found: list[tuple[Value, Value]] = []
    over: list[Value] = []
    exact = _generate(p, list(node.generators), node, inner, (found, over))
    values = [v for _, v in found]
    if values and all(isinstance(v, Params) for v in values):
        return merge_params([v for v in values if isinstance(v, Params)])
    if isinstance(node, ast.DictComp):
        return Table(
            {k.value: v for k, v in found if isinstance(k, Const)}, exact and all(isinstance(k, Const) for k, _ in found)
        )
    each = len(node.generators) == 1 and not node.generators[0].ifs
    per = over[0] if each else None
    alike = isinstance(per, Tensor) or (isinstance(per, Seq) and per.alike)
    return Seq(values, exact, per=per if isinstance(per, Seq) else None, alike=alike)


def _generate(
    p: Player, generators: list[ast.comprehension], node: Any, scope: Scope, out: Found
) -> bool:
    if not generators:
        if isinstance(node, ast.DictComp):
            out[0].append((evaluate(p, node.key, scope), evaluate(p, node.value, scope)))
        else:
            out[0].append((NONE, evaluate(p, node.elt, scope)))
        return True
    first, rest = generators[0], generators[1:]
    value = evaluate(p, first.iter, scope)
    out[1].append(value)
    entry: list[Any] = [sources(value), 0, not isinstance(value, Span), False]
    enter_loop(p, entry)
    exact = True
    try:
        for element in iterate(p, value, (first.iter, scope), None, entry):
            entry[1] += 1
            assign(p, first.target, element, scope)
            verdicts = [conditions.condition(p, test, scope) for test in first.ifs]
            if any(v is False for v in verdicts):
                continue
            exact = all(isinstance(v, bool) for v in verdicts) and exact
            exact = _generate(p, rest, node, scope, out) and exact
    finally:
        leave_loop(p, entry)
    return exact and not entry[3]
