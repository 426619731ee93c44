"""Layers that a model keeps where PyTorch does not see them, and the line that put them there."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from types import CodeType, FrameType, FunctionType
from typing import Any

from torch import nn

from glassloop.tap.place import is_users, user_frame

_OWN = frozenset(vars(nn.Module()))
_PLAIN = (list, tuple, set, dict)
_DEEPEST = 3  # lists within lists
_LONGEST = 1000


def unregistered(model: nn.Module) -> Iterator[tuple[nn.Module, str, list[nn.Parameter]]]:
    """(module, attribute, parameters) for each plain list, tuple, set or dict in which a part of the model keeps layers."""
    for module in model.modules():
        kept = {name: value for name, value in vars(module).items() if name not in _OWN and isinstance(value, _PLAIN)}
        for name, value in kept.items():
            found = [p for layer in _layers(value, _DEEPEST) for p in layer.parameters()]
            if found:
                yield module, name, found


def _layers(value: Any, depth: int) -> Iterator[nn.Module]:
    if isinstance(value, nn.Module):
        yield value
    elif depth and isinstance(value, _PLAIN) and len(value) <= _LONGEST:
        for each in value.values() if isinstance(value, dict) else value:
            yield from _layers(each, depth - 1)


def assigned(module: nn.Module, name: str) -> tuple[CodeType, int] | None:
    """The instruction that puts `name` on a module, in its own classes or in what is running; None where there is none.

    Of a dict that begins empty and is filled by name, where the first is put into it.
    """
    codes = [code for cls in type(module).__mro__ for code in _codes(cls) if is_users(code)]
    for code in [*sorted(codes, key=lambda code: code.co_name != "__init__"), *_running(user_frame(sys._getframe()))]:
        steps = [step for step in dis.get_instructions(code) if step.opname != "CACHE"]
        at = next((n for n, step in enumerate(steps) if step.opname == "STORE_ATTR" and step.argval == name), None)
        if at is not None:
            filled = _filled(steps, at, name)
            return code, steps[filled if filled is not None else at].offset
    return None


def _codes(cls: type[Any]) -> list[CodeType]:
    return [member.__code__ for member in vars(cls).values() if isinstance(member, FunctionType)]


def _running(frame: FrameType | None) -> Iterator[CodeType]:
    """The code of the user's frames, and of the functions and classes within it."""
    while frame is not None:
        codes = [frame.f_code]
        for code in codes:
            yield code
            codes += [each for each in code.co_consts if isinstance(each, CodeType)]
        frame = user_frame(frame.f_back)


def _filled(steps: list[dis.Instruction], at: int, name: str) -> int | None:
    """`self.name[key] = …` after `self.name = {}`: on one line, the attribute is read and a subscript is stored."""
    if not any(step.opname == "BUILD_MAP" and step.arg == 0 for step in steps[max(0, at - 2) : at]):
        return None
    for number, step in enumerate(steps[at:], at):
        if step.opname == "STORE_SUBSCR":
            near = steps[max(at, number - 4) : number]
            if any(each.opname == "LOAD_ATTR" and each.argval == name for each in near):
                return number
    return None
