"""Clearing by hand: `p.grad = None`, `p.grad.zero_()`; and `p.grad = something`, after which nobody knows.

The writes are noted as they come, with their places; whose gradients they were is asked once, before the next event.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

import torch

from glassloop.events import NO_FACTS, OPAQUE, ZERO_GRAD
from glassloop.tap.ear import Ear
from glassloop.tap.patch import Patches
from glassloop.tap.place import Spot, is_users

_GRAD: Any = torch._C.TensorBase.grad  # the descriptor that torch itself uses


def hear(ear: Ear, patches: Patches) -> None:
    """Hears what the user's hands do to gradients from now on."""
    hands = Hands(ear)
    patches.attribute(torch.nn.Parameter, "grad", lambda _: property(_GRAD.__get__, hands.assign, _GRAD.__delete__))
    patches.attribute(torch.Tensor, "zero_", hands.zero)


class Hands:
    """Writes noted since the last event."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._dropped: dict[int, Spot | None] = {}  # id of a parameter; alive, as its optimizer holds it
        self._given: dict[int, Spot | None] = {}
        self._zeroed: dict[int, Spot | None] = {}  # address of the memory that was zeroed

    def assign(self, param: Any, grad: Any) -> None:
        """`param.grad = grad`."""
        _GRAD.__set__(param, grad)
        ear = self._ear
        if ear.hush or not ear.hears():
            return
        frame = sys._getframe(1)
        if grad is None:
            self._dropped[id(param)] = ear.spot(frame)
        elif is_users(frame.f_code):
            self._given[id(param)] = ear.spot(frame)
        for known in ear.optimizers.values():
            known.held.clean = False
        ear.before = self.settle

    def zero(self, original: Any) -> Any:
        """Makes a `zero_` that notes which memory it emptied. Reading an address waits for no device."""

        @functools.wraps(original)
        def zero_(tensor: Any) -> Any:
            result = original(tensor)
            ear = self._ear
            if not ear.hush and ear.hears() and is_users(sys._getframe(1).f_code):
                self._zeroed[tensor.data_ptr()] = ear.spot(sys._getframe(1))
                ear.before = self.settle
            return result

        return zero_

    def settle(self) -> None:
        """Says whose gradients were cleared, or given a value, since the last event."""
        dropped, given, zeroed = self._dropped, self._given, self._zeroed
        self._dropped, self._given, self._zeroed = {}, {}, {}
        for known in self._ear.fresh():
            params = known.held.params
            cleared = _first(dropped, map(id, params)) if dropped else None
            if cleared is None and zeroed:
                cleared = _first(zeroed, (p.grad.data_ptr() for p in params if p.grad is not None))
            if cleared is not None:
                self._ear.say_at(ZERO_GRAD, cleared[0], None, (known.ref,), NO_FACTS)
            touched = _first(given, map(id, params)) if given else None
            if touched is not None:
                self._ear.say_at(OPAQUE, touched[0], None, (known.ref,), NO_FACTS)


def _first(places: dict[int, Spot | None], keys: Any) -> tuple[Spot | None] | None:
    """The place noted for the first of `keys` that has one."""
    return next(((places[key],) for key in keys if key in places), None)
