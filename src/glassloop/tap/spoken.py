"""What the user calls an object: the variable or attribute under which the frames that are running know it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import FrameType
from typing import Any

from torch import nn

from glassloop.tap.place import user_frame

_FRAMES = 8
_NAMES = 2000  # of a larger scope none is looked at


def spoken(thing: Any, frame: FrameType | None) -> str:
    """`encoder`, `self.encoder`, `heads.kind`: what `thing` is called around `frame`; "" where that is not found."""
    frame, scopes = user_frame(frame), []
    for _ in range(_FRAMES):
        if frame is None:
            break
        scopes.append(names_in(frame))
        last, frame = frame, user_frame(frame.f_back)
    if scopes:
        scopes.append(last.f_globals)
    return next((name for name in (_in(thing, scope) for scope in scopes) if name), "")


def names_in(frame: FrameType) -> Mapping[str, Any]:
    """The local names of a frame, and what they are; the frame keeps no copy of them."""
    found = frame.f_locals
    if sys.version_info < (3, 13) and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        # Until 3.13 this is a copy that the frame keeps: it would hold the loop's tensors past their time.
        copy = dict(found)
        found.clear()
        return copy
    return found


def _in(thing: Any, scope: Mapping[str, Any]) -> str:
    if len(scope) > _NAMES:
        return ""
    here = tuple(scope.items())
    owner = scope.get("self")
    attributes = [(f"self.{name}", value) for name, value in vars(owner).items()] if hasattr(owner, "__dict__") else []
    for among in (here, attributes):
        name = next((name for name, value in among if value is thing), "") or next(_parts(thing, among), "")
        if name:
            return name
    return ""


def _parts(thing: Any, among: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Where `thing` is within a module that has a name."""
    for name, value in among:
        if issubclass(type(value), nn.Module):
            inside = value.named_modules() if isinstance(thing, nn.Module) else value.named_parameters()
            yield from (f"{name}.{path}" for path, each in inside if each is thing and path)
