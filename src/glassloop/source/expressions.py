"""Expressions: what they stand for, in the order in which the script evaluates them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from typing import Any

from glassloop.source import conditions
from glassloop.source.arithmetic import binary, key_of, negative
from glassloop.source.attributes import attribute, set_attribute
from glassloop.source.averages import divided
from glassloop.source.items import item, set_item
from glassloop.source.keeping import replaced, say_drawn
from glassloop.source.past import cut_off, join
from glassloop.source.player import Player
from glassloop.source.records import items_of
from glassloop.source.replacing import bound_again
from glassloop.source.values import (
    MOST,
    NONE,
    Const,
    External,
    Function,
    Instance,
    Module,
    Params,
    Scope,
    Seq,
    Stream,
    Table,
    Tensor,
    Unknown,
    Value,
)

At = tuple[ast.AST, Scope]


def evaluate(p: Player, node: ast.expr, scope: Scope) -> Value:
    """The value of an expression."""
    handler = HANDLERS.get(type(node))
    if handler is None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                evaluate(p, child, scope)
        return Unknown(("expression", scope.path, node.lineno, node.col_offset))
    return handler(p, node, scope)


def resolve(p: Player, v: Value) -> Value:
    """An unknown thing whose use has told what it is."""
    return p.roles.get(v.key, v) if isinstance(v, Unknown) and p.roles else v


def _constant(p: Player, node: ast.Constant, scope: Scope) -> Value:
    made = p.program.constants.get(node)
    if made is None:
        number = isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
        source = frozenset({("number", scope.path, node.lineno, node.col_offset)}) if number else frozenset[Hashable]()
        made = p.program.constants[node] = Const(node.value, source)
    return made


def _name(p: Player, node: ast.Name, scope: Scope) -> Value:
    value = scope.get(node.id)
    if value is None:
        return External(f"builtins.{node.id}")
    return resolve(p, value)


def _attribute(p: Player, node: ast.Attribute, scope: Scope) -> Value:
    return resolve(p, attribute(p, evaluate(p, node.value, scope), node.attr, (node, scope)))


def _subscript(p: Player, node: ast.Subscript, scope: Scope) -> Value:
    whole = evaluate(p, node.value, scope)
    return resolve(p, item(p, whole, node.slice, index(p, node.slice, scope)))


def index(p: Player, node: ast.expr, scope: Scope) -> Value:
    """A subscript's index; a slice's bounds as a Seq."""
    if not isinstance(node, ast.Slice):
        return evaluate(p, node, scope)
    bounds = (node.lower, node.upper, node.step)
    return Seq([evaluate(p, b, scope) if b is not None else NONE for b in bounds], frozen=True)


def _call(p: Player, node: ast.Call, scope: Scope) -> Value:
    from glassloop.source.calls import call, call_method

    at = (node, scope)
    if isinstance(node.func, ast.Attribute):
        me = evaluate(p, node.func.value, scope)
        args, kwargs = arguments(p, node, scope)
        return resolve(p, call_method(p, me, node.func.attr, args, kwargs, at))
    function = evaluate(p, node.func, scope)
    args, kwargs = arguments(p, node, scope)
    return resolve(p, call(p, function, args, kwargs, at))


def arguments(p: Player, node: ast.Call, scope: Scope) -> tuple[list[Value], dict[str, Value]]:
    """A call's arguments; of a starred one what is known of it."""
    args: list[Value] = []
    rest: dict[str, Value] = {}
    for a in node.args:
        if isinstance(a, ast.Starred):
            value = evaluate(p, a.value, scope)
            args.extend(value.items if isinstance(value, Seq) else [value])
            if isinstance(value, Seq) and _alike(value):
                rest["*"] = value.items[-1]  # and who knows how many more like it
        else:
            args.append(evaluate(p, a, scope))
    kwargs: dict[str, Value] = rest
    for k in node.keywords:
        value = evaluate(p, k.value, scope)
        if k.arg is not None:
            kwargs[k.arg] = value
        elif isinstance(value, Table):
            kwargs.update({name: v for name, v in value.items.items() if isinstance(name, str)})
        if k.arg is None and not (isinstance(value, Table) and value.exact):
            kwargs["**"] = value  # and who knows what else
    return args, kwargs


def _alike(value: Seq) -> bool:
    return not value.exact and bool(value.items) and all(isinstance(i, Tensor) for i in value.items)


