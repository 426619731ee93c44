"""Python's own functions, as far as they carry models, parameters and batches about."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from glassloop.source import conditions
from glassloop.source.arithmetic import BATCH_MEAN, BATCH_SIZE, BATCH_SUM
from glassloop.source.attributes import attribute, set_attribute
from glassloop.source.averages import summed
from glassloop.source.expressions import merge_params
from glassloop.source.loops import ask_next, begin, iterate, sources
from glassloop.source.marks import UNSURE
from glassloop.source.owners import restructured
from glassloop.source.past import cut_off, join, past_of
from glassloop.source.player import Dead, Player
from glassloop.source.values import (
    NONE,
    ClassValue,
    Const,
    External,
    Instance,
    Loader,
    Module,
    Params,
    Scope,
    Seq,
    Span,
    Stream,
    Super,
    Table,
    Tensor,
    Unknown,
    Value,
)
from glassloop.source.waiting import waits

At = tuple[ast.AST, Scope]
Args = list[Value]
Kwargs = dict[str, Value]


def fresh(at: At) -> Unknown:
    """The unknown result of the call at this place."""
    return Unknown(("call", conditions.site(*at)))


def as_unknown(v: Value) -> Value:
    """A library's name that is used as a number."""
    return Unknown(("external", v.path), frozenset({("external", v.path)})) if isinstance(v, External) else v


def number_of(args: Args, at: At, source: frozenset[Any] = frozenset()) -> Unknown:
    """What the call at this place makes of these: a number, where they are."""
    past = join(list(map(past_of, args)))
    plain = past.whole and not past.graphs
    return Unknown(("call", conditions.site(*at)), source, plain=plain, cut=past.cut if plain else None)


