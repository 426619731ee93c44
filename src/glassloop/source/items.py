"""Items: reading `v[i]`, and setting it."""

from __future__ import annotations

import ast
from typing import Any

from glassloop.events import MODEL
from glassloop.source.arithmetic import BATCH_SIZE
from glassloop.source.attributes import of_module, several
from glassloop.source.forms import part, within
from glassloop.source.keeping import added, replaced, say_drawn
from glassloop.source.owners import doubt, restructured
from glassloop.source.past import item_of
from glassloop.source.player import Player
from glassloop.source.records import items_of
from glassloop.source.replacing import put_in
from glassloop.source.values import (
    Const,
    External,
    Instance,
    Module,
    Scope,
    Seq,
    Table,
    Tensor,
    Unknown,
    Value,
)

At = tuple[ast.AST, Scope]


def item(p: Player, v: Value, node: ast.AST, i: Value) -> Value:
    """`v[i]`."""
    if isinstance(v, Instance) and (fields := items_of(v)) is not None:
        v = Seq(fields)
    if isinstance(v, Seq):
        some = one_of(p, v.items) if v.exact and not isinstance(i, (Const, Seq)) else None
        return some or _of_sequence(v, i)
    if isinstance(v, Table):
        if isinstance(i, Const) and i.value in v.items:
            return v.items[i.value]
        if v.lists and isinstance(i, Const):
            v.items[i.value] = Seq([])
            return v.items[i.value]
        if isinstance(i, Unknown) and len(v.items) == 1 and v.exact:
            return next(iter(v.items.values()))
        some = one_of(p, list(v.items.values())) if v.exact and not isinstance(i, Const) else None
        return some or Unknown(("item", v.key if v.key is not None else id(v), _name(i)))
    if isinstance(v, Tensor):
        past, loose, count = item_of(p, v, i)
        form, many = within(v.form, part(i)), v.several and v.loose
        t = Tensor(v.roots, _sliced(v.length, i), v.scaled, loose=loose, past=past, form=form, several=many)
        return several(t, count)
    if isinstance(v, Module):
        if isinstance(i, Const) and isinstance(i.value, str) and i.value in v.attrs:
            return v.attrs[i.value]
        if isinstance(i, Const) and isinstance(i.value, int) and -len(v.items) <= i.value < len(v.items):
            return v.items[i.value]
        return of_module(p, v, f"item {_name(i)}")
    if isinstance(v, Unknown):
        name = f"[{_name(i)}]"
        if name not in v.facts:
            v.facts[name] = Unknown(("item", v.key, _name(i)), v.source & {BATCH_SIZE}, plain=v.plain)
        return v.facts[name]
    if isinstance(v, Const) and isinstance(i, Const):
        try:
            return Const(v.value[i.value])
        except (TypeError, LookupError):
            return Unknown(("item", id(v)))
    if isinstance(v, External) and v.path == "os.environ":
        from glassloop.source.checkpoints import environment

        return environment(i) or Unknown(("environment", _name(i)))
    return Unknown(("item", id(v), _name(i)))


def one_of(p: Player, items: list[Value]) -> Module | None:
    """One of several layers, whichever: in a forward that is played aside."""
    if not p.inside or len(items) < 2 or not all(isinstance(m, Module) for m in items):
        return None
    return Module(p.ref(MODEL, "one of several"), kind="torch.nn.", items=list(items), doubtful=True)


def _name(i: Value) -> str:
    if isinstance(i, Const):
        return repr(i.value)[:60]
    return repr(i.key)[:120] if isinstance(i, Unknown) else "?"


def bounds(i: Value) -> slice | None:
    """A slice with known bounds."""
    if not (isinstance(i, Seq) and i.frozen and len(i.items) == 3):
        return None
    values = [b.value if isinstance(b, Const) else "?" for b in i.items]
    return slice(*values) if all(b is None or isinstance(b, int) for b in values) else None


def _of_sequence(v: Seq, i: Value) -> Value:
    if isinstance(i, Const) and isinstance(i.value, int):
        if -len(v.items) <= i.value < len(v.items):
            return v.items[i.value]
    elif (cut := bounds(i)) is not None:
        return Seq(v.items[cut], v.exact, v.frozen)
    elif isinstance(i, Seq):
        return Seq(list(v.items), exact=False)
    kinds = {type(x) for x in v.items}
    if len(v.items) == 1 or (kinds and kinds <= {Tensor}):
        return v.items[0]
    return Unknown(("item", id(v), _name(i)))


def _sliced(length: int | None, i: Value) -> int | None:
    cut = bounds(i)
    return len(range(length)[cut]) if cut is not None and length is not None else None


def set_item(p: Player, v: Value, i: Value, value: Value, at: At) -> None:
    """`v[i] = value`."""
    if p.either:
        doubt(value)
    say_drawn(p, value, at)
    if isinstance(v, Table):
        if isinstance(i, Const):
            old = v.items.get(i.value)
            if old is not None:
                replaced(p, old, value, at)
            elif not isinstance(i.value, str):
                added(p, v, value, at)
            if not v.items and isinstance(value, Module):
                p.filled[id(v)] = p.where(*at)
            v.items[i.value] = value
            restructured(old, value)
            if i.value == "lr" and isinstance(v.key, tuple) and v.key[0] == "group":
                p.remark("rate")
        else:
            v.exact = False
    elif isinstance(v, Seq):
        if isinstance(i, Const) and isinstance(i.value, int) and -len(v.items) <= i.value < len(v.items):
            old = v.items[i.value]
            replaced(p, old, value, at)
            v.items[i.value] = value
            restructured(old, value)
        elif bounds(i) == slice(None):
            v.items[:] = value.items if isinstance(value, Seq) else []
            restructured(v)
    elif isinstance(v, Unknown):
        v.facts[f"[{_name(i)}]"] = value
    elif isinstance(v, Module) and isinstance(i, Const):
        _set_child(p, v, i.value, value, at)
        restructured(v)


def _set_child(p: Player, m: Module, i: Any, value: Value, at: At) -> None:
    place = i if isinstance(i, int) and -len(m.items) <= i < len(m.items) else None
    put_in(p, m, m.items[place] if place is not None else m.attrs.get(str(i)), value, at)
    if place is not None:
        m.items[place] = value
    else:
        m.attrs[str(i)] = value


__all__ = ["item", "set_item"]