def _bool_op(p: Player, node: ast.BoolOp, scope: Scope) -> Value:
    value: Value = NONE
    for i, part in enumerate(node.values):
        value = evaluate(p, part, scope)
        c = conditions.truth(p, value, part, scope)
        if i == len(node.values) - 1 or c is isinstance(node.op, ast.Or):
            return value
        if not isinstance(c, bool):
            rest = node.values[i + 1 :]
            others = [evaluate(p, r, scope) for r in rest] if p.program.quiet(rest) else []
            known = [v for v in (value, *others) if not isinstance(v, (Const, Unknown))]
            if known:
                return known[0]
            decided = conditions.condition(p, node, scope) if others else c
            return truth_value(decided)
    return value


def truth_value(c: bool | conditions.Open, plain: bool = False) -> Value:
    """A condition as a value; a comparison is `plain`, of tensors too: no graph goes through it."""
    return Const(c) if isinstance(c, bool) else Unknown(("bool", c), plain=plain)


def _compare(p: Player, node: ast.Compare, scope: Scope) -> Value:
    if len(node.ops) > 1:
        for part in (node.left, *node.comparators):
            evaluate(p, part, scope)
        return Unknown(conditions.site(node, scope))
    if conditions.is_remainder(node) or conditions.than_torch(node) is not None:
        return truth_value(conditions.condition(p, node, scope), plain=True)
    left, right = evaluate(p, node.left, scope), evaluate(p, node.comparators[0], scope)
    tensors: list[Value] = [v for v in (left, right) if isinstance(v, Tensor)]
    if tensors and not isinstance(node.ops[0], (ast.Is, ast.IsNot, ast.In, ast.NotIn)):
        return Tensor(past=cut_off(p, Seq(tensors), (node, scope)))
    return truth_value(conditions.compare(p, left, node.ops[0], right, node, scope), plain=True)


def _unary(p: Player, node: ast.UnaryOp, scope: Scope) -> Value:
    if isinstance(node.op, ast.Not):
        return truth_value(conditions.condition(p, node, scope))
    value = evaluate(p, node.operand, scope)
    return negative(value) if isinstance(node.op, ast.USub) else value


def _binary(p: Player, node: ast.BinOp, scope: Scope) -> Value:
    left, right = evaluate(p, node.left, scope), evaluate(p, node.right, scope)
    divided(p, left, node.op, right, (node, scope))
    return binary(p, left, node.op, right, (node, scope))


def _if_exp(p: Player, node: ast.IfExp, scope: Scope) -> Value:
    c = conditions.condition(p, node.test, scope)
    if isinstance(c, bool):
        return evaluate(p, node.body if c else node.orelse, scope)
    if p.program.quiet([node.body, node.orelse]):
        a, b = evaluate(p, node.body, scope), evaluate(p, node.orelse, scope)
        if isinstance(a, (Const, Unknown)) and isinstance(b, (Const, Unknown)):
            if isinstance(a, Const) and isinstance(b, Const) and a.value == b.value:
                return a
            return Unknown(conditions.site(node, scope), a.source | b.source)
        if isinstance(a, Tensor) and isinstance(b, Tensor):
            past = join([a.past, b.past])._replace(whole=False, graphs=a.past.graphs & b.past.graphs)
            form = a.form if a.form == b.form else None
            return Tensor(None if a.roots is None or b.roots is None else a.roots | b.roots, past=past, form=form)
    return evaluate(p, node.body if conditions.choose(p, c, True) else node.orelse, scope)


def _tuple(p: Player, node: ast.Tuple | ast.List | ast.Set, scope: Scope) -> Value:
    items: list[Value] = []
    exact = True
    for e in node.elts:
        value = evaluate(p, e.value if isinstance(e, ast.Starred) else e, scope)
        if not isinstance(e, ast.Starred):
            items.append(value)
        elif isinstance(value, Seq):
            items.extend(value.items[:MOST])
            exact = exact and value.exact and len(value.items) <= MOST
        else:
            items.append(value)
            exact = False
    if items and all(isinstance(i, Params) for i in items) and any(isinstance(e, ast.Starred) for e in node.elts):
        return merge_params([i for i in items if isinstance(i, Params)])
    return Seq(items, exact, frozen=isinstance(node, ast.Tuple))


def merge_params(parts: list[Params]) -> Params:
    """Several iterables of parameters, one after the other."""
    owners = [part.owners for part in parts]
    whole = all(part.whole for part in parts)
    return Params(None if any(o is None for o in owners) else frozenset().union(*(o for o in owners if o)), whole)


def _dict(p: Player, node: ast.Dict, scope: Scope) -> Value:
    table = Table({})
    for k, v in zip(node.keys, node.values, strict=True):
        key = evaluate(p, k, scope) if k is not None else None
        value = evaluate(p, v, scope)
        if isinstance(key, Const):
            table.items[key.value] = value
        elif key is None and isinstance(value, Table):
            table.items.update(value.items)
            table.exact = table.exact and value.exact
        else:
            table.exact = False
    return table