def _range(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    start: Value = args[0] if len(args) > 1 else Const(0)
    args = [as_unknown(a) for a in args]
    stop = args[1] if len(args) > 1 else args[0] if args else fresh(at)
    step = args[2].value if len(args) > 2 and isinstance(args[2], Const) else 1
    ends = [v.value for v in (start, stop) if isinstance(v, Const) and isinstance(v.value, int)]
    if isinstance(stop, Const) and len(ends) == 2 and isinstance(step, int) and step:
        return Span(start, Const(len(range(ends[0], ends[1], step)), stop.source), step)
    if isinstance(start, Const) and isinstance(stop, Unknown) and isinstance(start.value, int):
        return Span(
            start, Unknown(stop.key, stop.source | {stop.key}, stop.plus - start.value), step if isinstance(step, int) else 1
        )
    source = getattr(stop, "source", frozenset()) | ({stop.key} if isinstance(stop, Unknown) else frozenset())
    return Span(start, Unknown(("count", conditions.site(*at)), source), 1)


def _enumerate(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    start = args[1] if len(args) > 1 else kwargs.get("start", Const(0))
    own: list[Any] = [frozenset(), 0, True, False]
    return Stream(_numbered(p, begin(p, args[0], at, own), args[0], start, own), _length_of(args[0]), own)


def _numbered(p: Player, items: Iterator[Value], value: Value, start: Value, own: list[Any]) -> Iterator[Value]:
    first = start.value if isinstance(start, Const) and isinstance(start.value, int) else 0
    length = _length_of(value)
    source: frozenset[Any] = getattr(length, "source", frozenset())
    held: Value | None = None
    i = first
    for item in items:
        if own[3] and p.loops:
            p.loops[-1][3] = True
        if held is not None:
            yield Seq([Const(i, source if own[3] else frozenset(), None, counted=own[3]), held], frozen=True)
            i += 1
        held = item
        if not own[3] or length is None:
            yield Seq([Const(i, frozenset(), None, counted=own[3]), item], frozen=True)
            held = None
            i += 1
    if held is not None and length is not None:
        last: Any = None
        if isinstance(length, Unknown):
            last = Unknown(length.key, length.source, length.plus - 1 + first)
        elif isinstance(length, Const) and isinstance(length.value, int):
            last = length.value - 1 + first
        yield Seq([Const(i, source, last, counted=True), held], frozen=True)


def _length_of(v: Value) -> Value | None:
    if isinstance(v, Span):
        return v.count
    if isinstance(v, Loader):
        if v.length is not None:
            return Const(v.length, frozenset({("len", v.ref)}))
        return Unknown(("len", v.key or v.ref), frozenset({("len", v.ref)}), plain=True)
    if isinstance(v, Seq) and v.exact:
        return Const(len(v.items), frozenset({("len", id(v))}))
    if isinstance(v, Table) and v.exact:
        return Const(len(v.items))
    if isinstance(v, Tensor) and v.length is not None:
        return Const(v.length, frozenset({("len", id(v))}))
    if isinstance(v, Const) and isinstance(v.value, str):
        return Const(len(v.value))
    if isinstance(v, Unknown):
        return Unknown(("len", v.key), frozenset({("len", v.key)}), plain=True)
    return v.length if isinstance(v, Stream) else None


def _len(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    if args and isinstance(args[0], Tensor) and args[0].length is None:
        return Unknown(("len", id(args[0])), frozenset({("len", id(args[0])), BATCH_SIZE}), plain=True)
    length = _length_of(args[0]) if args else None
    if length is None and args and isinstance(args[0], Instance) and args[0].cls and args[0].cls.find("__len__"):
        from glassloop.source.calls import call

        return call(p, attribute(p, args[0], "__len__", at), [], {}, at)
    return length or Unknown(("len", id(args[0]) if args else 0), frozenset({("len", id(args[0]) if args else 0)}))


def _zip(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    if args and all(isinstance(a, Params) for a in args):
        return Seq([Seq(list(args), frozen=True)])
    lengths = [_length_of(a) for a in args]
    own: list[Any] = [frozenset(), 0, True, False]
    its = [begin(p, a, at, own) for a in args]
    return Stream(_zipped(p, its, own), next((n for n in lengths if n is not None), None), own)


def _zipped(p: Player, its: list[Iterator[Value]], own: list[Any]) -> Iterator[Value]:
    while True:
        row: list[Value] = []
        for it in its:
            item = next(it, None)
            if item is None:
                return
            row.append(item)
        if own[3] and p.loops:
            p.loops[-1][3] = True
        yield Seq(row, frozen=True)


def _iter(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    if not args:
        return fresh(at)
    if isinstance(args[0], (Stream, Unknown)):
        return args[0]
    own: list[Any] = [frozenset(), 0, True, False]
    return Stream(begin(p, args[0], at, own), _length_of(args[0]), own)


def next_value(p: Player, me: Value, default: list[Value], at: At) -> Value:
    """next(me): an iterator that has run dry raises, as in the script."""
    from glassloop.source.calls import call

    if isinstance(me, Stream):
        try:
            return ask_next(p, me.it, at)
        except StopIteration:
            if default:
                return default[0]
            raise Dead("StopIteration") from None
    if isinstance(me, Instance) and me.cls is not None and me.cls.find("__next__"):
        return call(p, attribute(p, me, "__next__", at), [], {}, at)
    return Unknown(("item", me.key)) if isinstance(me, Unknown) else fresh(at)


def _next(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    if args and isinstance(args[0], Params):
        return args[0]
    return next_value(p, args[0], args[1:], at) if args else fresh(at)


def _listed(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    if not args:
        return Seq([])
    if isinstance(args[0], Params):
        return args[0]
    if isinstance(args[0], Seq):
        return Seq(list(args[0].items), args[0].exact, alike=args[0].alike)
    entry: list[Any] = [sources(args[0]), 0, True, False]
    return Seq(list(iterate(p, args[0], at, None, entry)), not entry[3])


def _dict(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    table = Table(dict(kwargs))
    for a in args:
        if isinstance(a, Table):
            table.items = {**a.items, **table.items}
        table.exact = isinstance(a, Table) and a.exact
    return table


def _through(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    from glassloop.source.arithmetic import through

    args = [consumed(p, a, at) for a in args]
    given = [v for a in args for v in (a.items if isinstance(a, Seq) else [a])]
    if any(isinstance(v, Tensor) for v in given):
        out = through(p, args)
        means = [v.past.mean for v in given if isinstance(v, Tensor)]
        out.past = out.past._replace(mean=True if True in means else None)
        return out
    numbers = [v for v in given if isinstance(v, (Const, Unknown))]
    source = frozenset().union(*(v.source for v in numbers)) if numbers else frozenset()
    return number_of(args, at, source.union(*map(summed, args)))


def _extreme(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    out = _through(p, args, kwargs, at)
    if isinstance(out, Tensor):
        out.past = UNSURE  # one of them
    return out


def consumed(p: Player, v: Value, at: At) -> Value:
    """An iterator is played to its end by whoever takes it all."""
    return Seq(list(iterate(p, v, at)), exact=False) if isinstance(v, Stream) else v


def _number(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    if args and isinstance(args[0], Const) and isinstance(args[0].value, (int, float, str)):
        name = getattr(getattr(at[0], "func", None), "id", "int")
        try:
            value = {"int": int, "float": float, "round": round, "abs": abs, "bool": bool}[name](args[0].value)  # type: ignore[operator]
        except (ValueError, OverflowError, KeyError, TypeError):
            return fresh(at)
        return Const(value, args[0].source, args[0].last, args[0].counted)
    if args and isinstance(args[0], Unknown):
        return args[0]
    if args and isinstance(args[0], Tensor):
        waits(p, args[0], at)
        mean = frozenset({BATCH_MEAN} if args[0].past.mean is True else {BATCH_SUM} if args[0].past.total else ())
        return Unknown(("call", conditions.site(*at)), mean, plain=True, cut=cut_off(p, args[0], at).cut)
    return fresh(at)


def _isinstance(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    if len(args) == 2 and isinstance(args[1], ClassValue) and isinstance(args[0], (Instance, Module)):
        cls: ClassValue | None = args[0].cls
        pending: list[Value] = [cls] if cls is not None else []
        while pending:
            c = pending.pop()
            if c is args[1]:
                return Const(True)
            pending.extend(c.bases if isinstance(c, ClassValue) else [])
        return Const(False)
    known = _is_a(args[0], args[1]) if len(args) == 2 else None
    return fresh(at) if known is None else Const(known)


def _is_a(v: Value, kinds: Value) -> bool | None:
    """Whether a value is of one of these library types, where that is certain."""
    parts = kinds.items if isinstance(kinds, Seq) else [kinds]
    names = {part.path.rsplit(".", 1)[-1] for part in parts if isinstance(part, External)}
    if len(names) < len(parts):
        return None
    if isinstance(v, Module):
        return True if "Module" in names else None
    if isinstance(v, Tensor):
        return None if v.loose else not names.isdisjoint({"Tensor", "Parameter"} if v.leaf else {"Tensor"})
    if isinstance(v, Seq):
        return not names.isdisjoint({"tuple", "Sequence"} if v.frozen else {"list", "Sequence"})
    if isinstance(v, Table) and v.key is None:
        return not names.isdisjoint({"dict", "Mapping"})
    return type(v.value).__name__ in names if isinstance(v, Const) and v.value is not None else None


def _getattr(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    if len(args) >= 2 and isinstance(args[1], Const) and isinstance(args[1].value, str):
        return attribute(p, args[0], args[1].value, at)
    return fresh(at)


def _setattr(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    if len(args) == 3 and isinstance(args[1], Const) and isinstance(args[1].value, str):
        set_attribute(p, args[0], args[1].value, args[2], at)
    elif len(args) == 3 and isinstance(args[0], Module):  # under a name that is not known it is registered all the same
        args[0].attrs[f"?{len(args[0].attrs)}"] = args[2]
        restructured(args[2])
    return NONE


def _hasattr(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    if len(args) == 2 and isinstance(args[1], Const) and isinstance(args[0], (Instance, Module)):
        name = args[1].value
        if name in args[0].attrs or (args[0].cls is not None and args[0].cls.find(name) is not None):
            return Const(True)
        if isinstance(args[0], Module) and name == "module":
            return Const(False)
    if len(args) == 2 and isinstance(args[0], Unknown) and isinstance(args[1], Const):
        return Unknown(("hasattr", args[0].key, args[1].value))
    return fresh(at)


def _super(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    scope: Scope | None = at[1]
    while scope is not None and scope.cls is None:
        scope = scope.above
    if scope is None or scope.cls is None or scope.me is None:
        return fresh(at)
    return Super(scope.me, scope.cls)


def _map(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    from glassloop.source.calls import call

    if len(args) < 2 or isinstance(args[1], Params):
        return args[1] if len(args) > 1 else fresh(at)
    own: list[Any] = [frozenset(), 0, True, False]
    return Stream((call(p, args[0], [v], {}, at) for v in iterate(p, args[1], at, None, own)), entry=own)


def _filter(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    if len(args) < 2 or isinstance(args[1], Params):
        return args[1] if len(args) > 1 else fresh(at)
    return Seq(args[1].items, exact=False) if isinstance(args[1], Seq) else args[1]


def chain(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """itertools.chain, of parameters or of anything."""
    flat = args[0].items if len(args) == 1 and isinstance(args[0], Seq) else args
    if flat and all(isinstance(a, Params) for a in flat):
        return merge_params([a for a in flat if isinstance(a, Params)])
    own: list[Any] = [frozenset(), 0, True, False]
    return Stream((v for a in args for v in iterate(p, a, at, None, own)), entry=own)


def _exit(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    raise Dead("SystemExit")


def _print(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    for arg in args:
        waits(p, arg, at)
    return fresh(at)


def _quiet(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    return fresh(at)


def _type(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    if len(args) == 1 and isinstance(args[0], (Instance, Module)) and args[0].cls is not None:
        return args[0].cls
    return fresh(at)


def _same(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    return args[0] if args else fresh(at)


BUILTINS: dict[str, Callable[[Player, Args, Kwargs, At], Value]] = {
    "range": _range,
    "enumerate": _enumerate,
    "zip": _zip,
    "iter": _iter,
    "next": _next,
    "len": _len,
    "dict": _dict,
    "map": _map,
    "filter": _filter,
    "isinstance": _isinstance,
    "getattr": _getattr,
    "setattr": _setattr,
    "hasattr": _hasattr,
    "super": _super,
    "type": _type,
    "print": _print,
    "reversed": _same,
    **dict.fromkeys(("list", "tuple", "set", "sorted"), _listed),
    **dict.fromkeys(("sum", "any", "all"), _through),
    **dict.fromkeys(("min", "max"), _extreme),
    **dict.fromkeys(("int", "float", "round", "abs", "bool"), _number),
    **dict.fromkeys(("exit", "quit"), _exit),
    **dict.fromkeys(("str", "repr", "format", "id", "vars", "open", "input", "hash", "callable"), _quiet),
    **dict.fromkeys(("issubclass", "divmod", "pow", "ord", "chr", "object", "slice", "bytes", "delattr", "dir"), _quiet),
}
__all__ = ["BUILTINS", "chain", "consumed", "fresh", "next_value"]
