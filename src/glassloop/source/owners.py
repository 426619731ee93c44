"""What is inside what: a model and all in it that can own parameters, remembered until some structure changes."""

from __future__ import annotations

from typing import Any

from glassloop.source.values import Module, Params, Seq, Table, Tensor, Value


class Structure:
    """Counts the changes to what is inside what, so that a model's parts need not be looked for at every event."""

    changes = 0


def restructured(*moved: Value | None) -> None:
    """To be called by whoever changes what a model, a list or a dict holds: what was put in or taken out."""
    if any(isinstance(v, (Module, Seq, Table)) or (isinstance(v, Tensor) and v.leaf) for v in moved):
        Structure.changes += 1


def owners_within(value: Any) -> frozenset[Any]:
    """A model and everything inside it that can own parameters; a parameter stands for itself."""
    if not isinstance(value, Module):
        return _owners_within(value)
    if value.within[0] != Structure.changes:
        value.within = (Structure.changes, _owners_within(value))
    return value.within[1]


def _owners_within(value: Any) -> frozenset[Any]:
    seen: set[int] = set()
    found: set[Any] = set()
    pending = [value]
    while pending:
        v = pending.pop()
        if id(v) in seen:
            continue
        seen.add(id(v))
        if isinstance(v, Module):
            found.add(v)
            pending.extend(v.attrs.values())
            pending.extend(v.items)
            pending.extend(owner for i in v.items if isinstance(i, Params) for owner in i.owners or ())
        elif isinstance(v, Tensor) and v.leaf:
            found.add(v)
        elif isinstance(v, Seq):
            pending.extend(v.items)
        elif isinstance(v, Table):
            pending.extend(v.items.values())
    return frozenset(found)


def doubt(value: Value) -> None:
    """A model, or what is in it, that may not be the one that is here when it counts."""
    for owner in owners_within(value):
        if isinstance(owner, Module):
            owner.doubtful = True


def owners_in(roots: Any) -> frozenset[Any]:
    """owners_within, of a set of roots."""
    if not roots:
        return frozenset()
    first, *others = roots
    return owners_within(first).union(*map(owners_within, others)) if others else owners_within(first)
