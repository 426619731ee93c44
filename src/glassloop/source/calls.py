"""Calls: followed into the script's own functions, understood where the name is a library's, opaque otherwise."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from glassloop.events import MODEL, OPTIMIZER
from glassloop.source import conditions
from glassloop.source.arithmetic import follows, through
from glassloop.source.attributes import attribute
from glassloop.source.data import touched
from glassloop.source.expressions import evaluate, resolve
from glassloop.source.ignite import Engine, Helper, comes_back
from glassloop.source.lazy import Lazy
from glassloop.source.marks import UNSURE
from glassloop.source.past import join, past_of
from glassloop.source.player import DEPTH, Player
from glassloop.source.records import fill
from glassloop.source.signals import ReturnSignal
from glassloop.source.values import (
    NONE,
    Bound,
    ClassValue,
    Const,
    External,
    Function,
    Instance,
    Loader,
    Module,
    Optimizer,
    Params,
    Partial,
    Scheduler,
    Scope,
    Seq,
    Stream,
    Super,
    Table,
    Tensor,
    Unknown,
    Value,
)
from glassloop.source.walk import is_generator

At = tuple[ast.AST, Scope]
Args = list[Value]
Kwargs = dict[str, Value]


def call(p: Player, f: Value, args: Args, kwargs: Kwargs, at: At) -> Value:
    """`f(*args, **kwargs)`."""
    from glassloop.source import library, objects

    f = resolve(p, f)
    if isinstance(f, Function):
        return call_function(p, f, args, kwargs, at) if p.program.follow else unknown_call(p, f, args, kwargs, at)
    if isinstance(f, ClassValue):
        return construct(p, f, args, kwargs, at)
    if isinstance(f, Module):
        return objects.forward(p, f, args, kwargs, at)
    if isinstance(f, Bound):
        return objects.method_of(p, f.me, f.name, args, kwargs, at)
    if isinstance(f, Partial):
        return call(p, f.function, [*f.args, *args], {**f.kwargs, **kwargs}, at)
    if isinstance(f, External):
        return library.call_library(p, f.path, args, kwargs, at)
    if isinstance(f, Table) and isinstance(f.key, tuple) and f.key[0] == "decorated":
        return call(p, f.items["function"], args, kwargs, at)
    if isinstance(f, Instance) and f.cls is not None and f.cls.find("__call__") is not None:
        return call(p, method(p, f, "__call__", at), args, kwargs, at)
    return unknown_call(p, f, args, kwargs, at)


def call_method(p: Player, me: Value, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    """`me.name(*args, **kwargs)`."""
    from glassloop.source import objects
    from glassloop.source.arguments import is_parser, parser_method
    from glassloop.source.frameworks import is_keeper, keeper_method
    from glassloop.source.lightning import TRAINER, trainer_method

    me = resolve(p, me)
    if isinstance(me, Unknown):
        me = objects.recognise(p, me, name, args)
    if isinstance(me, Unknown) and name not in me.facts:
        return objects.method_of(p, me, name, args, kwargs, at)
    if isinstance(me, Instance) and me.key is not None:
        if is_parser(me):
            return parser_method(p, me, name, args, kwargs, at)
        if is_keeper(me):
            return keeper_method(p, me, name, args, kwargs, at)
        if me.key == TRAINER:
            return trainer_method(p, me, name, args, kwargs, at)
    if isinstance(me, (Tensor, Loader, Seq, Stream, Const, Engine, Helper)) or (isinstance(me, Table) and me.key is None):
        return objects.method_of(p, me, name, args, kwargs, at)
    return call(p, attribute(p, me, name, at), args, kwargs, at)


def method(p: Player, me: Value, name: str, at: At) -> Value:
    """A method of an object, bound to it."""
    return attribute(p, me, name, at)


def call_function(p: Player, f: Function, args: Args, kwargs: Kwargs, at: At) -> Value:
    """A call of the script's own function: its body is played with the arguments bound."""
    node: Any = f.node
    p.called.add(node)
    if isinstance(f.me, Instance) and id(f.me) in p.datasets:
        touched(p, f.me, getattr(node, "name", ""))
    if len(p.frames) >= DEPTH or p.frames.count(node) >= 3:
        return unknown_call(p, f, args, kwargs, at)
    scope = Scope(f.scope.path, f.scope)
    scope.me, scope.cls, scope.born = f.me, f.owner, len(p.events)
    bind(p, f, [f.me, *args] if f.me is not None else args, kwargs, scope)
    if isinstance(node, ast.Lambda):
        return _framed(p, node, lambda: evaluate(p, node.body, scope))
    if is_generator(node):
        return Stream(_generator(p, node, scope))
    if isinstance(f.me, Optimizer) and node.name == "step":
        from glassloop.source.optimizers import own_step

        closure = [*args, *kwargs.values()][:1]
        return own_step(p, f.me, f, closure, lambda: _framed(p, node, lambda: _in_contexts(p, f, node, scope, at)), at)
    return _framed(p, node, lambda: _in_contexts(p, f, node, scope, at))


def _framed(p: Player, node: ast.AST, body: Callable[[], Value]) -> Value:
    statement, undecided = p.statement, p.undecided
    floor, p.rounds.floor = p.rounds.floor, len(p.loops)
    p.frames.append(node)
    p.callers.append(statement)
    try:
        return body()
    finally:
        p.frames.pop()
        p.callers.pop()
        p.statement, p.undecided, p.rounds.floor = statement, undecided, floor


