"""What a model keeps in plain lists and dicts: PyTorch does not see it there."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from glassloop.findings import Where
from glassloop.source.arithmetic import roots_of
from glassloop.source.inside import look
from glassloop.source.owners import owners_in
from glassloop.source.replacing import has_parameters
from glassloop.source.values import Function, Module, Params, Scope, Seq, Table, Tensor, Value

if TYPE_CHECKING:
    from glassloop.source.player import Player

At = tuple[ast.AST, Scope]


def kept(p: Player, m: Module, name: str, value: Value, at: At) -> None:
    """Note where a model got a plain list or dict for an attribute."""
    if isinstance(value, (Seq, Table)) and not p.inside:
        m.places[name] = p.where(*at)


def registered(m: Module) -> dict[int, Module]:
    """A model and the models in it that PyTorch knows of, by id."""
    found: dict[int, Module] = {}
    pending: list[Value] = [m]
    while pending:
        v = pending.pop()
        if isinstance(v, Module) and id(v) not in found:
            found[id(v)] = v
            pending.extend((*v.attrs.values(), *v.items))
            pending.extend(owner for i in v.items if isinstance(i, Params) for owner in i.owners or ())
    return found


def unregistered(p: Player, m: Module) -> tuple[Where, ...]:
    """Where a model got the lists whose layers its forward uses, with a graph, and that nothing registers or updates."""
    known = registered(m)
    lists = [(owner, name) for owner in known.values() for name in owner.places if owner.cls is not None]
    if not lists or any(o.owners is None for o in p.optimizers):
        return ()
    held = set(known)
    for optimizer in p.optimizers:
        for owner in optimizer.owners or ():
            held |= set(registered(owner)) if isinstance(owner, Module) else set()
    found: list[Where] = []
    for owner, name in lists:
        inside = [x for x in _models(owner.attrs.get(name)) if not held & set(registered(x)) and _trains(x)]
        if inside and not any(x.doubtful for x in inside) and not owner.doubtful and _uses(p, owner, inside):
            found.append(p.filled.get(id(owner.attrs[name]), owner.places[name]))
    return tuple(sorted(found))


def _models(v: Value | None, depth: int = 3) -> list[Module]:
    if isinstance(v, Module):
        return [v]
    if depth == 0 or not isinstance(v, (Seq, Table)):
        return []
    return [m for i in (v.items if isinstance(v, Seq) else v.items.values()) for m in _models(i, depth - 1)]


def _trains(m: Module) -> bool:
    return m.training is not False and not m.frozen and has_parameters(m)


def _uses(p: Player, owner: Module, inside: list[Module]) -> bool:
    """Whether the forward of `owner` ends in something whose graph goes through these, on every way through it."""
    forward = owner.cls.find("forward") if owner.cls is not None else None
    if not isinstance(forward, Function):
        return False
    a = forward.node.args
    needed = len(a.posonlyargs) + len(a.args) - 1 - len(a.defaults)
    seen = look(p, owner, tuple(Tensor(loose=True) for _ in range(max(0, needed))), owner.training, fresh=True)
    if seen is None or not seen.results:
        return False
    wanted: set[Any] = set(inside)
    return all(not wanted.isdisjoint(owners_in(roots_of(result))) for result in seen.results)