def _comprehension(p: Player, node: Any, scope: Scope) -> Value:
    from glassloop.source.comprehensions import comprehension

    return comprehension(p, node, scope)


def _lambda(p: Player, node: ast.Lambda, scope: Scope) -> Value:
    from glassloop.source.statements import defaults_of

    return Function(node, scope, defaults=defaults_of(p, node.args, scope))


def _joined(p: Player, node: ast.JoinedStr, scope: Scope) -> Value:
    parts = [evaluate(p, part.value if isinstance(part, ast.FormattedValue) else part, scope) for part in node.values]
    return Unknown(("text", tuple(map(key_of, parts))))


def _named(p: Player, node: ast.NamedExpr, scope: Scope) -> Value:
    value = evaluate(p, node.value, scope)
    assign(p, node.target, value, scope)
    return value


def _await(p: Player, node: ast.Await, scope: Scope) -> Value:
    return evaluate(p, node.value, scope)


def _yield(p: Player, node: ast.Yield, scope: Scope) -> Value:
    value = evaluate(p, node.value, scope) if node.value is not None else NONE
    give(scope)(value)
    return NONE


def _yield_from(p: Player, node: ast.YieldFrom, scope: Scope) -> Value:
    from glassloop.source.loops import iterate

    value = evaluate(p, node.value, scope)
    for element in iterate(p, value, (node.value, scope)):
        give(scope)(element)
    return NONE


def give(scope: Scope) -> Callable[[Value], None]:
    """Where the values of the generator go whose scope this is."""
    inner: Scope | None = scope
    while inner is not None:
        if inner.give is not None:
            return inner.give
        inner = inner.above
    return lambda _: None


def assign(p: Player, target: ast.expr, value: Value, scope: Scope) -> None:
    """Bind a target: a name, a tuple, an attribute, an item."""
    if isinstance(target, ast.Name):
        replaced(p, scope.get(target.id), value, (target, scope))
        say_drawn(p, value, (target, scope))
        bound_again(p, scope.vars.get(target.id), value, (target, scope))
        scope.set(target.id, value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for t, v in zip(target.elts, unpack(p, value, target), strict=True):
            assign(p, t.value if isinstance(t, ast.Starred) else t, v, scope)
    elif isinstance(target, ast.Attribute):
        set_attribute(p, evaluate(p, target.value, scope), target.attr, value, (target, scope))
    elif isinstance(target, ast.Subscript):
        set_item(p, evaluate(p, target.value, scope), index(p, target.slice, scope), value, (target, scope))
    elif isinstance(target, ast.Starred):
        assign(p, target.value, value, scope)


def unpack(p: Player, value: Value, target: ast.Tuple | ast.List) -> list[Value]:
    """One value for each name of a tuple."""
    n = len(target.elts)
    if isinstance(value, Stream):
        taken: list[Value] = []
        for _ in range(n):
            taken.append(next(value.it, taken[-1] if taken else Unknown(("item", id(value)))))
        return taken
    if isinstance(value, Module) and len(value.items) == n:
        return list(value.items)
    if isinstance(value, Instance) and (items := items_of(value)) is not None:
        value = Seq(items)
    if isinstance(value, Seq):
        star = next((i for i, t in enumerate(target.elts) if isinstance(t, ast.Starred)), None)
        if star is not None and value.exact and len(value.items) >= n - 1:
            end = len(value.items) - (n - 1 - star)
            return [*value.items[:star], Seq(value.items[star:end]), *value.items[end:]]
        if len(value.items) == n:
            return list(value.items)
        if _alike(value):
            return [value.items[min(i, len(value.items) - 1)] for i in range(n)]
    if isinstance(value, Tensor):
        return [item(p, value, target, Const(i)) for i in range(n)]
    if isinstance(value, Params):
        return [Unknown(("name", id(value))), value] if n == 2 and value.named else [value] * n
    if isinstance(value, Unknown):
        return [resolve(p, item(p, value, target, Const(i))) for i in range(n)]
    return [Unknown(("item", id(value), i)) for i in range(n)]


HANDLERS: dict[type[ast.expr], Callable[..., Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.BoolOp: _bool_op,
    ast.Compare: _compare,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.IfExp: _if_exp,
    ast.Tuple: _tuple,
    ast.List: _tuple,
    ast.Set: _tuple,
    ast.Dict: _dict,
    **dict.fromkeys((ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp), _comprehension),
    ast.Lambda: _lambda,
    ast.JoinedStr: _joined,
    ast.NamedExpr: _named,
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
}
