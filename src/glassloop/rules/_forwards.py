"""Forwards that a graph was recorded for, and which of them a backward goes through."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import GRAPHS, WHOLE, Event, Place, Ref


class Stale(NamedTuple):
    """A forward in evaluation mode that recorded a graph: where, whose parameters it uses, and its graph's number."""

    place: Place
    of: tuple[Ref, ...]
    node: object


def walked(stale: tuple[Stale, ...], backward: Event) -> Stale | None:
    """The first of the forwards that a backward goes through; where that is not known, the one before it."""
    of, graphs = set(backward.of or ()), backward.facts.get(GRAPHS)
    mine = [s for s in stale if not of.isdisjoint(s.of)]
    known = [s for s in mine if isinstance(graphs, frozenset) and s.node in graphs]
    if not known and backward.facts.get(WHOLE) is True:
        known = [s for s in mine if s.node is None]
        return known[0] if known else None
    return known[0] if known else mine[-1] if mine else None
