"""Data: loaders, samplers and datasets, and in which order their samples come."""

from __future__ import annotations

import ast
from collections.abc import Callable

from glassloop import events
from glassloop.source.builtin import fresh
from glassloop.source.chance import held_by
from glassloop.source.player import Player
from glassloop.source.values import (
    NONE,
    Const,
    Function,
    Instance,
    Loader,
    Sampler,
    Scope,
    Seq,
    Span,
    Tensor,
    Unknown,
    Value,
)
from glassloop.source.walk import walk

At = tuple[ast.AST, Scope]
Args = list[Value]
Kwargs = dict[str, Value]

# What a DataLoader takes by position.
POSITIONS = ("dataset", "batch_size", "shuffle", "sampler", "batch_sampler", "num_workers", "collate_fn", "pin_memory")
LARGE = 1000  # a batch of so many may well be all there are
STORED = "stored dataset"  # a library's dataset that is read by index


def make_loader(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """torch.utils.data.DataLoader, said with what is certain of its order, its last batch and its workers."""
    given = {**dict(zip(POSITIONS, args, strict=False)), **kwargs}
    made = foreign_loader(p, args, kwargs, at)
    assert isinstance(made, Loader)
    sampler = given.get("sampler", NONE)
    if isinstance(sampler, Sampler):
        made.sampler, made.length = sampler, None  # this process's share only
    elif not _is(sampler, None) or not _is(given.get("batch_sampler", NONE), None) or "**" in given:
        made.sampler = Unknown(("sampler", made.ref))
    facts: dict[str, object] = {}
    if "**" not in given:
        made.order = _order(given, made)
        drops = _drops(given)
        workers = given.get("num_workers", Const(0))
        facts |= {} if drops is None else {events.DROPS: drops}
        facts |= {} if made.length is None else {events.LENGTH: made.length}
        if isinstance(workers, Const) and isinstance(workers.value, int):
            facts[events.WORKERS] = made.workers = workers.value
        if drops or _even(given):
            facts[events.EVEN] = True
        held = held_by(made.dataset) if _is(given.get("worker_init_fn", NONE), None) else None
        if held is not None:
            facts[events.DRAWS] = held
    made.forked = "multiprocessing_context" in given
    p.say(events.MADE, at, made.ref, (), **facts)
    if isinstance(made.dataset, Instance):
        p.datasets.setdefault(id(made.dataset), []).append(made)
    return made


def foreign_loader(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """A DataLoader of some other library: it hands over batches, and nothing else is known of it."""
    data = args[0] if args else kwargs.get("dataset", NONE)
    size = args[1] if len(args) > 1 else kwargs.get("batch_size", Const(1))
    length = None
    rows = _rows(data)
    if rows is not None and isinstance(size, Const) and isinstance(size.value, int) and size.value > 0:
        drop = kwargs.get("drop_last")
        dropped = isinstance(drop, Const) and drop.value
        length = rows // size.value if dropped else -(-rows // size.value)
    p.remark("loader")
    return Loader(p.ref(events.LOADER, "DataLoader"), length, dataset=data, depth=len(p.loops))


def _rows(data: Value) -> int | None:
    return data.length if isinstance(data, Tensor) else len(data.items) if isinstance(data, Seq) and data.exact else None


def _is(v: Value, constant: object) -> bool:
    return isinstance(v, Const) and v.value is constant


def _order(given: Kwargs, made: Loader) -> str | None:
    """ "stored", "shuffled", or None where that cannot be known."""
    if made.sampler is not None or _is(given.get("batch_size", Const(1)), None):
        return None
    shuffle = given.get("shuffle", Const(False))
    if not isinstance(shuffle, Const):
        return None
    if shuffle.value:
        return events.SHUFFLED
    return events.STORED if by_index(made.dataset) and not _may_be_whole(given, made) else None


def _may_be_whole(given: Kwargs, made: Loader) -> bool:
    """Whether one batch may hold everything: there is no order then."""
    size = given.get("batch_size", Const(1))
    counted = any(isinstance(s, tuple) and s and s[0] == "len" for s in getattr(size, "source", ()))
    large = isinstance(size, Const) and isinstance(size.value, int) and size.value >= LARGE
    return made.length is None and (counted or large)


def _drops(given: Kwargs) -> bool | None:
    """Whether a last batch that is not full is left out; where every batch is full, none is."""
    drop = given.get("drop_last", Const(False))
    return bool(drop.value) and not _even(given) if isinstance(drop, Const) else None


def _even(given: Kwargs) -> bool:
    """Whether every batch is certainly full."""
    rows, size = _rows(given.get("dataset", NONE)), given.get("batch_size", Const(1))
    if _is(given.get("batch_sampler", NONE), None) and isinstance(size, Const) and size.value == 1:
        return True
    known = rows is not None and isinstance(size, Const) and isinstance(size.value, int) and size.value > 0
    return known and rows % size.value == 0  # type: ignore[attr-defined]


def by_index(data: Value | None) -> bool:
    """Whether a dataset is certainly read by index, and hands over for an index what lies there."""
    if isinstance(data, Tensor):
        return not data.odd
    if isinstance(data, Seq):
        return bool(data.items) and all(by_index(d) or isinstance(d, (Const, Seq)) for d in data.items)
    if isinstance(data, Unknown):
        return isinstance(data.key, tuple) and data.key[0] == STORED
    if not isinstance(data, Instance) or data.cls is None:
        return False
    get = data.cls.find("__getitem__")
    return isinstance(get, Function) and _uses_index(get.node)


def _uses_index(node: ast.AST) -> bool:
    args = getattr(node, "args", None)
    if not isinstance(args, ast.arguments) or len(args.args) < 2:
        return False
    index = args.args[1].arg
    return any(isinstance(n, ast.Name) and n.id == index for n in walk(node))


def touched(p: Player, me: Value, name: str) -> None:
    """A method of a dataset was called: it may have been put in another order."""
    if not name.startswith("__"):
        for loader in p.datasets.get(id(me), ()):
            loader.order = None


# --- samplers ----------------------------------------------------------------------------------------------------------


def _distributed(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    shuffle = args[3] if len(args) > 3 else kwargs.get("shuffle", Const(True))
    made = Sampler(p.ref(events.SAMPLER, "DistributedSampler"))
    known = isinstance(shuffle, Const) and "**" not in kwargs
    p.say(events.MADE, at, made.ref, (), **({events.SHUFFLES: bool(shuffle.value)} if known else {}))  # type: ignore[attr-defined]
    return made


def sampler_method(p: Player, s: Sampler, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    """set_epoch, and what else a sampler does."""
    if name == "set_epoch":
        p.say(events.SET_EPOCH, at, s.ref, ())
        return NONE
    return fresh(at)


# --- datasets ----------------------------------------------------------------------------------------------------------


def _dataset(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    lengths = [a.length for a in args if isinstance(a, Tensor) and a.length is not None]
    return Tensor(length=lengths[0] if lengths else None, loose=True)


def _subset(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    indices = args[1] if len(args) > 1 else NONE
    count = (
        indices.count
        if isinstance(indices, Span)
        else Const(len(indices.items))
        if isinstance(indices, Seq) and indices.exact
        else NONE
    )
    odd = not args or not by_index(args[0])
    length = count.value if isinstance(count, Const) else None
    return Tensor(length=length, loose=True, odd=odd, base=args[0] if args else None)


def _random_split(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    if len(args) > 1 and isinstance(args[1], Seq):
        sizes = [s.value if isinstance(s, Const) and isinstance(s.value, int) else None for s in args[1].items]
        return Seq([Tensor(length=s, loose=True, odd=not by_index(args[0]), base=args[0]) for s in sizes])
    return fresh(at)


def stored(p: Player, at: At) -> Value:
    """A dataset of a library that is read by index."""
    return Unknown((STORED, (at[1].path, getattr(at[0], "lineno", 0), getattr(at[0], "col_offset", 0))))


DATA: dict[str, Callable[[Player, Args, Kwargs, At], Value]] = {
    "torch.utils.data.DataLoader": make_loader,
    "torch.utils.data.dataloader.DataLoader": make_loader,
    "torch.utils.data.TensorDataset": _dataset,
    "torch.utils.data.Subset": _subset,
    "torch.utils.data.random_split": _random_split,
    "torch.utils.data.dataset.random_split": _random_split,
    "torch.utils.data.DistributedSampler": _distributed,
    "torch.utils.data.distributed.DistributedSampler": _distributed,
}
