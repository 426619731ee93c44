"""What names of Python's standard library do, and of those that show progress, when they are called."""

from __future__ import annotations

import ast
import copy
import itertools
import math
from collections.abc import Callable
from typing import Any

from glassloop.source.builtin import BUILTINS, chain, fresh
from glassloop.source.loops import begin
from glassloop.source.owners import restructured
from glassloop.source.player import Dead, Player
from glassloop.source.records import field, fields_of, namedtuple
from glassloop.source.replacing import copied
from glassloop.source.values import (
    NONE,
    Const,
    External,
    Instance,
    Module,
    Partial,
    Scope,
    Seq,
    Stream,
    Table,
    Unknown,
    Value,
)

At = tuple[ast.AST, Scope]
Args = list[Value]
Kwargs = dict[str, Value]


def copy_of(p: Player, args: Args) -> Value:
    """A copy of a model, with parts of its own."""
    if args and isinstance(args[0], Module):
        twin = copy.copy(args[0])
        restructured(twin)  # it has none of the parts that are remembered
        twin.ref = p.ref(args[0].ref.role, args[0].ref.label)
        twin.items = [copy_of(p, [i]) for i in twin.items]
        twin.attrs = {k: copy_of(p, [v]) if isinstance(v, Module) else v for k, v in twin.attrs.items()}
        return twin
    return args[0] if args else NONE


def deepcopy(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """copy.deepcopy."""
    made = copy_of(p, args)
    if args:
        copied(p, args[0], made, at)
    return made


def _partial(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Partial(args[0], args[1:], kwargs) if args else NONE


def progress(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """What shows progress hands over what it was given."""
    return args[0] if args else kwargs.get("iterable", fresh(at))


def trange(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """A range that shows progress."""
    return BUILTINS["range"](p, args, {}, at)


def _dataclass_replace(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    v = args[0] if args else NONE
    return Instance(v.cls, {**v.attrs, **kwargs}, v.open, v.key) if isinstance(v, Instance) else v


def _asdict(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """dataclasses.asdict: what an object's fields hold."""
    table = fields_of(args[0]) if args and isinstance(args[0], Instance) else None
    return table or fresh(at)


def _defaultdict(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    lists = bool(args) and isinstance(args[0], External) and args[0].path == "builtins.list"
    return Table({}, lists=lists) if lists and len(args) == 1 else fresh(at)


def _deque(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Seq([]) if not args and "maxlen" not in kwargs else fresh(at)


def _count(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    first = args[0].value if args and isinstance(args[0], Const) and isinstance(args[0].value, int) else 0
    return Stream(Const(i) for i in itertools.count(first))


def _islice(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    ends = [a.value for a in args[1:] if isinstance(a, Const)]
    if not args or len(ends) != len(args) - 1 or not all(e is None or isinstance(e, int) for e in ends):
        return args[0] if args else fresh(at)
    own: list[Any] = [frozenset(), 0, True, False]
    return Stream(itertools.islice(begin(p, args[0], at, own), *ends), entry=own)


def leave(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """The script ends."""
    raise Dead("SystemExit")


def _whole(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """math.ceil and math.floor: of a number that is not known, nearly the number itself."""
    if args and isinstance(args[0], Const) and isinstance(args[0].value, (int, float)):
        up = getattr(getattr(at[0], "func", None), "attr", getattr(getattr(at[0], "func", None), "id", "")) == "ceil"
        return Const(math.ceil(args[0].value) if up else math.floor(args[0].value), args[0].source)
    return args[0] if args and isinstance(args[0], Unknown) else fresh(at)


def parser(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """argparse.ArgumentParser."""
    from glassloop.source.arguments import new_parser

    return new_parser()


def _namespace(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Instance(None, dict(kwargs))


STDLIB: dict[str, Callable[[Player, Args, Kwargs, At], Value]] = {
    "functools.partial": _partial,
    "dataclasses.replace": _dataclass_replace,
    "dataclasses.asdict": _asdict,
    "collections.defaultdict": _defaultdict,
    "collections.deque": _deque,
    "itertools.count": _count,
    "itertools.islice": _islice,
    "math.ceil": _whole,
    "math.floor": _whole,
    "types.SimpleNamespace": _namespace,
    "argparse.Namespace": _namespace,
    "collections.namedtuple": namedtuple,
    "dataclasses.field": field,
    "itertools.chain": chain,
    "itertools.chain.from_iterable": chain,
    "sys.exit": leave,
    "os.leave": leave,
}
