"""Texts: what is made of known ones alone stays known, so that two file names can be told apart."""

from __future__ import annotations

from glassloop.source.values import Const, Value


def text_of(args: list[Value], kwargs: dict[str, Value]) -> Const | None:
    """str(x), where x is known."""
    v = args[0] if len(args) == 1 and not kwargs else None
    return Const(str(v.value), v.source) if isinstance(v, Const) and _plain(v) else None


def formatted(me: Const, args: list[Value], kwargs: dict[str, Value]) -> Const | None:
    """`"...{}...".format(x)`, where all of it is known."""
    listed = [v.value for v in args if isinstance(v, Const) and _plain(v)]
    named = {k: v.value for k, v in kwargs.items() if isinstance(v, Const) and _plain(v)}
    if len(listed) < len(args) or len(named) < len(kwargs):
        return None
    try:
        return Const(me.value.format(*listed, **named))
    except (LookupError, ValueError, TypeError, AttributeError):
        return None


def _plain(v: Const) -> bool:
    return not v.counted and type(v.value) in (str, int)


__all__ = ["formatted", "text_of"]
