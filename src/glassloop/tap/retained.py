"""Graphs that a backward was told to keep, and whether another backward walks them.

A graph is the numbers of its nodes: autograd gives each to one node only. Graphs are walked here only while one is kept, so
that a loop without `retain_graph` pays nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

_LARGEST = 20_000  # nodes of a graph that is looked through
_LEAF = 1 << 62  # AccumulateGrad has the largest number there is, and belongs to a parameter and not to one graph
_WATCHED = 64  # times that a place must keep a graph in vain before it is believed that it always will

Numbers = frozenset[int]


class Walk(NamedTuple):
    """What is to be said of a backward: whether it keeps its graph, and the names of the graphs that it walks.

    `graphs` None: too many nodes to tell. `young`: what was kept in vain so far may still come to be needed.
    """

    retained: bool
    graphs: Numbers | None = None
    young: bool = False


class Retained:
    """The graphs kept last, one a place; `walk` is asked at every backward, before it runs."""

    def __init__(self) -> None:
        self.keeps: dict[int, tuple[int, Numbers]] = {}  # by place: the graph's name, and its nodes
        self._times: dict[int, int] = {}
        self._lost = False  # something walked graphs unheard

    def walk(self, tensors: Any, retain: bool, site: int) -> Walk | None:
        """Of a backward at the place numbered `site`; None where nothing is kept."""
        if not retain and not self.keeps:
            return None
        times = self._times[site] = self._times.get(site, 0) + retain
        if times > _WATCHED + 1:  # all is said; from here on nothing is followed
            self.keeps.pop(site, None)
            return Walk(True)
        nodes = None if self._lost else graph_of(tensors)
        if nodes is None:
            self.keeps.clear()
            self._lost = False
            return Walk(retain)
        walked = [place for place, (_, kept) in self.keeps.items() if not nodes.isdisjoint(kept)]
        names = frozenset(self.keeps.pop(place)[0] for place in walked)
        name = 2 * site + times % 2
        if retain:
            self.keeps[site] = name, nodes
        return Walk(retain, names | {name}, times <= _WATCHED)

    def unheard(self) -> None:
        """A backward inside something that is heard as a whole: it may have walked what is kept."""
        self._lost = bool(self.keeps)


def graph_of(tensors: Any) -> Numbers | None:
    """The numbers of all nodes behind some tensors; None where they are too many, or cannot be asked for."""
    if isinstance(tensors, torch.Tensor):
        tensors = (tensors,)
    if not isinstance(tensors, (list, tuple)):
        return None
    pending = [t.grad_fn for t in tensors if isinstance(t, torch.Tensor) and t.grad_fn is not None]
    found: set[int] = set()
    while pending:
        node = pending.pop()
        number = node._sequence_nr()
        if number >= _LEAF or number in found:
            continue
        found.add(number)
        if len(found) > _LARGEST:
            return None
        pending.extend(before for before, _ in node.next_functions if before is not None)
    return frozenset(found)


__all__ = ["Retained", "Walk", "graph_of"]
