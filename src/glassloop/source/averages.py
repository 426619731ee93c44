"""Means of the batches' means: what adds up one number a batch, and what divides it by their count."""

from __future__ import annotations

import ast
from collections.abc import Hashable

from glassloop import events
from glassloop.events import LOADER, Ref
from glassloop.source.arithmetic import BATCH_MEAN
from glassloop.source.player import Player
from glassloop.source.values import Const, Scope, Seq, Tensor, Unknown, Value

At = tuple[ast.AST, Scope]
SUMMED = "sum of a list"


def is_mean(v: Value) -> bool:
    """Whether a value is the mean of a batch, or a sum of such."""
    if isinstance(v, Tensor):
        return v.past.mean is True
    return isinstance(v, (Const, Unknown)) and BATCH_MEAN in v.source


def divided(p: Player, left: Value, op: ast.operator, right: Value, at: At) -> None:
    """`left / right`: a sum of the batches' means over the number of batches (or of the list that was summed)."""
    if not isinstance(op, ast.Div) or not is_mean(left) or not isinstance(right, (Const, Unknown)):
        return
    counts = {s[1] for s in right.source if isinstance(s, tuple) and len(s) == 2 and s[0] == "len"}
    listed = {s[1] for s in getattr(left, "source", ()) if isinstance(s, tuple) and s[0] == SUMMED}
    counted = isinstance(right, Const) and right.added and right.value == p.handed
    loader = next((c for c in counts if isinstance(c, Ref) and c.role == LOADER), None)
    if loader is not None or counted or not counts.isdisjoint(listed):
        p.say(events.AVERAGED, at, loader, ())


def summed(given: Value) -> frozenset[Hashable]:
    """What the sum of a list with one mean a batch comes from."""
    whole = isinstance(given, Seq) and bool(given.items) and all(is_mean(i) for i in given.items)
    lists: list[Seq] = []
    while whole and isinstance(given, Seq) and given not in lists:
        lists.append(given)
        given = given.per or given
    return frozenset({BATCH_MEAN, *((SUMMED, id(one)) for one in lists)}) if lists else frozenset()


def averaged(p: Player, given: Value, at: At) -> None:
    """numpy.mean and its like, of a list with one mean a batch."""
    if isinstance(given, Seq) and given.items and all(is_mean(i) for i in given.items):
        p.say(events.AVERAGED, at, None, ())
