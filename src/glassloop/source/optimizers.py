"""What optimizers, learning-rate schedules and scalers do when their methods are called."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from glassloop import events
from glassloop.events import OPTIMIZER
from glassloop.source import conditions
from glassloop.source.checkpoints import load_state_dict, state_dict
from glassloop.source.owners import owners_in
from glassloop.source.player import Player
from glassloop.source.replacing import taken_up
from glassloop.source.schedules import step_scheduler
from glassloop.source.values import (
    NONE,
    Function,
    Module,
    Optimizer,
    Params,
    Partial,
    Scaler,
    Scope,
    Seq,
    Table,
    Tensor,
    Unknown,
    Value,
)
from glassloop.source.walk import walk

At = tuple[ast.AST, Scope]
Args = list[Value]
Kwargs = dict[str, Value]
Method = Callable[[Player, Any, str, Args, Kwargs, At], Value]


def owners_of(v: Value | None) -> frozenset[Any] | None:
    """Whose parameters an optimizer (or a clip) is given."""
    if isinstance(v, Params):
        return v.owners
    if isinstance(v, Module):
        return frozenset({v})
    if isinstance(v, Tensor):
        return frozenset({v}) if v.leaf else v.roots or None
    parts: Iterable[Value] = ()
    if isinstance(v, Seq) and (v.exact or v.items):
        parts = v.items
    elif isinstance(v, Table):
        parts = [v.items["params"]] if "params" in v.items else list(v.items.values())
    owners: frozenset[Any] = frozenset()
    for part in parts:
        more = owners_of(part)
        if more is None:
            return None
        owners |= more
    return owners or None


def make_optimizer(p: Player, label: str, args: Args, kwargs: Kwargs, at: At) -> Optimizer:
    """torch.optim.X(params)."""
    given = args[0] if args else kwargs.get("params")
    made = Optimizer(p.ref(OPTIMIZER, label), owners_of(given))
    announce_optimizer(p, made, at)
    return made


def announce_optimizer(p: Player, made: Optimizer, at: At) -> None:
    """It is there from now on."""
    p.optimizers.append(made)
    p.say(events.MADE, at, made.ref, ())


def sharing(p: Player, o: Optimizer) -> tuple[Any, ...]:
    """The optimizer, and others that hold some of its parameters."""
    others = (p.holding(o.owners) or ()) if o.owners else ()
    return (o.ref, *(r for r in others if r != o.ref))


def _optimizer_step(p: Player, o: Optimizer, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    step_optimizer(p, o, args, kwargs, at)
    return Tensor()


def step_optimizer(p: Player, o: Optimizer, args: Args, kwargs: Kwargs, at: At, by: Scaler | None = None) -> None:
    """A closure is played first; the event comes after the update."""
    from glassloop.source.calls import call

    closure = args[0] if args else kwargs.get("closure")
    if isinstance(closure, (Function, Partial)):
        grad, p.grad = p.grad, True
        call(p, closure, [], {}, at)
        p.grad = grad
    facts: dict[str, object] = {} if by is None else {events.BY: by.ref}
    if p.given_grads and not p.given_grads.isdisjoint(owners_in(o.owners)):
        p.opaque(at, (o,))  # who else holds the memory of its gradients may have cleared it
    p.steps.append((o, [(entry, entry[1]) for entry in p.loops]))
    p.say(events.STEP, at, o.ref, sharing(p, o), closure=closure is not None, **facts)


def own_step(p: Player, o: Optimizer, step: Function, args: Args, body: Callable[[], Value], at: At) -> Value:
    """A step that a class of the script's own writes out: nothing inside it is heard but the closure that it is given.

    One that hands on to another optimizer is heard there.
    """
    if any(isinstance(n, ast.Attribute) and n.attr == "step" for n in walk(step.node)):
        return body()
    p.hidden += 1
    try:
        result = body()
    finally:
        p.hidden -= 1
    step_optimizer(p, o, args, {}, at)
    return result


def _optimizer_zero_grad(p: Player, o: Optimizer, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    p.say(events.ZERO_GRAD, at, o.ref, sharing(p, o))
    return NONE


def _add_group(p: Player, o: Optimizer, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    more = owners_of(args[0]) if args else None
    o.owners = None if o.owners is None or more is None else o.owners | more
    taken_up(o, more)
    return NONE


def _scale(p: Player, s: Scaler, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    given = args[0] if args else NONE
    if s.enabled:
        p.say(events.SCALE, at, s.ref, ())
    if isinstance(given, Tensor):
        return Tensor(given.roots, scaled=given.scaled or s.enabled, loose=given.loose, past=given.past)
    return Tensor(None, scaled=s.enabled)


def _unscale(p: Player, s: Scaler, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if s.enabled:
        o = args[0] if args else NONE
        p.say(events.UNSCALE, at, s.ref, sharing(p, o) if isinstance(o, Optimizer) else None)
    return NONE


def _scaler_step(p: Player, s: Scaler, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    o = args[0] if args else NONE
    if isinstance(o, Optimizer):
        step_optimizer(p, o, args[1:], kwargs, at, s if s.enabled else None)
    else:
        p.opaque(at, None)
    return NONE


def _scaler_update(p: Player, s: Scaler, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if s.enabled:
        p.say(events.SCALER_UPDATE, at, s.ref, ())
    return NONE


def _nothing(p: Player, me: Value, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Unknown(("call", conditions.site(*at)))


STATES: dict[str, Method] = {"state_dict": state_dict, "load_state_dict": load_state_dict}
OPTIMIZER_METHODS: dict[str, Method] = {
    "step": _optimizer_step,
    "zero_grad": _optimizer_zero_grad,
    "add_param_group": _add_group,
    **STATES,
    "*": _nothing,
}
SCALER_METHODS: dict[str, Method] = {
    "scale": _scale,
    "unscale_": _unscale,
    "step": _scaler_step,
    "update": _scaler_update,
    **STATES,
    "*": _nothing,
}
SCHEDULER_METHODS: dict[str, Method] = {"step": step_scheduler, **STATES, "*": _nothing}
