"""Whether a dataset keeps a generator of random numbers, itself or in what it transforms its samples with."""

from __future__ import annotations

import functools
import random
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import torch

_MOST = 400  # objects that are looked at
_NUMPYS = frozenset(("Generator", "RandomState"))
_VALUES = (str, bytes, int, float, complex, bool, type(None), torch.Tensor)
_PLAIN = (*_VALUES, torch.nn.Module, type, ModuleType, BuiltinFunctionType)  # what is not looked into


def keeps_generator(dataset: Any) -> bool:
    """Whether a generator object is reached from `dataset` through attributes, containers and closures."""
    pending, seen = [dataset], {id(dataset)}
    for thing in pending:
        if _is_generator(thing):
            return True
        for part in _parts(thing):
            if id(part) not in seen and not isinstance(part, _PLAIN):
                seen.add(id(part))
                pending.append(part)
        if len(pending) > _MOST:
            return False
    return False


def _is_generator(thing: Any) -> bool:
    if isinstance(thing, (torch.Generator, random.Random)):
        return True
    kind = type(thing)  # by name: numpy need not be there
    return kind.__name__ in _NUMPYS and kind.__module__.startswith("numpy.random")


def _parts(thing: Any) -> list[Any]:
    if isinstance(thing, (list, tuple, set, frozenset)):
        return list(thing)[:_MOST]
    if isinstance(thing, dict):
        return list(thing.values())[:_MOST]
    if isinstance(thing, functools.partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if isinstance(thing, MethodType):
        return [thing.__self__]
    if isinstance(thing, FunctionType):
        return [cell.cell_contents for cell in thing.__closure__ or () if _full(cell)]
    return list(getattr(thing, "__dict__", {}).values())


def _full(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # not filled yet
        return False


__all__ = ["keeps_generator"]
