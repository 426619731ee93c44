"""What a tensor came from, as far as a backward through it would care: its graphs, where it left one, whether it is a mean.

The reader gives every forward, every loss and every first operation on a parameter a graph, by number. A backward walks
the graphs of its loss. What leaves no doubt is kept apart from what may be more than is known (`whole`).
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from glassloop.findings import Where
from glassloop.source.marks import Output, Part, Past
from glassloop.source.owners import Structure
from glassloop.source.values import (
    ClassValue,
    Const,
    External,
    Instance,
    Module,
    Params,
    Scope,
    Seq,
    Table,
    Tensor,
    Unknown,
    Value,
)
from glassloop.source.walk import walk

if TYPE_CHECKING:
    from glassloop.source.player import Player

At = tuple[ast.AST, Scope]
_numbers = itertools.count(1)
PLAIN, OPEN = Past(), Past(whole=False)  # of a number or a name of a library; of what nothing is known of

# Operations whose result is a number of another kind: no graph goes through them.
CUTTING = frozenset(
    "argmax argmin argsort long int bool byte short nonzero isnan isfinite isinf eq ne gt ge lt le equal allclose"
    " isclose searchsorted bincount one_hot".split()
)
PAIRS = frozenset(["max", "min", "topk", "sort", "median", "mode", "kthvalue", "cummax", "cummin"])  # values and places
PRETRAINED = "transformers."  # the kind of a model of that library
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
        whole = v.exact or (isinstance(v, Seq) and v.alike and bool(v.items))
        return joined if whole else joined._replace(whole=False)
    return PLAIN if isinstance(v, (Const, External)) else OPEN


def join(pasts: list[Past]) -> Past:
    """What comes out of an operation on these."""
    graphs: frozenset[Any] = frozenset()
    outs: frozenset[Any] = frozenset()
    whole, mixed, cut, batch = True, False, None, None
    for past in pasts:  # half of all work on a long path ends here
        if past is PLAIN:
            continue
        graphs = graphs | past.graphs if graphs else past.graphs
        outs = outs | past.outs if outs else past.outs
        whole, mixed = whole and past.whole, mixed or past.mixed
        cut = past.cut if cut is None else cut
        batch = past.batch if batch is None or (past.batch is not None and past.batch < batch) else batch
    return Past(graphs, whole, cut, batch=batch, outs=outs, mixed=mixed)


def after(p: Player, values: list[Value]) -> Past:
    """The past of what an operation on these gives, with gradients on or off as they are now."""
    past = join([past_of(v) for v in values])
    if p.grad:
        return past if past.mixed else past._replace(mixed=len({v.past.outs for v in values if isinstance(v, Tensor)}) > 1)
    return Past(whole=past.whole, cut=past.cut or (p.off_at if past.graphs else None), batch=past.batch)


def carries(v: Value) -> bool:
    """Whether a value certainly carries a graph."""
    return bool(past_of(v).graphs)


def of_forward(p: Player, m: Module, given: list[Past], own: frozenset[int]) -> Past:
    """The past of what a model gives, with its `own` graph; one that may remember an earlier call may walk that's, too."""
    past = join(given)._replace(batch=p.batches, mixed=False)
    if not own:
        return past
    state = frozenset({("state", m.ref)}) if remembers(m) else frozenset()
    return past._replace(graphs=past.graphs | own | state, outs=own)


def of_results(past: Past, results: tuple[Value, ...]) -> Past:
    """What is known of a model's result by what its forward gave on every way through it: a mean, a tuple with one."""
    first = results[0] if results else None
    if isinstance(first, Tensor):
        mean = first.past.mean if all(isinstance(r, Tensor) and r.past.mean == first.past.mean for r in results) else None
        return past._replace(mean=mean)
    tables = [_named(r) for r in results]
    if not tables or any(table is None or table.keys() != (tables[0] or {}).keys() for table in tables):
        return past
    return past._replace(parts=tuple((key, _alike([t[key] for t in tables if t is not None])) for key in tables[0] or {}))


def _named(v: Value) -> dict[object, Value] | None:
    """The parts of a structure, by index or name."""
    if isinstance(v, Seq):
        return dict(enumerate(v.items)) if v.exact else None
    if isinstance(v, Table):
        return dict(v.items) if v.exact else None
    if not isinstance(v, Instance):
        return None
    found: dict[object, Value] = {**dict(enumerate(v.attrs.values()))}
    found.update(v.attrs)
    return found


