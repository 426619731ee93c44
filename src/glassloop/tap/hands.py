"""What people do to gradients by hand: `p.grad = None`, `p.grad.zero_()`, `p.grad.clamp_(-1, 1)`.

The writes are noted as they come, with their places; whose gradients they were is asked once, before the next event.
After `p.grad = something` nobody knows what the gradient is. Of a plain tensor that an optimizer holds, an assignment is
not heard (all tensors would pay); the next backward finds that the gradient is another: see gradients.py.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import torch

from glassloop.events import CLIP, NO_FACTS, OPAQUE, RESCALED, ZERO_GRAD
from glassloop.tap.ear import Ear
from glassloop.tap.gradients import Held
from glassloop.tap.patch import Patches
from glassloop.tap.place import Spot, is_users

_GRAD: Any = torch._C.TensorBase.grad  # the descriptor that torch itself uses
_IN_PLACE = {"zero_": ZERO_GRAD, "clamp_": CLIP, "clip_": CLIP}
# Where a mean is made of a sum. A moving average of weights is multiplied, too, so these count between backward and step.
_RESCALE = ("mul_", "div_", "multiply_", "divide_", "__imul__", "__itruediv__", "__idiv__")
Note = tuple[str, int]  # a kind, and the id of a parameter or the address of a gradient's memory


def hear(ear: Ear, patches: Patches) -> None:
    """Hears what hands do to gradients from now on."""
    hands = Hands(ear)
    patches.attribute(torch.nn.Parameter, "grad", lambda _: property(_GRAD.__get__, hands.assigned(), _GRAD.__delete__))
    for name in _IN_PLACE:
        patches.attribute(torch.Tensor, name, functools.partial(hands.write, _IN_PLACE[name]))
    for name in _RESCALE:
        patches.attribute(torch.Tensor, name, functools.partial(hands.rescale, name))
    for name in ("_foreach_mul_", "_foreach_div_"):
        patches.function(torch, name, functools.partial(hands.rescale, name))


class Hands:
    """Writes noted since the last event, each with the place of the first."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._assigned: dict[Note, Spot | None] = {}  # by id of a parameter; alive, as its optimizer holds it
        self._written: dict[Note, Spot | None] = {}  # by address

    def assigned(self) -> Callable[[Any, Any], None]:
        """Makes what `param.grad = grad` calls: at each clearing once for every parameter, so it holds all that it needs."""
        ear, write = self._ear, _GRAD.__set__

        def assign(param: Any, grad: Any) -> None:
            write(param, grad)
            if ear.hush or not ear.hears():
                return
            try:
                self._note(param, grad, sys._getframe(1))
            except Exception:
                ear.fault()

        return assign

    def _note(self, param: Any, grad: Any, frame: FrameType) -> None:
        ear = self._ear
        for known in ear.optimizers.values():
            known.held.clean = False
        if grad is not None and not is_users(frame.f_code):
            return  # a library keeps its own books: DDP's buckets, FSDP's shards
        if grad is not None and self._written:  # `p.grad /= k` divides in place, then assigns: said once
            self._written.pop((RESCALED, _address(grad) or 0), None)
        self._assigned.setdefault((ZERO_GRAD if grad is None else OPAQUE, id(param)), ear.spot(frame))
        ear.before = self.settle

    def write(self, kind: str, original: Any) -> Any:
        """Makes an in-place method that notes which memory it wrote. Reading an address waits for no device."""

        @functools.wraps(original)
        def method(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(tensor, *args, **kwargs)
            ear = self._ear
            if not ear.hush and ear.hears() and is_users(sys._getframe(1).f_code):
                try:
                    self._write(kind, tensor, sys._getframe(1))
                except Exception:
                    ear.fault()
            return result

        return method

    def _write(self, kind: str, tensor: torch.Tensor, frame: FrameType) -> None:
        address = _address(tensor)
        if address is not None:
            self._written.setdefault((kind, address), self._ear.spot(frame))
            self._ear.before = self.settle

    def rescale(self, name: str, original: Any) -> Any:
        """Makes an in-place method, or function over many tensors, that notes what gathered gradients it changed."""
        ear, many = self._ear, name.startswith("_foreach")

        @functools.wraps(original)
        def method(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            if not ear.gathered:  # optimizers come here once or more for each parameter
                return original(tensor, *args, **kwargs) if kwargs else original(tensor, *args)
            result = original(tensor, *args, **kwargs)
            if not ear.hush and ear.hears() and is_users(sys._getframe(1).f_code):
                try:
                    for one in tensor if many else (tensor,):
                        self._write(RESCALED, one, sys._getframe(1))
                except Exception:
                    ear.fault()
            return result

        return method

    def settle(self) -> None:
        """Says, for each optimizer, what was done to its gradients since the last event, in the order of doing."""
        assigned, written = self._assigned, self._written
        self._assigned, self._written = {}, {}
        for known in self._ear.fresh():
            done = _mine(assigned, _ids(known.held)) + _mine(written, _addresses(known.held))
            for kind, at in dict.fromkeys(done):
                known.held.left = []
                self._ear.say_at(kind, at, None, (known.ref,), NO_FACTS)
                if kind == ZERO_GRAD and self._ear.measures is not None:
                    self._ear.measures.cleared((known.ref,))


def _ids(held: Held) -> Callable[[], frozenset[int]]:
    return lambda: held.ids


def _addresses(held: Held) -> Callable[[], frozenset[int]]:
    return lambda: frozenset(_address(p.grad) or 0 for p in held.params if p.grad is not None)


def _address(tensor: torch.Tensor) -> int | None:
    """Where a tensor's memory begins; None of a sparse one, and of one inside a transform (torch.func)."""
    try:
        return tensor.data_ptr()
    except RuntimeError:
        return None


def _mine(notes: dict[Note, Spot | None], keys: Callable[[], frozenset[int]]) -> list[tuple[str, Spot | None]]:
    """Kinds and places of the notes under one of `keys`, which are only worked out where there are notes."""
    if not notes:
        return []
    mine = keys()
    return [(kind, at) for (kind, key), at in notes.items() if key in mine]
