"""Classes that are lists of fields: dataclasses and named tuples."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from glassloop.source.values import ClassValue, Const, External, Function, Instance, Partial, Scope, Seq, Table, Value

if TYPE_CHECKING:
    from glassloop.source.player import Player

At = tuple[ast.AST, Scope]
TUPLES = frozenset({"typing.NamedTuple", "collections.namedtuple"})
FACTORY = ("field", "factory")


def field(p: Player, args: list[Value], kwargs: dict[str, Value], at: At) -> Value:
    """dataclasses.field: its default, or what makes one for each object."""
    made = kwargs.get("default_factory")
    if made is not None:
        return Table({"make": Partial(made, [], {})}, key=FACTORY)
    return kwargs.get("default", Const(None))


def namedtuple(p: Player, args: list[Value], kwargs: dict[str, Value], at: At) -> Value:
    """collections.namedtuple: a class of the script's own."""
    names = args[1] if len(args) > 1 else kwargs.get("field_names")
    if isinstance(names, Seq):
        fields = tuple(i.value for i in names.items if isinstance(i, Const) and isinstance(i.value, str))
    else:
        text = names.value if isinstance(names, Const) and isinstance(names.value, str) else ""
        fields = tuple(text.replace(",", " ").split())
    name = args[0].value if args and isinstance(args[0], Const) and isinstance(args[0].value, str) else "?"
    node = ast.ClassDef(name, [], [], [], [])
    cls = ClassValue(name, ast.copy_location(node, at[0]), at[1], [External("collections.namedtuple")])
    cls.attrs["__fields__"] = Const(fields)
    return cls


def fill(p: Player, made: Instance, cls: ClassValue, args: list[Value], kwargs: dict[str, Value], at: At) -> None:
    """Give a new object its fields, the defaults too, and let it do what it does after that."""
    from glassloop.source.calls import call

    fields = cls.find("__fields__")
    names = fields.value if isinstance(fields, Const) else ()
    made.attrs.update(dict(zip(names, args, strict=False)))
    made.attrs.update(kwargs)
    if "*" in kwargs:
        made.attrs = {**dict.fromkeys(names, kwargs["*"]), **made.attrs}
    for name in names:
        default = cls.find(name)
        if name not in made.attrs and isinstance(default, Table) and default.key == FACTORY:
            made.attrs[name] = call(p, default.items["make"], [], {}, at)
    after = cls.find("__post_init__")
    if isinstance(after, Function):
        call(p, Function(after.node, after.scope, made, after.owner, after.defaults, after.contexts), [], {}, at)


def fields_of(v: Instance) -> Table | None:
    """The fields of a dataclass's object by their names; None where they are not known."""
    fields = v.cls.find("__fields__") if v.cls is not None else None
    if v.cls is None or not isinstance(fields, Const):
        return None
    items = {name: v.attrs.get(name) or v.cls.find(name) for name in fields.value}
    return Table({name: i for name, i in items.items() if i is not None}, exact=all(i is not None for i in items.values()))


def items_of(v: Instance) -> list[Value] | None:
    """The items of a named tuple, in order."""
    if v.cls is None or TUPLES.isdisjoint(v.cls.roots()):
        return None
    fields = v.cls.find("__fields__")
    names = fields.value if isinstance(fields, Const) else ()
    items = [v.attrs.get(name) or v.cls.find(name) for name in names]
    return [i for i in items if i is not None] if all(i is not None for i in items) else None