def _in_contexts(p: Player, f: Function, node: Any, scope: Scope, at: At) -> Value:
    from glassloop.source.statements import enter, play

    leaves = [enter(p, c, at)[1] for c in f.contexts]
    try:
        play(p, node.body, scope)
    except ReturnSignal as signal:
        return signal.value
    finally:
        for leave in reversed(leaves):
            leave()
    return NONE


def _generator(p: Player, node: Any, scope: Scope) -> Lazy:
    from glassloop.source.statements import play

    own: list[tuple[list[Any], list[ast.AST], At | None]] = [([], [], None)]

    def swap() -> None:
        # The generator's loops and calls are under way only while its body is played.
        mine, own[0] = own[0], (p.loops, p.frames, p.asker)
        p.loops, p.frames, p.asker = mine

    def body(give: Callable[[Value], None]) -> None:
        def hand_over(value: Value) -> None:
            swap()
            give(value)
            swap()

        scope.give = hand_over
        swap()
        try:
            play(p, node.body, scope)
        except ReturnSignal:
            return
        finally:
            swap()

    lazy = Lazy(body)
    p.lazies.append(lazy)
    return lazy


def bind(p: Player, f: Function, args: Args, kwargs: Kwargs, scope: Scope) -> None:
    """Bind arguments to parameters; one that nobody gave is unknown."""
    a = f.node.args
    positional = [x.arg for x in (*a.posonlyargs, *a.args)]
    rest = dict(kwargs)
    for name, value in zip(positional, args, strict=False):
        scope.vars[name] = value
    for name in [*positional[len(args) :], *(x.arg for x in a.kwonlyargs)]:
        if name in rest:
            scope.vars[name] = rest.pop(name)
        elif name in f.defaults:
            scope.vars[name] = f.defaults[name]
        elif "*" in kwargs:
            scope.vars[name] = kwargs["*"]
        else:
            scope.vars[name] = Unknown(("parameter", scope.path, f.node.lineno, f.node.col_offset, name))
    if a.vararg is not None:
        scope.vars[a.vararg.arg] = Seq(args[len(positional) :], frozen=True)
    if a.kwarg is not None:
        scope.vars[a.kwarg.arg] = Table({k: v for k, v in rest.items() if k not in (*positional, "*")})


def construct(p: Player, cls: ClassValue, args: Args, kwargs: Kwargs, at: At) -> Value:
    """An object of the script's own class."""
    roots = list(cls.roots())
    made = _empty(p, cls, roots)
    init = cls.find("__init__")
    if isinstance(init, Function):
        bound = Function(init.node, init.scope, made, init.owner, init.defaults, init.contexts)
        hidden = isinstance(made, Optimizer)
        p.hidden += hidden
        try:
            call(p, bound, args, kwargs, at)
        finally:
            p.hidden -= hidden
    elif isinstance(made, Instance):
        fill(p, made, cls, args, kwargs, at)
    if isinstance(made, Optimizer):
        _finish_optimizer(p, made, args, at)
    return made


def _empty(p: Player, cls: ClassValue, roots: list[str]) -> Value:
    if any(r.startswith("torch.optim.") and "lr_scheduler" not in r for r in roots):
        return Optimizer(p.ref(OPTIMIZER, cls.name), None, cls=cls)
    if any(r.startswith("torch.nn") or r.endswith(("Module", "PreTrainedModel")) for r in roots):
        return Module(p.ref(MODEL, cls.name), cls, kind="user")
    plain = ("builtins.", "abc.", "typing.", "enum.", "torch.utils.data.", "collections.")
    if any("lr_scheduler" in r for r in roots):
        return Scheduler(p.ref("scheduler", cls.name), None)
    return Instance(cls, open=any(not r.startswith(plain) for r in roots))


def _finish_optimizer(p: Player, made: Optimizer, args: Args, at: At) -> None:
    from glassloop.source.optimizers import announce_optimizer, owners_of

    made.owners = owners_of(args[0]) if args else None
    announce_optimizer(p, made, at)


def unknown_call(p: Player, f: Value | None, args: Args, kwargs: Kwargs, at: At, harmless: bool = False) -> Value:
    """A call that cannot be followed: whatever it could get at may have been touched."""
    given = [*args, *kwargs.values()]
    if not harmless and any(comes_back(p, v) for v in given):
        p.opaque(at, None)  # it may be called back, now or later
        p.haunted = True
    if not harmless:
        p.opaque(at, p.reachable([*given, *([f] if f is not None else [])]))
    tensors = [v for v in given if isinstance(v, (Tensor, Seq, Table))]
    if any(isinstance(v, Tensor) for v in tensors):
        models = [Tensor(frozenset({v})) for v in given if isinstance(v, Module)]
        out = through(p, [*tensors, *models])
        return Tensor(out.roots or None, scaled=None if out.scaled else False, loose=True, past=UNSURE)
    models_given = [v for v in given if isinstance(v, Module)]
    if models_given and not harmless:
        return Unknown(("result", conditions.site(*at)), facts={})
    past = join([past_of(v) for v in ([f, *given] if isinstance(f, Unknown) else given)])
    plain = (harmless or (isinstance(f, Unknown) and bool(given or f))) and past.whole and not past.graphs
    made = Unknown(("call", conditions.site(*at)), plain=plain, cut=past.cut if plain else None)
    if harmless or isinstance(f, Unknown):
        follows(p, made, [*([f] if f is not None else []), *given])
    return made


__all__ = ["Params", "Super", "call", "call_function", "call_method", "method", "unknown_call"]
