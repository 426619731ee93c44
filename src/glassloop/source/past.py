"""What a tensor came from, as far as a backward through it would care: its graphs, where it left one, whether it is a mean.

The reader gives every forward, every loss and every first operation on a parameter a graph, by number. A backward walks
the graphs of its loss. What leaves no doubt is kept apart from what may be more than is known (`whole`).
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from glassloop.findings import Where
from glassloop.source.values import ClassValue, Const, Module, Params, Past, Scope, Seq, Table, Tensor, Unknown, Value
from glassloop.source.walk import walk

if TYPE_CHECKING:
    from glassloop.source.player import Player

At = tuple[ast.AST, Scope]
_numbers = itertools.count(1)

# Operations whose result is a number of another kind: no graph goes through them.
CUTTING = frozenset(
    "argmax argmin argsort long int bool byte short nonzero isnan isfinite isinf eq ne gt ge lt le equal allclose"
    " isclose searchsorted bincount one_hot".split()
)
PAIRS = frozenset(["max", "min", "topk", "sort", "median", "mode", "kthvalue", "cummax", "cummin"])  # values and places
SAME = frozenset(["to", "float", "double", "half", "bfloat16", "cuda", "cpu", "clone", "contiguous", "squeeze", "cuda_"])


def fresh_graph() -> frozenset[int]:
    """A graph that nothing else is part of."""
    return frozenset({next(_numbers)})


def past_of(v: Value) -> Past:
    """The past of a value, or of what it holds."""
    if isinstance(v, Tensor):
        # A loss that was cut off and told to require a gradient again: what it walks is itself.
        return v.past._replace(graphs=fresh_graph()) if v.leaf and v.past.cut is None else v.past
    if isinstance(v, Unknown):
        return Past(whole=v.plain, cut=v.cut)
    if isinstance(v, (Params, Module)):
        return Past(fresh_graph())
    if isinstance(v, (Seq, Table)):
        held = v.items if isinstance(v, Seq) else list(v.items.values())
        joined = join([past_of(i) for i in held])
        return joined if v.exact else joined._replace(whole=False)
    return Past(whole=isinstance(v, Const))


def join(pasts: list[Past]) -> Past:
    """What comes out of an operation on these."""
    graphs: frozenset[Any] = frozenset().union(*(past.graphs for past in pasts))
    cut = next((past.cut for past in pasts if past.cut is not None), None)
    return Past(graphs, all(past.whole for past in pasts), cut)


def after(p: Player, values: list[Value]) -> Past:
    """The past of what an operation on these gives, with gradients on or off as they are now."""
    past = join([past_of(v) for v in values])
    if p.grad:
        return past
    return Past(whole=past.whole, cut=past.cut or (p.off_at if past.graphs else None))


def carries(v: Value) -> bool:
    """Whether a value certainly carries a graph."""
    return bool(past_of(v).graphs)


def of_forward(m: Module, given: list[Past], records: bool) -> Past:
    """The past of what a model gives; one that may remember an earlier call may walk that one's graph again."""
    past = join(given)._replace(mean=None)
    if not records:
        return past
    state = frozenset({("state", m.ref)}) if _remembers(m, set()) else frozenset()
    return past._replace(graphs=past.graphs | fresh_graph() | state)


def of_results(past: Past, results: tuple[Value, ...]) -> Past:
    """What is known of a model's result by what its forward gave on every way through it: a mean, a tuple with one."""
    first = results[0] if results else None
    if isinstance(first, Tensor):
        mean = first.past.mean if all(isinstance(r, Tensor) and r.past.mean == first.past.mean for r in results) else None
        return past._replace(mean=mean)
    if not isinstance(first, Seq) or not all(isinstance(r, Seq) and len(r.items) == len(first.items) for r in results):
        return past
    rows = zip(*(r.items for r in results if isinstance(r, Seq)), strict=True)
    return past._replace(parts=tuple(_alike(row) for row in rows))


def _alike(row: tuple[Value, ...]) -> tuple[bool, bool | None]:
    means = {v.past.mean if isinstance(v, Tensor) else None for v in row}
    return all(carries(v) for v in row), means.pop() if len(means) == 1 else None


def _remembers(m: Module, seen: set[int]) -> bool:
    """Whether a model may keep something from one call to the next: one of its methods sets an attribute."""
    if id(m) in seen:
        return False
    seen.add(id(m))
    inside = [v for v in (*m.items, *m.attrs.values()) if isinstance(v, Module)]
    if not m.kind.startswith("torch.nn."):
        if m.cls is None or any(not root.startswith("torch.nn.") for root in m.cls.roots()):
            return True
        if any(_sets_attributes(cls) for cls in _own_classes(m.cls)):
            return True
    return any(_remembers(v, seen) for v in inside)


def _own_classes(cls: ClassValue) -> Iterator[ClassValue]:
    yield cls
    for base in cls.bases:
        if isinstance(base, ClassValue):
            yield from _own_classes(base)


def _sets_attributes(cls: ClassValue) -> bool:
    methods = (n for n in cls.node.body if isinstance(n, ast.FunctionDef) and n.name != "__init__")
    nodes = (n for method in methods for n in walk(method) if isinstance(n, ast.Attribute))
    return any(isinstance(n.ctx, ast.Store) for n in nodes)


def part_of(t: Tensor) -> Past:
    """The past of a part of a structure, or of a view: what carries a graph may do so in another part alone."""
    if t.loose and t.past.graphs:
        return t.past._replace(graphs=frozenset(), whole=False, mean=None, pair=False, parts=())
    return t.past._replace(mean=None, parts=())


def item_of(t: Tensor, i: Value) -> Past:
    """The past of `t[i]`; of values and their places, the places carry no graph."""
    if t.past.parts and isinstance(i, Const) and isinstance(i.value, int) and i.value < len(t.past.parts):
        carrying, mean = t.past.parts[i.value]
        part = t.past if carrying else part_of(t)
        return part._replace(mean=mean, parts=())
    if t.past.pair:
        places = isinstance(i, Const) and i.value == 1
        return Past(whole=t.past.whole, cut=t.past.cut) if places else t.past._replace(pair=False)
    sliced = isinstance(i, (Seq, Tensor))  # only a tensor can be: nothing else is sliced
    return t.past._replace(mean=None) if sliced else part_of(t)


def cut_off(p: Player, v: Value, at: At) -> Past:
    """The past of what a copy without its graph has."""
    past = past_of(v)
    here: Where | None = p.where(*at) if past.graphs else None
    return Past(whole=past.whole, cut=past.cut or here)


__all__ = ["CUTTING", "PAIRS", "SAME", "after", "carries", "cut_off", "fresh_graph"]
__all__ += ["item_of", "join", "of_forward", "of_results", "part_of", "past_of"]
