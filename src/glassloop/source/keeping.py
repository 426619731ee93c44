"""What holds on to graphs: a sum that grows by one loss after another, a list of them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from glassloop import events
from glassloop.source.owners import restructured
from glassloop.source.past import past_of
from glassloop.source.values import Const, Scope, Seq, Table, Tensor, Value

if TYPE_CHECKING:
    from glassloop.source.player import Player

At = tuple[ast.AST, Scope]


def replaced(p: Player, old: Value | None, new: Value, at: At) -> None:
    """A name, attribute or item gets a new value. One that walks all the old one's graphs and more has grown out of it."""
    if isinstance(old, Tensor) and isinstance(new, Tensor) and not old.leaf:
        if old.past.graphs and old.past.graphs < new.past.graphs and not _passing(p, at):
            p.say(events.HELD, at, None, None, graphs=old.past.graphs, added=new.past.graphs - old.past.graphs)
    elif isinstance(old, Seq) and isinstance(new, Seq) and _longer(new, old):  # `losses += [loss]` makes a list anew
        added(p, old, new.items[-1], at)


def _passing(p: Player, at: At) -> bool:
    """Whether a name is one of a function in whose call nothing has stepped: it holds no earlier step's graph by itself."""
    node, scope = at
    own = isinstance(node, ast.Name) and node.id in scope.vars and scope.born > 0
    return own and all(e.kind != events.STEP for e in p.events[scope.born :])


def _longer(new: Seq, old: Seq) -> bool:
    n = len(old.items)
    return not new.frozen and len(new.items) > n > 0 and new.items[:n] == old.items


def added(p: Player, holder: Seq | Table, new: Value, at: At) -> None:
    """A list or dict gets one more value."""
    items = holder.items if isinstance(holder, Seq) else [v for k, v in holder.items.items() if not isinstance(k, str)]
    if past_of(new).graphs:
        held = frozenset[object]().union(*(past_of(v).graphs for v in items if isinstance(v, (Tensor, Seq, Table))))
        if held:
            p.say(events.HELD, at, None, None, graphs=held, added=past_of(new).graphs)


def say_drawn(p: Player, value: Value, at: At) -> None:
    """A name, attribute or item gets one number that was drawn together by hand, as a tensor, as if to be trained."""
    if isinstance(value, Tensor) and value.past.drawn is not None and value.past.graphs and not p.undecided:
        (place, node), past = value.past.drawn, value.past
        value.past = past._replace(drawn=None)
        p.say(events.DRAWN, at, None, p.reached(value.roots), place=place, node=node, over=past.outs)


def emptied(holder: Value, i: Value) -> None:
    """`del holder[i]`: a slice with no bounds takes all."""
    if not isinstance(holder, Seq):
        return
    if isinstance(i, Seq) and i.frozen and all(isinstance(b, Const) and b.value is None for b in i.items):
        holder.items.clear()
    else:
        holder.items[:] = holder.items[1:]
        holder.exact = False
    restructured(holder)


__all__ = ["added", "emptied", "replaced", "say_drawn"]
