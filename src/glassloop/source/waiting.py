"""Where the host waits for the device: a value is read out of a tensor that a device is still making."""

from __future__ import annotations

import ast

from glassloop import events
from glassloop.source.player import Player
from glassloop.source.values import Const, External, Scope, Tensor, Unknown, Value

At = tuple[ast.AST, Scope]


def waits(p: Player, value: Value, at: At) -> None:
    """Say it of what comes from a model on an accelerator, where nothing decides whether it is read."""
    if not p.accelerated or p.undecided or p.supposed or p.either or not isinstance(value, Tensor):
        return
    if value.roots or value.past.graphs or value.past.cut is not None:
        p.say(events.SYNC, at, None, ())


def moved(p: Player, name: str, args: list[Value], kwargs: dict[str, Value]) -> None:
    """A model goes to a device: to an accelerator, unless the text says that it is none."""
    given = args[0] if args else kwargs.get("device")
    if name == "cuda":
        p.accelerated = True
    elif name == "to" and given is not None:
        host = isinstance(given, Const) and str(given.value).startswith(("cpu", "meta"))
        kind = isinstance(given, External)  # torch.float16
        p.accelerated = p.accelerated or not (host or kind or given is _CPU)


_CPU = Unknown(("device", "cpu"))


def device(p: Player, args: list[Value], kwargs: dict[str, Value], at: At) -> Value:
    """torch.device."""
    given = args[0] if args else kwargs.get("type")
    if isinstance(given, Const) and str(given.value).startswith(("cpu", "meta")):
        return _CPU
    return Unknown(("device", getattr(given, "value", None) or getattr(given, "key", None)))
