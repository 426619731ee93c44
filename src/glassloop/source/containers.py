"""Methods of lists, dicts and strings, as far as training scripts use them to carry models and optimizers about."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from glassloop.source import conditions
from glassloop.source.arithmetic import follows
from glassloop.source.keeping import added
from glassloop.source.owners import doubt, restructured
from glassloop.source.strings import formatted
from glassloop.source.values import MOST, NONE, PACKED, Const, Params, Scope, Seq, Stream, Table, Unknown, Value

if TYPE_CHECKING:
    from glassloop.source.player import Player

At = tuple[ast.AST, Scope]


def _append(p: Player, me: Value, name: str, args: list[Value], kwargs: dict[str, Value], at: At) -> Value:
    if isinstance(me, Seq) and args:
        added(p, me, args[0], at)
        me.items.append(args[0])
        restructured(args[0])
        if p.either:
            doubt(args[0])
    return NONE


def _extend(p: Player, me: Value, name: str, args: list[Value], kwargs: dict[str, Value], at: At) -> Value:
    if not isinstance(me, Seq) or not args:
        return NONE
    more = args[0]
    if isinstance(more, Seq):
        added(p, me, more, at)
        room = max(MOST - len(me.items), 0)
        me.exact = me.exact and more.exact and len(more.items) <= room
        me.items.extend(more.items[:room])
        restructured(more)
    else:
        me.items.append(more)  # of parameters, all: whoever asks for owners takes it whole
        me.exact = isinstance(more, Params)
    return NONE


def _pop(p: Player, me: Value, name: str, args: list[Value], kwargs: dict[str, Value], at: At) -> Value:
    if isinstance(me, Seq) and me.items:
        first = name == "popleft" or (args and isinstance(args[0], Const) and args[0].value == 0)
        taken = me.items.pop(0 if first else -1)
        restructured(taken)
        return taken
    if isinstance(me, Table) and name == "pop" and args and isinstance(args[0], Const) and args[0].value in me.items:
        taken = me.items.pop(args[0].value)
        restructured(me, taken)
        return taken
    return Unknown(("call", conditions.site(*at)))


def _get(p: Player, me: Value, name: str, args: list[Value], kwargs: dict[str, Value], at: At) -> Value:
    if isinstance(me, Table) and args and isinstance(args[0], Const):
        if args[0].value in me.items:
            return me.items[args[0].value]
        if me.exact:
            return args[1] if len(args) > 1 else NONE
    return Unknown(("call", conditions.site(*at)))


def _views(p: Player, me: Value, name: str, args: list[Value], kwargs: dict[str, Value], at: At) -> Value:
    if not isinstance(me, Table):
        return Unknown(("call", conditions.site(*at)))
    if name == "values":
        return Seq(list(me.items.values()), me.exact)
    if name == "keys":
        return Seq([Const(k) for k in me.items], me.exact)
    return Seq([Seq([Const(k), v], frozen=True) for k, v in me.items.items()], me.exact)


def _update(p: Player, me: Value, name: str, args: list[Value], kwargs: dict[str, Value], at: At) -> Value:
    if isinstance(me, Table):
        for other in args:
            me.exact = me.exact and isinstance(other, Table) and other.exact
            me.items.update(other.items if isinstance(other, Table) else {})
        me.items.update(kwargs)
        restructured(me)
    return NONE


def _copy(p: Player, me: Value, name: str, args: list[Value], kwargs: dict[str, Value], at: At) -> Value:
    if isinstance(me, Seq):
        return Seq(list(me.items), me.exact)
    return Table(dict(me.items), me.exact) if isinstance(me, Table) else me


def _clear(p: Player, me: Value, name: str, args: list[Value], kwargs: dict[str, Value], at: At) -> Value:
    if isinstance(me, (Seq, Table)):
        me.items.clear()
        restructured(me)
    return NONE


def _next(p: Player, me: Value, name: str, args: list[Value], kwargs: dict[str, Value], at: At) -> Value:
    from glassloop.source.builtin import next_value

    return next_value(p, me, [], at) if isinstance(me, Stream) else me


def _other(p: Player, me: Value, name: str, args: list[Value], kwargs: dict[str, Value], at: At) -> Value:
    if isinstance(me, Const) and isinstance(me.value, str) and name in ("lower", "upper", "strip"):
        return Const(getattr(me.value, name)())
    if isinstance(me, Const) and name == "format" and (text := formatted(me, args, kwargs)) is not None:
        return text
    if isinstance(me, Seq) and name in ("insert", "remove", "sort", "add", "discard"):
        if name in ("insert", "add"):
            me.items.append(args[-1])
            restructured(args[-1])
        me.exact = False
        return NONE
    if isinstance(me, Table) and me.key == PACKED:
        return me  # moved to a device
    made = Unknown(("call", conditions.site(*at)))
    return follows(p, made, [me, *args, *kwargs.values()]) if isinstance(me, Const) else made


CONTAINERS: dict[str, Callable[[Player, Any, str, list[Value], dict[str, Value], At], Value]] = {
    "append": _append,
    "appendleft": _append,
    "extend": _extend,
    "pop": _pop,
    "popleft": _pop,
    "get": _get,
    "values": _views,
    "keys": _views,
    "items": _views,
    "update": _update,
    "copy": _copy,
    "clear": _clear,
    "__next__": _next,
    "next": _next,  # until torch 1.13
    "*": _other,
}