def _alike(row: list[Value]) -> Part:
    means = {v.past.mean if isinstance(v, Tensor) else None for v in row}
    single = all(isinstance(v, Tensor) and not v.loose for v in row)
    counts = {len(v.items) if isinstance(v, Seq) and v.exact else 0 for v in row}
    mean = means.pop() if len(means) == 1 else None
    return Part(all(map(_carries_all, row)), mean, single, counts.pop() if len(counts) == 1 else 0)


def _carries_all(v: Value) -> bool:
    if isinstance(v, (Seq, Table)):
        return bool(v.items) and all(map(_carries_all, v.items if isinstance(v, Seq) else v.items.values()))
    return carries(v)


def opened(p: Player, t: Tensor) -> Past:
    """The past of a structure of tensors, with what is known of its parts: its model's forward is looked at for that."""
    form = t.form
    if t.loose and t.past.graphs and not t.past.parts and isinstance(form, Output) and not form.trail and not p.hidden:
        from glassloop.source.inside import look

        seen = look(p, form.module, form.given, form.training) if form.module.cls is not None else None
        t.past = t.past if seen is None else of_results(t.past, seen.results)
    return t.past


def remembers(m: Module) -> bool:
    """Whether a model may keep something from one call to the next: a method sets an attribute that one reads."""
    if m.keeps[0] != Structure.changes:
        m.keeps = (Structure.changes, _remembers(m, set()))
    return m.keeps[1]


def _remembers(m: Module, seen: set[int]) -> bool:
    if id(m) in seen:
        return False
    seen.add(id(m))
    if not m.kind.startswith(("torch.nn.", PRETRAINED)):
        if m.cls is None or any(not root.startswith("torch.nn.") for root in m.cls.roots()):
            return True
        if any(_keeps_attributes(cls.node) for cls in _own_classes(m.cls)):
            return True
    return any(_remembers(v, seen) for v in (*m.items, *m.attrs.values()) if isinstance(v, Module))


def _own_classes(cls: ClassValue) -> Iterator[ClassValue]:
    yield cls
    for base in cls.bases:
        if isinstance(base, ClassValue):
            yield from _own_classes(base)


@lru_cache(maxsize=1024)
def _keeps_attributes(node: ast.ClassDef) -> bool:
    methods = (n for n in node.body if isinstance(n, ast.FunctionDef) and n.name != "__init__")
    names: dict[bool, set[str]] = {True: set(), False: set()}
    for method in methods:
        for n in walk(method):
            if isinstance(n, ast.Attribute):
                names[isinstance(n.ctx, ast.Store)].add(n.attr)
    return not names[True].isdisjoint(names[False])


def part_of(t: Tensor) -> Past:
    """The past of a part of a structure, or of a view: what carries a graph may do so in another part alone."""
    past = t.past._replace(mean=None, parts=(), total=False, drawn=None)
    return past._replace(graphs=frozenset(), whole=False, pair=False) if t.loose and t.past.graphs else past


def item_of(p: Player, t: Tensor, i: Value) -> tuple[Past, bool, int]:
    """The past of `t[i]` or `t.i`, whether it may be a structure, its items. Of values and their places these carry none."""
    name = i.value if isinstance(i, Const) else None
    known = dict(opened(p, t).parts).get(name) if isinstance(name, (int, str)) else None
    if name in ("loss", "logits") and isinstance(t.form, Output) and t.form.module.kind == PRETRAINED and not t.form.trail:
        known = Part(bool(t.past.graphs), True if name == "loss" else None, single=True)
    if known is not None:
        part = t.past if known.carries else part_of(t)
        outs = frozenset((out, name) for out in t.past.outs)
        loose = not (known.single and known.carries)
        return part._replace(mean=known.mean, parts=(), outs=outs), loose, known.items if known.carries else 0
    if t.past.pair:
        places = isinstance(i, Const) and i.value == 1
        return Past(whole=t.past.whole, cut=t.past.cut) if places else t.past._replace(pair=False), t.loose, 0
    sliced = isinstance(i, (Seq, Tensor))  # only a tensor can be: nothing else is sliced
    return (t.past._replace(mean=None, total=False, drawn=None) if sliced else part_of(t)), t.loose, 0


def cut_off(p: Player, v: Value, at: At) -> Past:
    """The past of what a copy without its graph has."""
    past = past_of(v)
    here: Where | None = p.where(*at) if past.graphs else None
    return Past(whole=past.whole, cut=past.cut or here, batch=past.batch)


__all__ = ["CUTTING", "PAIRS", "SAME", "after", "carries", "cut_off", "fresh_graph"]
__all__ += ["item_of", "join", "of_forward", "of_results", "opened", "part_of", "past_of", "remembers"]
