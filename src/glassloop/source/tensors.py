"""What tensors, parameters and their gradients do when their methods are called."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from glassloop import events
from glassloop.source import conditions
from glassloop.source.arithmetic import BATCH_MEAN, BATCH_SIZE, BATCH_SUM, operation
from glassloop.source.attributes import freeze, require_grad
from glassloop.source.backward import say_backward
from glassloop.source.marks import UNSURE
from glassloop.source.owners import restructured
from glassloop.source.past import cut_off
from glassloop.source.player import Player
from glassloop.source.values import (
    NONE,
    Const,
    Grad,
    Params,
    Scope,
    Seq,
    Tensor,
    Unknown,
    Value,
)
from glassloop.source.waiting import waits

At = tuple[ast.AST, Scope]
Args = list[Value]
Kwargs = dict[str, Value]
Method = Callable[[Player, Any, str, Args, Kwargs, At], Value]


def _backward(p: Player, t: Tensor, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    facts: dict[str, object] = {} if t.scaled is None else {"scaled": t.scaled}
    say_backward(p, t, args, kwargs, at, **facts)
    if p.haunted:
        p.opaque(at, None)
    return NONE


def _detach(p: Player, t: Tensor, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    p.remark("detached")
    return Tensor(length=t.length, past=cut_off(p, t, at), form=t.form)


def _detach_in_place(p: Player, t: Tensor, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    copy = _detach(p, t, name, args, kwargs, at)
    assert isinstance(copy, Tensor)
    t.past, t.roots, t.scaled = copy.past, copy.roots, copy.scaled
    restructured(t)
    return t


def _number(p: Player, t: Tensor, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    p.remark("read")
    waits(p, t, at)
    mean = frozenset({BATCH_MEAN} if t.past.mean is True else {BATCH_SUM} if t.past.total else ())
    return Unknown(("number", conditions.site(*at)), mean, plain=True, cut=cut_off(p, t, at).cut)


def _size(p: Player, t: Tensor, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Unknown(("number", conditions.site(*at)), frozenset({BATCH_SIZE}), plain=True)


def fresh_number(at: At) -> Unknown:
    """Something that nobody looks into."""
    return Unknown(("call", conditions.site(*at)))


def _requires_grad(p: Player, t: Tensor, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if not args or (isinstance(args[0], Const) and args[0].value):
        require_grad(t)
    return t


def _tensor_op(p: Player, t: Tensor, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    out = operation(p, name, [t, *args], kwargs, at)
    if name in ("chunk", "unbind") and (name == "unbind" or args):
        count = args[0].value if args and isinstance(args[0], Const) else t.length
        if isinstance(count, int) and 0 < count <= 8:
            return Seq([Tensor(t.roots, loose=t.loose, past=out.past) for _ in range(count)], frozen=True)
    if name == "register_hook":
        return fresh_number(at)
    if name in ("to", "cuda", "cpu"):
        p.remark("read" if name == "cpu" else "moved")
        if name == "cpu":
            waits(p, t, at)
    kept = t.length if name in ("to", "cuda", "cpu", "clone", "float", "long", "half") else None
    several = t.several and name in ("to", "cuda", "cpu", "clone", "float", "half")
    return Tensor(out.roots, kept, out.scaled, loose=t.loose, past=out.past, form=out.form, several=several)


def _parameter_op(p: Player, v: Params, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if name.endswith("_") and not name.startswith("register_"):
        p.remark("frozen" if name == "requires_grad_" else "weights")
    if name == "requires_grad_" and v.whole and not v.named:
        flag = args[0] if args else Const(True)
        if isinstance(flag, Const) and (not p.undecided or flag.value):  # what may be thawed is not called frozen
            freeze(v.owners, not flag.value)
    if name.startswith("new_"):
        return Tensor()
    if name.startswith("register_"):
        p.haunted = True  # a hook on gradients may do anything with them
    if name in ("numel", "nelement", "size", "dim", "item", "register_hook"):
        return Unknown(("call", conditions.site(*at)))
    return v if name.endswith("_") or name in ("data", "detach", "clone") else Tensor(past=UNSURE)


def by_hand(p: Player, kind: str, owners: frozenset[Any] | None, at: At) -> None:
    """What the script does to gradients itself; those of no optimizer are nobody's."""
    holders = p.holding(owners)
    if holders != ():
        p.say(kind, at, None, holders)


def _gradient_op(p: Player, g: Grad, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if name == "zero_" or (name in ("fill_", "mul_") and args and isinstance(args[0], Const) and args[0].value == 0):
        by_hand(p, events.ZERO_GRAD, g.owners, at)
    elif name in ("mul_", "div_", "divide_", "multiply_"):
        by_hand(p, events.RESCALED, g.owners, at)
    elif name in ("clamp_", "clip_"):
        by_hand(p, events.CLIP, g.owners, at)
    elif name in ("copy_", "set_"):
        by_hand(p, events.OPAQUE, g.owners, at)
    return g if name.endswith("_") or name in ("detach", "data") else Tensor()


TENSOR: dict[str, Method] = {
    "backward": _backward,
    "detach": _detach,
    "detach_": _detach_in_place,
    "requires_grad_": _requires_grad,
    **dict.fromkeys(("item", "tolist", "numpy"), _number),
    **dict.fromkeys(("size", "dim", "numel", "nelement", "__len__"), _size),
    "*": _tensor_op,
}
PARAMETER: dict[str, Method] = {"*": _parameter_op}
GRADIENT: dict[str, Method] = {"*": _gradient_op}
