"""Which parameters moved: their bytes before the first step against those after it, until they have.

A parameter that has moved is never looked at again, so that a usual training pays for a few steps; one that is frozen is
read again every 64 steps, in which the training itself has read it as often. On the CPU only, as states are.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import xxhash
from torch import nn

from glassloop.recorder.state import State
from glassloop.tap.contents import UnreadableError, numbers

SOME, ZERO = "some", "zero"  # what a gradient held at a look, None where there was none
EVERY = 64  # steps between two looks; the first ones are at 1, 2, 4, ...


class Parameters:
    """The table of a session: name, shape, dtype, requires_grad, held by an optimizer, gradient, step by which it moved."""

    def __init__(self) -> None:
        self.table: list[dict[str, Any]] = []
        self._left: list[tuple[dict[str, Any], weakref.ref[Any], int]] = []  # with the bytes' digest of the first look
        self._first: dict[int, int] = {}  # by id: the digest before the first step of its optimizer
        self._optimizers: dict[int, weakref.ref[Any]] = {}
        self._known: dict[int, weakref.ref[Any]] = {}
        self._new = False
        self.due = 1  # the step at which `stepped` has something to do, if no new optimizer comes before

    def steps(self, optimizer: Any) -> None:
        """An optimizer is about to step: for the first time, what it holds is as it was drawn."""
        link = self._optimizers.get(id(optimizer))
        if link is not None and link() is optimizer:
            return
        self._optimizers[id(optimizer)] = weakref.ref(optimizer)
        self._new, self.due = True, 0
        for param in _held(optimizer):
            found = _digest(param)
            if found is not None and id(param) not in self._known:
                self._first[id(param)] = found

    def stepped(self, step: int, states: State) -> None:
        """It has; `states` knows its models."""
        if self._new:
            self._new = False
            self._enter(states.places())
            self._first.clear()
        self.look(step)
        self.due = 1 << step.bit_length() if step < EVERY else step - step % EVERY + EVERY

    def look(self, step: int) -> None:
        """See which have moved by now."""
        left = []
        for row, link, first in self._left:
            param = link()
            if param is None:
                continue
            row["requires_grad"] = row["requires_grad"] or param.requires_grad
            if row["grad"] != SOME:
                row["grad"] = _gradient(param.grad) or row["grad"]
            found = _digest(param)
            if found is not None and found != first:
                row["moved"] = step
            else:
                row["looked"] = step
                left.append((row, link, first))
        self._left = left

    def _enter(self, tensors: Sequence[tuple[Any, Any, str]]) -> None:
        """Parameters that are new, and who holds them now."""
        held = {id(param) for link in self._optimizers.values() for param in _held(link())}
        names = {row["name"] for row in self.table}
        for told, link, _ in self._left:
            told["held"] = told["held"] or id(link()) in held
        for holder, name, path in tensors:
            param = holder[name]
            if not isinstance(param, nn.Parameter) or self._is_known(param):
                continue
            first = self._first.get(id(param), _digest(param))
            if first is None:
                continue
            self._known[id(param)] = weakref.ref(param)
            row: dict[str, Any] = {"name": _free(path, names), "shape": list(param.shape), "dtype": str(param.dtype)[6:]}
            row |= {"requires_grad": param.requires_grad, "held": id(param) in held, "grad": None}
            row |= {"moved": None, "looked": None}
            names.add(row["name"])
            self.table.append(row)
            self._left.append((row, self._known[id(param)], first))

    def _is_known(self, param: Any) -> bool:
        link = self._known.get(id(param))
        return link is not None and link() is param


def _held(optimizer: Any) -> list[Any]:
    return [param for group in optimizer.param_groups for param in group["params"]] if optimizer is not None else []


def _digest(param: Any) -> int | None:
    """Of a parameter's bytes; None for one on a device, sparse, or without elements."""
    try:
        return xxhash.xxh3_64_intdigest(numbers(param).data) if param.is_cpu and param.numel() else None
    except (UnreadableError, RuntimeError, TypeError, ValueError):
        return None


def _gradient(grad: Any) -> str | None:
    """Whether a gradient that is there is more than zeros. Too small to change a value is some, too."""
    if grad is None:
        return None
    try:
        return SOME if numbers(grad).any() else ZERO
    except UnreadableError:
        return SOME


def _free(name: str, taken: set[str]) -> str:
    """The name, or with a number where another model has it, too."""
    number = 2
    found = name
    while found in taken:
        found, number = f"{name} ({number})", number + 1
    return found
