"""argparse: a numeric default is played as the number it is; a switch or a choice is left open."""

from __future__ import annotations

import ast
from collections.abc import Hashable

from glassloop.source.player import Player
from glassloop.source.values import NONE, Const, Instance, Scope, Seq, Table, Unknown, Value

KIND: Hashable = "argparse"


def new_parser() -> Value:
    """ArgumentParser()."""
    return Instance(None, {"arguments": Table({})}, key=KIND)


def is_parser(v: Value) -> bool:
    """Whether a value is a parser."""
    return isinstance(v, Instance) and v.key == KIND


def parser_method(
    p: Player, me: Instance, name: str, args: list[Value], kwargs: dict[str, Value], at: tuple[ast.AST, Scope]
) -> Value:
    """add_argument, parse_args and what else a parser does."""
    table = me.attrs["arguments"]
    assert isinstance(table, Table)
    if name == "add_argument":
        _add(p, table, args, kwargs)
        return NONE
    if name in ("parse_args", "parse_known_args"):
        space = Instance(None, dict(table.items), open=True, key=("arguments", me.key))
        if name == "parse_args":
            return space
        return Seq([space, Unknown("rest of the arguments")], frozen=True)
    if name in ("add_argument_group", "add_mutually_exclusive_group"):
        return me
    return Unknown(("parser", name))


def _add(p: Player, table: Table, args: list[Value], kwargs: dict[str, Value]) -> None:
    flags = [a.value for a in args if isinstance(a, Const) and isinstance(a.value, str)]
    dest = kwargs.get("dest")
    if isinstance(dest, Const):
        name = str(dest.value)
    elif flags:
        name = next((f for f in flags if f.startswith("--")), flags[0]).lstrip("-").replace("-", "_")
    else:
        return
    default = kwargs.get("default")
    number = isinstance(default, Const) and isinstance(default.value, int) and not isinstance(default.value, bool)
    key = ("argument", name)
    if number and isinstance(default, Const) and default.value > 1:
        table.items[name] = Const(default.value, default.source | {key})
    else:
        table.items[name] = Unknown(key, frozenset({key}), plain=True)
    given = kwargs.get("choices")
    if isinstance(given, Seq) and given.exact and given.items and "nargs" not in kwargs:
        values = [v.value if isinstance(v, Const) else None for v in (*given.items, default or NONE)]
        required = not flags or flags[0][:1] != "-" or "required" in kwargs
        if all(isinstance(v, (str, int)) for v in (values[:-1] if required else values)):
            p.choices_of[key] = frozenset(values[:-1] if required else values)
