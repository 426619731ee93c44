"""Chance: what seeds a run, and generators that are kept as objects."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from glassloop import events
from glassloop.findings import Where
from glassloop.source import conditions
from glassloop.source.player import Player
from glassloop.source.values import NONE, ClassValue, Function, Instance, Scope, Tensor, Unknown, Value
from glassloop.source.walk import walk

At = tuple[ast.AST, Scope]
Args = list[Value]
Kwargs = dict[str, Value]

# Whoever touches these of a generator may give each worker numbers of its own.
RESEEDS = frozenset(["manual_seed", "seed", "set_state", "bit_generator", "setstate", "spawn"])
WORKER = frozenset(["get_worker_info"])


@dataclass(eq=False)
class Generator(Value):
    """A generator of numpy, torch or random, and where it was made."""

    at: Where


def seeded(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """torch.manual_seed and its like."""
    p.remark("seed")
    p.say(events.SEED, at, None, ())
    return NONE


def _generator(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Generator(p.where(*at))


def generator_method(p: Player, g: Generator, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    """A draw is some number; a seeding gives the generator back."""
    return g if name == "manual_seed" else Unknown(("call", conditions.site(*at)))


def held_by(data: Value | None) -> Where | None:
    """The generator that a map-style dataset draws from whenever a sample is asked for; None: none, for all that is sure."""
    if isinstance(data, Tensor):
        return held_by(data.base)
    if not isinstance(data, Instance) or data.cls is None or data.cls.find("__getitem__") is None:
        return None
    return _drawn(data, ["__getitem__"], set())


def _drawn(me: Instance, methods: list[str], seen: set[int]) -> Where | None:
    """What the methods of an object, and the objects that they use, draw from."""
    if id(me) in seen or me.cls is None:
        return None
    seen.add(id(me))
    used = list(_reached(me.cls, methods))
    names = {n.attr for f in used for n in _own(f)}
    kept = {name: me.attrs[name] for name in sorted(names & set(me.attrs))}
    if any(n.attr in RESEEDS | WORKER or (isinstance(n.ctx, ast.Store) and n.attr in kept) for f in used for n in _all(f)):
        return None
    for value in kept.values():
        if isinstance(value, Generator):
            return value.at
        if isinstance(value, Instance) and value.cls is not None:
            inner = _drawn(value, [m for m in value.cls.attrs if m != "__init__"], seen)
            if inner is not None:
                return inner
    return None


def _reached(cls: ClassValue, methods: list[str]) -> Iterator[ast.AST]:
    """The bodies of methods, and of the object's own methods that these call."""
    done: set[str] = set()
    pending = list(methods)
    while pending:
        name = pending.pop()
        found = cls.find(name)
        if name in done or not isinstance(found, Function):
            continue
        done.add(name)
        yield found.node
        pending.extend(n.attr for n in _own(found.node))


def _all(function: ast.AST) -> Iterator[ast.Attribute]:
    return (n for n in walk(function) if isinstance(n, ast.Attribute))


def _own(function: ast.AST) -> Iterator[ast.Attribute]:
    """`self.name`, by whatever name the method calls its object."""
    args = getattr(function, "args", None)
    first = args.args[0].arg if isinstance(args, ast.arguments) and args.args else ""
    return (n for n in _all(function) if isinstance(n.value, ast.Name) and n.value.id == first)


CHANCE: dict[str, Callable[[Player, Args, Kwargs, At], Value]] = {
    **dict.fromkeys(
        [
            "torch.manual_seed",
            "torch.random.manual_seed",
            "torch.cuda.manual_seed",
            "torch.cuda.manual_seed_all",
            "numpy.random.seed",
            "random.seed",
            "lightning.seed_everything",
            "lightning.pytorch.seed_everything",
            "pytorch_lightning.seed_everything",
            "accelerate.utils.set_seed",
            "transformers.set_seed",
        ],
        seeded,
    ),
    **dict.fromkeys(["torch.Generator", "numpy.random.default_rng", "numpy.random.RandomState"], _generator),
    **dict.fromkeys(["numpy.random.Generator", "random.Random"], _generator),
}
