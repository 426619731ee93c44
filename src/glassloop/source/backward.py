"""backward: what is said of it, whoever is asked to go backward."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from glassloop import events
from glassloop.source.arithmetic import roots_of
from glassloop.source.past import fresh_graph, past_of
from glassloop.source.replacing import walked
from glassloop.source.values import Const, Scope, Tensor, Value

if TYPE_CHECKING:
    from glassloop.source.player import Player

At = tuple[ast.AST, Scope]
WINDOW = 4  # turns of a shortened loop in which every window comes to its end


def say_backward(p: Player, loss: Value | None, args: list[Value], kwargs: dict[str, Value], at: At, **facts: Any) -> None:
    """`loss.backward(*args, **kwargs)`; `facts` are those of the one who is asked. No loss: nobody knows which."""
    roots = roots_of(loss) if loss is not None else None
    walked(p, roots)
    of = p.reached(roots)
    if loss is not None:
        past = past_of(loss)
        if isinstance(loss, Tensor) and loss.leaf:  # made of numbers, and told to require a gradient: it walks itself
            past = past._replace(graphs=frozenset(), whole=True, cut=past.cut or p.where(*at))
        if past.cut is not None and past.whole and not past.graphs:
            facts[events.CUT], of = past.cut, ()
        elif not past.graphs and isinstance(loss, Tensor):
            # PyTorch would refuse a loss without a graph: so it has one, and maybe others.
            past = loss.past = past._replace(graphs=fresh_graph(), whole=False)
        facts[events.GRAPHS], facts[events.OUTS] = past.graphs, past.outs
        if past.whole:
            facts[events.WHOLE] = True
        if past.mean is not None and not args and "gradient" not in kwargs:
            facts[events.MEAN] = past.mean
    kept = kwargs.get("retain_graph", args[1] if len(args) > 1 else Const(False))
    created = kwargs.get("create_graph", args[2] if len(args) > 2 else Const(False))
    if isinstance(kept, Const) and isinstance(created, Const):
        facts[events.RETAINED] = bool(kept.value) and not created.value
    facts[events.TURN] = tuple(entry[1] for entry in p.loops)
    if p.program.accumulates and p.loops and p.loops[-1][1] <= WINDOW:
        facts[events.YOUNG] = True  # what stands under a remainder comes in a later turn
    if p.autocast:
        facts[events.AUTOCAST] = True
    p.say(events.BACKWARD, at, None, of, **facts)


__all__ = ["say_backward"]
