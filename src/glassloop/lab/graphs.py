"""The bytes that graphs keep for a backward: counted as autograd saves tensors, and again as it lets them go.

Memory that several nodes share counts once, and parameters, which are there anyway, do not count.
"""

from __future__ import annotations

import contextlib
from typing import Any

import torch


class Kept:
    """What is kept now, in bytes; the most at one time; the most that one forward in evaluation mode has added."""

    def __init__(self) -> None:
        self.now = self.peak = self.evaluating = 0
        self._holders: dict[int, list[int]] = {}  # address of memory -> [how many hold it, bytes]
        self._known: set[int] = set()  # addresses of parameters
        self._training, self._mark = True, 0

    def hooks(self) -> contextlib.AbstractContextManager[Any]:
        """Counts while it is entered, in this thread."""
        return torch.autograd.graph.saved_tensors_hooks(self._pack, _unpack)

    def known(self, param: torch.Tensor) -> None:
        """A parameter: what it holds does not count."""
        if not param.is_meta:
            self._known.add(param.untyped_storage().data_ptr())

    def forward(self, training: bool) -> None:
        """A model is about to be called; what is saved from now on is its."""
        self._training, self._mark = training, self.now

    def _pack(self, tensor: torch.Tensor) -> Held:
        return Held(self, tensor)

    def take(self, tensor: torch.Tensor) -> int:
        """Counts a tensor that is kept now; gives its address, 0 for one that does not count."""
        whole = tensor if tensor._base is None else tensor._base
        if (whole.is_leaf and whole.requires_grad) or tensor.is_meta or tensor.layout != torch.strided:
            return 0
        storage = tensor.untyped_storage()
        address = storage.data_ptr()
        if not address or address in self._known:
            return 0
        holders = self._holders.setdefault(address, [0, storage.nbytes()])
        holders[0] += 1
        if holders[0] == 1:
            self.now += holders[1]
            self.peak = max(self.peak, self.now)
            if not self._training:
                self.evaluating = max(self.evaluating, self.now - self._mark)
        return address

    def give(self, address: int) -> None:
        """Counts it no longer."""
        holders = self._holders[address]
        holders[0] -= 1
        if not holders[0]:
            self.now -= holders[1]
            del self._holders[address]


class Held:
    """A saved tensor; when the graph lets it go, the count hears of it."""

    __slots__ = ("address", "kept", "tensor")

    def __init__(self, kept: Kept, tensor: torch.Tensor) -> None:
        self.kept = kept
        self.address = kept.take(tensor)
        # An output knows the node that keeps it: held as it is, the two would keep each other for ever.
        self.tensor = tensor if tensor.is_leaf else tensor.detach()

    def __del__(self) -> None:
        if self.address:
            self.kept.give(self.address)


def _unpack(held: Held) -> torch.Tensor:
    return held.tensor
